"""`rollcall due`: when was each job last due, when is it due next? The dry run: it asks no scheduler.

What is doubtful about a job is told with it: what is right by itself, and most likely not what was meant.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rollcall.clock import clock_from
from rollcall.commands.begin import add_options, wanted_of
from rollcall.commands.selected import selected
from rollcall.roll.doubts import doubts
from rollcall.roll.job import Job
from rollcall.run.options import AS_OF, JOBS_FILE
from rollcall.times import read_now, show_instant, show_span
from rollcall.verdict import interval, pause

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_INSTANT = timedelta(microseconds=1)


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    due = commands.add_parser("due", help="every job with its last and next due run; asks no scheduler")
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
    yield f"{show_instant(at, roll.zone, year=True)}, {roll.zone.key}"
    for job in jobs:
        yield ""
        yield from _job_lines(job, at)
        yield from (f"  doubtful  {each}" for each in doubtful.get(job.id, ()))


def _job_lines(job: Job, at: datetime) -> Iterator[str]:
    title = "" if job.title == job.id else f"  {job.title}"
    yield f"{job.id}{title}"
    if job.after is not None and job.within is not None:
        yield f"  {job.schedule.in_words()}, within {show_span(job.within)}: due when that one has done its work"
        return
    yield f"  {job.schedule.in_words()}, {job.zone.key} ({job.schedule.engine} `{job.schedule.text}`)"
    ends_at = pause.ends_at(job)
    is_paused = ends_at is not None and at < ends_at
    if ends_at is not None:
        yield f"  paused    {pause.until(job)}" if is_paused else f"  paused    no more: {pause.over(job)}"
    job = pause.owed_again(job, ends_at)
    if interval.floats(job):
        yield "  last due  counted from its newest run, which only its scheduler or its files can tell"
        yield f"  next due  {show_span(interval.span_of(job))} after that run" + (
            f", and not before {show_instant(ends_at, job.zone)}" if ends_at and is_paused else ""
        )
        return
    yield f"  last due  {_last_due(job, at)}"
    next_at = job.schedule.next_due(max(at, job.since - _INSTANT) if job.since else at)
    yield f"  next due  {f'{show_instant(next_at, job.zone)}, in {show_span(next_at - at)}' if next_at else 'never'}"


def _last_due(job: Job, at: datetime) -> str:
    last_at = job.schedule.last_due(at)
    if last_at is None or (job.since and last_at < job.since):
        return f"none owed before {show_instant(job.since, job.zone)}" if job.since else "none owed yet"
    run = job.due_run(last_at)
    starts = "" if job.done_by else f"to start by {_clock(run.start_by, last_at, job)}, "
    limits = f"{starts}to be done by {_clock(run.finish_by, last_at, job)}"
    return f"{show_instant(last_at, job.zone)}, {show_span(at - last_at)} ago; {limits}"


def _clock(at: datetime, due_at: datetime, job: Job) -> str:
    """The clock face, with its day where that is not the one on which it is due."""
    is_same_day = at.astimezone(job.zone).date() == due_at.astimezone(job.zone).date()
    return at.astimezone(job.zone).strftime("%H:%M") if is_same_day else show_instant(at, job.zone)
