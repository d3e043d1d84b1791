"""How is a look put on a timer of this user's systemd?

A timer may name its zone, so it needs no thought at clock changes, and `Persistent` makes up for a machine that was
off.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rollcall.install.clock import Clock, Command, Switch
from rollcall.install.fill import fill
from rollcall.install.plan import Kind, Options, Plan

_FOLDER = re.compile("^WorkingDirectory=(.+)/$", re.MULTILINE)


class Systemd(Clock):
    """Units of this user: a service and a timer for each look."""

    kind = Kind.SYSTEMD
    program = "systemctl"

    minute = re.compile(r"^OnCalendar=\*-\*-\* [0-9]+:([0-9]+)", re.MULTILINE)

    def mornings(self) -> dict[str, str]:
        timers = (each for each in _folder().glob("rollcall-*.timer") if not each.stem.endswith("-hourly"))
        return {each.stem: self.read(str(each)) or "" for each in timers}

    def texts(self, plan: Plan) -> dict[str, str]:
        return {
            str(_folder() / f"{entry.name}.{suffix}"): fill(f"systemd.{suffix}", plan, entry=entry)
            for entry in plan.entries(plan.look.at)
            for suffix in ("service", "timer")
        }

    def folders(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for service in _folder().glob("rollcall-*.service"):
            text = self.read(str(service)) or ""
            if Options.found_in(text) and (works_in := _FOLDER.search(text)):
                places = (str(service.with_suffix(suffix)) for suffix in (".service", ".timer"))
                found |= dict.fromkeys(filter(os.path.exists, places), Path(works_in[1].replace("%%", "%")))
        return found

    def switches(self, places: Iterable[str]) -> Sequence[Switch]:
        timers = [Path(place).name for place in places if place.endswith(".timer")]
        # Enabled first, as that works without a session of the user's too.
        return [
            *(Switch(_ctl("is-enabled", each), [_ctl("enable", each)], [_ctl("disable", each)]) for each in timers),
            *(
                Switch(_ctl("is-active", each), [_ctl("daemon-reload"), _ctl("restart", each)], [_ctl("stop", each)])
                for each in timers
            ),
        ]


def _folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"


def _ctl(*words: str) -> Command:
    return "systemctl", "--user", *words
