"""What comes out of the owner's own command, `open`, that makes the content of an output readable?

The content goes from its standard input to its standard output as a stream. What it said only counts once it has ended
well: of a wrong key, as of a file that is cut, it may have told much before.
"""

from __future__ import annotations

import errno
import io
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import PurePath
from typing import Any, BinaryIO

from rollcall.outputs.stream import PIECE
from rollcall.roll.output import Output
from rollcall.sources.programs import Program, TooLate, started, telling_line


class CannotOpen(OSError):
    """It did not make the content readable: one clean line says why. Nothing that was read of it counts."""

    def __init__(self, why: str) -> None:
        super().__init__(errno.EIO, why)


class Unlocked(io.BufferedReader):
    """The content as it was made readable. Reading it raises `CannotOpen`, and TimeoutError."""

    raw: _Stream

    def finish(self) -> None:
        """Reads what is left to the end, without keeping it. Raises `CannotOpen` where that is no good one."""
        buffer = bytearray(PIECE)
        while self.readinto(buffer):
            pass


@contextmanager
def unlocked(file: BinaryIO, output: Output, until: float) -> Iterator[Unlocked]:
    """What `open` of that output makes of the file, within `until`; the command ends with the block.

    Raises `CannotOpen`.
    """
    argv = [output.secrets.sent(each) for each in output.open]
    name = f"`{output.secrets.clean(PurePath(output.open[0]).name)}`"
    with ExitStack() as ends:
        try:
            program = ends.enter_context(started(argv, left(until), file))
        except (OSError, ValueError) as error:
            raise CannotOpen(f"{name} {not_run(error, output)}") from None
        yield Unlocked(_Stream(program, name, output), PIECE)


def left(until: float) -> timedelta:
    """How long it is until then."""
    return timedelta(seconds=max(until - time.monotonic(), 0))


def not_run(error: Exception, output: Output) -> str:
    """Why a command could not be started."""
    if isinstance(error, FileNotFoundError):
        return "is not installed here"
    return f"cannot be run: {output.secrets.clean(getattr(error, 'strerror', None) or str(error))}"


def ended(status: int) -> str:
    """How a command ended, for people."""
    return f"ended by signal {-status}" if status < 0 else f"exit status {status}"


class _Stream(io.RawIOBase):
    def __init__(self, program: Program, name: str, output: Output) -> None:
        super().__init__()
        self._program, self._name, self._output = program, name, output
        self._pieces = program.pieces()
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills all of it: what it holds is recognised by its first bytes, and a program may print few at a time."""
        wanted = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(wanted):
            if not self._left and not self._has_more():
                break
            piece = self._left[: len(wanted) - filled]
            wanted[filled : filled + len(piece)] = piece
            self._left = self._left[len(piece) :]
            filled += len(piece)
        if not filled and len(wanted):
            self._check_end()
        return filled

    def _has_more(self) -> bool:
        try:
            self._left = memoryview(next(self._pieces, b""))
        except TooLate:
            raise self._late() from None
        return bool(self._left)

    def _check_end(self) -> None:
        try:
            status = self._program.status()
        except TooLate:
            raise self._late() from None
        if status:
            err = bytes(self._program.err).decode(errors="replace")
            said = self._output.secrets.clean_words(telling_line(err))
            raise CannotOpen(f"{self._name}, which is to open it: {ended(status)}: {said}")

    def _late(self) -> TimeoutError:
        return TimeoutError(errno.ETIMEDOUT, f"{self._name} did not open it in time")
