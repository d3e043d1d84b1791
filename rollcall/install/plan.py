"""What is run, where, by which interpreter, and by what name is it known?"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.errors import BadInput
from rollcall.install.moment import Look, Shown, shown_in
from rollcall.text import clean, listed

MADE_BY = "made by: "
_WORDS = re.compile(
    r"rollcall install (?P<kind>cron|systemd|launchd|github|gitlab)"
    r"(?: --at (?P<at>\d\d:\d\d))?(?P<hourly> --monitor)?(?P<restarts> --restart-stopped)?"
)


class Kind(StrEnum):
    """Which clock."""

    CRON = "cron"
    SYSTEMD = "systemd"
    LAUNCHD = "launchd"
    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked of a unit. It is written into the unit, so that a later look knows whether it is still right."""

    kind: Kind
    at: time | None = None
    is_hourly_too: bool = False
    restarts: bool = False

    def __str__(self) -> str:
        """The command that makes it."""
        at = f" --at {self.at:%H:%M}" if self.at else ""
        return (
            f"rollcall install {self.kind}{at}"
            + (" --monitor" if self.is_hourly_too else "")
            + (" --restart-stopped" if self.restarts else "")
        )

    @classmethod
    def found_in(cls, text: str) -> Wish | None:
        """The wish that a unit of ours was made by; None where it is none of ours."""
        _, is_ours, words = text.partition(MADE_BY)
        found = _WORDS.match(words) if is_ours else None
        if found is None:
            return None
        try:
            at = time.fromisoformat(found["at"]) if found["at"] else None
        except ValueError:
            return None
        return cls(
            kind=Kind(found["kind"]), at=at, is_hourly_too=bool(found["hourly"]), restarts=bool(found["restarts"])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a unit is made of.

    `folder` holds the checks; `jobs_file` is None where it is the jobs.toml of that folder. `machine` is the zone that
    the machine's clock shows. `variables` are the names that jobs.toml draws from the environment.
    """

    folder: Path
    python: str
    jobs_file: Path | None
    zone: ZoneInfo
    look: Look
    machine: ZoneInfo
    wish: Wish
    now: datetime
    variables: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises `BadInput` for a path that no unit can hold."""
        for path in (str(self.folder), self.python, str(self.jobs_file or "")):
            if not path.isprintable():  # a surrogate, that is a byte which is no UTF-8, is not printable either
                rule = "a unit is lines of text, and this path holds what is none. Rename it."
                raise BadInput.single("path", rule, f'"{clean(path)}"')

    @property
    def name(self) -> str:
        """What the unit is called, another name for another folder or jobs.toml."""
        told = f"{self.folder}\n{self.jobs_file or ''}"
        readable = re.sub(r"[^a-z0-9]+", "-", self.folder.name.lower()).strip("-")[:30]
        return "-".join(filter(None, ("rollcall", readable, hashlib.sha256(told.encode()).hexdigest()[:6])))

    @property
    def hourly_minute(self) -> int:
        """When the hourly look comes: well apart from that of the morning."""
        return (self.look.at.minute + 20) % 60

    def shown_in(self, zone: ZoneInfo) -> Shown:
        """What a clock of that zone shows at the look, or as little later as can be, on each day of the year."""
        return shown_in(zone, self.look.at, self.zone, self.now)

    def on_clock_of(self, zone: ZoneInfo) -> str:
        """The look by another zone's clock, and what that is by the roll's: "05:30 UTC is 06:30 …"."""
        there = self.shown_in(zone)
        seen = listed(f"{face:%H:%M}" for face in there.seen_as)
        return f"{there.at:%H:%M} {zone.key} is {seen} {self.zone.key} over the year"

    def morning(self) -> tuple[str, ...]:
        """The command that judges the morning."""
        return (self.python, "-m", "pytest", str(self.folder / "checks"), *self._options())

    def hourly(self) -> tuple[str, ...]:
        """The command of the quick look."""
        log = str(self.folder / "reports" / "monitor.log")
        return (self.python, "-m", "rollcall", "monitor", "--quiet", "--log", log, *self._options())

    def _options(self) -> Iterator[str]:
        if self.jobs_file:
            yield from ("--jobs-file", str(self.jobs_file))
        if self.wish.restarts:
            yield "--restart-stopped"


def shown(command: tuple[str, ...]) -> str:
    """A command as a person types it."""
    return shlex.join(command)
