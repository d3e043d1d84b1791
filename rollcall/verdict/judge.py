"""Which due run is judged, and what do the promises weigh together?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from rollcall.evidence import Evidence, SchedulerSeen
from rollcall.roll.due_run import EARLY_TOLERANCE, DueRun
from rollcall.roll.job import Job
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.words import Late
from rollcall.schedule.after import After
from rollcall.schedule.answers import around, next_due
from rollcall.verdict import output, pause, registration, timing, upstream
from rollcall.verdict.amount import noteworthy
from rollcall.verdict.behind import unless_behind
from rollcall.verdict.case import Case
from rollcall.verdict.due import runs_back_from
from rollcall.verdict.executed import executed_after_due_time
from rollcall.verdict.findings import Check, Finding
from rollcall.verdict.hearing import asked, asked_memory, hear
from rollcall.verdict.judged import JobJudged, SchedulerJudged
from rollcall.verdict.look_back import no_run_is_missing
from rollcall.verdict.scheduler import scheduler_findings
from rollcall.verdict.status import status_is_success
from rollcall.verdict.whole import output_is_whole
from rollcall.verdict.witnesses import Witnesses
from rollcall.vocabulary import CauseCode, Verdict

_INSTANT = timedelta(microseconds=1)
# What is proven of a start, or of a start and an end, stays so.
_OF_TIMES = (Check.STARTED_ON_TIME, Check.RUNTIME_IS_AS_ALLOWED)
# What says that a run has not begun, where every start is on record.
_NOT_BEGUN = frozenset(
    {
        CauseCode.MISSED_RUN,
        CauseCode.NEVER_RAN,
        CauseCode.NOT_PICKED_UP,
        CauseCode.RUN_SKIPPED,
        CauseCode.HOST_WAS_OFF,
    }
)


def judge_scheduler(
    scheduler: Scheduler, evidence: Evidence, *, now: datetime, jobs: Iterable[Job] = ()
) -> SchedulerJudged:
    """What was seen of `scheduler`, held against what a living one would show; `jobs` are those of it."""
    own = tuple(jobs)
    seen = asked(evidence, scheduler.id, now)
    listed = seen.jobs if isinstance(seen, SchedulerSeen) and seen.jobs else ()
    known = {each.id for job in own if isinstance(seen, SchedulerSeen) and (each := seen.listed(job.name))}
    return SchedulerJudged(
        scheduler=scheduler,
        findings=scheduler_findings(scheduler, seen, asked_memory(evidence, scheduler, now), own),
        undeclared=tuple(each.id for each in listed if each.id not in known and not scheduler.ignores(each.id)),
    )


def judge_jobs(
    jobs: Iterable[Job], evidence: Evidence, schedulers: Mapping[str, SchedulerJudged], *, now: datetime
) -> tuple[JobJudged, ...]:
    """Each of the jobs, judged; one that is due after another once that one is, and one that needs another with it."""
    jobs = tuple(jobs)
    judged: dict[str, JobJudged] = {}
    reaches = upstream.reaches(jobs)
    for job in upstream.in_order(jobs):
        if isinstance(job.schedule, After):
            before = judged.get(job.schedule.job)
            dues = upstream.done_at(before, now, reaches[before.job.id]) if before else ()
            job = job.with_schedule(job.schedule.seen(dues))
        found = unless_behind(judge_job(job, evidence, schedulers, now=now), evidence, now)
        needed = [judged[each] for each in upstream.names(job) if each in judged]
        of_upstream = upstream.upstream_did_its_work(found, needed) if needed else None
        judged[job.id] = replace(found, findings=(*found.findings, of_upstream)) if of_upstream else found
    return tuple([judged[job.id] for job in jobs])


def judge_job(job: Job, evidence: Evidence, schedulers: Mapping[str, SchedulerJudged], *, now: datetime) -> JobJudged:
    """The newest due run whose time has passed, or a newer one whose evidence is already complete.

    Where others looked for it, their look is the present.
    """
    now = min(now, evidence.as_of.get(job.id, now))
    pause_ends_at = pause.ends_at(job)
    broken = schedulers[job.scheduler.id].broken if job.scheduler else ()
    seen = hear(pause.owed_again(job, pause_ends_at), evidence, broken, now=now)
    if pause_ends_at is not None and now < pause_ends_at:
        # Nothing is owed, whatever its scheduler goes on doing.
        findings, next_due_at = pause.findings_while_paused(seen), next_due(seen.job.schedule, pause_ends_at - _INSTANT)
        return JobJudged(seen=seen, case=None, findings=findings, next_due_at=next_due_at, is_pending=False)
    newest, following = around(seen.job.schedule, now)
    case, findings = None, ()
    for run in runs_back_from(seen.job, now):
        is_over = run.finish_by <= now
        if is_over or _has_a_sign(run, seen):
            case = Case.of(seen, run)
            findings = tuple(_findings_of(case))
            if is_over or _is_settled(case, findings):
                break
    else:
        case, findings = None, ()
    registered = registration.registration_findings(seen) if job.scheduler else ()
    exists = next((each for each in findings if each.check is Check.OUTPUT_EXISTS), None)
    look_back = no_run_is_missing(case, exists) if case else None
    if seen.job.late is Late.WARN:
        findings = tuple(replace(each, is_warning=True) if each.verdict is Verdict.LATE else each for each in findings)
    of_look_back = (look_back,) if look_back else ()
    unusual = noteworthy(case) if case else ""
    # What is usual has been worked out: the earlier runs of ten thousand jobs would be most of a morning.
    seen = replace(seen, remembered=())
    return JobJudged(
        seen=seen,
        case=replace(case, seen=seen) if case else None,
        findings=(*registered, *findings, *of_look_back, *pause.findings_once_ended(seen.job)),
        next_due_at=following,
        is_pending=case is None or case.run.due_at != newest,
        unusual=unusual,
    )


def _has_a_sign(run: DueRun, seen: Witnesses) -> bool:
    """True where a run inside its time may be settled: something was seen of it, or it should have begun by now."""
    signs = [seen.ran_at, seen.files[0].made_at if seen.files else None]
    if any(at is not None and at >= run.begins_at for at in signs):
        return True
    return run.start_by <= seen.now and seen.has_every_start and not seen.blocker


def _is_settled(case: Case, findings: tuple[Finding, ...]) -> bool:
    """True where a run inside its time can be judged already: all is well, or nothing will change any more.

    Its end is on record, and either that is a failure, or a status that says nothing, or the output was written before
    it. Else a bad or missing output may still be completed. What may as well be of the run before proves only harm.
    """
    seen, decides = case.seen, case.attempts.deciding
    if all(finding.verdict is Verdict.OK for finding in findings):
        return True
    by_check = {each.check: each for each in findings}
    executed, status = by_check.get(Check.EXECUTED_AFTER_DUE_TIME), by_check.get(Check.STATUS_IS_SUCCESS)
    if executed is None:
        return False
    if executed.code in _NOT_BEGUN and case.run.start_by <= seen.now and seen.has_every_start:
        return True
    if not case.attempts or seen.ran_at is None:
        return False
    if any(each.needs_a_person and not each.blocked_by for check in _OF_TIMES if (each := by_check.get(check))):
        return True
    if status and status.verdict in (Verdict.FAILED, Verdict.UNKNOWN) and not status.blocked_by:
        # Whoever counts attempts may begin another.
        return decides is None or decides.seen.attempt is None
    written_at = max((each.modified_at for each in case.made), default=None)
    is_complete = bool(written_at and case.ended_at and written_at <= case.ended_at + EARLY_TOLERANCE)
    if executed.verdict is Verdict.PENDING or (status and status.verdict is Verdict.PENDING):
        is_open = status is None or (status.verdict is Verdict.PENDING and status.found == "too early to tell")
        return not is_open and is_complete and any(each.needs_a_person for each in findings)
    return is_complete and not (status and status.needs_a_person)


def _findings_of(case: Case) -> Iterator[Finding]:
    """The promises about one run, each given what broke before it so that one cause is reported once."""
    seen = case.seen
    executed = executed_after_due_time(case) if seen.tells("runs") else None
    status = status_is_success(case, executed) if executed and seen.tells("status") else None
    if executed:
        yield executed
    if status:
        yield status
    if executed and seen.tells("started"):
        yield timing.started_on_time(case, executed)
        if seen.tells("ended"):
            yield timing.runtime_is_as_allowed(case, executed)
    if not seen.outputs:
        yield timing.ran_on_time(case, executed, status, None)
    found: dict[str, list[Finding]] = {}
    for number in range(len(seen.outputs)):
        of_output = case.of_output(number)
        exists = output.output_exists(of_output, executed, status)
        of_one = [timing.ran_on_time(of_output, executed, status, exists), exists, output_is_whole(of_output, exists)]
        if executed:
            of_one.append(output.output_agrees_with_record(of_output, exists, executed))
        for each in of_one:
            found.setdefault(each.check, []).append(replace(each, output=number))
    yield from map(_of_all_outputs, found.values())


def _of_all_outputs(findings: list[Finding]) -> Finding:
    """One finding for all outputs of a run: the worst, with what else is wrong after it."""
    worst = min(findings, key=_harmlessness)
    others = [each for each in findings if each is not worst and each.needs_a_person and not each.blocked_by]
    because = "; ".join(dict.fromkeys(filter(None, (worst.because, *(each.because for each in others)))))
    found = "; ".join(dict.fromkeys(each.found for each in findings)) if worst.verdict is Verdict.OK else worst.found
    return replace(worst, because=because, found=found)


def _harmlessness(finding: Finding) -> int:
    """What is proven before what is unknown, and either before what only follows from it."""
    if finding.needs_a_person and not finding.blocked_by:
        return 1 if finding.verdict is Verdict.UNKNOWN else 0
    if finding.needs_a_person:
        return 2
    if finding.verdict is not Verdict.OK:
        return 3
    return 4 if finding.is_warning else 5
