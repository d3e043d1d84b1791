"""How long does it take to plant every possible fault in a thousand jobs, and does the cost a job stay the same?"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

from benchmarks.stage import HOUSE, stage

_FEW, _MANY = 100, 1_000
# A file that was just written may still be growing, and a job of which that is so cannot be rehearsed.
_AN_HOUR = 3_600


def rehearsal(folder: Path) -> list[tuple[str, float, str]]:
    """The whole process, `rollcall rehearse --all`."""
    few, many = (_seconds(folder / str(jobs), jobs) for jobs in (_FEW, _MANY))
    return [
        (f"rehearse --all, {_MANY:,} jobs / {_FEW} jobs", many / few, f"at most {_MANY // _FEW * 1.2:g}"),
        (f"the same for {_MANY:,} jobs, in seconds of one core", many, "under 120"),
    ]


def _seconds(folder: Path, jobs: int) -> float:
    with stage(folder, jobs) as jobs_file:
        for each in (folder / "out").iterdir():
            made_at = each.stat().st_mtime - _AN_HOUR
            os.utime(each, (made_at, made_at))
        command = [sys.executable, "-m", "rollcall", "rehearse", "--all", "--jobs-file", str(jobs_file), "--min", "50"]
        before = _of_children()
        done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True)
        took = _of_children() - before
    assert done.returncode == 0, done.stdout + done.stderr
    return took


def _of_children() -> float:
    """What one core has worked for processes that have ended: whatever else runs here does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
