"""Is the file a history that can be used, and what becomes of one that is not?

Only who is about to write sets a file aside, alone in the folder and after a second look: what another process has
just begun anew is not damaged. A file that is busy, full or may not be written is a problem, and stays where it is.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock

from rollcall.errors import RollcallError
from rollcall.files import place_of
from rollcall.history.connection import CannotRead, CannotWrite, Connection
from rollcall.history.tables import ALL, INDEX, TABLES, VERSION
from rollcall.text import clean
from rollcall.times import EPOCH

APPLICATION = 0x526F6C6C  # "Roll" in the file's header, by which it is known
PATIENCE = timedelta(seconds=10)
_TRIES = 3
_BESIDE = ("-wal", "-shm", "-journal")
# https://www.sqlite.org/fileformat2.html#magic_header_string
_MAGIC = b"SQLite format 3\0"
# SQLITE_ERROR is "no such table", "no such column".
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_PROBLEMS = {
    sqlite3.SQLITE_BUSY: "another process is writing it, and did not finish in time",
    sqlite3.SQLITE_FULL: "no room is left on the disk",
    sqlite3.SQLITE_IOERR: "disk I/O error (is there room on the disk?)",
    sqlite3.SQLITE_READONLY: "it may not be written by this user, or its folder",
    sqlite3.SQLITE_CANTOPEN: "it, or the log beside it, may not be opened or made by this user",
}


class Unfit(StrEnum):
    """Why a file is set aside."""

    DAMAGED = "damaged"
    OLDER = "older"
    NEWER = "newer"
    FOREIGN = "foreign"


class UnfitFile(RollcallError):
    """The file is no history that this version can use: one clean line says why."""

    def __init__(self, kind: Unfit, why: str) -> None:
        self.kind = kind
        super().__init__(why)

    @classmethod
    def damaged(cls, why: str) -> UnfitFile:
        """One that is broken."""
        return cls(Unfit.DAMAGED, f"is damaged ({clean(why, 80)})")


@contextmanager
def open_to_read(file: Path) -> Iterator[Connection | None]:
    """A connection that changes nothing and sees one moment; None where there is no history yet.

    Raises `CannotRead`.
    """
    try:
        # Not read-only: what another process was killed in the middle of is undone first.
        with _opened(file, "rw") as connection:
            if connection:
                connection.execute("PRAGMA query_only = ON")
                connection.execute("BEGIN")
            yield _Conversation(connection) if connection and _is_history(connection) else None
    except UnfitFile as unfit:
        raise CannotRead(f"{file.name} {unfit}: it is set aside when a morning is next written") from None
    except CannotWrite as problem:
        raise CannotRead(f"{file.name} cannot be read: {problem}") from None


def change(file: Path, change: Callable[[Connection], object], on_set_aside: Callable[[str], object]) -> None:
    """Makes the change in one transaction, in a new file where that was unfit and had to be set aside.

    What was done with that is handed to `on_set_aside`, in one line. Raises `CannotWrite`.
    """
    try:
        file = place_of(file)  # a link is not set aside instead of what it leads to
        file.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):
            try:
                with _open_to_write(file) as connection:
                    change(_Conversation(connection))
                return
            except UnfitFile:
                if aside := set_aside(file):
                    on_set_aside(aside)
    except OSError as error:
        raise CannotWrite(clean(error.strerror or str(error))) from None
    raise CannotWrite("it was damaged each time it was tried")


@contextmanager
def alone(file: Path, lock: str, patience: timedelta) -> Iterator[None]:
    """Waits until nobody else holds that lock beside the file, or `patience` is over, or it cannot be had at all."""
    with ExitStack() as held:
        with suppress(OSError):
            held.enter_context(FileLock(file.with_name(lock), timeout=patience.total_seconds()))
        yield


class _Conversation:
    """What is said in one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def ask(self, statement: str, fields: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        yield from self._connection.execute(statement, fields or {})

    def ask_of_each(
        self, statement: str, jobs: Iterable[str], fields: Mapping[str, Any]
    ) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        cursor = self._connection.cursor()
        cursor.row_factory = None  # a name for each of a hundred thousand values takes seconds
        # One walk along the key for each job: a year is not read for thirty rows of it.
        for job in jobs:
            yield job, cursor.execute(statement, {**fields, "job": job}).fetchall()

    def change(self, statement: str, *each: Mapping[str, Any]) -> list[int]:
        return [self._connection.execute(statement, fields).rowcount for fields in each]


@contextmanager
def _open_to_write(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection inside the one transaction of this write; where the block raises, nothing of it is kept.

    Raises `UnfitFile`, and `CannotWrite`.
    """
    with _opened(file, "rwc") as connection:
        assert connection
        connection.execute("BEGIN IMMEDIATE")
        if not _is_history(connection, is_checked=True):
            for table in TABLES.split(";"):
                # Each row is found by its key alone.
                connection.execute(f"{table} WITHOUT ROWID")
            connection.execute(INDEX)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        yield connection
        connection.execute("COMMIT")


def set_aside(file: Path) -> str | None:
    """Renames a file that is unfit, and the logs beside it, to a free name. Returns what was done, in one line.

    None where it is fit after all: another process was faster. Raises `CannotWrite`, and OSError.
    """
    with _alone_in(file.parent):
        try:
            with _opened(file, "rw") as connection:
                if connection:
                    _is_history(connection, is_checked=True)
                return None
        except UnfitFile as problem:
            unfit = problem
        aside = _free_name(file, unfit.kind)
        # The logs first: beside a new file SQLite would take them for its own.
        for suffix in (*_BESIDE, ""):
            with suppress(FileNotFoundError):
                os.rename(f"{file}{suffix}", f"{aside}{suffix}")
        return f"{file.name} {unfit}: it was set aside as {aside.name}, and a new one begun"


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Waits until no other process sets a file aside there."""
    try:
        import fcntl
    except ImportError:  # Windows, where an open file cannot be renamed anyway
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _free_name(file: Path, kind: Unfit) -> Path:
    """ "history.sqlite3.damaged-20261124-070200", by when it was written last, or the next free one."""
    written_at = EPOCH + timedelta(seconds=int(file.stat().st_mtime))
    name = f"{file.name}.{kind}-{written_at:%Y%m%d-%H%M%S}"
    names = (name if number == 1 else f"{name}-{number}" for number in range(1, 10_000))
    free = (file.with_name(each) for each in names)
    return next(each for each in free if not any(os.path.lexists(f"{each}{suffix}") for suffix in (*_BESIDE, "")))


# Opening --------------------------------------------------------------------------------------------------------------


@contextmanager
def _opened(file: Path, mode: str) -> Iterator[sqlite3.Connection | None]:
    """A connection, closed with the block, which undoes what was not committed; None where there is nothing to read.

    What SQLite and the system say is wrong, also in the block, is raised as `UnfitFile` or `CannotWrite`.
    """
    connection = None
    try:
        if not _holds_a_database(file) and mode == "rw":
            yield None
            return
        uri = f"{file.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE.total_seconds(), isolation_level=None)
        # A flipped bit inside a text is no reason to lose the row.
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        connection.row_factory = _by_name
        yield connection
    except UnicodeDecodeError:  # of the words in which SQLite says what is broken, which it quotes
        raise UnfitFile.damaged("what its tables are cannot be read") from None
    except OSError as problem:
        raise CannotWrite(clean(problem.strerror or str(problem))) from None
    except sqlite3.Error as problem:
        # The primary code; extended ones carry it in their lowest byte.
        code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        if code in _DAMAGE:
            raise UnfitFile.damaged(str(problem)) from None
        raise CannotWrite(_PROBLEMS.get(code, clean(str(problem)))) from None
    finally:
        if connection:
            connection.close()


def _holds_a_database(file: Path) -> bool:
    """False where there is no file, or nothing in it. Raises `UnfitFile` where it does not begin as SQLite's do."""
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(mode):
        raise OSError(0, "it is not a regular file")  # a pipe would be waited for
    with file.open("rb") as stream:
        begins = stream.read(len(_MAGIC))
    if begins and begins != _MAGIC:
        # Not even opened: a file shorter than a page is an empty one to SQLite.
        raise UnfitFile.damaged("it does not begin as a database does")
    return bool(begins)


def _by_name(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> dict[str, Any]:
    return {name: value for (name, *_), value in zip(cursor.description, values, strict=True)}


def _is_history(connection: sqlite3.Connection, *, is_checked: bool = False) -> bool:
    """False where nothing was ever written to the file. Raises `UnfitFile` where something else was.

    Where it `is_checked`, also where anything in it is broken: a byte inside a key hides rows, and nothing else tells.
    """
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[name] for name in ("application_id", "user_version")
    )
    if application != APPLICATION:
        if application or version or connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            raise UnfitFile(Unfit.FOREIGN, "is the database of another application")
        return False
    if version != VERSION:
        kind, who = (Unfit.NEWER, "a newer") if version > VERSION else (Unfit.OLDER, "an older")
        raise UnfitFile(kind, f"was written by {who} Roll call (version {version}; this one: {VERSION})")
    for statement in ALL:
        connection.execute(f"EXPLAIN {statement}", {"since": 0})
    if is_checked:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()["integrity_check"]
        if found != "ok":
            raise UnfitFile.damaged(found)
    return True
