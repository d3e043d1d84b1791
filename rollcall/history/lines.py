"""How is a history carried from one machine to another? One JSON object a line, each with the version of its format.

{"v": 2, "kind": "run", "job": "haiku", "due_at": "2026-02-11T05:00:00+00:00", "verdict": "ok", …,
 "took": 17157479, "outputs": [{"output": …, "size": 812, "rows": null, "made_at": …}]}          a span in microseconds
{"v": 2, "kind": "morning", "judged_at": …, "verdict": "ok", "complete": true, "declared": 9, "needing": 0, …}
{"v": 2, "kind": "present", "judged_at": …, "jobs": […]}          the jobs of the last complete morning
{"v": 2, "kind": "listed", "scheduler": …, "job": …, "title": …, "schedule": …, "zone": …, "tags": […]}
{"v": 2, "kind": "proof", "job": …, "output": …, "file": …, "proven_at": …, "outcome": "success", "how": …}
{"v": 2, "kind": "silence", "subject": "job", "name": …, "until": …, "reason": …, "by": …, "made_at": …}
{"v": 2, "kind": "told", "channel": …, "key": …, "cause": …, "since": …, "told_at": …}          what a channel has heard
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from rollcall.errors import BadInput, Mistake
from rollcall.history.rows import LONGEST_TEXT, Name, Told, Whole
from rollcall.history.tables import LISTED, MORNING, PRESENT, PROOF, RUN, SILENCE, TOLD
from rollcall.text import clean, counted

VERSION = 2
_MOST_MISTAKES = 20
_KINDS: dict[str, TypeAdapter[Any]] = {
    "run": RUN,
    "morning": MORNING,
    "present": PRESENT,
    "told": TOLD,
    "listed": LISTED,
    "proof": PROOF,
    "silence": SILENCE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """Which record a line holds."""

    v: Literal[2]
    kind: Literal["run", "morning", "present", "told", "listed", "proof", "silence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard(Told):
    """What was told, in a line: there it says which channel heard it."""

    channel: Name


_HEAD = TypeAdapter(_Head)
_HEARD = TypeAdapter(_Heard)


def to_lines(whole: Whole) -> Iterator[str]:
    """The history as lines, oldest first."""
    yield from (_line("run", each) for each in whole.rows)
    yield from (_line("morning", each) for each in whole.mornings)
    if whole.present:
        yield _line("present", whole.present)
    for channel, memory in whole.told.items():
        yield from (_line("told", each, channel=channel) for each in memory.values())
    yield from (_line("listed", each) for each in whole.listed)
    yield from (_line("proof", each) for each in whole.proofs)
    yield from (_line("silence", each) for each in whole.silences)


def _line(kind: str, record: object, **words: str) -> str:
    fields = _KINDS[kind].dump_python(record, mode="json", by_alias=True)
    # Escaped: what reads it need not know in which encoding a pipe was written.
    return json.dumps({"v": VERSION, "kind": kind, **words, **fields})


def from_lines(lines: Iterable[str], *, place: str) -> Whole:
    """The history that the lines tell. Raises `BadInput` with every line that is none, by its number in `place`."""
    found: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    mistakes: list[Mistake] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            kind = _HEAD.validate_json(line, strict=True).kind
            found[kind].append((_HEARD if kind == "told" else _KINDS[kind]).validate_json(line, strict=True))
        except ValidationError as problem:
            mistakes.append(Mistake(place=f"{place}:{number}", value=clean(line, 80), rule=_rule(problem)))
    if len(mistakes) > _MOST_MISTAKES:
        rule = f"{counted(len(mistakes) - _MOST_MISTAKES, 'more line')} like these."
        mistakes[_MOST_MISTAKES:] = [Mistake(place=place, rule=rule)]
    if mistakes:
        raise BadInput(tuple(mistakes))
    told: dict[str, dict[str, Told]] = {}
    for heard in found["told"]:
        told.setdefault(heard.channel, {})[heard.key] = heard
    present = max(found["present"], key=lambda each: each.judged_at, default=None)
    return Whole(
        rows=found["run"],
        mornings=found["morning"],
        present=present,
        told=told,
        listed=found["listed"],
        proofs=found["proof"],
        silences=found["silence"],
    )


def _rule(problem: ValidationError) -> str:
    """The first thing that is wrong with a line: which field, and what it must be."""
    first = problem.errors(include_url=False)[0]
    match first["type"], first["loc"]:
        case _, ():
            return "no JSON object. Write what `rollcall history --export jsonl` printed, line by line."
        case "literal_error", ("v",):
            return f"of another version. This Roll call reads lines of version {VERSION}."
        case "literal_error", _:
            return f'an unknown kind "{clean(str(first["input"]), 40)}". Kinds are {", ".join(_KINDS)}.'
        case "value_error", _:
            rule = str(first["ctx"]["error"])
        case "enum", _:
            rule = f"is none that is known: {first['ctx']['expected']}."
        case kind, _:
            rule = _RULES.get(kind, first["msg"])
    # Of an entry of a list the list is named, of a field of that entry the field.
    return f"{[part for part in first['loc'] if isinstance(part, str)][-1]} {rule}"


_NUMBER = "is no number of 0 or more."
_RULES = {
    "missing": "is missing.",
    "string_type": "is no text.",
    "string_too_short": f"is no text of one line with 1 to {LONGEST_TEXT} characters.",
    "bool_type": "is no true or false.",
    "int_type": _NUMBER,
    "greater_than_equal": _NUMBER,
    "less_than_equal": _NUMBER,
    "tuple_type": "is no list.",
    "dataclass_type": "is no object.",
}
