"""Did the due run leave its files, and do they tell the same as the record?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from rollcall.evidence import FileSeen, NotSeen, Outcome
from rollcall.roll.due_run import EARLY_TOLERANCE, DueRun
from rollcall.text import counted, listed, show_size
from rollcall.times import show_span
from rollcall.verdict import readings, show, zones
from rollcall.verdict.findings import Check, Finding, broken, cannot_tell, noted, ok, pending, replaced
from rollcall.verdict.whole import declared, flaw_of, full_disk
from rollcall.verdict.witnesses import Witnesses
from rollcall.vocabulary import CauseCode, Verdict

# A checkout, a copy or a restore gives a file a new mtime; minutes come from the run itself.
_RESTORED_AFTER = timedelta(hours=1)
# Files of one run are this near to each other; nobody runs a job twice as fast.
_PARTS_OF_ONE = timedelta(seconds=30)


def output_exists(seen: Witnesses, run: DueRun, executed: Finding | None, status: Finding | None) -> Finding:
    """The due run left a file."""
    check, expected = Check.OUTPUT_EXISTS, _file_wanted(seen, run)
    if isinstance(seen.output, NotSeen):
        detail = seen.output.detail
        because = f"the output folder could not be looked at: {detail}"
        return broken(check, Verdict.UNKNOWN, seen.output.code, expected=expected, found=detail, because=because)
    if misnamed := zones.misnamed(seen, run):
        return _misnamed(check, expected, misnamed, seen, run)
    if made := seen.made_by(run):
        if before := seen.shared_with(run):
            return replaced(check, expected, show.shared("output", before, seen.job))
        found = _file_seen(made[0], seen)
        return _ran_twice(check, expected, found, seen, run) or ok(check, expected, found)
    if _has_been_replaced(seen, run):
        return replaced(check, expected, "a later run has replaced its output: that can no longer be told")
    if late := seen.late_of(run):
        return pending(check, expected, f"{late.name} may be its output or that of the next run: nobody can tell yet")
    return _no_output(check, expected, seen, run, executed, status)


def _file_wanted(seen: Witnesses, run: DueRun) -> str:
    return f"a file {declared(seen).pattern} made for the run due {show.when(run.due_at, seen.job)}"


def _file_seen(file: FileSeen, seen: Witnesses) -> str:
    return f"{file.name}, {show_size(file.size)}{_restored(file, seen)}"


def _restored(file: FileSeen, seen: Witnesses) -> str:
    if file.stamp_at is None or abs(file.modified_at - file.stamp_at) < _RESTORED_AFTER:
        return ""
    return f" (by its name; its mtime says {show.when(file.modified_at, seen.job)})"


def _misnamed(check: Check, expected: str, misnamed: zones.Misnamed, seen: Witnesses, run: DueRun) -> Finding:
    file, job = misnamed.file, seen.job
    as_read = f"its output {file.name} read in {job.zone_of(declared(seen)).key} is of {show.when(file.made_at, job)}"
    because = (
        f"{show.due(run, job)}; {as_read}, but read as {misnamed.zone.key} it is of {show.when(misnamed.at, job)}, "
        f"as {' and '.join(misnamed.witnesses)}: its name is read in the wrong zone"
    )
    return broken(check, Verdict.UNKNOWN, CauseCode.WRONG_TIMEZONE, expected=expected, found=as_read, because=because)


def _ran_twice(check: Check, expected: str, found: str, seen: Witnesses, run: DueRun) -> Finding | None:
    """Two whole outputs inside the time of one run, where runs leave one each: told, and no failure of its work.

    Files only seconds apart are parts of one run, and so are as many as an earlier run left. One made by hand later is
    no second run of the schedule. Without an earlier run nobody can tell, nor where names do not tell the time.
    """
    made = seen.made_by(run)
    if len(made) > 1:
        made = tuple(each for each in made if each.stamp_at and each.made_at <= run.finish_by and _is_whole(each, seen))
    files = declared(seen).files
    if files is not None:
        return _too_many(check, expected, found, files, made, seen, run) if len(made) > files else None
    if len(made) < 2 or made[0].made_at - made[-1].made_at <= _PARTS_OF_ONE or seen.reaching_into(run):
        return None
    before = seen.made_before(run)
    near = [each for each in before if before[0].made_at - each.made_at <= run.finish_by - run.due_at]
    if not 0 < len(near) < len(made):
        return None
    twice = f"{made[-1].name} and {made[0].name}, {show_span(made[0].made_at - made[-1].made_at)} apart"
    because = f"{show.due(run, seen.job)}; it left {counted(len(made), 'whole output')} inside its time: {twice}"
    return noted(check, CauseCode.RAN_TWICE, expected=expected, found=found, because=because)


def _too_many(
    check: Check, expected: str, found: str, files: int, made: tuple[FileSeen, ...], seen: Witnesses, run: DueRun
) -> Finding:
    """More whole files inside the time of one run than one leaves."""
    names = listed([each.name for each in reversed(made)], 4)
    because = f"{show.due(run, seen.job)}; it left {len(made)} whole files where a run leaves {files}: {names}"
    return noted(check, CauseCode.RAN_TWICE, expected=expected, found=found, because=because)


def _is_whole(file: FileSeen, seen: Witnesses) -> bool:
    return flaw_of(file, declared(seen)) is None


def _has_been_replaced(seen: Witnesses, run: DueRun) -> bool:
    """True where a later run may have taken this one's file away: by overwriting it, or by retention.

    Retention takes the oldest first: while a file from before the run is there, it has not taken the run's own.
    """
    output, later = declared(seen), seen.made_after(run)
    if not later and not seen.later:
        return False
    if output.is_one_file:
        return True
    # How many were made after the moment that is judged is not counted to the end.
    may_be_full = output.keeps is None or len(later) >= output.keeps or bool(seen.later)
    return may_be_full and not seen.made_before(run)


def _no_output(
    check: Check,
    expected: str,
    seen: Witnesses,
    run: DueRun,
    executed: Finding | None,
    status: Finding | None,
) -> Finding:
    """No file of this run: what that means depends on what the scheduler says of it."""
    found = _newest(seen)
    due = show.due(run, seen.job)
    if executed is not None and executed.verdict is Verdict.STUCK:
        return cannot_tell(check, expected, executed)
    if status is not None and seen.is_recorded(run) and status.needs_a_person:
        # A run that failed for want of room says no more than that it failed.
        if status.code is not CauseCode.RUN_FAILED or not full_disk(seen):
            return cannot_tell(check, expected, status)
        because = f"it left no file: {found}{full_disk(seen)}"
        code, verdict = CauseCode.DISK_FULL, Verdict.BAD_OUTPUT
        return broken(check, verdict, code, expected=expected, found=found, because=because)
    if _is_called_a_success(seen, run, executed):
        because = f"{due}; {seen.teller} calls it a success, but it left no file: {found}"
        code, verdict = CauseCode.SUCCESS_WITHOUT_OUTPUT, Verdict.BAD_OUTPUT
    elif executed is None and seen.files:
        because = f"{due}; {found}"
        code, verdict = CauseCode.STALE_OUTPUT, Verdict.BAD_OUTPUT
    else:
        because = f"{due}; {found}"
        has_run = seen.files or seen.last_run or seen.run_in_memory
        code, verdict = (CauseCode.MISSED_RUN if has_run else CauseCode.NEVER_RAN), Verdict.MISSED
    if verdict is Verdict.BAD_OUTPUT and (full := full_disk(seen)):
        code, because = CauseCode.DISK_FULL, f"{because}{full}"
    return broken(check, verdict, code, expected=expected, found=found, because=because)


def _is_called_a_success(seen: Witnesses, run: DueRun, executed: Finding | None) -> bool:
    """True where the scheduler's last run, this one or a later one that left no file either, is a success to it."""
    if executed is None or executed.needs_a_person or seen.last is None:
        return False
    later_has_none = not seen.made_after(run) and seen.last.outcome is Outcome.SUCCESS
    return seen.is_recorded(run) or (not seen.tells("history") and seen.is_overtaken(run) and later_has_none)


