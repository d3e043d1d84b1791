"""Where is kept what one run leaves for another: in a folder of this machine, or in a place that others reach too?

Evidence goes there, and comes from there. A name is a plain one, what stands at it is whole or not there at all, and
what goes wrong is one line.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from rollcall.errors import BadInput, RollcallError
from rollcall.evidence import CannotLook
from rollcall.files import read_regular, write_bytes_whole
from rollcall.outputs.tree import instant
from rollcall.roll.place import Place, protocol_of
from rollcall.text import clean, show_size

# What any file system, bucket and web server takes, and no shell reads anything into.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+-]{0,199}")
MOST_NAMES = 100_000


class StorageProblem(RollcallError):
    """Something could not be listed, read or written there: one clean line says what, and why."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What stands at a name: its size in bytes, and when it was written there, by the clock of the place."""

    size: int | None
    written_at: datetime | None


class Storage(Protocol):
    """Where things are kept, each at a plain name. All of it raises `StorageProblem`."""

    @property
    def shown(self) -> str:
        """Where that is, for people."""

    def list(self) -> Mapping[str, Stored]:
        """What is there, by its name; nothing where the folder is not there yet. Names that are none are left out."""

    def read(self, name: str, most: int) -> bytes:
        """What stands at that name. More than `most` bytes are a problem."""

    def write(self, name: str, data: bytes) -> None:
        """Puts it there, in place of what stood there before: a reader meets the old or the new."""

    def remove(self, name: str) -> None:
        """Takes it away; nothing where it is gone already."""


def is_name(text: str) -> bool:
    """True of what can be a name there: letters, digits and ". _ = + -", and no dot in front."""
    return bool(_NAME.fullmatch(text))


def storage_of(
    text: str, *, given_as: str, places: Mapping[str, Place], folder: Path, environment: Mapping[str, str]
) -> Storage:
    """Where a person wants things kept: a declared place by its name, a url, or a folder relative to `folder`.

    `given_as` is where they wrote it. Raises `BadInput`, and what a url of that protocol lacks is said.
    """
    if place := places.get(text):
        return _of(place)
    try:
        if protocol_of(text) == "file":
            return Folder(Path(os.path.normpath(folder / Path(text.removeprefix("file://")).expanduser())))
        context = {"id": given_as, "folder": folder, "environment": environment, "is_replay": False}
        return _of(Place.model_validate({"url": text}, context=context))
    except (ValueError, RuntimeError) as problem:
        raise BadInput.single(given_as, _rule(problem), f'"{clean(_without_user(text), 60)}"') from None


def _of(place: Place) -> Storage:
    return Folder(place.folder) if place.folder is not None else Elsewhere(place)


def _rule(problem: Exception) -> str:
    errors = getattr(problem, "errors", None)
    if errors is None:
        return "names no folder. Write one, the name of a place in jobs.toml, or such as s3://bucket/folder."
    first = errors(include_url=False)[0]
    return str(first.get("ctx", {}).get("error") or first["msg"])


def _without_user(url: str) -> str:
    return re.sub(r"://[^/@]*@", "://…@", url)


class Folder:
    """A folder of this machine; it is made when something is first put there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def shown(self) -> str:
        """The folder."""
        return clean(str(self.path), 400)

    def list(self) -> dict[str, Stored]:
        """What is there."""
        found = {}
        try:
            with os.scandir(self.path) as entries:
                for each in entries:
                    # One that is gone by now, or leads nowhere, says nothing of the others.
                    with suppress(OSError):
                        if is_name(each.name) and each.is_file():
                            status = each.stat()
                            found[each.name] = Stored(status.st_size, instant(status.st_mtime))
        except FileNotFoundError:
            return {}
        except OSError as problem:
            raise self._problem("cannot be listed", problem) from None
        return found

    def read(self, name: str, most: int) -> bytes:
        """What stands there."""
        try:
            data = read_regular(self.path / name, most + 1)
        except OSError as problem:
            raise self._problem("cannot be read", problem, name) from None
        return _bounded(data, most, f"{self.shown}/{name}")

    def write(self, name: str, data: bytes) -> None:
        """Puts it there."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_bytes_whole(self.path / name, data)
        except OSError as problem:
            raise self._problem("cannot be written", problem, name) from None

    def remove(self, name: str) -> None:
        """Takes it away."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as problem:
            raise self._problem("cannot be removed", problem, name) from None

    def _problem(self, what: str, problem: OSError, name: str = "") -> StorageProblem:
        shown = f"{self.shown}/{name}" if name else self.shown
        return StorageProblem(f"{shown} {what}: {clean(problem.strerror or str(problem))}")


class Elsewhere:
    """A bucket, or a folder of another machine."""

    def __init__(self, place: Place) -> None:
        from rollcall.outputs.remote import store_of  # slow to import, and only where one is asked for

        self._place, self._store = place, store_of(place)

    @property
    def shown(self) -> str:
        """Its url, without user and password."""
        return self._place.shown

    def list(self) -> dict[str, Stored]:
        """What is there."""
        from rollcall.outputs.due_names import Asked

        found: dict[str, Stored] = {}
        try:
            for each in self._store.entries("", Asked(stems=frozenset({""})), self._until):
                if each.is_file and is_name(each.name):
                    found[each.name] = Stored(each.size, each.modified_at)
        except FileNotFoundError:
            return {}
        except Exception as problem:  # noqa: BLE001 - whatever a library raises
            raise self._problem(problem) from None
        return found

    def read(self, name: str, most: int) -> bytes:
        """What stands there."""
        try:
            with self._store.opened(name, most + 1, self._until) as stream:
                data = stream.read(most + 1)
        except Exception as problem:  # noqa: BLE001 - whatever a library raises
            raise self._problem(problem, name) from None
        return _bounded(data, most, f"{self.shown}/{name}")

    def write(self, name: str, data: bytes) -> None:
        """Puts it there."""
        try:
            self._store.put(name, data, self._until)
        except Exception as problem:  # noqa: BLE001 - whatever a library raises
            raise self._problem(problem, name) from None

    def remove(self, name: str) -> None:
        """Takes it away."""
        try:
            self._store.take_away(name, self._until)
        except FileNotFoundError:
            return
        except Exception as problem:  # noqa: BLE001 - whatever a library raises
            raise self._problem(problem, name) from None

    @property
    def _until(self) -> float:
        return time.monotonic() + self._place.timeout.total_seconds()

    def _problem(self, problem: Exception, name: str = "") -> StorageProblem:
        from rollcall.outputs.refusal import cannot_look

        where = f"{self.shown}/{name}" if name else self.shown
        found: CannotLook = cannot_look(problem, self._place, where)
        return StorageProblem(found.detail)


def _bounded(data: bytes, most: int, shown: str) -> bytes:
    if len(data) > most:
        raise StorageProblem(f"{shown} is larger than {show_size(most)}, and is not read")
    return data
