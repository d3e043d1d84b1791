"""How does a morning become HTML: the board on top of pytest-html's page, the columns of its table, and INCOMPLETE?

The templates are given records without markup. Whatever a template writes is escaped, and before that made to stand on
one line without anything that steers or hides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rollcall.causes.action import Action
from rollcall.causes.action import told as told_action
from rollcall.causes.commands import CHECK_AGAIN
from rollcall.history.rows import NOTHING, Chronicle
from rollcall.morning import Morning
from rollcall.report.cards import Instant, cards_of, showable
from rollcall.report.cause_groups import group_by_cause
from rollcall.report.changes import changes, missing_mornings, tell_missing
from rollcall.report.headline import headline, show_replay, tone
from rollcall.report.lanes import lanes_of
from rollcall.report.recent_runs import newest_first
from rollcall.report.summary import listing_lines
from rollcall.report.tiles import jobs_of
from rollcall.roll.job import Job
from rollcall.text import clean, counted
from rollcall.times import elapsed, show_date, show_instant, show_span, to_iso
from rollcall.verdict import JobJudged, SchedulerJudged
from rollcall.verdict.findings import Check, Finding
from rollcall.vocabulary import Verdict

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER = Path(__file__).parent
_LONGEST = 4_000  # nothing that a person has to type is cut
_NOBODY: Mapping[str, str] = {}
# A run may be some seconds early; a minus sign would sort after the digits.
_EARLIEST = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One line with the mark of a verdict before it; `subject` is whom it is of, if anybody."""

    verdict: Verdict
    said: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands above everything: the verdict, when and of what, and all that is to be known beside it.

    `staged` says that this is not what is there now; `judged_at` is None there, as its age then says nothing.
    """

    staged: tuple[str, ...]
    verdict: Verdict
    headline: str
    judged: str
    looked_at: str
    judged_at: str | None
    notes: tuple[str, ...]
    actions: tuple[Marked, ...]
    schedulers: tuple[Marked, ...]
    listed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherFailure:
    """A check that failed though no finding says why, and the job that it is about."""

    check: str
    job: Job | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A job that owes nothing, until when and why; its verdict is another one where the pause has ended."""

    job: Job
    verdict: Verdict
    until: str
    reason: str


def render_board(
    morning: Morning,
    *,
    chronicle: Chronicle = NOTHING,
    is_complete: bool = True,
    interruption: str | None = None,
    other_failures: Sequence[str] = (),
    about: Mapping[str, str] = _NOBODY,
    notes: Sequence[str] = (),
) -> str:
    """The page's upper part, a fragment that holds its own style; its script only adds to what can be read without.

    `chronicle` is what was remembered before this morning. `notes` are shown one a line. `other_failures` names checks
    that failed though no finding says why (a reader's own), and `about` the job that some are about.
    """
    groups = newest_first(group_by_cause(morning), chronicle)
    cards = cards_of(groups, morning, chronicle)
    card_of = {judged.job.id: card.number for card in cards for judged in card.group.jobs}
    line = headline(morning, is_complete=is_complete, interruption=interruption, other_failures=len(other_failures))
    verdict = tone(morning, is_complete=is_complete, other_failures=len(other_failures))
    last, is_of_now = chronicle.last_morning, not morning.demo and not morning.replay_of
    return _render(
        "board.html",
        morning=morning,
        head=_head(morning, line, verdict, _notes(morning, chronicle, notes)),
        cards=cards,
        more_causes=len(groups) - len(cards),
        failures=tuple(OtherFailure(check=each, job=_job(about.get(each), morning)) for each in other_failures),
        jobs=jobs_of(morning, chronicle, card_of),
        night=lanes_of(morning, chronicle),
        changes=changes(morning, chronicle) if is_of_now else None,
        last_morning=show_instant(last.judged_at, morning.zone) if last else None,
        paused=tuple(_paused(each, morning.judged_at) for each in morning.jobs if each.job.paused),
    )


def render_incomplete(
    *,
    started_at: datetime,
    zone: ZoneInfo | None,
    demo: str | None = None,
    because: str | None = None,
    replay_of: datetime | None = None,
    again: str = CHECK_AGAIN,
) -> str:
    """The page that stands there until the result does, and for ever where the run was killed.

    `zone` is None where jobs.toml could not be read; `because` is why there will be no result, `again` the command that
    judges it again.
    """
    zone = zone or ZoneInfo("UTC")
    return _render(
        "incomplete.html",
        began=show_instant(started_at, zone),
        is_demo=bool(demo),
        staged=_staged(demo, replay_of, zone),
        because=because,
        again=showable(again),
    )


def headers() -> tuple[str, ...]:
    """The cells above ours in pytest-html's table."""
    return tuple(_render("headers.html").splitlines())


def cells(judged: JobJudged | None, zone: ZoneInfo) -> tuple[str, ...]:
    """Job, due, seen and lateness of one check's job; all empty where it is not about a job.

    pytest-html sorts a column by comparing the HTML inside its cells as text, so each cell begins with what sorts
    right: instants in UTC, lateness as padded milliseconds.
    """
    due_at = judged.due_run.due_at if judged and judged.due_run else None
    ran_at = judged.ran_at if judged else None
    late = elapsed(due_at, ran_at) if due_at and ran_at else None
    row = _render(
        "cells.html",
        job=judged.job if judged else None,
        due=Instant.of(due_at, zone) if due_at else None,
        ran=Instant.of(ran_at, zone) if ran_at else None,
        late="" if late is None else show_span(late),
        late_key="" if late is None else f"{max(late + _EARLIEST, timedelta(0)) // timedelta(milliseconds=1):015}",
    )
    return tuple(row.splitlines())


