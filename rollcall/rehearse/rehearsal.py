"""Which of tonight's possible faults would these checks find, and which would slip through?

Takes the evidence of a good morning, plants each fault on a copy of it and judges that as any morning is judged.
Pure: the evidence may have been gathered just now or be a record of any earlier morning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rollcall.causes.explain import explain_job, explain_scheduler
from rollcall.evidence import Evidence, Outputs, SchedulerSeen
from rollcall.morning import Morning, judge_morning
from rollcall.rehearse.faults import JOB_FAULTS, SCHEDULER_FAULTS, JobFault, SchedulerFault
from rollcall.rehearse.scene import Scene, record_of
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.schedule.after import After
from rollcall.schedule.days_off import as_scheduled
from rollcall.verdict import JobJudged, judge_job, judge_scheduler
from rollcall.verdict.findings import Finding
from rollcall.vocabulary import CauseCode, Verdict


class Outcome(StrEnum):
    """What became of a planted fault."""

    FOUND = "found"
    FOUND_AS_ANOTHER = "found as another"
    SLIPS = "slips"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """One fault that was planted: what was made of it by a check at `at`.

    `told_as` is the cause that somebody was told, None where nobody was called. `cure` is, where it slips through, the
    setting that would catch it (`rollcall.rehearse.advice`).
    """

    fault: JobFault | SchedulerFault
    at: datetime
    outcome: Outcome
    told_as: CauseCode | None
    cure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerRehearsed:
    """A scheduler, and all that could befall it."""

    scheduler: Scheduler
    faults: tuple[Rehearsed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRehearsed:
    """A job, and all that could befall it. `limit_at` is when its faults can be known, all but that of being late."""

    job: Job
    limit_at: datetime
    faults: tuple[Rehearsed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A job or a scheduler of which no fault was planted, and why: what is not good tells nothing once it is spoilt."""

    id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The whole result, and the morning that it began from."""

    morning: Morning
    schedulers: tuple[SchedulerRehearsed, ...]
    jobs: tuple[JobRehearsed, ...]
    left_out: tuple[LeftOut, ...]

    def count(self, outcome: Outcome) -> int:
        """How many of the planted faults ended like that."""
        return sum(each.outcome is outcome for each in self._faults)

    @property
    def _faults(self) -> Iterator[Rehearsed]:
        for scheduler in self.schedulers:
            yield from scheduler.faults
        for job in self.jobs:
            yield from job.faults

    @property
    def is_whole(self) -> bool:
        """True where every fault was planted, and each called somebody. Of nothing at all that is not said."""
        return not self.left_out and bool(self.jobs) and not self.count(Outcome.SLIPS)


def rehearse(roll: Roll, evidence: Evidence, *, now: datetime, jobs: Iterable[Job] | None = None) -> Rehearsal:
    """What would be found of each fault that can befall these jobs (all where left out) and their schedulers."""
    jobs = tuple(roll.jobs if jobs is None else jobs)
    asked = {job.scheduler.id: job.scheduler for job in jobs if job.scheduler}
    morning = judge_morning(roll, evidence, now=now, jobs=jobs, schedulers=tuple(asked.values()))
    declared = {job.id: job for job in jobs}
    schedulers = [
        _of_scheduler(each.scheduler, evidence, morning, roll.jobs_of(each.scheduler.id)) for each in morning.schedulers
    ]
    of_jobs = [_of_job(declared[each.job.id], each, evidence) for each in morning.jobs]
    rehearsed = [*schedulers, *of_jobs]
    return Rehearsal(
        morning=morning,
        schedulers=tuple(each for each in rehearsed if isinstance(each, SchedulerRehearsed)),
        jobs=tuple(each for each in rehearsed if isinstance(each, JobRehearsed)),
        left_out=tuple(each for each in rehearsed if isinstance(each, LeftOut)),
    )


# Schedulers -----------------------------------------------------------------------------------------------------------


def _of_scheduler(
    scheduler: Scheduler, evidence: Evidence, morning: Morning, jobs: tuple[Job, ...]
) -> SchedulerRehearsed | LeftOut:
    seen = evidence.schedulers.get(scheduler.id)
    cause = morning.scheduler_causes[scheduler.id]
    if cause or not isinstance(seen, SchedulerSeen):
        return LeftOut(id=scheduler.id, why=cause.sentence if cause else "It was not asked.")
    faults = (_on_scheduler(each, scheduler, evidence, morning.judged_at, jobs) for each in SCHEDULER_FAULTS)
    return SchedulerRehearsed(scheduler=scheduler, faults=tuple(each for each in faults if each))


def _on_scheduler(
    fault: SchedulerFault, scheduler: Scheduler, evidence: Evidence, now: datetime, jobs: tuple[Job, ...]
) -> Rehearsed | None:
    seen = evidence.schedulers[scheduler.id]
    planted = fault.plant(scheduler, seen) if isinstance(seen, SchedulerSeen) else None
    if planted is None:
        return None
    changed = replace(evidence, schedulers={**evidence.schedulers, scheduler.id: planted})
    cause = explain_scheduler(judge_scheduler(scheduler, changed, now=now, jobs=jobs))
    told_as = cause.code if cause else None
    return _rehearsed(fault, fault.code, told_as, now, fault.cure)


# Jobs -----------------------------------------------------------------------------------------------------------------


def _of_job(job: Job, judged: JobJudged, evidence: Evidence) -> JobRehearsed | LeftOut:
    if problem := next((each for each in judged.findings if each.needs_a_person), None):
        return LeftOut(id=job.id, why=str(problem))
    if judged.due_run is None:
        is_paused = judged.verdict is Verdict.PAUSED
        return LeftOut(id=job.id, why=judged.findings[0].because if is_paused else "no run of it was owed yet")
    if early := next((each for each in judged.findings if each.verdict is Verdict.PENDING), None):
        return LeftOut(id=job.id, why=f"its last run cannot be told any more: {early.because}")
    limit_at = _limit_at(judged)
    if isinstance(as_scheduled(judged.job.schedule), After):
        # What it follows is no part of the scene: it is due when it was seen to be.
        job = job.with_schedule(judged.job.schedule)
    others = evidence.outputs.get(job.id, ())[1:]
    good = Scene.of(judged, limit_at, others)
    if alarm := _alarm(good, job):
        return LeftOut(id=job.id, why=f"already at its limit a check would have said: {alarm}")
    faults = [_on_job(each, job, good, others) for each in JOB_FAULTS if each.applies(good)]
    return JobRehearsed(job=job, limit_at=limit_at, faults=tuple(faults))


def _limit_at(judged: JobJudged) -> datetime:
    """The first moment at which the run must be done; later where it left another sign by hand."""
    assert judged.due_run is not None
    signs = [judged.due_run.finish_by]
    if (record := record_of(judged)) and record.last_at:
        signs.append(record.last_at)
    signs += [each.made_at for each in judged.files if each]
    return max(signs)


def _alarm(scene: Scene, job: Job) -> Finding | None:
    return next((each for each in _judged(scene, job)[0].findings if each.needs_a_person), None)


def _on_job(fault: JobFault, job: Job, good: Scene, others: Outputs) -> Rehearsed:
    at = fault.seen_at(good)
    scene = good if at == good.at else Scene.of(good.judged, at, others)
    told, code = _judged(fault.plant(scene), job)
    told_as = code if told.needs_a_person or fault.is_warning else None
    return _rehearsed(fault, fault.code, told_as, at, fault.cure(scene))


def _judged(scene: Scene, job: Job) -> tuple[JobJudged, CauseCode | None]:
    """The job as a check at that moment judges it, and the cause it names."""
    scheduler = job.scheduler
    of_schedulers = (
        {scheduler.id: judge_scheduler(scheduler, scene.evidence, now=scene.at, jobs=(job,))} if scheduler else {}
    )
    judged = judge_job(job, scene.evidence, of_schedulers, now=scene.at)
    cause = explain_job(judged, of_schedulers)
    return judged, cause.code if cause else None


def _rehearsed(
    fault: JobFault | SchedulerFault, code: CauseCode | None, told_as: CauseCode | None, at: datetime, cure: str
) -> Rehearsed:
    if told_as is None:
        cure = cure if code else "nothing looks for it yet"
        return Rehearsed(fault=fault, at=at, outcome=Outcome.SLIPS, told_as=None, cure=cure)
    outcome = Outcome.FOUND if told_as is code else Outcome.FOUND_AS_ANOTHER
    return Rehearsed(fault=fault, at=at, outcome=outcome, told_as=told_as)
