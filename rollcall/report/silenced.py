"""Of which schedulers and jobs is nobody told for a while, though they are judged as ever?

Pure: what is silenced comes from the history. A silence of a job is of that job alone; one of a tag is of all the jobs
that have it, and one of a scheduler of that and of all the jobs that it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rollcall.history.rows import Silence, Silenced
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.report.cause_groups import CauseGroup, group_by_cause
from rollcall.roll.job import Job


def is_of_scheduler(silence: Silence, scheduler_id: str) -> bool:
    """True where nobody is told of that scheduler."""
    return silence.subject is Silenced.SCHEDULER and silence.name == scheduler_id


def is_of_job(silence: Silence, job: Job) -> bool:
    """True where nobody is told of that job."""
    match silence.subject:
        case Silenced.JOB:
            return silence.name == job.id
        case Silenced.TAG:
            return silence.name in job.tags
        case Silenced.SCHEDULER:
            return job.scheduler is not None and silence.name == job.scheduler.id


def covered(silence: Silence, jobs: Iterable[Job]) -> tuple[Job, ...]:
    """Those of the jobs of which nobody is told."""
    return tuple(each for each in jobs if is_of_job(silence, each))


def is_silenced(group: CauseGroup, silences: Sequence[Silence]) -> bool:
    """True where nobody is told of that cause: neither of its scheduler, nor of any job that it explains."""
    if group.scheduler and not any(is_of_scheduler(each, group.scheduler.scheduler.id) for each in silences):
        return False
    return all(any(is_of_job(each, judged.job) for each in silences) for judged in group.everyone)


def is_all_silenced(morning: Morning, ending: Ending, silences: Sequence[Silence]) -> bool:
    """True where something needs a person, and nobody is to be told of any of it."""
    if not silences or not ending.is_complete or ending.other_failures:
        return False
    groups = group_by_cause(morning)
    return bool(groups) and all(is_silenced(each, silences) for each in groups)
