"""What does the tile of a job show, and where on its two small pictures does each run lie?

The strip has a glyph for each recent run, the newest on the right. The line goes from just before the due time to just
after the last limit, and shows when the run came. Both are drawn in tile.html, in the units that are worked out here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from rollcall.evidence import NotSeen
from rollcall.history.rows import Chronicle, Row
from rollcall.morning import Morning
from rollcall.report.cause_groups import is_hidden_by_scheduler, own_findings
from rollcall.report.recent_runs import RecentRun, recent_runs
from rollcall.text import counted, listed
from rollcall.times import elapsed, show_instant, show_span
from rollcall.verdict import show
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import Verdict

_MOST_NAMED = 4
_GLYPH_WIDTH = 8
# Of the line: where it shows the due time and the last limit, and between which places a run can be marked.
_DUE, _LAST, _EARLIEST, _LATEST = 12, 200, 4, 226
_UNTOLD = "untold"  # nobody looked, and no file shows it
# The kinds of runs and their words. What was too early to tell, or owed nothing, is counted last.
_COUNTED_LAST = (Verdict.PENDING, Verdict.PAUSED)
_KINDS: dict[str, str] = {
    **{each: each.replace("-", " ") for each in sorted(Verdict, key=lambda each: each in _COUNTED_LAST)},
    _UNTOLD: "not looked at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The recent runs. `stretches` are alike neighbours: what they are, where they begin and how wide they are.

    `aloud` is what did not go well, newest first, for those who cannot see where in the strip it lies.
    """

    width: int
    stretches: tuple[tuple[str, int, int], ...]
    said: str
    aloud: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LatenessLine:
    """Where the grace ends, where earlier runs lie (as strokes: where each begins, and its length), and the judged one.

    `ran` is None where no run was seen, and beyond the line where `is_beyond`.
    """

    grace: int
    earlier: tuple[tuple[int, int], ...]
    verdict: Verdict
    ran: int | None
    is_beyond: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One job: what is said of it, and its facts (a name, a value and small print).

    `card` is the number of the card that explains it; `next_step` what to do where there is none.
    """

    judged: JobJudged
    why: tuple[str, ...]
    card: int | None
    next_step: str
    strip: Strip | None
    line: LatenessLine | None
    facts: tuple[tuple[str, str, str], ...]


def tiles_of(morning: Morning, chronicle: Chronicle, card_of: Mapping[str, int]) -> tuple[Tile, ...]:
    """A tile for each job; `card_of` is the number of the card that explains a job, by its id."""
    return tuple(_tile(each, morning, card_of.get(each.job.id), chronicle.of(each.job.id)) for each in morning.jobs)


def kinds_of(tiles: Iterable[Tile]) -> list[str]:
    """The kinds of runs that their strips show, in the order in which runs are counted."""
    shown = {kind for each in tiles if each.strip for kind, _, _ in each.strip.stretches}
    return [each for each in _KINDS if each in shown]


def _tile(judged: JobJudged, morning: Morning, card: int | None, rows: Sequence[Row]) -> Tile:
    # The runs themselves are not kept: of ten thousand jobs they would fill the memory.
    runs = recent_runs(judged, rows)
    cause = morning.job_causes[judged.job.id]
    if cause is None and judged.verdict is Verdict.OK:
        why: Iterable[str] = ()
    elif cause is None:
        waits = ["the run after this one is still inside its time"] if judged.due_run and judged.is_pending else []
        # Several promises wait for the same thing.
        why = map(_sentence, dict.fromkeys([*waits, *(each.because for each in judged.findings if each.because)]))
    elif card is None or not is_hidden_by_scheduler(judged, morning):
        why = (cause.sentence,)
    elif own := own_findings(judged):
        why = (f"{_sentence(own[0].because)} Cause: {cause.code}.",)
    else:
        why = (f"Cannot tell: {cause.code}.",)
    return Tile(
        judged=judged,
        why=tuple(why),
        card=card if cause else None,
        next_step=cause.next_step if cause and card is None else "",
        strip=_strip(runs, judged.job.zone) if len(runs) > 1 else None,
        line=_line(judged, runs),
        facts=tuple(_facts(judged)),
    )


def _sentence(clause: str) -> str:
    """ "Due Wed 11 Feb." of a finding's clause."""
    shown = clause[:1].upper() + clause[1:]
    return shown if shown.endswith((".", "!", "?", "…")) else f"{shown}."


