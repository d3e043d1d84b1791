"""What does a person read with the first coffee: what happened, and what to type?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rollcall.history.rows import NOTHING, Chronicle
from rollcall.morning import Morning
from rollcall.report import markup
from rollcall.report.actions import render_actions
from rollcall.report.cards import render_card
from rollcall.report.changes import missing_mornings, render_changes, tell_missing
from rollcall.report.headline import UNFINISHED, count_verdicts, headline, kind, show_replay, tone
from rollcall.report.lanes import render_night
from rollcall.report.lasting import Context, newest_first
from rollcall.report.lateness import render_line_base, render_line_key
from rollcall.report.listings import listing_lines
from rollcall.report.marks import render_marks
from rollcall.report.paused import render_paused
from rollcall.report.script import SCRIPT
from rollcall.report.strips import render_glyphs, render_strip_key
from rollcall.report.style import STYLE
from rollcall.report.tiles import render_tile
from rollcall.report.told import Told, tell
from rollcall.text import counted
from rollcall.times import show_date, show_instant, to_iso
from rollcall.verdict import SchedulerJudged
from rollcall.verdict.findings import Check, Finding
from rollcall.vocabulary import Verdict

_NOBODY: Mapping[str, str] = {}


def title(morning: Morning | None, *, is_complete: bool, other_failures: Sequence[str] = ()) -> str:
    """The verdict in one line, for the window's title; no text from outside is in it."""
    if morning is None:
        return f"INCOMPLETE: {UNFINISHED}"
    line = headline(morning, is_complete=is_complete, other_failures=len(other_failures))
    return kind(morning) + line


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

    `chronicle` is what was remembered before this morning. `notes` are told one a line. `other_failures` names checks
    that failed though no finding says why (a reader's own), and `about` tells the job of some.
    """
    context = Context(chronicle=chronicle, now=morning.judged_at, zone=morning.zone)
    told = newest_first(tell(morning), context)
    line = headline(morning, is_complete=is_complete, interruption=interruption, other_failures=len(other_failures))
    verdict = tone(morning, is_complete=is_complete, other_failures=len(other_failures))
    return (
        f'<style>{STYLE}</style><main class="rc" lang="en">{render_marks()}'
        f"{_head(morning, line, verdict, _notes(morning, chronicle, notes))}"
        f"{_needs(told, _others(other_failures, about, morning), context)}"
        f"{_jobs(morning, told, context)}{render_night(morning, chronicle)}{render_changes(morning, chronicle)}"
        f"{render_paused(morning)}{_CHECKS}{SCRIPT}</main>"
    )


def _head(morning: Morning, line: str, verdict: Verdict, notes: Sequence[str]) -> str:
    demo = render_staged(morning.demo, morning.replay_of, morning.zone)
    return (
        f'<header>{demo}<h1 class="v-{verdict}">{markup.mark(verdict)}<span>{markup.text(line)}</span></h1>'
        f'<p class="rc-when">{_when(morning)}</p>{_age(morning)}{_noted(notes)}{render_actions(morning)}'
        f"{_schedulers(morning)}</header>"
    )


def _notes(morning: Morning, chronicle: Chronicle, notes: Sequence[str]) -> list[str]:
    """Each thing that is to be known beside the verdict, once."""
    missing: tuple[date, ...] = ()
    if not morning.demo and not morning.replay_of:
        missing = missing_mornings(chronicle.mornings, morning.judged_at, morning.zone)
    known = (*notes, chronicle.problem, tell_missing(missing, morning.judged_at, morning.zone))
    return list(dict.fromkeys(each for each in known if each))


def _noted(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    entries = "".join(
        f'<li><span class="v-late">{markup.mark(Verdict.LATE)}</span> {markup.text(each)}</li>' for each in notes
    )
    return f'<ul class="rc-notes" aria-label="To be known">{entries}</ul>'


def _age(morning: Morning) -> str:
    """Filled where a script may run: only the reader's clock tells how old the page is."""
    if morning.demo or morning.replay_of:
        return ""
    return f'<p class="rc-when rc-age" data-judged="{to_iso(morning.judged_at)}" hidden></p>'


def render_staged(demo: str | None, replay_of: datetime | None, zone: ZoneInfo) -> str:
    """What the page says before all else where it does not show what is there now."""
    told = [as_demo(demo)] if demo else []
    if replay_of:
        told.append(f"This is a {show_replay(replay_of, zone)}: what was seen then is judged, and nobody was asked.")
    return "".join(f'<p class="rc-demo">{markup.text(each)}</p>' for each in told)


def as_demo(story: str) -> str:
    """The story of the demo, which always says that it is one."""
    return story if story.startswith("This is the demo") else f"This is the demo: {story}"


def _when(morning: Morning) -> str:
    clock = show_instant(morning.judged_at, morning.zone).split(maxsplit=3)[3]
    judged = f"{show_date(morning.judged_at, morning.zone)}, {clock}"
    jobs = counted(len(morning.jobs), "job")
    file = f" of <code>{markup.text(morning.jobs_file)}</code>" if morning.jobs_file else ""
    if morning.is_partial:
        jobs = f"{len(morning.jobs)} of {counted(morning.declared, 'job')}"
    schedulers = counted(len(morning.schedulers), "scheduler")
    return (
        f"Judged <time>{markup.text(judged)}</time> ({markup.text(morning.zone.key)}). "
        f"Looked at {schedulers} and {jobs}{file}."
    )


def _schedulers(morning: Morning) -> str:
    if not morning.schedulers:
        return ""
    lines = "".join(f"<li>{markup.text(each)}</li>" for each in listing_lines(morning))
    unknown = f'<ul class="rc-notes" aria-label="Not declared">{lines}</ul>' if lines else ""
    return (
        f'<ul class="rc-schedulers">{"".join(_scheduler(each, morning) for each in morning.schedulers)}</ul>{unknown}'
    )


def _scheduler(judged: SchedulerJudged, morning: Morning) -> str:
    cause = morning.scheduler_causes[judged.scheduler.id]
    well = (each for each in judged.findings if each.verdict is Verdict.OK and each.check is not Check.HAS_RECORDS)
    said = [cause.code] if cause else [_seen(each) for each in well]
    said += [each.because for each in judged.findings if each.is_warning]
    return (
        f'<li><span class="v-{judged.verdict}">{markup.mark(judged.verdict)}</span> '
        f"<b>{markup.text(judged.scheduler.id)}</b> {markup.words(judged.verdict)}: {markup.text(', '.join(said))}</li>"
    )


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


def _needs(told: Sequence[Told], others: str, context: Context) -> str:
    if not told and not others:
        return ""
    cards = "".join(render_card(each, number, context) for number, each in enumerate(told[:_MOST_CARDS], 1))
    left = len(told) - _MOST_CARDS
    more = f"<p>… and {left:,} more; what to do stands on the tile of each job.</p>" if left > 0 else ""
    return f'<section aria-labelledby="rc-needs"><h2 id="rc-needs">What needs you</h2>{cards}{more}{others}</section>'


def _others(failures: Sequence[str], about: Mapping[str, str], morning: Morning) -> str:
    if not failures:
        return ""
    names = "".join(
        f"<li>{_of_job(about.get(each), morning)}<code>{markup.text(each)}</code></li>"
        for each in failures[:_MOST_FAILURES]
    )
    more = f"<p>… and {len(failures) - _MOST_FAILURES} more.</p>" if len(failures) > _MOST_FAILURES else ""
    return (
        f'<article class="rc-card"><h3 class="v-failed">{markup.mark(Verdict.FAILED)}<span>Other checks that failed'
        f"</span></h3><p>They ask for more than jobs.toml promises; each says why below, under every single check.</p>"
        f'<ul class="rc-list">{names}</ul>{more}</article>'
    )


def _of_job(job_id: str | None, morning: Morning) -> str:
    judged = morning.job(job_id) if job_id else None
    return f"{markup.link(judged.job.id, judged.job.title)}: " if judged else ""


def _jobs(morning: Morning, told: Sequence[Told], context: Context) -> str:
    card = {judged.job.id: number for number, each in enumerate(told[:_MOST_CARDS], 1) for judged in each.jobs}
    kinds: set[Verdict | None] = set()
    tiles = []
    for judged in morning.jobs:
        strip = context.strip(judged)
        kinds |= {beat.verdict for beat in strip} if len(strip) > 1 else set()
        tiles.append(render_tile(judged, morning, card.get(judged.job.id), strip))
    shapes = f'<svg class="rc-marks" aria-hidden="true">{render_glyphs(kinds)}{render_line_base()}</svg>'
    keys = f"{render_strip_key(kinds)}{render_line_key()}"
    legend = f'{shapes}<ul class="rc-legend" aria-label="What the tiles show">{keys}</ul>'
    counts = ", ".join(f"{count:,} {_word(verdict)}" for verdict, count in count_verdicts(morning).items())
    return (
        f'<section aria-labelledby="rc-jobs"><h2 id="rc-jobs">{_heading(morning)}</h2>'
        f'<p class="rc-when">{counts}</p>{legend if morning.jobs else ""}'
        f'<ul class="rc-tiles">\n{"".join(tiles)}</ul></section>'
    )


def _heading(morning: Morning) -> str:
    return "The jobs that were checked" if morning.is_partial else "Every job"


def _word(verdict: Verdict) -> str:
    return verdict.replace("-", " ")


_MOST_CARDS = 50
_MOST_FAILURES = 20

# pytest-html's table lies outside this fragment; style.py shows it only while this is open.
_CHECKS = (
    '<details class="rc-checks"><summary>Every single check</summary>'
    "<noscript><p>The table of checks needs JavaScript; all that is above does not.</p></noscript></details>"
)
