"""Does a healthy year ever raise an alarm, and is each planted fault found as soon as it can be known?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.one_morning import at, haiku_job
from fixtures.year import Interval, Run, Year, clock_changes, healthy_runs, moments
from rollcall.errors import CauseCode
from rollcall.findings import Finding
from rollcall.jobs import Job
from rollcall.schedule.answers import due_between

# Each zone with another way in which a scheduler tells its times and a job leaves its work.
ZONES: dict[str, tuple[str | None, dict[str, Any]]] = {
    "Europe/Zurich": ("UTC", {"naive_times": "UTC"}),
    "Australia/Lord_Howe": (None, {"naive_times": None}),
    "America/New_York": ("America/New_York", {"naive_times": "America/New_York"}),
    "Asia/Kolkata": ("UTC", {"stamp": None}),
    "UTC": ("UTC", {"has_service": False}),
    "Africa/Casablanca": ("UTC", {"has_output": False}),
}
SCHEDULES = {
    "daily": "0 6 * * *",
    "in the hour that changes": "30 2 * * *",
    "weekly": "0 20 * * sun",
    "monthly": "0 3 1 * *",
    "six-hourly": "0 */6 * * *",
}
TEN_MINUTES = timedelta(minutes=10)
DAY = timedelta(days=1)


@cache
def dues_of(job: Job) -> list[datetime]:
    """All instants at which a scheduler that runs for long starts the job."""
    return due_between(job.schedule, at("2025-11-01T00:00+00:00"), at("2028-06-01T00:00+00:00"))


def year_of(job: Job, *, writes: str | None = "UTC") -> Year:
    dues = dues_of(job)
    return Year(job=job, dues=dues, runs=healthy_runs(dues, f"{job.schedule.text} {job.zone.key}"), writes=writes)


def sampled(zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The days around each clock change, the turn of the year and a leap day, and a day of each other month."""
    for change in clock_changes(zone, 2026):
        yield change - 0.3 * DAY, change + 0.7 * DAY, TEN_MINUTES
    yield at("2026-12-31T16:00+00:00"), at("2027-01-01T08:00+00:00"), TEN_MINUTES
    yield at("2028-02-29T00:00+00:00"), at("2028-03-01T06:00+00:00"), TEN_MINUTES
    for month in range(1, 13):
        start = datetime(2026, month, 7, tzinfo=UTC)
        yield start, start + DAY, 29 * TEN_MINUTES


def alarms(year: Year, windows: Iterable[tuple[datetime, datetime, timedelta]], *, each: int = 1) -> list[str]:
    """What would have called a person, and when; boundaries of every *each*-th run."""
    return [
        f"{now.astimezone(year.job.zone).isoformat()}: {finding.check}: {finding}"
        for start, end, step in windows
        for now in moments(year, start, end, step, each=each)
        for finding in _alarming(year, now)
    ]


def _alarming(year: Year, now: datetime) -> list[Finding]:
    judged = year.seen_at(now).judged
    of_jobs = [each for job in judged.jobs for each in job.findings]
    of_services = [each for service in judged.services for each in service.findings]
    return [each for each in of_services + of_jobs if each.needs_a_person]


@pytest.mark.parametrize("engine", ["cron", "apscheduler"])
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_healthy_year_raises_no_alarm(name: str, zone: str, engine: str) -> None:
    writes, declared = ZONES[zone]
    job = haiku_job(schedule=SCHEDULES[name], zone=zone, engine=engine, look_back="48 h", **declared)
    year = year_of(job, writes=writes)

    assert alarms(year, sampled(job.zone)) == []


@pytest.mark.parametrize("has_output", [True, False])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_scheduler_that_tells_of_a_run_that_it_has_begun_raises_no_alarm(name: str, has_output: bool) -> None:
    job = haiku_job(schedule=SCHEDULES[name], look_back="48 h", has_output=has_output)
    year = replace(year_of(job), tells_running=True)

    assert alarms(year, sampled(job.zone)) == []


@pytest.mark.parametrize("limits", [("15 min", "30 min"), ("20 s", "25 s")], ids=["wide", "narrow"])
@pytest.mark.parametrize("engine", ["cron", "apscheduler"])
@pytest.mark.parametrize("zone", ["Europe/Zurich", "Australia/Lord_Howe", "America/New_York"])
def test_a_job_of_every_minute_raises_no_alarm_where_clocks_change(
    zone: str, engine: str, limits: tuple[str, str]
) -> None:
    writes, declared = ZONES[zone]
    grace, max_runtime = limits
    job = haiku_job(
        schedule="* * * * *",
        zone=zone,
        engine=engine,
        look_back="3 h",
        grace=grace,
        max_runtime=max_runtime,
        **declared,
    )
    for change in clock_changes(job.zone, 2026):
        dues = due_between(job.schedule, change - timedelta(hours=4), change + timedelta(hours=3))
        year = Year(job=job, dues=dues, runs=healthy_runs(dues, zone), writes=writes)
        window = (change - timedelta(minutes=62), change + timedelta(minutes=62), timedelta(seconds=97))

        assert alarms(year, [window], each=17) == []


