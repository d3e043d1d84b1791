"""Which of tonight's possible faults would these checks find, and which would slip through?

Takes the evidence of a good morning, plants each fault on a copy of it and judges that as any morning is judged.
Pure: the evidence may have been gathered just now or be a record of any earlier morning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from os.path import relpath

from rollcall.causes.explain import explain_job, explain_scheduler
from rollcall.evidence import Evidence, FileSeen, OutputSeen, SchedulerSeen
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.rehearse.advice import NOT_LOOKED_FOR, NOTHING, OUTPUT
from rollcall.rehearse.evidence_copy import EvidenceCopy
from rollcall.rehearse.faults import JOB_FAULTS, OUTPUT_FAULTS, SCHEDULER_FAULTS, JobFault, SchedulerFault
from rollcall.rehearse.records import record_of
from rollcall.rehearse.settings import Setting, settings_for
from rollcall.roll.doubts import doubts, taken_outputs
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.schedule.after import After
from rollcall.schedule.days_off import as_scheduled
from rollcall.verdict.judge import judge_job, judge_scheduler
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import CauseCode, Verdict


class Outcome(StrEnum):
    """What became of a planted fault."""

    FOUND = "found"
    FOUND_AS_ANOTHER = "found as another cause"
    SLIPS = "slips"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One fault that was planted: what was made of it by a check at `at`.

    `reported_as` is the cause that was named, None where nobody was called. `cure` is, where it slips through, the
    setting that would catch it (`rollcall.rehearse.advice`). `output` is which one of several it happened to.
    """

    fault: JobFault | SchedulerFault
    at: datetime
    reported_as: CauseCode | None
    cure: str | None
    output: str | None = None

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        if self.reported_as is None:
            return Outcome.SLIPS
        return Outcome.FOUND if self.reported_as is self.fault.code else Outcome.FOUND_AS_ANOTHER

    @property
    def is_avoidable(self) -> bool:
        """True where it slips through, and something can be done so that it does not."""
        return self.outcome is Outcome.SLIPS and self.cure not in (NOTHING, NOT_LOOKED_FOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """A job or a scheduler; a job may have the id of a scheduler."""

    subject: Scheduler | Job

    @property
    def is_job(self) -> bool:
        """False of a scheduler."""
        return isinstance(self.subject, Job)

    @property
    def key(self) -> tuple[bool, str]:
        """What it is known by."""
        return self.is_job, self.subject.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed(_Subject):
    """A scheduler or a job, and all that can go wrong with it.

    `limit_at` is when that can be known, but for a job's being late. `evidence_of` is the morning on which it was good.
    """

    evidence_of: datetime
    limit_at: datetime
    faults: tuple[Planted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut(_Subject):
    """A job or a scheduler in which no fault was planted, and why: what is not good shows nothing once it is spoilt.

    `is_owed` is False of a job that jobs.toml pauses.
    """

    why: str
    is_owed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The whole result, and the morning that it began from; `doubtful` is what is of its jobs in jobs.toml, by id."""

    morning: Morning
    schedulers: tuple[Rehearsed, ...]
    jobs: tuple[Rehearsed, ...]
    left_out: tuple[LeftOut, ...]
    doubtful: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def count(self, outcome: Outcome) -> int:
        """How many of the planted faults ended like that."""
        return sum(fault.outcome is outcome for each in (*self.schedulers, *self.jobs) for fault in each.faults)

    @property
    def is_whole(self) -> bool:
        """True where every fault was planted, and none slips through that a setting would find.

        Of nothing at all that is not said.
        """
        planted = [fault for each in (*self.schedulers, *self.jobs) for fault in each.faults]
        is_every = bool(self.jobs) and not any(each.is_owed for each in self.left_out)
        return is_every and not any(each.is_avoidable for each in planted)

    def completed_by(self, other: Rehearsal) -> Rehearsal:
        """The same with what was good on the `other` morning, and is left out here."""
        left = {each.key for each in self.left_out}
        schedulers = tuple(each for each in other.schedulers if each.key in left)
        jobs = tuple(each for each in other.jobs if each.key in left)
        done = {each.key for each in (*schedulers, *jobs)}
        return replace(
            self,
            schedulers=(*self.schedulers, *schedulers),
            jobs=(*self.jobs, *jobs),
            left_out=tuple(each for each in self.left_out if each.key not in done),
        )


def rehearse(
    roll: Roll,
    evidence: Evidence,
    *,
    now: datetime,
    jobs: Iterable[Job] | None = None,
    fetch: Callable[[Job, FileSeen], bytes | None] = lambda job, file: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Rehearsal:
    """What would be found of each fault of these jobs (all where left out) and of their schedulers.

    `fetch` reads all that is in a file of the first output of a job; None where it is too large, or gone. Of the newest
    that it has, faults are planted in a copy of its bytes, and read as a file with them would be. `progress` hears how
    many jobs of how many are done.
    """
    declared = {job.id: job for job in (roll.jobs if jobs is None else jobs)}
    asked = {job.scheduler.id: job.scheduler for job in declared.values() if job.scheduler}
    morning = judge_morning(roll, evidence, now=now, jobs=tuple(declared.values()), schedulers=tuple(asked.values()))
    schedulers = [_of_scheduler(each.scheduler, roll, evidence, morning) for each in morning.schedulers]
    taken = taken_outputs(roll)
    of_jobs = []
    for judged in morning.jobs:
        others = [roll.job(job_id).outputs[number] for job_id, number in taken.get((judged.job.id, 0), ())]
        of_others = _files_of(others, judged) if others else frozenset()
        of_jobs.append(_of_job(declared[judged.job.id], judged, of_others, fetch, morning.judged_at))
        progress(len(of_jobs), len(morning.jobs))
    return Rehearsal(
        morning=morning,
        schedulers=tuple(each for each in schedulers if isinstance(each, Rehearsed)),
        jobs=tuple(each for each in of_jobs if isinstance(each, Rehearsed)),
        left_out=tuple(each for each in (*schedulers, *of_jobs) if isinstance(each, LeftOut)),
        doubtful={job_id: each for job_id, each in doubts(roll).items() if job_id in declared},
    )


def _of_scheduler(scheduler: Scheduler, roll: Roll, evidence: Evidence, morning: Morning) -> Rehearsed | LeftOut:
    seen, cause, now = evidence.schedulers.get(scheduler.id), morning.scheduler_causes[scheduler.id], morning.judged_at
    if cause or not isinstance(seen, SchedulerSeen):
        return LeftOut(subject=scheduler, why=cause.sentence if cause else "It was not asked.")
    faults = []
    for fault in SCHEDULER_FAULTS:
        if planted := fault.plant(scheduler, seen):
            changed = replace(evidence, schedulers={**evidence.schedulers, scheduler.id: planted})
            judged = judge_scheduler(scheduler, changed, now=now, jobs=roll.jobs_of(scheduler.id))
            found = explain_scheduler(judged)
            code, cure = (found.code, None) if found else (None, fault.cure)
            faults.append(Planted(fault=fault, at=now, reported_as=code, cure=cure))
    return Rehearsed(subject=scheduler, evidence_of=now, limit_at=now, faults=tuple(faults))


def _files_of(others: Iterable[Output], judged: JobJudged) -> frozenset[str]:
    """The files seen as the first output of a job that are those of `others`, by their names."""
    seen, own = judged.seen.outputs[0].seen, judged.job.outputs[0]
    names = [each.name for each in seen.files] if isinstance(seen, OutputSeen) else []
    return frozenset(
        name for name in names for other in others if other.names.told(relpath(own.folder / name, other.folder))
    )


def _of_job(
    job: Job,
    judged: JobJudged,
    of_others: frozenset[str],
    fetch: Callable[[Job, FileSeen], bytes | None],
    evidence_of: datetime,
) -> Rehearsed | LeftOut:
    if problems := [each for each in judged.findings if each.needs_a_person]:
        # What is only left without evidence by another says less than that.
        return LeftOut(subject=job, why=str(min(problems, key=lambda each: each.blocked_by is not None)))
    if judged.due_run is None:
        is_paused = judged.verdict is Verdict.PAUSED
        why = judged.findings[0].because if is_paused else "no run of it was due yet"
        return LeftOut(subject=job, why=why, is_owed=not is_paused)
    if early := next((each for each in judged.findings if each.verdict is Verdict.PENDING), None):
        return LeftOut(subject=job, why=f"its last run is no longer known: {early.because}")
    if isinstance(as_scheduled(judged.job.schedule), After):
        # What it follows is not copied: it is due when it was seen to be.
        job = job.with_schedule(judged.job.schedule)
    # The first moment at which the run must be done; later where it left another sign by hand.
    record = record_of(judged)
    signs = [record.last_at if record else None, *(each.made_at for each in judged.files if each)]
    at = max([judged.due_run.finish_by, *filter(None, signs)])
    faults: list[Planted] = []
    for turned, seen in _each_in_front(job, judged):
        is_first = turned is job
        data = fetch(turned, seen.file) if seen.file and seen.file.is_regular else None
        good = EvidenceCopy.of(seen, at, of_others if is_first else frozenset(), data)
        if alarm := next((each for each in _judged(good, turned)[0].findings if each.needs_a_person), None):
            return LeftOut(subject=job, why=f"a check at its limit would already have said: {alarm}")
        which = turned.outputs[0].written if len(job.outputs) > 1 else None
        faults += _planted(good, turned, JOB_FAULTS if is_first else OUTPUT_FAULTS, which)
    return Rehearsed(subject=job, evidence_of=evidence_of, limit_at=at, faults=tuple(faults))


def _each_in_front(job: Job, judged: JobJudged) -> Iterator[tuple[Job, JobJudged]]:
    """The job and how it was judged, once for each of its outputs, with that as the first of them."""
    yield job, judged
    for number in range(1, len(job.outputs)):
        order = (number, *(each for each in range(len(job.outputs)) if each != number))
        first = job.but(outputs=tuple(job.outputs[each] for each in order))
        own = judged.job.but(outputs=tuple(judged.job.outputs[each] for each in order))
        seen = replace(judged.seen, job=own, outputs=tuple(judged.seen.outputs[each] for each in order))
        case = judged.case and replace(judged.case, seen=seen, made=judged.case.of_output(number).made)
        yield first, replace(judged, seen=seen, case=case)


def _planted(good: EvidenceCopy, job: Job, faults: Iterable[JobFault], which: str | None) -> Iterator[Planted]:
    """What becomes of each of these faults that can happen there; `which` is the output, of several."""
    settings = _Tried(good, job)
    for fault in faults:
        at = fault.seen_at(good)
        copy = good if at == good.at else EvidenceCopy.of(good.judged, at, good.of_others, good.data)
        if planted := fault.plant(copy):
            found, code = _judged(planted, job)
            reported_as = code if found.needs_a_person or fault.is_warning else None
            cure = None if reported_as else _cure(fault, copy, settings)
            if cure and which:
                cure = cure.replace(OUTPUT, f"[{OUTPUT}]")
            is_of_it = which is not None and fault in OUTPUT_FAULTS
            yield Planted(fault=fault, at=at, reported_as=reported_as, cure=cure, output=which if is_of_it else None)


def _cure(fault: JobFault, copy: EvidenceCopy, settings: _Tried) -> str:
    """The setting that would catch it; each is tried where that can be."""
    if fault.code is None:
        return NOT_LOOKED_FOR
    for setting, good, changed in settings.of_the_good_run if fault.is_tried else ():
        planted = fault.plant(good)
        if planted and _judged(planted, changed)[0].needs_a_person:
            return setting.advice
    return fault.cure if isinstance(fault.cure, str) else fault.cure(copy)


@dataclass(frozen=True)
class _Tried:
    """The settings that the good run of a job leaves as they are, each with that run and the job under it."""

    good: EvidenceCopy
    job: Job

    @cached_property
    def of_the_good_run(self) -> tuple[tuple[Setting, EvidenceCopy, Job], ...]:
        """All of them; none where its content is not known and it has no rows."""
        if self.good.data is None and not (self.good.job.output and self.good.declared.kind is Kind.ROWS):
            return ()
        tried = []
        for setting in settings_for(self.good):
            output = self.good.declared.model_copy(update=setting.values)
            good, changed = self.good.under(output), self.job.but(outputs=(output, *self.job.outputs[1:]))
            if not _judged(good, changed)[0].needs_a_person:
                tried.append((setting, good, changed))
        return tuple(tried)


def _judged(copy: EvidenceCopy, job: Job) -> tuple[JobJudged, CauseCode | None]:
    """The job as a check at that moment judges it, and the cause it names."""
    evidence, scheduler = copy.evidence, job.scheduler
    schedulers = {scheduler.id: judge_scheduler(scheduler, evidence, now=copy.at, jobs=(job,))} if scheduler else {}
    judged = judge_job(job, evidence, schedulers, now=copy.at)
    cause = explain_job(judged, schedulers)
    return judged, cause.code if cause else None
