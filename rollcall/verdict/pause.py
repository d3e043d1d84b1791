"""Is a job paused, and does its pause still stand where it has ended?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.times import show_date
from rollcall.verdict import show
from rollcall.verdict.findings import Check, Finding, broken, paused
from rollcall.verdict.witnesses import Witnesses
from rollcall.vocabulary import CauseCode, Verdict

_INSTANT = timedelta(microseconds=1)


def ends_at(job: Job) -> datetime | None:
    """When the day of its zone begins on which it is owed again; None where it was never paused."""
    return datetime.combine(job.paused.until, time.min, tzinfo=job.zone).astimezone(UTC) if job.paused else None


def owed_again(job: Job, ended_at: datetime | None) -> Job:
    """The job as it is owed once its pause has ended: nothing that was due before."""
    if ended_at is None:
        return job
    return job.but(since=max(ended_at, job.since or ended_at))


def findings_while_paused(job: Job, checks: Iterable[Check]) -> tuple[Finding, ...]:
    """Each of its promises, that nothing is owed of."""
    because = f"paused {until(job)}"
    return tuple(paused(check, f"nothing before {_day(job)}", because) for check in checks)


def ran_all_the_same(seen: Witnesses) -> Finding | None:
    """That its scheduler went on running it: the pause holds here alone. None where nothing shows that it did."""
    closed = last_due(as_scheduled(seen.job.schedule), seen.now - seen.job.allowance)
    before = last_due(as_scheduled(seen.job.schedule), closed - _INSTANT) if closed else None
    # The day on which it was paused is known to nobody: two runs in a row are no leftover of the time before.
    if closed is None or before is None:
        return None
    newest, earlier = seen.job.due_run(closed), seen.job.due_run(before)
    if not _has_run(newest, seen) or not (_has_run(earlier, seen) or seen.is_overtaken(earlier)):
        return None
    check, found = Check.PAUSE_IS_CURRENT, f"it ran all the same, last for {show.when(closed, seen.job)}"
    because = f"it is paused {until(seen.job)}, and {found}"
    code = CauseCode.RAN_THOUGH_PAUSED
    return Finding(
        check=check,
        verdict=Verdict.PAUSED,
        expected="no run while it is paused",
        found=found,
        because=because,
        code=code,
        is_warning=True,
    )


def _has_run(run: DueRun, seen: Witnesses) -> bool:
    return bool(seen.made_by(run) or seen.attempts(run).begun)


def findings_once_ended(job: Job) -> tuple[Finding, ...]:
    """That its pause has ended and still stands: whoever reads it would think it goes on."""
    if job.paused is None:
        return ()
    found = f"its pause {over(job)}"
    check, expected = Check.PAUSE_IS_CURRENT, "no pause that has ended"
    return (broken(check, Verdict.FAILED, CauseCode.JOB_PAUSED, expected=expected, found=found, because=found),)


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
    return f"ended on {_day(job)} ({job.paused.reason}) and still stands in jobs.toml"


def _day(job: Job) -> str:
    at = ends_at(job)
    assert at is not None
    return show_date(at, job.zone)
