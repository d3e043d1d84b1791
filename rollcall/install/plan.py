"""What is run, where, by which interpreter, and under what name?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.errors import BadInput
from rollcall.install.moment import Look, Shown, later, shown_in, skipped_on
from rollcall.roll.reports import USUAL, reports_folder
from rollcall.text import clean


class Kind(StrEnum):
    """Which clock."""

    CRON = "cron"
    SYSTEMD = "systemd"
    LAUNCHD = "launchd"


_MINUTES = 10  # among which several looks of one clock are spread
_MADE_BY = re.compile(
    rf"made by: rollcall install (?P<kind>{'|'.join(Kind)})(?: --at (?P<at>(?:[01]\d|2[0-3]):[0-5]\d))?"
    r"(?P<hourly> --monitor)?(?P<restarts> --restart-stopped)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked of `rollcall install`. Each unit holds its own, so that `--check` knows what it should be."""

    kind: Kind
    at: time | None = None
    is_hourly_too: bool = False
    restarts: bool = False

    def __str__(self) -> str:
        """The command that was typed."""
        at = f" --at {self.at:%H:%M}" if self.at else ""
        hourly = " --monitor" if self.is_hourly_too else ""
        return f"rollcall install {self.kind}{at}{hourly}{' --restart-stopped' if self.restarts else ''}"

    @classmethod
    def found_in(cls, unit: str) -> Options | None:
        """Those by which a unit of ours was made; None where it is none of ours."""
        found = _MADE_BY.search(unit)
        if found is None:
            return None
        return cls(
            kind=Kind(found["kind"]),
            at=time.fromisoformat(found["at"]) if found["at"] else None,
            is_hourly_too=bool(found["hourly"]),
            restarts=bool(found["restarts"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A command, and when a clock runs it: each day at `at`, or each hour at the minute of `at`."""

    name: str
    title: str
    command: tuple[str, ...]
    at: time
    is_hourly: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a unit is made of.

    `folder` holds the checks; `jobs_file` is None where it is the jobs.toml of that folder. `machine` is the zone that
    the machine's clock shows. `variables` are the names that jobs.toml draws from the environment; with `has_programs`
    it names programs or places that read more of it by themselves.
    """

    folder: Path
    python: str
    jobs_file: Path | None
    zone: ZoneInfo
    look: Look
    machine: ZoneInfo
    options: Options
    now: datetime
    variables: tuple[str, ...] = ()
    has_programs: bool = False

    def __post_init__(self) -> None:
        """Raises `BadInput` for a path that no unit can hold."""
        for path in (str(self.folder), self.python, str(self.jobs_file or "")):
            if not path.isprintable():  # a surrogate, that is a byte which is no UTF-8, is not printable either
                rule = "a unit is lines of text, and this path holds what is none. Rename it."
                raise BadInput.single("path", rule, f'"{clean(path)}"')

    @property
    def name(self) -> str:
        """What the unit is called, another name for another folder or jobs.toml."""
        words = (self.folder.name, self.jobs_file.stem if self.jobs_file else "")
        readable = (re.sub(r"[^a-z0-9]+", "-", each.lower()).strip("-")[:30] for each in words)
        return "-".join(filter(None, ("rollcall", *readable, self._unique)))

    @property
    def _unique(self) -> str:
        return hashlib.sha256(f"{self.folder}\n{self.jobs_file or ''}".encode()).hexdigest()[:6]

    def at_other_minutes(self) -> Iterator[Plan]:
        """The plan itself, then the same some minutes later; one of another jobs file begins at another of these."""
        first = 0 if self.jobs_file is None else 1 + int(self._unique, 16) % (_MINUTES - 1)
        for number in range(_MINUTES):
            at = later(self.look.at, timedelta(minutes=(first + number) % _MINUTES))
            if not skipped_on(at, self.zone, self.now):
                yield replace(self, look=replace(self.look, at=at))

    @property
    def on_machine(self) -> Shown:
        """The look on the clock of this machine."""
        return shown_in(self.machine, self.look.at, self.zone, self.now)

    def entries(self, at: time) -> tuple[Entry, ...]:
        """What goes on a clock that shows `at` when it is time to look; the morning's first."""
        checks, log = self.folder / "checks", reports_folder(self.jobs_file or self.folder / USUAL) / "monitor.log"
        options = ["--jobs-file", str(self.jobs_file)] if self.jobs_file else []
        options += ["--restart-stopped"] if self.options.restarts else []
        morning = Entry(
            name=self.name,
            title="Roll call",
            command=(self.python, "-m", "pytest", str(checks), *options),
            at=at,
        )
        hourly = Entry(
            name=f"{self.name}-hourly",
            title="Quick look",
            command=(self.python, "-m", "rollcall", "monitor", "--quiet", "--log", str(log), *options),
            at=time(minute=(self.look.at.minute + 20) % 60),  # well apart from that of the morning
            is_hourly=True,
        )
        return (morning, hourly) if self.options.is_hourly_too else (morning,)
