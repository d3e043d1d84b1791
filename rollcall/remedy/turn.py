"""Is another check acting on it just now, and what did the last one try?

One lock for each scheduler and job, held while a check acts on it. Beside it stands the last attempt, so that what one
check tried is not tried by the next that saw the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import AwareDatetime, BaseModel

from rollcall.files import write_whole
from rollcall.text import clean


class NoTurn(Exception):
    """It is not ours to act: another check does, or the lock cannot be had. The text says which."""


class Attempt(BaseModel, frozen=True):
    """What was tried: when, at which address, and for which due run (None for a scheduler)."""

    at: AwareDatetime
    url: str
    due_at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to act on one subject, held until the block ends. `file` holds the last attempt."""

    file: Path

    def last(self, url: str) -> Attempt | None:
        """The last attempt at that address; None where none is noted. Raises `NoTurn` where it cannot be read."""
        try:
            attempt = Attempt.model_validate_json(self.file.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        except OSError as problem:
            raise NoTurn(f"{clean(str(self.file))} cannot be read: {problem.strerror}") from None
        return attempt if attempt.url == url else None

    def note(self, attempt: Attempt) -> None:
        """Remembers the attempt, before it is made. Raises `NoTurn` where it cannot be written: then it must not be."""
        try:
            write_whole(self.file, attempt.model_dump_json())
        except OSError as problem:
            raise NoTurn(f"{clean(str(self.file))} cannot be written: {problem.strerror}") from None

    def take_back(self) -> None:
        """Forgets the attempt, which changed nothing. Where that fails it counts: never tried twice."""
        with suppress(OSError):
            self.file.unlink()


@contextmanager
def turn(folder: Path, subject: str, *, wait: timedelta) -> Iterator[Turn]:
    """The turn at `subject` (a scheduler or a job, in words), waited for. Raises `NoTurn`."""
    # A name for any id, such as "a/b" or one that differs from another by case only.
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", subject)[:60]
    name = f"{readable}-{hashlib.sha256(subject.encode(errors='surrogateescape')).hexdigest()[:8]}"
    lock = folder / f"{name}.lock"
    try:
        held = FileLock(lock).acquire(timeout=wait.total_seconds())
    except Timeout:
        raise NoTurn(f"another check is at it just now ({lock.name} is locked)") from None
    except OSError as problem:
        raise NoTurn(f"its lock {clean(str(lock))} cannot be written: {problem.strerror}") from None
    with held:
        yield Turn(folder / f"{name}.json")
