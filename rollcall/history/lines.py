"""How is a history carried from one machine to another? One JSON object a line, each with the version of its format.

{"v": 2, "kind": "run", "job": "haiku", "due_at": "2026-02-11T05:00:00+00:00", "verdict": "ok", …,
 "took": 17157479, "outputs": [{"output": …, "size": 812, "rows": null, "made_at": …}]}          a span in microseconds
{"v": 2, "kind": "morning", "judged_at": …, "verdict": "ok", "complete": true, "declared": 9, "needing": 0, …}
{"v": 2, "kind": "present", "judged_at": …, "jobs": […]}          the jobs of the last complete morning
{"v": 2, "kind": "listed", "scheduler": …, "job": …, "title": …, "schedule": …, "zone": …, "tags": […]}
{"v": 2, "kind": "told", "channel": …, "key": …, "cause": …, "since": …, "told_at": …}          what a channel has heard
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from rollcall.errors import BadInput, Mistake
from rollcall.evidence import JobListed
from rollcall.history.rows import OutputRow, PastMorning, Row, Told, Whole
from rollcall.text import clean, counted
from rollcall.times import read_timestamp, to_iso
from rollcall.vocabulary import Verdict

VERSION = 2
_MOST_MISTAKES = 20
_LONGEST_LINE = 10_000_000  # the ids of a hundred thousand jobs
_LONGEST_TEXT = 500
_LARGEST = 2**63 - 1
_Value = TypeVar("_Value")


def to_lines(whole: Whole) -> Iterator[str]:
    """The history as lines, oldest first."""
    for row in whole.rows:
        yield _line("run", **_run(row))
    for morning in whole.mornings:
        yield _line("morning", **_morning(morning))
    if whole.present_at:
        yield _line("present", judged_at=to_iso(whole.present_at), jobs=list(whole.present))
    for channel, memory in whole.told.items():
        for each in memory.values():
            yield _line("told", channel=channel, **_told(each))
    for scheduler, listed in whole.listed.items():
        for job in listed:
            yield _line("listed", scheduler=scheduler, **_listed(job))


def from_lines(lines: Iterable[str], *, place: str) -> Whole:
    """The history that the lines tell. Raises `BadInput` with every line that is none, by its number in `place`."""
    found, mistakes = _Found(), list[Mistake]()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            _take(line, found)
        except ValueError as problem:
            mistakes.append(Mistake(place=f"{place}:{number}", value=clean(line, 80), rule=str(problem)))
    if mistakes:
        raise BadInput((*mistakes[:_MOST_MISTAKES], *_more(mistakes, place)))
    return Whole(
        rows=found.rows,
        mornings=found.mornings,
        present=found.present,
        present_at=found.present_at,
        told=found.told,
        listed={scheduler: tuple(jobs) for scheduler, jobs in found.listed.items()},
    )


def _more(mistakes: list[Mistake], place: str) -> Iterator[Mistake]:
    if len(mistakes) > _MOST_MISTAKES:
        yield Mistake(place=place, rule=f"{counted(len(mistakes) - _MOST_MISTAKES, 'more line')} like these.")


# Writing --------------------------------------------------------------------------------------------------------------


def _line(kind: str, **values: object) -> str:
    # Escaped: what reads it need not know in which encoding a pipe was written.
    return json.dumps({"v": VERSION, "kind": kind, **values})


def _run(row: Row) -> dict[str, object]:
    return {
        "job": row.job_id,
        "due_at": to_iso(row.due_at),
        "verdict": row.verdict,
        "cause": row.cause,
        "needs_a_person": row.needs_a_person,
        "ran_at": to_iso(row.ran_at) if row.ran_at else None,
        "took": None if row.took is None else row.took // timedelta(microseconds=1),
        "outputs": [_output(each) for each in row.outputs],
        "judged_at": to_iso(row.judged_at),
        "action": row.action,
        "from_files": row.from_files,
    }


def _output(each: OutputRow) -> dict[str, object]:
    return {"output": each.output, "size": each.size, "rows": each.rows, "made_at": to_iso(each.made_at)}


def _morning(morning: PastMorning) -> dict[str, object]:
    return {
        "judged_at": to_iso(morning.judged_at),
        "verdict": morning.verdict,
        "complete": morning.is_complete,
        "declared": morning.declared,
        "needing": morning.needing,
        "by": morning.by,
    }


def _told(each: Told) -> dict[str, object]:
    return {"key": each.key, "cause": each.cause, "since": to_iso(each.since), "told_at": to_iso(each.told_at)}


def _listed(each: JobListed) -> dict[str, object]:
    return {
        "job": each.id,
        "title": each.name,
        "schedule": each.schedule,
        "zone": each.zone,
        "tags": list(each.tags),
    }


# Reading --------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Found:
    rows: list[Row] = field(default_factory=list)
    mornings: list[PastMorning] = field(default_factory=list)
    present: tuple[str, ...] = ()
    present_at: datetime | None = None
    told: dict[str, dict[str, Told]] = field(default_factory=dict)
    listed: dict[str, list[JobListed]] = field(default_factory=dict)


def _take(line: str, found: _Found) -> None:
    """Adds what one line tells. Raises ValueError holding the rule."""
    fields = _Fields(_object(line))
    if fields.count("v") != VERSION:
        raise ValueError(f"of another version. This Roll call reads lines of version {VERSION}.")
    match fields.text("kind"):
        case "run":
            found.rows.append(_read_run(fields))
        case "morning":
            found.mornings.append(_read_morning(fields))
        case "told":
            told = Told(
                key=fields.text("key"),
                cause=fields.text("cause"),
                since=fields.instant("since"),
                told_at=fields.instant("told_at"),
            )
            found.told.setdefault(fields.text("channel"), {})[told.key] = told
        case "listed":
            job = JobListed(
                id=fields.text("job"),
                name=fields.text("title"),
                schedule=fields.text("schedule"),
                zone=fields.maybe(fields.text, "zone"),
                tags=fields.texts("tags"),
            )
            found.listed.setdefault(fields.text("scheduler"), []).append(job)
        case "present":
            judged_at, jobs = fields.instant("judged_at"), fields.texts("jobs")
            if found.present_at is None or found.present_at <= judged_at:
                found.present, found.present_at = jobs, judged_at
        case kind:
            raise ValueError(f'an unknown kind "{clean(kind, 40)}". Kinds are run, morning, present, told and listed.')


def _object(line: str) -> dict[str, Any]:
    if len(line) > _LONGEST_LINE:
        raise ValueError("too long for a line of a history.")
    try:
        whole = json.loads(line)
    except (ValueError, RecursionError):
        whole = None
    if not isinstance(whole, dict):
        raise ValueError("no JSON object. Write what `rollcall history --export jsonl` printed, line by line.")
    return whole


def _read_run(fields: _Fields) -> Row:
    return Row(
        job_id=fields.text("job"),
        due_at=fields.instant("due_at"),
        verdict=fields.verdict("verdict"),
        cause=fields.maybe(fields.text, "cause"),
        needs_a_person=fields.flag("needs_a_person"),
        ran_at=fields.maybe(fields.instant, "ran_at"),
        took=fields.maybe(fields.span, "took"),
        outputs=tuple(map(_read_output, fields.objects("outputs"))),
        judged_at=fields.instant("judged_at"),
        action=fields.maybe(fields.text, "action"),
        from_files=fields.flag("from_files"),
    )


def _read_output(fields: _Fields) -> OutputRow:
    return OutputRow(
        output=fields.text("output"),
        size=fields.maybe(fields.count, "size"),
        rows=fields.maybe(fields.count, "rows"),
        made_at=fields.instant("made_at"),
    )


def _read_morning(fields: _Fields) -> PastMorning:
    return PastMorning(
        judged_at=fields.instant("judged_at"),
        verdict=fields.text("verdict"),
        is_complete=fields.flag("complete"),
        declared=fields.count("declared"),
        needing=fields.count("needing"),
        by=fields.text("by"),
    )


@dataclass(frozen=True, slots=True)
class _Fields:
    """The values of one line; each is read by its kind, or raises ValueError holding the rule."""

    values: dict[str, Any]

    def text(self, name: str) -> str:
        value = self._of(name, str)
        if not value or len(value) > _LONGEST_TEXT or clean(value, _LONGEST_TEXT) != value:
            raise ValueError(f"{name} is no text of one line with 1 to {_LONGEST_TEXT} characters.")
        return str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(_Fields({name: each}).text(name) for each in self._of(name, list))

    def objects(self, name: str) -> Iterator[_Fields]:
        for each in self._of(name, list):
            yield _Fields(_Fields({name: each})._of(name, dict))

    def flag(self, name: str) -> bool:
        return bool(self._of(name, bool))

    def count(self, name: str) -> int:
        value = self._of(name, int)
        if isinstance(value, bool) or not 0 <= value <= _LARGEST:
            raise ValueError(f"{name} is no number of 0 or more.")
        return int(value)

    def span(self, name: str) -> timedelta:
        return timedelta(microseconds=self.count(name))

    def instant(self, name: str) -> datetime:
        try:
            at = read_timestamp(self._of(name, str)).at
        except ValueError as problem:
            raise ValueError(f"{name} is {problem}") from None
        if at is None:
            raise ValueError(f"{name} has no offset, so it cannot be told which instant it is.")
        return at

    def verdict(self, name: str) -> Verdict:
        value = self.text(name)
        try:
            return Verdict(value)
        except ValueError:
            raise ValueError(f"{name} is none that is known: {', '.join(Verdict)}.") from None

    def maybe(self, read: Callable[[str], _Value], name: str) -> _Value | None:
        return None if self.values.get(name) is None else read(name)

    def _of(self, name: str, kind: type) -> Any:
        if name not in self.values:
            raise ValueError(f"{name} is missing.")
        if not isinstance(self.values[name], kind):
            raise ValueError(f"{name} is no {_KINDS[kind]}.")
        return self.values[name]


_KINDS: dict[type, str] = {str: "text", list: "list", dict: "object", bool: "true or false", int: "whole number"}
