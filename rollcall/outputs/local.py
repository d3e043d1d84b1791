"""Which files did the jobs leave below a folder of this machine, and what is in the ones that matter?

What is no regular file is never opened: a pipe would be waited for, a device never ends.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from errno import ELOOP, ENOENT, ENXIO
from pathlib import Path
from unicodedata import normalize

from rollcall.evidence import CannotLook, FileSeen
from rollcall.files import open_regular
from rollcall.naming.stretch import Told
from rollcall.outputs.content import Opened, read_content
from rollcall.outputs.listing import COMPARED_FOR, Beginnings, Key, Listed, Matches, Source, Wanted, named
from rollcall.outputs.mounts import not_mounted
from rollcall.outputs.tree import instant, look_through
from rollcall.text import clean
from rollcall.vocabulary import CauseCode


@dataclass(frozen=True, slots=True)
class LocalFolder(Source):
    """A folder of this machine, with the folders in it. `place` is where it lies, if that may not be there: a mount."""

    folder: Path
    place: Path | None = None

    @property
    def shown(self) -> str:
        """Its path."""
        return clean(str(self.folder))

    def look(
        self, wanted: Sequence[Wanted], *, now: datetime, clock: Callable[[], datetime] | None = None
    ) -> dict[Key, Listed]:
        """What each output left below it. Raises `CannotLook` (output-unreadable, place-down)."""
        if point := not_mounted(self.folder):
            why = f"nothing is mounted at {clean(str(point))}, where /etc/fstab says that it should"
            raise CannotLook(CauseCode.PLACE_DOWN, f"{self.shown}: {why}")
        if self.place is not None and not self.place.is_dir():
            raise CannotLook(CauseCode.PLACE_DOWN, f"{clean(str(self.place))} is not there, or no folder")
        outputs, folder = Matches.of(wanted), _as_written_there(self.folder)
        until = time.monotonic() + self.limit.total_seconds()
        try:
            _walk(folder, (), outputs, now, until)
        except TimeoutError:
            # Nobody waits for it any longer, and it would keep the others from being asked.
            raise self.overdue() from None
        except OSError as error:
            why = _not_there(folder) if isinstance(error, FileNotFoundError) else _why(error)
            raise CannotLook(CauseCode.OUTPUT_UNREADABLE, f"{self.shown}: {why}") from None
        room, there = _room(folder), replace(self, folder=folder)
        looked_at = max(now, clock()) if clock else now
        return {each.wanted.key: Listed.of(there, each, looked_at=looked_at, room=room) for each in outputs}

    def read(self, name: str, seen: FileSeen, wanted: Wanted, *, now: datetime, until: float) -> FileSeen:
        """That file with its content, or that folder with the size and the time of what is in it."""
        path, output = self.folder / name, wanted.output
        if not seen.is_folder:
            return read_content(lambda: opened(path), seen, output, until=until)
        inside = look_through(path, seen, now=now, until=until, must_have=output.must_have)
        told = output.names.told(name)
        return named(inside, told, output, wanted.zone) if isinstance(told, Told) else inside

    def at_hand(self, name: str, wanted: Wanted, *, until: float) -> AbstractContextManager[Path]:
        """Where it lies anyway."""
        return nullcontext(self.folder / name)


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """The file of that path, for reading. Raises OSError also where it is no regular one."""
    with open_regular(path) as file:
        descriptor = file.fileno()
        is_all_hole = os.fstat(descriptor).st_size > 0 and _is_all_hole(descriptor)
        yield Opened(file, lambda: os.fstat(descriptor).st_size, path, is_all_hole=is_all_hole)


def _why(error: OSError) -> str:
    return clean(error.strerror or str(error))


def _not_there(folder: Path) -> str:
    """That it is not there, and what is."""
    there = next((each for each in folder.parents if os.path.isdir(each)), None)
    if there is None:
        return os.strerror(ENOENT)
    try:
        is_empty = not any(there.iterdir())
    except OSError:
        is_empty = False
    question = ", in which nothing is: is it mounted?" if is_empty else ""
    return f"{os.strerror(ENOENT)}; what is there is {clean(str(there))}{question}"


def _as_written_there(folder: Path) -> Path:
    """The folder under the name that it has there: macOS writes "é" as two characters, and Linux keeps them so."""
    if str(folder).isascii() or os.path.exists(folder):
        return folder
    found = Path(folder.anchor)
    for part in folder.parts[len(found.parts) :]:
        if part.isascii() or os.path.exists(found / part):
            found /= part
            continue
        try:
            names = sorted(os.listdir(found))
        except OSError:
            return folder
        found /= next((each for each in names if normalize("NFC", each) == normalize("NFC", part)), part)
    return found


def _walk(folder: Path, names: tuple[str, ...], outputs: list[Matches], now: datetime, until: float) -> None:
    """Takes the files of the outputs in the folder that these names lead to, and then those of the folders in it.

    Raises OSError where that folder itself cannot be listed; TimeoutError after `until`, an instant of
    `time.monotonic`.
    """
    here = Beginnings([each for each in outputs if each.depth == len(names)])
    below = [each for each in outputs if each.depth > len(names)]
    folders: dict[str, list[Matches]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if time.monotonic() > until:
                raise TimeoutError
            for matches in here.of(entry.name):
                _take(entry, "/".join((*names, entry.name)), matches, now)
            inside = [each for each in below if _may_lie_in(entry.name, names, each)]
            if inside and _is_folder(entry):
                folders[entry.name] = inside
    for name, inside in folders.items():
        try:
            _walk(folder / name, (*names, name), inside, now, until)
        except TimeoutError:
            raise
        except FileNotFoundError:
            continue  # gone since it was listed, with all that was in it
        except OSError as error:
            # What is elsewhere is evidence all the same.
            for each in inside:
                each.unlooked = each.unlooked or f"{clean(str(folder / name))}: {_why(error)}"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Raises OSError where nobody can tell; what leads in a circle leads nowhere."""
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno != ELOOP:
            raise
        return False


