"""How does what a command prints pass through, unchanged and as it comes, so that its end can be kept?

A file and a terminal are left to the command itself: nothing is copied, a full disk is its own, and a terminal stays
one. All else passes through a pipe. Nothing waits for a reader that is slow but what he reads.
"""

from __future__ import annotations

import fcntl
import os
import select
import stat
import termios
from collections.abc import Container, Iterable

KEPT = 4_000
_PIECE = 65_536
STDOUT, STDERR = 1, 2


class Stream:
    """One that passes through: from `source`, the reading end of a pipe, to the descriptors it `comes_from`.

    `tail` is the end of what has passed; `lost` is what kept the rest from it, if that is not the reader's own wish.
    """

    def __init__(self, descriptors: tuple[int, ...]) -> None:
        self.descriptors = descriptors
        self.source, self.inlet = os.pipe()
        self.tail = b""
        self.lost: OSError | None = None
        self.is_open = True
        self._target = descriptors[0]
        self._pending = memoryview(b"")
        self._is_pipe = stat.S_ISFIFO(os.fstat(self._target).st_mode)

    @property
    def waits_for(self) -> tuple[int, int]:
        """Which descriptor must be ready, and for what."""
        return (self._target, select.POLLOUT) if self._pending else (self.source, select.POLLIN)

    @property
    def is_idle(self) -> bool:
        """True where all that came has passed."""
        return not self._pending

    def pass_on(self) -> None:
        """Reads, or writes what was read; to be called once what it waits for is ready."""
        if not self._pending:
            piece = os.read(self.source, _PIECE)
            if not piece:
                self.close()
            self.tail = (self.tail + piece[-KEPT:])[-KEPT:]
            self._pending = memoryview(piece)
            return
        try:
            self._pending = self._pending[os.write(self._target, self._pending[: self._room]) :]
        except BlockingIOError:
            pass
        except OSError as problem:
            # Closed, so that the command notices what it would have noticed without us.
            self.lost = None if isinstance(problem, BrokenPipeError) else problem
            self._pending = memoryview(b"")
            self.close()

    @property
    def _room(self) -> int:
        """How much is taken now without waiting for the reader; the other stream may have a quicker one."""
        if not self._is_pipe:
            return _PIECE
        try:
            held = fcntl.ioctl(self._target, termios.FIONREAD, bytes(4))
            # Of one that holds something a pipe takes this much as soon as it takes anything.
            return select.PIPE_BUF if any(held) else fcntl.fcntl(self._target, fcntl.F_GETPIPE_SZ)
        except (AttributeError, OSError):  # not everywhere are pipes asked for their size
            return select.PIPE_BUF

    def close(self) -> None:
        """Nothing more is read."""
        if self.is_open:
            self.is_open = False
            os.close(self.source)


class Left:
    """A file to which the command writes itself: what it has added is read there."""

    def __init__(self, descriptors: tuple[int, ...]) -> None:
        self.descriptors = descriptors
        self._before = os.fstat(descriptors[0]).st_size

    @property
    def tail(self) -> bytes:
        """The end of what was added; nothing where that cannot be read."""
        try:
            # Ours may be open for writing alone.
            with open(f"/proc/self/fd/{self.descriptors[0]}", "rb") as file:
                size = os.fstat(file.fileno()).st_size
                file.seek(max(size - KEPT, self._before if size >= self._before else 0))
                return file.read(KEPT)
        except OSError:
            return b""


def streams(*, but: Container[int]) -> tuple[list[Stream], list[Left]]:
    """Those that pass through, and those that are left to the command; two that lead to one place are one."""
    passing, left = list[Stream](), list[Left]()
    places: dict[tuple[int, int], list[int]] = {}
    for descriptor in (STDOUT, STDERR):
        if descriptor not in but and not os.isatty(descriptor):
            status = os.fstat(descriptor)
            places.setdefault((status.st_dev, status.st_ino), []).append(descriptor)
    for descriptors in map(tuple, places.values()):
        if stat.S_ISREG(os.fstat(descriptors[0]).st_mode):
            left.append(Left(descriptors))
        else:
            passing.append(Stream(descriptors))
    return passing, left


def words(tails: Iterable[bytes]) -> str:
    """The last lines of these, for people: of a line that was drawn anew its last state; nothing of what is no text."""
    said = list[str]()
    for tail in tails:
        text = tail.decode(errors="replace")
        if "\0" in text or text.count("\ufffd") > len(text) // 20 + 3:
            continue
        lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]
        said += [line for line in lines if line]
    text = "\n".join(said)
    if not text.replace("\n", "").isprintable():
        # Imported for those alone that need it.
        from rollcall.text import clean_block

        text = clean_block(text, len(text))
    return text[-KEPT:]
