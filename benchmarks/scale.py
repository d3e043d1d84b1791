"""Does a job of ten thousand cost what a job of a thousand does, and is a quarter of them a quarter of the work?

A made-up fleet is recorded and judged from its record in a process of its own: jobs.toml and the evidence read, judged,
JSON and page written. Measured is that process' own processor time, and the most memory that it ever had.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks.stage import HOUSE
from rollcall.demo.fleet import fleet_morning
from rollcall.recorded.record import Recorded, record

FEW, MANY = 1_000, 10_000
ROUNDS = 3

_JUDGES = """
import sys, time
from pathlib import Path
from rollcall.files import write_whole
from rollcall.morning.ending import Ending
from rollcall.morning.judge import judge_morning
from rollcall.recorded.replay import replay
from rollcall.report.page import render_board
from rollcall.sinks.json import pieces_of
folder, part = Path(sys.argv[1]), int(sys.argv[2])
began = time.process_time()
replayed = replay(folder)
now = replayed.recorded_at
jobs = replayed.roll.jobs[::part]
morning = judge_morning(replayed.roll, replayed.seen_at(now), now=now, jobs=jobs, schedulers=())
write_whole(folder / "morning.json", pieces_of(morning, Ending()))
write_whole(folder / "morning.html", render_board(morning, Ending()))
print(time.process_time() - began)
"""


def scale(folder: Path) -> list[tuple[str, float, str]]:
    """The cost a job of many against few, and of a quarter against all."""
    for count in (FEW, MANY):
        with fleet_morning(count) as fleet:
            seen = fleet.staged
            recorded = Recorded(evidence=seen.evidence, now=fleet.now, root=Path("/srv/jobs"), demo=fleet.story)
            record(folder / str(count), seen.roll, recorded)
    # In turn, so that a slow minute of the machine is everybody's.
    rounds = [[_judged(folder, FEW), _judged(folder, MANY), _judged(folder, MANY, part=4)] for _ in range(ROUNDS)]
    few, many, quarter = ([each[place] for each in rounds] for place in range(3))
    seconds = [median(took for took, _ in each) for each in (few, many, quarter)]
    return [
        (f"a job of {MANY:,} / a job of {FEW:,}, time", seconds[1] / seconds[0] * FEW / MANY, "at most 1.1"),
        (f"a job of {MANY:,} / a job of {FEW:,}, memory", many[0][1] / few[0][1] * FEW / MANY, "at most 1"),
        (f"a quarter of {MANY:,} jobs / all of them, from one record", seconds[2] / seconds[1], "at most 0.5"),
        (f"{MANY:,} jobs without pytest, seconds of one core", seconds[1], "under 40"),
        (f"{MANY:,} jobs without pytest, MB", many[0][1], "under 350"),
    ]


def _judged(folder: Path, count: int, part: int = 1) -> tuple[float, float]:
    """Seconds of processor time, and the most megabytes, that judging one job in `part` of that record takes."""
    command = [sys.executable, "-c", _JUDGES, str(folder / str(count)), str(part)]
    process = subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    took = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return float(took), used.ru_maxrss * 1024 / 1e6