def _may_lie_in(name: str, names: tuple[str, ...], matches: Matches) -> bool:
    """True where the folder of that name may hold files of the output that matter; a year of days is not walked."""
    path = matches.wanted.output.names
    return path.part_matches(len(names), name) and path.may_hold((*names, name), matches.wanted.since - COMPARED_FOR)


def _is_all_hole(descriptor: int) -> bool:
    """True where nothing was ever written into the file, however large it is: room that was only made for it."""
    try:
        os.lseek(descriptor, 0, os.SEEK_DATA)
    except OSError as error:
        return error.errno == ENXIO
    except AttributeError:  # a system that does not tell
        return False
    os.lseek(descriptor, 0, os.SEEK_SET)
    return False


def _room(folder: Path) -> tuple[int | None, int | None]:
    """How many bytes are free for those who are not root, of how many; (None, None) where it is not known."""
    try:
        disk = shutil.disk_usage(folder)
    except (OSError, OverflowError):
        return None, None
    # Some network drives, and what is no disk at all, have not even a size.
    return (disk.free, disk.total) if disk.total > 0 else (None, None)


def _take(entry: os.DirEntry[str], name: str, matches: Matches, now: datetime) -> None:
    if (told := matches.told(name)) is None:
        return
    try:
        status = entry.stat()
    except OSError:
        try:
            # Of a link that leads nowhere, the link itself.
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # gone since it was listed
    is_wanted_folder = matches.wanted.output.names.is_folder
    is_folder = is_wanted_folder and stat.S_ISDIR(status.st_mode)
    modified_at = instant(status.st_mtime)
    seen = FileSeen(
        name=clean(name),
        size=status.st_size,
        # That of a folder itself says when something came into it or went, and not when what is in it was made.
        modified_at=min(modified_at, now) if is_folder else modified_at,
        is_regular=stat.S_ISREG(status.st_mode) and not is_wanted_folder,
        is_folder=is_folder,
    )
    matches.take(seen, name, told, now)
