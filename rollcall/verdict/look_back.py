"""Did every earlier due run of the look-back leave its file, as far as files can tell?"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from rollcall.errors import CauseCode
from rollcall.evidence import NotSeen
from rollcall.findings import Check, Finding, Verdict, broken, cannot_tell, ok
from rollcall.jobs import DueRun
from rollcall.schedule.answers import due_between
from rollcall.text import counted, listed
from rollcall.times import show_span
from rollcall.verdict import interval, show
from rollcall.verdict.whole import declared
from rollcall.verdict.witnesses import Witnesses


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
    told = [each for each in owed if _is_told(each, made, seen)]
    return len(told), [each.due_at for each in told if not _has_file(each, made)]


def _earlier_due(seen: Witnesses, run: DueRun) -> list[DueRun]:
    """The due runs before `run` that files can tell of: none before the oldest file, which retention may have left."""
    job, output = seen.job, declared(seen)
    if output.is_one_file or not seen.files:
        return []
    oldest = seen.files[-1].made_at
    start = max(seen.now - job.look_back - job.allowance, oldest, job.since or oldest)
    due = due_between(job.schedule, start, run.due_at)
    runs = [job.due_run(due_at, next_due_at) for due_at, next_due_at in pairwise(due)]
    # A run may still be inside its time although a newer one is done.
    return [each for each in runs if each.finish_by <= seen.now]


def _is_told(run: DueRun, made: list[datetime], seen: Witnesses) -> bool:
    """False where nothing proves that it left no file: what came inside its time, after the next began, may be its.

    Once the next run is over as well, the one file in its stretch cannot be of both.
    """
    if not seen.job.jitter or run.next_due_at is None or run.ends_at is None:
        return True
    if run.finish_by < run.ends_at or _has_file(run, made):
        return True
    following = seen.job.due_run(run.next_due_at)
    late = _made_from(run.ends_at, made)
    if late is None or late > run.finish_by:
        return True
    return following.finish_by <= seen.now and not _has_two(following, made)


def _has_file(run: DueRun, made: list[datetime]) -> bool:
    first = _made_from(run.begins_at, made)
    return first is not None and run.owns(first)


def _has_two(run: DueRun, made: list[datetime]) -> bool:
    second = bisect_left(made, run.begins_at) + 1
    return second < len(made) and run.owns(made[second])


def _made_from(at: datetime, made: list[datetime]) -> datetime | None:
    index = bisect_left(made, at)
    return made[index] if index < len(made) else None


def _floating(seen: Witnesses) -> tuple[int, list[datetime]]:
    """The same for an interval without an anchor, whose runs only their distance can hold against each other."""
    start = max(filter(None, (seen.now - seen.job.look_back, seen.since)))
    if declared(seen).is_one_file:
        return 0, []
    made = sorted(each.made_at for each in seen.files if each.made_at >= start)
    missing = interval.gaps(made, seen.job)
    return max(len(made) - 1, 0) + len(missing), missing
