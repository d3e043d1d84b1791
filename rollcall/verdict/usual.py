"""What do runs of a job usually leave, as far as the files of earlier ones show?"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from statistics import median

from rollcall.evidence import FileSeen
from rollcall.roll.due_run import DueRun
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.verdict.case import Case, done_at, files_by_run, first_showing

# Of whatever name.
ALL = ""
_INSTANT = timedelta(microseconds=1)
_RUNS_COMPARED, _LEAST_ALIKE = 3, 2
# What fewer runs left is no rule, be it of a weekday or of all.
_LEAST_KNOWN = 3
_MOST_KNOWN = 60


def number_of_files(case: Case) -> int | None:
    """How many files a run leaves: as declared, else as many as earlier runs left alike; None where nobody can tell."""
    if case.seen.declared.files:
        return case.seen.declared.files
    # What somebody made by hand in addition is no rule.
    left = [len(in_time(files, run, case)) for run, files in islice(_earlier(case), _RUNS_COMPARED)]
    left = [number for number in left if number]
    return left[0] if len(left) >= _LEAST_ALIKE and len(set(left)) == 1 else None


def in_time(files: Iterable[FileSeen], run: DueRun, case: Case) -> list[FileSeen]:
    """Those of the run that were made inside its time, or an hour later by clocks that autumn sets back."""
    zone, within = case.job.zone, []
    for each in files:
        at = done_at(each, run)
        again_at = first_showing(at, zone) if at else None
        if any(instant is not None and instant <= run.finish_by for instant in (at, again_at)):
            within.append(each)
    return within


def missing_names(case: Case) -> list[str]:
    """What each of the earlier runs left and this one did not: names, with each date as it is written in `path`.

    None where it left nothing that they left: a full backup on Sundays is no missing one of weekdays.
    """
    path = case.seen.declared.names
    if not path.has_wildcards:
        return []
    kinds = [{path.kind_of(each.name) for each in files} for _, files in islice(_earlier(case), _RUNS_COMPARED)]
    if len(kinds) < _LEAST_ALIKE:
        return []
    always, made = set.intersection(*kinds), {path.kind_of(each.name) for each in case.made}
    return sorted(always - made) if always & made else []


def sizes(case: Case) -> dict[str, int]:
    """How large what a run leaves is, in bytes, by the kind of its names and, as "", of all together.

    The median of earlier runs, of those due on the same weekday where enough of them are known: a full backup is of
    Sundays. What too few are known of is not in it.
    """
    path, has_kinds = case.seen.declared.names, len(case.made) > 1
    if len(case.seen.files) - len(case.made) < _LEAST_KNOWN:
        return {}
    left: dict[str, list[tuple[datetime, int]]] = {}
    for run, files in islice(_earlier(case), _MOST_KNOWN):
        of_run = Counter({ALL: sum(each.size or 0 for each in files)})
        for each in files if has_kinds else ():
            of_run[path.kind_of(each.name)] += each.size or 0
        for kind, size in of_run.items():
            left.setdefault(kind, []).append((run.due_at, size))
    usual = {kind: _median([(due_at, size) for due_at, size in known if size], case) for kind, known in left.items()}
    return {kind: size for kind, size in usual.items() if size is not None}


def _median(known: list[tuple[datetime, int]], case: Case) -> int | None:
    zone = case.job.zone
    weekday = case.run.due_at.astimezone(zone).weekday()
    alike = [size for due_at, size in known if due_at.astimezone(zone).weekday() == weekday]
    found = alike if len(alike) >= _LEAST_KNOWN else [size for _, size in known]
    return round(median(found)) if len(found) >= _LEAST_KNOWN else None


def _earlier(case: Case) -> Iterator[tuple[DueRun, tuple[FileSeen, ...]]]:
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
