"""What is said of a cluster whose answers follow the published schema (Kubernetes 1.33)? No cluster is run.

A stand-in `kubectl` prints them; what it printed is kept as of an engine that was run, so that every test judges it.
Where a real kubectl is, it is asked too, of an API server on loopback that knows no more than to list.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.engines import Engine, said
from fixtures.hostile_service import answering_service
from fixtures.kubernetes import answer, api_server, bad, container, cron_job, good, job, pod
from fixtures.one_morning import scheduler_of
from rollcall.evidence import CannotLook, SchedulerSeen
from rollcall.roll.scheduler import Asked
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
DUE = NOW.replace(hour=2)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HEAD = """
timezone = "Europe/Zurich"
look_back = "3 d"
[defaults]
grace = "10 min"
max_runtime = "1 h"
[schedulers.prod]
kind = "kubernetes"
via = ["${ENGINE_VIA}"]
command = ["kubectl", "get", "cronjobs,jobs,pods", "-A", "-o", "json"]
"""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A cluster, of which `kubectl` prints what lies in `answer` and in `refusal`."""
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text(
        f"#!/bin/sh\ncat {tmp_path}/answer; [ ! -e {tmp_path}/refusal ] || {{ cat {tmp_path}/refusal >&2; exit 1; }}\n"
    )
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{kubectl.parent}:/usr/bin:/bin")
    return Engine(name="kubernetes 1.33", folder=tmp_path)


def nights(name: str, *, until: datetime, count: int = 3) -> list[dict[str, Any]]:
    return [good(name, at, at + 5 * MINUTE) for at in (until - back * DAY for back in range(count - 1, -1, -1))]


def nightly(name: str, *last: dict[str, Any], at: datetime = DUE, **spec: Any) -> list[dict[str, Any]]:
    """A CronJob of each night, good until the night before, and its last Job."""
    before = nights(name, until=at - DAY, count=2)
    is_good = bool(last) and last[0]["status"].get("succeeded")
    done = at + 5 * MINUTE if is_good else at - DAY + 5 * MINUTE
    own = {"scheduled": at, "succeeded": done, "timeZone": "UTC", **spec}
    return [cron_job(name, "0 2 * * *", **own), *before, *last]


def pod_of(name: str, phase: str, **status: Any) -> dict[str, Any]:
    return pod(f"{name}-{int(DUE.timestamp()) // 60}", phase, **status)


