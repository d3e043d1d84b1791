"""Did the jobs that a job builds on do their work?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from rollcall.evidence import Outcome
from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.schedule.answers import due_between, last_due
from rollcall.text import listed
from rollcall.verdict import show
from rollcall.verdict.findings import Check, Finding, broken, ok
from rollcall.vocabulary import CauseCode, Verdict

if TYPE_CHECKING:
    from rollcall.verdict import JobJudged

# What a job did not do for want of what it builds on; that it is not registered, say, is its own trouble.
_EXPLAINED = frozenset({Verdict.MISSED, Verdict.FAILED, Verdict.BAD_OUTPUT, Verdict.LATE, Verdict.STUCK})
_OF_ITS_RUN = frozenset(
    {
        Check.UPSTREAM_DID_ITS_WORK,
        Check.EXECUTED_AFTER_DUE_TIME,
        Check.STATUS_IS_SUCCESS,
        Check.RAN_ON_TIME,
        Check.STARTED_ON_TIME,
        Check.OUTPUT_EXISTS,
        Check.OUTPUT_IS_WHOLE,
    }
)


def names(job: Job) -> tuple[str, ...]:
    """The ids of the jobs that it builds on."""
    return (*job.needs, *filter(None, (job.after,)))


def in_order(jobs: Iterable[Job]) -> Iterator[Job]:
    """The jobs, each behind those that it builds on."""
    known = {job.id: job for job in jobs}
    behind = {job.id: [name for name in names(job) if name in known] for job in known.values()}
    for name in TopologicalSorter(behind).static_order():
        yield known[name]


def done_at(judged: JobJudged, now: datetime) -> tuple[datetime, ...]:
    """When each run of the look-back did its work, which is when what follows it is due."""
    job, seen = judged.job, judged.seen
    dues = due_between(job.schedule, now - job.look_back - job.allowance, now)
    first = (_first_done(job.due_run(due_at), judged) for due_at in dues)
    found = {at for at in first if at is not None}
    if seen.floats and judged.ran_at is not None:
        found.add(judged.ran_at)
    return tuple(sorted(found))


def _first_done(run: DueRun, judged: JobJudged) -> datetime | None:
    seen = judged.seen
    decides = seen.attempts(run).deciding
    if decides is not None and decides.outcome not in ("success", "partial"):
        return None
    # Where its end is not told, what is known of it last.
    return seen.first_seen(run) or (decides.last_at if decides else None)


def finding(judged: JobJudged, needed: Iterable[JobJudged]) -> Finding | None:
    """That those did their work, whose newest run was due before its own; None where it owed no run yet."""
    check, expected = Check.UPSTREAM_DID_ITS_WORK, "the work of what it needs"
    if judged.due_run is None:
        return None
    needed = tuple(needed)
    is_hit = any(
        each.needs_a_person and each.verdict in _EXPLAINED and each.check in _OF_ITS_RUN for each in judged.findings
    )
    failed = (_failure_of(each, judged.due_run) for each in needed) if is_hit else ()
    verdict, found, because = next(filter(None, failed), (Verdict.OK, "", ""))
    if verdict is Verdict.OK:
        return ok(check, expected, f"it needs {listed(each.job.id for each in needed)}")
    code = CauseCode.UPSTREAM_FAILED
    return broken(check, verdict, code, expected=expected, found=found, because=because)


def _failure_of(upstream: JobJudged, run: DueRun) -> tuple[Verdict, str, str] | None:
    """What became of the run that `run` builds on, the last due before it, and in words; None where that did its work.

    It is the judged one, where no newer is; of an older one its record tells.
    """
    job, judged = upstream.job, upstream.due_run
    proven = (each for each in upstream.findings if each.needs_a_person and each.verdict in _EXPLAINED)
    why = next((each for each in proven if each.check in _OF_ITS_RUN), None)
    if judged is not None and judged.due_at <= run.due_at:
        was_there = upstream.ran_at is not None and upstream.ran_at <= run.due_at
        if why is None or (why.verdict is Verdict.LATE and was_there):
            return None
        because = f"it needs {job.id}, which did not do its work: {why.because or why.found}"
        return upstream.verdict, f"{job.id} is {upstream.verdict}", because
    due_at = last_due(job.schedule, run.due_at)
    decides = upstream.seen.attempts(job.due_run(due_at)).deciding if due_at else None
    if due_at is None or decides is None or decides.outcome is not Outcome.FAILED:
        return None
    because = f"it needs {job.id}, whose run due {show.when(due_at, job)} ended in {decides.seen.word or 'an error'}"
    return Verdict.FAILED, f"{job.id} failed", because
