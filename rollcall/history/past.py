"""Which of the past due runs left their work?

Pure: a job, the signs that its runs left, a period and `now` go in; a record of every due run of the period comes
out. Files are the signs that are known today. Retention takes the oldest first, so a run without a file was missed
where an older file is still there, and cannot be told where none is. What was found then, when its file was still
there, may be remembered.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise

from rollcall.evidence import FileSeen, NotSeen, OutputSeen
from rollcall.roll.due_run import LOOKING_TIME, DueRun
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.schedule import Schedule
from rollcall.schedule.answers import due_between, last_due
from rollcall.text import counted, listed, show_size
from rollcall.verdict import interval

# A job that is due every minute owes half a million runs a year; nobody reads more rows than these.
MOST_RUNS = 2_000
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_RECENT = timedelta(days=2)


class Standing(StrEnum):
    """What is known today of a due run of the past."""

    MADE = "made"
    LATE = "late"
    MISSED = "missed"
    PENDING = "pending"
    BEYOND_RETENTION = "beyond retention"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One sign that a run was done, and the file where it is one.

    `flaw` is what the listing alone shows to be wrong with it: it is empty, too small, or no regular file.
    """

    at: datetime
    file: FileSeen | None = None
    flaw: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What was found of a due run on an earlier morning: its standing then, and in a few words why.

    `at` is when its work was seen to be done, None where it was not seen; `flaw` is what was wrong with that work.
    """

    due_at: datetime
    standing: Standing
    judged_at: datetime
    at: datetime | None = None
    says: str = ""
    flaw: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What is left of a job's runs, oldest first, and how far back a missing one proves anything.

    A run that begins after `reach` and left no sign was missed. One before it is `older`, for the reason `because`.
    Where `reach` is None every run was looked for: none is older. `remembered` tells, by when it was due, of runs that
    left no file that is there today.
    """

    seen: tuple[Sign, ...] = ()
    reach: datetime | None = None
    older: Standing = Standing.UNTOLD
    because: str = ""
    remembered: Mapping[datetime, Remembered] = field(default_factory=dict)

    @classmethod
    def of_output(cls, job: Job, output: OutputSeen | NotSeen | None, *, most: int, now: datetime) -> Signs:
        """The signs that the files are, of which at most the newest `most` were listed."""
        if output is None or job.output is None:
            return cls(reach=now, because="it declares no output, and this table asks no scheduler")
        if isinstance(output, NotSeen):
            return cls(reach=now, because=f"its folder could not be looked at: {output.detail}")
        counted_until = now + LOOKING_TIME
        files = sorted((each for each in output.files if each.made_at <= counted_until), key=lambda each: each.made_at)
        seen = tuple(Sign(at=each.made_at, file=each, flaw=_flaw(each, job.output)) for each in files)
        is_cut = len(output.files) >= most and output.matches > len(output.files)
        reach = seen[0].at if seen else _reach_without_files(job, output, now)
        older, because = _older(job, output, is_cut=is_cut)
        if output.unstamped:
            because += f"; not counted, as their names tell no time that can be: {listed(output.unstamped, 3)}"
        return cls(seen=seen, reach=None if older is Standing.MISSED else reach, older=older, because=because)

    def joined_by(self, remembered: Iterable[Remembered]) -> Signs:
        """The same with what is remembered of runs. Files alone say how far back a missing one proves anything."""
        return replace(self, remembered={each.due_at: each for each in remembered})

    def of(self, run: DueRun) -> tuple[Sign, ...]:
        """The signs that belong to `run`, oldest first."""
        start = bisect_left(self.seen, run.begins_at, key=lambda each: each.at)
        end = bisect_left(self.seen, run.ends_at, key=lambda each: each.at) if run.ends_at else len(self.seen)
        return self.seen[start:end]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One due run of the past, and the sign that tells of it, or else what is `remembered`: None where nothing does."""

    run: DueRun
    standing: Standing
    sign: Sign | None = None
    remembered: Remembered | None = None

    @property
    def due_at(self) -> datetime:
        """When it was due."""
        return self.run.due_at

    @property
    def made_at(self) -> datetime | None:
        """When its work was there."""
        if self.sign:
            return self.sign.at
        return self.remembered.at if self.remembered else None

    @property
    def file(self) -> FileSeen | None:
        """The file it left."""
        return self.sign.file if self.sign else None

    @property
    def flaw(self) -> str | None:
        """What its file's listing alone shows to be wrong with it, or what was wrong with it then."""
        if self.sign:
            return self.sign.flaw
        return self.remembered.flaw if self.remembered else None

    @property
    def is_empty(self) -> bool:
        """True where its file is there, with nothing in it."""
        return self.file is not None and self.file.size == 0

    @property
    def is_simply_made(self) -> bool:
        """True where there is nothing more to say of it."""
        return self.standing is Standing.MADE and not (self.remembered.says if self.remembered else self.flaw)


