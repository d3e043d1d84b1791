"""Which of the past due runs left their work?

Pure: a job, the signs that its runs left, what is remembered of them, a period and `now` go in; a record of every due
run of the period comes out. Signs are files. Retention takes the oldest first, so a run without a file was missed where
an older file is still there, and cannot be told where none is. What an earlier morning found, when its file was still
there, may be remembered.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from rollcall.evidence import FileSeen, NotSeen, OutputSeen
from rollcall.history.rows import Row
from rollcall.roll.due_run import LOOKING_TIME, DueRun
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.schedule import Schedule
from rollcall.schedule.answers import due_between, last_due
from rollcall.text import counted, listed, show_size
from rollcall.verdict import interval
from rollcall.verdict.case import done_at
from rollcall.verdict.overwritten import overwritten
from rollcall.verdict.witnesses import placed_at
from rollcall.vocabulary import Verdict

# A job that is due every minute owes half a million runs a year; nobody reads more rows than these.
MOST_RUNS = 2_000
_INSTANT = timedelta(microseconds=1)


class Standing(StrEnum):
    """What is known today of a due run of the past."""

    MADE = "made"
    LATE = "late"
    MISSED = "missed"
    PENDING = "pending"
    BEYOND_RETENTION = "beyond retention"
    UNTOLD = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """The files that are left of a job's runs, oldest first, and how far back a missing one proves anything.

    `placed` are the instants that place them.

    A run that begins after `reach` and left no file was missed. One before it is `older`, for the reason `because`.
    Where `reach` is None every run was looked for: none is older.
    """

    seen: tuple[FileSeen, ...] = ()
    placed: tuple[datetime, ...] = ()
    reach: datetime | None = None
    older: Standing = Standing.UNTOLD
    because: str = ""

    @classmethod
    def of_output(cls, job: Job, output: OutputSeen | NotSeen | None, *, most: int, now: datetime) -> Signs:
        """The signs that the files are, of which at most the newest `most` were listed."""
        if output is None or job.output is None:
            return cls(reach=now, because="it declares no output, and the calendar asks no scheduler")
        if isinstance(output, NotSeen):
            return cls(reach=now, because=f"its folder could not be read: {output.detail}")
        by_time = sorted((placed_at(each, job), each.name, each) for each in output.files)
        placed = tuple(at for at, _, each in by_time if each.made_at <= now + LOOKING_TIME)
        files = tuple(each for _, _, each in by_time if each.made_at <= now + LOOKING_TIME)
        is_cut = len(output.files) >= most and output.matches > len(output.files)
        older, because = _older(job, job.output, output, is_cut=is_cut)
        if output.unstamped:
            because += f"; not counted, as the times in their names cannot be read: {listed(output.unstamped, 3)}"
        reach = placed[0] if files else _reach_without_files(job, output, now)
        reach_back = None if older is Standing.MISSED else reach
        return cls(seen=files, placed=placed, reach=reach_back, older=older, because=because)

    def of(self, run: DueRun) -> tuple[FileSeen, ...]:
        """The files that belong to `run`, oldest first."""
        start = bisect_left(self.placed, run.begins_at)
        end = bisect_left(self.placed, run.ends_at) if run.ends_at else len(self.seen)
        return self.seen[start:end]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One due run of the past, and the file that tells of it, or else what is `remembered`: None where nothing does.

    `flaw` is what the file's listing alone shows to be wrong with it, or what was wrong with its work then.
    """

    run: DueRun
    standing: Standing
    file: FileSeen | None = None
    flaw: str | None = None
    remembered: Row | None = None

    @property
    def due_at(self) -> datetime:
        """When it was due."""
        return self.run.due_at

    @property
    def made_at(self) -> datetime | None:
        """When its work was there."""
        if self.file:
            return done_at(self.file, self.run) or self.file.made_at
        return self.remembered.ran_at if self.remembered else None

    @property
    def is_simply_made(self) -> bool:
        """True where there is nothing more to say of it."""
        return self.standing is Standing.MADE and not (self.remembered.says if self.remembered else self.flaw)


