"""What are the terminal's last words?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rollcall.causes.action import told as told_action
from rollcall.morning import Morning
from rollcall.report.headline import headline, kind
from rollcall.report.listings import listing_lines
from rollcall.report.told import Told, tell
from rollcall.text import clean, counted, listed
from rollcall.times import show_instant

_MOST_LINES = 13  # of 15: whoever prints them adds where the page is, and why it is incomplete
_MOST_ACTIONS = 3
_MOST_NOTES = 2
_MOST_NAMED = 6
_LONGEST = 4000  # a command that is cut is none


def render_summary(
    morning: Morning,
    *,
    is_complete: bool,
    interruption: str | None = None,
    other_failures: Sequence[str] = (),
    notes: Sequence[str] = (),
    has_page: bool = True,
) -> list[str]:
    """At most 13 plain lines: the verdict, what was done, each cause once with its proof and what to do, and notes.

    `has_page` is whether a page tells what there is no room for.
    """
    where = ", on the page" if has_page else ""
    line = headline(morning, is_complete=is_complete, interruption=interruption, other_failures=len(other_failures))
    judged = show_instant(morning.judged_at, morning.zone)
    file = f"; {morning.jobs_file}" if morning.jobs_file else ""
    lines = [_line(f"{kind(morning)}{line} (judged {judged}{file})"), *_actions(morning, where)]
    said = [*notes, *listing_lines(morning)]
    last = list(_cut([f"note: {_line(each)}" for each in said], _MOST_NOTES, "note", where))
    blocks = [list(_block(each)) for each in tell(morning)]
    for index, block in enumerate(blocks):
        is_last = index == len(blocks) - 1
        if len(lines) + len(block) + len(last) + (not is_last) > _MOST_LINES:
            left = len(blocks) - index
            return [*lines, f"… and {counted(left, 'more cause')}{where}", *last]
        lines += block
    return [*lines, *last]


def _actions(morning: Morning, where: str) -> Iterator[str]:
    return _cut([_line(told_action(each, morning.zone)) for each in morning.actions], _MOST_ACTIONS, "action", where)


def _cut(lines: Sequence[str], most: int, thing: str, where: str) -> Iterator[str]:
    """All of them, or as many as there is room for and how many more there are."""
    shown = len(lines) if len(lines) <= most else most - 1
    yield from lines[:shown]
    if len(lines) > shown:
        yield f"… and {counted(len(lines) - shown, f'more {thing}')}{where}"


def _block(told: Told) -> Iterator[str]:
    yield _line(f"{told.cause.code} [{told.subject}]: {told.cause.sentence}")
    yield f"  do: {_line(told.cause.next_step)}"
    others = told.jobs if told.scheduler else told.jobs[1:]
    if others:
        names = listed([each.job.id for each in others], _MOST_NAMED)
        yield f"  also explains: {_line(names)}"


def _line(text: str) -> str:
    return text if text.isprintable() else clean(text, _LONGEST)
