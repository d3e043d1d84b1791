"""Which instant does a file's name tell?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.times import split_stamp

# How finely a stamp tells the time: the first of these codes that it holds. Without any it tells the day.
_FINENESS = (
    ("%[SfTXcrs]", timedelta(0)),
    ("%[MR]", timedelta(minutes=1)),
    ("%[HI]", timedelta(hours=1)),
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file name as strptime reads it, and the zone of the wall clock it shows."""

    text: str
    zone: ZoneInfo

    def read(self, name: str) -> datetime | None:
        """What the clock on the wall showed; None where the name does not tell, or no year that a run can have."""
        before, codes, after = split_stamp(self.text)
        if not (name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after)):
            return None
        try:
            wall = datetime.strptime(  # noqa: DTZ007 - a wall clock until its instant is asked for
                name[len(before) : len(name) - len(after)], codes
            )
        except ValueError:
            return None
        return wall if 1970 <= wall.year <= 2999 else None

    def instant(self, wall: datetime, *, near: datetime) -> datetime:
        """The instant that is meant: of all that the stamp leaves open, the one nearest to the file's mtime, `near`.

        In the hour that a clock change repeats that is one of two; a stamp of a day alone leaves the whole day.
        """
        first, last = self._at(wall, near), self._at(wall + self._left_open(), near)
        return min(max(near, first), max(first, last))

    def _at(self, wall: datetime, near: datetime) -> datetime:
        if wall.tzinfo is not None:
            return wall.astimezone(UTC)
        readings = (wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        return min(readings, key=lambda reading: abs(reading - near))

    def _left_open(self) -> timedelta:
        text = self.text.replace("%%", "")
        fineness = next((span for codes, span in _FINENESS if re.search(codes, text)), timedelta(days=1))
        return max(fineness - timedelta(microseconds=1), timedelta(0))
