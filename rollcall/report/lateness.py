"""How late was a run, and how late may it be?

A line from just before the due time to just after its last limit: the grace, the time a run may take, when it ran, and
faintly when the earlier ones did. The words for it stand beside it, so the picture itself says nothing aloud.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rollcall.report.strips import Beat
from rollcall.roll.due_run import DueRun
from rollcall.verdict import JobJudged
from rollcall.vocabulary import Verdict

_DUE, _LAST, _END, _HIGH = 12, 200, 240, 17
_EARLIEST, _LATEST = 4, 226


def render_line(judged: JobJudged, run_beats: Sequence[Beat]) -> str:
    """The line of the judged run; nothing where none was owed yet."""
    run = judged.due_run
    if run is None or run.finish_by <= run.due_at:
        return ""
    grace = f'<path class="l-g" d="M{_DUE} 8H{_place((run.start_by - run.due_at).total_seconds(), run)}"/>'
    parts = f"{grace}{_earlier(run, run_beats)}{_ran(judged, judged.ran_at, run) if judged.ran_at else ''}"
    return f'<svg class="rc-line" viewBox="0 0 {_END} {_HIGH}" aria-hidden="true"><use href="#rc-line"/>{parts}</svg>'


def render_line_base() -> str:
    """What all lines share, drawn once: the due time, and the time until the last limit."""
    return (
        f'<g id="rc-line"><path class="l-b" d="M0 8H{_END}"/><path class="l-m" d="M{_DUE} 8H{_LAST}"/>'
        f'<path class="l-d" d="M{_DUE} 1V15"/></g>'
    )


def _ran(judged: JobJudged, ran_at: datetime, run: DueRun) -> str:
    place = _place((ran_at - run.due_at).total_seconds(), run)
    if place > _LATEST:
        # Beyond the line: an arrow, as a dot would say that it was then.
        return f'<path class="l-x v-late" d="m{_LATEST} 3 8 5-8 5z"/>'
    # In time, but no good: its dot must not look as if all were well.
    kind = Verdict.LATE if ran_at > run.finish_by else judged.verdict if judged.needs_a_person else Verdict.OK
    return f'<circle class="v-{kind}" cx="{max(place, _EARLIEST)}" cy="8" r="4"/>'


def _earlier(run: DueRun, run_beats: Sequence[Beat]) -> str:
    late = [each.ran_at - each.due_at for each in run_beats if each.ran_at and each.due_at < run.due_at]
    places = {place for each in late if _EARLIEST <= (place := _place(each.total_seconds(), run)) <= _LATEST}
    # Neighbours are one stroke: thirty runs of a steady job are then a few characters.
    first = [place for place in places if place - 1 not in places]
    strokes = [(place, next(end for end in range(place, _END) if end + 1 not in places)) for place in sorted(first)]
    marks = "".join([f"M{start} 14h{end - start + 1}" for start, end in strokes])
    return f'<path class="l-p" d="{marks}"/>' if marks else ""


def _place(late: float, run: DueRun) -> int:
    """Where on the line a run lies that was so many seconds late."""
    return _DUE + round((_LAST - _DUE) * late / (run.finish_by - run.due_at).total_seconds())


LINE_STYLE = """
.rc-line{margin-top:.6rem;width:240px;height:17px}.rc-line path,.rc-key path,#rc-line path{fill:none}
.l-b{stroke:var(--line)}.l-g{stroke:var(--grace);stroke-width:7}
.l-m{stroke:var(--runtime);stroke-width:4}.l-d{stroke:var(--fg);stroke-width:1.5}.l-p{stroke:var(--soft);stroke-width:3}
.rc-line circle,.rc-key circle,.rc .rc-line .l-x{fill:currentColor}
"""


def render_line_key() -> str:
    """What the parts of the line mean, as entries of a legend."""
    parts = (
        ('<path class="l-d" d="M5 1V15"/>', "due"),
        ('<path class="l-g" d="M0 8H14"/>', "may start"),
        ('<path class="l-m" d="M0 8H14"/>', "may still run"),
        ('<circle class="v-ok" cx="7" cy="8" r="4"/>', "ran"),
        ('<path class="l-p" d="M2 13h2M6 13h1M9 13h3"/>', "ran before"),
    )
    return "".join(
        f'<li><svg class="rc-key" width="14" height="16" aria-hidden="true">{part}</svg> {word}</li>'
        for part, word in parts
    )
