"""Did the due run leave its files, and do they tell the same as the record?"""

from datetime import timedelta

from rollcall.evidence import FileSeen, NotSeen, Outcome, OutputSeen
from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.output_rules import Kind
from rollcall.text import listed
from rollcall.times import show_date, show_instant, show_span
from rollcall.verdict import show, usual
from rollcall.verdict.case import Case
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.flaws import flaw_of
from rollcall.verdict.misnamed import misnamed, redated
from rollcall.verdict.overwritten import overwritten
from rollcall.verdict.whole import full_disk
from rollcall.verdict.zones import misread
from rollcall.vocabulary import CauseCode, Verdict

# A checkout, a copy or a restore gives a file a new mtime; minutes come from the run itself.
_RESTORED_AFTER = timedelta(hours=1)
# From the first zone in which a day begins to the last.
_ZONES_APART = timedelta(hours=26)
_LOOKED_AT = {Kind.FILES: "the output folder", Kind.ROWS: "its table", Kind.ENTRIES: "the list of its entries"}
# A file is written until its run ends.
_SAME_RUN = timedelta(minutes=2)


def output_exists(case: Case, executed: Finding | None, status: Finding | None) -> Finding:
    """The due run left a file."""
    seen, run, job, output = case.seen, case.run, case.job, case.seen.declared
    what = f"file {output.pattern}" if output.kind is Kind.FILES else output.kind.one
    expected = f"{'an' if what[0] in 'ae' else 'a'} {what} made for the run due {show.when(run.due_at, job)}"
    promise = Promise(Check.OUTPUT_EXISTS, expected)
    if isinstance(seen.output, NotSeen):
        where = "the place of its output" if output.place else _LOOKED_AT[output.kind]
        is_silent = seen.output.code is CauseCode.HOST_SILENT
        because = seen.output.detail if is_silent else f"{where} could not be read: {seen.output.detail}"
        return promise.broken(Verdict.UNKNOWN, seen.output.code, seen.output.detail, because)
    if wrong := misnamed(case):
        own, file = job.zone_of(output).key, wrong.file
        as_read = f"its output {file.name} read in {own} is of {show.when(file.made_at, job)}"
        read_as = f"read as {wrong.zone.key} it is of {show.when(wrong.at, job)}"
        because = f"{show.due(run, job)}; {as_read}, but {read_as}, {wrong.because}"
        return promise.broken(Verdict.UNKNOWN, CauseCode.WRONG_TIMEZONE, as_read, because)
    if case.made:
        if before := case.shared_with():
            return promise.replaced(show.shared("output", before, job))
        file = case.made[0]
        found = file.shown
        if file.stamp_at and abs(file.modified_at - file.stamp_at) >= _RESTORED_AFTER:
            found += f" (by its name; its mtime says {show.when(file.modified_at, job)})"
        if twice := _ran_twice(case):
            return promise.warned(CauseCode.RAN_TWICE, found, f"{twice}{_ahead(case)}")
        if ahead := _ahead(case):
            return promise.warned(
                CauseCode.FUTURE_TIMESTAMP, found, f"{show.due(run, job)}; it left {file.name}{ahead}"
            )
        return promise.kept(found)
    if _is_overwritten(case):
        return promise.replaced("a later run has replaced its output, so this is no longer known")
    if _may_be_removed(case):
        return promise.replaced("only outputs of later runs are left: its own may have been removed since")
    if job.jitter and (late := next((each for each in case.made_after if each.made_at <= run.finish_by), None)):
        return promise.pending(f"{late.name} may be its output or that of the next run: too early to tell")
    return _no_output(promise, case, executed, status)


def _ran_twice(case: Case) -> str | None:
    """That it left more whole files inside its time than a run leaves: no failure of its work.

    A run leaves as many as is declared, or as at least two earlier runs left alike. One made by hand later is no second
    run of the schedule. Where names do not tell the time nobody can tell: an mtime is no proof of a run.
    """
    output, job = case.seen.declared, case.job
    if len(case.made) < 2:
        return None
    number = None if case.reaching_in and not output.files else usual.number_of_files(case)
    # What is listed with a time that may be of two hours, or of all of a day, may be of two runs.
    is_exact = output.kind is not Kind.FILES
    in_time = usual.in_time(case.made, case.run, case)
    stamped = (each for each in in_time if each.stamp_at and not (is_exact and each.stamp_from))
    whole = [each for each in stamped if flaw_of(each, output) is None]
    if number is None or len(whole) <= number:
        return None
    since = "a run leaves" if output.files else "each run before left"
    names, apart = listed([each.name for each in reversed(whole)], 4), whole[0].made_at - whole[-1].made_at
    return (
        f"{show.due(case.run, job)}; it left {len(whole)} whole {output.kind.many} in {show_span(apart)}, "
        f"but {since} {number}: {names}"
    )