def past_runs(job: Job, signs: Signs, *, since: datetime, now: datetime, most: int = MOST_RUNS) -> tuple[PastRun, ...]:
    """Every run of `job` due from `since` to `now`, oldest first; the newest `most` where there are more.

    An interval without an anchor is counted from one sign to the next: only their distance can tell what is missing.
    """
    since = max(filter(None, (since, job.since)))
    if interval.floats(job):
        return tuple(_floating(job, signs, since=since, now=now, most=most))[-most:]
    due = newest_due(job.schedule, since, now, most)
    runs = [job.due_run(due_at, next_at) for due_at, next_at in pairwise(due)] + [job.due_run(at) for at in due[-1:]]
    # Only a run that is drawn may come in the time of the next.
    following = (*runs[1:], None) if job.jitter else (None,) * len(runs)
    return tuple(_past(run, after, signs, now) for run, after in zip(runs, following, strict=False))


def newest_due(schedule: Schedule, since: datetime, now: datetime, most: int) -> list[datetime]:
    """The newest `most` due instants of `since <= due <= now`, oldest first."""
    # Engines are walked forwards (APScheduler's knows no previous), from further and further back.
    span = _DAY
    while True:
        start = max(since, now - span)
        if now - start <= _RECENT:
            # This morning has asked for these already; a year of every minute is not kept.
            due = due_between(schedule, start, now)[-most:]
        else:
            due = list(deque(schedule.due_between(start - _INSTANT, now), maxlen=most))
        if len(due) == most or start == since:
            return due
        span *= 4


def _past(run: DueRun, following: DueRun | None, signs: Signs, now: datetime) -> PastRun:
    if sign := _telling(signs.of(run)):
        standing = Standing.MADE if sign.at <= run.finish_by else Standing.LATE
        return PastRun(run=run, standing=standing, sign=sign)
    # A file that is gone today was there then, and what was missed before the oldest file was seen to be.
    if remembered := signs.remembered.get(run.due_at):
        return PastRun(run=run, standing=remembered.standing, remembered=remembered)
    if run.finish_by > now or (following and _may_be_late(run, following, signs, now)):
        return PastRun(run=run, standing=Standing.PENDING)
    is_told = signs.reach is None or signs.reach < run.begins_at
    return PastRun(run=run, standing=Standing.MISSED if is_told else signs.older)


def _may_be_late(run: DueRun, following: DueRun, signs: Signs, now: datetime) -> bool:
    """True where what came inside its time, after the next had begun, may be its: one sign is not of both."""
    later = signs.of(following)
    return bool(later) and later[0].at <= run.finish_by and (following.finish_by > now or len(later) > 1)


def _telling(signs: Sequence[Sign]) -> Sign | None:
    """The first sign without a flaw: an empty file that a second run made good is not the run's work."""
    return next((each for each in signs if each.flaw is None), next(iter(signs), None))


# How far back files tell ----------------------------------------------------------------------------------------------


