"""What does `verify`, the owner's own proof, say of a file?"""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePath
from typing import BinaryIO

from rollcall.evidence import FileSeen, Outcome, Verified
from rollcall.files import open_regular
from rollcall.outputs.stream import PIECE
from rollcall.outputs.unlocked import ended, left, not_run, unlocked
from rollcall.roll.formats import TooMuch
from rollcall.roll.output import Output
from rollcall.roll.proving import FILE
from rollcall.sources.programs import TooLate, started
from rollcall.text import show_size
from rollcall.vocabulary import CauseCode

_LINES, _LONGEST_LINE = 8, 200
_KEPT = 16_000


def needs_proof(output: Output, last: Verified | None, at: datetime) -> bool:
    """True of an output with `verify`, where that is to be asked now."""
    return output.verify is not None and not output.verify.holds(last, at)


def with_proofs(
    read: Iterable[tuple[str, FileSeen]],
    output: Output,
    at_hand: Callable[[str], AbstractContextManager[Path]],
    *,
    since: datetime,
    at: datetime,
    until: float,
) -> list[FileSeen]:
    """The same with what `verify` says of each made since then and not known to be bad anyway.

    `at_hand` is where the one of that name lies. Of entries it is asked once, as it is handed none of them.
    """
    is_asked_once = output.verify is not None and not output.verify.names_its_file
    proven, said = [], None
    for name, seen in read:
        if _may_be_good(seen, since):
            if not (is_asked_once and said):
                place = _nowhere if is_asked_once else partial(at_hand, name)
                said = _proof(place, seen, output, at=at, until=until)
            seen = replace(seen, verified=said)
        proven.append(seen)
    return proven


def _nowhere() -> AbstractContextManager[Path]:
    return nullcontext(Path())


def _may_be_good(seen: FileSeen, since: datetime) -> bool:
    is_bad = seen.unreadable or (seen.content and seen.content.flaw) or seen.size == 0
    # A copy may have the mtime of long before the day in its name.
    made_at = max(seen.made_at, seen.stamp_until or seen.made_at)
    return made_at >= since and not is_bad and (seen.is_regular or seen.is_folder)


def _proof(
    at_hand: Callable[[], AbstractContextManager[Path]], seen: FileSeen, output: Output, *, at: datetime, until: float
) -> Verified:
    """What it says of that file or folder; of a file that is to be opened, of a copy of what comes out."""
    assert output.verify is not None
    name = seen.name
    unknown = partial(Verified, file=name, at=at, by=output.verify.fingerprint, outcome=Outcome.UNKNOWN)
    try:
        with at_hand() as path:
            if not output.open:
                return _asked(path, name, output, at=at, until=until)
            with (
                open_regular(path) as file,
                unlocked(file, output, until) as content,
                copied(content, name, output, until) as copy,
            ):
                return _asked(copy, name, output, at=at, until=until)
    except TooMuch:
        enough = show_size(2 * max(seen.size or 0, output.read_up_to))
        how = f'it needs a copy, larger than read_up_to = {show_size(output.read_up_to)} ("{enough}" would do)'
        return unknown(code=CauseCode.NOT_READ_THROUGH, how=how)
    except TimeoutError:
        how = f"its copy was not made within timeout = {output.timeout_shown}"
        return unknown(code=CauseCode.NOT_READ_THROUGH, how=how)
    except OSError as error:
        return unknown(code=CauseCode.OUTPUT_UNREADABLE, how=output.secrets.clean(error.strerror or str(error)))


def _asked(path: Path, name: str, output: Output, *, at: datetime, until: float) -> Verified:
    """What the command says of what lies there."""
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
    text = said_last.decode(errors="replace")
    says = _last_lines(text.replace(place, name) if output.verify.names_its_file else text, output)
    code = CauseCode.OUTPUT_UNREADABLE if outcome is Outcome.UNKNOWN else None
    return said(outcome=outcome, how=ended(status), says=says, code=code)


def _last_lines(text: str, output: Output) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(output.secrets.clean_words(line, _LONGEST_LINE) for line in lines[-_LINES:])


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
