"""What is remembered of earlier mornings?

Nothing here raises for the sake of the file: a morning is judged whatever became of its history, and what kept it from
being read is told in one line.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from rollcall.evidence import JobListed
from rollcall.history import tables
from rollcall.history.rows import NOTHING, Chronicle, Memory, Row, Whole
from rollcall.history.sqlite import UnfitFile, is_damage, open_to_read, show_problem
from rollcall.history.tables import (
    LISTED,
    MORNING,
    OUTPUT,
    RUN,
    TOLD,
    instant,
    number,
    read_memories,
    read_mornings,
    read_rows,
)
from rollcall.roll.job import Job
from rollcall.text import clean, counted
from rollcall.times import EPOCH

MOST_ROWS = 60
MOST_MORNINGS = 400
_LAST = number(datetime(3000, 1, 1, tzinfo=UTC))
_Answer = TypeVar("_Answer")

# For each job a walk back along the key from its newest row: a year is not read for thirty rows of it.
_NEWEST = f"""
SELECT {RUN}, {OUTPUT} FROM json_each(?) AS wanted JOIN runs ON job = wanted.value LEFT JOIN outputs USING (job, due)
WHERE judged < ? AND due >= coalesce(
    (SELECT due FROM runs WHERE job = wanted.value AND judged < ? ORDER BY due DESC LIMIT 1 OFFSET ?), -9e18)
ORDER BY wanted.key, due
"""
_SINCE = f"SELECT {RUN}, {OUTPUT} FROM runs LEFT JOIN outputs USING (job, due) WHERE due >= ? ORDER BY due, job, output"
_NEWEST_MORNINGS = f"SELECT {MORNING} FROM mornings WHERE judged < ? ORDER BY judged DESC, made_by DESC LIMIT ?"
_MORNINGS_SINCE = f"SELECT {MORNING} FROM mornings WHERE judged >= ? ORDER BY judged"
_ALL_LISTED = f"SELECT {LISTED} FROM listed ORDER BY scheduler, job"
_ALL_TOLD = f"SELECT {TOLD} FROM told ORDER BY channel, subject"


def read(file: Path, jobs: Sequence[Job], *, now: datetime, most: int = MOST_ROWS) -> Chronicle:
    """What was judged before `now`: of each of `jobs`, all that are declared, the newest `most` rows.

    Never raises for a file that cannot be read: `Chronicle.problem` says why. A missing file is `NOTHING`.
    """
    return read_ids(file, [job.id for job in jobs], now=now, most=most)


def read_ids(file: Path, job_ids: Sequence[str], *, now: datetime, most: int = MOST_ROWS) -> Chronicle:
    """The same for the ids of the jobs."""

    def chronicle(connection: sqlite3.Connection) -> Chronicle:
        rows, unread = _newest_rows(connection, job_ids, now, most)
        mornings = connection.execute(_NEWEST_MORNINGS, (number(now), MOST_MORNINGS)).fetchall()
        present = _texts(connection.execute("SELECT job FROM present WHERE judged < ?", (number(now),)))
        return Chronicle(
            rows=rows,
            mornings=read_mornings(mornings)[::-1],
            present=frozenset(present),
            gone=tuple(sorted(set(present).difference(job_ids))),
            problem=f"{file.name}: {counted(unread, 'row')} cannot be read, and are left out" if unread else None,
        )

    found = _asked(file, chronicle)
    return Chronicle(problem=found) if isinstance(found, str) else found or NOTHING


def read_told(file: Path) -> Mapping[str, Memory]:
    """What each channel was told and heard no end of; nothing where the file cannot be read: then it is told again."""
    found = _asked(file, lambda connection: read_memories(connection.execute(_ALL_TOLD)))
    return {} if found is None or isinstance(found, str) else found


def read_listings(file: Path) -> Mapping[str, tuple[JobListed, ...]]:
    """What the last morning knew of the jobs that schedulers declare by listing them, by scheduler.

    Nothing where the file cannot be read; that is said of the morning that reads its runs.
    """
    found = _asked(file, lambda connection: tables.read_listings(connection.execute(_ALL_LISTED)))
    return {} if found is None or isinstance(found, str) else found


def read_whole(file: Path, *, since: datetime | None = None) -> Whole | str:
    """The history, of due runs and mornings those from `since` on; or one line why it cannot be read.

    An empty one where there is none.
    """
    start = (number(since or EPOCH),)

    def whole(connection: sqlite3.Connection) -> Whole:
        rows, _ = read_rows(connection.execute(_SINCE, start))
        last = last_judged(connection, "present")
        return Whole(
            rows=rows,
            mornings=read_mornings(connection.execute(_MORNINGS_SINCE, start)),
            present=_texts(connection.execute("SELECT job FROM present ORDER BY job")),
            present_at=None if last is None else instant(last),
            told=read_memories(connection.execute(_ALL_TOLD)),
            listed=tables.read_listings(connection.execute(_ALL_LISTED)),
        )

    found = _asked(file, whole)
    return Whole() if found is None else found


def newest(connection: sqlite3.Connection, job_ids: Sequence[str], before: datetime, most: int) -> sqlite3.Cursor:
    """The strip query: the newest `most` rows of each job that were judged before a moment, a line for each output."""
    limit = number(before)
    return connection.execute(_NEWEST, (json.dumps(list(job_ids)), limit, limit, most - 1))


def last_judged(connection: sqlite3.Connection, table: str) -> int | None:
    """When the newest in that table was judged, as far as what stands there is an instant at all."""
    told = f"SELECT max(judged) FROM {table} WHERE typeof(judged) = 'integer' AND judged BETWEEN 0 AND ?"
    [last] = connection.execute(told, (_LAST,)).fetchone()
    return None if last is None else int(last)


def _asked(file: Path, ask: Callable[[sqlite3.Connection], _Answer]) -> _Answer | str | None:
    """The answer; None where there is no history yet; one line where it cannot be read."""
    try:
        with open_to_read(file) as connection:
            return ask(connection) if connection else None
    except UnfitFile as unfit:
        return f"{file.name} {unfit.detail}: it is set aside when a morning is next written"
    except (sqlite3.Error, OSError) as problem:
        if isinstance(problem, sqlite3.Error) and is_damage(problem):
            return f"{file.name} is damaged ({clean(str(problem))}): it is set aside when a morning is next written"
        return f"{file.name} cannot be read: {show_problem(problem)}"


def _newest_rows(
    connection: sqlite3.Connection, job_ids: Sequence[str], now: datetime, most: int
) -> tuple[dict[str, tuple[Row, ...]], int]:
    """The rows by job, and how many cannot be read."""
    rows, unread = read_rows(newest(connection, job_ids, now, most).fetchall())
    return {job_id: tuple(group) for job_id, group in groupby(rows, key=attrgetter("job_id"))}, unread


def _texts(found: sqlite3.Cursor) -> tuple[str, ...]:
    return tuple(each for (each,) in found if type(each) is str)
