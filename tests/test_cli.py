"""What does `rollcall …` tell, without pytest and without asking anybody?"""

import io
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.clocks import FrozenNow
from fixtures.listener import listener
from fixtures.lived_in import HOUSE, wait_until
from rollcall.cli import main
from rollcall.roll.schema import json_schema

TOML = """
timezone = "Europe/Zurich"
[defaults]
scheduler = 'aime'
[schedulers.aime]
kind = 'aime'
url = "http://127.0.0.1:9"
status = "/status"
engine = "apscheduler"
[jobs.haiku]
title = "🎋 Haiku"
schedule = "0 6 * * *"
grace = "15 min"
max_runtime = "10 min"
[jobs.sync]
every = "6 h"
[jobs.offsets]
schedule = "30 22 * * *"
timezone = "America/New_York"
scheduler = ""
since = "2026-02-11T05:00:00+01:00"
[jobs.offsets.output]
path = "out/*.txt"
"""

DUE = """\
Wed 11 Feb 2026 06:30 CET, Europe/Zurich

haiku  🎋 Haiku
  every day at 06:00, Europe/Zurich (apscheduler `0 6 * * *`)
  last due  Wed 11 Feb 06:00 CET, 30 min ago
            to start by 06:15, to be done by 06:25
  next due  Thu 12 Feb 06:00 CET, in 23 h 30 min

sync
  every 6 h, Europe/Zurich (apscheduler `every 6 h`)
  last due  counted from its newest run, which only its scheduler or its files know
  next due  6 h after its newest run

offsets
  every day at 22:30, America/New_York (cron `30 22 * * *`)
  last due  none owed before Tue 10 Feb 23:00 EST
  next due  Wed 11 Feb 22:30 EST, in 22 h
            leaves out/*.txt
  doubtful  out/*.txt matches every file there with that ending: any of them
            passes for its output
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a jobs.toml in it."""
    (tmp_path / "jobs.toml").write_text(TOML, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("JOBS_FILE", "AS_OF", "SCHEDULER_URL", "DEMO"):
        monkeypatch.delenv(f"ROLLCALL_{name}", raising=False)
    return tmp_path


def rollcall(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(arguments, out=out, err=err)
    return status, out.getvalue(), err.getvalue()


def process(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(HOUSE), **dict(options.pop("env", {}))}  # type: ignore[call-overload]
    command = [sys.executable, "-m", "rollcall", *arguments]
    return subprocess.run(command, env=environment, text=True, stderr=subprocess.PIPE, **options)  # type: ignore[no-any-return, call-overload]


def test_its_name_alone_shows_what_there_is(tmp_path: Path) -> None:
    alone = process(stdout=subprocess.PIPE, cwd=tmp_path)

    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout == process("--help", stdout=subprocess.PIPE, cwd=tmp_path).stdout
    assert "    history       what was found on earlier mornings" in alone.stdout


@pytest.mark.usefixtures("folder")
def test_due_tells_every_job_in_words_and_times(frozen_now: FrozenNow) -> None:
    assert rollcall("due") == (0, DUE, "")


@pytest.mark.usefixtures("folder")
def test_due_next_is_one_line_a_job_the_first_first(frozen_now: FrozenNow) -> None:
    status, out, _ = rollcall("due", "--next")

    lines = out.splitlines()[1:]
    known = [line for line in lines if line.startswith("in ")]
    times = [json.loads(rollcall("due", "--json", line.split()[-1])[1])["jobs"][0]["next_due_at"] for line in known]
    assert status == 0
    assert "in 23 h 30 min  Thu 12 Feb 06:00 CET" in " ".join(
        next(x for x in known if x.endswith(" haiku")).split("   ")
    )
    assert times == sorted(times, key=datetime.fromisoformat)
    assert [line for line in lines if not line.startswith("in ")] == ["sync: 6 h after its newest run"]


@pytest.mark.usefixtures("folder")
def test_due_says_the_same_to_programs(frozen_now: FrozenNow) -> None:
    (haiku,) = json.loads(rollcall("due", "--json", "haiku")[1])["jobs"]

    assert (haiku["last_due_at"], haiku["start_by"], haiku["finish_by"], haiku["next_due_at"]) == (
        "2026-02-11T06:00:00+01:00",
        "2026-02-11T06:15:00+01:00",
        "2026-02-11T06:25:00+01:00",
        "2026-02-12T06:00:00+01:00",
    )


@pytest.mark.usefixtures("folder")
def test_due_now_is_the_clocks_now(frozen_now: FrozenNow) -> None:
    frozen_now.move_to(datetime(2026, 2, 11, 5, 0, tzinfo=UTC) - timedelta(seconds=1))
    before = rollcall("due", "haiku")[1]
    frozen_now.shift(timedelta(seconds=1))
    at = rollcall("due", "haiku")[1]

    assert "last due  Tue 10 Feb 06:00 CET, 23 h 59 min ago" in before
    assert "next due  Wed 11 Feb 06:00 CET, in 1 s" in before
    assert "last due  Wed 11 Feb 06:00 CET, 0 s ago" in at


# Spring and autumn: as of, then the lines on the job due at 06:00.
CHANGES = [
    ("2026-03-29T06:00+02:00", "Sun 29 Mar 06:00 CEST, 0 s ago", "Mon 30 Mar 06:00 CEST, in 1 d"),
    ("2026-03-28T06:00+01:00", "Sat 28 Mar 06:00 CET, 0 s ago", "Sun 29 Mar 06:00 CEST, in 23 h"),
    ("2026-10-24T06:00+02:00", "Sat 24 Oct 06:00 CEST, 0 s ago", "Sun 25 Oct 06:00 CET, in 1 d 1 h"),
]


@pytest.mark.parametrize(("as_of", "last", "upcoming"), CHANGES)
@pytest.mark.usefixtures("folder")
def test_due_as_of_another_moment_even_one_to_come(as_of: str, last: str, upcoming: str) -> None:
    status, out, _ = rollcall("due", "haiku", "--as-of", as_of)

    assert status == 0
    assert f"last due  {last}" in out
    assert f"next due  {upcoming}" in out


# What a job due at 23:50 in Zurich leaves, and at the latest an hour and five minutes later.
LEAVES = """
output                                                  | as of      | leaves
path = "x-%Y%m%d-%H%M%S.md"                             | 2026-02-11 | x-20260210-%H%M%S.md or x-20260211-%H%M%S.md
path = "%Y/%m/db-%F*.gz", timezone = "UTC"              | 2026-02-01 | 2026/01/db-2026-01-31*.gz
path = "d/%F/", dated = "due"                           | 2026-02-11 | d/2026-02-10/
path = "%F/a", dated = "previous due"                   | 2026-03-29 | 2026-03-27/a
path = "%F/a", dated = "previous day"                   | 2026-10-26 | 2026-10-24/a
path = "a", dated = "run"                               | 2026-02-11 | a
path = "x-*-%y%j", files = 3, dated = "due"             | 2026-02-11 | 3 files named x-*-26041
path = "%F", dated = "due", timezone = "Asia/Kolkata"   | 2026-02-11 | 2026-02-11
path = "%G-W%V-%u", dated = "due", timezone = "UTC"     | 2026-01-01 | 2026-W01-3
path = "%Y%j-%a-%I%p%M", timezone = "Australia/Lord_Howe" | 2026-10-04 | 2026277-Sun-%IAM%M
path = "%F-%H%M%z", dated = "due"                       | 2026-03-29 | 2026-03-28-2350+0100
path = "%F-%H%M%z", dated = "due"                       | 2026-10-26 | 2026-10-25-2350+0100
path = "%s", dated = "due", timezone = "UTC"            | 2026-10-26 | 1792968600
place = "nas", path = "pg/%F.gz", dated = "due"         | 2026-02-11 | sftp://nas/srv/pg/2026-02-10.gz
"""


@pytest.mark.parametrize(
    ("output", "as_of", "leaves"), [[cell.strip() for cell in line.split("|")] for line in LEAVES.splitlines()[2:]]
)
def test_due_shows_the_very_name_that_is_expected(tmp_path: Path, output: str, as_of: str, leaves: str) -> None:
    lines = ('timezone = "Europe/Zurich"', "[jobs.x]", 'schedule = "50 23 * * *"', 'max_runtime = "50 min"')
    place = '[places.nas]\nurl = "sftp://nas/srv"'
    (tmp_path / "jobs.toml").write_text("\n".join((*lines, f"output = {{ {output} }}", place)), encoding="utf-8")
    _, out, _ = rollcall("due", "--jobs-file", str(tmp_path / "jobs.toml"), "--as-of", f"{as_of}T12:00")
    last, _ = out.split("next due")

    assert " ".join(last.split()).endswith(f"leaves {leaves}")


@pytest.mark.parametrize(
    ("output", "leaves"),
    [
        (
            """{ database = "sqlite:///x", query = "SELECT max(at) AS made_at, count(*) AS n FROM rates WHERE x" }""",
            "leaves a row of SELECT max(at) AS made_at, count(*) AS n FROM rates…",
        ),
        (
            """{ command = ["restic", "snapshots", "--json", "--no-lock"], made_at = "time", each = "@" }""",
            "leaves an entry of restic snapshots --json --no-lock",
        ),
    ],
)
def test_due_shows_in_a_line_who_lists_what_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, leaves: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    jobs = f'timezone = "UTC"\n[jobs.x]\nschedule = "0 6 * * *"\noutput = {output}\n'
    (tmp_path / "jobs.toml").write_text(jobs)
    _, out, _ = rollcall("due", "--jobs-file", str(tmp_path / "jobs.toml"))

    assert [line.strip() for line in out.splitlines() if "leaves" in line] == [leaves] * 2


@pytest.mark.parametrize(
    ("as_of", "limits"),
    [
        ("2026-03-29T12:00+02:00", "to start by 03:15, to be done by 03:45"),
        # 02:15 of the second time that clocks show two.
        ("2026-10-25T12:00+01:00", "to start by 02:45, to be done by Sun 25 Oct 02:15 CET"),
    ],
)
def test_due_shows_limits_that_nobody_reads_as_before_it_was_due(tmp_path: Path, as_of: str, limits: str) -> None:
    (tmp_path / "jobs.toml").write_text(
        'timezone = "Europe/Zurich"\n[jobs.x]\nschedule = "30 2 * * *"\noutput.path = "x"'
    )
    _, out, _ = rollcall("due", "--jobs-file", str(tmp_path / "jobs.toml"), "--as-of", as_of)

    assert f"            {limits}\n" in out


@pytest.mark.parametrize(
    ("as_of", "lines"),
    [
        (
            "2026-03-28T23:59:59+01:00",
            [
                "paused    until Sun 29 Mar 2026: a move",
                "none owed before Sun 29 Mar 00:00 CET",
                "Sun 29 Mar 06:00 CEST",
            ],
        ),
        (
            "2026-03-29T00:00:00+01:00",
            ["no more: ended on Sun 29 Mar 2026 (a move) and is still in jobs.toml", "Sun 29 Mar 06:00 CEST"],
        ),
        ("2026-10-24T12:00+02:00", ["no more: ended on Sun 29 Mar", "Sat 24 Oct 06:00 CEST", "Sun 25 Oct 06:00 CET"]),
    ],
)
def test_due_tells_a_pause_and_the_first_run_owed_after_it(folder: Path, as_of: str, lines: list[str]) -> None:
    job = """timezone = "Europe/Zurich"
    [jobs.digest]
    schedule = "0 6 * * *"
    paused = { until = 2026-03-29, reason = "a move" }
    output.path = "x-*"
    """
    (folder / "paused.toml").write_text(job, encoding="utf-8")
    _, out, _ = rollcall("due", "--jobs-file", str(folder / "paused.toml"), "--as-of", as_of)

    assert [line in out for line in lines] == [True] * len(lines), out


def test_due_takes_jobs_by_name_in_the_files_order(folder: Path) -> None:
    _, out, _ = rollcall("due", "sync", "haiku", "--jobs-file", str(folder / "jobs.toml"))

    assert [line.split()[0] for line in out.split("\n\n")[1:]] == ["haiku", "sync"]


@pytest.mark.usefixtures("folder")
def test_unknown_jobs_are_all_refused() -> None:
    status, out, err = rollcall("due", "haiku", "nope", "\x1b[31mred")

    assert (status, out) == (4, "")
    assert err == (
        'ERROR: JOB = "nope": no such job. Declared: haiku, sync and offsets.\n'
        'JOB = "red": no such job. Declared: haiku, sync and offsets.\n'
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["due", "--jobs-file", "none.toml"], "ERROR: none.toml: cannot be read: No such file or directory."),
        (["due", "--jobs-file", "bad.toml"], "ERROR: bad.toml: "),
        (["due", "--as-of", "soon"], 'ERROR: --as-of = "soon": not a timestamp.'),
        (["due", "--as-of", "2026-03-29T02:30"], "clock change skips it in Europe/Zurich"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_bad_input_ends_with_4_and_no_traceback(folder: Path, arguments: list[str], told: str) -> None:
    (folder / "bad.toml").write_text('timezone = "Mars/Base"\nlook_bak = "1 h"\n')
    status, out, err = rollcall(*arguments)

    assert (status, out) == (4, "")
    assert told in err
    assert "bad.toml" not in arguments or ("Mars/Base" in err and "look_bak" in err)


@pytest.mark.parametrize("arguments", [["undue"], ["due", "--nope"]], ids=" ".join)
def test_a_wrong_command_line_ends_with_4(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 4
    assert "ERROR: " in capsys.readouterr().err


def test_schema_is_the_schema_of_the_file() -> None:
    status, out, _ = rollcall("schema")

    assert status == 0
    assert json.loads(out) == json.loads(json.dumps(json_schema()))


# The whole process


def test_due_asks_no_scheduler(folder: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        text = TOML.replace("http://127.0.0.1:9", f"http://127.0.0.1:{listener.getsockname()[1]}")
        (folder / "jobs.toml").write_text(text, encoding="utf-8")
        done = process("due", cwd=folder, stdout=subprocess.PIPE)

        assert (done.returncode, done.stderr) == (0, "")
        assert "haiku" in done.stdout
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_pipe_that_nobody_reads_ends_quietly(folder: Path) -> None:
    ours, its = os.pipe()
    os.close(ours)
    done = process("due", cwd=folder, stdout=its)
    os.close(its)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_that_knows_no_emoji_gets_the_rest(folder: Path) -> None:
    done = process("due", cwd=folder, stdout=subprocess.PIPE, env={"PYTHONIOENCODING": "ascii"})

    assert (done.returncode, done.stderr) == (0, "")
    assert "haiku  ? Haiku" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this machine")
def test_a_full_disk_is_said(folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = process("due", cwd=folder, stdout=full)

    assert (done.returncode, done.stderr) == (1, "ERROR: the output cannot be written: No space left on device\n")


HANGING = """
timezone = "UTC"
[defaults]
scheduler = 'slow'
[schedulers.slow]
kind = 'aime'
url = "{url}"
status = "/"
start = "/start"
trigger = "/{{job}}"
engine = "cron"
timeout = "60 s"
[jobs.a]
schedule = "@daily"
rerun = true
"""
ASKING = [
    ["monitor", "--quiet"],
    ["monitor", "--nagios"],
    ["diagnose"],
    ["rehearse"],
    ["ensure-running"],
    ["rerun", "a"],
]


@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_ctrl_c_is_one_line(folder: Path, arguments: list[str]) -> None:
    with listener(holds=1) as slow:
        (folder / "jobs.toml").write_text(HANGING.format(url=slow.url), encoding="utf-8")
        running = subprocess.Popen(
            [sys.executable, "-m", "rollcall", *arguments], cwd=folder, text=True,
            env={**os.environ, "PYTHONPATH": str(HOUSE)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            # A test run in the background of a script ignores Ctrl-C, and so would all that it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        wait_until(lambda: bool(slow.heard))
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=120)

    assert (running.returncode, out, err) == (130, "", "interrupted\n")
