"""What can go wrong with a scheduler: down, closed, another one, stopped, stalled, with a wrong clock?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from rollcall.evidence import NotSeen, SchedulerSeen
from rollcall.rehearse.faults.kinds import SchedulerFault
from rollcall.rehearse.records import written_like
from rollcall.roll.scheduler import Scheduler
from rollcall.verdict.witnesses import Reading
from rollcall.vocabulary import CauseCode

_A_WHILE = timedelta(hours=1)
_SKEW = timedelta(minutes=10)


def _not_seen(code: CauseCode, detail: str) -> SchedulerFault:
    """A fault of which the failure to look is all there is to see."""
    return SchedulerFault(code, detail, lambda _, seen: NotSeen(code=code, detail=detail, looked_at=seen.asked_at))


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
        reading = Reading.of(text, scheduler.naive_times)
        return written_like(reading.text, died_at, scheduler.naive_times) if reading and reading.stamp else text

    def began_later(text: str | None) -> bool:
        started = Reading.of(text, scheduler.naive_times)
        return bool(started and started.at and started.at > died_at)

    jobs = seen.jobs and tuple(replace(each, next_run=then(each.next_run)) for each in seen.jobs)
    dead = replace(seen, jobs=jobs, heartbeat=then(seen.heartbeat))
    runs = seen.runs and tuple(each for each in seen.runs if not began_later(each.started))
    return None if dead == seen else replace(dead, runs=runs)


def _ahead(scheduler: Scheduler, seen: SchedulerSeen) -> SchedulerSeen | None:
    if "clock" not in scheduler.tells:
        return None
    heartbeat = Reading.of(seen.heartbeat, scheduler.naive_times)
    if heartbeat and heartbeat.at:
        seen = replace(seen, heartbeat=written_like(heartbeat.text, heartbeat.at + _SKEW, scheduler.naive_times))
    return replace(seen, server_at=seen.server_at and seen.server_at + _SKEW)


_NEEDS_DATE = "let the scheduler send the header Date: without it nobody sees its clock"
FAULTS = (
    _not_seen(CauseCode.SCHEDULER_DOWN, "connection refused"),
    _not_seen(CauseCode.ACCESS_DENIED, "answers 401 Unauthorized"),
    _not_seen(CauseCode.WRONG_SERVICE, "answers 404 Not Found"),
    _not_seen(CauseCode.SCHEDULER_ERROR, "answers 500 Internal Server Error"),
    SchedulerFault("scheduler-stopped", "its scheduler was not started again", _stopped),
    SchedulerFault("scheduler-stalled", "it says it is running, and runs nothing", _stalled),
    SchedulerFault("clock-skew", "its clock is 10 minutes ahead", _ahead, cure=_NEEDS_DATE),
)
