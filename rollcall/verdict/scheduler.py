"""What do a scheduler's answer and its database prove about the scheduler itself?"""

from __future__ import annotations

from datetime import datetime, timedelta

from rollcall.errors import CauseCode
from rollcall.evidence import DatabaseSeen, NotSeen, SchedulerSeen
from rollcall.findings import Check, Finding, Verdict, broken, cannot_tell, ok
from rollcall.jobs import EARLY_TOLERANCE, Scheduler
from rollcall.text import counted
from rollcall.times import show_instant, show_span, to_iso
from rollcall.verdict.clock import ahead
from rollcall.verdict.witnesses import Reading

# A live scheduler moves a job's next run on at the moment it starts it; a next run this far past is a dead loop.
STALLED_AFTER = timedelta(minutes=1)

_SAYS = {
    CauseCode.SCHEDULER_DOWN: "the backend does not answer",
    CauseCode.ACCESS_DENIED: "the scheduler refuses to be asked",
    CauseCode.WRONG_SERVICE: "something else answers there",
    CauseCode.SCHEDULER_ERROR: "the backend answers with an error",
}


_DATABASE_SAYS = {
    CauseCode.SCHEDULER_DOWN: "the database does not answer",
    CauseCode.ACCESS_DENIED: "the database refuses to be asked",
    CauseCode.SCHEDULER_ERROR: "the database cannot be asked",
}


def scheduler_findings(
    scheduler: Scheduler, seen: SchedulerSeen | NotSeen, database: DatabaseSeen | NotSeen | None = None
) -> tuple[Finding, ...]:
    """The promises of a scheduler: it answers, clocks agree, its scheduler runs and is alive; its database answers."""
    findings = _of_scheduler(scheduler, seen, database)
    return findings if database is None else (*findings, _database_answers(scheduler, database))


def _of_scheduler(
    scheduler: Scheduler, seen: SchedulerSeen | NotSeen, database: DatabaseSeen | NotSeen | None
) -> tuple[Finding, ...]:
    answers = _answers(scheduler, seen)
    if isinstance(seen, NotSeen):
        later = (Check.CLOCK_AGREES, Check.SCHEDULER_IS_RUNNING, Check.SCHEDULER_IS_ALIVE)
        return (answers, *(cannot_tell(check, _EXPECTED[check], answers) for check in later))
    running = _is_running(scheduler, seen, _flag(scheduler, database))
    alive = _is_alive(scheduler, seen)
    if running.needs_a_person:
        alive = cannot_tell(Check.SCHEDULER_IS_ALIVE, _EXPECTED[Check.SCHEDULER_IS_ALIVE], running)
    return (answers, _clock_agrees(seen), running, alive)


_EXPECTED = {
    Check.CLOCK_AGREES: f"its clock within {show_span(EARLY_TOLERANCE)} of this machine's",
    Check.SCHEDULER_IS_RUNNING: "a running scheduler",
    Check.SCHEDULER_IS_ALIVE: "every next run in the future",
}


def _answers(scheduler: Scheduler, seen: SchedulerSeen | NotSeen) -> Finding:
    expected = f"a scheduler's status from {scheduler.shown_url}{scheduler.status}"
    if isinstance(seen, SchedulerSeen):
        return ok(Check.ANSWERS, expected, f"200 with {counted(len(seen.registrations), 'job')}")
    if seen.code is CauseCode.NOT_RECORDED:
        return _not_recorded(Check.ANSWERS, expected, seen)
    says = _SAYS.get(seen.code, seen.code)
    because = f"{says}: {seen.detail}"
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
    because = f"{found} ({to_iso(seen.server_at)} there, {_seconds(seen.answered_at)} here)"
    return broken(check, Verdict.FAILED, CauseCode.CLOCK_SKEW, expected=expected, found=found, because=because)


def _seconds(at: datetime) -> str:
    return to_iso(at.replace(microsecond=0))


