"""Where is an output listed?"""

from __future__ import annotations

from rollcall.outputs.listing import Source
from rollcall.outputs.local import LocalFolder
from rollcall.roll.output import Output


def source_of(output: Output) -> Source:
    """Who lists what runs left of that output; the same for outputs that one listing answers for."""
    place = output.place
    if place is None:
        return LocalFolder(output.folder)
    if place.folder is not None:
        return LocalFolder(output.folder, place.folder)
    from rollcall.outputs.remote import RemoteFolder  # slow to import, and only where one is declared

    root = output.names.root
    return RemoteFolder(place, "" if root == "." else root)
