"""Is each of its lines whole JSON?"""

from __future__ import annotations

import io
import json

from rollcall.outputs.formats.json import Json, distinct, refuse_constant
from rollcall.roll.formats import FileFormat, OpenContent, TooMuch

_LONGEST_LINE = 4_000_000
# What is read at once takes many times its length in memory.
_AT_ONCE = 500_000
_DECODER = json.JSONDecoder(object_pairs_hook=distinct, parse_constant=refuse_constant, parse_int=str)


class Jsonl(FileFormat):
    """A JSON value a line; blank lines do not count."""

    has_rows = True

    def read(self, content: OpenContent) -> int:
        """How many values it holds. Raises ValueError at the first line that does not parse, EOFError at a last one."""
        text, rows, number = content.text(), 0, 0
        while line := text.readline(_LONGEST_LINE + 1):
            number += 1
            if len(line) > _LONGEST_LINE:
                raise TooMuch(f"line {number:,} is longer than is read")
            if not line.strip():
                continue
            try:
                if len(line) > _AT_ONCE:
                    Json.check(io.StringIO(line))
                else:
                    _DECODER.decode(line)
            except RecursionError:
                raise TooMuch(f"line {number:,} is nested more deeply than is read") from None
            except (ValueError, EOFError) as error:
                # A line without its end is the last.
                kind = ValueError if line.endswith("\n") else EOFError
                raise kind(f"line {number:,}: {error}") from None
            rows += 1
        return rows
