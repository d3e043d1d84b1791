"""Which jobs owe nothing for a while, why, and until when?"""

from __future__ import annotations

from datetime import date, datetime, time

from rollcall.morning import Morning
from rollcall.report import markup
from rollcall.roll.job import Pause
from rollcall.text import counted
from rollcall.times import show_date
from rollcall.verdict import JobJudged
from rollcall.vocabulary import Verdict


def render_paused(morning: Morning) -> str:
    """The section of the jobs that jobs.toml pauses, ended pauses among them; nothing where there are none."""
    paused = [(each, each.job.paused) for each in morning.jobs if each.job.paused]
    if not paused:
        return ""
    entries = "".join(_entry(judged, pause, morning.judged_at) for judged, pause in paused)
    labelled = 'aria-labelledby="rc-paused"'
    return f'<section {labelled}><h2 id="rc-paused">Paused</h2><ul class="rc-list">{entries}</ul></section>'


def _entry(judged: JobJudged, pause: Pause, now: datetime) -> str:
    days = (pause.until - now.astimezone(judged.job.zone).date()).days
    verdict = Verdict.FAILED if days <= 0 else Verdict.PAUSED
    when = f'<span class="v-{verdict}">{_until(judged, pause.until, days)}</span>'
    name = markup.link(judged.job.id, judged.job.title)
    return (
        f'<li><span class="v-{verdict}">{markup.mark(verdict)}</span> {name} {when}: {markup.text(pause.reason)}</li>'
    )


def _until(judged: JobJudged, until: date, days: int) -> str:
    day = show_date(datetime.combine(until, time(12), judged.job.zone), judged.job.zone)
    if days > 0:
        return f"until {day} (in {counted(days, 'day')})"
    ago = f"{counted(-days, 'day')} ago" if days else "today"
    return f"its pause ended {ago}, {day}; take it out of jobs.toml"
