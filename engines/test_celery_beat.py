"""Is Celery beat judged as it really runs, with workers and without, with django-celery-results and without?"""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engines.conftest import await_that, environment_with, unavailable
from fixtures.engines import Engine
from fixtures.recorded_tables import of_sqlite

_VERSIONS = (
    "celery==5.7.0",
    "Django==5.2.19",
    "django-celery-beat==2.9.0",
    "django-celery-results==2.6.0",
    "redis==8.1.0",
)
# kombu's transport for Redis imports it, and does not ask for it.
_MISSING = ("packaging",)
_MINUTE = timedelta(minutes=1)

_SETTINGS = """
import os
SECRET_KEY = "none"
USE_TZ = True
INSTALLED_APPS = ["django_celery_beat", *os.environ["RESULTS"].split()]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.db", "OPTIONS": {"timeout": 30}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
_APP = """
import os, pathlib, time
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django
django.setup()
from celery import Celery

app = Celery("app", broker=os.environ["BROKER"])
app.conf.update(beat_scheduler="django_celery_beat.schedulers:DatabaseScheduler", beat_sync_every=1)
app.conf.update(task_track_started=True, broker_connection_retry_on_startup=True)
if os.environ["RESULTS"]:
    app.conf.update(result_backend="django-db", result_extended=True)

@app.task
def works(): pass

@app.task
def fails(): raise RuntimeError("no")

@app.task
def hangs(): time.sleep(3600)

@app.task
def takes_3_s(): time.sleep(3)

@app.task(bind=True, max_retries=1, default_retry_delay=2)
def works_again(self):
    if not self.request.retries:
        raise self.retry(exc=RuntimeError("not yet"))

@app.task(ignore_result=True)
def says_nothing(): pass

