"""Since when does it last, and when was all well?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rollcall.findings import Verdict
from rollcall.history.rows import Chronicle, Row, bad_since, last_good
from rollcall.report import markup
from rollcall.report.strips import Beat, beats
from rollcall.report.told import Told, telling
from rollcall.times import EPOCH
from rollcall.verdict import JobJudged

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
    """The same, of those that are equally bad the one that began last first; services stay before jobs."""
    by_age = sorted(told, key=lambda each: began_at(each, context) or EPOCH, reverse=True)
    return sorted(by_age, key=lambda each: each.rank)


def began_at(told: Told, context: Context) -> datetime | None:
    """When the first run was due that this spoiled, or it was first seen, as far back as anything tells.

    None where no run was due yet, or it is not known whether this spoiled any.
    """
    since = _under if told.service else _of_job
    return min(filter(None, (since(each, told, context) for each in told.jobs)), default=None)


def _under(judged: JobJudged, told: Told, context: Context) -> datetime | None:
    """A job may have been bad before its service was, and due before: only what proves or had this cause counts."""
    since = judged.due_run.due_at if judged.due_run and telling(judged) else None
    for row in reversed(context.rows(judged)):
        if row.cause != told.cause.code:
            break
        since = min(row.judged_at if row.verdict is Verdict.UNKNOWN else row.due_at, since or row.judged_at)
    return since


def _of_job(judged: JobJudged, told: Told, context: Context) -> datetime | None:
    if judged.due_run is None:
        return None
    known = bad_since(context.rows(judged))
    return min(filter(None, (known, _by_strip(context.strip(judged)), judged.due_run.due_at)))


def _by_strip(run_beats: Sequence[Beat]) -> datetime | None:
    """The first of those at the end of the strip that were not well, nothing untold between them."""
    since = None
    for beat in reversed(run_beats):
        if beat.verdict in (Verdict.OK, Verdict.LATE, None):
            break
        if beat.verdict not in _TOO_EARLY:
            since = beat.due_at
    return since


def last_good_at(judged: JobJudged, context: Context) -> datetime | None:
    """When the newest run before the judged one ended that did its work (when it was due, where only that is known)."""
    due_at = judged.due_run.due_at if judged.due_run else judged.seen.now
    good = [each for each in context.strip(judged) if each.verdict is Verdict.OK and each.due_at < due_at]
    row = last_good([each for each in context.rows(judged) if each.due_at < due_at])
    instants = [each.ran_at or each.due_at for each in (*good[-1:], *((row,) if row else ()))]
    return max(instants, default=None)


def render_lasting(told: Told, context: Context) -> str:
    """ "Since Mon 9 Feb 06:00 CET (day 3). Last good run Sun 8 Feb 06:00:17 CET."; nothing where neither is known."""
    facts = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _facts(told, context))
    return f'<dl class="rc-lasting">{facts}</dl>' if facts else ""


def _facts(told: Told, context: Context) -> Iterator[tuple[str, str]]:
    zone = context.zone
    if since := began_at(told, context):
        day = (context.now.astimezone(zone).date() - since.astimezone(zone).date()).days + 1
        yield "Since", f"{markup.instant(since, zone)} (day {day:,})"
    if good := max(filter(None, (last_good_at(each, context) for each in told.jobs)), default=None):
        yield "Last good run", markup.instant(good, zone)
    elif any(map(context.rows, told.jobs)):
        yield "Last good run", "none on record"
