"""Does the record of the due run keep its promises: begun in time, done, a success, not too long, on time?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.evidence import Outcome
from rollcall.roll.due_run import EARLY_TOLERANCE, DueRun
from rollcall.roll.words import Late, Proof
from rollcall.text import listed
from rollcall.times import show_span
from rollcall.verdict import show
from rollcall.verdict.clock import skew
from rollcall.verdict.findings import Check, Finding, broken, cannot_tell, noted, ok, pending, replaced
from rollcall.verdict.readings import as_read, in_zone, likely_zones, misread, unread
from rollcall.verdict.registration import is_registered
from rollcall.verdict.witnesses import DONE, RunRead, Witnesses
from rollcall.vocabulary import CauseCode, Verdict

_UNDER_WAY = frozenset({Outcome.RUNNING, Outcome.WAITING})
# Why it was late, as far as its record can tell; who knows better says so in its place.
UNEXPLAINED = ", by hand or held up"


def executed_after_due_time(seen: Witnesses, run: DueRun) -> Finding:
    """A run of the due time is on record."""
    finding, beside = _executed(seen, run), _other_word_of_memory(seen)
    if not beside:
        return finding
    because = f"{finding.because}{beside}" if finding.because else ""
    return replace(finding, found=f"{finding.found}{beside}", because=because)


def _other_word_of_memory(seen: Witnesses) -> str:
    """The last run that the memory knows of, where it is another than the scheduler's: worth knowing, no failure."""
    reading = seen.run_in_memory if seen.memory else None
    if seen.ran_at is None or reading is None or reading.at is None or seen.stands_in:
        return ""
    apart = min(abs(at - seen.ran_at) for at in reading.instants)
    return "" if apart <= seen.job.max_runtime else f"; its memory says {show.when(reading.at, seen.job)}"


def _executed(seen: Witnesses, run: DueRun) -> Finding:
    check, job = Check.EXECUTED_AFTER_DUE_TIME, seen.job
    limit = show.limit(run.finish_by, run, job)
    expected = f"a run recorded after {show.when(run.due_at, job)}, done by {limit}"
    if blind := untellable(check, expected, seen):
        return blind
    attempts = seen.attempts(run)
    if decides := attempts.deciding:
        return _on_record(check, expected, decides, seen, run)
    if attempts.by_schedule:
        return _never_begun(check, expected, attempts.by_schedule[-1], seen, run)
    if seen.unread is not None:
        return unread(check, expected, *seen.unread, seen, run)
    if seen.last is None or (seen.last_run is None and seen.last.outcome is Outcome.RUNNING):
        return _never_recorded(check, expected, seen, run)
    if seen.is_overtaken(run):
        return replaced(check, expected, _overtaken(seen, run))
    return (
        misread(check, expected, seen, run)
        or _skewed(check, expected, seen, run)
        or _ends_later(check, expected, seen, run)
        or _not_of_this_run(check, expected, seen, run)
    )


def untellable(check: Check, expected: str, seen: Witnesses) -> Finding | None:
    """Why the record tells of no run of the job, neither that it ran nor that it did not; None where it does."""
    if not seen.stands_in and seen.blocker:
        return cannot_tell(check, expected, seen.blocker)
    if not seen.stands_in and seen.listed is None and seen.tells("jobs"):
        return cannot_tell(check, expected, is_registered(seen))
    if seen.listed and "runs" in seen.listed.untold:
        return _not_told(check, expected, seen)
    if not seen.stands_in and (root := seen.scheduler_finding(Check.HAS_RECORDS)):
        return cannot_tell(check, expected, root)
    return None


def _not_told(check: Check, expected: str, seen: Witnesses) -> Finding:
    """An answer that leaves out what belongs there says neither that it ran nor that it did not."""
    because = f"the scheduler lists {seen.job.name}, but its answer has no {seen.word('ended')} for it"
    code, found = CauseCode.SCHEDULER_ERROR, f"no {seen.word('ended')}"
    return broken(check, Verdict.UNKNOWN, code, expected=expected, found=found, because=because)


def _overtaken(seen: Witnesses, run: DueRun) -> str:
    if not seen.tells("history") or seen.told_since is None:
        return show.replaced("record", run, seen.job)
    return f"its runs are on record since {show.when(seen.told_since, seen.job)} only: that can no longer be told"


