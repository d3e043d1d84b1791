"""Is what Dagster says of schedules, ticks and runs read, and an error in a good answer never taken for none?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from fixtures.hostile_service import Asked, answering_service
from fixtures.one_morning import scheduler_of
from rollcall.evidence import CannotLook, JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.roll import scheduler as roll_scheduler
from rollcall.roll.scheduler import Scheduler, Step, Wanted
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 11, 27, 7, 2, tzinfo=UTC)
DUE = datetime(2026, 11, 27, 5, tzinfo=UTC)
DUE_ISO = "2026-11-27T05:00:00+00:00"
_number = count(1)


def second(at: datetime) -> float:
    return at.timestamp()


def tagged(**tags: str) -> list[dict[str, str]]:
    return [{"key": f"dagster/{key}", "value": value} for key, value in tags.items()]


@dataclass
class Dagster:
    """A webserver that answers as a real one did. Each of the three parts may be replaced by what is `broken`."""

    schedules: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    locations: list[dict[str, Any]] = field(default_factory=list)
    daemons: list[dict[str, Any]] = field(default_factory=lambda: [beat("SCHEDULER", 20), beat("SENSOR", 9_000)])
    broken: dict[str, Any] = field(default_factory=dict)
    answer: tuple[int, Any] | None = None

    def schedule(self, name: str, *ticks: Mapping[str, Any], location: str = "etl", **said: Any) -> None:
        known: dict[str, Any] = {
            "name": name,
            "cronSchedule": "0 6 * * *",
            "executionTimezone": "Europe/Zurich",
            "pipelineName": f"{name}_job",
            "tags": [{"key": "team", "value": "billing"}],
            "scheduleState": {"status": said.pop("status", "RUNNING"), "ticks": list(ticks)},
            "futureTicks": {"results": [{"timestamp": second(DUE + timedelta(days=1))}]},
        }
        self.schedules.append((location, known | said))

    def run(self, job: str, status: str = "SUCCESS", *, location: str = "etl", **said: Any) -> str:
        has_begun = status not in ("QUEUED", "STARTING")
        known: dict[str, Any] = {
            "runId": str(UUID(int=next(_number))),
            "status": status,
            "jobName": job,
            "startTime": second(DUE) + 8.25 if has_begun else None,
            "endTime": second(DUE) + 20.5 if has_begun and status != "STARTED" else None,
            "tags": [],
            "repositoryOrigin": {"repositoryLocationName": location},
        }
        self.runs.append(known | said)
        return str(self.runs[-1]["runId"])

    def __call__(self, asked: Asked) -> tuple[int, Any]:
        if self.answer:
            return self.answer
        variables = asked.body["variables"]
        if "runsOrError" in asked.body["query"]:
            ids = [each["runId"] for each in self.runs]
            start = ids.index(variables["cursor"]) + 1 if variables["cursor"] in ids else 0
            found = {"__typename": "Runs", "results": self.runs[start : start + variables["limit"]]}
            return 200, {"data": {"runsOrError": found} | self.broken}
        nodes = [
            {"location": {"name": name}, "schedules": [each for location, each in self.schedules if location == name]}
            for name in dict.fromkeys(location for location, _ in self.schedules)
        ]
        data = {
            "instance": {"daemonHealth": {"allDaemonStatuses": self.daemons}},
            "workspaceOrError": {"__typename": "Workspace", "locationEntries": self.locations},
            "repositoriesOrError": {"__typename": "RepositoryConnection", "nodes": nodes},
        }
        return 200, {"data": data | self.broken}


def beat(daemon: str, ago: float | None, *, required: bool = True) -> dict[str, Any]:
    at = None if ago is None else second(NOW) - ago
    return {"daemonType": daemon, "required": required, "healthy": True, "lastHeartbeatTime": at}


def tick(number: str, status: str = "SUCCESS", at: datetime = DUE, **said: Any) -> dict[str, Any]:
    runs = [str(UUID(int=1))] if status == "SUCCESS" else []
    known = {"tickId": number, "timestamp": second(at), "endTimestamp": second(at) + 2, "status": status}
    return {**known, "runIds": runs, "skipReason": None, "error": None, **said}


def dagster(url: str, **table: Any) -> Scheduler:
    return scheduler_of("etl", {"kind": "dagster", "url": url, "timeout": "10 s", **table})


def look(server: Dagster, **table: Any) -> SchedulerSeen:
    asked = roll_scheduler.Asked(clock=lambda: NOW, now=NOW, since=NOW - timedelta(days=1))
    with answering_service(server) as service:
        return dagster(service.url, **table).look(asked)


# Schedules ------------------------------------------------------------------------------------------------------------


def test_a_schedule_is_listed_as_it_is_there() -> None:
    server = Dagster()
    server.schedule("nightly")

    assert look(server).jobs == (
        JobListed(
            id="nightly",
            next_run="2026-11-28T05:00:00+00:00",
            paused=False,
            schedule="0 6 * * *",
            zone="Europe/Zurich",
            tags=("team=billing",),
        ),
    )


def test_one_that_is_stopped_is_paused_whatever_ticks_are_still_told() -> None:
    server = Dagster()
    server.schedule("nightly", status="STOPPED")

    (job,) = look(server).jobs or ()

    assert (job.paused, job.next_run) == (True, "2026-11-28T05:00:00+00:00")


def test_one_of_several_times_has_no_schedule_that_could_be_said_and_utc_where_it_has_no_zone() -> None:
    server = Dagster()
    server.schedule("twice", cronSchedule="['0 6 * * *', '0 18 * * *']", executionTimezone=None)

    (job,) = look(server).jobs or ()

    assert (job.schedule, job.zone, job.next_run) == (None, "UTC", "2026-11-28T05:00:00+00:00")


def test_two_code_locations_may_have_schedules_of_one_name() -> None:
    server = Dagster()
    for location in ("etl", "crm"):
        server.schedule("nightly", tick("7"), location=location)
        server.run("nightly_job", location=location, tags=tagged(schedule_name="nightly", tick="7"))
    server.schedule("weekly")

    seen = look(server)

    assert [job.id for job in seen.jobs or ()] == ["etl/nightly", "weekly", "crm/nightly"]
    assert [(run.job, run.due) for run in seen.runs or ()] == [("etl/nightly", DUE_ISO), ("crm/nightly", DUE_ISO)]


# Runs and ticks -------------------------------------------------------------------------------------------------------


def test_a_run_has_the_due_time_of_its_tick_however_late_it_began() -> None:
    server = Dagster()
    server.schedule("nightly", tick("7"))
    run = server.run("nightly_job", "FAILURE", tags=tagged(schedule_name="nightly", tick="7"))

    with answering_service(server) as service:
        asked = roll_scheduler.Asked(clock=lambda: NOW, now=NOW, since=NOW - timedelta(days=1))
        (seen,) = dagster(service.url).look(asked).runs or ()

    assert seen == RunSeen(
        job="nightly",
        due=DUE_ISO,
        started="2026-11-27T05:00:08.250000+00:00",
        ended="2026-11-27T05:00:20.500000+00:00",
        word="FAILURE",
        outcome=Outcome.FAILED,
        by_schedule=True,
        link=f"{service.url}/runs/{run}",
    )


RUN_BY_SCHEDULE = {"schedule_name": "nightly", "tick": "7"}


@pytest.mark.parametrize(
    ("tags", "by_schedule", "due", "attempt"),
    [
        (RUN_BY_SCHEDULE, True, DUE_ISO, None),
        # Dagster's own retry, and a person's: both send all tags of the first along.
        (RUN_BY_SCHEDULE | {"parent_run_id": "a", "root_run_id": "a", "retry_number": "1"}, True, DUE_ISO, 2),
        (RUN_BY_SCHEDULE | {"parent_run_id": "a", "root_run_id": "a"}, False, DUE_ISO, None),
        ({"backfill": "ljcbxyui", "partition": "2026-11-26"}, False, None, None),
        ({"sensor_name": "on_new_file"}, False, None, None),
        ({}, False, None, None),
        # Of a tick that is older than all that were told.
        ({"schedule_name": "nightly", "tick": "3"}, True, None, None),
    ],
)
def test_who_asked_for_a_run_is_told_by_its_tags(
    tags: dict[str, str], by_schedule: bool, due: str | None, attempt: int | None
) -> None:
    server = Dagster()
    server.schedule("nightly", tick("7"))
    server.run("nightly_job", tags=tagged(**tags))

    (run,) = look(server).runs or ()

    assert (run.by_schedule, run.due, run.attempt) == (by_schedule, due, attempt)


def test_a_run_by_hand_of_a_job_with_two_schedules_is_of_neither() -> None:
    server = Dagster()
    for name in ("morning", "evening"):
        server.schedule(name, pipelineName="rates")
    server.run("rates")
    server.run("rates", tags=tagged(schedule_name="evening"))
    server.run("another_job")

    assert [run.job for run in look(server).runs or ()] == ["evening"]


@pytest.mark.parametrize(
    ("status", "times", "outcome"),
    [
        ("SUCCESS", {}, Outcome.SUCCESS),
        ("STARTED", {}, Outcome.RUNNING),
        ("CANCELING", {"endTime": None}, Outcome.RUNNING),
        ("QUEUED", {}, Outcome.WAITING),
        ("STARTING", {}, Outcome.WAITING),
        ("CANCELED", {}, Outcome.FAILED),
        ("CANCELED", {"startTime": None}, Outcome.SKIPPED),
        ("FAILURE", {"startTime": None}, Outcome.FAILED),  # it could not be launched
        ("NEW_WORD", {}, Outcome.UNKNOWN),
    ],
)
def test_each_status_means_what_dagster_means_by_it(status: str, times: dict[str, Any], outcome: Outcome) -> None:
    server = Dagster()
    server.schedule("nightly")
    server.run("nightly_job", status, tags=tagged(schedule_name="nightly"), **times)

    (run,) = look(server).runs or ()

    assert run.outcome is outcome


PYTHON = {"message": "ScheduleExecutionError: nightly\n", "causes": [{"message": "ValueError: no such partition\n"}]}


@pytest.mark.parametrize(
    ("status", "said", "outcome", "word", "says"),
    [
        ("SKIPPED", {"skipReason": "nothing new"}, Outcome.SKIPPED, "SKIPPED: nothing new", ""),
        ("SKIPPED", {}, Outcome.SKIPPED, "SKIPPED", ""),
        ("FAILURE", {"error": PYTHON}, Outcome.FAILED, "FAILURE", "ValueError: no such partition"),
        ("FAILURE", {"error": PYTHON | {"causes": []}}, Outcome.FAILED, "FAILURE", "ScheduleExecutionError: nightly"),
        ("STARTED", {"endTimestamp": None}, Outcome.WAITING, "STARTED", ""),
    ],
)
def test_a_tick_that_launched_nothing_is_told_with_its_reason(
    status: str, said: dict[str, Any], outcome: Outcome, word: str, says: str
) -> None:
    server = Dagster()
    server.schedule("nightly", tick("7", status, **said))

    (run,) = look(server).runs or ()

    assert (run.due, run.by_schedule, run.outcome, run.word) == (DUE_ISO, True, outcome, word)
    assert (run.started, run.says) == (None, says)


def test_who_calls_a_skipped_tick_good_says_so_in_words() -> None:
    server = Dagster()
    server.schedule("nightly", tick("7", "SKIPPED"))

    (run,) = look(server, words={"success": ["SUCCESS", "SKIPPED"], "skipped": ["CANCELED"]}).runs or ()

    assert (run.outcome, run.ended) == (Outcome.SUCCESS, "2026-11-27T05:00:02+00:00")


def test_all_runs_are_read_page_by_page() -> None:
    server = Dagster()
    server.schedule("nightly")
    for _ in range(60):
        server.run("nightly_job", tags=tagged(schedule_name="nightly"))

    assert len(look(server, limit=20).runs or ()) == 60
    assert len(look(server, limit=7).runs or ()) == 60


def test_a_schedule_with_more_ticks_than_are_asked_for_is_told_from_its_oldest_on() -> None:
    server = Dagster()
    ticks = [tick(str(number), "SKIPPED", NOW - number * timedelta(seconds=30)) for number in range(1_500)]
    server.schedule("chatty", *ticks, cronSchedule="* * * * *")
    server.schedule("nightly", tick("x"))

    chatty, nightly = look(server).jobs or ()

    assert chatty.runs_since == "2026-11-26T18:32:30+00:00"
    assert nightly.runs_since is None


# Signs of life --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("daemons", "ago"),
    [
        ([beat("SCHEDULER", 20), beat("QUEUED_RUN_COORDINATOR", 10)], 20),
        # A loop that launches nothing is no better than one that ticks for nothing.
        ([beat("SCHEDULER", 20), beat("QUEUED_RUN_COORDINATOR", 400)], 400),
        ([beat("SCHEDULER", 20), beat("QUEUED_RUN_COORDINATOR", None, required=False)], 20),
        ([beat("SCHEDULER", 20), beat("SENSOR", 9_000), beat("ASSET", None)], 20),
        ([beat("SCHEDULER", None)], None),
        ([], None),
    ],
)
def test_the_age_of_a_heartbeat_counts_whatever_dagster_calls_healthy(
    daemons: list[dict[str, Any]], ago: int | None
) -> None:
    server = Dagster(daemons=daemons)
    server.schedule("nightly")

    told = look(server).heartbeat

    assert told == (None if ago is None else (NOW - timedelta(seconds=ago)).isoformat())


# What is no answer ----------------------------------------------------------------------------------------------------

BROKEN = {
    "name": "crm",
    "locationOrLoadError": {"__typename": "PythonError", "message": "DagsterImportError: No module named 'nothing'\n"},
}
CANNOT_QUERY = {"data": None, "errors": [{"message": "Cannot query field 'causes' on type 'PythonError'."}]}


@pytest.mark.parametrize(
    ("server", "code", "says"),
    [
        (Dagster(answer=(200, CANNOT_QUERY)), CauseCode.SCHEDULER_ERROR, "Cannot query field 'causes'"),
        (Dagster(answer=(400, CANNOT_QUERY)), CauseCode.SCHEDULER_ERROR, "Cannot query field 'causes'"),
        (Dagster(answer=(200, {"data": {"instance": None}, "errors": [{"message": "timeout"}]})),
         CauseCode.SCHEDULER_ERROR, "timeout"),
        (Dagster(answer=(200, {"jobs": []})), CauseCode.WRONG_SERVICE, "data is null where an object belongs"),
        (Dagster(answer=(404, b"")), CauseCode.WRONG_SERVICE, "404"),
        (Dagster(answer=(403, b"")), CauseCode.ACCESS_DENIED, "403"),
        (Dagster(broken={"repositoriesOrError": {"__typename": "PythonError", "message": "no workspace"}}),
         CauseCode.SCHEDULER_ERROR, "repositoriesOrError is an error: no workspace"),
        (Dagster(broken={"runsOrError": {"__typename": "PythonError", "message": "database is locked"}}),
         CauseCode.SCHEDULER_ERROR, "runsOrError is an error: database is locked"),
        (Dagster(broken={"runsOrError": {"results": [{"runId": "7"}]}}),
         CauseCode.SCHEDULER_ERROR, "runs are the same again from 1 on"),
        (Dagster(locations=[BROKEN]), CauseCode.SCHEDULER_ERROR, "crm does not load: DagsterImportError: No module"),
    ],
)  # fmt: skip
def test_an_error_is_never_an_empty_answer(server: Dagster, code: CauseCode, says: str) -> None:
    with pytest.raises(CannotLook) as refusal:
        look(server, limit=1)

    assert refusal.value.code is code
    assert says in refusal.value.detail


def test_nobody_runs_a_schedule_again_for_it() -> None:
    """What a schedule asks for with a run, such as a partition, only it knows."""
    assert dagster("http://localhost:3000").order(Step.TRIGGER, Wanted(name="nightly", key="nightly")) is None


@pytest.mark.parametrize(
    ("month", "due"), [(3, "2026-03-29T04:00:00+00:00"), (10, "2026-10-25T05:00:00+00:00")], ids=["spring", "autumn"]
)
def test_an_instant_is_the_same_whatever_the_clocks_do(month: int, due: str) -> None:
    at = datetime.fromisoformat(due)
    server = Dagster()
    server.schedule("nightly", tick("7", at=at), futureTicks={"results": [{"timestamp": second(at)}]})
    server.run("nightly_job", tags=tagged(schedule_name="nightly", tick="7"))

    seen = look(server)

    assert [job.next_run for job in seen.jobs or ()] == [due]
    assert [run.due for run in seen.runs or ()] == [due]
