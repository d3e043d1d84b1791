"""Which clock faces does an OnCalendar expression name, or what is wrong with it?

Read as systemd.time(7) says and systemd 252 does; each rule that is not in the manual is measured with
`systemd-analyze calendar`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

FIRST_YEAR, LAST_YEAR = 1970, 2199
_LONGEST = 1_000
_MOST_EXPRESSIONS = 50
_MICRO = 1_000_000
_MINUTE = 60 * _MICRO
_NAMED = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
    "yearly": "*-01-01 00:00:00",
}
_ALSO_NAMED = {
    "annually": "yearly",
    "anually": "yearly",
    "biannually": "semiannually",
    "bi-annually": "semiannually",
    "semi-annually": "semiannually",
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WRITE = 'Write such as "Mon..Fri *-*-* 06:00:00" or "daily"'
_VALUE = r"\d+(?:\.\d+)?"
_PART = re.compile(rf"({_VALUE})(?:\.\.({_VALUE}))?(?:/({_VALUE}))?")
_CURES = {
    "year": f'Write {FIRST_YEAR}-{LAST_YEAR}, such as "2026" or "2026..2028".',
    "month": 'Write 1-12, such as "01" or "1,4,7,10".',
    "day of month": 'Write 1-31, such as "01" or "1..7".',
    "day from the end": 'Write 1-28, such as "01" (the last day) or "7/1" (the last seven).',
    "hour": 'Write 0-23, such as "06" or "8..18/2".',
    "minute": 'Write 0-59, such as "30" or "0/15".',
    "second": 'Write 0-59, such as "00" or "0/30".',
}
_NO_ZONES = ("right/", "posix/", "localtime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The values that one expression allows, all of which must fit; weekdays count from Monday = 0.

    `days` are as they are written: counted from the end of the month (1 is its last) where `is_from_end`. `micros` are
    those of a minute, a range for each part of a list. `zone` is the one that the expression names.
    """

    text: str
    years: tuple[int, ...]
    months: tuple[int, ...]
    days: tuple[tuple[int, int | None, int], ...]
    is_from_end: bool
    weekdays: frozenset[int]
    minutes_of_day: tuple[int, ...]
    micros: tuple[range, ...]
    zone: ZoneInfo | None

    @property
    def is_any_year(self) -> bool:
        """Whether it says nothing of years."""
        return len(self.years) == LAST_YEAR - FIRST_YEAR + 1

    def days_of(self, first: date) -> tuple[int, ...]:
        """The days of the month that begins there which fit, whatever their weekday."""
        length = monthrange(first.year, first.month)[1]
        days: set[int] = set()
        for start, stop, step in self.days:
            if not self.is_from_end:
                days.update(range(start, (length if stop is None else min(stop, length)) + 1, step))
            elif stop is None:
                # "~07/1" goes on to the end of the month.
                days.update(range(length + 1 - start, length + 1, step))
            else:
                # The last that the steps reach is counted from its own end.
                reached = stop - (stop - start) % step
                days.update(range(length + 1 - reached, length + 2 - start, step))
        return tuple(sorted(days))


def read_parts(text: str, zone: ZoneInfo) -> tuple[Parts, ...]:
    """Each of the expressions in the text, which ";" separates. Raises ValueError holding the rule and the cure."""
    if len(text) > _LONGEST or not text.isascii() or not text.isprintable():
        raise ValueError(f"more than {_LONGEST} characters, or some that are no plain text. {_WRITE}.")
    each = [one.strip() for one in text.split(";")]
    if len(each) > _MOST_EXPRESSIONS:
        raise ValueError(f"more than {_MOST_EXPRESSIONS} expressions. Write them as jobs of their own.")
    if not all(each):
        raise ValueError(f"{'an expression is ' if len(each) > 1 else ''}empty. {_WRITE}.")
    return tuple(_read_one(one, zone) for one in each)


