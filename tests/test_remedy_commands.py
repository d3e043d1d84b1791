"""Do `rollcall ensure-running` and `rollcall rerun` mend the faults of the demo from end to end, and no other?"""

from __future__ import annotations

import io
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine

from fixtures.obedient_service import HAIKU, SCHEDULER, ObedientService, Reply, obedient_service
from rollcall.cli import main
from rollcall.demo import DemoMorning, demo_morning
from rollcall.history.reading import read_whole
from rollcall.history.rows import FILE

HOUSE = Path(__file__).parents[1]
JOB = "generate_haiku_scheduled"


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JOBS_FILE", "AS_OF", "SCHEDULER_URL", "DEMO", "REPLAY"):
        monkeypatch.delenv(f"ROLLCALL_{name}", raising=False)


@contextmanager
def staged(fault: str | None) -> Iterator[DemoMorning]:
    with demo_morning(fault) as demo, time_machine.travel(demo.now, tick=True):
        yield demo


def rollcall(demo: DemoMorning, *arguments: str) -> tuple[int, list[str]]:
    """The exit status, and the lines, in which the demo's own address is URL."""
    out, err = io.StringIO(), io.StringIO()
    where = ("--jobs-file", str(demo.jobs_file), "--scheduler-url", demo.url)
    status = main([*arguments, *where], out=out, err=err)
    return status, (out.getvalue() + err.getvalue()).replace(demo.url, "URL").splitlines()


RUNNING = "running, 9 jobs, next run Wed 11 Feb 08:00 CET (export_collection_markdown)"


def test_a_stopped_scheduler_is_started_and_what_it_missed_is_made_up_for() -> None:
    with staged("scheduler-stopped") as demo:
        dry = rollcall(demo, "ensure-running", "--dry-run")
        mended = rollcall(demo, "ensure-running")
        again = rollcall(demo, "ensure-running", "aime")
        status, (first, second) = rollcall(demo, "rerun", "export_collection_json", JOB)
        made = list((demo.folder / "data" / "scheduled-output").glob("generate-haiku-20260211-*.md"))
        with closing(sqlite3.connect(demo.folder / "data" / "musique.db")) as connection:
            (active,) = connection.execute("SELECT last_updated FROM service_states").fetchone()
        actions = {row.job_id: row.action for row in read_whole(demo.folder / "reports" / FILE).rows}

    start = "`curl -X POST URL/api/v1/services/scheduler/start`"
    assert dry == (1, [f"aime is stopped and would be restarted: {start}"])
    assert mended == (0, [f"aime was stopped, restarted 07:02 CET, verified: {RUNNING}"])
    assert again == (0, [f"aime is {RUNNING}"])
    assert status == 0
    assert first.startswith(f"{JOB}'s run of Wed 11 Feb 06:00 CET was missed, re-run 07:02 CET, verified: ")
    assert second.startswith("export_collection_json's run of Tue 10 Feb 10:00 CET was missed, re-run 07:02 CET, ")
    assert [each.name in first for each in made] == [True]
    assert active.startswith("2026-02-11 06:02")
    assert actions[JOB] == first
    assert actions["weekly_haiku"] == mended[1][0]


def test_a_stalled_scheduler_is_stopped_and_started() -> None:
    with staged("scheduler-stalled") as demo:
        mended = rollcall(demo, "ensure-running")

    assert mended == (0, [f"aime was stalled, restarted 07:02 CET, verified: {RUNNING}"])


def test_a_missed_run_is_made_up_for_once() -> None:
    with staged("missed-run") as demo:
        dry = rollcall(demo, "rerun", JOB, "--dry-run")
        status, (line,) = rollcall(demo, "rerun", JOB)
        again, (refused,) = rollcall(demo, "rerun", JOB)

    request = f"`curl -X POST URL/api/v1/services/scheduler/trigger/{JOB}`"
    assert dry == (1, [f"{JOB}'s run of Wed 11 Feb 06:00 CET was missed and would be re-run: {request}"])
    assert status == 0
    assert "was missed, re-run 07:02 CET, verified: ended Wed 11 Feb 07:02" in line
    # It is done, and late: that is for a person.
    assert again == 1
    assert refused.startswith(f"{JOB} is not run again: it was not missed: late: due Wed 11 Feb 06:00 CET")


UNCURED = """
scheduler-down    | ensure-running     | 1 | aime is not proven to run: The scheduler does not answer: GET URL
scheduler-error   | ensure-running     | 1 | aime is not proven to run: The scheduler answers with an error: GET URL
not-registered    | ensure-running     | 1 | aime is running, but without a next run of generate_haiku_scheduled
access-denied     | rerun JOB          | 1 | JOB is not run again: its scheduler cannot run it: the scheduler refuses
scheduler-stopped | rerun JOB          | 1 | JOB is not run again: its scheduler cannot run it: the scheduler is stopped
empty-output      | rerun JOB          | 1 | JOB is not run again: it was not missed: bad-output: its output
job-paused        | rerun JOB          | 1 | JOB is not run again: more is wrong with it: failed: the scheduler
missed-run        | rerun weekly_haiku | 0 | weekly_haiku is not run again: it was not missed: ok, due Sun
"""
ROWS = [[cell.strip() for cell in line.replace("JOB", JOB).split("|")] for line in UNCURED.strip().splitlines()]


