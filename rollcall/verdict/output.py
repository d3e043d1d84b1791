"""Do the files keep their promises: there, whole, in agreement with the record, none missing?"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from rollcall.errors import CauseCode
from rollcall.evidence import FileSeen, NotSeen
from rollcall.findings import Check, Finding, Sentence, Verdict, broken, cannot_tell, later, ok, pending
from rollcall.jobs import EARLY_TOLERANCE, DueRun, Job, Output
from rollcall.schedule.answers import due_between
from rollcall.text import clean, counted, listed, show_size
from rollcall.times import show_span
from rollcall.verdict import interval, record, show, zones
from rollcall.verdict.witnesses import Witnesses

# A checkout, a copy or a restore gives a file a new mtime; minutes come from the run itself.
_RESTORED_AFTER = timedelta(hours=1)
# Files of one run are this near to each other; nobody runs a job twice as fast.
_PARTS_OF_ONE = timedelta(seconds=30)
# What a disk without room makes of an output.
_OF_A_FULL_DISK = frozenset({CauseCode.EMPTY_OUTPUT, CauseCode.TRUNCATED_OUTPUT})


def output_exists(seen: Witnesses, run: DueRun, executed: Finding | None, status: Finding | None) -> Finding:
    """The due run left a file."""
    check, expected = Check.OUTPUT_EXISTS, later(_file_wanted, seen, run)
    if isinstance(seen.output, NotSeen):
        detail = seen.output.detail
        because = f"the output folder could not be looked at: {detail}"
        return broken(check, Verdict.UNKNOWN, seen.output.code, expected=expected, found=detail, because=because)
    if misnamed := zones.misnamed(seen, run):
        return _misnamed(check, expected, misnamed, seen, run)
    if made := seen.made_by(run):
        found = later(_file_seen, made[0], seen)
        return _ran_twice(check, expected, found, seen, run) or ok(check, expected, found)
    if _has_been_replaced(seen, run):
        return pending(check, expected, "a later run has replaced its output")
    return _no_output(check, expected, seen, run, executed, status)


def _file_wanted(seen: Witnesses, run: DueRun) -> str:
    return f"a file {_declared(seen).pattern} made for the run due {show.when(run.due_at, seen.job)}"


def _file_seen(file: FileSeen, seen: Witnesses) -> str:
    return f"{file.name}, {show_size(file.size)}{_restored(file, seen)}"


def _declared(seen: Witnesses) -> Output:
    assert seen.job.output is not None
    return seen.job.output


def _restored(file: FileSeen, seen: Witnesses) -> str:
    if file.stamp_at is None or abs(file.modified_at - file.stamp_at) < _RESTORED_AFTER:
        return ""
    return f" (by its name; its mtime says {show.when(file.modified_at, seen.job)})"


def _misnamed(check: Check, expected: Sentence, misnamed: zones.Misnamed, seen: Witnesses, run: DueRun) -> Finding:
    file, job = misnamed.file, seen.job
    as_read = f"its output {file.name} read in {job.stamp_zone.key} is of {show.when(file.made_at, job)}"
    because = (
        f"{show.due(run, job)}; {as_read}, but read as {misnamed.zone.key} it is of {show.when(misnamed.at, job)}, "
        f"as {' and '.join(misnamed.witnesses)}: its name is read in the wrong zone"
    )
    return broken(check, Verdict.UNKNOWN, CauseCode.WRONG_TIMEZONE, expected=expected, found=as_read, because=because)


def _ran_twice(check: Check, expected: Sentence, found: Sentence, seen: Witnesses, run: DueRun) -> Finding | None:
    """Two whole outputs inside the time of one run, where runs leave one each: told, and no failure of its work.

    Files only seconds apart are parts of one run, and so are as many as an earlier run left. One made by hand later is
    no second run of the schedule. Without an earlier run nobody can tell, nor where names do not tell the time.
    """
    made = seen.made_by(run)
    if len(made) > 1:
        made = tuple(each for each in made if each.stamp_at and each.made_at <= run.finish_by and _is_whole(each, seen))
    if len(made) < 2 or made[0].made_at - made[-1].made_at <= _PARTS_OF_ONE:
        return None
    before = seen.made_before(run)
    near = [each for each in before if before[0].made_at - each.made_at <= run.finish_by - run.due_at]
    if not 0 < len(near) < len(made):
        return None
    twice = f"{made[-1].name} and {made[0].name}, {show_span(made[0].made_at - made[-1].made_at)} apart"
    because = f"{show.due(run, seen.job)}; it left {counted(len(made), 'whole output')} inside its time: {twice}"
    return _noted(check, CauseCode.RAN_TWICE, expected=expected, found=found, because=because)


def _is_whole(file: FileSeen, seen: Witnesses) -> bool:
    return _flaw(file, _declared(seen)) is None


def _noted(check: Check, code: CauseCode, *, expected: Sentence, found: Sentence, because: Sentence) -> Finding:
    """The promise was kept, and something beside it is worth telling."""
    return Finding(
        check=check, verdict=Verdict.OK, code=code, expected=expected, found=found, because=because, is_warning=True
    )


def _has_been_replaced(seen: Witnesses, run: DueRun) -> bool:
    """True where a later run may have taken this one's file away: by overwriting it, or by retention.

    Retention takes the oldest first: while a file from before the run is there, it has not taken the run's own.
    """
    output, later = _declared(seen), seen.made_after(run)
    if not later and not seen.later:
        return False
    if output.is_one_file:
        return True
    # How many were made after the moment that is judged is not counted to the end.
    may_be_full = output.keeps is None or len(later) >= output.keeps or bool(seen.later)
    return may_be_full and not seen.made_before(run)


def _no_output(
    check: Check,
    expected: Sentence,
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
        if status.code is not CauseCode.RUN_FAILED or not _full(seen):
            return cannot_tell(check, expected, status)
        because = f"it left no file: {found}{_full(seen)}"
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
        has_run = seen.files or seen.last_run or seen.run_in_database
        code, verdict = (CauseCode.MISSED_RUN if has_run else CauseCode.NEVER_RAN), Verdict.MISSED
    if verdict is Verdict.BAD_OUTPUT and (full := _full(seen)):
        code, because = CauseCode.DISK_FULL, f"{because}{full}"
    return broken(check, verdict, code, expected=expected, found=found, because=because)


def _full(seen: Witnesses) -> str:
    """After what is wrong with an output: how little room its disk has; empty where it has enough, or nobody knows."""
    output = seen.output
    if isinstance(output, NotSeen) or output is None or output.free_bytes is None:
        return ""
    wanted = output.room_wanted(_declared(seen).min_size)
    if output.free_bytes >= wanted:
        return ""
    folder = clean(str(_declared(seen).folder))
    of_all = f" of {show_size(output.total_bytes)}" if output.total_bytes else ""
    return f"; the disk of {folder} has {show_size(output.free_bytes)} free{of_all}, less than {show_size(wanted)}"


def _is_called_a_success(seen: Witnesses, run: DueRun, executed: Finding | None) -> bool:
    """True where the scheduler's last run, this one or a later one that left no file either, is a success to it."""
    if executed is None or executed.verdict is not Verdict.OK or seen.recorded is None:
        return False
    later_has_none = not seen.made_after(run) and seen.recorded.last_status == "success"
    return seen.is_recorded(run) or (seen.is_overtaken(run) and later_has_none)


