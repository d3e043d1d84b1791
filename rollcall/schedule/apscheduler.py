"""When does a running APScheduler 3 start a job?

The trigger has no "previous", and what it names next depends on what it named before: the first day or month it
steps into after a clock change is entered an hour too late, so in Europe/Zurich a job at 00:30 every day is not run
on 30 March 2026, while a scheduler restarted on the 29th at noon does run it. Only the chain of a scheduler that has
been running for long is exact, and it is followed here: from a start far enough back that every start before it
leads to the same runs.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, dropwhile, takewhile
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from rollcall.schedule.base import Engine
from rollcall.schedule.words import Fields, show_fields
from rollcall.times import EPOCH

_WEEK = timedelta(weeks=1)
_RARE = timedelta(days=3 * 366)


class _Trigger(Protocol):
    """What is used of CronTrigger, which ships no types."""

    fields: list[Any]

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApschedulerSchedule:
    """Five fields as ``CronTrigger.from_crontab`` reads them; *text* is what was declared."""

    text: str
    fields: str
    zone: ZoneInfo
    engine: Engine = Engine.APSCHEDULER

    def last_due(self, at: datetime) -> datetime | None:
        return _last_run(self.fields, self.zone, at.astimezone(UTC))

    def next_due(self, after: datetime) -> datetime | None:
        return next(self._from(after), None)

    def due_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        return takewhile(lambda due: due <= end, self._from(start))

    def due_after(self, due: datetime) -> Iterator[datetime]:
        return _runs_on(_trigger(self.fields, self.zone), self.zone, due)

    def is_due_at(self, at: datetime) -> bool:
        """Return whether a run may start at *at*: of a scheduler long running, or of one started just before.

        Wider than ``due_between`` on the days after a clock change, because nobody can see from outside when the
        scheduler was started.
        """
        first = _trigger(self.fields, self.zone).get_next_fire_time(None, at.astimezone(self.zone))
        return self.last_due(at) == at or (first is not None and first.astimezone(UTC) == at)

    def in_words(self) -> str:
        return show_fields(_read_fields(self.fields, self.zone)) or f'apscheduler "{self.fields}"'

    def _from(self, after: datetime) -> Iterator[datetime]:
        last = self.last_due(after)
        trigger = _trigger(self.fields, self.zone)
        runs = _runs(trigger, self.zone, first_after=EPOCH) if last is None else _runs_on(trigger, self.zone, last)
        return dropwhile(lambda due: due <= after, runs)


@lru_cache(maxsize=4096)
def _trigger(fields: str, zone: ZoneInfo) -> _Trigger:
    trigger: _Trigger = CronTrigger.from_crontab(fields, timezone=zone)
    return trigger


def _runs(trigger: _Trigger, zone: ZoneInfo, *, first_after: datetime) -> Iterator[datetime]:
    """Yield the runs of a scheduler started at *first_after*, as its own loop asks for them."""
    first = trigger.get_next_fire_time(None, first_after.astimezone(zone))
    if first is not None:
        first = first.astimezone(UTC)
        yield from chain([first], _runs_on(trigger, zone, first))


def _runs_on(trigger: _Trigger, zone: ZoneInfo, last: datetime) -> Iterator[datetime]:
    """Yield the runs that follow the run at *last*."""
    while True:
        previous = last.astimezone(zone)
        run = trigger.get_next_fire_time(previous, previous)
        if run is None:
            return
        last = run.astimezone(UTC)
        yield last


@lru_cache(maxsize=4096)
def _last_run(fields: str, zone: ZoneInfo, at: datetime) -> datetime | None:
    """Return the newest run at or before *at* of a scheduler running since 1970, looking back little at first."""
    trigger = _trigger(fields, zone)
    look_back = _first_look_back(trigger, zone, at)
    while look_back < _RARE and at - look_back > EPOCH:
        start = at - look_back
        if last := _last_settled_run(_runs(trigger, zone, first_after=start), zone, start=start, at=at):
            return last
        look_back *= 4

    runs = _all_runs(fields, zone, at.year)
    place = bisect_right(runs, at)
    return runs[place - 1] if place else None


@lru_cache(maxsize=64)
def _all_runs(fields: str, zone: ZoneInfo, last_year: int) -> tuple[datetime, ...]:
    """Return every run from 1970 to the end of *last_year*; affordable because only rare schedules come to this."""
    runs = _runs(_trigger(fields, zone), zone, first_after=EPOCH)
    return tuple(takewhile(lambda run: run.year <= last_year, runs))


def _first_look_back(trigger: _Trigger, zone: ZoneInfo, at: datetime) -> timedelta:
    """Enough for three runs of a job that is due at one time of day, else as far as the next two tell."""
    named = {field.name: str(field) for field in trigger.fields}
    if named["hour"].isdigit() and named["minute"].isdigit():
        return timedelta(days=2) + _widest_change(zone, at.year - 1, at.year)
    coming = _runs(trigger, zone, first_after=at)
    first, second = next(coming, at), next(coming, at)
    return 3 * max(second - first, timedelta(minutes=1)) + _widest_change(zone, at.year - 1, at.year)


def _last_settled_run(runs: Iterator[datetime], zone: ZoneInfo, *, start: datetime, at: datetime) -> datetime | None:
    """Return the newest of *runs* up to *at* if by then they no longer depend on where they were started.

    A change of clocks moves the point from which the trigger searches on by at most the width of the change. Two
    runs that far apart with no change between them are therefore settled: the search that any earlier start leads
    to has come to the later one, or to a run before it.
    """
    margin = _widest_change(zone, start.year - 2, at.year)
    calm_since = last = None
    settled = False
    for run in takewhile(lambda run: run <= at, runs):
        if calm_since is None or last is None or not _is_calm(zone, last, run):
            calm_since = run
        settled = settled or run - calm_since >= margin
        last = run
    return last if settled else None


def _is_calm(zone: ZoneInfo, start: datetime, end: datetime) -> bool:
    """Whether the zone keeps one offset from *start* to *end*; it never leaves and regains one within a week."""
    offset = _offset(zone, start)
    while start < end:
        start = min(start + _WEEK, end)
        if _offset(zone, start) != offset:
            return False
    return True


@lru_cache(maxsize=4096)
def _widest_change(zone: ZoneInfo, first_year: int, last_year: int) -> timedelta:
    """Return by how much two offsets of the zone differ in these years, an hour at least."""
    start = datetime(max(first_year, 1), 1, 1, tzinfo=UTC)
    weeks = (last_year - first_year + 1) * 53
    offsets = [_offset(zone, start + week * _WEEK) for week in range(weeks + 1)]
    return max(max(offsets) - min(offsets), timedelta(hours=1))


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def has_dates(fields: str) -> bool:
    """Return whether *fields* are ever due. Raises ValueError when APScheduler cannot read them.

    The trigger itself would search until the year 9999. 28 years hold every date on every weekday.
    """
    trigger: _Trigger = CronTrigger.from_crontab(fields, timezone=UTC)
    named = {field.name: field for field in trigger.fields}
    day = datetime(2000, 1, 1, tzinfo=UTC)
    while day.year < 2028:
        if all(_allows(named[name], day) for name in ("month", "day", "day_of_week")):
            return True
        day += timedelta(days=1)
    return False


def _allows(field: Any, at: datetime) -> bool:
    return bool(field.get_next_value(at) == field.get_value(at))


@lru_cache(maxsize=4096)
def _read_fields(fields: str, zone: ZoneInfo) -> Fields | None:
    """Return the fields as plain sets, in the engine's own reading; None for what those cannot say."""
    has_last_day = "last" in fields.lower()
    if has_last_day and fields.split()[2].lower() != "last":
        return None
    named = {field.name: field for field in _trigger(fields, zone).fields}
    # January 2001 has 31 days and begins on a Monday.
    days = _allowed(named["day_of_week"], [datetime(2001, 1, day, tzinfo=UTC) for day in range(1, 8)])
    return Fields(
        minutes=_allowed_from(named["minute"], 0),
        hours=_allowed_from(named["hour"], 0),
        days=frozenset() if has_last_day else _allowed_from(named["day"], 1),
        last_day=has_last_day,
        months=_allowed_from(named["month"], 1),
        weekdays=frozenset(day.weekday() for day in days),
        either_day=False,
    )


def _allowed(field: Any, moments: list[datetime]) -> list[datetime]:
    return [each for each in moments if _allows(field, each)]


def _allowed_from(field: Any, first: int) -> frozenset[int]:
    """Return all that *field* allows, from one value on to the next: asking value by value is dear for a morning."""
    allowed: set[int] = set()
    value: int | None = first
    start = datetime(2001, 1, 1, tzinfo=UTC)
    while value is not None and value <= field.get_max(start):
        moment: dict[str, Any] = {field.name: value}
        value = field.get_next_value(start.replace(**moment))
        if value is not None:
            allowed.add(value)
            value += 1
    return frozenset(allowed)
