"""What does a recorded morning show when it is judged offline, later, or under another jobs.toml?

A replay asks no scheduler and no folder. What the other jobs.toml wants to know and the record does not hold is
unknown, and never well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from rollcall.evidence import CannotLook, Content, Evidence, FileSeen, NotSeen, Outputs, OutputSeen, SchedulerSeen
from rollcall.naming.fields import Disagreement
from rollcall.outputs.content import content_of
from rollcall.outputs.listing import named
from rollcall.outputs.timed import Timed
from rollcall.recorded.record import JOBS, Recorded, recorded_in, without_users
from rollcall.roll.due_run import LOOKING_TIME
from rollcall.roll.job import Job
from rollcall.roll.listing import Listing
from rollcall.roll.load import load
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.text import clean
from rollcall.vocabulary import CauseCode

_NOT_THERE = "not in this record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A recorded morning under a roll: its own, or another. `demo` is the story of a demo."""

    roll: Roll
    evidence: Evidence
    recorded_at: datetime
    demo: str | None = None

    def seen_at(self, now: datetime) -> Evidence:
        """The evidence for the judging of `now`: files made after that moment are kept apart, as in any morning."""
        outputs = {job_id: tuple(_until(now, each) for each in seen) for job_id, seen in self.evidence.outputs.items()}
        return replace(self.evidence, outputs=outputs)


def _until(now: datetime, seen: OutputSeen | NotSeen) -> OutputSeen | NotSeen:
    if isinstance(seen, NotSeen):
        return seen
    later = tuple(each for each in seen.files if each.made_at > now + LOOKING_TIME)
    if not later:
        return seen
    return replace(seen, files=seen.files[len(later) :], later=(*seen.later, *later))


def replay(folder: Path, *, jobs_file: Path | None = None, shown_as: str | None = None) -> Replay:
    """The morning recorded in `folder`, under the jobs.toml recorded with it or another. Raises `BadInput`."""
    recorded = recorded_in(folder)
    own = load_as_of(recorded, folder / JOBS, clean(str(folder / JOBS)))
    roll = load_as_of(recorded, jobs_file, shown_as) if jobs_file else own
    return Replay(
        roll=roll,
        evidence=completed(recorded.evidence, roll, own, recorded.now),
        recorded_at=recorded.now,
        demo=recorded.demo,
    )


def load_as_of(recorded: Recorded, file: Path, shown_as: str | None) -> Roll:
    """The roll that the file declares on that morning, by what its schedulers listed then. Raises `BadInput`."""

    def list_jobs(declaring: Iterable[Scheduler], _history: object) -> dict[str, Listing]:
        seen, before = recorded.evidence.schedulers, recorded.remembered
        return {each.id: Listing.of(seen.get(each.id), before.get(each.id, ())) for each in declaring}

    return load(file, environment={}, shown_as=shown_as, root=recorded.root, is_replay=True, list_jobs=list_jobs)


def completed(evidence: Evidence, roll: Roll, own: Roll, recorded_at: datetime) -> Evidence:
    """The evidence for `roll`, of what was recorded for its `own`: what is not in it says so."""
    nobody = NotSeen(code=CauseCode.NOT_RECORDED, detail=_NOT_THERE, looked_at=recorded_at)
    then = {job.id: job for job in own.jobs}
    asked = {each.id: each for each in own.schedulers}
    memories = {each.id: each.memory for each in own.schedulers}
    return Evidence(
        schedulers={
            each.id: _reworded(evidence.schedulers.get(each.id, nobody), each, asked.get(each.id))
            for each in roll.schedulers
        },
        memories={
            each.id: _reworded(evidence.memories.get(each.id, nobody), each.memory, memories.get(each.id))
            for each in roll.schedulers
            if each.memory
        },
        outputs={job.id: _outputs(evidence, job, then, recorded_at) for job in roll.jobs if job.outputs},
        remembered=evidence.remembered,
        as_of=evidence.as_of,
        hosts=evidence.hosts,
    )


def _reworded(seen: SchedulerSeen | NotSeen, scheduler: Scheduler, then: Scheduler | None) -> SchedulerSeen | NotSeen:
    """The same runs, their words as this jobs.toml reads them, where that is not as they were read then.

    What a word of a kind's own means ("exit status 3") is not in its lists alone.
    """
    if isinstance(seen, NotSeen) or not seen.runs or then is None or then.words == scheduler.words:
        return seen
    was, now = cache(then.words.outcome), cache(scheduler.words.outcome)
    runs = [each if was(each.word) == now(each.word) else replace(each, outcome=now(each.word)) for each in seen.runs]
    return replace(seen, runs=tuple(runs))


