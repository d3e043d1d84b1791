"""What could befall a scheduler: down, closed, another one, stopped, stalled, with a wrong clock?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from rollcall.errors import CauseCode
from rollcall.evidence import NotSeen, SchedulerSeen
from rollcall.faults.kinds import SchedulerFault
from rollcall.jobs import Scheduler
from rollcall.scene import written_like
from rollcall.times import read_timestamp

_A_WHILE = timedelta(hours=1)
_SKEW = timedelta(minutes=10)


def _not_seen(code: CauseCode, detail: str) -> SchedulerFault:
    """A fault of which the failure to look is all there is to see."""
    return SchedulerFault(
        code=code,
        story=detail,
        plant=lambda scheduler, seen: NotSeen(code=code, detail=detail, looked_at=seen.asked_at),
    )


def _stopped(scheduler: Scheduler, seen: SchedulerSeen) -> SchedulerSeen:
    return replace(seen, running=False, registrations=())


def _stalled(scheduler: Scheduler, seen: SchedulerSeen) -> SchedulerSeen | None:
    """Its loop died an hour ago: the run that was due then is still the next one."""
    told = [each for each in seen.registrations if _is_time(each.next_run)]
    if not told:
        return None
    died_at = (seen.server_at or seen.answered_at) - _A_WHILE
    stuck = replace(told[0], next_run=written_like(told[0].next_run or "", died_at, scheduler.naive_times))
    return replace(seen, registrations=tuple(stuck if each is told[0] else each for each in seen.registrations))


def _is_time(text: str | None) -> bool:
    try:
        return text is not None and bool(read_timestamp(text))
    except ValueError:
        return False


def _ahead(scheduler: Scheduler, seen: SchedulerSeen) -> SchedulerSeen:
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
