"""What are the terminal's last words?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rollcall.morning import Morning
from rollcall.report.headline import headline, kind
from rollcall.report.told import Told, tell
from rollcall.text import clean, counted, listed
from rollcall.times import show_instant

_MOST_LINES = 13  # of 15: whoever prints them adds where the page is, and why it is incomplete
_MOST_NAMED = 6
_LONGEST = 4000  # a command that is cut is none


def render_summary(
    morning: Morning, *, is_complete: bool, interruption: str | None = None, other_failures: Sequence[str] = ()
) -> list[str]:
    """At most 13 plain lines: the verdict, then each cause once, with what proves it and what to do."""
    line = headline(morning, is_complete=is_complete, interruption=interruption, other_failures=len(other_failures))
    judged = show_instant(morning.judged_at, morning.zone)
    lines = [_line(f"{kind(morning)}{line} (judged {judged})")]
    blocks = [list(_block(each)) for each in tell(morning)]
    for index, block in enumerate(blocks):
        is_last = index == len(blocks) - 1
        if len(lines) + len(block) + (not is_last) > _MOST_LINES:
            left = len(blocks) - index
            return [*lines, f"… and {counted(left, 'more cause')}, on the page"]
        lines += block
    return lines


def _block(told: Told) -> Iterator[str]:
    subject = told.service.service.id if told.service else told.jobs[0].job.id
    yield _line(f"{told.cause.code} [{subject}]: {told.cause.sentence}")
    yield f"  do: {_line(told.cause.next_step)}"
    others = told.jobs if told.service else told.jobs[1:]
    if others:
        names = listed([each.job.id for each in others], _MOST_NAMED)
        yield f"  also explains: {_line(names)}"


def _line(text: str) -> str:
    return text if text.isprintable() else clean(text, _LONGEST)
