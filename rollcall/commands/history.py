"""`rollcall history`: what was found on earlier mornings? It reads what was remembered, and asks nobody.

`--export jsonl` and `--import FILE` carry it from one machine to another, such as from one run in CI to the next. Exit
status: 0 where it could be told or carried, 1 where the file cannot be read or written, 4 where the question was wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rollcall.clock import clock_from
from rollcall.commands.begin import add_options, wanted_of
from rollcall.commands.calendar import paper_for, read_period
from rollcall.errors import BadInput, Mistake
from rollcall.history.lines import from_lines, to_lines
from rollcall.history.reading import read_whole
from rollcall.history.rows import FILE, Row, Whole
from rollcall.history.writing import merge
from rollcall.report.history import render_key, render_mornings, render_rows
from rollcall.run.options import JOBS_FILE
from rollcall.run.wanted import Wanted
from rollcall.text import clean, counted, listed
from rollcall.times import read_now, show_instant, show_span

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_SINCE = "30d"
_FAILED = 1
_STANDARD_INPUT = "-"


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    history = commands.add_parser("history", help="what was found on earlier mornings; carries it between machines")
    history.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs, with a row for every run")
    history.add_argument(
        "--since", metavar="SPAN", help=f'how far back, such as "2 w" ({_SINCE}; all of it where it is exported)'
    )
    history.add_argument("--all", action="store_true", help="a row for every run, also for those that were well")
    history.add_argument("--file", metavar="FILE", help=f"default: {Path('reports') / FILE} beside jobs.toml")
    add_options(history, (JOBS_FILE,))
    carried = history.add_mutually_exclusive_group()
    carried.add_argument("--export", choices=["jsonl"], help="print it as lines of JSON that --import reads")
    carried.add_argument(
        "--import", dest="imported", metavar="FILE", help="add what --export printed, - for standard input"
    )
    history.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """The lines; returns the exit status. Raises `BadInput`."""
    wanted = wanted_of(asked_for)
    file = Path(asked_for.file).expanduser() if asked_for.file else wanted.reports / FILE
    if asked_for.imported is not None:
        return (yield from _import(file, asked_for))
    period = read_period(asked_for.since or _SINCE)
    now = read_now()
    is_whole = asked_for.export and not asked_for.since
    whole = read_whole(file, since=None if is_whole else now - period)
    if isinstance(whole, str):
        print(f"ERROR: {whole}", file=sys.stderr)
        return _FAILED
    if asked_for.export:
        yield from to_lines(_part(whole, asked_for.jobs))
    else:
        yield from _table(
            whole,
            _Declared.of(wanted, now, is_named=bool(asked_for.rollcall_jobs_file)),
            asked_for,
            now=now,
            period=period,
        )
    return 0


# The table ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Declared:
    """What jobs.toml adds to a history: in which zone it is shown, titles, and the order of the jobs."""

    zone: ZoneInfo
    titles: dict[str, str]
    zones: dict[str, ZoneInfo]
    problem: str | None = None

    @classmethod
    def of(cls, wanted: Wanted, now: datetime, *, is_named: bool) -> _Declared:
        """Of the file that was asked for; a history is told all the same where one that nobody named cannot be read."""
        try:
            roll = wanted.load(os.environ, clock_from(now))
        except BadInput as problem:
            if is_named:
                raise
            told = f"in UTC and by ids, as jobs.toml does not tell more: {problem.mistakes[0]}"
            return cls(zone=ZoneInfo("UTC"), titles={}, zones={}, problem=clean(told))
        return cls(
            zone=roll.zone,
            titles={job.id: job.title for job in roll.jobs},
            zones={job.id: job.zone for job in roll.jobs},
        )


def _table(
    whole: Whole, declared: _Declared, asked_for: argparse.Namespace, *, now: datetime, period: timedelta
) -> Iterator[str]:
    by_job = _by_job(whole.rows)
    ids = _selected(asked_for.jobs, {**declared.titles, **dict.fromkeys(by_job, "")})
    paper = paper_for(shows_all=asked_for.all or bool(asked_for.jobs))
    yield f"{show_instant(now, declared.zone, year=True)}, {declared.zone.key}: the last {show_span(period)}"
    if declared.problem:
        yield from paper.wrapped(declared.problem, "  ")
    yield from render_mornings(whole.mornings, declared.zone, paper)
    yield from render_key(paper)
    for job_id in ids:
        yield ""
        yield _head(job_id, declared)
        if rows := by_job.get(job_id):
            yield from render_rows(rows, declared.zones.get(job_id, declared.zone), paper)
        else:
            yield "  nothing is remembered of this time"


def _head(job_id: str, declared: _Declared) -> str:
    title = declared.titles.get(job_id)
    if title is None:
        return f"{clean(job_id)}{'' if declared.problem else '  (not declared any more)'}"
    return job_id if title == job_id else f"{job_id}  {title}"


def _by_job(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.job_id, []).append(row)
    return found


def _selected(ids: Sequence[str], known: dict[str, str]) -> list[str]:
    """The ids that were named, all that are known where none is. Raises `BadInput`."""
    rule = f"no job of that name is declared, or remembered from this time. Known: {listed(known, 20) or 'none'}."
    mistakes = tuple(Mistake(place="JOB", value=f'"{clean(each, 60)}"', rule=rule) for each in ids if each not in known)
    if mistakes:
        raise BadInput(mistakes)
    return [each for each in known if not ids or each in ids]


# Carrying it ----------------------------------------------------------------------------------------------------------


def _part(whole: Whole, job_ids: Sequence[str]) -> Whole:
    """Only the rows of the jobs that were named: what is said of all jobs at once goes with all of them."""
    if not job_ids:
        return whole
    _selected(job_ids, dict.fromkeys((row.job_id for row in whole.rows), ""))
    return Whole(rows=[row for row in whole.rows if row.job_id in job_ids])


def _import(file: Path, asked_for: argparse.Namespace) -> Generator[str, None, int]:
    if asked_for.jobs or asked_for.since:
        raise BadInput.single("--import", "adds all that the file holds. Leave out JOB and --since.")
    name = asked_for.imported
    place = "standard input" if name == _STANDARD_INPUT else clean(name)
    whole = from_lines(_lines(name, place), place=place)
    if problem := merge(file, whole):
        print(f"ERROR: {problem}" if "was not written" in problem else problem, file=sys.stderr)
        if "was not written" in problem:
            return _FAILED
    counts = f"{counted(len(whole.rows), 'due run')} and {counted(len(whole.mornings), 'morning')}"
    yield f"{clean(str(file))}: {counts} of {place} are in it"
    return 0


def _lines(name: str, place: str) -> list[str]:
    try:
        if name == _STANDARD_INPUT:
            return sys.stdin.buffer.read().decode(errors="replace").split("\n")
        return Path(name).expanduser().read_bytes().decode(errors="replace").split("\n")
    except (OSError, RuntimeError) as problem:
        rule = clean(getattr(problem, "strerror", None) or str(problem))
        raise BadInput.single("--import", f"cannot be read: {rule}. Name a file that --export wrote.", place) from None
