"""How does a command begin: with which options, and on which roll?"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path

import rollcall
from rollcall.clock import clock_from
from rollcall.errors import BadInput
from rollcall.options import Option, given
from rollcall.run.begin import begin
from rollcall.run.options import AS_OF, DRY_RUN, OF_A_MORNING, OF_MONITOR, REPLAY, RERUN, RESTART
from rollcall.run.place import Place
from rollcall.run.roll_call import RollCall
from rollcall.run.wanted import Wanted
from rollcall.terminal.progress import Progress
from rollcall.times import read_now

_ALL = tuple(dict.fromkeys((*OF_A_MORNING, *OF_MONITOR)))


def add_options(parser: argparse.ArgumentParser, options: tuple[Option, ...]) -> None:
    """Adds these to a command."""
    for option in options:
        option.add_to(parser.add_argument)


def wanted_of(asked_for: argparse.Namespace, options: tuple[Option, ...] = _ALL) -> Wanted:
    """What the person asked for. The variables of options that the command does not have mean nothing to it."""
    known = [each for each in options if hasattr(asked_for, each.dest)]
    variables = {each.environment for each in known}
    heard = {name: value for name, value in os.environ.items() if name in variables}
    values = given(known, asked_for)
    if not {RESTART.name, RERUN.name} & set(values):
        values.pop(DRY_RUN.name, None)  # of a command that only looks, or has one thing to do, it means that one
    return Wanted.of(values, environment=heard, home=Path.cwd())


def begun(asked_for: argparse.Namespace, *, by: str) -> RollCall:
    """The roll call that was asked for. Raises `BadInput`."""
    clock = clock_from(read_now())
    wanted = wanted_of(asked_for)
    # Next steps are typed where the checks are: beside jobs.toml, here, or in the checkout.
    checkout = Path(rollcall.__file__).parent.parent
    place = Place.of(wanted.jobs_file.absolute().parent, Path.cwd(), checkout)
    # Nothing is opened that must be closed: a command stages no demo.
    call = begin(wanted, place, clock, by=by, environment=os.environ, cleanup=ExitStack())
    call.progress = Progress(sys.stderr).show
    return call


def begun_now(asked_for: argparse.Namespace, *, by: str) -> RollCall:
    """The same, to do something. Raises `BadInput` also where the environment means another moment than now."""
    for option in (AS_OF, REPLAY):
        if os.environ.get(option.environment):
            rule = "means another moment than now, in which nothing can be done. Unset it."
            raise BadInput.single(option.environment, rule)
    return begun(asked_for, by=by)
