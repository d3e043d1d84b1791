"""Who said what about one job, and whose word is taken?"""

from collections.abc import Container
from dataclasses import replace
from datetime import datetime
from itertools import chain, repeat

from rollcall.evidence import Evidence, NotSeen, SchedulerSeen
from rollcall.roll.due_run import EARLY_TOLERANCE, LOOKING_TIME
from rollcall.roll.job import Job
from rollcall.roll.scheduler import Scheduler
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.verdict import interval
from rollcall.verdict.findings import Finding
from rollcall.verdict.reading import Reading
from rollcall.verdict.runs import RunRead, newest_first, on_record
from rollcall.verdict.witnesses import BLOCKING, OutputRead, Witnesses
from rollcall.vocabulary import CauseCode


def asked(evidence: Evidence, scheduler_id: str, now: datetime) -> SchedulerSeen | NotSeen:
    """What the scheduler said. One that nobody asked was not seen, and is never green."""
    detail = "it was not asked when this evidence was gathered"
    return evidence.schedulers.get(scheduler_id) or NotSeen(code=CauseCode.SCHEDULER_DOWN, detail=detail, looked_at=now)


def asked_memory(evidence: Evidence, scheduler: Scheduler, now: datetime) -> SchedulerSeen | NotSeen | None:
    """What the scheduler's second record said; None where none is declared."""
    if scheduler.memory is None:
        return None
    detail = f"{scheduler.memory.address}: it was not asked when this evidence was gathered"
    return evidence.memories.get(scheduler.id) or NotSeen(code=CauseCode.SCHEDULER_DOWN, detail=detail, looked_at=now)


def hear(job: Job, evidence: Evidence, broken: tuple[Finding, ...], *, now: datetime) -> Witnesses:
    """The evidence about `job`; an interval without an anchor is counted from the newest run seen.

    `broken` are the findings of its scheduler that need a person.
    """
    declared, until = job.scheduler, now + LOOKING_TIME
    scheduler = asked(evidence, declared.id, now) if declared else None
    memory = asked_memory(evidence, declared, now) if declared else None
    own = on_record(scheduler, job.name, declared, until)
    remembered = on_record(memory, job.name, declared.memory if declared else None, until)
    is_silent = any(each.check in BLOCKING for each in broken)
    remembers = isinstance(memory, SchedulerSeen) and memory.runs is not None
    # A scheduler that knows of an earlier run was alive then and has forgotten nothing since: its word is held to.
    known = [each.last_at for each in remembered.runs if each.last_at]
    has_forgotten = not any(each.latest for each in own.runs) and bool(known) and max(known) <= until
    is_by_memory = (is_silent and remembers) or has_forgotten
    record = remembered if is_by_memory else own
    # What nobody looked at was not seen, and is never green.
    detail = "it was not looked at when this evidence was gathered"
    nobody = NotSeen(code=CauseCode.OUTPUT_UNREADABLE, detail=detail, looked_at=now)
    looked_at = chain(evidence.outputs.get(job.id, ()), repeat(nobody))
    heard = Witnesses(
        job=job,
        now=now,
        broken=broken,
        scheduler=scheduler,
        memory=memory,
        runs=record.runs,
        runs_since=record.since,
        is_by_memory=is_by_memory,
        floats=interval.floats(job),
        since=job.since,
        outputs=tuple([OutputRead.of(each, seen, now) for each, seen in zip(job.outputs, looked_at, strict=False)]),
        remembered=evidence.remembered.get(job.id, ()),
    )
    if any(_is_ambiguous(each) for each in heard.runs):
        heard = _with_hours_told_apart(heard)
    if heard.floats:
        return replace(heard, job=_counted_from_what_was_seen(heard))
    heard = replace(heard, runs=tuple([_named_well(each, heard) for each in heard.runs]))
    return replace(heard, job=_owed_once_a_window(heard)) if job.draws_past_the_next else heard


def _named_well(run: RunRead, heard: Witnesses) -> RunRead:
    """The run without the due time that it names where the job is not due then: its own times place it better."""
    named = run.due.at if run.due and run.is_by_schedule else None
    if named is None or not (run.started_at or run.ended_at):
        return run
    due_at = heard.due_before(named + EARLY_TOLERANCE)
    is_due = due_at is not None and named - due_at <= heard.job.jitter + EARLY_TOLERANCE
    return run if is_due else replace(run, due=None)


def _owed_once_a_window(heard: Witnesses) -> Job:
    """The job without the due times that were run together with the one before; a run tells so by its start, where
    that is on record, else by its end or its file.
    """
    job = heard.job
    runs = [each for each in heard.runs if each.is_by_schedule and not each.is_left_out]
    if any(each.due for each in runs):
        return job  # they say themselves which due time they are for
    starts = [each.started_at for each in runs if each.started_at]
    ends = [*(each.ended_at for each in runs if each.ended_at), *(each.made_at for each in heard.files)]
    signs = sorted(at for at in starts or ends if at <= heard.counted_until)
    return job.once_a_window(signs, heard.now, are_starts=bool(starts))


def _counted_from_what_was_seen(heard: Witnesses) -> Job:
    recorded = heard.last.at if heard.last and heard.ran_at else None
    signs = [at for at in (recorded, heard.files[0].made_at if heard.files else None) if at is not None]
    # Output and record of one run lie a little apart: the earlier of the two.
    newest_at = min((at for at in signs if max(signs) - at <= heard.job.max_runtime), default=None)
    return interval.anchored(heard.job, newest_at, heard.next_run.at if heard.next_run else None)


def _is_ambiguous(run: RunRead) -> bool:
    return any(each.later_at for each in (run.due, run.started, run.ended) if each)


def _with_hours_told_apart(heard: Witnesses) -> Witnesses:
    """The same with each run in the one of two hours that it means."""
    taken = {heard.due_before(each.at) for each in heard.runs if each.at and not _is_ambiguous(each)}
    runs = []
    for each in heard.runs:
        if each.placing is None or not _is_ambiguous(each):
            runs.append(each)
            continue
        at = _meant_at(each.placing, taken, heard)
        taken.add(heard.due_before(at))
        runs.append(_placed(each, at))
    reaching = (new.at for old, new in zip(heard.runs, runs, strict=True) if old.at and old.at == heard.runs_since)
    return replace(heard, runs=newest_first(runs), runs_since=next(reaching, heard.runs_since))


def _meant_at(placing: Reading, taken: Container[datetime | None], heard: Witnesses) -> datetime:
    """Which of two hours a record means: one of which there is no other record, the one that a file agrees with, in
    which the run was in time, the newer.

    The text alone cannot tell; what fits the schedule must not be called late for it.
    """
    job = heard.job

    def fits(at: datetime) -> tuple[bool, bool, bool, datetime]:
        has_file_near = any(abs(each.made_at - at) <= job.max_runtime for each in heard.files)
        due_at = last_due(as_scheduled(job.schedule), at)
        is_in_time = due_at is not None and at <= due_at + job.allowance
        return heard.due_before(at) not in taken, has_file_near, is_in_time, at

    past = [at for at in placing.instants if at <= heard.counted_until]
    return max(past or placing.instants[:1], key=fits)


def _placed(run: RunRead, at: datetime) -> RunRead:
    """The run at that instant; of two that another of its times may mean, the first that is not before."""

    def read(reading: Reading | None) -> Reading | None:
        if reading is None or reading.later_at is None:
            return reading
        after = [each for each in reading.instants if each >= at - EARLY_TOLERANCE]
        return replace(reading, at=min(after, default=reading.later_at))

    return replace(run, due=read(run.due), started=read(run.started), ended=read(run.ended))
