"""What is shown of every job: on a tile where they are few, in a row of a table where they are many?

The strip has a glyph for each recent run, the newest on the right. Cells of the table are short; the numbers they
are sorted by stand beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from rollcall.evidence import NotSeen
from rollcall.history.judged import judged_row
from rollcall.history.rows import Chronicle, Row
from rollcall.morning import Morning
from rollcall.morning.links import filled_link
from rollcall.report.cause_groups import is_hidden_by_scheduler, own_findings
from rollcall.report.charts import Charts, charts_of
from rollcall.report.recent_runs import RecentRun, bad_since, recent_runs
from rollcall.text import counted, listed, show_size
from rollcall.times import elapsed, show_instant, show_span
from rollcall.verdict import show
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import Verdict

# More jobs than this are a table.
MOST_TILES = 30
# Of more, a job that is well is one row: its runs are what `rollcall history` shows.
MOST_OPENED = 1_000
GLYPH_WIDTH = 8
_MOST_NAMED = 4
_WEEK = timedelta(days=6)
UNKNOWN_RUN = "untold"  # nobody looked, and no file shows it
# The kinds of runs and their words. What was too early to tell, or owed nothing, is counted last.
_COUNTED_LAST = (Verdict.PENDING, Verdict.PAUSED)
_KINDS: dict[str, str] = {
    **{each: each.replace("-", " ") for each in sorted(Verdict, key=lambda each: each in _COUNTED_LAST)},
    UNKNOWN_RUN: "not looked at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The recent runs. `stretches` are alike neighbours: what they are, where they begin and how wide they are.

    `is_plain` is True where all were well. `aloud` is what did not go well, newest first, for those who cannot see it.
    """

    width: int
    stretches: tuple[tuple[str, int, int], ...]
    said: str
    aloud: str
    good: str
    is_plain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One job. `card` is the number of the cause that explains it; `next_step` what to do where there is none.

    `facts` are a name, a value and small print. `since`, `ran`, `took`, `size` and `next` are the cells of its row, ""
    where there is nothing to say; `sorted_by` the same as numbers, 0 where they are not known. `words` is what the
    filter finds it by beside what its row shows. `is_opened` is True where more is shown of it than its row.
    """

    judged: JobJudged
    scheduler: str
    schedule: str
    code: str
    is_warned: bool
    why: tuple[str, ...]
    card: int | None
    next_step: str
    strip: Strip | None
    charts: Charts | None
    facts: tuple[tuple[str, str, str], ...]
    owner: str
    links: tuple[tuple[str, str], ...]
    since: str
    ran: str
    took: str
    size: str
    next: str
    sorted_by: str
    words: str
    is_opened: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """The jobs of one scheduler that need nobody: its id ("" for those without one), and how many of which verdict."""

    scheduler: str
    said: str
    jobs: tuple[JobView, ...]


def job_views(morning: Morning, chronicle: Chronicle, card_of: Mapping[str, int]) -> Iterator[JobView]:
    """A view of each job; `card_of` is the number of the cause that explains a job, by its id."""
    is_whole = len(morning.jobs) <= MOST_OPENED
    for each in morning.jobs:
        yield _view(each, morning, card_of.get(each.job.id), chronicle.of(each.job.id), is_whole=is_whole)


def folds_of(views: Iterable[JobView]) -> list[Fold]:
    """The jobs that need nobody, by their schedulers."""
    by_scheduler: dict[str, list[JobView]] = {}
    for each in views:
        by_scheduler.setdefault(each.scheduler, []).append(each)
    folds = []
    for scheduler, jobs in sorted(by_scheduler.items()):
        found = Counter(each.judged.verdict for each in jobs)
        said = ", ".join(f"{found[each]:,} {each.replace('-', ' ')}" for each in Verdict if found[each])
        if warned := sum(each.is_warned for each in jobs):
            said += f" ({counted(warned, 'warning')})"
        folds.append(Fold(scheduler=scheduler, said=said, jobs=tuple(jobs)))
    return folds


def kinds_of(views: Iterable[JobView]) -> list[str]:
    """The kinds of runs that their strips show, in the order in which runs are counted."""
    shown = {kind for each in views if each.strip for kind, _, _ in each.strip.stretches}
    return [each for each in _KINDS if each in shown]


def _view(judged: JobJudged, morning: Morning, card: int | None, rows: Sequence[Row], *, is_whole: bool) -> JobView:
    job, zone, now = judged.job, judged.job.zone, morning.judged_at
    # The runs themselves are not kept: of ten thousand jobs they would fill the memory.
    runs = recent_runs(judged, rows)
    cause = morning.job_causes[job.id]
    row = judged_row(judged, judged.due_run, morning) if judged.due_run else None
    is_opened = is_whole or judged.needs_a_person or cause is not None
    since = bad_since(judged, rows) if judged.needs_a_person else None
    took, size = (row.took, row.size) if row else (None, None)
    return JobView(
        judged=judged,
        scheduler=job.scheduler.id if job.scheduler else "",
        schedule=job.schedule.in_words() if is_opened else "",
        code=cause.code if cause else "",
        is_warned=judged.is_warned,
        why=_why(judged, morning, card),
        card=card if cause else None,
        next_step=cause.next_step if cause and card is None else "",
        strip=_strip(runs, zone) if len(runs) > 1 else None,
        charts=charts_of([*(each for each in rows if row is None or each.due_at < row.due_at), *([row] if row else [])])
        if is_opened
        else None,
        facts=tuple(_facts(judged)) if is_opened else (),
        owner=job.owner or "",
        links=tuple(links_of(judged)),
        since=_short(since, zone, now) if since else "",
        ran=_short(judged.ran_at, zone, now) if judged.ran_at else "",
        took=show_span(took) if took is not None else "",
        size=show_size(size) if size is not None else "",
        next=_short(judged.next_due_at, zone, now) if judged.next_due_at else "",
        sorted_by=" ".join(
            (
                _number(since),
                _number(judged.ran_at),
                "0" if took is None else f"{took.total_seconds():.0f}",
                str(size or 0),
                _number(judged.next_due_at),
            )
        ),
        words=" ".join(filter(None, (*job.tags, job.severity))),
        is_opened=is_opened,
    )


def _number(at: datetime | None) -> str:
    return str(int(at.timestamp()) // 60) if at else "0"


def _short(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """ "06:00" on the judged day, "Tue 06:00" within a week, "10 Feb" beyond."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    day = show_instant(at, zone).rsplit(" ", 2)[0]
    return f"{day.partition(' ')[0]} {local:%H:%M}" if abs(at - now) < _WEEK else day.partition(" ")[2]


