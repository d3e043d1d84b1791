"""How do records stand in the tables of the history?

An instant is a whole number of microseconds since the epoch, and a span one of microseconds. The verdict belongs to a
due run of a job, and size, rows and instant to each output that the run left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

from rollcall.evidence import JobListed
from rollcall.history.rows import OutputRow, PastMorning, Row, Told
from rollcall.text import clean
from rollcall.times import EPOCH
from rollcall.vocabulary import Verdict

VERSION = 2
INSTANT = timedelta(microseconds=1)

Values = tuple[Any, ...]
_Found = TypeVar("_Found")
_Record = TypeVar("_Record")

RUN = "job, due, verdict, cause, needs, ran, took, judged, action, from_files"
OUTPUT = "output, size, rows, made"
MORNING = "judged, made_by, verdict, is_complete, declared, needing"
TOLD = "channel, subject, cause, since, told"
LISTED = "scheduler, job, title, schedule, zone, tags"
# What each statement counts on: a file that lacks one of these is no history.
COLUMNS = {
    "runs": RUN,
    "outputs": f"job, due, {OUTPUT}",
    "mornings": MORNING,
    "present": "job, judged",
    "told": TOLD,
    "listed": LISTED,
}

BEGIN = """
CREATE TABLE runs (
    job TEXT NOT NULL, due INTEGER NOT NULL, verdict TEXT NOT NULL, cause TEXT, needs INTEGER NOT NULL, ran INTEGER,
    took INTEGER, judged INTEGER NOT NULL, action TEXT, from_files INTEGER NOT NULL, PRIMARY KEY (job, due)
) WITHOUT ROWID;
CREATE INDEX runs_by_due ON runs (due);
CREATE TABLE outputs (
    job TEXT NOT NULL, due INTEGER NOT NULL, output TEXT NOT NULL, size INTEGER, rows INTEGER, made INTEGER NOT NULL,
    PRIMARY KEY (job, due, output)
) WITHOUT ROWID;
CREATE TABLE mornings (
    judged INTEGER NOT NULL, made_by TEXT NOT NULL, verdict TEXT NOT NULL, is_complete INTEGER NOT NULL,
    declared INTEGER NOT NULL, needing INTEGER NOT NULL, PRIMARY KEY (judged, made_by)
) WITHOUT ROWID;
CREATE TABLE present (job TEXT NOT NULL PRIMARY KEY, judged INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE told (
    channel TEXT NOT NULL, subject TEXT NOT NULL, cause TEXT NOT NULL, since INTEGER NOT NULL, told INTEGER NOT NULL,
    PRIMARY KEY (subject, channel)
) WITHOUT ROWID;
CREATE TABLE listed (
    scheduler TEXT NOT NULL, job TEXT NOT NULL, title TEXT NOT NULL, schedule TEXT NOT NULL, zone TEXT,
    tags TEXT NOT NULL, PRIMARY KEY (scheduler, job)
) WITHOUT ROWID;
"""


def marks(columns: str) -> str:
    """As many question marks as there are columns."""
    return ", ".join("?" for _ in columns.split(","))


# To values ------------------------------------------------------------------------------------------------------------


def number(at: datetime) -> int:
    """The instant as it stands in a table."""
    return (at - EPOCH) // INSTANT


def run_values(row: Row) -> Values:
    """The values of `RUN`."""
    return (
        row.job_id,
        number(row.due_at),
        str(row.verdict),
        None if row.cause is None else str(row.cause),
        row.needs_a_person,
        None if row.ran_at is None else number(row.ran_at),
        None if row.took is None else row.took // INSTANT,
        number(row.judged_at),
        row.action,
        row.from_files,
    )


def output_values(row: Row) -> Iterator[Values]:
    """Job, due time and the values of `OUTPUT`, of each output."""
    for each in row.outputs:
        yield row.job_id, number(row.due_at), each.output, each.size, each.rows, number(each.made_at)


def morning_values(each: PastMorning) -> Values:
    """The values of `MORNING`."""
    return number(each.judged_at), each.by, each.verdict, each.is_complete, each.declared, each.needing


def told_values(channel: str, each: Told) -> Values:
    """The values of `TOLD`."""
    return channel, each.key, each.cause, number(each.since), number(each.told_at)


def listed_values(scheduler: str, each: JobListed) -> Values:
    """The values of `LISTED`."""
    return scheduler, each.id, each.name, each.schedule or "", each.zone, json.dumps(each.tags)


# And back -------------------------------------------------------------------------------------------------------------

_TEXT, _COUNT = (str, type(None)), (int, type(None))
# What SQLite cannot tell is broken: a flipped bit in a value.
_UNREADABLE = (ValueError, TypeError, OverflowError, KeyError)


def instant(found: int) -> datetime:
    """The instant of a number that stands in a table."""
    return EPOCH + timedelta(0, 0, found)


def read_rows(values: Iterable[Values]) -> tuple[tuple[Row, ...], int]:
    """The rows of the values of `RUN` and `OUTPUT`, in order, and how many of them cannot be read.

    A run has a line for each of its outputs, one after the other, or a single one of which those are None.
    """
    runs = [list(lines) for _, lines in groupby(values, key=itemgetter(0, 1))]
    rows = tuple(_readable(runs, _row_reader()))
    return rows, len(runs) - len(rows)


def read_mornings(values: Iterable[Values]) -> tuple[PastMorning, ...]:
    """Those of them that can be read, in order."""
    return tuple(_readable(values, _morning))


def read_memories(values: Iterable[Values]) -> dict[str, dict[str, Told]]:
    """What each channel was told, by channel and key, as far as it can be read."""
    found: dict[str, dict[str, Told]] = {}
    for channel, told in _readable(values, _told):
        found.setdefault(channel, {})[told.key] = told
    return found


def read_listings(values: Iterable[Values]) -> dict[str, tuple[JobListed, ...]]:
    """What each scheduler listed, by its id, as far as it can be read."""
    found: dict[str, list[JobListed]] = {}
    for scheduler, each in _readable(values, _listed):
        found.setdefault(scheduler, []).append(each)
    return {scheduler: tuple(each) for scheduler, each in found.items()}


def _readable(values: Iterable[_Found], read_one: Callable[[_Found], _Record]) -> Iterator[_Record]:
    """The records of those that can be read."""
    for each in values:
        try:
            record = read_one(each)
        except _UNREADABLE:
            continue
        yield record


def _row_reader() -> Callable[[list[Values]], Row]:
    """What makes a row of its lines; its errors are `_UNREADABLE`."""
    verdicts = {str(each): each for each in Verdict}
    judged_at = cache(instant)  # a thousand jobs were judged by the same few mornings

    def row(lines: list[Values]) -> Row:
        job, due, verdict, cause, needs, ran, took, judged, action, from_files, output, *_ = lines[0]
        if type(job) is not str or type(cause) not in _TEXT or type(action) not in _TEXT:
            raise TypeError
        return Row(
            job_id=job,
            due_at=instant(due),
            verdict=verdicts[verdict],
            cause=cause,
            needs_a_person=bool(needs),
            ran_at=None if ran is None else instant(ran),
            took=None if took is None else timedelta(0, 0, took),
            outputs=() if output is None else tuple([_output(line) for line in lines]),
            judged_at=judged_at(judged),
            action=action,
            from_files=bool(from_files),
        )

    return row


def _output(line: Values) -> OutputRow:
    *_, output, size, rows, made = line
    if type(output) is not str or type(size) not in _COUNT or type(rows) not in _COUNT:
        raise TypeError
    return OutputRow(output=output, size=size, rows=rows, made_at=instant(made))


def _morning(values: Values) -> PastMorning:
    judged, by, verdict, is_complete, declared, needing = values
    return PastMorning(
        judged_at=instant(judged),
        verdict=clean(verdict, 40),
        is_complete=bool(is_complete),
        declared=int(declared),
        needing=int(needing),
        by=clean(by, 40),
    )


def _told(values: Values) -> tuple[str, Told]:
    channel, key, cause, since, told = values
    if type(channel) is not str or type(key) is not str or type(cause) is not str:
        raise TypeError
    return channel, Told(key=key, cause=cause, since=instant(since), told_at=instant(told))


def _listed(values: Values) -> tuple[str, JobListed]:
    scheduler, job, title, schedule, zone, tags = values
    if {type(each) for each in (scheduler, job, title, schedule)} != {str} or type(zone) not in _TEXT:
        raise TypeError
    labels = tuple(clean(each, 80) for each in json.loads(tags))
    return scheduler, JobListed(id=job, name=title, schedule=schedule, zone=zone, tags=labels)
