"""Does the scheduler know the job, and will it run it next as declared?"""

from datetime import UTC, datetime, timedelta

from rollcall.evidence import Outcome, SchedulerSeen
from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.job import Job
from rollcall.schedule.after import After
from rollcall.schedule.answers import last_due, next_due
from rollcall.schedule.days_off import as_scheduled, is_day_off
from rollcall.schedule.one_a_window import OneAWindow
from rollcall.text import listed
from rollcall.times import show_instant, show_span
from rollcall.verdict import interval, same_schedule, show
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.promises import promises_of
from rollcall.verdict.reading import Reading
from rollcall.verdict.scheduler import STALLED_AFTER
from rollcall.verdict.witnesses import Witnesses
from rollcall.verdict.zones import unread
from rollcall.vocabulary import CauseCode, Verdict

# An engine keeps the microseconds of an interval's anchor; a person writes seconds.
_SAME_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


def registration_findings(seen: Witnesses) -> tuple[Finding, ...]:
    """The promises that hold whatever the run did: the job is registered, and next due as declared."""
    promised = promises_of(seen.job)
    registered = is_registered(seen)
    if Check.NEXT_RUN_IS_ON_SCHEDULE in promised:
        return registered, _next_run_is_on_schedule(seen, registered)
    return (registered,) if Check.IS_REGISTERED in promised else ()


def is_registered(seen: Witnesses) -> Finding:
    """The scheduler lists the job."""
    promise = Promise(Check.IS_REGISTERED, f"{seen.job.name} among the scheduler's jobs")
    if root := seen.blocker:
        return promise.blocked(root)
    if seen.taken_for:
        names = [each.id for each in seen.taken_for]
        how = f"a second job as {names[0]}" if names[0] == seen.job.name else f"the runs of {listed(names)} by its key"
        because = f"the scheduler lists {how}: it is not clear whose runs those are"
        return promise.broken(Verdict.UNKNOWN, CauseCode.LISTED_TWICE, "listed twice", because)
    if seen.listed and seen.listed.refused:
        because = f"the scheduler does not run {seen.job.name}, although it is defined there: {seen.listed.refused}"
        return promise.broken(Verdict.MISSED, CauseCode.NOT_REGISTERED, seen.listed.refused, because)
    if seen.listed:
        return promise.kept(f'registered as "{seen.listed.name or seen.listed.id}"')
    if root := seen.broken_check(Check.HAS_RECORDS):
        return promise.blocked(root)
    jobs = seen.scheduler.jobs if isinstance(seen.scheduler, SchedulerSeen) else None
    found = f"it has {listed(each.id for each in jobs or ()) or 'no jobs at all'}"
    if isinstance(seen.scheduler, SchedulerSeen) and (hidden := seen.scheduler.jobs_hidden):
        because = f"the scheduler shows no job {seen.job.name}, and it does not show all: {hidden}"
        return promise.broken(Verdict.UNKNOWN, CauseCode.ACCESS_DENIED, "not among those that may be seen", because)
    because = f"the scheduler does not know the job {seen.job.name}: {found}"
    return promise.broken(Verdict.MISSED, CauseCode.NOT_REGISTERED, found, because)


def _next_run_is_on_schedule(seen: Witnesses, registered: Finding) -> Finding:
    job, there, next_run = seen.job, seen.listed, seen.next_run
    promise = Promise(Check.NEXT_RUN_IS_ON_SCHEDULE, f"a next run {show.declared(job)}, {job.zone.key}")
    root = seen.blocker or seen.broken_check(Check.SCHEDULER_IS_ALIVE)
    if root or registered.needs_a_person or there is None:
        return promise.blocked(root or registered)
    if there.paused:
        why = f" ({there.says})" if there.says else ""
        because = f"the job {job.name} is paused in the scheduler{why}, and not in jobs.toml"
        return promise.broken(Verdict.FAILED, CauseCode.JOB_PAUSED, "paused there", because)
    if "schedule" in there.untold:
        return promise.kept("not paused; something else starts it")
    for field in ("paused", "next_run"):
        if field in there.untold and seen.tells(field):
            found = f"no {seen.word(field)}"
            because = f"the scheduler lists {job.name}, but its answer has {found} for it"
            return promise.broken(Verdict.UNKNOWN, CauseCode.SCHEDULER_ERROR, found, because)
    if not seen.tells("next_run"):
        # Its schedule then, as far as it tells that.
        own = as_scheduled(job.schedule).text
        if there.schedule is None or isinstance(job.schedule, After):
            return promise.kept("not paused; the scheduler does not say when it runs next")
        if same_schedule.is_same(there.schedule, there.zone, job, seen.now):
            return promise.kept(f"the schedule there is {there.schedule}")
        if same_schedule.is_other_zone(there.schedule, there.zone, job):
            because = f"the scheduler reads {there.schedule} in {there.zone}, and jobs.toml in {job.zone.key}"
            return promise.broken(Verdict.FAILED, CauseCode.WRONG_TIMEZONE, f"in {there.zone}", because)
        because = f"the scheduler has it as {there.schedule}, and jobs.toml as {own}"
        return promise.broken(Verdict.FAILED, CauseCode.SCHEDULE_DRIFT, f"schedule {there.schedule}", because)
    if isinstance(job.schedule, After):
        return promise.kept("it follows another job, not a clock")
    is_running = seen.last is not None and seen.last.is_under_way
    if next_run is None and is_running:
        return promise.kept("none while it is running")
    if next_run is None and seen.without_time and seen.without_time.outcome is Outcome.UNKNOWN:
        word = seen.without_time.word
        because = f'the scheduler has no next run for {job.name}, and says "{word}", which may mean anything'
        return promise.broken(Verdict.UNKNOWN, CauseCode.UNKNOWN_STATUS, f"no next run, {word}", because)
    if next_run is None:
        because = f"the scheduler has no next run for {job.name}: it is paused there, or its schedule has ended"
        return promise.broken(Verdict.FAILED, CauseCode.JOB_PAUSED, "no next run", because)
    if next_run.at is None:
        return unread(promise, seen.word("next_run"), next_run, seen)
    latest = next_run.instants[-1]
    past = seen.scheduler_at - latest
    if past > STALLED_AFTER and not is_running and isinstance(seen.scheduler, SchedulerSeen):
        found = f"its next run is {show.when(latest, job)}, {show_span(past)} in the past"
        because = f"{found}, while the scheduler goes on with others: it will not run again by itself"
        return promise.broken(Verdict.MISSED, CauseCode.JOB_STALLED, found, because)
    return _as_declared(promise, next_run, next_run.at, seen)


