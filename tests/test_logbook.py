"""Does a log stay bounded and whole, whoever writes to it at the same time?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.lived_in import HOUSE
from rollcall import logbook
from rollcall.alone import alone
from rollcall.logbook import append

WRITER = """
import sys
from pathlib import Path
from rollcall import logbook
logbook.LARGEST = 2_000
for number in range(100):
    logbook.append(Path(sys.argv[1]), f"{sys.argv[2]} {number} " + "x" * 40)
"""


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
    kept = sorted(each.name for each in tmp_path.iterdir())

    assert kept == ["monitor.log", *(f"monitor.log.{number}" for number in range(1, logbook.KEPT + 1))]
    assert all(each.stat().st_size <= 100 for each in tmp_path.iterdir())
    assert [line[:3] for line in lines_of(file)] == [f"{number:03}" for number in range(88, 100)]


def test_two_processes_lose_no_line_and_tear_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "monitor.log"
    monkeypatch.setenv("PYTHONPATH", str(HOUSE))
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(file), name]) for name in ("one", "two")]
    statuses = [each.wait(timeout=60) for each in writers]
    lines = lines_of(file)

    assert statuses == [0, 0]
    assert all(line.endswith(" " + "x" * 40) and len(line.split()) == 3 for line in lines)
    for name in ("one", "two"):
        numbers = [int(line.split()[1]) for line in lines if line.startswith(name)]
        # The oldest files are gone; of what is kept nothing is missing.
        assert numbers == list(range(100 - len(numbers), 100))


def test_only_one_is_alone_and_the_lock_ends_with_its_block(tmp_path: Path) -> None:
    file = tmp_path / "reports" / ".lock"
    with alone(file) as first, alone(file) as second:
        assert (first, second) == (True, False)
    with alone(file) as third:
        assert third
