"""How did the last due runs of a job go, at a glance?

One glyph a run, the newest on the right, filled from what is remembered and from what the files of this morning still
tell. A glyph is a tile of a pattern, so that neighbours which are alike are one rectangle, however many they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from rollcall.evidence import Outcome, OutputSeen
from rollcall.history.past import PastRun, Signs, Standing, past_runs
from rollcall.history.rows import Row
from rollcall.report import markup
from rollcall.roll.due_run import DueRun
from rollcall.roll.formats import ANY
from rollcall.roll.job import Job
from rollcall.schedule.answers import due_between, last_due
from rollcall.text import counted, listed
from rollcall.times import show_instant
from rollcall.verdict import JobJudged
from rollcall.vocabulary import Verdict

RUNS = 30
_DAY = timedelta(days=1)
_WIDE, _HIGH = 8, 16
_MOST_NAMED = 4

# Each differs from the others in outline, so that no colour is needed. None: nobody looked, and no file tells.
_GLYPHS: dict[Verdict | None, str] = {
    Verdict.OK: '<path d="M1.5 4h4v9h-4z"/>',
    Verdict.LATE: '<path d="M1.5 9h4v4h-4z"/>',
    Verdict.MISSED: '<path class="rc-on" d="M1.6 4.6h3.8v7.8H1.6z"/>',
    Verdict.FAILED: '<path class="rc-on" d="m1.4 5 4.4 7m0-7-4.4 7"/>',
    Verdict.STUCK: '<path d="M.6 4h5.8L3.5 8.5 6.4 13H.6l2.9-4.5z"/>',
    Verdict.BAD_OUTPUT: '<path d="M1 4h5v3H1zM1 10h5v3H1z"/>',
    Verdict.UNKNOWN: '<path d="m3.5 4 3 4.5-3 4.5-3-4.5z"/>',
    Verdict.PENDING: '<circle class="rc-on" cx="3.5" cy="8.5" r="2.2"/>',
    Verdict.PAUSED: '<path class="rc-on" d="M2 5v7m3.2-7v7"/>',
    None: '<path d="M2 11.5h3V13H2z"/>',
}
_UNTOLD = "untold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One due run in the strip. `verdict` is None where nobody looked and no file tells; `ran_at` where none was seen.

    `due_at` is aware UTC. `is_unread` is True where only a file tells of it, and what it must hold was not read.
    """

    due_at: datetime
    verdict: Verdict | None
    ran_at: datetime | None = None
    is_unread: bool = False


def beats(judged: JobJudged, rows: Sequence[Row]) -> tuple[Beat, ...]:
    """The last 30 due runs, oldest first, as far back as anything tells of the job.

    What was judged this morning comes before what was judged then, and that before what the files tell.
    """
    told = {each.due_at: beat_of(each, judged.job) for each in rows[-RUNS:]}
    if rows and (recorded := _by_record(judged)) and _is_open(told.get(recorded.due_at)):
        told[recorded.due_at] = recorded
    today = {judged.due_run.due_at: _of_today(judged, judged.due_run)} if judged.due_run else {}
    told |= today
    dues = _due(judged, sorted(told))
    if not rows or any(_is_open(told.get(each)) for each in dues if each not in today):
        for past in _by_files(judged):
            if _is_open(told.get(past.due_at)) and (past.sign or past.due_at not in told):
                told[past.due_at] = _by_file(past, judged.job)
        # A good file does not make a run good of which more was promised.
        told |= today
        dues = sorted({*dues, *told})
    return tuple([told.get(due_at) or _unseen(judged, due_at) for due_at in dues[-RUNS:]])


def beat_of(row: Row, job: Job) -> Beat:
    """What is remembered of a run."""
    is_unread = row.from_files and _promises_content(job)
    return Beat(due_at=row.due_at, verdict=row.verdict, ran_at=row.ran_at, is_unread=is_unread)


def _promises_content(job: Job) -> bool:
    return job.output is not None and job.output.format != ANY


def _of_today(judged: JobJudged, run: DueRun) -> Beat:
    # Where the job is only pending for its next run, this one is well.
    is_next = judged.verdict is Verdict.PENDING and all(each.verdict is Verdict.OK for each in judged.findings)
    return Beat(due_at=run.due_at, verdict=Verdict.OK if is_next else judged.verdict, ran_at=judged.ran_at)


