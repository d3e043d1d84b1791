"""Does the scheduler's own record keep its promises: registered, next run, last run, status, time?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from rollcall.errors import CauseCode
from rollcall.evidence import FileSeen
from rollcall.findings import Check, Finding, Sentence, Verdict, broken, cannot_tell, later, ok, pending
from rollcall.jobs import EARLY_TOLERANCE, DueRun, Job
from rollcall.schedule.answers import last_due, next_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.text import listed
from rollcall.times import show_instant, show_span
from rollcall.verdict import interval, show
from rollcall.verdict.clock import skew
from rollcall.verdict.witnesses import Reading, Witnesses

_FAILED_STATUS = frozenset({"error", "failed", "failure"})
_RUNNING = frozenset({"running", "started"})
_UNDER_WAY = _RUNNING | {"pending", "queued"}
# An engine keeps the microseconds of an interval's anchor; a person writes seconds.
_SAME_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
# Record and file of one run are seconds apart: nearer than any two zones are, and than a person runs a job again.
_SAME_RUN = timedelta(minutes=2)


def registration_findings(seen: Witnesses) -> tuple[Finding, ...]:
    """The promises that hold whatever the run did: the job is registered, and next due as declared."""
    registered = _is_registered(seen)
    return (registered, _next_run_is_on_schedule(seen, registered))


def _is_registered(seen: Witnesses) -> Finding:
    check, expected = Check.IS_REGISTERED, later("{} among the scheduler's jobs".format, seen.job.id)
    if seen.blocker:
        return cannot_tell(check, expected, seen.blocker)
    if seen.registration:
        return ok(check, expected, later('registered as "{}"'.format, seen.registration.name or seen.registration.id))
    found = f"it has {_other_jobs(seen)}"
    because = f"the scheduler does not know the job {seen.job.id}: {found}"
    return broken(check, Verdict.MISSED, CauseCode.NOT_REGISTERED, expected=expected, found=found, because=because)


def _other_jobs(seen: Witnesses) -> str:
    registrations = getattr(seen.scheduler, "registrations", ())
    return listed(each.id for each in registrations) or "no jobs at all"


def _next_run_is_on_schedule(seen: Witnesses, registered: Finding) -> Finding:
    check, job = Check.NEXT_RUN_IS_ON_SCHEDULE, seen.job
    expected = later(_next_run_wanted, job)
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


def _next_run_wanted(job: Job) -> str:
    return f"a next run {show.declared(job)}, {job.zone.key}"


def _held_against_schedule(check: Check, expected: Sentence, reading: Reading, seen: Witnesses) -> Finding:
    job, at = seen.job, reading.at
    assert at is not None
    found = later(show.said, "next run ", at, job)
    if _is_declared(at, seen):
        return ok(check, expected, found)
    if (foreign := _foreign_zone(reading, seen)) is not None:
        because = (
            f"the scheduler's next run {reading.text} is {foreign}, but "
            f"{show_instant(at, job.zone)} in {job.zone.key}: {_misread(reading, seen)} in the wrong zone"
        )
        code = CauseCode.WRONG_TIMEZONE
    else:
        nearest = next_due(job.schedule, seen.service_at)
        declared = f"; declared, it is next due {show.when(nearest, job)}" if nearest else ""
        because = f"the scheduler's next run is {show.when(at, job)}, not as declared ({show.declared(job)}){declared}"
        code = CauseCode.SCHEDULE_DRIFT
    return broken(check, Verdict.FAILED, code, expected=expected, found=found, because=because)


def _misread(reading: Reading, seen: Witnesses) -> str:
    return "its times are read" if reading.is_naive else f"the scheduler reads {seen.job.schedule.text}"


def _is_declared(at: datetime, seen: Witnesses) -> bool:
    """True where the next run is an instant of the declared schedule and skips none, by the service's own clock.

    The instant before the service's present counts too: it is shown while its run is just being started.
    """
    job = seen.job
    early = EARLY_TOLERANCE + job.jitter
    if seen.floats:
        return at <= seen.service_at + interval.span_of(job) + early
    following = next_due(job.schedule, seen.service_at + early)
    if following == at:
        return True
    if following is not None and at >= following + job.jitter + _SAME_SECOND:
        return False
    return is_due_near(at, job)


def is_due_near(at: datetime, job: Job) -> bool:
    """True where the scheduler may aim at `at`: it draws each run within the jitter, and knows of no days off.

    After a clock change a scheduler that was just started may run where one that runs for long does not.
    """
    schedule, apart = as_scheduled(job.schedule), job.jitter + _SAME_SECOND
    nearest = last_due(schedule, at + apart)
    if nearest is not None and at - nearest <= apart:
        return True
    if not job.jitter:
        return schedule.is_due_at(at)
    # Schedules name whole minutes.
    last = (at + apart).replace(second=0, microsecond=0)
    minutes = (last - number * _MINUTE for number in range(2 * apart // _MINUTE + 1))
    return any(schedule.is_due_at(minute) for minute in minutes if minute >= at - apart)


def _foreign_zone(reading: Reading, seen: Witnesses) -> str | None:
    """The clock face of the next run, where in the job's own zone the schedule would fit it exactly."""
    stamp, at = reading.stamp, reading.at
    if stamp is None or at is None:
        return None
    face = _face(reading).replace(tzinfo=seen.job.zone).astimezone(UTC)
    if not _explains(face, at, seen.job):
        return _confirmed_zone(at, seen)
    clock = f"{_face(reading):%H:%M}"
    service = seen.job.service
    if stamp.offset is None:
        zone = service.naive_times if service else None
        return f"{clock} as it is written, read as {zone.key if zone else 'UTC'}"
    return f"{clock} at UTC{_show_offset(stamp.offset)} on its own clock"


