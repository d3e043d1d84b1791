"""Is the file a history that can be used, and what becomes of one that is not?

Only who is about to write sets a file aside, alone in the folder and after a second look: what another process has
just begun anew is not damaged. A file that is busy, full or may not be written is a problem, and stays where it is.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path

from rollcall.history.tables import BEGIN, COLUMNS, VERSION
from rollcall.text import clean
from rollcall.times import EPOCH

APPLICATION = 0x526F6C6C  # "Roll" in the file's header, by which it is known
PATIENCE = timedelta(seconds=10)
_BESIDE = ("-wal", "-shm", "-journal")
_BETWEEN_TRIES = 0.02
_NO_ROOM_FOR_A_LOG = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
# https://www.sqlite.org/fileformat2.html#magic_header_string
_MAGIC = b"SQLite format 3\0"
# Called for each text of each row, so it is no function of ours.
_LENIENT = partial(str, encoding="utf-8", errors="replace")


class Unfit(StrEnum):
    """Why a file is set aside."""

    DAMAGED = "damaged"
    OLDER = "older"
    NEWER = "newer"
    FOREIGN = "foreign"


class UnfitFile(Exception):
    """The file is no history that this version can use. `detail` is one clean line that says why."""

    def __init__(self, kind: Unfit, detail: str) -> None:
        self.kind = kind
        self.detail = detail
        super().__init__(detail)


@contextmanager
def open_to_read(file: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that changes nothing; None where there is no history yet.

    Raises `UnfitFile`, and `sqlite3.Error` or `OSError` where the file cannot be read just now.
    """
    if not _is_there(file):
        yield None
        return
    with _open(file, "rw") as connection:
        try:
            is_new = _is_new(connection)
        except sqlite3.OperationalError as problem:
            if _code(problem) not in _NO_ROOM_FOR_A_LOG or _waits_in_a_log(file):
                raise
        else:
            connection.execute("PRAGMA query_only = ON")
            yield None if is_new else connection
            return
    # The log beside it cannot be made, in a folder that may not be written or on a full disk; none is needed to read.
    with _open(file, "ro&immutable=1") as connection:
        yield None if _is_new(connection) else connection


