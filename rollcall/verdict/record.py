"""Does the scheduler's own record keep its promises: registered, next run, last run, status, time?"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from rollcall.errors import CauseCode
from rollcall.findings import Check, Finding, Verdict, broken, cannot_tell, ok, pending
from rollcall.jobs import EARLY_TOLERANCE, DueRun
from rollcall.schedule import Every
from rollcall.text import listed
from rollcall.times import show_instant, show_span
from rollcall.verdict import show
from rollcall.verdict.witnesses import Reading, Witnesses

_FAILED_STATUS = frozenset({"error", "failed", "failure"})


def registration_findings(seen: Witnesses) -> tuple[Finding, ...]:
    """The promises that hold whatever the run did: the job is registered, and next due as declared."""
    registered = _is_registered(seen)
    return (registered, _next_run_is_on_schedule(seen, registered))


def _is_registered(seen: Witnesses) -> Finding:
    check, expected = Check.IS_REGISTERED, f"{seen.job.id} among the scheduler's jobs"
    if seen.blocker:
        return cannot_tell(check, expected, seen.blocker)
    if seen.registration:
        return ok(check, expected, f'registered as "{seen.registration.name or seen.registration.id}"')
    found = f"it has {_other_jobs(seen)}"
    because = f"the scheduler does not know the job {seen.job.id}: {found}"
    return broken(check, Verdict.MISSED, CauseCode.NOT_REGISTERED, expected=expected, found=found, because=because)


def _other_jobs(seen: Witnesses) -> str:
    registrations = getattr(seen.scheduler, "registrations", ())
    return listed(each.id for each in registrations) or "no jobs at all"


def _next_run_is_on_schedule(seen: Witnesses, registered: Finding) -> Finding:
    check, job = Check.NEXT_RUN_IS_ON_SCHEDULE, seen.job
    expected = f"a next run {job.schedule.in_words()}, {job.zone.key}"
    root = seen.blocker or seen.service_finding(Check.SCHEDULER_IS_ALIVE)
    if root or registered.needs_a_person:
        return cannot_tell(check, expected, root or registered)
    if seen.next_run is None:
        because = f"the scheduler has no next run for {job.id}: it is paused there, or has come to its end"
        return broken(
            check,
            Verdict.FAILED,
            CauseCode.JOB_PAUSED,
            expected=expected,
            found="no next run",
            because=because,
        )
    if seen.next_run.at is None:
        return _unread(check, expected, "next_run", seen.next_run, seen)
    return _held_against_schedule(check, expected, seen.next_run, seen)


def _held_against_schedule(check: Check, expected: str, reading: Reading, seen: Witnesses) -> Finding:
    job, at = seen.job, reading.at
    assert at is not None
    found = f"next run {show.when(at, job)}"
    if _is_declared(reading, seen):
        return ok(check, expected, found)
    if (foreign := _foreign_zone(reading, seen)) is not None:
        because = (
            f"the scheduler's next run {reading.text} is {foreign} on its own clock, but "
            f"{show_instant(at, job.zone)} in {job.zone.key}: the scheduler reads {job.schedule.text} in the wrong zone"
        )
        code = CauseCode.WRONG_TIMEZONE
    else:
        nearest = job.schedule.next_due(seen.service_at)
        declared = f"; declared, it is next due {show.when(nearest, job)}" if nearest else ""
        because = (
            f"the scheduler's next run is {show.when(at, job)}, not as declared ({job.schedule.in_words()}){declared}"
        )
        code = CauseCode.SCHEDULE_DRIFT
    return broken(check, Verdict.FAILED, code, expected=expected, found=found, because=because)


def _is_declared(reading: Reading, seen: Witnesses) -> bool:
    """True where the next run is the next instant of the declared schedule, by the service's own clock."""
    schedule, at = seen.job.schedule, reading.at
    assert at is not None
    if seen.floats and isinstance(schedule, Every):
        return at <= seen.service_at + schedule.span + EARLY_TOLERANCE
    # An engine keeps the microseconds of an interval's anchor; a person writes seconds.
    nearest = schedule.last_due(at + timedelta(seconds=1))
    if nearest is None or at - nearest > timedelta(seconds=1):
        return False
    next_due = schedule.next_due(seen.service_at + EARLY_TOLERANCE)
    return next_due is None or nearest <= next_due


def _foreign_zone(reading: Reading, seen: Witnesses) -> str | None:
    """The clock face of the next run, where the schedule fits it exactly in the offset it is written in."""
    stamp, at = reading.stamp, reading.at
    if stamp is None or at is None or stamp.offset is None:
        return None
    local = at.astimezone(seen.job.zone)
    if stamp.offset == local.utcoffset():
        return None
    # The same clock face, taken as the declared zone's: is it due then?
    face = (at + stamp.offset).replace(tzinfo=seen.job.zone)
    if not seen.job.schedule.is_due_at(face):
        return None
    hours = face.strftime("%H:%M")
    return f"{hours} at UTC{_show_offset(stamp.offset)}"


