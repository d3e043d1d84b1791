"""Does a healthy year ever raise an alarm, and is each planted fault found as soon as it can be known?

The whole product of zones, engines, schedules and ways to tell the time, each looked at every ten minutes of the year,
takes half an hour on two processors. `make test` therefore shares the year out:

- The ten-minute checks of 2026 are dealt to the combinations: each takes every 139th, from a place of its own. All
  checks of the year so come about, and each combination sees every day of it, and every time of the day.
- The week around each clock change, a turn of the year, the ends of months of 28, 30 and 31 days, and a leap day are
  looked at every ten minutes, and in the seconds around each boundary, in every zone, of every schedule, by both
  engines; the ways to tell the time take turns.
- A job of every minute takes every 997th check, about one a week, and the two hours around each clock change.
- Where the scheduler draws each run within its jitter, each combination takes every 139th check too, and the day around
  each clock change.

`ROLLCALL_FULL_YEAR=1 pytest tests/test_healthy_year.py -n auto` deals nothing out: each combination takes every check.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import product
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.one_morning import at, haiku_job
from fixtures.year import Interval, Run, Year, clock_changes, drawn_runs, healthy_runs, moments
from rollcall.evidence import Content
from rollcall.rehearse.evidence_copy import EvidenceCopy
from rollcall.rehearse.faults import JOB_FAULTS
from rollcall.roll.job import Job
from rollcall.schedule import Schedule
from rollcall.schedule.answers import due_between
from rollcall.schedule.days_off import DaysOff, as_scheduled
from rollcall.verdict.findings import Finding
from rollcall.vocabulary import CauseCode

UNDATED = "data/scheduled-output/generate-haiku-*.md"
# Each zone, and what is another way there than a record and a file that tells its time in its name.
ZONES: dict[str, dict[str, Any]] = {
    "Europe/Zurich": {},
    "Europe/Riga": {"path": UNDATED},
    "Australia/Lord_Howe": {},
    "Asia/Kolkata": {"has_output": False},
    "Africa/Casablanca": {},
    "America/Sao_Paulo": {"has_scheduler": False},
    "America/New_York": {},
    "Asia/Kathmandu": {"path": UNDATED},
    "Pacific/Apia": {},
    "America/St_Johns": {"has_output": False},
    "Pacific/Chatham": {"has_scheduler": False},
    "UTC": {},
}
ENGINES = ("cron", "apscheduler")
ZONES_THAT_CHANGE = [zone for zone in ZONES if clock_changes(ZoneInfo(zone), 2026)]
SCHEDULES = {
    "daily": "0 6 * * *",
    "in the hour that changes": "30 2 * * *",
    "weekly": "0 20 * * sun",
    "monthly": "0 3 1 * *",
    "six-hourly": "0 */6 * * *",
}
TELLINGS = ("naive in UTC", "naive in its zone", "with an offset")
TEN_MINUTES = timedelta(minutes=10)
DAY = timedelta(days=1)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
CHECKS_OF_THE_YEAR = 365 * DAY // TEN_MINUTES
IS_FULL = bool(os.environ.get("ROLLCALL_FULL_YEAR"))
# A run may begin as late as that: it is still done in time.
JITTER = timedelta(minutes=9)


def dues_of(schedule: Schedule) -> list[datetime]:
    """All instants at which a scheduler that runs for long starts a job of that schedule."""
    hashable: Any = schedule  # each is, which the protocol does not say
    return _searched(hashable)


@cache
def _searched(schedule: Schedule) -> list[datetime]:
    return due_between(schedule, at("2025-11-01T00:00+00:00"), at("2028-06-01T00:00+00:00"))


def year_of(job: Job, *, writes: str | None = "UTC", jitter: timedelta = timedelta(0), next_too: bool = False) -> Year:
    dues = dues_of(job.schedule)
    runs = healthy_runs(dues, f"{job.schedule.text} {job.zone.key}", jitter=jitter)
    return Year(job=job, dues=dues, runs=runs, writes=writes, next_too=next_too)


def writes_of(telling: str, zone: str) -> str | None:
    """In which zone a scheduler writes its times; None where it writes their offset."""
    return {"naive in UTC": "UTC", "naive in its zone": zone, "with an offset": None}[telling]


def checks_of(place: int, each: int = 139) -> list[datetime]:
    """The checks of the year that fall to the combination at that place: every *each*-th.

    139 are less than a day, and no part of one: each combination sees every day, and in time every time of the day.
    """
    each = 1 if IS_FULL else each
    return [NEW_YEAR + number * TEN_MINUTES for number in range(place % each, CHECKS_OF_THE_YEAR, each)]


def numbered(*choices: Iterable[str]) -> list[Any]:
    """Every combination of the choices, and its place among them."""
    return [pytest.param(place, chosen, id=" ".join(chosen)) for place, chosen in enumerate(product(*choices))]


def in_turns(*choices: Iterable[str]) -> list[tuple[str, ...]]:
    """Every combination of the choices with a way to tell the time: with each of them, or in turns."""
    if IS_FULL:
        return list(product(*choices, TELLINGS))
    # One more than a multiple of their number a zone, so that each zone and schedule sees all of them.
    return [(*chosen, TELLINGS[(number + number // 10) % 3]) for number, chosen in enumerate(product(*choices))]


def sampled(zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The weeks around each clock change, the turn of the year, ends of months and a leap day."""
    for change in clock_changes(zone, 2026):
        yield change - 3.5 * DAY, change + 3.5 * DAY, TEN_MINUTES
    yield at("2026-12-31T16:00+00:00"), at("2027-01-01T08:00+00:00"), TEN_MINUTES
    yield at("2028-02-29T00:00+00:00"), at("2028-03-01T06:00+00:00"), TEN_MINUTES
    for month in (3, 5, 8):
        start = datetime(2026, month, 1, tzinfo=UTC) - 0.6 * DAY
        yield start, start + 1.2 * DAY, TEN_MINUTES


