"""`rollcall ensure-running`: does each scheduler run, with a next run of all its jobs; if not, does a start cure it?

It starts what is stopped, and stops and starts what stalled, by the paths that jobs.toml declares, once, and asks again
until that is proven. Exit status: 0 where every scheduler is proven to run, 1 where one is not, 4 for bad input.
"""

from __future__ import annotations

import argparse
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rollcall.action import told
from rollcall.commands.acting import Acting, acting
from rollcall.commands.witnessed import add_address
from rollcall.errors import BadInput, Mistake
from rollcall.jobs import Roll, Service
from rollcall.remedy import restart_stopped
from rollcall.remedy.proof import await_proof
from rollcall.remedy.restart import PROOF_LIMIT
from rollcall.text import clean, listed

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

    from rollcall.morning import Morning


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser("ensure-running", help="start every scheduler that is stopped, and prove that it runs")
    parser.add_argument("services", nargs="*", metavar="SERVICE", help="only these services")
    add_address(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """A line for each service; returns the exit status. Raises `BadInput`."""
    here = acting(asked_for)
    # Whether the jobs' work is there is not the question: the scheduler's own word about them is enough.
    services = [replace(each, database=None) for each in _selected(here.roll, asked_for.services)]
    by_id = {each.id: each for each in services}
    jobs = [
        replace(each, output=None, service=by_id[each.service.id])
        for each in here.roll.jobs
        if each.service and each.service.id in by_id
    ]

    def judge() -> Morning:
        return here.judge(jobs, services)

    morning = restart_stopped(
        judge(), judge_again=judge, clock=here.clock, folder=here.folder, is_dry=asked_for.dry_run
    )
    status = 0
    for service in services:
        is_proven, line = _told(service, morning, here)
        status |= not is_proven
        yield line
    if any(not each.is_dry for each in morning.actions):
        # What was done belongs to the runs that it was too late for, or in time.
        whole = replace(here.judge(here.roll.jobs, here.roll.services), actions=morning.actions)
        yield from here.remember(whole, by="ensure-running")
    return status


def _selected(roll: Roll, ids: Sequence[str]) -> list[Service]:
    known = [service.id for service in roll.services]
    if not known:
        raise BadInput.single("services", "none is declared, so none can be started. Add [services.NAME] with its url.")
    rule = f"no such service. Declared: {listed(known, 20)}."
    unknown = (each for each in ids if each not in known)
    if mistakes := tuple(Mistake(place="SERVICE", value=f'"{clean(each, 60)}"', rule=rule) for each in unknown):
        raise BadInput(mistakes)
    return [service for service in roll.services if not ids or service.id in ids]


def _told(service: Service, morning: Morning, here: Acting) -> tuple[bool, str]:
    """Whether the service is proven to run, and the line that says so or what is wrong."""
    if action := next((each for each in morning.actions if each.subject == service.id), None):
        return action.is_proven, told(action, here.roll.zone)
    if cause := morning.service_causes[service.id]:
        return False, f"{service.id} is not proven to run: {cause.sentence} {cause.next_step}"
    jobs = [each for each in morning.jobs if each.job.service and each.job.service.id == service.id]
    proof = await_proof(service, jobs, clock=here.clock, limit=PROOF_LIMIT / 10)
    return proof.is_whole, f"{service.id} is {proof.told}"
