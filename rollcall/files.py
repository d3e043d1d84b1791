"""How is a file read and written, so that nobody waits for a pipe, and no reader ever meets half of it?

What stands at a name may be a pipe, a device or a link that somebody else put there: what is read or written is a
regular file, or nothing.
"""

from __future__ import annotations

import io
import os
import secrets
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from errno import EINVAL, EISDIR, ELOOP
from pathlib import Path

# What is opened is looked at before it is used: a pipe must not be waited for, nor a terminal taken over.
_AT_ONCE = sum(getattr(os, flag, 0) for flag in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _AT_ONCE
_NOT_REGULAR = "it is not a regular file, but a pipe, a socket or a device"
_PIECE = 1_000_000
_ROOT = 0


def read_regular(path: Path, most: int) -> bytes:
    """What stands in the file, `most` bytes at most. Raises OSError, also for a pipe, and ValueError for no name."""
    with open_regular(path) as stream:
        pieces: list[bytes] = []
        # In pieces, because each read takes the memory for all that it may return.
        while most > 0 and (piece := stream.read(min(most, _PIECE))):
            pieces.append(piece)
            most -= len(piece)
        return b"".join(pieces)


def open_regular(path: Path) -> io.BufferedReader:
    """The file, opened to be read. Raises OSError, also for a pipe, which is not waited for."""
    stream = os.fdopen(os.open(path, os.O_RDONLY | _AT_ONCE), "rb")
    try:
        check_regular(path, os.fstat(stream.fileno()))
    except OSError:
        stream.close()
        raise
    return stream


def check_regular(path: Path, status: os.stat_result) -> None:
    """Raises OSError where what has that status is no regular file."""
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(EINVAL, _NOT_REGULAR, str(path))


def place_of(path: Path) -> Path:
    """Where a report of that name is written: there, or where the link leads to that stands there.

    A published page is a link into the folder of a web server: it must not stay yesterday's. Raises OSError where
    something else than a file stands there, and where a link is somebody else's.
    """
    place = path
    with suppress(FileNotFoundError):
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            if hasattr(os, "geteuid") and status.st_uid not in (_ROOT, os.geteuid()):
                raise OSError(ELOOP, "it is a link of another user", str(path))
            place = Path(os.path.realpath(path))
            status = place.stat()
        check_regular(path, status)
    return place


def write_whole(path: Path, text: str | Iterable[str]) -> None:
    """Writes `text`, or all its pieces in turn, to `path` as `write_bytes_whole` does."""
    pieces = (text,) if isinstance(text, str) else text
    _write_whole(path, (each.encode("utf-8", errors="replace") for each in pieces))


def write_bytes_whole(path: Path, data: bytes) -> None:
    """Writes `data` to `path` in one step: a reader meets the old or the new, never half of it.

    Who may read it is said by the umask. Raises OSError with the name of `path`.
    """
    _write_whole(path, (data,))


def _write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    part = None
    try:
        place = place_of(path)
        part = part_of(place)
        with os.fdopen(os.open(part, _NEW, 0o666), "wb") as stream:
            stream.writelines(pieces)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, place)
    except BaseException as problem:
        if part:
            part.unlink(missing_ok=True)
        if isinstance(problem, OSError):
            raise OSError(problem.errno, problem.strerror, str(path)) from None
        raise


def append_to(path: Path, data: bytes) -> None:
    """Adds `data` to the end of a file. Raises OSError."""
    check_appendable(path)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | _AT_ONCE | (os.O_NOFOLLOW if _is_root() else 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        check_regular(path, os.fstat(descriptor))
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def check_appendable(path: Path) -> None:
    """Raises OSError where something else than a file stands there. Root follows no link: it may lead anywhere."""
    with suppress(FileNotFoundError):
        if _is_root() and path.is_symlink():
            raise OSError(ELOOP, "it is a link, which root does not follow", str(path))
        check_regular(path, path.stat())


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == _ROOT


def part_of(path: Path) -> Path:
    """Where a file is written beside the one that it will replace; a name that nobody can have taken before."""
    return path.parent / f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part"


def part_for_pytest(path: Path) -> Path:
    """The same for pytest, which reads `$NAME` in the paths it is given: where a folder is called so, outside of it."""
    part = part_of(path)
    if os.path.expandvars(part) == str(part):
        return part
    descriptor, name = tempfile.mkstemp(prefix="rollcall-", suffix=f"-{path.name}")
    os.close(descriptor)
    return Path(name)


def sweep(path: Path, *, before: datetime) -> None:
    """Removes what runs that were killed while they wrote it have left beside it, a day ago or longer."""
    for left in path.parent.glob(f".{path.name}.*"):
        with suppress(OSError):
            if left.lstat().st_mtime < (before - timedelta(days=1)).timestamp():
                left.unlink()


def path_of(named: str) -> Path:
    """The path that a person wrote, its ~ read; where there is no such user it stays as it is, as a shell has it."""
    try:
        return Path(named).expanduser()
    except RuntimeError:  # "~nobody/jobs.toml"
        return Path(named)
