"""Which files did the jobs leave below a folder, and what is in the ones that matter?

A folder is listed once however many outputs share it, and nothing is kept of files that match none. What is in them is
read afterwards, of each output by itself: only where the judging will need it, never of a pipe or a device, and within
bounds of size and time.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.evidence import CannotLook, FileSeen, OutputSeen
from rollcall.naming.fields import Disagreement
from rollcall.naming.stretch import Told
from rollcall.outputs.content import read_content
from rollcall.outputs.tree import instant, look_through
from rollcall.roll.due_run import LOOKING_TIME
from rollcall.roll.output import Output
from rollcall.roll.words import Dated
from rollcall.text import clean
from rollcall.vocabulary import CauseCode

# A page and a judgement need the runs of the look-back; a folder may hold years.
MOST_FILES = 2_000
MOST_READ = 1_000
# Of what earlier runs left, so much shows what is usual.
_MOST_COMPARED = 60
_COMPARED_FOR = timedelta(days=28)
# A folder is looked through to the last file in it, and so only as many.
_MOST_LOOKED_THROUGH = 10

# The job, and which of its outputs it is.
Key = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one output of a job wants to know of its folder; `zone` is that of the clock in its names.

    Files made at or after `since` are kept, and the newest of those before, with which they are compared; those made at
    or after `read_since` are read, and none where it is None.
    """

    key: Key
    output: Output
    zone: ZoneInfo
    since: datetime
    read_since: datetime | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A file, and the name by which it is opened: what is shown of it may be another."""

    seen: FileSeen
    name: str

    @property
    def age(self) -> tuple[datetime, str]:
        """By this the newest is the greatest."""
        return self.seen.made_at, self.name


@dataclass(slots=True)
class _Matches:
    wanted: Wanted
    count: int = 0
    files: list[_Found] = field(default_factory=list)
    is_cut: bool = False
    before: list[_Found] = field(default_factory=list)
    oldest_kept: tuple[datetime, str] | None = None
    unstamped: list[str] = field(default_factory=list)
    later: list[FileSeen] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """How many folders below the root its files lie."""
        return len(self.wanted.output.names.parts) - 1

    def add(self, found: _Found) -> None:
        """Keeps the newest; a folder of a million files must not fill the memory."""
        self.files.append(found)
        if len(self.files) >= 2 * MOST_FILES:
            self.cut()

    def add_before(self, found: _Found) -> None:
        """Keeps the newest of those that are only compared."""
        # Most of a folder of years is older than the oldest that is kept.
        if self.oldest_kept is not None and found.age <= self.oldest_kept:
            return
        self.before.append(found)
        if len(self.before) >= 4 * _MOST_COMPARED:
            self.cut()

    def cut(self) -> None:
        self.before.sort(key=lambda each: each.age, reverse=True)
        del self.before[_MOST_COMPARED:]
        self.oldest_kept = self.before[-1].age if len(self.before) == _MOST_COMPARED else None
        self.files.sort(key=lambda each: each.age, reverse=True)
        self.is_cut = self.is_cut or len(self.files) > MOST_FILES
        del self.files[MOST_FILES:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What one output left, as its folder lists it; the newest `to_read` of its files are to be read.

    `names` are those by which its files are opened.
    """

    folder: Path
    wanted: Wanted
    seen: OutputSeen
    names: tuple[str, ...]
    to_read: int

    def read(self) -> OutputSeen:
        """The same with what is in the files that are to be read, within the output's `timeout`."""
        until = time.monotonic() + self.wanted.output.timeout.total_seconds()
        newest = zip(self.names[: self.to_read], self.seen.files, strict=False)
        read = [self._read_one(name, seen, until) for name, seen in newest]
        files = (*read, *self.seen.files[self.to_read :])
        return replace(self.seen, files=tuple(sorted(files, key=lambda each: each.made_at, reverse=True)))

    def _read_one(self, name: str, seen: FileSeen, until: float) -> FileSeen:
        output = self.wanted.output
        if not seen.is_folder:
            return read_content(self.folder / name, seen, output, until=until)
        inside = look_through(self.folder / name, seen, now=self.seen.looked_at + LOOKING_TIME, until=until)
        told = output.names.told(name)
        return named(inside, told, output, self.wanted.zone) if isinstance(told, Told) else inside


def look(
    folder: Path, wanted: Sequence[Wanted], *, now: datetime, clock: Callable[[], datetime] | None = None
) -> dict[Key, Listed]:
    """What each output left below `folder` up to `now`. Raises `CannotLook` (output-unreadable).

    `clock` reads the present, where another moment is judged: what is dated later still lies in the future.
    """
    outputs = [_Matches(each) for each in wanted]
    _walk(folder, (), outputs, now)
    room = _room(folder)
    looked_at = max(now, clock()) if clock else now
    return {each.wanted.key: _listed(folder, each, room, looked_at) for each in outputs}


def _walk(folder: Path, names: tuple[str, ...], outputs: list[_Matches], now: datetime) -> None:
    """Takes the files of the outputs in the folder that these names lead to, and then those of the folders in it."""
    here = _Beginnings([each for each in outputs if each.depth == len(names)])
    below = [each for each in outputs if each.depth > len(names)]
    folders: dict[str, list[_Matches]] = {}
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


