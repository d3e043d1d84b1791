"""What does a recorded morning tell, when it is judged offline, later, or under another jobs.toml?

A replay asks nobody: no scheduler, no folder. What the other jobs.toml wants to know and the record does not tell is
unknown, and never well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from rollcall.config import load
from rollcall.errors import CauseCode
from rollcall.evidence import Content, Evidence, FileSeen, NotSeen, OutputSeen
from rollcall.jobs import LOOKING_TIME, Format, Job, Output, Roll
from rollcall.recording import JOBS, recorded_in
from rollcall.sources.content import content_of
from rollcall.sources.stamp import Stamp
from rollcall.text import clean

_NOT_THERE = "not in this record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A recorded morning under a roll: its own, or another. `demo` is the story of a demo."""

    roll: Roll
    evidence: Evidence
    recorded_at: datetime
    demo: str | None = None

    def seen_at(self, now: datetime) -> Evidence:
        """The evidence for the judging of `now`: files made after that moment are told apart, as by any morning."""
        outputs = {job_id: _until(now, seen) for job_id, seen in self.evidence.outputs.items()}
        return replace(self.evidence, outputs=outputs)


def _until(now: datetime, seen: OutputSeen | NotSeen) -> OutputSeen | NotSeen:
    if isinstance(seen, NotSeen):
        return seen
    later = tuple(each for each in seen.files if each.made_at > now + LOOKING_TIME)
    return replace(seen, files=seen.files[len(later) :], later=(*seen.later, *later))


def replay(folder: Path, *, jobs_file: Path | None = None, shown_as: str | None = None) -> Replay:
    """The morning recorded in `folder`, under the jobs.toml recorded with it or another. Raises `BadInput`."""
    recorded = recorded_in(folder)
    own = _load(folder / JOBS, clean(str(folder / JOBS)), recorded.root)
    roll = _load(jobs_file, shown_as, recorded.root) if jobs_file else own
    return Replay(
        roll=roll,
        evidence=completed(recorded.evidence, roll, own, recorded.now),
        recorded_at=recorded.now,
        demo=recorded.demo,
    )


def _load(file: Path, shown_as: str | None, root: Path) -> Roll:
    return load(file, environment={}, shown_as=shown_as, root=root, is_replay=True)


def completed(evidence: Evidence, roll: Roll, own: Roll, recorded_at: datetime) -> Evidence:
    """The evidence for `roll`, of what was recorded for its `own`: what is not in it says so."""
    nobody = NotSeen(code=CauseCode.NOT_RECORDED, detail=_NOT_THERE, looked_at=recorded_at)
    then = {job.id: job for job in own.jobs}
    return Evidence(
        schedulers={each.id: evidence.schedulers.get(each.id, nobody) for each in roll.schedulers},
        databases={each.id: evidence.databases.get(each.id, nobody) for each in roll.schedulers if each.database},
        outputs={job.id: _output(evidence, job, then, recorded_at) for job in roll.jobs if job.output},
    )


def _output(evidence: Evidence, job: Job, then: Mapping[str, Job], recorded_at: datetime) -> OutputSeen | NotSeen:
    seen, was = evidence.outputs.get(job.id), then.get(job.id)
    nothing = NotSeen(code=CauseCode.OUTPUT_UNREADABLE, detail=_NOT_THERE, looked_at=recorded_at)
    if seen is None or was is None or was.output is None or job.output is None or was.output.path != job.output.path:
        return nothing
    if isinstance(seen, NotSeen):
        return seen
    if was.output.stamp != job.output.stamp and not _has_every_file(seen):
        return nothing
    if (was.output.stamp, was.stamp_zone) != (job.output.stamp, job.stamp_zone):
        seen = _stamped(seen, job.output.stamp, job)
    return replace(seen, files=tuple(_read(each, job.output, was.output) for each in seen.files))


def _has_every_file(seen: OutputSeen) -> bool:
    """True where no file was left out of the record, which by another stamp may be the one that matters."""
    return not seen.unstamped and seen.matches == len(seen.files) + len(seen.later)


def _stamped(seen: OutputSeen, text: str | None, job: Job) -> OutputSeen:
    """The same files with the instants that their names tell by that stamp, newest first."""
    stamp = Stamp(text, job.stamp_zone) if text else None
    files = [(each.name, _stamped_file(each, stamp)) for each in (*seen.files, *seen.later)]
    newest_first = sorted((each for _, each in files if each), key=lambda each: each.made_at, reverse=True)
    unstamped = (*seen.unstamped, *(name for name, each in files if each is None))
    matches = seen.matches - (len(unstamped) - len(seen.unstamped))
    return replace(seen, matches=matches, files=tuple(newest_first), later=(), unstamped=unstamped)


def _stamped_file(file: FileSeen, stamp: Stamp | None) -> FileSeen | None:
    """None where its name does not tell its time by that stamp."""
    if stamp is None:
        return replace(file, stamp_at=None)
    wall = stamp.read(file.name)
    return replace(file, stamp_at=stamp.instant(wall, near=file.modified_at)) if wall else None


def _read(file: FileSeen, output: Output, was: Output) -> FileSeen:
    """The file read once more, as `output` wants it, as far as the record holds it."""
    content = file.content
    if content is None:
        return file
    missing = [text for text in output.must_contain + output.must_not_contain if text not in content.found]
    if not missing and output.format is was.format:
        return file
    if (data := _whole(file, content)) is not None:
        return replace(file, content=content_of(data, output))
    if output.format not in (was.format, Format.ANY):
        return replace(file, content=None)
    seen = {text: True for text in missing if text in content.head or text in content.tail}
    return replace(file, content=replace(content, found={**content.found, **seen}))


def _whole(file: FileSeen, content: Content) -> bytes | None:
    """All that the file held, where head and tail hold all of it; None where they do not."""
    head, tail = content.head.encode(), content.tail.encode()
    rest = max(file.size - len(head), 0)
    data = head + (tail[-rest:] if rest else b"")
    return data if hashlib.sha256(data).hexdigest() == content.sha256 else None
