"""Is it a whole zip?"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

from rollcall.roll.formats import FileFormat, NothingInside, OpenContent, TooMuch
from rollcall.text import clean

_PIECE = 1 << 18


class Zip(FileFormat):
    """An archive, each of its members read through to the end."""

    magic = (b"PK\x03\x04", b"PK\x05\x06")
    suffix = ".zip"
    marks_its_end = True
    holds_text = False
    has_names = True
    seeks = True

    def read(self, content: OpenContent) -> None:
        """Raises EOFError where its directory is cut off, ValueError where a member is damaged."""
        begins_as_one = content.raw.read(2) == b"PK"
        try:
            archive = zipfile.ZipFile(content.raw)
        except (zipfile.BadZipFile, struct.error, EOFError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            if begins_as_one:
                raise EOFError(f"its directory, which stands at the end, is not there: {error}") from None
            raise ValueError(str(error)) from None
        with archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            if not members:
                raise NothingInside("no file is in it")
            if any(each.flag_bits & 1 for each in members):
                raise OSError("it is encrypted, and so cannot be told to be whole")
            left = content.limit
            for each in members:
                left -= _read_through(archive, each, left)
            if not any(each.file_size for each in members):
                raise NothingInside("each file in it is empty")


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
        raise OSError(f"it cannot be told to be whole: {error}") from None
    except (zipfile.BadZipFile, lzma.LZMAError, zlib.error, struct.error, EOFError) as error:
        raise ValueError(f'"{clean(member.filename, 60)}" in it is damaged: {error}') from None
    except OSError as error:  # bz2's word for damage has no number
        if error.errno is not None or isinstance(error, TooMuch):
            raise
        raise ValueError(f'"{clean(member.filename, 60)}" in it is damaged') from None
    return size