def _confirmed_zone(at: datetime, seen: Witnesses) -> str | None:
    """The same where it is told in the job's own zone, and counted in UTC.

    That alone may as well be another schedule: only a run that was seen as far off as the next one proves the zone.
    """
    own, utc = seen.job.zone, ZoneInfo("UTC")
    if not _is_due_in(utc, at, seen):
        return None
    limit, schedule = seen.job.allowance, as_scheduled(seen.job.schedule)
    for ran_at in filter(None, (seen.ran_at, seen.files[0].made_at if seen.files else None)):
        wall = ran_at.astimezone(utc).replace(tzinfo=own).astimezone(UTC)
        due_at, own_due_at = last_due(schedule, wall), last_due(schedule, ran_at)
        is_foreign = due_at is not None and wall - due_at <= limit
        if is_foreign and (own_due_at is None or ran_at - own_due_at > limit):
            return f"{at.astimezone(utc):%H:%M} in UTC, as its last run of {show.when(ran_at, seen.job)} was"
    return None


def _is_due_in(zone: ZoneInfo, at: datetime, seen: Witnesses) -> bool:
    wall = at.astimezone(zone).replace(tzinfo=seen.job.zone).astimezone(UTC)
    return _explains(wall, at, seen.job)


def _explains(wall: datetime, at: datetime, job: Job) -> bool:
    """True where `at`, read in another zone as `wall`, would be as declared; not where jitter may explain as much."""
    return abs(wall - at) > 2 * job.jitter and is_due_near(wall, job)


def _face(reading: Reading) -> datetime:
    """What the timestamp says as a clock on the wall, whatever its offset."""
    stamp = reading.stamp
    assert stamp is not None
    if stamp.naive is not None:
        return stamp.naive
    assert stamp.at is not None
    return (stamp.at + (stamp.offset or timedelta(0))).replace(tzinfo=None)