def _as_declared(promise: Promise, next_run: Reading, at: datetime, seen: Witnesses) -> Finding:
    job, found = seen.job, f"next run {show.when(at, seen.job)}"
    drawn_of = last_due(as_scheduled(job.schedule), at) or at
    if is_day_off(job.schedule, drawn_of if at - drawn_of <= job.jitter else at):
        # Its scheduler knows of no day off.
        owed = next_due(job.schedule, at)
        found += ", a day off on which no run is owed" + (f"; owed next {show.when(owed, job)}" if owed else "")
    if _is_declared(at, seen):
        return promise.kept(found)
    if foreign := _foreign_clock(next_run, at, job) or _counted_in_utc(at, seen):
        what = "its times are read" if next_run.is_naive else f"the scheduler reads {job.schedule.text}"
        here = f"{show_instant(at, job.zone)} in {job.zone.key}"
        because = f"the scheduler's next run {next_run.text} is {foreign}, but {here}: {what} in the wrong zone"
        return promise.broken(Verdict.FAILED, CauseCode.WRONG_TIMEZONE, found, because)
    nearest = next_due(job.schedule, seen.scheduler_at)
    declared = f"; declared, it is next due {show.when(nearest, job)}" if nearest else ""
    because = f"the scheduler's next run is {show.when(at, job)}, not as declared ({show.declared(job)}){declared}"
    return promise.broken(Verdict.FAILED, CauseCode.SCHEDULE_DRIFT, found, because)


def _is_declared(at: datetime, seen: Witnesses) -> bool:
    """True where the next run is an instant of the declared schedule and skips none, by the scheduler's own clock.

    The instant before the scheduler's present counts too: it is shown while its run is just being started.
    """
    job = seen.job
    if seen.floats:
        return at <= seen.scheduler_at + interval.span_of(job) + job.jitter + EARLY_TOLERANCE
    following = next_due(job.schedule, seen.scheduler_at + EARLY_TOLERANCE)
    skips_one = following is not None and at >= following + job.jitter + _SAME_SECOND
    return not skips_one and (following == at or is_due_near(at, job))


def is_due_near(at: datetime, job: Job) -> bool:
    """True where the scheduler may aim at `at`: it delays each run by up to the jitter, and knows of no days off.

    After a clock change a scheduler that was just started may run where one that runs for long does not.
    """
    schedule, earliest, latest = as_scheduled(job.schedule), at - job.jitter - _SAME_SECOND, at + _SAME_SECOND
    if isinstance(schedule, OneAWindow):
        # What is run together with the one before may be what it aims at, where that one has not begun.
        schedule = schedule.scheduled
    nearest = last_due(schedule, latest)
    if nearest is not None and nearest >= earliest:
        return True
    if not job.jitter:
        return schedule.is_due_at(at)
    # Schedules name whole minutes.
    minute = latest.replace(second=0, microsecond=0)
    while minute >= earliest and not schedule.is_due_at(minute):
        minute -= _MINUTE
    return minute >= earliest


def _foreign_clock(next_run: Reading, at: datetime, job: Job) -> str | None:
    """The clock face of the next run, where in the job's own zone the schedule would fit it exactly."""
    if not _explains(next_run.in_zone(job.zone), at, job):
        return None
    clock, offset = f"{next_run.wall:%H:%M}", next_run.stamp.offset if next_run.stamp else None
    if offset is None:
        zone = job.scheduler.naive_times if job.scheduler else None
        return f"{clock} as it is written, read as {zone.key if zone else 'UTC'}"
    minutes = round(offset.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{clock} at UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d} on its own clock"


def _counted_in_utc(at: datetime, seen: Witnesses) -> str | None:
    """The same where it is told in the job's own zone, and counted in UTC.

    That alone may as well be another schedule: only a run that was seen as far off as the next one proves the zone.
    """
    job, limit, schedule = seen.job, seen.job.allowance, as_scheduled(seen.job.schedule)

    def in_own_zone(instant: datetime) -> datetime:
        return instant.astimezone(UTC).replace(tzinfo=job.zone).astimezone(UTC)

    if not _explains(in_own_zone(at), at, job):
        return None
    for ran_at in filter(None, (seen.ran_at, seen.files[0].made_at if seen.files else None)):
        wall = in_own_zone(ran_at)
        due_at, own_due_at = last_due(schedule, wall), last_due(schedule, ran_at)
        is_foreign = due_at is not None and wall - due_at <= limit
        if is_foreign and (own_due_at is None or ran_at - own_due_at > limit):
            return f"{at.astimezone(UTC):%H:%M} in UTC, as its last run of {show.when(ran_at, job)} was"
    return None


def _explains(wall: datetime, at: datetime, job: Job) -> bool:
    """True where `at`, read in another zone as `wall`, would be as declared; not where jitter may explain as much."""
    return abs(wall - at) > job.jitter and is_due_near(wall, job)
