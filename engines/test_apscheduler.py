"""Is APScheduler judged as it really runs: 3 by its job store, 4 by its tables?"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engines.conftest import await_that, environment_with
from fixtures.engines import Engine
from fixtures.recorded_tables import of_sqlite

_MINUTE = timedelta(minutes=1)

_THREE = """
import sys, time
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

def writes(name): open(f"{name}.txt", "w").write("done")
def fails(): raise RuntimeError("no")
def hangs(): time.sleep(3600)

if __name__ == "__main__":
    minute = sys.argv[1]
    scheduler = BackgroundScheduler(jobstores={"default": SQLAlchemyJobStore("sqlite:///app.db")}, timezone="UTC")
    scheduler.start()
    due = {"trigger": "cron", "minute": minute, "replace_existing": True}
    for name in ("good", "paused", "moved"):
        scheduler.add_job("three:writes", id=name, args=[name], **due)
    scheduler.add_job("three:fails", id="fails", **due)
    scheduler.add_job("three:hangs", id="hung", **due)
    scheduler.pause_job("paused")
    time.sleep(3600)
"""
_FOUR = """
import asyncio, sys, time
from apscheduler import AsyncScheduler
from apscheduler.datastores.sqlalchemy import SQLAlchemyDataStore
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

def writes(name): open(f"{name}.txt", "w").write("done")
def fails(): raise RuntimeError("no")
def hangs(): time.sleep(3600)

async def main():
    # Each has a trigger of its own, which counts on.
    due = lambda: CronTrigger(minute=sys.argv[1])
    how = {"job_executor": "threadpool"}
    async with AsyncScheduler(SQLAlchemyDataStore("sqlite:///app.db")) as scheduler:
        for name in ("good", "begun", "moved", "paused"):
            await scheduler.add_schedule(writes, due(), id=name, args=[name], paused=name == "paused", **how)
        await scheduler.add_schedule(fails, due(), id="fails", **how)
        await scheduler.add_schedule(hangs, due(), id="hung", **how)
        await scheduler.run_until_stopped()

asyncio.run(main())
"""
# Of the schedules of a program that runs none of what they fire: nobody picks that up.
_ONLY_FIRES = _FOUR.replace('"sqlite:///app.db")) as', '"sqlite:///app.db"), role=SchedulerRole.scheduler) as').replace(
    "import AsyncScheduler", "import AsyncScheduler, SchedulerRole"
)


def _due() -> datetime:
    """A minute before which the program is up, whatever an environment needs to start; of one hour with the next."""
    due = (datetime.now(UTC) + timedelta(seconds=75)).replace(second=0, microsecond=0)
    return due + _MINUTE if due.minute == 59 else due


@contextmanager
def _program(programs: Path, folder: Path, name: str, text: str, minute: int) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(text)
    with (folder / "log").open("a") as log:
        command = [str(programs / "python"), f"{name}.py", str(minute)]
        with subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as process:
            try:
                yield process
            finally:
                process.kill()


def _count(folder: Path, query: str) -> int:
    file = folder / "app.db"
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        try:
            return len(connection.execute(query).fetchall())
        except sqlite3.OperationalError:
            return 0  # its tables are not there yet


def _jobs_toml(kind: str, due: datetime, jobs: Mapping[str, str]) -> str:
    tables = "".join(f"[jobs.{name}]\n{own}\n" for name, own in jobs.items())
    return f"""timezone = "UTC"
