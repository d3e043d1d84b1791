"""`rollcall …`: what can be asked without pytest, and without asking any service."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn, TextIO

from rollcall.config import json_schema
from rollcall.errors import BadInput, Mistake
from rollcall.jobs import Job, Roll
from rollcall.schedule import Every
from rollcall.settings import AS_OF, JOBS_FILE, Asked
from rollcall.text import clean, listed
from rollcall.times import read_now, show_instant, show_span

BAD_INPUT = 4  # pytest's own status for a usage error
UNWRITTEN = 1
_INSTANT = timedelta(microseconds=1)


def main(arguments: Sequence[str] | None = None, *, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Runs one command; the exit status: 0 done, 4 bad input, 1 where it could not be told."""
    out, err = out or sys.stdout, err or sys.stderr
    asked_for = _parser().parse_args(arguments)
    try:
        _print(asked_for.command(asked_for), out)
    except BadInput as problem:
        print(f"ERROR: {problem}", file=err)
        return BAD_INPUT
    except OSError as problem:
        # The interpreter's last flush must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        if isinstance(problem, BrokenPipeError):  # `rollcall due | head` has seen enough
            return 0
        print(f"ERROR: the output cannot be written: {problem.strerror}", file=err)
        return UNWRITTEN
    return 0


def _print(lines: Iterable[str], out: TextIO) -> None:
    if isinstance(out, TextIOWrapper):
        # A title with an emoji in it is no reason to fail on a terminal that knows none.
        out.reconfigure(errors="replace")
    for line in lines:
        print(line, file=out)
    # A pipe that nobody reads any more is noticed here, not at the end of the process.
    out.flush()


class _Parser(argparse.ArgumentParser):
    """Ends a mistake with pytest's status for it."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(BAD_INPUT, f"ERROR: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="rollcall", description="Did every scheduled job really do its work? (The checks: pytest checks/)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    due = commands.add_parser("due", help="every job with its last and next due run; asks no service")
    due.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs")
    due.add_argument("--jobs-file", metavar="FILE", help=f"default: jobs.toml here (${JOBS_FILE})")
    due.add_argument("--as-of", metavar="TIME", help=f"another moment than now, past or to come (${AS_OF})")
    due.set_defaults(command=_due)
    schema = commands.add_parser("schema", help="the JSON Schema of jobs.toml, for editors")
    schema.set_defaults(command=_schema)
    return parser


def _schema(asked_for: argparse.Namespace) -> Iterator[str]:
    yield json.dumps(json_schema(), indent=2, ensure_ascii=False)


def _due(asked_for: argparse.Namespace) -> Iterator[str]:
    asked = Asked.of(environment=os.environ, folder=Path.cwd(), jobs_file=asked_for.jobs_file, as_of=asked_for.as_of)
    roll = asked.load(os.environ)
    at = asked.moment(roll.zone) or read_now()
    jobs = _selected(roll, asked_for.jobs)
    yield f"{show_instant(at, roll.zone, year=True)}, {roll.zone.key}"
    for job in jobs:
        yield ""
        yield from _job_lines(job, at)


def _selected(roll: Roll, ids: Sequence[str]) -> Sequence[Job]:
    known = [job.id for job in roll.jobs]
    rule = f"no such job. Declared: {listed(known, 20)}."
    mistakes = tuple(Mistake(place="JOB", value=f'"{clean(each, 60)}"', rule=rule) for each in ids if each not in known)
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
    yield f"  last due  {_last_due(job, at)}"
    next_at = job.schedule.next_due(max(at, job.since - _INSTANT) if job.since else at)
    yield f"  next due  {f'{show_instant(next_at, job.zone)}, in {show_span(next_at - at)}' if next_at else 'never'}"


def _last_due(job: Job, at: datetime) -> str:
    last_at = job.schedule.last_due(at)
    if last_at is None or (job.since and last_at < job.since):
        return f"none owed before {show_instant(job.since, job.zone)}" if job.since else "none owed yet"
    run = job.due_run(last_at)
    limits = f"to start by {_clock(run.start_by, job)}, to be done by {_clock(run.finish_by, job)}"
    return f"{show_instant(last_at, job.zone)}, {show_span(at - last_at)} ago; {limits}"


def _clock(at: datetime, job: Job) -> str:
    return at.astimezone(job.zone).strftime("%H:%M")
