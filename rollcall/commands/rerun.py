"""`rollcall rerun JOB`: run a job now whose due run was missed, and look whether its work is there then.

It refuses for a job that was not missed, or that jobs.toml does not say may be re-run. A run is waited for as long as
the job's `max_runtime`, which is said on a terminal. Exit status: 0 where the work of every named job is there, 1 where
that is not so or somebody must look, 4 for bad input.
"""

from __future__ import annotations

import argparse
from collections.abc import Generator
from typing import TYPE_CHECKING

from rollcall.causes.action import told
from rollcall.commands.begin import add_options, begun_now
from rollcall.remedy import rerun_missed
from rollcall.remedy.missed import why_not
from rollcall.run.options import ADDRESS, DRY_RUN

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

    from rollcall.morning import Morning


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser("rerun", help="run a job now whose due run was missed, and prove that it is done")
    parser.add_argument("jobs", nargs="+", metavar="JOB", help="these jobs, in the order of jobs.toml")
    add_options(parser, (*ADDRESS, DRY_RUN))
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """A line for each job; returns the exit status. Raises `BadInput`."""
    here = begun_now(asked_for, by="rerun")
    jobs = here.wanted.selection.jobs_of(here.roll, asked_for.jobs)

    def judge() -> Morning:
        return here.look(jobs)

    before = judge()
    after = rerun_missed(
        before, judge_again=judge, clock=here.clock, folder=here.locks, is_dry=asked_for.rollcall_dry_run
    )
    schedulers = {each.scheduler.id: each for each in before.schedulers}
    actions = {each.subject: each for each in after.actions}
    status = 0
    for first, last in zip(before.jobs, after.jobs, strict=True):
        job = first.job
        if action := actions.get(job.id):
            status |= not action.is_proven
            yield told(action, here.roll.zone)
        else:
            status |= last.needs_a_person
            why = why_not(first, schedulers[job.scheduler.id] if job.scheduler else None)
            yield f"{job.id} is not run again: {why or 'it was run, or begun, meanwhile'}"
    yield from here.remember_action(after)
    return status
