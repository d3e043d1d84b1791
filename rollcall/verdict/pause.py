"""Is a job paused, and does its pause still stand where it has ended?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

from rollcall.errors import CauseCode
from rollcall.findings import Check, Finding, Verdict, broken, paused
from rollcall.jobs import Job
from rollcall.times import show_date
from rollcall.verdict.witnesses import Witnesses

_OF_A_SCHEDULER = (
    Check.IS_REGISTERED,
    Check.NEXT_RUN_IS_ON_SCHEDULE,
    Check.EXECUTED_AFTER_DUE_TIME,
    Check.STATUS_IS_SUCCESS,
)
_OF_AN_OUTPUT = (Check.OUTPUT_EXISTS, Check.OUTPUT_IS_WHOLE, Check.NO_RUN_IS_MISSING)


def ends_at(job: Job) -> datetime | None:
    """When the day of its zone begins on which it is owed again; None where it was never paused."""
    return datetime.combine(job.paused.until, time.min, tzinfo=job.zone).astimezone(UTC) if job.paused else None


def owed_again(job: Job, ended_at: datetime | None) -> Job:
    """The job as it is owed once its pause has ended: nothing that was due before."""
    if ended_at is None:
        return job
    return replace(job, since=max(ended_at, job.since or ended_at))


def findings_while_paused(job: Job) -> tuple[Finding, ...]:
    """Each of its promises, that nothing is owed of."""
    checks = (
        *(_OF_A_SCHEDULER if job.scheduler else ()),
        Check.RAN_ON_TIME,
        *(_OF_AN_OUTPUT if job.output else ()),
        *((Check.OUTPUT_AGREES_WITH_RECORD,) if job.scheduler and job.output else ()),
        Check.PAUSE_IS_CURRENT,
    )
    because = f"paused {until(job)}"
    return tuple(paused(check, f"nothing before {_day(job)}", because) for check in checks)


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
