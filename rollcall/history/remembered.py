"""What do earlier runs show of what is usual, beyond what is still there to be looked at?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

from rollcall.evidence import LeftThen, Remembered, RunRemembered
from rollcall.history import tables
from rollcall.history.connection import CannotRead
from rollcall.history.rows import MICROSECOND, number
from rollcall.history.store import Store, not_collecting, open_to_read
from rollcall.roll.job import Job
from rollcall.times import EPOCH
from rollcall.vocabulary import CauseCode

# Enough for seventeen of each weekday; what is older than a year and its holidays shows nothing of today.
MOST_REMEMBERED = 120
REMEMBERED_FOR = timedelta(days=400)
# A line as the statement has it.
_Line = tuple[Any, ...]
_DUE, _CAUSE, _FROM_FILES, _TOOK, _OUTPUT = range(5)


def read_remembered(store: Store, jobs: Iterable[Job], *, now: datetime) -> Remembered:
    """The newest earlier runs of each of these jobs as mornings before `now` found them, newest first, by its id.

    Nothing where it cannot be read: the morning that reads its runs for the page says so. A job without outputs and
    without durations has nothing to be measured by.
    """
    measured = [job.id for job in jobs if job.outputs or job.scheduler]
    asked = {"now": number(now), "since": number(now - REMEMBERED_FOR), "most": MOST_REMEMBERED}
    found = Remembered()
    try:
        with open_to_read(store) as connection, not_collecting():
            if connection is None:
                return found
            bad = {
                job_id: [due for (due,) in lines]
                for job_id, lines in connection.ask_of_each(tables.BAD_RUNS, measured, asked)
                if lines
            }
            for job_id, lines in connection.ask_of_each(tables.GOOD_RUNS, measured, asked):
                if runs := _of_job(lines, bad.pop(job_id, ())):
                    found.add(job_id, runs)
    except CannotRead:
        return Remembered()
    for job_id, dues in bad.items():
        found.add(job_id, _of_job((), dues))
    return found


def _of_job(lines: Iterable[_Line], bad: Iterable[int]) -> tuple[RunRemembered, ...]:
    good = [list(of_run) for _, of_run in groupby(lines, itemgetter(_DUE))]
    doubted = _still_doubted([lines[0] for lines in good])
    runs = [_run(lines, place >= doubted) for place, lines in enumerate(good)]
    # Evidence holds no more than says something.
    runs += [RunRemembered(due_at=_instant(due), is_measure=False) for due in bad]
    known = [each for each in runs if not each.is_measure or each.took is not None or each.left]
    return tuple(sorted(known, key=attrgetter("due_at"), reverse=True))


def _still_doubted(runs: Iterable[_Line]) -> int:
    """How many of the newest runs, newest first, are those since which mornings warn that what is left is too small.

    That ends with a run that a morning judged without the warning. What only files tell of was judged by nobody.
    """
    doubted = 0
    for place, run in enumerate(runs, 1):
        if run[_CAUSE] == CauseCode.SHRUNKEN_OUTPUT:
            doubted = place
        elif not run[_FROM_FILES]:
            break
    return doubted


def _run(lines: Sequence[_Line], is_measure: bool) -> RunRemembered:
    first = lines[0]
    took = _count(first[_TOOK])
    return RunRemembered(
        due_at=_instant(first[_DUE]),
        is_measure=is_measure,
        took=None if took is None else took * MICROSECOND,
        left=tuple(
            LeftThen(output=output, size=_count(size), rows=_count(rows))
            for *_, output, size, rows in lines
            if isinstance(output, str)
        ),
    )


def _instant(found: int) -> datetime:
    return EPOCH + found * MICROSECOND


def _count(found: object) -> int | None:
    """A flipped bit in a value SQLite does not notice."""
    return found if isinstance(found, int) and found >= 0 else None
