"""Is the due run called a success on record?"""

from dataclasses import replace

from rollcall.evidence import Outcome
from rollcall.roll.words import Late
from rollcall.text import listed
from rollcall.verdict import show
from rollcall.verdict.case import Case
from rollcall.verdict.executed import is_under_way, only_begun, overtaken, still_running
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.runs import RunRead
from rollcall.vocabulary import CauseCode, Verdict


def status_is_success(case: Case, executed: Finding) -> Finding:
    """The run is called a success on record."""
    promise, decides = Promise(Check.STATUS_IS_SUCCESS, Outcome.SUCCESS.value), case.attempts.deciding
    if executed.needs_a_person:
        return promise.blocked(executed)
    if decides is None and case.is_overtaken:
        return promise.replaced(overtaken(case))
    run = decides or case.seen.last
    if run is None or (decides is None and case.seen.tells("started")):
        return promise.as_of(executed)
    match run.outcome:
        case Outcome.SUCCESS if executed.verdict is Verdict.PENDING:
            return promise.replaced(executed.because)
        case Outcome.SUCCESS:
            return promise.kept(f"{(run.seen.word or 'no status').strip().lower()}{case.seen.by_memory}")
        case Outcome.PARTIAL:
            found = run.seen.word or "partial"
            because = f'{show.due(case.run, case.job)}; its run did only part of its work: "{found}"'
            if case.job.partial is Late.WARN:
                return promise.warned(CauseCode.PARTIAL_RUN, found, because)
            return promise.broken(Verdict.FAILED, CauseCode.PARTIAL_RUN, found, because)
        case Outcome.BEGUN:
            return promise.as_of(executed)
        case Outcome.RUNNING if decides is not None and decides.is_under_way:
            # That it runs is said of the run itself.
            return promise.as_of(executed)
        case Outcome.RUNNING | Outcome.WAITING:
            return _not_ended(promise, run, case) or _no_success(promise, run, case)
        case _:
            return _no_success(promise, run, case)


def _not_ended(promise: Promise, run: RunRead, case: Case) -> Finding | None:
    """What a status says that will change; None where it should have changed by now."""
    if case.now < case.run.finish_by:
        return promise.pending(f'its status is "{run.seen.word or "no status"}", and it still has time')
    if case.run.next_due_at is not None and case.run.next_due_at <= case.now:
        # A newer due run is inside its time, and the status may be that one's.
        return promise.replaced(show.replaced("status", case.run, case.job))
    if run.outcome is not Outcome.RUNNING or not is_under_way(case):
        return None
    running = still_running(promise, case)
    if not case.made:
        return running
    # It may have been started again by hand, and that is not urgent.
    left = show.output(case.made[0], case.seen.declared, case.job)
    because = f"{running.because}; {left} is there: it was started again by hand, or hangs at its end"
    return replace(running, verdict=Verdict.PENDING, because=because, is_warning=True)


def _no_success(promise: Promise, run: RunRead, case: Case) -> Finding:
    job, due, at, word = case.job, show.due(case.run, case.job), run.last_at or case.seen.ran_at, run.seen.word
    assert at is not None
    if run.outcome is Outcome.WAITING and run.started is not None:
        found = word or "no status"
        because = f'{due}; its run of {show.when(at, job)} is "{found}", and nothing has picked it up'
        return promise.broken(Verdict.MISSED, CauseCode.NOT_PICKED_UP, found, because)
    since = "began" if run.started and not run.ended else "ended"
    said = f"{due}; the run that {since} {show.when(at, job)}{case.seen.by_memory}"
    if run.outcome is Outcome.FAILED:
        found = word or "no status"
        words = f"; its last lines: {run.seen.says}" if run.seen.says else ""
        return promise.broken(Verdict.FAILED, CauseCode.RUN_FAILED, found, f"{said} ended in {found}{words}")
    if run.ended is None and not word:
        return only_begun(promise, run, case)
    assert job.scheduler is not None
    says = f'has the status "{word}", which is neither success nor failure' if word else "has no status"
    because = f"{said} {says}: the known words are {listed(job.scheduler.words.known, 20) or 'none'}"
    return promise.broken(Verdict.UNKNOWN, CauseCode.UNKNOWN_STATUS, word or "no status", because)
