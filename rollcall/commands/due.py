"""`rollcall due`: when was each job last due, when is it due next, and what does it leave? The dry run: it asks nobody.

What is doubtful about a job is told with it: what is right by itself, and most likely not what was meant.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from textwrap import wrap
from typing import TYPE_CHECKING

from rollcall.clock import clock_from
from rollcall.commands.begin import add_options, wanted_of
from rollcall.roll.doubts import doubts
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind
from rollcall.run.options import AS_OF, JOBS_FILE, SELECTION
from rollcall.text import clean, counted
from rollcall.times import in_zone, read_now, show_instant, show_span, to_iso
from rollcall.verdict import interval, pause, show
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
    due.add_argument("--next", action="store_true", help="the next due run of each, the first one first")
    due.add_argument("--json", action="store_true", help="the same for programs")
    add_options(due, (JOBS_FILE, *SELECTION, AS_OF))
    due.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Iterator[str]:
    """The lines. Raises `BadInput`."""
    now, wanted = read_now(), wanted_of(asked_for)
    roll = wanted.load(os.environ, clock_from(now))
    # Past or to come: nobody is asked.
    at = wanted.as_of.at(roll.zone) if wanted.as_of else now
    jobs = wanted.selection.jobs_of(roll, asked_for.jobs)
    found = [_due_of(job, at) for job in jobs]
    if asked_for.next:
        found.sort(key=lambda each: (each.next_at is None, each.next_at or at))
    doubtful = doubts(roll)
    if asked_for.json:
        whole = [_as_json(each, doubtful.get(each.job.id, ())) for each in found]
        yield json.dumps({"version": 1, "at": to_iso(at, roll.zone), "jobs": whole}, ensure_ascii=False, indent=1)
        return
    width = max(shutil.get_terminal_size().columns, _NARROWEST)
    yield in_zone(at, roll.zone)
    if asked_for.next:
        yield from _in_order(found, at)
        return
    for each in found:
        yield ""
        yield from _job_lines(each, at, width)
        for doubt in doubtful.get(each.job.id, ()):
            yield from wrap(f"  doubtful  {doubt}", width, subsequent_indent=_BELOW, break_long_words=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A job as it is owed at some moment: when it was due last, and is due next.

    `last_at` is None where none was owed yet, `next_at` where there is none. Both are where nobody knows them before:
    where it is due after another, or `floats`, being counted from its newest run. `pause_ends_at` is None where it has
    no pause.
    """

    job: Job
    last_at: datetime | None = None
    next_at: datetime | None = None
    floats: bool = False
    pause_ends_at: datetime | None = None


def _due_of(job: Job, at: datetime) -> _Due:
    ends_at = pause.ends_at(job)
    job = pause.owed_again(job, ends_at)
    if job.after is not None:
        return _Due(job=job, pause_ends_at=ends_at)
    if interval.floats(job):
        return _Due(job=job, floats=True, pause_ends_at=ends_at)
    last_at = job.schedule.last_due(at)
    if last_at and job.since and last_at < job.since:
        last_at = None
    next_at = job.schedule.next_due(max(at, job.since - _INSTANT) if job.since else at)
    return _Due(job=job, last_at=last_at, next_at=next_at, pause_ends_at=ends_at)


def _as_json(due: _Due, doubtful: Sequence[str]) -> dict[str, object]:
    job, run = due.job, due.job.due_run(due.last_at) if due.last_at else None

    def iso(at: datetime | None) -> str | None:
        return to_iso(at, job.zone) if at else None

    return {
        "id": job.id,
        "title": job.title,
        "schedule": job.schedule.text,
        "in_words": job.schedule.in_words(),
        "engine": job.schedule.engine,
        "timezone": job.zone.key,
        "after": job.after,
        "last_due_at": iso(due.last_at),
        "start_by": iso(run.start_by) if run else None,
        "finish_by": iso(run.finish_by) if run else None,
        "next_due_at": iso(due.next_at),
        "paused_until": iso(due.pause_ends_at),
        "outputs": [each.written if each.kind is Kind.FILES else each.shown for each in job.outputs],
        "doubtful": list(doubtful),
    }


def _in_order(found: Sequence[_Due], at: datetime) -> Iterator[str]:
    """A line for each next due run, the first one first; then the jobs of which nobody knows it before."""
    coming = [each for each in found if each.next_at]
    spans = [show_span(each.next_at - at) for each in coming if each.next_at]
    times = [show_instant(each.next_at, each.job.zone) for each in coming if each.next_at]
    widths = [max(map(len, column), default=0) for column in (spans, times)]
    for each, span, time in zip(coming, spans, times, strict=True):
        yield f"in {span:<{widths[0]}}  {time:<{widths[1]}}  {clean(each.job.id)}"
    for each in found:
        if each.next_at is None:
            yield f"{clean(each.job.id)}: {_not_known(each, at)}"


def _not_known(due: _Due, at: datetime) -> str:
    job, ends_at = due.job, due.pause_ends_at
    if job.after is not None and job.within is not None:
        return f"{job.schedule.in_words()}, within {show_span(job.within)}: due when that one has done its work"
    if due.floats:
        not_before = f", and not before {show_instant(ends_at, job.zone)}" if ends_at and at < ends_at else ""
        return f"{show_span(interval.span_of(job))} after its newest run{not_before}"
    return "never"


def _job_lines(due: _Due, at: datetime, width: int) -> Iterator[str]:
    job, ends_at = due.job, due.pause_ends_at
    title = "" if job.title == job.id else f"  {job.title}"
    yield f"{job.id}{title}"
    if job.after is not None:
        yield f"  {_not_known(due, at)}"
        yield from _outputs(job, width)
        return
    yield f"  {job.schedule.in_words()}, {job.zone.key} ({job.schedule.engine} `{job.schedule.text}`)"
    if ends_at is not None:
        yield f"  paused    {pause.until(job)}" if at < ends_at else f"  paused    no more: {pause.over(job)}"
    if due.floats:
        yield "  last due  counted from its newest run, which only its scheduler or its files know"
        yield f"  next due  {_not_known(due, at)}"
        yield from _outputs(job, width)
        return
    if due.last_at is None:
        yield f"  last due  none owed {f'before {show_instant(job.since, job.zone)}' if job.since else 'yet'}"
    else:
        yield from _last_due(job, due.last_at, at, width)
    next_at = due.next_at
    yield f"  next due  {f'{show_instant(next_at, job.zone)}, in {show_span(next_at - at)}' if next_at else 'never'}"
    if next_at:
        yield from _names(job, next_at, width)
    elif due.last_at is None:
        yield from _outputs(job, width)


def _last_due(job: Job, last_at: datetime, at: datetime, width: int) -> Iterator[str]:
    run = job.due_run(last_at)
    starts = "" if job.done_by else f"to start by {show.limit(run.start_by, run, job)}, "
    yield f"  last due  {show_instant(last_at, job.zone)}, {show_span(at - last_at)} ago"
    yield f"{_BELOW}{starts}to be done by {show.limit(run.finish_by, run, job)}"
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
