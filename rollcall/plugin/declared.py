"""On which line of jobs.toml is a job or a scheduler declared?"""

from __future__ import annotations

import re
from pathlib import Path

from rollcall.files import read_regular
from rollcall.roll.read_files import LARGEST


def place_of(table: str, name: str, file: Path) -> tuple[str, int]:
    """The file, as short as it can be found from here, and the line of `[jobs.NAME]`; the first where it has none."""
    here = Path.cwd()
    shown = str(file.relative_to(here) if file.is_relative_to(here) else file)
    header = re.compile(rf"\s*\[\s*{table}\s*\.\s*([\"']?){re.escape(name)}\1\s*[.\]]")
    try:
        lines = read_regular(file, LARGEST).decode().splitlines()
    except (OSError, ValueError):
        return shown, 1
    return shown, next((number for number, line in enumerate(lines, 1) if header.match(line)), 1)
