"""How does one get a fleet of hundreds of jobs to look at, its bad morning judged by the real judge?

Its schedulers and files are not there, only what they would say: evidence like that of a recorded morning, judged as
that is. A month of history lies in a file of its own, and is read from there as any history is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rollcall.demo import DemoError
from rollcall.demo.faults import at
from rollcall.demo.fleet_file import jobs_toml
from rollcall.demo.fleet_past import Past
from rollcall.demo.fleet_plan import plan
from rollcall.demo.fleet_seen import Seen
from rollcall.demo.past import past_of
from rollcall.history.remembered import read_remembered
from rollcall.history.rows import FILE
from rollcall.history.writing import merge
from rollcall.recorded.replay import Replay
from rollcall.roll.load import load
from rollcall.text import counted

FEWEST, MOST = 10, 10_000
MORNING = at(11, 7, 2)
# Where its files would lie: what a person is to type about them is the same in each demo.
_ROOT = Path("/srv/jobs")
_NAMED = re.compile(r"fleet-(\d{1,9})(-good)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetMorning:
    """A morning that is judged from what was staged, and its history."""

    now: datetime
    folder: Path
    staged: Replay
    history: Path
    story: str


def fleet_named(cause: str) -> tuple[int, bool] | None:
    """How many jobs the fleet of that name has, and whether all is well in it; None where it names no fleet."""
    found = _NAMED.fullmatch(cause)
    return (int(found[1]), bool(found[2])) if found else None


@contextmanager
def fleet_morning(count: int, *, is_good: bool = False) -> Iterator[FleetMorning]:
    """A fleet of `count` jobs on the morning of Wednesday 11 February 2026; its files end with the block."""
    if not FEWEST <= count <= MOST:
        raise DemoError(f"a fleet has {FEWEST} to {MOST:,} jobs, and not {count}. Write --fleet 300.")
    with TemporaryDirectory(prefix="roll-call-demo-") as folder:
        root = Path(folder).resolve()
        fleet, file, history = plan(count, is_good=is_good), root / "jobs.toml", root / FILE
        file.write_text(jobs_toml(fleet, MORNING.date()), encoding="utf-8")
        roll = load(file, environment={}, root=_ROOT, is_replay=True, now=MORNING)
        merge(history, past_of(roll.jobs, MORNING, Past(fleet, MORNING).went))
        evidence = Seen(fleet, roll, MORNING).evidence()
        remembered = read_remembered(history, roll.jobs, now=MORNING)
        how = "all of them well" if is_good else "a good tenth of them in trouble"
        story = (
            f"This is the demo: a made-up fleet of {counted(count, 'job')} on "
            f"{counted(len(fleet.kinds), 'scheduler')}, {how}. Their answers and the earlier mornings are made up, "
            "and judged like real ones."
        )
        yield FleetMorning(
            now=MORNING,
            folder=root,
            staged=Replay(
                roll=roll, evidence=replace(evidence, remembered=remembered), recorded_at=MORNING, demo=story
            ),
            history=history,
            story=story,
        )
