"""`rollcall backtest`: what would the kept mornings have said under this jobs.toml, by today's rules?

It asks nobody, and reads what [history] evidence has kept. Exit status: 0 all of it was judged again; 1 a morning could
not be, none is kept, or more alarms would be new than --max-new allows; 4 bad input.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING

from rollcall.backtest.result import Backtest, Kind
from rollcall.backtest.run import NotJudged, backtest
from rollcall.commands.begin import add_options, wanted_of
from rollcall.commands.calendar import read_period
from rollcall.errors import BadInput
from rollcall.recorded.archive import Archive
from rollcall.roll.load import load
from rollcall.roll.roll import Roll
from rollcall.run.archive import archive_of
from rollcall.run.options import JOBS_FILE
from rollcall.run.wanted import Wanted
from rollcall.storage import StorageProblem
from rollcall.terminal.backtest import backtest_json, render_backtest
from rollcall.terminal.progress import Progress
from rollcall.times import read_now, show_span

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_SINCE = "90d"
_WIDTH = (110, 24)  # where it is not written to a terminal
_NARROWEST, _WIDEST = 60, 140


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser(
        "backtest",
        help="judge all kept mornings again: which alarms would be new, which would be gone",
        description="Judges the mornings that [history] evidence has kept again, under this jobs.toml and by today's "
        "rules, and asks nobody. Exit status: 0 all were judged again; 1 one could not be, none is kept, or more "
        "alarms would be new than --max-new allows; 4 bad input.",
    )
    parser.add_argument("--since", metavar="SPAN", default=_SINCE, help=f"how far back, such as 2w ({_SINCE})")
    add_options(parser, (JOBS_FILE,))
    parser.add_argument(
        "--from",
        dest="source",
        metavar="PLACE",
        help="where the mornings are kept, if not where [history] evidence of that jobs.toml says",
    )
    parser.add_argument("--max-new", metavar="N", type=int, help="exit status 1 where more alarms would be new")
    parser.add_argument("--json", action="store_true", help="the same for programs")
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """The lines; returns the exit status. Raises `BadInput`."""
    wanted, now, period = wanted_of(asked_for), read_now(), read_period(asked_for.since)
    if asked_for.max_new is not None and asked_for.max_new < 0:
        raise BadInput.single("--max-new", "is below 0. Write how many new alarms are as many as you want.")
    roll = load(wanted.jobs_file, environment={}, shown_as=wanted.shown_file, is_replay=True)
    archive = _archive(asked_for.source, roll, wanted)
    try:
        found = backtest(
            archive,
            wanted.jobs_file.absolute(),
            wanted.shown_file,
            since=now - period,
            now=now,
            progress=Progress(sys.stderr, "judging mornings again").show,
        )
    except (StorageProblem, NotJudged) as problem:
        print(f"ERROR: {problem}", file=sys.stderr)
        return 1
    status = _status(found, asked_for.max_new)
    if asked_for.json:
        yield backtest_json(found, roll.zone)
        return status
    width = min(max(shutil.get_terminal_size(_WIDTH).columns, _NARROWEST), _WIDEST)
    if not found.mornings and not found.unfit:
        yield f"No morning of the last {show_span(period)} is kept in {archive.shown}: nothing was judged again."
    else:
        yield from render_backtest(found, roll.zone, shown_file=wanted.shown_file, width=width)
    if asked_for.max_new is not None and (new := len(found.of_kind(Kind.NEW))) > asked_for.max_new:
        yield f"--max-new {asked_for.max_new}: {new} would be new."
    return status


def _archive(source: str | None, roll: Roll, wanted: Wanted) -> Archive:
    """Where the mornings are kept. Raises `BadInput`."""
    places = {each.id for each in roll.places}
    if (source or roll.history.evidence) in places:
        # Only what asks a place reads its variables, and nobody here asks a scheduler.
        roll = load(wanted.jobs_file, environment=os.environ, shown_as=wanted.shown_file)
    archive = archive_of(roll, os.environ, named=source)
    if archive is None:
        rule = 'is not set: no morning was kept. Write evidence = "kept-mornings" there, or name the place with --from.'
        raise BadInput.single(f"{wanted.shown_file}: [history] evidence", rule)
    return archive


def _status(found: Backtest, max_new: int | None) -> int:
    is_too_much = max_new is not None and len(found.of_kind(Kind.NEW)) > max_new
    return int(bool(found.unfit) or not found.mornings or is_too_much)
