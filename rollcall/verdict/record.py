"""Does the record of the last run keep its promises: after the due time, a success, on time?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from rollcall.errors import CauseCode
from rollcall.findings import Check, Finding, Sentence, Verdict, broken, cannot_tell, later, ok, pending, replaced
from rollcall.jobs import EARLY_TOLERANCE, DueRun, Job
from rollcall.times import show_span
from rollcall.verdict import show
from rollcall.verdict.clock import skew
from rollcall.verdict.readings import as_read, in_zone, likely_zones, misread, unread
from rollcall.verdict.registration import is_registered
from rollcall.verdict.witnesses import SUCCESS, Reading, Witnesses

_FAILED_STATUS = ("error", "failed", "failure")
_RUNNING = ("running", "started")
_UNDER_WAY = (*_RUNNING, "pending", "queued")
STATUS_WORDS = (SUCCESS, *_FAILED_STATUS, *_UNDER_WAY)
# Why it was late, as far as its record can tell; who knows better says so in its place.
UNEXPLAINED = ", by hand or held up"


def executed_after_due_time(seen: Witnesses, run: DueRun) -> Finding:
    """The last execution on record is at or after the due time."""
    finding, beside = _executed(seen, run), _other_word_of_database(seen)
    if not beside:
        return finding
    because = f"{finding.because}{beside}" if finding.because else ""
    return replace(finding, found=f"{finding.found}{beside}", because=because)


def _other_word_of_database(seen: Witnesses) -> str:
    """The last run that the database tells of, where it is another than the scheduler's: worth telling, no failure."""
    reading = seen.run_in_database if seen.database else None
    if seen.ran_at is None or reading is None or reading.at is None or seen.stands_in:
        return ""
    apart = min(abs(at - seen.ran_at) for at in reading.instants)
    return "" if apart <= seen.job.max_runtime else f"; its database says {show.when(reading.at, seen.job)}"


def _executed(seen: Witnesses, run: DueRun) -> Finding:
    check, job = Check.EXECUTED_AFTER_DUE_TIME, seen.job
    expected = later(_run_wanted, run, job)
    if not seen.stands_in and seen.blocker:
        return cannot_tell(check, expected, seen.blocker)
    if not seen.stands_in and seen.registration is None:
        return cannot_tell(check, expected, is_registered(seen))
    if seen.last_run is None:
        return _never_recorded(check, expected, seen, run)
    if seen.last_run.at is None:
        return unread(check, expected, "last_execution", seen.last_run, seen, run)
    if seen.is_overtaken(run):
        return replaced(check, expected, show.replaced("record", run, job))
    if seen.ran_at is not None and seen.ran_at >= run.begins_at:
        if before := seen.shared_with(run):
            return replaced(check, expected, show.shared("record", before, job))
        return ok(check, expected, later(show.said, "ended ", seen.ran_at, job, seen.by_teller))
    return (
        misread(check, expected, seen, run)
        or _skewed(check, expected, seen.last_run.at, run.begins_at, seen)
        or _not_of_this_run(check, expected, seen, run)
    )


def _run_wanted(run: DueRun, job: Job) -> str:
    return f"a run recorded after {show.when(run.due_at, job)}, done by {show.limit(run.finish_by, run, job)}"


def _not_of_this_run(check: Check, expected: Sentence, seen: Witnesses, run: DueRun) -> Finding:
    """The record tells of a run after the moment that is judged, or of one before the run that is."""
    if seen.ran_at is None:
        assert seen.last_run is not None
        return _later_than_now(check, expected, seen.last_run, seen)
    if _is_under_way(seen, run):
        return _still_running(check, expected, seen, run)
    found = f"{show.earlier_run(seen.ran_at, seen.job)}{seen.by_teller}"
    if made := seen.made_by(run):
        return _unrecorded(check, expected, found, made[0].name, seen, run)
    because = f"{show.due(run, seen.job)}; its last run {found}{_other_reading(seen, run)}"
    return broken(check, Verdict.MISSED, CauseCode.MISSED_RUN, expected=expected, found=found, because=because)


def zone_of_this_run(seen: Witnesses, run: DueRun) -> tuple[datetime, ZoneInfo] | None:
    """When its record would be of this very run, read in which other zone; None where there is none."""
    reading = seen.last_run
    if reading is None or reading.at is None or not reading.is_naive or run.owns(reading.at):
        return None
    readings = ((in_zone(reading, zone), zone) for zone in likely_zones(seen))
    return next((each for each in readings if run.begins_at <= each[0] <= run.finish_by), None)