def _is_running(scheduler: Scheduler, seen: SchedulerSeen, flag: tuple[bool, str] | None) -> Finding:
    """`flag` is what the database calls it, which a scheduler that died unseen contradicts."""
    check, expected = Check.SCHEDULER_IS_RUNNING, _EXPECTED[Check.SCHEDULER_IS_RUNNING]
    if seen.running:
        is_forgotten = flag is not None and not flag[0]
        found = f"running, although the database calls it {flag[1]}" if flag and is_forgotten else "running"
        return ok(check, expected, found)
    if flag is None:
        because = f"the backend of {scheduler.id} answers, but its scheduler is stopped: no job of it will run"
    else:
        link = "although" if flag[0] else "and"
        because = f"the scheduler is stopped {link} the database calls it {flag[1]}: no job of it will run"
    return broken(
        check,
        Verdict.FAILED,
        CauseCode.SCHEDULER_STOPPED,
        expected=expected,
        found="stopped",
        because=because,
    )


def _is_alive(scheduler: Scheduler, seen: SchedulerSeen) -> Finding:
    check, expected = Check.SCHEDULER_IS_ALIVE, _EXPECTED[Check.SCHEDULER_IS_ALIVE]
    present = _earliest_present(seen)
    next_runs = [
        (reading.instants[-1], each.id)
        for each in seen.registrations
        if (reading := Reading.of(each.next_run, scheduler.naive_times)) and reading.instants
    ]
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
    oldest_at, job_id = min(next_runs)
    if present - oldest_at <= STALLED_AFTER:
        return ok(check, expected, f"the nearest next run is that of {job_id}")
    past = [each for each in next_runs if present - each[0] > STALLED_AFTER]
    found = f"the next run of {job_id} is {show_span(present - oldest_at)} in the past"
    how_many = f"{counted(len(past), 'job')} of {len(next_runs)}"
    because = f"the scheduler says it is running, but {found} ({how_many}): its loop is dead or paused"
    return broken(check, Verdict.FAILED, CauseCode.SCHEDULER_STALLED, expected=expected, found=found, because=because)


def _earliest_present(seen: SchedulerSeen) -> datetime:
    """The present by the scheduler's own clock when it looked at its jobs; a slow answer is no dead loop."""
    return (seen.server_at or seen.answered_at) - (seen.answered_at - seen.asked_at)


def _flag(scheduler: Scheduler, database: DatabaseSeen | NotSeen | None) -> tuple[bool, str] | None:
    """Whether the database calls the scheduler active, and in words since when; None where it says nothing of it."""
    if not isinstance(database, DatabaseSeen) or database.active is None:
        return None
    words = "active" if database.active else "inactive"
    reading = Reading.of(database.active_since, scheduler.naive_times)
    if reading is None:
        return database.active, words
    since = reading.text if reading.at is None else show_instant(reading.at, scheduler.zone)
    return database.active, f"{words} (since {since})"


def _database_answers(scheduler: Scheduler, database: DatabaseSeen | NotSeen) -> Finding:
    check, declared = Check.DATABASE_ANSWERS, scheduler.database
    expected = f"what {declared.shown_url if declared else 'the database'} has on record"
    if isinstance(database, NotSeen) and database.code is CauseCode.NOT_RECORDED:
        return _not_recorded(check, expected, database)
    if isinstance(database, NotSeen):
        because = f"{_DATABASE_SAYS.get(database.code, 'the database cannot be asked')}: {database.detail}"
        return broken(check, Verdict.FAILED, database.code, expected=expected, found=database.detail, because=because)
    flag = _flag(scheduler, database)
    calls = f"calls the scheduler {flag[1]}" if flag else "does not say whether the scheduler is active"
    runs = "" if database.executions is None else f", {counted(len(database.executions), 'job')} on record"
    return ok(check, expected, f"{calls}{runs}")