def alarms(year: Year, windows: Iterable[tuple[datetime, datetime, timedelta]], *, each: int = 1) -> list[str]:
    """What would have called a person, and when; boundaries of every *each*-th run."""
    return [
        alarm
        for start, end, step in windows
        for now in moments(year, start, end, step, each=each)
        for alarm in alarms_at(year, now)
    ]


def alarms_at(year: Year, now: datetime) -> list[str]:
    alarming = _alarming(year, now)
    shown = now.astimezone(year.job.zone).isoformat() if alarming else ""
    return [f"{shown}: {finding.check}: {finding}" for finding in alarming]


def _alarming(year: Year, now: datetime) -> list[Finding]:
    judged = year.seen_at(now).judged
    of_jobs = [each for job in judged.jobs for each in job.findings]
    of_schedulers = [each for scheduler in judged.schedulers for each in scheduler.findings]
    return [each for each in of_schedulers + of_jobs if each.needs_a_person]


@pytest.mark.parametrize(("place", "chosen"), numbered(SCHEDULES, ZONES, ENGINES, TELLINGS))
def test_a_healthy_year_raises_no_alarm(place: int, chosen: tuple[str, str, str, str]) -> None:
    name, zone, engine, telling = chosen
    writes = writes_of(telling, zone)
    job = haiku_job(
        schedule=SCHEDULES[name], zone=zone, engine=engine, look_back="48 h", naive_times=writes, **ZONES[zone]
    )
    year = year_of(job, writes=writes, jitter=JITTER, next_too=True)

    assert [alarm for now in checks_of(place) for alarm in alarms_at(year, now)] == []


def test_every_check_of_the_year_falls_to_a_combination() -> None:
    combinations = len(SCHEDULES) * len(ZONES) * len(ENGINES) * len(TELLINGS)
    dealt = {now for place in range(combinations) for now in checks_of(place)}

    assert len(dealt) == CHECKS_OF_THE_YEAR == 52_560
    assert len({now.date() for now in checks_of(7)}) == 365