def _on_record(check: Check, expected: str, decides: RunRead, seen: Witnesses, run: DueRun) -> Finding:
    """A run of this due time has begun, at the least."""
    attempts, job = seen.attempts(run), seen.job
    if before := seen.shared_with(run):
        return replaced(check, expected, show.shared("record", before, job))
    ended, at = decides.ended_at, decides.last_at
    assert at is not None
    last = attempts.begun[-1] if attempts.begun and not decides.is_by_schedule else None
    if last is not None and last.is_at_it and last.last_at and seen.now < run.finish_by:
        return _running_since(check, expected, last, last.last_at, seen, run)
    if how := attempts.made_good:
        found = f"{how}, done {show.when(at, job)}{seen.by_teller}"
        because = f"{show.due(run, job)}; {_what_failed(seen, run)}; {found}"
        return noted(check, CauseCode.MADE_GOOD, expected=expected, found=found, because=because)
    if ended is not None:
        return ok(check, expected, f"ended {show.when(ended, job)}{seen.by_teller}")
    if decides.ended is not None:
        return unread(check, expected, seen.word("ended"), decides.ended, seen, run)
    if decides.outcome is Outcome.RUNNING:
        return _running_since(check, expected, decides, at, seen, run)
    if not seen.tells("status"):
        return _only_begun(check, expected, decides, seen, run)
    return ok(check, expected, f"begun {show.when(at, job)}{seen.by_teller}")


def _what_failed(seen: Witnesses, run: DueRun) -> str:
    attempts = seen.attempts(run)
    first = next((each for each in attempts.begun if each.outcome not in DONE), None)
    if first is None or first.last_at is None:
        return f"no run of it by schedule {'has begun' if attempts.by_schedule else 'is on record'}"
    at = show.when(first.last_at, seen.job)
    if first.is_at_it:
        return f"the run of {at} is still {first.seen.word or 'running'}"
    return f"the run of {at} ended in {first.seen.word or 'an error'}"


def _running_since(
    check: Check, expected: str, decides: RunRead, started: datetime, seen: Witnesses, run: DueRun
) -> Finding:
    since, found = show.when(started, seen.job), f"still {decides.seen.word or 'running'}"
    if seen.now < run.finish_by:
        return pending(check, expected, f"it has been running since {since}, and it is inside its time")
    over = seen.now - run.finish_by
    because = (
        f"{show.due(run, seen.job)}; it has been running since {since}, though it should have been done by "
        f"{show.limit(run.finish_by, run, seen.job)}{f', {show_span(over)} ago' if over else ''}"
    )
    return broken(check, Verdict.STUCK, CauseCode.STILL_RUNNING, expected=expected, found=found, because=because)


def _never_begun(check: Check, expected: str, last: RunRead, seen: Witnesses, run: DueRun) -> Finding:
    """It waits, or the engine left it out."""
    word, due = last.seen.word or last.outcome.value, show.due(run, seen.job)
    if made := seen.made_by(run):
        return _unrecorded(check, expected, f"it is {word}", made[0].name, seen, run)
    if last.outcome is Outcome.SKIPPED:
        because = f'{due}; the scheduler left it out ("{word}"){_behind(seen, run)}'
        code, found = CauseCode.RUN_SKIPPED, f"left out: {word}"
        return broken(check, Verdict.MISSED, code, expected=expected, found=found, because=because)
    if seen.now < run.start_by:
        return pending(check, expected, f'the scheduler says it is to begin ("{word}"), and it is inside its time')
    because = f'{due}; the scheduler says it is to begin ("{word}"), and nothing has picked it up'
    found = f"not begun: {word}"
    return broken(check, Verdict.MISSED, CauseCode.NOT_PICKED_UP, expected=expected, found=found, because=because)


def _behind(seen: Witnesses, run: DueRun) -> str:
    """The run that was still at it when this one was due."""
    for each in seen.runs:
        started, ended = each.started_at, each.ended_at
        if started and started < run.begins_at and (ended is None or ended > run.due_at):
            still = "still runs" if ended is None else f"ended {show.when(ended, seen.job)}"
            return f": its run of {show.when(started, seen.job)} {still}"
    return ""


