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
    return _every(job).span


def anchored(job: Job, ran_at: datetime | None, next_run_at: datetime | None) -> Job:
    """`job` counted from what was seen: the newest run and the scheduler's next one, either None where not seen."""
    span, start = span_of(job), max(filter(None, (ran_at, job.since)), default=None)
    if start is None:
        return job if next_run_at is None else job.with_schedule(_counted_from(next_run_at, job))
    # The first run of an interval comes one interval after its start.
    first_owed_at = job.since + span if job.since else None
    if ran_at is not None and next_run_at is not None and not job.jitter:
        after_grid = (ran_at - next_run_at + EARLY_TOLERANCE) % span
        if after_grid <= job.max_runtime + EARLY_TOLERANCE:
            return job.with_schedule(_counted_from(next_run_at, job), since=first_owed_at)
    owed_at = _owed_after(start, job)
    # The scheduler knows of no day off: what it aims at on one is not the run that is owed.
    aim = _counted_from(next_run_at, job).next_due(next_run_at - _INSTANT) if next_run_at else None
    # The run that is owed is the one it aims at, or the one before, which may have begun and not be seen yet.
    aims = [each for each in (aim, aim - span) if _is_one_apart(owed_at - span, each, job)] if aim else []
    put_off = max([timedelta(0), *(each - owed_at for each in aims)])
    # Earlier runs lie on another grid, or a little beside this one: they cannot be placed.
    since = ran_at if start == ran_at else first_owed_at
    return job.with_schedule(_counted_from(start, job), since=since, grace=job.grace + put_off)


def gaps(made: list[datetime], job: Job) -> list[datetime]:
    """When runs were due that are missing between the instants of `made` (oldest first)."""
    owed = [(_owed_after(earlier, job), later) for earlier, later in pairwise(made)]
    return [owed_at for owed_at, later in owed if not _is_one_apart(owed_at - span_of(job), later, job)]


def _every(job: Job) -> Every:
    schedule = as_scheduled(job.schedule)
    assert isinstance(schedule, Every)
    return schedule


def _counted_from(instant: datetime, job: Job) -> Schedule:
    grid = _every(job).anchored_at(instant)
    return replace(job.schedule, scheduled=grid) if isinstance(job.schedule, WithoutDaysOff) else grid


def _owed_after(ran_at: datetime, job: Job) -> datetime:
    """When the run after the one at `ran_at` is owed: an interval later, or on the first day then that is not off."""
    return _counted_from(ran_at, job).next_due(ran_at) or ran_at + span_of(job)


def _is_one_apart(earlier: datetime, later: datetime, job: Job) -> bool:
    """True where one restart, or a run as slow as it may be, explains the distance; else one is missing between."""
    span = span_of(job)
    skipped = 2 * span - min(job.max_runtime, span / 4)
    return later - earlier < max(skipped, span + job.allowance)
