"""Where is an output listed?"""

from __future__ import annotations

from rollcall.outputs.listing import Source
from rollcall.outputs.local import LocalFolder
from rollcall.roll.output import Output


def source_of(output: Output) -> Source:
    """Who lists what runs left of that output; the same for outputs that one listing answers for."""
    return LocalFolder(output.folder)
