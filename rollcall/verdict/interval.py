"""When is a job due that runs every so often, where nobody declared from when it is counted?

Its scheduler counts from its own start, which nobody can see from outside, and a restart begins to count anew. So the
newest run seen and the scheduler's own next run have to tell:

- the newest run began on the grid of the next run: that grid is exact, and a run it lacks was missed;
- else it was run by hand, or the scheduler was restarted: the next run is owed one interval after the newest, or
  when the scheduler says, as long as that puts it off by less than one interval more.

A run is so never called missed because of one restart, and a job that only ever is put off does not stay green.
Where it is owed only `since` a moment (a pause ended, say), it is counted from there as from a run: the first is owed
one interval later. Who declares `anchor` has every single run judged; but not with jitter, where each run is counted
from the one before it, jitter and all: there is no grid, and the next is owed an interval after the newest.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.job import Job
from rollcall.schedule import Every, Schedule
from rollcall.schedule.days_off import WithoutDaysOff, as_scheduled

_INSTANT = timedelta(microseconds=1)


def floats(job: Job) -> bool:
    """True where the job is due every so often, and nobody can know from when it is counted."""
    schedule = as_scheduled(job.schedule)
    return isinstance(schedule, Every) and (schedule.floats or bool(job.jitter))


def span_of(job: Job) -> timedelta:
    """How often it is due; only of a job that is due every so often."""
    schedule = as_scheduled(job.schedule)
    assert isinstance(schedule, Every)
    return schedule.span


def _on_grid_of(instant: datetime, job: Job) -> Schedule:
    """Its schedule counted from that instant, without its days off."""
    schedule = as_scheduled(job.schedule)
    assert isinstance(schedule, Every)
    grid = schedule.anchored_at(instant)
    return replace(job.schedule, scheduled=grid) if isinstance(job.schedule, WithoutDaysOff) else grid


def anchored(job: Job, ran_at: datetime | None, next_run_at: datetime | None) -> Job:
    """`job` counted from what was seen: the newest run and the scheduler's next one, either None where not seen."""
    start = max(filter(None, (ran_at, job.since)), default=None)
    # The first run of an interval comes one interval after its start.
    first_owed_at = job.since + span_of(job) if job.since else None
    if start is None:
        return job if next_run_at is None else job.with_schedule(_on_grid_of(next_run_at, job))
    if ran_at is not None and next_run_at is not None and _is_on_grid(ran_at, next_run_at, job):
        return job.with_schedule(_on_grid_of(next_run_at, job), since=first_owed_at)
    put_off = _put_off(start, next_run_at, job)
    # Earlier runs lie on another grid, or a little beside this one: they cannot be placed.
    owed_since = ran_at if start == ran_at else first_owed_at
    return job.with_schedule(_on_grid_of(start, job), since=owed_since, grace=job.grace + put_off)


def _is_on_grid(ran_at: datetime, next_run_at: datetime, job: Job) -> bool:
    if job.jitter:
        return False
    return (ran_at - next_run_at + EARLY_TOLERANCE) % span_of(job) <= job.max_runtime + EARLY_TOLERANCE


def _put_off(start: datetime, next_run_at: datetime | None, job: Job) -> timedelta:
    """By how much the run owed after `start` is put off by a restart of the scheduler.

    That run is the scheduler's next one, or the one before it, which may have begun and not be seen yet.
    """
    owed_at = _owed_after(start, job)
    # The scheduler knows of no day off: what it aims at on one is not the run that is owed.
    aim = _on_grid_of(next_run_at, job).next_due(next_run_at - _INSTANT) if next_run_at else None
    aims = (aim, aim - span_of(job)) if aim else ()
    reached = [each for each in aims if _is_one_apart(owed_at - span_of(job), each, job)]
    return max([each - owed_at for each in reached] + [timedelta(0)])


def _owed_after(ran_at: datetime, job: Job) -> datetime:
    """When the run after the one at `ran_at` is owed: an interval later, or on the first day then that is not off."""
    return _on_grid_of(ran_at, job).next_due(ran_at) or ran_at + span_of(job)


def _is_one_apart(earlier: datetime, later: datetime, job: Job) -> bool:
    """True where one restart, or a run as slow as it may be, explains the distance; else one is missing between."""
    span = span_of(job)
    skipped = 2 * span - min(job.max_runtime, span / 4)
    return later - earlier < max(skipped, span + job.allowance)


def gaps(made: list[datetime], job: Job) -> list[datetime]:
    """When runs were due that are missing between the instants of `made` (oldest first)."""
    owed = [(_owed_after(earlier, job), later) for earlier, later in pairwise(made)]
    return [owed_at for owed_at, later in owed if not _is_one_apart(owed_at - span_of(job), later, job)]
