"""What does the evidence make of the roll?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rollcall.causes.commands import CHECK_AGAIN
from rollcall.evidence import Evidence
from rollcall.morning import Morning
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.verdict.judge import judge_jobs, judge_scheduler
from rollcall.verdict.upstream import with_upstream


def judge_morning(
    roll: Roll,
    evidence: Evidence,
    *,
    now: datetime,
    jobs: Iterable[Job] | None = None,
    schedulers: Iterable[Scheduler] | None = None,
    demo: str | None = None,
    replay_of: datetime | None = None,
    again: str = CHECK_AGAIN,
    jobs_file: str | None = None,
) -> Morning:
    """The morning as the evidence proves it, for the given jobs and schedulers (all where left out).

    What the jobs build on is judged with them, so that each has the cause that it has in the whole; it is no part of
    the morning itself.
    """
    jobs = tuple(roll.jobs if jobs is None else jobs)
    with_others = with_upstream(jobs, roll.jobs)
    about = {scheduler.id: scheduler for scheduler in (roll.schedulers if schedulers is None else schedulers)}
    about |= {job.scheduler.id: job.scheduler for job in jobs if job.scheduler}
    asked = about | {job.scheduler.id: job.scheduler for job in with_others if job.scheduler}
    schedulers_judged = {
        name: judge_scheduler(scheduler, evidence, now=now, jobs=roll.jobs_of(name))
        for name, scheduler in asked.items()
    }
    return Morning(
        judged_at=now,
        zone=roll.zone,
        schedulers=tuple(schedulers_judged[each] for each in about),
        jobs=judge_jobs(with_others, evidence, schedulers_judged, now=now)[: len(jobs)],
        declared=len(roll.jobs),
        schedulers_declared=len(roll.schedulers),
        demo=demo,
        replay_of=replay_of,
        again=again,
        jobs_file=jobs_file,
        listed=roll.to_remember,
        rescheduled=tuple(roll.rescheduled),
        hosts=evidence.hosts,
    )
