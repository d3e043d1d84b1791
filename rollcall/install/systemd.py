"""How is a look put on a timer of this user's systemd?

A timer may name its zone, so it needs no thought at clock changes, and `Persistent` makes up for a machine that was
off. What systemd expands in a command (`%`, `$`) and reads as quotes is escaped: systemd.service(5), "COMMAND LINES".
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from rollcall.install.base import Stand, Standing
from rollcall.install.files import Command, Filed, UnitFile
from rollcall.install.plan import MADE_BY, Plan
from rollcall.install.programs import ask
from rollcall.text import listed

_NO_PROGRAM = frozenset("\"'\\")  # systemd refuses a program with one of these in its name, however it is written


class Systemd(Filed):
    """Units of this user: a service and a timer a look."""

    program = "systemctl"

    def files(self, plan: Plan) -> tuple[UnitFile, ...]:
        folder = _folder()
        every_day = f"*-*-* {plan.look.at:%H:%M}:00 {plan.zone.key}"
        morning = _pair(folder, plan, plan.name, "Roll call", plan.morning(), every_day)
        if not plan.wish.is_hourly_too:
            return morning
        every_hour = f"*-*-* *:{plan.hourly_minute:02}:00"
        return morning + _pair(folder, plan, f"{plan.name}-hourly", "Quick look", plan.hourly(), every_hour)

    def every_file(self, plan: Plan) -> Iterator[Path]:
        for name in (plan.name, f"{plan.name}-hourly"):
            yield from (_folder() / f"{name}.service", _folder() / f"{name}.timer")

    def notes(self, plan: Plan) -> Iterator[str]:
        yield "It runs while you are logged in; to have it run always: `loginctl enable-linger`."
        yield f"What it printed: `journalctl --user -u {plan.name}`. A red morning: `systemctl --user --failed`."
        if plan.variables:
            yield (
                f"systemd passes no environment of yours on, and jobs.toml needs {listed(plan.variables)}: "
                f"`systemctl --user edit {plan.name}`, and there [Service] and a line Environment=NAME=value for each."
            )

    def switch_on(self, plan: Plan) -> tuple[Command, ...]:
        # First what works without a session of the user's too.
        return (
            ("systemctl", "--user", "enable", *_timers(plan)),
            ("systemctl", "--user", "daemon-reload"),
            ("systemctl", "--user", "restart", *_timers(plan)),
        )

    def switch_off(self, plan: Plan) -> tuple[Command, ...]:
        timers = tuple(each.name for each in self.every_file(plan) if each.suffix == ".timer" and each.exists())
        return ("systemctl", "--user", "disable", *timers), ("systemctl", "--user", "stop", *timers)

    def seen_on(self, plan: Plan) -> Stand:
        for asked, cure in (("is-enabled", "enable --now"), ("is-active", "start")):
            answer = ask(["systemctl", "--user", asked, *_timers(plan)])
            if not answer.is_good:
                said = answer.out.decode(errors="replace").split() or [answer.told]
                because = f"{asked}: {said[0]}; `systemctl --user {cure} {' '.join(_timers(plan))}`"
                return Stand(standing=Standing.OFF, because=because, wish=plan.wish)
        return Stand(standing=Standing.ON, wish=plan.wish)


def _folder() -> Path:
    configured = os.environ.get("XDG_CONFIG_HOME")
    return (Path(configured) if configured else Path.home() / ".config") / "systemd" / "user"


def _timers(plan: Plan) -> tuple[str, ...]:
    return (f"{plan.name}.timer", *([f"{plan.name}-hourly.timer"] if plan.wish.is_hourly_too else []))


def _pair(
    folder: Path, plan: Plan, name: str, title: str, command: tuple[str, ...], when: str
) -> tuple[UnitFile, UnitFile]:
    head = f"# {MADE_BY}{plan.wish}\n[Unit]\nDescription={title} of {_directory(plan.folder)}\n\n"
    service = (
        f"{head}[Service]\nType=oneshot\nWorkingDirectory={_directory(plan.folder)}\n"
        f"ExecStart={_exec(command)}\nTimeoutStartSec=15min\n"
    )
    timer = f"{head}[Timer]\nOnCalendar={when}\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
    return UnitFile(path=folder / f"{name}.service", text=service), UnitFile(path=folder / f"{name}.timer", text=timer)


def _directory(folder: Path) -> str:
    """Taken as it stands but for `%`; the slash keeps a last blank or backslash from being the line's own."""
    return _specifiers(f"{folder}/")


def _exec(command: tuple[str, ...]) -> str:
    if _NO_PROGRAM.isdisjoint(command[0]) and "$" not in command[0]:
        return " ".join(map(_word, command))
    # The shell may be given any name for a program.
    return " ".join(map(_word, ("/bin/sh", "-c", 'exec "$0" "$@"', *command)))


def _word(text: str) -> str:
    text = _specifiers(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{text}"'


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")
