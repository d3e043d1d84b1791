"""`rollcall demo [CAUSE]`: a staged morning of a real scheduler, judged here and now, with that fault in it if any.

`rollcall demo --fleet N`: a morning of N jobs on many schedulers, all of it made up, to see how that looks.

It runs the checks that come with the package, by pytest, and leaves the page in reports/. Exit status: pytest's own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from rollcall.commands.begin import add_options
from rollcall.demo import wrong_fault
from rollcall.demo.fleet import fleet_named
from rollcall.errors import BadInput
from rollcall.run.options import DEMO, DRY_RUN, GOOD_DEMO, RERUN, RESTART
from rollcall.starter import checks_folder
from rollcall.text import clean

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_FIXES = (RESTART, RERUN, DRY_RUN)


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser("demo", help="judge a staged morning of a real scheduler, with a fault in it if any")
    parser.add_argument(
        "cause", nargs="?", metavar="CAUSE", default=GOOD_DEMO, help="such as scheduler-stopped, or fleet-300"
    )
    parser.add_argument("--fleet", metavar="N", type=int, help="a made-up fleet of N jobs instead, with faults in it")
    parser.add_argument("--good", action="store_true", help="of --fleet: without faults")
    add_options(parser, _FIXES)
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """Nothing of its own to print; returns pytest's exit status."""
    fixes = [each.name for each in _FIXES if getattr(asked_for, each.dest)]
    cause = asked_for.cause
    if asked_for.good and asked_for.fleet is None:
        raise BadInput.single(
            "--good", "is said of a fleet; the demo of nine jobs is good without a CAUSE. Leave it out."
        )
    if asked_for.fleet is not None:
        if cause != GOOD_DEMO:
            raise BadInput.single(
                "--fleet", "has faults of its own. Leave out either it or the cause.", f'"{clean(cause, 60)}"'
            )
        cause = f"fleet-{asked_for.fleet}{'-good' if asked_for.good else ''}"
    elif cause != GOOD_DEMO and not fleet_named(cause) and (wrong := wrong_fault(cause)):
        raise BadInput.single("CAUSE", wrong, f'"{clean(cause, 60)}"')
    checks = [str(checks_folder()), f"--rootdir={Path.cwd()}", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *checks, f"{DEMO.name}={cause}", *fixes]
    yield from ()
    return subprocess.run(command, check=False).returncode
