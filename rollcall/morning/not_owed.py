"""What was not owed, because of which maintenance, until when, and of which jobs?

A window is told that is open now, or in which a run fell that would have been judged this morning. It is another thing
than a silence, of which nobody is told and which is owed all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollcall.roll.job import Job
from rollcall.schedule.after import After
from rollcall.schedule.answers import last_due, next_due
from rollcall.schedule.base import Schedule
from rollcall.schedule.days_off import Window, WithoutDaysOff

_MOST_TIMES = 100
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOwed:
    """One time of maintenance: why, from when until when, and the jobs of which nothing is owed in it."""

    reason: str
    begins_at: datetime
    ends_at: datetime
    jobs: tuple[Job, ...]


def not_owed(jobs: Iterable[Job], now: datetime) -> tuple[NotOwed, ...]:
    """Of each window the newest time that counts, the one first that ends first."""
    found: dict[tuple[Window, datetime], list[Job]] = {}
    for job in jobs:
        for window in _windows_of(job.schedule):
            if (opened := _opened(window, job, now)) is not None:
                found.setdefault((window, opened), []).append(job)
    times = [
        NotOwed(reason=window.reason, begins_at=opened, ends_at=opened + window.lasts, jobs=tuple(them))
        for (window, opened), them in found.items()
    ]
    return tuple(sorted(times, key=lambda each: each.ends_at))


def _opened(window: Window, job: Job, now: datetime) -> datetime | None:
    """When the newest of its times began that is not over, or in which a run of that job fell; None where none counts.

    Of a window that opens often, one time in which nothing fell says nothing of the one before.
    """
    opened = last_due(window.opens, now)
    for _ in range(_MOST_TIMES):
        if opened is None or opened + window.lasts <= now - job.look_back:
            return None
        if now < opened + window.lasts or _falls_in(job.schedule, opened, opened + window.lasts):
            return opened
        opened = last_due(window.opens, opened - _INSTANT)
    return None


def _windows_of(schedule: Schedule) -> tuple[Window, ...]:
    if isinstance(schedule, WithoutDaysOff):
        return schedule.days_off.windows
    return schedule.windows if isinstance(schedule, After) else ()


def _falls_in(schedule: Schedule, begins: datetime, ends: datetime) -> bool:
    """True where a run would have been due then; when one is due that follows another job nobody knows any more."""
    if not isinstance(schedule, WithoutDaysOff):
        return False
    due = next_due(schedule.scheduled, begins - _INSTANT)
    return due is not None and due < ends