def _show_offset(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def executed_after_due_time(seen: Witnesses, run: DueRun) -> Finding:
    """The scheduler's last execution is at or after the due time."""
    check, job = Check.EXECUTED_AFTER_DUE_TIME, seen.job
    expected = f"a run recorded after {show.when(run.due_at, job)}, done by {show.limit(run.finish_by, run, job)}"
    if seen.blocker:
        return cannot_tell(check, expected, seen.blocker)
    if seen.registration is None:
        return cannot_tell(check, expected, _is_registered(seen))
    if seen.last_run is None:
        return _never_recorded(check, expected, seen, run)
    if seen.last_run.at is None:
        return _unread(check, expected, "last_execution", seen.last_run, seen)
    if seen.ran_at is None:
        return _later_than_now(check, expected, seen.last_run, seen)
    if seen.ran_at >= run.begins_at:
        return ok(check, expected, f"ended {show.when(seen.ran_at, job)}")
    found = show.earlier_run(seen.ran_at, job)
    if made := seen.made_by(run):
        return _unrecorded(check, expected, found, made[0].name, seen, run)
    because = f"{show.due(run, job)}; its last run {found}"
    return broken(check, Verdict.MISSED, CauseCode.MISSED_RUN, expected=expected, found=found, because=because)


def _never_recorded(check: Check, expected: str, seen: Witnesses, run: DueRun) -> Finding:
    found = "no execution recorded, ever"
    if made := seen.made_by(run):
        return _unrecorded(check, expected, found, made[0].name, seen, run)
    code = CauseCode.MISSED_RUN if seen.files else CauseCode.NEVER_RAN
    because = f"{show.due(run, seen.job)}; its scheduler has no execution of it on record, ever"
    return broken(check, Verdict.MISSED, code, expected=expected, found=found, because=because)


def _unrecorded(check: Check, expected: str, found: str, name: str, seen: Witnesses, run: DueRun) -> Finding:
    because = f"{show.due(run, seen.job)}; its output {name} is there, but the scheduler says: {found}"
    return broken(check, Verdict.FAILED, CauseCode.UNRECORDED_RUN, expected=expected, found=found, because=because)


def _later_than_now(check: Check, expected: str, reading: Reading, seen: Witnesses) -> Finding:
    assert reading.at is not None
    found = f"last execution {show.when(reading.at, seen.job)}"
    if reading.at > seen.service_at + EARLY_TOLERANCE:
        because = f"{found} is {show_span(reading.at - seen.service_at)} in the future by the service's own clock"
        return broken(
            check,
            Verdict.UNKNOWN,
            CauseCode.FUTURE_TIMESTAMP,
            expected=expected,
            found=found,
            because=because,
        )
    because = f"{found} is later than the moment that is judged, and the scheduler keeps only the last"
    return broken(check, Verdict.UNKNOWN, CauseCode.MISSED_RUN, expected=expected, found=found, because=because)


def _unread(check: Check, expected: str, field: str, reading: Reading, seen: Witnesses) -> Finding:
    """A timestamp that means no instant: it has no offset and nobody said how to read it, or it is no time at all."""
    found = f"{field} {reading.text}"
    if not reading.is_naive or reading.stamp is None:
        because = f'the scheduler says {field} = "{reading.text}", which is no time'
        return broken(check, Verdict.UNKNOWN, CauseCode.BACKEND_ERROR, expected=expected, found=found, because=because)
    service = seen.job.service
    assert service is not None
    readings = " or ".join(
        show_instant(reading.stamp.in_zone(zone), seen.job.zone, seconds=True) + f" (read as {zone.key})"
        for zone in (ZoneInfo("UTC"), seen.job.zone)
    )
    because = (
        f"{field} {reading.text} has no offset and could mean {readings}; say which: "
        f'naive_times = "UTC" in [services.{service.id}]'
    )
    return broken(check, Verdict.UNKNOWN, CauseCode.NAIVE_TIMESTAMP, expected=expected, found=found, because=because)


def status_is_success(seen: Witnesses, run: DueRun, executed: Finding) -> Finding:
    """The scheduler calls its last run a success."""
    check, expected = Check.STATUS_IS_SUCCESS, "success"
    if executed.needs_a_person or seen.registration is None:
        return cannot_tell(check, expected, executed)
    if seen.is_overtaken(run):
        return pending(check, expected, "the next run has replaced its record, and is still inside its time")
    status = seen.registration.last_status
    if status == "success":
        return ok(check, expected, "success")
    found = status or "no status"
    said = f"{show.due(run, seen.job)}; the run that ended {executed.found.removeprefix('ended ')}"
    if found.lower() in _FAILED_STATUS:
        because = f"{said} ended in {found}"
        return broken(check, Verdict.FAILED, CauseCode.RUN_FAILED, expected=expected, found=found, because=because)
    because = f'{said} has the status "{found}", which says neither success nor error'
    return broken(check, Verdict.UNKNOWN, CauseCode.BACKEND_ERROR, expected=expected, found=found, because=because)


def ran_on_time(seen: Witnesses, run: DueRun, executed: Finding | None, exists: Finding | None) -> Finding:
    """The run was done by its limit; the earliest sign of it counts."""
    check, job = Check.RAN_ON_TIME, seen.job
    expected = f"done by {show.limit(run.finish_by, run, job)}"
    ran_at = seen.first_seen(run)
    if ran_at is None:
        return _no_sign(check, expected, seen, run, executed, exists)
    late = show.distance(ran_at, run)
    found = f"{show.when(ran_at, job)}, {late}"
    if ran_at <= run.finish_by:
        return ok(check, expected, found)
    its_limit = show.limit(run.finish_by, run, job)
    because = f"{show.due(run, job)}; it was done {found}, by hand or held up; its limit was {its_limit}"
    return broken(check, Verdict.LATE, CauseCode.RAN_LATE, expected=expected, found=found, because=because)


def _no_sign(
    check: Check,
    expected: str,
    seen: Witnesses,
    run: DueRun,
    executed: Finding | None,
    exists: Finding | None,
) -> Finding:
    for root in (executed, exists):
        if root is not None and root.needs_a_person:
            return cannot_tell(check, expected, root)
    return pending(check, expected, "the next run has replaced its evidence, and is still inside its time")
