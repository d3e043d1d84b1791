"""Is it a table of rows of one width?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from operator import methodcaller
from typing import Any, TextIO

from rollcall.roll.formats import FileFormat, OpenContent, TooMuch

_DELIMITERS = ",;\t|"
# Its delimiter is found by so many characters from the beginning.
_SAMPLE = 64_000
# What PowerShell and Excel put above the header.
_SAID_BEFORE = re.compile(r"(?:#TYPE [^\r\n]{0,500}|sep=.)(?:\r\n|\r|\n)")
_LONGEST_SAID = 600
# What a server answers in place of a table, each line of which would be a row of one column.
_OTHERS = {
    "a page of HTML or XML": re.compile(r"\s*<(?:!doctype|html|\?xml)\b", re.IGNORECASE),
    "JSON": re.compile(r'\s*(?:\{\s*"|\[\s*\{)'),
}
# A row is in memory at once, and what is in one cell several times over.
_LONGEST_ROW = 2_000_000
_BLOCK = 1 << 18


class Csv(FileFormat):
    """A table in text; what parts its columns is found by its header."""

    has_rows = True

    def read(self, content: OpenContent) -> int:
        """How many rows of data it has, the header aside.

        Raises ValueError where a row is of another width than the header, EOFError where the last one breaks off.
        """
        # Of this process: what others read must only become longer by it.
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_ROW))
        text = content.text()
        sample = text.read(_SAMPLE)
        if other := next((name for name, begins in _OTHERS.items() if begins.match(sample)), None):
            raise ValueError(f"it begins as {other} does")
        if said := _SAID_BEFORE.match(sample):
            sample = sample[said.end() :]
        dialect = _dialect(sample)
        lines = _Lines(_blocks(sample, text))
        rows = csv.reader(lines, strict=True, **dialect)
        width, count = None, 0
        try:
            for row in filter(None, rows):
                width = width or len(row)
                if len(row) != width:
                    number = lines.number
                    ends = lines.is_broken_off and next(rows, None) is None
                    kind = EOFError if ends else ValueError
                    raise kind(f"line {number:,} has {len(row)} columns where the first has {width}")
                count += 1
                lines.row = 0
                if not lines.ahead:
                    count += lines.skip_plain(dialect["delimiter"], width)
        except csv.Error as error:
            # Only where the text ended was a row still open.
            kind = EOFError if "unexpected end" in str(error) else ValueError
            raise kind(f"line {lines.number:,}: {error}") from None
        return max(count - 1, 0)


def _dialect(sample: str) -> dict[str, Any]:
    """How the first rows have one width; of several ways, the one that parts the header most."""
    # What databases write between tabs knows no quotes.
    ways: list[dict[str, Any]] = [{"delimiter": each} for each in _DELIMITERS]
    ways.append({"delimiter": "\t", "quoting": csv.QUOTE_NONE})
    if ' "' in sample:
        ways += [{**way, "skipinitialspace": True} for way in ways]
    if "\\" in sample:  # as Spark and MySQL write what would end a value
        ways += [{**way, "escapechar": "\\"} for way in ways]
    lines = list(io.StringIO(sample, newline=""))
    # The last row may go on where the sample ends.
    whole = lines[:-1] if len(sample) >= _SAMPLE - _LONGEST_SAID else lines
    found = [(*_widths(whole, way), way) for way in ways]
    # The header's own width counts where no way is even: then something is wrong with a row, and which is told.
    best = max(found, key=lambda each: (each[1] and each[0] > 1, each[0]))
    return best[2]


def _widths(lines: list[str], way: dict[str, Any]) -> tuple[int, bool]:
    """The width of the header read like that, and whether all rows have it."""
    widths: list[int] = []
    try:
        widths.extend(len(row) for row in csv.reader(lines, strict=True, **way) if row)
    except csv.Error:
        return widths[0] if widths else 0, False
    return widths[0] if widths else 0, len(set(widths)) == 1


def _blocks(text: str, rest: TextIO) -> Iterator[str]:
    """The text and the rest in pieces of whole lines."""
    while more := rest.read(_BLOCK):
        text += more
        if end := text.rfind("\n") + 1 or text.rfind("\r", 0, -1) + 1:
            yield text[:end]
            text = text[end:]
        elif len(text) >= _LONGEST_ROW:
            raise TooMuch("a line is longer than is read")
    if text:
        yield text


class _Lines:
    """Lines as they are read; `is_broken_off` is True once one had no end, and so was the last.

    `number` is how many there were, `ahead` are those of the same piece that are still to come, the last first. `row`
    is how many characters the row has so far that is being read. Raises `TooMuch` where that is too long.
    """

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks = blocks
        self.ahead: list[str] = []
        self.number = self.row = 0
        self.is_broken_off = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while not self.ahead:
            self._take(next(self._blocks))
        line = self.ahead.pop()
        self.number += 1
        self.row += len(line)
        if self.row >= _LONGEST_ROW:
            raise TooMuch(f"the row of line {self.number:,} is longer than is read")
        self.is_broken_off = not line.endswith(("\n", "\r"))
        return line

    def skip_plain(self, delimiter: str, width: int) -> int:
        """How many rows of that width the next pieces hold in which nothing is quoted: those need no parser."""
        count = 0
        for block in self._blocks:
            lines = block.split("\n")
            is_plain = '"' not in block and block.count("\r") == block.count("\r\n") and not lines.pop()
            # A row of one column may as well be a blank line, which counts for none.
            if not (is_plain and width > 1 and {*map(methodcaller("count", delimiter), lines)} == {width - 1}):
                self._take(block)
                break
            count += len(lines)
            self.number += len(lines)
        return count

    def _take(self, block: str) -> None:
        self.ahead = [*io.StringIO(block, newline="")][::-1]
