"""How is a SQLite file read without writing a byte, into it or beside it?"""

from __future__ import annotations

import sqlite3
import stat
import time
from pathlib import Path

from rollcall.evidence import CannotLook
from rollcall.vocabulary import CauseCode

LARGEST_TEXT = 1_000_000
_STEPS_BETWEEN_LOOKS_AT_THE_CLOCK = 10_000
# Bytes 18 and 19 of the file: https://www.sqlite.org/fileformat2.html#file_format_version_numbers
_IN_WAL_MODE = b"\x02\x02"
_READS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})


def is_at_rest(path: Path) -> bool:
    """True where the file writes ahead into a log beside it, and no program has it open.

    Even a reader would then create that log and leave it there. Raises `CannotLook` where there is no such file.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # A pipe would be waited for.
            raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{path} is no regular file")
        with path.open("rb") as file:
            in_wal_mode = file.read(20)[18:] == _IN_WAL_MODE
    except PermissionError:
        raise CannotLook(CauseCode.ACCESS_DENIED, f"{path} may not be read by this user") from None
    except FileNotFoundError:
        raise CannotLook(CauseCode.SCHEDULER_DOWN, f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{path}: {getattr(error, 'strerror', None) or error}") from None
    return in_wal_mode and not path.with_name(f"{path.name}-wal").exists()


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
