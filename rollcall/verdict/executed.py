"""Is a run of the due time on record, and has it ended?"""

from dataclasses import replace
from datetime import datetime

from rollcall.evidence import Outcome, SchedulerSeen
from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.words import Proof
from rollcall.times import show_span
from rollcall.verdict import show
from rollcall.verdict.case import Case
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.registration import is_registered
from rollcall.verdict.runs import RunRead
from rollcall.verdict.scheduler import skew
from rollcall.verdict.witnesses import Witnesses
from rollcall.verdict.zones import as_read, misread, unread, zone_of_this_run
from rollcall.vocabulary import CauseCode, Verdict

NOT_ON_RECORD = "not on record, or not shown to us"


def executed_after_due_time(case: Case) -> Finding:
    """A run of the due time is on record."""
    seen, remembered = case.seen, case.seen.run_in_memory
    finding = _executed(case)
    if seen.ran_at is None or remembered is None or remembered.at is None or seen.stands_in:
        return finding
    if min(abs(at - seen.ran_at) for at in remembered.instants) <= case.job.max_runtime:
        return finding
    # That another record knows of another last run is worth knowing, and no failure.
    beside = f"; {seen.its_memory} says {show.when(remembered.at, case.job)}"
    because = f"{finding.because}{beside}" if finding.because else ""
    return replace(finding, found=f"{finding.found}{beside}", because=because)


def _executed(case: Case) -> Finding:
    seen, run, job, attempts = case.seen, case.run, case.job, case.attempts
    limit = show.limit(run.finish_by, run, job)
    expected = f"a run recorded after {show.when(run.due_at, job)}, done by {limit}"
    promise = Promise(Check.EXECUTED_AFTER_DUE_TIME, expected)
    if blind := untellable(promise, seen):
        return blind
    if decides := attempts.deciding:
        return _on_record(promise, decides, case)
    if attempts.by_schedule:
        return _never_begun(promise, attempts.by_schedule[-1], case)
    if seen.unread:
        return unread(promise, *seen.unread, seen, case)
    if seen.last is None or seen.last_run is None:
        return _none_of_this_run(promise, case)
    if case.is_overtaken:
        return promise.replaced(overtaken(case))
    if wrong := misread(promise, case):
        return wrong
    skewed = seen.broken_check(Check.CLOCK_AGREES)
    at = seen.last_run.at - skew(seen.scheduler) if seen.last_run.at else None
    if skewed and at and run.begins_at <= at <= seen.counted_until:
        # It would belong to the run, were the scheduler's clock not wrong.
        return promise.blocked(skewed)
    until = seen.counted_until
    later = (each for each in seen.runs if each.last_at and each.last_at > until and each.is_by_schedule)
    ahead = next((each for each in later if each.is_of(run)), None if seen.ran_at else seen.last)
    return _later_than_now(promise, ahead, seen) if ahead else _none_of_this_run(promise, case)


def untellable(promise: Promise, seen: Witnesses) -> Finding | None:
    """Why the record cannot show whether the job ran; None where it can.

    Where its runs are not on record at all and it leaves an output, the output shows it.
    """
    if seen.blocker and not seen.stands_in:
        return promise.blocked(seen.blocker)
    if not seen.stands_in and seen.tells("jobs") and (seen.listed is None or seen.taken_for):
        return promise.blocked(is_registered(seen))
    if seen.listed and "runs" in seen.listed.untold:
        # An answer with that part missing says neither that it ran nor that it did not.
        found = f"no {seen.word('ended')}"
        why = f": {seen.listed.says}" if seen.listed.says and not seen.listed.paused else ""
        because = f"the scheduler lists {seen.job.name}, but its answer has {found} for it{why}"
        return promise.broken(Verdict.UNKNOWN, CauseCode.SCHEDULER_ERROR, found, because)
    if seen.listed and seen.listed.has_runs is False and not seen.stands_in:
        found = f"its runs are {NOT_ON_RECORD}"
        if seen.job.outputs:
            return promise.kept(f"{found}; its output shows how it went")
        because = f"the scheduler lists {seen.job.name}, but {found}, so it is not known whether it ran"
        return promise.broken(Verdict.UNKNOWN, CauseCode.NO_RECORDS, found, because)
    keeps = seen.job.scheduler.keeps if seen.job.scheduler else None
    if keeps == 1 and isinstance(seen.scheduler, SchedulerSeen) and not seen.is_by_memory:
        runs = set(seen.scheduler.runs_of(seen.job.name))
        if len(runs) > 1:
            because = (
                f"the scheduler keeps one run of each job, but has {len(runs)} for {seen.job.name}: whose are they?"
            )
            return promise.broken(Verdict.UNKNOWN, CauseCode.LISTED_TWICE, f"{len(runs)} last runs", because)
    if told := seen.without_time:
        because = f'the scheduler has no time for any run of {seen.job.name}; the status of the last is "{told.word}"'
        code = CauseCode.UNKNOWN_STATUS if told.outcome is Outcome.UNKNOWN else CauseCode.SCHEDULER_ERROR
        return promise.broken(Verdict.UNKNOWN, code, f"{told.word}, without a time", because)
    root = seen.broken_check(Check.HAS_RECORDS)
    return promise.blocked(root) if root and not seen.stands_in else None