def _not_of_this_run(check: Check, expected: str, seen: Witnesses, run: DueRun) -> Finding:
    """The record tells of a run after the moment that is judged, or of one before the run that is."""
    if seen.ran_at is None:
        assert seen.last is not None
        return _later_than_now(check, expected, seen.last, seen)
    if _is_under_way(seen, run):
        return _still_running(check, expected, seen, run)
    found = f"{show.earlier_run(seen.ran_at, seen.job)}{seen.by_teller}"
    if made := seen.made_by(run):
        return _unrecorded(check, expected, found, made[0].name, seen, run)
    if early := _may_still_begin(check, expected, seen, run):
        return early
    because = f"{show.due(run, seen.job)}; its last run {found}{_other_reading(seen, run)}{_hung_before(seen, run)}"
    return broken(check, Verdict.MISSED, CauseCode.MISSED_RUN, expected=expected, found=found, because=because)


def _hung_before(seen: Witnesses, run: DueRun) -> str:
    """An earlier run that is still at it explains why this one did not begin."""
    last = seen.last
    if last is None or last.outcome is not Outcome.RUNNING or last.started is None or last.started.at is None:
        return ""
    return f", and its run of {show.when(last.started.at, seen.job)} is still {last.seen.word or 'running'}"


def _may_still_begin(check: Check, expected: str, seen: Witnesses, run: DueRun) -> Finding | None:
    """Where every start is on record a run is missed once its `start_by` is over; else once it should be done."""
    by = run.start_by if seen.has_every_start else run.finish_by
    if seen.now >= by or not seen.tells("history"):
        return None
    return pending(check, expected, f"it has until {show.limit(by, run, seen.job)}")


def zone_of_this_run(seen: Witnesses, run: DueRun) -> tuple[datetime, ZoneInfo] | None:
    """When its record would be of this very run, read in which other zone; None where there is none."""
    reading = seen.last_run
    if reading is None or reading.at is None or not reading.is_naive or run.owns(reading.at):
        return None
    readings = ((in_zone(reading, zone), zone) for zone in likely_zones(seen))
    return next((each for each in readings if run.begins_at <= each[0] <= run.finish_by), None)


def _other_reading(seen: Witnesses, run: DueRun) -> str:
    """Where its record would be of this very run in another zone: said, and no more, as no other witness says so."""
    fits = zone_of_this_run(seen, run)
    if fits is None:
        return ""
    at, zone = fits
    return f" (read {as_read(seen)}; as {zone.key} it would be {show.when(at, seen.job)})"


def _skewed(check: Check, expected: str, seen: Witnesses, run: DueRun) -> Finding | None:
    """Cannot tell where the record would belong to the run, were the scheduler's clock not wrong."""
    root = seen.scheduler_finding(Check.CLOCK_AGREES)
    at = seen.last_run.at if seen.last_run else None
    if root is None or at is None or not run.begins_at <= at - skew(seen.scheduler) <= seen.counted_until:
        return None
    return cannot_tell(check, expected, root)


def _never_recorded(check: Check, expected: str, seen: Witnesses, run: DueRun) -> Finding:
    found = "no execution recorded, ever"
    if seen.told_since is not None:
        found = f"no execution recorded since {show.when(seen.told_since, seen.job)}"
    if _is_under_way(seen, run):
        return _still_running(check, expected, seen, run)
    if seen.told_since is not None and seen.told_since > run.begins_at:
        return replaced(check, expected, _overtaken(seen, run))
    if made := seen.made_by(run):
        return _unrecorded(check, expected, found, made[0].name, seen, run)
    if early := _may_still_begin(check, expected, seen, run):
        return early
    is_known = seen.files or seen.run_in_memory or seen.told_since is not None
    code = CauseCode.MISSED_RUN if is_known else CauseCode.NEVER_RAN
    whose = seen.teller if seen.stands_in else "its scheduler"
    ever = ", ever" if seen.told_since is None else f" since {show.when(seen.told_since, seen.job)}"
    because = f"{show.due(run, seen.job)}; {whose} has no execution of it on record{ever}"
    return broken(check, Verdict.MISSED, code, expected=expected, found=found, because=because)


def _is_under_way(seen: Witnesses, run: DueRun) -> bool:
    """True where a record without a start says that a run is running, and it is this one: none due later has begun.

    Where the next is due before this one must be done, nobody can tell which of them it is: the older is still owed.
    """
    if seen.last is None or seen.last.outcome is not Outcome.RUNNING or seen.last.started or seen.last.due:
        return False
    return run.next_due_at is None or seen.now < run.next_due_at or run.next_due_at < run.finish_by


