"""`rollcall …`: what can be asked without pytest, and without asking any service."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO

from rollcall.config import json_schema
from rollcall.errors import BadInput, Mistake
from rollcall.jobs import Job, Roll
from rollcall.schedule import Every
from rollcall.settings import AS_OF, JOBS_FILE, Asked
from rollcall.text import clean, listed
from rollcall.times import read_now, show_instant, show_span

BAD_INPUT = 4  # pytest's own status for a usage error


def main(arguments: Sequence[str] | None = None, *, out: TextIO = sys.stdout, err: TextIO = sys.stderr) -> int:
    """Runs one command; the exit status: 0 done, 4 bad input."""
    asked_for = _parser().parse_args(arguments)
    try:
        for line in asked_for.command(asked_for):
            print(line, file=out)
    except BadInput as problem:
        print(f"ERROR: {problem}", file=err)
        return BAD_INPUT
    except BrokenPipeError:
        # `rollcall due | head` has seen enough; the interpreter's last flush must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rollcall", description="Did every scheduled job really do its work? (The checks: pytest checks/)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    due = commands.add_parser("due", help="every job with its last and next due run; asks no service")
    due.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs")
    due.add_argument("--jobs-file", metavar="FILE", help=f"default: jobs.toml here (${JOBS_FILE})")
    due.add_argument("--as-of", metavar="TIME", help=f"another moment than now (${AS_OF})")
    due.set_defaults(command=_due)
    schema = commands.add_parser("schema", help="the JSON Schema of jobs.toml, for editors")
    schema.set_defaults(command=_schema)
    return parser


def _schema(asked_for: argparse.Namespace) -> Iterator[str]:
    yield json.dumps(json_schema(), indent=2, ensure_ascii=False)


def _due(asked_for: argparse.Namespace) -> Iterator[str]:
    asked = Asked.of(environment=os.environ, folder=Path.cwd(), jobs_file=asked_for.jobs_file, as_of=asked_for.as_of)
    roll = asked.load(os.environ)
    now = read_now()
    at = asked.judged_at(roll, now)
    jobs = _selected(roll, asked_for.jobs)
    yield f"{show_instant(at, roll.zone, year=True)}, {roll.zone.key}"
    for job in jobs:
        yield ""
        yield from _job_lines(job, at)


def _selected(roll: Roll, ids: Sequence[str]) -> Sequence[Job]:
    known = [job.id for job in roll.jobs]
    rule = f"no such job. Declared: {listed(known, 20)}."
    mistakes = tuple(
        Mistake(place="rollcall due", value=clean(each, 60), rule=rule) for each in ids if each not in known
    )
    if mistakes:
        raise BadInput(mistakes)
    return [job for job in roll.jobs if not ids or job.id in ids]


def _job_lines(job: Job, at: datetime) -> Iterator[str]:
    title = "" if job.title == job.id else f"  {job.title}"
    yield f"{job.id}{title}"
    yield f"  {job.schedule.in_words()}, {job.zone.key} ({job.schedule.engine} `{job.schedule.text}`)"
    if isinstance(job.schedule, Every) and job.schedule.floats:
        yield "  last due  counted from its newest run, which only its service or its files can tell"
        yield f"  next due  {show_span(job.schedule.span)} after that run"
        return
    last_at, next_at = job.schedule.last_due(at), job.schedule.next_due(at)
    if last_at:
        run = job.due_run(last_at)
        limits = f"to start by {_clock(run.start_by, job)}, to be done by {_clock(run.finish_by, job)}"
        yield f"  last due  {show_instant(last_at, job.zone)}, {show_span(at - last_at)} ago; {limits}"
    if next_at:
        yield f"  next due  {show_instant(next_at, job.zone)}, in {show_span(next_at - at)}"


def _clock(at: datetime, job: Job) -> str:
    return at.astimezone(job.zone).strftime("%H:%M")
