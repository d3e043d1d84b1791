"""Is what Prefect says of deployments and flow runs read page by page, and what it cannot say never taken for good?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from fixtures.hostile_service import Asked, answering_service
from fixtures.one_morning import scheduler_of
from rollcall.ask import gather
from rollcall.errors import BadInput
from rollcall.evidence import CannotLook, JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.morning.judge import judge_morning
from rollcall.roll import scheduler as roll_scheduler
from rollcall.roll.load import load
from rollcall.roll.scheduler import Scheduler, Step, Wanted
from rollcall.starter.first_jobs import find_scheduler, write_first_jobs
from rollcall.vocabulary import CauseCode, Verdict

NOW = datetime(2026, 11, 27, 7, 2, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)
DAILY = {"cron": "0 6 * * *", "timezone": "Europe/Zurich", "day_or": True}
_number = count(1)


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def at(run: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(run["expected_start_time"])


def uuid() -> str:
    return str(UUID(int=next(_number)))


@dataclass
class Prefect:
    """A server that answers as a real one did: it pages, filters and sorts. `broken` is said instead, by path."""

    now: datetime = NOW
    deployments: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    pools: list[dict[str, Any]] = field(default_factory=list)
    queues: list[dict[str, Any]] = field(default_factory=list)
    broken: dict[str, tuple[int, Any]] = field(default_factory=dict)
    most: int = 200

    def deploy(self, name: str, *schedules: Mapping[str, Any], **said: Any) -> str:
        key = uuid()
        listed = [{"schedule": each, "active": True, **each.get("own", {})} for each in schedules]
        known = {
            "id": key,
            "name": name,
            "flow_id": "flow-1",
            "created": "2026-11-01T08:00:00Z",
            "paused": False,
            "schedules": listed,
            "last_polled": iso(self.now - timedelta(seconds=9)),
            "status": "READY",
            "tags": [],
            "work_pool_name": "machines",
            "work_queue_id": "queue-1",
        }
        self.deployments.append(known | said)
        return key

    def run(self, deployment: str, expected: datetime, kind: str = "COMPLETED", name: str = "", **said: Any) -> str:
        has_begun = kind not in ("SCHEDULED", "PENDING")
        known = {
            "id": uuid(),
            "deployment_id": deployment,
            "state_type": kind,
            "state_name": name or kind.capitalize(),
            "run_count": int(has_begun),
            "expected_start_time": iso(expected),
            "start_time": iso(expected + timedelta(seconds=2)) if has_begun else None,
            "end_time": iso(expected + timedelta(seconds=9)) if has_begun and kind != "RUNNING" else None,
            "auto_scheduled": True,
        }
        self.runs.append(known | said)
        return str(self.runs[-1]["id"])

    def __call__(self, asked: Asked) -> tuple[int, Any]:
        body = asked.body or {}
        if asked.path in self.broken:
            return self.broken[asked.path]
        if asked.method != "POST" or body.get("limit", 0) > self.most:
            return 422, {"detail": f"Invalid limit: must be less than or equal to {self.most}."}
        rows = {
            "/api/deployments/filter": self.deployments,
            "/api/flows/filter": [{"id": "flow-1", "name": "etl"}, {"id": "flow-2", "name": "report"}],
            "/api/work_pools/filter": self.pools,
            "/api/work_queues/filter": self.queues,
            "/api/flow_runs/filter": self._runs(body),
        }.get(asked.path)
        if rows is None:
            return 404, {"detail": "Not Found"}
        return 200, rows[body["offset"] : body["offset"] + body["limit"]]

    def _runs(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        wanted = body.get("flow_runs", {})
        window, ids = wanted.get("expected_start_time", {}), wanted.get("deployment_id", {}).get("any_")
        types = wanted.get("state", {}).get("type", {}).get("any_")
        found = [
            each
            for each in self.runs
            if window.get("after_", "") <= f"{at(each):%FT%T.%fZ}" <= window.get("before_", "9")
            and (ids is None or each["deployment_id"] in ids)
            and (types is None or each["state_type"] in types)
        ]
        is_newest_first = body.get("sort") == "EXPECTED_START_TIME_DESC"
        return sorted(found, key=at, reverse=is_newest_first)


def prefect(url: str, *, environment: Mapping[str, str] | None = None, **table: Any) -> Scheduler:
    whole = {"kind": "prefect", "url": url, "timeout": "10 s", **table}
    return scheduler_of("flows", whole, environment=environment)


def look(server: Prefect, **table: Any) -> SchedulerSeen:
    asked = roll_scheduler.Asked(clock=lambda: server.now, now=server.now, since=server.now - timedelta(days=1))
    with answering_service(server) as service:
        return prefect(service.url, **table).look(asked)


def refused(server: Prefect, **table: Any) -> tuple[CauseCode, str]:
    with pytest.raises(CannotLook) as refusal:
        look(server, **table)
    return refusal.value.code, refusal.value.detail


def job(server: Prefect, **table: Any) -> JobListed:
    (only,) = look(server, **table).jobs or ()
    return only


# Deployments ----------------------------------------------------------------------------------------------------------


def test_a_deployment_is_called_with_its_flow_as_prefect_itself_calls_it() -> None:
    server = Prefect()
    nightly = server.deploy("nightly", DAILY, tags=["billing"])
    server.deploy("nightly", DAILY, flow_id="flow-2")
    server.run(nightly, datetime(2026, 11, 28, 5, tzinfo=UTC), "SCHEDULED")

    first, second = look(server).jobs or ()

    assert first == JobListed(
        id="etl/nightly",
        key=nightly,
        next_run="2026-11-28T05:00:00Z",
        paused=False,
        schedule="0 6 * * *",
        zone="Europe/Zurich",
        tags=("billing",),
        runs_since="2026-11-01T08:00:00Z",
    )
    assert second.id == "report/nightly"


PAUSED_POOL = {"name": "machines", "type": "process", "is_paused": True}
PAUSED_QUEUE = {"id": "queue-1", "name": "default", "is_paused": True}


@pytest.mark.parametrize(
    ("schedules", "deployment", "pool", "queue", "is_paused"),
    [
        ([DAILY], {}, {}, {}, False),
        ([], {}, {}, {}, False),
        ([DAILY], {"paused": True}, {}, {}, True),
        ([DAILY], {}, PAUSED_POOL, {}, True),
        ([DAILY], {}, {}, PAUSED_QUEUE, True),
        ([DAILY | {"own": {"active": False}}], {}, {}, {}, True),
        ([DAILY | {"own": {"active": False}}, DAILY], {}, {}, {}, False),
        ([DAILY], {"work_pool_name": None, "work_queue_id": None}, PAUSED_POOL, PAUSED_QUEUE, False),
    ],
)
def test_it_is_paused_where_it_its_schedules_its_pool_or_its_queue_is(
    schedules: list[Any], deployment: dict[str, Any], pool: dict[str, Any], queue: dict[str, Any], is_paused: bool
) -> None:
    server = Prefect(pools=[pool] if pool else [], queues=[queue] if queue else [])
    server.deploy("nightly", *schedules, **deployment)

    assert job(server).paused is is_paused


@pytest.mark.parametrize(
    ("schedules", "text", "zone"),
    [
        ([DAILY], "0 6 * * *", "Europe/Zurich"),
        ([{"interval": 5400.0, "anchor_date": "2026-11-27T00:05:43Z", "timezone": "UTC"}], "@every 5400 s", "UTC"),
        # What five fields cannot say is not said.
        ([{"cron": "0 6 13 * fri", "timezone": "UTC", "day_or": False}], None, None),
        ([{"rrule": "FREQ=DAILY;BYHOUR=7", "timezone": "UTC"}], None, None),
        ([DAILY, {"cron": "0 18 * * *", "timezone": "UTC"}], None, None),
        ([DAILY | {"own": {"active": False}}, {"cron": "0 18 * * *", "timezone": "UTC"}], "0 18 * * *", "UTC"),
        ([], None, None),
    ],
)
def test_its_schedule_is_told_where_there_is_one_and_it_can_be_said(
    schedules: list[Any], text: str | None, zone: str | None
) -> None:
    server = Prefect()
    server.deploy("nightly", *schedules)

    only = job(server)

    assert (only.schedule, only.zone) == (text, zone)


def test_a_chatty_deployment_hides_no_next_run_of_another() -> None:
    server = Prefect()
    chatty, monthly, by_hand = server.deploy("chatty", DAILY), server.deploy("monthly", DAILY), server.deploy("hand")
    for minutes in range(1, 101):
        server.run(chatty, NOW + timedelta(minutes=minutes), "SCHEDULED")
    server.run(monthly, NOW + timedelta(days=30), "SCHEDULED")
    server.run(monthly, NOW + timedelta(days=3), "SCHEDULED", auto_scheduled=False)
    del by_hand

    jobs = {each.id: each for each in look(server, limit=50).jobs or ()}

    assert jobs["etl/chatty"].next_run == iso(NOW + timedelta(minutes=1))
    assert jobs["etl/monthly"].next_run == iso(NOW + timedelta(days=30))
    assert (jobs["etl/hand"].next_run, jobs["etl/hand"].untold) == (None, ())


# Runs -----------------------------------------------------------------------------------------------------------------

DUE = datetime(2026, 11, 27, 5, tzinfo=UTC)
BEGUN = {"run_count": 1, "start_time": "2026-11-27T05:00:02Z"}


@pytest.mark.parametrize(
    ("state", "name", "said", "outcome"),
    [
        ("COMPLETED", "Completed", {}, Outcome.SUCCESS),
        ("COMPLETED", "Nothing new", {}, Outcome.SUCCESS),  # a name of the flow's own
        ("FAILED", "TimedOut", {}, Outcome.FAILED),
        ("CRASHED", "Crashed", {}, Outcome.FAILED),
        ("RUNNING", "Retrying", {}, Outcome.RUNNING),
        ("PAUSED", "Suspended", {"end_time": None}, Outcome.RUNNING),
        ("SCHEDULED", "AwaitingRetry", BEGUN, Outcome.RUNNING),
        ("SCHEDULED", "Late", {}, Outcome.WAITING),
        ("SCHEDULED", "AwaitingConcurrencySlot", {}, Outcome.WAITING),
        ("PENDING", "Submitting", {}, Outcome.WAITING),
        ("CANCELLED", "Cancelled", {"run_count": 0, "start_time": iso(DUE), "end_time": iso(DUE)}, Outcome.SKIPPED),
        ("CANCELLED", "Cancelled", {}, Outcome.FAILED),
        ("SOMETHING_NEW", "Something new", {}, Outcome.UNKNOWN),
    ],
)
def test_each_state_means_what_prefect_means_by_it(
    state: str, name: str, said: dict[str, Any], outcome: Outcome
) -> None:
    server = Prefect()
    server.run(server.deploy("nightly", DAILY), DUE, state, name, **said)

    (run,) = look(server).runs or ()

    assert (run.outcome, run.word) == (outcome, name)


def test_a_run_is_told_with_its_due_time_its_attempt_and_its_page() -> None:
    server = Prefect()
    nightly = server.deploy("nightly", DAILY)
    shown = server.run(nightly, DUE, "FAILED", run_count=2, state={"message": "RuntimeError: no rates today"})
    server.run(nightly, DUE + timedelta(hours=1), auto_scheduled=False)
    server.run(uuid(), DUE)  # of a deployment that is gone

    with answering_service(server) as service:
        asked = roll_scheduler.Asked(clock=lambda: NOW, now=NOW, since=SINCE)
        by_hand, by_schedule = prefect(service.url).look(asked).runs or ()

    assert by_schedule == RunSeen(
        job="etl/nightly",
        due="2026-11-27T05:00:00Z",
        started="2026-11-27T05:00:02Z",
        ended="2026-11-27T05:00:09Z",
        word="Failed",
        outcome=Outcome.FAILED,
        attempt=2,
        by_schedule=True,
        link=f"{service.url}/runs/flow-run/{shown}",
        says="RuntimeError: no rates today",
    )
    # When somebody asked for it is no due time.
    assert (by_hand.due, by_hand.by_schedule) == (None, False)


def test_all_runs_of_the_window_are_read_page_by_page_and_none_outside_of_it() -> None:
    server = Prefect()
    nightly = server.deploy("nightly", DAILY)
    for hours in range(-30, 30):
        server.run(nightly, NOW + timedelta(hours=hours), "SCHEDULED" if hours > 0 else "COMPLETED")

    seen = look(server, limit=7)

    assert [run.due for run in seen.runs or ()] == [iso(NOW + timedelta(hours=hours)) for hours in range(0, -25, -1)]
    assert seen.runs_since == SINCE


class Endless(Prefect):
    """One that looks for nothing."""

    def _runs(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        return self.runs


def test_more_runs_than_are_read_are_no_answer() -> None:
    server = Endless(most=10_000)
    row = {"deployment_id": uuid(), "state_type": "COMPLETED", "expected_start_time": "2026-11-27T05:00:00Z"}
    server.runs = [row | {"id": str(number)} for number in range(50_001)]

    code, detail = refused(server, limit=10_000)

    assert code is CauseCode.SCHEDULER_ERROR
    assert "flow_runs are more than 50,000 entries" in detail


def test_a_server_that_answers_every_page_alike_has_not_told_all() -> None:
    server = Prefect(broken={"/api/flow_runs/filter": (200, [{"id": "1"}, {"id": "2"}])})

    assert refused(server, limit=2)[1] == "200, but flow_runs are the same again from 2 on"


# Signs of life --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pools", "polled", "heartbeat"),
    [
        (["process"], ["2026-11-27T07:00:00Z"], "2026-11-27T07:00:00Z"),
        (["process", "docker"], ["2026-11-27T06:00:00Z", "2026-11-27T07:01:00Z"], "2026-11-27T07:01:00Z"),
        (["process"], [None], None),
        # Nobody asks for the work of such pools: the server, which has answered, starts it.
        (["ecs:push"], [None], "2026-11-27T07:02:00+00:00"),
        (["prefect:managed", "process"], [None, "2026-11-27T06:00:00Z"], "2026-11-27T06:00:00Z"),
        ([], [], "2026-11-27T07:02:00+00:00"),
    ],
)
def test_who_asks_for_work_is_the_sign_of_life(
    pools: list[str], polled: list[str | None], heartbeat: str | None
) -> None:
    server = Prefect(pools=[{"name": each, "type": each, "is_paused": False} for each in pools])
    for pool, at in zip(pools, polled, strict=True):
        server.deploy(f"on-{pool.replace(':', '-')}", DAILY, work_pool_name=pool, last_polled=at)

    assert look(server).heartbeat == heartbeat


@pytest.mark.parametrize(
    "now",
    [datetime(2026, 3, 29, 4, 50, tzinfo=UTC), datetime(2026, 10, 25, 5, 50, tzinfo=UTC)],
    ids=["spring", "autumn"],
)
def test_a_good_morning_of_a_clock_change_is_good(now: datetime, tmp_path: Path) -> None:
    server = Prefect(now=now)
    nightly = server.deploy("nightly", DAILY)
    due = now.replace(minute=0)
    server.run(nightly, due)
    server.run(nightly, due + timedelta(days=1), "SCHEDULED")
    file = tmp_path / "jobs.toml"
    with answering_service(server) as service:
        file.write_text(
            f'timezone = "Europe/Zurich"\n[schedulers.flows]\nkind = "prefect"\nurl = "{service.url}"\n'
            '[jobs.nightly]\nscheduler = "flows"\nname = "etl/nightly"\nschedule = "0 6 * * *"\n'
            f'since = "{due.isoformat()}"\n',
            encoding="utf-8",
        )
        roll = load(file, environment={})
        evidence = gather(roll.jobs, roll.schedulers, now=now, clock=lambda: now)
    seen = evidence.schedulers["flows"]
    assert isinstance(seen, SchedulerSeen)
    # Its own clock shows when the test was run.
    evidence = replace(evidence, schedulers={"flows": replace(seen, server_at=now)})
    (judged,) = judge_morning(roll, evidence, now=now).jobs
    assert judged.verdict is Verdict.OK
    assert [run.due for run in seen.runs or ()] == [iso(due)]


# What is no answer ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "body", "code", "says"),
    [
        ("deployments", 401, {"exception_message": "Unauthorized"}, CauseCode.ACCESS_DENIED, "401"),
        ("flow_runs", 403, {}, CauseCode.ACCESS_DENIED, "403"),
        ("deployments", 404, {"detail": "Not Found"}, CauseCode.WRONG_SERVICE, "404"),
        ("flow_runs", 429, {"detail": "Too many requests"}, CauseCode.SCHEDULER_ERROR, "Too many requests"),
        ("flow_runs", 500, b"oh no", CauseCode.SCHEDULER_ERROR, "500"),
        ("deployments", 200, {"detail": "moved"}, CauseCode.SCHEDULER_ERROR, "moved"),
        ("deployments", 200, {"items": []}, CauseCode.WRONG_SERVICE, "deployments is an object where a list belongs"),
        ("deployments", 200, [1], CauseCode.SCHEDULER_ERROR, "deployments[0] is 1 where an object belongs"),
        # As Prefect 2 lists one.
        (
            "deployments",
            200,
            [{"id": "1", "name": "a", "is_schedule_active": True, "schedule": DAILY}],
            CauseCode.SCHEDULER_ERROR,
            "deployments[0].schedules is missing where a list belongs",
        ),
        ("flow_runs", 200, b"[{", CauseCode.SCHEDULER_ERROR, "breaks off"),
    ],
)
def test_what_is_no_answer_is_said(path: str, status: int, body: Any, code: CauseCode, says: str) -> None:
    server = Prefect(broken={f"/api/{path}/filter": (status, body)})
    server.deploy("nightly", DAILY)

    why, detail = refused(server)

    assert why is code
    assert says in detail


def test_a_page_that_is_larger_than_the_server_allows_says_so() -> None:
    server = Prefect(most=100)

    assert refused(server)[1].endswith("Invalid limit: must be less than or equal to 100.")
    assert look(server, limit=100).jobs == ()


def test_a_first_jobs_toml_is_written_of_what_it_lists_at_that_address() -> None:
    server = Prefect()
    server.deploy("nightly", DAILY)
    with answering_service(server) as service:
        found = find_scheduler(None, service.url, zone=ZoneInfo("Europe/Zurich"), now=NOW, clock=lambda: NOW)

    assert found.kind == "prefect"
    text = write_first_jobs(found, [], zone=ZoneInfo("Europe/Zurich"), now=NOW)
    assert '[jobs."etl/nightly"]' in text
    assert 'schedule = "0 6 * * *"' in text


# What may be written --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "asks", "page"),
    [
        ("http://prefect:4200", "http://prefect:4200/api", "http://prefect:4200"),
        ("http://prefect:4200/api/", "http://prefect:4200/api", "http://prefect:4200"),
        ("https://o.example.com/prefect/api", "https://o.example.com/prefect/api", "https://o.example.com/prefect"),
        (
            "https://api.prefect.cloud/api/accounts/a1/workspaces/w1",
            "https://api.prefect.cloud/api/accounts/a1/workspaces/w1",
            "https://app.prefect.cloud/account/a1/workspace/w1",
        ),
    ],
)
def test_the_address_is_that_of_its_api_or_of_its_pages(url: str, asks: str, page: str) -> None:
    scheduler = prefect(url)
    run = uuid()

    assert scheduler.asks == f"POST {asks}/deployments/filter"
    assert scheduler._page_of(run) == f"{page}/runs/flow-run/{run}"  # type: ignore[attr-defined]  # of this kind alone


def test_what_it_knows_itself_is_refused_in_its_table(tmp_path: Path) -> None:
    file = tmp_path / "jobs.toml"
    file.write_text(
        'timezone = "UTC"\n[schedulers.flows]\nkind = "prefect"\nurl = "http://localhost:4200"\n'
        'trigger = "/run/{job}"\n[schedulers.flows.jobs]\nask = "/jobs"\nid = "id"\n'
        '[jobs.a]\nscheduler = "flows"\nschedule = "@daily"\n',
        encoding="utf-8",
    )

    with pytest.raises(BadInput) as problem:
        load(file, environment={})

    for key in ("trigger", "jobs"):
        assert f"schedulers.flows.{key}" in str(problem.value)
    assert str(problem.value).count("is what this kind knows by itself. Take it out.") == 2


def test_its_words_and_steps_stand_beside_those_of_the_table() -> None:
    scheduler = prefect("http://p:4200", words={"partial": ["Some failed"]}, steps={"run-failed": "Call the owner"})

    assert scheduler.words.outcome("Some failed") is Outcome.PARTIAL
    assert scheduler.words.outcome("COMPLETED") is Outcome.SUCCESS
    assert scheduler.steps["run-failed"] == "Call the owner"
    assert "work-pool ls" in scheduler.steps["not-picked-up"]


def test_how_often_its_workers_ask_may_be_said() -> None:
    assert prefect("http://p:4200").heartbeat_within == timedelta(minutes=2)
    assert prefect("http://p:4200", heartbeat_within="20 min").heartbeat_within == timedelta(minutes=20)


def test_its_remedy_asks_for_one_run_of_one_due_time_with_the_rights_of_the_remedy() -> None:
    key = uuid()
    with answering_service(lambda asked: (201, {"id": "1"})) as service:
        scheduler = prefect(service.url, headers={"Authorization": "Bearer ${KEY}"}, environment={"KEY": "s3cr3t-key"})
        order = scheduler.order(Step.TRIGGER, Wanted(name="etl/nightly; x", key=key, due_at=DUE))
        assert order is not None
        replies = [order.send(), order.send()]

    assert [reply.is_accepted for reply in replies] == [True, True]
    assert service.asked[0].path == f"/api/deployments/{key}/create_flow_run"
    assert service.asked[0].headers["authorization"] == "Bearer s3cr3t-key"
    # By this Prefect knows the second for the first.
    keys = {asked.body["idempotency_key"] for asked in service.asked}
    assert keys == {f"roll-call {key} {DUE.isoformat()}"}
    assert order.typed == "prefect deployment run 'etl/nightly; x'"
    # Of what is not listed nobody knows by what it is called there.
    assert scheduler.order(Step.TRIGGER, Wanted(name="etl/gone")) is None