def _other_reading(seen: Witnesses, run: DueRun) -> str:
    """Where its record would be of this very run in another zone: told, and no more, as no other witness says so."""
    fits = zone_of_this_run(seen, run)
    if fits is None:
        return ""
    at, zone = fits
    return f" (read {as_read(seen)}; as {zone.key} it would be {show.when(at, seen.job)})"


def _skewed(check: Check, expected: Sentence, at: datetime, begins_at: datetime, seen: Witnesses) -> Finding | None:
    """Cannot tell where the record would belong to the run, were the scheduler's clock not wrong."""
    root = seen.scheduler_finding(Check.CLOCK_AGREES)
    right_at = at - skew(seen.scheduler)
    if root is None or not begins_at <= right_at <= seen.counted_until:
        return None
    return cannot_tell(check, expected, root)


def _never_recorded(check: Check, expected: Sentence, seen: Witnesses, run: DueRun) -> Finding:
    found = "no execution recorded, ever"
    if _is_under_way(seen, run):
        return _still_running(check, expected, seen, run)
    if made := seen.made_by(run):
        return _unrecorded(check, expected, found, made[0].name, seen, run)
    code = CauseCode.MISSED_RUN if seen.files or seen.run_in_database else CauseCode.NEVER_RAN
    whose = seen.teller if seen.stands_in else "its scheduler"
    because = f"{show.due(run, seen.job)}; {whose} has no execution of it on record, ever"
    return broken(check, Verdict.MISSED, code, expected=expected, found=found, because=because)


def _is_under_way(seen: Witnesses, run: DueRun) -> bool:
    """True where the scheduler says that a run is running, and it is this one: none that was due later has begun.

    Where the next is due before this one must be done, nobody can tell which of them it is: the older is still owed.
    """
    if seen.status not in _RUNNING:
        return False
    return run.next_due_at is None or seen.now < run.next_due_at or run.next_due_at < run.finish_by


def _still_running(check: Check, expected: Sentence, seen: Witnesses, run: DueRun) -> Finding:
    status = seen.recorded.last_status if seen.recorded else None
    says = f'{seen.teller} says it is still "{status}"'
    if seen.now < run.finish_by:
        return pending(check, expected, f"{says}, and it is inside its time")
    over = seen.now - run.finish_by
    because = (
        f"{show.due(run, seen.job)}; {says}, though it should have been done by "
        f"{show.limit(run.finish_by, run, seen.job)}{f', {show_span(over)} ago' if over else ''}"
    )
    found = f"still {status}"
    return broken(check, Verdict.STUCK, CauseCode.STILL_RUNNING, expected=expected, found=found, because=because)


def _unrecorded(check: Check, expected: Sentence, found: str, name: str, seen: Witnesses, run: DueRun) -> Finding:
    because = f"{show.due(run, seen.job)}; its output {name} is there, but {seen.teller} says: {found}"
    return broken(check, Verdict.FAILED, CauseCode.UNRECORDED_RUN, expected=expected, found=found, because=because)


def _later_than_now(check: Check, expected: Sentence, reading: Reading, seen: Witnesses) -> Finding:
    assert reading.at is not None
    found = f"last execution {show.when(reading.at, seen.job)}"
    if reading.at > seen.scheduler_at + EARLY_TOLERANCE:
        because = f"{found} is {show_span(reading.at - seen.scheduler_at)} in the future by the scheduler's own clock"
        return broken(
            check,
            Verdict.UNKNOWN,
            CauseCode.FUTURE_TIMESTAMP,
            expected=expected,
            found=found,
            because=because,
        )
    because = f"{found} is later than the moment that is judged, and the scheduler keeps only the last"
    return broken(check, Verdict.UNKNOWN, CauseCode.FUTURE_TIMESTAMP, expected=expected, found=found, because=because)