def _why(judged: JobJudged, morning: Morning, card: int | None) -> tuple[str, ...]:
    cause = morning.job_causes[judged.job.id]
    if cause is None and judged.verdict is Verdict.OK:
        return ()
    if cause is None:
        waits = ["the run after this one is still inside its time"] if judged.due_run and judged.is_pending else []
        # Several promises wait for the same thing.
        reasons = dict.fromkeys([*waits, *(each.because for each in judged.findings if each.because)])
        return tuple(map(_sentence, reasons))
    if card is None or not is_hidden_by_scheduler(judged, morning):
        return (cause.sentence,)
    if own := own_findings(judged):
        return (f"{_sentence(own[0].because)} Cause: {cause.code}.",)
    return (f"Cannot tell: {cause.code}.",)


def _sentence(clause: str) -> str:
    """ "Due Wed 11 Feb." of a finding's clause."""
    shown = clause[:1].upper() + clause[1:]
    return shown if shown.endswith((".", "!", "?", "…")) else f"{shown}."


def links_of(judged: JobJudged) -> Iterator[tuple[str, str]]:
    """Where its runbook and its logs are, by their names."""
    due_at = judged.due_run.due_at if judged.due_run else None
    for name, declared in (("Runbook", judged.job.runbook), ("Logs", judged.job.logs)):
        if filled := filled_link(declared, judged.job, due_at):
            yield name, filled


def _strip(runs: Sequence[RecentRun], zone: ZoneInfo) -> Strip:
    stretches = []
    x = 0
    for kind, group in groupby(runs, key=_kind):
        width = len(list(group)) * GLYPH_WIDTH
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
        good=f"{found[Verdict.OK]}/{len(runs)}",
        is_plain=set(found) == {Verdict.OK},
    )


def _kind(run: RecentRun) -> str:
    return run.verdict or UNKNOWN_RUN


def _facts(judged: JobJudged) -> Iterator[tuple[str, str, str]]:
    run, job, seen = judged.due_run, judged.job, judged.seen
    if run:
        start_by, finish_by = (show.limit(at, run, job) for at in (run.start_by, run.finish_by))
        yield "Due", show.when(run.due_at, job), f"start by {start_by}, done by {finish_by}"
    else:
        yield "Due", "nothing, while it is paused" if judged.verdict is Verdict.PAUSED else "not yet", ""
    if run and judged.ran_at:
        late = elapsed(run.due_at, judged.ran_at)
        side = "before" if late < timedelta(0) else "after"
        yield "Ran", show.limit(judged.ran_at, run, job), f"{show_span(abs(late))} {side} due"
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
