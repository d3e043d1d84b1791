"""How do the past due runs of a job look in a terminal, as its files or the history show them?

A strip that shows the pattern, the counts, and a row for each run that did not simply go well. Marks differ in shape,
so that no colour is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import groupby
from operator import itemgetter
from textwrap import wrap
from zoneinfo import ZoneInfo

from rollcall.history.past import MOST_RUNS, PastRun, Signs, Standing
from rollcall.history.rows import OF_MORNINGS, PastMorning, Row
from rollcall.roll.job import Job
from rollcall.terminal.colour import of_verdict
from rollcall.text import clean, counted, show_size
from rollcall.times import show_instant, show_span
from rollcall.verdict import show
from rollcall.vocabulary import Verdict

# A strip of a job that is due every minute would be nothing but a strip.
MOST_ROWS = 200
# More of one kind in a row are one row: where nothing distinguishes them, a stretch says more than its runs.
_LONGEST_ROWS = 3
_INDENT = "  "
_UNBREAKABLE = "\N{NO-BREAK SPACE}"
_NARROWEST = 40
# By what runs are grouped, and the most of them that a group holds readably; the last holds whatever is left.
_UNITS: tuple[tuple[int, Callable[[datetime], object]], ...] = (
    (5, lambda local: (local.year, local.month)),
    (14, lambda local: local.isocalendar()[:2]),
    (24, lambda local: local.date()),
    (60, lambda local: (local.date(), local.hour, local.utcoffset())),
    (MOST_RUNS, lambda local: (local.date(), local.hour, local.minute, local.utcoffset())),
)


class Mark(Enum):
    """One character a run: its shape, what stands for it in plain ASCII, and its meaning."""

    MADE = ("✓", "+", "made")
    FLAWED = ("0", "0", "made, but flawed")
    LATE = ("L", "L", "late")
    MISSED = ("✗", "X", "missed")
    PENDING = ("…", "~", "pending")
    BEYOND_RETENTION = ("·", ".", "beyond retention")
    UNTOLD = ("?", "?", "not known")


# The same of a verdict that is remembered.
_SHAPES = {
    Verdict.OK: ("✓", "+"),
    Verdict.PENDING: ("…", "~"),
    Verdict.PAUSED: ("=", "="),
    Verdict.LATE: ("L", "L"),
    Verdict.MISSED: ("✗", "X"),
    Verdict.FAILED: ("!", "!"),
    Verdict.STUCK: ("S", "S"),
    Verdict.BAD_OUTPUT: ("0", "0"),
    Verdict.UNKNOWN: ("?", "?"),
}


_COLOURS = {
    **{shape: verdict for verdict, shapes in _SHAPES.items() for shape in shapes},
    ".": Verdict.PENDING,
    "·": Verdict.PENDING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is written on: how wide it is, whether it shows more than ASCII, or colours, and whether all is wanted."""

    width: int
    is_ascii: bool = False
    shows_all: bool = False
    is_coloured: bool = False

    def mark(self, run: PastRun | Row) -> str:
        """The one character of that run."""
        if isinstance(run, Row):
            return _SHAPES[run.verdict][self.is_ascii]
        is_flawed = run.standing is Standing.MADE and run.flaw is not None
        return str((Mark.FLAWED if is_flawed else Mark[run.standing.name]).value[self.is_ascii])

    def wrapped(self, text: str, hanging: str = "") -> list[str]:
        """`text` in lines of that width; what is too long for one goes on below, and no word is torn."""
        text, width = text.rstrip(), max(self.width, _NARROWEST)
        if len(text) <= width:
            return [text]
        return wrap(text, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)

    def painted(self, marks: str) -> str:
        """The marks in their colours."""
        if not self.is_coloured:
            return marks
        return "".join(of_verdict(each, _COLOURS[each]) if each in _COLOURS else each for each in marks)

    def legend(self, meanings: Iterable[tuple[str, str]]) -> list[str]:
        """What each mark means; none is parted from its meaning."""
        parts = [f"{mark} {meaning}".replace(" ", _UNBREAKABLE) for mark, meaning in meanings]
        return [line.replace(_UNBREAKABLE, " ") for line in self.wrapped("   ".join(parts))]

    def table(self, rows: Sequence[tuple[str, str, str, str]]) -> Iterator[str]:
        """A line for each row: its mark, when it was due, a word, and what is known of it."""
        due_width, word_width = (max((len(row[column]) for row in rows), default=0) for column in (1, 2))
        for mark, due, word, said in rows:
            line = f"{_INDENT}{mark} {due:<{due_width}}  {word:<{word_width}}  {said}"
            for number, each in enumerate(self.wrapped(line, _INDENT * 3)):
                yield each if number else each.replace(mark, self.painted(mark), 1)


