"""How do the earlier mornings and the rows of a job look in a terminal?

The mornings are counted, a strip shows the pattern of a job, and a row tells of each due run that was not simply well.
Shapes differ, so that no colour is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rollcall.history.rows import PastMorning, Row
from rollcall.report.calendar import Paper
from rollcall.text import clean, counted, show_size
from rollcall.times import show_instant, show_span
from rollcall.vocabulary import Verdict

# A strip of a job that is due every minute would be nothing but a strip.
MOST_ROWS = 200
_INDENT = "  "
_OF_MORNINGS = "pytest"
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
_UNBREAKABLE = "\N{NO-BREAK SPACE}"


def render_mornings(mornings: Sequence[PastMorning], zone: ZoneInfo, paper: Paper) -> Iterator[str]:
    """ "31 mornings: 27 ok, 3 attention, 1 incomplete; 744 looks by monitor: 744 ok; the last: …"."""
    if not mornings:
        yield "no morning in this time"
        return
    kinds = sorted({each.by for each in mornings}, key=lambda by: (by != _OF_MORNINGS, by))
    counts = "; ".join(_counts(by, [each.verdict for each in mornings if each.by == by]) for by in kinds)
    last = mornings[-1]
    needing = f"{last.needing:,} of {counted(last.declared, 'job')} needed a person"
    told = f"{show_instant(last.judged_at, zone)}, {last.verdict}, {needing}, by {last.by}"
    yield from paper.wrapped(f"{counts}; the last: {told}", _INDENT)


def _counts(by: str, verdicts: Sequence[str]) -> str:
    """Whoever looks every hour has not seen that many mornings."""
    whole = counted(len(verdicts), "morning") if by == _OF_MORNINGS else f"{counted(len(verdicts), 'look')} by {by}"
    found = Counter(verdicts).most_common()
    return f"{whole}: {', '.join(f'{number:,} {clean(verdict, 40)}' for verdict, number in found)}"


def render_key(paper: Paper) -> list[str]:
    """What the shapes mean; none is parted from its meaning."""
    parts = [f"{_shape(each, paper)} {each}".replace(" ", _UNBREAKABLE) for each in Verdict]
    return [line.replace(_UNBREAKABLE, " ") for line in paper.wrapped("   ".join(parts))]


def render_rows(rows: Sequence[Row], zone: ZoneInfo, paper: Paper) -> Iterator[str]:
    """The rows of one job, oldest first; at most the newest `MOST_ROWS`."""
    shown = rows[-MOST_ROWS:]
    yield from _strip(shown, zone, paper)
    found = Counter(each.verdict for each in rows)
    counts = ", ".join(f"{found[each]:,} {each}" for each in Verdict if found[each])
    yield f"{_INDENT}{counted(len(rows), 'due run')}: {counts}"
    if len(shown) < len(rows):
        yield f"{_INDENT}left out: what was due before {_when(shown[0].due_at, zone)}; ask for a shorter --since"
    told = [each for each in shown if paper.shows_all or not _is_simply_well(each)]
    dues = [_when(each.due_at, zone) for each in told]
    due_width, verdict_width = (max(map(len, words), default=0) for words in (dues, [each.verdict for each in told]))
    for row, due in zip(told, dues, strict=True):
        head = f"{_shape(row.verdict, paper)} {due:<{due_width}}  {row.verdict:<{verdict_width}}"
        yield from paper.wrapped(f"{_INDENT}{head}  {'; '.join(_told(row, zone))}", _INDENT * 3)


def _is_simply_well(row: Row) -> bool:
    return row.verdict is Verdict.OK and not row.needs_a_person and row.action is None


def _shape(verdict: Verdict, paper: Paper) -> str:
    return _SHAPES[verdict][paper.is_ascii]


def _strip(rows: Sequence[Row], zone: ZoneInfo, paper: Paper) -> Iterator[str]:
    """One shape a row; each line begins with when its first was due."""
    dues = [_when(each.due_at, zone) for each in rows]
    widest = max(map(len, dues), default=0)
    room = max(paper.width - widest - 2 * len(_INDENT), 20)
    for start in range(0, len(rows), room):
        shapes = "".join(_shape(each.verdict, paper) for each in rows[start : start + room])
        yield f"{_INDENT}{dues[start]:<{widest}}{_INDENT}{shapes}"


def _told(row: Row, zone: ZoneInfo) -> Iterator[str]:
    """What is known of it, in few words."""
    if row.cause:
        yield clean(row.cause, 60)
    if row.ran_at is not None:
        yield _ran(row.ran_at, row.due_at, zone)
    if row.size is not None:
        yield show_size(row.size)
    if row.from_files:
        yield "told by files"
    elif row.ran_at is None:
        yield f"judged {_when(row.judged_at, zone)}"
    if row.action:
        yield clean(row.action)


def _ran(ran_at: datetime, due_at: datetime, zone: ZoneInfo) -> str:
    ran, due = ran_at.astimezone(zone), due_at.astimezone(zone)
    is_same_day = (ran.date(), ran.utcoffset()) == (due.date(), due.utcoffset())
    clock = f"{ran:%H:%M:%S}" if is_same_day else _when(ran_at, zone)
    distance = f"{show_span(abs(ran_at - due_at))} {'before' if ran_at < due_at else 'after'} it was due"
    return f"ran {clock}, {distance}"


def _when(at: datetime, zone: ZoneInfo) -> str:
    return show_instant(at, zone, seconds=bool(at.second))