def _is_open(known: Beat | None) -> bool:
    """True where a file may tell today what could not be told then."""
    return known is None or known.verdict in (None, Verdict.PENDING, Verdict.UNKNOWN)


def _unseen(judged: JobJudged, due_at: datetime) -> Beat:
    is_next = judged.due_run is not None and due_at > judged.due_run.due_at
    return Beat(due_at=due_at, verdict=Verdict.PENDING if is_next else None)


def _by_files(judged: JobJudged) -> tuple[PastRun, ...]:
    """The runs that the files seen this morning tell of: none before the oldest of them."""
    seen, job, files = judged.seen.output, judged.job, judged.seen.files
    if not isinstance(seen, OutputSeen) or not files or job.output is None or job.output.is_one_file:
        return ()
    if judged.due_run and not judged.is_pending and judged.due_run.begins_at <= files[-1].made_at:
        return ()
    since = max(files[-1].made_at - job.allowance, judged.seen.now - job.look_back - _DAY)
    signs = Signs.of_output(job, seen, most=len(seen.files), now=judged.seen.now)
    return past_runs(job, signs, since=since, now=judged.seen.now, most=RUNS)


def _by_file(past: PastRun, job: Job) -> Beat:
    is_unread = past.file is not None and past.file.content is None and _promises_content(job)
    return Beat(due_at=past.due_at, verdict=_verdict(past), ran_at=past.made_at, is_unread=is_unread)


def _by_record(judged: JobJudged) -> Beat | None:
    """The last run on record, where it was due before the judged one, in time, and nothing but its success promised."""
    seen, job, run = judged.seen, judged.job, judged.due_run
    if run is None or job.output or seen.floats or seen.ran_at is None:
        return None
    if seen.last is None or seen.last.outcome is not Outcome.SUCCESS:
        return None
    due_at = last_due(job.schedule, seen.ran_at + (run.due_at - run.begins_at))
    if due_at is None or due_at >= run.due_at:
        return None
    past = job.due_run(due_at)
    is_in_time = past.owns(seen.ran_at) and seen.ran_at <= past.finish_by
    return Beat(due_at=due_at, verdict=Verdict.OK, ran_at=seen.ran_at) if is_in_time else None


def _verdict(past: PastRun) -> Verdict | None:
    if past.flaw:
        return Verdict.BAD_OUTPUT
    return _STANDINGS.get(past.standing)


# What lies before the oldest file is untold here, whatever retention says of it.
_STANDINGS = {
    Standing.MADE: Verdict.OK,
    Standing.LATE: Verdict.LATE,
    Standing.MISSED: Verdict.MISSED,
    Standing.PENDING: Verdict.PENDING,
}


def _due(judged: JobJudged, known: Sequence[datetime]) -> list[datetime]:
    """The newest 30 due instants, none before the oldest of `known`, which are due instants, oldest first.

    An engine's arithmetic is dear: it is asked only where `known` lie further apart than the schedule's shortest step.
    What counts its runs from one another has no other than those that are known.
    """
    run, schedule = judged.due_run, judged.job.schedule
    if run is None or judged.seen.floats:
        return list(known)
    newer = due_between(schedule, run.due_at, judged.seen.now)[1:] if judged.is_pending else []
    dues = [*reversed(newer), run.due_at]
    step = run.next_due_at - run.due_at if run.next_due_at else _DAY
    for earlier in reversed(known):
        later = dues[-1]
        if earlier >= later:
            continue
        # The newest two are always looked between: only that shows how short a step may be.
        if later - earlier > 1.5 * step or later == run.due_at:
            start = max(earlier, later - _FURTHEST * step)
            between = due_between(schedule, start, later)[:-1]
            dues += reversed(between)
            step = min([step, *(after - before for before, after in pairwise([*between, later]))])
            if start > earlier:
                break
            # Of another schedule, where this one was changed since.
            dues += [earlier] if between[:1] != [earlier] else []
        else:
            dues.append(earlier)
        if len(dues) >= RUNS:
            break
    return dues[:RUNS][::-1]


# How many steps back an engine is asked between two runs that are known.
_FURTHEST = 200


