"""What does pytest's junit.xml say beside its checks: what the morning comes to, and whether it is whole?

Each check's verdict and cause are properties of its own (`outcome`). Who reads junit.xml counts failures: a run that
was broken off with every check green so far must not look well there.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from _pytest.junitxml import LogXML

from rollcall.morning import Morning


def _writers(config: pytest.Config) -> list[LogXML]:
    return [each for each in config.pluginmanager.get_plugins() if isinstance(each, LogXML)]


def path_of(config: pytest.Config) -> Path | None:
    """Where pytest writes it; None where it does not."""
    return next((Path(each.logfile) for each in _writers(config)), None)


def tell_path(config: pytest.Config, path: Path) -> None:
    """Has pytest's last words name that file."""
    for each in _writers(config):
        each.logfile = str(path)


def add_properties(config: pytest.Config, morning: Morning | None, *, headline: str, is_complete: bool) -> None:
    """Properties of the whole suite, to be written with it."""
    is_whole = is_complete and morning is not None and not morning.is_partial
    for each in _writers(config):
        each.add_global_property("headline", headline)
        each.add_global_property("complete", str(is_whole).lower())


def with_interruption(path: Path, because: str) -> str:
    """The file's text with one more check, in error: that the run came to its end. Raises OSError."""
    tree = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    for suite in tree.iter("testsuite"):
        for count in ("tests", "errors"):
            suite.set(count, str(int(suite.get(count, "0")) + 1))
        case = ElementTree.SubElement(suite, "testcase", classname="rollcall", name="the_run_came_to_its_end", time="0")
        ElementTree.SubElement(case, "error", message=f"INCOMPLETE: {_xml(because)}").text = _xml(because)
    return f'<?xml version="1.0" encoding="utf-8"?>{ElementTree.tostring(tree, encoding="unicode")}'


def _xml(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(each for each in text if each.isprintable() or each == "\n")
