"""What is wrong with whom, and since when?

Pure: a morning, what the history tells and what a channel heard already go in; one trouble comes out for each broken
scheduler and for each job that nobody's scheduler explains.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from rollcall.causes.explain import Cause
from rollcall.history.rows import Chronicle, Memory, Row, Silence
from rollcall.morning import Morning
from rollcall.morning.links import filled_link
from rollcall.report.cause_groups import group_by_cause
from rollcall.report.recent_runs import bad_since
from rollcall.report.silenced import is_of_job, is_of_scheduler
from rollcall.roll.roll import Roll
from rollcall.roll.words import Threshold
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One job that news is about, what is wrong with it and what to do ("" where nothing is).

    `since` is when the first of the bad runs up to this one was due, None where it is well or nobody knows. `runbook`
    and `logs` are filled in.
    """

    id: str
    title: str
    sentence: str
    next_step: str
    since: datetime | None = None
    owner: str | None = None
    severity: str | None = None
    runbook: str | None = None
    logs: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong with one scheduler or one job now; `since` is when it began, as far as that is known.

    `key` is what it is remembered by: the same from one morning to the next, whatever the cause is. `downstream` are
    the jobs that did not do their work because its own was not done.
    """

    key: str
    cause: Cause
    since: datetime
    scheduler: str | None
    jobs: tuple[Concern, ...]
    downstream: tuple[Concern, ...] = ()


def find_troubles(
    roll: Roll, morning: Morning, chronicle: Chronicle, told: Memory, *, can_count: bool
) -> tuple[Trouble, ...]:
    """Schedulers first, then the jobs; none that is silenced.

    `can_count` is False where the runs before this one are not known.
    """
    silenced = silenced_keys(roll, chronicle.silences)
    schedulers = (each for each in _of_schedulers(morning, chronicle) if each.key not in silenced)
    return (*schedulers, *_of_jobs(roll, morning, chronicle, told, silenced, can_count=can_count))


def silenced_keys(roll: Roll, silences: Collection[Silence]) -> frozenset[str]:
    """The keys of the schedulers and jobs of which nobody is told for a while."""
    schedulers = (each.id for each in roll.schedulers if any(is_of_scheduler(one, each.id) for one in silences))
    jobs = (each.id for each in roll.jobs if any(is_of_job(one, each) for one in silences))
    return frozenset((*map(scheduler_key, schedulers), *map(job_key, jobs)))


def scheduler_key(scheduler_id: str) -> str:
    """What that scheduler is remembered by."""
    return f"scheduler {scheduler_id}"


def job_key(job_id: str) -> str:
    """What that job is remembered by."""
    return f"job {job_id}"


def _of_schedulers(morning: Morning, chronicle: Chronicle) -> Iterator[Trouble]:
    for group in group_by_cause(morning):
        if group.scheduler:
            yield Trouble(
                key=scheduler_key(group.scheduler.scheduler.id),
                cause=group.cause,
                since=morning.judged_at,
                scheduler=group.scheduler.scheduler.id,
                jobs=tuple(
                    concern_of(each, group.cause, bad_since(each, chronicle.of(each.job.id))) for each in group.everyone
                ),
            )


def _of_jobs(
    roll: Roll,
    morning: Morning,
    chronicle: Chronicle,
    told: Memory,
    silenced: Collection[str],
    *,
    can_count: bool,
) -> Iterator[Trouble]:
    """The jobs with a cause of their own. Of one that its scheduler hides nothing is known, so nothing is said.

    Those that only need another, or lie behind a scheduler that is not theirs, are told with that, and by themselves
    where nobody hears of it yet.
    """
    for group in group_by_cause(morning):
        is_told = group.scheduler and scheduler_key(group.scheduler.scheduler.id) not in silenced
        left = [] if is_told else list(group.jobs)
        for judged in left:
            downstream = [each for each in group.downstream if morning.downstream[each.job.id] is judged]
            cause = morning.job_causes[judged.job.id]
            assert cause is not None
            rows = _with_this_run(chronicle.of(judged.job.id), judged, morning.judged_at)
            is_counted = can_count and judged.due_run is not None and job_key(judged.job.id) not in told
            is_untold = is_counted and not _is_reached(judged.job.alert_after, rows)
            if is_untold or job_key(judged.job.id) in silenced:
                left.extend(downstream)
                continue
            since = bad_since(judged, chronicle.of(judged.job.id))
            yield Trouble(
                key=job_key(judged.job.id),
                cause=cause,
                since=since or morning.judged_at,
                scheduler=None,
                jobs=(concern_of(judged, cause, since),),
                downstream=tuple(concern_of(each, morning.job_causes[each.job.id]) for each in downstream),
            )


def concern_of(judged: JobJudged, cause: Cause | None = None, since: datetime | None = None) -> Concern:
    """That job, with whom it concerns and where more stands; `cause` is None where it is well."""
    job, due_at = judged.job, judged.due_run.due_at if judged.due_run else None
    return Concern(
        id=job.id,
        title=job.title,
        sentence=cause.sentence if cause else "",
        next_step=cause.next_step if cause else "",
        since=since,
        owner=job.owner,
        severity=job.severity,
        runbook=filled_link(job.runbook, job, due_at),
        logs=filled_link(job.logs, job, due_at),
    )


def _with_this_run(rows: tuple[Row, ...], judged: JobJudged, now: datetime) -> tuple[Row, ...]:
    """The remembered runs up to the one that is judged now, as it is judged now."""
    run = judged.due_run
    if run is None:
        return rows
    this = Row(
        job_id=judged.job.id,
        due_at=run.due_at,
        verdict=judged.verdict,
        needs_a_person=judged.needs_a_person,
        judged_at=now,
    )
    return (*(each for each in rows if each.due_at < run.due_at), this)


def _is_reached(threshold: Threshold, rows: tuple[Row, ...]) -> bool:
    judged = [each for each in rows if each.verdict not in (Verdict.PENDING, Verdict.PAUSED)]
    return sum(each.needs_a_person for each in judged[-threshold.last :]) >= threshold.bad
