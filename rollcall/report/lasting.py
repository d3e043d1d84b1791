"""Since when does it last, and when was all well?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rollcall.history.rows import Chronicle, Row, is_good
from rollcall.report import markup
from rollcall.report.strips import Beat, beat_of, beats
from rollcall.report.told import Told, telling
from rollcall.roll.job import Job
from rollcall.roll.words import Late
from rollcall.schedule.answers import next_due
from rollcall.times import EPOCH
from rollcall.verdict import JobJudged
from rollcall.vocabulary import Verdict

_TOO_EARLY = (Verdict.PENDING, Verdict.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a morning is held against: what was remembered, and the present."""

    chronicle: Chronicle
    now: datetime
    zone: ZoneInfo

    def rows(self, judged: JobJudged) -> tuple[Row, ...]:
        """What was remembered of that job, oldest first."""
        return self.chronicle.of(judged.job.id)

    def strip(self, judged: JobJudged) -> Sequence[Beat]:
        """Its last runs, oldest first. None is kept: of ten thousand jobs they would fill the memory."""
        return beats(judged, self.rows(judged))


def newest_first(told: Sequence[Told], context: Context) -> list[Told]:
    """The same, of those that are equally bad the one that began last first; schedulers stay before jobs."""
    by_age = sorted(told, key=lambda each: began_at(each, context) or EPOCH, reverse=True)
    return sorted(by_age, key=lambda each: each.rank)


def began_at(told: Told, context: Context) -> datetime | None:
    """When the first run was due that this spoiled, or it was first seen, as far back as anything tells.

    None where no run was due yet, or it is not known whether this spoiled any.
    """
    since = _under if told.scheduler else _of_job
    return min(filter(None, (since(each, told, context) for each in told.jobs)), default=None)


def _under(judged: JobJudged, told: Told, context: Context) -> datetime | None:
    """A job may have been bad before its scheduler was, and due before: only what proves or had this cause counts."""
    run = judged.due_run
    since = run.due_at if run and telling(judged) else None
    for beat, row in _unbroken(judged, context.rows(judged), context.strip(judged)):
        if row is None and run and beat.due_at == run.due_at:
            continue
        if row is None or row.cause != told.cause.code:
            break
        since = min(row.judged_at if row.verdict is Verdict.UNKNOWN else row.due_at, since or row.judged_at)
    return since


def _of_job(judged: JobJudged, told: Told, context: Context) -> datetime | None:
    return bad_since(judged, context.rows(judged))


def bad_since(judged: JobJudged, rows: Sequence[Row]) -> datetime | None:
    """When the first was due of the runs up to the judged one that needed a person, each of them: none was well, or was
    due and is not told of. `rows` are what is remembered of the job, oldest first.

    A run that was still inside its time is no good one. None where no run was due yet.
    """
    run = judged.due_run
    if run is None:
        return None
    since = run.due_at
    for beat, row in _unbroken(judged, rows, beats(judged, rows)):
        if beat.due_at == run.due_at or beat.verdict in _TOO_EARLY:
            continue
        if not _is_bad(beat, row, judged.job):
            break
        since = beat.due_at
    return since


def _is_bad(beat: Beat, row: Row | None, job: Job) -> bool:
    if row and row.verdict is beat.verdict:
        return row.needs_a_person
    return beat.verdict is not Verdict.OK and (beat.verdict is not Verdict.LATE or job.late is Late.FAIL)


def _unbroken(judged: JobJudged, rows: Sequence[Row], run_beats: Sequence[Beat]) -> Iterator[tuple[Beat, Row | None]]:
    """The runs up to the judged one, newest first, back to the first that was due and of which nothing is told."""
    remembered = {each.due_at: each for each in rows}
    later = None
    for beat in reversed(run_beats):
        if judged.due_run is None or beat.due_at <= judged.due_run.due_at:
            if beat.verdict is None:
                return
            yield beat, remembered.get(beat.due_at)
        later = beat.due_at
    # What is remembered reaches back further than the strip.
    for row in reversed(rows):
        if later is None or row.due_at >= later:
            continue
        if not judged.seen.floats and next_due(judged.job.schedule, row.due_at) != later:
            return
        yield beat_of(row, judged.job), row
        later = row.due_at


# The last good run ----------------------------------------------------------------------------------------------------


def last_good_at(judged: JobJudged, context: Context, *, is_unread: bool = False) -> datetime | None:
    """When the newest run before the judged one ended that did its work (when it was due, where only that is known).

    `is_unread` asks for those of which only a file tells, and what it must hold was not read.
    """
    due_at = judged.due_run.due_at if judged.due_run else judged.seen.now
    known = [beat_of(each, judged.job) for each in context.rows(judged) if is_good(each)]
    good = [each for each in context.strip(judged) if each.verdict is Verdict.OK]
    before = [each for each in (*known, *good) if each.due_at < due_at and each.is_unread == is_unread]
    return max((each.ran_at or each.due_at for each in before), default=None)


def render_lasting(told: Told, context: Context) -> str:
    """ "Since Mon 9 Feb 06:00 CET (day 3). Last good run Sun 8 Feb 06:00:17 CET."; nothing where neither is known."""
    facts = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _facts(told, context))
    return f'<dl class="rc-lasting">{facts}</dl>' if facts else ""


def _facts(told: Told, context: Context) -> Iterator[tuple[str, str]]:
    zone = context.zone
    if since := began_at(told, context):
        day = (context.now.astimezone(zone).date() - since.astimezone(zone).date()).days + 1
        yield "Since", f"{markup.instant(since, zone)} (day {day:,})"
    good, file = (
        max(filter(None, (last_good_at(each, context, is_unread=is_unread) for each in told.jobs)), default=None)
        for is_unread in (False, True)
    )
    if good:
        yield "Last good run", markup.instant(good, zone)
    elif any(map(context.rows, told.jobs)):
        yield "Last good run", "none on record"
    if file and (good is None or file > good):
        yield "Last file before", f"{markup.instant(file, zone)}, not read"
