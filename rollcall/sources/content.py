"""What is in one output file, read to a bound?"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import stat
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import assert_never
from xml.parsers import expat

from rollcall.evidence import Content, FileSeen
from rollcall.jobs import Format, Output
from rollcall.text import clean, clean_block, show_size

SHOWN = 2_000


def read_content(folder: Path, seen: FileSeen, output: Output) -> FileSeen:
    """`seen` with its content, or with why it could not be read. Never waits: a pipe is not opened."""
    if not seen.is_regular or seen.size == 0:
        return seen
    if seen.size > output.max_size:
        if output.format is Format.ANY:
            return seen
        limit = f"{show_size(seen.size)}, more than max_size = {show_size(output.max_size)}"
        return replace(seen, unreadable=f"it is too large to be read: {limit}")
    try:
        data = _read(folder / seen.name, output.max_size)
    except OSError as error:
        return replace(seen, unreadable=clean(error.strerror or str(error)))
    return replace(seen, content=_content(data, output))


def _read(path: Path, limit: int) -> bytes:
    # O_NONBLOCK: between the listing and this line the file may have become a pipe, which would block for ever.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError("is not a regular file")
        return stream.read(limit + 1)


def _content(data: bytes, output: Output) -> Content:
    looked_for = output.must_contain + output.must_not_contain
    return Content(
        flaw=_flaw(data, output.format),
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
            return _parsed(lambda: data.decode())
        case Format.JSON:
            return _parsed(lambda: json.loads(data))
        case Format.JSONL:
            return _parsed(lambda: [json.loads(line) for line in data.splitlines() if line.strip()])
        case Format.CSV:
            return _parsed(lambda: _read_csv(data.decode("utf-8-sig")))
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
    except (ValueError, csv.Error, expat.ExpatError, zlib.error, zipfile.BadZipFile, EOFError) as error:
        return clean(str(error), 120)
    return None


def _read_csv(text: str) -> None:
    widths: set[int] = set()
    for line, row in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), start=1):
        if row:
            widths.add(len(row))
        if len(widths) > 1:
            raise ValueError(f"line {line} has {len(row)} columns where the lines before have another number")


def _inflate(data: bytes) -> None:
    """Walks through the stream a piece at a time, so that a bomb costs time but no memory."""
    stream = zlib.decompressobj(wbits=31)
    while data:
        stream.decompress(data, 1_000_000)
        data = stream.unconsumed_tail or stream.unused_data
        if stream.eof and data:
            stream = zlib.decompressobj(wbits=31)
    if not stream.eof:
        raise EOFError("the compressed stream breaks off")


def _test_zip(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        damaged = archive.testzip()
    if damaged:
        raise ValueError(f'"{clean(damaged, 60)}" in it is damaged')
