"""Is somebody else at it already?

A lock on an open file, which the system lets go of however the process ends: a file that merely lies there would stand
in the way of everybody after a crash.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextmanager
def alone(file: Path) -> Iterator[bool]:
    """True where nobody else holds `file`, which is then held until the block ends. It stays there, and empty.

    Raises OSError where it cannot be opened.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    try:
        yield is_taken(descriptor)
    finally:
        os.close(descriptor)


def is_taken(descriptor: int) -> bool:
    """Takes the lock of an open file, without waiting. Returns whether it was free; closing the file frees it."""
    with suppress(OSError):
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
