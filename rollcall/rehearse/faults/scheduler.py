"""What can go wrong with a scheduler, and with a job in its list: down, stopped; forgotten, paused, aimed elsewhere?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from rollcall.evidence import NotSeen, Off, Outcome, SchedulerSeen
from rollcall.rehearse import records
from rollcall.rehearse.evidence_copy import EvidenceCopy
from rollcall.rehearse.faults.kinds import JobFault, SchedulerFault
from rollcall.rehearse.records import written_like
from rollcall.roll.scheduler import Scheduler
from rollcall.schedule import Every, read_schedule
from rollcall.schedule.after import After
from rollcall.schedule.answers import next_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.verdict.reading import Reading
from rollcall.verdict.registration import is_due_near
from rollcall.vocabulary import CauseCode

_A_WHILE = timedelta(hours=1)
_SECOND = timedelta(seconds=1)
_SKEW = timedelta(minutes=10)
_DRIFT = timedelta(minutes=7)
_ANOTHER = "59 23 31 12 *"


def _not_seen(code: CauseCode, detail: str) -> SchedulerFault:
    """A fault of which the failure to look is all there is to see."""
    return SchedulerFault(code, detail, lambda _, seen: NotSeen(code=code, detail=detail, looked_at=seen.asked_at))


def _stopped(scheduler: Scheduler, seen: SchedulerSeen) -> SchedulerSeen | None:
    """It lists nothing while it is stopped, as APScheduler does; of one that lists all the same no more is known."""
    if "running" not in scheduler.tells:
        return None
    return replace(seen, running=False, jobs=seen.jobs and (), runs=seen.runs and ())


def _stalled(scheduler: Scheduler, seen: SchedulerSeen) -> SchedulerSeen | None:
    """Its loop died an hour ago: what was due then is still next, and nothing has begun since."""
    if not {"next_run", "heartbeat"} & scheduler.tells:
        return None
    within = scheduler.heartbeat_within or timedelta(0)
    died_at = (seen.server_at or seen.answered_at) - max(_A_WHILE, 2 * within)

    def then(text: str | None) -> str | None:
        reading = Reading.of(text, scheduler.naive_times)
        return written_like(reading.text, died_at, scheduler.naive_times) if reading and reading.stamp else text

    def began_later(text: str | None) -> bool:
        started = Reading.of(text, scheduler.naive_times)
        return bool(started and started.at and started.at > died_at)

    jobs = seen.jobs and tuple(replace(each, next_run=then(each.next_run)) for each in seen.jobs)
    dead = replace(seen, jobs=jobs, heartbeat=then(seen.heartbeat))
    runs = seen.runs and tuple(each for each in seen.runs if not began_later(each.started))
    return None if dead == seen else replace(dead, runs=runs)


def _ahead(scheduler: Scheduler, seen: SchedulerSeen) -> SchedulerSeen | None:
    if "clock" not in scheduler.tells:
        return None
    heartbeat = Reading.of(seen.heartbeat, scheduler.naive_times)
    if heartbeat and heartbeat.at:
        seen = replace(seen, heartbeat=written_like(heartbeat.text, heartbeat.at + _SKEW, scheduler.naive_times))
    return replace(seen, server_at=seen.server_at and seen.server_at + _SKEW)


_NEEDS_DATE = "let the scheduler send the header Date: without it its clock is not known"
SCHEDULER_FAULTS = (
    _not_seen(CauseCode.SCHEDULER_DOWN, "connection refused"),
    _not_seen(CauseCode.HOST_SILENT, "its machine cannot be reached"),
    _not_seen(CauseCode.ACCESS_DENIED, "answers 401 Unauthorized"),
    _not_seen(CauseCode.WRONG_SERVICE, "answers 404 Not Found"),
    _not_seen(CauseCode.SCHEDULER_ERROR, "answers 500 Internal Server Error"),
    SchedulerFault("scheduler-stopped", "its scheduler was not started again", _stopped),
    SchedulerFault("scheduler-stalled", "it says it is running, and runs nothing", _stalled),
    SchedulerFault("clock-skew", "its clock is 10 minutes ahead", _ahead, cure=_NEEDS_DATE),
)


def _has_next(copy: EvidenceCopy) -> bool:
    """True where its scheduler tells when it runs next, as it cannot of what only follows another job."""
    return copy.tells("jobs", "next_run") and not isinstance(as_scheduled(copy.job.schedule), After)


def _paused(copy: EvidenceCopy) -> EvidenceCopy | None:
    if copy.tells("jobs", "paused"):
        return copy.with_listing(paused=True)
    return copy.with_listing(next_run=None) if _has_next(copy) else None


def _job_stalled(copy: EvidenceCopy) -> EvidenceCopy | None:
    """Its last run was not begun, and is still the next; another job of that time ran."""
    seen = copy.judged.seen.scheduler
    has_others = isinstance(seen, SchedulerSeen) and len(seen.jobs or ()) > 1
    # The runs of others, or a heartbeat, show that the scheduler itself is alive.
    lives_on = copy.tells("heartbeat") or copy.tells("started", "by_schedule")
    if not has_others or not lives_on or not copy.tells("history") or not _has_next(copy):
        return None
    return copy.without_made().without_run(nor_later=True).with_next_run(copy.run.due_at)


def _listed_twice(copy: EvidenceCopy) -> EvidenceCopy | None:
    """Another job goes by its name, and that one's run of this time failed."""
    listed, run = copy.judged.seen.listed, records.record_of(copy.judged)
    if listed is None or copy.scheduler is None:
        return None
    other = replace(listed, name=f"{listed.name or listed.id} (2)")
    failed = (replace(run.seen, outcome=Outcome.FAILED, word="failed"),) if run else ()
    runs = copy.scheduler.runs and (*copy.scheduler.runs, *failed)
    return replace(copy, scheduler=replace(copy.scheduler, jobs=(*(copy.scheduler.jobs or ()), other), runs=runs))


