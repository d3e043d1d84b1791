"""Which due runs of a job may be the one to judge?"""

from collections.abc import Iterator
from datetime import UTC, datetime

from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.schedule.answers import due_between, last_due


def runs_back_from(job: Job, now: datetime) -> Iterator[DueRun]:
    """The due runs of `job` from the newest back to the first whose time is over, none due before its `since`."""
    start = last_due(job.schedule, now - job.allowance) or now - job.allowance
    if job.since:
        start = max(start, job.since.astimezone(UTC))
    following = None
    for due_at in reversed(due_between(job.schedule, start, now)):
        yield job.due_run(due_at, following)
        following = due_at
