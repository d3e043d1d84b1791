"""Does a schedule agree with the engine itself, over ten years, many zones and generated expressions?

`cron` is held against a walk through every minute, written here from Debian's cron(8) alone. `apscheduler` is held
against a Job of the real library, asked the way its running scheduler asks. One disagreement is one too many.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from hypothesis import assume, given
from hypothesis import strategies as st

from rollcall.schedule import Engine, Schedule, read_schedule

ZONES = (
    "UTC",
    "Africa/Casablanca",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/Riga",
    "Europe/Zurich",
    "Pacific/Apia",
    "Pacific/Chatham",
)
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ENGINE_LOOP = timedelta(milliseconds=3)  # how late a scheduler's loop notices that a run is due


@lru_cache
def clock_changes(zone: ZoneInfo) -> list[datetime]:
    """The first instants of a new offset between FIRST and LAST."""
    changes = []
    at = FIRST
    while at < LAST:
        if at.astimezone(zone).utcoffset() != (at + HOUR).astimezone(zone).utcoffset():
            changes.append(next(m for m in minutes(at, at + HOUR) if _offset(m, zone) != _offset(at, zone)))
        at += HOUR
    return changes


def minutes(after: datetime, until: datetime) -> Iterator[datetime]:
    return (after + n * MINUTE for n in range(1, (until - after) // MINUTE + 1))


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


# Generated expressions: text together with the values it means ------------------------------------------------------


@dataclass(frozen=True)
class Field:
    text: str
    values: frozenset[int]


@st.composite
def fields_of(draw: st.DrawFn, low: int, high: int, *, last: int, most: int = 4) -> Field:
    """A number, a list or a range of *low* to *high*, or `*` or `*/step` up to *last*, as both engines write them."""
    number = st.integers(low, high)
    kind = draw(st.sampled_from(["number", "number", "list", "range", "stepped", "any", "every"]))
    if kind == "any":
        return Field("*", frozenset(range(low, last + 1)))
    if kind == "every":
        step = draw(st.integers(1, last - low))
        return Field(f"*/{step}", frozenset(range(low, last + 1, step)))
    if kind in ("number", "list"):
        numbers = draw(st.lists(number, min_size=1, max_size=1 if kind == "number" else most, unique=True))
        return Field(",".join(map(str, numbers)), frozenset(numbers))
    start = draw(st.integers(low, high - 1))
    end = draw(st.integers(start + 1, high))
    step = draw(st.integers(1, end - start)) if kind == "stepped" else 1
    suffix = f"/{step}" if kind == "stepped" else ""
    return Field(f"{start}-{end}{suffix}", frozenset(range(start, end + 1, step)))


@dataclass(frozen=True)
class Expression:
    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field

    @property
    def text(self) -> str:
        return " ".join(f.text for f in (self.minute, self.hour, self.day, self.month, self.weekday))

    def matches(self, face: datetime) -> bool:
        """Whether cron's fields match what the clock shows; weekday 0 is Sunday here."""
        return (
            face.minute in self.minute.values
            and face.hour in self.hour.values
            and face.month in self.month.values
            and self.matches_day(face)
        )

    def matches_day(self, face: datetime) -> bool:
        by_day = face.day in self.day.values
        by_weekday = (face.weekday() + 1) % 7 in self.weekday.values
        if self.day.text.startswith("*") or self.weekday.text.startswith("*"):
            return by_day and by_weekday
        return by_day or by_weekday

    @property
    def is_wildcard(self) -> bool:
        return self.minute.text.startswith("*") or self.hour.text.startswith("*")


any_value = st.just("*").map(lambda text: Field(text, frozenset(range(100))))
# Hours near the changes come up often, and most jobs have no day fields.
expressions = st.builds(
    Expression,
    minute=fields_of(0, 59, last=59),
    hour=st.one_of(fields_of(0, 23, last=23), fields_of(0, 4, last=23)),
    day=st.one_of(any_value, any_value, fields_of(1, 28, last=31)),
    month=st.one_of(any_value, any_value, fields_of(1, 12, last=12)),
    weekday=st.one_of(any_value, any_value, fields_of(0, 6, last=6)),
)
zones = st.sampled_from(ZONES).map(ZoneInfo)