def _ahead(case: Case) -> str:
    """After a sentence: which of its files are dated in the future, and so evidence of no run; "" where none is."""
    ahead = case.seen.ahead
    if not ahead:
        return ""
    dated = show_instant(max(ahead[0].made_at, ahead[0].modified_at), case.job.zone, year=True)
    return f"; {ahead[0].name} is dated {dated}, in the future, so it is no evidence of a run"


def _is_overwritten(case: Case) -> bool:
    """True where a later run may have written over this one's file."""
    if case.seen.is_one:
        return bool(case.made_after or case.seen.later)
    return bool(overwritten((case.run,), case.job, case.seen.declared, case.seen.placed_files()))


def _may_be_removed(case: Case) -> bool:
    """True where retention may have taken this run's file away.

    It takes the oldest first: while a file from before the run is there, it has not taken the run's own.
    """
    output, later, uncounted = case.seen.declared, len(case.made_after), bool(case.seen.later)
    if case.seen.is_one:
        return False
    # How many were made after the moment that is judged is not counted to the end.
    is_full = uncounted or (later >= output.keeps if output.keeps else bool(later))
    return is_full and not case.made_before


def _no_output(promise: Promise, case: Case, executed: Finding | None, status: Finding | None) -> Finding:
    """No file of this run: what that means depends on what the scheduler says of it."""
    seen, run, job, output = case.seen, case.run, case.job, case.seen.declared
    due, full = show.due(run, job), full_disk(seen)
    if seen.files:
        found = show.newest(seen.files[0], output, job, case.now)
    elif output.kind is not Kind.FILES:
        found = f"{output.shown} finds no row" if output.kind is Kind.ROWS else f"`{output.shown}` lists no entry"
        found += " made so far" if seen.ahead else ""
        # A condition that is wrong finds nothing in a full list.
        found += f' by each = "{output.each}"' if output.each != "@" else ""
    else:
        unstamped = seen.output.unstamped if isinstance(seen.output, OutputSeen) else ()
        misses = f" (the nearest misses: {listed(unstamped, 3)})" if unstamped else ""
        found = f"no file matches {seen.declared.shown}{misses}"
    if executed is not None and executed.verdict is Verdict.STUCK:
        return promise.blocked(executed)
    if status is not None and case.attempts and status.needs_a_person:
        # A run that failed for want of room says no more than that it failed.
        if status.code is not CauseCode.RUN_FAILED or not full:
            return promise.blocked(status)
        return promise.broken(
            Verdict.BAD_OUTPUT, CauseCode.DISK_FULL, found, f"it left no {output.kind.one}: {found}{full}"
        )
    if executed is None or not executed.needs_a_person:
        if seen.unlooked:
            because = f"{due}; {found}, and it may be where nobody could look: {seen.unlooked}"
            return promise.broken(Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, seen.unlooked, because)
        if filling := case.filled_by:
            # One that is emptied and filled anew says nothing of the run before meanwhile.
            because = f"{due}; {found}, and the run due {show.when(filling.due_at, job)} may be filling it right now"
            return promise.broken(Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, found, because)
        if dated := next((each for each in seen.ahead if _may_be_of(each, case)), None):
            at = max(dated.made_at, dated.modified_at)
            found = f"{dated.name} is dated {show_instant(at, job.zone, year=True)}"
            because = f"{due}; its output {found}, in the future, and there is no other"
            return promise.broken(Verdict.UNKNOWN, CauseCode.FUTURE_TIMESTAMP, found, because)
        if other := redated(case):
            its_day = show_date(other.file.stamp_from or other.file.made_at, job.zone_of(output))
            found = f"{other.file.name} was made {show.when(other.file.modified_at, job)}"
            because = f"{due}; {found}, but by its name it is of {its_day}, as is each file before, of an earlier day"
            return promise.broken(Verdict.UNKNOWN, CauseCode.STALE_OUTPUT, found, because)
        if begun := _begun_before(case):
            found = f"the run that ended {show.when(case.ended_at or run.due_at, job)} began before it was due"
            because = f"{due}; {found}, by its output {begun.name}, and none has begun since"
            return promise.broken(Verdict.MISSED, CauseCode.MISSED_RUN, found, because)
    found += _ahead(case)
    if output.kind is Kind.ROWS and not (seen.files or seen.ahead or case.seen.later):
        code, because = CauseCode.EMPTY_OUTPUT, found
    elif executed is not None and not executed.needs_a_person and _is_called_a_success(case):
        because = f"{seen.source} calls it a success, but it left no {output.kind.one}: {found}"
        code = CauseCode.SUCCESS_WITHOUT_OUTPUT
    elif executed is None and seen.files:
        code, because = CauseCode.STALE_OUTPUT, found
    else:
        has_run = seen.files or seen.last_run or seen.run_in_memory
        code = CauseCode.MISSED_RUN if has_run else CauseCode.NEVER_RAN
        return promise.broken(Verdict.MISSED, code, found, f"{due}; {found}")
    return promise.broken(Verdict.BAD_OUTPUT, CauseCode.DISK_FULL if full else code, found, f"{due}; {because}{full}")


