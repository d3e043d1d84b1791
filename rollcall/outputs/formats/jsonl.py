"""Is each of its lines whole JSON?"""

from __future__ import annotations

import json

from rollcall.roll.formats import FileFormat


class Jsonl(FileFormat):
    """A JSON value a line; blank lines do not count."""

    def read(self, data: bytes) -> None:
        """Raises ValueError at the first line that does not parse."""
        for number, line in enumerate(data.splitlines(), start=1):
            if line.strip():
                try:
                    json.loads(line)
                except ValueError as error:
                    raise ValueError(f"line {number:,}: {error}") from None
