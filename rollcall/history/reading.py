"""What is remembered of earlier mornings?

A morning is judged whatever became of its history: what kept it from being read is told in one line.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from rollcall.evidence import JobListed
from rollcall.history import tables
from rollcall.history.rows import NOTHING, Chronicle, Listed, Memory, Present, ProofRow, Row, Told, Whole, number
from rollcall.history.sqlite import CannotRead, open_to_read
from rollcall.roll.job import Job
from rollcall.text import counted
from rollcall.times import EPOCH

MOST_ROWS = 60
MOST_MORNINGS = 400
_Record = TypeVar("_Record")


def read(file: Path, jobs: Sequence[Job], *, now: datetime, most: int = MOST_ROWS) -> Chronicle:
    """What was judged before `now`: of each of `jobs`, all that are declared, the newest `most` rows.

    Never raises for a file that cannot be read: `Chronicle.problem` says why. A missing file is `NOTHING`.
    """
    rows, unread = dict[str, tuple[Row, ...]](), 0
    try:
        with open_to_read(file) as connection:
            if connection is None:
                return NOTHING
            # One walk along the key for each job: a year is not read for thirty rows of it.
            for job in jobs:
                lines = connection.execute(tables.NEWEST_RUNS, {"job": job.id, "now": number(now), "most": most})
                rows[job.id], broken = _rows(lines)
                unread += broken
            mornings = connection.execute(tables.NEWEST_MORNINGS, {"now": number(now), "most": MOST_MORNINGS})
            newest_first = tuple(_readable(tables.MORNING, mornings))
            present = _present(connection)
            proofs = _proofs(connection)
    except CannotRead as problem:
        return Chronicle(problem=str(problem))
    known_then = frozenset(present.jobs if present and present.judged_at < now else ())
    return Chronicle(
        rows={job_id: known for job_id, known in rows.items() if known},
        mornings=newest_first[::-1],
        present=known_then,
        gone=tuple(sorted(known_then.difference(rows))),
        proofs={(each.job_id, each.output): each.as_verified() for each in proofs if each.proven_at < now},
        problem=f"{file.name}: {counted(unread, 'row')} cannot be read, and are left out" if unread else None,
    )


def read_told(file: Path) -> Mapping[str, Memory]:
    """What each channel was told and heard no end of; nothing where the file cannot be read: then it is told again."""
    with suppress(CannotRead), open_to_read(file) as connection:
        if connection:
            return _memories(connection)
    return {}


def read_listings(file: Path) -> Mapping[str, tuple[JobListed, ...]]:
    """What the last morning knew of the jobs that schedulers declare by listing them, by scheduler.

    Nothing where the file cannot be read; that is said of the morning that reads its runs.
    """
    with suppress(CannotRead), open_to_read(file) as connection:
        if connection:
            by_scheduler = groupby(_listed(connection), key=attrgetter("scheduler"))
            return {scheduler: tuple(each.as_listed() for each in jobs) for scheduler, jobs in by_scheduler}
    return {}


def read_whole(file: Path, *, since: datetime | None = None) -> Whole:
    """The history, of due runs and mornings those from `since` on; an empty one where there is none.

    Raises `CannotRead`.
    """
    start = {"since": number(since or EPOCH)}
    with open_to_read(file) as connection:
        if connection is None:
            return Whole()
        rows, _ = _rows(connection.execute(tables.RUNS_SINCE, start))
        return Whole(
            rows=rows,
            mornings=tuple(_readable(tables.MORNING, connection.execute(tables.MORNINGS_SINCE, start))),
            present=_present(connection),
            told=_memories(connection),
            listed=tuple(_listed(connection)),
            proofs=_proofs(connection),
        )


# From lines to records ------------------------------------------------------------------------------------------------


def _rows(lines: Iterable[dict[str, Any]]) -> tuple[tuple[Row, ...], int]:
    """The rows in order, and how many of them cannot be read: a flipped bit in a value SQLite does not notice."""
    rows, broken = [], 0
    for _, group in groupby(lines, key=itemgetter("job", "due_at")):
        run = list(group)
        outputs = [each for each in run if each["output"] is not None]
        try:
            rows.append(tables.RUN.validate_python(run[0] | {"outputs": outputs}))
        except ValidationError:
            broken += 1
    return tuple(rows), broken


def _readable(adapter: TypeAdapter[_Record], lines: Iterable[dict[str, Any]]) -> Iterator[_Record]:
    for each in lines:
        with suppress(ValidationError):
            yield adapter.validate_python(each)


def _proofs(connection: sqlite3.Connection) -> tuple[ProofRow, ...]:
    return tuple(_readable(tables.PROOF, connection.execute(tables.ALL_PROOFS)))


def _present(connection: sqlite3.Connection) -> Present | None:
    lines = connection.execute(tables.ALL_PRESENT).fetchall()
    found = [{"judged_at": lines[0]["judged_at"], "jobs": [each["job"] for each in lines]}] if lines else []
    return next(_readable(tables.PRESENT, found), None)


def _memories(connection: sqlite3.Connection) -> dict[str, dict[str, Told]]:
    found: dict[str, dict[str, Told]] = {}
    for each in connection.execute(tables.ALL_TOLD):
        for told in _readable(tables.TOLD, [each]):
            found.setdefault(each["channel"], {})[told.key] = told
    return found


def _listed(connection: sqlite3.Connection) -> Iterator[Listed]:
    for each in connection.execute(tables.ALL_LISTED):
        # ValueError: of pydantic, and of JSON.
        with suppress(ValueError):
            yield tables.LISTED.validate_python(each | {"tags": json.loads(each["tags"])})
