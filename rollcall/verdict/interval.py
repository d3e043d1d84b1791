"""When is a job due that runs every so often, where nobody declared from when it is counted?

Its scheduler counts from its own start, which nobody can see from outside, and a restart begins to count anew. So the
newest run seen and the scheduler's own next run have to tell:

- the newest run began on the grid of the next run: that grid is exact, and a run it lacks was missed;
- else it was run by hand, or the scheduler was restarted: the next run is owed one interval after the newest, or
  when the scheduler says, as long as that puts it off by less than one interval more.

A run is so never called missed because of one restart, and a job that only ever is put off does not stay green.
Who declares `anchor` has every single run judged.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from rollcall.jobs import EARLY_TOLERANCE, Job
from rollcall.schedule import Every


def anchored(job: Job, schedule: Every, ran_at: datetime | None, next_run_at: datetime | None) -> Job:
    """`job` counted from what was seen: the newest run and the scheduler's next one, either None where not seen."""
    if job.since is not None:
        # The first run of an interval comes one interval after its start.
        job = replace(job, since=job.since + schedule.span)
    if ran_at is None:
        return job if next_run_at is None else replace(job, schedule=schedule.anchored_at(next_run_at))
    if next_run_at is not None and _is_on_grid(ran_at, next_run_at, job, schedule):
        return replace(job, schedule=schedule.anchored_at(next_run_at))
    put_off = _put_off(ran_at, next_run_at, job, schedule)
    # Earlier runs lie on another grid, or a little beside this one: they cannot be placed.
    return replace(job, schedule=schedule.anchored_at(ran_at), since=ran_at, grace=job.grace + put_off)


def _is_on_grid(ran_at: datetime, next_run_at: datetime, job: Job, schedule: Every) -> bool:
    return (ran_at - next_run_at + EARLY_TOLERANCE) % schedule.span <= job.max_runtime + EARLY_TOLERANCE


def _put_off(ran_at: datetime, next_run_at: datetime | None, job: Job, schedule: Every) -> timedelta:
    """By how much the run after `ran_at` is put off by a restart of the scheduler.

    That run is the scheduler's next one, or the one before it, which may have begun and not be seen yet.
    """
    aims = (next_run_at, next_run_at - schedule.span) if next_run_at else ()
    reached = [aim for aim in aims if _is_one_apart(ran_at, aim, job, schedule)]
    return max([aim - ran_at - schedule.span for aim in reached] + [timedelta(0)])


def _is_one_apart(earlier: datetime, later: datetime, job: Job, schedule: Every) -> bool:
    """True where one restart, or a run as slow as it may be, explains the distance; else one is missing between."""
    skipped = 2 * schedule.span - min(job.max_runtime, schedule.span / 4)
    return later - earlier < max(skipped, schedule.span + job.grace + job.max_runtime)


def gaps(made: list[datetime], job: Job, schedule: Every) -> list[datetime]:
    """When runs were due that are missing between the instants of `made` (oldest first)."""
    return [
        earlier + schedule.span for earlier, later in pairwise(made) if not _is_one_apart(earlier, later, job, schedule)
    ]
