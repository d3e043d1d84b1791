"""What do the answers of an Airflow mean, and what is said where they are refused, cut off or of something else?

The rows are those of a real Airflow 3.3 (fixtures/answers/airflow-3.3.2, where whole mornings of it are judged again).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.hostile_service import AnsweringService, Asked, answering_service
from fixtures.one_morning import scheduler_of
from rollcall.ask import gather
from rollcall.errors import BadInput
from rollcall.evidence import CannotLook, Outcome, RunSeen, SchedulerSeen
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.roll import scheduler as roll_scheduler
from rollcall.roll.listing import Listing
from rollcall.roll.load import load
from rollcall.roll.scheduler import Scheduler, Step, Wanted
from rollcall.schedule import Engine, read_schedule
from rollcall.vocabulary import CauseCode, Verdict

NOW = datetime(2026, 11, 27, 7, 0, tzinfo=UTC)
WHO = {"username": "${WHO}", "password": "${WORD}"}
ENVIRONMENT = {"WHO": "roll-call", "WORD": "hunter2hunter2"}
DUE = "2026-11-27T06:00:00Z"
RUN_ID = "scheduled__2026-11-27T06:00:00+00:00"
LINK = "/dags/etl/runs/scheduled__2026-11-27T06%3A00%3A00%2B00%3A00"


def dag(name: str = "etl", **said: Any) -> dict[str, Any]:
    """A DAG as the list has it."""
    known = {
        "dag_id": name,
        "dag_display_name": name,
        "is_paused": False,
        "is_stale": False,
        "bundle_name": "dags-folder",
        "relative_fileloc": "etl.py",
        "timetable_summary": "0 6 * * *",
        "tags": [],
        "has_import_errors": False,
        "next_dagrun_run_after": "2026-11-28T06:00:00Z",
    }
    return known | said


def run(name: str = "etl", **said: Any) -> dict[str, Any]:
    """A run that did its work, as the list has it."""
    known = {
        "dag_run_id": RUN_ID,
        "dag_id": name,
        "queued_at": "2026-11-27T06:00:01.323526Z",
        "start_date": "2026-11-27T06:00:01.396598Z",
        "end_date": "2026-11-27T06:00:11.685584Z",
        "run_after": DUE,
        "run_type": "scheduled",
        "state": "success",
        "triggered_by": "timetable",
    }
    return known | said


def task(name: str = "load", **said: Any) -> dict[str, Any]:
    """A task of that run, as the list has it."""
    return {"task_id": name, "dag_id": "etl", "dag_run_id": RUN_ID, "map_index": -1, "try_number": 1, **said}


def beats(processor: str | None = "2026-11-27T06:59:58+00:00") -> Any:
    """What its parts are said to be."""
    return {
        "metadatabase": {"status": "healthy"},
        "scheduler": {"status": "healthy", "latest_scheduler_heartbeat": "2026-11-27T06:59:57+00:00"},
        "triggerer": {"status": None, "latest_triggerer_heartbeat": None},
        "dag_processor": {"status": "healthy", "latest_dag_processor_heartbeat": processor},
    }


@dataclass(kw_only=True)
class Airflow:
    """An Airflow with these rows. `cap` is its maximum_page_limit; `tokens` are worth so many requests each."""

    dags: list[Any] = field(default_factory=lambda: [dag()])
    runs: list[Any] = field(default_factory=lambda: [run()])
    failed: list[Any] = field(default_factory=list)
    tasks: list[Any] = field(default_factory=list)
    tries: list[Any] = field(default_factory=list)
    versions: list[Any] = field(default_factory=list)
    import_errors: list[Any] = field(default_factory=list)
    health: Any = field(default_factory=beats)
    cap: int = 100
    tokens: int = 1_000
    refuses: Mapping[str, int] = field(default_factory=dict)
    arrives: list[Any] = field(default_factory=list)
    worth: dict[str, int] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> tuple[int, Any]:
        path = asked.path.partition("?")[0]
        if refused := next((status for place, status in self.refuses.items() if place in path), None):
            return refused, {"detail": "Forbidden"}
        if path == "/auth/token":
            if asked.body != {"username": ENVIRONMENT["WHO"], "password": ENVIRONMENT["WORD"]}:
                return 401, {"detail": f"Invalid credentials {asked.body}"}
            self.worth[f"token-{len(self.worth)}-of-this-test"] = self.tokens
            return 201, {"access_token": list(self.worth)[-1]}
        if path == "/api/v2/monitor/health":
            return 200, self.health
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self.worth.get(token, 0) <= 0:
            return 401, {"detail": "Invalid JWT token"}
        self.worth[token] -= 1
        body, since = asked.body or {}, None
        if path == "/api/v2/dags/~/dagRuns/list":
            is_newer = "run_after_gte" in body
            since = body.get("run_after_gte") or body["run_after_lt"]
            rows = [each for each in self.runs if (each["run_after"] >= since) is is_newer]
            rows = [each for each in rows if is_newer or each["state"] in body["states"]]
            if is_newer and body["page_offset"]:
                # Made meanwhile, and the newest: they move all others on.
                rows = [*self.arrives, *rows]
            return 200, self.page("dag_runs", sorted(rows, key=lambda each: each["run_after"], reverse=True), asked)
        if path == "/api/v2/dags/~/dagRuns/~/taskInstances/list":
            return 200, self.page("task_instances", self.failed, asked)
        if path.endswith("/tries"):
            return 200, self.page("task_instances", self.tries, asked)
        if path.endswith("/taskInstances"):
            return 200, self.page("task_instances", self.tasks, asked)
        if path == "/api/v2/dags/~/dagVersions":
            assert asked.query["version_number"] == "1"
            return 200, self.page("dag_versions", self.versions, asked)
        if path == "/api/v2/importErrors":
            return 200, self.page("import_errors", self.import_errors, asked)
        assert path == "/api/v2/dags"
        return 200, self.page("dags", self.dags, asked)

    def page(self, name: str, rows: list[Any], asked: Asked) -> Any:
        said = {**asked.query, **(asked.body or {})}
        offset, limit = (int(said.get(key, said.get(f"page_{key}", 0))) for key in ("offset", "limit"))
        return {name: rows[offset : offset + min(limit, self.cap)], "total_entries": len(rows)}


def etl(service: AnsweringService, **table: Any) -> Scheduler:
    """The scheduler that jobs.toml declares."""
    said = {"kind": "airflow", "url": service.url, "login": WHO, "timeout": "10 s", **table}
    return scheduler_of("etl", said, zone="Europe/Zurich", environment=ENVIRONMENT)


def look(scheduler: Scheduler, now: datetime = NOW) -> SchedulerSeen:
    since = now - timedelta(days=1)
    return scheduler.look(roll_scheduler.Asked(clock=lambda: now, now=now, since=since))


def seen(airflow: Airflow, **table: Any) -> SchedulerSeen:
    with answering_service(airflow) as service:
        return look(etl(service, **table))


def refusal(airflow: Airflow, **table: Any) -> CannotLook:
    with pytest.raises(CannotLook) as refused:
        seen(airflow, **table)
    return refused.value


# Runs -------------------------------------------------------------------------------------------------------------

LATE = {"queued_at": "2026-11-27T06:40:00Z", "start_date": "2026-11-27T06:40:02Z", "end_date": "2026-11-27T06:41:00Z"}
QUEUED = {"start_date": None, "end_date": None, "state": "queued"}
BY_HAND = {"run_type": "manual", "run_after": "2026-11-27T06:30:00Z", **LATE}
FIRST_TRY = {"start_date": "2026-11-27T06:00:02Z", "end_date": "2026-11-27T06:00:09Z"}
AGAIN: dict[str, Any] = {"try_number": 2, "start_date": "2026-11-27T06:40:03Z", "state": "success"}


@pytest.mark.parametrize(
    ("row", "others", "told"),
    [
        pytest.param({}, {}, [(DUE, "06:00:01", "success", "success", True)], id="by schedule"),
        pytest.param({"state": "failed"}, {}, [(DUE, "06:00:01", "failed", "failed", True)], id="failed"),
        pytest.param(QUEUED, {}, [(DUE, None, "queued", "waiting", True)], id="queued"),
        pytest.param(
            {"state": "running", "end_date": None}, {}, [(DUE, "06:00:01", "running", "running", True)], id="running"
        ),
        pytest.param({"state": "odd"}, {}, [(DUE, "06:00:01", "odd", "unknown", True)], id="a word of tomorrow"),
        pytest.param(BY_HAND, {}, [(None, "06:40:02", "success", "success", False)], id="its own time is no due time"),
        pytest.param(
            {**LATE, "run_type": "backfill"}, {}, [(DUE, "06:40:02", "success", "success", False)], id="backfilled"
        ),
        pytest.param(
            {**BY_HAND, "run_type": "asset_triggered"},
            {},
            [(None, "06:40:02", "success", "success", False)],
            id="by an asset, of a DAG that has its own time",
        ),
        pytest.param(
            {**BY_HAND, "run_type": "asset_triggered"},
            {"dags": [dag(timetable_summary="Asset")]},
            [(None, "06:40:02", "success", "success", None)],
            id="by an asset, of a DAG that has no other time",
        ),
        pytest.param(
            {**BY_HAND, **QUEUED},
            {"dags": [dag(timetable_summary=None)]},
            [("2026-11-27T06:30:00Z", None, "queued", "waiting", None)],
            id="asked for, and not picked up",
        ),
        pytest.param(
            LATE,
            {"refuses": {"/taskInstances/load/": 404}, "tasks": [task(**AGAIN)]},
            [(DUE, "06:40:02", "success", "success", True)],
            id="late, and its DAG is gone meanwhile",
        ),
        pytest.param(
            LATE,
            {"tasks": [task(start_date="2026-11-27T06:40:03Z")]},
            [(DUE, "06:40:02", "success", "success", True)],
            id="late, since nothing ran it before",
        ),
        pytest.param(
            LATE,
            {"tasks": [task(**AGAIN)], "tries": [task(**FIRST_TRY, state="failed"), task(**AGAIN)]},
            [(DUE, "06:00:02", "failed", "failed", True), (DUE, "06:40:02", "success", "success", False)],
            id="cleared after it failed",
        ),
        pytest.param(
            {**LATE, **QUEUED},
            {"tasks": [task(**FIRST_TRY, state="success"), task("end", **FIRST_TRY, state="upstream_failed")]},
            [(DUE, "06:00:02", "failed", "failed", True), (DUE, None, "queued", "waiting", False)],
            id="cleared, and not begun again",
        ),
        pytest.param(
            {**LATE, "state": "failed"},
            {"tasks": [task(**AGAIN)], "tries": [task(**FIRST_TRY, state="success")]},
            [(DUE, "06:00:02", "success", "success", True), (DUE, "06:40:02", "failed", "failed", False)],
            id="cleared after it did its work",
        ),
        pytest.param(
            LATE,
            {"tasks": [task(**AGAIN)], "tries": [task(**AGAIN | {"state": "failed", "try_number": 1}), task(**AGAIN)]},
            [(DUE, "06:40:02", "success", "success", True)],
            id="late, and a task was tried again",
        ),
        pytest.param(
            {},
            {"failed": [task(), task("pages", map_index=3), task("pages", map_index=4), task("x") | {"dag_id": "b"}]},
            [(DUE, "06:00:01", "success, and 2 tasks failed in it: load and pages", "partial", True)],
            id="a success with failed tasks",
        ),
        pytest.param(
            {"queued_at": "2026-11-27T06:00:30Z"},
            {"tasks": [task(**AGAIN), task("first", **FIRST_TRY, state="success")]},
            [(DUE, "06:00:01", "success", "success", True)],
            id="a task of it was cleared while it ran",
        ),
    ],
)  # fmt: skip
def test_a_run_is_told_by_whom_and_for_which_time_it_was(
    row: Mapping[str, Any], others: Mapping[str, Any], told: list[tuple[Any, ...]]
) -> None:
    runs = seen(Airflow(runs=[run(**row)], **others)).runs or ()

    def start(each: RunSeen) -> str | None:
        return each.started[11:19] if each.started else None

    assert [(each.due, start(each), each.word, each.outcome.value, each.by_schedule) for each in runs] == told
    assert all(each.link and each.link.endswith(LINK) for each in runs)


def test_a_failure_names_the_tasks_that_failed() -> None:
    other = run("other")

    found = seen(Airflow(runs=[other, run(state="failed")], failed=[task()])).runs or ()

    assert [(each.job, each.word, each.outcome, each.says) for each in found] == [
        ("other", "success", Outcome.SUCCESS, ""),
        ("etl", "failed", Outcome.FAILED, "1 task failed in it: load"),
    ]


def test_what_has_hung_since_before_the_look_back_is_seen() -> None:
    hung = run(run_after="2026-11-20T06:00:00Z", start_date="2026-11-20T06:00:01Z", end_date=None, state="running")
    over = run("other", run_after="2026-11-20T06:00:00Z")

    found = seen(Airflow(runs=[hung, over]))

    assert [(each.job, each.outcome) for each in found.runs or ()] == [("etl", Outcome.RUNNING)]
    assert found.runs_since == NOW - timedelta(days=1)


def test_chatty_dags_hide_no_nightly_one_whatever_a_page_holds_and_is_made_meanwhile() -> None:
    def minutely(name: str, minutes_ago: int) -> dict[str, Any]:
        at = f"{NOW - timedelta(minutes=minutes_ago):%Y-%m-%dT%H:%M:%SZ}"
        return run(name, run_after=at, dag_run_id=f"scheduled__{at}")

    chatty = [minutely(f"chatty_{number}", ago) for number in range(10) for ago in range(1, 200)]
    nightly = run("nightly", run_after="2026-11-26T08:00:00Z", dag_run_id="scheduled__26")
    new = [minutely(f"chatty_{number}", 0) for number in range(10)]

    found = seen(Airflow(runs=[*chatty, nightly], arrives=new))

    keys = [(each.job, each.due) for each in found.runs or ()]
    assert keys[-1] == ("nightly", "2026-11-26T08:00:00Z")
    assert len(keys) == len(set(keys)) == len(chatty) + 1


# DAGs -------------------------------------------------------------------------------------------------------------

ZURICH, UTC_TOO = "Europe/Zurich", "UTC"


@pytest.mark.parametrize(
    ("text", "next_run", "zones", "told"),
    [
        ("0 6 * * *", "2026-11-28T06:00:00Z", [], ("0 6 * * *", "UTC")),
        ("0 6 * * *", "2026-11-28T05:00:00Z", [], ("0 6 * * *", ZURICH)),
        # Where both fit they agree, until clocks change.
        ("*/15 * * * *", "2026-11-28T05:15:00Z", [], ("*/15 * * * *", "UTC")),
        ("0 6 * * *", "2026-11-28T11:00:00Z", [], (None, None)),
        ("0 6 * * *", "2026-11-28T11:00:00Z", ["Europe/Zurich", "America/New_York"], ("0 6 * * *", "America/New_York")),
        # In spring 02:30 is skipped, and it runs an hour later; in autumn it is shown twice, and it runs at the second.
        ("30 2 * * *", "2026-03-29T01:30:00Z", [ZURICH], ("30 2 * * *", ZURICH)),
        ("30 2 * * *", "2026-10-25T01:30:00Z", [ZURICH], ("30 2 * * *", ZURICH)),
        ("Asset or 0 6 * * *", "2026-11-28T06:00:00Z", [], ("0 6 * * *", "UTC")),
        # None of these says a time in five fields.
        ("6:00:00", "2026-11-28T06:00:00Z", [], (None, None)),
        ("@once", "2026-11-28T06:00:00Z", [], (None, None)),
        ("@continuous", "2026-11-28T06:00:00Z", [], (None, None)),
        ("0 6 * * *, 30 7 * * *", "2026-11-28T06:00:00Z", [], (None, None)),
        ("Asset", None, [], (None, None)),
        (None, None, [], (None, None)),
        ("AfterWorkdayTimetable", "2026-11-28T06:00:00Z", [], (None, None)),
    ],
)  # fmt: skip
def test_the_zone_of_a_schedule_is_the_one_that_its_due_times_fit(
    text: str | None, next_run: str | None, zones: list[str], told: tuple[str | None, str | None]
) -> None:
    row = dag(timetable_summary=text, next_dagrun_run_after=next_run)

    (job,) = seen(Airflow(dags=[row], runs=[]), zones=zones).jobs or ()

    assert (job.schedule, job.zone) == told


def test_a_zone_must_fit_all_that_is_known() -> None:
    """As on the day after a DAG was moved from UTC to Zurich: tomorrow its schedule is known."""
    row = dag(next_dagrun_run_after="2026-11-28T05:00:00Z")

    (job,) = seen(Airflow(dags=[row], runs=[run()])).jobs or ()

    assert (job.schedule, job.zone) == (None, None)


def test_a_dag_that_has_no_next_run_is_placed_by_its_runs() -> None:
    row = dag(next_dagrun_run_after=None)
    runs = [run(run_after="2026-11-27T05:00:00Z"), run(run_type="manual", dag_run_id="manual__1")]

    (job,) = seen(Airflow(dags=[row], runs=runs)).jobs or ()

    assert (job.schedule, job.zone, job.next_run) == ("0 6 * * *", ZURICH, None)


TRACE = "Traceback (most recent call last):\n  File \"/opt/etl.py\", line 1\nModuleNotFoundError: No module named 'x'\n"
BROKEN = dag(is_stale=True, has_import_errors=True)


@pytest.mark.parametrize(
    ("row", "refuses", "listed"),
    [
        (dag(is_paused=True), {}, [("etl", True, None)]),
        (dag(tags=[{"name": "nightly", "dag_id": "etl"}]), {}, [("etl", False, None)]),
        (dag(is_stale=True), {}, []),  # it was taken out of its file
        (BROKEN, {}, [("etl", False, "import error in etl.py: ModuleNotFoundError: No module named 'x'")]),
        (BROKEN, {"importErrors": 403}, [("etl", False, "import error in etl.py")]),
    ],
)
def test_a_dag_is_listed_unless_it_is_gone(row: Any, refuses: Any, listed: list[tuple[str, bool, str | None]]) -> None:
    error = {"import_error_id": 1, "filename": "etl.py", "bundle_name": "dags-folder", "stack_trace": TRACE}

    jobs = seen(Airflow(dags=[row], import_errors=[error], refuses=refuses)).jobs or ()

    assert [(each.id, each.paused, each.refused) for each in jobs] == listed
    assert all(each.tags == tuple(tag["name"] for tag in row["tags"]) for each in jobs)


def shown(at: datetime | None) -> str:
    assert at is not None
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@contextmanager
def judged(
    folder: Path, airflow: Airflow, more: str, *, has_run: bool = True, processor_beat: datetime | None = None
) -> Iterator[tuple[Morning, AnsweringService]]:
    """The morning of these DAGs, each due an hour ago in Zurich and every day; by the clock that sends HTTP's Date."""
    now = datetime.now(UTC)
    local = (now - timedelta(hours=1)).astimezone(ZoneInfo(ZURICH))
    fields = f"{local.minute} {local.hour} * * *"
    schedule = read_schedule(fields, engine=Engine.AIRFLOW, zone=ZoneInfo(ZURICH))
    due, following = shown(schedule.last_due(now)), shown(schedule.next_due(now))
    for each in airflow.dags:
        each |= {"timetable_summary": fields, "next_dagrun_run_after": following}
    have_run = airflow.dags if has_run else []
    airflow.runs = [run(each["dag_id"], run_after=due, queued_at=due, start_date=due) for each in have_run]
    for each in airflow.runs:
        each["end_date"] = shown(datetime.fromisoformat(due) + timedelta(minutes=1))
    airflow.health = beats((processor_beat or now).isoformat())
    airflow.health["scheduler"]["latest_scheduler_heartbeat"] = now.isoformat()
    file = folder / "jobs.toml"
    with answering_service(airflow) as service:
        file.write_text(
            f"timezone = 'Europe/Zurich'\n[schedulers.etl]\nkind = 'airflow'\nurl = '{service.url}'\ntimeout = '10 s'\n"
            f"login = {{ username = '${{WHO}}', password = '${{WORD}}' }}\n{more.format(fields=fields)}"
            "[defaults]\nscheduler = 'etl'\ngrace = '5 min'\nmax_runtime = '10 min'\n"
        )
        roll = load(
            file,
            environment=ENVIRONMENT,
            list_jobs=lambda declaring, _history: {each.id: Listing.of(look(each, now)) for each in declaring},
        )
        yield judge_morning(roll, gather(roll.jobs, roll.schedulers, now=now, clock=lambda: now), now=now), service


