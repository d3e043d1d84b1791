"""`rollcall rehearse`: which faults of tonight would these checks find, and which would slip through?

It asks the schedulers and looks at the outputs once, as every morning does, reads the newest file of each job that is
not too large, and plants faults on copies of what it saw. It writes to no place.
Exit status: 0 where every fault would be found, 1 where one would slip through or a job could not be rehearsed.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Generator
from typing import TYPE_CHECKING

from rollcall.commands.begin import add_options, begun
from rollcall.evidence import CannotLook, FileSeen
from rollcall.files import read_regular
from rollcall.outputs.listing import Wanted
from rollcall.outputs.sources import source_of
from rollcall.rehearse.rehearsal import rehearse
from rollcall.report.headline import show_replay
from rollcall.roll.job import Job
from rollcall.run.options import OF_A_MORNING, SELECTION
from rollcall.terminal.rehearsal import rehearsal_json, render_rehearsal

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
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """The lines of the rehearsal; returns the exit status. Raises `BadInput`."""
    call = begun(asked_for, by="rehearse")
    jobs, at = call.wanted.selection.jobs_of(call.roll, asked_for.jobs), call.start.judged_at
    if call.start.replay_of and not asked_for.json:
        yield f"{show_replay(call.start.replay_of, call.roll.zone)}: nobody is asked"
    # The files of a record are on another machine, or gone.
    fetch = _nothing if call.start.replay_of else fetched
    rehearsal = rehearse(call.roll, call.ask(jobs, at=at), now=at, jobs=jobs, fetch=fetch)
    if asked_for.json:
        yield rehearsal_json(rehearsal)
        return 0 if rehearsal.is_whole else 1
    width = min(max(shutil.get_terminal_size(_WIDTH).columns, _NARROWEST), _WIDEST)
    yield from render_rehearsal(rehearsal, width=width)
    return 0 if rehearsal.is_whole else 1


def fetched(job: Job, file: FileSeen) -> bytes | None:
    """All that is in that file of the first output of the job; None where it is too large, packed away, or gone."""
    output = job.outputs[0]
    if file.size is None or file.size > _MOST_FETCHED:
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
