"""What are the terminal's last words?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rollcall.causes.action import told as told_action
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.report.cause_groups import group_by_cause
from rollcall.report.headline import headline, kind
from rollcall.text import clean, counted, listed
from rollcall.times import show_instant

_MOST_LINES = 13  # of 15: whoever prints them adds where the page is, and why it is incomplete
_MOST_ACTIONS = 3
_MOST_NOTES = 2
_MOST_NAMED = 6
_LONGEST = 4000  # a command that is cut is none


def render_summary(morning: Morning, ending: Ending, *, notes: Sequence[str] = (), has_page: bool = True) -> list[str]:
    """At most 13 plain lines: the verdict, what was done, each cause once with its proof and what to do, and notes.

    `has_page` is whether there is a page for what there is no room for here.
    """
    where = ", on the page" if has_page else ""
    line = headline(morning, ending)
    file = f"; {morning.jobs_file}" if morning.jobs_file else ""
    judged = f"judged {show_instant(morning.judged_at, morning.zone)}{file}"
    done = [_line(told_action(each, morning.zone)) for each in morning.actions]
    lines = [_line(f"{kind(morning)}{line} ({judged})"), *_cut(done, _MOST_ACTIONS, "action", where)]
    noted = [f"note: {_line(each)}" for each in (*notes, *listing_lines(morning))]
    last = list(_cut(noted, _MOST_NOTES, "note", where))
    groups = group_by_cause(morning)
    for index, group in enumerate(groups):
        cause = group.cause
        block = [_line(f"{cause.code} [{group.subject}]: {cause.sentence}"), f"  do: {_line(cause.next_step)}"]
        if others := group.jobs if group.scheduler else group.jobs[1:]:
            block.append(f"  also explains: {_line(listed([each.job.id for each in others], _MOST_NAMED))}")
        is_last = index == len(groups) - 1
        if len(lines) + len(block) + len(last) + (not is_last) > _MOST_LINES:
            return [*lines, f"… and {counted(len(groups) - index, 'more cause')}{where}", *last]
        lines += block
    return [*lines, *last]


def listing_lines(morning: Morning) -> Iterator[str]:
    """A line for each job that was rescheduled there, and for each scheduler that lists what nobody declares."""
    for scheduler, was, now in morning.rescheduled:
        zones = "" if was.zone == now.zone else f", {now.zone or 'no zone'} instead of {was.zone or 'none'}"
        yield (
            f"{clean(now.id, 60)}: {scheduler.id} lists it as {clean(now.schedule or '', 60)!r} now, "
            f"not as {clean(was.schedule or '', 60)!r}{zones}; it is judged by that"
        )
    for each in morning.schedulers:
        # One that is declared by its being listed, all but for a schedule that can be read.
        not_due = [name for name in each.undeclared if each.scheduler.declares(name)]
        others = [name for name in each.undeclared if name not in not_due]
        for names, what, cure in (
            (
                others,
                "that jobs.toml does not declare",
                "Declare them (rollcall discover --append) or ignore them",
            ),
            (not_due, "without a schedule that can be read", "Give each a table with one, or ignore it"),
        ):
            if names:
                shown = listed([clean(name, 60) for name in names], _MOST_NAMED)
                yield f"{each.scheduler.id} lists {counted(len(names), 'job')} {what}: {shown}. {cure}"


def _cut(lines: Sequence[str], most: int, thing: str, where: str) -> Iterator[str]:
    """All of them, or as many as there is room for and how many more there are."""
    shown = len(lines) if len(lines) <= most else most - 1
    yield from lines[:shown]
    if len(lines) > shown:
        yield f"… and {counted(len(lines) - shown, f'more {thing}')}{where}"


def _line(text: str) -> str:
    return text if text.isprintable() else clean(text, _LONGEST)
