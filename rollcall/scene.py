"""How would the evidence of one good run look, had something else happened?

A scene is one job that did its work, as it is seen at a chosen moment; each of its methods returns other evidence.
Pure: nothing of the world is read, and the evidence it comes from stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from rollcall.evidence import DatabaseSeen, Evidence, FileSeen, NotSeen, OutputSeen, Registration, SchedulerSeen
from rollcall.jobs import DueRun, Job
from rollcall.schedule import Every, Schedule
from rollcall.schedule.answers import last_due, next_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.times import read_timestamp
from rollcall.verdict import JobJudged
from rollcall.verdict.witnesses import Reading, Witnesses

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One job alone, whose due run was judged on a good morning, and its evidence as it is seen at `at`."""

    judged: JobJudged
    at: datetime
    evidence: Evidence

    @classmethod
    def of(cls, judged: JobJudged, at: datetime) -> Scene:
        """The good run as it looked, or will look, at `at`: what was made later was not there yet."""
        seen, job = judged.seen, judged.job
        schedulers: dict[str, SchedulerSeen] = {}
        databases: dict[str, DatabaseSeen | NotSeen] = {}
        outputs: dict[str, OutputSeen] = {}
        if isinstance(seen.scheduler, SchedulerSeen) and job.scheduler:
            schedulers[job.scheduler.id] = _scheduler_at(seen, as_scheduled(judged.job.schedule), seen.scheduler, at)
        if seen.database is not None and job.scheduler:
            # It stands in for a scheduler that says nothing; here the scheduler speaks, and what it says is changed.
            databases[job.scheduler.id] = seen.database
        if isinstance(seen.output, OutputSeen):
            files = tuple(each for each in seen.output.files if each.made_at <= at)
            outputs[job.id] = replace(seen.output, looked_at=at, files=files, later=())
        return cls(judged=judged, at=at, evidence=Evidence(schedulers=schedulers, outputs=outputs, databases=databases))

    @property
    def job(self) -> Job:
        """The job; where its schedule is an interval that floats, counted from what was seen."""
        return self.judged.job

    @property
    def run(self) -> DueRun:
        """The run that did its work."""
        assert self.judged.due_run is not None
        return self.judged.due_run

    @property
    def floats(self) -> bool:
        """True where nobody declared from when its interval is counted."""
        return self.judged.seen.floats

    @property
    def previous_due_at(self) -> datetime | None:
        """When the run before was due; None where none was owed."""
        due_at = last_due(self.job.schedule, self.run.due_at - _INSTANT)
        return None if due_at is None or (self.job.since and due_at < self.job.since) else due_at

    @property
    def back_to_previous(self) -> timedelta | None:
        """From this due time to the one before: a negative span; None where none was owed."""
        due_at = self.previous_due_at
        return due_at - self.run.due_at if due_at else None

    # The scheduler's word ---------------------------------------------------------------------------------------------

    @property
    def scheduler(self) -> SchedulerSeen:
        """What its scheduler said; only of a job that has a scheduler."""
        assert self.job.scheduler is not None
        seen = self.evidence.schedulers[self.job.scheduler.id]
        assert isinstance(seen, SchedulerSeen)
        return seen

    @property
    def record(self) -> Registration:
        """The job as its scheduler lists it; only of a job that has a scheduler."""
        record = self.scheduler.registration(self.job.id)
        assert record is not None
        return record

    @property
    def ran_at(self) -> datetime:
        """When the record says that it ended; only of a job that has a scheduler."""
        assert self.judged.seen.ran_at is not None
        return self.judged.seen.ran_at

    @property
    def previous_record_at(self) -> datetime | None:
        """When the run before ended, as long after its due time as this one."""
        due_at = self.previous_due_at
        return None if due_at is None else due_at + (self.ran_at - self.run.due_at)

    def with_record(self, **changes: Any) -> Scene:
        """The same with other words in the record, and in that of its database: what befalls a run befalls both."""
        changed = replace(self.record, **changes)
        told = {name: text for name, text in changes.items() if name in ("last_execution", "last_status")}
        scene = self._with_registrations(*(changed if each is self.record else each for each in self._registrations))
        return scene._with_executions(lambda each: replace(each, **told) if each.id == self.job.id else each)

    def without_record(self) -> Scene:
        """The same where the scheduler does not know the job."""
        return self._with_registrations(*(each for each in self._registrations if each is not self.record))

    def without_executions(self) -> Scene:
        """The same where its database has nothing on record."""
        return self._with_executions(lambda each: None)

    def _with_executions(self, changed: Callable[[Registration], Registration | None]) -> Scene:
        def told(seen: DatabaseSeen | NotSeen) -> DatabaseSeen | NotSeen:
            if not isinstance(seen, DatabaseSeen) or seen.executions is None:
                return seen
            return replace(seen, executions=tuple(filter(None, map(changed, seen.executions))))

        seen = {scheduler: told(database) for scheduler, database in self.evidence.databases.items()}
        return replace(self, evidence=replace(self.evidence, databases=seen))

    def written(self, at: datetime) -> str:
        """That instant as the scheduler writes its last execution."""
        return written_like(self.record.last_execution or "", at, self._naive_times)

    def written_next(self, at: datetime) -> str:
        """That instant as the scheduler writes its next run."""
        return written_like(self.record.next_run or "", at, self._naive_times)

    @property
    def _naive_times(self) -> ZoneInfo | None:
        return self.job.scheduler.naive_times if self.job.scheduler else None

    @property
    def _registrations(self) -> tuple[Registration, ...]:
        return self.scheduler.registrations

    def _with_registrations(self, *registrations: Registration) -> Scene:
        assert self.job.scheduler is not None
        seen = replace(self.scheduler, registrations=registrations)
        return replace(self, evidence=replace(self.evidence, schedulers={self.job.scheduler.id: seen}))

    # Its files --------------------------------------------------------------------------------------------------------

    @property
    def files(self) -> tuple[FileSeen, ...]:
        """Its files, newest first."""
        seen = self.evidence.outputs.get(self.job.id)
        return seen.files if isinstance(seen, OutputSeen) else ()

    @property
    def made(self) -> tuple[FileSeen, ...]:
        """The files of the run, newest first."""
        return tuple(each for each in self.files if self.run.owns(each.made_at))

    @property
    def earlier(self) -> tuple[FileSeen, ...]:
        """The files of the runs before it, newest first."""
        return tuple(each for each in self.files if each.made_at < self.run.begins_at)

    def with_files(self, *files: FileSeen) -> Scene:
        """The same with these files alone; a job without an output stays without."""
        seen = self.evidence.outputs.get(self.job.id)
        if not isinstance(seen, OutputSeen):
            return self
        newest_first = tuple(sorted(files, key=lambda each: each.made_at, reverse=True))
        others = seen.matches - len(seen.files)
        changed = replace(seen, files=newest_first, matches=others + len(files))
        return replace(self, evidence=replace(self.evidence, outputs={self.job.id: changed}))

    def without_made(self) -> Scene:
        """The same without the files of the run.

        What it overwrote, or what retention took away once it was done, is still there.
        """
        output, by = self.job.output, self.back_to_previous
        if output and self.made and by and not self.earlier and (output.is_one_file or output.keeps):
            return self.with_files(self.moved(self.made[0], by))
        return self.with_files(*self.earlier)

    def with_newest(self, **changes: Any) -> Scene:
        """The same with another newest file of the run."""
        newest, *others = self.made
        return self.with_files(replace(newest, **changes), *others, *self.earlier)

    def moved(self, file: FileSeen, by: timedelta) -> FileSeen:
        """That file, made so much later; where its name tells its time, under the name it has then."""
        stamp_at = file.stamp_at + by if file.stamp_at else None
        return replace(self.renamed(file, stamp_at), modified_at=file.modified_at + by)

    def renamed(self, file: FileSeen, stamp_at: datetime | None) -> FileSeen:
        """That file under the name that tells of `stamp_at`."""
        stamp = self.job.output.stamp if self.job.output else None
        name = stamp_at.astimezone(self.job.stamp_zone).strftime(stamp) if stamp_at and stamp else file.name
        return replace(file, name=name, stamp_at=stamp_at)