def _may_lie_in(name: str, names: tuple[str, ...], matches: _Matches) -> bool:
    """True where the folder of that name may hold files of the output that matter; a year of days is not walked."""
    path = matches.wanted.output.names
    return path.part_matches(len(names), name) and path.may_hold((*names, name), matches.wanted.since - _COMPARED_FOR)


class _Beginnings:
    """The outputs that a name may be of, found by how it begins.

    A name of no output then costs one look in a dictionary, however many share the folder. Only those whose pattern
    begins with a wildcard see every name.
    """

    def __init__(self, outputs: Sequence[_Matches]) -> None:
        prefixes = [(each.wanted.output.names.prefix, each) for each in outputs]
        self._length = min((len(prefix) for prefix, _ in prefixes if prefix), default=0)
        self._anywhere = [(prefix, each) for prefix, each in prefixes if not prefix]
        self._by_beginning: dict[str, list[tuple[str, _Matches]]] = {}
        for prefix, each in prefixes:
            if prefix:
                known = self._by_beginning.setdefault(prefix[: self._length], list(self._anywhere))
                known.append((prefix, each))

    def of(self, name: str) -> list[_Matches]:
        """Those whose names begin as this one does."""
        known = self._by_beginning.get(name[: self._length], self._anywhere)
        return [each for prefix, each in known if name.startswith(prefix)] if known else []


def _room(folder: Path) -> tuple[int | None, int | None]:
    """How many bytes are free for those who are not root, of how many; (None, None) where it is not known."""
    try:
        disk = shutil.disk_usage(folder)
    except (OSError, OverflowError):
        return None, None
    # Some network drives, and what is no disk at all, have not even a size.
    return (disk.free, disk.total) if disk.total > 0 else (None, None)


def _take(entry: os.DirEntry[str], name: str, matches: _Matches, now: datetime) -> None:
    told = matches.wanted.output.names.told(name)
    if told is None:
        return
    if isinstance(told, Disagreement):
        matches.unstamped = [*matches.unstamped, clean(name, 80)][:5]
        return
    matches.count += 1
    try:
        status = entry.stat()
    except OSError:
        try:
            # Of a link that leads nowhere, the link itself.
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # gone since it was listed
    is_folder = matches.wanted.output.names.is_folder and stat.S_ISDIR(status.st_mode)
    modified_at = instant(status.st_mtime)
    seen = FileSeen(
        name=clean(name),
        size=status.st_size,
        # That of a folder itself says when something came into it or went, and not when what is in it was made.
        modified_at=min(modified_at, now) if is_folder else modified_at,
        is_regular=stat.S_ISREG(status.st_mode) and not matches.wanted.output.names.is_folder,
        is_folder=is_folder,
    )
    seen = named(seen, told, matches.wanted.output, matches.wanted.zone)
    found = _Found(seen, name)
    if seen.made_at > now + LOOKING_TIME:
        matches.later = [*matches.later, seen][:3]
    elif seen.made_at >= matches.wanted.since:
        matches.add(found)
    else:
        matches.add_before(found)


def named(seen: FileSeen, told: Told, output: Output, zone: ZoneInfo) -> FileSeen:
    """The file with what its name tells: when it was made, or which due time it stands for."""
    if not output.names.has_fields:
        return seen
    first, last = told.stretch(zone, seen.modified_at)
    if output.dated is not Dated.RUN:
        return replace(seen, due_from=first, due_until=last)
    is_open = first < last
    return replace(
        seen,
        stamp_at=min(max(seen.modified_at, first), last),
        stamp_from=first if is_open else None,
        stamp_until=last if is_open else None,
    )


def _listed(folder: Path, matches: _Matches, room: tuple[int | None, int | None], looked_at: datetime) -> Listed:
    matches.cut()
    files = matches.files
    # After a cut those before would look as if there were none in between.
    if not matches.is_cut:
        files = [*files, *matches.before]
    wanted = matches.wanted
    seen = OutputSeen(
        looked_at=looked_at,
        matches=matches.count,
        files=tuple([each.seen for each in files]),
        unstamped=tuple(matches.unstamped),
        later=tuple(matches.later),
        free_bytes=room[0],
        total_bytes=room[1],
    )
    names = tuple([each.name for each in files])
    return Listed(folder=folder, wanted=wanted, seen=seen, names=names, to_read=_to_read(files, wanted))


def _to_read(files: Sequence[_Found], wanted: Wanted) -> int:
    """How many are read: those whose run may be the one that is judged, and the newest, for people to see it.

    Also the one before them where an output must change, and some where they are folders, which tell their size no
    other way.
    """
    if wanted.read_since is None:
        return 0
    judged = max(sum(each.seen.made_at >= wanted.read_since for each in files), 1)
    if wanted.output.names.is_folder:
        # Without a date in its name only what is in it tells of when a folder is.
        most = _MOST_LOOKED_THROUGH if wanted.output.names.has_fields else len(files)
        return min(max(judged, most), MOST_READ)
    return min(judged + wanted.output.must_change, MOST_READ)
