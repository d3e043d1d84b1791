"""What does the evidence of a kept morning show under today's rules and this jobs.toml?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from rollcall.errors import BadInput
from rollcall.evidence import Evidence, JobListed, SchedulerSeen
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.recorded.kept import KeptMorning, UnfitMorning
from rollcall.recorded.record import JOBS, Recorded
from rollcall.recorded.replay import completed, load_as_of
from rollcall.roll.roll import Roll
from rollcall.text import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAgain:
    """A kept morning, the roll under which it was kept, and what it says under this one, by that evidence."""

    kept: KeptMorning
    own: Roll
    roll: Roll
    evidence: Evidence
    morning: Morning


@dataclass(slots=True)
class _Newest:
    """The last roll that was read, and what it was read of: most mornings have that of the one before."""

    key: object = None
    roll: Roll | None = None


@dataclass(slots=True, kw_only=True)
class Judge:
    """Judges kept mornings under the jobs.toml `file`; `folder` is one of its own, for the files of the past."""

    file: Path
    shown_as: str
    folder: Path
    _own: _Newest = field(default_factory=_Newest)
    _new: _Newest = field(default_factory=_Newest)

    def judge(self, kept: KeptMorning) -> JudgedAgain:
        """The morning as it would be. Raises `UnfitMorning`."""
        recorded = kept.recorded
        known = (recorded.root, _listings(recorded))
        try:
            own = _read(self._own, (dict(kept.files), *known), recorded, self._own_file(kept.files))
        except BadInput as problem:
            raise UnfitMorning(f"its jobs.toml is none that this Roll call reads: {problem.mistakes[0]}") from None
        try:
            roll = _read(self._new, known, recorded, self.file, self.shown_as)
        except BadInput as problem:
            raise UnfitMorning(f"with what was listed then, {problem.mistakes[0]}") from None
        evidence = completed(recorded.evidence, roll, own, recorded.now)
        morning = judge_morning(roll, evidence, now=recorded.now)
        return JudgedAgain(kept=kept, own=own, roll=roll, evidence=evidence, morning=morning)

    def _own_file(self, files: Mapping[str, str]) -> Path:
        """Where the files of that morning stand; those of the last one are not kept."""
        whole = "\0".join(text for each in files.items() for text in each)
        # Not one for all processes: another may be writing there.
        folder = self.folder / str(os.getpid()) / sha256(whole.encode(errors="replace")).hexdigest()
        if not folder.exists():
            for name, text in files.items():
                place = folder / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8")
        return folder / JOBS


def _read(newest: _Newest, key: object, recorded: Recorded, file: Path, shown_as: str | None = None) -> Roll:
    if newest.roll is None or newest.key != key:
        newest.key, newest.roll = None, load_as_of(recorded, file, shown_as or clean(JOBS))
        newest.key = key
    return newest.roll


def _listings(recorded: Recorded) -> object:
    """What a roll may depend on of what schedulers list, without what passes."""
    seen = {
        name: _lasting(each.jobs or ())
        for name, each in recorded.evidence.schedulers.items()
        if isinstance(each, SchedulerSeen)
    }
    return seen, {name: _lasting(jobs) for name, jobs in recorded.remembered.items()}


def _lasting(jobs: Iterable[JobListed]) -> tuple[JobListed, ...]:
    return tuple(replace(each, next_run=None, paused=None, runs_since=None, refused=None, says="") for each in jobs)