@pytest.mark.parametrize(("name", "zone", "engine", "telling"), in_turns(SCHEDULES, ZONES, ENGINES))
def test_the_days_on_which_clocks_change_and_months_end_raise_no_alarm(
    name: str, zone: str, engine: str, telling: str
) -> None:
    writes = writes_of(telling, zone)
    job = haiku_job(
        schedule=SCHEDULES[name], zone=zone, engine=engine, look_back="48 h", naive_times=writes, **ZONES[zone]
    )
    year = year_of(job, writes=writes)

    assert alarms(year, sampled(job.zone)) == []


@pytest.mark.parametrize(("place", "chosen"), numbered(ZONES, ENGINES))
def test_a_year_of_every_minute_raises_no_alarm(place: int, chosen: tuple[str, str]) -> None:
    zone, engine = chosen
    writes = writes_of(TELLINGS[place % 3], zone)
    job = haiku_job(
        schedule="* * * * *", zone=zone, engine=engine, look_back="10 min", grace="3 min", max_runtime="1 min",
        naive_times=writes, **ZONES[zone],
    )  # fmt: skip
    for now in checks_of(place * 41, each=997):
        dues = due_between(job.schedule, now - timedelta(minutes=9), now + timedelta(minutes=2))
        runs = healthy_runs(dues, f"{zone} {now}", jitter=timedelta(seconds=9))
        year = Year(job=job, dues=dues, runs=runs, writes=writes, next_too=True)
        drawing = job.but(jitter=timedelta(seconds=20))
        aims, drawn = drawn_runs(dues, f"{zone} {now}", jitter=drawing.jitter)

        assert alarms_at(year, now) == []
        assert alarms_at(replace(year, job=drawing, dues=aims, runs=drawn), now) == []


def drawn_year_of(job: Job, *, writes: str | None = "UTC", next_too: bool = False) -> Year:
    """Of a scheduler that draws each run within the jitter that the job declares."""
    aims, runs = drawn_runs(dues_of(job.schedule), f"{job.schedule.text} {job.zone.key}", jitter=job.jitter)
    return Year(job=job, dues=aims, runs=runs, writes=writes, next_too=next_too)


@pytest.mark.parametrize(("place", "chosen"), numbered(SCHEDULES, ZONES, ENGINES))
def test_a_year_of_drawn_runs_raises_no_alarm(place: int, chosen: tuple[str, str, str]) -> None:
    name, zone, engine = chosen
    writes = writes_of(TELLINGS[place % 3], zone)
    job = haiku_job(
        schedule=SCHEDULES[name], zone=zone, engine=engine, look_back="48 h", naive_times=writes,
        jitter="25 min", grace="1 min", **ZONES[zone],
    )  # fmt: skip
    year = drawn_year_of(job, writes=writes, next_too=True)
    dense = [(change - 0.3 * DAY, change + 0.7 * DAY, TEN_MINUTES) for change in clock_changes(job.zone, 2026)]

    assert [alarm for now in checks_of(place) for alarm in alarms_at(year, now)] == []
    assert alarms(year, dense) == []


