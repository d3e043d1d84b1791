"""What does a log tell of cron that is a file, by what `cron_log.sh` printed of it?

A stamp may name neither a year nor a zone, the file may hold the lines of other machines, and what is older was rotated
away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from rollcall.schedulers.cron_log import OF_A_SESSION, Fold
from rollcall.times import END, EPOCH

_LINE = re.compile(
    rb"\|(\d{4}-\d\d-\d\dT\S+|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (\S+) "
    rb"(?:\w+\.\w+ )?[\w/.-]+(?:\[(\d+)\])?: (.*)",
    re.DOTALL,
)
_MONTHS = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
# A line is written within this of its own stamp.
_WRITTEN_WITHIN = timedelta(seconds=90)
_QUARTER = timedelta(minutes=15)


@dataclass(slots=True, kw_only=True)
class LogFile:
    """What `cron_log.sh` printed of a log, as it is read.

    `begins_at` is the first line of this machine's, None where it has none; `reaches_further` is True where an older
    file is there, which was not needed. `others` are the machines of which it has lines of cron. `unread` are the files
    that may not be read, `is_there` is False where there is none, `is_whole` where all came. `off_by` is how far the
    clock of its lines is from that of the file itself, where that is too far.
    """

    host: str
    tz: tzinfo
    begins_at: datetime | None = None
    reaches_further: bool = False
    others: set[str] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)
    is_there: bool = True
    is_whole: bool = False
    off_by: timedelta | None = None
    _written_at: datetime = END
    _last_at: datetime | None = None
    _stamp: bytes = b""
    _newest: bytes = b""
    _is_naive: bool = False
    _hours: dict[bytes, datetime] = field(default_factory=dict)

    def take(self, lines: Iterable[bytes], fold: Fold) -> None:
        """Takes all of it."""
        own = self.host.partition(".")[0].lower().encode()
        for line in lines:
            if line.startswith(b"@"):
                self._take_heading(line.decode("utf-8", "replace"))
                self._stamp = b""
                continue
            if not line:
                continue
            self._newest = line
            if self.begins_at and OF_A_SESSION in line:
                continue
            if found := _LINE.match(line):
                stamp, host, pid, said = found.groups()
                if host.partition(b".")[0].lower() != own:
                    self.others.add(host.decode("utf-8", "replace"))
                elif at := self._at(stamp):
                    self.begins_at = self.begins_at or at
                    fold.take(at, int(pid or 0), said.decode("utf-8", "replace"))

    def _take_heading(self, line: str) -> None:
        word, _, rest = line[1:].partition(" ")
        match word:
            case "file":
                self._hours.clear()
                self._written_at = EPOCH + timedelta(seconds=int(rest.partition(" ")[0]))
            case "older":
                self.reaches_further = True
            case "unread":
                self.unread.append(rest)
            case "none":
                self.is_there = False
            case "end":
                self.is_whole = True
                newest = _LINE.match(self._newest)
                at = self._at(newest[1]) if newest else None
                if at and self._is_naive and not self.others:
                    apart = at - self._written_at
                    off = (apart + _QUARTER / 2) // _QUARTER * _QUARTER
                    is_zone = abs(off) >= _QUARTER and abs(apart - off) <= _WRITTEN_WITHIN
                    self.off_by = off if is_zone else apart if apart > _WRITTEN_WITHIN else None

    def _at(self, stamp: bytes) -> datetime | None:
        """The instant of a stamp; None where it is none."""
        if stamp == self._stamp and self._last_at:
            return self._last_at
        try:
            self._last_at, self._stamp = self._read(stamp), stamp
        except (ValueError, OverflowError, KeyError):
            return None
        return self._last_at

    def _read(self, stamp: bytes) -> datetime:
        if stamp[:1].isdigit():
            at = datetime.fromisoformat(stamp.decode())
            self._is_naive = at.tzinfo is None
            return self._in_zone(at) if self._is_naive else at.astimezone(UTC)
        self._is_naive = True
        minute, second = int(stamp[10:12]), min(int(stamp[13:15]), 59)
        hour = self._hours.get(stamp[:9])
        if hour is None:
            naive = self._dated(_MONTHS[stamp[:3]], int(stamp[4:6]), int(stamp[7:9]))
            hour = self._in_zone(naive)
            if any(self._in_zone(naive.replace(minute=each)) - hour != each * _MINUTE for each in (0, 30, 59)):
                # Its clocks change within it, or it comes twice.
                return self._in_zone(naive.replace(minute=minute, second=second))
            if self._in_zone(naive, fold=0) == self._in_zone(naive, fold=1):
                self._hours[stamp[:9]] = hour
        return hour + timedelta(minutes=minute, seconds=second)

    def _dated(self, month: int, day: int, hour: int) -> datetime:
        """In the newest year in which that is not of the future; the last of February is there every fourth, or eighth.

        Raises ValueError where there is none.
        """
        latest = (self._written_at + _DAY).astimezone(self.tz).replace(tzinfo=None)
        for year in range(latest.year, latest.year - 9, -1):
            with suppress(ValueError):
                dated = datetime(year, month, day, hour)  # noqa: DTZ001 - its zone is added where it is read
                if dated <= latest:
                    return dated
        raise ValueError("no such day")

    def _in_zone(self, naive: datetime, fold: int | None = None) -> datetime:
        """The instant; of an hour that autumn shows twice the order of the lines tells which."""
        first, again = (naive.replace(tzinfo=self.tz, fold=each).astimezone(UTC) for each in (0, 1))
        if fold is not None:
            return again if fold else first
        return again if self._last_at and first < self._last_at - _WRITTEN_WITHIN and again > first else first
