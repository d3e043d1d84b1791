"""A Prefect server with a worker, one work pool that has none, and one that is paused."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from engines.conftest import await_that, end_all_with, environment_with, unavailable
from fixtures.engines import Engine, said
from rollcall.roll.load import load
from rollcall.roll.scheduler import Asked, Step, Wanted
from rollcall.times import parse_span

VERSION = "3.9.1"
FLOWS = Path(__file__).with_name("prefect_flows.py")
READERS = FLOWS.parents[1] / "deploy" / "permissions" / "prefect-nginx.conf"
WHO = "admin:for-the-engine-alone"
BASIC = base64.b64encode(WHO.encode()).decode()

pytestmark = pytest.mark.heavy

# All are due in one minute. What is done with each, in plain words, and what must be said of it.
DONE = {
    "good": "ends well",
    "bad": "its flow raises",
    "dies": "its process is killed",
    "hung": "does not end",
    "retried": "fails, and the retry ends well",
    "made_good": "fails, and is run again by hand, well",
    "paused": "its deployment is paused",
    "pool_paused": "its work pool is paused",
    "late": "no worker asks for its work pool",
    "called_off": "its run is cancelled before it begins",
    "broken_off": "its run is cancelled while it is under way",
    "missed": "was paused when it was due, and resumed since",
    "moved": "its deployment has another schedule",
    "gone": "is deployed nowhere",
}
SAID = {
    "good": ["ok", None],
    "bad": ["failed", "run-failed"],
    "dies": ["failed", "run-failed"],
    "hung": ["stuck", "still-running"],
    "retried": ["ok", None],
    "made_good": ["ok", "made-good"],
    "paused": ["missed", "job-paused"],
    "pool_paused": ["missed", "job-paused"],
    "late": ["missed", "not-picked-up"],
    "called_off": ["missed", "run-skipped"],
    "broken_off": ["failed", "run-failed"],
    "missed": ["missed", "missed-run"],
    "moved": ["missed", "schedule-drift"],
    "gone": ["missed", "not-registered"],
    "[schedulers.flows]": ["ok", None],
}


@dataclass(frozen=True)
class Server:
    """The server: its `url` without /api, and what its commands need in their environment."""

    url: str
    bin: Path
    folder: Path
    environment: dict[str, str]

    def run(self, *argv: str) -> None:
        subprocess.run(
            [str(self.bin / argv[0]), *argv[1:]], env=self.environment, check=True, capture_output=True, cwd=self.folder
        )

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        """What it answers; asked again while its SQLite is locked."""
        answers: list[httpx.Response] = []

        def is_answered() -> bool:
            headers = {"authorization": f"Basic {BASIC}"}
            answers.append(httpx.request(verb, f"{self.url}/api{path}", json=body, headers=headers, timeout=60))
            return answers[-1].status_code < 500

        await_that(is_answered, f"an answer to {verb} {path}")
        answers[-1].raise_for_status()
        return answers[-1].json() if answers[-1].content else None

    def state_of(self, deployment: str) -> str | None:
        """How the newest run of it goes that was due, or asked for by hand."""
        body = {
            "deployments": {"name": {"any_": [deployment]}},
            "flow_runs": {"expected_start_time": {"before_": datetime.now(UTC).isoformat()}},
            "sort": "EXPECTED_START_TIME_DESC",
        }
        runs = self.ask("POST", "/flow_runs/filter", body)
        return runs[0]["state_name"] if runs else None

    def await_state(self, deployment: str, state: str) -> None:
        await_that(lambda: self.state_of(deployment) == state, f"{deployment}: {state}", within=120)

    def deployment(self, name: str) -> str:
        (found,) = self.ask("POST", "/deployments/filter", {"deployments": {"name": {"any_": [name]}}})
        return str(found["id"])


@contextmanager
def running(server: Server, *argv: str) -> Iterator[subprocess.Popen[bytes]]:
    """One of its commands, in a group of its own that is killed at the end."""
    with (server.folder / f"{argv[1]}.log").open("wb") as log:
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
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kills it and all that it started in its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It alone, with a user and a password."""
    programs = environment_with("prefect", f"prefect=={VERSION}")
    folder = tmp_path_factory.mktemp("prefect")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(folder),
        "PREFECT_HOME": str(folder / "home"),
        "PREFECT_API_URL": f"{url}/api",
        "PREFECT_API_AUTH_STRING": WHO,
        "PREFECT_SERVER_API_AUTH_STRING": WHO,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "3",
        "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "DO_NOT_TRACK": "1",
    }
    made = Server(url=url, bin=programs, folder=folder, environment=environment)
    shutil.copy(FLOWS, folder / "flows.py")
    try:
        with running(made, "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)):
            await_that(lambda: answers(url), "the server", within=120)
            yield made
    finally:
        end_all_with(f"PREFECT_HOME={folder}/home")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/api/health", headers={"authorization": f"Basic {BASIC}"}).status_code == 200
    return False


def jobs_toml(
    due_at: datetime,
    *,
    names: Iterable[str] = DONE,
    password: str = "${PREFECT_BASIC}",
    url: str = "${ENGINE_URL}",
) -> str:
    head = f"""
timezone = "UTC"
look_back = "1 h"
[defaults]
scheduler = "flows"
schedule = "{due_at:%M %H} * * *"
since = "{due_at - timedelta(minutes=1):%Y-%m-%dT%H:%M}+00:00"
grace = "90 s"
max_runtime = "30 s"
[schedulers.flows]
kind = "prefect"
url = "{url}"
headers = {{ Authorization = "Basic {password}" }}
timeout = "20 s"
"""
    other = {"retried": "second-try/retried"}
    return head + "".join(f'[jobs.{name}]\nname = "{other.get(name, f"work/{name}")}"\n' for name in names)


def test_what_happened_is_said_of_each(server: Server) -> None:
    with running(server, "prefect", "worker", "start", "--pool", "machines") as worker:
        due_at = deployed(server)
        await_that(lambda: datetime.now(UTC) >= due_at, "the minute in which all are due", within=200)
        for name, state in (("made_good", "Failed"), ("broken_off", "Running"), ("late", "Late"), ("hung", "Running")):
            server.await_state(name, state)
        again = {"parameters": {"how": "well"}}
        server.ask("POST", f"/deployments/{server.deployment('made_good')}/create_flow_run", again)
        for name in ("called_off", "broken_off"):
            cancel(server, name)
        server.ask("PATCH", f"/deployments/{server.deployment('missed')}", {"paused": False})
        for name, state in (
            ("good", "Completed"), ("bad", "Failed"), ("dies", "Crashed"), ("retried", "Completed"),
            ("made_good", "Completed"), ("broken_off", "Cancelled"), ("called_off", "Cancelled"),
        ):  # fmt: skip
            server.await_state(name, state)
        over_at = due_at + timedelta(seconds=121)
        await_that(lambda: datetime.now(UTC) >= over_at, "the end of their time", within=130)
        await_that(lambda: ahead(server, "missed"), "the next run of what was resumed")
        morning, look = engine(server).judged(jobs_toml(due_at), story="a worker for one of its work pools", done=DONE)
        assert said(morning) == SAID
        look.keep("a-worker")

        denied, good = jobs_toml(due_at, names=["good"], password="bm90OnJpZ2h0"), {"good": DONE["good"]}
        morning, look = engine(server).judged(denied, story="another password than the server's", done=good)
        assert said(morning) == {
            "good": ["unknown", "access-denied"],
            "[schedulers.flows]": ["failed", "access-denied"],
        }
        look.keep("another-password")

        rerun_of_what_was_missed(server, due_at)

    assert worker.poll() is not None
    polled_within = parse_span("2 min") + timedelta(seconds=2)
    await_that(lambda: polled_ago(server) > polled_within, "two minutes without a worker", within=150)
    morning, look = engine(server).judged(jobs_toml(due_at), story="its worker was killed", done=DONE)
    # Whatever else is so of a job: that is its one cause.
    assert {cause for _, cause in said(morning).values()} == {"scheduler-stalled"}
    assert said(morning)["good"] == ["unknown", "scheduler-stalled"]
    look.keep("no-worker")


def deployed(server: Server) -> datetime:
    """Deploys all of them; returns when they are due."""
    for pool in ("machines", "empty", "paused"):
        server.run("prefect", "work-pool", "create", pool, "--type", "process", "--overwrite")
    due_at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=2)
    due, other = f"{due_at:%M %H} * * *", f"{due_at + timedelta(hours=3):%M %H} * * *"
    own = {
        "bad": {"how": "badly"},
        "made_good": {"how": "badly"},
        "dies": {"how": "dies"},
        "hung": {"how": "hangs"},
        "broken_off": {"how": "hangs"},
        "retried": {"flow": "second_try"},
        "pool_paused": {"pool": "paused"},
        "late": {"pool": "empty"},
        "called_off": {"pool": "empty"},
        "moved": {"cron": other},
    }
    deployments = [{"name": name, "cron": due, **own.get(name, {})} for name in DONE if name != "gone"]
    server.run("python", "flows.py", json.dumps(deployments))
    for name in ("paused", "missed"):
        server.ask("PATCH", f"/deployments/{server.deployment(name)}", {"paused": True})
    server.ask("PATCH", "/work_pools/paused", {"is_paused": True})
    assert datetime.now(UTC) < due_at - timedelta(seconds=20), "deploying took too long"
    return due_at


