"""Is what a program prints read, and a program that never ends, prints for ever or dies told for what it is?"""

from __future__ import annotations

import json
import os
import select
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.hostile_service import BUSY
from fixtures.one_morning import scheduler_of
from rollcall.errors import BadInput
from rollcall.evidence import CannotLook, JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.roll.load import load
from rollcall.roll.scheduler import Asked, Scheduler, Step
from rollcall.sources.programs import LARGEST_OUTPUT
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)
SECRET = "s3cr3t-t0ken-0123456789"
DOWN, DENIED, ERROR = CauseCode.SCHEDULER_DOWN, CauseCode.ACCESS_DENIED, CauseCode.SCHEDULER_ERROR
JOBS = {"id": "id"}


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


def told(*command: str, environment: Mapping[str, str] | None = None, **table: Any) -> Scheduler:
    parts = table if {"jobs", "runs", "alive"} & table.keys() else {"jobs": JOBS, **table}
    whole = {"kind": "command", "timeout": "20 s", **({"command": list(command)} if command else {}), **parts}
    return scheduler_of("tool", whole, environment=environment)


def look(scheduler: Scheduler) -> SchedulerSeen:
    return scheduler.look(Asked(clock=lambda: NOW, now=NOW, since=NOW - timedelta(days=1)))


def refused(scheduler: Scheduler) -> tuple[CauseCode, str]:
    with pytest.raises(CannotLook) as refusal:
        look(scheduler)
    return refusal.value.code, refusal.value.detail


# What it says -----------------------------------------------------------------------------------------------------

ANSWER = {
    "up": True,
    "jobs": [{"id": "dump", "next": "2026-02-12T02:00:00Z"}],
    "runs": [{"job": "dump", "end": 1770774737, "code": 0}],
}


def test_one_command_answers_for_all_parts_and_is_run_once(tmp_path: Path) -> None:
    count = f"open({str(tmp_path / 'count')!r}, 'a').write('x'); print({json.dumps(json.dumps(ANSWER))})"
    scheduler = told(
        *python(count),
        times="epoch",
        words={"success": ["0"]},
        alive={"running": "up"},
        jobs={"each": "jobs", "id": "id", "next_run": "next"},
        runs={"each": "runs", "job": "job", "ended": "end", "status": "code"},
    )

    assert look(scheduler) == SchedulerSeen(
        asked_at=NOW,
        answered_at=NOW,
        running=True,
        jobs=(JobListed(id="dump", next_run="2026-02-12T02:00:00Z"),),
        runs=(RunSeen(job="dump", ended="2026-02-11T01:52:17+00:00", word="0", outcome=Outcome.SUCCESS),),
    )
    assert (tmp_path / "count").read_text() == "x"


@pytest.mark.parametrize(
    ("printed", "ids"),
    [
        ('[{"id": "a"}, {"id": "b"}]', ["a", "b"]),
        ('{"id": "a"}\n\n{"id": "b"}\n', ["a", "b"]),
        ('{"id": "a"}\r\n{"id": "b"}', ["a", "b"]),
        ("[]", []),
        ("", []),
        ("\n", []),
    ],
)
def test_json_is_read_as_a_whole_or_a_line_each(printed: str, ids: list[str]) -> None:
    found = look(told(*python(f"import sys; sys.stdout.write({printed!r})")))

    assert [each.id for each in found.jobs or ()] == ids


def test_arguments_are_handed_over_as_they_are_and_no_shell_reads_them(tmp_path: Path) -> None:
    hostile = ["$HOME", "$(touch x)", "`id`", "a b", "; touch x", "| cat", "> x", "*", "'", '"', "\\", "é", "{y}", "-"]
    echo = python("import json, sys; print(json.dumps([{'id': each} for each in sys.argv[1:]]))")
    found = look(told(*echo, *hostile))

    assert [each.id for each in found.jobs or ()] == hostile


def test_places_are_filled_in() -> None:
    echo = python("import json, sys; print(json.dumps([{'id': each} for each in sys.argv[1:]]))")
    found = look(told(*echo, "{since}", "--until=@{now}", "{limit}", "{other}", times="epoch", limit=7))

    assert [each.id for each in found.jobs or ()] == ["1770701400", "--until=@1770787800", "7", "{other}"]


def test_standard_input_is_closed_and_the_language_is_plain() -> None:
    code = "import os, sys; sys.stdin.read(); print('[{\"id\": \"%s\"}]' % os.environ['LC_ALL'])"

    assert look(told(*python(code))).jobs == (JobListed(id="C.UTF-8"),)


