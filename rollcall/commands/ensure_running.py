"""`rollcall ensure-running`: does each scheduler run, with a next run of all its jobs; if not, does a start cure it?

It starts what is stopped, and stops and starts what stalled, by the paths that jobs.toml declares, once, and asks again
until that is proven. Exit status: 0 where every scheduler is proven to run, 1 where one is not, 4 for bad input.
"""

from __future__ import annotations

import argparse
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rollcall.causes.action import told
from rollcall.commands.begin import add_options, begun_now
from rollcall.commands.selected import check_declared
from rollcall.errors import BadInput
from rollcall.remedy import restart_stopped
from rollcall.remedy.proof import await_proof
from rollcall.remedy.restart import PROOF_LIMIT
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.run.options import ADDRESS, DRY_RUN
from rollcall.run.roll_call import RollCall

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

    from rollcall.morning import Morning


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser("ensure-running", help="start every scheduler that is stopped, and prove that it runs")
    parser.add_argument("schedulers", nargs="*", metavar="SCHEDULER", help="only these schedulers")
    add_options(parser, (*ADDRESS, DRY_RUN))
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """A line for each scheduler; returns the exit status. Raises `BadInput`."""
    here = begun_now(asked_for, by="ensure-running")
    # Whether the jobs' work is there is not the question: the scheduler's own word about them is enough.
    schedulers = [each.alone for each in _selected(here.roll, asked_for.schedulers)]
    by_id = {each.id: each for each in schedulers}
    jobs = [
        each.but(outputs=(), scheduler=by_id[each.scheduler.id])
        for each in here.roll.jobs
        if each.scheduler and each.scheduler.id in by_id
    ]

    def judge() -> Morning:
        return here.look(jobs, schedulers)

    morning = restart_stopped(
        judge(), judge_again=judge, clock=here.clock, folder=here.start.folder, is_dry=asked_for.rollcall_dry_run
    )
    status = 0
    for scheduler in schedulers:
        is_proven, line = _told(scheduler, morning, here)
        status |= not is_proven
        yield line
    if any(not each.is_dry for each in morning.actions):
        # What was done belongs to the runs that it was too late for, or in time.
        whole = replace(here.look(here.roll.jobs, here.roll.schedulers), actions=morning.actions)
        yield from here.remember_action(whole)
    return status


def _selected(roll: Roll, ids: Sequence[str]) -> list[Scheduler]:
    known = [scheduler.id for scheduler in roll.schedulers]
    if not known:
        raise BadInput.single(
            "schedulers", "none is declared, so none can be started. Add [schedulers.NAME] with its url."
        )
    check_declared("scheduler", ids, known)
    return [scheduler for scheduler in roll.schedulers if not ids or scheduler.id in ids]


def _told(scheduler: Scheduler, morning: Morning, here: RollCall) -> tuple[bool, str]:
    """Whether the scheduler is proven to run, and the line that says so or what is wrong."""
    if action := next((each for each in morning.actions if each.subject == scheduler.id), None):
        return action.is_proven, told(action, here.roll.zone)
    if cause := morning.scheduler_causes[scheduler.id]:
        return False, f"{scheduler.id} is not proven to run: {cause.sentence} {cause.next_step}"
    jobs = [each for each in morning.jobs if each.job.scheduler and each.job.scheduler.id == scheduler.id]
    proof = await_proof(scheduler, jobs, clock=here.clock, limit=PROOF_LIMIT / 10)
    return proof.is_whole, f"{scheduler.id} is {proof.told}"
