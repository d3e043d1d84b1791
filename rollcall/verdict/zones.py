"""Is a time read in the wrong zone: that of a record, or the one in a file's name?

Never guessed: as it is read, its run is not there; read in the other zone it is in time, and a second witness tells of
that same moment.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from rollcall.evidence import FileSeen
from rollcall.roll.words import Dated
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.times import show_instant
from rollcall.verdict import show
from rollcall.verdict.case import Case
from rollcall.verdict.findings import Finding, Promise
from rollcall.verdict.reading import Reading
from rollcall.verdict.witnesses import Witnesses
from rollcall.vocabulary import CauseCode, Verdict

_UTC = ZoneInfo("UTC")
# Record and file of one run are seconds apart: nearer than any two zones are, and than a person runs a job again.
_SAME_RUN = timedelta(minutes=2)
# A stamp may tell when its run began, mtime and record when it ended; no two zones are as near to each other.
_ONE_RUN = timedelta(minutes=10)


def misread(promise: Promise, case: Case) -> Finding | None:
    """The record's clock face, read in another zone, is when the output was written: the zone is what is wrong.

    Only a file can prove it: without one, a run an hour off may be just that.
    """
    seen, job, reading, fits = case.seen, case.job, case.seen.last_run, _fitting_file(case.seen)
    if reading is None or reading.at is None or fits is None:
        return None
    zone, at, file = fits
    because = (
        f"{show.due(case.run, job)}; its {seen.word('ended')} {reading.text} read {as_read(seen)} is "
        f"{show.when(reading.at, job)}, but read as {zone.key} it is {show.when(at, job)}, when its output "
        f"{file.name} was made ({show.when(file.made_at, job)}): it is read in the wrong zone"
    )
    found = f"ended {show.when(reading.at, job)}"
    return promise.broken(Verdict.UNKNOWN, CauseCode.WRONG_TIMEZONE, found, because)


def _fitting_file(seen: Witnesses) -> tuple[ZoneInfo, datetime, FileSeen] | None:
    """A file of the instant that the record tells of in that other zone, where none is as it is read."""
    at = seen.last_run.at if seen.last_run else None
    if (
        seen.last_run is None
        or at is None
        or any(abs(each.made_at - at) <= seen.job.max_runtime for each in seen.files)
    ):
        return None
    read = [(zone, seen.last_run.in_zone(zone)) for zone in _likely_zones(seen)]
    fits = ((zone, at, each) for zone, at in read for each in seen.files if abs(each.made_at - at) <= _SAME_RUN)
    return next(fits, None)


def zone_of_this_run(case: Case) -> tuple[datetime, ZoneInfo] | None:
    """When the last record would be of this very run, read in which other zone; None where there is none."""
    reading, run = case.seen.last_run, case.run
    if reading is None or reading.at is None or not reading.is_naive or run.owns(reading.at):
        return None
    readings = ((reading.in_zone(zone), zone) for zone in _likely_zones(case.seen))
    return next((each for each in readings if run.begins_at <= each[0] <= run.finish_by), None)


def as_read(seen: Witnesses) -> str:
    """How its last record is read: "as UTC"."""
    scheduler = seen.job.scheduler
    if seen.last_run is None or not seen.last_run.is_naive or scheduler is None or scheduler.naive_times is None:
        return "with its own offset"
    return f"as {scheduler.naive_times.key}"


def unread(promise: Promise, field: str, reading: Reading, seen: Witnesses, case: Case | None = None) -> Finding:
    """A timestamp that means no instant: it has no offset and nobody said how to read it, or it is no time at all.

    `case` is the due run that it may be of.
    """
    found = f"{field} {reading.text}"
    if not reading.is_naive:
        because = f'{seen.source} says {field} = "{reading.text}", which is no time'
        return promise.broken(Verdict.UNKNOWN, CauseCode.SCHEDULER_ERROR, found, because)
    readings = []
    for zone in _likely_zones(seen):
        at = reading.in_zone(zone)
        distance = f", {show.distance(at, case.run)}" if case else ""
        readings.append(f"{show_instant(at, seen.job.zone, seconds=True)} (read as {zone.key}{distance})")
    because = f"its {found} has no offset and could mean {' or '.join(readings)}"
    if case and case.made:
        # It may show a person which of the readings is right.
        because += f"; its output {case.made[0].name} is of {show.when(case.made[0].made_at, seen.job)}"
    table = f"[schedulers.{seen.job.scheduler.id if seen.job.scheduler else ''}]"
    because += f"; say which: {' or '.join(lines_to_add(seen))} in {table}"
    return promise.broken(Verdict.UNKNOWN, CauseCode.NAIVE_TIMESTAMP, found, because)


def lines_to_add(seen: Witnesses) -> tuple[str, ...]:
    """The line of jobs.toml for each way to read it; which one is right is guessed only where a file tells."""
    fits = _fitting_file(seen)
    return tuple(f'naive_times = "{zone.key}"' for zone in (fits[:1] if fits else _likely_zones(seen)))


def _likely_zones(seen: Witnesses) -> tuple[ZoneInfo, ...]:
    """UTC and the job's own zone: what schedulers write their times in."""
    return (_UTC,) if seen.job.zone.key == _UTC.key else (_UTC, seen.job.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misnamed:
    """A file of a run, the zone in which its name tells the time, and when that was; `witnesses` say the same."""

    file: FileSeen
    zone: ZoneInfo
    at: datetime
    witnesses: tuple[str, ...]


def misnamed(case: Case) -> Misnamed | None:
    """The file of the run whose name is read in the wrong zone; None where none is proven to be."""
    seen, run, job, output = case.seen, case.run, case.job, case.seen.declared
    if not output.path.has_fields or output.path.tells_zone or output.dated is not Dated.RUN:
        return None
    if case.made and case.made[-1].made_at <= run.finish_by:
        return None
    own, limit = job.zone_of(output), min(job.max_runtime, _ONE_RUN)
    # What names are written in where it is not the declared zone: UTC, the schedule's, or that of the records.
    likely = (_UTC, job.zone, job.scheduler.naive_times if job.scheduler else None)
    zones = {zone.key: zone for zone in likely if zone and zone.key != own.key}
    for file, zone in product((*seen.later, *seen.files), zones.values()):
        at = _read_in(zone, own, file, limit)
        if at is None or not run.begins_at <= at <= min(run.finish_by, seen.counted_until):
            continue
        witnesses = []
        if abs(file.modified_at - at) <= limit:
            witnesses.append(f"its mtime says {show.when(file.modified_at, job)}")
        if seen.ran_at is not None and abs(seen.ran_at - at) <= limit:
            witnesses.append(f"{seen.source} says {show.when(seen.ran_at, job)}")
        due_at = last_due(as_scheduled(job.schedule), file.made_at)
        fits_another = due_at is not None and file.made_at <= due_at + job.allowance
        # Where its name as it is read fits another due run, one witness may be wrong: a restored mtime.
        if len(witnesses) > fits_another:
            return Misnamed(file=file, zone=zone, at=at, witnesses=tuple(witnesses))
    return None


def _read_in(zone: ZoneInfo, own: ZoneInfo, file: FileSeen, limit: timedelta) -> datetime | None:
    """When that is, read in `zone` and not in its `own`; of two hours in autumn the one nearer to its mtime.

    None where it is the same, and where its mtime confirms the name as it is read.
    """
    if file.stamp_at is None or file.stamp_until is not None or abs(file.modified_at - file.stamp_at) <= limit:
        return None
    wall = file.stamp_at.astimezone(own).replace(tzinfo=None)
    readings = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    at = min(readings, key=lambda reading: abs(reading - file.modified_at))
    return None if at == file.stamp_at else at
