"""How would the evidence of one good run look, had something else happened?

A scene is one job that did its work, as it is seen at a chosen moment; each of its methods returns other evidence.
Pure: nothing of the world is read, and the evidence it comes from stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from rollcall.evidence import (
    Evidence,
    FileSeen,
    JobListed,
    NotSeen,
    Outcome,
    Outputs,
    OutputSeen,
    RunSeen,
    SchedulerSeen,
)
from rollcall.naming.fields import write_field
from rollcall.naming.names import NamePattern
from rollcall.naming.stretch import Told
from rollcall.outputs.places import named
from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.words import Dated
from rollcall.schedule import Every
from rollcall.schedule.answers import last_due, next_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.times import read_timestamp
from rollcall.verdict import JobJudged
from rollcall.verdict.case import attempts_of
from rollcall.verdict.reading import Reading
from rollcall.verdict.runs import RunRead

_INSTANT = timedelta(microseconds=1)
_TIMES = ("due", "started", "ended")
_DONE = frozenset({Outcome.SUCCESS, Outcome.PARTIAL})

# What is on record of a job in place of the runs given, in the words of the scheduler, or memory, given.
_Retell = Callable[[tuple[RunRead, ...], Scheduler], Iterable[RunSeen]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One job alone, whose due run was judged on a good morning, and its evidence as it is seen at `at`."""

    judged: JobJudged
    at: datetime
    evidence: Evidence

    @classmethod
    def of(cls, judged: JobJudged, at: datetime, others: Outputs = ()) -> Scene:
        """The good run as it looked, or will look, at `at`: what was made later was not there yet.

        `others` is what was seen of its outputs after the first.
        """
        seen, scheduler = judged.seen, judged.job.scheduler
        schedulers: dict[str, SchedulerSeen | NotSeen] = {}
        memories: dict[str, SchedulerSeen | NotSeen] = {}
        if scheduler and isinstance(seen.scheduler, SchedulerSeen):
            schedulers[scheduler.id] = _scheduler_at(judged, seen.scheduler, scheduler, at)
        if scheduler and seen.memory is not None:
            memories[scheduler.id] = _memory_at(judged, seen.memory, scheduler.memory, at)
        first = (seen.output,) if seen.output is not None else ()
        outputs = {judged.job.id: tuple(_output_at(each, at) for each in (*first, *others))} if first else {}
        return cls(judged=judged, at=at, evidence=Evidence(schedulers=schedulers, outputs=outputs, memories=memories))

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

    def tells(self, *what: str) -> bool:
        """True where its scheduler's answers hold all of that."""
        return all(self.judged.seen.tells(each) for each in what)

    def can_say(self, outcome: Outcome) -> bool:
        """True where its scheduler has a word for a run that went like that."""
        scheduler = self.job.scheduler
        return scheduler is not None and self.tells("runs", "status") and _word_for(outcome, scheduler) is not None

    @property
    def listing(self) -> JobListed:
        """The job as its scheduler lists it; only where it lists jobs."""
        assert self.job.scheduler is not None
        seen = self.evidence.schedulers[self.job.scheduler.id]
        assert isinstance(seen, SchedulerSeen)
        listing = seen.listed(self.job.name)
        assert listing is not None
        return listing

    def with_listing(self, **changes: Any) -> Scene:
        """The same where its scheduler lists it in other words."""
        return self._with_listing(replace(self.listing, **changes))

    def without_listing(self) -> Scene:
        """The same where the scheduler does not know the job, and so no run of it."""
        return self._with_listing(None)

    def _with_listing(self, listing: JobListed | None) -> Scene:
        assert self.job.scheduler is not None
        name, seen = self.job.name, self.evidence.schedulers[self.job.scheduler.id]
        assert isinstance(seen, SchedulerSeen)
        jobs = (*((listing,) if listing else ()), *(each for each in seen.jobs or () if each.id != name))
        runs = seen.runs
        if listing is None and runs is not None:
            runs = tuple(each for each in runs if each.job != name)
        changed = replace(seen, jobs=jobs, runs=runs)
        return replace(self, evidence=replace(self.evidence, schedulers={self.job.scheduler.id: changed}))

    def written_next(self, at: datetime) -> str:
        """That instant as the scheduler writes its next run."""
        return written_like(
            self.listing.next_run or "", at, self.job.scheduler.naive_times if self.job.scheduler else None
        )

    # Its runs on record -----------------------------------------------------------------------------------------------

    @property
    def record(self) -> RunRead:
        """The run on record that did its work; only of a job whose runs are on record."""
        record = record_of(self.judged)
        assert record is not None
        return record

    @property
    def ran_at(self) -> datetime:
        """When the record says that it ended, or began where that is all it says."""
        assert self.record.last_at is not None
        return self.record.last_at

    def with_run(self, outcome: Outcome | None = None, **times: datetime | None) -> Scene:
        """The same with another record of the run, in its scheduler's words and in its memory's.

        `times` are those of `due`, `started` and `ended` that change: each is written as it was written before, and
        where it was not, it is not.
        """

        def changed(each: RunRead, teller: Scheduler) -> RunSeen:
            known = {name: at for name, at in times.items() if getattr(each.seen, name) is not None}
            return _in_words(_at_times(each.seen, known, teller), outcome, teller)

        return self._retold(
            lambda runs, teller: [
                changed(each, teller) if _is_of_run(each, self.judged) else each.seen for each in runs
            ]
        )

    def without_run(self, *, nor_later: bool = False) -> Scene:
        """The same where the run did not begin, `nor_later` any after it.

        Where the last run alone is kept, the one before is still on record.
        """
        by = self.back_to_previous

        def left(runs: tuple[RunRead, ...], teller: Scheduler) -> Iterable[RunSeen]:
            for each in runs:
                is_later = nor_later and each.at is not None and each.at >= self.run.begins_at
                if not is_later and not _is_of_run(each, self.judged):
                    yield each.seen
                elif teller.keeps == 1 and by:
                    before = {name: at + by for name in _TIMES if (at := _time(each, name))}
                    yield _at_times(each.seen, before, teller)

        return self._retold(left)

    def without_runs(self) -> Scene:
        """The same where no run of the job is on record, not even in its memory."""
        return self._retold(lambda runs, teller: ())

    def with_run_under_way(self) -> Scene:
        """The same where the run has begun, and has not ended."""
        if self.tells("started"):
            return self.with_run(Outcome.RUNNING, ended=None)

        def said_of_the_last(runs: tuple[RunRead, ...], teller: Scheduler) -> Iterable[RunSeen]:
            last = [each.seen for each in runs] or [RunSeen(job=self.job.name)]
            return [_in_words(each, Outcome.RUNNING, teller) for each in last]

        # Whoever keeps one run, and of that the end, says of the one before that it is running.
        return self.without_run()._retold(said_of_the_last)

    def with_times_as(self, written: Callable[[datetime], str]) -> Scene:
        """The same where each time of each of its runs is written like that."""

        def rewritten(each: RunRead) -> RunSeen:
            times: dict[str, Any] = {name: written(at) for name in _TIMES if (at := _time(each, name))}
            return replace(each.seen, **times)

        return self._retold(lambda runs, teller: map(rewritten, runs))

    def _retold(self, retell: _Retell) -> Scene:
        """The same with other runs of the job on record: what befalls a run befalls its memory's record too."""
        scheduler = self.job.scheduler
        if scheduler is None:
            return self
        schedulers = _with_runs(self.evidence.schedulers, scheduler, self.judged, retell)
        memories = _with_runs(self.evidence.memories, scheduler.memory, self.judged, retell)
        return replace(self, evidence=replace(self.evidence, schedulers=schedulers, memories=memories))

    # Its files, of its first output -----------------------------------------------------------------------------------

    @property
    def output(self) -> OutputSeen | NotSeen | None:
        """What was seen of its first output; None where it has none."""
        return next(iter(self.evidence.outputs.get(self.job.id, ())), None)

    def with_output(self, seen: OutputSeen | NotSeen) -> Scene:
        """The same where that was seen of its first output."""
        others = self.evidence.outputs[self.job.id][1:]
        return replace(self, evidence=replace(self.evidence, outputs={self.job.id: (seen, *others)}))

    @property
    def files(self) -> tuple[FileSeen, ...]:
        """Its files, newest first."""
        return self.output.files if isinstance(self.output, OutputSeen) else ()

    @property
    def made(self) -> tuple[FileSeen, ...]:
        """The files of the run, newest first."""
        return tuple(each for each in self.files if self._is_made(each))

    @property
    def earlier(self) -> tuple[FileSeen, ...]:
        """The files of the runs before it, newest first."""
        return tuple(each for each in self.files if each.made_at < self.run.begins_at and not self._is_made(each))

    def _is_made(self, file: FileSeen, number: int = 0) -> bool:
        """True of a file that the run left as its output of that number."""
        if self.job.outputs[number].dated is Dated.RUN:
            return self.run.owns(file.made_at)
        # Such a name stands for a due time, which is that of the file seen to be of the run.
        own = self.judged.files[number]
        return own is not None and file.due_from == own.due_from

    def with_files(self, *files: FileSeen) -> Scene:
        """The same with these files alone; a job without an output stays without."""
        seen = self.output
        if not isinstance(seen, OutputSeen):
            return self
        newest_first = tuple(sorted(files, key=lambda each: each.made_at, reverse=True))
        others = seen.matches - len(seen.files)
        return self.with_output(replace(seen, files=newest_first, matches=others + len(files)))

    def without_made(self) -> Scene:
        """The same without the files of the run.

        What it overwrote, or what retention took away once it was done, is still there.
        """
        output = self.job.output
        if output and self.made and self.back_to_previous and not self.earlier and (output.is_one_file or output.keeps):
            return self.with_files(self.of_before(self.made[0]))
        return self.with_files(*self.earlier)

    def with_newest(self, **changes: Any) -> Scene:
        """The same with another newest file of the run."""
        newest, *others = self.made
        return self.with_files(replace(newest, **changes), *others, *self.earlier)

    def with_others_moved(self, by: timedelta) -> Scene:
        """The same where the run left the files of its outputs after the first so much later."""
        first, *others = self.evidence.outputs[self.job.id]
        moved = (self._moved_of(number, seen, by) for number, seen in enumerate(others, 1))
        return replace(self, evidence=replace(self.evidence, outputs={self.job.id: (first, *moved)}))

    def _moved_of(self, number: int, seen: OutputSeen | NotSeen, by: timedelta) -> OutputSeen | NotSeen:
        if isinstance(seen, NotSeen):
            return seen
        output = self.job.outputs[number]
        files = (_moved(each, by, output, self.job) if self._is_made(each, number) else each for each in seen.files)
        return replace(seen, files=tuple(sorted(files, key=lambda each: each.made_at, reverse=True)))

    def moved(self, file: FileSeen, by: timedelta) -> FileSeen:
        """That file of the run, made so much later; where its name tells when, under the name it has then."""
        assert self.job.output is not None
        return _moved(file, by, self.job.output, self.job)

    def of_before(self, file: FileSeen) -> FileSeen:
        """That file, had the run before left it."""
        by = self.back_to_previous
        assert by is not None
        if file.due_from is None or file.due_until is None:
            return self.moved(file, by)
        # The middle, as days on which clocks change are shorter or longer.
        middle = file.due_from + (file.due_until - file.due_from) / 2
        return self.renamed(replace(file, modified_at=file.modified_at + by), middle + by)

    def renamed(self, file: FileSeen, at: datetime) -> FileSeen:
        """That file under the name that tells of `at`; where names tell nothing, under its own."""
        assert self.job.output is not None
        return _renamed(file, at, self.job.output, self.job)


