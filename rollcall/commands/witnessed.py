"""What is judged: the world as it is now, or a morning that was recorded?"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rollcall.ask import gather
from rollcall.commands.present import clock_from, place_of
from rollcall.commands.selected import selected
from rollcall.evidence import Evidence
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.run.settings import AS_OF, JOBS_FILE, REPLAY, SCHEDULER_URL, Asked
from rollcall.times import read_now

if TYPE_CHECKING:
    from argparse import ArgumentParser


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """What was seen of the jobs that were named, and as of when it is judged.

    `clock` tells the present; it is None in a replay, in which nobody may be asked again.
    """

    roll: Roll
    jobs: Sequence[Job]
    schedulers: Sequence[Scheduler]
    evidence: Evidence
    now: datetime
    clock: Callable[[], datetime] | None
    replay_of: datetime | None = None
    again: str
    jobs_file: str | None


def add_options(parser: ArgumentParser) -> None:
    """Adds what tells which morning is meant."""
    add_address(parser)
    parser.add_argument("--as-of", metavar="TIME", help=f"a past moment instead of now (${AS_OF})")
    parser.add_argument("--replay", metavar="DIR", help=f"a morning that --record kept; nobody is asked (${REPLAY})")


def add_address(parser: ArgumentParser) -> None:
    """Adds what tells which schedulers are meant, and where they answer."""
    parser.add_argument("--jobs-file", metavar="FILE", help=f"default: jobs.toml here (${JOBS_FILE})")
    parser.add_argument(
        "--scheduler-url",
        metavar="[NAME=]URL",
        action="append",
        default=[],
        help=f"where a scheduler is asked, instead of its url in the file (${SCHEDULER_URL})",
    )


def witnessed(asked_for: argparse.Namespace, *, asks_all: bool) -> Witnessed:
    """What the witnesses say, or said. Those that no named job has are asked where `asks_all`. Raises `BadInput`."""
    asked = Asked.of(
        environment=os.environ,
        folder=Path.cwd(),
        jobs_file=asked_for.jobs_file,
        scheduler_urls=asked_for.scheduler_url,
        as_of=asked_for.as_of,
        replay=asked_for.replay,
    )
    again = asked.again(place_of(asked))
    if replay := asked.load_replay():
        now = asked.judged_at(replay.roll, replay.recorded_at)
        return Witnessed(
            roll=replay.roll,
            jobs=selected(replay.roll, asked_for.jobs),
            schedulers=replay.roll.schedulers if asks_all else (),
            evidence=replay.seen_at(now),
            now=now,
            clock=None,
            replay_of=replay.recorded_at,
            again=again,
            jobs_file=asked.other_file,
        )
    # Before the roll is read, which may take seconds, by which all clocks would seem to be ahead.
    clock = clock_from(read_now())
    roll = asked.load(os.environ, clock())
    now = asked.judged_at(roll, clock())
    jobs, schedulers = selected(roll, asked_for.jobs), roll.schedulers if asks_all else ()
    evidence = gather(jobs, schedulers, now=now, clock=clock)
    return Witnessed(
        roll=roll,
        jobs=jobs,
        schedulers=schedulers,
        evidence=evidence,
        now=now,
        clock=clock,
        again=again,
        jobs_file=asked.other_file,
    )