def _drifted(copy: EvidenceCopy) -> EvidenceCopy | None:
    """An interval has no time of the day that it could miss: there the scheduler's is twice as long."""
    if not copy.tells("next_run"):
        listed = copy.judged.seen.listed
        has_schedule = copy.tells("jobs", "schedule") and listed and listed.schedule not in (None, _ANOTHER)
        return copy.with_listing(schedule=_ANOTHER) if has_schedule else None
    at = next_due(copy.job.schedule, copy.at) if _has_next(copy) else None
    schedule = as_scheduled(copy.job.schedule)
    later = schedule.span if isinstance(schedule, Every) else _DRIFT + copy.job.jitter
    return copy.with_next_run(at + later) if at else None


def _was_off(copy: EvidenceCopy) -> EvidenceCopy | None:
    """An hour before it was due its machine went off, and came back a second after."""
    if copy.scheduler is None or not copy.tells("off", "history"):
        return None
    missed, run = copy.without_made().without_run(), copy.run
    assert missed.scheduler
    off = Off(since=run.due_at - _A_WHILE, until=run.due_at + copy.job.jitter + _SECOND)
    return replace(missed, scheduler=replace(missed.scheduler, off=(*missed.scheduler.off, off)))


def _in_another_zone(copy: EvidenceCopy) -> EvidenceCopy | None:
    """The schedule as a scheduler reads it that was given no zone: the same words mean other instants there."""
    schedule = as_scheduled(copy.job.schedule)
    if not _has_next(copy) or isinstance(schedule, Every):
        return None
    zone = ZoneInfo("America/New_York" if schedule.zone.key in ("UTC", "Etc/UTC") else "UTC")
    following = read_schedule(schedule.text, engine=schedule.engine, zone=zone).next_due(copy.at)
    # Of every hour they mean the same.
    if following is None or is_due_near(following, copy.job):
        return None
    next_run = copy.judged.seen.next_run
    offset = next_run.stamp.offset if next_run and next_run.stamp else None
    if next_run and next_run.at and offset == next_run.at.astimezone(copy.job.zone).utcoffset():
        # A scheduler that writes its own zone's offset writes the other zone's then.
        return copy.with_listing(next_run=following.astimezone(zone).isoformat())
    return copy.with_next_run(following)


JOB_FAULTS = (
    JobFault("not-registered", "a deploy dropped it from the scheduler",
             lambda copy: copy.without_listing() if copy.tells("jobs") else None),
    JobFault("listed-twice", "a second job has its name there, and failed", _listed_twice),
    JobFault("job-paused", "somebody paused it in the scheduler", _paused),
    JobFault("job-stalled", "its next run is in the past, while the scheduler keeps running others", _job_stalled),
    JobFault("host-was-off", "its machine was off when it was due", _was_off),
    JobFault("schedule-drift", "the scheduler's next run is at another time than declared", _drifted),
    JobFault("wrong-timezone", "the scheduler reads the schedule in another zone", _in_another_zone),
)  # fmt: skip
