"""How much quicker is the look of every hour than the checks of the morning?"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import suites
from benchmarks.stage import stage


def monitor(folder: Path) -> list[tuple[str, float, str]]:
    """`rollcall monitor` against `pytest checks/` for nine jobs, whole processes that ask the same service."""
    with stage(folder / "stage", 9) as jobs_file:
        quick = [sys.executable, "-m", "rollcall", "monitor", "--jobs-file", str(jobs_file)]
        log = ["--log", str(folder / "monitor.log")]
        ratio = suites.seconds([*quick, *log], 7) / suites.seconds(suites.checks(folder, jobs_file), 7)
    return [("rollcall monitor / pytest checks/, 9 jobs", ratio, "below 0.5")]
