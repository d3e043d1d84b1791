"""When is the last grace of the morning over, and what do the clocks of this machine show then?

The runs of the night decide, those due before 07:00: a look is worth most with the first coffee. Where there are none,
those due before noon do. A job that is due all day long has always one run that is not done yet, and decides nothing.
Clock faces are compared here, never instants: a unit goes off by the face of a clock, every day of the year.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.schedule.answers import due_between, next_due
from rollcall.text import clean
from rollcall.verdict.interval import floats

FIRST_COFFEE = time(7)
_NOON = time(12)
_YEAR = timedelta(days=366)  # what is true of each of its days is true of every clock change
_FOUR_WEEKS = timedelta(weeks=4)  # the same weekdays, whatever day it is
_ALL_DAY = 98  # runs in them: more than three a day
_STEP = 5  # minutes, so that a person remembers it
_TO_BE_SURE = timedelta(minutes=2)  # clocks differ a little
_CHANGE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A run of a job as clocks show it in the zone of the roll: when it is due, by when it must be done."""

    job: Job
    due: datetime
    finish: datetime

    def __str__(self) -> str:
        """The job, and both times."""
        return f"{clean(self.job.id, 60)} (due {self.due:%H:%M}, done by {self.finish:%H:%M})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """When to look, by the clocks of the roll's zone, and why then.

    `last` is the run that decides, None where none does. `not_yet` are the jobs with a run that may end later in the
    day, which the next morning judges; `all_day` those that are due all day long.
    """

    at: time
    last: Limit | None
    not_yet: tuple[Limit, ...] = ()
    all_day: tuple[Job, ...] = ()

    @property
    def is_early(self) -> bool:
        """True where it comes before the run that would decide must be done."""
        return self.last is not None and self.at <= self.last.finish.time()

    @property
    def because(self) -> str:
        """Why then, in words."""
        if self.last is None:
            return f"no run is due in the morning, so with the first coffee at {FIRST_COFFEE:%H:%M}"
        if self.is_early:
            return f"before the last run of the morning must be done, {self.last}"
        return f"after the last grace of the morning, {self.last}"


def look_at(roll: Roll, *, now: datetime, wished: time | None = None) -> Look:
    """When to look in the year after `now`; at the clock face that was wished for, where one was."""
    all_day = tuple(job for job in roll.jobs if _is_due_all_day(job, now))
    limits = [limit for job in roll.jobs if job not in all_day for limit in _limits(job, roll.zone, now)]
    last = _last_of_the_morning(limits)
    at = wished or sure_from(_after(last.finish) if last else FIRST_COFFEE, roll.zone, now)
    later = {each.job.id: each for each in limits if each.finish.time() >= at}
    return Look(at=at, last=last, not_yet=tuple(later.values()), all_day=all_day)


def _is_due_all_day(job: Job, now: datetime) -> bool:
    if floats(job):
        return True  # nobody knows when, so it cannot be waited for
    first = next_due(job.schedule, now)
    if first is None:
        return False
    # Only so many are asked for: a job may be due every second.
    nth = next(islice(job.schedule.due_after(first), _ALL_DAY - 2, None), None)
    return nth is not None and nth <= now + _FOUR_WEEKS


def _limits(job: Job, zone: ZoneInfo, now: datetime) -> Iterator[Limit]:
    start = max(now, job.since) if job.since else now
    for due_at in due_between(job.schedule, start, start + _YEAR):
        yield Limit(job=job, due=_face(due_at, zone), finish=_face(job.due_run(due_at).finish_by, zone))


def _face(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _last_of_the_morning(limits: Sequence[Limit]) -> Limit | None:
    """The latest run that must be done between midnight and noon."""
    for before in (FIRST_COFFEE, _NOON):
        of_it = [
            each
            for each in limits
            if each.finish.time() <= _NOON and each.due < datetime.combine(each.finish.date(), before)
        ]
        if of_it:
            return max(of_it, key=lambda each: each.finish.time())
    return None


def _after(finish: datetime) -> time:
    """The first round clock face that is surely after it."""
    at = finish + _TO_BE_SURE
    minutes = -(-(at.hour * 60 + at.minute + bool(at.second or at.microsecond)) // _STEP) * _STEP
    return time(minutes // 60 % 24, minutes % 60)


# Clock changes --------------------------------------------------------------------------------------------------


def skipped_on(face: time, zone: ZoneInfo, now: datetime) -> date | None:
    """The first day in the year after `now` whose clocks skip that face; None where none does.

    Cron runs what was skipped a little later, systemd not at all, and launchd does not say. A face that is shown twice
    does no harm: some look twice then, and none does not look.
    """
    # PEP 495: read with the offset from before the change it comes out later, in a gap and nowhere else.
    gaps = (day for day in _days(now, zone) if _instant(day, face, zone) > _instant(day, face.replace(fold=1), zone))
    return next(gaps, None)


def sure_from(face: time, zone: ZoneInfo, now: datetime) -> time:
    """That clock face, or the first half hours later that every day shows."""
    while skipped_on(face, zone, now):
        face = later(face, _CHANGE)
    return face


def _days(now: datetime, zone: ZoneInfo) -> Iterator[date]:
    today = now.astimezone(zone).date()
    return (today + timedelta(days=number) for number in range(_YEAR.days))


def _instant(day: date, face: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, face, tzinfo=zone).astimezone(UTC)


def later(face: time, span: timedelta) -> time:
    """The clock face that much later."""
    return (datetime.combine(date(2000, 1, 1), face) + span).time()


# Another zone ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A look on a clock of another zone: what that shows, and what the roll's own clocks show then over the year."""

    at: time
    seen_as: tuple[time, ...]


def shown_in(zone: ZoneInfo, look: time, of: ZoneInfo, now: datetime) -> Shown:
    """The one clock face in `zone` that comes, on each day of the year after `now`, no earlier than `look` in `of`."""
    if zone.key == of.key:
        return Shown(at=look, seen_as=(look,))
    looks = [_instant(day, look, of) for day in _days(now, of)]
    ahead = max(_face(at, zone) - _face(at, of) for at in looks)
    at = sure_from(later(look, ahead), zone, now)
    seen = {_face(_instant(day, at, zone), of).time() for day in _days(now, zone)}
    return Shown(at=at, seen_as=tuple(sorted(seen)))


def machine_zone(localtime: Path) -> ZoneInfo:
    """The zone that cron and launchd follow: /etc/localtime's, whatever TZ says; UTC where there is no such file."""
    try:
        _, is_named, key = str(localtime.resolve(strict=True)).partition("/zoneinfo/")
        if is_named:
            return ZoneInfo(key.removeprefix("posix/"))
        with localtime.open("rb") as rules:
            return ZoneInfo.from_file(rules, key="this machine's zone")
    except (OSError, ValueError):  # no file, no such zone, no zone's rules in it
        return ZoneInfo("UTC")