def _read_one(text: str, zone: ZoneInfo) -> Parts:
    words = text.split()
    own_zone = _own_zone(words, zone)
    if own_zone:
        words.pop()
    if words and words[0].startswith("@"):
        return _of_epoch(text, words)
    name = words[0].lower() if len(words) == 1 else ""
    words = _NAMED.get(_ALSO_NAMED.get(name, name), " ".join(words)).split()
    weekdays = _weekdays(words.pop(0)) if words and words[0][0].isalpha() else frozenset(range(7))
    date_text = words.pop(0) if words and ":" not in words[0] else "*-*-*"
    time_text = words.pop(0) if words else "00:00:00"
    if words:
        raise ValueError(f'nothing may follow the time, and "{words[0][:40]}" does. {_WRITE}.')
    years, months, days, is_from_end = _date(date_text)
    minutes_of_day, micros = _time(time_text)
    return Parts(
        text=text,
        years=years,
        months=months,
        days=days,
        is_from_end=is_from_end,
        weekdays=weekdays,
        minutes_of_day=minutes_of_day,
        micros=micros,
        zone=own_zone,
    )


def _own_zone(words: list[str], zone: ZoneInfo) -> ZoneInfo | None:
    """The zone that stands last in an expression; None where none does."""
    last = words[-1]
    if len(words) < 2 or not last[0].isalpha():
        return None
    if last.upper() == "UTC":
        return ZoneInfo("UTC")
    shown = {datetime(2026, month, 1, tzinfo=zone).tzname() for month in (1, 7)}
    if last.upper() in {name.upper() for name in shown if name}:
        # systemd then reckons with one offset all year, and finds no time at all in the other half of it.
        raise ValueError(f'"{last}" is the half of a year, no zone. Write "{zone.key}", or nothing.')
    try:
        if not last.startswith(_NO_ZONES):
            return ZoneInfo(last)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise ValueError(f'"{last[:40]}" is no time zone. Write one such as "Europe/Zurich" or "UTC", or nothing.')


def _of_epoch(text: str, words: list[str]) -> Parts:
    """ "@1771000000": one moment, in seconds since 1970."""
    digits = words[0][1:]
    if digits.lower() in _NAMED or digits.lower() == "midnight":
        raise ValueError(f'OnCalendar names have no "@". Did you mean "{digits.replace("midnight", "daily")}"?')
    if len(words) > 1 or not re.fullmatch(r"\d{1,10}", digits):
        raise ValueError(f'after "@" stand the seconds since 1970. {_WRITE}.')
    at = datetime.fromtimestamp(int(digits), UTC)
    if at.year > LAST_YEAR:
        raise ValueError(f"no year after {LAST_YEAR}. {_WRITE}.")
    return Parts(
        text=text,
        years=(at.year,),
        months=(at.month,),
        days=((at.day, at.day, 1),),
        is_from_end=False,
        weekdays=frozenset(range(7)),
        minutes_of_day=(60 * at.hour + at.minute,),
        micros=(range(at.second * _MICRO, at.second * _MICRO + 1),),
        zone=ZoneInfo("UTC"),
    )


def _weekdays(text: str) -> frozenset[int]:
    days: set[int] = set()
    # A comma may stand at the end, and "-" for "..".
    for part in text.removesuffix(",").split(","):
        first, *more = re.split(r"\.\.|-", part)
        start, end = _weekday(first), _weekday(more[0] if len(more) == 1 else first)
        if len(more) > 1 or end < start:
            raise ValueError(f'weekdays "{part[:40]}" do not go from Mon on to Sun. Write such as "Sat,Sun,Mon".')
        days.update(range(start, end + 1))
    return frozenset(days)


def _weekday(text: str) -> int:
    name = text.lower()
    for number, each in enumerate(_WEEKDAYS):
        if name in (each, each[:3]):
            return number
    near = get_close_matches(name, (*_NAMED, *_ALSO_NAMED, *_WEEKDAYS, *(each[:3] for each in _WEEKDAYS)), n=1)
    cure = f"Write Mon to Sun, or one of {', '.join(_NAMED)}."
    if near:
        cure = f'Did you mean "{near[0] if near[0] in (*_NAMED, *_ALSO_NAMED) else near[0].capitalize()}"?'
    raise ValueError(f'"{text[:40]}" is no weekday and no name. {cure}')


