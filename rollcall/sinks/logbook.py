"""How is one line added to a log that never grows without end, while others add theirs?

`logging`'s rotating file is for one process. Here whoever writes holds the file itself, and looks once more whether it
still is the file of that name: another may have put it aside in between.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from rollcall.alone import is_taken
from rollcall.text import clean, show_size

LARGEST = 1_000_000  # bytes
KEPT = 5  # older ones, `.1` the newest
_LONGEST = 4000
_PATIENCE = timedelta(seconds=2)
_PAUSE = 0.01
# A pipe that nobody reads is told at once, and not waited for.
_TO_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


def append(file: Path, line: str) -> None:
    """Adds `line`, cleaned, to `file`. Where it would grow too large it becomes `file.1`. Raises OSError."""
    data = (clean(line, _LONGEST) + "\n").encode(errors="replace")
    file.parent.mkdir(parents=True, exist_ok=True)
    with _held(file) as descriptor:
        size = os.fstat(descriptor).st_size
        if not size or size + len(data) <= LARGEST:
            os.write(descriptor, data)
            return
        _put_aside(file)
    append(file, line)


@contextmanager
def _held(file: Path) -> Iterator[int]:
    """The file of that name, open to append, held by nobody else."""
    until = time.monotonic() + _PATIENCE.total_seconds()
    while True:
        descriptor = os.open(file, _TO_APPEND, 0o644)
        try:
            if is_taken(descriptor) and _is_still(file, descriptor):
                yield descriptor
                return
        finally:
            os.close(descriptor)
        if time.monotonic() > until:
            raise OSError(errno.EAGAIN, "somebody else holds it", str(file))
        time.sleep(_PAUSE)


def _is_still(file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(file), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _put_aside(file: Path) -> None:
    names = [file, *(file.with_name(f"{file.name}.{number}") for number in range(1, KEPT + 1))]
    for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
        with suppress(FileNotFoundError):
            os.replace(newer, older)


def show_limits() -> str:
    """How large it grows and how many are kept, for people."""
    return f"{show_size(LARGEST)}, {KEPT} older ones are kept"
