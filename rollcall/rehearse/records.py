"""What does a scheduler have on record of a good run: at another moment, or written otherwise?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from rollcall.evidence import NotSeen, Outcome, RunSeen, SchedulerSeen
from rollcall.roll.scheduler import Scheduler
from rollcall.schedule import Every
from rollcall.schedule.answers import next_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.times import read_timestamp
from rollcall.verdict.case import attempts_of
from rollcall.verdict.judged import JobJudged
from rollcall.verdict.reading import Reading
from rollcall.verdict.runs import RunRead


def scheduler_at(judged: JobJudged, at: datetime) -> SchedulerSeen | None:
    """What its scheduler would have said at `at`: of the job, and of one other, as a scheduler has more than one."""
    scheduler, seen, listing = judged.job.scheduler, judged.seen.scheduler, judged.seen.listed
    if scheduler is None or not isinstance(seen, SchedulerSeen):
        return None
    passed = at - seen.asked_at
    neighbour = next((each.id for each in seen.jobs or () if each.id != judged.job.name), f"not {judged.job.name}")
    seen = _with_runs_at(judged, seen, scheduler, at)
    heartbeat = Reading.of(seen.heartbeat, scheduler.naive_times)
    if heartbeat and heartbeat.at:
        seen = replace(seen, heartbeat=written_like(heartbeat.text, heartbeat.at + passed, scheduler.naive_times))
    if listing:
        listing = replace(listing, next_run=_next_run_at(judged, at))
        seen = replace(seen, jobs=(listing, replace(listing, id=neighbour, name="")))
    if seen.runs is not None:
        record = record_of(judged)
        # One that was started anew knows of no run; here it has not forgotten what its memory knows.
        runs = seen.runs or ((record.seen,) if record else ())
        seen = replace(seen, runs=(*runs, *(replace(each, job=neighbour) for each in runs)))
    server_at = seen.server_at and seen.server_at + passed
    return replace(seen, asked_at=at, answered_at=seen.answered_at + passed, server_at=server_at)


def memory_at(judged: JobJudged, at: datetime) -> SchedulerSeen | NotSeen | None:
    """What its scheduler's memory would have had on record of the job at `at`."""
    memory, seen = judged.job.scheduler and judged.job.scheduler.memory, judged.seen.memory
    return _with_runs_at(judged, seen, memory, at) if memory and isinstance(seen, SchedulerSeen) else seen


def _with_runs_at(judged: JobJudged, seen: SchedulerSeen, teller: Scheduler, at: datetime) -> SchedulerSeen:
    """The same with what was on record at `at`: of the judged run what did its work, as if by schedule and at once."""
    if seen.runs is None:
        return seen
    record, on_record, runs = record_of(judged), seen.runs_of(judged.job.name), []
    for each in read_runs(on_record, judged, teller):
        if is_of_run(each, judged):
            if record is None or record.seen not in on_record:
                runs.append(each.seen)
            elif each.seen == record.seen:
                by_schedule = None if each.seen.by_schedule is None else True
                runs.append(replace(each.seen, by_schedule=by_schedule, attempt=each.seen.attempt and 1))
        elif each.last_at is None or each.last_at <= at:
            runs.append(each.seen)
        elif each.started_at is not None and each.started_at <= at:
            runs.append(rewritten(each.seen, teller, {"ended": None}, Outcome.RUNNING))
    # With fewer runs than it keeps, it would seem to tell of all there ever were.
    runs_since = seen.runs_since if teller.keeps in (None, 1) else judged.seen.runs_since
    return replace(seen, runs=tuple(runs), runs_since=runs_since)


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


def written_like(text: str, at: datetime, naive_times: ZoneInfo | None) -> str:
    """The instant `at` as whoever wrote `text` writes it: with the same offset, or without one."""
    try:
        offset = read_timestamp(text).offset
    except ValueError:
        offset = timedelta(0)
    if offset is not None:
        return at.astimezone(timezone(offset)).isoformat()
    return at.astimezone(naive_times or UTC).replace(tzinfo=None).isoformat()


def rewritten(
    run: RunSeen, teller: Scheduler, times: Mapping[str, datetime | None], outcome: Outcome | None = None
) -> RunSeen:
    """The run with another outcome, where the teller has a word for it, and at other times.

    `times` are those of `due`, `started` and `ended` that change: each is written as it was written before, and where
    it was not, it is not.
    """
    changes: dict[str, Any] = {
        name: at and written_like(before, at, teller.naive_times)
        for name, at in times.items()
        if (before := getattr(run, name)) is not None
    }
    if outcome and (words := getattr(teller.words, outcome)):
        changes |= {"word": words[0], "outcome": outcome}
    return replace(run, **changes)


def times_of(read: RunRead) -> dict[str, datetime]:
    """Its times that are on record and can be read, by name."""
    readings = {"due": read.due, "started": read.started, "ended": read.ended}
    return {name: reading.at for name, reading in readings.items() if reading and reading.at}


def record_of(judged: JobJudged) -> RunRead | None:
    """The run on record that did the work of the judged run first; None where none did, or none is on record."""
    if judged.due_run is None:
        return None
    attempts = attempts_of(judged.due_run, judged.seen)
    return next((each for each in attempts.begun if each.is_done), attempts.deciding)


def read_runs(runs: Iterable[RunSeen], judged: JobJudged, teller: Scheduler) -> tuple[RunRead, ...]:
    """The runs with their times read, as they were when the job was judged: of two hours, the one that was meant."""
    judged_as = {each.seen: each for each in judged.seen.runs}
    return tuple(judged_as.get(each) or RunRead.of(each, teller.naive_times) for each in runs)


def is_of_run(read: RunRead, judged: JobJudged) -> bool:
    """True where it is of the judged run, or made it good."""
    run = judged.due_run
    assert run is not None
    return read.is_of(run) or (read.at is not None and run.owns(read.at))
