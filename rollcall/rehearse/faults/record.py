"""What could befall a run and the record of it: missed, late, failed, told by another clock?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.evidence import Outcome
from rollcall.rehearse import advice
from rollcall.rehearse.faults.kinds import JobFault, of_a_run_before, of_any, of_both, of_recorded
from rollcall.rehearse.scene import Scene

_A_WHILE = timedelta(hours=1)
_SOON = timedelta(minutes=1)


def _missed(scene: Scene) -> Scene:
    return scene.without_made().without_run()


def _hanging(scene: Scene) -> Scene:
    return scene.without_made().with_run_under_way()


def _can_hang(scene: Scene) -> bool:
    """True where a run without an end can be on record: it has a start, or is said of the last run that is kept."""
    return scene.can_say(Outcome.RUNNING) and (scene.tells("started") or not scene.tells("history"))


def _never(scene: Scene) -> Scene:
    return scene.with_files().without_runs()


def _not_begun(outcome: Outcome) -> Callable[[Scene], Scene]:
    return lambda scene: scene.with_files(*scene.earlier).with_run(outcome, started=None, ended=None)


def _can_be_due_and(outcome: Outcome) -> Callable[[Scene], bool]:
    """True where a run that has not begun can be on record, by the due time that it is for."""
    return lambda scene: scene.can_say(outcome) and scene.record.seen.due is not None


# Late -----------------------------------------------------------------------------------------------------------------


def _late_at(scene: Scene) -> datetime:
    """An hour after its limit, or halfway to where the next run begins."""
    run = scene.run
    late_at = run.finish_by + _A_WHILE
    return late_at if run.ends_at is None else min(late_at, run.finish_by + (run.ends_at - run.finish_by) / 2)


def _can_be_late(scene: Scene) -> bool:
    ends_at = scene.run.ends_at
    return ends_at is None or scene.run.finish_by + 4 * _SOON < ends_at


def _late(scene: Scene) -> Scene:
    """Its work is done late; when it began, where that is on record, stays."""
    late_at = _late_at(scene)
    scene = _made_at(scene, late_at)
    return scene.with_run(ended=late_at) if of_recorded(scene) else scene


def _begun_late(scene: Scene) -> Scene:
    """All of it is as much later as its end is."""
    late_at, started_at, ended_at = _late_at(scene), scene.record.started_at, scene.record.ended_at
    by = late_at - scene.ran_at
    scene = _made_at(scene, late_at)
    return scene.with_run(started=started_at and started_at + by, ended=ended_at and ended_at + by)


def _made_at(scene: Scene, at: datetime) -> Scene:
    """Its newest file is made then, and all others that it is known to leave as much later."""
    output, made = scene.job.output, scene.made
    if not made or output is None:
        return scene
    by = at - made[0].made_at
    moved = [scene.moved(each, by) for each in (made if output.files else made[:1])]
    return scene.with_files(*moved, *scene.earlier).with_others_moved(by)


def _can_end_late(scene: Scene) -> bool:
    """True where it can be late for no other reason: whoever tells start and end tells which of the two was late."""
    has_reasons = scene.tells("started") and _has_a_runtime(scene)
    return _can_be_late(scene) and not has_reasons and (scene.tells("ended") or not of_recorded(scene))


def _can_begin_late(scene: Scene) -> bool:
    return scene.tells("runs", "started") and _can_be_late(scene) and _has_a_runtime(scene) and _has_begun(scene)


def _can_overrun(scene: Scene) -> bool:
    return scene.tells("ended") and _can_begin_late(scene) and scene.record.took is not None


def _has_a_runtime(scene: Scene) -> bool:
    """False where only its end has a limit."""
    return scene.job.done_by is None and scene.job.within is None


def _has_begun(scene: Scene) -> bool:
    return scene.record.started_at is not None


def _too_short(scene: Scene) -> Scene:
    started_at = scene.record.started_at
    assert started_at is not None
    return scene.with_run(ended=started_at + scene.job.min_runtime / 2)


def _can_be_too_short(scene: Scene) -> bool:
    return bool(scene.job.min_runtime) and scene.tells("runs") and scene.record.took is not None


# As it is written -----------------------------------------------------------------------------------------------------


def _failed(scene: Scene) -> Scene:
    """It fails at its very end, its file is written: only its status tells."""
    return scene.with_run(Outcome.FAILED) if of_recorded(scene) else scene


def _can_fail(scene: Scene) -> bool:
    return scene.can_say(Outcome.FAILED) or not of_recorded(scene)


def _without_offset(scene: Scene) -> Scene:
    return scene.with_times_as(lambda at: at.replace(tzinfo=None).isoformat())


def _may_lose_its_offset(scene: Scene) -> bool:
    """True where an offset is all that tells which zone is meant."""
    scheduler = scene.job.scheduler
    return scheduler is not None and scheduler.naive_times is None and of_recorded(scene) and not _is_naive(scene)


def _is_naive(scene: Scene) -> bool:
    reading = scene.record.ended or scene.record.started
    return reading is not None and reading.is_naive


def _in_the_future(scene: Scene) -> Scene:
    return scene.with_run(ended=scene.at + timedelta(days=1))


def _written_in_another_zone(scene: Scene) -> Scene:
    zone = _other_clock(scene)
    assert zone is not None
    return scene.with_times_as(lambda at: at.astimezone(zone).replace(tzinfo=None).isoformat())


def _may_change_its_clock(scene: Scene) -> bool:
    """True where its own record, and not only that of its memory, is read in a zone that was declared."""
    is_own = of_recorded(scene) and not scene.judged.seen.is_by_memory
    return is_own and _is_naive(scene) and _other_clock(scene) is not None


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
        applies=lambda scene: scene.tells("runs", "ended"),
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
        applies=_can_hang,
        cure=advice.for_an_interval,
    ),
    JobFault(
        name="not-picked-up",
        story="its run waits, and nobody takes it up",
        plant=_not_begun(Outcome.WAITING),
        applies=_can_be_due_and(Outcome.WAITING),
    ),
    JobFault(
        name="run-skipped",
        story="the scheduler left its run out",
        plant=_not_begun(Outcome.SKIPPED),
        applies=_can_be_due_and(Outcome.SKIPPED),
    ),
    JobFault(
        name="missed-run",
        story="the machine slept, and its run was skipped",
        plant=_missed,
        applies=of_a_run_before,
        cure=advice.for_an_interval,
    ),
    JobFault(
        name="started-late",
        story="it began after its grace, and was done an hour after its limit",
        plant=_begun_late,
        applies=_can_begin_late,
        cure=advice.for_lateness,
        seen_at=lambda good: _late_at(good) + _SOON,
    ),
    JobFault(
        name="overran",
        story="it began in time, and was done an hour after its limit",
        plant=_late,
        applies=_can_overrun,
        cure=advice.for_lateness,
        seen_at=lambda good: _late_at(good) + _SOON,
    ),
    JobFault(
        name="ran-late",
        story="it ran an hour after its limit",
        plant=_late,
        applies=_can_end_late,
        cure=advice.for_lateness,
        seen_at=lambda good: _late_at(good) + _SOON,
    ),
    JobFault(
        name="too-short",
        story="it ended in half the time that it takes at the least",
        plant=_too_short,
        applies=_can_be_too_short,
        cure=advice.for_lateness,
    ),
    JobFault(
        name="run-failed",
        story="it ended in an error, after its file was written",
        plant=_failed,
        applies=_can_fail,
        cure=advice.for_a_status,
    ),
    JobFault(
        name="partial-run",
        story="it did its work, and says that it did not do all of it",
        plant=lambda scene: scene.with_run(Outcome.PARTIAL),
        applies=lambda scene: scene.can_say(Outcome.PARTIAL),
        is_warning=True,
    ),
    JobFault(
        name="unrecorded-run",
        story="its file was written, the record of the run was not",
        plant=Scene.without_run,
        applies=of_both,
    ),
)
