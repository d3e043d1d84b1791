"""How is a morning added to the history, and what is forgotten?

As where it is read, nothing here raises for the sake of the file. A row is kept, replaced and forgotten together with
its outputs, in one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path

from rollcall.evidence import JobListed
from rollcall.history.judged import past_morning, rows_of
from rollcall.history.reading import MOST_ROWS, last_judged
from rollcall.history.rows import Memory, PastMorning, Row, Told, Whole
from rollcall.history.sqlite import (
    UnfitFile,
    check_pages,
    check_whole,
    is_damage,
    open_to_write,
    set_aside,
    show_problem,
)
from rollcall.history.tables import (
    COLUMNS,
    INSTANT,
    LISTED,
    MORNING,
    RUN,
    TOLD,
    listed_values,
    marks,
    morning_values,
    number,
    output_values,
    run_values,
    told_values,
)
from rollcall.morning import Morning
from rollcall.text import clean

_WEEK = timedelta(days=7) // INSTANT
_TRIES = 3
_EVER = 2**63 - 1
# Of two that look at the same time the later one may write first. What is dated further ahead of the morning that is
# written comes from a clock that was wrong.
_AT_ONCE = timedelta(hours=1)

# Whatever order rows come in, the same one stays: what a morning judged before what files tell, what proves something
# before what does not, then what was judged later. What was done is remembered by whoever stays. Only a row that is
# dated after the last parameter gives way to any.
_KEEP_RUN = f"""
INSERT INTO runs ({RUN}) VALUES ({marks(RUN)})
ON CONFLICT (job, due) DO UPDATE SET
    verdict = excluded.verdict, cause = excluded.cause, needs = excluded.needs, ran = excluded.ran,
    took = excluded.took, judged = excluded.judged, action = coalesce(excluded.action, runs.action),
    from_files = excluded.from_files
WHERE runs.judged > ? OR (NOT excluded.from_files, excluded.verdict NOT IN ('unknown', 'pending'), excluded.judged)
   >= (NOT runs.from_files, runs.verdict NOT IN ('unknown', 'pending'), runs.judged)
"""
_KEEP_OUTPUT = f"INSERT OR REPLACE INTO outputs ({COLUMNS['outputs']}) VALUES ({marks(COLUMNS['outputs'])})"
_KEEP_MORNING = f"""
INSERT INTO mornings ({MORNING}) VALUES ({marks(MORNING)})
ON CONFLICT (judged, made_by) DO UPDATE SET
    verdict = excluded.verdict, is_complete = excluded.is_complete, declared = excluded.declared,
    needing = excluded.needing
WHERE excluded.is_complete >= mornings.is_complete
"""
_KEEP_LISTED = f"INSERT OR REPLACE INTO listed ({LISTED}) VALUES ({marks(LISTED)})"
_KEEP_TOLD = f"INSERT OR REPLACE INTO told ({TOLD}) VALUES ({marks(TOLD)})"
# Forwards, as they are read: from the other end a broken key on the way would not be met.
_NEWEST_DUE = f"""
SELECT value, (SELECT max(+due) FROM runs WHERE job = value AND due >= coalesce(
    (SELECT due FROM runs WHERE job = value ORDER BY due DESC LIMIT 1 OFFSET {MOST_ROWS - 1}), -9e18))
