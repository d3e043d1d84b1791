"""Is the zone in which a file's name tells its time another than it is read in?

Never guessed: as the name is read, its run is not there; read in the other zone it is in time to the second, and a
second witness, the file's mtime or the scheduler's record, tells of that same moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.evidence import FileSeen
from rollcall.roll.due_run import DueRun
from rollcall.roll.words import Dated
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.verdict import show
from rollcall.verdict.witnesses import Witnesses

# A stamp may tell when its run began, mtime and record when it ended; no two zones are as near to each other.
_ONE_RUN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misnamed:
    """A file of a run, the zone in which its name tells the time, and when that was; `witnesses` say the same."""

    file: FileSeen
    zone: ZoneInfo
    at: datetime
    witnesses: tuple[str, ...]


def misnamed(seen: Witnesses, run: DueRun) -> Misnamed | None:
    """The file of `run` whose name is read in the wrong zone; None where none is proven to be."""
    output = seen.declared
    if output is None or not output.path.has_fields or output.path.tells_zone or output.dated is not Dated.RUN:
        return None
    made = seen.made_by(run)
    if made and made[-1].made_at <= run.finish_by:
        return None
    return next(_candidates(seen, run), None)


def _candidates(seen: Witnesses, run: DueRun) -> Iterator[Misnamed]:
    for file in (*seen.later, *seen.files):
        for zone in _other_zones(seen):
            at = _read_in(zone, file, seen)
            if at is None or not run.begins_at <= at <= min(run.finish_by, seen.counted_until):
                continue
            witnesses = tuple(_witnesses(file, at, seen))
            # Where its name as it is read fits another due run, one witness may be wrong: a restored mtime.
            if len(witnesses) > _fits_another(file, seen):
                yield Misnamed(file=file, zone=zone, at=at, witnesses=witnesses)


def _own_zone(seen: Witnesses) -> ZoneInfo:
    """In which the names of the output are read."""
    assert seen.declared is not None
    return seen.job.zone_of(seen.declared)


def _other_zones(seen: Witnesses) -> tuple[ZoneInfo, ...]:
    """What names are written in where it is not the declared zone: UTC, the schedule's, or that of the records."""
    naive_times = seen.job.scheduler.naive_times if seen.job.scheduler else None
    zones = {zone.key: zone for zone in (ZoneInfo("UTC"), seen.job.zone, naive_times) if zone}
    return tuple(zone for key, zone in zones.items() if key != _own_zone(seen).key)


def _read_in(zone: ZoneInfo, file: FileSeen, seen: Witnesses) -> datetime | None:
    """When that is in the other zone; of two hours in autumn the one nearer to its mtime.

    None where it is the same, and where its mtime confirms the name as it is read.
    """
    if file.stamp_at is None or file.stamp_until is not None or abs(file.modified_at - file.stamp_at) <= _limit(seen):
        return None
    wall = file.stamp_at.astimezone(_own_zone(seen)).replace(tzinfo=None)
    readings = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    at = min(readings, key=lambda reading: abs(reading - file.modified_at))
    return None if at == file.stamp_at else at


def _witnesses(file: FileSeen, at: datetime, seen: Witnesses) -> Iterator[str]:
    limit = _limit(seen)
    if abs(file.modified_at - at) <= limit:
        yield f"its mtime says {show.when(file.modified_at, seen.job)}"
    if seen.ran_at is not None and abs(seen.ran_at - at) <= limit:
        yield f"{seen.teller} says {show.when(seen.ran_at, seen.job)}"


def _limit(seen: Witnesses) -> timedelta:
    return min(seen.job.max_runtime, _ONE_RUN)


def _fits_another(file: FileSeen, seen: Witnesses) -> bool:
    """True where the name, as it is read, is in time of some run."""
    due_at = last_due(as_scheduled(seen.job.schedule), file.made_at)
    return due_at is not None and file.made_at <= due_at + seen.job.allowance
