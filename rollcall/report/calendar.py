"""How do the past due runs of a job look in a terminal?

A strip that shows the pattern, the counts, and a row for each run that was not simply made. Marks differ in shape, so
that no colour is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import groupby
from operator import itemgetter
from textwrap import wrap

from rollcall.history.past import MOST_RUNS, PastRun, Signs, Standing
from rollcall.roll.job import Job
from rollcall.text import clean, counted, show_size
from rollcall.verdict import show

# More of one kind in a row are one row: where nothing distinguishes them, a stretch says more than its runs.
_LONGEST_ROWS = 3
_INDENT = "  "
_UNBREAKABLE = "\N{NO-BREAK SPACE}"
_NARROWEST = 40


class Mark(Enum):
    """One character a run: its shape, what stands for it in plain ASCII, and its meaning."""

    MADE = ("✓", "+", "made")
    FLAWED = ("0", "0", "made, but flawed")
    LATE = ("L", "L", "late")
    MISSED = ("✗", "X", "missed")
    PENDING = ("…", "~", "pending")
    BEYOND_RETENTION = ("·", ".", "beyond retention")
    UNTOLD = ("?", "?", "cannot be told")

    def __init__(self, shape: str, plain: str, meaning: str) -> None:
        self.shape, self.plain, self.meaning = shape, plain, meaning

    @classmethod
    def of(cls, past: PastRun) -> Mark:
        """The mark of that run."""
        is_flawed = past.standing is Standing.MADE and past.flaw is not None
        return cls.FLAWED if is_flawed else cls[past.standing.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is written on: how wide it is, whether it can show more than ASCII, and whether every row is wanted."""

    width: int
    is_ascii: bool = False
    shows_all: bool = False

    def mark(self, mark: Mark) -> str:
        """The one character of `mark`."""
        return mark.plain if self.is_ascii else mark.shape

    def wrapped(self, text: str, hanging: str = "") -> list[str]:
        """`text` in lines of that width; what is too long for one goes on below, and no word is torn."""
        text, width = text.rstrip(), max(self.width, _NARROWEST)
        if len(text) <= width:
            return [text]
        return wrap(text, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)


def render_legend(paper: Paper) -> list[str]:
    """What the marks mean; no mark is parted from its meaning."""
    parts = [f"{paper.mark(mark)} {mark.meaning}".replace(" ", _UNBREAKABLE) for mark in Mark]
    return [line.replace(_UNBREAKABLE, " ") for line in paper.wrapped("   ".join(parts))]


def render_past(
    job: Job, runs: Sequence[PastRun], signs: Signs, paper: Paper, *, left_out: datetime | None = None
) -> Iterator[str]:
    """The runs of one job, oldest first. `left_out`: those due before it are not among them, because they are many."""
    yield from _strip(job, runs, paper)
    yield from paper.wrapped(_INDENT + _counts(runs), _INDENT * 2)
    if left_out is not None:
        yield f"{_INDENT}left out: what was due before {show.when(left_out, job)}; ask for a shorter --since"
    yield from _rows(job, runs, paper)
    if older := {each.standing for each in runs if each.standing in (Standing.BEYOND_RETENTION, Standing.UNTOLD)}:
        yield from paper.wrapped(f"{_INDENT}{older.pop()}: {signs.because}", _INDENT * 2)


# The strip ------------------------------------------------------------------------------------------------------------

# By what runs are grouped, and the most of them that a group holds readably; the last holds whatever is left.
_UNITS: tuple[tuple[int, Callable[[datetime], object]], ...] = (
    (5, lambda local: (local.year, local.month)),
    (14, lambda local: local.isocalendar()[:2]),
    (24, lambda local: local.date()),
    (60, lambda local: (local.date(), local.hour, local.utcoffset())),
    (MOST_RUNS, lambda local: (local.date(), local.hour, local.minute, local.utcoffset())),
)


def _strip(job: Job, runs: Sequence[PastRun], paper: Paper) -> Iterator[str]:
    """One mark a run; each line begins with when its first was due, and lines that look alike are told once."""
    lines = _lines(job, runs, paper)
    widest = max((len(due) for due, _ in lines), default=0)
    for marks, alike in groupby(lines, key=itemgetter(1)):
        dues = [due for due, _ in alike]
        shown = dues if len(dues) <= _LONGEST_ROWS else dues[:1]
        yield from (f"{_INDENT}{due:<{widest}}{_INDENT}{marks}" for due in shown)
        if len(shown) < len(dues):
            yield f"{_INDENT}{'':<{widest}}{_INDENT}({counted(len(dues) - 1, 'more line')} like it)"


