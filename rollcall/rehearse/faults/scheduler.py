"""What could befall a scheduler: down, closed, another one, stopped, stalled, with a wrong clock?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from rollcall.evidence import NotSeen, RunSeen, SchedulerSeen
from rollcall.rehearse.faults.kinds import SchedulerFault
from rollcall.rehearse.scene import written_like
from rollcall.roll.scheduler import Scheduler
from rollcall.times import read_timestamp
from rollcall.verdict.reading import Reading
from rollcall.vocabulary import CauseCode

_A_WHILE = timedelta(hours=1)
_SKEW = timedelta(minutes=10)


def _not_seen(code: CauseCode, detail: str) -> SchedulerFault:
    """A fault of which the failure to look is all there is to see."""
    return SchedulerFault(
        code=code,
        story=detail,
        plant=lambda scheduler, seen: NotSeen(code=code, detail=detail, looked_at=seen.asked_at),
    )


def _stopped(scheduler: Scheduler, seen: SchedulerSeen) -> SchedulerSeen | None:
    """It lists nothing while it is stopped, as APScheduler does; of one that lists all the same no more is known."""
    if "running" not in scheduler.tells:
        return None
    nothing: dict[str, Any] = {name: () for name in ("jobs", "runs") if getattr(seen, name) is not None}
    return replace(seen, running=False, **nothing)


def _stalled(scheduler: Scheduler, seen: SchedulerSeen) -> SchedulerSeen | None:
    """Its loop died an hour ago: what was due then is still next, and nothing has begun since."""
    within = scheduler.heartbeat_within or timedelta(0)
    died_at = (seen.server_at or seen.answered_at) - max(_A_WHILE, 2 * within)

    def then(text: str | None) -> str | None:
        return written_like(text, died_at, scheduler.naive_times) if text and _is_time(text) else text

    jobs = None if seen.jobs is None else tuple(replace(each, next_run=then(each.next_run)) for each in seen.jobs)
    dead = replace(seen, jobs=jobs, heartbeat=then(seen.heartbeat))
    if dead == seen:
        return None
    runs = (
        None if seen.runs is None else tuple(each for each in seen.runs if not _began_after(died_at, each, scheduler))
    )
    return replace(dead, runs=runs)


def _began_after(at: datetime, run: RunSeen, scheduler: Scheduler) -> bool:
    started = Reading.of(run.started, scheduler.naive_times)
    return started is not None and started.at is not None and started.at > at


def _is_time(text: str) -> bool:
    try:
        return bool(read_timestamp(text))
    except ValueError:
        return False


def _ahead(scheduler: Scheduler, seen: SchedulerSeen) -> SchedulerSeen | None:
    if "clock" not in scheduler.tells:
        return None
    heartbeat = Reading.of(seen.heartbeat, scheduler.naive_times)
    if heartbeat and heartbeat.at:
        seen = replace(seen, heartbeat=written_like(heartbeat.text, heartbeat.at + _SKEW, scheduler.naive_times))
    return replace(seen, server_at=seen.server_at + _SKEW if seen.server_at else None)


FAULTS: tuple[SchedulerFault, ...] = (
    _not_seen(CauseCode.SCHEDULER_DOWN, "connection refused"),
    _not_seen(CauseCode.ACCESS_DENIED, "answers 401 Unauthorized"),
    _not_seen(CauseCode.WRONG_SERVICE, "answers 404 Not Found"),
    _not_seen(CauseCode.SCHEDULER_ERROR, "answers 500 Internal Server Error"),
    SchedulerFault(code=CauseCode.SCHEDULER_STOPPED, story="its scheduler was not started again", plant=_stopped),
    SchedulerFault(code=CauseCode.SCHEDULER_STALLED, story="it says it is running, and runs nothing", plant=_stalled),
    SchedulerFault(
        code=CauseCode.CLOCK_SKEW,
        story="its clock is 10 minutes ahead",
        plant=_ahead,
        cure="let the scheduler send the header Date: without it nobody sees its clock",
    ),
)