FROM json_each(?)
"""


def write(
    file: Path,
    morning: Morning,
    *,
    by: str,
    is_complete: bool,
    keeps: timedelta,
    other_failures: int = 0,
) -> str | None:
    """Adds the morning in one transaction, and forgets what was due longer ago than `keeps`.

    `by` is what looked. Returns None where all went well, else one line for people: why it was not written, or that
    it was, into a new file, because the old one had to be set aside. A demo and a replay are refused.
    """
    if morning.demo is not None or morning.replay_of is not None:
        return f"{file.name}: not written, as nobody was asked this morning"
    rows = rows_of(morning)
    whole = past_morning(morning, by=by, is_complete=is_complete, other_failures=other_failures)
    ids = [each.job.id for each in morning.jobs]

    def add(connection: sqlite3.Connection) -> None:
        judged, last = number(morning.judged_at), last_judged(connection, "mornings")
        is_first_of_a_week = last is None or last // _WEEK != judged // _WEEK
        # Every morning waits for this; what takes longest need not be done each time.
        check_whole(connection) if is_first_of_a_week else check_pages(connection)
        _keep(connection, rows, (whole,), now=morning.judged_at)
        if not is_first_of_a_week and not _are_found(connection, rows):
            check_whole(connection)
        if whole.is_complete:
            _keep_present(connection, ids, morning.judged_at, now=morning.judged_at)
        _keep_listed(connection, morning.listed)
        # By the morning before: a machine whose clock jumps years ahead must not forget all for it.
        _forget(connection, min(judged, last or judged) - keeps // INSTANT)

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


def update_told(file: Path, before: Mapping[str, Memory], after: Mapping[str, Memory]) -> str | None:
    """Remembers, by channel, what `after` adds to `before`, and forgets what it lacks of that.

    What else is remembered stays, whoever told it meanwhile. Returns None where all went well, else one line, as
    `write` does.
    """
    had, has = _by_place(before), _by_place(after)
    new = {place: each for place, each in has.items() if had.get(place) != each}
    over = had.keys() - has.keys()

    def update(connection: sqlite3.Connection) -> None:
        connection.executemany("DELETE FROM told WHERE channel = ? AND subject = ?", over)
        _keep_told(connection, new)

    return _changed(file, update) if new or over else None


def merge(file: Path, other: Whole) -> str | None:
    """Adds what another history tells, in one transaction; the same again changes nothing.

    Of a due run that both tell, the row stays that would have stayed had one file seen both. What is only the last word
    (who was present, what was told) is the other's where its newest morning is newer. Returns as `write` does.
    """

    def add(connection: sqlite3.Connection) -> None:
        check_whole(connection)
        own, theirs = (
            last_judged(connection, "mornings"),
            max((each.judged_at for each in other.mornings), default=None),
        )
        if theirs is not None and (own is None or own < number(theirs)):
            connection.execute("DELETE FROM told")
            _keep_told(connection, _by_place(other.told))
            _keep_listed(connection, other.listed)
        _keep(connection, other.rows, other.mornings)
        if other.present_at is not None:
            _keep_present(connection, other.present, other.present_at)

    return _changed(file, add)


def _changed(file: Path, change: Callable[[sqlite3.Connection], None]) -> str | None:
    """None where the change is written to the file that was there; else one line."""
    told: str | None = None
    try:
        file = file.resolve()  # a link is not set aside instead of what it leads to
        file.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):
            try:
                with open_to_write(file) as connection:
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


# What is changed ------------------------------------------------------------------------------------------------------


def _keep(
    connection: sqlite3.Connection, rows: Iterable[Row], mornings: Iterable[PastMorning], *, now: datetime | None = None
) -> None:
    """`now` is the present of who writes; None where that is not known."""
    latest = _latest(now)
    for row in rows:
        if connection.execute(_KEEP_RUN, (*run_values(row), latest)).rowcount:  # 0 where another row stays
            connection.execute("DELETE FROM outputs WHERE job = ? AND due = ?", (row.job_id, number(row.due_at)))
            connection.executemany(_KEEP_OUTPUT, output_values(row))
    connection.executemany(_KEEP_MORNING, map(morning_values, mornings))


def _are_found(connection: sqlite3.Connection, rows: Iterable[Row]) -> bool:
    """True where the newest of each job is found where the next morning will look for it: no broken key hides it."""
    newest_due = {row.job_id: number(row.due_at) for row in sorted(rows, key=attrgetter("due_at"))}
    ids = json.dumps(list(newest_due))
    found = dict(connection.execute(_NEWEST_DUE, (ids,)))
    return all(isinstance(found[job], int) and found[job] >= due for job, due in newest_due.items())


def _latest(now: datetime | None) -> int:
    """What is dated after this was not judged yet."""
    return number(now + _AT_ONCE) if now else _EVER


def _keep_present(
    connection: sqlite3.Connection, ids: Sequence[str], judged_at: datetime, *, now: datetime | None = None
) -> None:
    last = last_judged(connection, "present")
    if last is None or last <= number(judged_at) or last > _latest(now):
        connection.execute("DELETE FROM present")
        values = ((each, number(judged_at)) for each in ids)
        connection.executemany("INSERT OR IGNORE INTO present VALUES (?, ?)", values)


def _by_place(told: Mapping[str, Memory]) -> dict[tuple[str, str], Told]:
    """By channel and key, as it stands in the table."""
    return {(channel, key): each for channel, memory in told.items() for key, each in memory.items()}


def _keep_told(connection: sqlite3.Connection, told: Mapping[tuple[str, str], Told]) -> None:
    connection.executemany(_KEEP_TOLD, (told_values(channel, each) for (channel, _), each in told.items()))


def _keep_listed(connection: sqlite3.Connection, listed: Mapping[str, Iterable[JobListed]]) -> None:
    """All that is remembered of each of those schedulers."""
    for scheduler, jobs in listed.items():
        connection.execute("DELETE FROM listed WHERE scheduler = ?", (scheduler,))
        connection.executemany(_KEEP_LISTED, (listed_values(scheduler, each) for each in jobs))


def _forget(connection: sqlite3.Connection, horizon: int) -> None:
    gone = "SELECT job, due FROM runs WHERE due < ?"
    connection.execute(f"DELETE FROM outputs WHERE (job, due) IN ({gone})", (horizon,))
    connection.execute("DELETE FROM runs WHERE due < ?", (horizon,))
    connection.execute("DELETE FROM mornings WHERE judged < ?", (horizon,))
