"""What does pytest's junit.xml say beside its checks: what the morning comes to, and whether it is whole?

Each check's verdict and cause are properties of its own. Who reads junit.xml counts failures: a run that was broken off
with every check green so far must not look well there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from xml.etree import ElementTree

from pluggy import HookimplMarker

from rollcall.files import part_for_pytest, place_of, sweep, write_whole
from rollcall.report.headline import title
from rollcall.sinks.base import Result, Sink, Start, Wish

if TYPE_CHECKING:
    import pytest

FILE = "junit.xml"
hookimpl = HookimplMarker("pytest")  # pytest's own, without importing pytest where none is run


class JUnit(Sink):
    """reports/junit.xml, or the file that the reader asked pytest for."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._part = part_for_pytest(self._file)
        self._own: Path | None = None
        self._config: pytest.Config | None = None

    @classmethod
    def wanted(cls, wish: Wish) -> Self | None:
        return cls(wish.folder) if wish.writes_reports else None

    def attach(self, config: pytest.Config, latest: Callable[[], Result]) -> None:
        self._config = config
        own = getattr(config.option, "xmlpath", "")
        if own is None:
            config.option.xmlpath = str(self._part)
        elif own:
            # pytest writes over whatever stands there, and what is no file cannot be read again.
            self._own = place_of(Path(os.path.expandvars(own)).expanduser().absolute())
        config.pluginmanager.register(_Hooks(config, latest), "rollcall-junit")

    def begin(self, start: Start) -> None:
        sweep(self._file, before=start.judged_at)
        for each in filter(None, (place_of(self._file), self._own)):
            each.unlink(missing_ok=True)

    def finish(self, result: Result) -> Iterable[str]:
        because = result.ending.interruption
        if self._config is None:
            write_whole(self._file, of_parts(result.start.parts, because))
            return ()
        try:
            for each in _writers(self._config):
                # The reader may have had it written elsewhere: what it says of the run must be true there too.
                if because:
                    write_whole(Path(each.logfile), with_interruption(Path(each.logfile), because))
                if each.logfile == str(self._part):
                    write_whole(self._file, self._part.read_text(encoding="utf-8"))
                    each.logfile = str(self._file)  # pytest's last words name it
        finally:
            with suppress(OSError):
                self._part.unlink(missing_ok=True)
        return ()

    def abort(self, start: Start, because: str) -> None:
        self._part.unlink(missing_ok=True)
        place_of(self._file).unlink(missing_ok=True)


class _Hooks:
    """The properties of the whole suite, to be written with it."""

    def __init__(self, config: pytest.Config, latest: Callable[[], Result]) -> None:
        self._config = config
        self._latest = latest

    @hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        result = self._latest()
        morning, ending = result.morning, result.ending
        line = title(morning, ending)
        is_whole = ending.is_complete and morning is not None and not morning.is_partial
        for each in _writers(self._config):
            each.add_global_property("headline", line)
            each.add_global_property("complete", str(is_whole).lower())


def _writers(config: pytest.Config | None) -> list[Any]:
    from _pytest.junitxml import LogXML

    plugins = config.pluginmanager.get_plugins() if config else ()
    return [each for each in plugins if isinstance(each, LogXML)]


def of_parts(folders: Iterable[Path], because: str | None) -> str:
    """The suites of those folders as one file; where the whole did not finish, with one more check, in error."""
    whole = ElementTree.Element("testsuites", name="pytest tests")
    for folder in folders:
        with suppress(OSError, ElementTree.ParseError):  # that a part left nothing is said of the morning
            for suite in ElementTree.fromstring((folder / FILE).read_text(encoding="utf-8")).iter("testsuite"):
                suite.set("name", f"{suite.get('name', 'pytest')} {folder.name}")
                whole.append(suite)
    if because:
        _add_interruption(ElementTree.SubElement(whole, "testsuite", name="rollcall merge"), because)
    return _text(whole)


def with_interruption(path: Path, because: str) -> str:
    """The file's text with one more check, in error: that the run finished. Raises OSError."""
    tree = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    for suite in tree.iter("testsuite"):
        _add_interruption(suite, because)
    return _text(tree)


def _add_interruption(suite: ElementTree.Element, because: str) -> None:
    for count in ("tests", "errors"):
        suite.set(count, str(int(suite.get(count, "0")) + 1))
    case = ElementTree.SubElement(suite, "testcase", classname="rollcall", name="the_run_finished", time="0")
    ElementTree.SubElement(case, "error", message=f"INCOMPLETE: {_xml(because)}").text = _xml(because)


def _text(tree: ElementTree.Element) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>{ElementTree.tostring(tree, encoding="unicode")}'


def _xml(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(each for each in text if each.isprintable() or each == "\n")
