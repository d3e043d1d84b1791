"""A Dagster webserver with its daemon, one code location that loads, and one that does not."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from engines.conftest import await_that, end_all_with, environment_with
from fixtures.engines import Engine, said
from rollcall.roll.load import load
from rollcall.roll.scheduler import Asked

VERSION = "1.13.28"
JOBS = Path(__file__).with_name("dagster_jobs.py")
READERS = JOBS.parents[1] / "deploy" / "permissions" / "dagster-read-only.service"
MINUTE = timedelta(minutes=1)
WORKSPACE = """
load_from:
- python_file: {relative_path: dagster_jobs.py, location_name: etl}
- python_file: {relative_path: broken.py, location_name: broken}
"""
INSTANCE = """
telemetry: {enabled: false}
run_retries: {enabled: true}
run_coordinator:
  module: dagster._core.run_coordinator
  class: QueuedRunCoordinator
  config:
    tag_concurrency_limits: [{key: no_room, limit: 0}]
"""

pytestmark = pytest.mark.heavy

DONE = {
    "good": "ends well",
    "bad": "its op raises",
    "hung": "does not end",
    "retried": "fails, and Dagster's own retry ends well",
    "made_good": "fails, and is run again by hand, well",
    "queued": "its run stays in the queue, which has no room",
    "skips": "its schedule returns a SkipReason",
    "raises": "its schedule raises",
    "paused": "its schedule is stopped",
    "missed": "its schedule was stopped when it was due, and started since",
    "moved": "its schedule has another time",
    "gone": "its code location does not load",
    "late": "is due later",
}
SAID = {
    "good": ["ok", None],
    "bad": ["failed", "run-failed"],
    "hung": ["stuck", "still-running"],
    "retried": ["ok", "made-good"],
    "made_good": ["ok", "made-good"],
    "queued": ["missed", "not-picked-up"],
    "skips": ["missed", "run-skipped"],
    "raises": ["failed", "run-failed"],
    "paused": ["missed", "job-paused"],
    "missed": ["missed", "missed-run"],
    "moved": ["missed", "schedule-drift"],
    "gone": ["missed", "not-registered"],
    "late": ["pending", None],
    "[schedulers.etl]": ["ok", None],
}


@dataclass(frozen=True)
class Webserver:
    """Where it answers, when the schedules are due, and what its commands need in their environment."""

    url: str
    bin: Path
    folder: Path
    environment: dict[str, str]
    due_at: datetime

    def ask(self, query: str, **variables: Any) -> Any:
        answer = httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60)
        answer.raise_for_status()
        return answer.json()["data"]

    def runs(self, job: str) -> list[dict[str, Any]]:
        """Its runs, the newest first."""
        runs = "runsOrError(filter: {pipelineName: $job}) { ... on Runs { results { runId status } } }"
        query = f"query($job: String) {{ {runs} }}"
        found = self.ask(query, job=job)["runsOrError"]["results"]
        assert isinstance(found, list)
        return found

    def statuses(self, job: str) -> list[str]:
        return [each["status"] for each in self.runs(job)]

    def await_statuses(self, job: str, wanted: list[str]) -> None:
        await_that(lambda: self.statuses(job) == wanted, f"{job}: {wanted}", within=200)

    def beat_ago(self) -> timedelta:
        """How long ago the scheduler's daemon gave a sign of life."""
        query = "{ instance { daemonHealth { allDaemonStatuses { daemonType lastHeartbeatTime healthy } } } }"
        (beat,) = [
            each["lastHeartbeatTime"]
            for each in self.ask(query)["instance"]["daemonHealth"]["allDaemonStatuses"]
            if each["daemonType"] == "SCHEDULER"
        ]
        return datetime.now(UTC) - datetime.fromtimestamp(beat or 0, UTC)


@contextmanager
def running(server: Webserver, *argv: str) -> Iterator[subprocess.Popen[bytes]]:
    """One of its programs, in a group of its own that is killed at the end."""
    with (server.folder / f"{argv[0]}.log").open("ab") as log:
        process = subprocess.Popen(
            [str(server.bin / argv[0]), *argv[1:]],
            env=server.environment,
            cwd=server.folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webserver]:
    """The webserver alone."""
    programs = environment_with("dagster", f"dagster=={VERSION}", f"dagster-webserver=={VERSION}")
    folder = tmp_path_factory.mktemp("dagster")
    (folder / "home").mkdir()
    (folder / "home" / "dagster.yaml").write_text(INSTANCE)
    (folder / "workspace.yaml").write_text(WORKSPACE)
    (folder / "broken.py").write_text("import nothing_of_the_kind\n")
    shutil.copy(JOBS, folder)
    port = free_port()
    due_at = datetime.now(UTC).replace(second=0, microsecond=0) + 3 * MINUTE
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(folder),
        "DAGSTER_HOME": str(folder / "home"),
        "ENGINE_DUE": f"{due_at:%M %H} * * *",
        "ENGINE_LATE": f"{due_at + 5 * MINUTE:%M %H} * * *",
        "ENGINE_OTHER": f"{due_at + timedelta(hours=3):%M %H} * * *",
        "DO_NOT_TRACK": "1",
    }
    made = Webserver(
        url=f"http://127.0.0.1:{port}", bin=programs, folder=folder, environment=environment, due_at=due_at
    )
    try:
        with running(made, "dagster-webserver", "-h", "127.0.0.1", "-p", str(port), "-w", "workspace.yaml"):
            await_that(lambda: answers(made.url), "the webserver", within=120)
            yield made
    finally:
        end_all_with(f"DAGSTER_HOME={folder}/home")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/server_info").status_code == 200
    return False


