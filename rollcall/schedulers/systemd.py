"""What do systemd's timers say, and the journal of what they started?

Its ordinary commands tell: `systemctl list-timers`, `list-unit-files` and `show` of the timers, `journalctl` of the
runs. Each is run once, however many timers there are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import Field, model_validator

from rollcall.evidence import CannotLook, SchedulerSeen
from rollcall.roll.fields import Timeout, default
from rollcall.roll.kinds import merged
from rollcall.roll.scheduler import Asked, Order, Step, Wanted
from rollcall.schedule import Engine
from rollcall.schedulers.over_pipes import OverPipes
from rollcall.schedulers.systemd_journal import FIELDS, OF_SLEEP, OF_UNITS, Fold, instant
from rollcall.schedulers.systemd_units import (
    PROPERTIES,
    Boot,
    Properties,
    Timer,
    end_what_was_lost,
    jobs_listed,
    runs_seen,
    service_of,
    when_off,
)
from rollcall.sources.programs import Printed
from rollcall.times import parse_span
from rollcall.vocabulary import CauseCode

# Timers that Debian, Ubuntu and Fedora bring along, and nobody's work.
_OF_THE_SYSTEM = (
    'ignore = ["apt-*", "dnf-*", "dpkg-*", "e2scrub_*", "fstrim.*", "fwupd-*", "man-db.*", "motd-news.*", '
    '"systemd-*", "unbound-anchor.*"]   # what the system brought along'
)
# In one argument, which is what ssh hands to a shell, Linux takes 128 kB.
_LONGEST_ARGUMENTS = 100_000
_BOOT = re.compile(r"^ *-?\d+ ([0-9a-f]{32}) \w{3} (\S+ \S+) UTC\W+\w{3} (\S+ \S+) UTC$")
_NOT_ALL = re.compile(r"not seeing messages from|insufficient permissions", re.IGNORECASE)
_NO_SYSTEMD = re.compile(r"not been booted with systemd|failed to connect to (?:user scope )?bus", re.IGNORECASE)
_SAYS: Mapping[str, Any] = {
    "words": {
        "success": ["success"],
        "failed": [
            "exit-code", "signal", "core-dump", "timeout", "watchdog", "oom-kill", "resources", "protocol",
            "start-limit-hit", "dependency", "assert", "canceled", "failed", "stopped", "cut off",
        ],
        "running": ["running"],
        "skipped": ["condition", "exec-condition"],
    },
    "steps": {
        "scheduler-down": "See whether systemd runs there and answers: {ask}, then {again}",
        "access-denied": "Let this user read the journal (`sudo usermod -aG systemd-journal USER`, then log in anew), "
        "then {again}",
        "scheduler-error": "See what it answers: {ask}, then {again}",
        "host-silent": "See whether that machine is up and lets this user in: {ask}, then {again}",
        "not-registered": "See which timers there are (`systemctl list-unit-files '*.timer'`): correct its name in "
        "{table}, or take that out if it is gone for good",
        "job-paused": "See why it has no next run (`systemctl status {called}`); where it is switched off: "
        "`systemctl enable --now {called}`",
        "run-failed": "See in {log} what went wrong, fix it, and {rerun}",
        "run-skipped": "See in {log} which condition kept it from its run, and {rerun}",
    },
}  # fmt: skip


class Systemd(OverPipes):
    """The timers of a machine, or of a user of it."""

    engine: Engine = Field(Engine.SYSTEMD, description="Which engine's rules its schedules follow.")
    user: bool = Field(False, description="The timers of this user, instead of the system's.")
    timeout: Timeout = default("20 s", parse_span, "How long each command may take.")
    most_commands: ClassVar[int] = 8
    first_lines: ClassVar[tuple[str, ...]] = (_OF_THE_SYSTEM,)

    @model_validator(mode="before")
    @classmethod
    def _is_laid_over_what_the_kind_says(cls, table: Any) -> Any:
        return merged(_SAYS, table) if isinstance(table, Mapping) else table

    @property
    def address(self) -> str:
        """The command that lists its timers, as it may be shown."""
        return self.shown(self._systemctl("list-timers", "--all"))

    def command(self) -> str | None:
        """The command as a person types it."""
        return self.address

    def log_of(self, name: str) -> str | None:
        """The command that shows what the job of that name, or of that unit, wrote."""
        return self.shown(("journalctl", *(["--user"] if self.user else []), "-n", "50", "-u", service_of(name)))

    def _order(self, step: Step, wanted: Wanted | None) -> Order | None:
        """A run by hand of what the timer activates; systemd itself is neither started nor stopped."""
        if step is not Step.TRIGGER or wanted is None:
            return None
        unit = wanted.key or service_of(wanted.name)
        if unit.endswith(".timer"):
            # It shares what it activates with another; its name is that of some other service, or of none.
            return None
        # What begins with a dash would be read as an option.
        return self.commanded(*self._systemctl("start", "--no-block", *(["--"] if unit.startswith("-") else []), unit))

    @property
    def tells(self) -> frozenset[str]:
        """What it says of jobs and runs; another machine has a clock of its own."""
        said = {"jobs", "next_run", "paused", "schedule", "runs", "started", "ended", "status", "history", "off"}
        return frozenset(said | {"clock"} if self.via else said)

    def look(self, asked: Asked) -> SchedulerSeen:
        """What its timers and the journal say. Raises `CannotLook`."""
        asked_at = asked.clock()
        server_at = self._clock() if self.via else None
        shown_at = server_at or asked_at
        timers = self._timers()
        for name in self._unit_files():
            timers.setdefault(name, Timer(unit=service_of(name)))
        units = self._show(sorted({*timers, *(each.unit for each in timers.values())}))
        timers = {
            name: replace(each, unit=units[name].get("Unit") or each.unit)
            for name, each in timers.items()
            if units.get(name, {}).get("LoadState", "not-found") != "not-found"
        }
        zone = self._zone_of_machine()
        boots, sees_all = self._boots()
        since = max(boots[0].since, asked.since)
        fold = self._journal(timers.values(), units, since)
        end_what_was_lost(fold, boots, units, shown_at, since)
        clean = self.secrets.clean
        return SchedulerSeen(
            asked_at=asked_at,
            answered_at=asked.clock(),
            server_at=server_at,
            jobs=tuple(jobs_listed(timers, units, zone, fold, clean)),
            runs=tuple(runs_seen(timers, units, fold, shown_at, self.words.outcome, clean)),
            runs_since=since,
            # Between what one user's journal has of two boots the machine may have run without that user.
            off=when_off(boots, fold.sleeps, asked.since) if sees_all else (),
        )

    # Commands ---------------------------------------------------------------------------------------------------------

    def _systemctl(self, *words: str) -> tuple[str, ...]:
        return ("systemctl", *(["--user"] if self.user else []), *words)

    def _journalctl(self, *words: str) -> tuple[str, ...]:
        return ("journalctl", *(["--user"] if self.user else []), "-o", "json", *words)

    def _timers(self) -> dict[str, Timer]:
        """Those that systemd has loaded, by name."""
        argv = self._systemctl("list-timers", "--all", "--output=json")
        listed = self._read(self.printed(*argv).out, argv)
        try:
            return {
                _text(each["unit"]): Timer(
                    unit=_text(each["activates"] or service_of(each["unit"])),
                    next_at=int(each["next"] or 0),
                    last_at=int(each["last"] or 0),
                )
                for each in listed
            }
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise self._unread(argv, "its JSON is no list of timers") from None

    def _unit_files(self) -> list[str]:
        """The timers that have a file: one that is stopped is loaded no more."""
        argv = self._systemctl("list-unit-files", "--type=timer", "--no-legend", "--no-pager", "--full")
        lines = self.printed(*argv).out.decode(errors="replace").splitlines()
        names = [words[0] for line in lines if (words := line.split()) and words[1:2] != ["alias"]]
        return [each for each in names if each.endswith(".timer") and "@." not in each]

    def _show(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        """The properties of each unit, by its Id; a property that stands there several times has a line for each."""
        shown: dict[str, dict[str, str]] = {}
        while names:
            size, count = 0, 0
            while count < len(names) and size < _LONGEST_ARGUMENTS:
                size += len(names[count]) + 1
                count += 1
            argv = self._systemctl("show", "--timestamp=unix", f"--property={','.join(PROPERTIES)}", "--")
            out = self.printed(*argv, *names[:count], told_as=(*argv, "…")).out.decode(errors="replace")
            names = names[count:]
            for block in out.split("\n\n"):
                unit: dict[str, str] = {}
                for key, _, value in (line.partition("=") for line in block.splitlines()):
                    unit[key] = f"{value}\n{unit[key]}" if key in unit else value
                shown[unit.get("Id", "")] = unit
        return shown

    def _clock(self) -> datetime:
        argv = ("date", "+%s.%N")
        seconds, _, fraction = self.printed(*argv).out.decode(errors="replace").strip().partition(".")
        if not seconds.isdecimal():
            raise self._unread(argv, "prints no number")
        return instant(int(seconds) * 1_000_000 + int(fraction[:6] if fraction.isdecimal() else 0))

    def _zone_of_machine(self) -> str | None:
        """The zone in which OnCalendar is read where it names none; None where nobody can tell."""
        said = self.printed("readlink", "-f", "/etc/localtime", accepts=(0, 1)).out.decode(errors="replace").strip()
        return said.rpartition("/zoneinfo/")[2] or None if "/zoneinfo/" in said else None

    def _boots(self) -> tuple[list[Boot], bool]:
        """The boots that the journal knows of, the oldest first, and whether all of the journal is seen."""
        # The journal of a user who was here once is kept for long after the system's own of those days is gone.
        whose = [] if self.user else ["--system"]
        argv = ("journalctl", *whose, "-o", "json", "--utc", "--list-boots")
        printed = self.printed(*argv)
        err = " ".join(printed.err.decode(errors="replace").split())
        sees_all = not _NOT_ALL.search(err)
        if not sees_all and not self.user:
            raise CannotLook(CauseCode.ACCESS_DENIED, f"`{self.shown(argv)}`: {self.secrets.clean_words(err)}")
        try:
            if printed.out.lstrip().startswith(b"["):
                listed = self._read(printed.out, argv)
                rows = [
                    (_text(each["boot_id"]), instant(each["first_entry"]), instant(each["last_entry"]))
                    for each in listed
                ]
            else:
                # Before version 252 it is a table all the same.
                found = map(_BOOT.match, printed.out.decode(errors="replace").splitlines())
                rows = [(each[1], _of_table(each[2]), _of_table(each[3])) for each in found if each]
        except (KeyError, TypeError, ValueError):
            raise self._unread(argv, "it is no list of boots") from None
        if not rows:
            raise self._unread(argv, err or "it lists no boot, so it is not known what ran")
        boots = (Boot(id=each, since=since, until=until) for each, since, until in rows)
        # A machine without a clock of its own may begin in 1970, until it has been told the time.
        return sorted(boots, key=lambda boot: boot.until), sees_all

    def _journal(self, timers: Iterable[Timer], units: Mapping[str, Properties], since: datetime) -> Fold:
        wanted = frozenset(each.unit for each in timers)
        oneshots = frozenset(each for each in wanted if units.get(each, {}).get("Type") == "oneshot")
        fold = Fold(units=wanted, oneshots=oneshots, since=since)
        # A process other than systemd may write anything into the journal; who put it to sleep was one.
        by_systemd = ["_SYSTEMD_USER_UNIT=init.scope"] if self.user else ["_PID=1"]
        argv = self._journalctl(
            f"--output-fields={','.join(FIELDS)}",
            f"--since=@{int(since.timestamp())}",
            *by_systemd,
            *(f"MESSAGE_ID={each}" for each in OF_UNITS),
            "+",
            "_UID=0",
            *(f"MESSAGE_ID={each}" for each in OF_SLEEP),
        )
        try:
            fold.read(self.lines(*argv))
        except (ValueError, RecursionError) as problem:
            raise self._unread(argv[:3], f"an entry that cannot be read: {problem}") from None
        return fold

    def _read(self, out: bytes, argv: Sequence[str]) -> Any:
        try:
            return json.loads(out)
        except (ValueError, RecursionError):
            begins = self.secrets.clean_words(out[:8_000].decode(errors="replace"), 60)
            raise self._unread(argv, f'prints no JSON: "{begins}". systemd 247 or newer is needed') from None

    def _unread(self, argv: Sequence[str], why: str) -> CannotLook:
        return CannotLook(CauseCode.SCHEDULER_ERROR, f"`{self.shown(argv)}`: {self.secrets.clean(why, 400)}")

    def failed(self, printed: Printed, argv: Sequence[str]) -> CannotLook:
        """That a command ended otherwise than well; where no systemd runs, or the journal is closed to us, that."""
        err = " ".join(printed.err.decode(errors="replace").split())
        for pattern, code in ((_NO_SYSTEMD, CauseCode.SCHEDULER_DOWN), (_NOT_ALL, CauseCode.ACCESS_DENIED)):
            if pattern.search(err):
                return CannotLook(code, f"`{self.shown(argv)}`: {self.secrets.clean_words(err)}")
        return super().failed(printed, argv)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("is no text")
    return value


def _of_table(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
