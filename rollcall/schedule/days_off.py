"""On which days is a job not due, whatever its schedule says?

Days off are the reader's own: the scheduler knows of none, goes on showing them as its next run, and may even run on
them. So two schedules lie in one: what is owed, and what the scheduler follows (`as_scheduled`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import lru_cache
from importlib.util import find_spec
from zoneinfo import ZoneInfo

from rollcall.schedule.base import Engine, Schedule
from rollcall.text import clean
from rollcall.times import MONTHS, WEEKDAYS
from rollcall.typed import install

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
# Whoever is due on days off alone for as long is never due.
_LONGEST_BREAK = timedelta(days=12 * 366)
_SATURDAY = 5
_MOST_DATES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysOff:
    """The days on which nothing is owed: `dates`, the public `holidays` of a place, and weekends (`is_business`)."""

    dates: frozenset[date] = frozenset()
    holidays: str | None = None
    is_business: bool = False

    def __bool__(self) -> bool:
        return bool(self.dates or self.holidays or self.is_business)

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
        shown = [f"{WEEKDAYS[each.weekday()]} {each.day} {MONTHS[each.month - 1]} {each.year}" for each in self._first]
        more = len(self.dates) - len(shown)
        parts += [*shown, f"{more} more days"] if more else shown
        return f"on {', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else f"on {parts[0]}"

    @property
    def _first(self) -> list[date]:
        return sorted(self.dates)[:_MOST_DATES]


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
        while due is not None and self.is_off(due):
            if at - due > _LONGEST_BREAK:
                return None
            due = self.scheduled.last_due(self._midnight(due) - _INSTANT)
        return due

    def next_due(self, after: datetime) -> datetime | None:
        due = self.scheduled.next_due(after)
        while due is not None and self.is_off(due):
            if due - after > _LONGEST_BREAK:
                return None
            due = self.scheduled.next_due(self._midnight(due, days=1) - _INSTANT)
        return due

    def due_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        return (due for due in self.scheduled.due_between(start, end) if not self.is_off(due))

    def due_after(self, due: datetime) -> Iterator[datetime]:
        last = due
        for following in self.scheduled.due_after(due):
            if not self.is_off(following):
                last = following
                yield following
            elif following - last > _LONGEST_BREAK:
                return

    def is_due_at(self, at: datetime) -> bool:
        return self.scheduled.is_due_at(at) and not self.is_off(at)

    def in_words(self) -> str:
        return f"{self.scheduled.in_words()}, but not {self.days_off.in_words()}"

    def is_off(self, at: datetime) -> bool:
        """True where the day of `at` is off."""
        return self.days_off.holds(at.astimezone(self.zone).date())

    def _midnight(self, at: datetime, *, days: int = 0) -> datetime:
        """When the day of `at`, or one some days later, begins."""
        day = at.astimezone(self.zone).date() + days * _DAY
        return datetime.combine(day, time.min, tzinfo=self.zone).astimezone(UTC)


def without(schedule: Schedule, days_off: DaysOff, zone: ZoneInfo) -> Schedule:
    """The schedule that owes nothing on these days of `zone`. ValueError where it is due on no other, ever."""
    owed = WithoutDaysOff(scheduled=schedule, days_off=days_off, zone=zone)
    if owed.next_due(_A_SOME_TIME) is None:
        raise ValueError(f"never due: it is due only {days_off.in_words()}, and those are its days off. Take some out.")
    return owed


# Whatever is ever due is due in the years after it.
_A_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def as_scheduled(schedule: Schedule) -> Schedule:
    """The schedule as its scheduler follows it, which knows of no day off."""
    return schedule.scheduled if isinstance(schedule, WithoutDaysOff) else schedule


def is_day_off(schedule: Schedule, at: datetime) -> bool:
    """True where nothing is owed on the day of `at`, whatever the schedule says."""
    return isinstance(schedule, WithoutDaysOff) and schedule.is_off(at)


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
    days = (date.fromordinal(number) for number in range(first.toordinal(), date(year, 12, 31).toordinal() + 1))
    return frozenset(day for day in days if (not calendar.is_working_day(day) if is_business else day in calendar))
