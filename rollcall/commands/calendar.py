"""`rollcall calendar`: which of the past due runs left their work?

It looks at the output files alone, lists each folder once, reads no file and asks no service. It reports and does not
judge: once the table is written the exit status is 0, whatever it shows; 4 where the question was wrong.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rollcall.commands.selected import selected
from rollcall.errors import BadInput
from rollcall.gather import list_outputs
from rollcall.jobs import EARLY_TOLERANCE, Job
from rollcall.past import MOST_RUNS, Signs, past_runs
from rollcall.report.calendar import Paper, render_legend, render_past
from rollcall.schedule import Every
from rollcall.settings import AS_OF, JOBS_FILE, Asked
from rollcall.sources.output_folder import MOST_FILES
from rollcall.text import clean
from rollcall.times import parse_span, read_now, show_instant, show_span

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_SINCE = "30d"
_WIDTH = (100, 24)  # where it is not written to a terminal


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    calendar = commands.add_parser(
        "calendar",
        help="which past due runs were made, late or missed, told by the output files alone",
        description="Which past due runs were made, late or missed, told by the output files alone. "
        "It reports and does not judge: the exit status is 0 whatever the table shows.",
    )
    calendar.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs")
    calendar.add_argument("--since", metavar="SPAN", default=_SINCE, help=f'how far back, such as "2 w" ({_SINCE})')
    calendar.add_argument("--all", action="store_true", help="a row for every run, also for those simply made")
    calendar.add_argument("--jobs-file", metavar="FILE", help=f"default: jobs.toml here (${JOBS_FILE})")
    calendar.add_argument("--as-of", metavar="TIME", help=f"a past moment instead of now (${AS_OF})")
    calendar.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Iterator[str]:
    """The lines of the table. Raises `BadInput`."""
    period = _period(asked_for.since)
    asked = Asked.of(environment=os.environ, folder=Path.cwd(), jobs_file=asked_for.jobs_file, as_of=asked_for.as_of)
    roll = asked.load(os.environ)
    now = asked.judged_at(roll, read_now())
    jobs = selected(roll, asked_for.jobs)
    paper = _paper(shows_all=asked_for.all)

    # A little more, so that a run seconds early on the first morning is among them.
    outputs = list_outputs(jobs, since=now - period - EARLY_TOLERANCE, now=now)
    moment = f"{show_instant(now, roll.zone, year=True)}, {roll.zone.key}"
    yield f"{moment}: the last {show_span(period)}, told by files alone"
    yield from render_legend(paper)
    for job in jobs:
        yield ""
        yield from _head(job)
        signs = Signs.of_output(job, outputs.get(job.id), most=MOST_FILES, now=now)
        yield from _block(job, signs, paper, since=now - period, now=now)


def _period(text: str) -> timedelta:
    try:
        period = parse_span(text)
    except ValueError as error:
        rule, _, _ = str(error).partition(". ")
        raise _bad_since(text, rule) from None
    if not period:
        raise _bad_since(text, "no time at all, in which nothing was due")
    return period


def _bad_since(text: str, rule: str) -> BadInput:
    cure = 'Write a number and a unit, such as "30 d" or "2 w".'
    return BadInput.single("--since", f"{rule}. {cure}", f'"{clean(text, 60)}"')


def _paper(*, shows_all: bool) -> Paper:
    width = shutil.get_terminal_size(_WIDTH).columns
    try:
        "✓✗…·".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        # Else both ✓ and ✗ would come out as "?", which is a mark of its own.
        return Paper(width=width, is_ascii=True, shows_all=shows_all)
    return Paper(width=width, shows_all=shows_all)


def _head(job: Job) -> Iterator[str]:
    yield job.id if job.title == job.id else f"{job.id}  {job.title}"
    yield f"  {job.schedule.in_words()}, {job.zone.key} ({job.schedule.engine} `{job.schedule.text}`)"


def _block(job: Job, signs: Signs, paper: Paper, *, since: datetime, now: datetime) -> Iterator[str]:
    # One more than is shown tells whether any is left out.
    runs = past_runs(job, signs, since=since, now=now, most=MOST_RUNS + 1)
    floats = isinstance(job.schedule, Every) and job.schedule.floats
    if floats and not runs:
        why = "none of them is of a run in this time" if signs.seen else signs.because
        yield f"  cannot be told: no anchor is declared, so runs are counted from its files; {why}"
        return
    if floats:
        yield "  no anchor is declared: its runs are counted from one file to the next, from the oldest on"
    if signs.seen and job.output and not job.output.stamp:
        yield "  dated by mtime, which a copy or a restore changes: no `stamp` is declared"
    shown = runs[-MOST_RUNS:]
    left_out = shown[0].due_at if len(runs) > MOST_RUNS else None
    yield from render_past(job, shown, signs, paper, left_out=left_out)