# As files show them ---------------------------------------------------------------------------------------------------


def render_legend(paper: Paper) -> list[str]:
    """What the marks of past runs mean."""
    return paper.legend((each.value[paper.is_ascii], each.value[2]) for each in Mark)


def render_past(
    job: Job, runs: Sequence[PastRun], signs: Signs, paper: Paper, *, left_out: datetime | None = None
) -> Iterator[str]:
    """The runs of one job, oldest first. `left_out`: those due before it are not among them, because they are many."""
    yield from _strip(job, runs, paper)
    yield from paper.wrapped(_INDENT + _counts(runs), _INDENT * 2)
    if left_out is not None:
        yield f"{_INDENT}left out: what was due before {show.when(left_out, job)}; ask for a shorter --since"
    yield from paper.table(
        [
            (paper.mark(each[0]), show.when(each[0].due_at, job), each[0].standing, _said(each, job))
            for each in _stretches(runs, paper)
            if paper.shows_all or not each[0].is_simply_made
        ]
    )
    if older := {each.standing for each in runs if each.standing in (Standing.BEYOND_RETENTION, Standing.UNTOLD)}:
        yield from paper.wrapped(f"{_INDENT}{older.pop()}: {signs.because}", _INDENT * 2)


def _strip(job: Job, runs: Sequence[PastRun], paper: Paper) -> Iterator[str]:
    """One mark a run, in groups, as many as there is room for; lines that look alike are shown once.

    Each line begins with when its first was due.
    """
    groups: list[list[PastRun]] = []
    for most, unit in _UNITS:
        groups = [list(group) for _, group in groupby(runs, key=lambda each: unit(each.due_at.astimezone(job.zone)))]
        if max(map(len, groups), default=0) <= most:
            break
    lines: list[tuple[str, str]] = []
    for group in groups:
        due = show.when(group[0].due_at, job)
        marks = "".join(paper.mark(each) for each in group)
        room = max(paper.width - len(due) - 3 * len(_INDENT), 20)
        if lines and len(lines[-1][1]) + 1 + len(marks) <= room:
            lines[-1] = (lines[-1][0], f"{lines[-1][1]} {marks}")
        else:
            lines.append((due, marks))
    widest = max((len(due) for due, _ in lines), default=0)
    for marks, alike in groupby(lines, key=itemgetter(1)):
        dues = [due for due, _ in alike]
        shown = dues if len(dues) <= _LONGEST_ROWS else dues[:1]
        yield from (f"{_INDENT}{due:<{widest}}{_INDENT}{paper.painted(marks)}" for due in shown)
        if len(shown) < len(dues):
            yield f"{_INDENT}{'':<{widest}}{_INDENT}({counted(len(dues) - 1, 'more line')} like it)"


def _counts(runs: Sequence[PastRun]) -> str:
    """ "30 due: 27 made, 1 late, 2 missed"."""
    found = Counter(each.standing for each in runs)
    flawed = sum(each.standing is Standing.MADE and each.flaw is not None for each in runs)
    parts = [f"{found[each]:,} {each}" for each in Standing if found[each]]
    if flawed:
        parts[0] += f" ({flawed:,} of them flawed)"
    remembered = sum(each.remembered is not None for each in runs)
    by_history = f" ({remembered:,} of them known from history)" if remembered else ""
    return f"{len(runs):,} due: {', '.join(parts)}{by_history}" if runs else "none due"


def _stretches(runs: Sequence[PastRun], paper: Paper) -> Iterator[Sequence[PastRun]]:
    """Neighbours of which nothing but their number is to be said, together; every other run alone."""

    def alike(past: PastRun) -> object | None:
        if past.made_at:
            return None
        return past.standing, past.remembered.says if past.remembered else None

    for shared, group in groupby(runs, key=alike):
        stretch = list(group)
        if shared is None or paper.shows_all or len(stretch) <= _LONGEST_ROWS:
            yield from ([each] for each in stretch)
        else:
            yield stretch


def _said(stretch: Sequence[PastRun], job: Job) -> str:
    """By how much, which file, and what was remembered; of several runs how many they are."""
    past, is_alone = stretch[0], len(stretch) == 1
    made_at, run, said = past.made_at, past.run, []
    allowed = f"allowed until {show.limit(run.finish_by, run, job)}"
    if not is_alone:
        said.append(f"{counted(len(stretch), 'run')} in a row, the last due {show.when(stretch[-1].due_at, job)}")
    elif made_at is not None:
        parts = [show.limit(made_at, run, job)]
        if made_at != run.due_at:
            parts.append(show.distance(made_at, run))
        if past.standing is Standing.LATE:
            parts.append(allowed)
        if past.flaw and not past.remembered:
            parts.append(past.flaw)
        said.append(", ".join(parts))
        if past.file:
            said.append(past.file.shown)
    elif past.standing in (Standing.MISSED, Standing.PENDING):
        said.append(f"no {job.output.kind.one if job.output else 'file'}, {allowed}")
    if past.remembered:
        found = f" {past.remembered.says}" if past.remembered.says else ""
        judged = f", judged {show.when(past.remembered.judged_at, job)}" if is_alone else ""
        said.append(f"history:{found or ' well'}{judged}")
    return "; ".join(said)


