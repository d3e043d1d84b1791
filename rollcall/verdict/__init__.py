"""What does the evidence prove about one due run?

Pure: evidence and `now` go in, findings come out. `scheduler` judges a scheduler, `witnesses` reads what was seen of a
job; `registration`, `record`, `output`, `whole` and `look_back` hold one promise a function against it, `pause` says
when none is owed. Here the due run is chosen and all of it weighed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rollcall.evidence import Evidence, FileSeen
from rollcall.findings import Check, Finding, Verdict
from rollcall.garbage import all_is_kept
from rollcall.jobs import EARLY_TOLERANCE, DueRun, Job, Scheduler
from rollcall.schedule.answers import around, next_due
from rollcall.verdict import output, pause, record, registration
from rollcall.verdict.due import runs_back_from
from rollcall.verdict.look_back import no_run_is_missing
from rollcall.verdict.scheduler import scheduler_findings
from rollcall.verdict.whole import output_is_whole
from rollcall.verdict.witnesses import SUCCESS, Witnesses, asked, asked_database

_INSTANT = timedelta(microseconds=1)
# What happened to the run itself says more about the job than how it is registered.
_WEIGHT = (
    Check.EXECUTED_AFTER_DUE_TIME,
    Check.STATUS_IS_SUCCESS,
    Check.OUTPUT_EXISTS,
    Check.OUTPUT_IS_WHOLE,
    Check.OUTPUT_AGREES_WITH_RECORD,
    Check.RAN_ON_TIME,
    Check.NO_RUN_IS_MISSING,
    Check.IS_REGISTERED,
    Check.NEXT_RUN_IS_ON_SCHEDULE,
    Check.PAUSE_IS_CURRENT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerJudged:
    """A scheduler and what was found of it."""

    scheduler: Scheduler
    findings: tuple[Finding, ...]
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
    time. `ran_at` is when the judged run was seen to be done, by its output or its record; `file` is its output.
    """

    job: Job
    due_run: DueRun | None
    next_due_at: datetime | None
    findings: tuple[Finding, ...]
    is_pending: bool
    ran_at: datetime | None
    file: FileSeen | None
    seen: Witnesses
    _off: list[Finding] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keeps the findings that are not simply well, of which there are seldom any."""
        well = Verdict.OK  # an enum is slow to be asked for its members
        object.__setattr__(self, "_off", [each for each in self.findings if each.verdict is not well])

    @property
    def verdict(self) -> Verdict:
        """What the findings weigh together: proof of harm before doubt before a warning, the run before its next.

        What was not proven is not ok: a finding that is too early to tell leaves the job pending.
        """
        off = self._off
        for weighs in _HEAVIEST_FIRST if off else ():
            if heavy := [each for each in off if weighs(each)]:
                return min(heavy, key=lambda each: _WEIGHT.index(each.check)).verdict
        return Verdict.PENDING if self.is_pending or self.due_run is None else Verdict.OK

    @property
    def needs_a_person(self) -> bool:
        """True where any finding does."""
        return any(each.needs_a_person for each in self._off)


_HEAVIEST_FIRST: tuple[Callable[[Finding], bool], ...] = (
    lambda each: each.needs_a_person and each.verdict is not Verdict.UNKNOWN,
    lambda each: each.needs_a_person,
    lambda each: each.is_warning,
    lambda each: True,
)


def judge_scheduler(scheduler: Scheduler, evidence: Evidence, *, now: datetime) -> SchedulerJudged:
    """What was seen of `scheduler`, held against what a living scheduler would show."""
    database = asked_database(evidence, scheduler, now)
    findings = scheduler_findings(scheduler, asked(evidence, scheduler.id, now), database)
    return SchedulerJudged(scheduler=scheduler, findings=findings)


def judge_jobs(
    jobs: Iterable[Job], evidence: Evidence, schedulers: Mapping[str, SchedulerJudged], *, now: datetime
) -> tuple[JobJudged, ...]:
    """Each of the jobs, judged. All that comes about is kept: to look for garbage in it is a sixth of the time."""
    with all_is_kept():
        return tuple([judge_job(job, evidence, schedulers, now=now) for job in jobs])


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
        findings = _run_findings(seen, run)
        if run.finish_by <= now or _is_settled(seen, run, findings):
            return _judged(seen, run, findings, is_pending=run.due_at != newest, next_due_at=following)
    return _judged(seen, None, (), is_pending=True, next_due_at=following)


def _has_a_sign(seen: Witnesses, run: DueRun) -> bool:
    """True where anything was seen at or after the run's due time; without it nothing can be settled early."""
    newest = seen.files[0].made_at if seen.files else None
    return any(at is not None and at >= run.begins_at for at in (seen.ran_at, newest))


