"""Which files did the jobs leave in a folder, and what is in the ones that matter?

A folder is listed once however many jobs share it, and nothing is kept of files that match no job. A file is
opened only where the judging will need its content, never when it is a pipe or a device, and read to a bound.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import translate
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.errors import CannotLook, CauseCode
from rollcall.evidence import FileSeen, OutputSeen
from rollcall.jobs import LOOKING_TIME, Output
from rollcall.sources.content import read_content
from rollcall.text import clean

# A page and a judgement need the runs of the look-back; a folder may hold years.
MOST_FILES = 2_000
MOST_READ = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one job wants to know of its folder.

    Files made at or after `since` are kept, and the newest before; those made at or after `read_since` are read.
    """

    job_id: str
    output: Output
    zone: ZoneInfo
    since: datetime
    read_since: datetime


@dataclass(slots=True)
class _Matches:
    wanted: Wanted
    is_match: re.Pattern[str]
    count: int = 0
    files: list[FileSeen] = field(default_factory=list)
    before: FileSeen | None = None
    unstamped: list[str] = field(default_factory=list)
    later: list[FileSeen] = field(default_factory=list)


def look(folder: Path, wanted: Sequence[Wanted], *, now: datetime) -> dict[str, OutputSeen]:
    """What each job left in `folder` up to `now`, by job id. Raises `CannotLook` (output-unreadable)."""
    by_prefix = _by_prefix([_Matches(each, re.compile(translate(each.output.pattern))) for each in wanted])
    try:
        with os.scandir(folder) as entries:
            for entry, jobs in _candidates(entries, by_prefix):
                for matches in jobs:
                    if matches.is_match.match(entry.name):
                        _take(entry, matches, now)
    except OSError as error:
        raise _unreadable(folder, error) from None
    return {each.wanted.job_id: _seen(folder, each, now) for jobs in by_prefix.values() for each in jobs}


def _unreadable(folder: Path, error: OSError) -> CannotLook:
    return CannotLook(CauseCode.OUTPUT_UNREADABLE, f"{clean(str(folder))}: {clean(error.strerror or str(error))}")


def _by_prefix(all_matches: Iterable[_Matches]) -> dict[str, list[_Matches]]:
    """The jobs by the literal beginning of their pattern, all cut to the shortest.

    A name of no job then costs one dictionary look-up, however many jobs share the folder.
    """
    literal = {id(each): re.split(r"[*?\[]", each.wanted.output.pattern, maxsplit=1)[0] for each in all_matches}
    length = min((len(prefix) for prefix in literal.values()), default=0)
    by_prefix: dict[str, list[_Matches]] = {}
    for each in all_matches:
        by_prefix.setdefault(literal[id(each)][:length], []).append(each)
    return by_prefix


def _candidates(
    entries: Iterable[os.DirEntry[str]], by_prefix: Mapping[str, list[_Matches]]
) -> Iterator[tuple[os.DirEntry[str], list[_Matches]]]:
    length = len(next(iter(by_prefix), ""))
    for entry in entries:
        jobs = by_prefix.get(entry.name[:length])
        if jobs is not None:
            yield entry, jobs


def _take(entry: os.DirEntry[str], matches: _Matches, now: datetime) -> None:
    wanted = matches.wanted
    wall = _stamp(entry.name, wanted.output)
    if wanted.output.stamp and wall is None:
        matches.unstamped = [*matches.unstamped, clean(entry.name, 80)][:5]
        return
    matches.count += 1
    seen = _file(entry, wall, wanted.zone)
    if seen is None:
        return
    if seen.made_at > now + LOOKING_TIME:
        matches.later = [*matches.later, seen][:3]
    elif seen.made_at >= wanted.since:
        matches.files.append(seen)
    elif matches.before is None or seen.made_at > matches.before.made_at:
        matches.before = seen


def _stamp(name: str, output: Output) -> datetime | None:
    if output.stamp is None:
        return None
    try:
        return datetime.strptime(name, output.stamp)  # noqa: DTZ007 - a wall clock until its zone is known
    except ValueError:
        return None


def _file(entry: os.DirEntry[str], wall: datetime | None, zone: ZoneInfo) -> FileSeen | None:
    try:
        status = entry.stat()
    except FileNotFoundError:
        # Deleted since it was listed, or a link that leads nowhere: the second is worth telling.
        if not entry.is_symlink():
            return None
        status = entry.stat(follow_symlinks=False)
    modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
    return FileSeen(
        name=clean(entry.name),
        size=status.st_size,
        modified_at=modified_at,
        stamp_at=_instant(wall, zone, modified_at) if wall else None,
        is_regular=stat.S_ISREG(status.st_mode),
    )


def _instant(wall: datetime, zone: ZoneInfo, near: datetime) -> datetime:
    """The instant a stamp means; in the hour that a clock change repeats, the reading nearer to the mtime."""
    if wall.tzinfo is not None:
        return wall.astimezone(UTC)
    readings = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return min(readings, key=lambda reading: abs(reading - near))


def _seen(folder: Path, matches: _Matches, now: datetime) -> OutputSeen:
    files = sorted(matches.files, key=lambda each: (each.made_at, each.name), reverse=True)[:MOST_FILES]
    if matches.before:
        files.append(matches.before)
    return OutputSeen(
        looked_at=now,
        matches=matches.count,
        files=tuple(_read(folder, number, each, matches.wanted) for number, each in enumerate(files)),
        unstamped=tuple(matches.unstamped),
        later=tuple(matches.later),
    )


def _read(folder: Path, number: int, seen: FileSeen, wanted: Wanted) -> FileSeen:
    """The newest is always read, for people to see it; others where their run may be the one that is judged."""
    is_wanted = seen.made_at >= wanted.read_since and number < MOST_READ
    return read_content(folder, seen, wanted.output) if is_wanted or number == 0 else seen