@pytest.mark.parametrize(("fault", "words", "status", "begins"), ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
def test_what_a_start_or_a_run_does_not_cure_is_told_and_left(fault: str, words: str, status: str, begins: str) -> None:
    with staged(fault) as demo:
        told = rollcall(demo, *words.split())

    assert told[0] == int(status)
    assert [line[: len(begins)] for line in told[1]] == [begins]


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (["ensure-running", "nobody"], {}, 'SCHEDULER = "nobody": no such scheduler. Declared: aime.'),
        (["rerun", "nothing"], {}, 'JOB = "nothing": no such job. Declared: haiku.'),
        (["ensure-running"], {"ROLLCALL_AS_OF": "2026-02-11 07:02"}, "ROLLCALL_AS_OF: means another moment than now"),
        (["rerun", "haiku"], {"ROLLCALL_REPLAY": "/kept"}, "ROLLCALL_REPLAY: means another moment than now"),
        (["ensure-running", "--jobs-file", "/nowhere/jobs.toml"], {}, "/nowhere/jobs.toml"),
    ],
)
def test_bad_input_is_told_and_nobody_is_asked(
    arguments: list[str],
    environment: dict[str, str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    err = io.StringIO()
    with obedient_service(ObedientService(jobs={}, running=False)) as scheduler:
        Path("jobs.toml").write_text(SCHEDULER.format(url=scheduler.url) + HAIKU, encoding="utf-8")
        status = main(arguments, out=io.StringIO(), err=err)

    assert status == 4
    assert says in err.getvalue()
    assert scheduler.posts == []


def test_without_a_scheduler_there_is_nothing_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    jobs = '[jobs.haiku]\nschedule = "0 6 * * *"\n[jobs.haiku.output]\npath = "haiku-*.md"\n'
    Path("jobs.toml").write_text(f'timezone = "Europe/Zurich"\n{jobs}', encoding="utf-8")
    err = io.StringIO()

    assert main(["ensure-running"], out=io.StringIO(), err=err) == 4
    assert "schedulers: none is declared" in err.getvalue()


def test_of_two_commands_at_the_same_time_one_starts_it(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    next_run = now.replace(hour=5, minute=0, second=0, microsecond=0).isoformat()
    jobs: dict[str, Any] = {"haiku": {"next_run": next_run, "last_execution": None, "last_status": "pending"}}
    with obedient_service(ObedientService(jobs=jobs, running=False, began_at=now)) as scheduler:
        scheduler.replies["/start"] = Reply(does=True, takes=1.5)
        (tmp_path / "jobs.toml").write_text(SCHEDULER.format(url=scheduler.url) + HAIKU, encoding="utf-8")
        command = [sys.executable, "-m", "rollcall", "ensure-running"]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "text": True, "cwd": tmp_path}
        environment = {**os.environ, "PYTHONPATH": str(HOUSE)}
        both = [subprocess.Popen(command, env=environment, **pipes) for _ in range(2)]
        said = [each.communicate(timeout=60)[0] for each in both]

    assert scheduler.posts == ["/start"]
    assert [each.returncode for each in both] == [0, 0]
    assert sorted(line.split(",")[0] for line in said) == ["aime is running", "aime was stopped"]


SPELLINGS = [
    "http://127.0.0.1:{port}",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}",
    "http://somebody:anything@127.0.0.1:{port}",
    "http://127.1:{port}",
    f"http://{socket.gethostname()}:{{port}}",
]


def test_a_due_run_is_asked_for_once_from_whatever_folder_and_by_whatever_spelling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    now = datetime.now(UTC)
    due = now.replace(second=0, microsecond=0) - timedelta(hours=3)
    next_run = due + timedelta(days=1)
    missed = {"next_run": next_run.isoformat(), "last_execution": "2026-02-10T05:00:17", "last_status": "success"}
    jobs = HAIKU.replace("0 6 * * *", f"{due.minute} {due.hour} * * *").replace("grace", "name = 'haiku'\ngrace")
    said = []
    with obedient_service(ObedientService(jobs={"haiku": missed}, began_at=now)) as scheduler:
        scheduler.replies["/trigger/haiku"] = Reply(status=500)  # it may have been obeyed
        for number, spelling in enumerate(SPELLINGS):
            folder = tmp_path / str(number)
            folder.mkdir()
            url = spelling.format(port=urlsplit(scheduler.url).port)
            # Each copy calls the scheduler and the job something else.
            text = SCHEDULER.replace("Europe/Zurich", "UTC").format(url=url) + jobs
            renamed = text.replace("jobs.haiku", f"jobs.poem{number}").replace("aime]", f"a{number}]")
            renamed = renamed.replace("scheduler = 'aime'", f"scheduler = 'a{number}'")
            (folder / "jobs.toml").write_text(renamed, encoding="utf-8")
            out = io.StringIO()
            main(["rerun", f"poem{number}", "--jobs-file", str(folder / "jobs.toml")], out=out, err=out)
            said.append(out.getvalue())

    assert scheduler.posts == ["/trigger/haiku"]
    assert "answers 500" in said[0]
    assert ["was already requested" in each for each in said[1:]] == [True] * (len(SPELLINGS) - 1)
