"""Did the jobs that a job builds on do their work?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from graphlib import TopologicalSorter

from rollcall.evidence import Outcome
from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.schedule.answers import due_between, last_due
from rollcall.text import listed
from rollcall.verdict import show
from rollcall.verdict.case import Case, attempts_of
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import CauseCode, Verdict

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


def with_upstream(jobs: Iterable[Job], declared: Iterable[Job]) -> tuple[Job, ...]:
    """The jobs, and after them those of the `declared` that they build on, at any remove.

    Without these nobody could tell whether a job that did nothing had anything to do.
    """
    known, found = {job.id: job for job in declared}, {job.id: job for job in jobs}
    left = list(found.values())
    while left:
        needed = {name: known[name] for name in names(left.pop()) if name in known and name not in found}
        found |= needed
        left.extend(needed.values())
    return tuple(found.values())


def reaches(jobs: Iterable[Job]) -> dict[str, timedelta]:
    """How far back the runs of each job are of interest, by its id: its own look-back, or that of what follows it.

    What follows it is due by its runs: those must be known for as long as anything may be owed after them.
    """
    found: dict[str, timedelta] = {}
    for job in reversed(tuple(in_order(jobs))):
        found[job.id] = max(job.look_back, found.get(job.id, job.look_back))
        if job.after is not None:
            found[job.after] = max(found[job.id] + job.allowance, found.get(job.after, timedelta(0)))
    return found


def done_at(judged: JobJudged, now: datetime, reach: timedelta) -> tuple[datetime, ...]:
    """When each run of the last `reach` did its work, which is when what follows it is due."""
    job, seen = judged.job, judged.seen
    found = {judged.ran_at} if seen.floats else set()
    for due_at in due_between(job.schedule, now - reach - job.allowance, now):
        case = Case.of(seen, job.due_run(due_at))
        decides = case.attempts.deciding
        if decides is None or decides.is_done:
            # Where its end is not told, what is known of it last.
            found.add(case.first_seen or (decides.last_at if decides else None))
    return tuple(sorted(at for at in found if at is not None))


def upstream_did_its_work(judged: JobJudged, needed: Sequence[JobJudged]) -> Finding | None:
    """That those did their work, whose newest run was due before its own; None where it owed no run yet."""
    promise = Promise(Check.UPSTREAM_DID_ITS_WORK, "the work of what it needs")
    if judged.due_run is None:
        return None
    if _not_done(judged):
        for each in needed:
            if failure := _failure_of(each, judged.due_run):
                verdict, found, because = failure
                broken = promise.broken(verdict, CauseCode.UPSTREAM_FAILED, found, because)
                return replace(broken, upstream=each.job.id)
    return promise.kept(f"it needs {listed(each.job.id for each in needed)}")


def _not_done(judged: JobJudged) -> Finding | None:
    """What proves that its run did not do its work."""
    proven = (each for each in judged.findings if each.needs_a_person and each.verdict in _EXPLAINED)
    return next((each for each in proven if each.check in _OF_ITS_RUN), None)


def _failure_of(upstream: JobJudged, run: DueRun) -> tuple[Verdict, str, str] | None:
    """What became of the run that `run` builds on, the last due before it, and in words; None where that did its work.

    It is the judged one, where no newer is; of an older one its record tells.
    """
    job, judged = upstream.job, upstream.due_run
    if judged is not None and judged.due_at <= run.due_at:
        why = _not_done(upstream)
        was_there = upstream.ran_at is not None and upstream.ran_at <= run.due_at
        if why is None or (why.verdict is Verdict.LATE and was_there):
            return None
        because = f"it needs {job.id}, which did not do its work: {why.because or why.found}"
        return upstream.verdict, f"{job.id} is {upstream.verdict}", because
    due_at = last_due(job.schedule, run.due_at)
    decides = attempts_of(job.due_run(due_at), upstream.seen).deciding if due_at else None
    if due_at is None or decides is None or decides.outcome is not Outcome.FAILED:
        return None
    because = f"it needs {job.id}, whose run due {show.when(due_at, job)} ended in {decides.seen.word or 'an error'}"
    return Verdict.FAILED, f"{job.id} failed", because