def test_what_it_says_aside_is_not_read() -> None:
    code = "import sys; sys.stderr.write('warning: ' * 100_000); print('[{\"id\": \"a\"}]')"

    assert look(told(*python(code))).jobs == (JobListed(id="a"),)


# By another -------------------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder at the front of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def program(path: Path, code: str) -> None:
    path.write_text(f"#!{sys.executable} -S\n{code}")
    path.chmod(0o755)


RECORDS = "import json, subprocess, sys\nprint(json.dumps([{'id': each} for each in sys.argv]))\n"
# As sshd does: what comes after the host is joined with spaces, and handed to the user's shell.
SHELLS = "import subprocess, sys\nsys.exit(subprocess.run(['sh', '-c', ' '.join(sys.argv[3:])]).returncode)\n"


def test_what_comes_before_a_command_is_run_with_it(path: Path) -> None:
    program(path / "docker", RECORDS)
    found = look(told("tool", "a b", "$x", via=["docker", "exec", "box"]))

    assert [each.id for each in found.jobs or ()][1:] == ["exec", "box", "tool", "a b", "$x"]


def test_what_ssh_hands_to_a_shell_is_quoted(path: Path) -> None:
    program(path / "ssh", RECORDS)
    found = look(told("tool", "a b", "$x", "it's", via=["ssh", "-oBatchMode=yes", "ops@nas"]))

    assert [each.id for each in found.jobs or ()][1:] == [
        "-oBatchMode=yes",
        "ops@nas",
        "tool 'a b' '$x' 'it'\"'\"'s'",
    ]


@pytest.mark.parametrize("via", [["ssh", "-q", "nas"], ["env", "ssh", "-q", "nas"], ["{path}/ssh", "-q", "nas"]])
def test_over_ssh_arguments_arrive_as_they_are_also_secret_ones(path: Path, via: list[str]) -> None:
    program(path / "ssh", SHELLS)
    echo = python("import json, sys; print(json.dumps([{'id': each} for each in sys.argv[1:]]))")
    hostile = ["$HOME", "`id`", "a b", "; exit 9", "it's", "*"]
    cursed = "x'; exit 9; '$(id)"
    shown = [each.replace("{path}", str(path)) for each in via]
    found = look(told(*echo, *hostile, "${CURSED}", via=shown, environment={"CURSED": cursed}))

    assert [each.id for each in found.jobs or ()] == [*hostile, "${CURSED}"]


def test_a_host_that_cannot_be_reached_is_down(path: Path) -> None:
    program(path / "ssh", "import sys; print('ssh: connect to host nas: refused', file=sys.stderr); sys.exit(255)")
    code, detail = refused(told("tool", via=["ssh", "nas"]))

    assert (code, detail) == (
        CauseCode.HOST_SILENT,
        "`ssh nas tool`: exit status 255: ssh: connect to host nas: refused",
    )
    assert refused(told(*python("raise SystemExit(255)")))[0] is ERROR


def test_a_host_that_does_not_let_us_in_denies_access(path: Path) -> None:
    program(
        path / "ssh", "import sys; print('ops@nas: Permission denied (publickey).', file=sys.stderr); sys.exit(255)"
    )

    assert refused(told("tool", via=["ssh", "nas"]))[0] is DENIED


# What goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "cause", "detail"),
    [
        ("raise SystemExit(3)", ERROR, "exit status 3: it said nothing"),
        ("raise SystemExit('one\\ntwo\\n\\n')", ERROR, "exit status 1: two"),
        ("import sys; sys.exit('\\x1b[31mred\\x1b[0m\\u202e')", ERROR, "exit status 1: red"),
        ("import sys; sys.exit('x' * 50_000 + '\\nlast words')", ERROR, "exit status 1: last words"),
        ("import sys; sys.exit('Error from server (Forbidden): cronjobs')", DENIED, "exit status 1: Error from"),
        ("import os; os.kill(os.getpid(), 9)", ERROR, "ended by signal 9: it said nothing"),
        ("print('[]'); raise SystemExit(1)", ERROR, "exit status 1"),
        ("print('Usage: tool')", ERROR, 'prints no JSON (12 bytes): "Usage: tool"'),
        ("print('[1, 2')", ERROR, 'prints no JSON (6 bytes): "[1, 2"'),
        ("print('[' * 100_000)", ERROR, 'prints no JSON (100,001 bytes): "[[['),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe\\x1b[31m')", ERROR, 'prints no JSON (7 bytes): "'),
        ("print('null')", CauseCode.WRONG_SERVICE, 'jobs.each = "@" finds nothing in null'),
        ('print(\'{"error": "no database"}\')', ERROR, "the answer is an object where a list belongs"),
    ],
)
def test_a_program_that_fails_is_told_with_its_last_words(code: str, cause: CauseCode, detail: str) -> None:
    found = refused(told(*python(code)))

    assert (found[0], found[1][0]) == (cause, "`")
    assert detail in found[1]
    assert found[1].isprintable()


