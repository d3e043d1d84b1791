"""What does the evidence prove about one due run?

Pure: evidence and `now` go in, findings come out. `scheduler` judges a scheduler, `witnesses` reads what was seen of a
job; `registration`, `record`, `output`, `whole` and `look_back` hold one promise a function against it, `pause` says
when none is owed, `upstream` what a job builds on. Here the due run is chosen and all of it weighed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rollcall.evidence import Evidence, FileSeen
from rollcall.roll.due_run import EARLY_TOLERANCE, DueRun
from rollcall.roll.job import Job
from rollcall.roll.scheduler import Scheduler
from rollcall.schedule.after import After
from rollcall.schedule.answers import around, next_due
from rollcall.verdict import output, pause, record, registration, upstream
from rollcall.verdict.due import runs_back_from
from rollcall.verdict.findings import Check, Finding
from rollcall.verdict.look_back import no_run_is_missing
from rollcall.verdict.promises import promises_of
from rollcall.verdict.scheduler import scheduler_findings
from rollcall.verdict.whole import output_is_whole
from rollcall.verdict.witnesses import Witnesses, asked, asked_memory
from rollcall.vocabulary import CauseCode, Verdict

_INSTANT = timedelta(microseconds=1)
# What happened to the run itself says more about the job than how it is registered.
_WEIGHT = (
    Check.UPSTREAM_DID_ITS_WORK,
    Check.EXECUTED_AFTER_DUE_TIME,
    Check.STATUS_IS_SUCCESS,
    Check.OUTPUT_EXISTS,
    Check.OUTPUT_IS_WHOLE,
    Check.OUTPUT_AGREES_WITH_RECORD,
    Check.RAN_ON_TIME,
    Check.STARTED_ON_TIME,
    Check.RUNTIME_IS_AS_ALLOWED,
    Check.NO_RUN_IS_MISSING,
    Check.IS_REGISTERED,
    Check.NEXT_RUN_IS_ON_SCHEDULE,
    Check.PAUSE_IS_CURRENT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerJudged:
    """A scheduler and what was found of it; `undeclared` are jobs that it lists and jobs.toml does not know."""

    scheduler: Scheduler
    findings: tuple[Finding, ...]
    undeclared: tuple[str, ...] = ()
    broken: tuple[Finding, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Finds out once what each of its jobs asks for."""
        object.__setattr__(self, "broken", tuple([each for each in self.findings if each.needs_a_person]))

    @property
    def verdict(self) -> Verdict:
        """The worst of its findings."""
        return self.broken[0].verdict if self.broken else Verdict.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class JobJudged:
    """A job, the due run that was judged (None where none was owed yet) and what was found of it.

    `next_due_at` is the first due instant after `now`; `is_pending` is True where a newer due run is still inside its
    time. `ran_at` is when the judged run was seen to be done, by its output or its record; `files` are its outputs, the
    first of each declared one.
    """

    job: Job
    due_run: DueRun | None
    next_due_at: datetime | None
    findings: tuple[Finding, ...]
    is_pending: bool
    ran_at: datetime | None
    files: tuple[FileSeen | None, ...]
    seen: Witnesses
    _off: list[Finding] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keeps the findings that are not simply well, of which there are seldom any."""
        off = [each for each in self.findings if each.verdict is not Verdict.OK or each.is_warning]
        object.__setattr__(self, "_off", off)

    @property
    def file(self) -> FileSeen | None:
        """The file of its first output."""
        return self.files[0] if self.files else None

    @property
    def verdict(self) -> Verdict:
        """What the findings weigh together: proof of harm before doubt before a warning, the run before its next.

        What was not proven is not ok: a finding that is too early to tell leaves the job pending.
        """
        off = self._off
        for weighs in _HEAVIEST_FIRST if off else ():
            if heavy := [each for each in off if weighs(each)]:
                return min(heavy, key=lambda each: _weight(each.check)).verdict
        return Verdict.PENDING if self.is_pending or self.due_run is None else Verdict.OK

    @property
    def needs_a_person(self) -> bool:
        """True where any finding does."""
        return any(each.needs_a_person for each in self._off)


def _weight(check: str) -> int:
    """Where it stands among the promises; a check of a person's own says least of the run."""
    return next((place for place, each in enumerate(_WEIGHT) if each == check), len(_WEIGHT))


_HEAVIEST_FIRST: tuple[Callable[[Finding], bool], ...] = (
    lambda each: each.needs_a_person and each.verdict is not Verdict.UNKNOWN,
    lambda each: each.needs_a_person,
    lambda each: each.is_warning and each.verdict is not Verdict.OK,
    lambda each: each.verdict is not Verdict.OK,
)


