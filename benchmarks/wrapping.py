"""What does `rollcall run` add to a command, and what to each gigabyte that it prints?"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.stage import HOUSE

ROUNDS = 15
_GIGABYTE = "1000000000"


def wrapping(folder: Path) -> list[tuple[str, float, str]]:
    """Processor time of `rollcall run` beside that of the command alone; what else the machine does is left out."""
    wrapped = [sys.executable, "-m", "rollcall", "run", "job", "--record", str(folder / "runs"), "--"]
    own = median(_seconds([*wrapped, "true"]) - _seconds(["true"]) for _ in range(ROUNDS))
    python = median(_seconds([sys.executable, "-c", ""]) for _ in range(ROUNDS))
    printing = ["head", "-c", _GIGABYTE, "/dev/zero"]
    return [
        ("rollcall run, milliseconds of its own", own * 1000, "under 60"),
        ("rollcall run / python that does nothing", own / python, "at most 3"),
        ("rollcall run, seconds for a gigabyte", _seconds([*wrapped, *printing]) - _seconds(printing), "under 5"),
    ]


def _seconds(argv: Sequence[str]) -> float:
    """Of the processor, for it and for all that it started; its output in a pipe that is read."""
    with subprocess.Popen(argv, cwd=HOUSE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while process.stdout.read1(1 << 20):  # type: ignore[attr-defined]  # of a buffered reader, which it is
            pass
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime
