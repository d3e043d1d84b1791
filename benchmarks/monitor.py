"""How much quicker is the look of every hour than the checks of the morning, and what does it need for many jobs?"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks import suites
from benchmarks.stage import HOUSE, stage

ROUNDS = 7
JOBS, SCHEDULERS = 10_000, 100


def monitor(folder: Path) -> list[tuple[str, float, str]]:
    """`rollcall monitor` against `pytest checks/` for nine jobs, whole processes that ask the same scheduler."""
    with stage(folder / "stage", 9) as jobs_file:
        quick, checks = _command(folder, jobs_file), suites.checks(folder, jobs_file)
        # In turns, so that whatever else the machine does slows down both.
        ratios = [suites.seconds(quick, 1) / suites.seconds(checks, 1) for _ in range(ROUNDS)]
    return [("rollcall monitor / pytest checks/, 9 jobs", median(ratios), "below 0.5")]


def fleet(folder: Path) -> list[tuple[str, float, str]]:
    """Seconds and megabytes that one look at a fleet takes, as a whole process, with its history."""
    with stage(folder / "stage", JOBS, SCHEDULERS) as jobs_file:
        began = time.perf_counter()
        process = subprocess.Popen(_command(folder, jobs_file), cwd=HOUSE, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
    assert os.waitstatus_to_exitcode(status) == 0
    what = f"{JOBS:,} jobs of {SCHEDULERS} schedulers, rollcall monitor"
    return [(f"{what}, seconds", took, "under 20"), (f"{what}, MB", used.ru_maxrss * 1024 / 1e6, "under 300")]


def _command(folder: Path, jobs_file: Path) -> list[str]:
    log = ["--log", str(folder / "monitor.log")]
    return [sys.executable, "-m", "rollcall", "monitor", "--jobs-file", str(jobs_file), *log]
