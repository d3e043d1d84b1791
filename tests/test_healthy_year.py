"""Does a healthy year ever raise an alarm, and is each planted fault found as soon as it can be known?

The whole product of zones, engines, schedules and ways to tell the time, each looked at every ten minutes of the year,
takes hours. `make test` looks where something can go wrong, and takes samples elsewhere:

- Every zone under both engines, whose schedules and ways to tell the time take turns so that all of these meet: every
  139th of the ten-minute checks of 2026, which is each day of it, and together each time of the day.
- The hours around each clock change (spring and autumn, of each zone that has them): every ten minutes for the job that
  is due in the hour that changes, and at the seconds around each boundary of every schedule.
- The turn of the year, the ends of months of 28, 30 and 31 days, and a leap day, in the zones that are first, last and
  in the middle.

`ROLLCALL_FULL_YEAR=1 pytest tests/test_healthy_year.py -n auto` samples nothing: every combination, every ten minutes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import product
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.one_morning import at, haiku_job
from fixtures.year import Interval, Run, Year, boundaries, clock_changes, drawn_runs, healthy_runs, moments
from rollcall.evidence import Content, Flaw
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
IN_THE_HOUR_THAT_CHANGES = "30 2 * * *"
SCHEDULES = {
    "daily": "0 6 * * *",
    "in the hour that changes": IN_THE_HOUR_THAT_CHANGES,
    "weekly": "0 20 * * sun",
    "monthly": "0 3 1 * *",
    "six-hourly": "0 */6 * * *",
}
TELLINGS = ("naive in UTC", "naive in its zone", "with an offset")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TEN_MINUTES = 10 * MINUTE
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
CHECKS_OF_THE_YEAR = 365 * DAY // TEN_MINUTES
IS_FULL = bool(os.environ.get("ROLLCALL_FULL_YEAR"))
# Of many runs in a row only every third is looked at closely.
FEW = 1 if IS_FULL else 3
# A run may begin as late as that: it is still done in time.
JITTER = timedelta(minutes=9)
Window = tuple[datetime, datetime, timedelta]


def dues_of(schedule: Schedule) -> list[datetime]:
    """All instants at which a scheduler that runs for long starts a job: in 2026, and around the leap day of 2028."""
    hashable: Any = schedule  # each is, which the protocol does not say
    return _searched(hashable)


@cache
def _searched(schedule: Schedule) -> list[datetime]:
    spans = (("2025-11-25T00:00+00:00", "2027-02-05T00:00+00:00"), ("2028-01-25T00:00+00:00", "2028-04-05T00:00+00:00"))
    return [due for start, end in spans for due in due_between(schedule, at(start), at(end))]


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
    return [NEW_YEAR + number * TEN_MINUTES for number in range(place * 7 % each, CHECKS_OF_THE_YEAR, each)]


def combined(zones: Iterable[str], *turns: Sequence[str]) -> list[tuple[str, ...]]:
    """Each zone with each engine; the other choices take turns at them."""
    if IS_FULL:
        return list(product(zones, ENGINES, *turns))
    return [
        (*chosen, *(choices[place % len(choices)] for choices in turns))
        for place, chosen in enumerate(product(zones, ENGINES))
    ]


WHOLE_YEAR = combined(ZONES, tuple(SCHEDULES), TELLINGS)


def sampled(minutes: int) -> timedelta:
    """From one check to the next where not every one is looked at."""
    return TEN_MINUTES if IS_FULL else minutes * MINUTE


def around_clock_changes(zone: str, before: timedelta, after: timedelta, step: timedelta) -> list[Window]:
    """A window around each change of the year."""
    return [(change - before, change + after, step) for change in clock_changes(ZoneInfo(zone), 2026)]


def around_ends() -> Iterator[Window]:
    """The turn of the year, the ends of a month of 28, 30 and 31 days, and a leap day."""
    step = sampled(120)
    yield at("2026-12-31T16:00+00:00"), at("2027-01-01T08:00+00:00"), step
    yield at("2028-02-29T00:00+00:00"), at("2028-03-01T06:00+00:00"), step
    for month in (3, 5, 8):
        start = datetime(2026, month, 1, tzinfo=UTC) - 0.6 * DAY
        yield start, start + 1.2 * DAY, step


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


@pytest.mark.parametrize(
    ("place", "chosen"), [pytest.param(*each, id=" ".join(each[1])) for each in enumerate(WHOLE_YEAR)]
)
def test_a_healthy_year_raises_no_alarm(place: int, chosen: tuple[str, str, str, str]) -> None:
    zone, engine, name, telling = chosen
    writes = writes_of(telling, zone)
    job = haiku_job(
        schedule=SCHEDULES[name], zone=zone, engine=engine, look_back="48 h", naive_times=writes, **ZONES[zone]
    )
    year = year_of(job, writes=writes, jitter=JITTER, next_too=True)

    assert [alarm for now in checks_of(place) for alarm in alarms_at(year, now)] == []


def test_the_samples_leave_out_no_day_no_time_of_the_day_and_no_pair_of_choices() -> None:
    every = [
        (zone, engine, name, telling)
        for zone in ZONES
        for engine in ENGINES
        for name in SCHEDULES
        for telling in TELLINGS
    ]
    taken = [checks_of(place) for place in range(len(WHOLE_YEAR))]

    for one, other in ((0, 1), (1, 2), (1, 3), (2, 3)):
        assert {(each[one], each[other]) for each in WHOLE_YEAR} == {(each[one], each[other]) for each in every}
    assert {len({now.date() for now in checks}) for checks in taken} == {365}
    assert len({now.time() for checks in taken for now in checks}) == DAY // TEN_MINUTES


@pytest.mark.parametrize(("zone", "engine", "telling"), combined(ZONES_THAT_CHANGE, TELLINGS))
def test_clocks_that_change_raise_no_alarm(zone: str, engine: str, telling: str) -> None:
    writes = writes_of(telling, zone)
    for schedule in SCHEDULES.values():
        is_due_then = schedule == IN_THE_HOUR_THAT_CHANGES
        job = haiku_job(
            schedule=schedule, zone=zone, engine=engine, look_back="48 h", naive_times=writes, **ZONES[zone]
        )
        # The weekly job is due on the evening after.
        windows = around_clock_changes(
            zone, DAY / 4, DAY / 4 if is_due_then else 0.8 * DAY, sampled(10 if is_due_then else 100)
        )

        assert alarms(year_of(job, writes=writes), windows) == []


@pytest.mark.parametrize(
    ("zone", "engine"), combined(ZONES if IS_FULL else ("Pacific/Apia", "Europe/Zurich", "America/New_York"))
)
def test_months_and_years_that_end_raise_no_alarm(zone: str, engine: str) -> None:
    for schedule in SCHEDULES.values():
        year = year_of(haiku_job(schedule=schedule, zone=zone, engine=engine, look_back="48 h", **ZONES[zone]))

        assert alarms(year, around_ends(), each=FEW) == []


@pytest.mark.parametrize(("zone", "engine", "telling"), combined(ZONES, TELLINGS))
def test_a_year_of_every_minute_raises_no_alarm(zone: str, engine: str, telling: str) -> None:
    writes = writes_of(telling, zone)
    job = haiku_job(
        schedule="* * * * *", zone=zone, engine=engine, look_back="10 min", grace="3 min", max_runtime="1 min",
        naive_times=writes, **ZONES[zone],
    )  # fmt: skip
    for now in checks_of(list(ZONES).index(zone), each=3989):  # about one in four weeks
        dues = due_between(job.schedule, now - timedelta(minutes=9), now + timedelta(minutes=2))
        runs = healthy_runs(dues, f"{zone} {now}", jitter=timedelta(seconds=9))
        year = Year(job=job, dues=dues, runs=runs, writes=writes, next_too=True)
        drawing = job.but(jitter=timedelta(seconds=20))
        aims, drawn = drawn_runs(dues, f"{zone} {now}", jitter=drawing.jitter)

        assert alarms_at(year, now) == []
        assert alarms_at(replace(year, job=drawing, dues=aims, runs=drawn), now) == []


@pytest.mark.parametrize("limits", [("15 min", "30 min"), ("20 s", "25 s")], ids=["wide", "narrow"])
@pytest.mark.parametrize(("zone", "engine", "telling"), combined(ZONES_THAT_CHANGE, TELLINGS))
def test_a_job_of_every_minute_raises_no_alarm_where_clocks_change(
    zone: str, engine: str, telling: str, limits: tuple[str, str]
) -> None:
    writes = writes_of(telling, zone)
    grace, max_runtime = limits
    job = haiku_job(
        schedule="* * * * *", zone=zone, engine=engine, look_back="100 min", grace=grace, max_runtime=max_runtime,
        naive_times=writes, **ZONES[zone],
    )  # fmt: skip
    for change in clock_changes(job.zone, 2026):
        dues = due_between(job.schedule, change - timedelta(hours=4), change + timedelta(hours=3))
        year = Year(job=job, dues=dues, runs=healthy_runs(dues, zone), writes=writes)
        window = (change - 62 * MINUTE, change + 62 * MINUTE, timedelta(seconds=97 if IS_FULL else 491))

        assert alarms(year, [window], each=17 if IS_FULL else 61) == []


def drawn_year_of(
    job: Job, dues: Sequence[datetime] | None = None, *, writes: str | None = "UTC", next_too: bool = False
) -> Year:
    """Of a scheduler that draws each run within the jitter that the job declares."""
    seed = f"{job.schedule.text} {job.zone.key}"
    aims, runs = drawn_runs(dues or dues_of(job.schedule), seed, jitter=job.jitter)
    return Year(job=job, dues=aims, runs=runs, writes=writes, next_too=next_too)


@pytest.mark.parametrize(
    ("place", "chosen"), [pytest.param(*each, id=" ".join(each[1])) for each in enumerate(WHOLE_YEAR)]
)
def test_a_year_of_drawn_runs_raises_no_alarm(place: int, chosen: tuple[str, str, str, str]) -> None:
    zone, engine, name, telling = chosen
    writes = writes_of(telling, zone)
    for schedule in dict.fromkeys((SCHEDULES[name], IN_THE_HOUR_THAT_CHANGES)):
        job = haiku_job(
            schedule=schedule, zone=zone, engine=engine, look_back="48 h", naive_times=writes,
            jitter="25 min", grace="1 min", **ZONES[zone],
        )  # fmt: skip
        year = drawn_year_of(job, writes=writes, next_too=True)

        assert [alarm for now in checks_of(place, each=1399) for alarm in alarms_at(year, now)] == []
        assert alarms(year, around_clock_changes(zone, DAY / 6, DAY / 6, sampled(20))) == []


@pytest.mark.parametrize("max_runtime", ["5 min", "30 min"], ids=["each in its hour", "into the next"])
@pytest.mark.parametrize(("zone", "engine"), combined(ZONES_THAT_CHANGE))
def test_hourly_runs_that_are_drawn_up_to_the_next_raise_no_alarm(zone: str, engine: str, max_runtime: str) -> None:
    job = haiku_job(
        schedule="0 * * * *", zone=zone, engine=engine, look_back="6 h", jitter="50 min", grace="4 min",
        max_runtime=max_runtime, **ZONES[zone],
    )  # fmt: skip
    for change in clock_changes(job.zone, 2026):
        year = drawn_year_of(job, due_between(job.schedule, change - DAY, change + DAY))

        assert alarms(year, [(change - DAY / 12, change + DAY / 8, TEN_MINUTES)], each=FEW) == []


@pytest.mark.parametrize("has_output", [True, False])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_scheduler_that_tells_of_a_run_that_it_has_begun_raises_no_alarm(name: str, has_output: bool) -> None:
    job = haiku_job(schedule=SCHEDULES[name], look_back="48 h", has_output=has_output)
    year = replace(year_of(job), tells_running=True)
    windows = around_clock_changes("Europe/Zurich", DAY / 6, 0.8 * DAY, sampled(60))

    assert alarms(year, [*windows, (at("2026-05-31T22:00+00:00"), at("2026-06-01T02:00+00:00"), TEN_MINUTES)]) == []


DAYS_OFF = {
    "holidays": DaysOff(holidays="CH-ZH"),
    "weekends": DaysOff(is_business=True),
    "business days": DaysOff(holidays="CH-ZH", is_business=True, dates=frozenset({date(2026, 3, 30)})),
}
OVER_DAYS_OFF = (
    (at("2026-03-27T12:00+01:00"), at("2026-03-31T12:00+02:00"), sampled(90)),
    (at("2026-04-02T12:00+02:00"), at("2026-04-07T12:00+02:00"), sampled(90)),
    (at("2026-10-24T00:00+02:00"), at("2026-10-26T12:00+01:00"), sampled(90)),
)


def with_days_off(name: str, engine: str, *, runs_on_them: bool, schedule: str = "0 6 * * *", **declared: Any) -> Year:
    """The year of a scheduler that runs on days off as on others, or does not."""
    job = haiku_job(schedule=schedule, engine=engine, look_back="96 h", days_off=DAYS_OFF[name], **declared)
    dues = dues_of(as_scheduled(job.schedule) if runs_on_them else job.schedule)
    return Year(job=job, dues=dues, runs=healthy_runs(dues, f"{name} {engine}"))


@pytest.mark.parametrize("runs_on_them", [True, False])
@pytest.mark.parametrize(
    ("engine", "declared"),
    [("cron", {}), ("apscheduler", {"has_output": False}), ("cron", {"has_scheduler": False})],
    ids=["both", "record", "files"],
)
@pytest.mark.parametrize("name", DAYS_OFF)
def test_a_job_with_days_off_raises_no_alarm(
    name: str, engine: str, declared: dict[str, Any], runs_on_them: bool
) -> None:
    schedule = "0 */6 * * *" if name == "holidays" else "0 6 * * *"
    year = with_days_off(name, engine, runs_on_them=runs_on_them, schedule=schedule, **declared)

    assert alarms(year, OVER_DAYS_OFF, each=FEW) == []


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
    window = (at("2026-03-25T09:11+01:00"), at("2026-03-30T12:00+02:00"), sampled(70))

    assert alarms(year, [window], each=FEW) == []


def test_an_interval_with_an_anchor_raises_no_alarm() -> None:
    job = haiku_job(every_span="6 h", anchor="2026-03-25T03:10:07+01:00", look_back="48 h")
    year = Interval.counted_from(job, [at(BEGAN)])
    window = (at("2026-03-26T09:11+01:00"), at("2026-03-30T12:00+02:00"), sampled(70))

    assert alarms(year, [window], each=FEW) == []


def drifting_year_of(job: Job, start: str) -> Year:
    """Of a scheduler that draws each run of an interval a little later than one interval after the one before."""
    random, aims = Random(start), [at(start)]  # the same year each time
    while len(aims) < 60:
        aims.append(aims[-1] + timedelta(hours=6) + job.jitter * random.random())
    return Year(job=job, dues=aims, runs=healthy_runs(aims, start))


@pytest.mark.parametrize(
    "declared",
    [{}, {"has_output": False}, {"has_scheduler": False}],
    ids=["both", "record", "files"],
)
@pytest.mark.parametrize("start", ["2026-03-27T03:10:07.25+01:00", "2026-10-23T03:10:07.25+02:00"])
def test_an_interval_with_jitter_drifts_and_raises_no_alarm(start: str, declared: dict[str, Any]) -> None:
    year = drifting_year_of(haiku_job(every_span="6 h", jitter="40 min", look_back="48 h", **declared), start)
    skipped = year.runs[20]

    assert alarms(year, [(at(start) + DAY / 4, at(start) + 6 * DAY, sampled(70))], each=FEW) == []
    found = first_alarm(year.without(skipped.due_at), skipped)
    assert found is not None
    assert found[1] in (CauseCode.MISSED_RUN, CauseCode.STALE_OUTPUT)


# Planted faults ------------------------------------------------------------------------------------------------------

BOTH_ENGINES = pytest.mark.parametrize("engine", ENGINES)
# In winter, and for each clock change what is due in its hour or soon after it.
PLANTED = pytest.mark.parametrize(
    ("schedule", "zone", "due", "engine"),
    [
        ("0 6 * * *", "Europe/Zurich", "2026-02-11T06:00+01:00", "cron"),
        ("0 6 * * *", "Europe/Zurich", "2026-03-29T06:00+02:00", "cron"),
        ("0 6 * * *", "Europe/Zurich", "2026-03-29T06:00+02:00", "apscheduler"),
        ("0 6 * * *", "Europe/Zurich", "2026-10-25T06:00+01:00", "cron"),
        ("0 6 * * *", "Europe/Zurich", "2026-10-25T06:00+01:00", "apscheduler"),
        (IN_THE_HOUR_THAT_CHANGES, "America/New_York", "2026-03-08T03:00-04:00", "cron"),
        (IN_THE_HOUR_THAT_CHANGES, "America/New_York", "2026-03-08T03:00-04:00", "apscheduler"),
        (IN_THE_HOUR_THAT_CHANGES, "America/New_York", "2026-11-01T01:30-05:00", "cron"),
        (IN_THE_HOUR_THAT_CHANGES, "America/New_York", "2026-11-01T01:30-05:00", "apscheduler"),
        ("0 */6 * * *", "Asia/Kolkata", "2026-12-31T18:00+05:30", "apscheduler"),
        ("0 20 * * sun", "Australia/Lord_Howe", "2026-04-05T20:00+10:30", "cron"),
        ("0 3 1 * *", "Africa/Casablanca", "2028-03-01T03:00+00:00", "apscheduler"),
    ],
)
HEART, FALLBACK = "# Album Haïku", "Aucune information disponible"
BAD_OUTPUTS: dict[str, tuple[dict[str, Any], CauseCode]] = {
    "empty": ({"size": 0}, CauseCode.EMPTY_OUTPUT),
    "too small": ({"size": 199}, CauseCode.TRUNCATED_OUTPUT),
    "cut": ({"content": Content(flaw=Flaw(CauseCode.TRUNCATED_OUTPUT, "breaks off"))}, CauseCode.TRUNCATED_OUTPUT),
    "without its heart": ({"content": Content(found={HEART: False, FALLBACK: False})}, CauseCode.DEGRADED_OUTPUT),
    "fallback": ({"content": Content(found={HEART: True, FALLBACK: True})}, CauseCode.DEGRADED_OUTPUT),
    "not to be read": ({"content": None, "unreadable": "Permission denied"}, CauseCode.OUTPUT_UNREADABLE),
    "no file": ({"is_regular": False}, CauseCode.OUTPUT_UNREADABLE),
}


def run_due(year: Year, due: str) -> Run:
    """The run of the year that is due then or next."""
    return next(run for run in year.runs if run.due_at >= at(due))


def first_alarm(
    year: Year, run: Run, until: timedelta = DAY / 8, since: timedelta = 60 * MINUTE
) -> tuple[datetime, CauseCode | None] | None:
    """When somebody is first called, looking every ten minutes and around each boundary, and why."""
    checks = {*moments(year, run.due_at - since, run.due_at + until, TEN_MINUTES), *boundaries(year.job, run)}
    for now in sorted(checks):
        told = year.seen_at(now)
        judged = told.judged
        if judged.needs_a_person:
            scheduler = next((each for each in judged.scheduler_causes.values() if each), None)
            return now, scheduler.code if scheduler else told.code
    return None


@PLANTED
def test_each_planted_fault_is_found_at_the_first_check_that_can_know(
    schedule: str, zone: str, due: str, engine: str
) -> None:
    year = year_of(haiku_job(schedule=schedule, zone=zone, engine=engine, look_back="48 h"))
    run = run_due(year, due)
    limit, before = year.job.due_run(run.due_at).finish_by, year.runs[year.runs.index(run) - 1]

    def with_run(**words: Any) -> Year:
        return year.with_run(replace(run, **words))

    hanging = replace(with_run(ended_at=run.due_at + DAY / 4, leaves_file=False), tells_running=True)
    # The year's files hold the time of their run.
    repeated = {"content": Content(sha256=before.ended_at.isoformat(), found={HEART: True, FALLBACK: False})}
    planted = {
        "missed": (year.without(run.due_at), limit, CauseCode.MISSED_RUN),
        "hours late": (with_run(ended_at=run.due_at + 168 * MINUTE), limit, CauseCode.MISSED_RUN),
        "hanging": (hanging, limit, CauseCode.STILL_RUNNING),
        "failed": (with_run(status="error", leaves_file=False), run.ended_at, CauseCode.RUN_FAILED),
        "without output": (with_run(leaves_file=False), limit, CauseCode.SUCCESS_WITHOUT_OUTPUT),
        "repeated": (with_run(file_is=repeated), run.ended_at, CauseCode.DUPLICATE_OUTPUT),
        "not recorded": (with_run(is_recorded=False), limit, CauseCode.UNRECORDED_RUN),
        "stopped": (
            year.stopped(run.due_at - 33 * MINUTE, admits=True), run.due_at - 30 * MINUTE, CauseCode.SCHEDULER_STOPPED,
        ),
        "stalled": (
            year.stopped(run.due_at - 33 * MINUTE, admits=False), run.due_at + TEN_MINUTES, CauseCode.SCHEDULER_STALLED,
        ),
        **{name: (with_run(file_is=file_is), run.ended_at, code) for name, (file_is, code) in BAD_OUTPUTS.items()},
    }  # fmt: skip

    found = {name: first_alarm(broken, run) for name, (broken, _, _) in planted.items()}

    assert found == {name: (found_at, code) for name, (_, found_at, code) in planted.items()}
    assert planted["hours late"][0].seen_at(run.due_at + 168 * MINUTE).code is CauseCode.RAN_LATE


@PLANTED
def test_a_run_that_should_leave_no_file_is_found_missed_or_hanging_at_its_limit(
    schedule: str, zone: str, due: str, engine: str
) -> None:
    year = year_of(haiku_job(schedule=schedule, zone=zone, engine=engine, look_back="48 h", has_output=False))
    run = run_due(year, due)
    limit = year.job.due_run(run.due_at).finish_by
    hanging = replace(year.with_run(replace(run, ended_at=run.due_at + DAY / 4)), tells_running=True)

    assert first_alarm(year.without(run.due_at), run) == (limit, CauseCode.MISSED_RUN)
    assert first_alarm(hanging, run) == (limit, CauseCode.STILL_RUNNING)


@PLANTED
def test_faults_of_drawn_runs_are_found_as_soon(schedule: str, zone: str, due: str, engine: str) -> None:
    """Its limit is its jitter later."""
    job = haiku_job(schedule=schedule, zone=zone, engine=engine, look_back="48 h", jitter="25 min", grace="1 min")
    year = drawn_year_of(job)
    run = run_due(year, due)
    limit = run.due_at + 36 * MINUTE
    silent, failed = replace(run, leaves_file=False), replace(run, status="error", leaves_file=False)

    assert first_alarm(year.without(run.due_at), run) == (limit, CauseCode.MISSED_RUN)
    assert first_alarm(year.with_run(failed), run) == (run.ended_at, CauseCode.RUN_FAILED)
    assert first_alarm(year.with_run(silent), run) == (limit, CauseCode.SUCCESS_WITHOUT_OUTPUT)


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
    year = drawn_year_of(job, due_between(job.schedule, at(due) - DAY, at(due) + DAY))
    run = run_due(year, due)
    before = year.runs[year.runs.index(run) - 1]
    year = year.with_run(replace(before, ended_at=before.due_at + timedelta(minutes=40, seconds=30)))

    found = first_alarm(year.without(run.due_at), run, DAY / 24)

    assert found == (job.due_run(run.due_at).finish_by, CauseCode.MISSED_RUN)


@PLANTED
def test_each_fault_of_the_table_is_found_at_the_limit_of_its_run(
    schedule: str, zone: str, due: str, engine: str
) -> None:
    """What `rollcall rehearse` plants: whatever befalls a run or its scheduler must be named as what it is."""
    job = haiku_job(schedule=schedule, zone=zone, engine=engine, look_back="48 h")
    year, drawn = year_of(job), drawn_year_of(job.but(jitter=timedelta(minutes=14)))

    assert wrongly_named(year, run_due(year, due)) == {}
    assert wrongly_named(drawn, run_due(drawn, due)) == {}


@pytest.mark.parametrize("runs_on_them", [True, False])
@pytest.mark.parametrize(
    ("name", "due", "engine"),
    [
        ("weekends", "2026-03-27T06:00+01:00", "cron"),
        ("weekends", "2026-03-30T06:00+02:00", "apscheduler"),
        ("holidays", "2026-04-05T06:00+02:00", "cron"),
        ("holidays", "2026-04-07T06:00+02:00", "apscheduler"),
        ("business days", "2026-10-26T06:00+01:00", "cron"),
    ],
)
def test_each_fault_beside_a_day_off_is_found_at_its_limit(
    name: str, due: str, runs_on_them: bool, engine: str
) -> None:
    year = with_days_off(name, engine, runs_on_them=runs_on_them)
    run = next(run for run in year.runs if run.due_at == at(due))

    assert first_alarm(year.without(run.due_at), run) == (
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

    found = first_alarm(year.without(run.due_at), run, DAY / 40, since=10 * MINUTE)

    assert found == (job.due_run(run.due_at).finish_by, CauseCode.MISSED_RUN)


def test_a_run_that_an_interval_skips_is_found_at_its_limit() -> None:
    job = haiku_job(every_span="6 h", look_back="48 h")
    year = Interval.counted_from(job, [at(BEGAN)])
    run = next(run for run in year.runs if run.due_at > at("2026-03-28T12:00+01:00"))

    found = first_alarm(year.without(run.due_at), run)

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
