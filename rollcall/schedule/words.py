"""How does a person say these five fields?

Only what can be said plainly and completely is said; for the rest None, and the caller shows the fields themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rollcall.text import listed
from rollcall.times import LONG_WEEKDAYS, MONTHS, WEEKDAYS

_MOST_LISTED = 6  # longer lists are harder to read than the fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The values that five fields allow, as their engine reads them; weekdays count from Monday = 0.

    `either_day` is whether a day of month or a day of week is enough; else both must match.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    last_day: bool
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool


def show_fields(fields: Fields) -> str | None:
    """When these fields are due, such as "Mon–Fri at 06:00"; None where that cannot be said plainly."""
    days, times = _show_days(fields), _show_times(fields)
    if days is None or times is None:
        return None
    if times.startswith("every"):
        return times if days == "every day" else f"{days}, {times}"
    return f"{days} at {times}"


def _show_times(fields: Fields) -> str | None:
    """ "06:00 and 18:00", or "every hour at :30"."""
    minutes = sorted(fields.minutes)
    if len(fields.hours) < 24:
        return _listed(f"{hour:02}:{minute:02}" for hour in sorted(fields.hours) for minute in minutes)
    if len(minutes) == 60:
        return "every minute"
    step = 60 // len(minutes)
    if len(minutes) > 1 and minutes == list(range(0, 60, step)):
        return f"every {step} minutes"
    shown = _listed(f":{minute:02}" for minute in minutes)
    return shown and f"every hour at {shown}"


def _show_days(fields: Fields) -> str | None:
    is_any_day, is_any_weekday = len(fields.days) == 31, len(fields.weekdays) == 7
    if fields.either_day and (is_any_day or is_any_weekday):
        is_any_day = is_any_weekday = True
    months = "" if len(fields.months) == 12 else _listed(MONTHS[month - 1] for month in sorted(fields.months))
    weekdays = _show_weekdays(fields.weekdays)
    if months is None:
        return None
    if is_any_day:
        days = "every day" if is_any_weekday else weekdays
        return f"{days} in {months}" if months else days
    month_days = _listed([*map(_ordinal, sorted(fields.days)), *["last day"] * fields.last_day])
    if month_days is None:
        return None
    days = f"on the {month_days} of {months or 'the month'}"
    if is_any_weekday:
        return days
    if not fields.either_day:
        return f"{days} and only if it is {weekdays.replace(' and ', ' or ')},"
    return None if months else f"{days} or on {weekdays}"


def _show_weekdays(weekdays: frozenset[int]) -> str:
    """ "Sunday", "Mon–Fri" or "Mon, Wed and Fri"."""
    days = sorted(weekdays)
    if len(days) == 1:
        return LONG_WEEKDAYS[days[0]]
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{WEEKDAYS[days[0]]}–{WEEKDAYS[days[-1]]}"
    return listed(WEEKDAYS[day] for day in days)


def _ordinal(day: int) -> str:
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _listed(words: Iterable[str]) -> str | None:
    words = tuple(words)
    return listed(words) if len(words) <= _MOST_LISTED else None
