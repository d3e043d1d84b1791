"""Where is an output listed?"""

from __future__ import annotations

from typing import assert_never

from rollcall.outputs.entries import Command
from rollcall.outputs.listing import Source
from rollcall.outputs.local import LocalFolder
from rollcall.outputs.rows import Query
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind


def source_of(output: Output) -> Source:
    """Who lists what runs left of that output; the same for outputs that one listing answers for."""
    match output.kind:
        case Kind.FILES:
            return LocalFolder(output.folder)
        case Kind.ROWS:
            return Query.of(output)
        case Kind.ENTRIES:
            return Command.of(output)
        case _:
            assert_never(output.kind)
