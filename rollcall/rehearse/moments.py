"""What was seen, or will be, of a good run at another moment? What was made later was not there yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from rollcall.evidence import NotSeen, Outcome, Outputs, OutputSeen, RunSeen, SchedulerSeen
from rollcall.rehearse.records import is_of_run, read_runs, record_of, rewritten, written_like
from rollcall.roll.scheduler import Scheduler
from rollcall.schedule import Every
from rollcall.schedule.answers import next_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.verdict import JobJudged
from rollcall.verdict.witnesses import Reading


def outputs_at(judged: JobJudged, at: datetime) -> Outputs:
    """What would have been seen of its outputs at `at`."""

    def then(seen: OutputSeen | NotSeen) -> OutputSeen | NotSeen:
        if isinstance(seen, NotSeen):
            return seen
        return replace(seen, looked_at=at, files=tuple(each for each in seen.files if each.made_at <= at), later=())

    return tuple(map(then, judged.seen.outputs))


def scheduler_at(judged: JobJudged, at: datetime) -> SchedulerSeen | None:
    """What its scheduler would have said at `at`: of the job, and of one other, as a scheduler has more than one."""
    scheduler, seen, listing = judged.job.scheduler, judged.seen.scheduler, judged.seen.listed
    if scheduler is None or not isinstance(seen, SchedulerSeen):
        return None
    passed = at - seen.asked_at
    heartbeat = Reading.of(seen.heartbeat, scheduler.naive_times)
    if heartbeat and heartbeat.at:
        seen = replace(seen, heartbeat=written_like(heartbeat.text, heartbeat.at + passed, scheduler.naive_times))
    neighbour = next((each.id for each in seen.jobs or () if each.id != judged.job.name), f"not {judged.job.name}")
    if listing:
        listing = replace(listing, next_run=_next_run_at(judged, at))
        seen = replace(seen, jobs=(listing, replace(listing, id=neighbour, name="")))
    if seen.runs is not None:
        runs = tuple(_runs_at(judged, seen, scheduler, at))
        if not runs and (record := record_of(judged)):
            # One that was started anew knows of no run; here it has not forgotten what its memory knows.
            runs = (record.seen,)
        seen = replace(seen, runs=(*runs, *(replace(each, job=neighbour) for each in runs)))
    return replace(
        _reaching_as_far(judged, seen, scheduler),
        asked_at=at,
        answered_at=seen.answered_at + passed,
        server_at=seen.server_at + passed if seen.server_at else None,
    )


def memory_at(judged: JobJudged, at: datetime) -> SchedulerSeen | NotSeen | None:
    """What its scheduler's memory would have had on record of the job at `at`."""
    memory, seen = judged.job.scheduler and judged.job.scheduler.memory, judged.seen.memory
    if memory is None or not isinstance(seen, SchedulerSeen) or seen.runs is None:
        return seen
    return _reaching_as_far(judged, replace(seen, runs=tuple(_runs_at(judged, seen, memory, at))), memory)


def _reaching_as_far(judged: JobJudged, seen: SchedulerSeen, teller: Scheduler) -> SchedulerSeen:
    """The same: with fewer runs than it keeps, it would seem to tell of all there ever were."""
    return seen if teller.keeps in (None, 1) else replace(seen, runs_since=judged.seen.told_since)


def _runs_at(judged: JobJudged, seen: SchedulerSeen, teller: Scheduler, at: datetime) -> Iterable[RunSeen]:
    """What was on record of the job at `at`: of the judged run what did its work, as if by schedule and at once."""
    record, runs = record_of(judged), seen.runs_of(judged.job.name)
    for each in read_runs(runs, judged, teller):
        if is_of_run(each, judged):
            if record is None or record.seen not in runs:
                yield each.seen
            elif each.seen == record.seen:
                by_schedule = None if each.seen.by_schedule is None else True
                yield replace(each.seen, by_schedule=by_schedule, attempt=each.seen.attempt and 1)
        elif each.last_at is None or each.last_at <= at:
            yield each.seen
        elif each.started_at is not None and each.started_at <= at:
            yield rewritten(each.seen, teller, {"ended": None}, Outcome.RUNNING)


def _next_run_at(judged: JobJudged, at: datetime) -> str | None:
    """The scheduler's next run as it said it, or would have said it at `at`."""
    reading, schedule = judged.seen.next_run, as_scheduled(judged.job.schedule)
    if reading is None or reading.at is None:
        return reading.text if reading else None
    if isinstance(schedule, Every):
        following: datetime | None = reading.at + ((at - reading.at) // schedule.span + 1) * schedule.span
    else:
        following = next_due(schedule, at)
        if following == next_due(schedule, judged.seen.scheduler_at):
            return reading.text
    if following is None or following == reading.at:
        return reading.text
    scheduler = judged.job.scheduler
    return written_like(reading.text, following, scheduler.naive_times if scheduler else None)