def record_of(judged: JobJudged) -> RunRead | None:
    """The run on record that did the work of the judged run first; None where none did, or none is on record."""
    if judged.due_run is None:
        return None
    attempts = attempts_of(judged.due_run, judged.seen)
    return next((each for each in attempts.begun if each.outcome in _DONE), attempts.deciding)


def written_like(text: str, at: datetime, naive_times: ZoneInfo | None) -> str:
    """The instant `at` as whoever wrote `text` writes it: with the same offset, or without one."""
    try:
        offset = read_timestamp(text).offset
    except ValueError:
        offset = timedelta(0)
    if offset is not None:
        return at.astimezone(timezone(offset)).isoformat()
    return at.astimezone(naive_times or UTC).replace(tzinfo=None).isoformat()


# As it was, or will be, at another moment -----------------------------------------------------------------------------


def _output_at(seen: OutputSeen | NotSeen, at: datetime) -> OutputSeen | NotSeen:
    if isinstance(seen, NotSeen):
        return seen
    return replace(seen, looked_at=at, files=tuple(each for each in seen.files if each.made_at <= at), later=())


def _scheduler_at(judged: JobJudged, told: SchedulerSeen, scheduler: Scheduler, at: datetime) -> SchedulerSeen:
    """What the scheduler would have said at `at`: of the job, and of one other, as a scheduler has more than one."""
    passed, listing = at - told.asked_at, judged.seen.listed
    heartbeat = Reading.of(told.heartbeat, scheduler.naive_times)
    if heartbeat and heartbeat.at:
        told = replace(told, heartbeat=written_like(heartbeat.text, heartbeat.at + passed, scheduler.naive_times))
    neighbour = next((each.id for each in told.jobs or () if each.id != judged.job.name), f"not {judged.job.name}")
    if listing:
        listing = replace(listing, next_run=_next_run_at(judged, at))
        told = replace(told, jobs=(listing, replace(listing, id=neighbour, name="")))
    if told.runs is not None:
        runs = tuple(_runs_at(judged, told, scheduler, at))
        if not runs and (record := record_of(judged)):
            # One that was started anew knows of no run; here it has not forgotten what its memory knows.
            runs = (record.seen,)
        told = replace(told, runs=(*runs, *(replace(each, job=neighbour) for each in runs)))
    return replace(
        _reaching_as_far(judged, told, scheduler),
        asked_at=at,
        answered_at=told.answered_at + passed,
        server_at=told.server_at + passed if told.server_at else None,
    )