def _still_running(check: Check, expected: str, seen: Witnesses, run: DueRun) -> Finding:
    says = f'{seen.teller} says it is still "{seen.last_word}"'
    if seen.now < run.finish_by:
        return pending(check, expected, f"{says}, and it is inside its time")
    over = seen.now - run.finish_by
    because = (
        f"{show.due(run, seen.job)}; {says}, though it should have been done by "
        f"{show.limit(run.finish_by, run, seen.job)}{f', {show_span(over)} ago' if over else ''}"
    )
    found = f"still {seen.last_word}"
    return broken(check, Verdict.STUCK, CauseCode.STILL_RUNNING, expected=expected, found=found, because=because)


def _unrecorded(check: Check, expected: str, found: str, name: str, seen: Witnesses, run: DueRun) -> Finding:
    because = f"{show.due(run, seen.job)}; its output {name} is there, but {seen.teller} says: {found}"
    return broken(check, Verdict.FAILED, CauseCode.UNRECORDED_RUN, expected=expected, found=found, because=because)


def _ends_later(check: Check, expected: str, seen: Witnesses, run: DueRun) -> Finding | None:
    later = seen.later_run(run)
    return _later_than_now(check, expected, later, seen) if later else None


def _later_than_now(check: Check, expected: str, last: RunRead, seen: Witnesses) -> Finding:
    at = last.last_at
    assert at is not None
    found, code = f"last execution {show.when(at, seen.job)}", CauseCode.FUTURE_TIMESTAMP
    if at > seen.scheduler_at + EARLY_TOLERANCE:
        because = f"{found} is {show_span(at - seen.scheduler_at)} in the future by the scheduler's own clock"
    else:
        because = f"{found} is later than the moment that is judged, and the scheduler keeps only the last"
    return broken(check, Verdict.UNKNOWN, code, expected=expected, found=found, because=because)


def status_is_success(seen: Witnesses, run: DueRun, executed: Finding) -> Finding:
    """The run is called a success on record."""
    check, expected, job = Check.STATUS_IS_SUCCESS, Outcome.SUCCESS.value, seen.job
    attempts = seen.attempts(run)
    decides = attempts.deciding
    if executed.needs_a_person or (seen.ran_at is None and decides is None and executed.verdict is not Verdict.PENDING):
        return cannot_tell(check, expected, executed)
    if decides is None and seen.is_overtaken(run):
        return replaced(check, expected, _overtaken(seen, run))
    told = decides or seen.last
    if told is None or (decides is None and seen.tells("started")):
        return replace(executed, check=check, expected=expected)
    found = told.seen.word or "no status"
    match told.outcome:
        case Outcome.SUCCESS if executed.verdict is Verdict.PENDING:
            return replaced(check, expected, executed.because)
        case Outcome.SUCCESS:
            return ok(check, expected, f"{found.strip().lower()}{seen.by_teller}")
        case Outcome.PARTIAL:
            return _partial(check, expected, told, seen, run)
        case Outcome.RUNNING if decides is not None and decides.is_at_it:
            # That it runs is said of the run itself.
            return replace(executed, check=check, expected=expected)
        case Outcome.RUNNING | Outcome.WAITING if seen.now < run.finish_by:
            return pending(check, expected, f'its status is "{found}", and it is still inside its time')
        case Outcome.RUNNING | Outcome.WAITING if run.next_due_at is not None and run.next_due_at <= seen.now:
            # A newer due run is inside its time, and the status may be that one's.
            return replaced(check, expected, show.replaced("status", run, job))
        case Outcome.RUNNING if _is_under_way(seen, run):
            return _hung(_still_running(check, expected, seen, run), seen, run)
    at = told.last_at or seen.ran_at
    assert at is not None
    if told.outcome is Outcome.WAITING and told.started is not None:
        because = f'{show.due(run, job)}; its run of {show.when(at, job)} is "{found}", and nothing has picked it up'
        code = CauseCode.NOT_PICKED_UP
        return broken(check, Verdict.MISSED, code, expected=expected, found=found, because=because)
    said = f"{show.due(run, job)}; the run that ended {show.when(at, job)}{seen.by_teller}"
    if told.outcome is Outcome.FAILED:
        because = f"{said} ended in {found}"
        return broken(check, Verdict.FAILED, CauseCode.RUN_FAILED, expected=expected, found=found, because=because)
    if told.ended is None and not told.seen.word:
        return _only_begun(check, expected, told, seen, run)
    assert job.scheduler is not None
    says = f'has the status "{found}", which says neither success nor failure' if told.seen.word else "has no status"
    because = f"{said} {says}: the words known are {listed(job.scheduler.words.known, 20) or 'none'}"
    return broken(check, Verdict.UNKNOWN, CauseCode.UNKNOWN_STATUS, expected=expected, found=found, because=because)


