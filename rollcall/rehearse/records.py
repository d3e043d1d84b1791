"""What is on record of the run that did its work, and how would its scheduler have written another?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from rollcall.evidence import Outcome, RunSeen
from rollcall.roll.scheduler import Scheduler
from rollcall.times import read_timestamp
from rollcall.verdict import JobJudged
from rollcall.verdict.witnesses import DONE, RunRead


def written_like(text: str, at: datetime, naive_times: ZoneInfo | None) -> str:
    """The instant `at` as whoever wrote `text` writes it: with the same offset, or without one."""
    try:
        offset = read_timestamp(text).offset
    except ValueError:
        offset = timedelta(0)
    if offset is not None:
        return at.astimezone(timezone(offset)).isoformat()
    return at.astimezone(naive_times or UTC).replace(tzinfo=None).isoformat()


def word_for(outcome: Outcome, teller: Scheduler) -> str | None:
    """The teller's first word for a run that went like that; None where it has none."""
    words: tuple[str, ...] = getattr(teller.words, outcome)
    return next(iter(words), None)


def rewritten(
    run: RunSeen, teller: Scheduler, times: Mapping[str, datetime | None], outcome: Outcome | None = None
) -> RunSeen:
    """The run with another outcome, where the teller has a word for it, and at other times.

    `times` are those of `due`, `started` and `ended` that change: each is written as it was written before, and where
    it was not, it is not.
    """
    changes: dict[str, Any] = {
        name: at and written_like(before, at, teller.naive_times)
        for name, at in times.items()
        if (before := getattr(run, name)) is not None
    }
    if outcome and (word := word_for(outcome, teller)):
        changes |= {"word": word, "outcome": teller.words.outcome(word)}
    return replace(run, **changes)


def times_of(read: RunRead) -> dict[str, datetime]:
    """Its times that are told and can be read, by name."""
    readings = {"due": read.due, "started": read.started, "ended": read.ended}
    return {name: reading.at for name, reading in readings.items() if reading and reading.at}


def record_of(judged: JobJudged) -> RunRead | None:
    """The run on record that did the work of the judged run first; None where none did, or none is on record."""
    if judged.due_run is None:
        return None
    attempts = judged.seen.attempts(judged.due_run)
    return next((each for each in attempts.begun if each.outcome in DONE), attempts.deciding)


def read_runs(runs: Iterable[RunSeen], judged: JobJudged, teller: Scheduler) -> tuple[RunRead, ...]:
    """The runs with their times read, as they were when the job was judged: of two hours, the one that was meant."""
    judged_as = {each.seen: each for each in judged.seen.runs}
    return tuple(judged_as.get(each) or RunRead.of(each, teller.naive_times) for each in runs)


def is_of_run(read: RunRead, judged: JobJudged) -> bool:
    """True where it is of the judged run, or made it good."""
    assert judged.due_run is not None
    return read.belongs_to(judged.due_run) or read.makes_good(judged.due_run)
