"""What is in one output file, read to a bound?"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path

from rollcall.evidence import Content, FileSeen
from rollcall.roll.formats import ANY, find_format
from rollcall.roll.output import Output
from rollcall.text import clean, clean_block, show_size

SHOWN = 2_000


def read_content(path: Path, seen: FileSeen, output: Output) -> FileSeen:
    """`seen`, which lies at `path`, with its content, or with why it could not be read. Never waits for a pipe."""
    if not seen.is_regular or seen.size == 0:
        return seen
    if seen.size > output.read_up_to:
        if output.reads_as == ANY:
            return seen
        most = f"more than read_up_to = {show_size(output.read_up_to)}"
        return replace(seen, unreadable=f"it is too large to be read: {show_size(seen.size)}, {most}")
    try:
        data = _read(path, output.read_up_to)
        if len(data) > output.read_up_to:
            raise OSError("it grows while it is read, beyond read_up_to")
        return replace(seen, content=content_of(data, output))
    except OSError as error:
        return replace(seen, unreadable=clean(error.strerror or str(error)))


def _read(path: Path, limit: int) -> bytes:
    # O_NONBLOCK: between the listing and this line the file may have become a pipe, which would block for ever.
    flags = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
    with os.fdopen(os.open(path, flags), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError("is not a regular file")
        pieces: list[bytes] = []
        # In pieces, because each read takes the memory for all that it may return.
        while limit >= 0 and (piece := stream.read(min(limit + 1, 1_000_000))):
            pieces.append(piece)
            limit -= len(piece)
        return b"".join(pieces)


def content_of(data: bytes, output: Output) -> Content:
    """What is in `data`, looked at as the content of that output."""
    looked_for = output.must_contain + output.must_not_contain
    return Content(
        flaw=_flaw(data, output.reads_as),
        found={text: text.encode() in data for text in looked_for},
        sha256=hashlib.sha256(data).hexdigest(),
        head=clean_block(data[:SHOWN].decode(errors="replace"), SHOWN),
        tail=clean_block(data[-SHOWN:].decode(errors="replace"), SHOWN) if len(data) > SHOWN else "",
    )


def _flaw(data: bytes, reads_as: str) -> str | None:
    """Why `data` does not parse, None where it does (or where no format was declared)."""
    try:
        if reads_as != ANY:
            find_format(reads_as).read(data)
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start:,}"
    except RecursionError:
        return "nested too deeply to be parsed"
    except ValueError as error:
        return clean(str(error), 120) or "damaged"
    return None
