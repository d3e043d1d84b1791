"""Where are mornings kept, so that all of them can be judged again?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rollcall.recorded.archive import Archive
from rollcall.roll.roll import Roll
from rollcall.roll.secrets import WithFiles
from rollcall.storage import storage_of

_TABLE = "[history] evidence"


def archive_of(roll: Roll, environment: Mapping[str, str], *, named: str | None = None) -> Archive | None:
    """At what was `named` by --from, else where the roll says; None where nobody does. Raises `BadInput`."""
    text, given_as = (named, "--from") if named else (roll.history.evidence, _TABLE)
    if not text:
        return None
    folder = Path.cwd() if named else roll.file.resolve().parent
    places = {each.id: each for each in roll.places}
    return Archive(
        storage_of(text, given_as=given_as, places=places, folder=folder, environment=WithFiles(environment))
    )
