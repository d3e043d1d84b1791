"""Which files did the jobs leave below a folder of this machine, and what is in the ones that matter?

What is no regular file is never opened: a pipe would be waited for, a device never ends.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rollcall.evidence import CannotLook, FileSeen
from rollcall.files import open_regular
from rollcall.naming.stretch import Told
from rollcall.outputs.content import Opened, read_content
from rollcall.outputs.listing import COMPARED_FOR, Beginnings, Key, Listed, Matches, Source, Wanted, named
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
        if self.place is not None and not self.place.is_dir():
            raise CannotLook(CauseCode.PLACE_DOWN, f"{clean(str(self.place))} is not there, or no folder")
        outputs = [Matches(each) for each in wanted]
        _walk(self.folder, (), outputs, now)
        room = _room(self.folder)
        looked_at = max(now, clock()) if clock else now
        return {each.wanted.key: Listed.of(self, each, looked_at=looked_at, room=room) for each in outputs}

    def read(self, name: str, seen: FileSeen, wanted: Wanted, *, now: datetime, until: float) -> FileSeen:
        """That file with its content, or that folder with the size and the time of what is in it."""
        path, output = self.folder / name, wanted.output
        if not seen.is_folder:
            return read_content(lambda: opened(path), seen, output, until=until)
        inside = look_through(path, seen, now=now, until=until)
        told = output.names.told(name)
        return named(inside, told, output, wanted.zone) if isinstance(told, Told) else inside

    def at_hand(self, name: str, wanted: Wanted, *, until: float) -> AbstractContextManager[Path]:
        """Where it lies anyway."""
        return nullcontext(self.folder / name)


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """The file of that path, for reading. Raises OSError also where it is no regular one."""
    with open_regular(path) as file:
        yield Opened(file, lambda: os.fstat(file.fileno()).st_size, path)


def _walk(folder: Path, names: tuple[str, ...], outputs: list[Matches], now: datetime) -> None:
    """Takes the files of the outputs in the folder that these names lead to, and then those of the folders in it."""
    here = Beginnings([each for each in outputs if each.depth == len(names)])
    below = [each for each in outputs if each.depth > len(names)]
    folders: dict[str, list[Matches]] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                for matches in here.of(entry.name):
                    _take(entry, "/".join((*names, entry.name)), matches, now)
                inside = [each for each in below if _may_lie_in(entry.name, names, each)]
                if inside and entry.is_dir():
                    folders[entry.name] = inside
    except OSError as error:
        detail = f"{clean(str(folder))}: {clean(error.strerror or str(error))}"
        raise CannotLook(CauseCode.OUTPUT_UNREADABLE, detail) from None
    for name, inside in folders.items():
        _walk(folder / name, (*names, name), inside, now)


def _may_lie_in(name: str, names: tuple[str, ...], matches: Matches) -> bool:
    """True where the folder of that name may hold files of the output that matter; a year of days is not walked."""
    path = matches.wanted.output.names
    return path.part_matches(len(names), name) and path.may_hold((*names, name), matches.wanted.since - COMPARED_FOR)


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
