"""Where do hosts leave what they saw, and who may leave it there?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rollcall.errors import BadInput
from rollcall.recorded.left import Left, read_left, unlooked
from rollcall.roll.roll import Roll
from rollcall.roll.secrets import WithFiles, expand
from rollcall.storage import Storage, storage_of

_TABLE = "[evidence]"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEvidence:
    """Where the hosts of a roll leave their evidence (None: nobody said), and what it is signed with, if anything."""

    storage: Storage | None
    key: str | None

    def read(self, roll: Roll, now: datetime) -> Left:
        """What they left, as of the present."""
        if self.storage is None:
            return unlooked(roll.hosts, "nobody said where hosts leave their evidence (--evidence PLACE)")
        limit = roll.evidence.max_age
        return read_left(self.storage, roll.hosts, now=now, zone=roll.zone, max_age=limit, key=self.key)


def host_evidence(
    roll: Roll, named: str | None, *, given_as: str, folder: Path, environment: Mapping[str, str]
) -> HostEvidence:
    """Where they leave it: at what was `named` on the command line as `given_as`, from `folder` on, else by the roll.

    Raises `BadInput`.
    """
    place, base = (named, folder) if named else (roll.evidence.place, roll.file.resolve().parent)
    places = {each.id: each for each in roll.places}
    where = given_as if named else f"{_TABLE} place"
    known = WithFiles(environment)
    storage = storage_of(place, given_as=where, places=places, folder=base, environment=known) if place else None
    try:
        key = expand(roll.evidence.key, known) if roll.evidence.key else None
    except ValueError as problem:
        raise BadInput.single(f"{_TABLE} key", str(problem)) from None
    return HostEvidence(storage=storage, key=key)
