"""What does one job look like on the board?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rollcall.causes.explain import Cause
from rollcall.evidence import NotSeen
from rollcall.morning import Morning
from rollcall.report import markup
from rollcall.report.lateness import render_line
from rollcall.report.strips import Beat, render_strip
from rollcall.report.told import is_hidden_by_scheduler, telling
from rollcall.roll.due_run import DueRun
from rollcall.text import show_size
from rollcall.times import elapsed, show_span
from rollcall.verdict import JobJudged, show
from rollcall.vocabulary import Verdict


def render_tile(judged: JobJudged, morning: Morning, card: int | None, run_beats: Sequence[Beat]) -> str:
    """One job; `card` is the number of the cause that explains it, where one does, `run_beats` its last runs."""
    job, verdict = judged.job, judged.verdict
    facts = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in _facts(judged))
    name = "" if job.id == job.title else f'<p class="rc-id">{markup.text(job.id)}</p>'
    return (
        f'<li id="{markup.anchor(job.id)}"><p class="rc-word v-{verdict}">{markup.mark(verdict)}{_word(judged)}</p>'
        f"<h3>{markup.text(job.title)}</h3>{name}{_wrong(judged, morning, card)}"
        f"{render_strip(run_beats, job.zone)}{render_line(judged, run_beats)}<dl>{facts}</dl></li>\n"
    )


def _word(judged: JobJudged) -> str:
    word = markup.words(judged.verdict.replace("-", " "))
    if judged.verdict is Verdict.LATE and not judged.needs_a_person:
        return f"{word}, which is allowed"
    return word


def _wrong(judged: JobJudged, morning: Morning, card: int | None) -> str:
    """The sentence; the next step stands once, in the card, and here only where there is no card."""
    cause = morning.job_causes[judged.job.id]
    if cause is None:
        return "".join(f'<p class="rc-why">{markup.sentence(each)}</p>' for each in _unexplained(judged))
    if card is None:
        return f'<p class="rc-why">{markup.text(cause.sentence)}</p><div class="rc-do">{_step(cause)}</div>'
    link = f'<a href="#cause-{card}">What to do</a>'
    return f'<p class="rc-why">{_own_words(judged, cause, morning)} {link}</p>'


def _unexplained(judged: JobJudged) -> Iterator[str]:
    if judged.verdict is Verdict.OK:
        return
    if judged.due_run and judged.is_pending:
        yield "the run after this one is still inside its time"
    # Several promises wait for the same thing.
    yield from dict.fromkeys(each.because for each in judged.findings if each.because)


def _step(cause: Cause) -> str:
    return markup.next_step(cause.next_step)


def _own_words(judged: JobJudged, cause: Cause, morning: Morning) -> str:
    if not is_hidden_by_scheduler(judged, morning):
        return markup.text(cause.sentence)
    own = telling(judged)
    return f"{markup.sentence(own[0].because)} Cause: {cause.code}." if own else f"Cannot tell: {cause.code}."


def _facts(judged: JobJudged) -> Iterator[tuple[str, str]]:
    run = judged.due_run
    yield "Schedule", markup.text(judged.job.schedule.in_words())
    nothing = "nothing, while it is paused" if judged.verdict is Verdict.PAUSED else "not yet"
    yield "Due", f"{show.when(run.due_at, judged.job)}<i>{_limits(run, judged)}</i>" if run else nothing
    if ran := _ran(judged, run):
        yield ran
    if output := _output(judged):
        yield "Output", output
    if judged.next_due_at:
        yield "Next", show.when(judged.next_due_at, judged.job)


def _limits(run: DueRun, judged: JobJudged) -> str:
    start_by, finish_by = (show.limit(at, run, judged.job) for at in (run.start_by, run.finish_by))
    return f"start by {start_by}, done by {finish_by}"


def _ran(judged: JobJudged, run: DueRun | None) -> tuple[str, str] | None:
    seen = judged.seen
    if run and judged.ran_at:
        return "Ran", f"{show.when(judged.ran_at, judged.job)}<i>{_distance(judged, run)}</i>"
    if seen.ran_at:
        return "Last run", show.when(seen.ran_at, judged.job)
    if not seen.tells("runs"):
        return None
    if not seen.stands_in and (seen.listed is None or seen.blocker):
        return "Last run", "cannot tell"
    return "Last run", f"says {markup.text(seen.last_run.text)}" if seen.last_run else "never"


def _distance(judged: JobJudged, run: DueRun) -> str:
    assert judged.ran_at is not None
    late = elapsed(run.due_at, judged.ran_at)
    return f"{show_span(abs(late))} {'before' if late.total_seconds() < 0 else 'after'} due"


def _output(judged: JobJudged) -> str | None:
    seen = judged.seen
    if seen.output is None:
        return None
    if isinstance(seen.output, NotSeen):
        return "could not be looked at"
    if judged.file:
        return f"{markup.text(judged.file.name)}<i>{show_size(judged.file.size)}</i>"
    if judged.due_run is None or not seen.files:
        return "none"
    return f"none of this run<i>newest: {markup.text(seen.files[0].name)}</i>"
