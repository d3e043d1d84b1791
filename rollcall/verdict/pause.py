"""Is a job paused, and does its pause still stand where it has ended?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

from rollcall.errors import CauseCode
from rollcall.findings import Check, Finding, Verdict, broken, paused
from rollcall.jobs import Job
from rollcall.times import show_date

_OF_A_SERVICE = (
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
        *(_OF_A_SERVICE if job.service else ()),
        Check.RAN_ON_TIME,
        *(_OF_AN_OUTPUT if job.output else ()),
        *((Check.OUTPUT_AGREES_WITH_RECORD,) if job.service and job.output else ()),
        Check.PAUSE_IS_CURRENT,
    )
    assert job.paused is not None
    because = f"paused until {_until(job)}: {job.paused.reason}"
    return tuple(paused(check, f"nothing before {_until(job)}", because) for check in checks)


def findings_once_ended(job: Job) -> tuple[Finding, ...]:
    """That its pause has ended and still stands: whoever reads it would think it goes on."""
    if job.paused is None:
        return ()
    found = f"its pause ended on {_until(job)} ({job.paused.reason}) and still stands in jobs.toml"
    check, expected = Check.PAUSE_IS_CURRENT, "no pause that has ended"
    return (broken(check, Verdict.FAILED, CauseCode.JOB_PAUSED, expected=expected, found=found, because=found),)


def _until(job: Job) -> str:
    at = ends_at(job)
    assert at is not None
    return show_date(at, job.zone)
