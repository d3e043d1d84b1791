"""`rollcall rehearse`: which faults of tonight would these checks find, and which would slip through?

It asks the schedulers and looks at the outputs once, as every morning does, reads the newest file of each job that is
not too large, and plants faults on copies of what it saw. It writes to no place but, with `--all`, coverage.json among
the reports, and the files that are named.
Exit status: 0 where every fault would be found that something in jobs.toml can find; 1 where such a one would slip
through, or a job could not be rehearsed. With `--min` or `--ratchet` these alone decide: 1 where the share is too low,
or fell.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from rollcall.commands.begin import add_options, begun
from rollcall.commands.good_mornings import on_good_mornings
from rollcall.errors import BadInput
from rollcall.evidence import CannotLook, FileSeen
from rollcall.files import path_of, read_regular, write_whole
from rollcall.outputs.listing import Wanted
from rollcall.outputs.sources import source_of
from rollcall.rehearse.coverage import Coverage, read_percent
from rollcall.rehearse.document import document_of
from rollcall.rehearse.junit import junit_of
from rollcall.rehearse.kept import keep
from rollcall.rehearse.ratchet import Ratchet
from rollcall.rehearse.rehearsal import rehearse
from rollcall.report.headline import show_replay
from rollcall.roll.job import Job
from rollcall.run.options import OF_A_MORNING, SELECTION
from rollcall.run.roll_call import RollCall
from rollcall.sinks import unwritten
from rollcall.terminal.coverage import of_all, render_coverage
from rollcall.terminal.progress import Progress
from rollcall.terminal.rehearsal import rehearsal_json, render_rehearsal
from rollcall.text import clean, listed

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_WIDTH = (110, 24)  # where it is not written to a terminal
_NARROWEST, _WIDEST = 60, 120
# It is read again for each fault that is planted in it, and for each setting that is tried.
_MOST_FETCHED = 4_000_000


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser(
        "rehearse", help="plant every fault on a copy of a good morning: which would be found, which would slip through"
    )
    parser.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs, and their schedulers")
    add_options(parser, (*OF_A_MORNING, *SELECTION))
    parser.add_argument("--json", action="store_true", help="the same for programs")
    share = parser.add_argument_group("the share that would be found")
    share.add_argument("--all", action="store_true", help="of all jobs: the share by job, by cause and in all")
    share.add_argument("--min", metavar="PERCENT", help="exit status 1 where it is less, such as 90%%")
    share.add_argument(
        "--ratchet", metavar="FILE", help="exit status 1 where it fell below what FILE keeps, which rises with it"
    )
    share.add_argument("--junit", metavar="FILE", help="write each fault as a test case, for CI")
    share.add_argument(
        "--good",
        metavar="DIR",
        action="append",
        default=[],
        help="a morning that --record kept, for the jobs that are not good now; may be repeated, the newest first",
    )
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """The lines of the rehearsal; returns the exit status. Raises `BadInput`."""
    _check(asked_for)
    least = None if asked_for.min is None else read_percent("--min", asked_for.min)
    call = begun(asked_for, by="rehearse")
    if asked_for.all and call.wanted.selection:
        rule = f"rehearses all jobs, and {call.wanted.selection.shown} selects some. Leave that out."
        raise BadInput.single("--all", rule)
    jobs, at = call.wanted.selection.jobs_of(call.roll, asked_for.jobs), call.start.judged_at
    declared = frozenset(job.id for job in call.roll.jobs)
    ratchet = None if asked_for.ratchet is None else Ratchet.read(path_of(asked_for.ratchet), declared)
    if asked_for.junit is not None:
        _check_is_free(path_of(asked_for.junit), call.roll.file, *([ratchet.file] if ratchet else []))
    if call.start.replay_of and not asked_for.json:
        yield f"{show_replay(call.start.replay_of, call.roll.zone)}: nobody is asked"
    # The files of a record are on another machine, or gone.
    fetch = _nothing if call.start.replay_of else fetched
    progress = Progress(sys.stderr, "rehearsing jobs").show
    rehearsal = rehearse(call.roll, call.ask(jobs, at=at), now=at, jobs=jobs, fetch=fetch, progress=progress)
    if asked_for.all:
        rehearsal = on_good_mornings(rehearsal, call, [path_of(each) for each in asked_for.good])
    width = min(max(shutil.get_terminal_size(_WIDTH).columns, _NARROWEST), _WIDEST)
    if asked_for.all:
        return (yield from _share(Coverage.of(rehearsal), call, least, ratchet, asked_for, width))
    if asked_for.json:
        yield rehearsal_json(rehearsal)
    else:
        yield from render_rehearsal(rehearsal, width=width)
    return 0 if rehearsal.is_whole else 1


def _check(asked_for: argparse.Namespace) -> None:
    """Raises `BadInput` where what is asked for contradicts itself."""
    if asked_for.all and asked_for.jobs:
        raise BadInput.single("--all", "rehearses all jobs. Leave out JOB, or --all.")
    named = [f"--{each}" for each in ("min", "ratchet", "junit", "good") if getattr(asked_for, each) not in (None, [])]
    if named and not asked_for.all:
        raise BadInput.single(named[0], f"{listed(named)} {'is' if len(named) == 1 else 'are'} of all jobs. Add --all.")


def _check_is_free(junit: Path, *others: Path) -> None:
    """Raises `BadInput` where what CI reads would be written over what is kept."""
    if junit.resolve() in (each.resolve() for each in others):
        rule = "is another file of this rehearsal, and would be written over. Name one of its own."
        raise BadInput.single("--junit", rule, f'"{clean(str(junit))}"')


def _share(
    coverage: Coverage,
    call: RollCall,
    least: Fraction | None,
    ratchet: Ratchet | None,
    asked_for: argparse.Namespace,
    width: int,
) -> Generator[str, None, int]:
    """The share in all, held against what it must be; what is to be kept is written."""
    document = document_of(coverage, made_at=call.clock(), written=call.roll.written)
    limits = tuple(_limits(coverage, least, ratchet))
    has_limit = least is not None or ratchet is not None
    fails = any(why for _, why in limits) if has_limit else not coverage.rehearsal.is_whole
    if asked_for.json:
        yield document.model_dump_json(indent=1)
    else:
        yield from render_coverage(coverage, width=width)
        yield ""
    # A program that reads the JSON finds nothing else among it.
    notes = [f"FAILS: {why}" if why else f"PASSES: {name}" for name, why in limits]
    problems = []
    try:
        keep(call.start.folder, document)
        if asked_for.junit is not None:
            write_whole(path_of(asked_for.junit), junit_of(coverage, limits, has_limit=has_limit))
        if ratchet and not fails and (text := ratchet.raised(coverage)):
            write_whole(ratchet.file, text)
            notes.append(f"{clean(str(ratchet.file))} was written: it keeps {coverage.in_all}. Commit it.")
    except OSError as problem:
        problems.append(f"ERROR: {unwritten(problem)}")
    for each in notes:
        if asked_for.json:
            print(each, file=sys.stderr)
        else:
            yield each
    for each in problems:
        print(each, file=sys.stderr)
    return 1 if fails or problems else 0


def _limits(coverage: Coverage, least: Fraction | None, ratchet: Ratchet | None) -> Iterator[tuple[str, str | None]]:
    """What it is held against, and why it fails, None where it holds."""
    if least is not None:
        name = f"at least {float(least * 100):g}%"
        fails = coverage.counted.fraction < least
        yield name, f"{of_all(coverage)}; --min asks for {name}" if fails else None
    if ratchet:
        fell: Sequence[str] = tuple(ratchet.fallen(coverage))
        for each in fell:
            yield "no lower than before", each
        if not fell:
            yield "no lower than before", None


def fetched(job: Job, file: FileSeen) -> bytes | None:
    """All that is in that file of the first output of the job; None where it is too large, packed away, or gone.

    Also of what lies on another host: what has its name here is another file.
    """
    output = job.outputs[0]
    if job.host or file.size is None or file.size > _MOST_FETCHED:
        return None
    start = file.made_at
    wanted = Wanted(key=(job.id, 0), output=output, zone=job.zone_of(output), since=start, read_since=start)
    until = time.monotonic() + output.timeout.total_seconds()
    try:
        with source_of(output).at_hand(file.name, wanted, until=until) as path:
            return read_regular(path, _MOST_FETCHED)
    except (CannotLook, OSError, ValueError):
        return None


def _nothing(job: Job, file: FileSeen) -> None:
    return None
