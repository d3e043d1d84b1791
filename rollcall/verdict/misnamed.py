"""Are the times in the names of its outputs of another zone, or another day, than their runs?

Never guessed: a second piece of evidence must confirm it, or each earlier run. Then the line to write is named.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from rollcall.evidence import FileSeen
from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.output_rules import Kind
from rollcall.roll.words import Dated
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.times import read_timestamp, show_span
from rollcall.verdict import show
from rollcall.verdict.case import Case
from rollcall.verdict.run_names import named_by
from rollcall.verdict.witnesses import Witnesses

_UTC = ZoneInfo("UTC")
# A stamp may tell when its run began, mtime and record when it ended; no two zones are as near to each other.
_ONE_RUN = timedelta(minutes=10)
# Of so many files, or of as many as there are, each must say the same; one alone says nothing.
_COMPARED, _LEAST = 4, 2
_ONE_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misnamed:
    """A file whose name is read in the wrong zone: in which it should be, when that was, and what says so."""

    file: FileSeen
    zone: ZoneInfo
    at: datetime
    because: str


def misnamed(case: Case) -> Misnamed | None:
    """The file of the run whose name is read in the wrong zone; None where none is proven to be.

    Likewise the row or entry whose time has no offset: by the record alone, as it has no mtime of its own.
    """
    output = case.seen.declared
    if output.kind is not Kind.FILES:
        return _of_this_run(case) if output.timezone else None
    if not output.names.has_fields or output.names.tells_zone or output.dated is not Dated.RUN:
        return None
    return _of_this_run(case) or _of_each_run(case)


def _of_this_run(case: Case) -> Misnamed | None:
    """As its name is read no file is of the run; read in another zone one is, and a second witness says so."""
    seen, run, job = case.seen, case.run, case.job
    if case.made and case.made[-1].made_at <= run.finish_by:
        return None
    own, limit = job.zone_of(seen.declared), min(job.max_runtime, _ONE_RUN)
    is_file = seen.declared.kind is Kind.FILES
    read_in, what = (_read_in, "name") if is_file else (_listed_in, "time")
    for file, zone in product((*seen.ahead, *seen.later, *seen.files), _other_zones(case)):
        at = read_in(zone, own, file, limit)
        if at is None or not run.begins_at <= at <= min(run.finish_by, seen.counted_until):
            continue
        witnesses = []
        if is_file and abs(file.modified_at - at) <= limit:
            witnesses.append(f"its mtime says {show.when(file.modified_at, job)}")
        if seen.ran_at is not None and abs(seen.ran_at - at) <= limit:
            witnesses.append(f"{seen.source} says {show.when(seen.ran_at, job)}")
        due_at = last_due(as_scheduled(job.schedule), file.made_at)
        fits_another = due_at is not None and file.made_at <= due_at + job.allowance
        # Where its name as it is read fits another due run, one witness may be wrong: a restored mtime.
        if len(witnesses) > fits_another:
            because = f"as {' and '.join(witnesses)}: its {what} is read in the wrong zone"
            return Misnamed(file=file, zone=zone, at=at, because=because)
    return None


def _of_each_run(case: Case) -> Misnamed | None:
    """Name and mtime differ by exactly a zone's offset, run after run: one of the two is read in the wrong zone.

    Where both are in time, that is how long it took; where a record agrees with the name, it is the mtime.
    """
    seen, run, job = case.seen, case.run, case.job
    newest, own, limit = seen.files[:_COMPARED], job.zone_of(seen.declared), min(job.max_runtime, _ONE_RUN)
    if len(newest) < _LEAST or (case.made and newest[0] not in case.made):
        return None
    file = newest[0]
    if case.made and run.begins_at <= file.modified_at <= run.finish_by:
        return None
    if seen.ran_at is not None and abs(seen.ran_at - file.made_at) <= limit:
        return None
    for zone in _other_zones(case):
        read = [(each, _read_in(zone, own, each, limit)) for each in newest]
        # A run is named when it begins, and written until it ends.
        if all(at and -EARLY_TOLERANCE <= each.modified_at - at <= limit for each, at in read) and read[0][1]:
            apart = show_span(abs(read[0][1] - file.made_at))
            because = (
                f"and its mtime says {show.when(file.modified_at, job)}: {apart} apart, as for each file before, "
                f"so the name or the schedule is read in the wrong zone"
            )
            return Misnamed(file=file, zone=zone, at=read[0][1], because=because)
    return None


def _other_zones(case: Case) -> tuple[ZoneInfo, ...]:
    """What names are written in where it is not the declared zone: UTC, the schedule's, or that of the records."""
    job, own = case.job, case.job.zone_of(case.seen.declared)
    likely = (_UTC, job.zone, job.scheduler.naive_times if job.scheduler else None)
    return tuple({zone.key: zone for zone in likely if zone and zone.key != own.key}.values())


def _read_in(zone: ZoneInfo, own: ZoneInfo, file: FileSeen, limit: timedelta) -> datetime | None:
    """When that is, read in `zone` and not in its `own`; of two hours in autumn the one nearer to its mtime.

    None where it is the same, where its name leaves more open than zones are apart, and where its mtime confirms the
    name as it is read.
    """
    first = file.stamp_from or file.stamp_at
    if first is None or (file.stamp_until or first) - first > limit or abs(file.modified_at - file.made_at) <= limit:
        return None
    wall = first.astimezone(own).replace(tzinfo=None)
    readings = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    at = min(readings, key=lambda reading: abs(reading - file.modified_at))
    return None if at == first else at


def _listed_in(zone: ZoneInfo, own: ZoneInfo, seen: FileSeen, limit: timedelta) -> datetime | None:
    """The same of a row or an entry; None where its time has an offset, or tells the day alone."""
    if seen.stamp_until is not None and seen.stamp_until - (seen.stamp_from or seen.made_at) > 2 * _ONE_HOUR:
        return None
    written = read_timestamp(seen.name)
    at = written.in_zone(zone) if written.at is None else seen.made_at
    return None if at == seen.made_at else at


@dataclass(frozen=True, slots=True, kw_only=True)
class Redated:
    """A file that was made in the time of the run under the name of another: which `dated` each name would fit."""

    file: FileSeen
    dated: tuple[Dated, ...]


def redated(case: Case) -> Redated | None:
    """The file of the run whose name tells the day of its data, as each name before; None where none is seen to."""
    seen = case.seen
    if not seen.declared.names.has_fields or seen.declared.dated is not Dated.RUN:
        return None
    newest = seen.files[:_COMPARED]
    if len(newest) < _LEAST or not case.run.owns(newest[0].modified_at):
        return None
    fits = tuple(dated for dated in Dated if dated is not Dated.RUN and all(_fit(dated, newest, seen)))
    return Redated(file=newest[0], dated=fits) if fits else None


def _fit(dated: Dated, files: tuple[FileSeen, ...], seen: Witnesses) -> Iterator[bool]:
    for file in files:
        due_at = seen.due_before(file.modified_at)
        at = named_by(dated, due_at, seen.job, seen.declared) if due_at else None
        first = file.stamp_from or file.made_at
        yield at is not None and first <= at <= (file.stamp_until or first)
