"""Did the due run begin in time, take as long as it may, and end in time?"""

from datetime import timedelta

from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind
from rollcall.roll.words import Late, Proof
from rollcall.times import show_span
from rollcall.verdict import earlier, show
from rollcall.verdict.amount import beyond_at
from rollcall.verdict.case import Case, done_at, first_showing
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.scheduler import skew
from rollcall.verdict.usual import usual_of
from rollcall.vocabulary import CauseCode, Verdict

# Why it was late, as far as its record can tell; who knows better says so in its place.
GUESSED_REASON = ", by hand or delayed"


def started_on_time(case: Case, executed: Finding) -> Finding:
    """The first attempt began within `grace`; a late start whose run is done in time is a warning."""
    run, job, attempts = case.run, case.job, case.attempts
    promise = Promise(Check.STARTED_ON_TIME, f"begun by {show.limit(run.start_by, run, job)}")
    if executed.needs_a_person and not attempts.begun:
        return promise.blocked(executed)
    at = attempts.first_start
    if at is None:
        if executed.verdict is Verdict.PENDING:
            return promise.as_of(executed)
        return promise.kept("its first start is not on record, so it is not judged")
    began = f"{show.when(at, job)}, {show.distance(at, run)}"
    if at <= run.start_by:
        return promise.kept(f"begun {began}")
    if case.is_begun_once_back(at):
        return promise.kept(f"begun {began}, once its machine was back")
    because, done = f"{show.due(run, job)}; it began {began}", case.first_seen
    if job.late_start is Late.WARN:
        if done is None and case.now < run.finish_by:
            return promise.pending(f"it began {began}, and may still be done in time")
        if done is not None and done <= run.finish_by:
            return promise.warned(CauseCode.STARTED_LATE, f"begun {began}", because)
    return promise.broken(Verdict.LATE, CauseCode.STARTED_LATE, f"begun {began}", because)


def runtime_is_as_allowed(case: Case, executed: Finding) -> Finding:
    """The deciding attempt took no longer than `max_runtime`, and no less than `min_runtime`."""
    job, decides = case.job, case.attempts.deciding
    least = f"at least {show_span(job.min_runtime)}" if job.min_runtime else ""
    most = "" if job.done_by or job.within else f"at most {show_span(job.max_runtime)}"
    promise = Promise(Check.RUNTIME_IS_AS_ALLOWED, " and ".join(filter(None, (least, most))) or "any time")
    if executed.needs_a_person and decides is None:
        return promise.blocked(executed)
    if decides is not None and not decides.is_by_schedule:
        return promise.kept("made good, so how long it took is not judged")
    took = decides.took if decides else None
    if took is None:
        match executed.verdict:
            case Verdict.PENDING:
                return promise.as_of(executed)
            case Verdict.STUCK:
                return promise.blocked(executed)
            case _:
                return promise.kept("how long it took is not on record")
    if took < -EARLY_TOLERANCE:
        found = f"ended {show_span(-took)} before it began"
        because = f"{case.seen.source} says that it {found}: one of the two times is read in the wrong zone, or no time"
        return promise.broken(Verdict.UNKNOWN, CauseCode.SCHEDULER_ERROR, found, because)
    # Clocks and roundings differ a little.
    took = max(took, timedelta(0))
    found, due = show_span(took), show.due(case.run, job)
    if most and took > job.max_runtime:
        because = f"{due}; it took {found}, more than max_runtime = {show_span(job.max_runtime)}"
        return promise.broken(Verdict.LATE, CauseCode.OVERRAN, found, because)
    if took < job.min_runtime:
        because = f"{due}; it took {found}, less than min_runtime = {show_span(job.min_runtime)}"
        return promise.broken(Verdict.LATE, CauseCode.TOO_SHORT, found, because)
    if most and (slowing := _slowing(case, took)):
        return promise.warned(CauseCode.SLOWING, found, slowing)
    return promise.kept(found)


def _slowing(case: Case, took: timedelta) -> str:
    """That it takes longer from run to run, and soon longer than it may; "" where it does not."""
    known, limit, now = earlier.seconds(case), case.job.max_runtime, took.total_seconds()
    usual = usual_of(known, case.run.due_at, case.job.zone)
    if usual is None or (when := beyond_at(limit.total_seconds(), now, known, usual, case)) is None:
        return ""
    usually = show_span(timedelta(seconds=round(usual.amount)))
    found = f"{show_span(took)} of at most {show_span(limit)}, usually {usually}"
    return f"slowing: {found}; at this pace it is late on {when}"


