"""Does the scheduler run now, with a next run of every declared job in the future?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollcall.ask import gather
from rollcall.evidence import NotSeen, SchedulerSeen
from rollcall.roll.scheduler import Scheduler
from rollcall.text import counted, listed
from rollcall.times import show_instant
from rollcall.verdict import JobJudged
from rollcall.verdict.findings import Check
from rollcall.verdict.reading import Reading
from rollcall.verdict.scheduler import scheduler_findings
from rollcall.vocabulary import Verdict

BETWEEN_LOOKS = timedelta(seconds=0.5)
_OF_THE_SCHEDULER = (Check.ANSWERS, Check.SCHEDULER_IS_RUNNING, Check.SCHEDULER_IS_ALIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Whether it is proven, and one line: what proves it, or what is missing."""

    is_whole: bool
    told: str


def look_again(scheduler: Scheduler, clock: Callable[[], datetime]) -> SchedulerSeen | NotSeen:
    """What the scheduler says now; its memory does not live, and is not asked."""
    return gather((), (scheduler.alone,), now=clock(), clock=clock).schedulers[scheduler.id]


def proof_that_it_runs(scheduler: Scheduler, jobs: Iterable[JobJudged], seen: SchedulerSeen | NotSeen) -> Proof:
    """Whether it runs, and each of its jobs that owes another run, and is not paused by jobs.toml, has a next one."""
    findings = scheduler_findings(scheduler, seen)
    broken = [each for each in findings if each.check in _OF_THE_SCHEDULER and each.needs_a_person]
    if broken or isinstance(seen, NotSeen):
        return Proof(is_whole=False, told=broken[0].because if broken else "it does not answer")
    owing = [each.job.name for each in jobs if each.next_due_at and each.verdict is not Verdict.PAUSED]
    present = seen.server_at or seen.answered_at
    next_runs = {job_id: _next_run(job_id, scheduler, seen) for job_id in owing}
    if lacking := [each for each in owing if not isinstance(at := next_runs[each], datetime) or at <= present]:
        return Proof(is_whole=False, told=f"running, but {_told_lacking(lacking, next_runs)}")
    return Proof(is_whole=True, told=_told_running(scheduler, seen))


def await_proof(
    scheduler: Scheduler, jobs: Sequence[JobJudged], *, clock: Callable[[], datetime], limit: timedelta
) -> Proof:
    """The first proof that is whole, or the last that was not when `limit` was over."""
    give_up_on = time.monotonic() + limit.total_seconds()
    while True:
        proof = proof_that_it_runs(scheduler, jobs, look_again(scheduler, clock))
        if proof.is_whole or time.monotonic() >= give_up_on:
            return proof
        time.sleep(BETWEEN_LOOKS.total_seconds())


def _next_run(job_id: str, scheduler: Scheduler, seen: SchedulerSeen) -> datetime | str | None:
    """The instant; what is written where it means none; None where there is none."""
    listing = seen.listed(job_id)
    reading = Reading.of(listing.next_run if listing else None, scheduler.naive_times)
    return (reading.at or reading.text) if reading else None


def _told_lacking(lacking: Sequence[str], next_runs: dict[str, datetime | str | None]) -> str:
    none = [each for each in lacking if next_runs[each] is None]
    unread = [each for each in lacking if isinstance(next_runs[each], str)]
    past = [each for each in lacking if isinstance(next_runs[each], datetime)]
    parts = (
        f"without a next run of {listed(none)}" if none else "",
        f"with a next run of {listed(unread)} that cannot be read" if unread else "",
        f"with a next run of {listed(past)} in the past" if past else "",
    )
    return ", ".join(filter(None, parts))


def _told_running(scheduler: Scheduler, seen: SchedulerSeen) -> str:
    readings = [(Reading.of(each.next_run, scheduler.naive_times), each.id) for each in seen.jobs or ()]
    nearest = min(((reading.at, job_id) for reading, job_id in readings if reading and reading.at), default=None)
    next_run = f", next run {show_instant(nearest[0], scheduler.zone)} ({nearest[1]})" if nearest else ""
    return f"running, {counted(len(seen.jobs or ()), 'job')}{next_run}"
