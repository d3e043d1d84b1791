"""Does a log stay bounded and whole, whoever writes to it at the same time?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from fixtures.lived_in import HOUSE
from rollcall.sinks import logbook
from rollcall.sinks.logbook import append

WRITER = """
import sys
from pathlib import Path
from rollcall.sinks import logbook
logbook.LARGEST, logbook.KEPT, logbook._PATIENCE = 100, 300, logbook._PATIENCE * 20
print(flush=True)
sys.stdin.readline()
for number in range(200):
    logbook.append(Path(sys.argv[1]), f"{sys.argv[2]} {number:03} " + "x" * 41)
"""


LOCK = ".monitor.log.lock"


def files_in(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.name != LOCK)


def lines_of(file: Path) -> list[str]:
    """All lines that are kept, the oldest first."""
    older = [file.with_name(f"{file.name}.{number}") for number in range(logbook.KEPT, 0, -1)]
    return [line for each in (*older, file) if each.exists() for line in each.read_text().splitlines()]


def test_a_line_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "monitor.log"
    append(file, "a\nb\x1b[31m\u202ec")
    append(file, "é" * 10_000)

    assert [line[:20] for line in lines_of(file)] == ["a bc", "é" * 20]
    assert len(file.read_text()) < 5_000


def test_it_is_put_aside_before_it_grows_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "LARGEST", 100)
    file = tmp_path / "monitor.log"
    for number in range(100):
        append(file, f"{number:03} " + "x" * 35)
    kept = files_in(tmp_path)

    assert [each.name for each in kept] == [
        "monitor.log",
        *(f"monitor.log.{number}" for number in range(1, logbook.KEPT + 1)),
    ]
    assert all(each.stat().st_size <= 100 for each in kept)
    assert [line[:3] for line in lines_of(file)] == [f"{number:03}" for number in range(88, 100)]


def test_several_processes_lose_no_line_and_tear_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "monitor.log"
    monkeypatch.setenv("PYTHONPATH", str(HOUSE))
    monkeypatch.setattr(logbook, "KEPT", 300)
    names = ("one", "two", "six")
    started = [_writer(file, name) for name in names]
    ready = [each.stdout.readline() for each in started if each.stdout]
    for each in started:
        assert each.stdin
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in started:
        each.communicate(timeout=60)
    lines = lines_of(file)

    assert (ready, [each.returncode for each in started]) == (["\n"] * 3, [0, 0, 0])
    assert sorted(lines) == sorted(f"{name} {number:03} " + "x" * 41 for name in names for number in range(200))
    # Each was put aside once, when it was full, and not once more by whoever came too late.
    assert {each.stat().st_size for each in files_in(tmp_path)} == {100}


def test_who_holds_it_for_ever_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "_PATIENCE", 0.1)
    file = tmp_path / "monitor.log"
    with FileLock(tmp_path / LOCK), pytest.raises(OSError, match="somebody else holds it"):
        append(file, "a")
    append(file, "b")

    assert lines_of(file) == ["b"]


def _writer(file: Path, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(file), name]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
