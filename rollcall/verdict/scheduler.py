"""What do a scheduler's answer and its memory prove about the scheduler itself?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from rollcall.evidence import NotSeen, Outcome, RunSeen, SchedulerSeen
from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.job import Job
from rollcall.roll.scheduler import Scheduler
from rollcall.schedule import Every
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.text import counted
from rollcall.times import show_instant, show_span, to_iso
from rollcall.verdict.clock import ahead
from rollcall.verdict.findings import Check, Finding, broken, cannot_tell, ok
from rollcall.verdict.witnesses import Reading
from rollcall.vocabulary import CauseCode, Verdict

# A live scheduler moves a job's next run on at the moment it starts it; a next run this far past was not started.
STALLED_AFTER = timedelta(minutes=1)

_SAYS = {
    CauseCode.SCHEDULER_DOWN: "the scheduler does not answer",
    CauseCode.ACCESS_DENIED: "the scheduler refuses to be asked",
    CauseCode.WRONG_SERVICE: "something else answers there",
    CauseCode.SCHEDULER_ERROR: "the scheduler answers with an error",
}
_MEMORY_SAYS = {
    CauseCode.SCHEDULER_DOWN: "its memory does not answer",
    CauseCode.ACCESS_DENIED: "its memory refuses to be asked",
    CauseCode.SCHEDULER_ERROR: "its memory cannot be asked",
}
_EXPECTED = {
    Check.CLOCK_AGREES: f"its clock within {show_span(EARLY_TOLERANCE)} of this machine's",
    Check.SCHEDULER_IS_RUNNING: "a running scheduler",
    Check.SCHEDULER_IS_ALIVE: "every next run in the future",
    Check.HAS_RECORDS: "the jobs that are declared, or runs of them",
}


def scheduler_findings(
    scheduler: Scheduler,
    seen: SchedulerSeen | NotSeen,
    memory: SchedulerSeen | NotSeen | None = None,
    jobs: Iterable[Job] = (),
) -> tuple[Finding, ...]:
    """The promises of a scheduler: it answers, clocks agree, it runs, is alive and lists its jobs; its memory answers.

    `jobs` are those of it that are declared. What its answers do not hold is not promised.
    """
    findings = _of_scheduler(scheduler, seen, memory, tuple(jobs))
    return findings if memory is None else (*findings, _memory_answers(scheduler, memory))


def _of_scheduler(
    scheduler: Scheduler,
    seen: SchedulerSeen | NotSeen,
    memory: SchedulerSeen | NotSeen | None,
    jobs: tuple[Job, ...],
) -> tuple[Finding, ...]:
    answers = _answers(scheduler, seen)
    promised = promises_of(scheduler)
    if isinstance(seen, NotSeen):
        return (answers, *(cannot_tell(check, _EXPECTED[check], answers) for check in promised[1:]))
    findings = [answers]
    if Check.CLOCK_AGREES in promised:
        findings.append(_clock_agrees(seen))
    root: Finding | None = None
    if Check.SCHEDULER_IS_RUNNING in promised:
        running = _is_running(scheduler, seen, _flag(scheduler, memory))
        findings.append(running)
        root = running if running.needs_a_person else None
    if Check.SCHEDULER_IS_ALIVE in promised:
        check = Check.SCHEDULER_IS_ALIVE
        findings.append(cannot_tell(check, _EXPECTED[check], root) if root else _is_alive(scheduler, seen, jobs))
    if Check.HAS_RECORDS in promised:
        check = Check.HAS_RECORDS
        findings.append(cannot_tell(check, _EXPECTED[check], root) if root else _has_records(scheduler, seen, jobs))
    return tuple(findings)


def promises_of(scheduler: Scheduler) -> tuple[Check, ...]:
    """What is promised of it, by what its answers hold; that it answers comes first."""
    tells = scheduler.tells
    return (
        Check.ANSWERS,
        *((Check.CLOCK_AGREES,) if "clock" in tells else ()),
        *((Check.SCHEDULER_IS_RUNNING,) if "running" in tells else ()),
        *((Check.SCHEDULER_IS_ALIVE,) if {"next_run", "heartbeat"} & tells else ()),
        *((Check.HAS_RECORDS,) if {"jobs", "history"} & tells else ()),
    )


def _answers(scheduler: Scheduler, seen: SchedulerSeen | NotSeen) -> Finding:
    expected = f"an answer from {scheduler.asks}"
    if isinstance(seen, SchedulerSeen):
        jobs = counted(len(seen.jobs), "job") if seen.jobs is not None else ""
        runs = counted(len(seen.runs), "run") if seen.runs is not None and scheduler.keeps is None else ""
        return ok(Check.ANSWERS, expected, f"answered with {', '.join(filter(None, (jobs, runs))) or 'nothing'}")
    if seen.code is CauseCode.NOT_RECORDED:
        return _not_recorded(Check.ANSWERS, expected, seen)
    because = f"{_SAYS.get(seen.code, seen.code)}: {seen.detail}"
    return broken(Check.ANSWERS, Verdict.FAILED, seen.code, expected=expected, found=seen.detail, because=because)


def _not_recorded(check: Check, expected: str, seen: NotSeen) -> Finding:
    """A replay asks nobody: what is not in its record is no failure of anybody, and not well either."""
    code, because = CauseCode.NOT_RECORDED, seen.detail
    return broken(check, Verdict.UNKNOWN, code, expected=expected, found="not in this record", because=because)


def _clock_agrees(seen: SchedulerSeen) -> Finding:
    check, expected = Check.CLOCK_AGREES, _EXPECTED[Check.CLOCK_AGREES]
    if seen.server_at is None:
        because = "the scheduler sends no Date, so its clock cannot be held against this machine's"
        return Finding(
            check=check,
            verdict=Verdict.UNKNOWN,
            expected=expected,
            found="no Date header",
            because=because,
            code=CauseCode.CLOCK_SKEW,
            is_warning=True,
        )
    apart = ahead(seen)
    if abs(apart) <= EARLY_TOLERANCE:
        return ok(check, expected, f"{show_span(abs(apart))} apart")
    side = "ahead of" if apart > timedelta(0) else "behind"
    found = f"the scheduler's clock is {show_span(abs(apart))} {side} this machine's"
    here = to_iso(seen.answered_at.replace(microsecond=0))
    because = f"{found} ({to_iso(seen.server_at)} there, {here} here)"
    return broken(check, Verdict.FAILED, CauseCode.CLOCK_SKEW, expected=expected, found=found, because=because)


def _is_running(scheduler: Scheduler, seen: SchedulerSeen, flag: tuple[bool, str] | None) -> Finding:
    """`flag` is what the memory calls it, which a scheduler that died unseen contradicts."""
    check, expected = Check.SCHEDULER_IS_RUNNING, _EXPECTED[Check.SCHEDULER_IS_RUNNING]
    if seen.running is None:
        because = "the scheduler does not say whether it is switched on"
        code = CauseCode.SCHEDULER_ERROR
        return broken(check, Verdict.UNKNOWN, code, expected=expected, found="it does not say", because=because)
    if seen.running:
        is_forgotten = flag is not None and not flag[0]
        found = f"running, although its memory calls it {flag[1]}" if flag and is_forgotten else "running"
        return ok(check, expected, found)
    if flag is None:
        because = f"{scheduler.id} answers, but the scheduler is stopped: no job of it will run"
    else:
        link = "although" if flag[0] else "and"
        because = f"the scheduler is stopped {link} its memory calls it {flag[1]}: no job of it will run"
    return broken(
        check, Verdict.FAILED, CauseCode.SCHEDULER_STOPPED, expected=expected, found="stopped", because=because
    )


def _is_alive(scheduler: Scheduler, seen: SchedulerSeen, jobs: tuple[Job, ...]) -> Finding:
    """A heartbeat that is young enough; else no next run that is past, or work since the oldest of those."""
    if "heartbeat" in scheduler.tells:
        return _has_a_heartbeat(scheduler, seen)
    check, expected = Check.SCHEDULER_IS_ALIVE, _EXPECTED[Check.SCHEDULER_IS_ALIVE]
    next_runs = list(_next_runs(scheduler, seen))
    if not next_runs:
        because = "no job has a next run that can be read, so nothing shows that the scheduler's loop is alive"
        return Finding(
            check=check,
            verdict=Verdict.UNKNOWN,
            expected=expected,
            found="no next run to hold it against",
            because=because,
            code=CauseCode.SCHEDULER_STALLED,
            is_warning=True,
        )
    present = _earliest_present(seen)
    oldest_at, name = min(next_runs)
    if present - oldest_at <= STALLED_AFTER:
        return ok(check, expected, f"the nearest next run is that of {name}")
    past = [each for each in next_runs if present - each[0] > STALLED_AFTER]
    if sign := _work_since(oldest_at, present, scheduler, seen, jobs):
        return ok(check, expected, f"{sign}, after the next run of {name}, which is past")
    found = f"the next run of {name} is {show_span(present - oldest_at)} in the past"
    how_many = f"{counted(len(past), 'job')} of {len(next_runs)}"
    because = f"the scheduler says it is running, but {found} ({how_many}): its loop is dead or paused"
    return broken(check, Verdict.FAILED, CauseCode.SCHEDULER_STALLED, expected=expected, found=found, because=because)


def _has_a_heartbeat(scheduler: Scheduler, seen: SchedulerSeen) -> Finding:
    check, within = Check.SCHEDULER_IS_ALIVE, scheduler.heartbeat_within
    assert within is not None
    expected = f"a heartbeat within {show_span(within)}"
    reading = Reading.of(seen.heartbeat, scheduler.naive_times)
    if reading is None or reading.at is None:
        found = f"heartbeat {reading.text}" if reading else "no heartbeat"
        because = f"the scheduler tells {found}, so nothing shows that its loop is alive"
        code = CauseCode.NAIVE_TIMESTAMP if reading and reading.is_naive else CauseCode.SCHEDULER_STALLED
        return broken(check, Verdict.UNKNOWN, code, expected=expected, found=found, because=because)
    age = _earliest_present(seen) - reading.instants[-1]
    found = f"its last heartbeat is {show_span(max(age, timedelta(0)))} old"
    if age <= within:
        return ok(check, expected, found)
    because = f"{found}, and one is due every {show_span(within)}: its loop is dead or paused"
    return broken(check, Verdict.FAILED, CauseCode.SCHEDULER_STALLED, expected=expected, found=found, because=because)


def _next_runs(scheduler: Scheduler, seen: SchedulerSeen) -> Iterable[tuple[datetime, str]]:
    """When each job runs next that is not paused and not at that very run, where that can be read."""
    for each in seen.jobs or ():
        reading = Reading.of(each.next_run, scheduler.naive_times)
        if reading and reading.instants and not each.paused:
            # Of two that it may mean, the later: before it has passed nothing is proven.
            next_at = reading.instants[-1]
            if not _is_at_it(next_at, scheduler, seen.runs_of(each.id)):
                yield next_at, each.id


def _is_at_it(next_at: datetime, scheduler: Scheduler, runs: Iterable[RunSeen]) -> bool:
    """True where a run that began at that time, or since, has not ended: its job needs no next one yet."""
    under_way = (each for each in runs if each.outcome is Outcome.RUNNING and each.ended is None)
    begun = (Reading.of(each.started, scheduler.naive_times) for each in under_way)
    return any(at >= next_at - EARLY_TOLERANCE for each in begun if each for at in each.instants)


def _work_since(
    oldest_at: datetime, present: datetime, scheduler: Scheduler, seen: SchedulerSeen, jobs: tuple[Job, ...]
) -> str | None:
    """What was done by schedule after a next run that is past; None where nothing shows that the loop lived on.

    A next run that lies in the future proves nothing by itself: it may have been worked out before the loop died. But
    where its job was due in between, a dead loop would show that time.
    """
    for run in seen.runs or ():
        started = Reading.of(run.started, scheduler.naive_times)
        if run.by_schedule and started and started.at and oldest_at < started.at <= present:
            return f"{run.job} began by schedule {show_instant(started.at, scheduler.zone)}"
    declared = {job.name: job for job in jobs}
    for next_at, name in _next_runs(scheduler, seen):
        job = declared.get(name)
        if job is None or next_at <= present:
            continue
        due_at = _due_before(next_at, present, job)
        if due_at is not None and oldest_at < due_at:
            return f"{name} was due {show_instant(due_at, scheduler.zone)} and its next run has moved on"
    return None


def _due_before(next_at: datetime, present: datetime, job: Job) -> datetime | None:
    """The newest time before `present` at which the job was due, which its next run so lies behind."""
    schedule = as_scheduled(job.schedule)
    if isinstance(schedule, Every) and (schedule.floats or job.jitter):
        # Counted from the run before, or from a start of the scheduler: it was at work then in either case.
        before = next_at - schedule.span
        return before if before <= present else None
    return last_due(schedule, present - job.jitter)


def _earliest_present(seen: SchedulerSeen) -> datetime:
    """The present by the scheduler's own clock when it looked at its jobs; a slow answer is no dead loop."""
    return (seen.server_at or seen.answered_at) - (seen.answered_at - seen.asked_at)


