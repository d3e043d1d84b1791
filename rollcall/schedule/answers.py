"""When was a schedule due around a moment?

A morning asks every job the same few questions around one moment, and many jobs share a schedule. An engine's
arithmetic is the dearest part of judging, so what it answered is kept. Schedules are frozen, and so are their answers.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from rollcall.schedule.base import Schedule

EVER = datetime.min.replace(tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)


@lru_cache(maxsize=16_384)
def last_due(schedule: Schedule, at: datetime) -> datetime | None:
    """The newest due instant at or before `at`."""
    return schedule.last_due(at)


@lru_cache(maxsize=16_384)
def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first due instant after `after`."""
    return schedule.next_due(after)


def around(schedule: Schedule, at: datetime) -> tuple[datetime | None, datetime | None]:
    """Both: the newest due instant at or before `at`, and the first after it."""
    return last_due(schedule, at), next_due(schedule, at)


def due_between(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    """The due instants of `start <= due <= end`, oldest first."""
    return list(_due_between(schedule, start, end))


@lru_cache(maxsize=4_096)
def _due_between(schedule: Schedule, start: datetime, end: datetime) -> tuple[datetime, ...]:
    return tuple(schedule.due_between(start - _INSTANT, end))
