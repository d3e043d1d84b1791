"""What do timers, units, boots and the journal's runs come to, seen together? Pure."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise

from rollcall.evidence import JobListed, Off, Outcome, RunSeen
from rollcall.schedulers.systemd_journal import Fold, UnitRun, instant
from rollcall.times import EPOCH, parse_span, to_iso

PROPERTIES = (
    "Id", "Description", "LoadState", "ActiveState", "SubState", "UnitFileState", "Unit", "TimersCalendar",
    "RandomizedDelayUSec", "Persistent", "Type", "Result", "InvocationID", "InactiveExitTimestamp",
    "InactiveEnterTimestamp",
)  # fmt: skip
_CALENDAR = re.compile(r"\{ OnCalendar=(.*?) ; next_elapse=")
# What a timer has triggered begins within this, unless it waits for something else.
_BEGINS_WITHIN = timedelta(minutes=1)
# Of timestamps in whole seconds.
_TOLERANCE = timedelta(seconds=2)
_UNITS = (".service", ".target", ".mount", ".automount", ".path", ".socket", ".swap", ".slice", ".scope", ".device")
_UNDER_WAY = ("activating", "deactivating", "reloading")

Properties = Mapping[str, str]
Clean = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """The unit that a timer activates, and when it does so next and did so last, in microseconds; 0 where never."""

    unit: str
    next_at: int = 0
    last_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """From the first to the last entry that the journal has of it."""

    id: str
    since: datetime
    until: datetime


def service_of(name: str) -> str:
    """The unit that a timer of that name activates where it names no other; of what is no timer, itself."""
    return name if name.endswith(_UNITS) else f"{name.removesuffix('.timer')}.service"


def jobs_listed(
    timers: Mapping[str, Timer], units: Mapping[str, Properties], zone: str | None, fold: Fold, clean: Clean
) -> Iterator[JobListed]:
    """Each timer, and what may be called by the name of what it activates."""
    shared = Counter(each.unit for each in timers.values())
    for name, timer in sorted(timers.items()):
        said = units[name]
        is_active = said.get("ActiveState") == "active"
        is_switched_off = not is_active and said.get("UnitFileState") in ("disabled", "masked")
        calendars = _CALENDAR.findall(said.get("TimersCalendar", ""))
        cut_at = fold.cut_at.get(timer.unit)
        # What two timers activate is the run of neither alone.
        is_own = shared[timer.unit] == 1
        yield JobListed(
            id=clean(name),
            name=clean(said.get("Description") or name),
            next_run=to_iso(instant(timer.next_at)) if timer.next_at else None,
            paused=not is_active,
            # Many come with the system, switched off: what never ran here is not to be declared by listing it.
            schedule=None if is_switched_off or not calendars else clean("; ".join(calendars)),
            zone=zone,
            jitter=_span(said.get("RandomizedDelayUSec", "")),
            catches_up=said.get("Persistent") == "yes",
            runs_since=to_iso(instant(cut_at)) if cut_at else None,
            # By the unit alone two timers would be taken for one; a timer is what nobody can start in its place.
            key=timer.unit if is_own else clean(name),
            says="" if is_active else clean(f"{said.get('ActiveState')}, {said.get('UnitFileState')}"),
            aliases=tuple({timer.unit: None, name.removesuffix(".timer"): None}) if is_own else (),
        )


def runs_seen(
    timers: Mapping[str, Timer],
    units: Mapping[str, Properties],
    fold: Fold,
    shown_at: datetime,
    words: Callable[[str], Outcome],
    clean: Clean,
) -> Iterator[RunSeen]:
    """Each run, of each timer that activates its unit; `shown_at` is when the timers were asked."""
    shared = Counter(each.unit for each in timers.values())
    # Of a million runs there are but a few words.
    words, clean = cache(words), cache(clean)
    for name, timer in timers.items():
        runs = fold.runs.get(timer.unit, deque())
        is_active, is_own = units[name].get("ActiveState") == "active", shared[timer.unit] == 1
        active_at = _timestamp(units[name], "InactiveExitTimestamp") if is_active else 0
        own = _by_schedule(runs, timer.last_at, active_at, shown_at) if is_own else (None for _ in runs)
        for run, by_schedule in zip(runs, own, strict=True):
            said = words(run.result)
            yield RunSeen(
                job=clean(name),
                started=to_iso(instant(run.started)),
                ended=None if run.ended is None else to_iso(instant(run.ended)),
                word=clean(f"{run.result} {run.detail}".rstrip()),
                outcome=run.outcome if said is Outcome.UNKNOWN else said,
                attempt=run.attempt,
                by_schedule=by_schedule,
            )


def _by_schedule(runs: Iterable[UnitRun], last_at: int, active_at: int, shown_at: datetime) -> Iterator[bool | None]:
    """Of each run whether its timer began it; None where that cannot be known.

    A timer tells when it triggered its unit last. Of what began since, and before it was asked, the first is its own;
    what systemd began again goes with what it follows, and the others a person began. So is whatever began since a
    timer is active that has triggered nothing yet.
    """
    since, is_answered, before = instant(last_at), not last_at, None
    if not last_at:
        since = instant(active_at) + _TOLERANCE if active_at else shown_at
    for run in runs:
        started_at, said = instant(run.started), before
        if not since <= started_at < shown_at:
            said = None
        elif run.attempt in (None, 1):
            said = False if is_answered else started_at <= since + _BEGINS_WITHIN or None
            is_answered = True
        before = said
        yield said


def end_what_was_lost(
    fold: Fold, boots: Sequence[Boot], units: Mapping[str, Properties], shown_at: datetime, since: datetime
) -> None:
    """Ends what the journal has no end of, and runs no more; adds what it has no beginning of, and runs.

    Of a unit that keeps its starts out of the journal (`LogLevelMax=`) systemd itself remembers the last.
    """
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
        is_under_way = said.get("ActiveState") in _UNDER_WAY or said.get("SubState") == "running"
        is_recent, invocation = instant(began) >= since, said.get("InvocationID", "")
        is_known = any(each.invocation == invocation for each in runs) if invocation and is_recent else bool(runs)
        if is_known or not began or said.get("SubState") == "auto-restart" or not (is_under_way or is_recent):
            continue
        run = UnitRun(invocation=invocation, boot=boots[-1].id, started=began)
        if not is_under_way:
            ended, result = _timestamp(said, "InactiveEnterTimestamp"), said.get("Result") or "no end"
            outcome = Outcome.SUCCESS if result == "success" else Outcome.FAILED
            run.end(ended if ended >= began else None, Outcome.UNKNOWN if result == "no end" else outcome, result)
        runs.append(run)
        if is_recent:
            fold.cut_at[unit] = began


def when_off(boots: Iterable[Boot], sleeps: Iterable[Off], since: datetime) -> tuple[Off, ...]:
    """When the machine ran nothing: from the last entry of a boot to the first of the next, and while it slept."""
    gaps = (Off(since=one.until, until=other.since) for one, other in pairwise(boots) if one.until < other.since)
    return tuple(sorted((each for each in (*gaps, *sleeps) if each.until >= since), key=lambda each: each.since))


def _span(text: str) -> str | None:
    """A span as systemd prints it, "1h 30min"; None where it is none, or too short to matter."""
    with suppress(ValueError):
        return text if parse_span(text) else None
    return None


def _timestamp(said: Properties, name: str) -> int:
    """Microseconds; 0 where it never was."""
    seconds = said.get(name, "").removeprefix("@")
    return int(seconds) * 1_000_000 if seconds.isdecimal() else 0


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
