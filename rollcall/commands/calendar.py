"""`rollcall calendar`: which of the past due runs left their work?

It looks at the output files, lists each folder once, reads no file and asks no scheduler; where retention has taken a
file, what an earlier morning found is told from the history. It reports and does not judge: once the table is written
the exit status is 0, whatever it shows; 4 where the question was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from rollcall.ask import list_outputs
from rollcall.clock import clock_from
from rollcall.commands.begin import add_options, wanted_of
from rollcall.commands.in_store import add_store, store_in
from rollcall.errors import BadInput
from rollcall.history.past import MOST_RUNS, PastRun, Signs, past_runs
from rollcall.history.reading import read
from rollcall.history.rows import NOTHING
from rollcall.outputs.listing import MOST_FILES
from rollcall.roll.due_run import EARLY_TOLERANCE, LOOKING_TIME
from rollcall.roll.job import Job
from rollcall.roll.output_rules import Kind
from rollcall.run.options import AS_OF, JOBS_FILE, REPLAY, SELECTION
from rollcall.terminal.calendar import Paper, render_legend, render_past
from rollcall.terminal.colour import is_coloured
from rollcall.text import clean
from rollcall.times import in_zone, parse_span, read_now, show_instant, show_span, to_iso
from rollcall.verdict import interval

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_SINCE = "30d"
_WIDTH = (100, 24)  # where it is not written to a terminal


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    calendar = commands.add_parser(
        "calendar",
        help="which past due runs were made, late or missed, known from output files and history",
        description="Which past due runs were made, late or missed, known from the output files, and from the history "
        "of earlier mornings where a file is gone. "
        "It reports and does not judge: the exit status is 0 whatever the table shows.",
    )
    calendar.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs")
    calendar.add_argument("--since", metavar="SPAN", default=_SINCE, help=f'how far back, such as "2 w" ({_SINCE})')
    calendar.add_argument("--all", action="store_true", help="a row for every run, also for those simply made")
    calendar.add_argument("--json", action="store_true", help="the same for programs")
    add_options(calendar, (JOBS_FILE, *SELECTION, AS_OF, REPLAY))
    add_store(calendar)
    calendar.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Iterator[str]:
    """The lines of the table. Raises `BadInput`."""
    period = read_period(asked_for.since)
    wanted = wanted_of(asked_for)
    if recorded := wanted.load_replay():
        roll, chronicle = recorded.roll, NOTHING
        jobs, now = wanted.selection.jobs_of(roll, asked_for.jobs), wanted.judged_at(roll, recorded.recorded_at)
        # Only those of its look-back are in the record, however few they are.
        outputs, most = recorded.seen_at(now).outputs, 0
        by = f"the files of the morning recorded {show_instant(recorded.recorded_at, roll.zone)}"
    else:
        present = read_now()
        roll = wanted.load(os.environ, clock_from(present))
        jobs, now = wanted.selection.jobs_of(roll, asked_for.jobs), wanted.judged_at(roll, present)
        # What was judged at this very moment counts as well.
        chronicle = read(store_in(asked_for, wanted), jobs, now=now + LOOKING_TIME, most=MOST_RUNS)
        # A little more, so that a run seconds early on the first morning is among them.
        outputs, most = list_outputs(jobs, since=now - period - EARLY_TOLERANCE, now=now), MOST_FILES
        by = "files, and from history where a file is gone" if chronicle.rows else "files alone"
    paper = paper_for(shows_all=asked_for.all)
    found = [
        (job, signs, past_runs(job, signs, since=now - period, now=now, rows=chronicle.of(job.id), most=MOST_RUNS + 1))
        for job in jobs
        for signs in [Signs.of_output(job, next(iter(outputs.get(job.id, ())), None), most=most, now=now)]
    ]
    if asked_for.json:
        yield json.dumps(
            {
                "version": 1,
                "judged_at": to_iso(now, roll.zone),
                "jobs": {job.id: [_as_json(each, job) for each in runs[-MOST_RUNS:]] for job, _, runs in found},
            },
            ensure_ascii=False,
            indent=1,
        )
        return
    yield from paper.wrapped(f"{in_zone(now, roll.zone)}: the last {show_span(period)}, known from {by}", "  ")
    if chronicle.problem:
        yield from paper.wrapped(chronicle.problem, "  ")
    yield from render_legend(paper)
    # One more than is shown says whether any is left out.
    for job, signs, runs in found:
        yield ""
        yield job.id if job.title == job.id else f"{job.id}  {job.title}"
        yield f"  {job.schedule.in_words()}, {job.zone.key} ({job.schedule.engine} `{job.schedule.text}`)"
        yield from _block(job, signs, runs, paper)


def _as_json(past: PastRun, job: Job) -> dict[str, object]:
    return {
        "due_at": to_iso(past.due_at, job.zone),
        "standing": past.standing,
        "flaw": past.flaw,
        "made_at": to_iso(past.made_at, job.zone) if past.made_at else None,
        "file": past.file.shown if past.file else None,
        "from_history": past.remembered is not None,
    }


def _block(job: Job, signs: Signs, runs: Sequence[PastRun], paper: Paper) -> Iterator[str]:
    floats = interval.floats(job)
    if floats and not runs:
        why = "none of them is of a run in this time" if signs.seen else signs.because
        yield f"  not known: no anchor is declared, so runs are counted from its files; {why}"
        return
    if floats:
        yield "  no anchor is declared: its runs are counted from one file to the next, from the oldest on"
    if signs.seen and job.output and job.output.kind is Kind.FILES and not job.output.tells_its_run:
        yield "  dated by mtime, which a copy or a restore changes: its `path` has no date in it"
    shown = runs[-MOST_RUNS:]
    left_out = shown[0].due_at if len(runs) > MOST_RUNS else None
    yield from render_past(job, shown, signs, paper, left_out=left_out)


def read_period(text: str) -> timedelta:
    """The span that --since names. Raises `BadInput`."""
    try:
        period = parse_span(text)
        rule = "" if period else "no time at all, in which nothing was due"
    except ValueError as error:
        rule = str(error).partition(". ")[0]
    if rule:
        cure = 'Write a number and a unit, such as "30 d" or "2 w".'
        raise BadInput.single("--since", f"{rule}. {cure}", f'"{clean(text, 60)}"')
    return period


def paper_for(*, shows_all: bool) -> Paper:
    """What is written on: the terminal, or a file."""
    try:
        "✓✗…·".encode(sys.stdout.encoding or "ascii")
        is_ascii = False
    except (UnicodeEncodeError, LookupError):
        is_ascii = True  # else both ✓ and ✗ would come out as "?", which is a mark of its own
    return Paper(
        width=shutil.get_terminal_size(_WIDTH).columns,
        is_ascii=is_ascii,
        shows_all=shows_all,
        is_coloured=is_coloured(sys.stdout, os.environ),
    )
