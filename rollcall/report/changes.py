"""What changed since the last morning, and is a morning missing?

Pure: what the history remembers is held against this morning. A size is unusual where it lies far outside what is usual
on its weekday, as most of them tell it: one freak among them does not move the middle, or its distance from the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from rollcall.history.rows import Chronicle, PastMorning, Row
from rollcall.morning import Morning, document
from rollcall.report import markup
from rollcall.text import show_size
from rollcall.times import show_instant
from rollcall.verdict import JobJudged
from rollcall.vocabulary import Verdict

_DAY = timedelta(days=1)
_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_MOST_NAMED = 12

_LEAST_OF_A_WEEKDAY, _LEAST_OF_ALL = 4, 8
# Sizes that scatter as a bell curve does lie outside this once in a million runs; those that never scatter may still
# differ by a quarter before anybody needs to know.
_MOST_DEVIATIONS, _MAD_OF_A_DEVIATION, _LEAST_SHARE = 5, 1.4826, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusualSize:
    """An output far larger or smaller than usual, in bytes: the middle of `count` earlier ones and how far half of
    them lie from it. `weekday` names which runs those were, None for all."""

    judged: JobJudged
    size: int
    middle: int
    spread: int
    count: int
    weekday: str | None

    def __str__(self) -> str:
        grew = "grew" if self.size > self.middle else "shrank"
        runs = f"{self.count} {self.weekday or 'runs'}"
        return (
            f"its output {grew} to {show_size(self.size)}; the middle of {runs} is {show_size(self.middle)}, "
            f"and half of them lie within {show_size(self.spread)} of it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What differs from the last morning; `gone` are ids of jobs that are declared no more."""

    fixed: tuple[tuple[JobJudged, Row], ...] = ()
    new: tuple[JobJudged, ...] = ()
    otherwise: tuple[tuple[JobJudged, Row], ...] = ()
    added: tuple[JobJudged, ...] = ()
    gone: tuple[str, ...] = ()
    sizes: tuple[UnusualSize, ...] = ()


def changes(morning: Morning, chronicle: Chronicle) -> Changes:
    """What differs from what the last whole morning knew of each job, and sizes that are not as usual."""
    known = [(each, _known(each, chronicle)) for each in morning.jobs]
    was_bad = [(judged, then.bad) for judged, then in known if then.bad]
    return Changes(
        fixed=tuple(pair for pair in was_bad if _is_fixed(pair[0])),
        new=tuple(judged for judged, then in known if judged.needs_a_person and not then.is_added and not then.still),
        otherwise=tuple(
            (judged, then.still)
            for judged, then in known
            if judged.needs_a_person and then.still and _code(judged, morning) != then.still.cause
        ),
        added=tuple(judged for judged, then in known if judged.due_run and then.is_added),
        gone=chronicle.gone,
        sizes=tuple(filter(None, (unusual_size(each, chronicle.of(each.job.id)) for each in morning.jobs))),
    )


