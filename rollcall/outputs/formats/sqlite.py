"""Is it a whole SQLite database?"""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from rollcall.roll.formats import FileFormat, NothingInside, OpenContent, TooMuch

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
# Where SQLite's locks lie, whatever else the file holds there: https://www.sqlite.org/lockingv3.html
_LOCKS_AT, _LOCKS = 0x40000000, 512
# struct flock, and where in it the kind of lock stands: none is taken by asking who holds one.
_FLOCK = {"linux": ("hhqqi4x", 0), "darwin": ("qqihh", 3)}
_LONGEST_VALUE = 32_000_000
_STEPS = 10_000


class Sqlite(FileFormat):
    """A database in one file, checked as `PRAGMA integrity_check` does, without a lock and without a file beside it.

    https://www.sqlite.org/pragma.html#pragma_integrity_check
    """

    magic = (_MAGIC,)
    suffix = ".sqlite"
    marks_its_end = True
    looked_at_by = "sqlite3 {file} 'PRAGMA integrity_check'"
    holds_text = False
    seeks = True

    def read(self, content: OpenContent) -> None:
        """Raises EOFError where it has fewer pages than it says, ValueError where it is damaged.

        OSError where somebody is writing it, or has not written all of it into this file yet.
        """
        with _as_file(content) as path:
            before = path.stat()
            _refuse_one_in_use(path)
            try:
                _check_length(path, before.st_size)
                _check(path, content)
            except (EOFError, ValueError):
                # Without a lock what was written meanwhile looks like damage.
                _refuse_one_in_use(path)
                if path.stat().st_mtime_ns != before.st_mtime_ns:
                    raise OSError("it was written while it was read, so it is not known whether it is whole") from None
                raise


@contextmanager
def _as_file(content: OpenContent) -> Iterator[Path]:
    """Where it lies; of what lies nowhere as a file of its own, a copy of it."""
    if content.path is not None:
        # What lies beside a database lies beside the file, and not beside a link to it.
        yield content.path.resolve()
        return
    with tempfile.NamedTemporaryFile(prefix="rollcall-") as copy:
        content.raw.seek(0)
        shutil.copyfileobj(content.raw, copy, 1 << 18)
        copy.flush()
        yield Path(copy.name)


def _refuse_one_in_use(path: Path) -> None:
    """Raises OSError where what is in it is not all in this file, or is being changed."""
    if (wal := _beside(path, "-wal")) and wal.stat().st_size:
        raise OSError(f"{wal.name} is beside it: it is in use, and not all of it is in this file yet")
    if (journal := _beside(path, "-journal")) and _first(journal) not in (b"", b"\0"):
        raise OSError(f"{journal.name} is beside it: a write was not finished, or is still going on")
    if _is_locked(path):
        raise OSError("it is being written (it is locked), so it is not known whether it is whole")


def _first(journal: Path) -> bytes:
    # A journal may be as large as what it can take back.
    with journal.open("rb") as file:
        return file.read(1)


def _beside(path: Path, ending: str) -> Path | None:
    beside = path.with_name(path.name + ending)
    return beside if beside.is_file() else None


def _is_locked(path: Path) -> bool:
    """True where another process holds a lock to write it; False where that is not known."""
    form, place = _FLOCK.get(sys.platform, ("", 0))
    if not form:
        return False
    import fcntl

    asked = (fcntl.F_RDLCK, os.SEEK_SET, _LOCKS_AT, _LOCKS, 0)
    if place:
        asked = (_LOCKS_AT, _LOCKS, 0, fcntl.F_RDLCK, os.SEEK_SET)
    with path.open("rb") as file, suppress(OSError):
        answer = struct.unpack(form, fcntl.fcntl(file, fcntl.F_GETLK, struct.pack(form, *asked)))
        return bool(answer[place] != fcntl.F_UNLCK)
    return False


def _check_length(path: Path, size: int) -> None:
    """Raises EOFError where it has fewer pages than its header says, ValueError where it has no header."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
    if not header.startswith(_MAGIC):
        raise ValueError("it does not begin as SQLite's files do")
    if len(header) < _HEADER:
        raise EOFError("it breaks off in its header")
    (page,) = struct.unpack_from(">H", header, 16)
    changes, pages = struct.unpack_from(">II", header, 24)
    (as_of,) = struct.unpack_from(">I", header, 92)
    # 65,536 does not fit into two bytes. The number of pages holds where it was written with the last change.
    whole = (65_536 if page == 1 else page) * pages
    if changes == as_of and size < whole:
        raise EOFError(f"it has {size:,} of the {whole:,} bytes that its header announces")


def _check(path: Path, content: OpenContent) -> None:
    # Immutable: no lock is taken, and neither a journal nor a WAL is looked for or made.
    with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)) as database:
        database.text_factory = lambda text: text.decode(errors="replace")
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        database.set_progress_handler(lambda: time.monotonic() > content.until, _STEPS)
        try:
            database.execute("PRAGMA trusted_schema = OFF")
            found = _checked(database)
            if found != "ok":
                raise ValueError(found.removeprefix("*** in database main ***\n"))
            _refuse_an_empty_one(database)
        except sqlite3.Error as error:
            raise _as_told(error) from None


def _checked(database: sqlite3.Connection) -> str:
    """ "ok", or the first that is wrong."""
    try:
        return str(database.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        # Its indexes may be made by a function that only its own program has.
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_ERROR:
            raise
        return str(database.execute("PRAGMA quick_check(1)").fetchone()[0])


def _refuse_an_empty_one(database: sqlite3.Connection) -> None:
    """Raises `NothingInside` where no row is in any table."""
    tables = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")
    has_table = False
    for (name,) in tables:
        if name.startswith("sqlite_"):  # of its own
            continue
        has_table = True
        quoted = name.replace('"', '""')
        if database.execute(f'SELECT 1 FROM "{quoted}" LIMIT 1').fetchone():
            return
    raise NothingInside("each table in it is empty" if has_table else "no table is in it")


def _as_told(error: sqlite3.Error) -> Exception:
    """What SQLite says, as a format says it: damage is one thing, and what keeps it from looking another."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return ValueError(str(error))
        case sqlite3.SQLITE_INTERRUPT:
            return TimeoutError("it was not read through in time")
        case sqlite3.SQLITE_TOOBIG:
            return TooMuch("a value in it is longer than is read")
    return OSError(f"it is not known whether it is whole: {error}")
