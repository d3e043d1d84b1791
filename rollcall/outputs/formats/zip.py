"""Is it a whole zip?"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib

from rollcall.outputs.formats.unpacked import refuse_bomb
from rollcall.roll.formats import FileFormat
from rollcall.text import clean


class Zip(FileFormat):
    """An archive, read through to the end."""

    suffix = ".zip"
    marks_its_end = True
    holds_text = False

    def read(self, data: bytes) -> None:
        """Raises ValueError where something in it is damaged, OSError where nobody can tell."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                refuse_bomb(sum(each.file_size for each in archive.infolist()))
                if any(each.flag_bits & 1 for each in archive.infolist()):
                    raise OSError("it is encrypted, and so cannot be told to be whole")
                damaged = _first_damaged(archive)
        except (zipfile.BadZipFile, lzma.LZMAError, zlib.error, struct.error, EOFError) as error:
            raise ValueError(str(error)) from None
        if damaged:
            raise ValueError(f'"{clean(damaged, 60)}" in it is damaged')


def _first_damaged(archive: zipfile.ZipFile) -> str | None:
    try:
        return archive.testzip()
    except OSError as error:  # bz2's word for damage
        raise ValueError(str(error)) from None
    except NotImplementedError as error:
        raise OSError(f"it cannot be told to be whole: {error}") from None
