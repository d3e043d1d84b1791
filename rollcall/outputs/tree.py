"""How large is a folder with all that is in it, and when was the newest of that written?"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from rollcall.evidence import GONE, FileSeen
from rollcall.text import clean
from rollcall.times import END, EPOCH, bounded


def look_through(folder: Path, seen: FileSeen, *, now: datetime, until: float) -> FileSeen:
    """`seen`, which is that folder, with the size of the files in it and the mtime of the newest.

    No link is followed, and what is dated after `now` is no evidence of when. Looks no longer than `until`, an instant
    of `time.monotonic`.
    """
    size, newest = 0, None
    try:
        for status in _files_in(folder):
            if time.monotonic() > until:
                raise TimeoutError("it was not looked through in time")
            size += status.st_size
            at = instant(status.st_mtime)
            newest = at if newest is None or newest < at <= now or at <= now < newest else newest
    except FileNotFoundError:
        return replace(seen, unreadable=GONE)
    except OSError as error:
        return replace(seen, unreadable=clean(error.strerror or str(error)))
    return replace(seen, size=size, modified_at=seen.modified_at if newest is None else newest)


def _files_in(folder: Path) -> Iterator[os.stat_result]:
    """The status of each regular file in it, at any depth, but for what goes meanwhile. Raises OSError."""
    folders = [str(folder)]
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
                elif stat.S_ISREG(status.st_mode):
                    yield status


def instant(mtime: float) -> datetime:
    """An mtime; one that no calendar has (a disk may hold any number) as the end of time that it lies nearer to."""
    try:
        at = EPOCH + timedelta(seconds=mtime)
    except OverflowError:
        at = END if mtime > 0 else EPOCH
    return bounded(at)