def _has_records(scheduler: Scheduler, seen: SchedulerSeen, jobs: tuple[Job, ...]) -> Finding:
    """A listing of nothing where jobs are declared tells of none of them: a role may see no rows, and get no error."""
    check, expected = Check.HAS_RECORDS, _EXPECTED[Check.HAS_RECORDS]
    name, told = ("jobs", seen.jobs) if "jobs" in scheduler.tells else ("runs", seen.runs)
    if told or not jobs:
        return ok(check, expected, f"it lists {counted(len(told or ()), name[:-1])}")
    found = f"no {name} at all"
    because = (
        f"the scheduler lists {found}, though {counted(len(jobs), 'job is', 'jobs are')} declared: nobody can tell"
    )
    return broken(check, Verdict.UNKNOWN, CauseCode.NO_RECORDS, expected=expected, found=found, because=because)


def _flag(scheduler: Scheduler, memory: SchedulerSeen | NotSeen | None) -> tuple[bool, str] | None:
    """Whether the memory calls the scheduler active, and in words since when; None where it says nothing of it."""
    if not isinstance(memory, SchedulerSeen) or memory.running is None:
        return None
    words = "active" if memory.running else "inactive"
    reading = Reading.of(memory.since, scheduler.naive_times)
    if reading is None:
        return memory.running, words
    since = reading.text if reading.at is None else show_instant(reading.at, scheduler.zone)
    return memory.running, f"{words} (since {since})"


def _memory_answers(scheduler: Scheduler, memory: SchedulerSeen | NotSeen) -> Finding:
    check, declared = Check.MEMORY_ANSWERS, scheduler.memory
    expected = f"what {declared.address if declared else 'its memory'} has on record"
    if isinstance(memory, NotSeen) and memory.code is CauseCode.NOT_RECORDED:
        return _not_recorded(check, expected, memory)
    if isinstance(memory, NotSeen):
        because = f"{_MEMORY_SAYS.get(memory.code, 'its memory cannot be asked')}: {memory.detail}"
        return broken(check, Verdict.FAILED, memory.code, expected=expected, found=memory.detail, because=because)
    flag = _flag(scheduler, memory)
    calls = f"calls the scheduler {flag[1]}" if flag else "does not say whether the scheduler is active"
    runs = "" if memory.runs is None else f", {counted(len(memory.runs), 'run')} on record"
    return ok(check, expected, f"{calls}{runs}")
