"""How is a look given to launchd, as an agent of this user on a Mac?

launchd follows the machine's zone; a run that a sleeping Mac missed is made up for when it wakes, one that fell into
the time it was off is not (launchd.plist(5), StartCalendarInterval).
"""

from __future__ import annotations

import os
import plistlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rollcall.install.clock import Clock, Switch, ask
from rollcall.install.fill import fill
from rollcall.install.plan import Kind, Options, Plan


class Launchd(Clock):
    """Agents of this user: a property list for each look."""

    kind = Kind.LAUNCHD
    program = "launchctl"
    minute = re.compile(r"<key>Minute</key>\s*<integer>([0-9]+)")

    def mornings(self) -> dict[str, str]:
        agents = (each for each in _agents().glob("rollcall-*.plist") if not each.stem.endswith("-hourly"))
        return {each.stem: self.read(str(each)) or "" for each in agents}

    def texts(self, plan: Plan) -> dict[str, str]:
        entries = plan.entries(plan.on_machine.at)
        return {str(_agents() / f"{entry.name}.plist"): fill("launchd.plist", plan, entry=entry) for entry in entries}

    def folders(self) -> dict[str, Path]:
        texts = {str(each): self.read(str(each)) or "" for each in _agents().glob("rollcall-*.plist")}
        ours = {place: plistlib.loads(text.encode()) for place, text in texts.items() if Options.found_in(text)}
        return {place: Path(agent["WorkingDirectory"]) for place, agent in ours.items()}

    def switches(self, places: Iterable[str]) -> Sequence[Switch]:
        domain, switches = f"gui/{os.getuid()}", []
        for place in places:
            agent = f"{domain}/{Path(place).stem}"
            question = ("launchctl", "print", agent)
            # An agent that is on goes on as it was read, whatever its file says by now.
            off = [("launchctl", "bootout", agent)] if ask(question).is_good else []
            switches.append(Switch(question, on=[*off, ("launchctl", "bootstrap", domain, place)], off=off))
        return switches


def _agents() -> Path:
    return Path.home() / "Library" / "LaunchAgents"
