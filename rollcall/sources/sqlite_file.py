"""How is a SQLite file read without writing a byte, into it or beside it?"""

from __future__ import annotations

import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rollcall.sources.no_answer import LARGEST_TEXT, NoAnswer, Why
from rollcall.text import show_size

_LARGEST_COPY = 1_000_000_000
_STEPS_BETWEEN_LOOKS_AT_THE_CLOCK = 10_000
# Bytes 18 and 19 of the file: https://www.sqlite.org/fileformat2.html#file_format_version_numbers
_IN_WAL_MODE = b"\x02\x02"
_READS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})


def is_at_rest(path: Path) -> bool:
    """True where the file writes ahead into a log beside it, and no program has it open.

    Even a reader would then create that log, or an index of it, and leave it there. Raises `NoAnswer` where there is no
    such file.
    """
    in_wal_mode = beginning(path)[18:] == _IN_WAL_MODE
    return in_wal_mode and not (_log_of(path).exists() and path.with_name(f"{path.name}-shm").exists())


def beginning(path: Path) -> bytes:
    """Its first 20 bytes. Raises `NoAnswer` where there is no such file, or it cannot be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # A pipe would be waited for.
            raise NoAnswer(Why.ERROR, f"{path} is not a regular file")
        with path.open("rb") as file:
            return file.read(20)
    except PermissionError:
        raise NoAnswer(Why.DENIED, f"{path} may not be read by this user") from None
    except FileNotFoundError:
        raise NoAnswer(Why.DOWN, f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise NoAnswer(Why.ERROR, f"{path}: {getattr(error, 'strerror', None) or error}") from None


@contextmanager
def to_be_opened(path: Path, *, at_rest: bool) -> Iterator[tuple[Path, bool]]:
    """The file to open, and whether it holds all there is: a copy where a log was copied along, or left by a crash.

    What stands in that log counts, and cannot be read without an index of it. Raises `NoAnswer`.
    """
    log = _log_of(path)
    if not at_rest or not log.exists() or not log.stat().st_size:
        yield path, at_rest
        return
    if (size := path.stat().st_size + log.stat().st_size) > _LARGEST_COPY:
        why = f"to read it would write beside it, and with {show_size(size)} it is too large to be copied"
        raise NoAnswer(Why.ERROR, f"no program has {path} open, and a log is beside it: {why}")
    with TemporaryDirectory(prefix="rollcall-") as folder:
        copy = Path(folder, path.name)
        try:
            # The log first: what is written from it into the file meanwhile stands in both.
            shutil.copyfile(log, _log_of(copy))
            shutil.copyfile(path, copy)
        except OSError as error:
            why = f"{path} and the log beside it cannot be copied to be read: {error.strerror or error}"
            raise NoAnswer(Why.ERROR, why) from None
        yield copy, False


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def opened(path: Path, *, at_rest: bool, ends_on: float) -> sqlite3.Connection:
    """A connection that can only read, and is interrupted when the monotonic clock shows `ends_on`."""
    mode = "mode=ro&immutable=1" if at_rest else "mode=ro"
    patience = max(ends_on - time.monotonic(), 0)
    connection = sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, timeout=patience)
    connection.text_factory = lambda text: text.decode(errors="replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_TEXT)
    connection.set_progress_handler(lambda: time.monotonic() > ends_on, _STEPS_BETWEEN_LOOKS_AT_THE_CLOCK)
    # A file opened for reading could still be copied by VACUUM INTO, or another one be attached.
    connection.set_authorizer(_authorize)
    return connection


def _authorize(action: int, first: str | None, *others: str | None) -> int:
    # SQLAlchemy asks for this one when it connects.
    is_harmless = action in _READS or (action == sqlite3.SQLITE_PRAGMA and first == "read_uncommitted")
    return sqlite3.SQLITE_OK if is_harmless else sqlite3.SQLITE_DENY
