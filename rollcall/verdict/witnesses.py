"""What did the witnesses say of one job?

What was not seen, is not listed or cannot be read stays apart from what was seen and is none.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from rollcall.evidence import (
    FileSeen,
    JobListed,
    NotSeen,
    Outcome,
    OutputSeen,
    RunRemembered,
    RunSeen,
    SchedulerSeen,
)
from rollcall.roll.due_run import EARLY_TOLERANCE, LOOKING_TIME
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.schedule.answers import due_between, last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.verdict.findings import Check, Finding
from rollcall.verdict.reading import Reading
from rollcall.verdict.runs import RunRead, on_record

# Failures of a scheduler that leave nothing to be read of its jobs.
BLOCKING = (Check.ANSWERS, Check.SCHEDULER_IS_RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRead:
    """One declared output, and what was seen of it.

    `files` are those that count for the moment that is judged, newest first. `later` are some made after it, which are
    no evidence but may have taken its evidence away. `ahead` are some dated later than when anybody looked: nothing was
    made then, and they have taken nothing away.
    """

    declared: Output
    seen: OutputSeen | NotSeen
    files: tuple[FileSeen, ...] = ()
    later: tuple[FileSeen, ...] = ()
    ahead: tuple[FileSeen, ...] = ()

    @classmethod
    def of(cls, declared: Output, seen: OutputSeen | NotSeen, now: datetime) -> Self:
        """What was seen, for the judging of `now`."""
        if isinstance(seen, NotSeen):
            return cls(declared=declared, seen=seen)
        uncounted = tuple(each for each in seen.files if each.made_at > now + LOOKING_TIME)
        files, later, ahead = seen.files[len(uncounted) :], list[FileSeen](), list[FileSeen]()
        for each in (*seen.later, *uncounted):
            (ahead if each.made_at > max(seen.looked_at, now) + LOOKING_TIME else later).append(each)
        return cls(declared=declared, seen=seen, files=files, later=tuple(later), ahead=tuple(ahead))


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnesses:
    """Everything that was seen of one job and counts for the moment `now` that is judged.

    `broken` are the findings of its scheduler that need a person. `runs` are those on record, newest first, told from
    `runs_since` on (None: all that there ever were): by the scheduler's word or, where that says nothing or has
    forgotten, by its memory's (`is_by_memory`). `floats` is True where the schedule is an interval without a declared
    phase: `job` is then counted from its newest run, and nothing was owed of it before `since`. `outputs` are those
    that it declares; questions about an output are about the first. `remembered` is what the history has of earlier
    runs, newest first.
    """

    job: Job
    now: datetime
    broken: tuple[Finding, ...]
    scheduler: SchedulerSeen | NotSeen | None
    memory: SchedulerSeen | NotSeen | None
    runs: tuple[RunRead, ...]
    runs_since: datetime | None
    is_by_memory: bool
    floats: bool
    since: datetime | None
    outputs: tuple[OutputRead, ...]
    remembered: tuple[RunRemembered, ...] = ()

    @property
    def counted_until(self) -> datetime:
        """What is later is no evidence for the moment that is judged."""
        return self.now + LOOKING_TIME

    # What the scheduler says ------------------------------------------------------------------------------------------

    def tells(self, what: str) -> bool:
        """True where its scheduler's answers hold that."""
        return self.job.scheduler is not None and what in self.job.scheduler.tells

    def word(self, name: str) -> str:
        """What its scheduler calls a field."""
        return self.job.scheduler.word(name) if self.job.scheduler else name

    def read(self, text: str | None) -> Reading | None:
        """A timestamp of its scheduler, read."""
        return Reading.of(text, self.job.scheduler.naive_times if self.job.scheduler else None)

    def broken_check(self, *checks: Check) -> Finding | None:
        """The first of these checks of the scheduler that broke; None where none did."""
        return next((each for each in self.broken if each.check in checks), None)

    @property
    def blocker(self) -> Finding | None:
        """The scheduler's failure that left its word about this job unseen; None where there is none."""
        return self.broken_check(*BLOCKING)

    @property
    def listed(self) -> JobListed | None:
        """The job as its scheduler lists it; None where it does not."""
        return self.scheduler.listed(self.job.name) if isinstance(self.scheduler, SchedulerSeen) else None

    @property
    def taken_for(self) -> tuple[JobListed, ...]:
        """Other jobs that its scheduler lists so that one may be taken for the other."""
        return self.scheduler.taken_for(self.job.name) if isinstance(self.scheduler, SchedulerSeen) else ()

    @property
    def next_run(self) -> Reading | None:
        """When the scheduler says that it runs next; None where it names no time."""
        return self.read(self.listed.next_run) if self.listed else None

    @property
    def scheduler_at(self) -> datetime:
        """The present by the scheduler's own clock, in which its next runs are written."""
        if isinstance(self.scheduler, SchedulerSeen):
            return self.scheduler.server_at or self.scheduler.answered_at
        return self.memory.answered_at if isinstance(self.memory, SchedulerSeen) else self.now

    # What is on record ------------------------------------------------------------------------------------------------

    @property
    def has_every_start(self) -> bool:
        """True where a run is on record from its start on: a record that is made at its end would look missed."""
        scheduler = self.job.scheduler
        return scheduler is not None and self.tells("started") and bool(scheduler.words.running)

    @property
    def stands_in(self) -> bool:
        """True where the memory's record stands in for a scheduler that says nothing."""
        return self.is_by_memory and self.blocker is not None

    @property
    def source(self) -> str:
        """Who told of its runs."""
        return self.its_memory if self.is_by_memory else "the scheduler"

    @property
    def by_memory(self) -> str:
        """What follows a time that the memory told of; nothing where the scheduler did."""
        return f", by {self.its_memory}" if self.is_by_memory else ""

    @property
    def its_memory(self) -> str:
        """What a sentence calls the second record of its scheduler."""
        return self.job.scheduler.its_memory if self.job.scheduler else "its memory"

    @property
    def last(self) -> RunRead | None:
        """The newest run on record that counts; the newest at all where none does."""
        counting = (each for each in self.runs if each.last_at is not None and each.last_at <= self.counted_until)
        return next(counting, self.runs[0] if self.runs else None)

    @property
    def last_run(self) -> Reading | None:
        """When that was, as it was written."""
        return self.last.latest if self.last else None

    @property
    def last_word(self) -> str:
        """The scheduler's word for how that went; "" where it has none."""
        return (self.last.seen.word or "") if self.last else ""

    @property
    def ran_at(self) -> datetime | None:
        """When that ended, as far as it is known and counts."""
        at = self.last.last_at if self.last else None
        return at if at is not None and at <= self.counted_until else None

    @property
    def without_time(self) -> RunSeen | None:
        """What its scheduler says of the one run that it keeps, without any time of it; None where it does not.

        A run that is running, or is to begin, needs no time. In a history a record without a time is no run.
        """
        if self.runs or self.tells("history") or not isinstance(self.scheduler, SchedulerSeen):
            return None
        ended = (Outcome.SUCCESS, Outcome.PARTIAL, Outcome.FAILED, Outcome.UNKNOWN)
        told = (each for each in self.scheduler.runs_of(self.job.name) if each.word and each.outcome in ended)
        return next((each for each in told if not (each.due or each.started or each.ended)), None)

    @property
    def run_in_memory(self) -> Reading | None:
        """The newest run that the memory knows of; None where it was not asked or has none on record."""
        memory = self.job.scheduler.memory if self.job.scheduler else None
        runs = on_record(self.memory, self.job.name, memory, self.counted_until).runs
        return runs[0].latest if runs else None

    @property
    def unread(self) -> tuple[str, Reading] | None:
        """A timestamp of its record that cannot be read, and what its scheduler calls it: who knows what is missing?

        None where each run on record can be placed, and how far back they reach is told.
        """
        unplaced = next((each for each in self.runs if each.placing and each.at is None), None)
        if unplaced is not None and unplaced.latest is not None:
            name = "ended" if unplaced.ended else "started" if unplaced.started else "due"
            return self.word(name), unplaced.latest
        reach = self.read(self.listed.runs_since) if self.listed and not self.is_by_memory else None
        return (self.word("runs_since"), reach) if reach and reach.at is None else None

    # What a run left --------------------------------------------------------------------------------------------------

    def of_output(self, number: int) -> Self:
        """The same with that output of the job alone."""
        return replace(self, outputs=self.outputs[number : number + 1])

    @property
    def output(self) -> OutputSeen | NotSeen | None:
        """What was seen of its output; None where it leaves none."""
        return self.outputs[0].seen if self.outputs else None

    @property
    def unlooked(self) -> str:
        """Which part of where its output lies could not be listed, and why; "" where all was."""
        return self.output.unlooked if isinstance(self.output, OutputSeen) else ""

    @property
    def declared(self) -> Output:
        """What its output should be; only of a job that leaves one."""
        return self.outputs[0].declared

    @property
    def is_one(self) -> bool:
        """True where each run overwrites what the one before left, so that only the newest run can be told."""
        return self.declared.is_one(self.output) if isinstance(self.output, OutputSeen) else self.declared.is_one_file

    @property
    def files(self) -> tuple[FileSeen, ...]:
        """The files of its output, newest first."""
        return self.outputs[0].files if self.outputs else ()

    @property
    def later(self) -> tuple[FileSeen, ...]:
        """Some of its files that were made after the moment that is judged."""
        return self.outputs[0].later if self.outputs else ()

    @property
    def ahead(self) -> tuple[FileSeen, ...]:
        """Some of its files that are dated in the future."""
        return self.outputs[0].ahead if self.outputs else ()

    # Together ---------------------------------------------------------------------------------------------------------

    def due_before(self, at: datetime) -> datetime | None:
        """The due time to whose stretch that instant belongs."""
        return last_due(as_scheduled(self.job.schedule), at + EARLY_TOLERANCE)

    def placed_files(self) -> list[tuple[datetime, FileSeen]]:
        """Each file, newest first, after the instant that places it.

        That is when it was made, the only due time of the day in its name, or the run that alone was under way then,
        begun before another was due.
        """
        into_the_next = [
            each
            for each in self.runs
            if each.at and each.ended_at and self.due_before(each.at) != self.due_before(each.ended_at)
        ]
        return [(self._placed_at(placed_at(each, self.job), into_the_next), each) for each in self.files]

    def _placed_at(self, at: datetime, into_the_next: list[RunRead]) -> datetime:
        if not into_the_next:
            return at
        timed = [(each.started_at, each.ended_at, each) for each in self.runs if each.at]
        under_way = [run for begun, done, run in timed if begun and done and begun <= at <= done + EARLY_TOLERANCE]
        if any(self.due_before(each.at) == self.due_before(at) for each in under_way if each.at):
            return at
        return next((each.at for each in under_way if each.at and each in into_the_next), at)


def placed_at(file: FileSeen, job: Job) -> datetime:
    """When it was made or, where its mtime is none that its name leaves open, the one due time that the name does."""
    first, last = file.stamp_from, file.stamp_until
    if first is None or last is None or first <= file.modified_at <= last:
        return file.made_at
    due = due_between(as_scheduled(job.schedule), first, last)
    return due[0] if len(due) == 1 else file.made_at
