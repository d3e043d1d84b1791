"""What does jobs.toml say that is right by itself, and most likely not what was meant?

Each of these can be meant, so none is refused; but a job of which one is true may stay green without its work.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from pathlib import Path
from statistics import median_low as median

from rollcall.naming.parts import Kind
from rollcall.naming.stretch import Told
from rollcall.roll.between_jobs import due_times, may_reach_the_next
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind as Made
from rollcall.roll.roll import Roll
from rollcall.text import clean, listed
from rollcall.times import show_span

_ANY_TIME = datetime(2026, 2, 11, 5, 7, 9, tzinfo=UTC)
_WILD = (Kind.STAR, Kind.CHARACTER)
# Whose an output is: the id of the job, and its number there.
_Whose = tuple[str, int]


def doubts(roll: Roll) -> dict[str, tuple[str, ...]]:
    """What is doubtful about each job, by its id, in sentences; those of which nothing is are left out."""
    jobs = {job.id: job for job in roll.jobs}
    taken, named = taken_outputs(roll), _named_alike(roll)
    found = {
        job.id: (*_of_its_time(job, jobs), *_of_its_outputs(job, taken), *_of_its_name(job, named)) for job in roll.jobs
    }
    return {job_id: each for job_id, each in found.items() if each}


# When -----------------------------------------------------------------------------------------------------------------


def _of_its_time(job: Job, jobs: Mapping[str, Job]) -> Iterator[str]:
    if not may_reach_the_next(job, jobs):
        return
    dues = tuple(pairwise(due_times(job, jobs)))
    limit = "within" if job.within is not None else "done_by" if job.done_by else "grace"
    reaching = {
        # Where the jitter alone reaches the next, both are run together.
        limit: [
            later - due for due, later in dues if later - due > job.jitter and job.due_run(due, later).start_by >= later
        ],
        # What nobody wrote is doubtful in no file.
        "max_runtime": [
            later - due
            for due, later in dues
            if later - due <= job.max_runtime and "max_runtime" in job.model_fields_set
        ],
    }
    for key, apart in reaching.items():
        # One day of the year has an hour less.
        if len(apart) > 1 and (key == limit or limit == "grace"):
            yield (
                f"{key} reaches the next run, {show_span(median(apart))} later: a late run passes for that one, and a "
                "missing one shows only after it"
            )


# What it leaves -------------------------------------------------------------------------------------------------------


def _of_its_outputs(job: Job, taken: Mapping[_Whose, list[_Whose]]) -> Iterator[str]:
    for number, output in enumerate(job.outputs):
        if output.kind is not Made.FILES:
            continue
        shown = clean(output.names.text, 80)
        if takes_everything(output):
            yield f"{shown} matches every file there with that ending: any of them passes for its output"
        others = [
            "another output of its own" if other == job.id else clean(other, 60)
            for other, _ in taken.get((job.id, number), ())
        ]
        if others:
            whose = listed(dict.fromkeys(others), 4)
            yield f"{shown} takes the files of {whose} too: those pass for its own. Write a narrower path"
        if output.must_change and output.keeps == 1:
            yield f"keeps = 1 of {shown} leaves no earlier file, so that must_change has nothing to hold it against"


def takes_everything(output: Output) -> bool:
    """True where its path takes every file of a folder, or of a suffix in it."""
    first, *others = output.names.parts[-1].pieces
    is_suffix = all(piece.kind in _WILD or piece.text.startswith(".") for piece in others)
    return first.kind in _WILD and is_suffix and not output.names.has_fields


def taken_outputs(roll: Roll) -> dict[_Whose, list[_Whose]]:
    """By an output, the other ones whose files match its path too."""
    # By folder and beginning, so that ten thousand are not each held against ten thousand.
    wide: dict[tuple[str, str], list[tuple[_Whose, Output]]] = {}
    for job in roll.jobs:
        for number, output in enumerate(job.outputs):
            if output.kind is Made.FILES and not output.is_one_file:
                place = os.path.normpath(output.folder), output.names.parts[0].beginning
                wide.setdefault(place, []).append(((job.id, number), output))
    found: dict[_Whose, list[_Whose]] = {}
    for job in roll.jobs:
        for number, output in enumerate(job.outputs):
            if output.kind is not Made.FILES:
                continue
            for whose in _whose_path_takes(output, wide):
                if whose != (job.id, number):
                    found.setdefault(whose, []).append((job.id, number))
    return found


def _whose_path_takes(output: Output, wide: Mapping[tuple[str, str], list[tuple[_Whose, Output]]]) -> Iterator[_Whose]:
    """Those of `wide` whose path takes the files of this one, whatever its wildcards stand for."""
    whole = Path(os.path.normpath(output.folder)) / output.names.named(_ANY_TIME)
    for depth in range(1, len(whole.parts)):
        folder, names = Path(*whole.parts[:-depth]), whole.parts[-depth:]
        for beginning in accumulate(names[0], initial=""):
            for whose, other in wide.get((str(folder), beginning), ()):
                if isinstance(other.names.told("/".join(names)), Told):
                    yield whose


# What it is called there ----------------------------------------------------------------------------------------------


def _named_alike(roll: Roll) -> dict[tuple[str, str], list[str]]:
    """The jobs that are called the same by their scheduler, by that and the name."""
    found: dict[tuple[str, str], list[str]] = {}
    for job in roll.jobs:
        if job.scheduler:
            found.setdefault((job.scheduler.id, job.name), []).append(job.id)
    return found


def _of_its_name(job: Job, named: Mapping[tuple[str, str], list[str]]) -> Iterator[str]:
    alike = named.get((job.scheduler.id, job.name), []) if job.scheduler else []
    others = [clean(other, 60) for other in alike if other != job.id]
    if others:
        yield f"{clean(job.name, 60)} is what its scheduler calls {listed(others, 4)} too: a run of it counts for all"
