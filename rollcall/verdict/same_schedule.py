"""Is the schedule that a scheduler has the one that is declared, however either is written?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from rollcall.roll.job import Job
from rollcall.schedule import Every, Schedule, read_schedule
from rollcall.schedule.answers import next_due
from rollcall.schedule.cron import CronSchedule
from rollcall.schedule.days_off import as_scheduled

# From each of these on so many due times are compared: where clocks change they differ for half of a year.
_SEASONS = tuple(timedelta(days=days) for days in (0, 91, 182, 273))
_COMPARED = 3


def is_same(text: str, zone: str | None, job: Job, now: datetime) -> bool:
    """True where the text means the same to the job's engine in that zone (None: the job's own)."""
    declared = as_scheduled(job.schedule)
    there = _read(text, _zone(zone, job), job)
    if there is None or not isinstance(declared, CronSchedule | Every):
        return text.split() == declared.text.split()
    if isinstance(declared, Every):
        # A cron line of every five minutes is one.
        dues = list(_dues(there, now))
        return all(later - before == declared.span for before, later in pairwise(dues))
    return isinstance(there, CronSchedule) and there.is_due_as(declared) and _is_due_at_once(there, declared, now)


def is_other_zone(text: str, zone: str | None, job: Job) -> bool:
    """True where the text is due as declared by the clock on the wall: only the zone is another."""
    there, declared = _read(text, job.zone, job), as_scheduled(job.schedule)
    if zone is None or not isinstance(there, CronSchedule) or not isinstance(declared, CronSchedule):
        return False
    return there.is_due_as(declared)


def _is_due_at_once(one: Schedule, other: Schedule, now: datetime) -> bool:
    return all(list(_dues(one, now + later)) == list(_dues(other, now + later)) for later in _SEASONS)


def _dues(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    at: datetime | None = after
    for _ in range(_COMPARED):
        at = next_due(schedule, at) if at else None
        if at:
            yield at


def _read(text: str, zone: ZoneInfo, job: Job) -> Schedule | None:
    try:
        return read_schedule(text, engine=job.engine, zone=zone)
    except ValueError:
        return None


def _zone(name: str | None, job: Job) -> ZoneInfo:
    try:
        return ZoneInfo(name) if name else job.zone
    except (ValueError, OSError, KeyError):  # ZoneInfo's own for a name that nobody knows
        return job.zone
