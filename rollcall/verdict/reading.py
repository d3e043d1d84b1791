"""Which instant does a timestamp of a scheduler mean?"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from rollcall.times import Timestamp, read_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A timestamp as it was written, and the instant it means (None: it cannot be read, or not without guessing).

    `later_at` is the other instant it may mean where it carries no offset and autumn shows its hour twice.
    """

    text: str
    stamp: Timestamp | None
    at: datetime | None
    later_at: datetime | None = None

    @classmethod
    def of(cls, text: str | None, naive_times: ZoneInfo | None) -> Self | None:
        """The reading of `text`; None where there is nothing to read."""
        if text is None:
            return None
        try:
            stamp = read_timestamp(text)
        except ValueError:
            return cls(text=text, stamp=None, at=None)
        if stamp.at is not None or naive_times is None:
            return cls(text=text, stamp=stamp, at=stamp.at)
        first, second = stamp.in_zone(naive_times), stamp.in_zone(naive_times, fold=1)
        # In the hour that spring skips the second reading is the earlier one, and means nothing.
        return cls(text=text, stamp=stamp, at=first, later_at=second if second > first else None)

    @property
    def is_naive(self) -> bool:
        """True where it carries no offset."""
        return self.stamp is not None and self.stamp.naive is not None

    @property
    def instants(self) -> tuple[datetime, ...]:
        """Each instant it may mean, the earlier first."""
        return tuple(at for at in (self.at, self.later_at) if at is not None)

    @property
    def wall(self) -> datetime:
        """What it says as a clock on the wall, whatever its offset; only of one that is a time."""
        assert self.stamp is not None
        if self.stamp.at is None:
            assert self.stamp.naive is not None
            return self.stamp.naive
        return (self.stamp.at + (self.stamp.offset or timedelta(0))).replace(tzinfo=None)

    def in_zone(self, zone: ZoneInfo) -> datetime:
        """When clocks in that zone showed the same."""
        return self.wall.replace(tzinfo=zone).astimezone(UTC)
