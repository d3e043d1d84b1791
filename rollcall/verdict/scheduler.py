"""What do a scheduler's answer and its memory prove about the scheduler itself?"""

from collections.abc import Iterable, Iterator
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
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.reading import Reading
from rollcall.vocabulary import CauseCode, Verdict

_NONE = timedelta(0)
# HTTP tells whole seconds: at the most, this much more had passed.
_LESS_THAN_A_SECOND = timedelta(seconds=1) - timedelta(microseconds=1)
# A live scheduler moves a job's next run on at the moment it starts it; a next run this far past was not started.
STALLED_AFTER = timedelta(minutes=1)

_SAYS = {
    CauseCode.SCHEDULER_DOWN: "the scheduler does not answer",
    CauseCode.HOST_SILENT: "its machine does not answer",
    CauseCode.ACCESS_DENIED: "the scheduler refuses access",
    CauseCode.WRONG_SERVICE: "something else answers there",
    CauseCode.SCHEDULER_ERROR: "the scheduler answers with an error",
}
_MEMORY_SAYS = {CauseCode.SCHEDULER_DOWN: "does not answer", CauseCode.ACCESS_DENIED: "refuses access"}
_CLOCK_AGREES = Promise(Check.CLOCK_AGREES, f"its clock within {show_span(EARLY_TOLERANCE)} of this machine's")
_IS_RUNNING = Promise(Check.SCHEDULER_IS_RUNNING, "a running scheduler")
_IS_ALIVE = Promise(Check.SCHEDULER_IS_ALIVE, "every next run in the future")
_HAS_RECORDS = Promise(Check.HAS_RECORDS, "the jobs that are declared, or runs of them")


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
    return (*findings, *((_memory_answers(scheduler, memory),) if memory else ()))


def promises_of(scheduler: Scheduler) -> tuple[Check, ...]:
    """What is promised of it, by what its answers hold; that it answers comes first."""
    tells = scheduler.tells
    promised = {
        Check.ANSWERS: True,
        Check.CLOCK_AGREES: "clock" in tells,
        Check.SCHEDULER_IS_RUNNING: "running" in tells,
        Check.SCHEDULER_IS_ALIVE: bool({"next_run", "heartbeat"} & tells),
        Check.HAS_RECORDS: bool({"jobs", "history"} & tells),
    }
    return tuple(check for check, is_promised in promised.items() if is_promised)


def skew(seen: SchedulerSeen | NotSeen | None) -> timedelta:
    """How far its clock is ahead of this machine's where that is more than clocks may differ, else zero."""
    apart = _ahead(seen) if isinstance(seen, SchedulerSeen) else _NONE
    return apart if abs(apart) > EARLY_TOLERANCE else _NONE


def _ahead(seen: SchedulerSeen) -> timedelta:
    """By how much at least its clock is ahead of this machine's (negative: behind); zero where both agree.

    `Date` was written at some instant between asking and answering, however slow the answer; what that leaves open
    never counts against a clock.
    """
    if seen.server_at is None:
        return _NONE
    if seen.server_at > seen.answered_at:
        return seen.server_at - seen.answered_at
    return min(seen.server_at + _LESS_THAN_A_SECOND - seen.asked_at, _NONE)


def _of_scheduler(
    scheduler: Scheduler, seen: SchedulerSeen | NotSeen, memory: SchedulerSeen | NotSeen | None, jobs: tuple[Job, ...]
) -> Iterator[Finding]:
    promised = promises_of(scheduler)
    answers = _answers(scheduler, seen)
    yield answers
    if isinstance(seen, NotSeen):
        hidden = (_CLOCK_AGREES, _IS_RUNNING, _IS_ALIVE, _HAS_RECORDS)
        yield from (each.blocked(answers) for each in hidden if each.check in promised)
        return
    if Check.CLOCK_AGREES in promised:
        yield _clock_agrees(seen)
    stopped = None
    if Check.SCHEDULER_IS_RUNNING in promised:
        running = _is_running(scheduler, seen, _flag(scheduler, memory))
        stopped = running if running.needs_a_person else None
        yield running
    if Check.SCHEDULER_IS_ALIVE in promised:
        yield _IS_ALIVE.blocked(stopped) if stopped else _is_alive(scheduler, seen, jobs)
    if Check.HAS_RECORDS in promised:
        yield _HAS_RECORDS.blocked(stopped) if stopped else _has_records(scheduler, seen, jobs)


