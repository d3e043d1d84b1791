"""How is a look given to launchd, as an agent of this user on a Mac?

launchd follows the machine's zone; a run that a sleeping Mac missed is made up for when it wakes, one that fell into
the time it was off is not (launchd.plist(5), StartCalendarInterval).
"""

from __future__ import annotations

import os
import plistlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from rollcall.install.base import Stand, Standing
from rollcall.install.files import Command, Filed, UnitFile
from rollcall.install.plan import MADE_BY, Plan, shown
from rollcall.install.programs import ask
from rollcall.text import listed


class Launchd(Filed):
    """Agents of this user: a property list a look."""

    program = "launchctl"

    def files(self, plan: Plan) -> tuple[UnitFile, ...]:
        at = plan.shown_in(plan.machine).at
        morning = _agent(plan, plan.name, plan.morning(), {"Hour": at.hour, "Minute": at.minute})
        if not plan.wish.is_hourly_too:
            return (morning,)
        return morning, _agent(plan, f"{plan.name}-hourly", plan.hourly(), {"Minute": plan.hourly_minute})

    def every_file(self, plan: Plan) -> Iterator[Path]:
        return (_path(name) for name in (plan.name, f"{plan.name}-hourly"))

    def notes(self, plan: Plan) -> Iterator[str]:
        if plan.machine.key != plan.zone.key:
            yield f"launchd follows this machine's clock: {plan.on_clock_of(plan.machine)}."
        yield f"What it printed: {_log(plan.name)}"
        if plan.variables:
            yield (
                f"launchd passes no environment of yours on, and jobs.toml needs {listed(plan.variables)}: "
                "`launchctl setenv NAME value` for each, after every login."
            )

    def switch_on(self, plan: Plan) -> tuple[Command, ...]:
        # An agent that is on goes on as it was read, whatever its file says by now.
        on = tuple(("launchctl", "bootstrap", _domain(), str(each.path)) for each in self.files(plan))
        return (*self.switch_off(plan), *on)

    def switch_off(self, plan: Plan) -> tuple[Command, ...]:
        loaded = (path.stem for path in self.every_file(plan) if _is_on(path))
        return tuple(("launchctl", "bootout", f"{_domain()}/{name}") for name in loaded)

    def seen_on(self, plan: Plan) -> Stand:
        for each in self.files(plan):
            if not _is_on(each.path):
                command = shown(("launchctl", "bootstrap", _domain(), str(each.path)))
                return Stand(standing=Standing.OFF, because=f"`{command}`", wish=plan.wish)
        return Stand(standing=Standing.ON, wish=plan.wish)


def _agent(plan: Plan, name: str, command: tuple[str, ...], when: Mapping[str, int]) -> UnitFile:
    told = {
        "Label": name,
        "ProgramArguments": list(command),
        "WorkingDirectory": str(plan.folder),
        "StartCalendarInterval": dict(when),
        "StandardOutPath": _log(name),
        "StandardErrorPath": _log(name),
        "ProcessType": "Background",
        # An XML comment may not hold the `--` of an option.
        "EnvironmentVariables": {"ROLLCALL_UNIT": f"{MADE_BY}{plan.wish}"},
    }
    return UnitFile(path=_path(name), text=plistlib.dumps(told, sort_keys=False).decode())


def _path(name: str) -> Path:
    return Path.home() / "Library" / "LaunchAgents" / f"{name}.plist"


def _log(name: str) -> str:
    return str(Path.home() / "Library" / "Logs" / f"{name}.log")


def _domain() -> str:
    return f"gui/{os.getuid()}"


def _is_on(path: Path) -> bool:
    return ask(["launchctl", "print", f"{_domain()}/{path.stem}"]).is_good