@contextmanager
def open_to_write(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection inside the one transaction of this write; where the block raises, nothing of it is kept.

    Raises `UnfitFile`, and `sqlite3.Error` or `OSError` where the file cannot be written just now.
    """
    _is_there(file)
    with _open(file, "rwc") as connection:
        _is_new(connection)
        _write_ahead(connection)
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Again, now that nobody else can write: another process may have begun the file in between.
            if _is_new(connection):
                _begin(connection)
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise


def check_whole(connection: sqlite3.Connection) -> None:
    """Raises `UnfitFile` where anything is broken: a byte inside a key hides rows, and no other statement tells."""
    _check(connection, "integrity_check")


def check_pages(connection: sqlite3.Connection) -> None:
    """The same where a page is; it does not look at the keys, and takes two fifths of the time."""
    _check(connection, "quick_check")


def _check(connection: sqlite3.Connection, check: str) -> None:
    [[found]] = connection.execute(f"PRAGMA {check}(1)").fetchall()
    if found != "ok":
        raise UnfitFile(Unfit.DAMAGED, f"is damaged ({clean(found, 80)})")


def is_damage(problem: sqlite3.Error) -> bool:
    """True where SQLite says that the file itself is broken, and not only that it cannot be used just now."""
    return _code(problem) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def show_problem(problem: sqlite3.Error | OSError) -> str:
    """Why the file cannot be used, in a few words."""
    if isinstance(problem, OSError):
        return clean(problem.strerror or str(problem))
    match _code(problem):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "another process is writing it, and did not finish in time"
        case sqlite3.SQLITE_FULL:
            return "no room is left on the disk"
        case sqlite3.SQLITE_IOERR:
            return f"{clean(str(problem))} (is there room on the disk?)"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return "it may not be written by this user, or its folder"
        case sqlite3.SQLITE_CANTOPEN:
            return "it, or the log beside it, may not be opened or made by this user"
        case _:
            return clean(str(problem))


def set_aside(file: Path) -> str | None:
    """Renames a file that is unfit, and the logs beside it, to a free name. Returns what was done, in one line.

    None where it is fit after all: another process was faster. Raises `sqlite3.Error` and `OSError`.
    """
    with _alone_in(file.parent):
        unfit = _examined(file)
        if unfit is None:
            return None
        aside = _free_name(file, unfit.kind)
        # The logs first: beside a new file SQLite would take them for its own, and empty them.
        for suffix in (*_BESIDE, ""):
            with suppress(FileNotFoundError):
                os.rename(f"{file}{suffix}", f"{aside}{suffix}")
        return f"{file.name} {unfit.detail}: it was set aside as {aside.name}, and a new one begun"


# Opening --------------------------------------------------------------------------------------------------------------


def _waits_in_a_log(file: Path) -> bool:
    """True where something was written that is not in the file itself yet."""
    log = file.with_name(f"{file.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _is_there(file: Path) -> bool:
    """False where there is no file, or nothing in it. Raises `UnfitFile` where it does not begin as SQLite's do."""
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(mode):
        raise OSError(0, "it is no regular file")  # a pipe would be waited for
    with file.open("rb") as stream:
        begins = stream.read(len(_MAGIC))
    if begins and begins != _MAGIC:
        # Not even opened: SQLite would empty what lies beside it as its log.
        raise UnfitFile(Unfit.DAMAGED, "is damaged (it does not begin as a database does)")
    return bool(begins)


@contextmanager
def _open(file: Path, mode: str) -> Iterator[sqlite3.Connection]:
    uri = f"{file.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE.total_seconds(), isolation_level=None)
    try:
        # A flipped bit inside a text is no reason to lose the row.
        connection.text_factory = _LENIENT
        yield connection
    finally:
        with suppress(sqlite3.Error):
            connection.close()


def _is_new(connection: sqlite3.Connection) -> bool:
    """True where nothing was ever written to the file, False where it is a history. Raises `UnfitFile`."""
    try:
        application, version = (connection.execute(f"PRAGMA {each}").fetchone()[0] for each in _MARKS)
        if application != APPLICATION:
            if application or version or connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                raise UnfitFile(Unfit.FOREIGN, "is the database of another application")
            return True
        versions = f"(version {version}; this one: {VERSION})"
        if version > VERSION:
            raise UnfitFile(Unfit.NEWER, f"was written by a newer Roll call {versions}")
        if version < VERSION:
            raise UnfitFile(Unfit.OLDER, f"was written by an older Roll call {versions}")
        for table, columns in COLUMNS.items():
            connection.execute(f"SELECT {columns} FROM {table} LIMIT 0")
    except UnicodeDecodeError:  # of the words in which SQLite says what is broken, which it quotes
        raise UnfitFile(Unfit.DAMAGED, "is damaged (what its tables are cannot be read)") from None
    except sqlite3.Error as problem:
        # A history of this version has these tables; SQLITE_ERROR is "no such table", "no such column".
        if is_damage(problem) or _code(problem) == sqlite3.SQLITE_ERROR:
            raise _damaged(problem) from None
        raise
    return False


_MARKS = ("application_id", "user_version")


def _damaged(problem: sqlite3.Error) -> UnfitFile:
    return UnfitFile(Unfit.DAMAGED, f"is damaged ({clean(str(problem))})")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Sets WAL, which needs the file alone for a moment and does not wait for it by itself."""
    ends_on = time.monotonic() + PATIENCE.total_seconds()
    while True:
        try:
            # Where the drive knows no shared memory the answer is another mode, and that does as well.
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return
        except sqlite3.OperationalError as problem:
            if _code(problem) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or time.monotonic() > ends_on:
                raise
            time.sleep(_BETWEEN_TRIES)


def _begin(connection: sqlite3.Connection) -> None:
    for statement in filter(str.strip, BEGIN.split(";")):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _code(problem: sqlite3.Error) -> int:
    """The primary code; extended ones carry it in their lowest byte."""
    return getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF


# Setting aside --------------------------------------------------------------------------------------------------------


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


def _examined(file: Path) -> UnfitFile | None:
    try:
        if not _is_there(file):
            return None
        with _open(file, "rw") as connection:
            _is_new(connection)
            check_whole(connection)
    except UnfitFile as unfit:
        return unfit
    except sqlite3.DatabaseError as problem:
        if is_damage(problem):
            return _damaged(problem)
        raise
    return None


def _free_name(file: Path, kind: Unfit) -> Path:
    """ "history.sqlite3.damaged-20261124-070200", by when it was written last, or the next free one."""
    written_at = EPOCH + timedelta(seconds=int(file.stat().st_mtime))
    name = f"{file.name}.{kind}-{written_at:%Y%m%d-%H%M%S}"
    names = (name if number == 1 else f"{name}-{number}" for number in range(1, 10_000))
    free = (file.with_name(each) for each in names)
    return next(each for each in free if not any(os.path.lexists(f"{each}{suffix}") for suffix in (*_BESIDE, "")))