def _newest(seen: Witnesses) -> str:
    if not seen.files:
        return f"no file matches {declared(seen).shown}{_unstamped(seen)}"
    newest = seen.files[0]
    return f"the newest file is {newest.name} of {show.when(newest.made_at, seen.job)}"


def _unstamped(seen: Witnesses) -> str:
    names = getattr(seen.output, "unstamped", ())
    if not names:
        return ""
    return f" (the nearest misses: {listed(names, 3)})"


def output_agrees_with_record(seen: Witnesses, run: DueRun, exists: Finding, executed: Finding) -> Finding:
    """The scheduler's last execution and a file tell of the same run."""
    check, job = Check.OUTPUT_AGREES_WITH_RECORD, seen.job
    expected = f"file and record at most {show_span(job.max_runtime)} apart"
    for root in (executed, exists):
        if root.needs_a_person:
            return cannot_tell(check, expected, root)
    made, ran_at = seen.made_by(run), seen.ended_at(run)
    if executed.verdict is Verdict.PENDING and not ran_at:
        return replace(executed, check=check, expected=expected)
    if made and ran_at is None and seen.is_recorded(run):
        return ok(check, expected, "when it ended is not on record")
    if not made or ran_at is None:
        return replaced(check, expected, show.replaced("evidence", run, job))
    # A run by hand in addition leaves a file of its own: the nearest is the one the record tells of.
    nearest = min(made, key=lambda each: abs(ran_at - each.made_at)) if len(made) > 1 else made[0]
    if abs(ran_at - nearest.made_at) <= job.max_runtime + EARLY_TOLERANCE:
        return ok(check, expected, _apart(ran_at, nearest, seen.by_teller))
    return readings.misread(check, expected, seen, run) or _disagreement(check, expected, nearest, ran_at, seen)


