"""`rollcall rehearse`: which faults of tonight would these checks find, and which would slip through?

It asks the services and looks at the outputs once, as every morning does, and plants faults on copies of what it saw.
Exit status: 0 where every fault would be found, 1 where one would slip through or a job could not be rehearsed.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from rollcall.commands.present import clock_from
from rollcall.commands.selected import selected
from rollcall.gather import gather
from rollcall.rehearsal import rehearse
from rollcall.report.rehearsal import render_rehearsal
from rollcall.settings import AS_OF, JOBS_FILE, SERVICE_URL, Asked
from rollcall.times import read_now

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_WIDTH = (110, 24)  # where it is not written to a terminal
_NARROWEST, _WIDEST = 60, 120


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser(
        "rehearse", help="plant every fault on a copy of a good morning: which would be found, which would slip through"
    )
    parser.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs, and their services")
    parser.add_argument("--jobs-file", metavar="FILE", help=f"default: jobs.toml here (${JOBS_FILE})")
    parser.add_argument(
        "--service-url",
        metavar="[NAME=]URL",
        action="append",
        default=[],
        help=f"where a service is asked, instead of its url in the file (${SERVICE_URL})",
    )
    parser.add_argument("--as-of", metavar="TIME", help=f"a past moment instead of now (${AS_OF})")
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """The lines of the rehearsal; returns the exit status. Raises `BadInput`."""
    asked = Asked.of(
        environment=os.environ,
        folder=Path.cwd(),
        jobs_file=asked_for.jobs_file,
        service_urls=asked_for.service_url,
        as_of=asked_for.as_of,
    )
    roll = asked.load(os.environ)
    clock = clock_from(read_now())
    now = asked.judged_at(roll, clock())
    jobs = selected(roll, asked_for.jobs)
    rehearsal = rehearse(roll, gather(jobs, (), now=now, clock=clock), now=now, jobs=jobs)
    yield from render_rehearsal(rehearsal, width=_width())
    return 0 if rehearsal.is_whole else 1


def _width() -> int:
    return min(max(shutil.get_terminal_size(_WIDTH).columns, _NARROWEST), _WIDEST)
