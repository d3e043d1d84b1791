"""Where do the reports of a jobs file belong? They are its own: two files beside each other never share a page."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from pathlib import Path

from rollcall.files import path_of, read_regular
from rollcall.roll.read_files import LARGEST

USUAL = "jobs.toml"
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_REPORTS = re.compile(r"^[ \t]*\[[ \t]*reports[ \t]*\][^\n]*\n", re.MULTILINE)


def reports_folder(file: Path) -> Path:
    """`[reports] folder` of that file, relative to it; else `reports`, and `reports/NAME` for a file of another name.

    Read ahead of all else: also a file with mistakes in it has a page, on which they must stand in yesterday's place.
    """
    usual = Path("reports") if file.name == USUAL else Path("reports", file.stem)
    named = None
    with suppress(OSError, ValueError):  # what is wrong with the file is said where it is read
        named = _named(read_regular(file, LARGEST).decode("utf-8-sig"))
    return file.parent / (path_of(named) if named else usual)


def _named(text: str) -> str | None:
    """The folder, of as little of the text as can hold it: a file of ten thousand jobs is read whole but once."""
    first = _TABLE.search(text)
    parts = [text[: first.start()] if first else text]
    if own := _REPORTS.search(text):
        after = _TABLE.search(text, own.end())
        parts.append(text[own.start() : after.start() if after else None])
    for part in parts:
        with suppress(tomllib.TOMLDecodeError):
            reports = tomllib.loads(part).get("reports")
            if isinstance(reports, dict) and isinstance(reports.get("folder"), str):
                return str(reports["folder"])
    return None