def _apart(ran_at: datetime, file: FileSeen, by_teller: str = "") -> str:
    return f"{show_span(abs(ran_at - file.made_at))} apart{by_teller}"


def _disagreement(check: Check, expected: str, nearest: FileSeen, ran_at: datetime, seen: Witnesses) -> Finding:
    """What it means depends on which is newer, and on whether the file's own name tells its time."""
    job = seen.job
    made = f"its nearest file {nearest.name} is of {show.when(nearest.made_at, job)}"
    both = f"its record says {show.when(ran_at, job)}{seen.by_teller}, {made}"
    found = _apart(ran_at, nearest)
    if ran_at > nearest.made_at:
        because = f"{both}: the run that was recorded left no file"
        code, verdict = CauseCode.SUCCESS_WITHOUT_OUTPUT, Verdict.BAD_OUTPUT
    elif nearest.stamp_at is None:
        return _only_touched(check, expected, found, both)
    else:
        because = f"{both}: something wrote it that the scheduler did not record"
        code, verdict = CauseCode.UNRECORDED_RUN, Verdict.FAILED
    return broken(check, verdict, code, expected=expected, found=found, because=because)


def _only_touched(check: Check, expected: str, found: str, both: str) -> Finding:
    """A newer mtime alone proves no other run: a checkout, a copy or a restore gives one too. Nobody must get up."""
    return Finding(
        check=check,
        verdict=Verdict.UNKNOWN,
        expected=expected,
        found=found,
        because=f"{both} by its mtime alone: written again, copied or restored since (a stamp in its name would tell)",
        code=CauseCode.UNRECORDED_RUN,
        is_warning=True,
    )
