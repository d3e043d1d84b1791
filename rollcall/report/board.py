"""What does a person read with the first coffee: what happened, and what to type?"""

from __future__ import annotations

from rollcall.findings import Check, Verdict
from rollcall.morning import Morning
from rollcall.report import markup
from rollcall.report.cards import render_card
from rollcall.report.headline import UNFINISHED, count_verdicts, headline, tone
from rollcall.report.marks import render_marks
from rollcall.report.style import STYLE
from rollcall.report.tiles import render_tile
from rollcall.report.told import Told, tell
from rollcall.text import counted
from rollcall.times import show_date, show_instant
from rollcall.verdict import ServiceJudged


def title(morning: Morning | None, *, is_complete: bool) -> str:
    """The verdict in one line, for the window's title; no text from outside is in it."""
    if morning is None:
        return f"INCOMPLETE: {UNFINISHED}"
    line = headline(morning, is_complete=is_complete)
    return f"demo: {line}" if morning.demo else line


def render_board(morning: Morning, *, is_complete: bool = True, interruption: str | None = None) -> str:
    """The page's upper part, a fragment that holds its own style and needs no script."""
    told = tell(morning)
    return (
        f'<style>{STYLE}</style><div class="rc">{render_marks()}'
        f"{_head(morning, is_complete=is_complete, interruption=interruption)}"
        f"{_needs(told)}{_jobs(morning, told)}{_CHECKS}</div>"
    )


def _head(morning: Morning, *, is_complete: bool, interruption: str | None) -> str:
    line = headline(morning, is_complete=is_complete, interruption=interruption)
    verdict = tone(morning, is_complete=is_complete)
    demo = f'<p class="rc-demo">{markup.text(as_demo(morning.demo))}</p>' if morning.demo else ""
    doubt = "" if is_complete else "<p>What was not reached is not told here, and counts for nothing.</p>"
    return (
        f'<header>{demo}<h1 class="v-{verdict}">{markup.mark(verdict)}<span>{markup.text(line)}</span></h1>'
        f'<p class="rc-when">{_when(morning)}</p>{doubt}{_services(morning)}</header>'
    )


def as_demo(story: str) -> str:
    """The story of the demo, which always says that it is one."""
    return story if story.startswith("This is the demo") else f"This is the demo: {story}"


def _when(morning: Morning) -> str:
    clock = show_instant(morning.judged_at, morning.zone).split(maxsplit=3)[3]
    judged = f"{show_date(morning.judged_at, morning.zone)}, {clock}"
    jobs = counted(len(morning.jobs), "job")
    if morning.is_partial:
        jobs = f"{len(morning.jobs)} of {counted(morning.declared, 'job')}"
    services = counted(len(morning.services), "service")
    return (
        f"Judged <time>{markup.text(judged)}</time> ({markup.text(morning.zone.key)}). Looked at {services} and {jobs}."
    )


def _services(morning: Morning) -> str:
    if not morning.services:
        return ""
    return f'<ul class="rc-services">{"".join(_service(each, morning) for each in morning.services)}</ul>'


def _service(judged: ServiceJudged, morning: Morning) -> str:
    cause = morning.service_causes[judged.service.id]
    said = [cause.code] if cause else [_SEEN[each.check].format(each.found) for each in judged.findings]
    said += [each.because for each in judged.findings if each.is_warning]
    return (
        f'<li><span class="v-{judged.verdict}">{markup.mark(judged.verdict)}</span> '
        f"<b>{markup.text(judged.service.id)}</b> {markup.words(judged.verdict)}: {markup.text(', '.join(said))}</li>"
    )


_SEEN = {
    Check.ANSWERS: "answered {}",
    Check.CLOCK_AGREES: "clocks {}",
    Check.SCHEDULER_IS_RUNNING: "scheduler {}",
    Check.SCHEDULER_IS_ALIVE: "{}",
}


def _needs(told: tuple[Told, ...]) -> str:
    if not told:
        return ""
    cards = "".join(render_card(each, number) for number, each in enumerate(told, 1))
    return f'<section aria-labelledby="rc-needs"><h2 id="rc-needs">What needs you</h2>{cards}</section>'


def _jobs(morning: Morning, told: tuple[Told, ...]) -> str:
    card = {judged.job.id: number for number, each in enumerate(told, 1) for judged in each.jobs}
    tiles = "".join(render_tile(each, morning, card.get(each.job.id)) for each in morning.jobs)
    counts = ", ".join(f"{count:,} {_word(verdict)}" for verdict, count in count_verdicts(morning).items())
    return (
        f'<section aria-labelledby="rc-jobs"><h2 id="rc-jobs">{_heading(morning)}</h2>'
        f'<p class="rc-when">{counts}</p><ul class="rc-tiles">\n{tiles}</ul></section>'
    )


def _heading(morning: Morning) -> str:
    return "The jobs that were checked" if morning.is_partial else "Every job"


def _word(verdict: Verdict) -> str:
    return verdict.replace("-", " ")


# pytest-html's table lies outside this fragment; style.py shows it only while this is open.
_CHECKS = (
    '<details class="rc-checks"><summary>Every single check</summary>'
    "<noscript><p>The table of checks needs JavaScript; all that is above does not.</p></noscript></details>"
)
