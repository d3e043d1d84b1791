"""What does a folder of 200,000 files cost that 100 jobs share?"""

from __future__ import annotations

import os
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.jobs import Output
from rollcall.sources.output_folder import Wanted, look

FILES = 200_000
JOBS = 100
RUNS = 5


def large_folder(folder: Path) -> list[tuple[str, float, str]]:
    """The listing against a bare `os.scandir`, and the peak of memory against a folder a tenth as large."""
    large, small = folder / "large", folder / "small"
    _fill(large, FILES)
    _fill(small, FILES // 10)
    ratios = sorted(_seconds(large, _look) / _seconds(large, _scan) for _ in range(RUNS))
    return [
        (f"listing {FILES:,} files for {JOBS} jobs / os.scandir", ratios[RUNS // 2], "at most 2"),
        (f"peak memory, {FILES:,} / {FILES // 10:,} files of no job", _peak(large) / _peak(small), "about 1"),
    ]


def _fill(folder: Path, files: int) -> None:
    folder.mkdir(parents=True)
    for number in range(files):
        (folder / f"somebody-elses-{number:06d}.dat").touch()
    for number in range(JOBS):
        (folder / f"export{number:03d}-20260211-060017.md").write_text("# Bench\n" * 40)


def _wanted() -> list[Wanted]:
    since = datetime(2026, 2, 10, 5, tzinfo=UTC)
    return [
        Wanted(
            job_id=f"export{number:03d}",
            output=Output(
                folder=Path("."),
                pattern=f"export{number:03d}-*.md",
                stamp=f"export{number:03d}-%Y%m%d-%H%M%S.md",
                max_size=10**6,
            ),
            zone=ZoneInfo("Europe/Zurich"),
            since=since,
            read_since=since + timedelta(days=1),
        )
        for number in range(JOBS)
    ]


def _look(folder: Path) -> None:
    seen = look(folder, _wanted(), now=datetime(2026, 2, 11, 6, tzinfo=UTC))
    assert all(each.matches == 1 for each in seen.values())


def _scan(folder: Path) -> None:
    with os.scandir(folder) as entries:
        for _ in entries:
            pass


def _seconds(folder: Path, what: object) -> float:
    assert callable(what)
    began = time.perf_counter()
    what(folder)
    return time.perf_counter() - began


def _peak(folder: Path) -> int:
    tracemalloc.start()
    _look(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
