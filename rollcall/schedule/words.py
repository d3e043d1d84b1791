"""How does a person say these five fields?

Only what can be said plainly and completely is said; for the rest None, and the caller shows the fields themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rollcall.times import MONTHS, WEEKDAYS

_LONG_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MOST_LISTED = 6  # longer lists are harder to read than the fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The values that five fields allow, as their engine reads them; weekdays count from Monday = 0."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    last_day: bool
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    """Whether a day of month or a day of week is enough; else both must match."""


def show_fields(fields: Fields | None) -> str | None:
    """Return when *fields* are due, such as ``Mon–Fri at 06:00``; None when that cannot be said plainly."""
    if fields is None:
        return None
    days, times = _show_days(fields), _show_times(fields)
    if days is None or times is None:
        return None
    if times.startswith("every"):
        return times if days == "every day" else f"{days}, {times}"
    return f"{days} at {times}"


def _show_times(fields: Fields) -> str | None:
    """Return ``06:00 and 18:00``, or ``every hour at :30``."""
    if len(fields.hours) == 24:
        return _show_minutes(sorted(fields.minutes))
    times = [f"{hour:02}:{minute:02}" for hour in sorted(fields.hours) for minute in sorted(fields.minutes)]
    return _listed(times) if len(times) <= _MOST_LISTED else None


def _show_minutes(minutes: list[int]) -> str | None:
    if len(minutes) == 60:
        return "every minute"
    step = 60 // len(minutes)
    if len(minutes) > 1 and minutes == list(range(0, 60, step)):
        return f"every {step} minutes"
    if len(minutes) <= _MOST_LISTED:
        return f"every hour at {_listed([f':{minute:02}' for minute in minutes])}"
    return None


def _show_days(fields: Fields) -> str | None:
    any_day = len(fields.days) == 31
    any_weekday = len(fields.weekdays) == 7
    if fields.either_day and (any_day or any_weekday):
        any_day = any_weekday = True
    match any_day, any_weekday:
        case True, True:
            return "every day" if len(fields.months) == 12 else _in_months("every day", fields.months)
        case True, False:
            return _in_months(_show_weekdays(fields.weekdays), fields.months)
        case False, True:
            return _show_days_of_month(fields)
        case _:
            return _show_both(fields)


def _show_both(fields: Fields) -> str | None:
    """Return ``on the 1st of the month or on Monday``, or what an engine that wants both makes of it."""
    days = _show_days_of_month(fields)
    if days is None:
        return None
    weekdays = _show_weekdays(fields.weekdays)
    if fields.either_day:
        return f"{days} or on {weekdays}" if len(fields.months) == 12 else None
    return f"{days} and only if it is {weekdays.replace(' and ', ' or ')},"


def _show_days_of_month(fields: Fields) -> str | None:
    if len(fields.days) + fields.last_day > _MOST_LISTED:
        return None
    days = [_ordinal(day) for day in sorted(fields.days)] + ["last day"] * fields.last_day
    if len(fields.months) == 12:
        return f"on the {_listed(days)} of the month"
    if len(fields.months) > _MOST_LISTED:
        return None
    return f"on the {_listed(days)} of {_listed(MONTHS[month - 1] for month in sorted(fields.months))}"


def _in_months(days: str, months: frozenset[int]) -> str | None:
    if len(months) == 12:
        return days
    if len(months) > _MOST_LISTED:
        return None
    return f"{days} in {_listed(MONTHS[month - 1] for month in sorted(months))}"


def _show_weekdays(weekdays: frozenset[int]) -> str:
    """Return ``Sunday``, ``Mon–Fri`` or ``Mon, Wed and Fri``."""
    days = sorted(weekdays)
    if len(days) == 1:
        return _LONG_WEEKDAYS[days[0]]
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{WEEKDAYS[days[0]]}–{WEEKDAYS[days[-1]]}"
    return _listed(WEEKDAYS[day] for day in days)


def _ordinal(day: int) -> str:
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
