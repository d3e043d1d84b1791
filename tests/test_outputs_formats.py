"""Is every format found, ours and everybody's, and one that does not load told with its package?"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from math import inf
from pathlib import Path

import pytest

from rollcall.errors import BadInput
from rollcall.evidence import FileSeen
from rollcall.outputs.content import read_content
from rollcall.outputs.local import opened
from rollcall.roll.formats import find_format, format_names, formats
from rollcall.roll.load import load
from rollcall.roll.schema import json_schema

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)
CODE = '''
"""A log that says when it is done."""

from rollcall.roll.formats import FileFormat, OpenContent


class DoneLog(FileFormat):
    """A log whose last line is DONE."""

    suffix = ".done"
    marks_its_end = True
    holds_text = False

    def read(self, content: OpenContent) -> None:
        if not content.raw.read().endswith(b"DONE\\n"):
            raise EOFError("its last line is not DONE")


NUMBER = 7
'''
ENTRIES = """
[rollcall.formats]
done-log = acme_formats:DoneLog
moved = acme_formats.nowhere:Moved
number = acme_formats:NUMBER
json = acme_formats:DoneLog
"""


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that brings formats, on the path of this process until the test ends."""
    site = tmp_path / "site"
    info = site / "acme_formats-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "acme_formats.py").write_text(CODE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-formats\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "acme_formats", raising=False)


def declared(folder: Path, kind: str) -> Path:
    file = folder / "jobs.toml"
    output = f"output = {{ path = 'x-%Y%m%d', format = '{kind}' }}"
    file.write_text(f"timezone = 'UTC'\n[jobs.log]\nschedule = '0 6 * * *'\n{output}\n")
    return file


def test_ours_are_the_files_that_lie_beside_each_other() -> None:
    ours = ("text", "json", "jsonl", "csv", "xml", "age", "gpg", "parquet", "sqlite", "tar", "zip")
    assert format_names() == ours
    assert {type(each).__module__.rpartition(".")[2] for each in formats().values()} == set(formats())


@pytest.mark.usefixtures("_installed")
def test_a_format_of_another_package_tells_what_is_whole(tmp_path: Path) -> None:
    (job,) = load(declared(tmp_path, "done-log"), environment={}).jobs
    path = tmp_path / "x-20260211"

    def flaw(data: bytes) -> str | None:
        path.write_bytes(data)
        seen = FileSeen(name=path.name, size=os.stat(path).st_size, modified_at=NOW)
        content = read_content(lambda: opened(path), seen, job.outputs[0], until=inf).content
        assert content is not None
        return content.flaw.says if content.flaw else None

    assert flaw(b"a\nDONE\n") is None
    assert flaw(b"a\n") == "does not read as done-log: its last line is not DONE"


@pytest.mark.usefixtures("_installed")
def test_it_is_in_the_schema_and_among_the_words_that_may_be_meant(tmp_path: Path) -> None:
    assert "done-log" in json_schema()["$defs"]["Format"]["enum"]
    with pytest.raises(BadInput, match='Did you mean "done-log"'):
        load(declared(tmp_path, "donelog"), environment={})


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("moved", "is of the package acme-formats, which does not load (ModuleNotFoundError: No module named"),
        ("number", "is of the package acme-formats, which names no class of format."),
    ],
)
def test_one_that_does_not_load_is_a_mistake_that_names_its_package(tmp_path: Path, kind: str, rule: str) -> None:
    with pytest.raises(BadInput) as problem:
        load(declared(tmp_path, kind), environment={})

    assert f'jobs.toml: jobs.log.output.format = "{kind}": {rule}' in str(problem.value)
    assert kind not in formats()


@pytest.mark.usefixtures("_installed")
def test_nobody_takes_the_name_of_one_of_ours() -> None:
    assert type(find_format("json")).__module__ == "rollcall.outputs.formats.json"