def _newest(seen: Witnesses) -> str:
    path = clean(str(_declared(seen).path))
    if not seen.files:
        return f"no file matches {path}{_unstamped(seen)}"
    newest = seen.files[0]
    return f"the newest file is {newest.name} of {show.when(newest.made_at, seen.job)}"


def _unstamped(seen: Witnesses) -> str:
    names = getattr(seen.output, "unstamped", ())
    if not names:
        return ""
    return f" with the stamp {_declared(seen).stamp} (the nearest misses: {listed(names, 3)})"


def output_is_whole(seen: Witnesses, run: DueRun, exists: Finding) -> Finding:
    """The file is a regular file, large enough, parses as its format, and says what it must."""
    check, output = Check.OUTPUT_IS_WHOLE, _declared(seen)
    expected = later(_wholeness, output)
    if exists.needs_a_person:
        return cannot_tell(check, expected, exists)
    made = seen.made_by(run)
    if not made:
        return pending(check, expected, exists.because)
    flaw = _flaw(made[0], output) or _repetition(made[0], seen, run)
    full = _full(seen)
    if flaw is None:
        return _is_kept(check, expected, made[0], full)
    verdict, code, says = flaw
    because = f"its output {made[0].name} {says}"
    if full and code in _OF_A_FULL_DISK:
        code, because = CauseCode.DISK_FULL, f"{because}{full}"
    return broken(check, verdict, code, expected=expected, found=says, because=because)


