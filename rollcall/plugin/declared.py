"""On which line of jobs.toml is a job or a scheduler declared?"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

from rollcall.files import read_regular
from rollcall.roll.read_files import LARGEST

_HEADER = re.compile(r"""\s*\[\s*(jobs|schedulers)\s*\.\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*[.\]]""", re.ASCII)


class Declared:
    """The lines of one file, read once, and only where somebody asks."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def place_of(self, table: str, name: str) -> tuple[str, int]:
        """The file, as short as it can be found from here, and the line of `[jobs.NAME]`; 1 where it has none."""
        here = Path.cwd()
        shown = str(self._file.relative_to(here) if self._file.is_relative_to(here) else self._file)
        return shown, self._lines.get((table, name), 1)

    @cached_property
    def _lines(self) -> dict[tuple[str, str], int]:
        try:
            lines = read_regular(self._file, LARGEST).decode().splitlines()
        except (OSError, ValueError):
            return {}
        found: dict[tuple[str, str], int] = {}
        for number, line in enumerate(lines, 1):
            if header := _HEADER.match(line):
                table, *names = header.groups(default="")
                found.setdefault((table, "".join(names)), number)
        return found
