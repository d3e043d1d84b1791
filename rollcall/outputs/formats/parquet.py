"""Does it end as Parquet does?"""

from __future__ import annotations

import os

from rollcall.roll.formats import FileFormat, NothingInside, OpenContent

_MARK = b"PAR1"
_LENGTH = 4


class Parquet(FileFormat):
    """A table in columns, told by its two ends: the footer, which is written last, says where all else lies.

    https://parquet.apache.org/docs/file-format/
    """

    magic = (_MARK,)
    suffix = ".parquet"
    marks_its_end = True
    holds_text = False
    seeks = True

    def read(self, content: OpenContent) -> None:
        """Raises EOFError where its footer is not there, ValueError where it begins as nothing of the kind."""
        file = content.raw
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        if file.read(len(_MARK)) != _MARK:
            raise ValueError("it does not begin with PAR1")
        least = 2 * len(_MARK) + _LENGTH
        file.seek(max(size - _LENGTH - len(_MARK), 0))
        end = file.read()
        if size < least or not end.endswith(_MARK):
            raise EOFError("its footer, which stands at the end, is not there")
        footer = int.from_bytes(end[:_LENGTH], "little")
        if footer > size - least:
            raise EOFError(f"its footer should have {footer:,} bytes, and it has {size:,} in all")
        if footer == 0:
            raise NothingInside("its footer says nothing")