def test_a_morning_of_a_cluster(cluster: Engine) -> None:
    oom = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    hang = NOW.replace(hour=1)
    items = [
        *nightly("works", good("works", DUE, DUE + 5 * MINUTE)),
        *nightly("fails", bad("fails", DUE, DUE + 4 * MINUTE, failed=7),
                 pod_of("fails", "Failed", containerStatuses=container(**oom))),
        *nightly("slow", good("slow", DUE, DUE + 80 * MINUTE), succeeded=DUE + 80 * MINUTE),
        *nightly("hangs", job("hangs", DUE, active=1),
                 pod_of("hangs", "Running", containerStatuses=container(running={}))),
        *nightly("no-image", job("no-image", DUE, active=1),
                 pod_of("no-image", "Pending", containerStatuses=container(waiting={"reason": "ImagePullBackOff"}))),
        *nightly("no-node", job("no-node", DUE, active=1),
                 pod_of("no-node", "Pending", conditions=[{
                     "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                     "message": "0/3 nodes are available: 3 Insufficient memory."}])),
        *nightly("retries", good("retries", DUE, DUE + 9 * MINUTE, failed=1), succeeded=DUE + 9 * MINUTE),
        *nightly("by-hand", bad("by-hand", DUE, DUE + 4 * MINUTE),
                 good("by-hand", DUE + HOUR, DUE + HOUR + MINUTE, by_hand=True, name="by-hand-again"),
                 succeeded=DUE + HOUR + MINUTE),
        *nightly("late", good("late", DUE, DUE + 30 * MINUTE, started=DUE + 25 * MINUTE), succeeded=DUE + 30 * MINUTE),
        *nightly("suspended", good("suspended", DUE, DUE + 5 * MINUTE), suspend=True),
        # What its deadline let go.
        *nightly("let-go", scheduled=DUE - DAY, startingDeadlineSeconds=120),
        # No Job can be made of it, and the others go on.
        *nightly("no-quota", scheduled=DUE - DAY),
        # Of these no Job is kept.
        *nightly("forgets", successfulJobsHistoryLimit=0, succeeded=DUE + 5 * MINUTE)[:1],
        *nightly("forgets-failures", failedJobsHistoryLimit=0)[:3],
        cron_job("hourly", "0 * * * *", scheduled=hang, succeeded=hang - 55 * MINUTE, concurrencyPolicy="Forbid",
                 timeZone="UTC"),
        good("hourly", hang - HOUR, hang - 55 * MINUTE), job("hourly", hang, active=1),
    ]  # fmt: skip
    (cluster.folder / "answer").write_text(answer(*items), encoding="utf-8")
    done = {
        "billing/works": "its Job is complete",
        "billing/fails": "out of memory, 7 times",
        "billing/slow": "takes 80 minutes of 60",
        "billing/hangs": "its pod runs, and does not end",
        "billing/no-image": "its image cannot be pulled",
        "billing/no-node": "no node has room for its pod",
        "billing/retries": "its first pod fails, the second does not",
        "billing/by-hand": "fails, and is run by hand",
        "billing/late": "begins 25 minutes late",
        "billing/suspended": "suspended",
        "billing/let-go": "not started before its deadline",
        "billing/no-quota": "no Job could be made of it",
        "billing/forgets": "keeps no Job that did its work",
        "billing/forgets-failures": "keeps no Job that failed, and its last is gone",
        "billing/hourly": "one hangs, and those after it are forbidden",
        "billing/deleted": "its CronJob is deleted",
    }
    jobs_toml = f"""{HEAD}declare = ["billing/*"]
[jobs."billing/deleted"]
scheduler = "prod"
schedule = "0 2 * * *"
timezone = "UTC"
[jobs."billing/hourly"]
max_runtime = "30 min"
"""
    morning, look = cluster.judged(jobs_toml, story="written by the published schema", done=done, now=NOW)
    assert said(morning) == {
        "billing/works": ["ok", None],
        "billing/fails": ["failed", "run-failed"],
        "billing/slow": ["late", "overran"],
        "billing/hangs": ["stuck", "still-running"],
        "billing/no-image": ["missed", "not-picked-up"],
        "billing/no-node": ["missed", "not-picked-up"],
        "billing/retries": ["ok", "made-good"],
        "billing/by-hand": ["ok", "made-good"],
        "billing/late": ["ok", "started-late"],
        "billing/suspended": ["failed", "job-paused"],
        "billing/let-go": ["missed", "missed-run"],
        "billing/no-quota": ["missed", "job-stalled"],
        "billing/forgets": ["ok", None],
        "billing/forgets-failures": ["unknown", "unknown-status"],
        "billing/hourly": ["missed", "run-skipped"],
        "billing/deleted": ["missed", "not-registered"],
        "[schedulers.prod]": ["ok", None],
    }
    causes = {name: cause.sentence for name, cause in morning.job_causes.items() if cause}
    assert "OOMKilled" in causes["billing/fails"]
    assert "ImagePullBackOff" in causes["billing/no-image"]
    assert "Insufficient memory" in causes["billing/no-node"]
    look.keep("morning")


def test_a_cluster_whose_controller_is_dead(cluster: Engine) -> None:
    items = [each for name in ("a", "b") for each in nightly(name, good(name, DUE - DAY, DUE - DAY), at=DUE - DAY)]
    (cluster.folder / "answer").write_text(answer(*items), encoding="utf-8")
    done = {"[schedulers.prod]": "its controller has made no Job since yesterday"}
    morning, look = cluster.judged(
        f'{HEAD}declare = ["*"]', story="written by the published schema", done=done, now=NOW
    )
    assert said(morning)["[schedulers.prod]"] == ["failed", "scheduler-stalled"]
    look.keep("controller-dead")


def test_a_role_that_may_not_list_jobs(cluster: Engine) -> None:
    (cluster.folder / "answer").write_text(answer(cron_job("a", "0 2 * * *")), encoding="utf-8")
    (cluster.folder / "refusal").write_text(
        'Error from server (Forbidden): jobs.batch is forbidden: User "system:serviceaccount:monitoring:rollcall" '
        'cannot list resource "jobs" in API group "batch" at the cluster scope\n'
    )
    jobs_toml = f'{HEAD}[jobs."billing/a"]\nscheduler = "prod"\nschedule = "0 2 * * *"'
    done = {"[schedulers.prod]": "its role may list CronJobs and no Jobs"}
    morning, look = cluster.judged(jobs_toml, story="as kubectl 1.32 prints it", done=done, now=NOW)
    assert said(morning)["[schedulers.prod]"] == ["failed", "access-denied"]
    assert said(morning)["billing/a"] == ["unknown", "access-denied"]
    look.keep("forbidden")


# A real kubectl -------------------------------------------------------------------------------------------------------


def seen_by_kubectl(folder: Path, items: list[dict[str, Any]], **others: Any) -> SchedulerSeen:
    """What it prints of an API server with these objects. Raises `CannotLook`."""
    if shutil.which("kubectl") is None:
        pytest.skip("there is no kubectl here")
    with answering_service(api_server(items, **others)) as service:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "eu1", "cluster": {"server": service.url}}],
            "contexts": [{"name": "eu1", "context": {"cluster": "eu1", "user": "rollcall"}}],
            "users": [{"name": "rollcall", "user": {"token": "t0ken"}}],
        }
        file = folder / "kubeconfig"
        file.write_text(json.dumps(config), encoding="utf-8")
        # It keeps what it was told of the API's kinds.
        asks = ["kubectl", "--kubeconfig", str(file), "--cache-dir", str(folder), "--context", "eu1", "get"]
        command = [*asks, "cronjobs,jobs,pods", "-A", "-o", "json"]
        scheduler = scheduler_of("prod", {"kind": "kubernetes", "command": command, "timeout": "60 s"})
        return scheduler.look(Asked(clock=lambda: NOW, now=NOW, since=NOW - 7 * DAY))


def test_kubectl_prints_what_is_read_of_it_page_after_page(tmp_path: Path) -> None:
    names = [f"n{number:03}" for number in range(200)]
    items = [each for name in names for each in nightly(name, good(name, DUE, DUE + 5 * MINUTE))]
    items.append(pod_of("n000", "Succeeded"))
    seen = seen_by_kubectl(tmp_path, items)
    assert [each.id for each in seen.jobs or ()] == [f"billing/{name}" for name in names]
    # More than it asks for at once.
    assert len(seen.runs or ()) == 600


@pytest.mark.parametrize(
    ("others", "code", "says"),
    [
        ({"forbidden": "jobs"}, CauseCode.ACCESS_DENIED, 'cannot list resource "jobs" in API group "batch"'),
        ({"is_logged_in": False}, CauseCode.ACCESS_DENIED, "You must be logged in to the server"),
    ],
)
def test_what_refuses_kubectl_is_access_denied(
    others: dict[str, Any], code: CauseCode, says: str, tmp_path: Path
) -> None:
    with pytest.raises(CannotLook) as refusal:
        seen_by_kubectl(tmp_path, nightly("a", good("a", DUE, DUE)), **others)
    assert (refusal.value.code, says in refusal.value.detail) == (code, True), refusal.value.detail
