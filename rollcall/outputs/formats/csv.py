"""Is it a table of rows of one width?"""

from __future__ import annotations

import csv
import io

from rollcall.outputs.formats.text import decoded
from rollcall.roll.formats import FileFormat


class Csv(FileFormat):
    """A table in text; what parts its columns is found by its first line."""

    def read(self, data: bytes) -> None:
        """Raises ValueError where it is none by any delimiter, OSError where a field is too large to be read."""
        text = decoded(data).removeprefix("\ufeff")
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
