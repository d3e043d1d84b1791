"""How large is a folder with all that is in it, when was the newest of that written, and is in it what must be?"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from rollcall.evidence import GONE, Content, FileSeen
from rollcall.outputs.inside import Inside
from rollcall.text import clean
from rollcall.times import END, EPOCH, bounded


def look_through(
    folder: Path, seen: FileSeen, *, now: datetime, until: float, must_have: Sequence[str] = ()
) -> FileSeen:
    """`seen`, which is that folder, with the size of the files in it and the mtime of the newest.

    Its content tells which of the names are in it that it must have. No link is followed, and what is dated after `now`
    is no evidence of when. Looks no longer than `until`, an instant of `time.monotonic`.
    """
    size, newest, inside = 0, None, Inside(must_have)
    try:
        for name, status in _everything_in(folder):
            if time.monotonic() > until:
                raise TimeoutError("it was not looked through in time")
            inside.note(name)
            if not stat.S_ISREG(status.st_mode):
                continue
            size += status.st_size
            at = instant(status.st_mtime)
            newest = at if newest is None or newest < at <= now or at <= now < newest else newest
    except FileNotFoundError:
        return replace(seen, unreadable=GONE)
    except OSError as error:
        return replace(seen, unreadable=clean(error.strerror or str(error)))
    content = Content(has=inside.found) if must_have else seen.content
    return replace(seen, size=size, modified_at=seen.modified_at if newest is None else newest, content=content)


def _everything_in(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Name and status of each thing in it, at any depth, but for what goes meanwhile. Raises OSError."""
    folders, above = [str(folder)], len(str(folder)) + 1
    while folders:
        place = folders.pop()
        try:
            entries = os.scandir(place)
        except FileNotFoundError:
            if place == str(folder):
                raise
            continue
        with entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    folders.append(entry.path)
                yield entry.path[above:], status


def instant(mtime: float) -> datetime:
    """An mtime; one that no calendar has (a disk may hold any number) as the end of time that it lies nearer to."""
    try:
        at = EPOCH + timedelta(seconds=mtime)
    except OverflowError:
        at = END if mtime > 0 else EPOCH
    return bounded(at)
