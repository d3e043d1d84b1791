"""Is it a whole Parquet file, and does it hold the rows that its footer lists?"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, BinaryIO

from rollcall.outputs.thrift import read_struct
from rollcall.roll.formats import FileFormat, NothingInside, OpenContent, TooMuch
from rollcall.text import clean

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_MARK, _ENCRYPTED = b"PAR1", b"PARE"
_LENGTH = 4
# pyarrow makes twenty times as much of a footer in memory, and more of one that is made to harm.
_LONGEST_FOOTER = 4_000_000
_MOST_IN_A_LIST = 200_000
# The header of a page is small; what its statistics quote of the values may not be.
_PAGE_HEADERS = (1 << 12, 1 << 20)
_DICTIONARY = 2
_DATA = {0: 5, 3: 8}  # the kinds of page that hold values, and the field that tells how many
# Only pages up to this size, unpacked, are decoded: a page may say any.
_DECODED, _NESTED_DECODED = 8_000_000, 100_000


class Parquet(FileFormat):
    """A table in columns: the footer, which is written last, says where all else lies.

    With pyarrow (the extra `parquet`) the rows that the footer tells of are held against its parts and against the
    headers of all pages, and the first page of each column is decoded. Without it the two ends of the file are all.
    https://parquet.apache.org/docs/file-format/
    """

    magic = (_MARK,)
    suffix = ".parquet"
    marks_its_end = True
    looked_at_by = "ls -l {file}"
    holds_text = False
    has_rows = True
    seeks = True
    reads_all = False

    @property
    def rows_need(self) -> str | None:
        """The extra that is to be installed."""
        return None if find_spec("pyarrow") else "parquet"

    def read(self, content: OpenContent) -> int | None:
        """How many rows it has; None where pyarrow is not installed.

        Raises EOFError where its footer is not there, ValueError where that tells of something else than is there.
        """
        size, footer = _ends(content.raw)
        if self.rows_need:
            return None
        if footer > _LONGEST_FOOTER:
            raise TooMuch(f"its footer has {footer:,} bytes, more than is read")
        import pyarrow
        from pyarrow.parquet import ParquetFile

        try:
            file = ParquetFile(
                pyarrow.PythonFile(content.raw, mode="r"),
                buffer_size=1 << 16,
                page_checksum_verification=True,
                thrift_string_size_limit=_LONGEST_FOOTER,
                thrift_container_size_limit=_MOST_IN_A_LIST,
            )
            return _rows(file, content, end=size - footer - _LENGTH - len(_MARK))
        except (OSError, pyarrow.ArrowException, OverflowError) as error:
            raise _as_told(error) from None


def _ends(file: BinaryIO) -> tuple[int, int]:
    """How long it is, and how long its footer. Raises EOFError where that is not there."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(len(_MARK)) not in (_MARK, _ENCRYPTED):
        raise ValueError("it does not begin with PAR1")
    least = 2 * len(_MARK) + _LENGTH
    file.seek(max(size - _LENGTH - len(_MARK), 0))
    end = file.read()
    if size >= least and end.endswith(_ENCRYPTED):
        raise OSError("it is encrypted, so it is not known whether it is whole")
    if size < least or not end.endswith(_MARK):
        raise EOFError("its footer, at the end, is missing")
    footer = int.from_bytes(end[:_LENGTH], "little")
    if footer > size - least:
        raise EOFError(f"its footer should have {footer:,} bytes, and it has {size:,} in all")
    if footer == 0:
        raise NothingInside("its footer says nothing")
    return size, footer


def _rows(file: ParquetFile, content: OpenContent, *, end: int) -> int:
    """How many there are; `end` is where its footer begins. Raises ValueError where they are not all there."""
    about = file.metadata
    in_parts = 0
    for number in range(about.num_row_groups):
        part = about.row_group(number)
        in_parts += part.num_rows
        for place in range(part.num_columns):
            content.check_time()
            column, kind = part.column(place), about.schema.column(place)
            name = f'column "{clean(column.path_in_schema, 60)}" of part {number + 1:,}'
            is_flat = kind.max_repetition_level == 0
            if is_flat and column.num_values != part.num_rows:
                raise ValueError(f"{name} has {column.num_values:,} values for {part.num_rows:,} rows")
            if column.num_values and _check_pages(content, column, name, is_flat=is_flat, end=end):
                _decode_first(file, number, column.path_in_schema)
    if about.num_rows != in_parts:
        raise ValueError(f"its footer lists {about.num_rows:,} rows, and of {in_parts:,} in its parts")
    return int(about.num_rows)


def _check_pages(content: OpenContent, column: Any, name: str, *, is_flat: bool, end: int) -> bool:
    """True where its first page can be decoded in little memory.

    Raises ValueError where its pages are not all there.
    """
    at, first = column.data_page_offset, True
    if column.dictionary_page_offset and 0 < column.dictionary_page_offset < at:
        at = column.dictionary_page_offset
    values, can_be_decoded, last = 0, True, at + column.total_compressed_size
    while values < column.num_values:
        content.check_time()
        if not len(_MARK) <= at < min(end, last):
            raise ValueError(f"{name} should have {column.num_values:,} values, and {values:,} are there")
        try:
            page, length = _page(content.raw, at, end)
        except ValueError:
            raise ValueError(f"{name} is damaged at byte {at:,}") from None
        kind, unpacked, packed = page[1], page[2], page[3]
        at += length + packed
        if at > end:
            raise ValueError(f"{name} goes on to where the footer stands")
        if kind in _DATA:
            values += page[_DATA[kind]][1]
        if (kind in _DATA and first) or kind == _DICTIONARY:
            first = kind == _DICTIONARY
            can_be_decoded = can_be_decoded and unpacked <= _DECODED and (is_flat or values <= _NESTED_DECODED)
    if values > column.num_values:
        raise ValueError(f"{name} should have {column.num_values:,} values, and {values:,} are there")
    return can_be_decoded


def _page(raw: BinaryIO, at: int, end: int) -> tuple[Any, int]:
    """The header of the page there, and how long that is. Raises ValueError where none is."""
    for window in _PAGE_HEADERS:
        raw.seek(at)
        data = raw.read(min(window, end - at))
        try:
            page, length = read_struct(data)
        except EOFError:
            continue
        about = page.get(_DATA.get(page.get(1, -1), -1))
        numbers = [page.get(1), page.get(2), page.get(3), about.get(1) if isinstance(about, dict) else 0]
        if all(isinstance(each, int) and each >= 0 for each in numbers):
            return page, length
        break
    raise ValueError("no page begins here")


def _decode_first(file: ParquetFile, part: int, name: str) -> None:
    for _ in file.iter_batches(batch_size=1, row_groups=[part], columns=[name], use_threads=False):
        break


def _as_told(error: Exception) -> Exception:
    """What pyarrow says, as a format says it: damage has no number, what keeps from looking has one."""
    if isinstance(error, TooMuch | TimeoutError) or (isinstance(error, OSError) and error.errno is not None):
        return error
    if isinstance(error, NotImplementedError | MemoryError):
        return OSError(f"it is not known whether it is whole: {error}")
    return ValueError(str(error).strip())
