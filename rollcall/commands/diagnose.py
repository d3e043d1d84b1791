"""`rollcall diagnose`: where is the chain broken, from the scheduler that answers to the room on the disk?

It asks every witness as a morning does, and shows what was found in the order a person would ask. Exit status: 0 where
nothing needs a person, 1 where something does, 4 where the question was wrong.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from rollcall.ask import gather
from rollcall.commands.begin import add_options, begun
from rollcall.evidence import Evidence
from rollcall.morning import Morning
from rollcall.morning.chain import diagnose
from rollcall.run.options import OF_A_MORNING
from rollcall.terminal.diagnosis import diagnosis_json, render_diagnosis
from rollcall.times import show_span
from rollcall.verdict.second_look import LONGEST_WAIT, wait_before_second_look, with_second_look

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_WIDTH = (110, 24)  # where it is not written to a terminal
_NARROWEST, _WIDEST = 60, 140


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser("diagnose", help="what is wrong, link by link, from the scheduler to the disk")
    parser.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs and their schedulers, in full")
    add_options(parser, OF_A_MORNING)
    parser.add_argument("--json", action="store_true", help="the same for programs")
    parser.add_argument(
        "--no-wait",
        action="store_true",
        help=f"never look twice; else, where a run falls due just now, up to {show_span(LONGEST_WAIT)} later, "
        "to see that the scheduler started it",
    )
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """The lines of the diagnosis; returns the exit status. Raises `BadInput`."""
    call = begun(asked_for, by="diagnose")
    schedulers = () if asked_for.jobs else call.roll.schedulers
    morning = call.look(call.wanted.selection.jobs_of(call.roll, asked_for.jobs), schedulers, at=call.start.judged_at)
    # In a replay nobody may be asked again.
    if call.evidence and not call.replay and not asked_for.no_wait:
        morning = _looked_twice(morning, call.evidence, call.clock)
    diagnosis = diagnose(morning)
    if asked_for.json:
        yield diagnosis_json(diagnosis)
    else:
        yield from render_diagnosis(diagnosis, width=_width(), named=asked_for.jobs)
    return 1 if diagnosis.needs_a_person else 0


def _looked_twice(morning: Morning, evidence: Evidence, clock: Callable[[], datetime]) -> Morning:
    """The morning after a second look at the schedulers that it can prove more of."""
    first = evidence.schedulers
    waits = {each.scheduler.id: wait_before_second_look(each, first[each.scheduler.id]) for each in morning.schedulers}
    worth_it = {scheduler_id: wait for scheduler_id, wait in waits.items() if wait}
    if not worth_it:
        return morning
    time.sleep(max(worth_it.values()).total_seconds())
    again = [each.scheduler.alone for each in morning.schedulers if each.scheduler.id in worth_it]
    second = gather((), again, now=morning.judged_at, clock=clock).schedulers
    schedulers = (
        with_second_look(each, first[each.scheduler.id], second[each.scheduler.id])
        if each.scheduler.id in worth_it
        else each
        for each in morning.schedulers
    )
    return replace(morning, schedulers=tuple(schedulers))


def _width() -> int:
    return min(max(shutil.get_terminal_size(_WIDTH).columns, _NARROWEST), _WIDEST)
