"""Is a job paused, and does its pause still stand where it has ended?"""

from datetime import UTC, datetime, time, timedelta

from rollcall.roll.job import Job
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.times import show_date
from rollcall.verdict import show
from rollcall.verdict.case import Case
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.overwritten import overwritten
from rollcall.verdict.promises import promises_of
from rollcall.verdict.witnesses import Witnesses
from rollcall.vocabulary import CauseCode, Verdict

_INSTANT = timedelta(microseconds=1)


def ends_at(job: Job) -> datetime | None:
    """When the day of its zone begins on which it is owed again; None where it was never paused."""
    return datetime.combine(job.paused.until, time.min, tzinfo=job.zone).astimezone(UTC) if job.paused else None


def owed_again(job: Job, ended_at: datetime | None) -> Job:
    """The job as it is owed once its pause has ended: nothing that was due before."""
    return job.but(since=max(ended_at, job.since or ended_at)) if ended_at else job


def findings_while_paused(seen: Witnesses) -> tuple[Finding, ...]:
    """Each of its promises, that nothing is owed of, and whether its scheduler goes on running it all the same."""
    expected, because = f"nothing before {_day(seen.job)}", f"paused {until(seen.job)}"
    findings = {check: Promise(check, expected).paused(because) for check in promises_of(seen.job)}
    if last := _ran_all_the_same(seen):
        promise = Promise(Check.PAUSE_IS_CURRENT, "no run while it is paused")
        found = f"it ran anyway, last for {show.when(last, seen.job)}"
        because = f"it is paused {until(seen.job)}, and {found}"
        findings[promise.check] = promise.warned(CauseCode.RAN_THOUGH_PAUSED, found, because, verdict=Verdict.PAUSED)
    return tuple(findings.values())


def _ran_all_the_same(seen: Witnesses) -> datetime | None:
    """The newest due time for which it ran: the pause holds here alone. None where nothing shows that it did."""
    schedule = as_scheduled(seen.job.schedule)
    newest_at = last_due(schedule, seen.now - seen.job.allowance)
    earlier_at = last_due(schedule, newest_at - _INSTANT) if newest_at else None
    # The day on which it was paused is known to nobody: two runs in a row are no leftover of the time before.
    if newest_at is None or earlier_at is None:
        return None
    newest, earlier = (Case.of(seen, seen.job.due_run(due_at)) for due_at in (newest_at, earlier_at))
    is_leftover = not (_has_run(earlier) or earlier.is_overtaken or _is_overwritten(earlier))
    return newest_at if _has_run(newest) and not is_leftover else None


def _has_run(case: Case) -> bool:
    return bool(case.attempts.begun) or any(case.newest_files)


def _is_overwritten(case: Case) -> bool:
    """True where a later run has taken the file of this one for its own."""
    if not case.seen.outputs:
        return False
    output, placed = case.seen.declared, case.seen.placed_files()
    return (case.seen.is_one and bool(case.made_after)) or bool(overwritten((case.run,), case.job, output, placed))


def findings_once_ended(job: Job) -> tuple[Finding, ...]:
    """That its pause has ended and still stands: whoever reads it would think it goes on."""
    if job.paused is None:
        return ()
    found = f"its pause {over(job)}"
    promise = Promise(Check.PAUSE_IS_CURRENT, "no pause that has ended")
    return (promise.broken(Verdict.FAILED, CauseCode.JOB_PAUSED, found, found),)


def still_needed_since(seen: Witnesses, *, is_owed: bool) -> str | None:
    """From when a job is owed whose pause has ended, as jobs.toml says it; None where nothing looks back so far.

    `is_owed` is whether any run was owed since.
    """
    ended_at, job = ends_at(seen.job), seen.job
    if ended_at is None or (seen.since is not None and seen.since > ended_at):
        return None
    if is_owed and ended_at <= seen.now - job.look_back - job.allowance:
        return None
    return ended_at.astimezone(job.zone).isoformat()


def until(job: Job) -> str:
    """Of a job that is paused: "until Sun 1 Mar 2026: the source moves"."""
    assert job.paused is not None
    return f"until {_day(job)}: {job.paused.reason}"


def over(job: Job) -> str:
    """The same of a pause that has ended."""
    assert job.paused is not None
    return f"ended on {_day(job)} ({job.paused.reason}) and is still in jobs.toml"


def _day(job: Job) -> str:
    at = ends_at(job)
    assert at is not None
    return show_date(at, job.zone)