def overtaken(case: Case) -> str:
    """Why the record no longer shows the run."""
    seen = case.seen
    if not seen.tells("history") or seen.runs_since is None:
        return show.replaced("record", case.run, case.job)
    return f"its runs are on record only since {show.when(seen.runs_since, case.job)}, so this is no longer known"


def _on_record(promise: Promise, decides: RunRead, case: Case) -> Finding:
    seen, job, attempts = case.seen, case.job, case.attempts
    if before := case.shared_with():
        return promise.replaced(show.shared("record", before, job))
    at = decides.last_at
    assert at is not None
    last = attempts.begun[-1] if attempts.begun and not decides.is_by_schedule else None
    if last is not None and last.is_under_way and last.last_at and case.now < case.run.finish_by:
        return _running_since(promise, last, last.last_at, case)
    if made_good := _made_good(decides, case):
        how, what_failed = made_good
        found = f"{how}, done {show.when(at, job)}{seen.by_memory}"
        return promise.warned(CauseCode.MADE_GOOD, found, f"{show.due(case.run, job)}; {what_failed}; {found}")
    if decides.ended_at is not None:
        return promise.kept(f"ended {show.when(decides.ended_at, job)}{seen.by_memory}")
    if decides.ended is not None:
        return unread(promise, seen.word("ended"), decides.ended, seen, case)
    if decides.outcome is Outcome.RUNNING:
        return _running_since(promise, decides, at, case)
    if not seen.tells("status") or decides.outcome is Outcome.BEGUN:
        return only_begun(promise, decides, case)
    return promise.kept(f"begun {show.when(at, job)}{seen.by_memory}")


def _made_good(decides: RunRead, case: Case) -> tuple[str, str] | None:
    """How a run that failed, or never began, was made good, and what had failed; None where it did its work at once."""
    begun, off = case.attempts.begun, case.off
    is_done = decides.is_done or (case.job.proof is Proof.START and decides.outcome is not Outcome.FAILED)
    if off and is_done and decides.started_at and case.is_begun_once_back(decides.started_at):
        return f"begun {show.when(decides.started_at, case.job)}", show.off(off, case.job)
    if decides.is_done and not decides.is_by_schedule:
        how = "run again by hand" if begun else "run by hand"
    elif decides.is_done and any(each.outcome is Outcome.FAILED for each in begun[:-1]):
        how = f"attempt {decides.seen.attempt or len(begun)} did the work"
    else:
        return None
    first = next((each for each in begun if not each.is_done), None)
    if first is None or first.last_at is None:
        return how, f"no scheduled run of it {'has begun' if case.attempts.by_schedule else 'is on record'}"
    at = show.when(first.last_at, case.job)
    if first.is_under_way:
        return how, f"the run of {at} is still {first.seen.word or 'running'}"
    return how, f"the run of {at} ended in {first.seen.word or 'an error'}"


def only_begun(promise: Promise, run: RunRead, case: Case) -> Finding:
    """That a run began is all that is on record."""
    job, at = case.job, run.last_at
    assert at is not None
    found = f"{run.seen.word or 'begun'} {show.when(at, job)}"
    if job.proof is Proof.START:
        return promise.kept(f'{found}; that is enough (proof = "start")')
    if job.outputs:
        return promise.kept(f"{found}; its output shows how it went")
    if case.now < case.run.finish_by:
        return promise.pending(f"it began {show.when(at, job)}, and still has time")
    nothing_more = 'nothing shows how it went. If that is enough, set proof = "start"'
    because = f"{show.due(case.run, job)}; it began {show.when(at, job)}, and {nothing_more}"
    return promise.broken(Verdict.UNKNOWN, CauseCode.UNKNOWN_STATUS, found, because)


def _never_begun(promise: Promise, last: RunRead, case: Case) -> Finding:
    """It is waiting, or the scheduler skipped it."""
    word, due = last.seen.word or last.outcome.value, show.due(case.run, case.job)
    if case.made:
        return _unrecorded(promise, f"it is {word}", case)
    if last.outcome is Outcome.SKIPPED:
        because = f'{due}; the scheduler skipped it ("{word}"){_behind(case)}'
        return promise.broken(Verdict.MISSED, CauseCode.RUN_SKIPPED, f"skipped: {word}", because)
    if case.now < case.run.start_by:
        return promise.pending(f'the scheduler has it waiting ("{word}"), and it still has time')
    because = f'{due}; the scheduler has it waiting ("{word}"), and nothing has picked it up'
    return promise.broken(Verdict.MISSED, CauseCode.NOT_PICKED_UP, f"not started: {word}", because)


def _behind(case: Case) -> str:
    """The run that was still under way when this one was due."""
    before = case.behind
    if before is None:
        return ""
    is_over = before.outcome is not Outcome.RUNNING and before.ended_at
    still = f"ended {show.when(is_over, case.job)}" if is_over else f"is still {before.seen.word or 'running'}"
    return f": {show.run_of(before.started_at, case.job)} {still}"