def test_each_of_250_dags_is_declared_as_it_is_listed(tmp_path: Path) -> None:
    airflow = Airflow(dags=[dag(f"etl_{number:03}") for number in range(250)])

    with judged(tmp_path, airflow, "declare = ['*']\n") as (morning, service):
        assert len(morning.jobs) == 250
        assert {each.job.zone.key for each in morning.jobs} == {ZURICH}
        assert {each.verdict for each in morning.jobs} == {Verdict.OK}
        # Twice: a login, its health, DAGs by three pages, their versions, their runs, unfinished ones, failed tasks.
        assert len(service.asked) == 22


def test_a_dag_processor_that_is_silent_is_named(tmp_path: Path) -> None:
    long_ago, job = datetime.now(UTC) - timedelta(hours=3), "[jobs.etl]\nschedule = '{fields}'\n"

    with judged(tmp_path, Airflow(), job, processor_beat=long_ago) as (morning, _):
        cause = morning.scheduler_causes["etl"]

    assert cause is not None
    assert cause.code is CauseCode.SCHEDULER_STALLED
    assert cause.sentence.startswith("The last heartbeat of its DAG processor is 2 h")


@pytest.mark.parametrize(
    ("minutes_ago", "refuses", "verdict"),
    [
        (30, {}, Verdict.PENDING),  # it was read for the first time after its due time
        (90, {}, Verdict.MISSED),
        (30, {"dagVersions": 403}, Verdict.MISSED),
    ],
)
def test_nothing_is_missed_of_a_dag_before_it_was_there(
    tmp_path: Path, minutes_ago: int, refuses: Mapping[str, int], verdict: Verdict
) -> None:
    created = shown(datetime.now(UTC) - timedelta(minutes=minutes_ago))
    airflow = Airflow(versions=[{"dag_id": "etl", "version_number": 1, "created_at": created}], refuses=refuses)

    with judged(tmp_path, airflow, "[jobs.etl]\nschedule = '{fields}'\n", has_run=False) as (morning, _):
        (found,) = morning.jobs

    assert found.verdict is verdict


