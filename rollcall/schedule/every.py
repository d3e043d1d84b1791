"""When is a job due that runs every so often, whatever the clock on the wall shows?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.schedule.base import Engine
from rollcall.times import show_span


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """Due each *span* of elapsed time, on a grid through *anchor* that reaches into past and future.

    Without an anchor the grid *floats*: it is counted from midnight 1970-01-01 in *zone*, which is a guess at
    its phase until ``anchored_at`` is told one instant the scheduler itself named.
    """

    span: timedelta
    zone: ZoneInfo
    anchor: datetime | None = None
    engine: Engine = Engine.APSCHEDULER  # its IntervalTrigger; cron has nothing of the kind

    def __post_init__(self) -> None:
        if self.span < timedelta(seconds=1):
            raise ValueError('shorter than a second. Write "1 s" or more.')
        if self.anchor is not None and self.anchor.utcoffset() is None:
            raise ValueError("an anchor without an offset. Give an aware datetime.")

    @property
    def text(self) -> str:
        return f"every {show_span(self.span)}"

    @property
    def floats(self) -> bool:
        """Whether the phase of the grid is not known."""
        return self.anchor is None

    def anchored_at(self, instant: datetime) -> "Every":
        """Return the same schedule on the grid through *instant*, for example the scheduler's own next run."""
        return replace(self, anchor=instant.astimezone(UTC))

    def last_due(self, at: datetime) -> datetime | None:
        origin = self._origin()
        return origin + (at.astimezone(UTC) - origin) // self.span * self.span

    def next_due(self, after: datetime) -> datetime | None:
        last = self.last_due(after)
        return None if last is None else last + self.span

    def due_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        due = self.next_due(start)
        while due is not None and due <= end:
            yield due
            due += self.span

    def due_after(self, due: datetime) -> Iterator[datetime]:
        while True:
            due += self.span
            yield due

    def is_due_at(self, at: datetime) -> bool:
        return self.last_due(at) == at

    def in_words(self) -> str:
        return self.text

    def _origin(self) -> datetime:
        return (self.anchor or datetime(1970, 1, 1, tzinfo=self.zone)).astimezone(UTC)


def every(span: timedelta, *, zone: ZoneInfo, anchor: datetime | None = None) -> Every:
    """Return the schedule that is due each *span*. Raises ValueError below one second or for a naive anchor."""
    return Every(span=span, zone=zone, anchor=anchor)
