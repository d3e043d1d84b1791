"""When is a job due that follows another one?

Each time that one has done its work, which only the evidence shows: until then the schedule has no instants. It has no
days off of its own, since those of the other job are its too; but nothing is owed inside a maintenance window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from rollcall.schedule.base import Engine
from rollcall.schedule.days_off import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Due whenever `job` succeeds; `dues` are the instants at which it was seen to have done so, oldest first."""

    job: str
    zone: ZoneInfo
    windows: tuple[Window, ...] = ()
    dues: tuple[datetime, ...] = ()
    engine: Engine = Engine.CRON

    @property
    def text(self) -> str:
        return f"after {self.job}"

    def seen(self, dues: tuple[datetime, ...]) -> After:
        """The same, due at those of these instants that lie in no window."""
        owed = (at for at in dues if not any(each.opened_at(at) for each in self.windows))
        return replace(self, dues=tuple(sorted(owed)))

    def last_due(self, at: datetime) -> datetime | None:
        return max((due for due in self.dues if due <= at), default=None)

    def next_due(self, after: datetime) -> datetime | None:
        return next(self.due_after(after), None)

    def due_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        return (due for due in self.dues if start < due <= end)

    def due_after(self, due: datetime) -> Iterator[datetime]:
        return (each for each in self.dues if each > due)

    def is_due_at(self, at: datetime) -> bool:
        return at in self.dues

    def in_words(self) -> str:
        return self.text
