"""What does a program print, within a time and a size?

An argument list, never a shell, and no standard input. What it started ends with it. Who asks says what a failure
means.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from selectors import EVENT_READ, DefaultSelector

# Parsing JSON holds the interpreter's lock: more than this would make others late.
LARGEST_OUTPUT = 16_000_000
_KEPT_OF_STDERR = 16_000
_PIECE = 1_000_000
# How long the end of a program may stay unnoticed while a child of it keeps its pipe open, in seconds.
_BETWEEN_LOOKS = 0.05
_END_LIMIT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A program that ended: `status` is negative where a signal ended it. Of `err` the end is kept."""

    status: int
    out: bytes
    err: bytes


class TooLate(Exception):
    """It did not end in time."""


class TooMuch(Exception):
    """It printed more than is read."""


def run(argv: Sequence[str], within: timedelta) -> Printed:
    """What it printed. Raises `TooLate`, `TooMuch`, OSError and ValueError (it could not be started)."""
    ends_on = time.monotonic() + within.total_seconds()
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = bytearray(), bytearray()
    try:
        with DefaultSelector() as selector:
            for stream, kept in ((process.stdout, out), (process.stderr, err)):
                os.set_blocking(stream.fileno(), False)
                selector.register(stream, EVENT_READ, kept)
            while selector.get_map():
                left = ends_on - time.monotonic()
                if left <= 0:
                    raise TooLate
                has_ended = process.poll() is not None
                ready = selector.select(min(left, _BETWEEN_LOOKS))
                if has_ended and not ready:
                    # All is read; a child in the background keeps the pipe open, as ssh's master does.
                    break
                for key, _ in ready:
                    piece = os.read(key.fd, _PIECE)
                    key.data.extend(piece)
                    if not piece:
                        selector.unregister(key.fileobj)
                if len(out) > LARGEST_OUTPUT:
                    raise TooMuch
                del err[:-_KEPT_OF_STDERR]
        return Printed(status=process.wait(max(ends_on - time.monotonic(), 0)), out=bytes(out), err=bytes(err))
    except subprocess.TimeoutExpired:
        raise TooLate from None
    finally:
        # The whole group: its children would go on, and keep the pipes open.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.stderr.close()
        # One that is another user's by now cannot be killed: it is left alone.
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_LIMIT)
