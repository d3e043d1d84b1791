"""What does `verify`, the owner's own proof, say of a file?"""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path, PurePath
from typing import BinaryIO

from rollcall.evidence import Outcome, Verified
from rollcall.outputs.opened import ended, left, not_run
from rollcall.outputs.stream import PIECE
from rollcall.roll.formats import TooMuch
from rollcall.roll.output import Output
from rollcall.roll.proving import FILE
from rollcall.sources.programs import TooLate, started
from rollcall.text import show_size
from rollcall.vocabulary import CauseCode

_LINES, _LONGEST_LINE = 8, 200
_KEPT = 16_000


def verify(path: Path, name: str, output: Output, *, at: datetime, until: float) -> Verified:
    """What it says of the file or folder at `path`, which is shown as `name`; `at` is when it is asked."""
    assert output.verify is not None
    said = partial(Verified, file=name, at=at, by=output.verify.fingerprint)
    unknown = partial(said, outcome=Outcome.UNKNOWN)
    # Not relative: a name may begin with "-".
    place = os.path.abspath(path)
    # Filled in last: the name of a file is no `${NAME}`.
    argv = [output.secrets.sent(each).replace(FILE, place) for each in output.verify.command]
    out = bytearray()
    try:
        with started(argv, left(until)) as program:
            for piece in program.pieces():
                out += piece
                del out[:-_KEPT]
            status, err = program.status(), bytes(program.err)
    except TooLate:
        return unknown(code=CauseCode.NOT_READ_THROUGH, how=f"it did not end within timeout = {output.timeout_shown}")
    except (OSError, ValueError) as error:
        program_name = output.secrets.clean(output.verify.command[0])
        return unknown(code=CauseCode.OUTPUT_UNREADABLE, how=f"{program_name} {not_run(error, output)}")
    outcome = output.verify.outcome(status)
    # What is printed of an output that is opened first may be what it holds.
    said_last = err if err.strip() or output.open else bytes(out)
    says = _last_lines(said_last.decode(errors="replace").replace(place, name), output)
    code = CauseCode.OUTPUT_UNREADABLE if outcome is Outcome.UNKNOWN else None
    return said(outcome=outcome, how=ended(status), says=says, code=code)


def _last_lines(text: str, output: Output) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(output.secrets.clean_words(line, _LONGEST_LINE) for line in lines[-_LINES:])


def not_fetched(error: TooMuch | TimeoutError, name: str, output: Output, *, at: datetime) -> Verified:
    """That it could not be asked, as its file is too large for a copy, or that took too long."""
    assert output.verify is not None
    how = f"it was not fetched within timeout = {output.timeout_shown}"
    if isinstance(error, TooMuch):
        how = f"it needs a copy of the file, which is larger than read_up_to = {show_size(output.read_up_to)}"
    code = CauseCode.NOT_READ_THROUGH
    return Verified(file=name, at=at, by=output.verify.fingerprint, outcome=Outcome.UNKNOWN, how=how, code=code)


@contextmanager
def copied(file: BinaryIO, name: str, output: Output, until: float) -> Iterator[Path]:
    """A copy of the file on this machine that nobody else may read, gone with the block or, at the latest, the process.

    Raises `TooMuch` beyond `read_up_to`, TimeoutError, and what reading raises.
    """
    with tempfile.TemporaryDirectory(prefix="rollcall-") as folder:
        # Under its own name, by which programs know what it is; of what is opened, without the end that says it is not.
        own = PurePath(name)
        path = Path(folder) / (own.stem if output.open else own.name)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as copy:
            size = 0
            while piece := file.read(PIECE):
                size += len(piece)
                if size > output.read_up_to:
                    raise TooMuch("more is in it than is read")
                if time.monotonic() > until:
                    raise TimeoutError(errno.ETIMEDOUT, "it was not read through in time")
                copy.write(piece)
        yield path