def _outputs(evidence: Evidence, job: Job, then: Mapping[str, Job], recorded_at: datetime) -> Outputs:
    """What was seen of each output, found by where it lies."""
    nothing = NotSeen(code=CauseCode.OUTPUT_UNREADABLE, detail=_NOT_THERE, looked_at=recorded_at)
    if (was := then.get(job.id)) is None:
        return (nothing,) * len(job.outputs)
    seen = evidence.outputs.get(job.id, ())
    return tuple(_output(output, job, was, seen) or nothing for output in job.outputs)


def _output(output: Output, job: Job, was: Job, outputs: Outputs) -> OutputSeen | NotSeen | None:
    for then, seen in zip(was.outputs, outputs, strict=False):
        is_same, is_file = _is_same(then, output), output.kind is Kind.FILES
        # Another pattern may have other files, which the record does not hold.
        if not is_same and not (is_file and then.folder == output.folder and _has_every_file(seen, then, output)):
            continue
        if isinstance(seen, NotSeen):
            return seen
        if not is_file:
            return _timed_anew(seen, output, job) if then.timezone != output.timezone else seen
        is_read_anew = (then.names, then.dated, was.zone_of(then)) != (output.names, output.dated, job.zone_of(output))
        seen = _named_anew(seen, output, job) if is_read_anew else seen
        return replace(seen, files=tuple(_read(each, output, then) for each in seen.files))
    return None


def _is_same(then: Output, output: Output) -> bool:
    """True where both are of the same thing; the user in a url of the record was taken out of it."""
    if then.identity == output.identity or output.kind is Kind.FILES:
        return then.identity == output.identity
    return without_users(repr(then.identity)) == without_users(repr(output.identity))


def _timed_anew(seen: OutputSeen, output: Output, job: Job) -> OutputSeen | NotSeen:
    """The same rows or entries with their times, as they were written, read in another zone; newest first."""
    timed = Timed(output=output, zone=job.zone_of(output), shown=output.shown, now=seen.looked_at)
    try:
        read = [(each, timed.seen(each.name)) for each in (*seen.files, *seen.later)]
    except CannotLook as problem:
        return NotSeen.because(problem, seen.looked_at)
    files = [replace(new, size=each.size, content=each.content) for each, new in read if new]
    return replace(seen, files=tuple(sorted(files, key=lambda each: each.made_at, reverse=True)), later=())


def _has_every_file(seen: OutputSeen | NotSeen, then: Output, output: Output) -> bool:
    """True where no file was left out of the record that by the other pattern may be the one that matters."""
    if isinstance(seen, NotSeen) or not then.names.covers(output.names):
        return False
    return not seen.unstamped and seen.matches == len(seen.files) + len(seen.later)


def _named_anew(seen: OutputSeen, output: Output, job: Job) -> OutputSeen:
    """The same files with what their names tell by another pattern or in another zone, newest first."""
    files, unstamped = [], list(seen.unstamped)
    for each in (*seen.files, *seen.later):
        told = output.names.told(each.name)
        if told is None or isinstance(told, Disagreement):
            unstamped.append(each.name)
            continue
        plain = replace(each, stamp_at=None, stamp_from=None, stamp_until=None, due_from=None, due_until=None)
        files.append(named(plain, told, output, job.zone_of(output)))
    newest_first = sorted(files, key=lambda each: each.made_at, reverse=True)
    matches = seen.matches - (len(unstamped) - len(seen.unstamped))
    return replace(seen, matches=matches, files=tuple(newest_first), later=(), unstamped=tuple(unstamped))


def _read(file: FileSeen, output: Output, was: Output) -> FileSeen:
    """The file read once more, as `output` wants it, as far as the record holds it."""
    if output.verify != was.verify:
        file = replace(file, verified=None)
    content = file.content
    if content is None:
        return file
    missing = [text for text in output.looked_for if text not in content.found]
    if not missing and _asks(output) == _asks(was):
        return file
    if (data := _whole(content)) is not None:
        return replace(file, content=content_of(data, output))
    if _asks(output) != _asks(was):
        return replace(file, content=None)
    seen = {text: True for text in missing if text in content.head or text in content.tail}
    return replace(file, content=replace(content, found={**content.found, **seen}))


def _asks(output: Output) -> tuple[object, ...]:
    """What is asked of a content but for its texts, so that the same was found of it."""
    last_line = output.last_line.pattern if output.last_line else None
    inside = output.must_hold, output.must_have
    return output.format, output.encoding, output.ends_with, last_line, inside, output.must_change, output.open


def _whole(content: Content) -> bytes | None:
    """All that it held, where head and tail hold all of it; None where they do not."""
    head, tail = content.head.encode(), content.tail.encode()
    rest = max((content.size or 0) - len(head), 0)
    data = head + (tail[-rest:] if rest else b"")
    return data if hashlib.sha256(data).hexdigest() == content.sha256 else None
