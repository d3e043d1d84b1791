"""What do systemd's timers say, and the journal of what they started?

Its ordinary commands tell: `systemctl list-timers`, `list-unit-files` and `show` of the timers, `journalctl` of the
runs. Each is run once, however many timers there are.
"""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, ClassVar

from pydantic import Field

from rollcall.evidence import CannotLook, JobListed, Off, Outcome, RunSeen, SchedulerSeen
from rollcall.roll.fields import Timeout, default
from rollcall.roll.scheduler import Asked, Order, Step, Wanted, Words
from rollcall.schedulers.over_pipes import OverPipes
from rollcall.schedulers.systemd_journal import FIELDS, OF_SLEEP, OF_UNITS, Fold, UnitRun, instant
from rollcall.sources.programs import Printed
from rollcall.times import EPOCH, parse_span, to_iso
from rollcall.vocabulary import CauseCode

_PROPERTIES = (
    "Id", "Description", "LoadState", "ActiveState", "SubState", "UnitFileState", "Unit", "TimersCalendar",
    "RandomizedDelayUSec", "Persistent", "Type", "Result", "InvocationID", "InactiveExitTimestamp",
    "InactiveEnterTimestamp",
)  # fmt: skip
# In one argument, which is what ssh hands to a shell, Linux takes 128 kB.
_LONGEST_ARGUMENTS = 100_000
_CALENDAR = re.compile(r"\{ OnCalendar=(.*?) ; next_elapse=")
_BOOT = re.compile(r"^ *-?\d+ ([0-9a-f]{32}) \w{3} (\S+ \S+) UTC\W+\w{3} (\S+ \S+) UTC$")
_NOT_ALL = re.compile(r"not seeing messages from|insufficient permissions", re.IGNORECASE)
_NO_SYSTEMD = re.compile(r"not been booted with systemd|failed to connect to (?:user scope )?bus", re.IGNORECASE)
# A timer's trigger and the start of what it activates are this far apart at most.
_BEGINS_WITHIN = timedelta(minutes=1)
_TOLERANCE = timedelta(seconds=2)
_UNDER_WAY = (("activating", "start"), ("active", "running"), ("deactivating", "stop-sigterm"))

_STEPS = {
    "scheduler-down": "See whether systemd runs there and answers: {ask}, then {again}",
    "access-denied": "Let this user read the journal (`sudo usermod -aG systemd-journal USER`, and log in anew), "
    "then {again}",
    "scheduler-error": "Read what it answers: {ask}, then {again}",
    "host-silent": "See whether that machine is up and lets this user in: {ask}, then {again}",
    "not-registered": "See whether its timer is there (`systemctl list-unit-files '*.timer'`), and enable it "
    "(`systemctl enable --now`); or take {table} out if it is gone for good",
    "job-paused": "Start its timer (`systemctl enable --now`), or see in {log} why it is not active, then {again}",
    "run-skipped": "See in {log} which condition kept it from its run, and {rerun}",
}

Properties = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timer:
    """What `list-timers` says of one: the unit that it activates, and when; in microseconds, 0 where never."""

    unit: str
    next_at: int = 0
    last_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Boot:
    """From the first to the last entry that the journal has of it."""

    id: str
    since: datetime
    until: datetime


