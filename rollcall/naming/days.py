"""Which days agree with what a name tells of its day?"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from rollcall.text import listed
from rollcall.times import WEEKDAYS

_DAY = timedelta(days=1)
# Where nothing is told: every day that a run can be of.
_ALL_DAYS = (date(1970, 1, 1), date(2999, 12, 31))
_EACH_CALENDAR = range(2000, 2028)  # In 28 years each kind of year comes up, leap or not, beginning on each weekday.
# How far a year lies that has such a day: nearly any day, then a 29 February, then one that is a Monday as well.
_REACHES = (1, 8, 40)
_WORDS = {"day_of_year": "day of the year", "iso_year": "ISO year", "iso_week": "ISO week"}

Run = tuple[date, date]


class Days(NamedTuple):
    """What a name tells of its day; None is what it does not tell. A weekday is 1 (Monday) to 7."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    day_of_year: int | None = None
    weekday: int | None = None
    iso_year: int | None = None
    iso_week: int | None = None

    def problem(self) -> str | None:
        """Why there is no such day; None where there is one."""
        if self == NO_DAY or any(_runs(self, year) for year in self._years() or _EACH_CALENDAR):
            return None
        told = [in_words(unit, value) for unit, value in self._asdict().items() if value is not None]
        return f"no day has {listed(told)}"

    def runs(self, near: date) -> Sequence[Run]:
        """The days that agree, neighbours as one run (its first and its last): those around `near`, in order."""
        if self == NO_DAY:
            return (_ALL_DAYS,)
        open_years = [range(near.year - reach, near.year + reach + 1) for reach in _REACHES]
        for years in [self._years()] if self._years() else open_years:
            if runs := [run for year in years for run in _runs(self, year)]:
                # Two of them on each side of `near`: what time of day is told decides which is the nearest.
                place = bisect(runs, (near, near))
                return runs[max(place - 2, 0) : place + 2]
        return ()

    def last(self) -> date | None:
        """The last day that agrees; None where the year is left open."""
        if self.year is not None and self.month is not None and self.day is not None:
            with suppress(ValueError):
                return date(self.year, self.month, self.day)
        return max((last for year in self._years() for _, last in _runs(self, year)), default=None)

    def agrees(self, day: date) -> bool:
        """Whether `day` has all that is told."""
        iso = day.isocalendar()
        shown = (day.year, day.month, day.day, day.timetuple().tm_yday, iso.weekday, iso.year, iso.week)
        return all(told is None or told == its for told, its in zip(self, shown, strict=True))

    def _years(self) -> Sequence[int]:
        """The years that can hold the day, ISO years where a week is told; none where the year is left open."""
        if self.iso_year is not None:
            return (self.iso_year,)
        if self.year is None:
            return ()
        # A year can begin in the last week of the one before, and end in the first of the next.
        return (self.year,) if self.iso_week is None else (self.year - 1, self.year, self.year + 1)


NO_DAY = Days()


def in_words(unit: str, value: int) -> str:
    """ "month 2", "Mon"."""
    return WEEKDAYS[value - 1] if unit == "weekday" else f"{_WORDS.get(unit, unit)} {value}"


# A rotation by %a-%H%M is ten thousand names of seven weekdays, and each asks for all Mondays of three years.
@lru_cache(maxsize=1_024)
def _runs(told: Days, year: int) -> tuple[Run, ...]:
    """The days of `year`, an ISO year where a week or such a year is told, that agree: neighbours as one run."""
    try:
        if told.iso_week is not None:
            first = date.fromisocalendar(year, told.iso_week, 1)
            last = first + 6 * _DAY
        elif told.iso_year is not None:
            first, last = date.fromisocalendar(year, 1, 1), date.fromisocalendar(year + 1, 1, 1) - _DAY
        elif told.month is not None and told.day is not None:
            first = last = date(year, told.month, told.day)
        else:
            first, last = date(year, 1, 1), date(year, 12, 31)
    except ValueError:  # a day or a week that the year does not have
        return ()
    runs: list[Run] = []
    for day in filter(told.agrees, (first + number * _DAY for number in range((last - first).days + 1))):
        if runs and runs[-1][1] == day - _DAY:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return tuple(runs)
