"""How far is long work?"""

from __future__ import annotations

from typing import TextIO


class Progress:
    """Counts up on a terminal, and is silent where there is none. Its line is gone when all is done."""

    def __init__(self, out: TextIO, what: str = "asking witnesses") -> None:
        self._out, self._what = out if out.isatty() else None, what

    def show(self, done: int, total: int) -> None:
        """`done` of `total` are done."""
        if self._out:
            line = f"{self._what}: {done} of {total}" if done < total else ""
            self._out.write(f"\r\x1b[K{line}")
            self._out.flush()