@app.task
def writes(): pathlib.Path("out.txt").write_text("done")
"""
_SCHEDULE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
minute, hour, *tasks = sys.argv[1:]
due = CrontabSchedule.objects.create(minute=minute, hour=hour, timezone="UTC")
often = IntervalSchedule.objects.create(every=10, period="seconds")
PeriodicTask.objects.create(name="often", task="app.works", interval=often)
for each in tasks:
    name, _, task = each.partition("=")
    queue = "later" if name == "late" else None
    enabled = name not in ("paused", "missed")
    PeriodicTask.objects.create(name=name, task=f"app.{task}", crontab=due, queue=queue, enabled=enabled)
"""
_ENABLE = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django
django.setup()
from django_celery_beat.models import PeriodicTask
missed = PeriodicTask.objects.get(name="missed")
missed.enabled = True
missed.save()
"""

_TASKS = {
    "good": "works",
    "fails": "fails",
    "hung": "hangs",
    "slow": "takes_3_s",
    "retried": "works_again",
    "silent": "says_nothing",
    "unknown": "nobody_knows_it",
    "late": "works",
    "missed": "works",
    "paused": "works",
    "moved": "works",
}
_DONE = {
    "good": "does its work",
    "fails": "raises",
    "hung": "sleeps for an hour",
    "slow": "sleeps for 3 s, and has 1 s",
    "retried": "raises, and its retry does its work",
    "silent": "does its work, with ignore_result",
    "unknown": "no worker knows the task",
    "late": "nobody took its queue before a worker was started",
    "missed": "was not enabled when it was due, and is now",
    "paused": "is not enabled",
    "moved": "is scheduled there at another time than is declared",
    "gone": "was never created",
}
_SAID = {
    "good": ["ok", None],
    "fails": ["failed", "run-failed"],
    "hung": ["stuck", "still-running"],
    "slow": ["late", "overran"],
    "retried": ["ok", None],
    "silent": ["unknown", "unknown-status"],
    "unknown": ["failed", "run-failed"],
    "late": ["late", "started-late"],
    "missed": ["missed", "missed-run"],
    "paused": ["missed", "job-paused"],
    "moved": ["late", "schedule-drift"],
    "gone": ["missed", "not-registered"],
    "[schedulers.beat]": ["ok", None],
}
_HEARTBEAT = """
[schedulers.beat.alive]
ask = "SELECT MAX(last_run_at) AS heartbeat FROM django_celery_beat_periodictask"
heartbeat_within = "1 min"
"""


@dataclass(frozen=True, kw_only=True)
class _Project:
    """A Django project with Celery, in a folder of its own."""

    programs: Path
    folder: Path
    environment: Mapping[str, str]

    @property
    def database(self) -> Path:
        return self.folder / "app.db"

    def python(self, script: str, *arguments: str) -> None:
        """Runs a script of its own."""
        subprocess.run([self.programs / "python", "-c", script, *arguments], **self._where, check=True)

    @contextmanager
    def celery(self, *arguments: str) -> Iterator[None]:
        """A process of it, killed at the end."""
        with (self.folder / f"{arguments[0]}.log").open("a") as log:
            command = [str(self.programs / "celery"), "-A", "app", *arguments]
            with subprocess.Popen(command, stdout=log, stderr=log, **self._where) as process:
                try:
                    yield
                finally:
                    process.kill()

    def worker(self, queue: str = "celery") -> Any:
        """A worker that takes that queue."""
        name = f"{queue}@here"
        return self.celery("worker", "--pool", "threads", "-c", "8", "-Q", queue, "-n", name, "--without-mingle")

    def beat(self) -> Any:
        """Its beat."""
        return self.celery("beat", "--max-interval", "1", "--pidfile=")

    def count(self, query: str) -> int:
        """How many rows that query has."""
        with closing(sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            return len(connection.execute(query).fetchall())

    @property
    def _where(self) -> dict[str, Any]:
        return {"cwd": self.folder, "env": {**os.environ, **self.environment}}


@pytest.fixture(scope="module")
def programs() -> Path:
    """Where Celery is installed."""
    return environment_with("celery-5.7", *_VERSIONS, *_MISSING)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    """A broker on loopback, which keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        unavailable("Redis is not installed. Install it: sudo apt-get install redis-server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    with (tmp_path / "redis.log").open("w") as log, subprocess.Popen([program, *options], stdout=log) as process:
        try:
            await_that(lambda: "Ready to accept" in (tmp_path / "redis.log").read_text(), "Redis")
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.kill()


def _project(programs: Path, folder: Path, broker: str, results: str) -> _Project:
    folder.mkdir()
    (folder / "settings.py").write_text(_SETTINGS)
    (folder / "app.py").write_text(_APP)
    return _Project(programs=programs, folder=folder, environment={"BROKER": broker, "RESULTS": results})


def _jobs_toml(due: datetime, jobs: Mapping[str, str], more: str = "") -> str:
    tables = "".join(f"[jobs.{name}]\n{own}\n" for name, own in jobs.items())
    return f"""timezone = "Europe/Zurich"
[schedulers.beat]
kind = "celery-beat"
database = "${{ENGINE_DATABASE}}"
{more}
[defaults]
scheduler = "beat"
timezone = "UTC"
schedule = "{_minutes(due)} {due.hour} * * *"
look_back = "10 s"
grace = "10 s"
max_runtime = "20 s"
{tables}"""


def _minutes(due: datetime) -> str:
    """Due twice: with a worker, and a minute later without one."""
    return f"{due.minute},{(due + _MINUTE).minute}"


def _look(
    project: _Project, name: str, jobs_toml: str, story: str, done: Mapping[str, str], now: datetime | None = None
) -> dict[str, Any]:
    """What is said of it; kept on record under that name."""
    engine = Engine(name="celery-beat 2.9", folder=project.folder / name, database=f"sqlite:///{project.database}")
    tables = ("periodictask", "crontabschedule")
    names = [*(f"django_celery_beat_{each}" for each in tables), "django_celery_results_taskresult"]
    empty = {"django_celery_results_taskresult": ("traceback", "meta", "worker", "task_args", "task_kwargs")}
    statements = of_sqlite(project.database, names, empty)
    morning, look = engine.judged(jobs_toml, story=story, done=done, statements=statements, dialect="sqlite", now=now)
    for cause in (*morning.job_causes.values(), *morning.scheduler_causes.values()):
        print(cause and f"{cause.code}: {cause.sentence} {cause.next_step}")
    look.keep(name)
    return {key: list(each) for key, each in look.said.items()}


def _due() -> datetime:
    """A minute for which beat and workers are up, and whose next is of the same hour."""
    due = (datetime.now(UTC) + timedelta(seconds=90)).replace(second=0, microsecond=0)
    return due + _MINUTE if due.minute == 59 else due


def _is_past(at: datetime) -> bool:
    return datetime.now(UTC) > at


def test_celery_beat_is_judged_as_it_runs(programs: Path, redis: str, tmp_path: Path) -> None:
    project = _project(programs, tmp_path / "with", f"{redis}/0", "django_celery_results")
    due = _due()
    again = due + _MINUTE
    own = dict.fromkeys(_DONE, "") | {
        "slow": 'max_runtime = "1 s"\ngrace = "30 s"',
        "late": 'late_start = "fail"',
        "moved": 'schedule = "0 3 * * *"',
    }
    project.python(_SCHEDULE, _minutes(due), str(due.hour), *(f"{name}={task}" for name, task in _TASKS.items()))
    results = "SELECT 1 FROM django_celery_results_taskresult WHERE periodic_task_name = '{}' AND status = '{}'"
    with ExitStack() as stack:
        beat = stack.enter_context(ExitStack())
        with ExitStack() as workers:
            workers.enter_context(project.worker())
            beat.enter_context(project.beat())
            for name, status in (("fails", "FAILURE"), ("hung", "STARTED"), ("slow", "SUCCESS")):
                await_that(lambda: project.count(results.format(name, status)), f"{name} to be {status}", within=150)  # noqa: B023
            await_that(lambda: _is_past(due + timedelta(seconds=11)), "its queue to be late")
            workers.enter_context(project.worker("later"))
            project.python(_ENABLE)
            await_that(lambda: project.count(results.format("late", "SUCCESS")), "the late one")
            await_that(lambda: _is_past(due + timedelta(seconds=31)), "its time to be over")
            story = "beat and a worker are up, and every job was due once"
            assert _look(project, "as-it-runs", _jobs_toml(due, own), story, _DONE) == _SAID
        # No worker any more, and beat goes on.
        sent = "SELECT 1 FROM django_celery_beat_periodictask WHERE name = 'good' AND total_run_count = 2"
        await_that(lambda: project.count(sent), "beat to send again", within=90)
        await_that(lambda: _is_past(again + timedelta(seconds=11)), "its start to be late")
        few = {"good": "", "silent": 'proof = "start"'}
        done = {"good": "was sent, and there is no worker", "silent": 'was sent, and proof = "start"'}
        said = _look(project, "no-worker", _jobs_toml(due, few, _HEARTBEAT), "the worker was killed", done)
        assert said == {
            "good": ["missed", "not-picked-up"], "silent": ["ok", None], "[schedulers.beat]": ["ok", None]
        }  # fmt: skip
        beat.close()

    # Nothing changes any more: five minutes later it is the same database.
    later = f'schedule = "{(again + 3 * _MINUTE).minute} * * * *"\nlook_back = "10 s"'
    few, done = {"good": later}, {"good": "was due after beat was killed"}
    now = again + 6 * _MINUTE
    said = _look(project, "beat-killed", _jobs_toml(due, few), "beat was killed", done, now)
    assert said == {"good": ["missed", "schedule-drift"], "[schedulers.beat]": ["ok", None]}
    said = _look(project, "beat-killed-heartbeat", _jobs_toml(due, few, _HEARTBEAT), "the same, with alive", done, now)
    assert said["[schedulers.beat]"] == ["failed", "scheduler-stalled"]


def test_without_results_beat_proves_that_it_sent(programs: Path, redis: str, tmp_path: Path) -> None:
    project = _project(programs, tmp_path / "without", f"{redis}/1", "")
    due = _due()
    tasks: Sequence[str] = ("works=works", "fails=fails", "writes=writes", "begun=works")
    project.python(_SCHEDULE, _minutes(due), str(due.hour), *tasks)
    own = {"works": "", "fails": "", "begun": 'proof = "start"'}
    done = {
        "works": "does its work, and nothing tells",
        "fails": "raises, and nothing tells",
        "begun": 'does its work, and proof = "start"',
    }
    with project.worker(), project.beat():
        sent = "SELECT 1 FROM django_celery_beat_periodictask WHERE total_run_count > 0 AND crontab_id IS NOT NULL"
        await_that(lambda: project.count(sent) == len(tasks), "beat to send", within=150)
        await_that(lambda: (project.folder / "out.txt").exists(), "its output")
        await_that(lambda: _is_past(due + timedelta(seconds=31)), "its time to be over")
        said = _look(project, "no-results", _jobs_toml(due, own), "django-celery-results is not installed", done)
        assert said == {
            "works": ["unknown", "unknown-status"],
            "fails": ["unknown", "unknown-status"],
            "begun": ["ok", None],
            "[schedulers.beat]": ["ok", None],
        }
        engine = Engine(name="celery-beat 2.9", folder=project.folder, database=f"sqlite:///{project.database}")
        by_output = _jobs_toml(due, {"writes": 'output.path = "out.txt"'})
        _, look = engine.judged(by_output, story="", done={})
        assert look.said["writes"] == ["ok", None]
