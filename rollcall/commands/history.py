"""`rollcall history`: what was found on earlier mornings? It reads what was remembered, and asks nobody.

`--export jsonl` and `--import FILE` carry it from one machine to another, such as from one run in CI to the next;
`--copy FROM TO` from one file or database to another. Exit status: 0 where it could be told or carried, 1 where it
cannot be read or written, 4 where the question was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from errno import EFBIG
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rollcall.clock import clock_from
from rollcall.commands.begin import add_options, wanted_of
from rollcall.commands.calendar import paper_for, read_period
from rollcall.commands.in_store import add_store, store_in, store_named
from rollcall.errors import BadInput
from rollcall.files import path_of, read_regular
from rollcall.history.connection import CannotRead
from rollcall.history.lines import from_lines, to_lines
from rollcall.history.reading import read_in_pieces, read_whole
from rollcall.history.rows import Row, Whole
from rollcall.history.store import Store, Unwritten
from rollcall.history.tables import MORNING, RUN
from rollcall.history.writing import merge
from rollcall.roll.job import Job
from rollcall.roll.selection import check_declared
from rollcall.run.options import JOBS_FILE, SELECTION
from rollcall.run.wanted import Wanted
from rollcall.terminal.calendar import render_key, render_mornings, render_rows
from rollcall.text import clean, counted, show_size
from rollcall.times import in_zone, read_now, show_span

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_SINCE = "30d"
_LARGEST = 400_000_000  # bytes of what is imported; ten thousand jobs over a year are less


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    history = commands.add_parser("history", help="what was found on earlier mornings; carries it between machines")
    history.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs, with a row for every run")
    history.add_argument(
        "--since", metavar="SPAN", help=f'how far back, such as "2 w" ({_SINCE}; all of it where it is exported)'
    )
    history.add_argument("--all", action="store_true", help="a row for every run, also for those that were well")
    history.add_argument("--bad", action="store_true", help="only jobs that had a bad run, and those runs")
    history.add_argument("--json", action="store_true", help="the same for programs")
    add_store(history)
    add_options(history, (JOBS_FILE, *SELECTION))
    carried = history.add_mutually_exclusive_group()
    carried.add_argument("--export", choices=["jsonl"], help="print it as lines of JSON that --import reads")
    carried.add_argument(
        "--import", dest="imported", metavar="FILE", help="add what --export printed, - for standard input"
    )
    carried.add_argument(
        "--copy",
        nargs=2,
        metavar=("FROM", "TO"),
        help="add all of one history to another; each is a file, or the url of a database",
    )
    history.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """The lines; returns the exit status. Raises `BadInput`."""
    wanted = wanted_of(asked_for)
    if asked_for.copy:
        return (yield from _copy(asked_for, wanted))
    store = store_in(asked_for, wanted)
    if asked_for.imported is not None:
        return (yield from _import(store, asked_for))
    selection = wanted.selection
    period, now = read_period(asked_for.since or _SINCE), read_now()
    is_whole = asked_for.export and not asked_for.since
    try:
        whole = read_whole(store, since=None if is_whole else now - period)
    except CannotRead as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    by_job: dict[str, list[Row]] = {}
    for row in whole.rows:
        by_job.setdefault(row.job_id, []).append(row)
    if asked_for.export:
        ids = _selected(asked_for.jobs, by_job)
        if selection:
            declared = wanted.load(os.environ, clock_from(now))
            ids = [each.id for each in selection.jobs_of(declared) if each.id in ids]
        # What is said of all jobs at once goes with all of them.
        is_part = asked_for.jobs or selection
        part = Whole(rows=[row for row in whole.rows if row.job_id in ids]) if is_part else whole
        yield from to_lines(part)
        return 0
    zone, jobs, problem = _declared(wanted, now, is_named=bool(asked_for.rollcall_jobs_file or selection))
    ids = _selected(asked_for.jobs, {**jobs, **by_job})
    ids = [each for each in ids if each in jobs] if selection else ids
    if asked_for.bad:
        by_job = {
            job_id: bad for job_id, rows in by_job.items() if (bad := [row for row in rows if row.needs_a_person])
        }
        ids = [job_id for job_id in ids if job_id in by_job]
        whole = replace(whole, mornings=[each for each in whole.mornings if each.verdict != "ok"])
    if asked_for.json:
        yield _as_json(whole, {job_id: by_job.get(job_id, []) for job_id in ids})
        return 0
    paper = paper_for(shows_all=asked_for.all or bool(asked_for.jobs))
    yield f"{in_zone(now, zone)}: the last {show_span(period)}"
    if problem:
        yield from paper.wrapped(problem, "  ")
    yield from render_mornings(whole.mornings, zone, paper)
    yield from render_key(paper)
    for job_id in ids:
        job = jobs.get(job_id)
        title = "" if job is None or job.title == job_id else f"  {job.title}"
        yield ""
        yield f"{clean(job_id)}{title if job or problem else '  (not declared any more)'}"
        if rows := by_job.get(job_id):
            yield from render_rows(rows, job.zone if job else zone, paper)
        else:
            yield "  nothing is remembered of this time"
    return 0


def _as_json(whole: Whole, rows: Mapping[str, Sequence[Row]]) -> str:
    """The mornings and the runs of each job, as --export writes them."""
    mornings = [MORNING.dump_python(each, mode="json", by_alias=True) for each in whole.mornings]
    jobs = {key: [RUN.dump_python(each, mode="json", by_alias=True) for each in runs] for key, runs in rows.items()}
    return json.dumps({"version": 1, "mornings": mornings, "jobs": jobs}, ensure_ascii=False, indent=1)


def _declared(wanted: Wanted, now: datetime, *, is_named: bool) -> tuple[ZoneInfo, dict[str, Job], str]:
    """In which zone it is shown, the jobs, and why nothing is known of them: where nobody named the file, no mistake.

    Raises `BadInput` where somebody did, or asked for those of a tag or an owner.
    """
    try:
        roll = wanted.load(os.environ, clock_from(now))
    except BadInput as problem:
        if is_named:
            raise
        told = f"in UTC and by ids: {problem.mistakes[0]}"
        return ZoneInfo("UTC"), {}, clean(told)
    return roll.zone, {job.id: job for job in wanted.selection.jobs_of(roll)}, ""


def _selected(ids: Sequence[str], known: Iterable[str]) -> list[str]:
    """The ids that were named, all that are known where none is. Raises `BadInput`."""
    known = list(known)
    check_declared("job", ids, known, known_as="Declared, or remembered from this time")
    return [each for each in known if not ids or each in ids]


def _check_takes_all(option: str, asked_for: argparse.Namespace) -> None:
    if asked_for.jobs or asked_for.since or asked_for.rollcall_tag or asked_for.rollcall_owner:
        raise BadInput.single(option, "adds all that is there. Leave out JOB, --tag, --owner and --since.")


def _copy(asked_for: argparse.Namespace, wanted: Wanted) -> Generator[str, None, int]:
    """Piece by piece, each in a transaction: where it breaks off, it may be done again."""
    _check_takes_all("--copy", asked_for)
    if asked_for.file:
        raise BadInput.single("--file", "says nothing beside --copy, which names both. Leave it out.")
    came_from, goes_to = (store_named(each, wanted, given_as="--copy") for each in asked_for.copy)
    if _where(came_from) == _where(goes_to):
        raise BadInput.single("--copy", "names the same history twice. Name the one that it comes from, and another.")
    runs, mornings, is_there = 0, 0, False
    try:
        for piece in read_in_pieces(came_from):
            is_there = True
            problem = merge(goes_to, piece)
            if isinstance(problem, Unwritten):
                print(f"ERROR: {problem}", file=sys.stderr)
                return 1
            if problem:
                print(problem, file=sys.stderr)
            runs, mornings = runs + len(piece.rows), mornings + len(piece.mornings)
    except CannotRead as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    if not is_there:
        raise BadInput.single("--copy", "there is no history. Name one that is there.", _shown(came_from))
    yield f"{_shown(goes_to)}: {_counted(runs, mornings)} of {_shown(came_from)} are in it"
    return 0


def _where(store: Store) -> Store:
    return store.resolve() if isinstance(store, Path) else store


def _shown(store: Store) -> str:
    return clean(str(store) if isinstance(store, Path) else store.name)


def _counted(runs: int, mornings: int) -> str:
    return f"{counted(runs, 'due run')} and {counted(mornings, 'morning')}"


def _import(store: Store, asked_for: argparse.Namespace) -> Generator[str, None, int]:
    _check_takes_all("--import", asked_for)
    name = asked_for.imported
    is_piped = name == "-"
    place = "standard input" if is_piped else clean(name)
    try:
        read = sys.stdin.buffer.read(_LARGEST + 1) if is_piped else read_regular(path_of(name), _LARGEST + 1)
        if len(read) > _LARGEST:
            raise OSError(EFBIG, f"it is larger than {show_size(_LARGEST)}")
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        rule = clean(getattr(error, "strerror", None) or str(error))
        raise BadInput.single("--import", f"cannot be read: {rule}. Name a file that --export wrote.", place) from None
    whole = from_lines(read.decode(errors="replace").split("\n"), place=place)
    problem = merge(store, whole)
    if isinstance(problem, Unwritten):
        print(f"ERROR: {problem}", file=sys.stderr)
        return 1
    if problem:
        print(problem, file=sys.stderr)
    yield f"{_shown(store)}: {_counted(len(whole.rows), len(whole.mornings))} of {place} are in it"
    return 0
