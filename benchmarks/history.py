"""What does a year of history of a thousand and of ten thousand jobs cost to read, for the strips and for what is
usual, and to add to?

The strip query reads the newest rows of each job with their outputs, one to each, and is measured against a bare SELECT
of as many rows of both tables.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from statistics import median

from fixtures.one_morning import at, haiku_job, left, roll_of
from rollcall.evidence import Evidence, JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.history import tables
from rollcall.history.connection import Connection
from rollcall.history.reading import read
from rollcall.history.remembered import MOST_REMEMBERED, read_remembered
from rollcall.history.rows import Row, Whole, number
from rollcall.history.store import Store, open_to_read
from rollcall.history.writing import merge, write
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.vocabulary import Verdict

NEWEST = 30
DAYS, DAYS_OF_MANY = 365, 60
RUNS = 5
NOW = at("2026-11-24T07:02:00+01:00")


def history(folder: Path) -> list[tuple[str, float, str]]:
    """The strip query, what it takes in milliseconds, and how both grow with the jobs."""
    few, many = _measured(folder, 1_000, DAYS), _measured(folder, 10_000, DAYS_OF_MANY)
    return [
        (f"strip query, 1,000 jobs x {NEWEST} of {DAYS} / bare SELECT", few["query"] / few["bare"], "at most 3"),
        ("the same in milliseconds", few["query"] * 1000, "under 100"),
        (
            f"the same for 10,000 jobs x {NEWEST} of {DAYS_OF_MANY}, in milliseconds",
            many["query"] * 1000,
            "under 1,000",
        ),
        ("read into records, 10,000 jobs / 1,000 jobs", many["read"] / few["read"], "at most 11"),
        ("the same in microseconds a row and its output", few["read"] * 1e6 / (1_000 * NEWEST), "at most 25"),
        (
            f"what is usual, 1,000 jobs x {MOST_REMEMBERED} runs / the rows of their strips",
            few["remembered"] / few["read"],
            "at most 3",
        ),
        ("add a morning of 1,000 jobs to their year, in milliseconds", few["add"] * 1000, "under 1,000"),
    ]


def _measured(folder: Path, jobs: int, days: int) -> dict[str, float]:
    file, ids = folder / f"{jobs}.sqlite3", [f"job{number:05d}" for number in range(jobs)]
    past = (_rows(ids, NOW - timedelta(days=day)) for day in range(days, 0, -1))
    assert merge(file, Whole(rows=list(chain.from_iterable(past)))) is None
    morning = morning_of(ids)
    with open_to_read(file) as connection:
        assert connection is not None
        found = {
            "query": seconds(lambda: _strips(connection, ids)),
            "bare": seconds(lambda: _bare(connection, jobs)),
        }
    known = [haiku_job(id=each) for each in ids]
    found["read"] = seconds(lambda: len(read(file, known, now=NOW, most=NEWEST).rows))
    found["remembered"] = seconds(lambda: len(read_remembered(file, known, now=NOW)))
    return found | {"add": seconds(lambda: add(file, morning))}


def morning_of(ids: list[str]) -> Morning:
    """Every one of the jobs did its work at six."""
    next_run, ran_at = (NOW + timedelta(hours=23)).isoformat(), "2026-11-24T05:00:17"
    seen = SchedulerSeen(
        asked_at=NOW,
        answered_at=NOW,
        running=True,
        jobs=tuple(JobListed(id=each, next_run=next_run) for each in ids),
        runs=tuple(RunSeen(job=each, ended=ran_at, word="success", outcome=Outcome.SUCCESS) for each in ids),
    )
    roll = roll_of(*(haiku_job(id=each, has_output=False) for each in ids))
    return judge_morning(roll, Evidence(schedulers={"aime": seen}, outputs={}), now=NOW)


def add(store: Store, morning: Morning) -> int:
    """Writes the morning, as a run does; returns 1 where that went well."""
    return int(write(store, morning, by="pytest", is_complete=True, keeps=timedelta(days=DAYS)) is None)


def _rows(ids: list[str], day: datetime) -> list[Row]:
    return [_row(job_id, day - timedelta(minutes=number % 1200), day) for number, job_id in enumerate(ids)]


def _row(job_id: str, due_at: datetime, judged_at: datetime) -> Row:
    ran_at = due_at + timedelta(seconds=17)
    outputs = left(812, ran_at, name=f"/srv/aime/data/scheduled-output/{job_id}-*.md")
    return Row(job_id=job_id, due_at=due_at, verdict=Verdict.OK, ran_at=ran_at, outputs=outputs, judged_at=judged_at)


def _strips(connection: Connection, ids: list[str]) -> int:
    asked = {"now": number(NOW), "most": NEWEST}
    return sum(len(lines) for _, lines in connection.ask_of_each(tables.NEWEST_RUNS, ids, asked))


def _bare(connection: Connection, jobs: int) -> int:
    tables = ("runs", "outputs")
    limit = {"most": jobs * NEWEST}
    return sum(len(list(connection.ask(f"SELECT * FROM {each} LIMIT :most", limit))) for each in tables)


def seconds(what: Callable[[], int]) -> float:
    """What that takes, the median of some times."""
    measured = []
    for _ in range(RUNS):
        began = time.perf_counter()
        assert what()
        measured.append(time.perf_counter() - began)
    return median(measured)
