"""What did earlier runs leave, and how long did they take, as far as that is still seen, or remembered?"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from rollcall.evidence import FileSeen, LeftThen
from rollcall.roll.due_run import DueRun
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.verdict.case import Case, files_by_run

# Of whatever name.
ALL = ""
_INSTANT = timedelta(microseconds=1)
_LEAST_ALIKE = 2
# Of what is there to be looked at so many runs are; the history has as many again.
_MOST_SEEN = 60


@dataclass(frozen=True, slots=True)
class Known:
    """How much an earlier run left, in bytes or rows, or how many seconds it took."""

    due_at: datetime
    amount: float


def runs_with_files(case: Case) -> Iterator[tuple[DueRun, tuple[FileSeen, ...]]]:
    """The due runs before it that left files, newest first, each with those; none older than the oldest file."""
    seen, job = case.seen, case.job
    if seen.is_one or seen.floats or len(seen.files) - len(case.made) < _LEAST_ALIKE:
        return
    oldest: datetime = min(each.due_until or each.made_at for each in seen.files)
    made_for = files_by_run(seen)
    schedule, following = as_scheduled(job.schedule), case.run.due_at
    while before := last_due(schedule, following - _INSTANT):
        if job.since and before < job.since:
            return
        run = job.due_run(before, following)
        if files := made_for(run):
            yield run, files
        if run.begins_at <= oldest:
            return
        following = before


def sizes(case: Case) -> dict[str, tuple[Known, ...]]:
    """How many bytes each earlier run left, newest first: by the kind of the names, as they are seen, and of all
    together (`ALL`), as they are seen or remembered.

    A run that is both counts once, as it is seen. One that was bad, or left nothing, is no measure.
    """
    has_kinds, names = len(case.made) > 1, case.seen.declared.names
    found: dict[str, dict[datetime, float]] = {ALL: {}}
    for run, files in _measures(case):
        if any(each.size is None for each in files):
            continue
        of_run = Counter({ALL: sum(each.size or 0 for each in files)})
        for each in files if has_kinds else ():
            of_run[names.kind_of(each.name)] += each.size or 0
        for kind, size in of_run.items():
            found.setdefault(kind, {})[run.due_at] = size
    for due_at, left in _remembered(case):
        if left.size is not None:
            found[ALL].setdefault(due_at, left.size)
    return {kind: _newest_first(known) for kind, known in found.items()}


def rows(case: Case) -> tuple[Known, ...]:
    """How many rows each earlier run left, newest first. Of files that were not read again the history knows."""
    found = {due_at: float(left.rows) for due_at, left in _remembered(case) if left.rows is not None}
    for run, files in _measures(case):
        counted = [each.content.rows if each.content else None for each in files]
        if None not in counted:
            found.setdefault(run.due_at, sum(filter(None, counted)))
    return _newest_first(found)


def seconds(case: Case) -> tuple[Known, ...]:
    """How long each earlier run took that did its work, newest first, by the record or as it is remembered."""
    until, since = case.run.due_at, case.job.since
    found = {
        each.due_at: each.took.total_seconds()
        for each in case.seen.remembered
        if each.took is not None and each.is_measure and each.due_at < until and not (since and each.due_at < since)
    }
    for run in case.seen.runs:
        if run.at is None or run.took is None or not run.is_done or not run.is_by_schedule:
            continue
        due_at = case.seen.due_before(run.at)
        if due_at is not None and due_at < until:
            found.setdefault(due_at, run.took.total_seconds())
    return _newest_first(found)


def _measures(case: Case) -> Iterable[tuple[DueRun, tuple[FileSeen, ...]]]:
    """Those of the runs that are seen by which others may be measured."""
    bad = {each.due_at for each in case.seen.remembered if not each.is_measure}
    return ((run, files) for run, files in islice(runs_with_files(case), _MOST_SEEN) if run.due_at not in bad)


def _remembered(case: Case) -> Iterator[tuple[datetime, LeftThen]]:
    """What is remembered of this output, of runs due before this one."""
    label, since = case.seen.declared.written, case.job.since
    until = case.run.due_at
    for run in case.seen.remembered:
        if run.is_measure and run.due_at < until and not (since and run.due_at < since):
            for each in run.left:
                if each.output == label:
                    yield run.due_at, each


def _newest_first(known: dict[datetime, float]) -> tuple[Known, ...]:
    return tuple([Known(due_at, known[due_at]) for due_at in sorted(known, reverse=True) if known[due_at] > 0])