# Drawing --------------------------------------------------------------------------------------------------------------


def render_glyphs(kinds: Iterable[Verdict | None]) -> str:
    """The patterns of those kinds, that `render_strip` refers to."""
    return "".join(
        f'<pattern id="rs-{_name(kind)}" width="{_WIDE}" height="{_HIGH}" patternUnits="userSpaceOnUse">'
        f'<g class="v-{_name(kind)}" fill="currentColor">{_GLYPHS[kind]}</g></pattern>'
        for kind in _in_order(kinds)
    )


def _in_order(kinds: Iterable[Verdict | None]) -> list[Verdict | None]:
    used = set(kinds)
    return [each for each in _GLYPHS if each in used]


def render_strip(run_beats: Sequence[Beat], zone: ZoneInfo) -> str:
    """The strip and what it comes to in words; nothing where fewer than two runs are told."""
    if len(run_beats) < 2:
        return ""
    name = f'role="img" aria-label="{markup.text(said)}"' if (said := _said(run_beats, zone)) else 'aria-hidden="true"'
    return (
        f'<div class="rc-strip">{_svg(run_beats, name)}<p>{counted(len(run_beats), "run")} since '
        f"{_day(run_beats[0].due_at, zone)}: {_counts(run_beats)}</p></div>"
    )


def _svg(run_beats: Sequence[Beat], name: str) -> str:
    groups = [(verdict, len(list(group))) for verdict, group in groupby(run_beats, key=lambda each: each.verdict)]
    wide = len(run_beats) * _WIDE
    # With a view box it shrinks where there is no room, rather than lose its newest run.
    return f'<svg width="{wide}" viewBox="0 0 {wide} {_HIGH}" {name}>{"".join(_rectangles(groups))}</svg>'


def _rectangles(groups: Iterable[tuple[Verdict | None, int]]) -> Iterator[str]:
    place = 0
    for verdict, number in groups:
        x = f' x="{place * _WIDE}"' if place else ""
        yield f'<rect class="s-{_name(verdict)}"{x} width="{number * _WIDE}"/>'
        place += number


def _said(run_beats: Sequence[Beat], zone: ZoneInfo) -> str:
    """Which runs did not go well, newest first, for those who cannot see where in the strip they lie."""
    odd = [each for each in reversed(run_beats) if each.verdict not in (Verdict.OK, Verdict.PENDING, None)]
    return listed([f"{_word(each.verdict)} {show_instant(each.due_at, zone)}" for each in odd], _MOST_NAMED)


def _counts(run_beats: Sequence[Beat]) -> str:
    found = Counter(each.verdict for each in run_beats)
    return ", ".join(f"{found[verdict]} {_word(verdict)}" for verdict in _GLYPHS if found[verdict])


def render_strip_key(kinds: Iterable[Verdict | None]) -> str:
    """What the glyphs of those kinds mean, as entries of a legend."""
    return "".join(
        f'<li><svg class="rc-glyph" width="{_WIDE}" aria-hidden="true">{"".join(_rectangles([(kind, 1)]))}</svg> '
        f"{_word(kind)}</li>"
        for kind in _in_order(kinds)
    )


def _name(verdict: Verdict | None) -> str:
    return verdict or _UNTOLD


def _word(verdict: Verdict | None) -> str:
    return verdict.replace("-", " ") if verdict else "not looked at"


def _day(at: datetime, zone: ZoneInfo) -> str:
    return show_instant(at, zone).rsplit(" ", 2)[0]


STRIP_STYLE = "".join(f".s-{_name(verdict)}{{fill:url(#rs-{_name(verdict)})}}" for verdict in _GLYPHS) + (
    f".rc-strip svg,.rc-glyph,.rc-strip rect,.rc-glyph rect{{height:{_HIGH}px}}"
    ".rc-strip{margin-top:.7rem}.rc-strip svg,.rc-line{display:block;max-width:100%}"
    ".rc .rc-strip p{color:var(--soft);font-size:.8rem;margin:.1rem 0 0}.rc .v-untold{color:var(--soft)}"
    ".rc .rc-legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.6rem 0 0;font-size:.8rem;color:var(--soft)}"
    ".rc .rc-legend svg{display:inline;vertical-align:-.2em;margin:0}"
)