def status_is_success(seen: Witnesses, run: DueRun, executed: Finding) -> Finding:
    """The last run is called a success on record."""
    check, expected = Check.STATUS_IS_SUCCESS, SUCCESS
    if executed.needs_a_person or seen.recorded is None or seen.ran_at is None:
        return cannot_tell(check, expected, executed)
    if seen.is_overtaken(run):
        return replaced(check, expected, show.replaced("record", run, seen.job))
    status = seen.status
    if status == SUCCESS and executed.verdict is Verdict.PENDING:
        return replaced(check, expected, executed.because)
    if status == SUCCESS:
        return _success(seen.by_teller)
    found = seen.recorded.last_status or "no status"
    if status in _UNDER_WAY and seen.now < run.finish_by:
        return pending(check, expected, f'its status is "{found}", and it is still inside its time')
    if status in _UNDER_WAY and _has_begun_a_later_one(seen, run):
        return replaced(check, expected, show.replaced("status", run, seen.job))
    if _is_under_way(seen, run):
        return _hung(_still_running(check, expected, seen, run), seen, run)
    said = f"{show.due(run, seen.job)}; the run that ended {show.when(seen.ran_at, seen.job)}{seen.by_teller}"
    if status in _FAILED_STATUS:
        because = f"{said} ended in {found}"
        return broken(check, Verdict.FAILED, CauseCode.RUN_FAILED, expected=expected, found=found, because=because)
    says = f'has the status "{found}", which says neither success nor failure' if status else "has no status"
    because = f"{said} {says}: the words known are {', '.join(STATUS_WORDS)}"
    return broken(check, Verdict.UNKNOWN, CauseCode.SCHEDULER_ERROR, expected=expected, found=found, because=because)


@cache
def _success(by_teller: str) -> Finding:
    """The same for every job."""
    return ok(Check.STATUS_IS_SUCCESS, SUCCESS, f"{SUCCESS}{by_teller}")


def _has_begun_a_later_one(seen: Witnesses, run: DueRun) -> bool:
    """True where a newer due run is inside its time, and the status may be that one's."""
    return run.next_due_at is not None and run.next_due_at <= seen.now


def _hung(running: Finding, seen: Witnesses, run: DueRun) -> Finding:
    """Its work is there all the same: it may have been started again by hand, and nobody must get up for that."""
    made = seen.made_by(run)
    if not made:
        return running
    because = f"{running.because}; its output {made[0].name} is there: started again by hand, or it hangs at its end"
    return replace(running, verdict=Verdict.PENDING, because=because, is_warning=True)


def ran_on_time(
    seen: Witnesses, run: DueRun, executed: Finding | None, status: Finding | None, exists: Finding | None
) -> Finding:
    """The run was done by its limit; the earliest sign of it counts.

    Where a lone record is the only witness, a run by hand in addition has replaced it, and is a run outside its time
    (rule 6); with an output, the file of the due run shows that it was on time.
    """
    check, job = Check.RAN_ON_TIME, seen.job
    expected = later(show.done_by, run, job)
    ran_at = seen.first_seen(run)
    if status and status.verdict is Verdict.STUCK and status.needs_a_person:
        # What is on record is when it began.
        return cannot_tell(check, expected, status)
    if exists and exists.code is CauseCode.WRONG_TIMEZONE:
        return cannot_tell(check, expected, exists)
    if ran_at is None:
        return _no_sign(check, expected, seen, run, executed, exists)
    if ran_at <= run.finish_by:
        if before := seen.shared_with(run, in_time=True):
            return replaced(check, expected, show.shared("evidence", before, job))
        return ok(check, expected, later(_done_at, ran_at, seen, run))
    root = seen.scheduler_finding(Check.CLOCK_AGREES)
    if root and ran_at == seen.ran_at and ran_at - skew(seen.scheduler) <= run.finish_by:
        return cannot_tell(check, expected, root)
    found, its_limit = _done_at(ran_at, seen, run), show.limit(run.finish_by, run, job)
    because = f"{show.due(run, job)}; it was done {found}{UNEXPLAINED}; its limit was {its_limit}"
    return broken(check, Verdict.LATE, CauseCode.RAN_LATE, expected=expected, found=found, because=because)


def _done_at(ran_at: datetime, seen: Witnesses, run: DueRun) -> str:
    by_teller = seen.by_teller if ran_at == seen.ran_at else ""
    return f"{show.when(ran_at, seen.job)}, {show.distance(ran_at, run)}{by_teller}"


def _no_sign(
    check: Check,
    expected: Sentence,
    seen: Witnesses,
    run: DueRun,
    executed: Finding | None,
    exists: Finding | None,
) -> Finding:
    for root in (executed, exists):
        if root is not None and root.needs_a_person:
            return cannot_tell(check, expected, root)
    return replaced(check, expected, show.replaced("evidence", run, seen.job))
