"""How does a backtest look in a terminal?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any
from zoneinfo import ZoneInfo

from rollcall.backtest.result import After, Backtest, Kind, Run, by_cause
from rollcall.recorded.kept import Said
from rollcall.text import clean, counted, listed
from rollcall.times import show_instant, to_iso

# Beyond these only --json shows all.
_MOST_RUNS = 30
_MOST_UNFIT = 10
_HEADS = {
    Kind.NEW: "New alarms",
    Kind.GONE: "Alarms that would be gone",
    Kind.OTHER: "Alarms with another cause",
    Kind.WARNING: "Other warnings, and no alarm",
}


def render_backtest(found: Backtest, zone: ZoneInfo, *, shown_file: str, width: int) -> Iterator[str]:
    """The lines of the whole: run by run what differs, what could not be judged, and the count of it all."""
    if found.first_at and found.last_at:
        first, last = (show_instant(at, zone, year=True) for at in (found.first_at, found.last_at))
        period = first if found.mornings == 1 else f"{first} to {last}"
        judged = f"{counted(found.mornings, 'morning')} judged again under {clean(shown_file)}: {period}."
        yield from _wrapped(judged, width)
        for kind, head in _HEADS.items():
            yield from _runs(head, found.of_kind(kind), zone, width)
        yield ""
        yield from _causes(found)
    yield from _unfit(found, width)
    if found.mornings:
        yield ""
        for sentence in _summary(found):
            yield from _wrapped(sentence, width)


def _runs(head: str, runs: Sequence[Run], zone: ZoneInfo, width: int) -> Iterator[str]:
    if not runs:
        return
    yield ""
    yield f"{head}: {len(runs)}"
    for each in runs[:_MOST_RUNS]:
        yield from _wrapped(f"  {_run(each, zone)}", width, hang="      ")
    if len(runs) > _MOST_RUNS:
        yield f"  … and {len(runs) - _MOST_RUNS} more (--json shows all)"


def _run(run: Run, zone: ZoneInfo) -> str:
    if run.is_scheduler:
        about = f"scheduler {clean(run.id)}, from the morning of {show_instant(run.first_at, zone)}"
    elif run.due_at is None:
        about = f"{clean(run.id)}, on the morning of {show_instant(run.first_at, zone)}"
    else:
        about = f"{clean(run.id)}, due {show_instant(run.due_at, zone)}"
    mornings = f" (on {counted(run.mornings, 'morning')})" if run.mornings > 1 else ""
    after = f"; {_after(run)}" if run.kind in (Kind.NEW, Kind.GONE) else ""
    return f"{about}: was {_said(run.was)}, would be {_said(run.would_be)}{mornings}{after}"


def _after(run: Run) -> str:
    if not run.is_scheduler:
        return {
            After.DONE: "later evidence shows its work, done in time",
            After.GOOD: "the next run was good",
            After.ACTED: "Roll call acted on it, and it was good then",
            After.LASTED: "the next run was an alarm too",
            After.OPEN: "no later morning shows more",
        }[run.after]
    return {After.GOOD: "it was well later", After.ACTED: "Roll call acted on it, and it was well then"}.get(
        run.after, "no later morning shows it well"
    )


def _said(said: Said | None) -> str:
    if said is None:
        return "not declared"
    if said.cause is None or said.cause == said.verdict:
        return said.verdict
    return f"{said.verdict} ({said.cause})"


def _causes(found: Backtest) -> Iterator[str]:
    then, now = (by_cause(runs) for runs in (found.alarms_then, found.alarms))
    if not (then or now):
        return
    longest = max(map(len, (*then, *now)))
    yield f"{'Alarms by cause':{longest + 4}}  then   now"
    for cause in sorted({*then, *now}, key=lambda each: (-now[each], -then[each], each)):
        yield f"  {cause:{longest + 2}}  {then[cause]:>4}  {now[cause]:>4}"


def _unfit(found: Backtest, width: int) -> Iterator[str]:
    if not found.unfit:
        return
    whole = counted(found.mornings + len(found.unfit), "kept morning")
    yield ""
    yield f"Cannot be judged again, and not counted: {len(found.unfit)} of {whole}"
    for each in found.unfit[:_MOST_UNFIT]:
        yield from _wrapped(f"  {clean(each.name)}: {clean(each.why, 400)}", width, hang="      ")
    if len(found.unfit) > _MOST_UNFIT:
        yield f"  … and {len(found.unfit) - _MOST_UNFIT} more (--json shows all)"


def _summary(found: Backtest) -> Iterator[str]:
    changed = counted(len(found.changed), "morning") if found.changed else "No morning"
    yield f"{changed} of {found.mornings} would say something else."
    alarms = found.alarms
    woken = f"On {found.woken} of {counted(found.mornings, 'morning')}" if found.woken else "No"
    new, gone = len(found.of_kind(Kind.NEW)), len(found.of_kind(Kind.GONE))
    yield (
        f"Would it have woken you? {woken}; then it was {found.woken_then}. "
        f"{counted(len(alarms), 'alarm')}, of which {new} would be new; {gone} would be gone."
    )
    yield f"How often wrongly? {_wrongly(alarms)}"
    if found.unknown:
        names = listed((clean(each) for each in sorted(found.unknown)), 6)
        yield (
            f"Unknown by the old evidence, and counted as no alarm: {counted(sum(found.unknown.values()), 'verdict')} "
            f"about {names}. Nobody looked for it then."
        )
    if found.own_checks:
        yield f"Left out: {counted(found.own_checks, 'verdict')} of checks of your own, which are not run again."


def _wrongly(alarms: Sequence[Run]) -> str:
    """What later evidence shows of them, and no more than that."""
    if not alarms:
        return "There would have been no alarm."
    count = Counter(each.after for each in alarms)
    parts = [
        f"later evidence shows the work of {count[After.DONE]} of {counted(len(alarms), 'alarm')}, done in time",
        f"after {count[After.GOOD]} the next run was good, whatever a person did in between",
        f"{count[After.LASTED]} lasted to the next run",
        f"on {count[After.ACTED]} Roll call acted",
        f"of {count[After.OPEN]} no later morning shows more",
    ]
    kinds = (After.DONE, After.GOOD, After.LASTED, After.ACTED, After.OPEN)
    said = [part for kind, part in zip(kinds, parts, strict=True) if count[kind] or kind is After.DONE]
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def backtest_json(found: Backtest, zone: ZoneInfo) -> str:
    """The same for programs, version 1."""

    def said(each: Said | None) -> dict[str, Any] | None:
        if each is None:
            return None
        return {"verdict": each.verdict, "cause": each.cause, "needs_a_person": each.needs_a_person}

    def run(each: Run) -> dict[str, Any]:
        is_due = each.due_at is not None and not each.is_scheduler
        return {
            "scheduler" if each.is_scheduler else "job": each.id,
            "due_at": to_iso(each.due_at, zone) if each.due_at and is_due else None,
            "first_at": to_iso(each.first_at, zone),
            "kind": each.kind,
            "was": said(each.was),
            "would_be": said(each.would_be),
            "mornings": each.mornings,
            "after": each.after if each.was_alarm or each.would_be_alarm else None,
        }

    def alarms(runs: Iterable[Run]) -> dict[str, Any]:
        runs = list(runs)
        return {
            "runs": len(runs),
            "by_cause": dict(by_cause(runs)),
            "after": dict(Counter(str(each.after) for each in runs)),
        }

    whole = {
        "version": 1,
        "mornings": found.mornings,
        "first_at": to_iso(found.first_at, zone) if found.first_at else None,
        "last_at": to_iso(found.last_at, zone) if found.last_at else None,
        "then": {"mornings_with_an_alarm": found.woken_then, **alarms(found.alarms_then)},
        "now": {"mornings_with_an_alarm": found.woken, **alarms(found.alarms)},
        "changed": [
            {"judged_at": to_iso(each.judged_at, zone), "new": each.new, "gone": each.gone, "others": each.others}
            for each in found.changed
        ],
        "runs": [run(each) for each in found.runs.values()],
        "unknown": dict(sorted(found.unknown.items())),
        "own_checks": found.own_checks,
        "cannot_be_judged": [{"name": each.name, "why": each.why} for each in found.unfit],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _wrapped(text: str, width: int, *, hang: str = "") -> list[str]:
    lead = text[: len(text) - len(text.lstrip())]
    return wrap(
        text.strip(),
        width,
        initial_indent=lead,
        subsequent_indent=hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
