"""Which files did the jobs leave in a folder, and what is in the ones that matter?

A folder is listed once however many jobs share it, and nothing is kept of files that match no job. A file is
opened only where the judging will need its content, never when it is a pipe or a device, and read to a bound.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import translate
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.errors import CannotLook, CauseCode
from rollcall.evidence import FileSeen, OutputSeen
from rollcall.jobs import LOOKING_TIME, Output
from rollcall.sources.content import read_content
from rollcall.sources.stamp import Stamp
from rollcall.text import clean
from rollcall.times import EPOCH

# A page and a judgement need the runs of the look-back; a folder may hold years.
MOST_FILES = 2_000
MOST_READ = 40
_END = datetime(3000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one job wants to know of its folder.

    Files made at or after `since` are kept, and the newest before; those made at or after `read_since` are read, and
    none where it is None.
    """

    job_id: str
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
    prefix: str
    is_match: re.Pattern[str]
    stamp: Stamp | None
    count: int = 0
    files: list[_Found] = field(default_factory=list)
    is_cut: bool = False
    before: _Found | None = None
    unstamped: list[str] = field(default_factory=list)
    later: list[FileSeen] = field(default_factory=list)

    @classmethod
    def of(cls, wanted: Wanted) -> _Matches:
        output = wanted.output
        return cls(
            wanted=wanted,
            prefix=re.split(r"[*?\[]", output.pattern, maxsplit=1)[0],
            is_match=re.compile(translate(output.pattern)),
            stamp=Stamp(output.stamp, wanted.zone) if output.stamp else None,
        )

    def add(self, found: _Found) -> None:
        """Keeps the newest; a folder of a million files must not fill the memory."""
        self.files.append(found)
        if len(self.files) >= 2 * MOST_FILES:
            self.cut()

    def cut(self) -> None:
        self.files.sort(key=lambda each: each.age, reverse=True)
        self.is_cut = self.is_cut or len(self.files) > MOST_FILES
        del self.files[MOST_FILES:]


def look(folder: Path, wanted: Sequence[Wanted], *, now: datetime) -> dict[str, OutputSeen]:
    """What each job left in `folder` up to `now`, by job id. Raises `CannotLook` (output-unreadable)."""
    jobs = [_Matches.of(each) for each in wanted]
    try:
        with os.scandir(folder) as entries:
            for entry, matches in _candidates(entries, jobs):
                if matches.is_match.match(entry.name):
                    _take(entry, matches, now)
    except OSError as error:
        raise _unreadable(folder, error) from None
    room = _room(folder)
    return {each.wanted.job_id: _seen(folder, each, room, now) for each in jobs}


def _room(folder: Path) -> tuple[int | None, int | None]:
    """How many bytes are free for those who are not root, of how many; (None, None) where the disk does not tell."""
    try:
        disk = shutil.disk_usage(folder)
    except (OSError, OverflowError):
        return None, None
    # Of some network drives and of what is no disk at all nothing is told, not even a size.
    return (disk.free, disk.total) if disk.total > 0 else (None, None)


def _unreadable(folder: Path, error: OSError) -> CannotLook:
    return CannotLook(CauseCode.OUTPUT_UNREADABLE, f"{clean(str(folder))}: {clean(error.strerror or str(error))}")


def _candidates(
    entries: Iterable[os.DirEntry[str]], jobs: Iterable[_Matches]
) -> Iterator[tuple[os.DirEntry[str], _Matches]]:
    """The files that begin as the pattern of a job does, with that job.

    The jobs are found by the beginning that all have at least: a name of no job then costs one look in a dictionary,
    however many jobs share the folder. Only those whose pattern begins with a wildcard see every name.
    """
    length = min((len(each.prefix) for each in jobs if each.prefix), default=0)
    anywhere = [each for each in jobs if not each.prefix]
    by_beginning: dict[str, list[_Matches]] = {}
    for each in jobs:
        if each.prefix:
            by_beginning.setdefault(each.prefix[:length], list(anywhere)).append(each)
    for entry in entries:
        name = entry.name
        for each in by_beginning.get(name[:length], anywhere):
            if name.startswith(each.prefix):
                yield entry, each


def _take(entry: os.DirEntry[str], matches: _Matches, now: datetime) -> None:
    wall = None
    if matches.stamp:
        wall = matches.stamp.read(entry.name)
        if wall is None:
            matches.unstamped = [*matches.unstamped, clean(entry.name, 80)][:5]
            return
    matches.count += 1
    seen = _file(entry, wall, matches.stamp)
    if seen is None:
        return
    found = _Found(seen, entry.name)
    if seen.made_at > now + LOOKING_TIME:
        matches.later = [*matches.later, seen][:3]
    elif seen.made_at >= matches.wanted.since:
        matches.add(found)
    elif matches.before is None or found.age > matches.before.age:
        matches.before = found


def _file(entry: os.DirEntry[str], wall: datetime | None, stamp: Stamp | None) -> FileSeen | None:
    status = _status(entry)
    if status is None:
        return None
    modified_at = _instant(status.st_mtime)
    return FileSeen(
        name=clean(entry.name),
        size=status.st_size,
        modified_at=modified_at,
        stamp_at=stamp.instant(wall, near=modified_at) if stamp and wall else None,
        is_regular=stat.S_ISREG(status.st_mode),
    )


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """What the file is; of a link that leads nowhere, the link itself. None where it is gone since it was listed."""
    try:
        return entry.stat()
    except OSError:
        try:
            return entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None


def _instant(mtime: float) -> datetime:
    """An mtime; one that no calendar has (a disk may hold any number) as the end of time that it lies nearer to."""
    try:
        at = EPOCH + timedelta(seconds=mtime)
    except OverflowError:
        at = _END if mtime > 0 else EPOCH
    return min(max(at, EPOCH), _END)


def _seen(folder: Path, matches: _Matches, room: tuple[int | None, int | None], now: datetime) -> OutputSeen:
    matches.cut()
    files = matches.files
    # After a cut the newest before would look as if there were none in between.
    if matches.before and not matches.is_cut:
        files.append(matches.before)
    oldest_read = _oldest_read(files, matches.wanted)
    return OutputSeen(
        looked_at=now,
        matches=matches.count,
        files=tuple(
            _read(folder, each, matches.wanted) if number <= oldest_read else each.seen
            for number, each in enumerate(files)
        ),
        unstamped=tuple(matches.unstamped),
        later=tuple(matches.later),
        free_bytes=room[0],
        total_bytes=room[1],
    )


def _oldest_read(files: Sequence[_Found], wanted: Wanted) -> int:
    """Up to which of the files, newest first, their content is read; -1 where of none.

    The newest is always read, for people to see it; others where their run may be the one that is judged, and where an
    output must change the one before them.
    """
    since = wanted.read_since
    if since is None:
        return -1
    judged = sum(each.seen.made_at >= since for each in files)
    return min(max(judged, 1) + wanted.output.must_change, MOST_READ) - 1


def _read(folder: Path, found: _Found, wanted: Wanted) -> FileSeen:
    return read_content(folder / found.name, found.seen, wanted.output)
