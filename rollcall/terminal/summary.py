"""What are the terminal's last words?

All causes are named: the worst with their proof and what to do, each of the others in a line. Jobs are folded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rollcall.causes.action import told as told_action
from rollcall.history.rows import Silence
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.report.cause_groups import CauseGroup, group_by_cause, warnings_of
from rollcall.report.headline import headline, kind
from rollcall.report.set_aside import set_aside_lines
from rollcall.report.undeclared import listing_lines
from rollcall.text import clean, counted, listed
from rollcall.times import show_instant

# Beyond these a cause has one line, and beyond those it is only counted.
_MOST_IN_FULL = 3
_MOST_LINES = 20
_MOST_ACTIONS = 3
_MOST_NOTES = 2
_MOST_SET_ASIDE = 3
_MOST_NAMED = 3
_LONGEST = 4000  # a command that is cut is none


def render_summary(
    morning: Morning,
    ending: Ending,
    *,
    notes: Sequence[str] = (),
    has_page: bool = True,
    silences: Sequence[Silence] = (),
) -> list[str]:
    """Plain lines: the verdict, what was done, the worst causes with what to do, the others, warnings and notes.

    `silences` are those that are valid; `has_page` is whether there is a page for what there is no room for here.
    """
    where = ", on the page" if has_page else ""
    line = headline(morning, ending)
    file = f"; {morning.jobs_file}" if morning.jobs_file else ""
    judged = f"judged {show_instant(morning.judged_at, morning.zone)}{file}"
    done = [_line(told_action(each, morning.zone)) for each in morning.actions]
    noted = [f"note: {_line(each)}" for each in (*notes, *listing_lines(morning))]
    groups = group_by_cause(morning)
    others = [_in_a_line(each) for each in groups[_MOST_IN_FULL:]]
    return [
        _line(f"{kind(morning)}{line} ({judged})"),
        *_cut(done, _MOST_ACTIONS, "action", where),
        *(line for each in groups[:_MOST_IN_FULL] for line in _in_full(each, morning)),
        *_cut(others, _MOST_LINES, "cause", where),
        *_warnings(morning),
        *_cut(list(set_aside_lines(morning, silences)), _MOST_SET_ASIDE, "thing set aside", where),
        *_cut(noted, _MOST_NOTES, "note", where),
    ]


def _in_full(group: CauseGroup, morning: Morning) -> Iterator[str]:
    """Its sentence, what to do, and which jobs it explains too; of a replay the moment for doing it is over."""
    cause = group.cause
    yield _line(f"{cause.code} [{group.subject}]: {cause.sentence}")
    yield f"  {'what to do then was' if morning.replay_of else 'do'}: {_line(cause.next_step)}"
    if others := group.jobs if group.scheduler else group.jobs[1:]:
        what = "also explains" if group.scheduler else "the same of"
        yield f"  {what}: {_line(_named([each.job.id for each in others]))}"
    if group.downstream:
        yield f"  not done downstream because of it: {_line(_named([each.job.id for each in group.downstream]))}"


def _in_a_line(group: CauseGroup) -> str:
    if group.scheduler:
        return _line(f"{group.cause.code} [{group.subject}]: {counted(len(group.everyone), 'job')}")
    more = f", and {counted(len(group.downstream), 'job')} downstream" if group.downstream else ""
    return _line(f"{group.cause.code}: {_named([each.job.id for each in group.jobs])}{more}")


def _named(ids: Sequence[str]) -> str:
    """ "a, b, c and 13 more jobs"."""
    if len(ids) <= _MOST_NAMED + 1:
        return listed(ids)
    return f"{', '.join(ids[:_MOST_NAMED])} and {counted(len(ids) - _MOST_NAMED, 'more job')}"


def _warnings(morning: Morning) -> Iterator[str]:
    if warned := warnings_of(morning):
        said = "; ".join(f"{cause.code}: {_named([each.job.id for each in jobs])}" for cause, jobs in warned)
        yield _line(f"worth knowing, not urgent: {said}")


def _cut(lines: Sequence[str], most: int, thing: str, where: str) -> Iterator[str]:
    """All of them, or as many as there is room for and how many more there are."""
    shown = len(lines) if len(lines) <= most else most - 1
    yield from lines[:shown]
    if len(lines) > shown:
        yield f"… and {counted(len(lines) - shown, f'more {thing}')}{where}"


def _line(text: str) -> str:
    return text if text.isprintable() else clean(text, _LONGEST)
