"""Airflow 3, really run: its api-server, scheduler and DAG processor, over a due time, and without one of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from engines.conftest import await_that, environment_with
from fixtures.engines import Engine, Look
from rollcall.morning import Morning
from rollcall.roll.load import load
from rollcall.roll.scheduler import Scheduler, Step, Wanted

VERSION = "3.3.2"
HERE = Path(__file__).parent
API_SERVER, BEATING = "api-server", ("scheduler", "dag-processor")
# Who looks, who is told to run something, and who does here what people do.
USERS = {"viewer": "viewer", "runner": "user", "boss": "admin"}
PASSWORDS = {"viewer": "may-look", "runner": "may-run", "boss": "may-do-all"}
MINUTE = timedelta(minutes=1)

ETL = """
timezone = "Europe/Zurich"

[schedulers.etl]
kind = "airflow"
url = "${ENGINE_URL}"
timeout = "30 s"
login = { username = "${AIRFLOW_USER}", password = "${AIRFLOW_PASSWORD}" }
"""
REMEDY = """
[schedulers.etl.remedy]
login = { username = "${AIRFLOW_RUNNER}", password = "${AIRFLOW_RUNNER_PASSWORD}" }
"""
DEFAULTS = """
[defaults]
scheduler = "etl"
timezone = "UTC"
grace = "1 min"
max_runtime = "1 min"
"""


def fields(at: datetime) -> str:
    """Five fields that are due at that time of each day."""
    return f"{at.minute} {at.hour} * * *"


@dataclass(kw_only=True)
class Airflow:
    """The real thing, its parts started and stopped one by one."""

    home: Path
    bin: Path
    due: datetime
    port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=60))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def due_later(self) -> datetime:
        """When the DAG `late` is due, after the others have been looked at."""
        return self.due + 4 * MINUTE

    @property
    def due_before(self) -> datetime:
        """When the DAG `backfilled` was due, before it started."""
        return self.due - 30 * MINUTE

    @property
    def environment(self) -> Mapping[str, str]:
        settings = {
            "CORE__DAGS_FOLDER": str(self.home / "dags"),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "API__HOST": "127.0.0.1",
            "API__PORT": str(self.port),
            "API__BASE_URL": self.url,
            "API__WORKERS": "1",
            "API_AUTH__JWT_SECRET": "jwt" * 24,
            "API__SECRET_KEY": "key" * 24,
            "DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
            "LOGGING__LOGGING_LEVEL": "WARNING",
        }
        return {
            **os.environ,
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "AIRFLOW_HOME": str(self.home),
            "DUE": fields(self.due),
            "DUE_IN_ZURICH": fields(self.due.astimezone(ZoneInfo("Europe/Zurich"))),
            "DUE_LATER": fields(self.due_later),
            "DUE_BEFORE": fields(self.due_before),
            "STARTS": (self.due - 20 * MINUTE).isoformat(),
            "FLAG": str(self.home / "fixed"),
            "OVER": str(self.home / "over"),
            **{f"AIRFLOW__{name}": value for name, value in settings.items()},
        }

    def start(self, part: str) -> None:
        """Starts one part, in a process group of its own: its children end with it."""
        with (self.home / f"{part}.log").open("ab") as log:
            command = [str(self.bin / "airflow"), part]
            self.running[part] = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, part: str) -> None:
        """Kills one part, and leaves the others."""
        process = self.running.pop(part)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the API answers to the one who may do everything."""
        if "authorization" not in self.client.headers:
            login = {"username": "boss", "password": PASSWORDS["boss"]}
            token = self.client.post(f"{self.url}/auth/token", json=login).raise_for_status().json()["access_token"]
            self.client.headers["authorization"] = f"Bearer {token}"
        answer = self.client.request(method, f"{self.url}{path}", json=body)
        return answer.raise_for_status().json()

    def health(self, part: str) -> Any:
        with suppress(httpx.HTTPError):
            return self.client.get(f"{self.url}/api/v2/monitor/health").json()[part]
        return {"status": None}

    def dags(self) -> dict[str, Any]:
        with suppress(httpx.HTTPError):
            return {each["dag_id"]: each for each in self.ask("GET", "/api/v2/dags?exclude_stale=false")["dags"]}
        return {}

    def runs(self, dag: str) -> list[Any]:
        """The runs of a DAG, the newest first."""
        runs: list[Any] = self.ask("GET", f"/api/v2/dags/{dag}/dagRuns?order_by=-run_after")["dag_runs"]
        return runs

    def await_end(self, dag: str, state: str, **with_: str) -> Any:
        """The newest run of the DAG that is as told, once it has ended so."""

        def found() -> Any:
            fits = (each for each in self.runs(dag) if all(each[key] == value for key, value in with_.items()))
            return next((each for each in fits if each["state"] == state), None)

        await_that(found, f"a run of {dag} that is {state}", within=240)
        return found()

    def is_silent(self, part: str, seconds: int) -> bool:
        beat = self.health(part)[f"latest_{part}_heartbeat"]
        return datetime.now(UTC) - datetime.fromisoformat(beat) > timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Airflow with its parts up, its DAGs read, and the time that most are due at still to come."""
    bin_ = environment_with("airflow", f"apache-airflow=={VERSION}")
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    (home / "passwords.json").write_text(json.dumps(PASSWORDS))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    due = (datetime.now(UTC) + 4 * MINUTE).replace(second=0, microsecond=0)
    engine = Airflow(home=home, bin=bin_, due=due, port=port)
    migrate = [str(bin_ / "airflow"), "db", "migrate"]
    subprocess.run(migrate, env=engine.environment, check=True, capture_output=True)
    for name in ("dags", "broken"):
        shutil.copy(HERE / f"airflow_{name}.py", home / "dags")
    try:
        engine.start(API_SERVER)
        # Tasks that begin before it is up fail.
        await_that(lambda: engine.health("metadatabase")["status"] == "healthy", "its api-server", within=240)
        for part in BEATING:
            engine.start(part)
        await_that(lambda: {"partly", "lost"} <= engine.dags().keys(), "its DAGs", within=120)
        yield engine
    finally:
        (home / "over").touch()
        for part in list(engine.running):
            engine.kill(part)


def scrubbed(look: Look, airflow: Airflow) -> Look:
    """The look without tokens and what tells of this machine."""
    said = json.dumps(look.requests)
    for pattern, word in (
        (r'(access_token\\*":\\*")[^"\\]+', r"\1token"),
        (r'(file_token\\*":\\*")[^"\\]+', r"\1token"),
        (r'((?:host|unix)name\\*":\\*")[^"\\]+', r"\1worker"),
        (re.escape(str(airflow.home)), "/opt/airflow"),
        (re.escape(airflow.url), "http://airflow.example.com"),
    ):
        said = re.sub(pattern, word, said)
    return replace(look, requests=json.loads(said))


def shown(airflow: Airflow, name: str, jobs: str, *, story: str, done: Mapping[str, str]) -> tuple[Morning, Look]:
    """The morning, and the look at it, in a folder of that name."""
    environment = {
        "AIRFLOW_USER": "viewer",
        "AIRFLOW_PASSWORD": PASSWORDS["viewer"],
    }
    engine = Engine(name=f"airflow {VERSION}", folder=airflow.home / name, url=airflow.url, environment=environment)
    morning, look = engine.judged(ETL + jobs, story=story, done=done)
    return morning, scrubbed(look, airflow)


def job(name: str, at: datetime, more: str = "") -> str:
    return f'[jobs.{name}]\nschedule = "{fields(at)}"\n{more}\n'


@contextmanager
def told(airflow: Airflow) -> Iterator[Scheduler]:
    """The scheduler as jobs.toml has it, with other rights for what it is told to do."""
    file = airflow.home / "told.toml"
    file.write_text(ETL.replace("ENGINE_URL", "AIRFLOW_URL") + REMEDY + DEFAULTS + job("by_hand", airflow.due))
    environment = {
        "AIRFLOW_URL": airflow.url,
        "AIRFLOW_USER": "viewer",
        "AIRFLOW_PASSWORD": PASSWORDS["viewer"],
        "AIRFLOW_RUNNER": "runner",
        "AIRFLOW_RUNNER_PASSWORD": PASSWORDS["runner"],
    }
    (scheduler,) = load(file, environment=environment).schedulers
    yield scheduler


DONE = {
    "good": "does its work",
    "in_zurich": "does its work, and is scheduled in Zurich",
    "bad": "its task exits with 3",
    "slow": "takes 65 seconds, and may take 60",
    "hung": "its task does not end",
    "held_up": "its run before does not end, and it may have one at a time",
    "paused": "was paused in Airflow",
    "retried": "its task fails, and does its work when it is tried again",
    "cleared": "its task fails; it is fixed, and the run cleared",
    "by_hand": "its task fails; it is fixed, and a run triggered",
    "backfilled": "did not run when it was due; a backfill does",
    "after_good": "is triggered by the asset that good makes",
    "partly": "one of its tasks fails, and its run is a success",
    "lost": "its file has an import error",
    "gone": "was never there",
}


@pytest.mark.heavy
def test_what_becomes_of_dags_is_judged(airflow: Airflow) -> None:
    due = airflow.due
    file = airflow.home / "dags" / "airflow_broken.py"
    for dag in ("good", "in_zurich", "retried", "partly", "after_good", "lost"):
        airflow.await_end(dag, "success")
    for dag in ("bad", "cleared", "by_hand"):
        airflow.await_end(dag, "failed")
    (airflow.home / "fixed").touch()
    run = airflow.runs("cleared")[0]["dag_run_id"]
    airflow.ask("POST", f"/api/v2/dags/cleared/dagRuns/{run}/clear", {"dry_run": False, "only_failed": False})
    before, after = (at.isoformat() for at in (airflow.due_before - MINUTE, airflow.due_before + MINUTE))
    window = {"from_date": before, "to_date": after}
    airflow.ask("POST", "/api/v2/backfills", {"dag_id": "backfilled", **window, "max_active_runs": 1})
    with told(airflow) as scheduler:
        wanted = Wanted(name="by_hand", due_at=due)
        as_a_viewer = scheduler.model_copy(update={"remedy": None}).order(Step.TRIGGER, wanted)
        assert as_a_viewer is not None
        assert as_a_viewer.send().is_refused
        order = scheduler.order(Step.TRIGGER, wanted)
        assert order is not None
        assert order.send().is_accepted
    file.write_text("import no_such_module\n" + file.read_text())
    airflow.await_end("cleared", "success")
    airflow.await_end("by_hand", "success", run_type="manual")
    airflow.await_end("backfilled", "success", run_type="backfill")
    airflow.await_end("slow", "success")
    await_that(lambda: airflow.dags()["lost"]["has_import_errors"], "the import error", within=120)
    await_that(lambda: datetime.now(UTC) > due + 2 * MINUTE, "the end of what may be running", within=240)

    jobs = "".join(job(name, due) for name in DONE if name not in ("in_zurich", "backfilled", "after_good"))
    in_zurich = 'timezone = "Europe/Zurich"\nmax_runtime = "1 min"'
    jobs += job("in_zurich", due.astimezone(ZoneInfo("Europe/Zurich")), in_zurich)
    jobs += job("backfilled", airflow.due_before)
    jobs += '[jobs.after_good]\nafter = "good"\nwithin = "1 min"\n'
    morning, look = shown(airflow, "dags", DEFAULTS + jobs, story="all its parts are up", done=DONE)

    assert look.said == {
        "[schedulers.etl]": ["ok", None],
        "good": ["ok", None],
        "in_zurich": ["ok", None],
        "bad": ["failed", "run-failed"],
        "slow": ["late", "overran"],
        "hung": ["stuck", "still-running"],
        "held_up": ["missed", "missed-run"],
        "paused": ["missed", "job-paused"],
        "retried": ["ok", None],
        "cleared": ["ok", "made-good"],
        "by_hand": ["ok", "made-good"],
        "backfilled": ["ok", "made-good"],
        "after_good": ["ok", None],
        "partly": ["ok", "partial-run"],
        "lost": ["missed", "not-registered"],
        "gone": ["missed", "not-registered"],
    }
    cause = {name: each.sentence for name, each in morning.job_causes.items() if each}
    assert "ModuleNotFoundError: No module named 'no_such_module'" in cause["lost"]
    look.keep("dags")
    assert "held up" in cause["held_up"]
    assert "1 task failed in it: work" in cause["partly"]


@pytest.mark.heavy
def test_what_is_listed_is_declared_in_its_zone(airflow: Airflow) -> None:
    limits = 'grace = "1 min"\nmax_runtime = "2 min"\n'
    table = 'declare = ["*"]\nignore = ["lost", "late"]\n[defaults]\n' + limits
    morning, look = shown(airflow, "declared", table, story='all its parts are up, and declare = ["*"]', done=DONE)

    zones = {each.job.id: each.job.zone.key for each in morning.jobs}
    assert zones.pop("in_zurich") == "Europe/Zurich"
    assert set(zones.values()) == {"UTC"}
    # Those that others start are due at no time of their own.
    assert not {"after_good", "called"} & zones.keys()
    assert look.said["bad"] == ["failed", "run-failed"]
    # Yesterday they were not there.
    assert look.said["good"] == ["ok", None]
    look.keep("declared")


@pytest.mark.heavy
def test_a_scheduler_that_was_killed_is_dead_and_runs_what_it_missed_late(airflow: Airflow) -> None:
    at = airflow.due_later
    airflow.kill("scheduler")
    assert datetime.now(UTC) < at, "the looks before took longer than the time until the next is due"
    airflow.ask("POST", "/api/v2/dags/called/dagRuns", {"logical_date": None})
    await_that(lambda: airflow.is_silent("scheduler", 80), "more than a minute of silence", within=120)
    await_that(lambda: datetime.now(UTC) > at + timedelta(seconds=75), "what it misses", within=360)
    jobs = job("late", at) + job("called", at - 2 * MINUTE)
    done = {"late": "is due while the scheduler is dead", "called": "is triggered while the scheduler is dead"}
    _, dead = shown(airflow, "scheduler-killed", DEFAULTS + jobs, story="its scheduler was killed", done=done)
    airflow.start("scheduler")
    airflow.await_end("late", "success")
    done = {"late": "is run when the scheduler is back"}
    _, back = shown(airflow, "scheduler-back", DEFAULTS + job("late", at), story="its scheduler is back", done=done)
    airflow.kill("dag-processor")
    await_that(lambda: airflow.is_silent("dag_processor", 80), "more than a minute of silence", within=180)
    done = {"late": "did its work"}
    story = "its DAG processor was killed"
    morning, unread = shown(airflow, "processor-killed", DEFAULTS + job("late", at), story=story, done=done)

    assert dead.said == {
        "[schedulers.etl]": ["failed", "scheduler-stalled"],
        "late": ["missed", "scheduler-stalled"],
        "called": ["missed", "scheduler-stalled"],
    }
    assert back.said == {"[schedulers.etl]": ["ok", None], "late": ["ok", "started-late"]}
    assert unread.said == {
        "[schedulers.etl]": ["failed", "scheduler-stalled"],
        "late": ["unknown", "scheduler-stalled"],
    }
    for look, name in ((dead, "scheduler-killed"), (back, "scheduler-back"), (unread, "processor-killed")):
        look.keep(name)
    (scheduler,) = morning.scheduler_causes.values()
    assert scheduler is not None
    assert "DAG processor" in scheduler.sentence
