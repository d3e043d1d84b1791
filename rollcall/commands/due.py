"""`rollcall due`: when was each job last due, when is it due next, and what does it leave? The dry run: it asks nobody.

What is doubtful about a job is told with it: what is right by itself, and most likely not what was meant.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from textwrap import wrap
from typing import TYPE_CHECKING

from rollcall.clock import clock_from
from rollcall.commands.begin import add_options, wanted_of
from rollcall.commands.selected import selected
from rollcall.roll.doubts import doubts
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind
from rollcall.run.options import AS_OF, JOBS_FILE
from rollcall.text import clean, counted
from rollcall.times import read_now, show_instant, show_span
from rollcall.verdict import interval, pause
from rollcall.verdict.run_names import expected_names

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_INSTANT = timedelta(microseconds=1)
_NARROWEST = 60
_BELOW = " " * 12  # what belongs to a due time stands below it


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    due = commands.add_parser("due", help="every job with its last and next due run, and what they leave; asks nobody")
    due.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs")
    add_options(due, (JOBS_FILE, AS_OF))
    due.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Iterator[str]:
    """The lines. Raises `BadInput`."""
    now, wanted = read_now(), wanted_of(asked_for)
    roll = wanted.load(os.environ, clock_from(now))
    # Past or to come: nobody is asked.
    at = wanted.as_of.at(roll.zone) if wanted.as_of else now
    jobs = selected(roll, asked_for.jobs)
    doubtful = doubts(roll)
    width = max(shutil.get_terminal_size().columns, _NARROWEST)
    yield f"{show_instant(at, roll.zone, year=True)}, {roll.zone.key}"
    for job in jobs:
        yield ""
        yield from _job_lines(job, at, width)
        for each in doubtful.get(job.id, ()):
            yield from wrap(f"  doubtful  {each}", width, subsequent_indent=_BELOW, break_long_words=False)


def _job_lines(job: Job, at: datetime, width: int) -> Iterator[str]:
    title = "" if job.title == job.id else f"  {job.title}"
    yield f"{job.id}{title}"
    if job.after is not None and job.within is not None:
        yield f"  {job.schedule.in_words()}, within {show_span(job.within)}: due when that one has done its work"
        yield from _outputs(job, width)
        return
    yield f"  {job.schedule.in_words()}, {job.zone.key} ({job.schedule.engine} `{job.schedule.text}`)"
    ends_at = pause.ends_at(job)
    is_paused = ends_at is not None and at < ends_at
    if ends_at is not None:
        yield f"  paused    {pause.until(job)}" if is_paused else f"  paused    no more: {pause.over(job)}"
    job = pause.owed_again(job, ends_at)
    if interval.floats(job):
        yield "  last due  counted from its newest run, which only its scheduler or its files tell"
        yield f"  next due  {show_span(interval.span_of(job))} after that run" + (
            f", and not before {show_instant(ends_at, job.zone)}" if ends_at and is_paused else ""
        )
        yield from _outputs(job, width)
        return
    last_at = job.schedule.last_due(at)
    if last_at is None or (job.since and last_at < job.since):
        last_at = None
        yield f"  last due  none owed {f'before {show_instant(job.since, job.zone)}' if job.since else 'yet'}"
    else:
        yield from _last_due(job, last_at, at, width)
    next_at = job.schedule.next_due(max(at, job.since - _INSTANT) if job.since else at)
    yield f"  next due  {f'{show_instant(next_at, job.zone)}, in {show_span(next_at - at)}' if next_at else 'never'}"
    if next_at:
        yield from _names(job, next_at, width)
    elif last_at is None:
        yield from _outputs(job, width)


def _last_due(job: Job, last_at: datetime, at: datetime, width: int) -> Iterator[str]:
    run = job.due_run(last_at)
    starts = "" if job.done_by else f"to start by {_clock(run.start_by, last_at, job)}, "
    yield f"  last due  {show_instant(last_at, job.zone)}, {show_span(at - last_at)} ago"
    yield f"{_BELOW}{starts}to be done by {_clock(run.finish_by, last_at, job)}"
    yield from _names(job, last_at, width)


def _names(job: Job, due_at: datetime, width: int) -> Iterator[str]:
    """What the run due then should leave: a line for each of its outputs."""
    for output in job.outputs:
        each = f"{counted(output.files, 'file')} named " if output.files else ""
        first, *others = (
            [_shown(output, name) for name in expected_names(job, output, due_at)]
            if output.kind is Kind.FILES
            else [_listed_by(output, width)]
        )
        yield f"{_BELOW}leaves {each}{first}"
        yield from (f"{_BELOW}    or {name}" for name in others)


def _outputs(job: Job, width: int) -> Iterator[str]:
    """What each of its runs leaves, where nobody knows before when that is due."""
    for output in job.outputs:
        yield f"  leaves    {output.written if output.kind is Kind.FILES else _listed_by(output, width)}"


def _listed_by(output: Output, width: int) -> str:
    """What finds the row or the entry, in what is left of a line."""
    said = output.shown.partition(": ")[2] if output.kind is Kind.ROWS else output.shown.strip("`")
    lead = "a row of " if output.kind is Kind.ROWS else "an entry of "
    return f"{lead}{clean(said, width - len(_BELOW) - len('leaves ') - len(lead))}"


def _shown(output: Output, name: str) -> str:
    """That name as `path` would have it, in its place."""
    above = (output.place.shown if output.place else "", "" if output.names.root == "." else output.names.root)
    root = "".join(f"{each.rstrip('/')}/" for each in above if each)
    return clean(f"{root}{name}{'/' if output.names.is_folder else ''}", 500)


def _clock(at: datetime, due_at: datetime, job: Job) -> str:
    """The clock face, with its day and zone where those are not the ones in which it is due."""
    shown, due = at.astimezone(job.zone), due_at.astimezone(job.zone)
    is_alike = (shown.date(), shown.utcoffset()) == (due.date(), due.utcoffset())
    return shown.strftime("%H:%M") if is_alike else show_instant(at, job.zone)