BEGAN = "2026-03-25T03:10:07.25+01:00"


@pytest.mark.parametrize(
    ("starts", "declared"),
    [
        ([BEGAN], {}),
        ([BEGAN], {"has_output": False}),
        ([BEGAN], {"has_service": False}),
        ([BEGAN], {"stamp": None}),
        ([BEGAN], {"pattern": "generate-haiku-*", "keeps": 1}),
        ([BEGAN, "2026-03-28T08:55:00.5+01:00"], {}),
        ([BEGAN, "2026-03-28T08:55:00.5+01:00"], {"has_output": False}),
        ([BEGAN, "2026-03-28T14:50:00+01:00"], {}),
        ([BEGAN, "2026-03-28T15:10:37+01:00"], {}),
        ([BEGAN, "2026-03-28T12:00:00+01:00", "2026-03-29T03:30:00+02:00"], {"has_output": False}),
    ],
)
def test_an_interval_that_floats_raises_no_alarm(starts: list[str], declared: dict[str, Any]) -> None:
    job = haiku_job(every_span="6 h", look_back="48 h", **declared)
    year = Interval.counted_from(job, [at(start) for start in starts])
    window = (at("2026-03-25T09:11+01:00"), at("2026-03-30T12:00+02:00"), TEN_MINUTES)

    assert alarms(year, [window]) == []


def test_an_interval_with_an_anchor_raises_no_alarm() -> None:
    job = haiku_job(every_span="6 h", anchor="2026-03-25T03:10:07+01:00", look_back="48 h")
    year = Interval.counted_from(job, [at(BEGAN)])
    window = (at("2026-03-26T09:11+01:00"), at("2026-03-30T12:00+02:00"), TEN_MINUTES)

    assert alarms(year, [window]) == []


# Planted faults ------------------------------------------------------------------------------------------------------

PLANTED = pytest.mark.parametrize(
    ("schedule", "zone", "due"),
    [
        ("0 6 * * *", "Europe/Zurich", "2026-02-11T06:00+01:00"),
        ("0 6 * * *", "Europe/Zurich", "2026-03-29T06:00+02:00"),
        ("0 6 * * *", "Europe/Zurich", "2026-10-25T06:00+01:00"),
        ("30 2 * * *", "America/New_York", "2026-11-01T01:30-05:00"),
        ("0 */6 * * *", "Asia/Kolkata", "2026-12-31T18:00+05:30"),
        ("0 20 * * sun", "Australia/Lord_Howe", "2026-04-05T20:00+10:30"),
        ("0 3 1 * *", "Africa/Casablanca", "2028-03-01T03:00+00:00"),
    ],
)
ENGINES = pytest.mark.parametrize("engine", ["cron", "apscheduler"])


def planted(schedule: str, zone: str, due: str, engine: str, **declared: Any) -> tuple[Year, Run]:
    """The year, and its run due then or next."""
    job = haiku_job(schedule=schedule, zone=zone, engine=engine, look_back="48 h", **declared)
    year = year_of(job)
    return year, next(run for run in year.runs if run.due_at >= at(due))


def first_alarm(
    year: Year, run: Run, until: timedelta, since: timedelta = DAY / 4
) -> tuple[datetime, CauseCode | None] | None:
    """When somebody is first called, looking each second around each boundary and every ten minutes, and why."""
    boundaries = list(moments(year, run.due_at - since, run.due_at + until, TEN_MINUTES))
    limits = year.job.due_run(run.due_at)
    boundaries += [limits.finish_by + timedelta(seconds=seconds) for seconds in range(-30, 31)]
    for now in sorted(boundaries):
        told = year.seen_at(now)
        if told.judged.needs_a_person:
            return now, told.code
    return None


@ENGINES
@PLANTED
@pytest.mark.parametrize("has_output", [True, False])
def test_a_missed_run_is_found_at_its_limit(schedule: str, zone: str, due: str, engine: str, has_output: bool) -> None:
    year, run = planted(schedule, zone, due, engine, has_output=has_output)

    found = first_alarm(year.without(run.due_at), run, DAY / 8)

    assert found == (year.job.due_run(run.due_at).finish_by, CauseCode.MISSED_RUN)