def _none_of_this_run(promise: Promise, case: Case) -> Finding:
    """The newest on record is of an earlier run, or there is none."""
    seen, run, job, since, last = case.seen, case.run, case.job, case.seen.runs_since, case.seen.last
    if is_under_way(case):
        return still_running(promise, case)
    if seen.ran_at is None:
        if since is not None and since > run.begins_at:
            return promise.replaced(overtaken(case))
        ever = " at all" if since is None else f" since {show.when(since, job)}"
        found, whose = f"no run recorded{ever}", seen.its_memory if seen.stands_in else "its scheduler"
        is_known = seen.files or seen.run_in_memory or since is not None
        code = CauseCode.MISSED_RUN if is_known else CauseCode.NEVER_RAN
        because = f"{show.due(run, job)}; {whose} has no run of it on record{ever}"
    else:
        found, code = f"{show.earlier_run(seen.ran_at, job)}{seen.by_memory}", CauseCode.MISSED_RUN
        because = f"{show.due(run, job)}; its last run {found}"
        if fits := zone_of_this_run(case):
            # Nothing else confirms it, so it is mentioned and changes no verdict.
            at, zone = fits
            because += f" (read {as_read(seen)}; as {zone.key} it would be {show.when(at, job)})"
    if case.off:
        code, because = CauseCode.HOST_WAS_OFF, f"{because}; {show.off(case.off, job)}"
    elif case.behind:
        because += f"; it may be delayed{_behind(case)}"
    if case.made:
        return _unrecorded(promise, found, case)
    # Where every start is on record a run is missed once its `start_by` is over; else once it should be done.
    by = run.start_by if seen.has_every_start else run.finish_by
    if case.now < by and seen.tells("history"):
        return promise.pending(f"it has until {show.limit(by, run, job)}")
    if case.off and case.catch_up_ends_at and case.now < case.catch_up_ends_at:
        return promise.pending(f"{show.off(case.off, job)}, and it may still run")
    if last and last.outcome is Outcome.UNKNOWN and last.seen.word and not seen.tells("history"):
        # The status of the one run that it keeps does not say how that ended: it may be of this run.
        because += (
            f', and the scheduler calls it "{last.seen.word}", which may mean that it is running, or anything else'
        )
        return promise.broken(Verdict.UNKNOWN, CauseCode.UNKNOWN_STATUS, last.seen.word, because)
    return promise.broken(Verdict.MISSED, code, found, because)


def _unrecorded(promise: Promise, found: str, case: Case) -> Finding:
    left, source = show.output(case.made[0], case.seen.declared, case.job), case.seen.source
    because = f"{show.due(case.run, case.job)}; {left} is there, but {source} says: {found}"
    return promise.broken(Verdict.FAILED, CauseCode.UNRECORDED_RUN, found, because)


def _later_than_now(promise: Promise, last: RunRead, seen: Witnesses) -> Finding:
    at = last.last_at
    assert at is not None
    found = f"last run {show.when(at, seen.job)}"
    if at > seen.scheduler_at + EARLY_TOLERANCE:
        because = f"{found} is {show_span(at - seen.scheduler_at)} in the future by the scheduler's own clock"
    else:
        because = f"{found} is later than the judged moment, and the scheduler keeps only the last run"
    return promise.broken(Verdict.UNKNOWN, CauseCode.FUTURE_TIMESTAMP, found, because)


def is_under_way(case: Case) -> bool:
    """True where a record without a start says that a run is running, and it is this one: none due later has begun.

    Where the next is due before this one must be done, it may be either: the older is still owed.
    """
    last, run = case.seen.last, case.run
    if last is None or last.outcome is not Outcome.RUNNING or last.started or last.due:
        return False
    return run.next_due_at is None or case.now < run.next_due_at or run.next_due_at < run.finish_by


def still_running(promise: Promise, case: Case) -> Finding:
    """What a record without a start says of a run that has not ended."""
    word = case.seen.last_word
    return _not_ended(promise, f'{case.seen.source} says it is still "{word}"', word, case)


def _running_since(promise: Promise, run: RunRead, started: datetime, case: Case) -> Finding:
    says = f"it has been running since {show.when(started, case.job)}"
    if case.is_begun_once_back(started) and case.now < started + case.job.max_runtime:
        return promise.pending(f"{says}, once its machine was back")
    word, scheduler = run.seen.word or "running", case.job.scheduler
    if scheduler and scheduler.words.outcome(word) is Outcome.UNKNOWN:
        # The word says more than that it runs: why it does not end.
        says += f' ("{word}")'
    return _not_ended(promise, says, word, case)


def _not_ended(promise: Promise, says: str, word: str, case: Case) -> Finding:
    run, over = case.run, case.now - case.run.finish_by
    if case.now < run.finish_by:
        return promise.pending(f"{says}, and it still has time")
    because = (
        f"{show.due(run, case.job)}; {says}, though it should have been done by "
        f"{show.limit(run.finish_by, run, case.job)}{f', {show_span(over)} ago' if over else ''}"
    )
    return promise.broken(Verdict.STUCK, CauseCode.STILL_RUNNING, f"still {word}", because)
