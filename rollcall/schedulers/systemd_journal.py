"""What became of each start of a unit, by what systemd itself wrote into the journal?

The entries of one start share an INVOCATION_ID, and a unit has one invocation at a time. "Start job done" is the end of
a unit of `Type=oneshot` and the beginning of any other: read as an end it would call a hung job good.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from signal import Signals
from typing import Any, NamedTuple

from rollcall.evidence import Off, Outcome
from rollcall.times import EPOCH, bounded


class Says(StrEnum):
    """What an entry says, by its MESSAGE_ID (systemd/sd-messages.h)."""

    STARTING = "7d4958e842da4a758f6c1cdc7b36dcc5"
    STARTED = "39f53479d3a045ac8e11786248231fbf"
    NOT_STARTED = "be02cf6855d2428ba40df7e9d022f03d"
    STOPPING = "de5b426a63be47a7b6ac3eaac82e2f6f"
    SUCCEEDED = "7ad2d189f7e94e70a38c781354912448"
    FAILED = "d9b373ed55a64feb8242e02dbe79a49c"
    LEFT_OUT = "0e4284a0caca4bfc81c0bb6786972673"
    EXITED = "98e322203f7a4ed290d09fe03c09fe15"
    RESTARTS = "5eb03494b6584870a536b337290809b3"
    # Of the machine, and written by another program than systemd.
    ASLEEP = "6bbd95ee977941e497c48be27c254128"
    AWAKE = "8811e6df2a8e40f58a94cea26f8ebf14"


_BY_ID = {each.value: each for each in Says}
OF_SLEEP = (Says.ASLEEP, Says.AWAKE)
_OF_START_JOBS = (Says.STARTING, Says.STARTED, Says.NOT_STARTED)
OF_UNITS = tuple(each for each in Says if each not in OF_SLEEP)
FIELDS = (
    "MESSAGE_ID", "UNIT", "USER_UNIT", "INVOCATION_ID", "USER_INVOCATION_ID", "JOB_TYPE", "JOB_RESULT", "UNIT_RESULT",
    "EXIT_CODE", "EXIT_STATUS", "N_RESTARTS", "MESSAGE",
)  # fmt: skip
# Of all units together: beyond it the chattiest loses its oldest, and it is known how far back what is left reaches.
MOST_RUNS = 50_000

_AT_ONCE = 500
_CONDITION = re.compile(r"\(([^()]{1,120})\)\.?$")
_STATUS = re.compile(r"status=(\d+/\w+)")
# From here on exit statuses are systemd's own: what it could not do before the program began.
_OF_SYSTEMD = 200
_SIGNALS = {str(each.value): each.name.removeprefix("SIG") for each in Signals}


@dataclass(slots=True, kw_only=True)
class UnitRun:
    """One start of a unit; times in microseconds since 1970. `result` is systemd's word, `detail` what it adds.

    `awaits_job` until it is known how the start went, `is_over` once the unit is inactive again.
    """

    invocation: str
    boot: str
    started: int
    ended: int | None = None
    result: str = "running"
    detail: str = ""
    outcome: Outcome = Outcome.RUNNING
    attempt: int | None = None
    awaits_job: bool = False
    is_over: bool = False

    def end(self, at: int | None, outcome: Outcome, result: str, detail: str = "") -> None:
        """It ended then; what ended it first is what is kept."""
        if self.outcome is Outcome.RUNNING:
            self.ended, self.outcome, self.result, self.detail = at, outcome, result, detail


class _Entry(NamedTuple):
    """One entry of the journal about a unit."""

    at: int
    unit: str
    invocation: str
    fields: Mapping[str, Any]

    def field(self, name: str) -> str:
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""


@dataclass(slots=True, kw_only=True)
class Fold:
    """The runs of those units, by entries from the oldest to the newest.

    `oneshots` are those of them whose start job lasts as long as they run; entries are read from `since` on. `runs` are
    by unit; `cut_at` is since when
    those of a unit are all there, where its oldest were let go. `sleeps` are when the machine slept.
    """

    units: Collection[str]
    oneshots: Collection[str] = ()
    since: datetime | None = None
    most: int = MOST_RUNS
    runs: dict[str, deque[UnitRun]] = field(default_factory=dict)
    cut_at: dict[str, int] = field(default_factory=dict)
    sleeps: list[Off] = field(default_factory=list)
    _exits: dict[str, str] = field(default_factory=dict)
    _attempts: dict[str, int] = field(default_factory=dict)
    _asleep_since: datetime | None = None
    _count: int = 0

    def read(self, lines: Iterable[bytes]) -> None:
        """Takes what `journalctl -o json` prints. Raises ValueError where a line is no entry."""
        # As JSON has them: the names of some units hold a backslash.
        wanted = {json.dumps(each)[1:-1].encode() for each in self.units}
        # Of other units there may be a million; an entry of no unit is of the machine.
        told = (line for line in lines if line and ((unit := _unit_in(line)) is None or unit in wanted))
        # Parsed one by one a million of them take twice as long.
        while some := list(islice(told, _AT_ONCE)):
            for fields in json.loads(b"[%b]" % b",".join(some)):
                self._take(fields)

    def _take(self, fields: Any) -> None:
        try:
            at, says = int(fields["__REALTIME_TIMESTAMP"]), _BY_ID[fields["MESSAGE_ID"]]
        except (KeyError, TypeError, OverflowError):
            raise ValueError("without time, or of another kind") from None
        unit = fields.get("UNIT") or fields.get("USER_UNIT")
        if says in OF_SLEEP:
            self._sleep(says, instant(at))
        elif isinstance(unit, str) and unit in self.units:
            invocation = fields.get("INVOCATION_ID") or fields.get("USER_INVOCATION_ID") or ""
            self._of_unit(says, _Entry(at, unit, invocation, fields))

    def _sleep(self, says: Says, at: datetime) -> None:
        # It may have gone to sleep before all that was asked for, as over a weekend.
        self._asleep_since = self._asleep_since or self.since
        if says is Says.AWAKE and self._asleep_since and self._asleep_since <= at:
            self.sleeps.append(Off(since=self._asleep_since, until=at, how="asleep"))
        self._asleep_since, self.since = (at if says is Says.ASLEEP else None), None

    def _of_unit(self, says: Says, entry: _Entry) -> None:
        runs = self.runs.get(entry.unit)
        last = runs[-1] if runs else None
        run = last if last and entry.invocation and last.invocation == entry.invocation else None
        if says in _OF_START_JOBS and entry.field("JOB_TYPE") not in ("start", ""):
            return  # a reload, or a restart that has only stopped it so far
        match says:  # the commonest first: there may be a million
            case Says.STARTING:
                self._begin(entry).awaits_job = True
            case Says.SUCCEEDED if run:
                run.end(entry.at, Outcome.SUCCESS, "success")
                run.is_over = True
            case Says.STARTED:
                self._started(entry, run)
            case Says.NOT_STARTED:
                self._not_started(entry, run)
            case Says.RESTARTS if entry.field("N_RESTARTS").isdecimal():
                attempt = int(entry.field("N_RESTARTS"))
                self._attempts[entry.unit] = attempt + 1
                if run:
                    run.attempt = run.attempt or attempt
            case _ if run is None:
                pass  # it began before the first entry that was asked for
            case Says.EXITED:
                self._exits[entry.unit] = _how_it_exited(entry)
            case Says.STOPPING:
                # What ends by that has not come to its own end, whatever its result is.
                run.end(entry.at, Outcome.FAILED, "stopped")
            case Says.LEFT_OUT:
                run.end(entry.at, Outcome.SKIPPED, entry.field("UNIT_RESULT") or "condition")
                run.is_over = True
            case Says.FAILED if run.is_over:
                # It may not be started so often (StartLimitBurst), and the invocation is still the one before.
                run = self._begin(entry)
                run.end(entry.at, Outcome.FAILED, "start-limit-hit")
                run.awaits_job = run.is_over = True
            case Says.FAILED:
                detail = self._exits.pop(entry.unit, "")
                run.end(entry.at, Outcome.FAILED, entry.field("UNIT_RESULT") or "failed", detail)
                run.is_over = True

    def _started(self, entry: _Entry, run: UnitRun | None) -> None:
        text = entry.field("MESSAGE")
        if run and run.awaits_job:
            run.awaits_job = False
            # Before version 245 a oneshot that has ended is "Started" as well.
            if text.startswith("Finished ") or entry.unit in self.oneshots:
                run.end(entry.at, Outcome.SUCCESS, "success")
        elif "skipped" in text and not text.startswith(("Started ", "Finished ")):
            # By a condition: there is no invocation, or it is still the one before.
            found = _CONDITION.search(text)
            run = self._begin(entry)
            run.end(entry.at, Outcome.SKIPPED, "condition", found[1] if found else "")
            run.is_over = True
        elif not text.startswith("Finished "):
            # Nothing is waited for where a `Type=simple` starts: this alone says that it began.
            run = self._begin(entry)
            if not entry.unit.endswith(".service"):
                run.end(entry.at, Outcome.SUCCESS, "success")  # a target does nothing of its own

    def _not_started(self, entry: _Entry, run: UnitRun | None) -> None:
        result = entry.field("JOB_RESULT") or "failed"
        if run and run.awaits_job:
            run.awaits_job = False
            run.end(entry.at, Outcome.FAILED, result)
        elif run or not entry.invocation:
            # A dependency failed, or an assertion: there is no invocation, or it is still the one before.
            run = self._begin(entry)
            run.end(entry.at, Outcome.FAILED, result)
            run.is_over = True

    def _begin(self, entry: _Entry) -> UnitRun:
        self._exits.pop(entry.unit, None)
        attempt = self._attempts.pop(entry.unit, None)
        run = UnitRun(invocation=entry.invocation, boot=entry.field("_BOOT_ID"), started=entry.at, attempt=attempt)
        self.runs.setdefault(entry.unit, deque()).append(run)
        self._count += 1
        if self._count > self.most:
            self._let_go()
        return run

    def _let_go(self) -> None:
        """Lets the oldest runs of the chattiest units go, a fourth of all or more."""
        kept = longest = max(map(len, self.runs.values()))
        while sum(min(len(each), kept) for each in self.runs.values()) > self.most * 3 // 4 and kept > 1:
            kept = kept * 3 // 4
        for unit, runs in self.runs.items() if kept < longest else ():
            if len(runs) > kept:
                self.runs[unit] = deque(islice(runs, len(runs) - kept, None))
                self.cut_at[unit] = self.runs[unit][0].started
        self._count = sum(map(len, self.runs.values()))


def _unit_in(line: bytes) -> bytes | None:
    """UNIT or USER_UNIT of an entry, before it is parsed; None where it has none."""
    # Of FIELDS no other one ends like that, and inside a text the quotes are escaped.
    _, found, rest = line.partition(b'UNIT":"')
    return rest.partition(b'"')[0] if found else None


def instant(microseconds: int) -> datetime:
    """That instant, or the end of time that it lies nearer to."""
    try:
        return bounded(EPOCH + timedelta(microseconds=microseconds))
    except OverflowError:
        return EPOCH


def _how_it_exited(entry: _Entry) -> str:
    """ "3" of an exit status, "203/EXEC" of one of systemd's own, "SEGV" of a signal."""
    status = entry.field("EXIT_STATUS")
    if not status.isdecimal():
        return ""
    if entry.field("EXIT_CODE") != "exited":
        return _SIGNALS.get(status, status)
    found = _STATUS.search(entry.field("MESSAGE")) if int(status) >= _OF_SYSTEMD else None
    return found[1] if found else status
