"""Did every earlier due run of the look-back do its work, as far as files or runs on record can tell?"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from rollcall.evidence import NotSeen, Outcome
from rollcall.roll.due_run import EARLY_TOLERANCE, DueRun
from rollcall.roll.words import Late, Proof
from rollcall.schedule.answers import due_between
from rollcall.text import counted, listed
from rollcall.times import show_span
from rollcall.verdict import interval, show
from rollcall.verdict.findings import Check, Finding, broken, cannot_tell, noted, ok
from rollcall.verdict.readings import unread
from rollcall.verdict.record import untellable
from rollcall.verdict.witnesses import RunRead, Witnesses
from rollcall.vocabulary import CauseCode, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What one kind of evidence tells of the earlier runs: how many, which are missing, and which are bad, and how."""

    owed: int = 0
    missing: tuple[datetime, ...] = ()
    bad: tuple[tuple[datetime, Outcome, str], ...] = ()


# What an earlier run that is on record is, by its outcome, worst first.
_BAD = {
    Outcome.FAILED: (Verdict.FAILED, CauseCode.RUN_FAILED, "ended in"),
    Outcome.PARTIAL: (Verdict.FAILED, CauseCode.PARTIAL_RUN, "ended in"),
    Outcome.RUNNING: (Verdict.STUCK, CauseCode.STILL_RUNNING, "never ended, and still said to be"),
    Outcome.WAITING: (Verdict.MISSED, CauseCode.NOT_PICKED_UP, "begun, never went on, and still said to be"),
    Outcome.UNKNOWN: (
        Verdict.UNKNOWN,
        CauseCode.UNKNOWN_STATUS,
        "of a status that says neither success nor failure,",
    ),
}


def no_run_is_missing(seen: Witnesses, run: DueRun, exists: Finding | None) -> Finding | None:
    """Every earlier due run of the look-back did its work, as far as retention and records let anybody tell.

    The look-back holds the runs whose time was over within it, so that of mornings a look-back apart one always tells.
    None where neither files nor a history of runs can tell of earlier ones.
    """
    check, job = Check.NO_RUN_IS_MISSING, seen.job
    expected = _earlier_wanted(job.look_back)
    if exists is not None and isinstance(seen.output, NotSeen):
        return cannot_tell(check, expected, exists)
    blind = untellable(check, expected, seen) if seen.tells("history") else None
    by_runs = _by_runs(seen, run) if seen.tells("history") and not blind and not seen.blocker else None
    by_files = _by_files(seen, run) if exists is not None else None
    if by_runs is None and by_files is None:
        return blind
    if by_files is not None and by_files.missing:
        # What a run on record has done since, or what jobs.toml calls no loss, is no gap.
        return _missing(check, expected, by_files, seen, "left no file", "no file of")
    if by_runs is not None and by_runs.missing and seen.unread:
        return unread(check, expected, *seen.unread, seen)
    if by_runs is not None and (by_runs.missing or by_runs.bad):
        return _missing(check, expected, by_runs, seen, "did not do their work", "no good run of")
    told = by_files or by_runs
    assert told is not None
    by = "files" if by_files is not None else "runs"
    owed = max(each.owed for each in (by_files, by_runs) if each is not None)
    return ok(check, expected, f"{counted(owed, 'earlier run')} known from {by}, none missing")


def _earlier_wanted(look_back: timedelta) -> str:
    return f"the work of each earlier run due in the last {show_span(look_back)}"


def _missing(check: Check, expected: str, told: _Told, seen: Witnesses, what: str, nothing_of: str) -> Finding:
    job = seen.job
    gaps = [*told.missing, *(due_at for due_at, _, _ in told.bad)]
    dates = listed([show.when(due_at, job) for due_at in sorted(gaps)], 5)
    found = f"{counted(len(gaps), 'run')} of {told.owed} {what}"
    because = f"{nothing_of} {counted(len(gaps), 'earlier run')}: due {dates}"
    if told.missing:
        code, verdict = CauseCode.MISSED_RUN, Verdict.MISSED
    else:
        worst = next(each for each in _BAD if any(outcome is each for _, outcome, _ in told.bad))
        verdict, code, how = _BAD[worst]
        words = listed(dict.fromkeys(word for _, _, word in told.bad), 3)
        because = f"{counted(len(gaps), 'earlier run')} {how} {words}: due {dates}"
    finding = broken(check, verdict, code, expected=expected, found=found, because=because)
    if job.owes_each:
        return finding
    # The job keeps its verdict: the latest is what is owed.
    return noted(check, code, expected=expected, found=found, because=because)


