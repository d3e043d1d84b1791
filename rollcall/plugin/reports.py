"""Where does a run leave its reports, and how do they never lie?

From the start of a session an INCOMPLETE page stands where the report will be; the whole result is written beside it
and replaces it in one step, so that no reader and no crash ever meets half a page, or yesterday's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pytest_html.basereport import BaseReport

from rollcall.files import write_whole
from rollcall.plugin import junit

PAGE = "morning.html"
JSON = "morning.json"
JUNIT = "junit.xml"

_FOR_EVERYBODY = 0o644
# What a run that was killed while it wrote has left is nobody's any more.
_ABANDONED = timedelta(days=1)


class Reports:
    """The files of one run, in `reports/` below the root, and the one for Prometheus where that is asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self.folder = config.rootpath / "reports"
        self.page = self.folder / PAGE
        self.json = self.folder / JSON
        self.metrics: Path | None = None
        self._junit = self.folder / JUNIT
        self._page_part, self._junit_part = self._part_of(self.page), self._part_of(self._junit)
        # Where pytest-html writes: a path of the reader's own, or beside the page until that is whole.
        self._written = _absolute(config.option.htmlpath) or self._page_part
        if self._written == self.page:
            self._written = self._page_part
        self._config = config

    def _part_of(self, path: Path) -> Path:
        return self.folder / f".{path.name}.{os.getpid()}.part"

    def begin(self, incomplete: Mapping[Path, str], *, now: datetime) -> None:
        """Puts INCOMPLETE where the result will be, and pytest's own reports on their way. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep(before=now - _ABANDONED)
        self.put(incomplete)
        self._junit.unlink(missing_ok=True)
        option = self._config.option
        option.htmlpath, option.self_contained_html = str(self._written), True
        if getattr(option, "xmlpath", "") is None:
            option.xmlpath = str(self._junit_part)

    def put(self, texts: Mapping[Path, str]) -> None:
        """Replaces all these files, and those that can be where others cannot. Raises OSError."""
        problems = []
        for path, text in texts.items():
            try:
                write_whole(path, text)
            except OSError as problem:
                problems.append(problem)
        if problems:
            raise problems[0]

    def finish(self, whole: Mapping[Path, str], *, interruption: str | None) -> None:
        """Replaces what `begin` left with the whole result; pytest has written the page. Raises OSError."""
        if self._written != self._page_part:
            write_whole(self.page, self._written.read_text(encoding="utf-8"))
        else:
            self._written.chmod(_FOR_EVERYBODY)
            os.replace(self._written, self.page)
        self.put(whole)
        # The reader may have had it written elsewhere: what it says of the run must be true there too.
        if interruption and (written := junit.path_of(self._config)):
            write_whole(written, junit.with_interruption(written, interruption))
        if self._junit_part.exists():
            self._junit_part.chmod(_FOR_EVERYBODY)
            os.replace(self._junit_part, self._junit)
            junit.tell_path(self._config, self._junit)

    def withdraw(self, incomplete: Mapping[Path, str]) -> None:
        """Puts INCOMPLETE there again, as far as that can be done; what cannot be made to say so is taken away."""
        with suppress(OSError):
            self.put(incomplete)
        with suppress(OSError):
            self._junit.unlink(missing_ok=True)

    def discard(self) -> None:
        """Removes what a failed run may have left half-written."""
        for part in (self._page_part, self._junit_part):
            with suppress(OSError):
                part.unlink(missing_ok=True)
        # pytest-html's last words would name a file that is not there.
        for plugin in self._config.pluginmanager.get_plugins() if self._written == self._page_part else ():
            if isinstance(plugin, BaseReport):
                self._config.pluginmanager.unregister(plugin)

    def _sweep(self, *, before: datetime) -> None:
        for name in (PAGE, JSON, JUNIT):
            for left in self.folder.glob(f".{name}.*"):
                with suppress(OSError):
                    if left.stat().st_mtime < before.timestamp():
                        left.unlink()


def _absolute(path: str | None) -> Path | None:
    return Path(os.path.expandvars(path)).expanduser().absolute() if path else None
