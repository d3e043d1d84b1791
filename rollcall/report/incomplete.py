"""What stands on the page until the result does, and for ever where the run was killed?"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rollcall.causes.commands import CHECK_AGAIN
from rollcall.report import markup
from rollcall.report.board import render_staged
from rollcall.report.marks import render_marks
from rollcall.report.style import STYLE
from rollcall.times import show_instant
from rollcall.vocabulary import Verdict

_NOT_AT_ITS_END = "has not come to its end; nothing on this page says that a job did its work"


def render_incomplete(
    *,
    started_at: datetime,
    zone: ZoneInfo | None,
    demo: str | None = None,
    because: str | None = None,
    replay_of: datetime | None = None,
    again: str = CHECK_AGAIN,
) -> str:
    """A whole page. `zone` is None where jobs.toml could not be read; `because` is why there will be no result, `again`
    the command that judges it again.
    """
    when = show_instant(started_at, zone or ZoneInfo("UTC"))
    line = f"INCOMPLETE: the run that began {when} {_NOT_AT_ITS_END}"
    reason = f"<p>{markup.text(because)}</p>" if because else _wait(again)
    story = render_staged(demo, replay_of, zone or ZoneInfo("UTC"))
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>{'demo: ' if demo else ''}{markup.text(line)}</title><style>{STYLE}</style></head>"
        f'<body><main class="rc">{render_marks()}{story}<h1 class="v-unknown">{markup.mark(Verdict.UNKNOWN)}'
        f"<span>{markup.text(line)}.</span></h1>{reason}</main></body></html>\n"
    )


def _wait(again: str) -> str:
    return (
        "<p>If it is still running, load this page again in a moment. If it was interrupted or killed, begin it again:"
        f'</p><div class="rc-do"><pre><code>{markup.command(again)}</code></pre></div>'
    )
