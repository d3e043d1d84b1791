"""What does a person at a terminal see while a run is waited for?"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rollcall.text import clean


@contextmanager
def at_terminal() -> Iterator[Callable[[str], None]]:
    """Shows a line in the place of the one before, on stderr, until the block ends; none where that is no terminal."""
    terminal = sys.stderr
    if terminal is None or not terminal.isatty():
        yield lambda line: None
        return
    # The last column is left free: a line that fills it is wrapped by some, and then not written over.
    width = shutil.get_terminal_size().columns - 1

    def show(line: str) -> None:
        terminal.write(f"\r{clean(line, width)[:width]:<{width}}\r")
        terminal.flush()

    try:
        yield show
    finally:
        show("")
