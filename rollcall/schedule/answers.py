"""When was a schedule due around a moment? The same answers, worked out once.

A morning asks every job the same few questions around one moment, and many jobs share a schedule. An engine's
arithmetic is the dearest part of judging, so what it answered is kept: between two neighbouring due instants every
moment has the same last and the same next one. Schedules are frozen, and so are their answers.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain

from rollcall.schedule.base import Schedule

EVER = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)
# A year of a job that is due every few minutes; the oldest morning's answers are not worth more memory.
_MOST_KEPT = 20_000
# Further away it may be cheaper to search than to step: a day holds 1,440 runs of a job that is due every minute.
_SHORT_WALK = timedelta(hours=50)


def last_due(schedule: Schedule, at: datetime) -> datetime | None:
    """The newest due instant at or before `at`."""
    return around(schedule, at)[0]


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first due instant after `after`."""
    return around(schedule, after)[1]


def around(schedule: Schedule, at: datetime) -> tuple[datetime | None, datetime | None]:
    """Both: the newest due instant at or before `at`, and the first after it."""
    start, end = _answers(schedule).around(at)
    return None if start == EVER else start, None if end == _NEVER else end


def due_between(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    """The due instants of `start <= due <= end`, oldest first."""
    answers, dues = _answers(schedule), []
    _, due = answers.around(start - _INSTANT)
    while due <= end:
        dues.append(due)
        _, due = answers.around(due)
    return dues


@dataclass(slots=True)
class _Answers:
    """The stretches between neighbouring due instants of one schedule, as far as anybody asked; oldest first."""

    schedule: Schedule
    stretches: list[tuple[datetime, datetime]] = field(default_factory=list)

    def around(self, at: datetime) -> tuple[datetime, datetime]:
        """The stretch that holds `at`: the last due instant and the next."""
        place = bisect_right(self.stretches, (at, _NEVER)) - 1
        if place >= 0:
            start, end = self.stretches[place]
            if at < end:
                return start, end
            if at - end <= _SHORT_WALK:
                for due in chain(self.schedule.due_after(end), (_NEVER,)):
                    self._learn(end, due)
                    if due > at:
                        return end, due
                    end = due
        last = self.schedule.last_due(at)
        if last is None:
            return self._learn(EVER, self.schedule.next_due(at) or _NEVER)
        following = self.stretches[place + 1][0] if place + 1 < len(self.stretches) else None
        if following is not None and following - at <= _INSTANT:  # asked for the one before a known one
            return self._learn(last, following)
        return self._learn(last, next(self.schedule.due_after(last), _NEVER))

    def _learn(self, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        if len(self.stretches) >= _MOST_KEPT:
            self.stretches.clear()
        place = bisect_left(self.stretches, (start, end))
        if self.stretches[place : place + 1] != [(start, end)]:
            self.stretches.insert(place, (start, end))
        return start, end


@lru_cache(maxsize=16_384)
def _answers(schedule: Schedule) -> _Answers:
    return _Answers(schedule)
