"""Is the time of a record read in the wrong zone?

Never guessed: as it is read, its run is not there; read in the other zone it is in time, and a second witness tells of
that same moment.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.evidence import FileSeen
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