class Systemd(OverPipes):
    """The timers of a machine, or of a user of it."""

    user: bool = Field(False, description="The timers of this user, instead of the system's.")
    timeout: Timeout = default("20 s", parse_span, "How long each command may take.")
    words: Words = Field(
        Words(
            success=("success",),
            failed=(
                "exit-code", "signal", "core-dump", "timeout", "watchdog", "oom-kill", "resources", "protocol",
                "start-limit-hit", "dependency", "assert", "canceled", "failed", "stopped", "cut off",
            ),
            running=("running",),
            skipped=("condition", "exec-condition"),
        ),
        description="Whose words mean what.",
    )  # fmt: skip
    steps: dict[str, str] = Field(_STEPS, description="What to do next, by cause, in place of the usual.")

    most_commands: ClassVar[int] = 8

    @property
    def address(self) -> str:
        """The command that lists its timers, as it may be shown."""
        return self.shown(self._systemctl("list-timers", "--all"))

    def command(self) -> str | None:
        """The command as a person types it."""
        return self.address

    def log_of(self, name: str) -> str | None:
        """The command that shows what the job of that name, or of that unit, wrote."""
        return self.shown(("journalctl", *(["--user"] if self.user else []), "-n", "50", "-u", _service_of(name)))

    def _order(self, step: Step, wanted: Wanted | None) -> Order | None:
        """A run by hand of what the timer activates; systemd itself is neither started nor stopped."""
        if step is not Step.TRIGGER or wanted is None:
            return None
        return self.commanded(*self._systemctl("start", "--no-block", "--", wanted.key or _service_of(wanted.name)))

    @property
    def tells(self) -> frozenset[str]:
        """What it says of jobs and runs; another machine has a clock of its own."""
        said = {"jobs", "next_run", "paused", "schedule", "runs", "started", "ended", "status", "history"}
        return frozenset(said | {"clock"} if self.via else said)

    def look(self, asked: Asked) -> SchedulerSeen:
        """What its timers and the journal say. Raises `CannotLook`."""
        asked_at = asked.clock()
        timers = self._timers()
        server_at = self._clock() if self.via else None
        shown_at = server_at or asked.clock()
        names = {*timers, *self._unit_files()}
        units = self._show(sorted({*names, *(each.unit for each in timers.values())}, key=str))
        for name in names:
            if units.get(name, {}).get("LoadState") in (None, "not-found"):
                timers.pop(name, None)
            elif name not in timers:
                timers[name] = _Timer(unit=units[name].get("Unit") or f"{name.removesuffix('timer')}service")
        zone = self._zone_of_machine()
        boots = self._boots()
        fold = self._journal(timers.values(), units, asked.since)
        _end_what_was_lost(fold, boots, units, shown_at)
        since = boots[0].since if boots else asked.since
        return SchedulerSeen(
            asked_at=asked_at,
            answered_at=asked.clock(),
            server_at=server_at,
            jobs=tuple(self._jobs(timers, units, zone, fold)),
            runs=tuple(self._runs(timers, fold)),
            runs_since=max(since, asked.since),
            off=tuple(sorted(_off(boots, fold.sleeps, asked.since), key=lambda each: each.since)),
        )

    # Commands ---------------------------------------------------------------------------------------------------------

    def _systemctl(self, *words: str) -> tuple[str, ...]:
        return ("systemctl", *(["--user"] if self.user else []), *words)

    def _journalctl(self, *words: str) -> tuple[str, ...]:
        return ("journalctl", *(["--user"] if self.user else []), "-o", "json", *words)

    def _timers(self) -> dict[str, _Timer]:
        """Those that systemd has loaded, by name."""
        argv = self._systemctl("list-timers", "--all", "--output=json")
        listed = self._read(self.printed(*argv).out, argv)
        try:
            return {
                each["unit"]: _Timer(unit=each["activates"], next_at=each["next"] or 0, last_at=each["last"] or 0)
                for each in listed
            }
        except (KeyError, TypeError):
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
            argv = self._systemctl("show", "--timestamp=unix", f"--property={','.join(_PROPERTIES)}", "--")
            out = self.printed(*argv, *names[:count], told_as=(*argv, "…")).out.decode(errors="replace")
            names = names[count:]
            for block in out.split("\n\n"):
                unit: dict[str, str] = {}
                for key, _, value in (line.partition("=") for line in block.splitlines()):
                    unit[key] = f"{value}\n{unit[key]}" if key in unit else value
                shown[unit.get("Id", "")] = unit
        return shown

    def _clock(self) -> datetime:
        argv = ("date", "+%s")
        said = self.printed(*argv).out.strip()
        if not said.isdigit():
            raise self._unread(argv, "prints no number")
        return instant(int(said) * 1_000_000)

    def _zone_of_machine(self) -> str | None:
        """The zone in which OnCalendar is read where it names none; None where nobody can tell."""
        said = self.printed("readlink", "-f", "/etc/localtime", accepts=(0, 1)).out.decode(errors="replace").strip()
        return said.rpartition("/zoneinfo/")[2] or None if "/zoneinfo/" in said else None

    def _boots(self) -> list[_Boot]:
        """The boots that the journal knows of, the oldest first."""
        argv = self._journalctl("--utc", "--list-boots")
        printed = self.printed(*argv)
        err = " ".join(printed.err.decode(errors="replace").split())
        if _NOT_ALL.search(err) and not self.user:
            raise CannotLook(CauseCode.ACCESS_DENIED, f"`{self.shown(argv)}`: {self.secrets.clean_words(err)}")
        if not printed.out.lstrip().startswith(b"["):
            # Before version 252 it is a table all the same.
            lines = printed.out.decode(errors="replace").splitlines()
            rows = [
                (found[1], _of_table(found[2]), _of_table(found[3])) for line in lines if (found := _BOOT.match(line))
            ]
        else:
            try:
                listed = self._read(printed.out, argv)
                rows = [(each["boot_id"], instant(each["first_entry"]), instant(each["last_entry"])) for each in listed]
            except (KeyError, TypeError):
                raise self._unread(argv, "its JSON is no list of boots") from None
        if not rows:
            raise self._unread(argv, err or "it knows of no boot, so nobody can tell what ran")
        boots = (_Boot(id=each, since=since, until=until) for each, since, until in rows)
        return sorted(boots, key=lambda boot: boot.since)

    def _journal(self, timers: Iterable[_Timer], units: Mapping[str, Properties], since: datetime) -> Fold:
        wanted = frozenset(each.unit for each in timers)
        oneshots = frozenset(each for each in wanted if units.get(each, {}).get("Type") == "oneshot")
        fold = Fold(units=wanted, oneshots=oneshots)
        # A process other than systemd may write anything into the journal; who put it to sleep was one.
        by_systemd = ["_SYSTEMD_USER_UNIT=init.scope"] if self.user else ["_PID=1"]
        argv = self._journalctl(
            f"--output-fields={','.join(FIELDS)}",
            f"--since=@{int(since.timestamp())}",
            *by_systemd,
            *(f"MESSAGE_ID={each}" for each in OF_UNITS),
            "+",
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

    # What they say ----------------------------------------------------------------------------------------------------

    def _jobs(
        self, timers: Mapping[str, _Timer], units: Mapping[str, Properties], zone: str | None, fold: Fold
    ) -> Iterator[JobListed]:
        shared = Counter(each.unit for each in timers.values())
        for name, timer in sorted(timers.items()):
            said = units[name]
            is_active = said.get("ActiveState") == "active"
            is_switched_off = not is_active and said.get("UnitFileState") in ("disabled", "masked")
            calendars = _CALENDAR.findall(said.get("TimersCalendar", ""))
            cut_at = fold.cut_at.get(timer.unit)
            yield JobListed(
                id=name,
                name=self.secrets.clean(said.get("Description") or name),
                next_run=to_iso(instant(timer.next_at)) if timer.next_at else None,
                paused=not is_active,
                # Many come with the system, switched off: what never ran here is not to be declared by listing it.
                schedule=None if is_switched_off or not calendars else "; ".join(calendars),
                zone=zone,
                jitter=_span(said.get("RandomizedDelayUSec", "")),
                catches_up=said.get("Persistent") == "yes",
                runs_since=to_iso(instant(cut_at)) if cut_at else None,
                # What two timers activate is the run of neither alone.
                key=timer.unit if shared[timer.unit] == 1 else None,
                aliases=(timer.unit, name.removesuffix(".timer")) if shared[timer.unit] == 1 else (),
            )

    def _runs(self, timers: Mapping[str, _Timer], fold: Fold) -> Iterator[RunSeen]:
        shared = Counter(each.unit for each in timers.values())
        for name, timer in timers.items():
            runs = fold.runs.get(timer.unit, ())
            triggered_at = instant(timer.last_at) if timer.last_at and shared[timer.unit] == 1 else None
            is_answered = False
            for run in runs:
                by_schedule, started_at = None, instant(run.started)
                if triggered_at and started_at >= triggered_at - _TOLERANCE:
                    # Of what began since the timer last triggered it, the first is the timer's own; a restart is its too.
                    if run.attempt not in (None, 1):
                        by_schedule = True
                    elif is_answered:
                        by_schedule = False
                    elif started_at <= triggered_at + _BEGINS_WITHIN:
                        by_schedule = True
                    is_answered = True
                said = self.words.outcome(run.result)
                yield RunSeen(
                    job=name,
                    started=to_iso(started_at),
                    ended=None if run.ended is None else to_iso(instant(run.ended)),
                    word=self.secrets.clean(f"{run.result} {run.detail}".rstrip()),
                    outcome=run.outcome if said is Outcome.UNKNOWN else said,
                    attempt=run.attempt,
                    by_schedule=by_schedule,
                )


def _end_what_was_lost(fold: Fold, boots: Sequence[_Boot], units: Mapping[str, Properties], shown_at: datetime) -> None:
    """Ends what the journal has no end of, and runs no more; adds what it has no beginning of, and runs."""
    ends = {each.id: each.until for each in boots}
    for unit in sorted(fold.units):
        runs, said = fold.runs.setdefault(unit, deque()), units.get(unit, {})
        for run in runs:
            if run.outcome is not Outcome.RUNNING:
                continue
            if run.boot != boots[-1].id:
                run.end(_microseconds(ends[run.boot]) if run.boot in ends else None, Outcome.FAILED, "cut off")
            elif run is not runs[-1]:
                run.end(None, Outcome.UNKNOWN, "no end")
            elif said.get("ActiveState") in ("inactive", "failed") and instant(run.started) < shown_at - _TOLERANCE:
                # The journal lost its last entries: systemd remembers how the last one went.
                ended, is_same = _timestamp(said, "InactiveEnterTimestamp"), said.get("InvocationID") == run.invocation
                result = said.get("Result", "") if is_same and ended else ""
                outcome = Outcome.SUCCESS if result == "success" else Outcome.FAILED if result else Outcome.UNKNOWN
                run.end(ended if result else None, outcome, result or "no end")
        began = _timestamp(said, "InactiveExitTimestamp")
        if not runs and began and (said.get("ActiveState"), said.get("SubState")) in _UNDER_WAY:
            runs.append(UnitRun(invocation=said.get("InvocationID", ""), boot=boots[-1].id, started=began))


def _off(boots: Iterable[_Boot], sleeps: Iterable[Off], since: datetime) -> Iterator[Off]:
    """When the machine ran nothing: from the last entry of a boot to the first of the next, and while it slept."""
    gaps = (Off(since=one.until, until=other.since) for one, other in pairwise(boots) if one.until < other.since)
    yield from (each for each in (*gaps, *sleeps) if each.until >= since)


def _service_of(name: str) -> str:
    """The unit that a timer of that name activates where it names no other."""
    return name if name.endswith(".service") else f"{name.removesuffix('.timer')}.service"


def _span(text: str) -> str | None:
    """A span as systemd prints it, "1h 30min"; None where it is none, or too short to matter."""
    with suppress(ValueError):
        return text if parse_span(text) else None
    return None


def _timestamp(said: Properties, name: str) -> int:
    """Microseconds; 0 where it never was."""
    seconds = said.get(name, "").removeprefix("@")
    return int(seconds) * 1_000_000 if seconds.isdigit() else 0


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def _of_table(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
