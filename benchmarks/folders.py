"""What does a folder of 200,000 files cost that 100 jobs share?"""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from fixtures.one_morning import haiku_job
from rollcall.outputs.listing import Wanted
from rollcall.outputs.local import LocalFolder

FILES = 200_000
JOBS = 100
RUNS = 5


def large_folder(folder: Path) -> list[tuple[str, float, str]]:
    """The listing against a bare `os.scandir`, and the peak of memory against a folder a tenth as large."""
    large, small = folder / "large", folder / "small"
    _fill(large, FILES)
    _fill(small, FILES // 10)
    look_for = partial(_look, _wanted())
    ratios = sorted(_seconds(look_for, large) / _seconds(_scan, large) for _ in range(RUNS))
    return [
        (f"listing {FILES:,} files for {JOBS} jobs / os.scandir", ratios[RUNS // 2], "at most 2"),
        (
            f"peak memory, {FILES:,} / {FILES // 10:,} files of no job",
            _peak(look_for, large) / _peak(look_for, small),
            "about 1",
        ),
    ]


def _fill(folder: Path, files: int) -> None:
    folder.mkdir(parents=True)
    for number in range(files):
        (folder / f"somebody-elses-{number:06d}.dat").touch()
    for number in range(JOBS):
        (folder / f"export{number:03d}-20260211-060017.md").write_text("# Bench\n" * 40)


def _wanted() -> list[Wanted]:
    since = datetime(2026, 2, 10, 5, tzinfo=UTC)
    ids = [f"export{number:03d}" for number in range(JOBS)]
    jobs = [haiku_job(id=each, path=f"{each}-%Y%m%d-%H%M%S.md", must_contain=["# Bench"]) for each in ids]
    return [
        Wanted(key=(job.id, 0), output=output, zone=job.zone, since=since, read_since=since + timedelta(days=1))
        for job in jobs
        for output in job.outputs
    ]


def _look(wanted: list[Wanted], folder: Path) -> None:
    seen = LocalFolder(folder).look(wanted, now=datetime(2026, 2, 11, 6, tzinfo=UTC))
    assert all(each.read().matches == 1 for each in seen.values())


def _scan(folder: Path) -> None:
    with os.scandir(folder) as entries:
        for _ in entries:
            pass


def _seconds(what: Callable[[Path], None], folder: Path) -> float:
    began = time.perf_counter()
    what(folder)
    return time.perf_counter() - began


def _peak(what: Callable[[Path], None], folder: Path) -> int:
    tracemalloc.start()
    what(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
