"""How is a file written so that no reader ever meets half of it?"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

FOR_EVERYBODY = 0o644


def write_whole(path: Path, text: str) -> None:
    """Writes `text` to `path` in one step: a reader meets the old or the new, never half of it.

    Raises OSError with the name of `path`.
    """
    name = None
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes files that only their owner reads; a report is for everybody.
        os.chmod(name, FOR_EVERYBODY)
        os.replace(name, path)
    except BaseException as problem:
        if name:
            Path(name).unlink(missing_ok=True)
        if isinstance(problem, OSError):
            raise OSError(problem.errno, problem.strerror, str(path)) from None
        raise


def part_of(path: Path) -> Path:
    """Where a file is written beside the one that it will replace."""
    return path.parent / f".{path.name}.{os.getpid()}.part"


def sweep(path: Path, *, before: datetime) -> None:
    """Removes what runs that were killed while they wrote it have left beside it, a day ago or longer."""
    for left in path.parent.glob(f".{path.name}.*"):
        with suppress(OSError):
            if left.stat().st_mtime < (before - timedelta(days=1)).timestamp():
                left.unlink()


def path_of(named: str) -> Path:
    """The path that a person wrote, its ~ read; where there is no such user it stays as it is, as a shell has it."""
    try:
        return Path(named).expanduser()
    except RuntimeError:  # "~nobody/jobs.toml"
        return Path(named)
