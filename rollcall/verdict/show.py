"""How are a due run and a distance from it said?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from rollcall.jobs import DueRun, Job
from rollcall.schedule.answers import last_due
from rollcall.times import show_instant, show_span


def when(at: datetime, job: Job) -> str:
    """An instant in the job's zone; seconds only where it has some."""
    if at.tzinfo is not UTC:
        return show_instant(at, job.zone, seconds=bool(at.second))
    return _shown(at, job.zone)


@lru_cache(maxsize=16_384)
def _shown(at: datetime, zone: ZoneInfo) -> str:
    """Only of UTC: elsewhere both hours that autumn repeats are equal, and would be shown alike.

    The findings of one run name the same few instants, and so do the jobs that are due together.
    """
    return show_instant(at, zone, seconds=bool(at.second))


def limit(at: datetime, run: DueRun, job: Job) -> str:
    """A limit beside its due time: the clock alone where both lie on one day of one offset."""
    due, local = run.due_at.astimezone(job.zone), at.astimezone(job.zone)
    if (due.date(), due.utcoffset()) == (local.date(), local.utcoffset()):
        return f"{local.hour:02}:{local.minute:02}" + (f":{local.second:02}" if local.second else "")
    return when(at, job)


def due(run: DueRun, job: Job) -> str:
    """ "due Wed 11 Feb 06:00 CET, allowed until 06:15"."""
    return f"due {when(run.due_at, job)}, allowed until {limit(run.start_by, run, job)}"


def distance(at: datetime, run: DueRun) -> str:
    """ "2 h 48 min after it was due"."""
    late = at - run.due_at
    if late < timedelta(0):
        return f"{show_span(-late)} before it was due"
    return f"{show_span(late)} after it was due"


def earlier_run(at: datetime, job: Job) -> str:
    """What is known of a run before the one that is judged, with its distance from its own due time."""
    own_due_at = last_due(job.schedule, at)
    if own_due_at is None:
        return f"ended {when(at, job)}"
    if at <= own_due_at + job.grace + job.max_runtime:
        return f"ended {when(at, job)}"
    return f"ended {when(at, job)}, late or by hand, {show_span(at - own_due_at)} after that run's due time"