def test_a_dag_whose_file_is_broken_is_called_so_though_its_last_run_did_its_work(tmp_path: Path) -> None:
    airflow = Airflow(dags=[BROKEN], refuses={"importErrors": 403})

    with judged(tmp_path, airflow, "[jobs.etl]\nschedule = '{fields}'\n") as (morning, _):
        (verdict,), cause = {each.verdict for each in morning.jobs}, morning.job_causes["etl"]

    assert verdict is Verdict.MISSED
    assert cause is not None
    assert cause.code is CauseCode.NOT_REGISTERED
    assert "although it is defined there: import error in etl.py" in cause.sentence


# Its parts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("health", "told"),
    [
        (beats(), ("2026-11-27T06:59:57+00:00", "scheduler")),
        (beats(processor="2026-11-27T03:00:00+00:00"), ("2026-11-27T03:00:00+00:00", "DAG processor")),
        (beats(processor=None), (None, "DAG processor")),
    ],
)
def test_the_part_that_is_silent_longest_is_the_one_that_counts(health: Any, told: tuple[str | None, str]) -> None:
    found = seen(Airflow(health=health))

    assert (found.heartbeat, found.heartbeat_of) == told


# What is refused, or of something else ----------------------------------------------------------------------------


def test_a_token_that_is_refused_in_mid_run_is_renewed_once() -> None:
    with answering_service(Airflow(tokens=3)) as service:
        found = look(etl(service))
        logins = [each for each in service.asked if each.path == "/auth/token"]

    assert found.runs
    assert len(logins) == 2
    assert refusal(Airflow(tokens=1)).code is CauseCode.ACCESS_DENIED


