"""What is remembered of earlier mornings?

A morning is judged whatever became of its history: what kept it from being read is told in one line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from rollcall.evidence import JobListed
from rollcall.history import tables
from rollcall.history.connection import CannotRead, Connection
from rollcall.history.rows import (
    MICROSECOND,
    NOTHING,
    Chronicle,
    Listed,
    Memory,
    Present,
    ProofRow,
    Row,
    Told,
    Whole,
    number,
    plain_row,
)
from rollcall.history.store import LONG, Store, not_collecting, open_to_read
from rollcall.roll.job import Job
from rollcall.text import counted
from rollcall.times import EPOCH

MOST_ROWS = 60
MOST_MORNINGS = 400
_A_DAY = timedelta(days=1) // MICROSECOND
_Record = TypeVar("_Record")


def read(store: Store, jobs: Sequence[Job], *, now: datetime, most: int = MOST_ROWS) -> Chronicle:
    """What was judged before `now`: of each of `jobs`, all that are declared, the newest `most` rows.

    Never raises for a store that cannot be read: `Chronicle.problem` says why. Where there is none it is `NOTHING`.
    """
    rows, unread = dict[str, tuple[Row, ...]](), 0
    try:
        with open_to_read(store) as connection, not_collecting():
            if connection is None:
                return NOTHING
            asked = {"now": number(now), "most": most}
            for job_id, lines in connection.ask_of_each(tables.NEWEST_RUNS, [job.id for job in jobs], asked):
                rows[job_id], broken = _rows(lines)
                unread += broken
            mornings = connection.ask(tables.NEWEST_MORNINGS, {"now": number(now), "most": MOST_MORNINGS})
            newest_first = tuple(readable(tables.MORNING, mornings))
            present = _present(connection)
            proofs = _proofs(connection)
            silences = tuple(readable(tables.SILENCE, connection.ask(tables.SILENCES_AT, {"now": number(now)})))
    except CannotRead as problem:
        return Chronicle(problem=str(problem))
    known_then = frozenset(present.jobs if present and present.judged_at < now else ())
    return Chronicle(
        rows={job_id: known for job_id, known in rows.items() if known},
        mornings=newest_first[::-1],
        present=known_then,
        gone=tuple(sorted(known_then.difference(job.id for job in jobs))),
        silences=silences,
        is_of_itself=present is not None and present.judged_at == now,
        proofs={(each.job_id, each.output): each.as_verified() for each in proofs if each.proven_at < now},
        problem=f"{store.name}: {counted(unread, 'row')} cannot be read, and are left out" if unread else None,
    )


def read_told(store: Store) -> Mapping[str, Memory]:
    """What each channel was told and heard no end of; nothing where it cannot be read: then it is told again."""
    with suppress(CannotRead), open_to_read(store) as connection:
        if connection:
            return _memories(connection)
    return {}


def read_listings(store: Store) -> Mapping[str, tuple[JobListed, ...]]:
    """What the last morning knew of the jobs that schedulers declare by listing them, by scheduler.

    Nothing where it cannot be read; that is said of the morning that reads its runs.
    """
    with suppress(CannotRead), open_to_read(store) as connection:
        if connection:
            by_scheduler = groupby(_listed(connection), key=attrgetter("scheduler"))
            return {scheduler: tuple(each.as_listed() for each in jobs) for scheduler, jobs in by_scheduler}
    return {}


def read_whole(store: Store, *, since: datetime | None = None) -> Whole:
    """The history, of due runs and mornings those from `since` on; an empty one where there is none.

    Raises `CannotRead`.
    """
    start = {"since": number(since or EPOCH)}
    with open_to_read(store, limit=LONG) as connection:
        if connection is None:
            return Whole()
        rows, _ = _rows(_as_lines(connection.ask(tables.RUNS_SINCE, start)))
        return replace(_without_rows(connection, start), rows=rows)


def read_in_pieces(store: Store) -> Iterator[Whole]:
    """The same, however large it is: the due runs of a day each, and last all that is said of them together.

    Each is read by itself, so that nobody who writes has to wait. Raises `CannotRead`.
    """
    since: int | None = 0
    while since is not None:
        with open_to_read(store, limit=LONG) as connection:
            if connection is None:
                return
            (first,) = connection.ask(tables.FIRST_DUE, {"since": since})
            since = first["due"]
            if since is not None:
                asked = {"since": since, "until": since + _A_DAY}
                yield Whole(rows=_rows(_as_lines(connection.ask(tables.RUNS_BETWEEN, asked)))[0])
                since += _A_DAY
            else:
                yield _without_rows(connection, {"since": 0})


def _without_rows(connection: Connection, start: Mapping[str, int]) -> Whole:
    return Whole(
        mornings=tuple(readable(tables.MORNING, connection.ask(tables.MORNINGS_SINCE, start))),
        present=_present(connection),
        told=_memories(connection),
        listed=tuple(_listed(connection)),
        proofs=_proofs(connection),
        silences=tuple(readable(tables.SILENCE, connection.ask(tables.ALL_SILENCES))),
    )


# From lines to records ------------------------------------------------------------------------------------------------


def _rows(lines: Iterable[tuple[Any, ...]]) -> tuple[tuple[Row, ...], int]:
    """The rows in order, and how many of them cannot be read: a flipped bit in a value SQLite does not notice."""
    rows, broken = [], 0
    for _, group in groupby(lines, key=itemgetter(0, 1)):  # of a job, and when it was due
        run = list(group)
        try:
            rows.append(plain_row(run) or _read_with_care(run))
        except ValidationError:
            broken += 1
    return tuple(rows), broken


def _read_with_care(run: Iterable[tuple[Any, ...]]) -> Row:
    lines = [dict(zip(tables.RUN_FIELDS, each, strict=True)) for each in run]
    return tables.RUN.validate_python(lines[0] | {"outputs": [each for each in lines if each["output"] is not None]})


def _as_lines(found: Iterable[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    return (tuple(each.values()) for each in found)


def readable(adapter: TypeAdapter[_Record], lines: Iterable[dict[str, Any]]) -> Iterator[_Record]:
    """The records in order, without those that cannot be read."""
    for each in lines:
        with suppress(ValidationError):
            yield adapter.validate_python(each)


def _proofs(connection: Connection) -> tuple[ProofRow, ...]:
    return tuple(readable(tables.PROOF, connection.ask(tables.ALL_PROOFS)))


def _present(connection: Connection) -> Present | None:
    lines = list(connection.ask(tables.ALL_PRESENT))
    found = [{"judged_at": lines[0]["judged_at"], "jobs": [each["job"] for each in lines]}] if lines else []
    return next(readable(tables.PRESENT, found), None)


def _memories(connection: Connection) -> dict[str, dict[str, Told]]:
    found: dict[str, dict[str, Told]] = {}
    for each in connection.ask(tables.ALL_TOLD):
        for told in readable(tables.TOLD, [each]):
            found.setdefault(each["channel"], {})[told.key] = told
    return found


def _listed(connection: Connection) -> Iterator[Listed]:
    for each in connection.ask(tables.ALL_LISTED):
        # ValueError: of pydantic, and of JSON.
        with suppress(ValueError):
            yield tables.LISTED.validate_python(each | {"tags": json.loads(each["tags"])})
