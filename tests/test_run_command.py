"""Does a command run under `rollcall run` as if nobody were there, and is on record what became of it?"""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rollcall.wrapping import record

RUN = (sys.executable, "-m", "rollcall", "run")
LIMIT = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the runs of these tests are on record: in two folders that nobody has made."""
    return tmp_path / "state" / "runs"


def wrapping(folder: Path, *words: str) -> list[str]:
    return [*RUN, "job", "--record", str(folder), *words]


def run(argv: list[str], **how: Any) -> subprocess.CompletedProcess[bytes]:
    known: dict[str, Any] = {"capture_output": True, "timeout": LIMIT, "stdin": subprocess.DEVNULL, "check": False}
    if "input" in how:
        del known["stdin"]
    return subprocess.run(argv, **(known | how))


def listed(folder: Path, *, since: str | None = None) -> list[dict[str, Any]]:
    """What `rollcall run --list` says of runs."""
    asked = ["--since", since] if since else []
    printed = run([*RUN, "--list", "--record", str(folder), *asked])
    assert (printed.returncode, printed.stderr) == (0, b"")
    return [each for each in map(json.loads, printed.stdout.splitlines()) if "started" in each]


def word(folder: Path) -> str:
    (only,) = listed(folder)
    return str(only["word"])


def until(holds: Any, what: str = "") -> None:
    ends_on = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < ends_on, f"never came: {what}"
        time.sleep(0.01)


# Transparent ------------------------------------------------------------------------------------------------------

ENDS = [
    ("exit 0", "exit 0"),
    ("exit 3", "exit 3"),
    ("exit 125", "exit 125"),
    ("exit 255", "exit 255"),
    ("kill -TERM $$", "signal 15"),
    ("kill -KILL $$", "signal 9"),
    ("kill -INT $$", "signal 2"),
    ("kill -SEGV $$", "signal 11"),
    ("kill -PIPE $$", "signal 13"),
]


@pytest.mark.parametrize(("code", "told"), ENDS)
def test_it_ends_as_the_command_does_for_programs_and_for_shells(folder: Path, code: str, told: str) -> None:
    bare, wrapped = ["sh", "-c", code], wrapping(folder, "sh", "-c", code)
    in_a_shell = ["sh", "-c", '"$@"; echo $?', "-"]

    assert run(wrapped).returncode == run(bare).returncode
    assert run([*in_a_shell, *wrapped]).stdout == run([*in_a_shell, *bare]).stdout
    assert [each["word"] for each in listed(folder)] == [told, told]


@pytest.mark.parametrize("ending", ["", " 2>&1", " >out", " >out 2>&1", " >out 2>err", " >>out 2>>out", " >/dev/null"])
def test_it_prints_what_the_command_prints(folder: Path, tmp_path: Path, ending: str) -> None:
    """Order too, where both lead to one place."""
    code = "for i in $(seq 200); do echo out $i; echo err $i >&2; done; head -c 300000 /dev/zero; printf 'no end'"
    printed = []
    for argv in (["sh", "-c", code], wrapping(folder, "sh", "-c", code)):
        for name in ("out", "err"):
            (tmp_path / name).write_text("before\n")
        found = run(["sh", "-c", f'"$@"{ending}', "-", *argv], cwd=tmp_path)
        printed.append((found.stdout, found.stderr, *((tmp_path / each).read_bytes() for each in ("out", "err"))))

    assert printed[0] == printed[1]


def test_bytes_pass_as_they_are_and_to_a_reader_who_takes_his_time(folder: Path, tmp_path: Path) -> None:
    """And the command waits for nothing else: its error comes while nobody reads the rest."""
    (tmp_path / "bytes").write_bytes(os.urandom(3_000_000))
    pipe = subprocess.PIPE
    argv = wrapping(folder, "sh", "-c", "cat bytes & read line; echo 'I am here' >&2; wait")
    with subprocess.Popen(argv, cwd=tmp_path, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        # There is room for some of it now, and for no more.
        begins = process.stdout.read(5000)
        process.stdin.write(b"\n")
        assert process.stderr.readline() == b"I am here\n"
        assert begins + process.stdout.read() == (tmp_path / "bytes").read_bytes()

    assert word(folder) == "exit 0"


def test_what_is_printed_comes_at_once(folder: Path) -> None:
    argv = wrapping(folder, "sh", "-c", "printf first; read line; echo $line")
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert os.read(process.stdout.fileno(), 100) == b"first"
        process.stdin.write(b"second\n")
        process.stdin.close()

        assert process.stdout.read() == b"second\n"


def test_input_is_handed_through_as_cron_hands_what_follows_a_percent_sign(folder: Path) -> None:
    assert run(wrapping(folder, "cat"), input=b"of\nall\0kinds").stdout == b"of\nall\0kinds"


SURROUNDINGS = """
import os, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
def stands(number):
    try:
        return os.readlink(f"/proc/self/fd/{number}") if number else bool(os.fstat(number))
    except OSError:
        return None
