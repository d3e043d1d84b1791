"""Which runs left a file that a later run may have overwritten, so that it can no longer be told?

A day's name is that of all runs of the day, and in autumn's repeated hour a local one is that of two. Where the file
has the mtime of its source, as copies can, nobody can tell which of a day's runs it is of.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rollcall.evidence import FileSeen
from rollcall.roll.due_run import EARLY_TOLERANCE, DueRun
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind
from rollcall.roll.words import Dated
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled

_SECOND = timedelta(seconds=1)


def overwritten(
    runs: Iterable[DueRun], job: Job, output: Output, placed: Sequence[tuple[datetime, FileSeen]]
) -> frozenset[datetime]:
    """When those of `runs` were due whose file, made as long after it was due, has the name that a later run's has.

    And those that a name leaves open whose file has an mtime of before all of them, or that a time leaves open with
    which a row or an entry is listed. `placed` are its files, newest
    first, after what places each.
    """
    if output.kind is not Kind.FILES:
        # What tells the day alone, or an hour that autumn shows twice, may be of each run whose time reaches into that.
        open_ones = [(each.stamp_from, each.stamp_until) for _, each in placed]
        stretches = [(first, last) for first, last in open_ones if first and last]
        may_be_of = (each for each in runs if any(a <= each.finish_by and each.begins_at <= b for a, b in stretches))
        return frozenset(each.due_at for each in may_be_of)
    if output.dated is not Dated.RUN or not output.names.has_fields:
        return frozenset()
    runs, zone = tuple(runs), job.zone_of(output)
    opened = [(each.stamp_from, each.stamp_until) for _, each in placed if each.written_at is None]
    copied = {run.due_at for run in runs for first, last in opened if first and last and first <= run.due_at <= last}

    def named(at: datetime) -> str:
        return output.names.named(at.astimezone(zone))

    made_at: dict[tuple[str, timedelta], datetime] = {}
    for at, file in placed:
        if due_at := last_due(as_scheduled(job.schedule), at + EARLY_TOLERANCE):
            after = (file.made_at - due_at) // _SECOND * _SECOND
            made_at.setdefault((named(file.made_at), after), at)
    if len({name for name, _ in made_at}) < len(placed):
        # What stands for a wildcard tells them apart: none takes the place of another.
        return frozenset(copied)
    distances = {after for _, after in made_at}
    return frozenset(copied).union(
        run.due_at
        for run in runs
        for after in distances
        for at in [made_at.get((named(run.due_at + after), after))]
        if at is not None and run.ends_at is not None and at >= run.ends_at
    )
