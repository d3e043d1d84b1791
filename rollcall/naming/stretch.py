"""Which stretch of time does a name leave open?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from rollcall.naming.days import NO_DAY, Days
from rollcall.times import EPOCH

_TICK = timedelta.resolution
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

# From its first tick to its last.
Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a name tells of the moment that it is named after; None is what it does not tell.

    `offset` is in minutes, east of Greenwich positive; `epoch` is in seconds since 1970.
    """

    days: Days = NO_DAY
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    microsecond: int | None = None
    offset: int | None = None
    epoch: int | None = None

    def problem(self) -> str | None:
        """Why it cannot all be true; None where it can."""
        if self.epoch is None:
            return self.days.problem()
        # In which zone its other fields are written is not known here, so the days beside it can be meant.
        day = (EPOCH + self.epoch * _SECOND).date()
        if any(self.days.agrees(day + number * _DAY) for number in (-1, 0, 1)):
            return None
        return f"it says {day} in seconds since 1970, and another day"

    def last_day(self) -> date | None:
        """The last day that agrees, on the clock that the name is from; None where the year is left open."""
        return self.days.last() if self.epoch is None else (EPOCH + self.epoch * _SECOND).date()

    def stretch(self, zone: ZoneInfo, near: datetime) -> Stretch:
        """The first and the last instant, aware UTC, that the name leaves open on a clock of `zone`.

        Of all stretches that agree it is the one nearest to `near`, the mtime: what a name does not tell, the mtime
        tells, and so which of two hours is meant that autumn shows alike. An hour that spring skips is read with the
        offset from before the change (PEP 495). A name that tells the second leaves nothing open: both are that second.
        """
        if self.epoch is not None:
            at = EPOCH + self.epoch * _SECOND + (self.microsecond or 0) * _TICK
            return at, at
        clock = zone if self.offset is None else timezone(self.offset * _MINUTE)
        readings = [
            reading
            for first, last in self._on_the_wall(near.astimezone(clock).replace(tzinfo=None))
            for reading in zip(_showings(first, clock), _showings(last, clock), strict=True)
        ]
        # The longer one of two: a day that shows its last hour twice ends with the second of them.
        return min(readings, key=lambda each: (max(each[0] - near, near - each[1], 0 * _TICK), each[0] - each[1]))

    def _on_the_wall(self, near: datetime) -> list[Stretch]:
        """The stretches around `near` that agree, as clocks on the wall show them."""
        days = self.days.runs(near.date())
        stretches = [(datetime.combine(first, time.min), datetime.combine(last, time.max)) for first, last in days]
        for whole, unit, value in (
            (_DAY, _HOUR, self.hour),
            (_HOUR, _MINUTE, self.minute),
            (_MINUTE, _SECOND, self.second),
            (_SECOND, _TICK, self.microsecond),
        ):
            if value is not None:
                begins = (begin + value * unit for each in stretches for begin in _begins(each, near, whole))
                stretches = [(begin, begin + unit - _TICK) for begin in begins]
        return stretches if self.second is None else [(first, first) for first, _ in stretches]


def _begins(stretch: Stretch, near: datetime, whole: timedelta) -> tuple[datetime, ...]:
    """When those days, hours … of the stretch begin that are nearest to `near`."""
    first, last = stretch
    if last - first < whole:
        return (first,)
    inside = min(max(near, first), last)
    begin = inside - (inside - datetime.combine(inside, time.min)) % whole
    # Two on each side: spring takes one hour away.
    begins = (begin + number * whole for number in range(-2, 3))
    return tuple(each for each in begins if first <= each <= last)


def _showings(wall: datetime, clock: tzinfo) -> tuple[datetime, datetime]:
    """The instants at which the clock shows that: the same one twice but in the hour that autumn repeats."""
    first, second = (wall.replace(tzinfo=clock, fold=fold).astimezone(UTC) for fold in (0, 1))
    # In the hour that spring skips the second reading is the earlier one, and not meant.
    return first, max(first, second)