def _show_offset(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def executed_after_due_time(seen: Witnesses, run: DueRun) -> Finding:
    """The last execution on record is at or after the due time."""
    finding, beside = _executed(seen, run), _other_word_of_database(seen)
    if not beside:
        return finding
    because = f"{finding.because}{beside}" if finding.because else ""
    return replace(finding, found=f"{finding.found}{beside}", because=because)


def _other_word_of_database(seen: Witnesses) -> str:
    """The last run that the database tells of, where it is another than the scheduler's: worth telling, no failure."""
    reading = seen.run_in_database if seen.database else None
    if seen.ran_at is None or reading is None or reading.at is None or seen.stands_in:
        return ""
    apart = min(abs(at - seen.ran_at) for at in reading.instants)
    return "" if apart <= seen.job.max_runtime else f"; its database says {show.when(reading.at, seen.job)}"


def _executed(seen: Witnesses, run: DueRun) -> Finding:
    check, job = Check.EXECUTED_AFTER_DUE_TIME, seen.job
    expected = later(_run_wanted, run, job)
    if not seen.stands_in and seen.blocker:
        return cannot_tell(check, expected, seen.blocker)
    if not seen.stands_in and seen.registration is None:
        return cannot_tell(check, expected, _is_registered(seen))
    if seen.last_run is None:
        return _never_recorded(check, expected, seen, run)
    if seen.last_run.at is None:
        return _unread(check, expected, "last_execution", seen.last_run, seen, run)
    if seen.ran_at is not None and seen.ran_at >= run.begins_at:
        return ok(check, expected, later(show.said, "ended ", seen.ran_at, job, seen.by_teller))
    return (
        misread(check, expected, seen, run)
        or _skewed(check, expected, seen.last_run.at, run.begins_at, seen)
        or _not_of_this_run(check, expected, seen, run)
    )


def _run_wanted(run: DueRun, job: Job) -> str:
    return f"a run recorded after {show.when(run.due_at, job)}, done by {show.limit(run.finish_by, run, job)}"


def _not_of_this_run(check: Check, expected: Sentence, seen: Witnesses, run: DueRun) -> Finding:
    """The record tells of a run after the moment that is judged, or of one before the run that is."""
    if seen.ran_at is None:
        assert seen.last_run is not None
        return _later_than_now(check, expected, seen.last_run, seen)
    if _is_under_way(seen, run):
        return _still_running(check, expected, seen, run)
    found = f"{show.earlier_run(seen.ran_at, seen.job)}{seen.by_teller}"
    if made := seen.made_by(run):
        return _unrecorded(check, expected, found, made[0].name, seen, run)
    because = f"{show.due(run, seen.job)}; its last run {found}{_other_reading(seen, run)}"
    return broken(check, Verdict.MISSED, CauseCode.MISSED_RUN, expected=expected, found=found, because=because)


def _other_reading(seen: Witnesses, run: DueRun) -> str:
    """Where its record would be of this very run in another zone: told, and no more, as no other witness says so."""
    reading = seen.last_run
    if reading is None or reading.at is None or not reading.is_naive:
        return ""
    readings = [(_in_zone(reading, zone), zone) for zone in _likely_zones(seen)]
    fits = next((each for each in readings if run.begins_at <= each[0] <= run.finish_by), None)
    if fits is None:
        return ""
    at, zone = fits
    return f" (read {_as_read(seen)}; as {zone.key} it would be {show.when(at, seen.job)})"


def misread(check: Check, expected: Sentence, seen: Witnesses, run: DueRun) -> Finding | None:
    """The record's clock face, read in another zone, is when the output was written: the zone is what is wrong.

    Only a file can prove it: without one, a run an hour off may be just that.
    """
    reading, job = seen.last_run, seen.job
    zone = fitting_zone(seen)
    if reading is None or reading.at is None or zone is None:
        return None
    at = _in_zone(reading, zone)
    file = _made_near(at, seen, _SAME_RUN)
    assert file is not None
    because = (
        f"{show.due(run, job)}; its last_execution {reading.text} read {_as_read(seen)} is "
        f"{show.when(reading.at, job)}, but read as {zone.key} it is {show.when(at, job)}, when its output "
        f"{file.name} was made ({show.when(file.made_at, job)}): it is read in the wrong zone"
    )
    found = f"ended {show.when(reading.at, job)}"
    return broken(check, Verdict.UNKNOWN, CauseCode.WRONG_TIMEZONE, expected=expected, found=found, because=because)


def fitting_zone(seen: Witnesses) -> ZoneInfo | None:
    """The zone in which the record tells of the same instant as a file, where it does not as it is read."""
    reading = seen.last_run
    if reading is None or reading.at is None or _made_near(reading.at, seen, seen.job.max_runtime):
        return None
    zones = _likely_zones(seen)
    return next((zone for zone in zones if _made_near(_in_zone(reading, zone), seen, _SAME_RUN)), None)


def _in_zone(reading: Reading, zone: ZoneInfo) -> datetime:
    return _face(reading).replace(tzinfo=zone).astimezone(UTC)


def _likely_zones(seen: Witnesses) -> tuple[ZoneInfo, ...]:
    """UTC and the job's own zone: what schedulers write their times in."""
    utc = ZoneInfo("UTC")
    return (utc,) if seen.job.zone.key == utc.key else (utc, seen.job.zone)


def _made_near(at: datetime, seen: Witnesses, distance: timedelta) -> FileSeen | None:
    return next((each for each in seen.files if abs(each.made_at - at) <= distance), None)


def _as_read(seen: Witnesses) -> str:
    assert seen.last_run is not None
    service = seen.job.service
    if not seen.last_run.is_naive or service is None or service.naive_times is None:
        return "with its own offset"
    return f"as {service.naive_times.key}"


def _skewed(check: Check, expected: Sentence, at: datetime, begins_at: datetime, seen: Witnesses) -> Finding | None:
    """Cannot tell where the record would belong to the run, were the service's clock not wrong."""
    root = seen.service_finding(Check.CLOCK_AGREES)
    right_at = at - skew(seen.scheduler)
    if root is None or not begins_at <= right_at <= seen.counted_until:
        return None
    return cannot_tell(check, expected, root)


def _never_recorded(check: Check, expected: Sentence, seen: Witnesses, run: DueRun) -> Finding:
    found = "no execution recorded, ever"
    if _is_under_way(seen, run):
        return _still_running(check, expected, seen, run)
    if made := seen.made_by(run):
        return _unrecorded(check, expected, found, made[0].name, seen, run)
    code = CauseCode.MISSED_RUN if seen.files or seen.run_in_database else CauseCode.NEVER_RAN
    whose = seen.teller if seen.stands_in else "its scheduler"
    because = f"{show.due(run, seen.job)}; {whose} has no execution of it on record, ever"
    return broken(check, Verdict.MISSED, code, expected=expected, found=found, because=because)


def _is_under_way(seen: Witnesses, run: DueRun) -> bool:
    """True where the scheduler says that a run is running, and it is this one: none that was due later has begun.

    Where the next is due before this one must be done, nobody can tell which of them it is: the older is still owed.
    """
    status = seen.recorded.last_status if seen.recorded else None
    if (status or "").lower() not in _RUNNING:
        return False
    return run.next_due_at is None or seen.now < run.next_due_at or run.next_due_at < run.finish_by


def _still_running(check: Check, expected: Sentence, seen: Witnesses, run: DueRun) -> Finding:
    status = seen.recorded.last_status if seen.recorded else None
    says = f'{seen.teller} says it is still "{status}"'
    if seen.now < run.finish_by:
        return pending(check, expected, f"{says}, and it is inside its time")
    over = seen.now - run.finish_by
    because = (
        f"{show.due(run, seen.job)}; {says}, though it should have been done by "
        f"{show.limit(run.finish_by, run, seen.job)}{f', {show_span(over)} ago' if over else ''}"
    )
    found = f"still {status}"
    return broken(check, Verdict.STUCK, CauseCode.STILL_RUNNING, expected=expected, found=found, because=because)


def _unrecorded(check: Check, expected: Sentence, found: str, name: str, seen: Witnesses, run: DueRun) -> Finding:
    because = f"{show.due(run, seen.job)}; its output {name} is there, but {seen.teller} says: {found}"
    return broken(check, Verdict.FAILED, CauseCode.UNRECORDED_RUN, expected=expected, found=found, because=because)


def _later_than_now(check: Check, expected: Sentence, reading: Reading, seen: Witnesses) -> Finding:
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
    return broken(check, Verdict.UNKNOWN, CauseCode.FUTURE_TIMESTAMP, expected=expected, found=found, because=because)


def _unread(
    check: Check, expected: Sentence, field: str, reading: Reading, seen: Witnesses, run: DueRun | None = None
) -> Finding:
    """A timestamp that means no instant: it has no offset and nobody said how to read it, or it is no time at all."""
    found = f"{field} {reading.text}"
    if not reading.is_naive:
        because = f'{seen.teller} says {field} = "{reading.text}", which is no time'
        return broken(check, Verdict.UNKNOWN, CauseCode.BACKEND_ERROR, expected=expected, found=found, because=because)
    service = seen.job.service
    assert service is not None
    readings = " or ".join(_one_reading(reading, zone, seen, run) for zone in _likely_zones(seen))
    because = (
        f"its {found} has no offset and could mean {readings}{_beside(seen, run)}; say which: "
        f"{' or '.join(lines_to_add(seen))} in [services.{service.id}]"
    )
    return broken(check, Verdict.UNKNOWN, CauseCode.NAIVE_TIMESTAMP, expected=expected, found=found, because=because)


def _one_reading(reading: Reading, zone: ZoneInfo, seen: Witnesses, run: DueRun | None) -> str:
    at = _in_zone(reading, zone)
    distance = f", {show.distance(at, run)}" if run else ""
    return f"{show_instant(at, seen.job.zone, seconds=True)} (read as {zone.key}{distance})"


def _beside(seen: Witnesses, run: DueRun | None) -> str:
    """The output of the run, which may show a person which of the readings is right."""
    made = seen.made_by(run) if run else ()
    return f"; its output {made[0].name} is of {show.when(made[0].made_at, seen.job)}" if made else ""


def lines_to_add(seen: Witnesses) -> tuple[str, ...]:
    """The line of jobs.toml for each way to read it; which one is right is guessed only where a file tells."""
    zone = fitting_zone(seen)
    return tuple(f'naive_times = "{each.key}"' for each in ([zone] if zone else _likely_zones(seen)))


def status_is_success(seen: Witnesses, run: DueRun, executed: Finding) -> Finding:
    """The last run is called a success on record."""
    check, expected = Check.STATUS_IS_SUCCESS, "success"
    if executed.needs_a_person or seen.recorded is None or seen.ran_at is None:
        return cannot_tell(check, expected, executed)
    if seen.is_overtaken(run):
        return pending(check, expected, show.replaced("record", run, seen.job))
    status = seen.recorded.last_status
    if status == "success":
        return _success(seen.by_teller)
    found = status or "no status"
    if found.lower() in _UNDER_WAY and seen.now < run.finish_by:
        return pending(check, expected, f'its status is "{found}", and it is still inside its time')
    if found.lower() in _UNDER_WAY and _has_begun_a_later_one(seen, run):
        return pending(check, expected, show.replaced("status", run, seen.job))
    if _is_under_way(seen, run):
        return _hung(_still_running(check, expected, seen, run), seen, run)
    said = f"{show.due(run, seen.job)}; the run that ended {show.when(seen.ran_at, seen.job)}{seen.by_teller}"
    if found.lower() in _FAILED_STATUS:
        because = f"{said} ended in {found}"
        return broken(check, Verdict.FAILED, CauseCode.RUN_FAILED, expected=expected, found=found, because=because)
    because = f'{said} has the status "{found}", which says neither success nor error'
    return broken(check, Verdict.UNKNOWN, CauseCode.BACKEND_ERROR, expected=expected, found=found, because=because)


@cache
def _success(by_teller: str) -> Finding:
    """The same for every job."""
    return ok(Check.STATUS_IS_SUCCESS, "success", f"success{by_teller}")


def _has_begun_a_later_one(seen: Witnesses, run: DueRun) -> bool:
    """True where a newer due run is inside its time, and the status may be that one's."""
    return run.next_due_at is not None and run.next_due_at <= seen.now


def _hung(running: Finding, seen: Witnesses, run: DueRun) -> Finding:
    """Its work is there all the same: it may have been started again by hand, and nobody must get up for that."""
    made = seen.made_by(run)
    if not made:
        return running
    because = f"{running.because}; its output {made[0].name} is there: started again by hand, or it hangs at its end"
    return replace(running, verdict=Verdict.PENDING, because=because, is_warning=True)


def ran_on_time(
    seen: Witnesses, run: DueRun, executed: Finding | None, status: Finding | None, exists: Finding | None
) -> Finding:
    """The run was done by its limit; the earliest sign of it counts.

    Where a lone record is the only witness, a run by hand in addition has replaced it, and is a run outside its time
    (rule 6); with an output, the file of the due run shows that it was on time.
    """
    check, job = Check.RAN_ON_TIME, seen.job
    expected = later(show.done_by, run, job)
    ran_at = seen.first_seen(run)
    if status and status.verdict is Verdict.STUCK and status.needs_a_person:
        # What is on record is when it began.
        return cannot_tell(check, expected, status)
    if exists and exists.code is CauseCode.WRONG_TIMEZONE:
        return cannot_tell(check, expected, exists)
    if ran_at is None:
        return _no_sign(check, expected, seen, run, executed, exists)
    if ran_at <= run.finish_by:
        return ok(check, expected, later(_done_at, ran_at, seen, run))
    root = seen.service_finding(Check.CLOCK_AGREES)
    if root and ran_at == seen.ran_at and ran_at - skew(seen.scheduler) <= run.finish_by:
        return cannot_tell(check, expected, root)
    found, its_limit = _done_at(ran_at, seen, run), show.limit(run.finish_by, run, job)
    because = f"{show.due(run, job)}; it was done {found}, by hand or held up; its limit was {its_limit}"
    return broken(check, Verdict.LATE, CauseCode.RAN_LATE, expected=expected, found=found, because=because)


def _done_at(ran_at: datetime, seen: Witnesses, run: DueRun) -> str:
    by_teller = seen.by_teller if ran_at == seen.ran_at else ""
    return f"{show.when(ran_at, seen.job)}, {show.distance(ran_at, run)}{by_teller}"


def _no_sign(
    check: Check,
    expected: Sentence,
    seen: Witnesses,
    run: DueRun,
    executed: Finding | None,
    exists: Finding | None,
) -> Finding:
    for root in (executed, exists):
        if root is not None and root.needs_a_person:
            return cannot_tell(check, expected, root)
    return pending(check, expected, show.replaced("evidence", run, seen.job))
