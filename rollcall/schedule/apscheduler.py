"""When does a running APScheduler 3 start a job?

The trigger has no "previous", and what it names next depends on what it named before: the first day or month it
steps into after a clock change is entered an hour too late, so in Europe/Zurich a job at 00:30 every day is not run
on 30 March 2026, while a scheduler restarted on the 29th at noon does run it. Only the chain of a scheduler that has
been running for long is exact, and it is followed here: from a start far enough back that every start before it
leads to the same runs.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import dropwhile, takewhile
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from rollcall.schedule.base import Engine, Schedule
from rollcall.schedule.five_fields import FIVE_FIELDS, read_five_fields
from rollcall.schedule.words import Fields, show_fields
from rollcall.times import EPOCH

GRAMMAR = FIVE_FIELDS
_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_RARE = timedelta(days=3 * 366)
# The first day of a month that has 31.
_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)


class _Trigger(Protocol):
    """What is used of CronTrigger, which ships no types."""

    fields: list[Any]

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApschedulerSchedule:
    """Five fields as `CronTrigger.from_crontab` reads them; `text` is what was declared."""

    CALLED: ClassVar[str] = "APScheduler"
    WEEKDAYS: ClassVar[str] = "Write 0-6 (0 is Monday, 6 is Sunday in APScheduler) or mon-sun."

    text: str
    fields: str
    zone: ZoneInfo
    engine: Engine = Engine.APSCHEDULER

    @staticmethod
    def has_dates(fields: str) -> bool:
        """Whether these fields are ever due. Raises ValueError where APScheduler cannot read them.

        The trigger itself would search until the year 9999. 28 years hold every date on every weekday.
        """
        trigger: _Trigger = CronTrigger.from_crontab(fields, timezone=UTC)
        dates = [field for field in trigger.fields if field.name in ("month", "day", "day_of_week")]
        days = (datetime(2000, 1, 1, tzinfo=UTC) + number * _DAY for number in range(28 * 366))
        return any(all(_allows(field, day) for field in dates) for day in days)

    def last_due(self, at: datetime) -> datetime | None:
        return _last_run(self.fields, self.zone, at.astimezone(UTC))

    def next_due(self, after: datetime) -> datetime | None:
        return next(self._from(after), None)

    def due_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        return takewhile(lambda due: due <= end, self._from(start))

    def due_after(self, due: datetime) -> Iterator[datetime]:
        return _runs_on(_trigger(self.fields, self.zone), self.zone, due)

    def is_due_at(self, at: datetime) -> bool:
        """Whether a run may start at `at`: of a scheduler long running, or of one started just before.

        Wider than `due_between` on the days after a clock change, because nobody can see from outside when the
        scheduler was started.
        """
        first = _trigger(self.fields, self.zone).get_next_fire_time(None, at.astimezone(self.zone))
        return self.last_due(at) == at or (first is not None and first.astimezone(UTC) == at)

    def in_words(self) -> str:
        fields = _read_fields(self.fields)
        return (fields and show_fields(fields)) or f'apscheduler "{self.fields}"'

    def _from(self, after: datetime) -> Iterator[datetime]:
        last, trigger = self.last_due(after), _trigger(self.fields, self.zone)
        runs = _runs(trigger, self.zone, first_after=EPOCH) if last is None else _runs_on(trigger, self.zone, last)
        return dropwhile(lambda due: due <= after, runs)


def read(text: str, zone: ZoneInfo) -> Schedule:
    """The schedule that `text` means in `zone`. Raises ValueError holding the rule and the cure."""
    return read_five_fields(text, ApschedulerSchedule, zone)


@lru_cache(maxsize=4096)
def _trigger(fields: str, zone: ZoneInfo) -> _Trigger:
    trigger: _Trigger = CronTrigger.from_crontab(fields, timezone=zone)
    return trigger


@lru_cache(maxsize=4096)
def _read_fields(fields: str) -> Fields | None:
    """The fields as plain sets, as APScheduler reads them; None for what those cannot say."""
    has_last_day = "last" in fields.lower()
    if has_last_day and fields.split()[2].lower() != "last":
        return None
    minute, hour, day, month, weekday = (
        next(field for field in _trigger(fields, ZoneInfo("UTC")).fields if field.name == name)
        for name in ("minute", "hour", "day", "month", "day_of_week")
    )
    return Fields(
        minutes=_allowed(minute, [_MONDAY + number * timedelta(minutes=1) for number in range(60)]),
        hours=_allowed(hour, [_MONDAY + number * timedelta(hours=1) for number in range(24)]),
        days=frozenset() if has_last_day else _allowed(day, [_MONDAY + number * _DAY for number in range(31)], 1),
        last_day=has_last_day,
        months=_allowed(month, [_MONDAY.replace(month=number) for number in range(1, 13)], 1),
        weekdays=_allowed(weekday, [_MONDAY + number * _DAY for number in range(7)]),
        either_day=False,
    )


def _allows(field: Any, at: datetime) -> bool:
    return bool(field.get_next_value(at) == field.get_value(at))


def _allowed(field: Any, moments: list[datetime], first: int = 0) -> frozenset[int]:
    """The numbers of the moments, counted from `first`, that the field allows."""
    return frozenset(number for number, at in enumerate(moments, first) if _allows(field, at))


def _runs(trigger: _Trigger, zone: ZoneInfo, *, first_after: datetime) -> Iterator[datetime]:
    """The runs of a scheduler started at `first_after`, as its own loop asks for them."""
    first = trigger.get_next_fire_time(None, first_after.astimezone(zone))
    if first is not None:
        first = first.astimezone(UTC)
        yield first
        yield from _runs_on(trigger, zone, first)


def _runs_on(trigger: _Trigger, zone: ZoneInfo, last: datetime) -> Iterator[datetime]:
    """The runs that follow the run at `last`."""
    while run := trigger.get_next_fire_time(last.astimezone(zone), last.astimezone(zone)):
        last = run.astimezone(UTC)
        yield last


def _last_run(fields: str, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The newest run at or before `at` of a scheduler running since 1970, looking back little at first."""
    trigger = _trigger(fields, zone)
    look_back = _first_look_back(trigger, zone, at)
    while look_back < _RARE and at - look_back > EPOCH:
        start = at - look_back
        runs = takewhile(lambda run: run <= at, _runs(trigger, zone, first_after=start))
        if last := _last_settled(runs, zone, _widest_change(zone, start.year - 2, at.year)):
            return last
        look_back *= 4
    # Only rare schedules come to this.
    runs = takewhile(lambda run: run <= at, _runs(trigger, zone, first_after=EPOCH))
    return next(iter(deque(runs, maxlen=1)), None)


