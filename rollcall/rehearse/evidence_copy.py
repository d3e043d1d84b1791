"""How would the evidence of one good run look, had something else happened?

Pure: nothing of the world is read, and the evidence that is copied stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from unicodedata import normalize

from rollcall.evidence import Evidence, FileSeen, NotSeen, Outcome, Outputs, OutputSeen, RunSeen, SchedulerSeen
from rollcall.naming.fields import write_field
from rollcall.naming.names import NamePattern
from rollcall.naming.stretch import Told
from rollcall.outputs.encoding import looks_binary
from rollcall.outputs.listing import named
from rollcall.rehearse import records
from rollcall.rehearse.packing import unpacked
from rollcall.rehearse.reading import read_as
from rollcall.roll.due_run import DueRun
from rollcall.roll.formats import formats
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.words import Dated
from rollcall.schedule.answers import last_due
from rollcall.times import to_iso
from rollcall.verdict import usual
from rollcall.verdict.judged import JobJudged
from rollcall.verdict.runs import RunRead

_INSTANT = timedelta(microseconds=1)
# By so many bytes it is seen to be a text.
_HEAD = 64_000


@dataclass(frozen=True, slots=True)
class EvidenceCopy:
    """A copy of what was seen of one job that did its work, as it is seen at `at`.

    Each method returns another copy, in which something else happened. `judged` stays the job as it was found good.
    `of_others` are the files of its first output that its path takes and another output leaves, by their names. `data`
    is all that is in its newest file; None where nobody has read that, or it is no file.
    """

    judged: JobJudged
    at: datetime
    scheduler: SchedulerSeen | None
    memory: SchedulerSeen | NotSeen | None
    outputs: Outputs
    of_others: frozenset[str] = frozenset()
    data: bytes | None = None

    @classmethod
    def of(
        cls, judged: JobJudged, at: datetime, of_others: frozenset[str] = frozenset(), data: bytes | None = None
    ) -> EvidenceCopy:
        """The good run as it looked, or will look, at `at`: what was made later was not there yet."""
        outputs = tuple(
            replace(
                read.seen, looked_at=at, files=tuple(each for each in read.seen.files if each.made_at <= at), later=()
            )
            if isinstance(read.seen, OutputSeen)
            else read.seen
            for read in judged.seen.outputs
        )
        scheduler, memory = records.scheduler_at(judged, at), records.memory_at(judged, at)
        return cls(judged, at, scheduler, memory, outputs, of_others, data)

    def under(self, output: Output) -> EvidenceCopy:
        """The same, had its first output been declared like that: what is in its newest file is read anew."""
        job = self.job.but(outputs=(output, *self.job.outputs[1:]))
        changed = replace(self, judged=replace(self.judged, seen=replace(self.judged.seen, job=job)))
        return changed if self.data is None else changed.with_data(self.data)

    @property
    def evidence(self) -> Evidence:
        """What is judged: this job alone."""
        teller = self.job.scheduler.id if self.job.scheduler else ""
        return Evidence(
            schedulers={teller: self.scheduler} if self.scheduler else {},
            outputs={self.job.id: self.outputs} if self.outputs else {},
            memories={teller: self.memory} if self.memory else {},
        )

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
    def to_previous(self) -> timedelta | None:
        """From its due time to that of the run before: a negative span; None where none was owed."""
        due_at = last_due(self.job.schedule, self.run.due_at - _INSTANT)
        return None if due_at is None or (self.job.since and due_at < self.job.since) else due_at - self.run.due_at

    def tells(self, *what: str) -> bool:
        """True where its scheduler's answers hold all of that."""
        return all(map(self.judged.seen.tells, what))

    def can_say(self, outcome: Outcome) -> bool:
        """True where its scheduler has a word for a run that went like that."""
        scheduler = self.job.scheduler
        return scheduler is not None and self.tells("runs", "status") and bool(getattr(scheduler.words, outcome))

    def with_listing(self, **changes: Any) -> EvidenceCopy:
        """The same where its scheduler lists it in other words."""
        assert self.scheduler is not None
        name, jobs = self.job.name, self.scheduler.jobs or ()
        changed = tuple(replace(each, **changes) if each.id == name else each for each in jobs)
        return replace(self, scheduler=replace(self.scheduler, jobs=changed))

    def with_next_run(self, at: datetime) -> EvidenceCopy:
        """The same where its scheduler says that it runs next at `at`."""
        before, scheduler = self.judged.seen.next_run, self.job.scheduler
        naive_times = scheduler.naive_times if scheduler else None
        return self.with_listing(next_run=records.written_like(before.text if before else "", at, naive_times))

    def without_listing(self) -> EvidenceCopy:
        """The same where the scheduler does not know the job, and so no run of it."""
        assert self.scheduler is not None
        name, runs = self.job.name, self.scheduler.runs
        jobs = tuple(each for each in self.scheduler.jobs or () if each.id != name)
        runs = None if runs is None else tuple(each for each in runs if each.job != name)
        return replace(self, scheduler=replace(self.scheduler, jobs=jobs, runs=runs))

    @property
    def record(self) -> RunRead:
        """The run on record that did its work; only of a job whose runs are on record."""
        record = records.record_of(self.judged)
        assert record is not None
        return record

    def with_run(self, outcome: Outcome | None = None, **times: datetime | None) -> EvidenceCopy:
        """The same with another record of the run (`records.rewritten`), in its memory too."""
        return self.with_runs(
            lambda runs, teller: [
                records.rewritten(each.seen, teller, times, outcome)
                if records.is_of_run(each, self.judged)
                else each.seen
                for each in runs
            ]
        )

    def without_run(self, *, nor_later: bool = False) -> EvidenceCopy:
        """The same where the run did not begin, `nor_later` any after it."""
        by = self.to_previous

        def left(runs: tuple[RunRead, ...], teller: Scheduler) -> Iterable[RunSeen]:
            for each in runs:
                is_later = nor_later and each.at is not None and each.at >= self.run.begins_at
                if not is_later and not records.is_of_run(each, self.judged):
                    yield each.seen
                elif teller.keeps == 1 and by:  # the one before is still on record
                    yield records.rewritten(
                        each.seen, teller, {name: at + by for name, at in records.times_of(each).items()}
                    )

        return self.with_runs(left)

    def with_runs(self, written: Callable[[tuple[RunRead, ...], Scheduler], Iterable[RunSeen]]) -> EvidenceCopy:
        """The same with other runs of the job on record, as `written` by its scheduler, and by its memory too."""
        name = self.job.name

        def changed(seen: SchedulerSeen, teller: Scheduler) -> SchedulerSeen:
            own = tuple(written(records.read_runs(seen.runs_of(name), self.judged, teller), teller))
            others = (each for each in seen.runs or () if each.job != name)
            # Who keeps a number of runs and has none at all has never had any.
            runs_since = None if teller.keeps and not own else seen.runs_since
            return replace(seen, runs=(*own, *others), runs_since=runs_since)

        scheduler, memory, teller = self.scheduler, self.memory, self.job.scheduler
        if teller and scheduler and scheduler.runs is not None:
            scheduler = changed(scheduler, teller)
        if teller and teller.memory and isinstance(memory, SchedulerSeen) and memory.runs is not None:
            memory = changed(memory, teller.memory)
        return replace(self, scheduler=scheduler, memory=memory)

    @property
    def declared(self) -> Output:
        """Its first output, as jobs.toml declares it; only of a job that has one."""
        assert self.job.output is not None
        return self.job.output

    @property
    def files(self) -> tuple[FileSeen, ...]:
        """Its files, newest first."""
        seen = self.outputs[0] if self.outputs else None
        return seen.files if isinstance(seen, OutputSeen) else ()

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

    def with_output(self, seen: OutputSeen | NotSeen) -> EvidenceCopy:
        """The same where that was seen of its first output."""
        return replace(self, outputs=(seen, *self.outputs[1:]))

    def with_files(self, *files: FileSeen) -> EvidenceCopy:
        """The same with these files alone; a job without an output stays without."""
        seen = self.outputs[0] if self.outputs else None
        if not isinstance(seen, OutputSeen):
            return self
        others = seen.matches - len(seen.files)
        return self.with_output(replace(seen, files=_newest_first(files), matches=others + len(files)))

    def with_newest(self, **changes: Any) -> EvidenceCopy:
        """The same with another newest file of the run."""
        newest, *others = self.made
        return self.with_files(replace(newest, **changes), *others, *self.earlier)

    @property
    def is_text(self) -> bool:
        """False where what is in its newest file, its compression undone, is known to be no text."""
        if not self.data:
            return not any(each.is_folder for each in self.made)
        try:
            head = unpacked(self.data, _HEAD)[1][:_HEAD]
        except (ValueError, EOFError, OSError):
            return False
        is_of_another = any(form.recognises(head) and not form.holds_text for form in formats().values())
        return not (is_of_another or looks_binary(head))

    def with_data(self, data: bytes) -> EvidenceCopy:
        """The same where that is in its newest file, read as what is in any file is."""
        newest, *others = self.made
        return self.with_files(read_as(data, newest, self.declared, self.at), *others, *self.earlier)

    def with_made_at(self, at: datetime) -> EvidenceCopy:
        """The same where its newest file was made then, and all others that it is known to leave as much later."""
        if not self.made:
            return self
        by = at - self.made[0].made_at
        number = usual.number_of_files(self.judged.case) if self.judged.case else None
        moved = [self.moved(each, by) for each in (self.made if number == len(self.made) else self.made[:1])]
        outputs = list(self.with_files(*moved, *self.earlier).outputs)
        for number, seen in enumerate(outputs[1:], 1):
            if isinstance(seen, OutputSeen):
                files = (self.moved(each, by, number) if self._is_made(each, number) else each for each in seen.files)
                outputs[number] = replace(seen, files=_newest_first(files))
        return replace(self, outputs=tuple(outputs))

    def without_made(self) -> EvidenceCopy:
        """The same without the files of the run; what it overwrote, or retention took away for it, is still there."""
        is_alone = self.made and not self.earlier and self.to_previous
        if is_alone and (self.judged.seen.is_one or self.declared.keeps):
            return self.with_files(self.of_before(self.made[0]))
        return self.with_files(*self.earlier)

    def moved(self, file: FileSeen, by: timedelta, number: int = 0) -> FileSeen:
        """That file of the run, made so much later; where its name tells when, under the name it has then."""
        later = replace(file, modified_at=file.modified_at + by)
        # Where it stands for a due time, a name stays whenever its file was made.
        is_of_run = self.job.outputs[number].dated is Dated.RUN
        return self.renamed(later, file.made_at + by, number) if is_of_run else later

    def of_before(self, file: FileSeen) -> FileSeen:
        """That file, had the run before left it."""
        by = self.to_previous
        assert by is not None
        if file.due_from is None or file.due_until is None:
            return self.moved(file, by)
        # The middle, as days on which clocks change are shorter or longer.
        middle = file.due_from + (file.due_until - file.due_from) / 2
        return self.renamed(replace(file, modified_at=file.modified_at + by), middle + by)

    def renamed(self, file: FileSeen, at: datetime, number: int = 0) -> FileSeen:
        """That file under the name that tells of `at`; where names tell nothing, under its own."""
        output = self.job.outputs[number]
        if output.kind is not Kind.FILES:
            return replace(file, name=to_iso(at), stamp_at=at, stamp_from=None, stamp_until=None)
        if not output.names.has_fields:
            return file
        zone = self.job.zone_of(output)
        name = _name_at(output.names, file.name, at.astimezone(zone))
        told = output.names.told(name)
        if not isinstance(told, Told):
            return replace(file, stamp_at=at if file.stamp_at else None)
        nameless = replace(file, stamp_at=None, stamp_from=None, stamp_until=None, due_from=None, due_until=None)
        return named(replace(nameless, name=name), told, output, zone)


def _newest_first(files: Iterable[FileSeen]) -> tuple[FileSeen, ...]:
    return tuple(sorted(files, key=lambda each: each.made_at, reverse=True))


def _name_at(path: NamePattern, name: str, wall: datetime) -> str:
    """The same name with its fields at that wall clock; what its wildcards stand for stays."""
    parts = name.split("/")
    if len(parts) != len(path.parts):
        return name
    for number, (part, text) in enumerate(zip(path.parts, parts, strict=True)):
        text = normalize("NFC", text)
        match = part.match(text)
        if match is None:
            return name
        # From the last on, so that the places of those before stay as they were found.
        for group, code in reversed(tuple(enumerate(part.codes, 1))):
            text = text[: match.start(group)] + write_field(code, wall) + text[match.end(group) :]
        parts[number] = text
    return "/".join(parts)
