"""What was done about it before the morning was judged for the last time?"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rollcall.causes.action import Action, told
from rollcall.morning import Morning
from rollcall.report import markup
from rollcall.vocabulary import Verdict


def render_actions(morning: Morning) -> str:
    """A line for each thing that was done; nothing where nothing was."""
    if not morning.actions:
        return ""
    entries = "".join(_entry(each, morning.zone) for each in morning.actions)
    return f'<ul class="rc-notes" aria-label="What was done">{entries}</ul>'


def _entry(action: Action, zone: ZoneInfo) -> str:
    verdict = Verdict.PENDING if action.is_dry else Verdict.OK if action.is_proven else Verdict.FAILED
    return f'<li><span class="v-{verdict}">{markup.mark(verdict)}</span> {markup.text(told(action, zone))}</li>'