def cancel(server: Server, name: str) -> None:
    """Cancels the run of it that was due: what is under way is told to end, what waits is over at once."""
    body = {
        "deployments": {"name": {"any_": [name]}},
        "flow_runs": {"expected_start_time": {"before_": datetime.now(UTC).isoformat()}},
    }
    (run,) = server.ask("POST", "/flow_runs/filter", body)
    state = {"type": "CANCELLING" if run["start_time"] else "CANCELLED"}
    server.ask("POST", f"/flow_runs/{run['id']}/set_state", {"state": state})


def ahead(server: Server, name: str) -> bool:
    body = {
        "deployments": {"name": {"any_": [name]}},
        "flow_runs": {"expected_start_time": {"after_": datetime.now(UTC).isoformat()}},
    }
    return bool(server.ask("POST", "/flow_runs/filter", body))


def polled_ago(server: Server) -> timedelta:
    """How long ago work was last asked for."""
    polled = [each["last_polled"] for each in server.ask("POST", "/deployments/filter", {})]
    return datetime.now(UTC) - max(datetime.fromisoformat(each) for each in polled if each)


def engine(server: Server) -> Engine:
    return Engine(
        name=f"prefect {VERSION}",
        folder=server.folder / "look",
        url=server.url,
        environment={"PREFECT_BASIC": BASIC},
        hidden={str(server.folder): "/srv/flows", socket.gethostname(): "machine"},
    )