def _first_look_back(trigger: _Trigger, zone: ZoneInfo, at: datetime) -> timedelta:
    """Enough for three runs of a job that is due at one time of day, else as far as the next two tell."""
    change = _widest_change(zone, at.year - 1, at.year)
    named = {field.name: str(field) for field in trigger.fields}
    if named["hour"].isdigit() and named["minute"].isdigit():
        return 2 * _DAY + change
    coming = _runs(trigger, zone, first_after=at)
    first, second = next(coming, at), next(coming, at)
    return 3 * max(second - first, timedelta(minutes=1)) + change


def _last_settled(runs: Iterator[datetime], zone: ZoneInfo, margin: timedelta) -> datetime | None:
    """The newest of the runs if by then they no longer depend on where they were started.

    A change of clocks moves the point from which the trigger searches on by at most the width of the change. Two
    runs that far apart (`margin`) with no change between them are therefore settled: the search that any earlier start
    leads to has come to the later one, or to a run before it.
    """
    first = next(runs, None)
    if first is None:
        return None
    calm_since, last, is_settled = first, first, False
    for run in runs:
        if not _is_calm(zone, last, run):
            calm_since = run
        is_settled = is_settled or run - calm_since >= margin
        last = run
    return last if is_settled else None


def _is_calm(zone: ZoneInfo, start: datetime, end: datetime) -> bool:
    """Whether the zone keeps one offset from `start` to `end`; it never leaves and regains one within a week."""
    moments = (start + week * _WEEK for week in range((end - start) // _WEEK + 1))
    return len({_offset(zone, at) for at in (*moments, end)}) == 1


@lru_cache(maxsize=4096)
def _widest_change(zone: ZoneInfo, first_year: int, last_year: int) -> timedelta:
    """By how much two offsets of the zone differ in these years, an hour at least."""
    start = datetime(max(first_year, 1), 1, 1, tzinfo=UTC)
    weeks = (last_year - first_year + 1) * 53
    offsets = [_offset(zone, start + week * _WEEK) for week in range(weeks + 1)]
    return max(max(offsets) - min(offsets), timedelta(hours=1))


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)