@pytest.mark.parametrize(
    ("name", "mode", "cause", "detail"),
    [
        (None, 0, DOWN, "there is no program"),
        ("no-rights", 0o644, DENIED, "may not be run by this user"),
        ("a-folder", 0, DENIED, "may not be run by this user"),
        ("no-format", 0o755, ERROR, "cannot be run: Exec format error"),
        ("no-interpreter", 0o755, DOWN, "there is no program"),
    ],
)
def test_what_is_no_program_is_told(tmp_path: Path, name: str | None, mode: int, cause: CauseCode, detail: str) -> None:
    file = tmp_path / (name or "missing")
    if name == "a-folder":
        file.mkdir()
    elif name:
        file.write_bytes(b"\x00\x01" if name == "no-format" else b"#!/no/such/interpreter\n")
        file.chmod(mode)
    found = refused(told(str(file)))

    assert found[0] is cause
    assert detail in found[1]


def test_an_argument_that_no_program_can_be_given_is_told() -> None:
    code, detail = refused(told("tool", "a\0b"))

    assert (code, detail.endswith("cannot be run: embedded null byte")) == (ERROR, True)


# Bounds -----------------------------------------------------------------------------------------------------------

# A program that lives on is found by what it holds open: the pipe's reading end says so when nobody does any more.
FOREVER = "import time\nwhile True: time.sleep(60)"


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    """A pipe; whoever is started with it open keeps it open for as long as it lives."""
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    return pipe


def nobody_is_left(reading: int, within: float = BUSY) -> bool:
    """True once nobody has the pipe open for writing."""
    os.set_blocking(reading, True)
    poll = select.poll()
    poll.register(reading, select.POLLIN | select.POLLHUP)
    ready = poll.poll(within * 1000)
    return bool(ready) and os.read(reading, 1) == b""


CHILD = """
import os, subprocess, sys
held = os.open({pipe!r}, os.O_WRONLY)
child = subprocess.Popen([sys.executable, "-S", "-c", {forever!r}], pass_fds=[held], **{how})
"""


@pytest.mark.parametrize(
    ("how", "ends", "cause"),
    [
        # It hangs itself, with a child that shares its pipes or has none of them.
        ("{}", FOREVER, DOWN),
        ("dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)", FOREVER, DOWN),
        # It prints for ever.
        ("{}", "while True: os.write(1, b'x' * 65536)", ERROR),
        # It is done, and what it left behind holds its pipe open.
        ("{}", 'print(\'[{"id": "a"}]\')', None),
        ("dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)", 'print(\'[{"id": "a"}]\')', None),
        ("{}", "raise SystemExit('broken')", ERROR),
    ],
    ids=["hangs", "hangs, child apart", "endless", "child holds the pipe", "child apart", "fails"],
)
def test_what_it_started_ends_with_it_in_time(witness: Path, how: str, ends: str, cause: CauseCode | None) -> None:
    reading = os.open(witness, os.O_RDONLY | os.O_NONBLOCK)
    try:
        code = CHILD.format(pipe=str(witness), forever=FOREVER, how=how) + ends
        timeout = 1 if cause is DOWN else 30
        scheduler = told(*python(code), timeout=f"{timeout} s")
        if cause is None:
            assert look(scheduler).jobs == (JobListed(id="a"),)
        else:
            found, detail = refused(scheduler)
            assert found is cause, detail

        assert nobody_is_left(reading)
    finally:
        os.close(reading)


def test_what_is_printed_without_an_end_is_told_by_its_size() -> None:
    code, detail = refused(told(*python("import os\nwhile True: os.write(1, b'x' * 65536)"), timeout="60 s"))

    assert (code, detail.endswith(f"prints more than {LARGEST_OUTPUT // 1_000_000} MB, and goes on")) == (ERROR, True)


def test_each_command_has_the_timeout_and_all_together_one_for_each() -> None:
    scheduler = told(jobs={"ask": ["a"], "id": "id"}, runs={"ask": ["b"], "job": "j", "ended": "e"}, timeout="3 s")
    same = told("a", jobs=JOBS, runs={"job": "j", "ended": "e"}, timeout="3 s")

    assert (scheduler.patience, same.patience) == (timedelta(seconds=6), timedelta(seconds=3))


def test_a_program_that_closes_its_output_and_goes_on_is_not_waited_for() -> None:
    code = "import os, time; os.write(1, b'[]'); os.close(1); os.close(2); time.sleep(60)"
    found, detail = refused(told(*python(code), timeout="1 s"))

    assert (found, detail.endswith("did not end within 1 s")) == (DOWN, True)