@st.composite
def instants_in(draw: st.DrawFn, zone: ZoneInfo) -> datetime:
    """An instant of the ten years, as often as not within two days of a clock change."""
    changes = clock_changes(zone)
    if bool(changes) and draw(st.booleans()):
        return changes[draw(st.integers(0, len(changes) - 1))] + draw(st.integers(-2 * 1440, 2 * 1440)) * MINUTE
    return FIRST + draw(st.integers(1440, (LAST - FIRST) // MINUTE - 1440)) * MINUTE


cases = zones.flatmap(lambda zone: st.tuples(st.just(zone), instants_in(zone), expressions))


# cron ---------------------------------------------------------------------------------------------------------------


def cron_runs(expression: Expression, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """Walk minute by minute and run what cron(8) says."""
    shown_before = after.astimezone(zone).replace(tzinfo=None)
    for at in minutes(after, until):
        local = at.astimezone(zone)
        shown = local.replace(tzinfo=None, fold=0)
        if expression.is_wildcard:
            is_due = expression.matches(shown)
        else:
            # What the clock skipped just now is made up for; what it shows a second time is not run again.
            skipped = minutes(shown_before, shown - MINUTE)
            is_due = local.fold == 0 and (expression.matches(shown) or any(map(expression.matches, skipped)))
        if is_due:
            yield at
        shown_before = shown


@given(cases)
def test_cron_agrees_with_a_walk_through_every_minute(case: tuple[ZoneInfo, datetime, Expression]) -> None:
    zone, near, expression = case
    schedule = read_schedule(expression.text, engine=Engine.CRON, zone=zone)
    after, until = near - 20 * HOUR, near + 20 * HOUR

    runs = list(cron_runs(expression, zone, after, until))

    assert list(schedule.due_between(after, until)) == runs
    _assert_steps_agree(schedule, runs, after, until, near)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("wildcard", ["", "*/30"], ids=["fixed", "wildcard"])
def test_cron_agrees_on_every_clock_change_of_ten_years(zone: str, wildcard: str) -> None:
    every_half_hour = Field(wildcard or "0,30", frozenset({0, 30}))
    hours = Field("0,1,2,3,23", frozenset({0, 1, 2, 3, 23}))
    star = Field("*", frozenset(range(100)))
    expression = Expression(every_half_hour, hours, star, star, star)
    schedule = read_schedule(expression.text, engine=Engine.CRON, zone=ZoneInfo(zone))
    for change in [*clock_changes(ZoneInfo(zone)), FIRST + DAY]:
        after, until = change - DAY, change + DAY

        runs = list(cron_runs(expression, ZoneInfo(zone), after, until))

        assert list(schedule.due_between(after, until)) == runs
        _assert_steps_agree(schedule, runs, after, until, change)


def _assert_steps_agree(
    schedule: Schedule, runs: list[datetime], after: datetime, until: datetime, near: datetime, *, tail: int = 40
) -> None:
    """Assert that looking back and ahead finds the same runs, at *near* and around each of the last ones."""
    just = timedelta.resolution
    for at in {near, near + 17 * just, *(run + step for run in runs[-tail:] for step in (-just, 0 * just, just))}:
        so_far = bisect_right(runs, at)
        if so_far:
            assert schedule.last_due(at) == runs[so_far - 1]
        else:
            last = schedule.last_due(at)
            assert last is None or last <= after
        if so_far < len(runs):
            assert schedule.next_due(at) == runs[so_far]
        elif following := schedule.next_due(at):
            assert following > until


# apscheduler --------------------------------------------------------------------------------------------------------


def live_runs(text: str, zone: ZoneInfo, started_at: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the runs of a real Job, in the steps of ``BaseScheduler._real_add_job`` and ``_process_jobs``."""
    trigger = CronTrigger.from_crontab(text, timezone=zone)
    job = BackgroundScheduler(timezone=zone).add_job(print, trigger)
    job._modify(next_run_time=trigger.get_next_fire_time(None, started_at.astimezone(zone)))
    while job.next_run_time and job.next_run_time.astimezone(UTC) <= until:
        now = (job.next_run_time.astimezone(UTC) + ENGINE_LOOP).astimezone(zone)
        run_times = job._get_run_times(now)
        yield from (run.astimezone(UTC) for run in run_times)
        job._modify(next_run_time=trigger.get_next_fire_time(run_times[-1], now))


def long_before(expression: Expression, at: datetime) -> datetime:
    """A start some hundred runs earlier, but at least four days and at most thirty years."""
    per_day = len(expression.minute.values) * len(expression.hour.values)
    per_day_of_dates = len(expression.day.values & frozenset(range(1, 32))) / 31
    per_day_of_dates *= len(expression.month.values & frozenset(range(1, 13))) / 12
    per_day_of_dates *= len(expression.weekday.values & frozenset(range(7))) / 7
    days = 120 / (per_day * per_day_of_dates)
    return at - min(max(days, 4), 30 * 365) * DAY


@given(cases)
def test_apscheduler_agrees_with_a_live_job(case: tuple[ZoneInfo, datetime, Expression]) -> None:
    zone, near, expression = case
    # Every minute of some months is right too, but a live job takes seconds to get through them.
    assume(expression.month.text == "*" or len(expression.minute.values) * len(expression.hour.values) < 100)
    schedule = read_schedule(expression.text, engine=Engine.APSCHEDULER, zone=zone)
    started_at, until = long_before(expression, near), near + 20 * HOUR

    runs = list(live_runs(expression.text, zone, started_at, until))

    after = near - 20 * HOUR
    assert list(schedule.due_between(after, until)) == [run for run in runs if run > after]
    _assert_steps_agree(schedule, runs, started_at, until, near, tail=3)


# What a change of clocks does to the next day, week, month and year is different for each of these.
LONG_RUNNING = ("30 0 * * *", "30 2,14 * * mon,sun", "0 0 1 * *", "15 1 28-31 3,10 *", "0 0 29 2 *", "0 0 * 4,11 *")


@pytest.mark.parametrize("zone", ZONES)
def test_apscheduler_agrees_with_jobs_that_ran_through_ten_years(zone: str) -> None:
    for text in LONG_RUNNING:
        schedule = read_schedule(text, engine=Engine.APSCHEDULER, zone=ZoneInfo(zone))
        runs = list(
            live_runs(text, ZoneInfo(zone), FIRST - 20 * 365 * DAY if "29" in text else FIRST - 400 * DAY, LAST)
        )

        assert list(schedule.due_between(FIRST, LAST)) == [run for run in runs if run > FIRST]
        _assert_looking_back_finds(runs, schedule, clock_changes(ZoneInfo(zone)) or [FIRST + DAY])


def _assert_looking_back_finds(runs: list[datetime], schedule: Schedule, changes: list[datetime]) -> None:
    for at in (change + hours * HOUR for change in changes for hours in (-30, 0, 1, 30, 200)):
        so_far = bisect_right(runs, at)
        if 0 < so_far < len(runs):
            assert (schedule.last_due(at), schedule.next_due(at)) == (runs[so_far - 1], runs[so_far])