def _memory_at(
    judged: JobJudged, told: SchedulerSeen | NotSeen, memory: Scheduler | None, at: datetime
) -> SchedulerSeen | NotSeen:
    """What its memory would have had on record of the job at `at`."""
    if memory is None or isinstance(told, NotSeen) or told.runs is None:
        return told
    return _reaching_as_far(judged, replace(told, runs=tuple(_runs_at(judged, told, memory, at))), memory)


def _reaching_as_far(judged: JobJudged, told: SchedulerSeen, teller: Scheduler) -> SchedulerSeen:
    """The same: with fewer runs than it keeps, it would seem to tell of all there ever were."""
    return told if teller.keeps in (None, 1) else replace(told, runs_since=judged.seen.runs_since)


def _runs_at(judged: JobJudged, told: SchedulerSeen, teller: Scheduler, at: datetime) -> Iterable[RunSeen]:
    """What was on record of the job at `at`: of the judged run what did its work, as if by schedule and at once."""
    record, seen = record_of(judged), told.runs_of(judged.job.name)
    for each in _read(seen, judged, teller):
        if _is_of_run(each, judged):
            if record is None or record.seen not in seen:
                yield each.seen
            elif each.seen == record.seen:
                by_schedule = None if each.seen.by_schedule is None else True
                yield replace(each.seen, by_schedule=by_schedule, attempt=each.seen.attempt and 1)
        elif each.last_at is None or each.last_at <= at:
            yield each.seen
        elif each.started_at is not None and each.started_at <= at:
            yield _in_words(replace(each.seen, ended=None), Outcome.RUNNING, teller)


