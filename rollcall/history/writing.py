"""How is a morning added to the history, and what is forgotten?

As where it is read, nothing here raises for the sake of the file. A row is kept, replaced and forgotten together with
its outputs, in one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta

from rollcall.history import tables
from rollcall.history.connection import Connection
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
from rollcall.history.store import LONG, Store, changed
from rollcall.morning import Morning

# Of two that look at the same time the later one may write first. What is dated further ahead of the morning that is
# written comes from a clock that was wrong.
_AT_ONCE = timedelta(hours=1)


def write(
    store: Store, morning: Morning, *, by: str, is_complete: bool, keeps: timedelta, other_failures: int = 0
) -> str | None:
    """Adds the morning in one transaction, and forgets what was due longer ago than `keeps`.

    `by` is what looked; where that wrote the same morning before, this replaces it. `other_failures` counts checks that
    failed though no job and no scheduler needs anybody for it. Returns None where all went well, else one line for
    people: why it was not written, or that it was, into a new file, because the old one had to be set aside. A demo and
    a replay are refused.
    """
    if morning.demo is not None or morning.replay_of is not None:
        return f"{store.name}: not written, as nobody was asked this morning"
    whole = past_morning(morning, by=by, is_complete=is_complete, other_failures=other_failures)
    present = Present(judged_at=morning.judged_at, jobs=tuple(each.job.id for each in morning.jobs))
    rows, proofs = rows_of(morning), proofs_of(morning)
    listed = [Listed.of(scheduler, job) for scheduler, jobs in morning.listed.items() for job in jobs]

    def change(connection: Connection) -> None:
        judged, latest = number(morning.judged_at), number(morning.judged_at + _AT_ONCE)
        fields = tables.MORNING.dump_python(whole, by_alias=True)
        connection.change(tables.FORGET_MORNING, fields)
        last = _last_judged(connection, tables.LAST_MORNING)
        connection.change(tables.KEEP_MORNING, fields)
        _keep_rows(connection, rows, latest=latest)
        _keep_proofs(connection, proofs, latest=latest)
        if whole.is_complete:
            _keep_present(connection, present, latest=latest)
        _keep_listed(connection, morning.listed, listed)
        # By the morning before: a machine whose clock jumps years ahead must not forget all for it.
        horizon = min(judged, last or judged) - keeps // MICROSECOND
        for statement in tables.FORGET:
            connection.change(statement, {"horizon": horizon})

    return changed(store, change)


def update_told(store: Store, before: Mapping[str, Memory], after: Mapping[str, Memory]) -> str | None:
    """Remembers, by channel, what `after` adds to `before`, and forgets what it lacks of that.

    What else is remembered stays, whoever told it meanwhile. Returns None where all went well, else one line, as
    `write` does.
    """
    had, has = _by_channel(before), _by_channel(after)

    def change(connection: Connection) -> None:
        over = ({"channel": channel, "key": told.key} for channel, told in had - has)
        connection.change(tables.FORGET_TOLD, *over)
        _keep_told(connection, has - had)

    return changed(store, change) if had != has else None


def merge(store: Store, other: Whole) -> str | None:
    """Adds what another history tells, in one transaction; the same again changes nothing.

    Of a due run that both tell, the row stays that would have stayed had one file seen both. What is only the last word
    (who was present, what was told) is the other's where its newest morning is newer. Returns as `write` does.
    """

    def change(connection: Connection) -> None:
        own = _last_judged(connection, tables.LAST_MORNING)
        theirs = max((number(each.judged_at) for each in other.mornings), default=None)
        if theirs is not None and (own is None or own < theirs):
            connection.change(tables.FORGET_ALL_TOLD, {})
            _keep_told(connection, _by_channel(other.told))
            _keep_listed(connection, {each.scheduler for each in other.listed}, other.listed)
        _keep_rows(connection, other.rows, latest=LARGEST)
        _keep_proofs(connection, other.proofs, latest=LARGEST)
        connection.change(
            tables.KEEP_MORNING, *(tables.MORNING.dump_python(each, by_alias=True) for each in other.mornings)
        )
        connection.change(tables.KEEP_SILENCE, *(tables.SILENCE.dump_python(each) for each in other.silences))
        if other.present:
            _keep_present(connection, other.present, latest=LARGEST)

    return changed(store, change, limit=LONG)


# What is changed ------------------------------------------------------------------------------------------------------


def _keep_rows(connection: Connection, rows: Iterable[Row], *, latest: int) -> None:
    """What is dated after `latest` was not judged yet, by whoever writes."""
    runs = [tables.RUN.dump_python(row, by_alias=True) | {"latest": latest} for row in rows]
    changes = connection.change(tables.KEEP_RUN, *runs)  # 0 where another row stays
    # Of two of the same run the last one that was kept.
    kept = {(run["job"], run["due_at"]): run for run, count in zip(runs, changes, strict=True) if count}
    connection.change(tables.FORGET_OUTPUTS, *kept.values())
    connection.change(tables.KEEP_OUTPUT, *(run | each for run in kept.values() for each in run["outputs"]))


def _keep_proofs(connection: Connection, proofs: Iterable[ProofRow], *, latest: int) -> None:
    found = (tables.PROOF.dump_python(each, by_alias=True) | {"latest": latest} for each in proofs)
    connection.change(tables.KEEP_PROOF, *found)


def _keep_present(connection: Connection, present: Present, *, latest: int) -> None:
    last, judged = _last_judged(connection, tables.LAST_PRESENT), number(present.judged_at)
    if last is None or last <= judged or last > latest:
        connection.change(tables.FORGET_PRESENT, {})
        connection.change(tables.KEEP_PRESENT, *({"job": each, "judged_at": judged} for each in present.jobs))


def _keep_listed(connection: Connection, schedulers: Iterable[str], listed: Iterable[Listed]) -> None:
    """All that is remembered of those schedulers."""
    connection.change(tables.FORGET_LISTED, *({"scheduler": each} for each in schedulers))
    found = (tables.LISTED.dump_python(each) | {"tags": json.dumps(each.tags)} for each in listed)
    connection.change(tables.KEEP_LISTED, *found)


def _keep_told(connection: Connection, told: Iterable[tuple[str, Told]]) -> None:
    found = ({"channel": channel, **tables.TOLD.dump_python(each)} for channel, each in told)
    connection.change(tables.KEEP_TOLD, *found)


def _by_channel(told: Mapping[str, Memory]) -> set[tuple[str, Told]]:
    return {(channel, each) for channel, memory in told.items() for each in memory.values()}


def _last_judged(connection: Connection, statement: str) -> int | None:
    (found,) = connection.ask(statement, {"latest": LAST})
    judged: int | None = found["judged"]
    return judged
