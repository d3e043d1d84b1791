"""`rollcall check`: is jobs.toml right? For an editor, a pre-commit hook, the CI of a change.

It asks nobody and needs nothing but the file: each `${NAME}` stands for itself, whether it is set here or not, and no
driver of a database need be installed. What is right by itself and most likely not what was meant is printed, and is no
mistake. Exit status: 0; 4 with every mistake at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rollcall.commands.begin import add_options, wanted_of
from rollcall.roll.doubts import doubts
from rollcall.roll.load import load
from rollcall.run.options import JOBS_FILE
from rollcall.text import clean, counted
from rollcall.times import read_now

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    check = commands.add_parser(
        "check",
        help="is jobs.toml right? Asks nobody, and needs no variable to be set",
        description="Says whether jobs.toml is right, with every mistake at once (exit status 4). It asks nobody, and "
        "a ${NAME} need not be set.",
    )
    add_options(check, (JOBS_FILE,))
    check.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Iterator[str]:
    """What is doubtful, and how much is declared. Raises `BadInput` with all mistakes."""
    wanted = wanted_of(asked_for)
    roll = load(wanted.jobs_file, environment={}, shown_as=wanted.shown_file, is_replay=True, now=read_now())
    for job, found in doubts(roll).items():
        yield from (f"doubtful [{clean(job, 60)}] {each}" for each in found)
    declared = f"{counted(len(roll.jobs), 'job')}, {counted(len(roll.schedulers), 'scheduler')}"
    yield f"{wanted.shown_file} has no mistakes: {declared}"
