"""When was a thing made that is listed with its own time?

A time without an offset is read by the output's `timezone`, and never guessed; a day without a time as the names of
files are: in the job's zone where none is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rollcall.evidence import CannotLook, FileSeen
from rollcall.roll.due_run import LOOKING_TIME
from rollcall.roll.output import Output
from rollcall.sources.numbers import UNITS, iso_of
from rollcall.text import clean
from rollcall.times import read_timestamp, show_instant
from rollcall.vocabulary import CauseCode

_DAY = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}")
# What Go, and so most tools of clouds, and MySQL write where there is no time.
_NEVER = re.compile(r"(?:0001-01-01|0000-00-00)(?:$|[T ]00:00:00)")
# A time before belongs to a number that counts something else.
_FIRST_YEAR, _LAST_YEAR = 1990, 2999
_INSTANT, _ONE_DAY = timedelta(microseconds=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """How the times of one output are read; `zone` is that of its days. Nothing is made later than `now`.

    Raises `CannotLook`, with `shown` before what is wrong.
    """

    output: Output
    zone: ZoneInfo
    shown: str
    now: datetime

    def seen(self, value: Any) -> FileSeen | None:
        """What was made at that time; None where it tells none: it is not made yet."""
        if value is None or (isinstance(value, str) and (not value.strip() or _NEVER.match(value))):
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            return self._of_day(value, value.isoformat())
        text = self._written(value)
        if not text:
            return None
        if _DAY.fullmatch(text):
            try:
                return self._of_day(date.fromisoformat(text), text)
            except ValueError:
                raise self._unreadable(text, "no such date") from None
        try:
            stamp = read_timestamp(text)
        except ValueError as problem:
            raise self._unreadable(text, str(problem)) from None
        if stamp.at is not None:
            return FileSeen(name=text, size=None, modified_at=stamp.at, stamp_at=stamp.at)
        zone = self.output.timezone
        if zone is None:
            raise self._naive(text, stamp.in_zone(self.zone), stamp.in_zone(ZoneInfo("UTC")))
        first, second = stamp.in_zone(zone), stamp.in_zone(zone, fold=1)
        seen = FileSeen(name=text, size=None, modified_at=first, stamp_at=first)
        # In the hour that autumn shows twice it may be of either.
        return replace(seen, stamp_from=first, stamp_until=second) if second > first else seen

    def _written(self, value: Any) -> str:
        output = self.output
        if isinstance(value, datetime):
            return value.isoformat(sep=" ")
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        is_written_number = isinstance(value, str) and output.times and value.strip().replace(".", "", 1).isdigit()
        if is_number or is_written_number:
            if output.times is None:
                cure = 'Say what it counts: times = "epoch", "epoch-ms" or "epoch-us"'
                raise self._wrong(f"its made_at is the number {clean(str(value), 40)}. {cure}")
            # Of 1970 nothing is: it never was.
            return self._counted(value, output.times) if str(value).strip("0. ") else ""
        if not isinstance(value, str):
            raise self._wrong(f"its made_at is of the type {type(value).__name__}, where a time belongs")
        return clean(value.strip(), 60)

    def _counted(self, number: float | Decimal | str, times: str) -> str:
        """The instant of a number; never one of 1970 because it counts something else."""
        read = {unit: at for unit in UNITS if (at := _instant_of(number, unit))}
        if times in read:
            return read[times]
        why = f'it is no time of times = "{times}"'
        if other := next(iter(read), ""):
            why += f', and times = "{other}" makes it {read[other][:19]}Z'
        raise self._unreadable(str(number), why)

    def _of_day(self, day: date, text: str) -> FileSeen:
        """At some time of that day: at which cannot be told."""
        if not 1970 <= day.year <= _LAST_YEAR:
            raise self._unreadable(text, f"year {day.year:04} is outside 1970-2999, so it cannot be the time of a run")
        zone = self.zone
        first = datetime.combine(day, time(), zone).astimezone(UTC)
        last = datetime.combine(day + _ONE_DAY, time(), zone).astimezone(UTC) - _INSTANT
        # Of before all that it leaves open: it tells no more.
        before = first - _INSTANT
        # Nobody has seen what was made later.
        last = max(min(last, self.now + LOOKING_TIME), first)
        return FileSeen(name=text, size=None, modified_at=before, stamp_at=first, stamp_from=first, stamp_until=last)

    def _naive(self, text: str, in_zone: datetime, in_utc: datetime) -> CannotLook:
        zone = self.zone
        readings = {zone.key: in_zone, "UTC": in_utc}
        each = [f'{show_instant(at, zone)} with timezone = "{key}"' for key, at in readings.items()]
        says = f"its time {text} has no offset, and may be {' or '.join(each)}"
        return CannotLook(CauseCode.NAIVE_TIMESTAMP, f"{self.shown}: {says}")

    def _unreadable(self, text: str, why: str) -> CannotLook:
        return self._wrong(f'its made_at is "{clean(text, 60)}": {why}')

    def _wrong(self, says: str) -> CannotLook:
        return CannotLook(CauseCode.OUTPUT_UNREADABLE, f"{self.shown}: {says}")


def _instant_of(number: float | Decimal | str, unit: str) -> str:
    """The instant in ISO, if it counts that; "" where no run was at such a time."""
    try:
        at = iso_of(number, unit)
    except ValueError:
        return ""
    return at if _FIRST_YEAR <= int(at[:4]) <= _LAST_YEAR else ""
