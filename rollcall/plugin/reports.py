"""Where does a run leave its reports, and how do they never lie?

From the start of a session an INCOMPLETE page stands where the report will be; the whole result is written beside it
and replaces it in one step, so that no reader and no crash ever meets half a page, or yesterday's.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from pytest_html.basereport import BaseReport

PAGE = "morning.html"
JSON = "morning.json"
JUNIT = "junit.xml"


class Reports:
    """The files of one run, in `reports/` below the root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.page = folder / PAGE
        self._part = folder / f".{PAGE}.{os.getpid()}.part"

    def begin(self, config: pytest.Config, incomplete_page: str, incomplete_json: str) -> None:
        """Puts INCOMPLETE where the result will be, and pytest's own reports on their way. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write(self.page, incomplete_page)
        write(self.folder / JSON, incomplete_json)
        if config.option.htmlpath is None:
            config.option.htmlpath = str(self._part)
            config.option.self_contained_html = True
        if config.option.xmlpath is None:
            (self.folder / JUNIT).unlink(missing_ok=True)
            config.option.xmlpath = str(self.folder / JUNIT)

    def finish(self, config: pytest.Config, whole_json: str) -> None:
        """Replaces what `begin` left with the whole result. Raises OSError."""
        write(self.folder / JSON, whole_json)
        if self._part.exists():
            os.replace(self._part, self.page)
        # pytest-html's last words would name the file that has just been renamed.
        for plugin in config.pluginmanager.get_plugins():
            if isinstance(plugin, BaseReport) and config.option.htmlpath == str(self._part):
                config.pluginmanager.unregister(plugin)

    def discard(self) -> None:
        """Removes what a failed run may have left half-written."""
        self._part.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Writes `text` to `path` in one step: a reader meets the old or the new, never half of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes files that only their owner reads; a report is for everybody.
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
