"""When is a job due that runs every so often, whatever the clock on the wall shows?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from rollcall.schedule.base import Engine
from rollcall.times import show_span


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """Due each `span` of elapsed time, on a grid through `anchor` that reaches into past and future.

    Without an anchor the grid floats: it is counted from midnight 1970-01-01 in `zone`, which is a guess at its phase
    until `anchored_at` is given one instant that the scheduler itself named. Raises ValueError below one second, and
    for an anchor without an offset.
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
        """The same schedule on the grid through `instant`, for example the scheduler's own next run."""
        return replace(self, anchor=instant.astimezone(UTC))

    def last_due(self, at: datetime) -> datetime:
        origin = (self.anchor or datetime(1970, 1, 1, tzinfo=self.zone)).astimezone(UTC)
        return origin + (at.astimezone(UTC) - origin) // self.span * self.span

    def next_due(self, after: datetime) -> datetime:
        return self.last_due(after) + self.span

    def due_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        return takewhile(lambda due: due <= end, self.due_after(self.last_due(start)))

    def due_after(self, due: datetime) -> Iterator[datetime]:
        while True:
            due += self.span
            yield due

    def is_due_at(self, at: datetime) -> bool:
        return self.last_due(at) == at

    def in_words(self) -> str:
        return self.text
