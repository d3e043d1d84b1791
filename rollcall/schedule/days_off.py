"""On which days is a job not due, whatever its schedule says?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from importlib.util import find_spec
from zoneinfo import ZoneInfo

from rollcall.schedule.base import Schedule
from rollcall.text import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysOff:
    """Days, in the job's zone, on which nothing is owed.

    `holidays` is a country or a region of it as the library `holidays` knows them, such as "CH-ZH". Where
    `is_business` weekends are off too.
    """

    dates: frozenset[date] = frozenset()
    holidays: str | None = None
    is_business: bool = False

    def __bool__(self) -> bool:
        return bool(self.dates or self.holidays or self.is_business)


def read_holidays(code: str) -> str:
    """The code of a country or a region whose holidays are known. Raises ValueError."""
    if find_spec("holidays") is None:
        raise ValueError('needs the library holidays, which is not installed: pip install "roll-call[holidays]"')
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


def without(schedule: Schedule, days_off: DaysOff, zone: ZoneInfo) -> Schedule:
    """`schedule`, but never due on a day off of `zone`."""
    raise NotImplementedError
