"""Is another check acting on it just now, and what did the last one try?

One lock for each thing that a scheduler can be asked to do, held while a check asks for it. Beside it stands what was
tried within a day, so that what one check tried is not tried by the next that saw the same: also not from another copy
of jobs.toml, nor under another spelling of the address. So both belong to whoever runs checks on this host, and are
named after what is asked for, not after what jobs.toml calls it.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from filelock import FileLock, Timeout
from pydantic import AwareDatetime, BaseModel

from rollcall.files import read_regular, write_whole
from rollcall.roll.scheduler import Order
from rollcall.roll.secrets import is_secret
from rollcall.text import clean

DAY = timedelta(days=1)
_LARGEST = 10_000
_MOST_KEPT = 10
_PORTS = {"https": 443}


class NoTurn(Exception):
    """It is not ours to act: another check does, or the lock cannot be had. The text says which."""


class Attempt(BaseModel, frozen=True):
    """What was tried: when, and for which due run (None for a scheduler)."""

    at: AwareDatetime
    due_at: AwareDatetime | None = None


class _Tried(BaseModel, frozen=True):
    """The attempts of a day, oldest first."""

    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to act on one subject, held until the block ends. `file` holds what was tried within a day."""

    file: Path

    def tried(self) -> tuple[Attempt, ...]:
        """What was tried, oldest first. Raises `NoTurn` where it cannot be read."""
        try:
            return _Tried.model_validate_json(read_regular(self.file, _LARGEST)).attempts
        except (FileNotFoundError, ValueError):
            return ()
        except OSError as problem:
            raise NoTurn(f"{clean(str(self.file))} cannot be read: {problem.strerror}") from None

    def last(self) -> Attempt | None:
        """The last attempt; None where none is noted. Raises `NoTurn` where it cannot be read."""
        return next(reversed(self.tried()), None)

    def note(self, attempt: Attempt) -> None:
        """Remembers the attempt, before it is made. Raises `NoTurn` where it cannot be written: then it must not be."""
        before = [each for each in self.tried() if attempt.at - DAY < each.at <= attempt.at]
        self._write((*before[1 - _MOST_KEPT :], attempt))

    def take_back(self) -> None:
        """Forgets the last attempt, which changed nothing. Where that fails it counts: never tried twice."""
        with suppress(NoTurn):
            self._write(self.tried()[:-1])

    def _write(self, attempts: tuple[Attempt, ...]) -> None:
        try:
            write_whole(self.file, _Tried(attempts=attempts).model_dump_json())
        except OSError as problem:
            raise NoTurn(f"{clean(str(self.file))} cannot be written: {problem.strerror}") from None


@contextmanager
def turn(folder: Path, subject: str, *, wait: timedelta) -> Iterator[Turn]:
    """The turn at `subject` (of `subject_of`), waited for; `folder` is made where it is missing. Raises `NoTurn`."""
    name = hashlib.sha256(subject.encode(errors="surrogateescape")).hexdigest()[:16]
    lock = folder / f"{name}.lock"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = FileLock(lock).acquire(timeout=wait.total_seconds())
    except Timeout:
        raise NoTurn(f"another check is doing this right now ({lock.name} is locked)") from None
    except OSError as problem:
        cure = "XDG_STATE_HOME may name a folder that can be written"
        raise NoTurn(f"its lock {clean(str(lock))} cannot be written: {problem.strerror}; {cure}") from None
    with held:
        yield Turn(folder / f"{name}.json")


def subject_of(order: Order) -> str:
    """What an order asks for: the same text however its address is spelled, for whoever asks from this host."""
    parts = urlsplit(order.target)
    if parts.scheme not in ("http", "https"):
        return order.target
    port = parts.port or _PORTS.get(parts.scheme, 80)
    steps = "/".join(quote(unquote(each), safe="") for each in parts.path.split("/") if each)
    query = sorted((key, value) for key, value in parse_qsl(parts.query) if not is_secret(key))
    return f"{_one_name_of(parts.hostname or '', port)} {port} /{steps} {query}"


def _one_name_of(host: str, port: int) -> str:
    """That of this machine, where it answers at that address; else the address, or the name where it has none."""
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return host.rstrip(".").lower()
    return socket.gethostname() if any(map(_is_here, addresses)) else min(addresses)


def _is_here(address: str) -> bool:
    """True for an address of this machine: only there a socket can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as bound:
            bound.bind((address, 0))
    except OSError:
        return False
    return True