def _is_kept(check: Check, expected: Sentence, file: FileSeen, full: str) -> Finding:
    """A disk that is nearly full is no failure of a job that did its work; its next output may be cut off."""
    found = later(_named, file)
    if not full:
        return ok(check, expected, found)
    because = f"its output {file.name} is whole{full}: the next may be cut off"
    return _noted(check, CauseCode.DISK_FULL, expected=expected, found=found, because=because)


def _named(file: FileSeen) -> str:
    return f"{file.name}, {show_size(file.size)}"


def _repetition(file: FileSeen, seen: Witnesses, run: DueRun) -> tuple[Verdict, CauseCode, str] | None:
    """The same content as the output of the run before, where the job declares that its output must change."""
    if not _declared(seen).must_change:
        return None
    before = next((each for each in seen.files if each.made_at < run.begins_at), None)
    if before is None or before.size != file.size:
        return None
    if not (file.content and before.content and file.content.sha256 and before.content.sha256):
        says = f"could not be held against {before.name}, the output of the run before: not read"
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, says
    if file.content.sha256 != before.content.sha256:
        return None
    says = f"holds exactly what {before.name} of the run before holds"
    return Verdict.BAD_OUTPUT, CauseCode.DUPLICATE_OUTPUT, says


@lru_cache(maxsize=16_384)
def _wholeness(output: Output) -> str:
    parts = [f"at least {show_size(output.min_size)}"]
    if output.format != "any":
        parts.append(f"readable as {output.format}")
    if output.must_contain:
        parts.append(f"with {_quoted(output.must_contain)}")
    if output.must_not_contain:
        parts.append(f"without {_quoted(output.must_not_contain)}")
    if output.must_change:
        parts.append("other than that of the run before")
    return ", ".join(parts)


def _quoted(texts: Sequence[str]) -> str:
    return listed([f'"{clean(text, 60)}"' for text in texts], 4)


def _flaw(file: FileSeen, output: Output) -> tuple[Verdict, CauseCode, str] | None:
    if not file.is_regular:
        says = "is not a regular file (a folder, a pipe or a link that leads nowhere)"
        return Verdict.BAD_OUTPUT, CauseCode.OUTPUT_UNREADABLE, says
    if file.size == 0:
        return Verdict.BAD_OUTPUT, CauseCode.EMPTY_OUTPUT, "is empty (0 B)"
    if file.size < output.min_size:
        says = f"has {show_size(file.size)}, less than min_size = {show_size(output.min_size)}"
        return Verdict.BAD_OUTPUT, CauseCode.TRUNCATED_OUTPUT, says
    if file.unreadable:
        says = f"could not be read: {file.unreadable}"
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, says
    if output.format == "any":
        return None
    return _content_flaw(file, output)


def _content_flaw(file: FileSeen, output: Output) -> tuple[Verdict, CauseCode, str] | None:
    content = file.content
    if content is None:
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, "was not read, so it cannot be told to be whole"
    if content.flaw:
        says = f"does not read as {output.format}: {content.flaw}"
        return Verdict.BAD_OUTPUT, CauseCode.TRUNCATED_OUTPUT, says
    unasked = [text for text in output.must_contain + output.must_not_contain if text not in content.found]
    if unasked:
        says = f"was not searched for {_quoted(unasked)}"
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, says
    if fallback := [text for text in output.must_not_contain if content.found[text]]:
        return Verdict.BAD_OUTPUT, CauseCode.DEGRADED_OUTPUT, f"holds the fallback text {_quoted(fallback)}"
    if missing := [text for text in output.must_contain if not content.found[text]]:
        return Verdict.BAD_OUTPUT, CauseCode.DEGRADED_OUTPUT, f"lacks {_quoted(missing)}"
    return None


