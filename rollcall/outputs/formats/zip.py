"""Is it a whole zip?"""

from __future__ import annotations

import io
import lzma
import os
import struct
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from rollcall.roll.formats import FileFormat, NothingInside, OpenContent, TooMuch
from rollcall.text import clean

_PIECE = 1 << 18
_EMPTY = b"PK\x05\x06" + bytes(18)
# The directory at the end, its own end, and what those are where 32 bits do not do (APPNOTE 4.3.12-4.3.16).
_ENTRY = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LOCATOR_64 = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LONGEST_COMMENT = 0xFFFF
_LOCAL = 30
_ENCRYPTED, _IN_UTF_8 = 0x1, 0x800


class Zip(FileFormat):
    """An archive, each of its members read through to the end.

    Its directory may be of any length: it is read entry by entry, and `zipfile` is given one at a time.
    """

    magic = (b"PK\x03\x04", b"PK\x05\x06")
    suffix = ".zip"
    marks_its_end = True
    looked_at_by = "unzip -t {file}"
    holds_text = False
    has_names = True
    seeks = True

    def read(self, content: OpenContent) -> None:
        """Raises EOFError where its directory is cut off, ValueError where a member is damaged."""
        directory = _directory(content.raw)
        files, spans = 0, _Spans()
        for each in _members(content.raw, directory):
            content.check_time()
            spans.add(each)
            if each.is_dir():
                continue
            files += 1
            if each.flag_bits & _ENCRYPTED:
                raise OSError("it is encrypted, so it is not known whether it is whole")
        if not files:
            raise NothingInside("no file is in it")
        if spans.overlap:
            # What is in it twice unpacks to more than anybody put in.
            raise ValueError("members in it overlap, as in an archive that is made to harm")
        left, bytes_inside = content.limit, 0
        with zipfile.ZipFile(io.BytesIO(_EMPTY)) as archive:
            archive.fp = content.raw
            for each in _members(content.raw, directory):
                content.note_name(each.filename)
                if not each.is_dir():
                    bytes_inside += _read_through(archive, each, left - bytes_inside)
        if not bytes_inside:
            raise NothingInside("each file in it is empty")


@dataclass(frozen=True, slots=True)
class _Directory:
    """Where the directory begins and how many entries it has; all places in it are meant `shift` bytes further on."""

    at: int
    entries: int
    shift: int


def _directory(raw: BinaryIO) -> _Directory:
    """Raises EOFError where it is not there, ValueError where this is no zip."""
    begins_as_one = raw.read(2) == b"PK"
    size = raw.seek(0, os.SEEK_END)
    begin = max(size - _END.size - _LONGEST_COMMENT, 0)
    raw.seek(begin)
    tail = raw.read()
    found = tail.rfind(_EMPTY[:4])
    if found < 0 or len(tail) - found < _END.size:
        if begins_as_one:
            raise EOFError("its directory, at the end, is missing")
        raise ValueError("it is no zip")
    _, _, _, _, entries, length, at, _ = _END.unpack_from(tail, found)
    end = begin + found
    if found >= _LOCATOR_64.size:
        mark, _, place, _ = _LOCATOR_64.unpack_from(tail, found - _LOCATOR_64.size)
        if mark == b"PK\x06\x07":
            # Behind what stands in front of the archive it lies further on than it says.
            end -= _LOCATOR_64.size + _END_64.size
            raw.seek(max(end, 0))
            data = raw.read(_END_64.size)
            if not data.startswith(b"PK\x06\x06"):
                raise ValueError(f"the end of its directory is not at byte {place:,}")
            *_, entries, length, at = _END_64.unpack(data)
    shift = end - length - at
    if shift < 0:
        raise ValueError("its directory is not where it should be")
    return _Directory(at + shift, entries, shift)


def _members(raw: BinaryIO, directory: _Directory) -> Iterator[zipfile.ZipInfo]:
    """What its directory tells of each member. Raises ValueError where it is damaged."""
    at = directory.at
    for number in range(directory.entries):
        raw.seek(at)
        data = raw.read(_ENTRY.size)
        if len(data) < _ENTRY.size or not data.startswith(b"PK\x01\x02"):
            raise ValueError(f"its directory is damaged at entry {number + 1:,} of {directory.entries:,}")
        _, _, _, flags, method, _, _, crc, packed, size, of_name, of_extra, of_comment, *_, place = _ENTRY.unpack(data)
        name, extra = raw.read(of_name), raw.read(of_extra)
        at += _ENTRY.size + of_name + of_extra + of_comment
        member = zipfile.ZipInfo(name.decode("utf-8" if flags & _IN_UTF_8 else "cp437", errors="replace"))
        member.flag_bits, member.compress_type, member.CRC = flags, method, crc
        member.file_size, member.compress_size, place = _in_64_bits(extra, size, packed, place)
        member.header_offset = place + directory.shift
        yield member


def _in_64_bits(extra: bytes, *numbers: int) -> tuple[int, ...]:
    """Those numbers; each that does not fit into 32 bits as it stands in the extra field of that."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == 1:
            wide = iter(struct.unpack(f"<{len(field) // 8}Q", field[: len(field) // 8 * 8]))
            return tuple(next(wide, each) if each == 0xFFFFFFFF else each for each in numbers)
    return numbers


class _Spans:
    """Where each member lies, at the least; `overlap` is True where one lies in another."""

    def __init__(self) -> None:
        self._begins, self._ends = array("Q"), array("Q")
        self._is_in_order = True

    def add(self, member: zipfile.ZipInfo) -> None:
        begin = member.header_offset
        self._is_in_order = self._is_in_order and (not self._ends or begin >= self._ends[-1])
        self._begins.append(min(begin, 2**63))
        self._ends.append(min(begin + _LOCAL + len(member.filename) + member.compress_size, 2**63))

    @property
    def overlap(self) -> bool:
        if self._is_in_order:
            return False
        order = sorted(range(len(self._begins)), key=self._begins.__getitem__)
        return any(self._ends[one] > self._begins[after] for one, after in pairwise(order))


def _read_through(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> int:
    """How many bytes that member holds."""
    size = 0
    try:
        with archive.open(member) as inside:
            while piece := inside.read(_PIECE):
                size += len(piece)
                if size > left:
                    raise TooMuch("more is in it than is read")
    except NotImplementedError as error:
        raise OSError(f"it is not known whether it is whole: {error}") from None
    except (zipfile.BadZipFile, lzma.LZMAError, zlib.error, struct.error, EOFError, UnicodeDecodeError) as error:
        raise ValueError(f'"{clean(member.filename, 60)}" in it is damaged: {error}') from None
    except OSError as error:  # bz2's word for damage has no number
        if error.errno is not None or isinstance(error, TooMuch | TimeoutError):
            raise
        raise ValueError(f'"{clean(member.filename, 60)}" in it is damaged') from None
    return size
