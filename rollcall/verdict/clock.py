"""How far is a scheduler's clock from this machine's, as far as its answer proves it?"""

from __future__ import annotations

from datetime import timedelta

from rollcall.evidence import NotSeen, SchedulerSeen
from rollcall.roll.due_run import EARLY_TOLERANCE

_NONE = timedelta(0)
# HTTP tells whole seconds: at the most, this much more had passed.
_LESS_THAN_A_SECOND = timedelta(seconds=1) - timedelta(microseconds=1)


def ahead(seen: SchedulerSeen) -> timedelta:
    """By how much at least the scheduler's clock is ahead of this machine's (negative: behind); zero where both agree.

    `Date` was written at some instant between asking and answering, however slow the answer; what that leaves open
    never counts against a clock.
    """
    if seen.server_at is None:
        return _NONE
    if seen.server_at > seen.answered_at:
        return seen.server_at - seen.answered_at
    return min(seen.server_at + _LESS_THAN_A_SECOND - seen.asked_at, _NONE)


def skew(seen: SchedulerSeen | NotSeen | None) -> timedelta:
    """How far its clock is ahead where that is more than clocks may differ, else zero."""
    apart = ahead(seen) if isinstance(seen, SchedulerSeen) else _NONE
    return apart if abs(apart) > EARLY_TOLERANCE else _NONE