def past_runs(
    job: Job, signs: Signs, *, since: datetime, now: datetime, rows: Iterable[Row] = (), most: int = MOST_RUNS
) -> tuple[PastRun, ...]:
    """Every run of `job` due from `since` to `now`, oldest first; the newest `most` where there are more.

    `rows` are what is remembered of it; files alone say how far back a missing one proves anything. An interval without
    an anchor is counted from one file to the next: only their distance can tell what is missing.
    """
    since = max(filter(None, (since, job.since)))
    if interval.floats(job):
        return tuple(_floating(job, signs, since=since, now=now, most=most))[-most:]
    if job.draws_past_the_next:
        job = job.once_a_window(sorted(signs.placed), now, are_starts=False)
    remembered = {row.due_at: row for row in rows}
    due = newest_due(job.schedule, since, now, most)
    runs = [job.due_run(due_at, next_at) for due_at, next_at in pairwise(due)] + [job.due_run(at) for at in due[-1:]]
    # Only a run that is drawn may come in the time of the next.
    following = (*runs[1:], None) if job.jitter else (None,) * len(runs)
    past = [
        _past(job, run, after, signs, remembered.get(run.due_at), now)
        for run, after in zip(runs, following, strict=False)
    ]
    missing = [each.run for each in past if each.standing is Standing.MISSED and each.remembered is None]
    if not missing or job.output is None:
        return tuple(past)
    untold = overwritten(missing, job, job.output, list(zip(signs.placed, signs.seen, strict=True))[::-1])
    return tuple([replace(each, standing=Standing.UNTOLD) if each.due_at in untold else each for each in past])


def newest_due(schedule: Schedule, since: datetime, now: datetime, most: int) -> list[datetime]:
    """The newest `most` due instants of `since <= due <= now`, oldest first."""
    # Engines are walked forwards (APScheduler's knows no previous), from further and further back.
    span = timedelta(days=1)
    while True:
        start = max(since, now - span)
        due = due_between(schedule, start, now)[-most:]
        if len(due) == most or start == since:
            return due
        span *= 4


def _past(job: Job, run: DueRun, following: DueRun | None, signs: Signs, row: Row | None, now: datetime) -> PastRun:
    if files := signs.of(run):
        file, flaw = _telling(files, job)
        at = done_at(file, run)
        standing = Standing.MADE if at is None or at <= run.finish_by else Standing.LATE
        return PastRun(run=run, standing=standing, file=file, flaw=flaw)
    # A file that is gone today was there then, and what was missed before the oldest file was seen to be.
    if row and (then := _standing_then(job, row)):
        flaw = row.says if row.verdict is Verdict.BAD_OUTPUT and then is Standing.MADE else None
        return PastRun(run=run, standing=then, flaw=flaw, remembered=row)
    if run.finish_by > now or (following and _may_be_late(run, following, signs.of(following), now)):
        return PastRun(run=run, standing=Standing.PENDING)
    is_told = signs.reach is None or signs.reach < run.begins_at
    return PastRun(run=run, standing=Standing.MISSED if is_told else signs.older)


def _may_be_late(run: DueRun, following: DueRun, later: Sequence[FileSeen], now: datetime) -> bool:
    """True where what came inside its time, after the next had begun, may be its: one file is not of both."""
    return bool(later) and later[0].made_at <= run.finish_by and (following.finish_by > now or len(later) > 1)


def _standing_then(job: Job, row: Row) -> Standing | None:
    """Whether it left its work. A row tells of the job: of another run that is missing, or of its scheduler, too."""
    match row.verdict:
        case Verdict.OK:
            return Standing.MADE
        case Verdict.LATE:
            return Standing.LATE
        case _ if row.outputs or (row.verdict is Verdict.MISSED and row.ran_at is not None and job.output is None):
            return Standing.MADE
        case Verdict.MISSED | Verdict.FAILED | Verdict.STUCK | Verdict.BAD_OUTPUT:
            return Standing.MISSED
    return None


