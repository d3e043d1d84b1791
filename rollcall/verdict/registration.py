"""Does the scheduler know the job, and will it run it next as declared?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.evidence import Outcome, SchedulerSeen
from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.job import Job
from rollcall.schedule.after import After
from rollcall.schedule.answers import last_due, next_due
from rollcall.schedule.days_off import as_scheduled, is_day_off
from rollcall.text import listed
from rollcall.times import show_instant, show_span
from rollcall.verdict import interval, show
from rollcall.verdict.findings import Check, Finding, broken, cannot_tell, ok
from rollcall.verdict.readings import face, unread
from rollcall.verdict.scheduler import STALLED_AFTER
from rollcall.verdict.witnesses import Reading, Witnesses
from rollcall.vocabulary import CauseCode, Verdict

# An engine keeps the microseconds of an interval's anchor; a person writes seconds.
_SAME_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


def registration_findings(seen: Witnesses) -> tuple[Finding, ...]:
    """The promises that hold whatever the run did: the job is registered, and next due as declared."""
    if not seen.tells("jobs"):
        return ()
    registered = is_registered(seen)
    if not {"next_run", "paused", "schedule"} & (seen.job.scheduler.tells if seen.job.scheduler else frozenset()):
        return (registered,)
    return (registered, _next_run_is_on_schedule(seen, registered))


def is_registered(seen: Witnesses) -> Finding:
    check, expected = Check.IS_REGISTERED, f"{seen.job.name} among the scheduler's jobs"
    if seen.blocker:
        return cannot_tell(check, expected, seen.blocker)
    if seen.listed:
        return ok(check, expected, f'registered as "{seen.listed.name or seen.listed.id}"')
    if root := seen.scheduler_finding(Check.HAS_RECORDS):
        return cannot_tell(check, expected, root)
    jobs = getattr(seen.scheduler, "jobs", None) or ()
    found = f"it has {listed(each.id for each in jobs) or 'no jobs at all'}"
    because = f"the scheduler does not know the job {seen.job.name}: {found}"
    return broken(check, Verdict.MISSED, CauseCode.NOT_REGISTERED, expected=expected, found=found, because=because)


def _next_run_is_on_schedule(seen: Witnesses, registered: Finding) -> Finding:
    check, job = Check.NEXT_RUN_IS_ON_SCHEDULE, seen.job
    expected = f"a next run {show.declared(job)}, {job.zone.key}"
    root = seen.blocker or seen.scheduler_finding(Check.SCHEDULER_IS_ALIVE)
    if root or registered.needs_a_person:
        return cannot_tell(check, expected, root or registered)
    listed_job = seen.listed
    assert listed_job is not None
    if listed_job.paused:
        because = f"{job.name} is paused in the scheduler, and not in jobs.toml"
        code, found = CauseCode.JOB_PAUSED, "paused there"
        return broken(check, Verdict.FAILED, code, expected=expected, found=found, because=because)
    untold = next((each for each in ("paused", "next_run") if each in listed_job.untold and seen.tells(each)), None)
    if untold is not None:
        said = seen.word(untold)
        because = f"the scheduler lists {job.name}, but its answer has no {said} for it"
        code, found = CauseCode.SCHEDULER_ERROR, f"no {said}"
        return broken(check, Verdict.UNKNOWN, code, expected=expected, found=found, because=because)
    if not seen.tells("next_run"):
        return _declared_there(check, expected, seen)
    if isinstance(job.schedule, After):
        return ok(check, expected, "it follows another job, not the clock")
    if seen.next_run is None:
        return _no_next_run(check, expected, seen)
    if seen.next_run.at is None:
        return unread(check, expected, seen.word("next_run"), seen.next_run, seen)
    if stalled := _stalled(check, expected, seen.next_run, seen):
        return stalled
    return _held_against_schedule(check, expected, seen.next_run, seen)


def _no_next_run(check: Check, expected: str, seen: Witnesses) -> Finding:
    job, last = seen.job, seen.last
    if last and last.outcome is Outcome.RUNNING and last.ended is None:
        return ok(check, expected, "none while it is running")
    because = f"the scheduler has no next run for {job.name}: it is paused there, or has come to its end"
    code, found = CauseCode.JOB_PAUSED, "no next run"
    return broken(check, Verdict.FAILED, code, expected=expected, found=found, because=because)


def _stalled(check: Check, expected: str, reading: Reading, seen: Witnesses) -> Finding | None:
    """Its own next run is past while the scheduler is alive: nothing will start it by itself."""
    at = reading.instants[-1]
    past = seen.scheduler_at - at
    is_running = seen.last is not None and seen.last.outcome is Outcome.RUNNING and seen.last.ended is None
    if past <= STALLED_AFTER or is_running or not isinstance(seen.scheduler, SchedulerSeen):
        return None
    found = f"its next run is {show.when(at, seen.job)}, {show_span(past)} in the past"
    because = f"{found}, while the scheduler goes on with others: it will not run again by itself"
    return broken(check, Verdict.MISSED, CauseCode.JOB_STALLED, expected=expected, found=found, because=because)


def _declared_there(check: Check, expected: str, seen: Witnesses) -> Finding:
    """Of a scheduler that tells no next run: its schedule, as far as it tells that."""
    assert seen.listed is not None
    there, own = seen.listed.schedule, as_scheduled(seen.job.schedule).text
    if there is None:
        return ok(check, expected, "not paused; when it runs next the scheduler does not tell")
    if " ".join(there.split()) == " ".join(own.split()):
        return ok(check, expected, f"the schedule there is {there}")
    because = f"the scheduler has it as {there}, and jobs.toml as {own}"
    code = CauseCode.SCHEDULE_DRIFT
    return broken(check, Verdict.FAILED, code, expected=expected, found=f"schedule {there}", because=because)


def _next_run_said(at: datetime, job: Job) -> str:
    """The next run as its scheduler tells it, which knows of no day off: where it is one, what is owed next."""
    said = f"next run {show.when(at, job)}"
    drawn_of = last_due(as_scheduled(job.schedule), at) or at
    if not is_day_off(job.schedule, drawn_of if at - drawn_of <= job.jitter else at):
        return said
    owed = next_due(job.schedule, at)
    return f"{said}, a day off on which it is not owed" + (f"; owed next {show.when(owed, job)}" if owed else "")


def _held_against_schedule(check: Check, expected: str, reading: Reading, seen: Witnesses) -> Finding:
    job, at = seen.job, reading.at
    assert at is not None
    found = _next_run_said(at, job)
    if _is_declared(at, seen):
        return ok(check, expected, found)
    if (foreign := _foreign_zone(reading, seen)) is not None:
        because = (
            f"the scheduler's next run {reading.text} is {foreign}, but "
            f"{show_instant(at, job.zone)} in {job.zone.key}: {_misread(reading, seen)} in the wrong zone"
        )
        code = CauseCode.WRONG_TIMEZONE
    else:
        nearest = next_due(job.schedule, seen.scheduler_at)
        declared = f"; declared, it is next due {show.when(nearest, job)}" if nearest else ""
        because = f"the scheduler's next run is {show.when(at, job)}, not as declared ({show.declared(job)}){declared}"
        code = CauseCode.SCHEDULE_DRIFT
    return broken(check, Verdict.FAILED, code, expected=expected, found=found, because=because)


def _misread(reading: Reading, seen: Witnesses) -> str:
    return "its times are read" if reading.is_naive else f"the scheduler reads {seen.job.schedule.text}"


def _is_declared(at: datetime, seen: Witnesses) -> bool:
    """True where the next run is an instant of the declared schedule and skips none, by the scheduler's own clock.

    The instant before the scheduler's present counts too: it is shown while its run is just being started.
    """
    job = seen.job
    if seen.floats:
        return at <= seen.scheduler_at + interval.span_of(job) + job.jitter + EARLY_TOLERANCE
    following = next_due(job.schedule, seen.scheduler_at + EARLY_TOLERANCE)
    if following == at:
        return True
    if following is not None and at >= following + job.jitter + _SAME_SECOND:
        return False
    return is_due_near(at, job)


def is_due_near(at: datetime, job: Job) -> bool:
    """True where the scheduler may aim at `at`: it delays each run by up to the jitter, and knows of no days off.

    After a clock change a scheduler that was just started may run where one that runs for long does not.
    """
    schedule, latest = as_scheduled(job.schedule), at + _SAME_SECOND
    earliest = at - job.jitter - _SAME_SECOND
    nearest = last_due(schedule, latest)
    if nearest is not None and nearest >= earliest:
        return True
    if not job.jitter:
        return schedule.is_due_at(at)
    # Schedules name whole minutes.
    last = latest.replace(second=0, microsecond=0)
    minutes = (last - number * _MINUTE for number in range((latest - earliest) // _MINUTE + 1))
    return any(schedule.is_due_at(minute) for minute in minutes if minute >= earliest)


def _foreign_zone(reading: Reading, seen: Witnesses) -> str | None:
    """The clock face of the next run, where in the job's own zone the schedule would fit it exactly."""
    stamp, at = reading.stamp, reading.at
    if stamp is None or at is None:
        return None
    wall = face(reading).replace(tzinfo=seen.job.zone).astimezone(UTC)
    if not _explains(wall, at, seen.job):
        return _confirmed_zone(at, seen)
    clock = f"{face(reading):%H:%M}"
    scheduler = seen.job.scheduler
    if stamp.offset is None:
        zone = scheduler.naive_times if scheduler else None
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
    return abs(wall - at) > job.jitter and is_due_near(wall, job)


def _show_offset(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