# As the history has them ----------------------------------------------------------------------------------------------


def render_mornings(mornings: Sequence[PastMorning], zone: ZoneInfo, paper: Paper) -> Iterator[str]:
    """ "31 mornings: 27 ok, 3 attention, 1 incomplete; 744 looks by monitor: 744 ok; the last: …"."""
    if not mornings:
        yield "no morning in this time"
        return
    counts = []
    lookers = {each.by for each in mornings}.difference(OF_MORNINGS)
    for by in (OF_MORNINGS, *((each,) for each in sorted(lookers))):
        verdicts = [each.verdict for each in mornings if each.by in by]
        if not verdicts:
            continue
        whole = (
            counted(len(verdicts), "morning") if by is OF_MORNINGS else f"{counted(len(verdicts), 'look')} by {by[0]}"
        )
        found = (f"{number:,} {clean(verdict, 40)}" for verdict, number in Counter(verdicts).most_common())
        counts.append(f"{whole}: {', '.join(found)}")
    last = mornings[-1]
    needing = f"{last.needing:,} of {counted(last.declared, 'job')} needed attention"
    said = f"{show_instant(last.judged_at, zone)}, {last.verdict}, {needing}, by {last.by}"
    yield from paper.wrapped(f"{'; '.join(counts)}; the last: {said}", _INDENT)


def render_key(paper: Paper) -> list[str]:
    """What the marks of rows mean."""
    return paper.legend((_SHAPES[each][paper.is_ascii], each) for each in Verdict)


def render_rows(rows: Sequence[Row], zone: ZoneInfo, paper: Paper) -> Iterator[str]:
    """The rows of one job, oldest first; at most the newest `MOST_ROWS`."""
    shown = rows[-MOST_ROWS:]
    dues = [_when(each.due_at, zone) for each in shown]
    widest = max(map(len, dues), default=0)
    room = max(paper.width - widest - 2 * len(_INDENT), 20)
    for start in range(0, len(shown), room):
        marks = "".join(paper.mark(each) for each in shown[start : start + room])
        yield f"{_INDENT}{dues[start]:<{widest}}{_INDENT}{paper.painted(marks)}"
    found = Counter(each.verdict for each in rows)
    counts = ", ".join(f"{found[each]:,} {each}" for each in Verdict if found[each])
    yield f"{_INDENT}{counted(len(rows), 'due run')}: {counts}"
    if len(shown) < len(rows):
        yield f"{_INDENT}left out: what was due before {dues[0]}; ask for a shorter --since"
    yield from paper.table(
        [
            (paper.mark(each), due, each.verdict, "; ".join(_known(each, zone)))
            for each, due in zip(shown, dues, strict=True)
            if paper.shows_all or each.verdict is not Verdict.OK or each.needs_a_person or each.action
        ]
    )


def _known(row: Row, zone: ZoneInfo) -> Iterator[str]:
    """What is known of it, in few words."""
    if row.cause:
        yield clean(row.cause, 60)
    if row.ran_at is not None:
        ran, due = row.ran_at.astimezone(zone), row.due_at.astimezone(zone)
        is_same_day = (ran.date(), ran.utcoffset()) == (due.date(), due.utcoffset())
        distance = (
            f"{show_span(abs(row.ran_at - row.due_at))} {'before' if row.ran_at < row.due_at else 'after'} it was due"
        )
        yield f"ran {f'{ran:%H:%M:%S}' if is_same_day else _when(row.ran_at, zone)}, {distance}"
    rows = [each.rows for each in row.outputs if each.rows is not None]
    if row.size is not None:
        yield show_size(row.size)
    elif rows and len(rows) == len(row.outputs):
        yield counted(sum(rows), "row")
    if row.from_files:
        # A file, an entry or a row: the history does not tell which.
        yield "known from what it left"
    elif row.ran_at is None:
        yield f"judged {_when(row.judged_at, zone)}"
    if row.action:
        yield clean(row.action)


def _when(at: datetime, zone: ZoneInfo) -> str:
    return show_instant(at, zone, seconds=bool(at.second))
