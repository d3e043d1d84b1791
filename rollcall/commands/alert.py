"""`rollcall alert --test`: does a message reach everybody who is to hear of a change?

It asks no scheduler and judges nothing. Exit status: 0 where every channel took it, 1 where one did not, 4 where nobody
is declared, or the question was wrong.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Generator
from typing import TYPE_CHECKING

from rollcall.clock import clock_from
from rollcall.commands.begin import add_options, wanted_of
from rollcall.errors import BadInput
from rollcall.run.options import JOBS_FILE
from rollcall.times import read_now

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser("alert", help="send a test message through every channel of [alert]")
    parser.add_argument("--test", action="store_true", required=True, help="send it, and say who took it")
    add_options(parser, (JOBS_FILE,))
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """A line for each channel; returns the exit status. Raises `BadInput`."""
    from rollcall.sinks.alert.channels import carry, channels_of
    from rollcall.sinks.alert.message import write_test

    now, wanted = read_now(), wanted_of(asked_for)
    roll = wanted.load(os.environ, clock_from(now))
    if roll.alert is None:
        rule = 'nobody is declared who is to hear of a change. Add [alert] with webhook = "…" or apprise = ["…"].'
        raise BadInput.single(wanted.shown_file, rule)
    message = write_test(now, roll.zone, jobs_file=roll.file.absolute())
    carried = carry([(each, [message]) for each in channels_of(roll.alert)], limit=roll.alert.timeout)
    for each in carried:
        yield each.problem or f"{each.channel} took it"
    return 1 if any(each.problem for each in carried) else 0
