"""What do the mornings before that of the nine jobs remember?

A month in which now and then something went wrong, up to yesterday. What happens in a staged morning began after
yesterday's, so that it is new; but for what cannot have begun only then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.demo import poet
from rollcall.demo.faults import HAIKU, at
from rollcall.demo.past import Ran, past_of, varied
from rollcall.demo.takes import takes
from rollcall.history.rows import FILE
from rollcall.history.writing import merge
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.verdict.interval import anchored, floats
from rollcall.vocabulary import CauseCode, Verdict

_ZONE = ZoneInfo("Europe/Zurich")
# Since then there are files, and what the service has on record.
_STAGED_SINCE = at(1, 0) - timedelta(hours=5)
_INTERVAL_AT = at(11, 7)
_OFFSET = timedelta(hours=1)
_EARLIER: Mapping[tuple[str, date], Ran] = {
    ("daily_enrichment", date(2026, 1, 16)): Ran(
        verdict=Verdict.FAILED, cause=CauseCode.RUN_FAILED, after=timedelta(seconds=12)
    ),
    (HAIKU, date(2026, 1, 21)): Ran(
        verdict=Verdict.LATE, cause=CauseCode.RAN_LATE, after=timedelta(minutes=44, seconds=18), size=331
    ),
    ("export_collection_json", date(2026, 1, 26)): Ran(
        verdict=Verdict.BAD_OUTPUT, cause=CauseCode.TRUNCATED_OUTPUT, after=timedelta(seconds=2), size=412
    ),
    ("generate_magazine_editions", date(2026, 1, 29)): Ran(verdict=Verdict.MISSED, cause=CauseCode.MISSED_RUN),
}
_YESTERDAY = ("sync_discogs_daily", date(2026, 2, 10))
_A_SUNDAY_OFF = 24  # days before
# Of the collection as it is; it had fewer albums then.
_SIZES = {"export_collection_markdown": 400, "export_collection_json": 917}
_BOUGHT = (date(2026, 1, 19), date(2026, 1, 31))


def remember(folder: Path, roll: Roll, now: datetime, fault: str | None) -> Path:
    """The file of the history, in `folder`: a month of mornings before `now`, which `fault` is in."""

    def went(job: Job, due_at: datetime) -> Ran | None:
        day = due_at.astimezone(_ZONE).date()
        if found := _lasting(job, due_at, fault) or _EARLIER.get((job.id, day)):
            return found if found.verdict is not Verdict.PAUSED else None
        took = takes(job.id, due_at)
        if (job.id, day) == _YESTERDAY and fault is None:
            return Ran(verdict=Verdict.FAILED, cause=CauseCode.RUN_FAILED, after=took / 3)
        if due_at < _STAGED_SINCE:
            took *= varied(job.id, day).lognormvariate(0, 0.15) * (0.7 if day.weekday() > 4 else 1)
        return Ran(after=took, size=_size(job, day))

    file = folder / FILE
    # What is due so often after the last is due when its scheduler's trigger says, and not when a calendar would.
    jobs = [anchored(job, None, _INTERVAL_AT) if floats(job) else job for job in roll.jobs]
    problem = merge(file, past_of(jobs, now, went, skipped=frozenset({_A_SUNDAY_OFF})))
    assert problem is None, problem
    return file


def _lasting(job: Job, due_at: datetime, fault: str | None) -> Ran | None:
    """How a run went where the fault was there already."""
    is_since = due_at >= _STAGED_SINCE
    if fault == "never-ran" and job.id == HAIKU:
        # It was new then.
        return Ran(verdict=Verdict.MISSED if is_since else Verdict.PAUSED, cause=CauseCode.NEVER_RAN)
    if fault == "wrong-timezone" and is_since and job.every is None:
        return Ran(
            verdict=Verdict.LATE,
            cause=CauseCode.WRONG_TIMEZONE,
            after=_OFFSET + takes(job.id, due_at + _OFFSET),
            size=_size(job, due_at.astimezone(_ZONE).date()),
        )
    return None


def _size(job: Job, day: date) -> int | None:
    if job.id == HAIKU:
        return len(poet.compose(day).encode())
    now = _SIZES.get(job.id)
    return now and round(now * (1 - 0.03 * sum(day < each for each in _BOUGHT)))