@pytest.mark.parametrize("max_runtime", ["5 min", "30 min"], ids=["each in its hour", "into the next"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("zone", ZONES_THAT_CHANGE)
def test_hourly_runs_that_are_drawn_up_to_the_next_raise_no_alarm(zone: str, engine: str, max_runtime: str) -> None:
    job = haiku_job(
        schedule="0 * * * *", zone=zone, engine=engine, look_back="6 h", jitter="50 min", grace="4 min",
        max_runtime=max_runtime, **ZONES[zone],
    )  # fmt: skip
    year = drawn_year_of(job)
    windows = [(change - 0.2 * DAY, change + 0.2 * DAY, TEN_MINUTES) for change in clock_changes(job.zone, 2026)]

    assert alarms(year, windows) == []


@pytest.mark.parametrize("has_output", [True, False])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_scheduler_that_tells_of_a_run_that_it_has_begun_raises_no_alarm(name: str, has_output: bool) -> None:
    job = haiku_job(schedule=SCHEDULES[name], look_back="48 h", has_output=has_output)
    year = replace(year_of(job), tells_running=True)

    assert alarms(year, sampled(job.zone)) == []


@pytest.mark.parametrize("limits", [("15 min", "30 min"), ("20 s", "25 s")], ids=["wide", "narrow"])
@pytest.mark.parametrize(("zone", "engine", "telling"), in_turns(ZONES_THAT_CHANGE, ENGINES))
def test_a_job_of_every_minute_raises_no_alarm_where_clocks_change(
    zone: str, engine: str, telling: str, limits: tuple[str, str]
) -> None:
    writes = writes_of(telling, zone)
    grace, max_runtime = limits
    job = haiku_job(
        schedule="* * * * *",
        zone=zone,
        engine=engine,
        look_back="3 h",
        grace=grace,
        max_runtime=max_runtime,
        naive_times=writes,
        **ZONES[zone],
    )
    for change in clock_changes(job.zone, 2026):
        dues = due_between(job.schedule, change - timedelta(hours=4), change + timedelta(hours=3))
        year = Year(job=job, dues=dues, runs=healthy_runs(dues, zone), writes=writes)
        window = (change - timedelta(minutes=62), change + timedelta(minutes=62), timedelta(seconds=97))

        assert alarms(year, [window], each=17) == []


DAYS_OFF = {
    "holidays": DaysOff(holidays="CH-ZH"),
    "weekends": DaysOff(is_business=True),
    "business days": DaysOff(holidays="CH-ZH", is_business=True, dates=frozenset({date(2026, 3, 30)})),
}
OVER_DAYS_OFF = (
    (at("2026-03-27T12:00+01:00"), at("2026-03-31T12:00+02:00"), TEN_MINUTES),
    (at("2026-04-02T12:00+02:00"), at("2026-04-07T12:00+02:00"), TEN_MINUTES),
    (at("2026-10-24T00:00+02:00"), at("2026-10-26T12:00+01:00"), TEN_MINUTES),
)


def with_days_off(name: str, engine: str, *, runs_on_them: bool, schedule: str = "0 6 * * *", **declared: Any) -> Year:
    """The year of a scheduler that runs on days off as on others, or does not."""
    job = haiku_job(schedule=schedule, engine=engine, look_back="96 h", days_off=DAYS_OFF[name], **declared)
    dues = dues_of(as_scheduled(job.schedule) if runs_on_them else job.schedule)
    return Year(job=job, dues=dues, runs=healthy_runs(dues, f"{name} {engine}"))


@pytest.mark.parametrize("runs_on_them", [True, False])
@pytest.mark.parametrize(
    "declared", [{}, {"has_output": False}, {"has_scheduler": False}], ids=["both", "record", "files"]
)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", DAYS_OFF)
def test_a_job_with_days_off_raises_no_alarm(
    name: str, engine: str, declared: dict[str, Any], runs_on_them: bool
) -> None:
    for schedule in ("0 6 * * *", "0 */6 * * *") if name == "holidays" else ("0 6 * * *",):
        year = with_days_off(name, engine, runs_on_them=runs_on_them, schedule=schedule, **declared)

        assert alarms(year, OVER_DAYS_OFF) == []


BEGAN = "2026-03-25T03:10:07.25+01:00"


@pytest.mark.parametrize(
    ("starts", "declared"),
    [
        ([BEGAN], {}),
        ([BEGAN], {"has_output": False}),
        ([BEGAN], {"has_scheduler": False}),
        ([BEGAN], {"path": UNDATED}),
        ([BEGAN], {"keeps": 1}),
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


def drifting_year_of(job: Job, start: str) -> Year:
    """Of a scheduler that draws each run of an interval a little later than one interval after the one before."""
    random, aims = Random(start), [at(start)]  # the same year each time
    while len(aims) < 60:
        aims.append(aims[-1] + timedelta(hours=6) + job.jitter * random.random())
    return Year(job=job, dues=aims, runs=healthy_runs(aims, start))


@pytest.mark.parametrize(
    "declared",
    [{}, {"has_output": False}, {"has_scheduler": False}, {"anchor": "2026-01-01T00:00+01:00"}],
    ids=["both", "record", "files", "anchor"],
)
@pytest.mark.parametrize("start", ["2026-03-27T03:10:07.25+01:00", "2026-10-23T03:10:07.25+02:00"])
def test_an_interval_with_jitter_drifts_and_raises_no_alarm(start: str, declared: dict[str, Any]) -> None:
    year = drifting_year_of(haiku_job(every_span="6 h", jitter="40 min", look_back="48 h", **declared), start)
    skipped = year.runs[20]

    assert alarms(year, [(at(start) + DAY / 4, at(start) + 8 * DAY, TEN_MINUTES)]) == []
    found = first_alarm(year.without(skipped.due_at), skipped, DAY / 8)
    assert found is not None
    assert found[1] in (CauseCode.MISSED_RUN, CauseCode.STALE_OUTPUT)


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
HEART, FALLBACK = "# Album Haïku", "Aucune information disponible"
BOTH_ENGINES = pytest.mark.parametrize("engine", ENGINES)


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
            scheduler = next((each for each in told.judged.scheduler_causes.values() if each), None)
            return now, scheduler.code if scheduler else told.code
    return None


@BOTH_ENGINES
@PLANTED
@pytest.mark.parametrize("has_output", [True, False])
def test_a_missed_run_is_found_at_its_limit(schedule: str, zone: str, due: str, engine: str, has_output: bool) -> None:
    year, run = planted(schedule, zone, due, engine, has_output=has_output)

    found = first_alarm(year.without(run.due_at), run, DAY / 8)

    assert found == (year.job.due_run(run.due_at).finish_by, CauseCode.MISSED_RUN)


@BOTH_ENGINES
@PLANTED
def test_faults_of_drawn_runs_are_found_as_soon(schedule: str, zone: str, due: str, engine: str) -> None:
    """Its limit is its jitter later."""
    job = haiku_job(schedule=schedule, zone=zone, engine=engine, look_back="48 h", jitter="25 min", grace="1 min")
    year = drawn_year_of(job)
    run = next(run for run in year.runs if run.due_at >= at(due))
    limits, until = job.due_run(run.due_at), DAY / 8
    silent, failed = replace(run, leaves_file=False), replace(run, status="error", leaves_file=False)

    assert limits.finish_by == run.due_at + timedelta(minutes=36)
    assert first_alarm(year.without(run.due_at), run, until) == (limits.finish_by, CauseCode.MISSED_RUN)
    assert first_alarm(year.with_run(failed), run, until) == (run.ended_at, CauseCode.RUN_FAILED)
    found = first_alarm(year.with_run(silent), run, until)
    assert found == (limits.finish_by, CauseCode.SUCCESS_WITHOUT_OUTPUT)


@BOTH_ENGINES
@pytest.mark.parametrize("has_output", [True, False])
@pytest.mark.parametrize(
    "due", ["2026-02-11T06:00+01:00", "2026-03-29T03:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"]
)
def test_a_missed_run_after_one_drawn_late_is_found_at_its_limit(due: str, has_output: bool, engine: str) -> None:
    """The one before is drawn as late as it may be: what it leaves makes the missed one neither done nor late."""
    job = haiku_job(
        schedule="0 * * * *", engine=engine, look_back="6 h", jitter="40 min", grace="5 min", max_runtime="5 min",
        has_output=has_output,
    )  # fmt: skip
    year = drawn_year_of(job)
    run = next(run for run in year.runs if run.due_at == at(due))
    before = year.runs[year.runs.index(run) - 1]
    year = year.with_run(replace(before, ended_at=before.due_at + timedelta(minutes=40, seconds=30)))

    found = first_alarm(year.without(run.due_at), run, DAY / 24, since=DAY / 24)

    assert found == (job.due_run(run.due_at).finish_by, CauseCode.MISSED_RUN)


@BOTH_ENGINES
@PLANTED
def test_a_late_run_is_missed_at_its_limit_and_late_once_it_ran(
    schedule: str, zone: str, due: str, engine: str
) -> None:
    year, run = planted(schedule, zone, due, engine)
    late = replace(run, ended_at=run.due_at + timedelta(hours=2, minutes=48))
    year = year.with_run(late)

    assert first_alarm(year, run, DAY / 8) == (year.job.due_run(run.due_at).finish_by, CauseCode.MISSED_RUN)
    assert year.seen_at(late.ended_at).code is CauseCode.RAN_LATE


@BOTH_ENGINES
@PLANTED
@pytest.mark.parametrize("has_output", [True, False])
def test_a_run_that_hangs_is_stuck_at_its_limit(
    schedule: str, zone: str, due: str, engine: str, has_output: bool
) -> None:
    year, run = planted(schedule, zone, due, engine, has_output=has_output)
    year = replace(year.with_run(replace(run, ended_at=run.due_at + DAY / 4, leaves_file=False)), tells_running=True)

    found = first_alarm(year, run, DAY / 8)

    assert found == (year.job.due_run(run.due_at).finish_by, CauseCode.STILL_RUNNING)


@BOTH_ENGINES
@PLANTED
def test_a_failed_run_is_found_when_it_has_ended(schedule: str, zone: str, due: str, engine: str) -> None:
    year, run = planted(schedule, zone, due, engine)
    failed = replace(run, status="error", leaves_file=False)

    assert first_alarm(year.with_run(failed), run, DAY / 8) == (run.ended_at, CauseCode.RUN_FAILED)


@BOTH_ENGINES
@PLANTED
def test_a_run_without_output_is_found_at_its_limit(schedule: str, zone: str, due: str, engine: str) -> None:
    year, run = planted(schedule, zone, due, engine)
    silent = replace(run, leaves_file=False)

    found = first_alarm(year.with_run(silent), run, DAY / 8)

    assert found == (year.job.due_run(run.due_at).finish_by, CauseCode.SUCCESS_WITHOUT_OUTPUT)


@BOTH_ENGINES
@PLANTED
@pytest.mark.parametrize(
    ("file_is", "code"),
    [
        ({"size": 0}, CauseCode.EMPTY_OUTPUT),
        ({"size": 199}, CauseCode.TRUNCATED_OUTPUT),
        ({"content": Content(flaw="it breaks off")}, CauseCode.TRUNCATED_OUTPUT),
        ({"content": Content(found={HEART: False, FALLBACK: False})}, CauseCode.DEGRADED_OUTPUT),
        ({"content": Content(found={HEART: True, FALLBACK: True})}, CauseCode.DEGRADED_OUTPUT),
        ({"content": None, "unreadable": "Permission denied"}, CauseCode.OUTPUT_UNREADABLE),
        ({"is_regular": False}, CauseCode.OUTPUT_UNREADABLE),
    ],
    ids=["empty", "too small", "cut", "without its heart", "fallback", "not to be read", "no file"],
)
def test_a_bad_output_is_found_when_its_run_has_ended(
    schedule: str, zone: str, due: str, engine: str, file_is: dict[str, Any], code: CauseCode
) -> None:
    year, run = planted(schedule, zone, due, engine)

    found = first_alarm(year.with_run(replace(run, file_is=file_is)), run, DAY / 8)

    assert found == (run.ended_at, code)


@BOTH_ENGINES
@PLANTED
def test_a_repeated_output_is_found_when_its_run_has_ended(schedule: str, zone: str, due: str, engine: str) -> None:
    year, run = planted(schedule, zone, due, engine)
    before = year.runs[year.runs.index(run) - 1]
    # The year's files hold the time of their run.
    content = Content(sha256=before.ended_at.isoformat(), found={HEART: True, FALLBACK: False})

    found = first_alarm(year.with_run(replace(run, file_is={"content": content})), run, DAY / 8)

    assert found == (run.ended_at, CauseCode.DUPLICATE_OUTPUT)


@BOTH_ENGINES
@PLANTED
def test_a_run_that_is_not_recorded_is_found_at_its_limit(schedule: str, zone: str, due: str, engine: str) -> None:
    year, run = planted(schedule, zone, due, engine)

    found = first_alarm(year.with_run(replace(run, is_recorded=False)), run, DAY / 8)

    assert found == (year.job.due_run(run.due_at).finish_by, CauseCode.UNRECORDED_RUN)


@BOTH_ENGINES
@PLANTED
def test_a_stopped_scheduler_is_found_at_the_first_check(schedule: str, zone: str, due: str, engine: str) -> None:
    year, run = planted(schedule, zone, due, engine)
    stopped_at = run.due_at - timedelta(minutes=33)

    found = first_alarm(year.stopped(stopped_at, admits=True), run, DAY / 8)

    assert found == (run.due_at - timedelta(minutes=30), CauseCode.SCHEDULER_STOPPED)


@BOTH_ENGINES
@PLANTED
def test_a_stalled_scheduler_is_found_at_the_first_check_after_it_runs_nothing(
    schedule: str, zone: str, due: str, engine: str
) -> None:
    year, run = planted(schedule, zone, due, engine)
    stalled_at = run.due_at - timedelta(minutes=33)

    found = first_alarm(year.stopped(stalled_at, admits=False), run, DAY / 8)

    assert found == (run.due_at + TEN_MINUTES, CauseCode.SCHEDULER_STALLED)


@BOTH_ENGINES
@PLANTED
def test_each_fault_of_the_table_is_found_at_the_limit_of_its_run(
    schedule: str, zone: str, due: str, engine: str
) -> None:
    """What `rollcall rehearse` plants: whatever befalls a run or its scheduler must be named as what it is."""
    year, run = planted(schedule, zone, due, engine)

    assert wrongly_named(year, run) == {}


@BOTH_ENGINES
@PLANTED
def test_each_fault_of_a_drawn_run_is_found_at_its_limit(schedule: str, zone: str, due: str, engine: str) -> None:
    year = drawn_year_of(haiku_job(schedule=schedule, zone=zone, engine=engine, look_back="48 h", jitter="14 min"))

    assert wrongly_named(year, next(run for run in year.runs if run.due_at >= at(due))) == {}


@BOTH_ENGINES
@pytest.mark.parametrize("runs_on_them", [True, False])
@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("weekends", "2026-03-27T06:00+01:00"),
        ("weekends", "2026-03-30T06:00+02:00"),
        ("holidays", "2026-04-05T06:00+02:00"),
        ("holidays", "2026-04-07T06:00+02:00"),
        ("business days", "2026-10-26T06:00+01:00"),
    ],
)
def test_each_fault_beside_a_day_off_is_found_at_its_limit(
    name: str, due: str, runs_on_them: bool, engine: str
) -> None:
    year = with_days_off(name, engine, runs_on_them=runs_on_them)
    run = next(run for run in year.runs if run.due_at == at(due))

    assert first_alarm(year.without(run.due_at), run, DAY / 8) == (
        year.job.due_run(run.due_at).finish_by,
        CauseCode.MISSED_RUN,
    )
    assert wrongly_named(year, run) == {}


def wrongly_named(year: Year, run: Run) -> dict[str, CauseCode | None]:
    """The faults, planted into that run, that are not found as what they are at its limit; and what they are called."""
    good = year.seen_at(year.job.due_run(run.due_at).finish_by)
    copy = EvidenceCopy.of(good.job, good.now)
    faults = [each for each in JOB_FAULTS if each.seen_at(copy) == good.now and not each.is_warning]
    planted = [(str(each), each.plant(copy)) for each in faults]
    told = {name: replace(good, evidence=seen.evidence).code for name, seen in planted if seen}

    assert good.code is None
    return {name: code for name, code in told.items() if not name.startswith(str(code))}


@BOTH_ENGINES
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
