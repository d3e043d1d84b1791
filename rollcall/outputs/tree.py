"""How large is a folder with all that is in it, and when was the newest of that written?"""

from __future__ import annotations

import os
import stat
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from rollcall.evidence import FileSeen
from rollcall.text import clean
from rollcall.times import END, EPOCH, bounded


def look_through(folder: Path, seen: FileSeen, *, now: datetime, until: float) -> FileSeen:
    """`seen`, which is that folder, with the size of the files in it and the mtime of the newest.

    No link is followed, and what is dated after `now` is no evidence of when. Looks no longer than `until`, an instant
    of `time.monotonic`.
    """
    size, folders = 0, [folder]
    newest: datetime | None = None
    try:
        while folders:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if time.monotonic() > until:
                        raise TimeoutError("it was not looked through in time")
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        folders.append(Path(entry.path))
                    elif stat.S_ISREG(status.st_mode):
                        size += status.st_size
                        at = instant(status.st_mtime)
                        newest = at if newest is None or newest < at <= now or at <= now < newest else newest
    except OSError as error:
        return replace(seen, unreadable=clean(error.strerror or str(error)))
    return replace(seen, size=size, modified_at=seen.modified_at if newest is None else newest)


def instant(mtime: float) -> datetime:
    """An mtime; one that no calendar has (a disk may hold any number) as the end of time that it lies nearer to."""
    try:
        at = EPOCH + timedelta(seconds=mtime)
    except OverflowError:
        at = END if mtime > 0 else EPOCH
    return bounded(at)