def ran_on_time(case: Case, executed: Finding | None, status: Finding | None, exists: Finding | None) -> Finding:
    """The run was done by its limit; the earliest sign of it counts.

    Where a lone record is the only witness, a run by hand in addition has replaced it, and is a run outside its time
    (rule 6); with an output, the file of the due run shows that it was on time.
    """
    seen, run, job, ran_at = case.seen, case.run, case.job, case.first_seen
    limit = show.limit(run.finish_by, run, job)
    promise = Promise(Check.RAN_ON_TIME, f"done by {limit}")
    for stuck in (status, executed):
        if stuck and stuck.verdict is Verdict.STUCK and stuck.needs_a_person:
            # What is on record is when it began.
            return promise.blocked(stuck)
    if exists and exists.code is CauseCode.WRONG_TIMEZONE:
        return promise.blocked(exists)
    if executed and executed.code is CauseCode.MADE_GOOD:
        return promise.kept(f"made good {show.when(ran_at, job) if ran_at else 'since'}")
    if ran_at is None:
        return _without_a_sign(promise, case, executed, status, exists)
    found = f"{show.when(ran_at, job)}, {show.distance(ran_at, run)}"
    if ran_at == seen.ran_at:
        found += seen.by_memory
    if ran_at <= run.finish_by:
        before = case.shared_with(in_time=True)
        return promise.replaced(show.shared("evidence", before, job)) if before else promise.kept(found)
    skewed = seen.broken_check(Check.CLOCK_AGREES)
    if skewed and ran_at == seen.ran_at and ran_at - skew(seen.scheduler) <= run.finish_by:
        return promise.blocked(skewed)
    reason = "" if case.attempts.first_start else GUESSED_REASON
    because = f"{show.due(run, job)}; it was done {found}{reason}; its limit was {limit}"
    told_by = next((each for each in case.made if ran_at == done_at(each, run) != case.ended_at), None)
    if told_by and told_by.grew:
        return promise.pending(f"{told_by.name} is still being written")
    showing = first_showing(ran_at, job.zone_of(seen.declared)) if told_by and told_by.stamp_at else None
    if showing and run.begins_at <= showing <= run.finish_by and _is_local(seen.declared):
        # Its name is that of both hours.
        return promise.replaced("its file has the same name in both hours when clocks go back, and is of the second")
    if told_by and (told_by.stamp_from or told_by.due_from) and case.are_copies:
        because += ", but files of earlier runs have such mtimes too: copied or restored, so it is no longer known"
        return promise.warned(CauseCode.RAN_LATE, found, because)
    return promise.broken(Verdict.LATE, CauseCode.RAN_LATE, found, because)


def _is_local(output: Output) -> bool:
    """True where names tell the time of a clock that autumn sets back."""
    return output.kind is Kind.FILES and not output.names.tells_zone


def _without_a_sign(
    promise: Promise, case: Case, executed: Finding | None, status: Finding | None, exists: Finding | None
) -> Finding:
    for root in (executed, exists):
        if root is not None and root.needs_a_person:
            return promise.blocked(root)
    begun, decides = case.attempts.begun, case.attempts.deciding
    begun_at = begun[0].last_at if begun and case.job.proof is Proof.START else None
    if begun_at is not None and begun_at <= case.run.finish_by:
        return promise.kept(f"begun {show.when(begun_at, case.job)}, {show.distance(begun_at, case.run)}")
    if status is not None and status.verdict is Verdict.OK and decides is not None and decides.is_done:
        found = "when it ended is not on record"
        if case.job.done_by is None or case.now <= case.run.finish_by:
            return promise.kept(found)
        because = (
            f"{show.due(case.run, case.job)}; {found}, so done_by = {case.job.done_by:%H:%M} is checked against that"
        )
        return promise.broken(Verdict.UNKNOWN, CauseCode.SCHEDULER_ERROR, found, because)
    if case.made:
        file = case.made[0]
        if case.seen.declared.kind is not Kind.FILES:
            says = f"{show.output(file, case.seen.declared, case.job)} shows the day, but no time"
            # It is there. Whoever holds a time of day against it is told that nobody can tell.
            return promise.replaced(f"{says}, so this is no longer known") if case.job.done_by else promise.kept(says)
        before = f"its mtime, {show.when(file.modified_at, case.job)}, is older, as of a copy"
        return promise.replaced(f"{file.name} shows only the day, and {before}: at what time is no longer known")
    if executed is not None and executed.verdict is Verdict.PENDING:
        return promise.as_of(executed)
    return promise.replaced(show.replaced("evidence", case.run, case.job))