def _partial(check: Check, expected: str, told: RunRead, seen: Witnesses, run: DueRun) -> Finding:
    """Done, and not all of it: a warning, unless the job says otherwise."""
    found = told.seen.word or "partial"
    because = f'{show.due(run, seen.job)}; its run did its work, and not all of it: "{found}"'
    if seen.job.partial is Late.WARN:
        return noted(check, CauseCode.PARTIAL_RUN, expected=expected, found=found, because=because)
    return broken(check, Verdict.FAILED, CauseCode.PARTIAL_RUN, expected=expected, found=found, because=because)


def _only_begun(check: Check, expected: str, told: RunRead, seen: Witnesses, run: DueRun) -> Finding:
    """That it began is all that is on record."""
    job, at = seen.job, told.last_at
    assert at is not None
    found = f"begun {show.when(at, job)}"
    if job.proof is Proof.START:
        return ok(check, expected, f"{found}; that is proof enough (proof)")
    if job.outputs:
        return ok(check, expected, f"{found}; how it went its output tells")
    if seen.now < run.finish_by:
        return pending(check, expected, f"it {found}, and it is inside its time")
    because = f'{show.due(run, job)}; it {found}, and nothing tells how it went. Where that is enough, proof = "start"'
    return broken(check, Verdict.UNKNOWN, CauseCode.UNKNOWN_STATUS, expected=expected, found=found, because=because)


def _hung(running: Finding, seen: Witnesses, run: DueRun) -> Finding:
    """Its work is there all the same: it may have been started again by hand, and that is not urgent."""
    made = seen.made_by(run)
    if not made:
        return running
    because = f"{running.because}; its output {made[0].name} is there: started again by hand, or it hangs at its end"
    return replace(running, verdict=Verdict.PENDING, because=because, is_warning=True)


def started_on_time(seen: Witnesses, run: DueRun, executed: Finding) -> Finding:
    """The first attempt began within `grace`; a late start whose run is done in time is a warning."""
    check, job = Check.STARTED_ON_TIME, seen.job
    expected = f"begun by {show.limit(run.start_by, run, job)}"
    attempts = seen.attempts(run)
    if executed.needs_a_person and not attempts.begun:
        return cannot_tell(check, expected, executed)
    at = attempts.first_start
    if at is None:
        if executed.verdict is Verdict.PENDING:
            return replace(executed, check=check, expected=expected)
        found = "its first start is not on record"
        return ok(check, expected, f"{found}, and nothing is held against another")
    found = f"begun {show.when(at, job)}, {show.distance(at, run)}"
    if at <= run.start_by:
        return ok(check, expected, found)
    because = f"{show.due(run, job)}; it began {found.removeprefix('begun ')}"
    late = broken(check, Verdict.LATE, CauseCode.STARTED_LATE, expected=expected, found=found, because=because)
    done = seen.first_seen(run)
    if job.late_start is Late.WARN and done is None and seen.now < run.finish_by:
        return pending(check, expected, f"it began {found.removeprefix('begun ')}, and may still be done in time")
    is_in_time = done is not None and done <= run.finish_by
    if is_in_time and job.late_start is Late.WARN:
        return noted(check, CauseCode.STARTED_LATE, expected=expected, found=found, because=because)
    return late


