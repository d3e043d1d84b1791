"""What is in one output file, read to a bound?"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import assert_never
from xml.parsers import expat

from rollcall.evidence import Content, FileSeen
from rollcall.roll.output import Output
from rollcall.roll.words import Format
from rollcall.text import clean, clean_block, show_size

SHOWN = 2_000
LARGEST_INFLATED = 2_000_000_000

_DAMAGED_ARCHIVE = (
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    lzma.LZMAError,
    struct.error,
)


def read_content(path: Path, seen: FileSeen, output: Output) -> FileSeen:
    """`seen`, which lies at `path`, with its content, or with why it could not be read. Never waits for a pipe."""
    if not seen.is_regular or seen.size == 0:
        return seen
    if seen.size > output.read_up_to:
        if output.reads_as is Format.ANY:
            return seen
        return replace(seen, unreadable=_too_large(seen.size, output))
    try:
        data = _read(path, output.read_up_to)
        if len(data) > output.read_up_to:
            raise OSError("it grows while it is read, beyond read_up_to")
        return replace(seen, content=content_of(data, output))
    except OSError as error:
        return replace(seen, unreadable=clean(error.strerror or str(error)))


def _too_large(size: int, output: Output) -> str:
    return f"it is too large to be read: {show_size(size)}, more than read_up_to = {show_size(output.read_up_to)}"


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
    """What is told of `data` as the content of that output."""
    looked_for = output.must_contain + output.must_not_contain
    return Content(
        flaw=_flaw(data, output.reads_as),
        found={text: text.encode() in data for text in looked_for},
        sha256=hashlib.sha256(data).hexdigest(),
        head=clean_block(data[:SHOWN].decode(errors="replace"), SHOWN),
        tail=clean_block(data[-SHOWN:].decode(errors="replace"), SHOWN) if len(data) > SHOWN else "",
    )


def _flaw(data: bytes, kind: Format) -> str | None:
    """Why `data` does not parse, None where it does (or where no format was declared)."""
    match kind:
        case Format.ANY:
            return None
        case Format.TEXT:
            return _parsed(lambda: _text(data))
        case Format.JSON:
            return _parsed(lambda: json.loads(data))
        case Format.JSONL:
            return _parsed(lambda: _read_lines(data))
        case Format.CSV:
            return _parsed(lambda: _read_csv(_text(data).removeprefix("\ufeff")))
        case Format.XML:
            return _parsed(lambda: expat.ParserCreate().Parse(data, True))
        case Format.GZIP:
            return _parsed(lambda: _inflate(data))
        case Format.ZIP:
            return _parsed(lambda: _test_zip(data))
        case _:
            assert_never(kind)


def _parsed(parse: Callable[[], object]) -> str | None:
    try:
        parse()
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start:,}"
    except RecursionError:
        return "nested too deeply to be parsed"
    except (ValueError, LookupError, EOFError, expat.ExpatError, zlib.error, *_DAMAGED_ARCHIVE) as error:
        return clean(str(error), 120) or "damaged"
    return None


def _text(data: bytes) -> str:
    text = data.decode()
    # What a crash of the machine leaves of a file that was just written.
    if "\0" in text:
        raise ValueError(f"holds NUL characters, the first as character {text.index(chr(0)):,}")
    return text


def _read_lines(data: bytes) -> None:
    for number, line in enumerate(data.splitlines(), start=1):
        if line.strip():
            try:
                json.loads(line)
            except ValueError as error:
                raise ValueError(f"line {number:,}: {error}") from None


def _read_csv(text: str) -> None:
    head = text.partition("\n")[0]
    delimiters = [each for each in sorted(",;\t|", key=head.count, reverse=True) if each in head] or [","]
    flaws = [_uneven(text, delimiter) for delimiter in delimiters]
    if all(flaws):
        raise ValueError(flaws[0])


def _uneven(text: str, delimiter: str) -> str | None:
    """Why `text` is no table of rows of one width, None where it is."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    width = None
    try:
        for row in filter(None, rows):
            width = width or len(row)
            if len(row) != width:
                return f"line {rows.line_num:,} has {len(row)} columns where the first has {width}"
    except csv.Error as error:
        if "field limit" in str(error):
            raise OSError("one of its fields is too large to be read") from None
        return f"line {rows.line_num:,}: {error}"
    return None


def _inflate(data: bytes) -> None:
    """Walks through the stream a piece at a time, so that a bomb costs no memory."""
    size = 0
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        while piece := stream.read(1_000_000):
            size += len(piece)
            _refuse_bomb(size)


def _test_zip(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        _refuse_bomb(sum(each.file_size for each in archive.infolist()))
        if any(each.flag_bits & 1 for each in archive.infolist()):
            raise OSError("it is encrypted, and so cannot be told to be whole")
        damaged = _first_damaged(archive)
    if damaged:
        raise ValueError(f'"{clean(damaged, 60)}" in it is damaged')


def _first_damaged(archive: zipfile.ZipFile) -> str | None:
    try:
        return archive.testzip()
    except OSError as error:  # bz2's word for damage
        raise ValueError(str(error)) from None
    except NotImplementedError as error:
        raise OSError(f"it cannot be told to be whole: {error}") from None


def _refuse_bomb(size: int) -> None:
    if size > LARGEST_INFLATED:
        raise OSError(f"it is too large to be read: more than {show_size(LARGEST_INFLATED)} once unpacked")
