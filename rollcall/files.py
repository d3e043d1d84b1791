"""How is a file written so that no reader ever meets half of it?"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_FOR_EVERYBODY = 0o644


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
        os.chmod(name, _FOR_EVERYBODY)
        os.replace(name, path)
    except BaseException as problem:
        if name:
            Path(name).unlink(missing_ok=True)
        if isinstance(problem, OSError):
            raise OSError(problem.errno, problem.strerror, str(path)) from None
        raise
