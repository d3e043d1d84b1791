"""What does a year of history of a thousand and of ten thousand jobs cost to read for the strips, and to add to?

The strip query reads the newest rows of each job, and is measured against a bare SELECT of as many rows.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from statistics import median

from fixtures.one_morning import at, haiku_job, roll_of
from rollcall.evidence import Evidence, Registration, SchedulerSeen
from rollcall.findings import Verdict
from rollcall.history import store
from rollcall.history.rows import Row
from rollcall.history.sqlite import reading
from rollcall.history.store import Whole
from rollcall.morning import Morning, judge_morning

NEWEST = 30
DAYS, DAYS_OF_MANY = 365, 60
RUNS = 5
_NOW = at("2026-11-24T07:02:00+01:00")


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
        ("read into records, microseconds a row", few["read"] * 1e6 / (1_000 * NEWEST), "at most 15"),
        ("add a morning of 1,000 jobs to their year, in milliseconds", few["add"] * 1000, "under 400"),
        ("the same where it is the first of a week", few["add first"] * 1000, "under 1,000"),
    ]


def _measured(folder: Path, jobs: int, days: int) -> dict[str, float]:
    file, ids = folder / f"{jobs}.sqlite3", [f"job{number:05d}" for number in range(jobs)]
    past = (_rows(ids, _NOW - timedelta(days=day)) for day in range(days, 0, -1))
    assert store.merge(file, Whole(rows=list(chain.from_iterable(past)))) is None
    morning = _morning(ids)
    with reading(file) as connection:
        assert connection is not None
        found = {
            "query": _seconds(lambda: _strips(connection, ids)),
            "bare": _seconds(lambda: _bare(connection, jobs)),
        }
    found["read"] = _seconds(lambda: len(store.read_ids(file, ids, now=_NOW, most=NEWEST).rows))
    # The history knows of no morning yet: it is looked through as a whole, as once a week.
    found["add first"] = _seconds(lambda: _add(file, morning), runs=1)
    return found | {"add": _seconds(lambda: _add(file, morning))}


def _morning(ids: list[str]) -> Morning:
    """Every one of the jobs did its work at six."""
    next_run, ran_at = (_NOW + timedelta(hours=23)).isoformat(), "2026-11-24T05:00:17"
    seen = SchedulerSeen(
        asked_at=_NOW,
        answered_at=_NOW,
        running=True,
        registrations=tuple(
            Registration(id=each, next_run=next_run, last_execution=ran_at, last_status="success") for each in ids
        ),
    )
    roll = roll_of(*(haiku_job(id=each, has_output=False) for each in ids))
    return judge_morning(roll, Evidence(schedulers={"aime": seen}, outputs={}), now=_NOW)


def _add(file: Path, morning: Morning) -> int:
    return int(store.write(file, morning, by="pytest", is_complete=True, keeps=timedelta(days=DAYS)) is None)


def _rows(ids: list[str], day: datetime) -> list[Row]:
    return [_row(job_id, day - timedelta(minutes=number % 1200), day) for number, job_id in enumerate(ids)]


def _row(job_id: str, due_at: datetime, judged_at: datetime) -> Row:
    ran_at = due_at + timedelta(seconds=17)
    return Row(job_id=job_id, due_at=due_at, verdict=Verdict.OK, ran_at=ran_at, size=812, judged_at=judged_at)


def _strips(connection: sqlite3.Connection, ids: list[str]) -> int:
    return len(store.newest(connection, ids, _NOW, NEWEST).fetchall())


def _bare(connection: sqlite3.Connection, jobs: int) -> int:
    return len(connection.execute("SELECT * FROM runs LIMIT ?", (jobs * NEWEST,)).fetchall())


def _seconds(what: Callable[[], int], runs: int = RUNS) -> float:
    measured = []
    for _ in range(runs):
        began = time.perf_counter()
        assert what()
        measured.append(time.perf_counter() - began)
    return median(measured)
