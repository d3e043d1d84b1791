"""What does a program print, within a time and a size?

An argument list, never a shell, and no standard input but what it is fed. What it started ends with it. Who asks says
what a failure means.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import IO, BinaryIO

# Parsing JSON holds the interpreter's lock: more than this would make others late.
LARGEST_OUTPUT = 16_000_000
_KEPT_OF_STDERR = 16_000
_PIECE = 1_000_000
# A hint of where to report it may stand below.
_SAYS_WHY = re.compile(r"\b(?:error|fatal|failed|cannot|denied|no such)\b(?!s at http)", re.IGNORECASE)
_FED = 1 << 18
# How long the end of a program may stay unnoticed while a child of it keeps its pipe open, in seconds.
_BETWEEN_LOOKS = 0.05
_END_LIMIT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A program that ended: `status` is negative where a signal ended it. Of `err` the end is kept."""

    status: int
    out: bytes
    err: bytes


def telling_line(err: str) -> str:
    """Of what a program said the line that says why: the last that speaks of an error, else the last of all."""
    lines = [line for line in err.splitlines() if line.strip()]
    return complaint(err) or (lines[-1] if lines else "it said nothing")


def complaint(err: str) -> str:
    """The last line that speaks of an error; "" where none does."""
    return next((line for line in reversed(err.splitlines()) if _SAYS_WHY.search(line)), "")


class TooLate(Exception):
    """It did not end in time."""


class TooMuch(Exception):
    """It printed more than is read."""


@dataclass(slots=True, kw_only=True)
class Program:
    """A program that runs until the monotonic clock shows `ends_on`. Of `err` the end is kept.

    `feed` is what it reads on its standard input, none where it is None.
    """

    process: subprocess.Popen[bytes]
    ends_on: float
    feed: BinaryIO | None = None
    err: bytearray = field(default_factory=bytearray)
    _unfed: memoryview = field(default_factory=lambda: memoryview(b""))

    def pieces(self) -> Iterator[bytes]:
        """What it prints, as it comes. Raises `TooLate`, and what reading its `feed` raises."""
        out, err = self._pipes()
        with DefaultSelector() as selector:
            for stream in (out, err):
                os.set_blocking(stream.fileno(), False)
                selector.register(stream, EVENT_READ)
            if self.process.stdin is not None:
                os.set_blocking(self.process.stdin.fileno(), False)
                selector.register(self.process.stdin, EVENT_WRITE)
            while selector.get_map():
                left = self.ends_on - time.monotonic()
                if left <= 0:
                    raise TooLate
                has_ended = self.process.poll() is not None
                ready = selector.select(min(left, _BETWEEN_LOOKS))
                if has_ended and not ready:
                    # All is read; a child in the background keeps the pipe open, as ssh's master does.
                    break
                for key, _ in ready:
                    if key.fileobj is self.process.stdin:
                        if not self._fed(key.fd):
                            selector.unregister(key.fileobj)
                            self.process.stdin.close()
                        continue
                    piece = os.read(key.fd, _PIECE)
                    if not piece:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is err:
                        self.err.extend(piece)
                        del self.err[:-_KEPT_OF_STDERR]
                    else:
                        yield piece

    def _fed(self, descriptor: int) -> bool:
        """Writes on; False where nothing is left, or the program reads no more: its status says if that is well."""
        if not self._unfed:
            assert self.feed is not None
            self._unfed = memoryview(self.feed.read(_FED))
            if not self._unfed:
                return False
        try:
            self._unfed = self._unfed[os.write(descriptor, self._unfed) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:
            return False
        return True

    def status(self) -> int:
        """Its exit status, negative where a signal ended it. Raises `TooLate`."""
        try:
            return self.process.wait(max(self.ends_on - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            raise TooLate from None

    def end(self) -> None:
        """Ends it, where it still runs, and whatever it started."""
        # The whole group: its children would go on, and keep the pipes open.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for stream in (*self._pipes(), self.process.stdin):
            if stream is not None:
                stream.close()
        # One that is another user's by now cannot be killed: it is left alone.
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_END_LIMIT)

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        return self.process.stdout, self.process.stderr


@contextmanager
def started(argv: Sequence[str], within: timedelta, feed: BinaryIO | None = None) -> Iterator[Program]:
    """A program that is ended with the block. Raises OSError and ValueError (it could not be started)."""
    ends_on = time.monotonic() + within.total_seconds()
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    program = Program(process=process, ends_on=ends_on, feed=feed)
    try:
        yield program
    finally:
        program.end()


def run(argv: Sequence[str], within: timedelta) -> Printed:
    """What it printed. Raises `TooLate`, `TooMuch`, OSError and ValueError (it could not be started)."""
    out = bytearray()
    with started(argv, within) as program:
        for piece in program.pieces():
            out += piece
            if len(out) > LARGEST_OUTPUT:
                raise TooMuch
        return Printed(status=program.status(), out=bytes(out), err=bytes(program.err))
