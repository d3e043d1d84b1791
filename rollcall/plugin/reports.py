"""Where does a run leave its reports, and how do they never lie?

From the start of a session an INCOMPLETE page stands where the report will be; the whole result is written beside it
and replaces it in one step, so that no reader and no crash ever meets half a page, or yesterday's.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pytest_html.basereport import BaseReport

PAGE = "morning.html"
JSON = "morning.json"
JUNIT = "junit.xml"

_FOR_EVERYBODY = 0o644
# What a run that was killed while it wrote has left is nobody's any more.
_ABANDONED = timedelta(days=1)


class Reports:
    """The files of one run, in `reports/` below the root."""

    def __init__(self, config: pytest.Config) -> None:
        self.folder = config.rootpath / "reports"
        self.page = self.folder / PAGE
        self._part = self.folder / f".{PAGE}.{os.getpid()}.part"
        # Where pytest-html writes: a path of the reader's own, or beside the page until that is whole.
        self._written = _absolute(config.option.htmlpath) or self._part
        if self._written == self.page:
            self._written = self._part
        self._config = config

    def begin(self, incomplete_page: str, incomplete_json: str, *, now: datetime) -> None:
        """Puts INCOMPLETE where the result will be, and pytest's own reports on their way. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep(before=now - _ABANDONED)
        self.put(incomplete_page, incomplete_json)
        (self.folder / JUNIT).unlink(missing_ok=True)
        self._config.option.htmlpath = str(self._written)
        self._config.option.self_contained_html = True
        if getattr(self._config.option, "xmlpath", "") is None:
            self._config.option.xmlpath = str(self.folder / JUNIT)

    def put(self, page: str, json: str) -> None:
        """Replaces page and JSON, and the one where the other cannot be. Raises OSError."""
        problems = []
        for path, text in ((self.page, page), (self.folder / JSON, json)):
            try:
                write(path, text)
            except OSError as problem:
                problems.append(problem)
        if problems:
            raise problems[0]

    def finish(self, whole_json: str) -> None:
        """Replaces what `begin` left with the whole result. Raises OSError."""
        if self._written != self._part:
            write(self.page, self._written.read_text(encoding="utf-8"))
        else:
            self._written.chmod(_FOR_EVERYBODY)
            os.replace(self._written, self.page)
        write(self.folder / JSON, whole_json)
        with suppress(FileNotFoundError):  # the reader may have had it written elsewhere
            (self.folder / JUNIT).chmod(_FOR_EVERYBODY)

    def discard(self) -> None:
        """Removes what a failed run may have left half-written."""
        with suppress(OSError):
            self._part.unlink(missing_ok=True)
        # pytest-html's last words would name a file that is not there.
        for plugin in self._config.pluginmanager.get_plugins() if self._written == self._part else ():
            if isinstance(plugin, BaseReport):
                self._config.pluginmanager.unregister(plugin)

    def _sweep(self, *, before: datetime) -> None:
        for name in (PAGE, JSON):
            for left in self.folder.glob(f".{name}.*"):
                with suppress(OSError):
                    if left.stat().st_mtime < before.timestamp():
                        left.unlink()


def _absolute(path: str | None) -> Path | None:
    return Path(os.path.expandvars(path)).expanduser().absolute() if path else None


def write(path: Path, text: str) -> None:
    """Writes `text` to `path` in one step: a reader meets the old or the new, never half of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes files that only their owner reads; a report is for everybody.
        os.chmod(name, _FOR_EVERYBODY)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
