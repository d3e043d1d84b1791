"""`rollcall install`: how is the look put on a clock, after the last grace of the morning, and is it on one?

It prints; only `--write` and `--remove` change anything, and only what is Roll call's own. Exit status: 0, with
`--check` only where a look is on a clock and goes off late enough; 1 where not, or where it could be written and not
switched on; 4 where the question was wrong.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from rollcall import typed
from rollcall.commands.begin import add_options, wanted_of
from rollcall.errors import BadInput
from rollcall.install.base import Clock, Stand, Standing
from rollcall.install.cron import Cron
from rollcall.install.github import Github
from rollcall.install.gitlab import Gitlab
from rollcall.install.launchd import Launchd
from rollcall.install.moment import FIRST_COFFEE, Limit, Look, look_at, machine_zone, skipped_on
from rollcall.install.plan import Kind, Plan, Wish
from rollcall.install.systemd import Systemd
from rollcall.roll.roll import Roll
from rollcall.run.clock import clock_from
from rollcall.run.options import JOBS_FILE, RESTART
from rollcall.text import clean, listed
from rollcall.times import read_now

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_CLOCKS: dict[Kind, Clock] = {
    Kind.CRON: Cron(),
    Kind.SYSTEMD: Systemd(),
    Kind.LAUNCHD: Launchd(),
    Kind.GITHUB: Github(),
    Kind.GITLAB: Gitlab(),
}
_HOURLY = (Kind.CRON, Kind.SYSTEMD, Kind.LAUNCHD)
_LOCALTIME = Path("/etc/localtime")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    install = commands.add_parser(
        "install",
        help="put the look on a clock: cron, systemd, launchd, github or gitlab; prints, unless --write",
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
    wish = _wish(asked_for)
    wanted = wanted_of(asked_for)
    now = read_now()
    roll = wanted.load(os.environ, clock_from(now))
    plan = _plan(roll, _whole(wanted.jobs_file), wish, now)
    if asked_for.check:
        stands = {kind: _stand(plan, roll, kind) for kind in ([wish.kind] if asked_for.kind else Kind)}
        yield from _stands(asked_for, stands)
        return 0 if any(stand.standing is Standing.ON for stand in stands.values()) else 1
    clock = _CLOCKS[wish.kind]
    if asked_for.remove:
        yield from clock.remove(plan)
        return 0
    _refuse_a_skipped_time(plan)
    if not asked_for.write:
        how = f"To install it: {_command(asked_for, wish)} --write"
        yield from (f"# {line}" for line in [*_why(plan), *clock.notes(plan), how])
        yield from clock.render(plan)
        return 0
    is_on = yield from clock.install(plan)
    yield from _why(plan)
    yield from clock.notes(plan)
    command = _command(asked_for, Wish(kind=wish.kind))
    yield f"To see whether it is on: {command} --check"
    yield f"To undo it: {command} --remove"
    return 0 if is_on else 1


def _command(asked_for: argparse.Namespace, wish: Wish) -> str:
    command = str(wish).replace("rollcall", typed.rollcall(), 1)
    return command + (
        f" --jobs-file {shlex.quote(clean(asked_for.rollcall_jobs_file))}" if asked_for.rollcall_jobs_file else ""
    )


def _wish(asked_for: argparse.Namespace) -> Wish:
    if asked_for.kind is None and not asked_for.check:
        raise BadInput.single("CLOCK", f"which clock? Write one of {listed(Kind)}.")
    kind = Kind(asked_for.kind or Kind.CRON)
    if asked_for.monitor and kind not in _HOURLY:
        raise BadInput.single("--monitor", f"only with {listed(_HOURLY)}: {kind} starts too late for every hour.")
    at = _face(asked_for.at) if asked_for.at else None
    return Wish(kind=kind, at=at, is_hourly_too=asked_for.monitor, restarts=asked_for.rollcall_restart_stopped)


def _face(text: str) -> time:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text, re.ASCII)
    if found is None:
        raise BadInput.single(
            "--at", 'no time of the day. Write hours and minutes, such as "06:30".', f'"{clean(text, 60)}"'
        )
    return time(int(found[1]), int(found[2]))


def _plan(roll: Roll, jobs_file: Path, wish: Wish, now: datetime) -> Plan:
    folder = _folder_of_checks(jobs_file.parent)
    return Plan(
        folder=folder,
        # As it was called: a virtual environment's interpreter is a link out of it.
        python=sys.executable,
        jobs_file=None if jobs_file == folder / "jobs.toml" else jobs_file,
        zone=roll.zone,
        look=look_at(roll, now=now, wished=wish.at),
        machine=machine_zone(_LOCALTIME),
        wish=wish,
        now=now,
        variables=_variables(jobs_file),
    )


def _whole(file: Path) -> Path:
    """Its path without a `..`; a link in it stays one, as what it points to may be another after the next release."""
    plain = Path(os.path.abspath(file))
    return plain if plain.exists() and plain.samefile(file) else file.resolve()


def _folder_of_checks(beside: Path) -> Path:
    for folder in (beside, Path.cwd()):
        if (folder / "checks").is_dir():
            return folder
    rule = "neither beside jobs.toml nor here. Call it in the folder that holds checks/."
    raise BadInput.single("checks/", rule)


def _variables(jobs_file: Path) -> tuple[str, ...]:
    """The names that jobs.toml draws from the environment; what stands in a comment is none."""
    told = repr(tomllib.loads(jobs_file.read_text(encoding="utf-8")))
    return tuple(dict.fromkeys(_VARIABLE.findall(told)))


def _refuse_a_skipped_time(plan: Plan) -> None:
    day = skipped_on(plan.look.at, plan.zone, plan.now)
    if day:
        rule = f"the clock change of {day:%d %b %Y} skips that time in {plan.zone.key}, and with it the look."
        raise BadInput.single("--at", f"{rule} Write another.", f'"{plan.look.at:%H:%M}"')


# Why then -------------------------------------------------------------------------------------------------------


def _why(plan: Plan) -> Iterator[str]:
    look, zone = plan.look, plan.zone.key
    yield f"Looks each day at {look.at:%H:%M} {zone}: {_reason(look)}."
    if look.not_yet:
        yield f"Not done by then, so judged the next morning: {listed(map(_told, look.not_yet))}."
    if look.all_day:
        ids = listed(clean(job.id, 60) for job in look.all_day)
        yield f"Due all day long, so judged as far as they are done: {ids}."


def _reason(look: Look) -> str:
    if look.last is None:
        return f"no run is due in the morning, so with the first coffee at {FIRST_COFFEE:%H:%M}"
    if look.is_early:
        return f"before the last run of the morning must be done, {_told(look.last)}"
    return f"after the last grace of the morning, {_told(look.last)}"


def _told(limit: Limit) -> str:
    return f"{clean(limit.job.id, 60)} (due {limit.due:%H:%M}, done by {limit.finish:%H:%M})"


# Is it there? ---------------------------------------------------------------------------------------------------


def _stands(asked_for: argparse.Namespace, stands: Mapping[Kind, Stand]) -> Iterator[str]:
    there = {kind: stand for kind, stand in stands.items() if stand.standing is not Standing.ABSENT}
    for kind, stand in (there or stands).items():
        made_by = f" ({stand.wish})" if stand.wish else ""
        yield f"{kind}: {stand.standing.value}{made_by}" + (f": {stand.because}" if stand.because else "")
        if stand.standing is Standing.OLD and stand.wish:
            yield f"  mend it: {_command(asked_for, stand.wish)} --write"
    if not there:
        command = _command(asked_for, Wish(kind=next(iter(stands))))
        yield f"Nothing looks at this folder by itself. Put it on a clock: {command} --write"


def _stand(plan: Plan, roll: Roll, kind: Kind) -> Stand:
    clock = _CLOCKS[kind]
    mine = replace(plan, wish=replace(plan.wish, kind=kind))
    try:
        wish = clock.wish(mine)
        if wish is None:
            return Stand(standing=Standing.ABSENT)
        look = look_at(roll, now=plan.now, wished=wish.at)
        stand = clock.stand(replace(plan, wish=wish, look=look))
        is_doubtful = look.is_early and stand.standing is Standing.ON
        return replace(stand, because=_reason(look)) if is_doubtful else stand
    except BadInput as problem:
        return Stand(standing=Standing.UNSEEN, because=str(problem))
