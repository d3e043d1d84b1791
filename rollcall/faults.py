"""What could go wrong tonight, and how would it look in the evidence?

A table of faults, one small function each. To add one: write what would have been seen as a function of the scene of a
good run, and give it a row in `JOB_FAULTS` (or `SERVICE_FAULTS`) with whom it can befall and the setting that would
catch it (`rollcall.advice`). A name that is no `CauseCode` yet is planted all the same: nothing looks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall import advice
from rollcall.errors import CauseCode
from rollcall.evidence import Content, NotSeen, SchedulerSeen
from rollcall.jobs import Format, Service
from rollcall.scene import Scene, written_like
from rollcall.schedule import Every, Schedule, read_schedule
from rollcall.times import read_timestamp
from rollcall.verdict.due import next_due
from rollcall.verdict.witnesses import Reading

_A_WHILE = timedelta(hours=1)
_SOON = timedelta(minutes=1)
_SKEW = timedelta(minutes=10)
_DRIFT = timedelta(minutes=7)
# Their end is marked: half of one never passes for a whole one. The others may be cut where no parser notices.
_MARK_THEIR_END = frozenset({Format.JSON, Format.XML, Format.GZIP, Format.ZIP})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFault:
    """What could befall a scheduler, and what its status would answer then (None: it cannot be staged there)."""

    code: CauseCode
    story: str
    plant: Callable[[Service, SchedulerSeen], SchedulerSeen | NotSeen | None]
    cure: str = "no setting of jobs.toml catches it"

    @property
    def name(self) -> str:
        """The word for it."""
        return self.code

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFault:
    """What could befall a job; `seen_at` is the first moment at which it should be found."""

    name: str
    story: str
    plant: Callable[[Scene], Scene]
    applies: Callable[[Scene], bool]
    cure: Callable[[Scene], str] = advice.none
    variant: str = ""
    seen_at: Callable[[Scene], datetime] = lambda good: good.at

    @property
    def code(self) -> CauseCode | None:
        """What should be named as the cause; None where nothing looks for it yet."""
        return CauseCode(self.name) if self.name in frozenset(CauseCode) else None

    def __str__(self) -> str:
        """Its name and, where it has several, which of its ways is meant."""
        return f"{self.name} ({self.variant})" if self.variant else self.name


# Whom a fault can befall ----------------------------------------------------------------------------------------------


def _of_any(scene: Scene) -> bool:
    return True


def _of_recorded(scene: Scene) -> bool:
    return scene.job.service is not None


def _of_output(scene: Scene) -> bool:
    return bool(scene.made)


def _of_both(scene: Scene) -> bool:
    return _of_recorded(scene) and _of_output(scene)


def _of_output_alone(scene: Scene) -> bool:
    return _of_output(scene) and not _of_recorded(scene)


# The registration -----------------------------------------------------------------------------------------------------


def _forgotten(scene: Scene) -> Scene:
    return scene.without_record()


def _paused(scene: Scene) -> Scene:
    return scene.with_record(next_run=None)


def _drifted(scene: Scene) -> Scene:
    """An interval has no time of the day that it could miss: there the scheduler's is twice as long."""
    schedule, at = scene.job.schedule, next_due(scene.job.schedule, scene.at)
    assert at is not None
    later = schedule.span if isinstance(schedule, Every) else _DRIFT
    return scene.with_record(next_run=scene.written_next(at + later))


def _has_next(scene: Scene) -> bool:
    return _of_recorded(scene) and next_due(scene.job.schedule, scene.at) is not None


def _in_another_zone(scene: Scene) -> Scene:
    """A scheduler that writes its own zone's offset writes the other zone's then."""
    following, foreign = _next_in_another_zone(scene), _elsewhere(scene.job.schedule)
    assert following is not None
    assert foreign is not None
    next_run = scene.judged.seen.next_run
    offset = next_run.stamp.offset if next_run and next_run.stamp else None
    if next_run and next_run.at and offset == next_run.at.astimezone(scene.job.zone).utcoffset():
        return scene.with_record(next_run=following.astimezone(foreign.zone).isoformat())
    return scene.with_record(next_run=scene.written_next(following))


