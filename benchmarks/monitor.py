"""How much quicker is the look of every hour than the checks of the morning?"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median

from benchmarks import suites
from benchmarks.stage import stage

ROUNDS = 7


def monitor(folder: Path) -> list[tuple[str, float, str]]:
    """`rollcall monitor` against `pytest checks/` for nine jobs, whole processes that ask the same scheduler."""
    with stage(folder / "stage", 9) as jobs_file:
        log = ["--log", str(folder / "monitor.log")]
        quick = [sys.executable, "-m", "rollcall", "monitor", "--jobs-file", str(jobs_file), *log]
        checks = suites.checks(folder, jobs_file)
        # In turns, so that whatever else the machine does slows down both.
        ratios = [suites.seconds(quick, 1) / suites.seconds(checks, 1) for _ in range(ROUNDS)]
    return [("rollcall monitor / pytest checks/, 9 jobs", median(ratios), "below 0.5")]