print(sorted(open("/proc/self/environ", "rb").read().split(b"\\0")), os.getcwd(), os.umask(0), file=out)
# Two are the C library's own.
ignored = int(status["SigIgn"], 16) & ~0x180000000
print(ignored, status["SigBlk"], [stands(each) is None for each in range(4)], os.nice(0), sys.argv, file=out)
"""


@pytest.mark.parametrize(
    "before",
    [
        "",
        "umask 027; cd /;",
        "trap '' HUP INT USR1;",
        "exec 0<&-;",
        "exec 1>&-;",
        "exec 2>&-;",
        "exec 0<&- 1>&- 2>&-;",
        "exec 3</dev/null;",
        "export A='b\nc' LC_ALL=de_CH.UTF-8;",
        "exec nice -n 3",
    ],
)
def test_the_surroundings_of_the_command_are_those_it_was_called_in(folder: Path, tmp_path: Path, before: str) -> None:
    """In cron's own environment, which is nearly none: in its locale Python sets a variable of its own."""
    (tmp_path / "program").write_text(f"out = open({str(tmp_path / 'told')!r}, 'w')\n{SURROUNDINGS}")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    # -I: it sets nothing and asks nothing. That it ignores two signals is its own doing.
    argv = ["python3", "-I", str(tmp_path / "program"), "a b", "--", "$x", "*", "", "é\udcff"]
    told = []
    for each in (argv, wrapping(folder, *argv)):
        shell = before if before.startswith("exec nice") else f"{before} exec"
        run(["sh", "-c", f'{shell} "$@"', "-", *each], env=environment)
        told.append((tmp_path / "told").read_text(errors="surrogateescape"))

    assert told[0] == told[1]


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2"])
def test_signals_are_handed_on(folder: Path, name: str) -> None:
    number = getattr(signal, f"SIG{name}")
    handled = f"trap 'echo caught; exit 7' {name}; echo ready; while :; do sleep 0.01; done"
    for code, status, rest in ((handled, 7, b"caught\n"), ("echo ready; exec sleep 100", -number, b"")):
        with subprocess.Popen(wrapping(folder, "sh", "-c", code), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            process.send_signal(number)

            assert (process.stdout.read(), process.wait(LIMIT)) == (rest, status)

    assert [each["word"] for each in listed(folder)] == ["exit 7", f"signal {int(number)}"]


# Waited for, and not caught: two that come while the first is handled would be one. Ends with how often it came.
COUNTS = """
import signal, sys
mine = {int(sys.argv[1])}
signal.pthread_sigmask(signal.SIG_BLOCK, mine)
print("ready", flush=True)
came = [signal.sigwaitinfo(mine)]
while (next_one := signal.sigtimedwait(mine, 0.3)) is not None:
    came.append(next_one)
sys.exit(10 + len(came))
"""


def test_a_signal_to_the_whole_group_arrives_once(folder: Path) -> None:
    with subprocess.Popen(
        wrapping(folder, sys.executable, "-c", COUNTS, "15"), stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGTERM)

        assert process.wait(LIMIT) == 11


def test_a_reader_who_has_seen_enough_ends_the_command_as_ever(folder: Path) -> None:
    with subprocess.Popen(wrapping(folder, "yes"), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()

        assert process.wait(LIMIT) == -signal.SIGPIPE

    assert word(folder) == "signal 13"


def test_what_goes_on_in_the_background_is_not_waited_for_and_still_heard(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    code = "(read line <fifo; echo $line) & echo now"
    with subprocess.Popen(wrapping(folder, "sh", "-c", code), stdout=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.wait(LIMIT) == 0
        assert word(folder) == "exit 0"
        (tmp_path / "fifo").write_text("later\n")

        assert process.stdout.read() == b"now\nlater\n"


def test_a_script_without_its_first_line_runs_as_it_does_in_a_crontab(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "script").write_text("echo $0 $1\n")
    (tmp_path / "script").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    assert run(wrapping(folder, "script", "x"), env=environment).stdout == f"{tmp_path}/script x\n".encode()


# In a terminal ----------------------------------------------------------------------------------------------------


def in_a_terminal(argv: list[str], typed: Mapping[bytes, bytes]) -> tuple[bytes, int]:
    """What a terminal shows and how it ended, where what is typed follows what is shown."""
    pid, terminal = pty.fork()
    if not pid:
        os.execvp(argv[0], argv)
    shown, left = b"", dict(typed)
    while True:
        assert select.select([terminal], [], [], LIMIT)[0]
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # so ends a terminal on Linux
            piece = b""
        if not piece:
            break
        shown += piece
        for prompt in [each for each in left if each in shown]:
            os.write(terminal, left.pop(prompt))
    os.close(terminal)
    return shown.replace(b"\r\n", b"\n"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_terminal_stays_one_and_what_is_started_there_is_by_hand(folder: Path) -> None:
    code = "test -t 0 && test -t 1 && test -t 2 && echo tty; read line; echo got $line; exit 4"
    shown, status = in_a_terminal(wrapping(folder, "sh", "-c", code), {b"tty": b"hello\n"})

    assert (b"got hello" in shown, status) == (True, 4)
    assert [each["by_hand"] for each in listed(folder)] == [True]


def test_control_c_arrives_once(folder: Path) -> None:
    assert in_a_terminal(wrapping(folder, sys.executable, "-c", COUNTS, "2"), {b"ready": b"\x03"})[1] == 11
    assert in_a_terminal(wrapping(folder, "sh", "-c", "echo ready; exec sleep 100"), {b"ready": b"\x03"})[1] == -2


# Too long ---------------------------------------------------------------------------------------------------------


def test_too_long_ends_it_with_all_that_it_started(folder: Path) -> None:
    found = run(wrapping(folder, "--timeout", "0.3 s", "--", "sh", "-c", "echo begun; sleep 100 & sleep 100; wait"))

    # Nobody holds the pipe any more, or this would not have ended.
    assert (found.returncode, found.stdout) == (124, b"begun\n")
    assert word(folder) == "timed out"


@pytest.mark.parametrize("code", ["trap '' TERM; echo begun; sleep 100; sleep 100", "(trap '' TERM; sleep 100) & wait"])
def test_who_does_not_hear_is_killed(folder: Path, code: str) -> None:
    found = run(wrapping(folder, "--timeout=0.3s", "--kill-after=0.2s", "sh", "-c", code))

    assert (found.returncode, word(folder)) == (124, "timed out")


def test_who_needs_its_time_to_end_has_it(folder: Path) -> None:
    code = "trap 'sleep 0.2; echo tidied up; exit 0' TERM; echo begun; while :; do sleep 0.01; done"
    found = run(wrapping(folder, "--timeout", "0.3 s", "sh", "-c", code))

    assert (found.returncode, found.stdout, word(folder)) == (124, b"begun\ntidied up\n", "timed out")


# What cannot be run -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "status", "told"),
    [
        (["no-such-program"], 127, b"no-such-program: command not found"),
        (["./no-such-program"], 127, b"./no-such-program: command not found"),
        (["/etc/passwd/x"], 127, b"/etc/passwd/x: command not found"),
        (["/etc/passwd"], 126, b"/etc/passwd: Permission denied"),
        (["/"], 126, b"/: Permission denied"),
    ],
)
def test_what_is_no_program_is_told_as_shells_tell_it(folder: Path, argv: list[str], status: int, told: bytes) -> None:
    found = run(wrapping(folder, "--", *argv))

    assert (found.returncode, found.stderr) == (status, b"rollcall run: " + told + b"\n")
    assert [(each["word"], each["words"]) for each in listed(folder)] == [(f"exit {status}", told.decode())]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "which job? Write its name first: rollcall run JOB -- COMMAND"),
        (["--", "true"], "which job?"),
        (["job"], "what is to be run? Write rollcall run job -- COMMAND"),
        (["job", "--"], "what is to be run?"),
        (["job", "--timeout"], "--timeout needs a value"),
        (["job", "--timeout", "30", "true"], 'no unit. Write "30 min" or "30 s"'),
        (["job", "--timeout", "0 s", "true"], "--timeout of nothing"),
        (["job", "--kill-after", "1 s", "true"], "--kill-after belongs to --timeout"),
        (["job", "--since", "2026-02-11T06:00:00Z", "true"], "--since belongs to --list"),
        (["--list", "--since", "yesterday"], "not a timestamp"),
        (["--list", "--since", "2026-02-11T06:00:00"], "an instant has an offset"),
        (["job", "--tiemout", "1 s", "true"], "there is no option --tiemout"),
        (["a\nb", "true"], "a job has a name that can be printed"),
        (["ä" * 100, "true"], "a name has 200 characters at most"),
    ],
)
def test_what_cannot_be_meant_is_no_status_of_a_command(tmp_path: Path, words: list[str], told: str) -> None:
    found = run([*RUN, *words], env={**os.environ, "XDG_STATE_HOME": str(tmp_path)})

    assert (found.returncode, found.stdout) == (125, b"")
    assert told in found.stderr.decode()
    assert found.stderr.count(b"\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_command_with_options_needs_no_dashes_before_it(folder: Path) -> None:
    assert run([*RUN, f"--record={folder}", "job", "echo", "--timeout", "-n", "--"]).stdout == b"--timeout -n --\n"


# On record --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"HOME": "{tmp}"}, ".local/state/rollcall/runs"),
        ({"HOME": "{tmp}", "XDG_STATE_HOME": "{tmp}/state"}, "state/rollcall/runs"),
        ({"HOME": "{tmp}", "XDG_STATE_HOME": "relative"}, ".local/state/rollcall/runs"),
    ],
)
def test_runs_are_on_record_where_cron_knows_no_more_than_home(
    tmp_path: Path, environment: dict[str, str], place: str
) -> None:
    filled = {name: value.format(tmp=tmp_path) for name, value in environment.items()}
    run([*RUN, "nightly/dump %", "true"], env={"PATH": os.environ["PATH"], **filled}, cwd=tmp_path)
    (only,) = listed(tmp_path / place)

    assert (only["job"], only["word"]) == ("nightly/dump %", "exit 0")
    assert oct((tmp_path / place).stat().st_mode & 0o777) == "0o700"


