"""`rollcall install`: how is the look put on a clock, after the last grace of the morning, and is it on one?

It prints; only `--write` and `--remove` change anything, and only what is Roll call's own. Exit status: 0, with
`--check` only where a look is on a clock; 1 where not, or where it could be written and not switched on; 4 where the
question was wrong.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from rollcall import command_line
from rollcall.clock import clock_from
from rollcall.commands.begin import add_options, wanted_of
from rollcall.errors import BadInput
from rollcall.install.clock import Standing, State
from rollcall.install.cron import Cron
from rollcall.install.launchd import Launchd
from rollcall.install.moment import look_at, machine_zone, skipped_on
from rollcall.install.plan import Kind, Options, Plan
from rollcall.install.systemd import Systemd
from rollcall.roll.output import Output
from rollcall.roll.roll import Roll
from rollcall.run.options import JOBS_FILE, RESTART
from rollcall.text import clean, listed
from rollcall.times import read_now

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_CLOCKS = {clock.kind: clock for clock in (Cron(), Systemd(), Launchd())}
_LOCALTIME = Path("/etc/localtime")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    install = commands.add_parser(
        "install",
        help="put the look on a clock: cron, systemd or launchd; prints, unless --write",
        description="Prints the unit that judges each morning after its last grace, for this folder, this "
        "interpreter and this zone.",
    )
    install.add_argument(
        "kind", nargs="?", choices=[kind.value for kind in Kind], metavar="CLOCK", help=", ".join(Kind)
    )
    install.add_argument(
        "--at", metavar="HH:MM", help="when to look, in jobs.toml's zone; default: after the last grace"
    )
    install.add_argument("--monitor", action="store_true", help="the quick look of every hour as well")
    does = install.add_mutually_exclusive_group()
    does.add_argument("--write", action="store_true", help="install it")
    does.add_argument("--remove", action="store_true", help="take away what --write installed")
    does.add_argument("--check", action="store_true", help="is one there, right and switched on? (exit status 0 or 1)")
    add_options(install, (JOBS_FILE, RESTART))
    install.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """The lines of the unit, or what was done; returns the exit status. Raises `BadInput`."""
    if asked_for.kind is None and not asked_for.check:
        raise BadInput.single("CLOCK", f"which clock? Write one of {listed(Kind)}.")
    options = Options(
        kind=Kind(asked_for.kind or Kind.CRON),
        at=_face(asked_for.at) if asked_for.at else None,
        is_hourly_too=asked_for.monitor,
        restarts=asked_for.rollcall_restart_stopped,
    )
    now, wanted = read_now(), wanted_of(asked_for)
    roll = wanted.load(os.environ, clock_from(now))
    plan = _plan(roll, _whole(wanted.jobs_file), options, now)
    if asked_for.check:
        return (yield from _check(plan, roll, asked_for))
    clock = _CLOCKS[options.kind]
    plan = clock.apart(plan)
    if asked_for.remove:
        yield from clock.remove(plan)
        return 0
    if day := skipped_on(plan.look.at, plan.zone, now):
        rule = f"the clock change of {day:%d %b %Y} skips that time in {plan.zone.key}, and with it the look."
        raise BadInput.single("--at", f"{rule} Write another.", f'"{plan.look.at:%H:%M}"')
    if not asked_for.write:
        how = f"To install it: {_command(options, asked_for)} --write"
        yield from (f"# {line}" for line in [*clock.notes(plan), how])
        yield from clock.render(plan)
        return 0
    is_on = yield from clock.install(plan)
    yield from clock.notes(plan)
    command = _command(Options(kind=options.kind), asked_for)
    yield f"To see whether it is on: {command} --check"
    yield f"To undo it: {command} --remove"
    return 0 if is_on else 1


def _command(options: Options, asked_for: argparse.Namespace) -> str:
    file = asked_for.rollcall_jobs_file
    command = str(options).replace("rollcall", command_line.rollcall(), 1)
    return command + (f" --jobs-file {shlex.quote(clean(file))}" if file else "")


def _face(text: str) -> time:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text, re.ASCII)
    if found is None:
        rule = 'no time of the day. Write hours and minutes, such as "06:30".'
        raise BadInput.single("--at", rule, f'"{clean(text, 60)}"')
    return time(int(found[1]), int(found[2]))


def _plan(roll: Roll, jobs_file: Path, options: Options, now: datetime) -> Plan:
    folder = next((each for each in (jobs_file.parent, Path.cwd()) if (each / "checks").is_dir()), None)
    if folder is None:
        rule = "neither beside jobs.toml nor here. Call it in the folder that holds checks/."
        raise BadInput.single("checks/", rule)
    return Plan(
        folder=folder,
        python=sys.executable,  # as it was called: a virtual environment's interpreter is a link out of it
        jobs_file=None if jobs_file == folder / "jobs.toml" else jobs_file,
        zone=roll.zone,
        look=look_at(roll, now=now, wished=options.at),
        machine=machine_zone(_LOCALTIME),
        options=options,
        now=now,
        # What stands in a comment is none.
        variables=tuple(dict.fromkeys(_VARIABLE.findall(repr([*map(tomllib.loads, roll.written.values())])))),
        has_programs=any(_asks_by_itself(each) for job in roll.jobs for each in job.outputs),
    )


def _asks_by_itself(output: Output) -> bool:
    """True where a program, or the library of a place, reads the environment."""
    is_elsewhere = output.place is not None and output.place.folder is None
    return bool(output.command or output.verify or output.open or is_elsewhere)


def _whole(file: Path) -> Path:
    """Its path without a `..`; a link in it stays one, as what it points to may be another after the next release."""
    plain = Path(os.path.abspath(file))
    return plain if plain.exists() and plain.samefile(file) else file.resolve()


def _check(plan: Plan, roll: Roll, asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """How the look stands on the clock that was asked for, or on every one; 0 where it is on one."""
    kinds = [plan.options.kind] if asked_for.kind else list(Kind)
    found = {kind: _found(plan, roll, kind) for kind in kinds}
    there = {kind: each for kind, each in found.items() if each[1].standing is not Standing.ABSENT}
    for kind, (options, (standing, because)) in (there or found).items():
        made_by = f" ({options})" if options else ""
        yield f"{kind}: {standing.value}{made_by}" + (f": {because}" if because else "")
        if standing is Standing.OLD and options:
            yield f"  fix it: {_command(options, asked_for)} --write"
    if not there:
        command = _command(Options(kind=kinds[0]), asked_for)
        yield f"Nothing looks at this folder by itself. Put it on a clock: {command} --write"
    return 0 if any(state.standing is Standing.ON for _, state in there.values()) else 1


def _found(plan: Plan, roll: Roll, kind: Kind) -> tuple[Options | None, State]:
    """By which options it is on that clock, and how it stands there."""
    clock = _CLOCKS[kind]
    try:
        options = clock.options(plan)
        if options is None:
            return None, State(Standing.ABSENT)
        look = look_at(roll, now=plan.now, wished=options.at)
        state = clock.state(clock.apart(replace(plan, options=options, look=look)))
    except BadInput as problem:
        return None, State(Standing.UNSEEN, str(problem))
    if look.is_early and state.standing is Standing.ON:
        return options, State(Standing.ON, look.because)
    return options, state