def judge_scheduler(
    scheduler: Scheduler, evidence: Evidence, *, now: datetime, jobs: Iterable[Job] = ()
) -> SchedulerJudged:
    """What was seen of `scheduler`, held against what a living one would show; `jobs` are those of it."""
    own = tuple(jobs)
    memory, seen = asked_memory(evidence, scheduler, now), asked(evidence, scheduler.id, now)
    listed = getattr(seen, "jobs", None) or ()
    known = {job.name for job in own}
    return SchedulerJudged(
        scheduler=scheduler,
        findings=scheduler_findings(scheduler, seen, memory, own),
        undeclared=tuple(each.id for each in listed if each.id not in known and not scheduler.ignores(each.id)),
    )


def judge_jobs(
    jobs: Iterable[Job], evidence: Evidence, schedulers: Mapping[str, SchedulerJudged], *, now: datetime
) -> tuple[JobJudged, ...]:
    """Each of the jobs, judged; one that is due after another once that one is, and one that needs another with it."""
    jobs = tuple(jobs)
    judged: dict[str, JobJudged] = {}
    for job in upstream.in_order(jobs):
        if isinstance(job.schedule, After):
            before = judged.get(job.schedule.job)
            job = job.with_schedule(job.schedule.seen(upstream.done_at(before, now) if before else ()))
        judged[job.id] = judge_job(job, evidence, schedulers, now=now)
        judged[job.id] = _with_upstream(judged[job.id], judged)
    return tuple([judged[job.id] for job in jobs])


def _with_upstream(judged: JobJudged, others: Mapping[str, JobJudged]) -> JobJudged:
    """The job with what those it needs explain of it."""
    needed = [others[each] for each in upstream.names(judged.job) if each in others]
    found = upstream.finding(judged, needed) if needed else None
    return replace(judged, findings=(*judged.findings, found)) if found else judged


def judge_job(job: Job, evidence: Evidence, schedulers: Mapping[str, SchedulerJudged], *, now: datetime) -> JobJudged:
    """The newest due run whose time has passed, or a newer one whose evidence is already complete."""
    ends_at = pause.ends_at(job)
    owed = pause.owed_again(job, ends_at)
    scheduler = schedulers[job.scheduler.id] if job.scheduler else None
    seen = Witnesses.of(owed, evidence, scheduler.broken if scheduler else (), now=now)
    if ends_at is not None and now < ends_at:
        return _paused(seen, ends_at)
    newest, following = around(seen.job.schedule, now)
    for run in runs_back_from(seen.job, now, newest, following):
        if run.finish_by > now and not _has_a_sign(seen, run):
            continue
        findings = tuple(_run_findings(seen, run))
        if run.finish_by <= now or _is_settled(seen, run, findings):
            return _judged(seen, run, findings, is_pending=run.due_at != newest, next_due_at=following)
    return _judged(seen, None, (), is_pending=True, next_due_at=following)


def _has_a_sign(seen: Witnesses, run: DueRun) -> bool:
    """True where a run inside its time may be settled: something was seen of it, or it should have begun by now."""
    newest = seen.files[0].made_at if seen.files else None
    if any(at is not None and at >= run.begins_at for at in (seen.ran_at, newest)):
        return True
    return run.start_by <= seen.now and seen.has_every_start and not seen.blocker


def _is_settled(seen: Witnesses, run: DueRun, findings: tuple[Finding, ...]) -> bool:
    """True where a run inside its time can be judged already: all is well, or nothing will change any more.

    Its end is on record, and either that is a failure, or a status that says nothing, or the output was written before
    it. Else a bad or missing output may still be completed. What may as well be of the run before proves only harm.
    """
    if all(finding.verdict is Verdict.OK for finding in findings):
        return True
    by_check = {each.check: each for each in findings}
    executed = by_check.get(Check.EXECUTED_AFTER_DUE_TIME)
    if executed is None:
        return False
    if executed.code in _NOT_BEGUN and run.start_by <= seen.now and seen.has_every_start:
        return True
    if not seen.is_recorded(run) or seen.ran_at is None:
        return False
    if any(each.needs_a_person and not each.blocked_by for check in _OF_TIMES if (each := by_check.get(check))):
        return True
    status = by_check.get(Check.STATUS_IS_SUCCESS)
    if status and status.verdict in (Verdict.FAILED, Verdict.UNKNOWN) and not status.blocked_by:
        # Whoever counts attempts may begin another.
        decides = seen.attempts(run).deciding
        return decides is None or decides.seen.attempt is None
    ended_at = seen.ended_at(run)
    written_at = max((each.modified_at for each in seen.made_by(run)), default=None)
    is_complete = written_at is not None and ended_at is not None and written_at <= ended_at + EARLY_TOLERANCE
    if any(each.verdict is Verdict.PENDING for each in (executed, status) if each):
        is_open = status is None or (status.verdict is Verdict.PENDING and status.found == "too early to tell")
        return not is_open and is_complete and any(each.needs_a_person for each in findings)
    return is_complete and not (status and status.needs_a_person)


