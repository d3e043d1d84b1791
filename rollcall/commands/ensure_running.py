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
from rollcall.errors import BadInput
from rollcall.evidence import SchedulerSeen
from rollcall.remedy import restart_stopped
from rollcall.remedy.restart import PROOF_LIMIT, await_proof, proof_of
from rollcall.roll.selection import check_declared
from rollcall.run.options import ADDRESS, DRY_RUN
from rollcall.times import show_instant

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

    from rollcall.morning import Morning
    from rollcall.roll.scheduler import Scheduler
    from rollcall.run.roll_call import RollCall
    from rollcall.verdict.judged import JobJudged


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser("ensure-running", help="start every scheduler that is stopped, and prove that it runs")
    parser.add_argument("schedulers", nargs="*", metavar="SCHEDULER", help="only these schedulers")
    add_options(parser, (*ADDRESS, DRY_RUN))
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """A line for each scheduler; returns the exit status. Raises `BadInput`."""
    here, ids = begun_now(asked_for, by="ensure-running"), asked_for.schedulers
    if not here.roll.schedulers:
        raise BadInput.single(
            "schedulers", "none is declared, so none can be started. Add [schedulers.NAME] with its url."
        )
    check_declared("scheduler", ids, [each.id for each in here.roll.schedulers])
    # Whether the jobs' work is there is not the question: the scheduler's own word about them is enough.
    schedulers = {each.id: each.alone for each in here.roll.schedulers if not ids or each.id in ids}
    jobs = [
        each.but(outputs=(), scheduler=schedulers[each.scheduler.id])
        for each in here.roll.jobs
        if each.scheduler and each.scheduler.id in schedulers
    ]

    def judge() -> Morning:
        return here.look(jobs, tuple(schedulers.values()))

    morning = restart_stopped(
        judge(), judge_again=judge, clock=here.clock, folder=here.locks, is_dry=asked_for.rollcall_dry_run
    )
    actions = {each.subject: each for each in morning.actions}
    status = 0
    for name, scheduler in schedulers.items():
        if action := actions.get(name):
            is_proven, line = action.is_proven, told(action, here.roll.zone)
        elif cause := morning.scheduler_causes[name]:
            is_proven, line = False, f"{name} is not proven to run: {cause.sentence} {cause.next_step}"
        else:
            own = [each for each in morning.jobs if each.job.scheduler and each.job.scheduler.id == name]
            is_proven, line = _proven(scheduler, own, here)
        status |= not is_proven
        yield line
    if any(not each.is_dry for each in morning.actions):
        # What was done belongs to the runs that it was too late for, or in time.
        whole = replace(here.look(here.roll.jobs, here.roll.schedulers), actions=morning.actions)
        yield from here.remember_action(whole)
    return status


def _proven(scheduler: Scheduler, jobs: Sequence[JobJudged], here: RollCall) -> tuple[bool, str]:
    """Whether it runs, and the line for it; of one that is asked on its host as that saw it."""
    if scheduler.host is None:
        is_proven, proof = await_proof(scheduler, jobs, clock=here.clock, limit=PROOF_LIMIT / 10)
        return is_proven, f"{scheduler.id} is {proof}"
    assert here.evidence is not None
    seen = here.evidence.schedulers[scheduler.id]
    is_proven, proof = proof_of(scheduler, jobs, seen)
    at = f" on {show_instant(seen.answered_at, here.roll.zone)}" if isinstance(seen, SchedulerSeen) else ""
    return is_proven, f"{scheduler.id} was {proof}, as host {scheduler.host} saw it{at}"
