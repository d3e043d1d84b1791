"""What does a cause look like: what proves it, what was expected against what was seen, what to type?"""

from __future__ import annotations

from collections.abc import Iterator

from rollcall.report import markup
from rollcall.report.lasting import Context, render_lasting
from rollcall.report.proofs import render_proofs
from rollcall.report.told import Told, telling
from rollcall.text import counted
from rollcall.verdict.findings import Finding

_MOST_NAMED = 12
# The proof is on top; who wants every job's finds it on its tile.
_MOST_ROWS = 6


def render_card(told: Told, number: int, context: Context) -> str:
    """One cause. Its anchor is `#cause-<number>`."""
    return (
        f'<article class="rc-card" id="cause-{number}">'
        f'<h3 class="v-{told.verdict}">{markup.mark(told.verdict)}'
        f'<span>{_subject(told)}</span> <code class="rc-code">{markup.text(told.cause.code)}</code></h3>'
        f'<p class="rc-proof">{markup.text(told.cause.sentence)}</p>'
        f"{render_lasting(told, context)}"
        f'<div class="rc-do"><h4>What to do</h4>{markup.next_step(told.cause.next_step)}</div>'
        f"{_promises(told)}{_hidden(told)}{render_proofs(told, context.zone)}</article>"
    )


def _subject(told: Told) -> str:
    if told.scheduler:
        return f"Scheduler {markup.text(told.scheduler.scheduler.id)}"
    first = told.jobs[0].job
    more = f" and {counted(len(told.jobs) - 1, 'more job')}" if len(told.jobs) > 1 else ""
    return f"{markup.link(first.id, first.title)}{more}"


def _promises(told: Told) -> str:
    """Expected against seen, of every finding that proves something by itself."""
    rows = list(_rows(told))
    more = f"<p>… and {len(rows) - _MOST_ROWS} more, each on its job's tile.</p>" if len(rows) > _MOST_ROWS else ""
    return (
        '<table class="rc-promises"><thead><tr><th scope="col">Promise</th><th scope="col">Expected</th>'
        f'<th scope="col">Seen</th></tr></thead><tbody>{"".join(rows[:_MOST_ROWS])}</tbody></table>{more}'
    )


def _rows(told: Told) -> Iterator[str]:
    if told.scheduler:
        for finding in telling(told.scheduler):
            yield _row(finding, "")
    names_job = told.scheduler is not None or len(told.jobs) > 1
    for judged in told.jobs:
        subject = f"{markup.link(judged.job.id, judged.job.title)}: " if names_job else ""
        for finding in telling(judged):
            yield _row(finding, subject)


def _row(finding: Finding, subject: str) -> str:
    return (
        f'<tr><th scope="row">{subject}{markup.words(finding.check)}</th>'
        f'<td data-is="Expected">{markup.text(finding.expected)}</td>'
        f'<td data-is="Seen">{markup.text(finding.found)}</td></tr>'
    )


def _hidden(told: Told) -> str:
    hidden = told.hidden
    if not hidden:
        return ""
    names = ", ".join(markup.link(each.job.id, each.job.title) for each in hidden[:_MOST_NAMED])
    more = ", …" if len(hidden) > _MOST_NAMED else ""
    jobs = counted(len(hidden), "job")
    return f'<p class="rc-hidden">While this lasts, {jobs} cannot be vouched for: {names}{more}</p>'
