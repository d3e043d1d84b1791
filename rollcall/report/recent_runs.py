"""How did the last due runs of a job go, since when has it been bad, and when did it last do its work?

Told from what is remembered and from what the files of this morning still show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from rollcall.causes.explain import Cause
from rollcall.evidence import Outcome, OutputSeen
from rollcall.history.past import PastRun, Signs, Standing, past_runs
from rollcall.history.rows import Chronicle, Row, is_good
from rollcall.report.cause_groups import CauseGroup, own_findings
from rollcall.roll.job import Job
from rollcall.roll.words import Late
from rollcall.schedule.answers import due_between, last_due, next_due
from rollcall.times import EPOCH
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import Verdict

RUNS = 30
_DAY = timedelta(days=1)
# How many steps back an engine is asked between two runs that are known.
_FURTHEST = 200
# What lies before the oldest file is not known here, whatever retention says of it.
_STANDINGS = {
    Standing.MADE: Verdict.OK,
    Standing.LATE: Verdict.LATE,
    Standing.MISSED: Verdict.MISSED,
    Standing.PENDING: Verdict.PENDING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentRun:
    """One due run. `verdict` is None where nobody looked and no file shows it; `ran_at` where it was not seen to run.

    `due_at` is aware UTC. `is_unread` is True where only a file shows it, and what it must hold was not read.
    """

    due_at: datetime
    verdict: Verdict | None
    ran_at: datetime | None = None
    is_unread: bool = False


def recent_runs(judged: JobJudged, rows: Sequence[Row]) -> tuple[RecentRun, ...]:
    """The last 30 due runs, oldest first, as far back as anything is known of the job.

    What was judged this morning comes before what was judged then, and that before what the files show. `rows` are what
    is remembered of the job, oldest first.
    """
    job, run = judged.job, judged.due_run
    known = {each.due_at: _remembered(each, job) for each in rows[-RUNS:]}
    if rows and (recorded := _on_record(judged)) and _is_open(known.get(recorded.due_at)):
        known[recorded.due_at] = recorded
    today = {}
    if run:
        # Where the job is only pending for its next run, this one is well.
        is_next = judged.verdict is Verdict.PENDING and all(each.verdict is Verdict.OK for each in judged.findings)
        verdict = Verdict.OK if is_next else judged.verdict
        today[run.due_at] = RecentRun(due_at=run.due_at, verdict=verdict, ran_at=judged.ran_at)
    known |= today
    dues = _newest_dues(judged, sorted(known))
    if not rows or any(_is_open(known.get(each)) for each in dues if each not in today):
        for past in _shown_by_files(judged):
            if _is_open(known.get(past.due_at)) and (past.file or past.due_at not in known):
                known[past.due_at] = RecentRun(
                    due_at=past.due_at,
                    verdict=Verdict.BAD_OUTPUT if past.flaw else _STANDINGS.get(past.standing),
                    ran_at=past.made_at,
                    is_unread=past.file is not None and past.file.content is None and _promises_content(job),
                )
        # A good file does not make a run good of which more was promised.
        known |= today
        dues = sorted({*dues, *known})
    last = run.due_at if run else None
    return tuple(
        known.get(due_at)
        or RecentRun(due_at=due_at, verdict=Verdict.PENDING if last is not None and due_at > last else None)
        for due_at in dues[-RUNS:]
    )


def _remembered(row: Row, job: Job) -> RecentRun:
    is_unread = row.from_files and _promises_content(job)
    return RecentRun(due_at=row.due_at, verdict=row.verdict, ran_at=row.ran_at, is_unread=is_unread)


def _promises_content(job: Job) -> bool:
    return job.output is not None and job.output.asks_for_content


def _is_open(known: RecentRun | None) -> bool:
    """True where a file may show today what could not be seen then."""
    return known is None or known.verdict in (None, Verdict.PENDING, Verdict.UNKNOWN)


def _on_record(judged: JobJudged) -> RecentRun | None:
    """The last run on record, where it was due before the judged one, in time, and nothing but its success promised."""
    seen, job, run = judged.seen, judged.job, judged.due_run
    if run is None or job.output or seen.floats or seen.ran_at is None:
        return None
    if seen.last is None or seen.last.outcome is not Outcome.SUCCESS:
        return None
    due_at = last_due(job.schedule, seen.ran_at + (run.due_at - run.begins_at))
    if due_at is None or due_at >= run.due_at:
        return None
    past = job.due_run(due_at)
    is_in_time = past.owns(seen.ran_at) and seen.ran_at <= past.finish_by
    return RecentRun(due_at=due_at, verdict=Verdict.OK, ran_at=seen.ran_at) if is_in_time else None


def _shown_by_files(judged: JobJudged) -> tuple[PastRun, ...]:
    """The runs that the files seen this morning show: none before the oldest of them."""
    seen, job, files = judged.seen.output, judged.job, judged.seen.files
    if not isinstance(seen, OutputSeen) or not files or job.output is None or job.output.is_one(seen):
        return ()
    if judged.due_run and not judged.is_pending and judged.due_run.begins_at <= files[-1].made_at:
        return ()
    since = max(files[-1].made_at - job.allowance, judged.seen.now - job.look_back - _DAY)
    signs = Signs.of_output(job, seen, most=len(seen.files), now=judged.seen.now)
    return past_runs(job, signs, since=since, now=judged.seen.now, most=RUNS)


def _newest_dues(judged: JobJudged, known: Sequence[datetime]) -> list[datetime]:
    """The newest 30 due instants, none before the oldest of `known`, which are due instants, oldest first.

    An engine's arithmetic is dear: it is asked only where `known` lie further apart than the schedule's shortest step.
    What counts its runs from one another has no other than those that are known.
    """
    run, schedule = judged.due_run, judged.job.schedule
    if run is None or judged.seen.floats:
        return list(known)
    newer = due_between(schedule, run.due_at, judged.seen.now)[1:] if judged.is_pending else []
    dues = [*reversed(newer), run.due_at]
    step = run.next_due_at - run.due_at if run.next_due_at else _DAY
    for earlier in reversed(known):
        later = dues[-1]
        if earlier >= later:
            continue
        # The newest two are always looked between: only that shows how short a step may be.
        if later - earlier > 1.5 * step or later == run.due_at:
            start = max(earlier, later - _FURTHEST * step)
            between = due_between(schedule, start, later)[:-1]
            dues += reversed(between)
            step = min([step, *(after - before for before, after in pairwise([*between, later]))])
            if start > earlier:
                break
            # Of another schedule, where this one was changed since.
            dues += [earlier] if between[:1] != [earlier] else []
        else:
            dues.append(earlier)
        if len(dues) >= RUNS:
            break
    return dues[:RUNS][::-1]


# Since when -----------------------------------------------------------------------------------------------------------


def newest_first(groups: Sequence[CauseGroup], chronicle: Chronicle) -> list[CauseGroup]:
    """The same, of those that are equally bad the one that began last first; schedulers stay before jobs."""
    by_age = sorted(groups, key=lambda each: began_at(each, chronicle) or EPOCH, reverse=True)
    return sorted(by_age, key=lambda each: each.rank)


def began_at(group: CauseGroup, chronicle: Chronicle) -> datetime | None:
    """When the first run was due that this spoiled, or it was first seen, as far back as anything is known.

    None where no run was due yet, or it is not known whether this spoiled any.
    """
    since = [
        _hidden_since(each, group.cause, chronicle.of(each.job.id))
        if group.scheduler
        else bad_since(each, chronicle.of(each.job.id))
        for each in group.jobs
    ]
    return min(filter(None, since), default=None)


def _hidden_since(judged: JobJudged, cause: Cause, rows: Sequence[Row]) -> datetime | None:
    """A job may have been bad before its scheduler was, and due before: only what proves or had this cause counts."""
    run = judged.due_run
    since = run.due_at if run and own_findings(judged) else None
    for recent, row in _unbroken(judged, rows):
        if row is None and run and recent.due_at == run.due_at:
            continue
        if row is None or row.cause != cause.code:
            break
        since = min(row.judged_at if row.verdict is Verdict.UNKNOWN else row.due_at, since or row.judged_at)
    return since


def bad_since(judged: JobJudged, rows: Sequence[Row]) -> datetime | None:
    """When the first was due of the runs up to the judged one that needed a person, each of them: none was well, or was
    due and is not known. `rows` are what is remembered of the job, oldest first.

    A run that was still inside its time is no good one. None where no run was due yet.
    """
    run = judged.due_run
    if run is None:
        return None
    if judged.verdict is Verdict.UNKNOWN and any(each.due_at == run.due_at and is_good(each) for each in rows):
        # It was seen to be well: nothing but our sight of it is bad, and that since this morning.
        return judged.seen.now
    since = run.due_at
    for recent, row in _unbroken(judged, rows):
        if recent.due_at == run.due_at or recent.verdict in (Verdict.PENDING, Verdict.PAUSED):
            continue
        if row and row.verdict is recent.verdict:
            is_bad = row.needs_a_person
        else:
            is_allowed = recent.verdict is Verdict.LATE and judged.job.late is not Late.FAIL
            is_bad = recent.verdict is not Verdict.OK and not is_allowed
        if not is_bad:
            break
        since = recent.due_at
    return since


def _unbroken(judged: JobJudged, rows: Sequence[Row]) -> Iterator[tuple[RecentRun, Row | None]]:
    """The runs up to the judged one, newest first, back to the first that was due and of which nothing is known."""
    remembered = {each.due_at: each for each in rows}
    later = None
    for recent in reversed(recent_runs(judged, rows)):
        if judged.due_run is None or recent.due_at <= judged.due_run.due_at:
            if recent.verdict is None:
                return
            yield recent, remembered.get(recent.due_at)
        later = recent.due_at
    # What is remembered reaches back further than the recent runs.
    for row in reversed(rows):
        if later is None or row.due_at >= later:
            continue
        if not judged.seen.floats and next_due(judged.job.schedule, row.due_at) != later:
            return
        yield _remembered(row, judged.job), row
        later = row.due_at


def last_good_at(judged: JobJudged, rows: Sequence[Row], *, is_unread: bool = False) -> datetime | None:
    """When the newest run before the judged one ended that did its work (when it was due, where only that is known).

    `is_unread` asks for those of which only a file is known, and what it must hold was not read.
    """
    due_at = judged.due_run.due_at if judged.due_run else judged.seen.now
    good = [_remembered(each, judged.job) for each in rows if is_good(each)]
    good += [each for each in recent_runs(judged, rows) if each.verdict is Verdict.OK]
    before = [each for each in good if each.due_at < due_at and each.is_unread == is_unread]
    return max((each.ran_at or each.due_at for each in before), default=None)