@pytest.mark.parametrize(
    ("place", "before"),
    [("file/runs", ""), ("/proc/none", ""), ("runs", "ulimit -f 0;"), ("pipes", "")],
    ids=["no folder", "read-only", "full", "a pipe"],
)
def test_what_keeps_a_run_from_the_record_does_not_keep_it_from_running(
    tmp_path: Path, place: str, before: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "pipes").mkdir()
    os.mkfifo(tmp_path / "pipes" / "job.jsonl")
    argv = wrapping(tmp_path / place, "sh", "-c", "echo done; exit 3")
    found = run(["sh", "-c", f'{before} exec "$@"', "-", *argv])

    assert (found.returncode, found.stdout) == (3, b"done\n")
    assert found.stderr.startswith(b"rollcall run: job: this run is not on record: ")
    assert found.stderr.count(b"\n") == 1


def test_what_it_said_last_is_on_record_as_a_person_would_have_read_it(folder: Path) -> None:
    code = r"seq 5000; printf '10%%\r50%%\r100%%\n'; printf '\033[31mred\033[0m\007 \342\200\256txt\n' >&2; exit 1"
    run(wrapping(folder, "sh", "-c", code))
    (only,) = listed(folder)

    assert only["words"].endswith("\n4999\n5000\n100%\nred txt")
    assert len(only["words"]) <= 4000