def _telling(files: Sequence[FileSeen], job: Job) -> tuple[FileSeen, str | None]:
    """The first file without a flaw, else the first: an empty one that a second run made good is not the run's work."""
    assert job.output is not None
    least = job.output.least_size
    flaws: list[str] = []
    for file in files:
        if file.is_folder:
            return file, None
        if not file.is_regular:
            flaws.append("not a regular file")
        elif file.size == 0:
            flaws.append("empty (0 B)")
        elif file.size is not None and file.size < least:
            flaws.append(f"has {show_size(file.size)}, less than min_size = {show_size(least)}")
        else:
            return file, None
    return files[0], flaws[0]


# How far back files tell ----------------------------------------------------------------------------------------------


def _reach_without_files(job: Job, output: OutputSeen, now: datetime) -> datetime:
    """Retention never takes the newest: where no file was ever made since, the newest run left none."""
    closed_at = last_due(job.schedule, now - job.allowance)
    has_later = any(each.made_at <= output.looked_at + LOOKING_TIME for each in output.later)
    return now if has_later or closed_at is None else job.due_run(closed_at).begins_at - _INSTANT


def _older(job: Job, output: Output, seen: OutputSeen, *, is_cut: bool) -> tuple[Standing, str]:
    """What a run before the oldest file is: only where retention took nothing can it have been missed."""
    keeps, kind = output.keeps, output.kind
    if output.is_one(seen):
        return Standing.UNTOLD, f"each run overwrites the same {kind.one}, so only the newest run is known"
    if is_cut:
        return Standing.UNTOLD, f"only the newest {counted(len(seen.files), kind.one, kind.many)} were listed"
    if keeps is not None and seen.matches < keeps:
        if job.since is not None:
            return Standing.MISSED, ""
        taken = f"retention removed none, as {seen.matches} of {keeps} are there"
        return Standing.UNTOLD, f"{taken}: not run, or not installed yet (`since` in jobs.toml says since when it is)"
    undeclared = "how many retention keeps (`keeps`) is not declared"
    if seen.matches == 0:
        return Standing.UNTOLD, f"no {kind.one} is there, and {undeclared.replace('retention', 'its retention')}"
    left = f"retention keeps {counted(keeps, kind.one, kind.many)}" if keeps else undeclared
    return Standing.BEYOND_RETENTION, f"older than the oldest {kind.one} that is left; {left}"


# An interval without an anchor ----------------------------------------------------------------------------------------


def _floating(job: Job, signs: Signs, *, since: datetime, now: datetime, most: int) -> list[PastRun]:
    """The runs that left a file, those missing between, and those owed since the newest; oldest first."""
    span = interval.span_of(job)
    works: list[list[FileSeen]] = []
    for file in signs.seen:
        # What lies closer together than a run may take is the work of one.
        if works and file.made_at - works[-1][0].made_at <= min(job.max_runtime, span / 4):
            works[-1].append(file)
        else:
            works.append([file])
    if not works:
        return []
    runs = []
    for work in works:
        file, flaw = _telling(work, job)
        run = job.due_run(work[0].made_at, work[0].made_at + span)
        runs.append(PastRun(run=run, standing=Standing.MADE, file=file, flaw=flaw))
    made = [each.due_at for each in runs]
    # What lies before `since` was not owed, and tells of no gap.
    owed = [at for at in made if job.since is None or at >= job.since]
    due: list[datetime] = []
    for first_due_at in interval.gaps(owed, job):
        following = owed[bisect_left(owed, first_due_at)]
        # The last of a gap may come up to half an interval early, as the next run by hand does.
        missing = max(1, (following - first_due_at + span / 2) // span)
        due += [first_due_at + number * span for number in range(max(0, missing - most), missing)]
    after_newest = interval.anchored(job, made[-1], None)
    due += newest_due(after_newest.schedule, max(filter(None, (made[-1] + _INSTANT, after_newest.since))), now, most)
    for due_at in due:
        run = job.due_run(due_at, due_at + span)
        runs.append(PastRun(run=run, standing=Standing.PENDING if run.finish_by > now else Standing.MISSED))
    return sorted((each for each in runs if since <= each.due_at), key=lambda each: each.due_at)