def runtime_is_as_allowed(seen: Witnesses, run: DueRun, executed: Finding) -> Finding | None:
    """The deciding attempt took no longer than `max_runtime`, and no less than `min_runtime`."""
    check, job = Check.RUNTIME_IS_AS_ALLOWED, seen.job
    least = f"at least {show_span(job.min_runtime)}" if job.min_runtime else ""
    most = "" if job.done_by or job.within else f"at most {show_span(job.max_runtime)}"
    expected = " and ".join(filter(None, (least, most))) or "any time"
    decides = seen.attempts(run).deciding
    if executed.needs_a_person and decides is None:
        return cannot_tell(check, expected, executed)
    if decides is not None and not decides.is_by_schedule:
        return ok(check, expected, "made good, and how long that took is not held against it")
    took = decides.took if decides else None
    if took is None:
        if executed.verdict in (Verdict.PENDING, Verdict.STUCK):
            return (
                replace(executed, check=check, expected=expected)
                if executed.verdict is Verdict.PENDING
                else (cannot_tell(check, expected, executed))
            )
        return ok(check, expected, "how long it took is not on record")
    if took < -EARLY_TOLERANCE:
        found = f"ended {show_span(-took)} before it began"
        because = f"{seen.teller} says that it {found}: one of the two times is read in the wrong zone, or no time"
        code = CauseCode.SCHEDULER_ERROR
        return broken(check, Verdict.UNKNOWN, code, expected=expected, found=found, because=because)
    # Clocks and roundings differ a little.
    took = max(took, timedelta(0))
    found = show_span(took)
    if most and took > job.max_runtime:
        because = f"{show.due(run, job)}; it took {found}, more than max_runtime = {show_span(job.max_runtime)}"
        return broken(check, Verdict.LATE, CauseCode.OVERRAN, expected=expected, found=found, because=because)
    if took < job.min_runtime:
        because = f"{show.due(run, job)}; it took {found}, less than min_runtime = {show_span(job.min_runtime)}"
        return broken(check, Verdict.LATE, CauseCode.TOO_SHORT, expected=expected, found=found, because=because)
    return ok(check, expected, found)


def ran_on_time(
    seen: Witnesses, run: DueRun, executed: Finding | None, status: Finding | None, exists: Finding | None
) -> Finding:
    """The run was done by its limit; the earliest sign of it counts.

    Where a lone record is the only witness, a run by hand in addition has replaced it, and is a run outside its time
    (rule 6); with an output, the file of the due run shows that it was on time.
    """
    check, job = Check.RAN_ON_TIME, seen.job
    expected = show.done_by(run, job)
    ran_at = seen.first_seen(run)
    for stuck in (status, executed):
        if stuck and stuck.verdict is Verdict.STUCK and stuck.needs_a_person:
            # What is on record is when it began.
            return cannot_tell(check, expected, stuck)
    if exists and exists.code is CauseCode.WRONG_TIMEZONE:
        return cannot_tell(check, expected, exists)
    if executed and executed.code is CauseCode.MADE_GOOD:
        return ok(check, expected, f"made good {show.when(ran_at, job) if ran_at else 'since'}")
    if ran_at is None:
        return _no_sign(check, expected, seen, run, executed, status, exists)
    if ran_at <= run.finish_by:
        if before := seen.shared_with(run, in_time=True):
            return replaced(check, expected, show.shared("evidence", before, job))
        return ok(check, expected, _done_at(ran_at, seen, run))
    root = seen.scheduler_finding(Check.CLOCK_AGREES)
    if root and ran_at == seen.ran_at and ran_at - skew(seen.scheduler) <= run.finish_by:
        return cannot_tell(check, expected, root)
    found, its_limit = _done_at(ran_at, seen, run), show.limit(run.finish_by, run, job)
    why = "" if seen.attempts(run).first_start else UNEXPLAINED
    because = f"{show.due(run, job)}; it was done {found}{why}; its limit was {its_limit}"
    return broken(check, Verdict.LATE, CauseCode.RAN_LATE, expected=expected, found=found, because=because)


def _done_at(ran_at: datetime, seen: Witnesses, run: DueRun) -> str:
    by_teller = seen.by_teller if ran_at == seen.ran_at else ""
    return f"{show.when(ran_at, seen.job)}, {show.distance(ran_at, run)}{by_teller}"


def _no_sign(
    check: Check,
    expected: str,
    seen: Witnesses,
    run: DueRun,
    executed: Finding | None,
    status: Finding | None,
    exists: Finding | None,
) -> Finding:
    for root in (executed, exists):
        if root is not None and root.needs_a_person:
            return cannot_tell(check, expected, root)
    attempts = seen.attempts(run)
    if attempts.begun and seen.job.proof is Proof.START:
        at = attempts.begun[0].last_at
        if at is not None and at <= run.finish_by:
            return ok(check, expected, f"begun {show.when(at, seen.job)}, {show.distance(at, run)}")
    decides = attempts.deciding
    if status is not None and status.verdict is Verdict.OK and decides is not None and decides.outcome in DONE:
        return ok(check, expected, "when it ended is not on record")
    if executed is not None and executed.verdict is Verdict.PENDING:
        return replace(executed, check=check, expected=expected)
    return replaced(check, expected, show.replaced("evidence", run, seen.job))
