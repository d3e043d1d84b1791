"""When was a schedule due around a moment? The same answers, worked out once.

A morning asks every job the same few questions around one moment, and many jobs share a schedule. An engine's
arithmetic is the dearest part of judging, so what it answered is kept: between two neighbouring due instants every
moment has the same last and the same next one. Schedules are frozen, and so are their answers.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain

from rollcall.schedule.base import Schedule

_INSTANT = timedelta(microseconds=1)
EVER = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
# A year of a job that is due every few minutes; the oldest morning's answers are not worth more memory.
_MOST_KEPT = 20_000
# Further away it may be cheaper to search than to step: a day holds 1,440 runs of a job that is due every minute.
_SHORT_WALK = timedelta(hours=50)


def last_due(schedule: Schedule, at: datetime) -> datetime | None:
    """The newest due instant at or before `at`."""
    start, _ = _answers(schedule).around(at)
    return None if start == EVER else start


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first due instant after `after`."""
    _, end = _answers(schedule).around(after)
    return None if end == _NEVER else end


def around(schedule: Schedule, at: datetime) -> tuple[datetime | None, datetime | None]:
    """Both: the newest due instant at or before `at`, and the first after it."""
    start, end = _answers(schedule).around(at)
    return None if start == EVER else start, None if end == _NEVER else end


def due_between(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    """The due instants of `start <= due <= end`, oldest first."""
    return _answers(schedule).between(start, end)


def in_words(schedule: Schedule) -> str:
    """The schedule for people."""
    answers = _answers(schedule)
    if answers.words is None:
        answers.words = schedule.in_words()
    return answers.words


@dataclass(slots=True)
class _Answers:
    """The stretches between neighbouring due instants of one schedule, as far as anybody asked; oldest first."""

    schedule: Schedule
    stretches: list[tuple[datetime, datetime]] = field(default_factory=list)
    words: str | None = None

    def around(self, at: datetime) -> tuple[datetime, datetime]:
        """The stretch that holds `at`: the last due instant and the next."""
        return self._known(at) or self._walked_to(at) or self._asked_for(at)

    def _walked_to(self, at: datetime) -> tuple[datetime, datetime] | None:
        """The stretch that holds `at`, stepped to from a known one shortly before: a step is cheaper than a search."""
        place = bisect_right(self.stretches, (at, _NEVER)) - 1
        start = self.stretches[place][1] if place >= 0 else _NEVER
        if start > at or at - start > _SHORT_WALK:
            return None
        for due in chain(self.schedule.due_after(start), (_NEVER,)):
            stretch = self._learn((start, due))
            if due > at:
                return stretch
            start = due
        return None

    def _asked_for(self, at: datetime) -> tuple[datetime, datetime]:
        last = self.schedule.last_due(at)
        if last is None:
            return self._learn((EVER, self.schedule.next_due(at) or _NEVER))
        return self._learn((last, next(self.schedule.due_after(last), _NEVER)))

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """The due instants of `start <= due <= end`. What is not known yet is asked for in one go."""
        dues: list[datetime] = []
        _, due = self.around(start - _INSTANT)
        while due <= end:
            dues.append(due)
            due = self._after(due, dues, end)
        return dues

    def _after(self, due: datetime, dues: list[datetime], end: datetime) -> datetime:
        """The due instant after `due`; on the way through the unknown, all up to `end` are added to `dues`."""
        if known := self._known(due):
            return known[1]
        for following in self.schedule.due_after(due):
            _, due = self._learn((due, following))
            if due > end:
                return due
            dues.append(due)
        self._learn((due, _NEVER))
        return _NEVER

    def _known(self, at: datetime) -> tuple[datetime, datetime] | None:
        place = bisect_right(self.stretches, (at, _NEVER)) - 1
        return self.stretches[place] if place >= 0 and at < self.stretches[place][1] else None

    def _learn(self, stretch: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
        if len(self.stretches) >= _MOST_KEPT:
            self.stretches.clear()
        if not self._known(stretch[0]):
            insort(self.stretches, stretch)
        return stretch


def _answers(schedule: Schedule) -> _Answers:
    return _kept_answers(schedule)  # type: ignore[arg-type]  # the protocol does not say that schedules are hashable


@lru_cache(maxsize=16_384)
def _kept_answers(schedule: Schedule) -> _Answers:
    return _Answers(schedule)