def output_agrees_with_record(seen: Witnesses, run: DueRun, exists: Finding, executed: Finding) -> Finding:
    """The scheduler's last execution and a file tell of the same run."""
    check, job = Check.OUTPUT_AGREES_WITH_RECORD, seen.job
    expected = later(_agreement, job)
    for root in (executed, exists):
        if root.needs_a_person:
            return cannot_tell(check, expected, root)
    made, ran_at = seen.made_by(run), seen.ran_at
    if not made or ran_at is None or not run.owns(ran_at):
        return pending(check, expected, show.replaced("evidence", run, job))
    # A run by hand in addition leaves a file of its own: the nearest is the one the record tells of.
    nearest = min(made, key=lambda each: abs(ran_at - each.made_at))
    if abs(ran_at - nearest.made_at) <= job.max_runtime + EARLY_TOLERANCE:
        return ok(check, expected, later(_apart, ran_at, nearest, seen.by_teller))
    return record.misread(check, expected, seen, run) or _disagreement(check, expected, nearest, ran_at, seen)


def _agreement(job: Job) -> str:
    return f"file and record at most {show_span(job.max_runtime)} apart"


def _apart(ran_at: datetime, file: FileSeen, by_teller: str = "") -> str:
    return f"{show_span(abs(ran_at - file.made_at))} apart{by_teller}"


def _disagreement(check: Check, expected: Sentence, nearest: FileSeen, ran_at: datetime, seen: Witnesses) -> Finding:
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


def _only_touched(check: Check, expected: Sentence, found: str, both: str) -> Finding:
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


def no_run_is_missing(seen: Witnesses, run: DueRun, exists: Finding) -> Finding:
    """Every earlier due run of the look-back left its file, as far as retention lets the files tell.

    The look-back holds the runs whose time was over within it, so that of mornings a look-back apart one always tells.
    """
    check, job = Check.NO_RUN_IS_MISSING, seen.job
    if isinstance(seen.output, NotSeen):
        return cannot_tell(check, _earlier_wanted(job.look_back), exists)
    owed, missing = _floating(seen) if seen.floats else _on_schedule(seen, run)
    if not missing:
        return _none_is_missing(job.look_back, owed)
    expected = _earlier_wanted(job.look_back)
    dates = listed([show.when(due_at, job) for due_at in missing], 5)
    found = f"{counted(len(missing), 'run')} of {owed} left no file"
    because = f"no file of {counted(len(missing), 'earlier run')}: due {dates}"
    return broken(check, Verdict.MISSED, CauseCode.MISSED_RUN, expected=expected, found=found, because=because)


def _earlier_wanted(look_back: timedelta) -> str:
    return f"a file of each earlier run due in the last {show_span(look_back)}"


@lru_cache(maxsize=1024)
def _none_is_missing(look_back: timedelta, owed: int) -> Finding:
    """The same for many jobs."""
    found = f"{counted(owed, 'earlier run')} told by files, none missing"
    return ok(Check.NO_RUN_IS_MISSING, _earlier_wanted(look_back), found)


def _on_schedule(seen: Witnesses, run: DueRun) -> tuple[int, list[datetime]]:
    """How many earlier runs the files can tell of, and when those were due that left none."""
    owed = _earlier_due(seen, run)
    if not owed:
        return 0, []
    made = sorted(each.made_at for each in seen.files)
    return len(owed), [each.due_at for each in owed if not _has_file(each, made)]


def _earlier_due(seen: Witnesses, run: DueRun) -> list[DueRun]:
    """The due runs before `run` that files can tell of: none before the oldest file, which retention may have left."""
    job, output = seen.job, _declared(seen)
    if output.is_one_file or not seen.files:
        return []
    oldest = seen.files[-1].made_at
    start = max(seen.now - job.look_back - job.allowance, oldest, job.since or oldest)
    due = due_between(job.schedule, start, run.due_at)
    runs = (job.due_run(due_at, next_due_at) for due_at, next_due_at in pairwise(due))
    # A run may still be inside its time although a newer one is done.
    return [each for each in runs if each.finish_by <= seen.now]


def _has_file(run: DueRun, made: list[datetime]) -> bool:
    index = bisect_left(made, run.begins_at)
    return index < len(made) and run.owns(made[index])


def _floating(seen: Witnesses) -> tuple[int, list[datetime]]:
    """The same for an interval without an anchor, whose runs only their distance can hold against each other."""
    start = seen.now - seen.job.look_back
    if _declared(seen).is_one_file:
        return 0, []
    made = sorted(each.made_at for each in seen.files if each.made_at >= start)
    missing = interval.gaps(made, seen.job)
    return max(len(made) - 1, 0) + len(missing), missing