def documented(morning: Morning, chronicle: Chronicle) -> document.Changes | None:
    """The same as morning.json tells it, by ids; None where no whole morning is remembered."""
    last = chronicle.last_morning
    if last is None or morning.demo is not None or morning.replay_of is not None:
        return None
    found = changes(morning, chronicle)
    return document.Changes(
        since=last.judged_at.astimezone(morning.zone),
        fixed=tuple(judged.job.id for judged, _ in found.fixed),
        new=tuple(judged.job.id for judged in found.new),
        otherwise=tuple(judged.job.id for judged, _ in found.otherwise),
        added=tuple(judged.job.id for judged in found.added),
        gone=found.gone,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What was known of a job: `bad` is the newest run that was, and is fixed where the job is well now; `still` is it
    where nothing tells that it was well since. A job is added where the last whole morning did not know it."""

    bad: Row | None = None
    still: Row | None = None
    is_added: bool = False


def _known(judged: JobJudged, chronicle: Chronicle) -> _Known:
    """What the last whole morning knew, and what was found since of the runs that it may have judged too.

    A run that was judged again since has one row, and what it was before is not told by it any more.
    """
    rows, last = [each for each in chronicle.of(judged.job.id) if not each.from_files], chronicle.last_morning
    if last is None:
        then, again = rows, []
    else:
        then = [each for each in rows if each.judged_at <= last.judged_at]
        again = [each for each in rows if each.judged_at > last.judged_at and each.due_at <= last.judged_at]
    if not then and judged.job.id not in chronicle.present:
        return _Known(is_added=True)
    was = then[-1] if then and then[-1].needs_a_person else None
    if not again or (then and again[-1].due_at < then[-1].due_at):
        return _Known(bad=was, still=was)
    since = again[-1]
    return _Known(bad=since if since.needs_a_person else was, still=was if since.needs_a_person else None)


def _is_fixed(judged: JobJudged) -> bool:
    """Too early to tell, or paused, is not mended."""
    return not judged.needs_a_person and judged.verdict in (Verdict.OK, Verdict.LATE)


def _code(judged: JobJudged, morning: Morning) -> str | None:
    cause = morning.job_causes[judged.job.id]
    return cause.code if cause else None


def unusual_size(judged: JobJudged, rows: Sequence[Row]) -> UnusualSize | None:
    """How the output of the judged run stands out from those of its weekday, or of all days where those are few.

    One that is known to be bad has its cause told already.
    """
    if judged.file is None or judged.due_run is None or judged.verdict is Verdict.BAD_OUTPUT:
        return None
    due_at, zone = judged.due_run.due_at, judged.job.zone
    earlier = [each for each in rows if each.size and each.due_at < due_at and not each.needs_a_person]
    weekday = due_at.astimezone(zone).weekday()
    sizes = [each.size or 0 for each in earlier if each.due_at.astimezone(zone).weekday() == weekday]
    is_weekday = len(sizes) >= _LEAST_OF_A_WEEKDAY
    if not is_weekday:
        sizes = [each.size or 0 for each in earlier]
        if len(sizes) < _LEAST_OF_ALL:
            return None
    middle = median(sizes)
    spread = median(abs(each - middle) for each in sizes)
    limit = max(_MOST_DEVIATIONS * _MAD_OF_A_DEVIATION * spread, _LEAST_SHARE * middle)
    if abs(judged.file.size - middle) <= limit:
        return None
    return UnusualSize(
        judged=judged,
        size=judged.file.size,
        middle=round(middle),
        spread=round(spread),
        count=len(sizes),
        weekday=_WEEKDAYS[weekday] if is_weekday else None,
    )


# A morning that is missing --------------------------------------------------------------------------------------------

_WEEK = 7
_DAILY = 3


def missing_mornings(mornings: Sequence[PastMorning], now: datetime, zone: ZoneInfo) -> tuple[date, ...]:
    """The days since the last whole morning on which one usually comes and none came, oldest first; today is not asked.

    Told only where at least three of the seven days up to the last morning had one. A day is usual where its weekday
    had a morning the week before; in the first week where it is no weekend and the three days before the gap had one.
    """
    days = sorted({each.judged_at.astimezone(zone).date() for each in mornings if each.is_complete})
    today = now.astimezone(zone).date()
    days = [each for each in days if each < today]
    if not days:
        return ()
    last = days[-1]
    if sum(last - each < _WEEK * _DAY for each in days) < _DAILY:
        return ()
    gap = [last + number * _DAY for number in range(1, (today - last).days)]
    return tuple(day for day in gap if _is_usual(day, days))


def _is_usual(day: date, days: Sequence[date]) -> bool:
    week_before = day - _WEEK * _DAY
    while week_before > days[-1]:
        week_before -= _WEEK * _DAY
    if week_before >= days[0]:
        return week_before in days
    came_daily = all(days[-1] - number * _DAY in days for number in range(_DAILY))
    return came_daily and day.weekday() < 5


def tell_missing(days: Sequence[date], now: datetime, zone: ZoneInfo) -> str:
    """ "Yesterday's morning is missing: none was judged to its end on Tue 10 Feb."; "" where none is."""
    if not days:
        return ""
    named = [f"{each:%a} {each.day} {each:%b}" for each in days[-_MOST_MISSING:]]
    more = f" ({len(days)} days in all)" if len(days) > len(named) else ""
    is_yesterday = list(days) == [now.astimezone(zone).date() - _DAY]
    many = "morning is" if len(days) == 1 else "mornings are"
    head = "Yesterday's morning is missing" if is_yesterday else f"{len(days)} {many} missing"
    return f"{head}: none was judged to its end on {', '.join(named)}{more}."


_MOST_MISSING = 5


# The section ----------------------------------------------------------------------------------------------------------


def render_changes(morning: Morning, chronicle: Chronicle) -> str:
    """What changed, or why that cannot be told; nothing where what is shown is not what is there now."""
    if morning.demo or morning.replay_of:
        return ""
    last = chronicle.last_morning
    if last is None:
        said = "No earlier morning is on record; from the next one on this tells what changed."
        return _section("What changed", f'<p class="rc-when">{said}</p>')
    since = show_instant(last.judged_at, morning.zone)
    entries = "".join(_entries(changes(morning, chronicle), morning))
    return _section(
        f"What changed since {markup.text(since)}",
        f"<dl>{entries}</dl>" if entries else '<p class="rc-when">Nothing.</p>',
    )


def _section(heading: str, content: str) -> str:
    labelled = 'class="rc-changes" aria-labelledby="rc-changes"'
    return f'<section {labelled}><h2 id="rc-changes">{heading}</h2>{content}</section>'


def _entries(found: Changes, morning: Morning) -> Iterator[str]:
    yield _entry("Fixed", [f"{_link(judged)} (was {_was(row)})" for judged, row in found.fixed])
    yield _entry("New", [f"{_link(each)} ({markup.text(_code(each, morning) or each.verdict)})" for each in found.new])
    changed = [f"{_link(each)} ({_was(row)}, now {_code(each, morning)})" for each, row in found.otherwise]
    yield _entry("Still bad, otherwise", changed)
    yield _entry("Added", [_link(each) for each in found.added])
    yield _entry("Removed", [f"<code>{markup.text(each)}</code>" for each in found.gone])
    yield _entry("Unusual size", [f"{_link(each.judged)}: {markup.text(str(each))}" for each in found.sizes], "<br>")


def _entry(term: str, names: Iterable[str], seam: str = ", ") -> str:
    names = list(names)
    if not names:
        return ""
    more = f" … and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"<dt>{term}</dt><dd>{seam.join(names[:_MOST_NAMED])}{more}</dd>"


def _link(judged: JobJudged) -> str:
    return markup.link(judged.job.id, judged.job.title)


def _was(row: Row) -> str:
    return markup.text(row.cause or row.verdict)
