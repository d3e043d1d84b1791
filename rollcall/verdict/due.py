"""Which due runs of a job may be the one to judge?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.schedule import Schedule
from rollcall.schedule.answers import EVER, due_between, last_due

_INSTANT = timedelta(microseconds=1)


def runs_back_from(job: Job, now: datetime, newest: datetime | None, following: datetime | None) -> Iterator[DueRun]:
    """The due runs of `job` from the newest back to the first whose time is over, none due before its `since`.

    `newest` and `following` are when it is due around `now`.
    """
    if newest is not None and newest + job.allowance <= now:
        if job.since is None or newest >= job.since:
            yield job.due_run(newest, following)
        return
    over = last_due(job.schedule, now - job.allowance) or EVER
    start = max(over, job.since.astimezone(UTC)) if job.since else over
    dues = due_between(job.schedule, start, now) if start > EVER else _all_until(job.schedule, now)
    for due_at in reversed(dues):
        yield job.due_run(due_at, following)
        following = due_at


def _all_until(schedule: Schedule, now: datetime) -> list[datetime]:
    """The due instants of a schedule that was never due before the time of a run that is still inside it."""
    first = last_due(schedule, now)
    while first is not None and (earlier := last_due(schedule, first - _INSTANT)) is not None:
        first = earlier
    return due_between(schedule, first, now) if first else []
