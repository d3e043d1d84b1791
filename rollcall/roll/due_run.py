"""What is one run that the schedule owes, and what belongs to it?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# A run seconds before its time comes from clocks that differ a little; it is not a run of the day before.
EARLY_TOLERANCE = timedelta(seconds=10)

# Looking takes a moment: what ends while we look is evidence of this morning, what comes later is not.
LOOKING_TIME = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRun:
    """One run the schedule owes. All instants are aware UTC.

    `start_by` is how late it may start (`jitter` + `grace`), `finish_by` when it must be done (`max_runtime` later, or
    `done_by`). `next_due_at` is None where the schedule ends. Evidence belongs to this run from `begins_at` on, its due
    time less the tolerance for clocks that differ, and from `ends_at` on to the next run instead (None where there is
    none): where one run ends the next begins, so that nothing is evidence of two. `finish_by` may be later than
    `ends_at`; what lies between may be of either, and alone proves neither.
    """

    due_at: datetime
    start_by: datetime
    finish_by: datetime
    next_due_at: datetime | None

    @property
    def begins_at(self) -> datetime:
        return self.due_at - EARLY_TOLERANCE

    @property
    def ends_at(self) -> datetime | None:
        return self.next_due_at - EARLY_TOLERANCE if self.next_due_at else None

    def owns(self, at: datetime) -> bool:
        """True where an event at `at` belongs to this due run (it follows this due time and not the next)."""
        return self.begins_at <= at and (self.ends_at is None or at < self.ends_at)
