"""What did a morning say of each job and each scheduler, in as few words as can be compared?"""

from __future__ import annotations

from rollcall.causes.action import Deed
from rollcall.morning import Morning
from rollcall.recorded.kept import Said


def said_of_jobs(morning: Morning) -> tuple[Said, ...]:
    """What it said of each job that it judged, in the order of jobs.toml."""
    done = [each for each in morning.actions if not each.is_dry]
    rerun = {each.subject for each in done if each.deed is Deed.RERUN}
    started = {each.subject for each in done if each.deed is not Deed.RERUN}
    causes = morning.job_causes
    return tuple(
        Said(
            id=each.job.id,
            due_at=each.due_run.due_at if each.due_run else None,
            verdict=each.verdict,
            cause=cause.code if (cause := causes[each.job.id]) else None,
            needs_a_person=each.needs_a_person,
            acted=each.job.id in rerun or bool(each.job.scheduler and each.job.scheduler.id in started),
        )
        for each in morning.jobs
    )


def said_of_schedulers(morning: Morning) -> tuple[Said, ...]:
    """What it said of each scheduler."""
    causes = morning.scheduler_causes
    acted = {each.subject for each in morning.actions if not each.is_dry}
    return tuple(
        Said(
            id=each.scheduler.id,
            verdict=each.verdict,
            cause=cause.code if (cause := causes[each.scheduler.id]) else None,
            needs_a_person=cause is not None,
            acted=each.scheduler.id in acted,
        )
        for each in morning.schedulers
    )
