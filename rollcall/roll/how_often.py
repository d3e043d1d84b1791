"""How often is a schedule due, its days off and the clock changes aside?

A schedule is walked no further than it takes to be sure: a thousand jobs are read each morning.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from rollcall.schedule import Engine, read_schedule

# In UTC clocks do not change. A moment before midnight, so that the first run is the first of its day.
_ANY_TIME = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
_DAY = timedelta(days=1)
# More than a day of those that are nearest to each other, and years of those that are due once a month.
_ENOUGH_RUNS = 400


@lru_cache(maxsize=4_096)
def gap_of_at_most(span: timedelta, cron: str, engine: Engine) -> timedelta | None:
    """How far apart two neighbouring runs are that are no further apart than `span`; None where all are."""
    schedule = read_schedule(cron, engine=engine, zone=ZoneInfo("UTC"))
    first = schedule.next_due(_ANY_TIME)
    if first is None:
        return None
    if engine is not Engine.SYSTEMD:
        # Of five fields each day that has any run has the same.
        day = [first, *takewhile(lambda at: at - first < _DAY, schedule.due_after(first))]
        if span < min(later - earlier for earlier, later in pairwise((*day, first + _DAY))):
            return None
    runs = (first, *islice(schedule.due_after(first), _ENOUGH_RUNS))
    return next((later - earlier for earlier, later in pairwise(runs) if later - earlier <= span), None)


@lru_cache(maxsize=4_096)
def span_of_more_than(number: int, within: timedelta, cron: str, engine: Engine) -> timedelta | None:
    """How long `number` runs take, where `within` holds more of them; None where it does not."""
    schedule = read_schedule(cron, engine=engine, zone=ZoneInfo("UTC"))
    first = schedule.next_due(_ANY_TIME)
    if first is None:
        return None
    inside = takewhile(lambda at: at - first < within, schedule.due_after(first))
    nth = next(islice(inside, number - 1, None), None)
    return nth - first if nth else None
