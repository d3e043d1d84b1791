"""What is remembered of earlier mornings, and how is this one added?

One SQLite file; a row a job and due run. Nothing here raises for the sake of the file: a morning is judged whatever
became of its history, and what kept it from being read or written is told in one line.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from rollcall.findings import Verdict
from rollcall.garbage import all_is_kept
from rollcall.history.judged import past_morning, rows_of
from rollcall.history.rows import NOTHING, Chronicle, PastMorning, Row, Told
from rollcall.history.sqlite import (
    UnfitFile,
    check_pages,
    check_whole,
    is_damage,
    reading,
    set_aside,
    show_problem,
    writing,
)
from rollcall.jobs import Job
from rollcall.morning import Morning
from rollcall.text import clean, counted
from rollcall.times import EPOCH

MOST_MORNINGS = 400
_INSTANT = timedelta(microseconds=1)
_WEEK = timedelta(days=7) // _INSTANT
_TRIES = 3
_LAST = (datetime(3000, 1, 1, tzinfo=UTC) - EPOCH) // _INSTANT
_EVER = 2**63 - 1
# Of two that look at the same time the later one may write first. What is dated further ahead of the morning that is
# written comes from a clock that was wrong.
_AT_ONCE = timedelta(hours=1)

_Values = tuple[Any, ...]
_Answer = TypeVar("_Answer")
_Record = TypeVar("_Record")

_RUN = "job, due, verdict, cause, needs, ran, size, judged, action, from_files"
_MORNING = "judged, made_by, verdict, is_complete, declared, needing"
_TOLD = "subject, cause, since, told"

# Whatever order rows come in, the same one stays: what a morning judged before what files tell, what proves something
# before what does not, then what was judged later. What was done is remembered by whoever stays. Only a row that is
# dated after the last parameter gives way to any.
_KEEP_RUN = f"""
INSERT INTO runs ({_RUN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (job, due) DO UPDATE SET
    verdict = excluded.verdict, cause = excluded.cause, needs = excluded.needs, ran = excluded.ran,
    size = excluded.size, judged = excluded.judged, action = coalesce(excluded.action, runs.action),
    from_files = excluded.from_files
WHERE runs.judged > ? OR (NOT excluded.from_files, excluded.verdict NOT IN ('unknown', 'pending'), excluded.judged)
   >= (NOT runs.from_files, runs.verdict NOT IN ('unknown', 'pending'), runs.judged)
"""
_KEEP_MORNING = f"""
INSERT INTO mornings ({_MORNING}) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (judged, made_by) DO UPDATE SET
    verdict = excluded.verdict, is_complete = excluded.is_complete, declared = excluded.declared,
    needing = excluded.needing
WHERE excluded.is_complete >= mornings.is_complete
"""
# For each job a walk back along the key from its newest row: a year is not read for thirty rows of it.
_NEWEST = f"""
SELECT {_RUN} FROM json_each(?) AS wanted JOIN runs ON job = wanted.value
WHERE judged < ? AND due >= coalesce(
    (SELECT due FROM runs WHERE job = wanted.value AND judged < ? ORDER BY due DESC LIMIT 1 OFFSET ?), -9e18)
ORDER BY wanted.key, due
"""
_NEWEST_DUE = """
SELECT value, (SELECT due FROM runs WHERE job = value ORDER BY due DESC LIMIT 1) FROM json_each(?)
"""
_NEWEST_MORNINGS = f"SELECT {_MORNING} FROM mornings WHERE judged < ? ORDER BY judged DESC, made_by DESC LIMIT ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All that a history holds, to be carried elsewhere: `present` are the jobs of the last complete morning.

    `present_at` is when that was judged, None where there was none.
    """

    rows: Sequence[Row] = ()
    mornings: Sequence[PastMorning] = ()
    present: tuple[str, ...] = ()
    present_at: datetime | None = None
    told: Sequence[Told] = ()


def read(file: Path, jobs: Sequence[Job], *, now: datetime, most: int = 60) -> Chronicle:
    """What was judged before `now`: of each of `jobs`, all that are declared, the newest `most` rows.

    Never raises for a file that cannot be read: `Chronicle.problem` says why. A missing file is `NOTHING`.
    """
    return read_ids(file, [job.id for job in jobs], now=now, most=most)


def read_ids(file: Path, job_ids: Sequence[str], *, now: datetime, most: int = 60) -> Chronicle:
    """The same for the ids of the jobs."""

    def chronicle(connection: sqlite3.Connection) -> Chronicle:
        rows, unread = _newest_rows(connection, job_ids, now, most)
        mornings = connection.execute(_NEWEST_MORNINGS, (_number(now), MOST_MORNINGS)).fetchall()
        present = _present(connection, now)
        return Chronicle(
            rows=rows,
            mornings=tuple(_readable(mornings, _morning))[::-1],
            present=present,
            gone=tuple(sorted(present.difference(job_ids))),
            problem=f"{file.name}: {counted(unread, 'row')} cannot be read, and are left out" if unread else None,
        )

    found = _asked(file, chronicle)
    return Chronicle(problem=found) if isinstance(found, str) else found or NOTHING


def write(
    file: Path, morning: Morning, *, by: str, is_complete: bool, keeps: timedelta, other_failures: int = 0
) -> str | None:
    """Adds the morning in one transaction, and forgets what was due longer ago than `keeps`.

    `by` is what looked. Returns None where all went well, else one line for people: why it was not written, or that it
    was, into a new file, because the old one had to be set aside. A demo and a replay are refused.
    """
    if morning.demo is not None or morning.replay_of is not None:
        return f"{file.name}: not written, as nobody was asked this morning"
    rows = rows_of(morning)
    whole = past_morning(morning, by=by, is_complete=is_complete, other_failures=other_failures)
    ids = [each.job.id for each in morning.jobs]

    def add(connection: sqlite3.Connection) -> None:
        judged, last = _number(morning.judged_at), _last(connection, "mornings")
        is_first_of_a_week = last is None or last // _WEEK != judged // _WEEK
        # Every morning waits for this; what takes longest need not be done each time.
        check_whole(connection) if is_first_of_a_week else check_pages(connection)
        _keep(connection, rows, (whole,), now=morning.judged_at)
        if not is_first_of_a_week and not _are_found(connection, rows):
            check_whole(connection)
        if whole.is_complete:
            _keep_present(connection, ids, morning.judged_at, now=morning.judged_at)
        # By the morning before: a machine whose clock jumps years ahead must not forget all for it.
        _forget(connection, min(judged, last or judged) - keeps // _INSTANT)

    return _changed(file, add)


def complete(file: Path, morning: Morning, *, by: str, other_failures: int = 0) -> str | None:
    """Says of a morning written before that it is whole: its reports stand where they belong too. Returns as `write`.

    A run that ends between the two is remembered as one that is not.
    """
    whole = past_morning(morning, by=by, is_complete=True, other_failures=other_failures)
    if not whole.is_complete:
        return None
    ids = [each.job.id for each in morning.jobs]

    def add(connection: sqlite3.Connection) -> None:
        _keep(connection, (), (whole,))
        _keep_present(connection, ids, morning.judged_at, now=morning.judged_at)

    return _changed(file, add)


def read_told(file: Path) -> dict[str, Told]:
    """What was told of and not taken back, by key; nothing where the file cannot be read: then it is told again."""

    def told(connection: sqlite3.Connection) -> dict[str, Told]:
        rows = connection.execute(f"SELECT {_TOLD} FROM told").fetchall()
        return {each.key: each for each in _readable(rows, _told)}

    found = _asked(file, told)
    return {} if found is None or isinstance(found, str) else found


def update_told(file: Path, new: Mapping[str, Told], over: Collection[str]) -> str | None:
    """Remembers `new`, and forgets the keys `over`; what else is remembered stays, whoever told it meanwhile.

    Returns None where all went well, else one line, as `write` does.
    """

    def update(connection: sqlite3.Connection) -> None:
        connection.executemany("DELETE FROM told WHERE subject = ?", [(key,) for key in over])
        _keep_told(connection, new.values())

    return _changed(file, update)


def read_whole(file: Path, *, since: datetime | None = None) -> Whole | str:
    """The history, of due runs and mornings those from `since` on; or one line why it cannot be read.

    An empty one where there is none.
    """
    start = _number(since or EPOCH)

    def whole(connection: sqlite3.Connection) -> Whole:
        runs = connection.execute(f"SELECT {_RUN} FROM runs WHERE due >= ? ORDER BY due, job", (start,))
        mornings = connection.execute(f"SELECT {_MORNING} FROM mornings WHERE judged >= ? ORDER BY judged", (start,))
        present, last = connection.execute("SELECT job FROM present ORDER BY job"), _last(connection, "present")
        return Whole(
            rows=tuple(_readable(runs, _reader())),
            mornings=tuple(_readable(mornings, _morning)),
            present=tuple(job for (job,) in present if type(job) is str),
            present_at=None if last is None else _instant(last),
            told=tuple(_readable(connection.execute(f"SELECT {_TOLD} FROM told ORDER BY subject"), _told)),
        )

    found = _asked(file, whole)
    return Whole() if found is None else found


def merge(file: Path, other: Whole) -> str | None:
    """Adds what another history tells, in one transaction; the same again changes nothing.

    Of a due run that both tell, the row stays that would have stayed had one file seen both. What is only the last word
    (who was present, what was told) is the other's where its newest morning is newer. Returns as `write` does.
    """

    def add(connection: sqlite3.Connection) -> None:
        check_whole(connection)
        own, theirs = _last(connection, "mornings"), max((each.judged_at for each in other.mornings), default=None)
        if theirs is not None and (own is None or own < _number(theirs)):
            connection.execute("DELETE FROM told")
            _keep_told(connection, other.told)
        _keep(connection, other.rows, other.mornings)
        if other.present_at is not None:
            _keep_present(connection, other.present, other.present_at)

    return _changed(file, add)


def newest(connection: sqlite3.Connection, job_ids: Sequence[str], before: datetime, most: int) -> sqlite3.Cursor:
    """The strip query: the values of the newest `most` rows of each job that were judged before a moment."""
    limit = _number(before)
    return connection.execute(_NEWEST, (json.dumps(list(job_ids)), limit, limit, most - 1))


# Asking and changing --------------------------------------------------------------------------------------------------


def _asked(file: Path, ask: Callable[[sqlite3.Connection], _Answer]) -> _Answer | str | None:
    """The answer; None where there is no history yet; one line where it cannot be read."""
    try:
        with reading(file) as connection:
            return ask(connection) if connection else None
    except UnfitFile as unfit:
        return f"{file.name} {unfit.detail}: it is set aside when a morning is next written"
    except (sqlite3.Error, OSError) as problem:
        if isinstance(problem, sqlite3.Error) and is_damage(problem):
            return f"{file.name} is damaged ({clean(str(problem))}): it is set aside when a morning is next written"
        return f"{file.name} cannot be read: {show_problem(problem)}"


def _changed(file: Path, change: Callable[[sqlite3.Connection], None]) -> str | None:
    """None where the change is written to the file that was there; else one line."""
    told: str | None = None
    try:
        file = file.resolve()  # a link is not set aside instead of what it leads to
        file.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):
            try:
                with writing(file) as connection:
                    change(connection)
                return told
            except UnfitFile:
                told = set_aside(file) or told
            except sqlite3.DatabaseError as problem:
                if not is_damage(problem):
                    raise
                told = set_aside(file) or told
    except (sqlite3.Error, OSError, RuntimeError) as problem:
        why = clean(str(problem)) if isinstance(problem, RuntimeError) else show_problem(problem)
        return _joined(told, f"{file.name} was not written: {why}")
    return _joined(told, f"{file.name} was not written: it was damaged each time it was tried")


def _joined(*lines: str | None) -> str:
    return "; ".join(filter(None, lines))


# Statements -----------------------------------------------------------------------------------------------------------


def _keep(
    connection: sqlite3.Connection, rows: Iterable[Row], mornings: Iterable[PastMorning], *, now: datetime | None = None
) -> None:
    """`now` is the present of who writes; None where that is not known."""
    latest = _latest(now)
    connection.executemany(_KEEP_RUN, ((*_run_values(each), latest) for each in rows))
    connection.executemany(_KEEP_MORNING, map(_morning_values, mornings))


def _are_found(connection: sqlite3.Connection, rows: Iterable[Row]) -> bool:
    """True where the newest of each job is found where the next morning will look for it: no broken key hides it."""
    newest_due = {row.job_id: _number(row.due_at) for row in sorted(rows, key=attrgetter("due_at"))}
    ids = json.dumps(list(newest_due))
    found = dict(connection.execute(_NEWEST_DUE, (ids,)))
    return all(isinstance(found[job], int) and found[job] >= due for job, due in newest_due.items())


def _latest(now: datetime | None) -> int:
    """What is dated after this was not judged yet."""
    return _number(now + _AT_ONCE) if now else _EVER


def _keep_present(
    connection: sqlite3.Connection, ids: Sequence[str], judged_at: datetime, *, now: datetime | None = None
) -> None:
    last = _last(connection, "present")
    if last is None or last <= _number(judged_at) or last > _latest(now):
        connection.execute("DELETE FROM present")
        values = ((each, _number(judged_at)) for each in ids)
        connection.executemany("INSERT OR IGNORE INTO present VALUES (?, ?)", values)


def _keep_told(connection: sqlite3.Connection, told: Iterable[Told]) -> None:
    values = ((each.key, each.cause, _number(each.since), _number(each.told_at)) for each in told)
    connection.executemany(f"INSERT OR REPLACE INTO told ({_TOLD}) VALUES (?, ?, ?, ?)", values)


def _last(connection: sqlite3.Connection, table: str) -> int | None:
    """When the newest in that table was judged, as far as what stands there is an instant at all."""
    told = f"SELECT max(judged) FROM {table} WHERE typeof(judged) = 'integer' AND judged BETWEEN 0 AND ?"
    [newest] = connection.execute(told, (_LAST,)).fetchone()
    return None if newest is None else int(newest)


def _forget(connection: sqlite3.Connection, horizon: int) -> None:
    connection.execute("DELETE FROM runs WHERE due < ?", (horizon,))
    connection.execute("DELETE FROM mornings WHERE judged < ?", (horizon,))


def _newest_rows(
    connection: sqlite3.Connection, job_ids: Sequence[str], now: datetime, most: int
) -> tuple[dict[str, tuple[Row, ...]], int]:
    """The rows by job, and how many cannot be read."""
    with all_is_kept():
        values = newest(connection, job_ids, now, most).fetchall()
        rows = list(_readable(values, _reader()))
        by_job = {job_id: tuple(group) for job_id, group in groupby(rows, key=attrgetter("job_id"))}
    return by_job, len(values) - len(rows)


def _present(connection: sqlite3.Connection, now: datetime) -> frozenset[str]:
    present = connection.execute("SELECT job FROM present WHERE judged < ?", (_number(now),))
    return frozenset(job for (job,) in present if type(job) is str)


# Values ---------------------------------------------------------------------------------------------------------------

_TEXT, _COUNT = (str, type(None)), (int, type(None))
# What SQLite cannot tell is broken: a flipped bit in a value.
_UNREADABLE = (ValueError, TypeError, OverflowError, KeyError)


def _number(at: datetime) -> int:
    return (at - EPOCH) // _INSTANT


def _instant(number: int) -> datetime:
    return EPOCH + timedelta(0, 0, number)


def _reader() -> Callable[[_Values], Row]:
    """What makes rows of values; its errors are `_UNREADABLE`."""
    verdicts = {str(each): each for each in Verdict}
    judged_at = cache(_instant)  # a thousand jobs were judged by the same few mornings

    def row(values: _Values) -> Row:
        job, due, verdict, cause, needs, ran, size, judged, action, from_files = values
        if type(job) is not str or type(cause) not in _TEXT or type(action) not in _TEXT or type(size) not in _COUNT:
            raise TypeError
        return Row(
            job_id=job,
            due_at=_instant(due),
            verdict=verdicts[verdict],
            cause=cause,
            needs_a_person=bool(needs),
            ran_at=None if ran is None else _instant(ran),
            size=size,
            judged_at=judged_at(judged),
            action=action,
            from_files=bool(from_files),
        )

    return row


def _run_values(row: Row) -> _Values:
    return (
        row.job_id,
        _number(row.due_at),
        str(row.verdict),
        None if row.cause is None else str(row.cause),
        row.needs_a_person,
        None if row.ran_at is None else _number(row.ran_at),
        row.size,
        _number(row.judged_at),
        row.action,
        row.from_files,
    )


def _morning(values: _Values) -> PastMorning:
    judged, by, verdict, is_complete, declared, needing = values
    return PastMorning(
        judged_at=_instant(judged),
        verdict=clean(verdict, 40),
        is_complete=bool(is_complete),
        declared=int(declared),
        needing=int(needing),
        by=clean(by, 40),
    )


def _morning_values(each: PastMorning) -> _Values:
    return _number(each.judged_at), each.by, each.verdict, each.is_complete, each.declared, each.needing


def _told(values: _Values) -> Told:
    key, cause, since, told = values
    if type(key) is not str or type(cause) is not str:
        raise TypeError
    return Told(key=key, cause=cause, since=_instant(since), told_at=_instant(told))


def _readable(values: Iterable[_Values], read_one: Callable[[_Values], _Record]) -> Iterator[_Record]:
    """The records of those that can be read."""
    for each in values:
        try:
            record = read_one(each)
        except _UNREADABLE:
            continue
        yield record