@pytest.mark.parametrize("ending", [">>log 2>&1", ">/dev/null 2>&1", "| cat >log"])
def test_so_it_is_wherever_its_output_goes(folder: Path, tmp_path: Path, ending: str) -> None:
    (tmp_path / "log").write_text("the last words of yesterday\n")
    argv = wrapping(folder, "sh", "-c", "echo last words; exit 1")
    run(["sh", "-c", f'"$@" {ending}', "-", *argv], cwd=tmp_path)

    assert [each["words"] for each in listed(folder)] == ["last words"]


def test_a_dump_is_no_last_words(folder: Path) -> None:
    run(wrapping(folder, "sh", "-c", "head -c 100000 /dev/urandom; echo no such table >&2"))

    assert [each["words"] for each in listed(folder)] == ["no such table"]


def test_many_at_once_are_all_on_record(folder: Path) -> None:
    argv = [wrapping(folder, "sh", "-c", f"echo {each}") for each in range(12)]
    started = [subprocess.Popen(each, stdout=subprocess.DEVNULL) for each in argv]
    assert [each.wait(LIMIT) for each in started] == [0] * 12

    assert sorted(int(each["words"]) for each in listed(folder)) == list(range(12))


@pytest.fixture
def hanging(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A run that is under way, and the process of its command."""
    with subprocess.Popen(wrapping(folder, "sh", "-c", "echo $$; exec sleep 100"), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        until(lambda: (folder / "job.jsonl").exists() and (folder / "job.jsonl").read_bytes().endswith(b"}"))
        yield process, child
        for pid in (process.pid, child):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_run_is_on_record_from_its_start_and_cut_off_only_once_nothing_of_it_is_left(
    folder: Path, hanging: tuple[subprocess.Popen[bytes], int]
) -> None:
    process, child = hanging
    assert word(folder) == "running"
    process.kill()
    process.wait(LIMIT)
    assert word(folder) == "running"
    os.kill(child, signal.SIGKILL)

    until(lambda: word(folder) == "cut off")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"boot": "another"}, "cut off"),
        ({"born": "1", "child_born": "1"}, "cut off"),
        ({"host": "another"}, "running, or cut off"),
        ({"host": "another", "boot": "another"}, "running, or cut off"),
        ({"numbers": "pid:[1]"}, "running, or cut off"),
    ],
    ids=["another boot", "its number is another's", "another machine", "its boot too", "another container"],
)
def test_a_process_is_told_by_more_than_its_number(
    folder: Path, hanging: tuple[subprocess.Popen[bytes], int], changed: dict[str, str], told: str
) -> None:
    file = folder / "job.jsonl"
    file.write_text(json.dumps(json.loads(file.read_text()) | changed))

    assert word(folder) == told


def entry(number: int, **others: Any) -> record.Entry:
    at = f"2026-02-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00+00:00"
    return {"job": "job", "host": "x", "pid": 1, "started": at, "ended": at, "exit": 0, **others}


def test_the_record_of_a_job_stays_within_bounds_and_tells_how_far_back_it_reaches(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where several add to it at once: none of the newest is lost."""
    monkeypatch.setattr(record, "LARGEST", 20_000)
    adding = []
    for worker in range(4):
        pid = os.fork()
        if not pid:
            for number in range(300):
                record.add(str(folder), entry(number, pid=worker))
            os._exit(0)
        adding.append(pid)
    assert [os.waitpid(each, 0)[1] for each in adding] == [0] * 4
    (kept,) = record.read(str(folder))

    assert sum(each.stat().st_size for each in folder.iterdir()) < 2 * 20_000 + 2_000
    for worker in range(4):
        numbers = [each for each in range(300) if entry(each, pid=worker) in kept.runs]
        # Whoever was done long before the others may be gone by now; of nobody any is missing in between.
        assert numbers == list(range(300 - len(numbers), 300))
    assert entry(0)["started"] < kept.since < entry(299)["started"]
    assert kept.unread is None


def test_a_line_that_was_cut_off_harms_no_other_and_nothing_before_it_is_told_for_whole(folder: Path) -> None:
    for number in (1, 2):
        record.add(str(folder), entry(number))
    with (folder / "job.jsonl").open("a") as file:
        file.write('\n{"job": "job", "star')
    (torn,) = record.read(str(folder))
    record.add(str(folder), entry(4))
    (kept,) = record.read(str(folder))

    assert torn.unread == "its last line is damaged"
    assert (kept.unread, kept.since, len(kept.runs)) == (None, entry(4)["started"], 3)


def test_of_a_run_that_a_full_disk_kept_from_the_record_nobody_can_tell(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "job.jsonl").touch()
    (kept,) = record.read(str(folder))

    assert kept.unread == "it is empty: a run could not be put on record"


def test_what_cannot_be_passed_on_is_no_success(folder: Path) -> None:
    """What ended well has not done its work where a dump went to its output."""
    found = run(["sh", "-c", '"$@" >/dev/full', "-", *wrapping(folder, "echo", "dump")])

    assert (found.returncode, word(folder)) == (125, "output lost")
    assert found.stderr == b"rollcall run: job: what it printed could not be passed on: No space left on device\n"


def test_names_that_nobody_uses_any_more_are_swept(folder: Path) -> None:
    record.add(str(folder), entry(1, job="dump-2024-01-01"))
    os.utime(folder / "dump-2024-01-01.jsonl", (1_700_000_000, 1_700_000_000))
    record.add(str(folder), entry(1, job="dump-2026-02-11"))

    assert [each.name for each in folder.iterdir()] == ["dump-2026-02-11.jsonl"]


@pytest.mark.parametrize("job", ["a/b", "..", ".hidden", "a b", "100%", "ä", "CON", "x.jsonl", "%2F", "-"])
def test_a_job_of_any_name_is_on_record_under_it(folder: Path, job: str) -> None:
    record.add(str(folder), entry(1, job=job))
    (kept,) = record.read(str(folder))

    assert (kept.job, len(list(folder.iterdir()))) == (job, 1)


# Its own time -----------------------------------------------------------------------------------------------------


def test_a_wrapped_job_waits_for_nothing_that_takes_its_time_to_be_imported(folder: Path) -> None:
    code = "import sys; from rollcall.__main__ import main; main(); print(*sys.modules)"
    found = run([sys.executable, "-c", code, "run", "job", "--record", str(folder), "true"])
    slow = {"argparse", "asyncio", "dataclasses", "httpx", "inspect", "pathlib", "pydantic", "subprocess", "typing"}

    assert found.returncode == 0
    assert slow.isdisjoint(found.stdout.decode().split())