def _counts_in_a_zone(scene: Scene) -> bool:
    """True where the same words mean other instants in another zone; those of every hour do not."""
    following = _next_in_another_zone(scene) if _of_recorded(scene) else None
    return following is not None and not scene.job.schedule.is_due_at(following)


def _next_in_another_zone(scene: Scene) -> datetime | None:
    foreign = _elsewhere(scene.job.schedule)
    return foreign.next_due(scene.at) if foreign else None


def _elsewhere(schedule: Schedule) -> Schedule | None:
    """The schedule as a scheduler reads it that was given no zone; None of an interval, which has none."""
    if isinstance(schedule, Every):
        return None
    zone = ZoneInfo("America/New_York" if schedule.zone.key in ("UTC", "Etc/UTC") else "UTC")
    return read_schedule(schedule.text, engine=schedule.engine, zone=zone)


# The record -----------------------------------------------------------------------------------------------------------


def _with_record_of_before(scene: Scene) -> Scene:
    """The record still tells of the run before."""
    if not _of_recorded(scene):
        return scene
    at = scene.previous_record_at
    if at is None:
        return scene.with_record(last_execution=None, last_status="pending")
    return scene.with_record(last_execution=scene.written(at))


def _without_files_of_run(scene: Scene) -> Scene:
    """Its files were not made; the one that it overwrote, or that retention took away once it was done, is still there."""
    output, by = scene.job.output, _back_to_previous(scene)
    if output and scene.made and by and not scene.earlier and (output.is_one_file or output.keeps):
        return scene.with_files(scene.moved(scene.made[0], by))
    return scene.with_files(*scene.earlier)


def _back_to_previous(scene: Scene) -> timedelta | None:
    due_at = scene.previous_due_at
    return due_at - scene.run.due_at if due_at else None


def _has_run_before(scene: Scene) -> bool:
    """True where a run was owed before: of a first run nobody can tell whether it was missed or never ran."""
    return _of_recorded(scene) and scene.previous_due_at is not None


def _missed(scene: Scene) -> Scene:
    return _with_record_of_before(_without_files_of_run(scene))


def _never(scene: Scene) -> Scene:
    scene = scene.with_files()
    return scene.with_record(last_execution=None, last_status="pending") if _of_recorded(scene) else scene


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
    return scene.with_record(last_execution=scene.written(late_at)) if _of_recorded(scene) else scene


def _failed(scene: Scene) -> Scene:
    """It fails at its very end, its file is written: only its status tells."""
    return scene.with_record(last_status="error") if _of_recorded(scene) else scene


def _unrecorded(scene: Scene) -> Scene:
    return _with_record_of_before(scene)


def _without_offset(scene: Scene) -> Scene:
    return scene.with_record(last_execution=scene.ran_at.replace(tzinfo=None).isoformat())


def _may_lose_its_offset(scene: Scene) -> bool:
    """True where an offset is all that tells which zone is meant."""
    service = scene.job.service
    return service is not None and service.naive_times is None and not _is_naive(scene)


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
    return _of_recorded(scene) and _is_naive(scene) and _other_clock(scene) is not None


def _other_clock(scene: Scene) -> ZoneInfo | None:
    """Of UTC and the job's own zone the one in which it does not write its times; None where both are the same."""
    reads = scene.job.service.naive_times if scene.job.service else None
    if reads is None:
        return None
    clock = scene.ran_at.astimezone(reads).utcoffset()
    zones = (scene.job.zone, ZoneInfo("UTC"))
    return next((zone for zone in zones if scene.ran_at.astimezone(zone).utcoffset() != clock), None)


# The output -----------------------------------------------------------------------------------------------------------


def _restored(scene: Scene) -> Scene:
    """The file of the run before, to which a checkout, a copy or a restore gave the time of this one."""
    newest, by = scene.made[0], _back_to_previous(scene)
    assert by is not None
    old = replace(scene.moved(newest, by), modified_at=newest.modified_at)
    return scene.with_files(old, *(each for each in scene.earlier if each.name != old.name))


def _emptied(scene: Scene) -> Scene:
    return scene.with_newest(size=0, content=None)