def _answers(scheduler: Scheduler, seen: SchedulerSeen | NotSeen) -> Finding:
    promise = Promise(Check.ANSWERS, f"an answer from {scheduler.asks}")
    if isinstance(seen, NotSeen):
        return _not_seen(promise, seen, _SAYS.get(seen.code, seen.code), scheduler)
    jobs = counted(len(seen.jobs), "job") if seen.jobs is not None else ""
    runs = counted(len(seen.runs), "run") if seen.runs is not None and scheduler.keeps is None else ""
    return promise.kept(f"answered with {', '.join(filter(None, (jobs, runs))) or 'nothing'}")


def _not_seen(promise: Promise, seen: NotSeen, says: str, scheduler: Scheduler) -> Finding:
    if seen.code is CauseCode.NOT_RECORDED:
        # A replay asks nobody: what is not in its record is no failure of anybody, and not well either.
        return promise.broken(Verdict.UNKNOWN, seen.code, "not in this record", seen.detail)
    if seen.code is CauseCode.HOST_SILENT and scheduler.host:
        # Nobody asked it there, and it may be well.
        return promise.broken(Verdict.UNKNOWN, seen.code, seen.detail, seen.detail)
    return promise.broken(Verdict.FAILED, seen.code, seen.detail, f"{says}: {seen.detail}")


def _clock_agrees(seen: SchedulerSeen) -> Finding:
    if seen.server_at is None:
        because = "the scheduler sends no Date, so its clock cannot be compared with this machine's"
        return _CLOCK_AGREES.warned(CauseCode.CLOCK_SKEW, "no Date header", because, verdict=Verdict.UNKNOWN)
    apart = _ahead(seen)
    if abs(apart) <= EARLY_TOLERANCE:
        return _CLOCK_AGREES.kept(f"{show_span(abs(apart))} apart")
    side = "ahead of" if apart > _NONE else "behind"
    found = f"the scheduler's clock is {show_span(abs(apart))} {side} this machine's"
    here = to_iso(seen.answered_at.replace(microsecond=0))
    because = f"{found} ({to_iso(seen.server_at)} there, {here} here)"
    return _CLOCK_AGREES.broken(Verdict.FAILED, CauseCode.CLOCK_SKEW, found, because)


def _is_running(scheduler: Scheduler, seen: SchedulerSeen, flag: tuple[bool, str] | None) -> Finding:
    """`flag` is what the memory calls it, which a scheduler that died unseen contradicts."""
    is_active, calls = (flag[0], f"{scheduler.its_memory} says it is {flag[1]}") if flag else (None, "")
    if seen.running is None:
        because = "the scheduler does not say whether it is switched on"
        return _IS_RUNNING.broken(Verdict.UNKNOWN, CauseCode.SCHEDULER_ERROR, "it does not say", because)
    if seen.running:
        return _IS_RUNNING.kept(f"running, although {calls}" if is_active is False else "running")
    because = f"{scheduler.id} answers, but the scheduler is stopped: no job of it will run"
    if is_active is not None:
        because = f"the scheduler is stopped {'although' if is_active else 'and'} {calls}: no job of it will run"
    return _IS_RUNNING.broken(Verdict.FAILED, CauseCode.SCHEDULER_STOPPED, "stopped", because)


def _is_alive(scheduler: Scheduler, seen: SchedulerSeen, jobs: tuple[Job, ...]) -> Finding:
    """A heartbeat that is young enough; else no next run that is past, or work since the oldest of those."""
    if "heartbeat" in scheduler.tells:
        return _has_a_heartbeat(scheduler, seen)
    next_runs = list(_next_runs(scheduler, seen))
    if not next_runs:
        found = "no next run to compare with"
        because = "no job has a next run that can be read, so nothing shows that the scheduler's loop is alive"
        return _IS_ALIVE.warned(CauseCode.SCHEDULER_STALLED, found, because, verdict=Verdict.UNKNOWN)
    present = earliest_present(seen)
    oldest_at, name = min(next_runs)
    if present - oldest_at <= STALLED_AFTER:
        return _IS_ALIVE.kept(f"the nearest next run is that of {name}")
    if sign := _work_since(oldest_at, present, scheduler, seen, jobs):
        return _IS_ALIVE.kept(f"{sign}, after the next run of {name}, which is in the past")
    past = [at for at, _ in next_runs if present - at > STALLED_AFTER]
    found = f"the next run of {name} is {show_span(present - oldest_at)} in the past"
    how_many = f"{counted(len(past), 'job')} of {len(next_runs)}"
    because = f"the scheduler says it is running, but {found} ({how_many}): its loop is dead or paused"
    return _IS_ALIVE.broken(Verdict.FAILED, CauseCode.SCHEDULER_STALLED, found, because)


