"""What does a person at a terminal see while a run is waited for?"""

from __future__ import annotations

import shutil
import sys

from rollcall.text import clean


def show_at_terminal(line: str) -> None:
    """Shows `line` in the place of the one before, on stderr where that is a terminal; "" takes it away."""
    if sys.stderr is None or not sys.stderr.isatty():
        return
    # The last column is left free: a line that fills it is wrapped by some, and then not written over.
    width = shutil.get_terminal_size().columns - 1
    sys.stderr.write(f"\r{clean(line, width)[:width]:<{width}}\r")
    sys.stderr.flush()
