"""How is one line added to a log that stays bounded, while others add theirs?"""

from __future__ import annotations

import errno
from logging.handlers import RotatingFileHandler
from pathlib import Path

from filelock import FileLock, Timeout

from rollcall.files import append_to, check_appendable
from rollcall.text import clean, show_size

LARGEST = 1_000_000  # bytes
KEPT = 5  # older ones, `.1` the newest
_LONGEST = 4000
_PATIENCE = 2.0  # seconds


def append(file: Path, line: str) -> None:
    """Adds `line`, cleaned, to `file`. Where it would grow too large it becomes `file.1`. Raises OSError."""
    data = (clean(line, _LONGEST) + "\n").encode(errors="replace")
    check_appendable(file)
    try:
        # Not the file itself: it loses its name while others wait for it.
        with FileLock(file.with_name(f".{file.name}.lock"), timeout=_PATIENCE):
            size = file.stat().st_size if file.exists() else 0
            if size and size + len(data) > LARGEST:
                RotatingFileHandler(file, backupCount=KEPT, delay=True).doRollover()
            append_to(file, data)
    except Timeout:
        raise OSError(errno.EAGAIN, "somebody else holds it", str(file)) from None


def show_limits() -> str:
    """How large it grows and how many are kept, for people."""
    return f"{show_size(LARGEST)}, {KEPT} older ones are kept"
