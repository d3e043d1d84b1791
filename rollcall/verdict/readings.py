"""Which instant does a timestamp of the scheduler mean, read in this zone or in another?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.evidence import FileSeen
from rollcall.roll.due_run import DueRun
from rollcall.times import show_instant
from rollcall.verdict import show
from rollcall.verdict.findings import Check, Finding, broken
from rollcall.verdict.witnesses import Reading, Witnesses
from rollcall.vocabulary import CauseCode, Verdict

# Record and file of one run are seconds apart: nearer than any two zones are, and than a person runs a job again.
_SAME_RUN = timedelta(minutes=2)


def misread(check: Check, expected: str, seen: Witnesses, run: DueRun) -> Finding | None:
    """The record's clock face, read in another zone, is when the output was written: the zone is what is wrong.

    Only a file can prove it: without one, a run an hour off may be just that.
    """
    reading, job = seen.last_run, seen.job
    zone = fitting_zone(seen)
    if reading is None or reading.at is None or zone is None:
        return None
    at = in_zone(reading, zone)
    file = _made_near(at, seen, _SAME_RUN)
    assert file is not None
    because = (
        f"{show.due(run, job)}; its {seen.word('ended')} {reading.text} read {as_read(seen)} is "
        f"{show.when(reading.at, job)}, but read as {zone.key} it is {show.when(at, job)}, when its output "
        f"{file.name} was made ({show.when(file.made_at, job)}): it is read in the wrong zone"
    )
    found = f"ended {show.when(reading.at, job)}"
    return broken(check, Verdict.UNKNOWN, CauseCode.WRONG_TIMEZONE, expected=expected, found=found, because=because)


def fitting_zone(seen: Witnesses) -> ZoneInfo | None:
    """The zone in which the record tells of the same instant as a file, where it does not as it is read."""
    reading = seen.last_run
    if reading is None or reading.at is None or _made_near(reading.at, seen, seen.job.max_runtime):
        return None
    zones = likely_zones(seen)
    return next((zone for zone in zones if _made_near(in_zone(reading, zone), seen, _SAME_RUN)), None)


def face(reading: Reading) -> datetime:
    """What the timestamp says as a clock on the wall, whatever its offset."""
    stamp = reading.stamp
    assert stamp is not None
    if stamp.naive is not None:
        return stamp.naive
    assert stamp.at is not None
    return (stamp.at + (stamp.offset or timedelta(0))).replace(tzinfo=None)


def in_zone(reading: Reading, zone: ZoneInfo) -> datetime:
    return face(reading).replace(tzinfo=zone).astimezone(UTC)


def likely_zones(seen: Witnesses) -> tuple[ZoneInfo, ...]:
    """UTC and the job's own zone: what schedulers write their times in."""
    utc = ZoneInfo("UTC")
    return (utc,) if seen.job.zone.key == utc.key else (utc, seen.job.zone)


def _made_near(at: datetime, seen: Witnesses, distance: timedelta) -> FileSeen | None:
    return next((each for each in seen.files if abs(each.made_at - at) <= distance), None)


def as_read(seen: Witnesses) -> str:
    assert seen.last_run is not None
    scheduler = seen.job.scheduler
    if not seen.last_run.is_naive or scheduler is None or scheduler.naive_times is None:
        return "with its own offset"
    return f"as {scheduler.naive_times.key}"


def unread(
    check: Check, expected: str, field: str, reading: Reading, seen: Witnesses, run: DueRun | None = None
) -> Finding:
    """A timestamp that means no instant: it has no offset and nobody said how to read it, or it is no time at all."""
    found = f"{field} {reading.text}"
    if not reading.is_naive:
        because = f'{seen.teller} says {field} = "{reading.text}", which is no time'
        return broken(
            check, Verdict.UNKNOWN, CauseCode.SCHEDULER_ERROR, expected=expected, found=found, because=because
        )
    scheduler = seen.job.scheduler
    assert scheduler is not None
    readings = " or ".join(_one_reading(reading, zone, seen, run) for zone in likely_zones(seen))
    because = (
        f"its {found} has no offset and could mean {readings}{_beside(seen, run)}; say which: "
        f"{' or '.join(lines_to_add(seen))} in [schedulers.{scheduler.id}]"
    )
    return broken(check, Verdict.UNKNOWN, CauseCode.NAIVE_TIMESTAMP, expected=expected, found=found, because=because)


def _one_reading(reading: Reading, zone: ZoneInfo, seen: Witnesses, run: DueRun | None) -> str:
    at = in_zone(reading, zone)
    distance = f", {show.distance(at, run)}" if run else ""
    return f"{show_instant(at, seen.job.zone, seconds=True)} (read as {zone.key}{distance})"


def _beside(seen: Witnesses, run: DueRun | None) -> str:
    """The output of the run, which may show a person which of the readings is right."""
    made = seen.made_by(run) if run else ()
    return f"; its output {made[0].name} is of {show.when(made[0].made_at, seen.job)}" if made else ""


def lines_to_add(seen: Witnesses) -> tuple[str, ...]:
    """The line of jobs.toml for each way to read it; which one is right is guessed only where a file tells."""
    zone = fitting_zone(seen)
    return tuple(f'naive_times = "{each.key}"' for each in ([zone] if zone else likely_zones(seen)))