def _halved(scene: Scene) -> Scene:
    """Half of its bytes. What is known of them is what the head shows, and that some formats mark their end."""
    newest, output = scene.made[0], scene.job.output
    size = max(newest.size // 2, 1)
    content = newest.content and _half_of(newest.content, size, output.format if output else Format.ANY)
    return scene.with_newest(size=size, content=content)


def _half_of(content: Content, size: int, kind: Format) -> Content:
    head = content.head.encode()[:size].decode(errors="ignore")
    found = {text: was and not _is_cut_off(text, head, content) for text, was in content.found.items()}
    flaw = "it breaks off after half of its bytes" if kind in _MARK_THEIR_END else content.flaw
    return replace(content, flaw=flaw, found=found, sha256="", head=head, tail="")


def _is_cut_off(text: str, half: str, content: Content) -> bool:
    """True where the text was seen beyond the half, and not before. What nobody saw is not said to be lost."""
    return text not in half and text in content.head + content.tail


def _without_its_heart(scene: Scene) -> Scene:
    return _with_texts(scene, scene.job.output.must_contain if scene.job.output else (), are_there=False)


def _with_fallback(scene: Scene) -> Scene:
    return _with_texts(scene, scene.job.output.must_not_contain if scene.job.output else (), are_there=True)


def _with_texts(scene: Scene, texts: tuple[str, ...], *, are_there: bool) -> Scene:
    """As large and as readable as ever; only the texts that were declared can tell."""
    content = scene.made[0].content
    if content is None or not texts:
        return scene
    return scene.with_newest(content=replace(content, found={**content.found, **dict.fromkeys(texts, are_there)}))


def _repeated(scene: Scene) -> Scene:
    """What was read of the file before is what this one holds; where it was not read, nobody could see it."""
    before = scene.earlier[0]
    return scene.with_newest(size=before.size, content=before.content) if before.content else scene


def _has_a_file_before(scene: Scene) -> bool:
    return _of_output(scene) and bool(scene.earlier)


def _unreadable(scene: Scene) -> Scene:
    return scene.with_newest(content=None, unreadable="Permission denied")


def _no_folder(scene: Scene) -> Scene:
    output = scene.job.output
    detail = f"{output.folder if output else ''}: No such file or directory"
    gone = NotSeen(code=CauseCode.OUTPUT_UNREADABLE, detail=detail, looked_at=scene.at)
    return replace(scene, evidence=replace(scene.evidence, outputs={scene.job.id: gone}))


# The service ----------------------------------------------------------------------------------------------------------


def _not_seen(code: CauseCode, detail: str) -> ServiceFault:
    """A fault of which the failure to look is all there is to see."""
    return ServiceFault(
        code=code,
        story=detail,
        plant=lambda service, seen: NotSeen(code=code, detail=detail, looked_at=seen.asked_at),
    )


def _stopped(service: Service, seen: SchedulerSeen) -> SchedulerSeen:
    return replace(seen, running=False, registrations=())


def _stalled(service: Service, seen: SchedulerSeen) -> SchedulerSeen | None:
    """Its loop died an hour ago: the run that was due then is still the next one."""
    told = [each for each in seen.registrations if _is_time(each.next_run)]
    if not told:
        return None
    died_at = (seen.server_at or seen.answered_at) - _A_WHILE
    stuck = replace(told[0], next_run=written_like(told[0].next_run or "", died_at, service.naive_times))
    return replace(seen, registrations=tuple(stuck if each is told[0] else each for each in seen.registrations))


def _is_time(text: str | None) -> bool:
    try:
        return text is not None and bool(read_timestamp(text))
    except ValueError:
        return False


def _ahead(service: Service, seen: SchedulerSeen) -> SchedulerSeen:
    return replace(seen, server_at=seen.server_at + _SKEW if seen.server_at else None)


SERVICE_FAULTS: tuple[ServiceFault, ...] = (
    _not_seen(CauseCode.BACKEND_DOWN, "connection refused"),
    _not_seen(CauseCode.ACCESS_DENIED, "answers 401 Unauthorized"),
    _not_seen(CauseCode.WRONG_SERVICE, "answers 404 Not Found"),
    _not_seen(CauseCode.BACKEND_ERROR, "answers 500 Internal Server Error"),
    ServiceFault(code=CauseCode.SCHEDULER_STOPPED, story="its scheduler was not started again", plant=_stopped),
    ServiceFault(code=CauseCode.SCHEDULER_STALLED, story="it says it is running, and runs nothing", plant=_stalled),
    ServiceFault(
        code=CauseCode.CLOCK_SKEW,
        story="its clock is 10 minutes ahead",
        plant=_ahead,
        cure="let the service send the header Date: without it nobody sees its clock",
    ),
)

JOB_FAULTS: tuple[JobFault, ...] = (
    # the registration
    JobFault(
        name="not-registered",
        story="a deploy dropped it from the scheduler",
        plant=_forgotten,
        applies=_of_recorded,
    ),
    JobFault(
        name="job-paused",
        story="somebody paused it in the scheduler",
        plant=_paused,
        applies=_of_recorded,
    ),
    JobFault(
        name="schedule-drift",
        story="the scheduler aims at another time than declared",
        plant=_drifted,
        applies=_has_next,
    ),
    JobFault(
        name="wrong-timezone",
        story="the scheduler reads the schedule in another zone",
        plant=_in_another_zone,
        applies=_counts_in_a_zone,
    ),
    # the record
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
        applies=_of_recorded,
    ),
    JobFault(
        name="never-ran",
        story="it has never run",
        plant=_never,
        applies=_of_any,
    ),
    JobFault(
        name="missed-run",
        story="the machine slept, and its run was skipped",
        plant=_missed,
        applies=_has_run_before,
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
        applies=_of_any,
        cure=advice.for_a_status,
    ),
    # the output
    JobFault(
        name="success-without-output",
        story="it reported success and wrote nothing",
        plant=_without_files_of_run,
        applies=_of_recorded,
        cure=advice.for_no_output,
    ),
    JobFault(
        name="success-without-output",
        variant="old file restored",
        story="it reported success and wrote nothing; a checkout gave yesterday's file the time of today",
        plant=_restored,
        applies=lambda scene: _has_run_before(scene) and _of_output(scene),
        cure=advice.for_a_restored_file,
    ),
    JobFault(
        name="unrecorded-run",
        story="its file was written, the record of the run was not",
        plant=_unrecorded,
        applies=_of_both,
    ),
    JobFault(
        name="stale-output",
        story="its run was skipped, and the file of the run before is the newest",
        plant=_without_files_of_run,
        applies=lambda scene: _of_output_alone(scene) and bool(_without_files_of_run(scene).files),
        cure=advice.for_an_interval,
    ),
    JobFault(
        name="stale-output",
        variant="old file restored",
        story="its run was skipped; a checkout gave yesterday's file the time of today",
        plant=_restored,
        applies=lambda scene: _of_output_alone(scene) and scene.previous_due_at is not None,
        cure=advice.for_a_restored_file,
    ),
    JobFault(
        name="empty-output",
        story="the disk was full: its file was created and stayed empty",
        plant=_emptied,
        applies=_of_output,
    ),
    JobFault(
        name="truncated-output",
        story="half of its file was written",
        plant=_halved,
        applies=_of_output,
        cure=advice.for_a_half,
    ),
    JobFault(
        name="degraded-output",
        variant="heart missing",
        story="its file is as large as ever, and what it is written for is not in it",
        plant=_without_its_heart,
        applies=_of_output,
        cure=advice.for_its_heart,
    ),
    JobFault(
        name="degraded-output",
        variant="fallback text",
        story="its file holds what it writes when something it draws on does not answer",
        plant=_with_fallback,
        applies=_of_output,
        cure=advice.for_a_fallback,
    ),
    JobFault(
        name="duplicate-output",
        story="its file holds what that of the run before holds",
        plant=_repeated,
        applies=_has_a_file_before,
    ),
    JobFault(
        name="output-unreadable",
        story="nobody may read its file",
        plant=_unreadable,
        applies=_of_output,
    ),
    JobFault(
        name="output-unreadable",
        variant="no folder",
        story="its folder is gone",
        plant=_no_folder,
        applies=_of_output,
    ),
)
