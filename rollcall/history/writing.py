"""How is a morning added to the history, and what is forgotten?

As where it is read, nothing here raises for the sake of the file. A row is kept, replaced and forgotten together with
its outputs, in one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from rollcall.files import place_of
from rollcall.history import tables
from rollcall.history.judged import past_morning, proofs_of, rows_of
from rollcall.history.rows import (
    LARGEST,
    LAST,
    MICROSECOND,
    Listed,
    Memory,
    Present,
    ProofRow,
    Row,
    Told,
    Whole,
    number,
)
from rollcall.history.sqlite import UnfitFile, UnusableFile, open_to_write, set_aside
from rollcall.morning import Morning
from rollcall.text import clean

_TRIES = 3
# Of two that look at the same time the later one may write first. What is dated further ahead of the morning that is
# written comes from a clock that was wrong.
_AT_ONCE = timedelta(hours=1)


def write(
    file: Path, morning: Morning, *, by: str, is_complete: bool, keeps: timedelta, other_failures: int = 0
) -> str | None:
    """Adds the morning in one transaction, and forgets what was due longer ago than `keeps`.

    `by` is what looked; where that wrote the same morning before, this replaces it. `other_failures` counts checks that
    failed though no job and no scheduler needs anybody for it. Returns None where all went well, else one line for
    people: why it was not written, or that it was, into a new file, because the old one had to be set aside. A demo and
    a replay are refused.
    """
    if morning.demo is not None or morning.replay_of is not None:
        return f"{file.name}: not written, as nobody was asked this morning"
    whole = past_morning(morning, by=by, is_complete=is_complete, other_failures=other_failures)
    present = Present(judged_at=morning.judged_at, jobs=tuple(each.job.id for each in morning.jobs))
    rows, proofs = rows_of(morning), proofs_of(morning)
    listed = [Listed.of(scheduler, job) for scheduler, jobs in morning.listed.items() for job in jobs]

    def change(connection: sqlite3.Connection) -> None:
        judged, latest = number(morning.judged_at), number(morning.judged_at + _AT_ONCE)
        fields = tables.MORNING.dump_python(whole, by_alias=True)
        connection.execute(tables.FORGET_MORNING, fields)
        last = _last_judged(connection, tables.LAST_MORNING)
        connection.execute(tables.KEEP_MORNING, fields)
        _keep_rows(connection, rows, latest=latest)
        _keep_proofs(connection, proofs, latest=latest)
        if whole.is_complete:
            _keep_present(connection, present, latest=latest)
        _keep_listed(connection, morning.listed, listed)
        # By the morning before: a machine whose clock jumps years ahead must not forget all for it.
        horizon = min(judged, last or judged) - keeps // MICROSECOND
        for statement in tables.FORGET:
            connection.execute(statement, {"horizon": horizon})

    return _changed(file, change)


def update_told(file: Path, before: Mapping[str, Memory], after: Mapping[str, Memory]) -> str | None:
    """Remembers, by channel, what `after` adds to `before`, and forgets what it lacks of that.

    What else is remembered stays, whoever told it meanwhile. Returns None where all went well, else one line, as
    `write` does.
    """
    had, has = _by_channel(before), _by_channel(after)

    def change(connection: sqlite3.Connection) -> None:
        for channel, told in had - has:
            connection.execute(tables.FORGET_TOLD, {"channel": channel, "key": told.key})
        _keep_told(connection, has - had)

    return _changed(file, change) if had != has else None


def merge(file: Path, other: Whole) -> str | None:
    """Adds what another history tells, in one transaction; the same again changes nothing.

    Of a due run that both tell, the row stays that would have stayed had one file seen both. What is only the last word
    (who was present, what was told) is the other's where its newest morning is newer. Returns as `write` does.
    """

    def change(connection: sqlite3.Connection) -> None:
        own = _last_judged(connection, tables.LAST_MORNING)
        theirs = max((number(each.judged_at) for each in other.mornings), default=None)
        if theirs is not None and (own is None or own < theirs):
            connection.execute(tables.FORGET_ALL_TOLD)
            _keep_told(connection, _by_channel(other.told))
            _keep_listed(connection, {each.scheduler for each in other.listed}, other.listed)
        _keep_rows(connection, other.rows, latest=LARGEST)
        _keep_proofs(connection, other.proofs, latest=LARGEST)
        for each in other.mornings:
            connection.execute(tables.KEEP_MORNING, tables.MORNING.dump_python(each, by_alias=True))
        if other.present:
            _keep_present(connection, other.present, latest=LARGEST)

    return _changed(file, change)


def _changed(file: Path, change: Callable[[sqlite3.Connection], None]) -> str | None:
    """None where the change is written to the file that was there; else one line."""
    aside, problem = None, "it was damaged each time it was tried"
    try:
        file = place_of(file)  # a link is not set aside instead of what it leads to
        file.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):
            try:
                with open_to_write(file) as connection:
                    change(connection)
                return aside
            except UnfitFile:
                aside = set_aside(file) or aside
    except OSError as error:
        problem = clean(error.strerror or str(error))
    except UnusableFile as error:
        problem = clean(str(error))
    return "; ".join(filter(None, (aside, f"{file.name} was not written: {problem}")))


# What is changed ------------------------------------------------------------------------------------------------------


def _keep_rows(connection: sqlite3.Connection, rows: Iterable[Row], *, latest: int) -> None:
    """What is dated after `latest` was not judged yet, by whoever writes."""
    for row in rows:
        run = tables.RUN.dump_python(row, by_alias=True)
        outputs = run.pop("outputs")
        if connection.execute(tables.KEEP_RUN, run | {"latest": latest}).rowcount:  # 0 where another row stays
            connection.execute(tables.FORGET_OUTPUTS, run)
            connection.executemany(tables.KEEP_OUTPUT, [run | each for each in outputs])


def _keep_proofs(connection: sqlite3.Connection, proofs: Iterable[ProofRow], *, latest: int) -> None:
    for each in proofs:
        connection.execute(tables.KEEP_PROOF, tables.PROOF.dump_python(each, by_alias=True) | {"latest": latest})


def _keep_present(connection: sqlite3.Connection, present: Present, *, latest: int) -> None:
    last, judged = _last_judged(connection, tables.LAST_PRESENT), number(present.judged_at)
    if last is None or last <= judged or last > latest:
        connection.execute(tables.FORGET_PRESENT)
        connection.executemany(tables.KEEP_PRESENT, [{"job": each, "judged_at": judged} for each in present.jobs])


def _keep_listed(connection: sqlite3.Connection, schedulers: Iterable[str], listed: Iterable[Listed]) -> None:
    """All that is remembered of those schedulers."""
    connection.executemany(tables.FORGET_LISTED, [{"scheduler": each} for each in schedulers])
    for each in listed:
        fields = tables.LISTED.dump_python(each)
        connection.execute(tables.KEEP_LISTED, fields | {"tags": json.dumps(each.tags)})


def _keep_told(connection: sqlite3.Connection, told: Iterable[tuple[str, Told]]) -> None:
    for channel, each in told:
        connection.execute(tables.KEEP_TOLD, {"channel": channel, **tables.TOLD.dump_python(each)})


def _by_channel(told: Mapping[str, Memory]) -> set[tuple[str, Told]]:
    return {(channel, each) for channel, memory in told.items() for each in memory.values()}


def _last_judged(connection: sqlite3.Connection, statement: str) -> int | None:
    found: int | None = connection.execute(statement, {"latest": LAST}).fetchone()["judged"]
    return found
