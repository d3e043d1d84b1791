"""How often is a schedule of cron fields due, its days off and the clock changes aside?

A schedule is walked no further than it takes to be sure: a thousand jobs are read each morning.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from rollcall.schedule import Engine, read_schedule

# In UTC clocks do not change. A moment before midnight, so that the first run is the first of its day.
_ANY_TIME = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
_DAY = timedelta(days=1)
# More than a day of those that are nearest to each other, and years of those that are due once a month.
_ENOUGH_RUNS = 400


def _runs(cron: str, engine: Engine) -> Iterator[datetime]:
    schedule = read_schedule(cron, engine=engine, zone=ZoneInfo("UTC"))
    first = schedule.next_due(_ANY_TIME)
    return chain((first,), schedule.due_after(first)) if first else iter(())


@lru_cache(maxsize=4_096)
def _of_a_day(cron: str, engine: Engine) -> tuple[datetime, ...]:
    """The runs of a day that has any; of five fields each such day has the same."""
    runs = _runs(cron, engine)
    first = next(runs, None)
    return () if first is None else (first, *takewhile(lambda at: at - first < _DAY, runs))


@lru_cache(maxsize=4_096)
def gap_of_at_most(span: timedelta, cron: str, engine: Engine) -> timedelta | None:
    """How far apart two neighbouring runs are that are no further apart than `span`; None where all are."""
    day = _of_a_day(cron, engine)
    if not day or span < min((later - earlier for earlier, later in pairwise((*day, day[0] + _DAY)))):
        return None
    gaps = (later - earlier for earlier, later in pairwise(islice(_runs(cron, engine), _ENOUGH_RUNS)))
    return next((gap for gap in gaps if gap <= span), None)


@lru_cache(maxsize=4_096)
def span_of_more_than(number: int, within: timedelta, cron: str, engine: Engine) -> timedelta | None:
    """How long `number` runs take, where `within` holds more of them; None where it does not."""
    if len(_of_a_day(cron, engine)) * (within // _DAY + 1) <= number:
        return None
    runs = _runs(cron, engine)
    first, last = next(runs, None), next(islice(runs, number - 1, None), None)
    return last - first if first and last and last - first < within else None