def _is_settled(seen: Witnesses, run: DueRun, findings: tuple[Finding, ...]) -> bool:
    """True where a run inside its time can be judged already: all is well, or nothing will change any more.

    Its end is on record, and either that is a failure, or a status that says nothing, or the output was written before
    it. Else a bad or missing output may still be completed. What may as well be of the run before proves only harm.
    """
    if all(finding.verdict is Verdict.OK for finding in findings):
        return True
    if not seen.is_recorded(run) or seen.ran_at is None:
        return False
    status = next(each for each in findings if each.check is Check.STATUS_IS_SUCCESS)
    if status.verdict in (Verdict.FAILED, Verdict.UNKNOWN) and not status.blocked_by:
        return True
    written_at = max((each.modified_at for each in seen.made_by(run)), default=None)
    is_complete = written_at is not None and written_at <= seen.ran_at + EARLY_TOLERANCE
    if status.verdict is Verdict.PENDING and not any(finding.needs_a_person for finding in findings):
        return False
    return seen.status == SUCCESS and not status.needs_a_person and is_complete


def _run_findings(seen: Witnesses, run: DueRun) -> tuple[Finding, ...]:
    """The promises about one run, each told what broke before it so that one cause is reported once."""
    executed = record.executed_after_due_time(seen, run) if seen.has_scheduler else None
    status = record.status_is_success(seen, run, executed) if executed else None
    exists = output.output_exists(seen, run, executed, status) if seen.has_output else None
    whole = output_is_whole(seen, run, exists) if exists else None
    agrees = output.output_agrees_with_record(seen, run, exists, executed) if exists and executed else None
    on_time = record.ran_on_time(seen, run, executed, status, exists)
    return tuple([each for each in (executed, status, on_time, exists, whole, agrees) if each])


def _paused(seen: Witnesses, ends_at: datetime) -> JobJudged:
    """Nothing is owed, whatever its scheduler goes on doing."""
    return JobJudged(
        job=seen.job,
        due_run=None,
        next_due_at=next_due(seen.job.schedule, ends_at - _INSTANT),
        findings=pause.findings_while_paused(seen.job),
        is_pending=False,
        ran_at=None,
        file=None,
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
    registered = registration.registration_findings(seen) if seen.has_scheduler else ()
    exists = next((each for each in findings if each.check is Check.OUTPUT_EXISTS), None)
    look_back = (no_run_is_missing(seen, run, exists),) if run and exists else ()
    made = seen.made_by(run) if run else ()
    return JobJudged(
        job=seen.job,
        due_run=run,
        next_due_at=next_due_at,
        findings=(*registered, *_warned(seen, findings), *look_back, *pause.findings_once_ended(seen.job)),
        is_pending=is_pending,
        ran_at=seen.first_seen(run) if run else None,
        file=made[0] if made else None,
        seen=seen,
    )


def _warned(seen: Witnesses, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    if not seen.late_is_a_warning:
        return findings
    return tuple(replace(each, is_warning=True) if each.verdict is Verdict.LATE else each for each in findings)