[schedulers.aps]
kind = "{kind}"
database = "${{ENGINE_DATABASE}}"
[defaults]
scheduler = "aps"
schedule = "{due.minute} * * * *"
look_back = "10 s"
grace = "10 s"
max_runtime = "20 s"
{tables}"""


def _look(
    engine: str,
    folder: Path,
    name: str | None,
    jobs_toml: str,
    story: str,
    done: Mapping[str, str],
    now: datetime | None = None,
) -> dict[str, Any]:
    """What is said of it; kept on record where it has a name."""
    looked_at = Engine(name=engine, folder=folder, database=f"sqlite:///{folder / 'app.db'}")
    empty = {
        "apscheduler_jobs": ("job_state",),
        "schedules": ("trigger", "args", "kwargs", "acquired_by"),
        "jobs": ("args", "kwargs"),
    }
    statements = of_sqlite(folder / "app.db", ("apscheduler_jobs", "schedules", "jobs"), empty)
    morning, look = looked_at.judged(
        jobs_toml, story=story, done=done, statements=statements, dialect="sqlite", now=now
    )
    for cause in (*morning.job_causes.values(), *morning.scheduler_causes.values()):
        print(cause and f"{cause.code}: {cause.sentence} {cause.next_step}")
    if name:
        look.keep(name)
    return {key: list(each) for key, each in look.said.items()}


def test_apscheduler_3_tells_when_it_runs_next_and_outputs_prove_the_rest(tmp_path: Path) -> None:
    programs = environment_with("apscheduler-3.11", "apscheduler==3.11.3", "sqlalchemy==2.1.9")
    due, folder = _due(), tmp_path / "three"
    with_output = {name: f'output.path = "{name}.txt"' for name in ("good", "fails", "hung", "paused", "gone")}
    with_output["moved"] = 'output.path = "moved.txt"\nschedule = "0 3 * * *"'
    jobs_toml = _jobs_toml("apscheduler", due, with_output)
    done = {
        "good": "wrote its file",
        "fails": "raises, and leaves no file",
        "hung": "sleeps for an hour, and leaves no file",
        "paused": "was paused before it was due",
        "moved": "is scheduled there at another time than is declared",
        "gone": "was never added",
    }
    with _program(programs, folder, "three", _THREE, due.minute) as process:
        await_that(lambda: _count(folder, "SELECT 1 FROM apscheduler_jobs") == 5, "its jobs")
        await_that(lambda: (folder / "good.txt").exists(), "its output", within=150)
        await_that(lambda: datetime.now(UTC) > due + timedelta(seconds=31), "its time to be over")
        assert _look("apscheduler 3.11", folder, None, jobs_toml, "", done) == {
            "good": ["ok", None],
            "fails": ["missed", "never-ran"],
            "hung": ["missed", "never-ran"],
            "paused": ["missed", "job-paused"],
            "moved": ["late", "schedule-drift"],
            "gone": ["missed", "not-registered"],
            "[schedulers.aps]": ["ok", None],
        }
        process.send_signal(signal.SIGKILL)
    # It is the same an hour later, and its next runs have passed.
    now = due + timedelta(hours=1, minutes=2)
    # Files are no answer of an engine, and are not kept: these are never there.
    jobs_toml = jobs_toml.replace('output.path = "', 'output.path = "nothing-')
    dead = _look("apscheduler 3.11", folder, "killed", jobs_toml, "its program was killed an hour ago", done, now)
    assert dead["[schedulers.aps]"] == ["failed", "scheduler-stalled"]
    assert dead["good"][1] == "scheduler-stalled"


def test_apscheduler_4_tells_what_fired_and_what_runs(tmp_path: Path) -> None:
    requirements = ("apscheduler==4.0.0a6", "sqlalchemy==2.1.9", "greenlet", "sniffio")
    programs = environment_with("apscheduler-4.0.0a6", *requirements)
    due, folder = _due(), tmp_path / "four"
    jobs = {"good": "", "begun": 'proof = "start"', "fails": "", "hung": "", "paused": "", "gone": ""}
    jobs["moved"] = 'schedule = "0 3 * * *"'
    done = {
        "good": "did its work, and nothing tells",
        "begun": 'did its work, and proof = "start"',
        "fails": "raised, and nothing tells",
        "hung": "sleeps for an hour",
        "paused": "was paused before it was due",
        "moved": "is scheduled there at another time than is declared",
        "gone": "was never added",
    }
    jobs_toml = _jobs_toml("apscheduler-4", due, jobs)
    engine = "apscheduler 4.0.0a6"
    with _program(programs, folder, "four", _FOUR, due.minute):
        await_that(lambda: _count(folder, "SELECT 1 FROM schedules") == 6, "its schedules")
        await_that(lambda: (folder / "good.txt").exists(), "its work", within=150)
        await_that(lambda: datetime.now(UTC) > due + timedelta(seconds=31), "its time to be over")
        assert _look(engine, folder, "as-it-runs", jobs_toml, "its program is up, and each was due once", done) == {
            "good": ["unknown", "unknown-status"],
            "begun": ["ok", None],
            "fails": ["unknown", "unknown-status"],
            "hung": ["stuck", "still-running"],
            "paused": ["missed", "job-paused"],
            "moved": ["late", "schedule-drift"],
            "gone": ["missed", "not-registered"],
            "[schedulers.aps]": ["ok", None],
        }
        by_output = _jobs_toml("apscheduler-4", due, {"good": 'output.path = "good.txt"'})
        assert _look(engine, folder, None, by_output, "", {})["good"] == ["ok", None]
    now = due + timedelta(hours=1, minutes=2)
    dead = _look(engine, folder, "killed", jobs_toml, "its program was killed an hour ago", done, now)
    assert dead["[schedulers.aps]"] == ["failed", "scheduler-stalled"]


def test_apscheduler_4_without_anybody_who_runs_jobs(tmp_path: Path) -> None:
    requirements = ("apscheduler==4.0.0a6", "sqlalchemy==2.1.9", "greenlet", "sniffio")
    programs = environment_with("apscheduler-4.0.0a6", *requirements)
    due, folder = _due(), tmp_path / "fires"
    with _program(programs, folder, "four", _ONLY_FIRES, due.minute):
        await_that(lambda: _count(folder, "SELECT 1 FROM jobs WHERE schedule_id = 'good'"), "it to fire", within=150)
        await_that(lambda: datetime.now(UTC) > due + timedelta(seconds=11), "its start to be late")
        jobs_toml, done = _jobs_toml("apscheduler-4", due, {"good": ""}), {"good": "fired, and nobody runs jobs"}
        story = "its program fires schedules, and runs no job"
        said = _look("apscheduler 4.0.0a6", folder, "no-worker", jobs_toml, story, done)
    assert said == {"good": ["missed", "not-picked-up"], "[schedulers.aps]": ["ok", None]}
