"""Has the share of faults that would be found fallen below what it once was?

The best shares, of each job and in all, stand in a small file that is kept beside jobs.toml in version control. They
only rise by themselves; who means a lower one writes it there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rollcall.errors import BadInput, Mistake
from rollcall.files import read_regular
from rollcall.rehearse.coverage import Coverage, Share
from rollcall.text import clean, listed

OPTION = "--ratchet"
_LARGEST = 16_000_000
_CURE = "Restore it from version control; or delete it, and the next rehearsal begins anew."
_Count = Annotated[int, Field(ge=0, strict=True)]


class Kept(BaseModel):
    """A share as it stands in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    found: _Count
    planted: Annotated[int, Field(ge=1, strict=True)]

    @model_validator(mode="after")
    def _is_a_share(self) -> Kept:
        if self.found > self.planted:
            raise ValueError("found is more than planted")
        return self

    @property
    def share(self) -> Share:
        """The same to count with."""
        return Share(self.found, self.planted)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    all: Kept
    jobs: dict[str, Kept]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratchet:
    """The file as it is now; `kept` is None where there is none yet.

    Jobs that were rehearsed on another morning are not compared: fewer faults could be planted in them, so that a share
    of them is of something else. They keep what they have, and so does the share in all.
    """

    file: Path
    kept: _File | None

    @classmethod
    def read(cls, file: Path, declared: frozenset[str]) -> Ratchet:
        """What stands in it. Raises `BadInput` where it is damaged, or of none of the `declared` jobs."""
        try:
            text = read_regular(file, _LARGEST + 1)
        except FileNotFoundError:
            return cls(file=file, kept=None)
        except (OSError, ValueError) as problem:
            rule = f"cannot be read: {clean(getattr(problem, 'strerror', None) or str(problem))}. Name a file."
            raise BadInput.single(OPTION, rule, f'"{clean(str(file))}"') from None
        try:
            if len(text) > _LARGEST:
                raise ValueError("is too large to be one")
            kept = _File.model_validate(json.loads(text))
        except ValidationError as problem:
            raise BadInput(tuple(_mistakes(file, problem))) from None
        except (ValueError, RecursionError) as problem:
            rule = f"is no file of {OPTION}: {clean(str(problem))}. {_CURE}"
            raise BadInput.single(clean(str(file)), rule) from None
        if kept.jobs and declared.isdisjoint(kept.jobs):
            names = listed([clean(each, 60) for each in kept.jobs], 5)
            rule = f"is of other jobs ({names}), none of which jobs.toml declares. Name the file that belongs to it."
            raise BadInput.single(clean(str(file)), rule)
        return cls(file=file, kept=kept)

    def fallen(self, coverage: Coverage) -> Iterator[str]:
        """What fell, and what to write in the file to accept that; in all is said only where no job explains it."""
        if self.kept is None:
            return
        left_out = {each.subject.id: each for each in coverage.rehearsal.left_out if each.is_job}
        others, all_now, all_was = coverage.of_other_mornings, coverage.in_all, self.kept.all.share
        # One step, and not another one when the job's own number has been written.
        of_all = f' and "all": {_numbers(all_now)}' if all_now.fraction < all_was.fraction and not others else ""
        there = f"in {clean(str(self.file))}"
        jobs_fell = False
        for job_id, was in self.kept.jobs.items():
            now, left = coverage.jobs.get(job_id), left_out.get(job_id)
            if now and now.fraction < was.share.fraction and job_id not in others:
                jobs_fell = True
                line = f"{json.dumps(clean(job_id), ensure_ascii=False)}: {_numbers(now)}{of_all}"
                yield f"{clean(job_id)} fell from {was.share} to {now}. If that is meant, write {line} {there}."
            elif left and left.is_owed:
                jobs_fell = True
                yield f"{clean(job_id)} had {was.share} and could not be rehearsed: {left.why}"
        if of_all and not jobs_fell:
            line = of_all.removeprefix(" and ")
            yield f"the share of all fell from {all_was} to {all_now}. If that is meant, write {line} {there}."

    def raised(self, coverage: Coverage) -> str | None:
        """The text of the file with what rose, and what is new or gone; None where that is nothing.

        To be asked only where nothing fell. Of what jobs.toml pauses the file keeps what it has.
        """
        before = {name: each.share for name, each in self.kept.jobs.items()} if self.kept else {}
        all_before = self.kept.all.share if self.kept else Share(0, 0)
        others = coverage.of_other_mornings
        not_owed = {each.subject.id for each in coverage.rehearsal.left_out if not each.is_owed}
        jobs = {name: share for name, share in before.items() if name in not_owed | others}
        jobs |= {
            name: _higher(before.get(name), now)
            for name, now in coverage.jobs.items()
            if now.planted and name not in others
        }
        in_all = all_before if others else _higher(all_before, coverage.in_all)
        if not in_all.planted or (jobs, in_all) == (before, all_before):
            return None
        # A line a job, so that what changed of one is one line.
        rows = ",\n".join(f"  {json.dumps(name)}: {_numbers(jobs[name])}" for name in sorted(jobs))
        return f'{{\n "version": 1,\n "all": {_numbers(in_all)},\n "jobs": {{\n{rows}\n }}\n}}\n'


def _higher(before: Share | None, now: Share) -> Share:
    return now if before is None or now.fraction > before.fraction else before


def _numbers(share: Share) -> str:
    return f'{{"found": {share.found}, "planted": {share.planted}}}'


def _mistakes(file: Path, problem: ValidationError) -> Iterator[Mistake]:
    for each in problem.errors(include_url=False, include_context=False):
        place = ".".join([clean(str(file)), *(clean(str(key), 60) for key in each["loc"])])
        value = each.get("input")
        shown = clean(json.dumps(value), 60) if isinstance(value, str | int | float | bool) else None
        yield Mistake(place=place, value=shown, rule=f"{clean(each['msg'])}. {_CURE}")