def _next_run_at(judged: JobJudged, at: datetime) -> str | None:
    """The scheduler's next run as it said it, or would have said it at `at`."""
    seen, schedule = judged.seen, as_scheduled(judged.job.schedule)
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
    return written_like(reading.text, following, seen.job.scheduler.naive_times if seen.job.scheduler else None)


# Runs on record -------------------------------------------------------------------------------------------------------


def _with_runs(
    tellers: Mapping[str, SchedulerSeen | NotSeen], teller: Scheduler | None, judged: JobJudged, retell: _Retell
) -> dict[str, SchedulerSeen | NotSeen]:
    changed = dict(tellers)
    for name, seen in tellers.items():
        if teller is None or isinstance(seen, NotSeen) or seen.runs is None:
            continue
        own = tuple(retell(_read(seen.runs_of(judged.job.name), judged, teller), teller))
        others = (each for each in seen.runs if each.job != judged.job.name)
        # Who keeps a number of runs and has none at all has never had any.
        runs_since = None if teller.keeps and not own else seen.runs_since
        changed[name] = replace(seen, runs=(*own, *others), runs_since=runs_since)
    return changed


def _read(runs: Iterable[RunSeen], judged: JobJudged, teller: Scheduler) -> tuple[RunRead, ...]:
    """The runs with their times read, as they were when the job was judged: of two hours, the one that was meant."""
    judged_as = {each.seen: each for each in judged.seen.runs}
    return tuple(judged_as.get(each) or RunRead.of(each, teller.naive_times) for each in runs)