def _date(text: str) -> tuple[tuple[int, ...], tuple[int, ...], tuple[tuple[int, int | None, int], ...], bool]:
    split = re.split(r"([-~])", text)
    marks, fields = split[1::2], split[::2]
    if len(fields) not in (2, 3) or "~" in marks[:-1]:
        raise ValueError(
            f'date "{text[:40]}" is none. Write year-month-day, such as "*-*-01" or "*-02~01" (the last day).'
        )
    is_from_end = marks[-1] == "~"
    year, month, day = fields if len(fields) == 3 else ("*", *fields)
    years = _values(_parts("year", year, FIRST_YEAR, LAST_YEAR), LAST_YEAR)
    months = _values(_parts("month", month, 1, 12), 12)
    days = _parts("day from the end" if is_from_end else "day of month", day, 1, 28 if is_from_end else 31)
    # All days are all days, from whichever end.
    return years, months, days, is_from_end and day != "*"


def _time(text: str) -> tuple[tuple[int, ...], tuple[range, ...]]:
    fields = text.split(":")
    if len(fields) not in (2, 3):
        raise ValueError(f'time "{text[:40]}" is none. Write hour:minute:second, such as "06:00:00" or "*:0/15".')
    hours = _values(_parts("hour", fields[0], 0, 23), 23)
    minutes = _values(_parts("minute", fields[1], 0, 59), 59)
    seconds = fields[2] if len(fields) == 3 else "0"
    micros = _parts("second", seconds, 0, _MINUTE - 1, unit=_MICRO)
    if "." in seconds.replace("..", "") and any(stop is None for _, stop, _ in micros):
        # Measured: of "0/12.5" it leaves out the first second of each minute that it steps into.
        raise ValueError(
            f'second "{seconds[:40]}" is not steady: systemd counts on in fractions. Write such as "0..59/12.5".'
        )
    ranges = (range(start, (_MINUTE - 1 if stop is None else stop) + 1, step) for start, stop, step in micros)
    return tuple(60 * hour + minute for hour in hours for minute in minutes), tuple(dict.fromkeys(ranges))


def _parts(name: str, text: str, low: int, high: int, *, unit: int = 1) -> tuple[tuple[int, int | None, int], ...]:
    """Start, last value (None: none but the greatest) and step of each part of a list."""
    if text == "*":
        return ((low, None, unit),)
    parts = []
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None or ("." in part.replace("..", "") and unit == 1):
            raise ValueError(f'{name} "{text[:40]}" is nothing systemd takes. {_cure(name, part)}')
        start, stop, step = (None if each is None else _number(each, unit) for each in match.groups())
        assert start is not None
        if name == "year":
            start, stop = _whole_year(start), None if stop is None else _whole_year(stop)
        last = start if stop is None else stop
        is_reached = step is None or (
            0 < step <= high - low and (stop is not None or _reaches(start, step, name, high))
        )
        if not low <= start <= last <= high or not is_reached:
            raise ValueError(f'{name} "{text[:40]}" is nothing systemd takes. {_cure(name, part)}')
        parts.append((start, last if step is None or stop is not None else None, step or unit))
    return tuple(parts)


def _number(text: str, unit: int) -> int:
    """The number in units; of a fraction six digits count, the last rounded by the next."""
    whole, _, fraction = text.partition(".")
    digits = f"{fraction:0<7}"
    return int(whole) * unit + (int(digits[:6]) + (digits[6] >= "5") if fraction else 0)


def _whole_year(year: int) -> int:
    """A year of two digits is the nearest: 12 is 2012, 89 is 1989."""
    return year + 2000 if year < 70 else year + 1900 if year < 100 else year


def _reaches(start: int, step: int, name: str, high: int) -> bool:
    """True where a step from `start` leads to another value."""
    return start - step >= 1 if name == "day from the end" else start + step <= high


@lru_cache(maxsize=1024)
def _values(parts: tuple[tuple[int, int | None, int], ...], high: int) -> tuple[int, ...]:
    """All values of the parts, in their order."""
    ranges = (range(start, (high if stop is None else stop) + 1, step) for start, stop, step in parts)
    return tuple(sorted({value for each in ranges for value in each}))


def _cure(name: str, part: str) -> str:
    if part.startswith("*/"):
        return f'Did you mean "{1 if name in ("month", "day of month") else 0}{part[1:]}"?'
    if re.fullmatch(r"\d+-\d+", part):
        return f'Did you mean "{part.replace("-", "..")}"?'
    return _CURES[name]