def _flaw(file: FileSeen, output: Output) -> str | None:
    if not file.is_regular:
        return "no regular file"
    if file.size == 0:
        return "empty (0 B)"
    if file.size < output.min_size:
        return f"has {show_size(file.size)}, less than min_size = {show_size(output.min_size)}"
    return None


def _reach_without_files(job: Job, output: OutputSeen, now: datetime) -> datetime:
    """Retention never takes the newest: where no file was ever made since, the newest run left none."""
    closed_at = last_due(job.schedule, now - job.allowance)
    return now if output.later or closed_at is None else job.due_run(closed_at).begins_at - _INSTANT


def _older(job: Job, seen: OutputSeen, *, is_cut: bool) -> tuple[Standing, str]:
    """What a run before the oldest file is: only where retention took nothing can it have been missed."""
    assert job.output is not None
    keeps, output = job.output.keeps, job.output
    if output.is_one_file:
        return Standing.UNTOLD, "each run overwrites the same file, so only the newest can be told"
    if is_cut:
        return Standing.UNTOLD, f"only the newest {counted(len(seen.files), 'file')} were listed"
    if keeps is not None and seen.matches < keeps:
        if job.since is not None:
            return Standing.MISSED, ""
        taken = f"retention has taken none, as {seen.matches} of {keeps} are there"
        return Standing.UNTOLD, f"{taken}: not run, or not installed yet (`since` in jobs.toml tells from when it is)"
    if seen.matches == 0:
        return Standing.UNTOLD, "no file at all is there, and what its retention leaves (`keeps`) is not declared"
    left = f"retention leaves {counted(keeps, 'file')}" if keeps else "what retention leaves (`keeps`) is not declared"
    return Standing.BEYOND_RETENTION, f"older than the oldest file that is left; {left}"


# An interval without an anchor ----------------------------------------------------------------------------------------


def _floating(job: Job, signs: Signs, *, since: datetime, now: datetime, most: int) -> Iterator[PastRun]:
    """The runs that left a sign, those missing between, and those owed since the newest; oldest first."""
    groups = [tuple(group) for group in _runs_of(signs.seen, job)]
    made = [group[0].at for group in groups]
    if not made:
        return
    counted = interval.anchored(job, made[-1], None)
    owed_since = max(filter(None, (made[-1] + _INSTANT, counted.since)))
    # What lies before `since` was not owed, and tells of no gap.
    owed = [at for at in made if job.since is None or at >= job.since]
    runs = [
        PastRun(run=_from(at, job), standing=Standing.MADE, sign=_telling(group))
        for at, group in zip(made, groups, strict=True)
    ]
    for due_at in (*_between(owed, job, most), *newest_due(counted.schedule, owed_since, now, most)):
        run = _from(due_at, job)
        standing = Standing.PENDING if run.finish_by > now else Standing.MISSED
        insort(runs, PastRun(run=run, standing=standing), key=lambda each: each.due_at)
    yield from (each for each in runs if since <= each.due_at)


def _from(at: datetime, job: Job) -> DueRun:
    return job.due_run(at, at + interval.span_of(job))


def _runs_of(signs: Sequence[Sign], job: Job) -> Iterator[Iterator[Sign]]:
    """The signs by run: what lies closer together than a run may take is the work of one."""
    apart = min(job.max_runtime, interval.span_of(job) / 4)
    first_at: datetime | None = None

    def begun_at(sign: Sign) -> datetime:
        nonlocal first_at
        if first_at is None or sign.at - first_at > apart:
            first_at = sign.at
        return first_at

    return (group for _, group in groupby(signs, key=begun_at))


def _between(made: list[datetime], job: Job, most: int) -> Iterator[datetime]:
    """When runs were due that are missing between those that left a sign: as many as the gap has room for."""
    span = interval.span_of(job)
    for first_due_at in interval.gaps(made, job):
        following = made[bisect_left(made, first_due_at)]
        # The last of a gap may come up to half an interval early, as the next run by hand does.
        missing = max(1, (following - first_due_at + span / 2) // span)
        yield from (first_due_at + number * span for number in range(max(0, missing - most), missing))