def _render(template: str, **views: object) -> str:
    return _environment().get_template(template).render(views)


@cache
def _environment() -> Environment:
    # Whoever draws no page does not wait for it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_on_one_line,
    )
    environment.filters["counted"] = counted
    environment.globals["style"] = (_FOLDER / "assets" / "page.css").read_text(encoding="utf-8")
    environment.globals["script"] = (_FOLDER / "assets" / "page.js").read_text(encoding="utf-8")
    return environment


def _on_one_line(value: object) -> object:
    """A text, free of what steers or hides. What is escaped already (a macro's, or `|e` for its own lines) stays."""
    return clean(value, _LONGEST) if isinstance(value, str) and not hasattr(value, "__html__") else value


# The head -------------------------------------------------------------------------------------------------------------


def _head(morning: Morning, line: str, verdict: Verdict, notes: tuple[str, ...]) -> Head:
    clock = show_instant(morning.judged_at, morning.zone).split(maxsplit=3)[3]
    schedulers, jobs = counted(len(morning.schedulers), "scheduler"), counted(morning.declared, "job")
    looked_at = f"{len(morning.jobs)} of {jobs}" if morning.is_partial else counted(len(morning.jobs), "job")
    return Head(
        staged=_staged(morning.demo, morning.replay_of, morning.zone),
        verdict=verdict,
        headline=line,
        judged=f"{show_date(morning.judged_at, morning.zone)}, {clock}",
        looked_at=f"{schedulers} and {looked_at}",
        judged_at=None if morning.demo or morning.replay_of else to_iso(morning.judged_at),
        notes=notes,
        actions=tuple(_done(each, morning.zone) for each in morning.actions),
        schedulers=tuple(_scheduler(each, morning) for each in morning.schedulers),
        listed=tuple(listing_lines(morning)),
    )


def _staged(demo: str | None, replay_of: datetime | None, zone: ZoneInfo) -> tuple[str, ...]:
    """What the page says before all else where it does not show what is there now."""
    said = []
    if demo:
        said.append(demo if demo.startswith("This is the demo") else f"This is the demo: {demo}")
    if replay_of:
        said.append(f"This is a {show_replay(replay_of, zone)}: what was seen then is judged, and nobody was asked.")
    return tuple(said)


def _notes(morning: Morning, chronicle: Chronicle, notes: Sequence[str]) -> tuple[str, ...]:
    """Each thing that is to be known beside the verdict, once."""
    missing = ""
    if not morning.demo and not morning.replay_of:
        days = missing_mornings(chronicle.mornings, morning.judged_at, morning.zone)
        missing = tell_missing(days, morning.judged_at, morning.zone)
    return tuple(dict.fromkeys(each for each in (*notes, chronicle.problem, missing) if each))


def _done(action: Action, zone: ZoneInfo) -> Marked:
    verdict = Verdict.PENDING if action.is_dry else Verdict.OK if action.is_proven else Verdict.FAILED
    return Marked(verdict=verdict, said=told_action(action, zone))


def _scheduler(judged: SchedulerJudged, morning: Morning) -> Marked:
    cause = morning.scheduler_causes[judged.scheduler.id]
    well = (each for each in judged.findings if each.verdict is Verdict.OK and each.check is not Check.HAS_RECORDS)
    said = [cause.code] if cause else [_seen(each) for each in well]
    said += [each.because for each in judged.findings if each.is_warning]
    return Marked(subject=judged.scheduler.id, verdict=judged.verdict, said=", ".join(said))


def _seen(finding: Finding) -> str:
    """What was found of a scheduler that is well, with what it was found of."""
    match finding.check:
        case Check.ANSWERS:
            return finding.found
        case Check.CLOCK_AGREES:
            return f"clocks {finding.found}"
        case Check.SCHEDULER_IS_RUNNING:
            return f"scheduler {finding.found}"
        case Check.MEMORY_ANSWERS:
            return "its memory read"
    return "its loop alive"


def _job(job_id: str | None, morning: Morning) -> Job | None:
    judged = morning.job(job_id) if job_id else None
    return judged.job if judged else None


def _paused(judged: JobJudged, now: datetime) -> Paused:
    job, pause = judged.job, judged.job.paused
    assert pause is not None
    days = (pause.until - now.astimezone(job.zone).date()).days
    day = show_date(datetime.combine(pause.until, time(12), job.zone), job.zone)
    if days > 0:
        until = f"until {day} (in {counted(days, 'day')})"
    else:
        ago = f"{counted(-days, 'day')} ago" if days else "today"
        until = f"its pause ended {ago}, {day}; take it out of jobs.toml"
    verdict = Verdict.PAUSED if days > 0 else Verdict.FAILED
    return Paused(job=job, verdict=verdict, until=until, reason=pause.reason)
