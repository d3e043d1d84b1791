"""How far is long work?"""

from __future__ import annotations

from typing import TextIO


class Progress:
    """Counts up on a terminal, and is silent where there is none. Its line is gone when all is done."""

    def __init__(self, out: TextIO, doing: str = "asking witnesses") -> None:
        self._out = out if out.isatty() else None
        self._doing = doing

    def show(self, done: int, total: int) -> None:
        """`done` of `total` are done: witnesses that have answered, where it is nothing else."""
        if self._out:
            line = f"{self._doing}: {done} of {total}" if done < total else ""
            self._out.write(f"\r\x1b[K{line}")
            self._out.flush()