@ENGINES
@PLANTED
def test_a_late_run_is_missed_at_its_limit_and_late_once_it_ran(
    schedule: str, zone: str, due: str, engine: str
) -> None:
    year, run = planted(schedule, zone, due, engine)
    late = replace(run, ended_at=run.due_at + timedelta(hours=2, minutes=48))
    year = year.with_run(late)

    assert first_alarm(year, run, DAY / 8) == (year.job.due_run(run.due_at).finish_by, CauseCode.MISSED_RUN)
    assert year.seen_at(late.ended_at).code is CauseCode.RAN_LATE


@ENGINES
@PLANTED
@pytest.mark.parametrize("has_output", [True, False])
def test_a_run_that_hangs_is_stuck_at_its_limit(
    schedule: str, zone: str, due: str, engine: str, has_output: bool
) -> None:
    year, run = planted(schedule, zone, due, engine, has_output=has_output)
    year = replace(year.with_run(replace(run, ended_at=run.due_at + DAY / 4, leaves_file=False)), tells_running=True)

    found = first_alarm(year, run, DAY / 8)

    assert found == (year.job.due_run(run.due_at).finish_by, CauseCode.STILL_RUNNING)


@ENGINES
@PLANTED
def test_a_failed_run_is_found_when_it_has_ended(schedule: str, zone: str, due: str, engine: str) -> None:
    year, run = planted(schedule, zone, due, engine)
    failed = replace(run, status="error", leaves_file=False)

    assert first_alarm(year.with_run(failed), run, DAY / 8) == (run.ended_at, CauseCode.RUN_FAILED)


@ENGINES
@PLANTED
def test_a_run_without_output_is_found_at_its_limit(schedule: str, zone: str, due: str, engine: str) -> None:
    year, run = planted(schedule, zone, due, engine)
    silent = replace(run, leaves_file=False)

    found = first_alarm(year.with_run(silent), run, DAY / 8)

    assert found == (year.job.due_run(run.due_at).finish_by, CauseCode.SUCCESS_WITHOUT_OUTPUT)


@ENGINES
def test_a_missed_run_of_every_minute_is_found_at_its_limit_among_the_earlier_runs(engine: str) -> None:
    job = haiku_job(schedule="* * * * *", engine=engine, look_back="30 min", keeps=None)
    dues = list(job.schedule.due_between(at("2026-03-29T00:00+01:00"), at("2026-03-29T05:00+02:00")))
    year = Year(job=job, dues=dues, runs=healthy_runs(dues, "missed"), keeps=100)
    run = next(run for run in year.runs if run.due_at == at("2026-03-29T03:00+02:00"))

    found = first_alarm(year.without(run.due_at), run, DAY / 40, since=DAY / 144)

    assert found == (job.due_run(run.due_at).finish_by, CauseCode.MISSED_RUN)


def test_a_run_that_an_interval_skips_is_found_at_its_limit() -> None:
    job = haiku_job(every_span="6 h", look_back="48 h")
    year = Interval.counted_from(job, [at(BEGAN)])
    run = next(run for run in year.runs if run.due_at > at("2026-03-28T12:00+01:00"))

    found = first_alarm(year.without(run.due_at), run, DAY / 8)

    assert found == (job.due_run(run.due_at).finish_by, CauseCode.MISSED_RUN)


def test_an_interval_whose_scheduler_is_restarted_again_and_again_does_not_stay_green() -> None:
    job = haiku_job(every_span="6 h", look_back="48 h")
    ran = Interval.counted_from(job, [at(BEGAN)])
    last = next(run for run in ran.runs if run.due_at > at("2026-03-28T12:00+01:00"))
    runs = [run for run in ran.runs if run.due_at <= last.due_at]
    restarts = [last.due_at + timedelta(hours=5) * number for number in range(1, 5)]
    needs_a_person = []
    for count in range(1, 5):
        year = replace(ran, runs=runs, starts=[at(BEGAN), *restarts[:count]])
        needs_a_person.append(year.seen_at(restarts[count - 1] + timedelta(hours=4)).judged.needs_a_person)

    assert needs_a_person == [False, True, True, True]


def test_a_restart_at_the_very_time_of_a_run_is_a_missed_run() -> None:
    """Nobody can tell it from a run that was skipped: the scheduler counts on from the same instant."""
    job = haiku_job(every_span="6 h")
    year = Interval.counted_from(job, [at(BEGAN), at("2026-03-28T15:10:05+01:00")])

    assert year.seen_at(at("2026-03-28T15:35:04+01:00")).code is None
    assert year.seen_at(at("2026-03-28T15:35:05+01:00")).code is CauseCode.MISSED_RUN
