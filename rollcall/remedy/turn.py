"""Is another check at it just now, and what did the last one try?

One small file for each scheduler and job, locked while somebody acts on it. It holds the last attempt, so that what one
check tried is not tried by the next that saw the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rollcall.alone import is_taken
from rollcall.text import clean
from rollcall.times import to_iso

_LONGEST = 4_096
_POLL = 0.1  # seconds


class NoTurn(Exception):
    """It is not ours to act: another check does, or the lock cannot be had. The text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was tried: when, at which address, and for which due run (None for a scheduler)."""

    at: datetime
    url: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The right to act on one subject, held until the block ends."""

    number: int
    file: Path

    def last(self, url: str) -> Attempt | None:
        """The last attempt at that address; None where there was none, or what is written cannot be read."""
        os.lseek(self.number, 0, os.SEEK_SET)
        attempt = _read(os.read(self.number, _LONGEST))
        return attempt if attempt and attempt.url == url else None

    def note(self, attempt: Attempt) -> None:
        """Remembers the attempt, before it is made. Raises `NoTurn` where it cannot be written: then it must not be."""
        due_at = to_iso(attempt.due_at) if attempt.due_at else None
        text = json.dumps({"at": to_iso(attempt.at), "url": attempt.url, "due_at": due_at})
        try:
            self._write(text)
        except OSError as problem:
            raise _cannot(self.file, problem) from None

    def take_back(self) -> None:
        """Forgets the attempt, which changed nothing. Where that cannot be written it counts: never tried twice."""
        with suppress(OSError):
            self._write("")

    def _write(self, text: str) -> None:
        os.lseek(self.number, 0, os.SEEK_SET)
        os.write(self.number, text.encode().ljust(_LONGEST))
        os.fsync(self.number)


@contextmanager
def turn(folder: Path, subject: str, *, wait: timedelta) -> Iterator[Turn]:
    """The turn at `subject` (a scheduler or a job, in words), waited for. Raises `NoTurn`."""
    file = folder / f"{_name(subject)}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError as problem:
        raise _cannot(file, problem) from None
    try:
        _await_lock(number, file, wait)
        yield Turn(number=number, file=file)
    finally:
        # Ends the lock too, as the end of the process does: none is ever left behind.
        os.close(number)


def _await_lock(number: int, file: Path, wait: timedelta) -> None:
    give_up_on = time.monotonic() + wait.total_seconds()
    while not is_taken(number):
        if time.monotonic() >= give_up_on:
            raise NoTurn(f"another check is at it just now ({clean(file.name)} is locked)")
        time.sleep(_POLL)


def _read(written: bytes) -> Attempt | None:
    with suppress(ValueError, TypeError, KeyError):
        says = json.loads(written)
        at, due_at = datetime.fromisoformat(says["at"]), says["due_at"] and datetime.fromisoformat(says["due_at"])
        if at.tzinfo is not None:
            return Attempt(at=at, url=str(says["url"]), due_at=due_at)
    return None


def _name(subject: str) -> str:
    """A file's name for any id, such as "a/b" or one that differs from another by case only."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", subject)[:60]
    return f"{readable}-{hashlib.sha256(subject.encode(errors='surrogateescape')).hexdigest()[:8]}"


def _cannot(file: Path, problem: OSError) -> NoTurn:
    return NoTurn(f"its lock {clean(str(file))} cannot be written: {problem.strerror}")