UNHEALTHY = beats() | {"metadatabase": {"status": "unhealthy"}}
TOO_MANY = [run(dag_run_id=str(number)) for number in range(50_001)]


@pytest.mark.parametrize(
    ("airflow", "code", "says"),
    [
        (Airflow(refuses={"/auth/token": 401}), "access-denied", "/auth/token answers 401"),
        (Airflow(refuses={"/api/v2/dags": 403}), "access-denied", "/api/v2/dags"),
        (Airflow(refuses={"/dagRuns/list": 403}), "access-denied", "/dagRuns/list answers 403"),
        (Airflow(refuses={"/taskInstances/list": 403}), "access-denied", "/taskInstances/list answers 403"),
        (Airflow(refuses={"/auth/token": 404}), "wrong-service", "/auth/token answers 404"),
        (Airflow(refuses={"/health": 500}), "scheduler-error", "/api/v2/monitor/health answers 500"),
        (Airflow(health={"status": "up"}), "wrong-service", 'no health of a scheduler in {"status": "up"}'),
        (Airflow(health=UNHEALTHY), "scheduler-error", "its database is unhealthy"),
        (Airflow(dags=["etl"]), "scheduler-error", "dags[0]"),
        (Airflow(dags=[dag(is_paused="maybe")]), "scheduler-error", 'is_paused is "maybe"'),
        (Airflow(runs=TOO_MANY, cap=10_000), "scheduler-error", "more than 50,000"),
    ],
)
def test_what_cannot_be_looked_at_is_told_with_its_cause(airflow: Airflow, code: str, says: str) -> None:
    refused = refusal(airflow)

    assert refused.code == code
    assert says in refused.detail
    assert ENVIRONMENT["WORD"] not in refused.detail