# What is proven of a start, or of a start and an end, stays so.
_OF_TIMES = (Check.STARTED_ON_TIME, Check.RUNTIME_IS_AS_ALLOWED)
# What says that a run has not begun, where every start is on record.
_NOT_BEGUN = frozenset({CauseCode.MISSED_RUN, CauseCode.NEVER_RAN, CauseCode.NOT_PICKED_UP, CauseCode.RUN_SKIPPED})


def _run_findings(seen: Witnesses, run: DueRun) -> Iterator[Finding]:
    """The promises about one run, each told what broke before it so that one cause is reported once."""
    executed = record.executed_after_due_time(seen, run) if seen.has_record else None
    status = record.status_is_success(seen, run, executed) if executed and seen.tells("status") else None
    exists = output.output_exists(seen, run, executed, status) if seen.has_output else None
    if executed:
        yield executed
    if status:
        yield status
    if executed and seen.tells("started"):
        yield record.started_on_time(seen, run, executed)
        if seen.tells("ended") and (took := record.runtime_is_as_allowed(seen, run, executed)):
            yield took
    if not seen.job.outputs:
        yield record.ran_on_time(seen, run, executed, status, None)
    found: dict[str, list[Finding]] = {}
    for number in range(len(seen.job.outputs)):
        of_output = seen.of_output(number)
        there = exists if number == 0 and exists else output.output_exists(of_output, run, executed, status)
        on_time = record.ran_on_time(of_output, run, executed, status, there)
        agrees = output.output_agrees_with_record(of_output, run, there, executed) if executed else None
        for each in (on_time, there, output_is_whole(of_output, run, there), agrees):
            if each:
                found.setdefault(each.check, []).append(each)
    yield from (_worst_of(each) for each in found.values())


def _worst_of(findings: list[Finding]) -> Finding:
    """One finding for all outputs of a run: the worst, with what else is wrong after it."""
    if len(findings) == 1:
        return findings[0]
    worst = min(findings, key=lambda each: next(place for place, weighs in enumerate(_ALL) if weighs(each)))
    others = [each for each in findings if each is not worst and each.needs_a_person and not each.blocked_by]
    because = "; ".join(dict.fromkeys(filter(None, (worst.because, *(each.because for each in others)))))
    found = "; ".join(dict.fromkeys(each.found for each in findings)) if worst.verdict is Verdict.OK else worst.found
    return replace(worst, because=because, found=found)


_ALL: tuple[Callable[[Finding], bool], ...] = (
    lambda each: each.needs_a_person and each.verdict is not Verdict.UNKNOWN and not each.blocked_by,
    lambda each: each.needs_a_person and not each.blocked_by,
    lambda each: each.needs_a_person,
    lambda each: each.verdict is not Verdict.OK,
    lambda each: each.is_warning,
    lambda each: True,
)


def _paused(seen: Witnesses, ends_at: datetime) -> JobJudged:
    """Nothing is owed, whatever its scheduler goes on doing."""
    findings = pause.findings_while_paused(seen.job, promises_of(seen.job))
    if ran := pause.ran_all_the_same(seen):
        findings = (*(each for each in findings if each.check is not ran.check), ran)
    return JobJudged(
        job=seen.job,
        due_run=None,
        next_due_at=next_due(seen.job.schedule, ends_at - _INSTANT),
        findings=findings,
        is_pending=False,
        ran_at=None,
        files=(),
        seen=seen,
    )


def _judged(
    seen: Witnesses,
    run: DueRun | None,
    findings: tuple[Finding, ...],
    *,
    is_pending: bool,
    next_due_at: datetime | None,
) -> JobJudged:
    registered = registration.registration_findings(seen) if seen.job.scheduler else ()
    exists = next((each for each in findings if each.check is Check.OUTPUT_EXISTS), None)
    look_back = no_run_is_missing(seen, run, exists) if run else None
    made = [seen.of_output(number).made_by(run) for number in range(len(seen.job.outputs))] if run else []
    return JobJudged(
        job=seen.job,
        due_run=run,
        next_due_at=next_due_at,
        findings=(
            *registered,
            *_warned(seen, findings),
            *((look_back,) if look_back else ()),
            *pause.findings_once_ended(seen.job),
        ),
        is_pending=is_pending,
        ran_at=seen.first_seen(run) if run else None,
        files=tuple(each[0] if each else None for each in made),
        seen=seen,
    )


def _warned(seen: Witnesses, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    if not seen.late_is_a_warning:
        return findings
    return tuple(replace(each, is_warning=True) if each.verdict is Verdict.LATE else each for each in findings)