# Secrets ----------------------------------------------------------------------------------------------------------

ECHOES = {
    "last words": f"import sys; sys.exit('no {SECRET}')",
    "no JSON": f"print('{SECRET}')",
    "no JSON, at its cut": f"print('x' * 50 + '{SECRET}')",
    "another shape": f'print(\'{{"a": "{SECRET}"}}\')',
    "nothing found": f"print('[\"{SECRET}\"]')",
    "a wrong value": f'print(\'[{{"id": ["{SECRET}"]}}]\')',
    "hangs": "import time; time.sleep(60)",
    "too much": "import os\nwhile True: os.write(1, b'x' * 65536)",
}


@pytest.mark.parametrize("code", ECHOES.values(), ids=ECHOES)
def test_a_secret_among_the_arguments_is_never_shown(code: str) -> None:
    timeout = "0.5 s" if "sleep" in code else "20 s"
    scheduler = told(*python(code), "--key=${KEY}", "${KEY}", timeout=timeout, environment={"KEY": SECRET})
    _, detail = refused(scheduler)

    assert "--key=${KEY}" in scheduler.address
    assert SECRET[:8] not in detail + scheduler.address + scheduler.asks + str(scheduler.command())
    assert SECRET[:8] not in scheduler.overdue().detail + repr(scheduler)


def test_a_secret_that_is_printed_is_not_in_the_evidence() -> None:
    echo = python("import json, sys; print(json.dumps([{'id': each, 'name': each} for each in sys.argv[1:]]))")
    found = look(told(*echo, "x${KEY}", jobs={**JOBS, "name": "name"}, environment={"KEY": SECRET}))

    assert found.jobs == (JobListed(id="x${KEY}", name="x${KEY}"),)


def test_a_program_that_is_a_secret_is_not_shown_where_it_is_missing() -> None:
    code, detail = refused(told("/no/such/${KEY}", environment={"KEY": "abc"}))

    assert code is DOWN
    assert "there is no program /no/such/${KEY} here" in detail
    assert "abc" not in detail


def test_the_command_as_a_person_types_it_can_be_typed() -> None:
    scheduler = told("tool", "a b", "$x", via=["ssh", "nas"])

    assert shlex.split(shlex.split(str(scheduler.command()))[2]) == ["tool", "a b", "$x"]
    assert scheduler.order(Step.START) is None


# jobs.toml --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "place", "rule"),
    [
        ("command = 'tool list'", "command", "must be a list of texts"),
        ("command = []", "command", "holds nothing."),
        ("command = [' ']", "command", "names no program."),
        ("command = ['tool', '${UNSET}']", "command", "UNSET is not set in the environment."),
        ("command = ['tool']\nvia = ['ssh', '${UNSET}']", "via", "UNSET is not set in the environment."),
        ("command = ['tool']\njobs.ask = 'tool list'", "jobs", "ask must be a list of program and arguments"),
        ("command = ['tool']\njobs.ask = []", "jobs", "ask must be a list of program and arguments"),
        ("command = ['tool']\njobs.body = { a = 1 }", "jobs", "a command is sent no body."),
        ("", "", "says not what is asked for jobs. Write ask in that table."),
    ],
)
def test_a_mistake_is_told_with_its_place_and_cure(tmp_path: Path, lines: str, place: str, rule: str) -> None:
    file = tmp_path / "jobs.toml"
    job = "[jobs.a]\nscheduler = 's'\nschedule = '0 6 * * *'\noutput.path = 'x'\n"
    file.write_text(f"timezone = 'UTC'\n[schedulers.s]\nkind = 'command'\n{lines}\njobs.id = 'id'\n{job}")
    with pytest.raises(BadInput) as problem:
        load(file, environment={})

    (told_as,) = str(problem.value).splitlines()
    assert told_as.startswith(f"jobs.toml: schedulers.s.{place}".removesuffix("."))
    assert rule in told_as


def test_a_replay_runs_nothing_and_needs_no_variable(tmp_path: Path) -> None:
    file = tmp_path / "jobs.toml"
    job = "[jobs.a]\nscheduler = 's'\nschedule = '0 6 * * *'\noutput.path = 'x'\n"
    scheduler = "[schedulers.s]\nkind = 'command'\ncommand = ['no-such-tool', '${UNSET}']\njobs.id = 'id'\n"
    file.write_text(f"timezone = 'UTC'\n{scheduler}{job}")

    assert load(file, environment={}, is_replay=True).schedulers[0].address == "no-such-tool '${UNSET}'"
