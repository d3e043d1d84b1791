"""Which due times are owed a run of their own, where a scheduler may draw a run past the next due time?

systemd draws each run of a timer within `RandomizedDelaySec=` (systemd.timer(5)) and looks for the next due time only
once that has begun; APScheduler counts from the drawn run as well. So what comes due in between is run with it:
Debian's apt-daily.timer, due at 06:00 and 18:00 and drawn up to 12 h later, owes one run a window. Which due times are
run together only the runs tell.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.schedule import answers
from rollcall.schedule.base import Engine, Schedule

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneAWindow:
    """Of the due times of `scheduled` those that are not run together with the one before.

    `drawn` is up to how long after a due time a run is drawn, `allowed` up to how long after it one is taken for its
    own. `begun` are the runs, oldest first; until `now` nothing else has begun.
    """

    scheduled: Schedule
    drawn: timedelta
    allowed: timedelta
    begun: tuple[datetime, ...]
    now: datetime

    @property
    def text(self) -> str:
        return self.scheduled.text

    @property
    def zone(self) -> ZoneInfo:
        return self.scheduled.zone

    @property
    def engine(self) -> Engine:
        return self.scheduled.engine

    def last_due(self, at: datetime) -> datetime | None:
        due = self.scheduled.last_due(at)
        while due is not None and self._is_run_with_the_one_before(due):
            due = self.scheduled.last_due(due - _INSTANT)
        return due

    def next_due(self, after: datetime) -> datetime | None:
        return next(self.due_after(after), None)

    def due_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        return (due for due in self.scheduled.due_between(start, end) if not self._is_run_with_the_one_before(due))

    def due_after(self, due: datetime) -> Iterator[datetime]:
        return (each for each in self.scheduled.due_after(due) if not self._is_run_with_the_one_before(each))

    def is_due_at(self, at: datetime) -> bool:
        return self.scheduled.is_due_at(at)

    def in_words(self) -> str:
        return self.scheduled.in_words()

    def _is_run_with_the_one_before(self, due: datetime) -> bool:
        before = answers.last_due(self.scheduled, due - _INSTANT)
        if before is None or before + self.drawn < due:
            return False
        place = bisect_left(self.begun, before)
        if place < len(self.begun):
            return due <= self.begun[place] <= before + self.allowed
        # The one before is still to come.
        return due <= self.now <= before + self.allowed
