"""With what do the names begin that an output can have in a stretch of time?

A place with years in it is not walked: it is asked for what is due. What a wildcard or a clock's time stands for is not
known before; the text in front of that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import takewhile

from rollcall.naming.fields import write_field
from rollcall.naming.parts import Kind, Part
from rollcall.outputs.listing import Wanted
from rollcall.roll.words import Dated

_NO_TIME = timedelta(0)
_DAY = timedelta(days=1)
# What a day alone fills in, written in digits: a month's name may be in any case.
_OF_A_DAY = frozenset("YymdjGVuw")
# How much older than the run the date in a name may be.
_OLDER = {Dated.PREVIOUS_DAY: 2 * _DAY, Dated.PREVIOUS_DUE: 400 * _DAY}
# Of a longer stretch every name is asked for.
_MOST_DAYS = 1_200
_BEFORE = 35


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of one folder: `names` that are known to the last letter, and `stems` that others begin with."""

    names: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()

    def __or__(self, other: Asked) -> Asked:
        return Asked(self.names | other.names, self.stems | other.stems)

    @property
    def beginnings(self) -> tuple[str, ...]:
        """What a name that is asked for begins with, in order, each once: none begins with another."""
        found: list[str] = []
        for each in sorted(self.names | self.stems):
            if not found or not each.startswith(found[-1]):
                found.append(each)
        return tuple(found)

    def takes(self, name: str) -> bool:
        """True of a name that is asked for."""
        return name in self.names or name.startswith(tuple(self.stems))


def days_of(wanted: Wanted, until: datetime) -> tuple[datetime, ...]:
    """The days, as its clock shows them, that the name of a file of `since` up to `until` can be dated; () of any.

    There is a day more at either end: whoever writes in another zone is seen too, and told of.
    """
    older = _OLDER.get(wanted.output.dated, _NO_TIME)
    first = (wanted.since - older - _DAY).astimezone(wanted.zone).date()
    number = (until + _DAY).astimezone(wanted.zone).date() - first
    if number.days > _MOST_DAYS:
        return ()
    return tuple(datetime.combine(first + count * _DAY, time.min) for count in range(number.days + 1))


def days_before(wanted: Wanted) -> tuple[datetime, ...]:
    """The days before those, as many as show what was there last."""
    first = next(iter(days_of(wanted, wanted.since)), None)
    return tuple(first - count * _DAY for count in range(_BEFORE, 0, -1)) if first else ()


def days_in(folders: tuple[str, ...], parts: tuple[Part, ...], days: tuple[datetime, ...]) -> tuple[datetime, ...]:
    """Those of the days that can be meant in the folder of these names, which the first parts of a path lead to."""
    led = tuple(zip(folders, parts, strict=False))
    return tuple(day for day in days if all(name.startswith(_filled(part, day)[0]) for name, part in led))


def asked_of(part: Part, days: tuple[datetime, ...]) -> Asked:
    """What is asked of the folder in which that part of a path stands, where its date is one of those days."""
    filled = {_filled(part, day) for day in days or (None,)}
    names = frozenset(name for name, is_whole in filled if is_whole)
    return Asked(names=names, stems=frozenset(name for name, is_whole in filled if not is_whole))


def _filled(part: Part, day: datetime | None) -> tuple[str, bool]:
    """The part up to what that day does not tell, and whether that is all of it."""
    name = ""
    for piece in part.pieces:
        if piece.kind is Kind.TEXT:
            # Unicode writes an accent in two ways, and a place may have either.
            text = "".join(takewhile(str.isascii, piece.text))
            name += text
            if text != piece.text:
                return name, False
        elif piece.kind is Kind.FIELD and piece.text in _OF_A_DAY and day is not None:
            name += write_field(piece.text, day)
        else:
            return name, False
    return name, True