def test_pages_that_end_too_early_are_no_listing() -> None:
    def cut(asked: Asked) -> tuple[int, Any]:
        status, said = whole(asked)
        if asked.path.startswith("/api/v2/dags?"):
            said = {"dags": said["dags"] if "offset=0" in asked.path else [], "total_entries": 250}
        return status, said

    whole = Airflow()
    with (
        answering_service(cut) as service,
        pytest.raises(CannotLook, match="dags are 250 by total_entries, and 1 "),
    ):
        look(etl(service))


def test_airflow_2_is_called_by_its_name() -> None:
    def old(asked: Asked) -> tuple[int, Any]:
        if asked.path == "/api/v1/health":
            return 200, {"metadatabase": {"status": "healthy"}, "scheduler": {"status": "healthy"}}
        return 404, {"title": "Not Found"}

    with answering_service(old) as service, pytest.raises(CannotLook, match="this is Airflow 2") as refused:
        look(etl(service))

    assert refused.value.code is CauseCode.WRONG_SERVICE


# jobs.toml, and what it is told to do -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("login = { user = 'me' }", 'write { username = "${AIRFLOW_USER}", password = "${AIRFLOW_PASSWORD}" }.'),
        ("login = { username = 'me', password = 3 }", "username and password must be text in quotes."),
        ("login = { username = '${NOBODY}', password = 'x' }", "NOBODY"),
        ("zones = ['Mars']", "Mars"),
        ("trigger = '/x/{job}'", "is what this kind knows by itself. Take it out."),
    ],
)
def test_a_wrong_table_is_told_with_its_cure(tmp_path: Path, line: str, says: str) -> None:
    file = tmp_path / "jobs.toml"
    file.write_text(
        f"timezone = 'UTC'\n[schedulers.etl]\nkind = 'airflow'\nurl = 'http://h'\n{line}\n"
        "[jobs.a]\nscheduler = 'etl'\nschedule = '0 6 * * *'\n"
    )

    with pytest.raises(BadInput) as mistakes:
        load(file, environment={})

    assert says in str(mistakes.value)