def rerun_of_what_was_missed(server: Server, due_at: datetime) -> None:
    """Its remedy makes one run, however often it is asked for."""
    file = server.folder / "remedy.toml"
    file.write_text(jobs_toml(due_at, url=server.url), encoding="utf-8")
    (scheduler,) = load(file, environment={"PREFECT_BASIC": BASIC}).schedulers
    order = scheduler.order(Step.TRIGGER, Wanted(name="work/missed", key=server.deployment("missed"), due_at=due_at))
    assert order is not None
    assert order.typed == "prefect deployment run work/missed"
    assert order.send().is_accepted
    assert order.send().is_accepted
    server.await_state("missed", "Completed")
    morning, look = engine(server).judged(
        jobs_toml(due_at, names=["missed"]),
        story="what was missed was run again",
        done={"missed": "was missed, and run again"},
    )
    assert said(morning) == {"missed": ["ok", "made-good"], "[schedulers.flows]": ["ok", None]}
    (judged,) = morning.jobs
    assert len(judged.seen.runs) == 1
    look.keep("run-again")


def test_who_may_only_read_changes_nothing(server: Server, tmp_path: Path) -> None:
    """deploy/permissions/prefect-nginx.conf, tried in a real nginx."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        unavailable("nginx is not installed: apt-get install nginx-light")
    port = free_port()
    password = subprocess.run(["openssl", "passwd", "-apr1", "of-a-reader"], check=True, capture_output=True, text=True)
    (tmp_path / "readers").write_text(f"roll-call:{password.stdout}")
    own = READERS.read_text(encoding="utf-8")
    for there, here in (
        ("PASSWORD_IN_BASE64", BASIC),
        ("127.0.0.1:4201", f"127.0.0.1:{port}"),
        ("http://127.0.0.1:4200", server.url),
        ("/etc/nginx/prefect-readers", str(tmp_path / "readers")),
    ):
        assert there in own
        own = own.replace(there, here)
    folders = "".join(
        f"{each}_temp_path {tmp_path}/{each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    head = f"user root; pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}}"
    (tmp_path / "nginx.conf").write_text(f"{head}\nhttp {{ access_log off; {folders}\n{own} }}")
    process = subprocess.Popen([nginx, "-c", str(tmp_path / "nginx.conf"), "-g", "daemon off;"])
    try:
        url, reader = f"http://127.0.0.1:{port}", httpx.BasicAuth("roll-call", "of-a-reader")
        await_that(lambda: is_open(port), "nginx")
        environment = {"READER": base64.b64encode(b"roll-call:of-a-reader").decode()}
        file = tmp_path / "jobs.toml"
        file.write_text(jobs_toml(datetime.now(UTC), password="${READER}", url=url), encoding="utf-8")
        (scheduler,) = load(file, environment=environment).schedulers
        now = datetime.now(UTC)
        asked = Asked(clock=lambda: datetime.now(UTC), now=now, since=now - timedelta(hours=1))
        assert scheduler.look(asked).jobs is not None
        for path in ("/api/flow_runs/", "/api/deployments/", "/api/work_pools/"):
            assert httpx.post(f"{url}{path}", json={}, auth=reader).status_code == 403
        assert httpx.get(f"{url}/api/deployments/filter", auth=reader).status_code == 403
        assert httpx.post(f"{url}/api/deployments/filter", json={}).status_code == 401
    finally:
        process.terminate()
        process.wait()
