"""Did every earlier due run of the look-back do its work, as far as files or runs on record can tell?"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from rollcall.evidence import NotSeen, Outcome
from rollcall.roll.due_run import EARLY_TOLERANCE, DueRun
from rollcall.roll.words import Late, Proof
from rollcall.schedule.answers import due_between, next_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.text import counted, listed
from rollcall.times import show_span
from rollcall.verdict import interval, show
from rollcall.verdict.case import Case, attempts_of, made_for
from rollcall.verdict.executed import untellable
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.off import begins_once_back_by, catches_up, off_at, offs_at
from rollcall.verdict.overwritten import overwritten
from rollcall.verdict.runs import NEVER, RunRead
from rollcall.verdict.witnesses import Witnesses
from rollcall.verdict.zones import unread
from rollcall.vocabulary import CauseCode, Verdict

# The verdict and cause of an earlier run on record, by its outcome, worst first.
_BAD = {
    Outcome.FAILED: (Verdict.FAILED, CauseCode.RUN_FAILED, "ended in"),
    Outcome.PARTIAL: (Verdict.FAILED, CauseCode.PARTIAL_RUN, "ended in"),
    Outcome.RUNNING: (Verdict.STUCK, CauseCode.STILL_RUNNING, "never finished, still shown as"),
    Outcome.WAITING: (Verdict.MISSED, CauseCode.NOT_PICKED_UP, "started, never went on, still shown as"),
    Outcome.BEGUN: (Verdict.UNKNOWN, CauseCode.UNKNOWN_STATUS, "with no known result, shown as"),
    Outcome.UNKNOWN: (Verdict.UNKNOWN, CauseCode.UNKNOWN_STATUS, "with a status that is neither success nor failure:"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    """The earlier runs that one kind of evidence covers: how many were `owed`, which are missing, which are bad."""

    owed: int
    missing: tuple[datetime, ...] = ()
    bad: tuple[tuple[datetime, RunRead], ...] = ()


def no_run_is_missing(case: Case, exists: Finding | None) -> Finding | None:
    """Every earlier due run of the look-back did its work, as far as retention and records still show it.

    A run belongs to the look-back in which its time was over, so that it is in exactly one of two adjacent ones.
    None where neither files nor a history of runs show earlier ones.
    """
    seen, has_history = case.seen, case.seen.tells("history")
    expected = f"the work of each earlier run due in the last {show_span(case.job.look_back)}"
    promise = Promise(Check.NO_RUN_IS_MISSING, expected)
    if exists is not None and isinstance(seen.output, NotSeen):
        return promise.blocked(exists)
    blind = untellable(promise, seen) if has_history else None
    by_runs = _by_runs(case) if has_history and not blind and not seen.blocker else None
    # A missing file may be where nobody could look.
    by_files = _by_files(case) if exists is not None and not seen.unlooked else None
    kinds = {each.declared.kind for each in seen.outputs}
    what = kinds.pop().one if len(kinds) == 1 else "output"
    if by_files is not None and by_files.missing:
        # What a run on record has done since, or what jobs.toml calls no loss, is no gap.
        return _missing(promise, by_files, case, f"left no {what}", f"no {what} of")
    if by_runs is not None and by_runs.missing and seen.unread:
        return unread(promise, *seen.unread, seen)
    if by_runs is not None and (by_runs.missing or by_runs.bad):
        return _missing(promise, by_runs, case, "did not do their work", "no good run of")
    known = [each.owed for each in (by_files, by_runs) if each is not None]
    source = ("entries" if what == "entry" else f"{what}s") if by_files is not None else "runs"
    if not known:
        return blind
    if not max(known):
        return promise.kept(f"no earlier run was due in the last {show_span(case.job.look_back)}")
    return promise.kept(f"{counted(max(known), 'earlier run')} known from {source}, none missing")


def _missing(promise: Promise, earlier: _Earlier, case: Case, what: str, nothing_of: str) -> Finding:
    due = [*earlier.missing, *(due_at for due_at, _ in earlier.bad)]
    dates = listed([show.when(due_at, case.job) for due_at in sorted(due)], 5)
    found = f"{counted(len(due), 'run')} of {earlier.owed} {what}"
    verdict, code = Verdict.MISSED, CauseCode.MISSED_RUN
    because = f"{nothing_of} {counted(len(due), 'earlier run')}: due {dates}"
    stretches = [off_at(case.job.due_run(due_at), case.seen) for due_at in earlier.missing]
    if off := stretches[0] if stretches and all(stretches) else None:
        code, because = CauseCode.HOST_WAS_OFF, f"{because}; {show.off(off, case.job)}"
    if not earlier.missing:
        worst = next(each for each in _BAD if any(run.outcome is each for _, run in earlier.bad))
        verdict, code, how = _BAD[worst]
        words = listed(dict.fromkeys(run.seen.word or "none" for _, run in earlier.bad), 3)
        because = f"{counted(len(due), 'earlier run')} {how} {words}: due {dates}"
    # Where only the latest is owed the job keeps its verdict.
    finding = promise.broken(verdict, code, found, because)
    return finding if case.job.owes_each else promise.warned(code, found, because)


def _earlier_runs(case: Case, known_since: datetime | None) -> Iterator[DueRun]:
    """The due runs before the judged one whose time was over within the look-back, none due before it was known."""
    job, now = case.job, case.now
    start = max(filter(None, (now - job.look_back - job.allowance, job.since, known_since)))
    for due_at, next_due_at in pairwise(due_between(job.schedule, start, case.run.due_at)):
        run = job.due_run(due_at, next_due_at)
        # One may be inside its time although a newer one is done.
        if now - job.look_back <= run.finish_by <= now:
            yield run


def _by_runs(case: Case) -> _Earlier:
    seen = case.seen
    if seen.floats:
        return _Earlier(owed=0)
    # A run may begin a little early.
    owed = list(_earlier_runs(case, seen.runs_since + EARLY_TOLERANCE if seen.runs_since else None))
    decided = [(each, attempts_of(each, seen).deciding) for each in owed]
    missing = tuple(
        run.due_at
        for run, decides in decided
        if decides is None and not made_for(run, seen) and not _is_caught_up(run, seen)
    )
    bad = tuple((run.due_at, decides) for run, decides in decided if decides is not None and _is_bad(decides, seen))
    return _Earlier(owed=len(owed), missing=missing, bad=bad)


def _is_caught_up(run: DueRun, seen: Witnesses) -> bool:
    """True where its scheduler has begun it once since its machine was back: one run for all that were missed."""
    begun = [each.started_at for each in seen.runs if each.started_at and each.started_at <= seen.counted_until]
    for off in offs_at(run, seen):
        # What begins when the next is due is no more than that.
        following = next_due(as_scheduled(seen.job.schedule), off.until)
        until = max(begins_once_back_by(off, seen.job), following - EARLY_TOLERANCE if following else NEVER)
        if catches_up(off, seen) and any(off.until <= at <= until for at in begun):
            return True
    return False


def _is_bad(run: RunRead, seen: Witnesses) -> bool:
    if run.outcome is Outcome.PARTIAL:
        return seen.job.partial is Late.FAIL
    if run.outcome is Outcome.BEGUN or (run.outcome is Outcome.UNKNOWN and not run.seen.word):
        # How it went is not known: that it is on record may be all that is required.
        is_enough = seen.job.proof is Proof.START or bool(seen.job.outputs)
        return seen.tells("status") if run.ended else not is_enough
    return run.outcome in _BAD


def _by_files(case: Case) -> _Earlier:
    """What all its outputs show: a run that left one of them and not another did not do its work."""
    cases = [case.of_output(number) for number in range(len(case.seen.outputs))]
    told = [_between_files(each.seen) if each.seen.floats else _on_schedule(each) for each in cases]
    missing = sorted({due_at for _, gaps in told for due_at in gaps})
    return _Earlier(owed=max(owed for owed, _ in told), missing=tuple(missing))


def _between_files(seen: Witnesses) -> tuple[int, list[datetime]]:
    """How many runs an interval without an anchor owed, and which are missing, from the distances between files."""
    start = max(filter(None, (seen.now - seen.job.look_back, seen.since)))
    made = sorted(each.made_at for each in seen.files if each.made_at >= start and not seen.is_one)
    missing = interval.gaps(made, seen.job)
    return max(len(made) - 1, 0) + len(missing), missing


def _on_schedule(case: Case) -> tuple[int, list[datetime]]:
    """How many earlier runs the files cover, and when those were due that left none."""
    seen = case.seen
    if seen.is_one or not seen.files:
        return 0, []
    # Retention may have left none before the oldest file.
    owed = list(_earlier_runs(case, seen.files[-1].made_at))
    if seen.declared.tells_its_run and seen.files[0].due_from:
        return len(owed), [each.due_at for each in owed if not made_for(each, seen)]
    placed = seen.placed_files()
    made = sorted(at for at, _ in placed)
    told = [each for each in owed if _is_told(each, made, seen)]
    missing = [each for each in told if not _count(each, made)]
    untold = overwritten(missing, seen.job, seen.declared, placed) if missing else ()
    return len(told) - len(untold), [each.due_at for each in missing if each.due_at not in untold]


def _is_told(run: DueRun, made: list[datetime], seen: Witnesses) -> bool:
    """False where it is not proven that it left no file: one made within its limit, after the next began, may be its.

    Once the next run is over as well, the one file in its stretch cannot be of both.
    """
    if not seen.job.jitter or run.next_due_at is None or run.ends_at is None:
        return True
    may_be_late = any(run.ends_at <= at <= run.finish_by for at in made)
    if _count(run, made) or not may_be_late:
        return True
    following = seen.job.due_run(run.next_due_at)
    return following.finish_by <= seen.now and _count(following, made) < 2


def _count(run: DueRun, made: list[datetime]) -> int:
    """How many files that run left, of those made at these instants, oldest first."""
    end = len(made) if run.ends_at is None else bisect_left(made, run.ends_at)
    return end - bisect_left(made, run.begins_at)
