"""When was a schedule due around a moment? The same answers, asked for once.

A morning asks every job the same few questions, and many jobs share a schedule. An engine's arithmetic is the dearest
part of judging, so its answers are kept: schedules are frozen, and so are the answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from rollcall.jobs import DueRun, Job
from rollcall.schedule import Schedule

_INSTANT = timedelta(microseconds=1)


def last_due(schedule: Schedule, at: datetime) -> datetime | None:
    """The newest due instant at or before `at`."""
    return _last_due(schedule, at)  # type: ignore[arg-type]  # the protocol does not say that schedules are hashable


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first due instant after `after`."""
    return _next_due(schedule, after)  # type: ignore[arg-type]  # the same


def due_between(schedule: Schedule, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """The due instants of `start <= due <= end`, oldest first."""
    return _due_between(schedule, start, end)  # type: ignore[arg-type]  # the same


@lru_cache(maxsize=4096)
def _last_due(schedule: Schedule, at: datetime) -> datetime | None:
    return schedule.last_due(at)


@lru_cache(maxsize=4096)
def _next_due(schedule: Schedule, after: datetime) -> datetime | None:
    return schedule.next_due(after)


@lru_cache(maxsize=256)
def _due_between(schedule: Schedule, start: datetime, end: datetime) -> tuple[datetime, ...]:
    return tuple(schedule.due_between(start - _INSTANT, end))


def runs_back_from(job: Job, now: datetime) -> Iterator[DueRun]:
    """The due runs of `job` from the newest back, none due before its `since`."""
    due_at, following = last_due(job.schedule, now), next_due(job.schedule, now)
    while due_at is not None and not (job.since and due_at < job.since):
        yield job.due_run(due_at, following)
        due_at, following = last_due(job.schedule, due_at - _INSTANT), due_at