def written_like(text: str, at: datetime, naive_times: ZoneInfo | None) -> str:
    """The instant `at` as whoever wrote `text` writes it: with the same offset, or without one."""
    try:
        offset = read_timestamp(text).offset
    except ValueError:
        offset = timedelta(0)
    if offset is not None:
        return at.astimezone(timezone(offset)).isoformat()
    return at.astimezone(naive_times or UTC).replace(tzinfo=None).isoformat()


def _scheduler_at(seen: Witnesses, schedule: Schedule, told: SchedulerSeen, at: datetime) -> SchedulerSeen:
    """What the scheduler would have said at `at`: of the job, and of one other, as a scheduler has more than one."""
    passed, record = at - told.asked_at, seen.registration
    assert record is not None
    record = replace(record, next_run=_next_run_at(seen, schedule, at))
    others = [each for each in told.registrations if each.id != record.id]
    neighbours = [replace(record, id=each.id, name=each.name) for each in others[:1]]
    return replace(
        told,
        asked_at=at,
        answered_at=told.answered_at + passed,
        server_at=told.server_at + passed if told.server_at else None,
        registrations=(record, *neighbours),
    )


def _next_run_at(seen: Witnesses, schedule: Schedule, at: datetime) -> str | None:
    """The scheduler's next run as it said it, or would have said it at `at`."""
    reading: Reading | None = seen.next_run
    if reading is None or reading.at is None:
        return reading.text if reading else None
    if isinstance(schedule, Every):
        following: datetime | None = reading.at + ((at - reading.at) // schedule.span + 1) * schedule.span
    elif next_due(schedule, at) == next_due(schedule, seen.scheduler_at):
        following = reading.at
    else:
        following = next_due(schedule, at)
    if following is None or following == reading.at:
        return reading.text
    naive_times = seen.job.scheduler.naive_times if seen.job.scheduler else None
    return written_like(reading.text, following, naive_times)
