"""What could befall a job among the scheduler's jobs: forgotten, paused, aimed at another time?"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.evidence import SchedulerSeen
from rollcall.rehearse.faults.kinds import JobFault, of_listed
from rollcall.rehearse.scene import Scene
from rollcall.schedule import Every, Schedule, read_schedule
from rollcall.schedule.after import After
from rollcall.schedule.answers import next_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.verdict.registration import is_due_near

_DRIFT = timedelta(minutes=7)
_ANOTHER = "59 23 31 12 *"


def _paused(scene: Scene) -> Scene:
    return scene.with_listing(paused=True) if scene.tells("paused") else scene.with_listing(next_run=None)


def _may_be_paused(scene: Scene) -> bool:
    return scene.tells("jobs", "paused") or _has_next(scene)


def _drifted(scene: Scene) -> Scene:
    """An interval has no time of the day that it could miss: there the scheduler's is twice as long."""
    if not scene.tells("next_run"):
        return scene.with_listing(schedule=_ANOTHER)
    schedule, at = as_scheduled(scene.job.schedule), next_due(scene.job.schedule, scene.at)
    assert at is not None
    later = schedule.span if isinstance(schedule, Every) else _DRIFT + scene.job.jitter
    return scene.with_listing(next_run=scene.written_next(at + later))


def _has_next(scene: Scene) -> bool:
    """True where its scheduler tells when it runs next, as it cannot of what only follows another job."""
    return scene.tells("jobs", "next_run") and not isinstance(as_scheduled(scene.job.schedule), After)


def _may_drift(scene: Scene) -> bool:
    if not scene.tells("next_run"):
        return scene.tells("jobs", "schedule") and scene.listing.schedule not in (None, _ANOTHER)
    return _has_next(scene) and next_due(scene.job.schedule, scene.at) is not None


def _stalled(scene: Scene) -> Scene:
    """Its last run was not begun, and is still the next; another job of that time ran."""
    missed = scene.without_made().without_run(nor_later=True)
    return missed.with_listing(next_run=scene.written_next(scene.run.due_at))


def _may_stall(scene: Scene) -> bool:
    """True where the runs of others, or a heartbeat, show that the scheduler itself is alive."""
    seen = scene.judged.seen.scheduler
    has_others = isinstance(seen, SchedulerSeen) and len(seen.jobs or ()) > 1
    lives_on = scene.tells("heartbeat") or scene.tells("started", "by_schedule")
    return has_others and lives_on and scene.tells("history") and _has_next(scene)


def _in_another_zone(scene: Scene) -> Scene:
    """A scheduler that writes its own zone's offset writes the other zone's then."""
    following, foreign = _next_in_another_zone(scene), _elsewhere(as_scheduled(scene.job.schedule))
    assert following is not None
    assert foreign is not None
    next_run = scene.judged.seen.next_run
    offset = next_run.stamp.offset if next_run and next_run.stamp else None
    if next_run and next_run.at and offset == next_run.at.astimezone(scene.job.zone).utcoffset():
        return scene.with_listing(next_run=following.astimezone(foreign.zone).isoformat())
    return scene.with_listing(next_run=scene.written_next(following))


def _counts_in_a_zone(scene: Scene) -> bool:
    """True where the same words mean other instants in another zone; those of every hour do not."""
    following = _next_in_another_zone(scene) if _has_next(scene) else None
    return following is not None and not is_due_near(following, scene.job)


def _next_in_another_zone(scene: Scene) -> datetime | None:
    foreign = _elsewhere(as_scheduled(scene.job.schedule))
    return foreign.next_due(scene.at) if foreign else None


def _elsewhere(schedule: Schedule) -> Schedule | None:
    """The schedule as a scheduler reads it that was given no zone; None of an interval, which has none."""
    if isinstance(schedule, Every):
        return None
    zone = ZoneInfo("America/New_York" if schedule.zone.key in ("UTC", "Etc/UTC") else "UTC")
    return read_schedule(schedule.text, engine=schedule.engine, zone=zone)


FAULTS: tuple[JobFault, ...] = (
    JobFault(
        name="not-registered",
        story="a deploy dropped it from the scheduler",
        plant=Scene.without_listing,
        applies=of_listed,
    ),
    JobFault(
        name="job-paused",
        story="somebody paused it in the scheduler",
        plant=_paused,
        applies=_may_be_paused,
    ),
    JobFault(
        name="job-stalled",
        story="its next run is in the past, while the scheduler goes on with others",
        plant=_stalled,
        applies=_may_stall,
    ),
    JobFault(
        name="schedule-drift",
        story="the scheduler aims at another time than declared",
        plant=_drifted,
        applies=_may_drift,
    ),
    JobFault(
        name="wrong-timezone",
        story="the scheduler reads the schedule in another zone",
        plant=_in_another_zone,
        applies=_counts_in_a_zone,
    ),
)
