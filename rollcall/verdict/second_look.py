"""Is the scheduler's loop alive? Two looks a moment apart prove it.

A living scheduler moves a job's next run on at the very moment it starts it. So where a next run falls due between two
looks, or has just passed, the second must show another one. Only `rollcall diagnose` looks twice; no morning waits.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from rollcall.evidence import NotSeen, SchedulerSeen
from rollcall.roll.scheduler import Scheduler
from rollcall.times import show_instant, show_span
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.judged import SchedulerJudged
from rollcall.verdict.reading import Reading
from rollcall.verdict.scheduler import earliest_present
from rollcall.vocabulary import CauseCode, Verdict

LONGEST_WAIT = timedelta(seconds=5)
# Milliseconds would do; a busy machine and HTTP's whole seconds are given this much.
_MARGIN = timedelta(seconds=2)
_SHORTEST_WAIT = timedelta(seconds=1)


def wait_before_second_look(judged: SchedulerJudged, first: SchedulerSeen | NotSeen) -> timedelta | None:
    """How long to wait until a second look tells more than the first; None where it would not within `LONGEST_WAIT`."""
    looks_alive = any(each.check is Check.SCHEDULER_IS_ALIVE and each.verdict is Verdict.OK for each in judged.findings)
    is_reached = judged.scheduler.host is None
    if not (looks_alive and is_reached) or not isinstance(first, SchedulerSeen) or first.server_at is None:
        return None
    nearest_at = min((at for at, _ in _next_runs(judged.scheduler, first)), default=None)
    if nearest_at is None:
        return None
    wait = max(nearest_at + _MARGIN - first.server_at, _SHORTEST_WAIT)
    return wait if wait <= LONGEST_WAIT else None


def with_second_look(
    judged: SchedulerJudged, first: SchedulerSeen | NotSeen, second: SchedulerSeen | NotSeen
) -> SchedulerJudged:
    """The scheduler as both looks prove it; as it was where the second proves nothing."""
    if not isinstance(first, SchedulerSeen) or not isinstance(second, SchedulerSeen) or not second.running:
        return judged
    proof = _proof(judged.scheduler, first, second)
    if proof is None:
        return judged
    return replace(judged, findings=tuple(proof if each.check is proof.check else each for each in judged.findings))


def _proof(scheduler: Scheduler, first: SchedulerSeen, second: SchedulerSeen) -> Finding | None:
    promise = Promise(Check.SCHEDULER_IS_ALIVE, "a next run that moves on when its time has come")
    nearest = min(_next_runs(scheduler, first), default=None)
    if nearest is None:
        return None
    nearest_at, job_id = nearest
    shown = f"the next run of {job_id}, {show_instant(nearest_at, scheduler.zone, seconds=True)},"
    if nearest not in _next_runs(scheduler, second):
        return promise.kept(f"{shown} moved on between two looks")
    if second.server_at is None or earliest_present(second) - nearest_at < _MARGIN / 2:
        return None
    apart = show_span(second.answered_at - first.answered_at)
    found = f"{shown} has passed and did not move on between two looks {apart} apart"
    because = f"the scheduler says it is running, but {found}: its loop is dead or paused"
    return promise.broken(Verdict.FAILED, CauseCode.SCHEDULER_STALLED, found, because)


def _next_runs(scheduler: Scheduler, seen: SchedulerSeen) -> Iterator[tuple[datetime, str]]:
    for each in seen.jobs or ():
        reading = Reading.of(each.next_run, scheduler.naive_times)
        if reading and reading.instants:
            # Of two that it may mean, the later: before it has passed nothing is proven.
            yield reading.instants[-1], each.id