def _lines(job: Job, runs: Sequence[PastRun], paper: Paper) -> list[tuple[str, str]]:
    """When the first of each line was due, and its marks: as many groups as there is room for."""
    lines: list[tuple[str, str]] = []
    for group in _grouped(job, runs):
        due = show.when(group[0].due_at, job)
        room = max(paper.width - len(due) - 3 * len(_INDENT), 20)
        marks = "".join(paper.mark(Mark.of(each)) for each in group)
        if lines and len(lines[-1][1]) + 1 + len(marks) <= room:
            lines[-1] = (lines[-1][0], f"{lines[-1][1]} {marks}")
        else:
            lines.append((due, marks))
    return lines


def _grouped(job: Job, runs: Sequence[PastRun]) -> list[list[PastRun]]:
    groups: list[list[PastRun]] = []
    for most, unit in _UNITS:
        groups = [list(group) for _, group in groupby(runs, key=lambda each: unit(each.due_at.astimezone(job.zone)))]
        if max(map(len, groups), default=0) <= most:
            break
    return groups


def _counts(runs: Sequence[PastRun]) -> str:
    """ "30 due: 27 made, 1 late, 2 missed"."""
    found = Counter(each.standing for each in runs)
    flawed = sum(each.standing is Standing.MADE and each.flaw is not None for each in runs)
    parts = [f"{found[each]:,} {each}" for each in Standing if found[each]]
    if flawed:
        parts[0] += f" ({flawed:,} of them flawed)"
    told = sum(each.remembered is not None for each in runs)
    by_history = f" ({told:,} of them told by history)" if told else ""
    return f"{len(runs):,} due: {', '.join(parts)}{by_history}" if runs else "none due"


# The rows -------------------------------------------------------------------------------------------------------------


def _rows(job: Job, runs: Sequence[PastRun], paper: Paper) -> Iterator[str]:
    shown = [stretch for stretch in _stretches(runs, paper) if paper.shows_all or not stretch[0].is_simply_made]
    dues = [show.when(stretch[0].due_at, job) for stretch in shown]
    due_width = max(map(len, dues), default=0)
    standing_width = max((len(stretch[0].standing) for stretch in shown), default=0)
    for stretch, due in zip(shown, dues, strict=True):
        first = stretch[0]
        head = f"{paper.mark(Mark.of(first))} {due:<{due_width}}  {first.standing:<{standing_width}}"
        told = _told(first, job) if len(stretch) == 1 else _told_together(stretch, job)
        yield from paper.wrapped(f"{_INDENT}{head}  {told}", _INDENT * 3)


def _stretches(runs: Sequence[PastRun], paper: Paper) -> Iterator[Sequence[PastRun]]:
    """Neighbours of which nothing but their number is to be said, together; every other run alone."""
    for alike, group in groupby(runs, key=_alike):
        stretch = list(group)
        if alike is None or paper.shows_all or len(stretch) <= _LONGEST_ROWS:
            yield from ([each] for each in stretch)
        else:
            yield stretch


def _alike(past: PastRun) -> object | None:
    """What neighbours must share to be told together; None where each is told alone."""
    if past.made_at:
        return None
    return past.standing, past.remembered.says if past.remembered else None


def _told_together(stretch: Sequence[PastRun], job: Job) -> str:
    together = f"{counted(len(stretch), 'run')} in a row, the last due {show.when(stretch[-1].due_at, job)}"
    return "; ".join(filter(None, (together, _remembered(stretch[0], job, is_dated=False))))


def _told(past: PastRun, job: Job) -> str:
    """By how much, and which file."""
    made_at, run = past.made_at, past.run
    allowed = f"allowed until {show.limit(run.finish_by, run, job)}"
    if made_at is None:
        told = f"no file, {allowed}" if past.standing in (Standing.MISSED, Standing.PENDING) else ""
        return "; ".join(filter(None, (told, _remembered(past, job))))
    parts = [show.limit(made_at, run, job)]
    if made_at != run.due_at:
        parts.append(show.distance(made_at, run))
    if past.standing is Standing.LATE:
        parts.append(allowed)
    if past.flaw and not past.remembered:
        parts.append(past.flaw)
    file = f"{clean(past.file.name)}, {show_size(past.file.size)}" if past.file else ""
    return "; ".join(filter(None, (", ".join(parts), file, _remembered(past, job))))


def _remembered(past: PastRun, job: Job, *, is_dated: bool = True) -> str:
    """Which witness tells of it, where it is the history: what was found, and when that was judged."""
    if past.remembered is None:
        return ""
    found = f" {past.remembered.says}" if past.remembered.says else ""
    return f"by history{found}" + (f", judged {show.when(past.remembered.judged_at, job)}" if is_dated else "")
