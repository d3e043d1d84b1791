"""What does a command need that acts: the present, a way to judge it again, and a folder for its locks?"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rollcall.ask import gather
from rollcall.commands.present import clock_from, place_of
from rollcall.errors import BadInput
from rollcall.history.rows import FILE
from rollcall.morning import Morning, judge_morning
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.run.settings import AS_OF, REPLAY, Asked
from rollcall.times import read_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """A roll whose schedulers may be told to do something, as it is now."""

    roll: Roll
    clock: Callable[[], datetime]
    folder: Path
    again: str
    jobs_file: str | None

    def judge(self, jobs: Sequence[Job], schedulers: Sequence[Scheduler] = ()) -> Morning:
        """These jobs and schedulers, asked and judged as of the present."""
        now = self.clock()
        evidence = gather(jobs, schedulers, now=now, clock=self.clock)
        return judge_morning(
            self.roll,
            evidence,
            now=now,
            jobs=jobs,
            schedulers=schedulers,
            again=self.again,
            jobs_file=self.jobs_file,
        )

    def remember(self, morning: Morning, *, by: str) -> Iterator[str]:
        """Writes what was done into the history, where pytest's mornings stand too; a line where that fails."""
        from rollcall.history.writing import write

        if any(not each.is_dry for each in morning.actions):
            file, keeps = self.folder / FILE, self.roll.history_keeps
            # It is no morning that anybody read: who waits for one must still miss it.
            problem = write(file, morning, by=by, is_complete=False, keeps=keeps)
            if problem:
                yield f"note: history: {problem}"


def acting(asked_for: argparse.Namespace) -> Acting:
    """The roll that was asked for. Raises `BadInput`, also where the environment means another moment than now."""
    for name in (AS_OF, REPLAY):
        if os.environ.get(name):
            raise BadInput.single(name, "means another moment than now, in which nothing can be done. Unset it.")
    asked = Asked.of(
        environment=os.environ,
        folder=Path.cwd(),
        jobs_file=asked_for.jobs_file,
        scheduler_urls=asked_for.scheduler_url,
    )
    # Before the roll is read: of ten thousand jobs that takes seconds, by which all clocks would seem to be ahead.
    clock = clock_from(read_now())
    return Acting(
        roll=asked.load(os.environ, clock()),
        clock=clock,
        folder=asked.reports,
        again=asked.again(place_of(asked)),
        jobs_file=asked.other_file,
    )