def _is_of_run(read: RunRead, judged: JobJudged) -> bool:
    run = judged.due_run
    assert run is not None
    return read.is_of(run) or (read.at is not None and run.owns(read.at))


def _time(read: RunRead, name: str) -> datetime | None:
    reading: Reading | None = getattr(read, name)
    return reading.at if reading else None


def _at_times(run: RunSeen, times: Mapping[str, datetime | None], teller: Scheduler) -> RunSeen:
    """The same run at those times, each written as it was before."""
    written: dict[str, Any] = {
        name: None if at is None else written_like(getattr(run, name) or "", at, teller.naive_times)
        for name, at in times.items()
    }
    return replace(run, **written)


def _in_words(run: RunSeen, outcome: Outcome | None, teller: Scheduler) -> RunSeen:
    """The same run, gone like that in the teller's first word for it; unchanged where it has none."""
    word = _word_for(outcome, teller) if outcome else None
    return replace(run, word=word, outcome=teller.words.outcome(word)) if word else run


def _word_for(outcome: Outcome, teller: Scheduler) -> str | None:
    words: tuple[str, ...] = getattr(teller.words, outcome, ())
    return next(iter(words), None)


# Files ----------------------------------------------------------------------------------------------------------------


def _moved(file: FileSeen, by: timedelta, output: Output, job: Job) -> FileSeen:
    later = replace(file, modified_at=file.modified_at + by)
    # Where it stands for a due time, a name stays whenever its file was made.
    return _renamed(later, file.made_at + by, output, job) if output.dated is Dated.RUN else later


def _renamed(file: FileSeen, at: datetime, output: Output, job: Job) -> FileSeen:
    if not output.path.has_fields:
        return file
    zone = job.zone_of(output)
    name = _name_at(output.path, file.name, at.astimezone(zone))
    told = output.path.told(name)
    if not isinstance(told, Told):
        return replace(file, stamp_at=at if file.stamp_at else None)
    nameless = replace(file, stamp_at=None, stamp_from=None, stamp_until=None, due_from=None, due_until=None)
    return named(replace(nameless, name=name), told, output, zone)


def _name_at(path: NamePattern, name: str, wall: datetime) -> str:
    """The same name with its fields at that wall clock; what its wildcards stand for stays."""
    parts = name.split("/")
    if len(parts) != len(path.parts):
        return name
    for number, (part, text) in enumerate(zip(path.parts, parts, strict=True)):
        text = normalize("NFC", text)
        match = part.shape.fullmatch(text)
        if match is None:
            return name
        # From the last on, so that the places of those before stay as they were found.
        for group, code in reversed(tuple(enumerate(part.codes, 1))):
            text = text[: match.start(group)] + write_field(code, wall) + text[match.end(group) :]
        parts[number] = text
    return "/".join(parts)