def jobs_toml(due_at: datetime) -> str:
    head = f"""
timezone = "UTC"
look_back = "1 h"
[defaults]
scheduler = "etl"
schedule = "{due_at:%M %H} * * *"
since = "{due_at - MINUTE:%Y-%m-%dT%H:%M}+00:00"
grace = "3 min"
max_runtime = "1 min"
[schedulers.etl]
kind = "dagster"
url = "${{ENGINE_URL}}"
timeout = "20 s"
"""
    late = {"late": f'schedule = "{due_at + 5 * MINUTE:%M %H} * * *"\ngrace = "30 s"\nmax_runtime = "30 s"\n'}
    return head + "".join(f"[jobs.{name}]\n{late.get(name, '')}" for name in DONE)


def engine(server: Webserver) -> Engine:
    return Engine(
        name=f"dagster {VERSION}",
        folder=server.folder / "look",
        url=server.url,
        hidden={str(server.folder): "/srv/etl", socket.gethostname(): "machine"},
    )


def test_what_happened_is_said_of_each(server: Webserver) -> None:
    due_at, toml = server.due_at, jobs_toml(server.due_at)
    with running(server, "dagster-daemon", "run", "-w", "workspace.yaml"):
        await_that(lambda: server.beat_ago() < MINUTE, "a first heartbeat", within=90)
        assert datetime.now(UTC) < due_at, "starting took too long"
        await_that(lambda: server.statuses("repaired") == ["FAILURE"], "what fails at first", within=300)
        (server.folder / "home" / "repaired").touch()
        run_again(server, server.runs("repaired")[0]["runId"])
        start(server, "missed")
        for job, statuses in (
            ("well", ["SUCCESS"]), ("badly", ["FAILURE"]), ("hangs", ["STARTED"]), ("waits", ["QUEUED"]),
            ("second_try", ["SUCCESS", "FAILURE"]), ("repaired", ["SUCCESS", "FAILURE"]),
        ):  # fmt: skip
            server.await_statuses(job, statuses)
        await_that(lambda: datetime.now(UTC) >= due_at + 4 * MINUTE, "the end of their time", within=300)
        morning, look = engine(server).judged(toml, story="its daemon lives", done=DONE)
        assert said(morning) == SAID
        look.keep("a-daemon")

    done = DONE | {"late": "is due while the daemon is dead"}
    await_that(lambda: server.beat_ago() > timedelta(seconds=122), "two minutes without a daemon", within=150)
    morning, look = engine(server).judged(toml, story="its daemon was killed", done=done)
    # Whatever else is so of a job: that is its one cause.
    assert {cause for name, (_, cause) in said(morning).items() if name != "gone"} == {"scheduler-stalled"}
    assert said(morning)["good"] == ["unknown", "scheduler-stalled"]
    look.keep("no-daemon")

    await_that(
        lambda: datetime.now(UTC) >= due_at + 6 * MINUTE, "the end of the time of what was due since", within=200
    )
    with running(server, "dagster-daemon", "run", "-w", "workspace.yaml"):
        await_that(lambda: server.statuses("well") == ["SUCCESS", "SUCCESS"], "what it makes up for", within=150)
        done = DONE | {"late": "was due while the daemon was dead, which made up for it"}
        morning, look = engine(server).judged(toml, story="its daemon was dead for three minutes", done=done)
        assert said(morning) == SAID | {"late": ["late", "started-late"]}
        look.keep("daemon-is-back")


def run_again(server: Webserver, run: str) -> None:
    query = (
        "mutation($of: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $of) "
        "{ __typename ... on LaunchRunSuccess { run { runId } } } }"
    )
    answer = server.ask(query, of={"parentRunId": run, "strategy": "ALL_STEPS"})
    assert answer["launchRunReexecution"]["__typename"] == "LaunchRunSuccess"


def start(server: Webserver, schedule: str) -> None:
    query = "mutation($of: ScheduleSelector!) { startSchedule(scheduleSelector: $of) { __typename } }"
    of = {"scheduleName": schedule, "repositoryName": "__repository__", "repositoryLocationName": "etl"}
    assert server.ask(query, of=of)["startSchedule"]["__typename"] == "ScheduleStateResult"


def test_who_may_only_read_changes_nothing(server: Webserver) -> None:
    """deploy/permissions/dagster-read-only.service: what it starts, on another port."""
    unit = READERS.read_text(encoding="utf-8")
    program, *argv = re.search(r"ExecStart=(.*)", unit)[1].split()  # type: ignore[index]  # there is one
    port = free_port()
    argv[argv.index("3001")] = str(port)
    reads = replace(server, url=f"http://127.0.0.1:{port}")
    with running(reads, Path(program).name, *argv):
        await_that(lambda: answers(reads.url), "the webserver that only reads", within=120)
        file = server.folder / "reader.toml"
        file.write_text(jobs_toml(server.due_at), encoding="utf-8")
        (scheduler,) = load(file, environment={"ENGINE_URL": reads.url}).schedulers
        now = datetime.now(UTC)
        asked = Asked(clock=lambda: datetime.now(UTC), now=now, since=now - timedelta(hours=1))
        assert scheduler.look(asked).jobs
        query = "mutation($of: ScheduleSelector!) { startSchedule(scheduleSelector: $of) { __typename } }"
        of = {"scheduleName": "paused", "repositoryName": "__repository__", "repositoryLocationName": "etl"}
        assert reads.ask(query, of=of)["startSchedule"]["__typename"] == "UnauthorizedError"
