"""Does the scheduler run now, with a next run of every declared job in the future?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from rollcall.ask import gather
from rollcall.evidence import NotSeen, SchedulerSeen
from rollcall.roll.scheduler import Scheduler
from rollcall.text import counted, listed
from rollcall.times import show_instant
from rollcall.verdict import JobJudged
from rollcall.verdict.findings import Check
from rollcall.verdict.scheduler import scheduler_findings
from rollcall.verdict.witnesses import Reading
from rollcall.vocabulary import Verdict

BETWEEN_LOOKS = 0.5  # seconds
_OF_THE_SCHEDULER = (Check.ANSWERS, Check.SCHEDULER_IS_RUNNING, Check.SCHEDULER_IS_ALIVE)
_NONE, _UNREAD, _PAST = _LACKS = (
    "without a next run of {}",
    "with a next run of {} that cannot be read",
    "with a next run of {} in the past",
)


# Whether it is proven, and one line: what proves it, or what is missing.
Proof = tuple[bool, str]


def look_again(scheduler: Scheduler, clock: Callable[[], datetime]) -> SchedulerSeen | NotSeen:
    """What the scheduler says now; its memory does not live, and is not asked."""
    return gather((), (scheduler.alone,), now=clock(), clock=clock).schedulers[scheduler.id]


def proof_that_it_runs(scheduler: Scheduler, jobs: Iterable[JobJudged], seen: SchedulerSeen | NotSeen) -> Proof:
    """Whether it runs, and each of its jobs that owes another run, and is not paused by jobs.toml, has a next one."""
    findings = scheduler_findings(scheduler, seen)
    broken = [each for each in findings if each.check in _OF_THE_SCHEDULER and each.needs_a_person]
    if broken or isinstance(seen, NotSeen):
        return False, broken[0].because if broken else "it does not answer"
    present = seen.server_at or seen.answered_at
    lacking: dict[str, list[str]] = {}
    for name in (each.job.name for each in jobs if each.next_due_at and each.verdict is not Verdict.PAUSED):
        listing = seen.listed(name)
        reading = Reading.of(listing.next_run if listing else None, scheduler.naive_times)
        if reading is None or reading.at is None or reading.at <= present:
            lacks = _NONE if reading is None else _UNREAD if reading.at is None else _PAST
            lacking.setdefault(lacks, []).append(name)
    if lacking:
        line = ", ".join(each.format(listed(lacking[each])) for each in _LACKS if each in lacking)
        return False, f"running, but {line}"
    readings = [(Reading.of(each.next_run, scheduler.naive_times), each.id) for each in seen.jobs or ()]
    nearest = min(((reading.at, job_id) for reading, job_id in readings if reading and reading.at), default=None)
    next_run = f", next run {show_instant(nearest[0], scheduler.zone)} ({nearest[1]})" if nearest else ""
    return True, f"running, {counted(len(seen.jobs or ()), 'job')}{next_run}"


def await_proof(
    scheduler: Scheduler, jobs: Sequence[JobJudged], *, clock: Callable[[], datetime], limit: timedelta
) -> Proof:
    """The proof that it runs, or what was missing last when `limit` was over."""
    give_up_on = time.monotonic() + limit.total_seconds()
    while True:
        is_proven, line = proof_that_it_runs(scheduler, jobs, look_again(scheduler, clock))
        if is_proven or time.monotonic() >= give_up_on:
            return is_proven, line
        time.sleep(BETWEEN_LOOKS)