def _has_a_heartbeat(scheduler: Scheduler, seen: SchedulerSeen) -> Finding:
    within = scheduler.heartbeat_within
    assert within is not None
    promise = Promise(Check.SCHEDULER_IS_ALIVE, f"a heartbeat within {show_span(within)}")
    reading = Reading.of(seen.heartbeat, scheduler.naive_times)
    if reading is None or reading.at is None:
        found = f"heartbeat {reading.text}" if reading else "no heartbeat"
        because = f"the scheduler shows {found}, so nothing shows that its loop is alive"
        code = CauseCode.NAIVE_TIMESTAMP if reading and reading.is_naive else CauseCode.SCHEDULER_STALLED
        return promise.broken(Verdict.UNKNOWN, code, found, because)
    age = earliest_present(seen) - reading.instants[-1]
    whose = f"the last heartbeat of its {seen.heartbeat_of}" if seen.heartbeat_of else "its last heartbeat"
    found = f"{whose} is {show_span(max(age, _NONE))} old"
    if age <= within:
        return promise.kept(found)
    dead = "that" if seen.heartbeat_of else "its loop"
    because = f"{found}, and one is due every {show_span(within)}: {dead} is dead or paused"
    return promise.broken(Verdict.FAILED, CauseCode.SCHEDULER_STALLED, found, because)


def _next_runs(scheduler: Scheduler, seen: SchedulerSeen) -> Iterator[tuple[datetime, str]]:
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
        if next_at > present and (job := declared.get(name)):
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


def earliest_present(seen: SchedulerSeen) -> datetime:
    """The present by the scheduler's own clock when it looked at its jobs; a slow answer is no dead loop."""
    return (seen.server_at or seen.answered_at) - (seen.answered_at - seen.asked_at)


def _has_records(scheduler: Scheduler, seen: SchedulerSeen, jobs: tuple[Job, ...]) -> Finding:
    """A listing of nothing where jobs are declared, or to be, tells of none: a role may see no rows and no error."""
    name, listed = ("job", seen.jobs) if "jobs" in scheduler.tells else ("run", seen.runs)
    if listed or not (jobs or scheduler.declare):
        return _HAS_RECORDS.kept(f"it lists {counted(len(listed or ()), name)}")
    declared = (
        f"{counted(len(jobs), 'job is', 'jobs are')} declared" if jobs else "its jobs are to be declared (`declare`)"
    )
    found = f"no {name}s at all"
    because = f"the scheduler lists {found}, although {declared}: it is not known what ran"
    return _HAS_RECORDS.broken(Verdict.UNKNOWN, CauseCode.NO_RECORDS, found, because)


def _memory_answers(scheduler: Scheduler, memory: SchedulerSeen | NotSeen) -> Finding:
    address = scheduler.memory.address if scheduler.memory else scheduler.its_memory
    promise = Promise(Check.MEMORY_ANSWERS, f"what {address} has on record")
    if isinstance(memory, NotSeen):
        says = f"{scheduler.its_memory} {_MEMORY_SAYS.get(memory.code, 'cannot be asked')}"
        return _not_seen(promise, memory, says, scheduler)
    flag = _flag(scheduler, memory)
    calls = f"calls the scheduler {flag[1]}" if flag else "does not say whether the scheduler is active"
    runs = "" if memory.runs is None else f", {counted(len(memory.runs), 'run')} on record"
    return promise.kept(f"{calls}{runs}")


def _flag(scheduler: Scheduler, memory: SchedulerSeen | NotSeen | None) -> tuple[bool, str] | None:
    """Whether the memory calls the scheduler active, and in words since when; None where it says nothing of it."""
    if not isinstance(memory, SchedulerSeen) or memory.running is None:
        return None
    words = "active" if memory.running else "inactive"
    since = Reading.of(memory.since, scheduler.naive_times)
    if since is None:
        return memory.running, words
    return memory.running, f"{words} (since {show_instant(since.at, scheduler.zone) if since.at else since.text})"
