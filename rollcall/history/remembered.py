"""What do earlier runs show of what is usual, beyond what is still there to be looked at?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from rollcall.evidence import LeftThen, RunRemembered
from rollcall.history import tables
from rollcall.history.rows import MICROSECOND, number
from rollcall.history.sqlite import CannotRead, open_to_read
from rollcall.roll.job import Job
from rollcall.times import EPOCH
from rollcall.vocabulary import CauseCode

# Enough for seventeen of each weekday; what is older than a year and its holidays shows nothing of today.
MOST_REMEMBERED = 120
REMEMBERED_FOR = timedelta(days=400)


def read_remembered(file: Path, jobs: Iterable[Job], *, now: datetime) -> dict[str, tuple[RunRemembered, ...]]:
    """The newest earlier runs of each of these jobs as mornings before `now` found them, newest first, by its id.

    Nothing where the file cannot be read: the morning that reads its runs for the page says so. A job without outputs
    and without durations has nothing to be measured by.
    """
    found = dict[str, tuple[RunRemembered, ...]]()
    try:
        with open_to_read(file) as connection:
            for job in jobs if connection else ():
                assert connection
                if (job.outputs or job.scheduler) and (runs := _of_job(connection, job.id, now)):
                    found[job.id] = runs
    except CannotRead:
        return {}
    return found


def _of_job(connection: sqlite3.Connection, job_id: str, now: datetime) -> tuple[RunRemembered, ...]:
    asked = {"job": job_id, "now": number(now), "since": number(now - REMEMBERED_FOR), "most": MOST_REMEMBERED}
    lines = connection.execute(tables.GOOD_RUNS, asked)
    runs = [list(group) for _, group in groupby(lines, key=itemgetter("due_at"))]
    doubted = _still_doubted(runs)
    bad = [
        RunRemembered(due_at=_instant(each["due_at"]), is_measure=False)
        for each in connection.execute(tables.BAD_RUNS, asked)
    ]
    known = [
        each for each in (*bad, *(_run(run, place >= doubted) for place, run in enumerate(runs))) if _is_told(each)
    ]
    return tuple(sorted(known, key=lambda each: each.due_at, reverse=True))


def _still_doubted(runs: Sequence[Sequence[dict[str, Any]]]) -> int:
    """How many of the newest runs, newest first, are those since which mornings warn that what is left is too small.

    That ends with a run that a morning judged without the warning. What only files tell of was judged by nobody.
    """
    doubted = 0
    for place, (run, *_) in enumerate(runs, 1):
        if run["cause"] == CauseCode.SHRUNKEN_OUTPUT:
            doubted = place
        elif not run["from_files"]:
            break
    return doubted


def _run(lines: Sequence[dict[str, Any]], is_measure: bool) -> RunRemembered:
    first, took = lines[0], lines[0]["took"]
    return RunRemembered(
        due_at=_instant(first["due_at"]),
        is_measure=is_measure,
        took=took * MICROSECOND if isinstance(took, int) and took >= 0 else None,
        left=tuple(
            LeftThen(output=each["output"], size=_count(each["size"]), rows=_count(each["rows"]))
            for each in lines
            if isinstance(each["output"], str)
        ),
    )


def _is_told(run: RunRemembered) -> bool:
    """Evidence holds no more than says something."""
    return not run.is_measure or run.took is not None or bool(run.left)


def _instant(found: int) -> datetime:
    return EPOCH + found * MICROSECOND


def _count(found: object) -> int | None:
    """A flipped bit in a value SQLite does not notice."""
    return found if isinstance(found, int) and found >= 0 else None
