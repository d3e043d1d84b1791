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
from itertools import pairwise

from rollcall.schedule.base import Schedule

_INSTANT = timedelta(microseconds=1)
EVER = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
# A year of a job that is due every few minutes; the oldest morning's answers are not worth more memory.
_MOST_KEPT = 20_000


def last_due(schedule: Schedule, at: datetime) -> datetime | None:
    """The newest due instant at or before `at`."""
    start, _ = _answers(schedule).around(at)
    return None if start == EVER else start


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first due instant after `after`."""
    _, end = _answers(schedule).around(after)
    return None if end == _NEVER else end


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
        return self._known(at) or self._learn(
            (self.schedule.last_due(at) or EVER, self.schedule.next_due(at) or _NEVER)
        )

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """The due instants of `start <= due <= end`. What is not known yet is asked for in one go."""
        dues: list[datetime] = []
        place = start - _INSTANT
        while (stretch := self._known(place)) and (place := stretch[1]) <= end:
            dues.append(place)
        if stretch is None:
            unknown = list(self.schedule.due_between(place, end))
            for pair in pairwise([place, *unknown] if dues else unknown):
                self._learn(pair)
            dues += unknown
        return dues

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
