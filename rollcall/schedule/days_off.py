"""On which days, and in which maintenance windows, is a job not due, whatever its schedule says?

Days off are the reader's own: the scheduler knows of none, goes on showing them as its next run, and may even run on
them. So two schedules lie in one: what is owed, and what the scheduler follows (`as_scheduled`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import lru_cache
from importlib.util import find_spec
from zoneinfo import ZoneInfo

from rollcall.command_line import install
from rollcall.schedule import answers
from rollcall.schedule.base import Engine, Schedule
from rollcall.text import clean, listed
from rollcall.times import MONTHS, WEEKDAYS

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
# Whoever is due on days off alone for as long is never due.
_LONGEST_BREAK = timedelta(days=12 * 366)
# So many days off or windows in a row, without a due time between them that is owed, never end.
_MOST_IN_A_ROW = 10_000
_SATURDAY = 5
_MOST_DATES = 3
# Whatever is ever due is due in the years after it.
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Maintenance: runs due within `lasts` (elapsed time) after a time of `opens` are not owed.

    It is meant for the jobs of that `tag`, or for all.
    """

    opens: Schedule
    lasts: timedelta
    reason: str
    tag: str | None = None

    def is_of(self, tags: Collection[str]) -> bool:
        """True where a job with these tags is meant."""
        return self.tag is None or self.tag in tags

    def opened_at(self, at: datetime) -> datetime | None:
        """When the one opened that `at` lies in; None where it lies in none."""
        opened = answers.last_due(self.opens, at)
        return opened if opened is not None and at < opened + self.lasts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysOff:
    """When nothing is owed: `dates`, public `holidays` of a place, weekends (`is_business`), and inside `windows`."""

    dates: frozenset[date] = frozenset()
    holidays: str | None = None
    is_business: bool = False
    windows: tuple[Window, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.dates or self.holidays or self.is_business or self.windows)

    def holds(self, day: date) -> bool:
        """True where `day` is off."""
        if day in self.dates:
            return True
        if self.holidays is None:
            return self.is_business and day.weekday() >= _SATURDAY
        return day in _off_in_year(self.holidays, self.is_business, day.year)

    def in_words(self) -> str:
        """ "on weekends, holidays of CH-ZH and Thu 24 Dec 2026"."""
        parts = ["weekends"] if self.is_business else []
        if self.holidays:
            parts.append(f"holidays of {self.holidays}")
        shown = sorted(self.dates)[:_MOST_DATES]
        parts += [f"{WEEKDAYS[each.weekday()]} {each.day} {MONTHS[each.month - 1]} {each.year}" for each in shown]
        if more := len(self.dates) - len(shown):
            parts.append(f"{more} more days")
        days = [f"on {listed(parts)}"] if parts else []
        reasons = ", ".join(dict.fromkeys(each.reason for each in self.windows))
        return " and ".join([*days, f"during maintenance ({reasons})"] if reasons else days)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutDaysOff:
    """What is owed of the schedule that its scheduler follows (`scheduled`); days are those of `zone`."""

    scheduled: Schedule
    days_off: DaysOff
    zone: ZoneInfo

    @property
    def text(self) -> str:
        return self.scheduled.text

    @property
    def engine(self) -> Engine:
        return self.scheduled.engine

    def last_due(self, at: datetime) -> datetime | None:
        due = self.scheduled.last_due(at)
        for _ in range(_MOST_IN_A_ROW):
            if due is None or (off := self.off_around(due)) is None:
                return due
            due = self.scheduled.last_due(off[0] - _INSTANT) if at - due <= _LONGEST_BREAK else None
        return None

    def next_due(self, after: datetime) -> datetime | None:
        due = self.scheduled.next_due(after)
        for _ in range(_MOST_IN_A_ROW):
            if due is None or (off := self.off_around(due)) is None:
                return due
            due = self.scheduled.next_due(off[1] - _INSTANT) if due - after <= _LONGEST_BREAK else None
        return None

    def due_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        return (due for due in self.scheduled.due_between(start, end) if not self.off_around(due))

    def due_after(self, due: datetime) -> Iterator[datetime]:
        last = due
        for following in self.scheduled.due_after(due):
            if not self.off_around(following):
                last = following
                yield following
            elif following - last > _LONGEST_BREAK:
                return

    def is_due_at(self, at: datetime) -> bool:
        return self.scheduled.is_due_at(at) and not self.off_around(at)

    def in_words(self) -> str:
        return f"{self.scheduled.in_words()}, but not {self.days_off.in_words()}"

    def off_around(self, at: datetime) -> tuple[datetime, datetime] | None:
        """From when until when nothing is owed around `at`: its day, or a window; None where something is."""
        day = at.astimezone(self.zone).date()
        if self.days_off.holds(day):
            midnights = (datetime.combine(each, time.min, tzinfo=self.zone) for each in (day, day + _DAY))
            begins, ends = (each.astimezone(UTC) for each in midnights)
            return begins, ends
        opened = ((window, window.opened_at(at)) for window in self.days_off.windows)
        return next(((begins, begins + window.lasts) for window, begins in opened if begins), None)


def without(schedule: Schedule, days_off: DaysOff, zone: ZoneInfo) -> Schedule:
    """The schedule that owes nothing on these days of `zone`. ValueError where it is due on no other, ever."""
    owed = WithoutDaysOff(scheduled=schedule, days_off=days_off, zone=zone)
    # When an interval without an anchor is due only its scheduler knows.
    if not getattr(schedule, "floats", False) and owed.next_due(_ANY_TIME) is None:
        raise ValueError(f"never due: it is due only {days_off.in_words()}, when nothing is owed. Take some out.")
    return owed


def as_scheduled(schedule: Schedule) -> Schedule:
    """The schedule as its scheduler follows it, which knows of no day off."""
    return schedule.scheduled if isinstance(schedule, WithoutDaysOff) else schedule


def is_day_off(schedule: Schedule, at: datetime) -> bool:
    """True where nothing is owed on the day of `at`, whatever the schedule says."""
    return isinstance(schedule, WithoutDaysOff) and schedule.off_around(at) is not None


def read_holidays(code: str) -> str:
    """The code of a country or a region whose holidays are known. Raises ValueError."""
    if find_spec("holidays") is None:
        raise ValueError(f"needs the library holidays, which is not installed: {install('holidays')}")
    import holidays

    known = holidays.list_supported_countries()
    country, dash, region = code.partition("-")
    if country not in known:
        near = get_close_matches(clean(country, 20), known, n=1)
        cure = f'Did you mean "{near[0]}"?' if near else 'Write one such as "CH" or "CH-ZH".'
        raise ValueError(f"no such country. {cure}")
    if dash and region not in known[country]:
        near = get_close_matches(clean(region, 20), known[country], n=1)
        cure = f'Did you mean "{country}-{near[0]}"?' if near else f'Write "{country}" for the whole country.'
        raise ValueError(f"no such region of {country}. {cure}")
    return code


@lru_cache(maxsize=1024)
def _off_in_year(code: str, is_business: bool, year: int) -> frozenset[date]:
    """The holidays of that year, with its weekends where they are off; a weekend day that is worked is not."""
    from holidays import country_holidays

    country, _, region = code.partition("-")
    calendar, first = country_holidays(country, subdiv=region or None), date(year, 1, 1)
    days = (first + number * _DAY for number in range((date(year, 12, 31) - first).days + 1))
    return frozenset(day for day in days if (not calendar.is_working_day(day) if is_business else day in calendar))
