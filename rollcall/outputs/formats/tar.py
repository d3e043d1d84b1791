"""Is it a whole tar?"""

from __future__ import annotations

import tarfile
from contextlib import suppress
from typing import BinaryIO

from rollcall.roll.formats import FileFormat, NothingInside, OpenContent, TooMuch
from rollcall.text import clean

_BLOCK = tarfile.BLOCKSIZE
_ZEROS = bytes(_BLOCK)
_PIECE = 1 << 18
# What stands in front of a member and says more of it than its header can: a name, or what pax knows.
_SAYS_MORE = frozenset({tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE})
_LONG_NAMES = frozenset({tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK})
_LONGEST_SAID = 1_000_000
# Old GNU tar tells more of a sparse file than fits in blocks of their own behind its header.
_GOES_ON, _GOES_ON_AGAIN = 482, 504


class Tar(FileFormat):
    """An archive, each of its headers read through to the two blocks of zeros at its end (POSIX, pax, GNU, V7).

    A tar has a checksum of each header and none of what is in the files.
    https://www.gnu.org/software/tar/manual/html_node/Standard.html
    """

    suffix = ".tar"
    marks_its_end = True
    looked_at_by = "tar -tvf {file}"
    holds_text = False
    has_names = True

    def recognises(self, head: bytes) -> bool:
        """By the checksum of its first header: V7's tars have no magic, and a text may have one."""
        with suppress(tarfile.HeaderError):
            return bool(_header(head[:_BLOCK]).name)
        return False

    def read(self, content: OpenContent) -> None:
        """Raises EOFError where its end is not there, ValueError where a header is damaged."""
        number, files, bytes_inside = 0, 0, 0
        said: dict[str, str] = {}
        while (block := _read(content.raw, _BLOCK)) != _ZEROS:
            try:
                member = _header(block)
            except tarfile.HeaderError as error:
                raise ValueError(f"the header of member {number + 1:,} in it is damaged: {error}") from None
            if member.type in _LONG_NAMES or member.type in _SAYS_MORE:
                if member.size > _LONGEST_SAID:
                    raise TooMuch(f"what is said of member {number + 1:,} in it is longer than is read")
                text = _read(content.raw, _padded(member.size))[: member.size]
                if member.type == tarfile.GNUTYPE_LONGNAME:
                    said["path"] = text.rstrip(b"\0").decode(errors="replace")
                elif member.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
                    said |= _pax(text)
                continue
            number += 1
            name = said.get("GNU.sparse.name") or said.get("path") or member.name
            content.note_name(name)
            if member.type == tarfile.GNUTYPE_SPARSE:
                _skip_map(content.raw, block)
            has_data = member.isreg() or member.type not in tarfile.SUPPORTED_TYPES
            size = _number(said["size"]) if "size" in said else member.size
            if has_data and not _skip(content.raw, _padded(size)):
                raise EOFError(f'it breaks off in "{clean(name, 60)}"')
            files += not member.isdir()
            # Of a link nobody can tell here that there is nothing in what it leads to.
            bytes_inside += size if has_data else not member.isdir()
            said = {}
        if not files:
            raise NothingInside("no file is in it")
        if _read(content.raw, _BLOCK) != _ZEROS:
            raise ValueError("something else is where its end should be")
        if not bytes_inside:
            raise NothingInside("each file in it is empty")


def _header(block: bytes) -> tarfile.TarInfo:
    return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")


def _read(raw: BinaryIO, size: int) -> bytes:
    """So many bytes. Raises EOFError where fewer are left."""
    data = raw.read(size)
    if len(data) < size:
        raise EOFError("the two blocks of zeros at its end are not there")
    return data


def _skip(raw: BinaryIO, size: int) -> bool:
    """False where fewer bytes than that are left."""
    while size > 0:
        if not (piece := raw.read(min(size, _PIECE))):
            return False
        size -= len(piece)
    return True


def _skip_map(raw: BinaryIO, block: bytes) -> None:
    """Reads past where the parts of a sparse file lie in it, as old GNU tar writes it."""
    goes_on = block[_GOES_ON]
    while goes_on:
        goes_on = _read(raw, _BLOCK)[_GOES_ON_AGAIN]


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 20:
        raise ValueError("a size in it is no number")
    return int(text)


def _pax(records: bytes) -> dict[str, str]:
    """What is wanted of what pax says: "LENGTH KEY=VALUE\\n" over and over. Raises ValueError where it is not that."""
    found: dict[str, str] = {}
    at = 0
    while at < len(records) and records[at]:
        space = records.find(b" ", at, at + 10)
        length = records[at:space]
        end = at + int(length) if space > at and length.isdigit() else at
        key, equals, value = records[space + 1 : end].partition(b"=")
        if not equals or not value.endswith(b"\n"):
            raise ValueError("what pax says in it is damaged")
        if key in (b"path", b"size", b"GNU.sparse.name"):
            found[key.decode()] = value[:-1].decode(errors="replace")
        at = end
    return found
