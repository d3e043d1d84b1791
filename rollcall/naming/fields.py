"""How does each strftime field look in a name, and what does it tell?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from rollcall.naming.days import Days, in_words
from rollcall.naming.stretch import Told
from rollcall.text import clean
from rollcall.times import LONG_WEEKDAYS, MONTHS, WEEKDAYS, elapsed

_LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One field: the unit of time it tells, the regular expression of what it can be, and of all that has its shape."""

    unit: str
    possible: str
    shape: str
    read: Callable[[str], int] = int
    write: Callable[[datetime], str] | None = None  # None: as strftime does, in any language


def _of_words(unit: str, words: tuple[str, ...], place: Callable[[datetime], int]) -> Field:
    """A field of English words, whose case does not matter; `place` says which of them is written."""
    lower = [word.lower() for word in words]
    first = 0 if unit == "afternoon" else 1  # months and weekdays count from 1
    any_word = f"(?i:{'|'.join(words)})"
    return Field(
        unit,
        possible=any_word,
        shape=any_word,
        read=lambda text: lower.index(text.lower()) + first,
        write=lambda wall: words[place(wall) - first],
    )


def _read_offset(text: str) -> int:
    minutes = 0 if text == "Z" else int(text[1:3]) * 60 + int(text[-2:])
    return -minutes if text[0] == "-" else minutes


_YEAR = "(?:19[7-9][0-9]|2[0-9]{3})"
_TWO = "[0-9]{2}"
FIELDS = {
    "Y": Field("year", _YEAR, "[0-9]{4}"),
    # As POSIX reads it.
    "y": Field("year", "(?:6[0-8]|[0-57-9][0-9])", _TWO, lambda text: int(text) + (1900 if text >= "69" else 2000)),
    "m": Field("month", "(?:0[1-9]|1[0-2])", _TWO),
    "d": Field("day", "(?:0[1-9]|[12][0-9]|3[01])", _TWO),
    "j": Field("day_of_year", "(?:00[1-9]|0[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-6])", "[0-9]{3}"),
    "H": Field("hour", "(?:[01][0-9]|2[0-3])", _TWO),
    "M": Field("minute", "[0-5][0-9]", _TWO),
    "S": Field("second", "[0-5][0-9]", _TWO),
    "I": Field("hour_of_twelve", "(?:0[1-9]|1[0-2])", _TWO),
    "p": _of_words("afternoon", ("AM", "PM"), lambda wall: wall.hour // 12),
    "f": Field("microsecond", "[0-9]{1,6}", "[0-9]{1,6}", lambda text: int(text.ljust(6, "0"))),
    "s": Field("epoch", "[0-9]{1,10}", "[0-9]+", write=lambda wall: str(int(wall.timestamp())) if wall.tzinfo else "*"),
    "a": _of_words("weekday", WEEKDAYS, datetime.isoweekday),
    "A": _of_words("weekday", LONG_WEEKDAYS, datetime.isoweekday),
    "b": _of_words("month", MONTHS, lambda wall: wall.month),
    "B": _of_words("month", _LONG_MONTHS, lambda wall: wall.month),
    "G": Field("iso_year", _YEAR, "[0-9]{4}"),
    "V": Field("iso_week", "(?:0[1-9]|[1-4][0-9]|5[0-3])", _TWO),
    "u": Field("weekday", "[1-7]", "[0-9]"),
    "w": Field("weekday", "[0-6]", "[0-9]", lambda text: int(text) or 7),
    "z": Field(
        "offset",
        "(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])",
        "(?:Z|[+-][0-9]{2}:?[0-9]{2})",
        read=_read_offset,
        write=lambda wall: wall.strftime("%z") or "*",
    ),
}
# How long a clock shows the same of each; of a day it shows the same all day.
_SHOWN_FOR = {
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
    "hour_of_twelve": timedelta(hours=1),
    "afternoon": timedelta(hours=12),
    "microsecond": timedelta.resolution,
    "epoch": timedelta(seconds=1),
}
# What stands for several.
LONGER = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S"}

_BY_LANGUAGE = "which differs from language to language. Write digits, such as %Y%m%d or %H%M%S."
_OTHER_WEEK = "a week that is not an ISO week. Write %V, with %G for its year, or * where it stands."
_REFUSED = {
    "Z": "a zone's name, which is not read as one. Write %z, or the name itself.",
    **dict.fromkeys("cxX", _BY_LANGUAGE),
    **dict.fromkeys("UW", _OTHER_WEEK),
}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A name whose fields cannot all be true; `why` says it to people: "no day has year 2026, month 2 and day 31"."""

    why: str


def check_field(code: str) -> None:
    """Raises ValueError, with rule and cure, for a field that is not read; `code` is what follows the percent sign."""
    if code in FIELDS:
        return
    if not code:
        raise ValueError('has a "%" without a field. Write "%%" for a percent sign.')
    if code in _REFUSED:
        raise ValueError(f"has %{code}, {_REFUSED[code]}")
    known = " ".join((*(f"%{each}" for each in FIELDS), *LONGER))
    raise ValueError(f'has "%{clean(code, 4)}", which is not a known field. Fields are {known}, and "%%" for "%".')


# Outputs that share a folder share their days.
@lru_cache(maxsize=8_192)
def read_fields(found: tuple[tuple[str, str], ...]) -> Told | Disagreement:
    """What the fields of a name, each a code and the text that stands there, tell together."""
    units = [(FIELDS[code].unit, FIELDS[code].read(text)) for code, text in found]
    told = dict(units)
    # Of a folder's name alone there may be one of the two.
    twelve, afternoon = told.get("hour_of_twelve"), told.get("afternoon")
    if twelve is not None and afternoon is not None:
        units.append(("hour", twelve % 12 + 12 * afternoon))
    told = {}
    for unit, value in units:
        if told.setdefault(unit, value) != value:
            return Disagreement(f"it says {in_words(unit, told[unit])} and {in_words(unit, value)}")
    days = Days(**{unit: value for unit, value in told.items() if unit in Days._fields})
    clock = ("hour", "minute", "second", "microsecond", "offset", "epoch")
    read = Told(days=days, **{unit: told[unit] for unit in clock if unit in told})
    problem = read.problem()
    return read if problem is None else Disagreement(problem)


def write_field(code: str, wall: datetime, between: tuple[datetime, datetime] | None = None) -> str:
    """What stands there at the wall clock `wall`, in English; "*" for %z and %s where `wall` has no offset.

    The field itself where the clock does not show the same of it all the time `between` two aware instants.
    """
    if between and (shown_for := _SHOWN_FOR.get(FIELDS[code].unit)):
        first, last = between
        if elapsed(first, last) >= shown_for or write_field(code, first) != write_field(code, last):
            return f"%{code}"
    write = FIELDS[code].write
    return wall.strftime(f"%{code}") if write is None else write(wall)
