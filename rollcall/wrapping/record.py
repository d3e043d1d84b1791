"""What is on record of wrapped commands, and how is a line added, whatever else happens at that moment?

Of each job there is one file of JSON lines: one line when a run begins, and one when it ends, which tells all of it
again. A line is added in one step and brings its own line break, so that neither a run beside it nor one that was cut
off in the middle harms it. A file that has grown large steps aside, in place of the one that did so before.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from errno import EINVAL, ENOSPC

from rollcall.state import state_folder

TYPE_CHECKING = False  # as `typing` has it, which takes its time to be imported
if TYPE_CHECKING:
    from typing import Any

    # One line: what is known of a run.
    Entry = dict[str, Any]

# A run takes about 800 bytes: of a job of every minute these are three to seven days, of a nightly one years.
LARGEST = 4_000_000
_SUFFIX = ".jsonl"
_OLDER = ".older.jsonl"
_ENDINGS = (_OLDER, _SUFFIX)
# A script that makes a name of the date would fill the folder: what nobody added to for so long, goes.
_KEPT = 400 * 86_400
_LONGEST_NAME = 200
_AS_IT_IS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. @+=,")


def usual_folder(environment: Mapping[str, str]) -> str:
    """Where runs are on record if nobody says otherwise."""
    return os.path.join(state_folder(environment), "runs")


def check_name(job: str) -> None:
    """Raises ValueError for what no file can be named after."""
    if not job.strip() or not job.isprintable():
        raise ValueError("a job has a name that can be printed")
    if len(_file_name(job)) > _LONGEST_NAME:
        raise ValueError(f"a name has {_LONGEST_NAME} characters at most")


def add(folder: str, entry: Entry) -> None:
    """Adds a line to the file of its job. Raises OSError."""
    path = os.path.join(folder, _file_name(entry["job"]) + _SUFFIX)
    is_new = not os.path.lexists(path)
    if is_new:
        # What commands print is for whoever may read their mail; who shares the folder makes it.
        os.makedirs(folder, mode=0o700, exist_ok=True)
        _sweep(folder)
    descriptor = _opened(path)
    try:
        if os.fstat(descriptor).st_size > LARGEST and _stepped_aside(descriptor, path):
            os.close(descriptor)
            descriptor = _opened(path)
        line = b"\n" + json.dumps(entry).encode()
        if os.write(descriptor, line) < len(line):
            raise OSError(ENOSPC, os.strerror(ENOSPC), path)
        if "ended" in entry:
            os.fsync(descriptor)
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, path) from None
    finally:
        os.close(descriptor)


def _opened(path: str) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o640)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(EINVAL, "it is not a regular file", path)
    return descriptor


def _stepped_aside(descriptor: int, path: str) -> bool:
    """Makes room for a new file at that path; False where another run does, or did, just now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.stat(path).st_ino != os.fstat(descriptor).st_ino:
            return True
        os.replace(path, path.removesuffix(_SUFFIX) + _OLDER)
    except OSError:
        return False
    return True


def _sweep(folder: str) -> None:
    with suppress(OSError), os.scandir(folder) as files:
        for each in files:
            if each.name.endswith(_SUFFIX):
                with suppress(OSError):
                    if time.time() - each.stat(follow_symlinks=False).st_mtime > _KEPT:
                        os.unlink(each.path)


def _file_name(job: str) -> str:
    """One that is no path, on any file system: every other byte as %2F."""
    name = "".join(chr(each) if each in _AS_IT_IS else f"%{each:02X}" for each in job.encode(errors="surrogateescape"))
    return name.replace(".", "%2E", 1) if name.startswith(".") else name


def _job_of(name: str) -> str:
    head, *rest = name.split("%")
    said = head.encode() + b"".join(bytes.fromhex(each[:2]) + each[2:].encode() for each in rest)
    return said.decode(errors="surrogateescape")


# Reading --------------------------------------------------------------------------------------------------------------


class Kept:
    """What is on record of one job: its `runs`, the last line of each, in the order in which they began.

    Runs are told from `since` on: the first line there is or, where one is damaged, the next. `unread` is why nobody
    can tell of them; None where somebody can.
    """

    def __init__(self, job: str) -> None:
        self.job = job
        self.runs: list[Entry] = []
        self.since: str | None = None
        self.unread: str | None = None


def read(folder: str) -> Iterator[Kept]:
    """What is on record there, job by job; nothing where there is no such folder. Raises OSError."""
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return
    for stem in sorted({each.removesuffix(_OLDER).removesuffix(_SUFFIX) for each in names if each.endswith(_ENDINGS)}):
        try:
            kept = Kept(_job_of(stem))
        except ValueError:  # somebody else's file
            continue
        try:
            _fold([line for end in (_OLDER, _SUFFIX) for line in _lines(os.path.join(folder, stem + end))], kept)
        except OSError as problem:
            kept.unread = problem.strerror or str(problem)
        yield kept


def _lines(path: str) -> list[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return []
    with open(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(EINVAL, "it is not a regular file", path)
        return [line for line in stream.read(3 * LARGEST).split(b"\n") if line]


def _fold(lines: list[bytes], kept: Kept) -> None:
    runs: dict[tuple[str, ...], Entry] = {}
    for line in lines:
        entry = _entry(line)
        if entry is None:
            kept.since = None
            continue
        runs[tuple(str(entry.get(key)) for key in ("host", "pid", "started"))] = entry
        # That is when the line was added.
        kept.since = kept.since or str(entry.get("ended") or entry["started"])
    if kept.since is None:
        kept.unread = "its last line is damaged" if lines else "it is empty: a run could not be put on record"
    kept.runs = sorted(runs.values(), key=lambda each: str(each["started"]))


def _entry(line: bytes) -> Entry | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("started"), str) else None
