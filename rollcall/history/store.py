"""Where is the history kept: in a file of SQLite, which needs nothing, or in a PostgreSQL that many write to?"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from rollcall.history import postgresql, sqlite
from rollcall.history.connection import CannotWrite, Connection
from rollcall.history.postgresql import Database
from rollcall.history.rows import FILE
from rollcall.roll.telling import HistoryTable

# Of a morning, and of what carries a whole history.
LIMIT = timedelta(seconds=30)
LONG = timedelta(hours=1)


class Unwritten(str):
    """Why a change is not in the history, in one line; what is said of one that is there is a plain text."""

    __slots__ = ()


# A file by its path. Both have a `name`, by which people are told of them.
Store = Path | Database


def store_of(table: HistoryTable, reports: Path) -> Store:
    """Where jobs.toml says that it is kept: in its database, or in the file in that folder."""
    if table.address is None or table.name is None or table.shown_url is None:
        return reports / FILE
    return Database(url=table.address, of=table.name, shown=table.shown_url, secrets=table.secrets)


@contextmanager
def open_to_read(store: Store, *, limit: timedelta = LIMIT) -> Iterator[Connection | None]:
    """A connection that changes nothing and sees one moment; None where there is no history yet.

    A database has answered within `limit`, or is given up. Raises `CannotRead`.
    """
    if isinstance(store, Path):
        with sqlite.open_to_read(store) as file:
            yield file
    else:
        with postgresql.open_to_read(store, limit) as database:
            yield database


def changed(store: Store, change: Callable[[Connection], object], *, limit: timedelta = LIMIT) -> str | None:
    """Makes the change, in one transaction. Returns None where that is written to the store as it was, else one line.

    It is `Unwritten` where that is not in the store. A file that is no history is set aside, and that is the line; a
    database is left as it is.
    """
    aside: list[str] = []
    try:
        if isinstance(store, Path):
            sqlite.change(store, change, aside.append)
        else:
            postgresql.change(store, change, limit)
    except CannotWrite as problem:
        return Unwritten("; ".join((*aside, f"{store.name} was not written: {problem}")))
    return "; ".join(aside) or None


@contextmanager
def not_collecting() -> Iterator[None]:
    """Leaves out Python's search for circles: among hundreds of thousands of records it takes as long as their reading.

    Records hold none.
    """
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()


@contextmanager
def alone(store: Store, lock: str, patience: timedelta) -> Iterator[None]:
    """Waits until nobody else holds that lock of the history, for as long as `patience`; then goes on all the same."""
    with sqlite.alone(store, lock, patience) if isinstance(store, Path) else postgresql.alone(store, lock, patience):
        yield
