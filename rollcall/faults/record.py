"""What could befall a run and the record of it: missed, late, failed, told by another clock?"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall import advice
from rollcall.faults.kinds import JobFault, of_a_run_before, of_any, of_both, of_recorded
from rollcall.scene import Scene
from rollcall.verdict.witnesses import Reading

_A_WHILE = timedelta(hours=1)
_SOON = timedelta(minutes=1)


def _with_record_of_before(scene: Scene) -> Scene:
    """The record still tells of the run before."""
    if not of_recorded(scene):
        return scene
    at = scene.previous_record_at
    if at is None:
        return scene.with_record(last_execution=None, last_status="pending")
    return scene.with_record(last_execution=scene.written(at))


def _missed(scene: Scene) -> Scene:
    return _with_record_of_before(scene.without_made())


def _hanging(scene: Scene) -> Scene:
    return _missed(scene).with_record(last_status="running")


def _never(scene: Scene) -> Scene:
    scene = scene.with_files().without_executions()
    return scene.with_record(last_execution=None, last_status="pending") if of_recorded(scene) else scene


def _late_at(scene: Scene) -> datetime:
    """An hour after its limit, or halfway to where the next run begins."""
    run = scene.run
    late_at = run.finish_by + _A_WHILE
    return late_at if run.ends_at is None else min(late_at, run.finish_by + (run.ends_at - run.finish_by) / 2)


def _can_be_late(scene: Scene) -> bool:
    ends_at = scene.run.ends_at
    return ends_at is None or scene.run.finish_by + 4 * _SOON < ends_at


def _late(scene: Scene) -> Scene:
    late_at = _late_at(scene)
    if scene.made:
        newest = scene.made[0]
        scene = scene.with_files(scene.moved(newest, late_at - newest.made_at), *scene.earlier)
    return scene.with_record(last_execution=scene.written(late_at)) if of_recorded(scene) else scene


def _failed(scene: Scene) -> Scene:
    """It fails at its very end, its file is written: only its status tells."""
    return scene.with_record(last_status="error") if of_recorded(scene) else scene


def _without_offset(scene: Scene) -> Scene:
    return scene.with_record(last_execution=scene.ran_at.replace(tzinfo=None).isoformat())


def _may_lose_its_offset(scene: Scene) -> bool:
    """True where an offset is all that tells which zone is meant."""
    scheduler = scene.job.scheduler
    return scheduler is not None and scheduler.naive_times is None and not _is_naive(scene)


def _is_naive(scene: Scene) -> bool:
    reading = Reading.of(scene.record.last_execution, None)
    return reading is not None and reading.is_naive


def _in_the_future(scene: Scene) -> Scene:
    return scene.with_record(last_execution=scene.written(scene.at + timedelta(days=1)))


def _written_in_another_zone(scene: Scene) -> Scene:
    zone = _other_clock(scene)
    assert zone is not None
    return scene.with_record(last_execution=scene.ran_at.astimezone(zone).replace(tzinfo=None).isoformat())


def _may_change_its_clock(scene: Scene) -> bool:
    return of_recorded(scene) and _is_naive(scene) and _other_clock(scene) is not None


def _other_clock(scene: Scene) -> ZoneInfo | None:
    """Of UTC and the job's own zone the one in which it does not write its times; None where both are the same."""
    reads = scene.job.scheduler.naive_times if scene.job.scheduler else None
    if reads is None:
        return None
    clock = scene.ran_at.astimezone(reads).utcoffset()
    zones = (scene.job.zone, ZoneInfo("UTC"))
    return next((zone for zone in zones if scene.ran_at.astimezone(zone).utcoffset() != clock), None)


FAULTS: tuple[JobFault, ...] = (
    JobFault(
        name="wrong-timezone",
        variant="of its record",
        story="its last execution is written by another clock, and the run itself was in time",
        plant=_written_in_another_zone,
        applies=_may_change_its_clock,
        cure=advice.for_a_record,
    ),
    JobFault(
        name="naive-timestamp",
        story="its last execution lost its offset",
        plant=_without_offset,
        applies=_may_lose_its_offset,
    ),
    JobFault(
        name="future-timestamp",
        story="its last execution lies a day ahead",
        plant=_in_the_future,
        applies=of_recorded,
    ),
    JobFault(
        name="never-ran",
        story="it has never run",
        plant=_never,
        applies=of_any,
    ),
    JobFault(
        name="still-running",
        story="it has begun, and never comes to its end",
        plant=_hanging,
        applies=of_recorded,
        cure=advice.for_an_interval,
    ),
    JobFault(
        name="missed-run",
        story="the machine slept, and its run was skipped",
        plant=_missed,
        applies=of_a_run_before,
        cure=advice.for_an_interval,
    ),
    JobFault(
        name="ran-late",
        story="it ran an hour after its limit",
        plant=_late,
        applies=_can_be_late,
        cure=advice.for_lateness,
        seen_at=lambda good: _late_at(good) + _SOON,
    ),
    JobFault(
        name="run-failed",
        story="it ended in an error, after its file was written",
        plant=_failed,
        applies=of_any,
        cure=advice.for_a_status,
    ),
    JobFault(
        name="unrecorded-run",
        story="its file was written, the record of the run was not",
        plant=_with_record_of_before,
        applies=of_both,
    ),
)