# By runs on record ----------------------------------------------------------------------------------------------------


def _by_runs(seen: Witnesses, run: DueRun) -> _Told:
    """What the record tells of the due runs before `run`, none before it reaches back to."""
    job = seen.job
    if seen.floats:
        return _Told()
    # A run may begin a little early.
    told_since = seen.told_since + EARLY_TOLERANCE if seen.told_since else None
    start = max(filter(None, (seen.now - job.look_back - job.allowance, told_since, job.since)))
    due = due_between(job.schedule, start, run.due_at)
    runs = [job.due_run(due_at, next_due_at) for due_at, next_due_at in pairwise(due)]
    over = _over(runs, seen)
    missing, bad = [], []
    for each in over:
        decides = seen.attempts(each).deciding
        if decides is None and not seen.made_by(each):
            missing.append(each.due_at)
        elif decides is not None and _is_bad(decides, seen):
            bad.append((each.due_at, decides.outcome, decides.seen.word or "none"))
    return _Told(owed=len(over), missing=tuple(missing), bad=tuple(bad))


def _is_bad(decides: RunRead, seen: Witnesses) -> bool:
    if decides.outcome is Outcome.PARTIAL:
        return seen.job.partial is Late.FAIL
    return decides.outcome in _BAD and not _is_proof(decides, seen)


def _is_proof(begun: RunRead, seen: Witnesses) -> bool:
    """True where nobody tells how a run went, and that it is on record is all that is asked for."""
    if begun.outcome is not Outcome.UNKNOWN or begun.seen.word:
        return False
    is_enough = seen.job.proof is Proof.START or bool(seen.job.outputs)
    return is_enough if begun.ended is None else not seen.tells("status")


def _over(runs: Iterable[DueRun], seen: Witnesses) -> list[DueRun]:
    """Those of the runs whose time was over within the look-back; one may be inside it although a newer one is done."""
    return [each for each in runs if seen.now - seen.job.look_back <= each.finish_by <= seen.now]


# By files -------------------------------------------------------------------------------------------------------------


def _by_files(seen: Witnesses, run: DueRun) -> _Told:
    """What all its outputs tell: a run that left one of them and not another did not do its work."""
    of_outputs = (seen.of_output(number) for number in range(len(seen.outputs)))
    told = [_floating(each) if each.floats else _on_schedule(each, run) for each in of_outputs]
    missing = sorted({due_at for _, gaps in told for due_at in gaps})
    return _Told(owed=max(owed for owed, _ in told), missing=tuple(missing))


def _on_schedule(seen: Witnesses, run: DueRun) -> tuple[int, list[datetime]]:
    """How many earlier runs the files can tell of, and when those were due that left none."""
    owed = _earlier_due(seen, run)
    if not owed:
        return 0, []
    if seen.declared is not None and seen.declared.tells_its_run and seen.files and seen.files[0].due_from:
        return len(owed), [each.due_at for each in owed if not seen.made_by(each)]
    made = sorted(seen.told_at(each) for each in seen.files)
    told = [each for each in owed if _is_told(each, made, seen)]
    return len(told), [each.due_at for each in told if not _has_file(each, made)]


def _earlier_due(seen: Witnesses, run: DueRun) -> list[DueRun]:
    """The due runs before `run` that files can tell of: none before the oldest file, which retention may have left."""
    job, output = seen.job, seen.declared
    if output is None or output.is_one_file or not seen.files:
        return []
    oldest = seen.files[-1].made_at
    start = max(seen.now - job.look_back - job.allowance, oldest, job.since or oldest)
    due = due_between(job.schedule, start, run.due_at)
    runs = [job.due_run(due_at, next_due_at) for due_at, next_due_at in pairwise(due)]
    return _over(runs, seen)


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
    if seen.declared is None or seen.declared.is_one_file:
        return 0, []
    made = sorted(each.made_at for each in seen.files if each.made_at >= start)
    missing = interval.gaps(made, seen.job)
    return max(len(made) - 1, 0) + len(missing), missing
