"""What does a history in PostgreSQL cost, of a thousand and of ten thousand jobs: to write a morning into a year of it,
and to read what the page shows and what is usual?

A server of its own is started; it keeps what it writes, as one that lasts would.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg

from benchmarks.history import NOW, add, morning_of, seconds
from fixtures.one_morning import haiku_job
from fixtures.postgres import cluster, programs
from rollcall.history.postgresql import Database
from rollcall.history.reading import read
from rollcall.history.remembered import read_remembered
from rollcall.history.rows import Whole, number
from rollcall.history.writing import merge

NEWEST, DAYS, DAYS_OF_MANY = 30, 365, 60

# As merging the mornings of a year one by one would leave them, only faster.
_A_YEAR = """
INSERT INTO {schema}.runs
SELECT 'job' || lpad(job::text, 5, '0'), due, 'ok', NULL, false, due + 17000000, 17000000, judged, NULL, false
FROM generate_series(1, {days}) AS day, generate_series(0, {jobs} - 1) AS job,
LATERAL (SELECT {now} - day * 86400000000 AS judged) AS at,
LATERAL (SELECT judged - job % 1200 * 60000000::bigint AS due) AS run;
INSERT INTO {schema}.outputs
SELECT job, due, '/srv/aime/data/scheduled-output/' || job || '-*.md', 812, NULL, due + 17000000 FROM {schema}.runs;
ANALYZE
"""


def history_in_postgresql(folder: Path) -> list[tuple[str, float, str]]:
    """How all of it grows with the jobs and with the days."""
    if programs() is None:
        return []
    with cluster() as made, made.running(fsync="on") as server:
        young = _measured(server.url(), 1_000, NEWEST)
        few = _measured(server.url(), 1_000, DAYS)
        many = _measured(server.url(), 10_000, DAYS_OF_MANY)
    return [
        ("PostgreSQL: add a morning of 10,000 jobs, in seconds", many["add"], "under 3"),
        ("the same / a morning of 1,000 jobs", many["add"] / few["add"], "at most 12"),
        (f"read {NEWEST} days of 10,000 jobs, in seconds", many["read"], "under 2"),
        ("the same / of 1,000 jobs", many["read"] / few["read"], "at most 12"),
        (f"read {NEWEST} days of {DAYS} / of {NEWEST}", few["read"] / young["read"], "at most 1.5"),
        ("what is usual of 10,000 jobs, in seconds", many["remembered"], "under 8"),
    ]


def _measured(url: str, jobs: int, days: int) -> dict[str, float]:
    database = Database(url=url, of=f"of_{jobs}_{days}", shown="postgresql:///postgres")
    ids = [f"job{number:05d}" for number in range(jobs)]
    assert merge(database, Whole()) is None  # the tables
    with psycopg.connect(url) as connection:
        filled = _A_YEAR.format(schema=database.schema, days=days, jobs=jobs, now=number(NOW))
        connection.execute(filled.encode())
    known, morning = [haiku_job(id=each) for each in ids], morning_of(ids)
    what: dict[str, Callable[[], int]] = {
        "read": lambda: len(read(database, known, now=NOW, most=NEWEST).rows),
        "remembered": lambda: len(read_remembered(database, known, now=NOW)),
        "add": lambda: add(database, morning),
    }
    return {name: seconds(each) for name, each in what.items()}
