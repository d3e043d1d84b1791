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
            return _of_files(output)
        case Kind.ROWS:
            return Query.of(output)
        case Kind.ENTRIES:
            return Command.of(output)
        case _:
            assert_never(output.kind)


def _of_files(output: Output) -> Source:
    place = output.place
    if place is None:
        return LocalFolder(output.folder)
    if place.folder is not None:
        return LocalFolder(output.folder, place.folder)
    from rollcall.outputs.remote import RemoteFolder  # slow to import, and only where one is declared

    root = output.names.root
    return RemoteFolder(place, "" if root == "." else root)