def test_a_run_is_asked_for_with_the_rights_of_its_remedy() -> None:
    def says(asked: Asked) -> tuple[int, Any]:
        if asked.path == "/auth/token":
            return 201, {"access_token": f"token-of-{asked.body['username']}-here"}
        return 200, {"dag_run_id": "manual__1", "state": "queued"}

    with answering_service(says) as service:
        scheduler, runner = etl(service), {"username": "runner", "password": "${WORD}"}
        scheduler = scheduler.model_copy(update={"remedy": etl(service, login=runner)})
        order = scheduler.order(Step.TRIGGER, Wanted(name="etl", due_at=NOW))
        assert order is not None
        reply = order.send()
        asked = service.asked[-1]

    assert reply.is_accepted
    assert order.typed == "airflow dags trigger etl"
    assert (asked.method, asked.path) == ("POST", "/api/v2/dags/etl/dagRuns")
    assert asked.body["logical_date"] is None
    assert asked.headers["authorization"] == "Bearer token-of-runner-here"
    assert scheduler.order(Step.START) is None


# A row of everything that is asked for, with a run that may have been cleared.
ROWS: dict[str, dict[str, Any]] = {
    "dags": dag(tags=[{"name": "a"}], has_import_errors=True),
    "runs": run(queued_at="2026-11-27T06:10:00Z", start_date="2026-11-27T06:10:01Z"),
    "failed": task(state="failed"),
    "tasks": task(state="success", start_date="2026-11-27T06:00:02Z", end_date="2026-11-27T06:00:09Z", try_number=2),
    "tries": task(state="failed", start_date="2026-11-27T06:00:02Z", end_date="2026-11-27T06:00:09Z"),
    "versions": {"dag_id": "etl", "created_at": "2026-11-01T00:00:00Z"},
    "import_errors": {"bundle_name": "dags-folder", "filename": "etl.py", "stack_trace": "a"},
}


@pytest.mark.parametrize("odd", [[], {"a": 1}, 10**400], ids=["a list", "an object", "a number beyond all"])
@pytest.mark.parametrize("part", ROWS)
def test_whatever_stands_in_a_field_is_no_traceback(part: str, odd: Any) -> None:
    rows: dict[str, Any] = {name: [row] for name, row in ROWS.items()}
    airflow = Airflow(**rows)
    # By these this Airflow itself looks for runs.
    for name in ROWS[part].keys() - {"run_after", "state" if part == "runs" else ""}:
        setattr(airflow, part, [ROWS[part] | {name: odd}])
        with suppress(CannotLook):
            seen(airflow)