def _may_be_of(ahead: FileSeen, case: Case) -> bool:
    """True of a file dated in the future that the run may have written: nobody can tell that it did not."""
    run, first, last = case.run, ahead.stamp_from, ahead.stamp_until
    if case.seen.declared.kind is not Kind.FILES:
        # Read in another zone it may be of now; one of next year is of no run at all.
        return ahead.made_at - case.now <= _ZONES_APART
    is_named_so = first is not None and last is not None and first <= run.finish_by and run.begins_at <= last
    return case.seen.is_one or is_named_so or run.owns(ahead.modified_at)


def _begun_before(case: Case) -> FileSeen | None:
    """The newest file, where its name tells that the run on record, of which only the end is known, began too early."""
    decides, newest = case.attempts.deciding, case.seen.files[0] if case.seen.files else None
    if decides is None or decides.started or decides.due or decides.ended_at is None or newest is None:
        return None
    is_exact = newest.stamp_at is not None and newest.stamp_from is None
    is_its_own = abs(newest.modified_at - decides.ended_at) <= _SAME_RUN
    began_early = newest.made_at < case.run.begins_at and decides.ended_at - newest.made_at <= case.job.max_runtime
    return newest if is_exact and is_its_own and began_early else None


def _is_called_a_success(case: Case) -> bool:
    """True where the scheduler's last run, this one or a later one that left no file either, is a success to it."""
    last, decides = case.seen.last, case.attempts.deciding
    if last is None or case.attempts:
        # What was only sent, as far as anybody can tell, may never have been done.
        return last is not None and not (decides and decides.outcome is Outcome.BEGUN)
    is_later = not case.seen.tells("history") and case.is_overtaken and not case.made_after
    return is_later and last.outcome is Outcome.SUCCESS


def output_agrees_with_record(case: Case, exists: Finding, executed: Finding) -> Finding:
    """The scheduler's last execution and a file tell of the same run."""
    seen, job, ran_at = case.seen, case.job, case.ended_at
    expected = f"{seen.declared.kind.one} and record at most {show_span(job.max_runtime)} apart"
    promise = Promise(Check.OUTPUT_AGREES_WITH_RECORD, expected)
    for root in (executed, exists):
        if root.needs_a_person:
            return promise.blocked(root)
    if executed.verdict is Verdict.PENDING and not ran_at:
        return promise.as_of(executed)
    has_no_runs = seen.listed is not None and seen.listed.has_runs is False
    if case.made and ran_at is None and (case.attempts or has_no_runs):
        return promise.kept("when it ended is not on record")
    if not case.made or ran_at is None:
        return promise.replaced(show.replaced("evidence", case.run, job))
    # A run by hand in addition leaves a file of its own: the nearest is the one the record tells of.
    nearest = min(case.made, key=lambda each: abs(ran_at - each.made_at))
    apart = f"{show_span(abs(ran_at - nearest.made_at))} apart"
    if abs(ran_at - nearest.made_at) <= job.max_runtime + EARLY_TOLERANCE:
        return promise.kept(f"{apart}{seen.by_memory}")
    if wrong := misread(promise, case):
        return wrong
    one, name = seen.declared.kind.one, f" {nearest.name}" if seen.declared.kind is Kind.FILES else ""
    its_file = f"its nearest {one}{name} is of {show.when(nearest.made_at, job)}"
    both = f"its record says {show.when(ran_at, job)}{seen.by_memory}, {its_file}"
    if ran_at > nearest.made_at:
        because = f"{both}: the recorded run left no {one}"
        return promise.broken(Verdict.BAD_OUTPUT, CauseCode.SUCCESS_WITHOUT_OUTPUT, apart, because)
    if nearest.stamp_at is None:
        # A newer mtime alone proves no other run: a checkout, a copy or a restore gives one too.
        because = (
            f"{both} by its mtime alone: written again, copied or restored since (a time in its name would show it)"
        )
        return promise.warned(CauseCode.UNRECORDED_RUN, apart, because, verdict=Verdict.UNKNOWN)
    because = f"{both}: something wrote it that the scheduler did not record"
    return promise.broken(Verdict.FAILED, CauseCode.UNRECORDED_RUN, apart, because)
