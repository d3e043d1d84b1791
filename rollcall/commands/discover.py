"""`rollcall discover`: which jobs do the schedulers of jobs.toml list that nobody declares?

With --append each gets a table at the end of jobs.toml, to be corrected; what nobody says when it is due is written as
a comment. Exit status: 0, 1 where a scheduler could not be asked, 4 bad input.
"""

from __future__ import annotations

import argparse
import json
import os
import tomllib
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rollcall.ask import gather
from rollcall.clock import clock_from
from rollcall.commands.begin import add_options, wanted_of
from rollcall.errors import BadInput
from rollcall.evidence import NotSeen, SchedulerSeen
from rollcall.files import write_whole
from rollcall.run.hosts import host_evidence
from rollcall.run.options import JOBS_FILE
from rollcall.text import clean, counted
from rollcall.times import read_now

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

    from rollcall.starter.first_jobs import FirstJob


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser("discover", help="the jobs that the schedulers list and nobody declares")
    add_options(parser, (JOBS_FILE,))
    parser.add_argument("--append", action="store_true", help="write a table for each at the end of jobs.toml")
    parser.add_argument("--json", action="store_true", help="the same for programs")
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """A line for each job; returns the exit status. Raises `BadInput`."""
    from rollcall.starter.first_jobs import first_jobs

    if asked_for.json and asked_for.append:
        raise BadInput.single("--json", "is for looking only. Leave it or --append out.")
    now, wanted = read_now(), wanted_of(asked_for)
    clock = clock_from(now)
    roll = wanted.load(os.environ, clock, may_be_empty=True)
    if not roll.schedulers and not asked_for.json:
        yield f"{clean(str(wanted.jobs_file))} declares no scheduler to ask: write a [schedulers.NAME] table first"
    asked = dict(gather((), roll.schedulers, now=now, clock=clock).schedulers)
    if roll.hosts:
        left = host_evidence(roll, None, given_as="", folder=Path.cwd(), environment=os.environ)
        asked |= left.read(roll, clock()).evidence((), roll.schedulers, now).schedulers
    seen = {each.id: asked[each.id] for each in roll.schedulers}
    found: dict[str, tuple[FirstJob, ...]] = {}
    taken, names = {job.id for job in roll.jobs}, {each.id: list[str]() for each in roll.schedulers}
    for job in roll.jobs:
        if job.scheduler:
            names[job.scheduler.id].append(job.name)
    for scheduler in roll.schedulers:
        if not isinstance(answer := seen[scheduler.id], NotSeen):
            found[scheduler.id] = first_jobs(scheduler, answer, roll.zone, taken=taken, names=names[scheduler.id])
            taken |= {each.id for each in found[scheduler.id]}
    if asked_for.json:
        yield _as_json(seen, found)
    else:
        for scheduler_id, answer in seen.items():
            yield from _lines(scheduler_id, answer, found.get(scheduler_id, ()))
    tables = [each.of(scheduler_id) for scheduler_id, jobs in found.items() for each in jobs]
    if tables and asked_for.append:
        wrote = _append(wanted.jobs_file, tables)
        told = f"{counted(wrote, 'table')} at the end of {wanted.jobs_file}: correct them, then: rollcall due"
        yield (f"wrote {told}" if wrote else "wrote nothing: they are there as comments already")
    elif tables and not asked_for.json:
        yield "`rollcall discover --append` writes a table for each; `ignore` of its scheduler leaves jobs out"
    return 1 if len(found) < len(seen) else 0


def _lines(scheduler_id: str, answer: SchedulerSeen | NotSeen, jobs: Sequence[FirstJob]) -> Iterator[str]:
    if isinstance(answer, NotSeen):
        yield f"{scheduler_id}: cannot be asked: {answer.detail}"
        return
    said = f"{counted(len(jobs), 'job')} that nobody declares" if jobs else "nothing that is not declared"
    if answer.jobs is None:
        said = "it lists no jobs, so they can only be declared by hand"
    yield f"{scheduler_id}: {said}"
    for each in jobs:
        yield f"  {each.id}  {each.due if each.is_due else 'nothing there says when it is due'}"


def _as_json(seen: Mapping[str, SchedulerSeen | NotSeen], found: Mapping[str, Sequence[FirstJob]]) -> str:
    """By scheduler: the jobs that nobody declares, null where it could not be asked, and why."""
    whole = {
        scheduler_id: {
            "not_seen": {"code": answer.code, "detail": answer.detail} if isinstance(answer, NotSeen) else None,
            "jobs": [{"id": each.id, "due": each.due if each.is_due else None} for each in found[scheduler_id]]
            if scheduler_id in found
            else None,
        }
        for scheduler_id, answer in seen.items()
    }
    return json.dumps({"version": 1, "schedulers": whole}, ensure_ascii=False, indent=1)


def _append(file: Path, jobs: Sequence[FirstJob]) -> int:
    """Returns how many tables were written: what is there as a comment is not written again."""
    from rollcall.starter.first_jobs import write_tables

    place = clean(str(file))
    try:
        text = file.read_text(encoding="utf-8")
        jobs = [each for each in jobs if each.is_due or f"# [jobs.{each.key}]" not in text]
        whole = text.rstrip("\n") + "\n" + write_tables(jobs)
        tomllib.loads(whole)
        if jobs:
            write_whole(file, whole)
    except ValueError as problem:
        raise BadInput.single(place, f"would be no TOML with them at its end ({problem}). Add them by hand.") from None
    except OSError as problem:
        raise BadInput.single(place, f"cannot be written: {problem.strerror or problem}.") from None
    return len(jobs)