def _strip(runs: Sequence[RecentRun], zone: ZoneInfo) -> Strip:
    stretches = []
    x = 0
    for kind, group in groupby(runs, key=_kind):
        width = len(list(group)) * _GLYPH_WIDTH
        stretches.append((kind, x, width))
        x += width
    found = Counter(map(_kind, runs))
    counts = ", ".join(f"{found[kind]} {word}" for kind, word in _KINDS.items() if found[kind])
    first_day = show_instant(runs[0].due_at, zone).rsplit(" ", 2)[0]
    odd = [each for each in reversed(runs) if each.verdict not in (Verdict.OK, Verdict.PENDING, None)]
    return Strip(
        width=x,
        stretches=tuple(stretches),
        said=f"{counted(len(runs), 'run')} since {first_day}: {counts}",
        aloud=listed([f"{_KINDS[_kind(each)]} {show_instant(each.due_at, zone)}" for each in odd], _MOST_NAMED),
    )


def _kind(run: RecentRun) -> str:
    return run.verdict or _UNTOLD


def _line(judged: JobJudged, runs: Sequence[RecentRun]) -> LatenessLine | None:
    """None where no run was owed yet."""
    run = judged.due_run
    if run is None or run.finish_by <= run.due_at:
        return None
    whole = (run.finish_by - run.due_at).total_seconds()

    def place(late: timedelta) -> int:
        return _DUE + round((_LAST - _DUE) * late.total_seconds() / whole)

    places = {place(each.ran_at - each.due_at) for each in runs if each.ran_at and each.due_at < run.due_at}
    strokes: list[tuple[int, int]] = []
    for each in sorted(each for each in places if _EARLIEST <= each <= _LATEST):
        # Neighbours are one stroke: thirty runs of a steady job are then a few characters.
        if strokes and each == sum(strokes[-1]):
            strokes[-1] = (strokes[-1][0], strokes[-1][1] + 1)
        else:
            strokes.append((each, 1))
    ran = place(judged.ran_at - run.due_at) if judged.ran_at else None
    verdict = Verdict.OK
    if judged.ran_at and judged.ran_at > run.finish_by:
        verdict = Verdict.LATE
    elif judged.needs_a_person:
        # In time, but no good: its mark must not look as if all were well.
        verdict = judged.verdict
    return LatenessLine(
        grace=place(run.start_by - run.due_at),
        earlier=tuple(strokes),
        verdict=verdict,
        ran=None if ran is None else max(ran, _EARLIEST),
        is_beyond=ran is not None and ran > _LATEST,
    )


def _facts(judged: JobJudged) -> Iterator[tuple[str, str, str]]:
    run, job, seen = judged.due_run, judged.job, judged.seen
    yield "Schedule", job.schedule.in_words(), ""
    if run:
        start_by, finish_by = (show.limit(at, run, job) for at in (run.start_by, run.finish_by))
        yield "Due", show.when(run.due_at, job), f"start by {start_by}, done by {finish_by}"
    else:
        yield "Due", "nothing, while it is paused" if judged.verdict is Verdict.PAUSED else "not yet", ""
    if run and judged.ran_at:
        late = elapsed(run.due_at, judged.ran_at)
        side = "before" if late < timedelta(0) else "after"
        yield "Ran", show.when(judged.ran_at, job), f"{show_span(abs(late))} {side} due"
    elif seen.ran_at:
        yield "Last run", show.when(seen.ran_at, job), ""
    elif seen.tells("runs"):
        cannot_tell = not seen.stands_in and (seen.listed is None or seen.blocker)
        last = f"says {seen.last_run.text}" if seen.last_run else "never"
        yield "Last run", "cannot tell" if cannot_tell else last, ""
    if isinstance(seen.output, NotSeen):
        yield "Output", "could not be looked at", ""
    elif judged.file:
        yield "Output", judged.file.name, judged.file.amount
    elif run and seen.files:
        yield "Output", "none of this run", f"newest: {seen.files[0].name}"
    elif seen.output is not None:
        yield "Output", "none", ""
    if judged.next_due_at:
        yield "Next", show.when(judged.next_due_at, job), ""
