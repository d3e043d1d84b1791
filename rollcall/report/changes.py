"""What changed since the last morning, and is a morning missing?

Pure: what the history remembers is held against this morning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.history.rows import Chronicle, PastMorning, Row
from rollcall.morning import Morning, document
from rollcall.roll.job import Job
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import CauseCode, Verdict

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
# On this many of the last seven days somebody looked, where it is done daily.
_DAILY = 3
_MOST_MISSING = 5
_TOLD = (CauseCode.SHRUNKEN_OUTPUT, CauseCode.SHRINKING_OUTPUT, CauseCode.GROWING_OUTPUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A job of which something changed: which cause it had then, and has now, or its verdict where it has none."""

    job: Job
    was: str | None = None
    now: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What differs from the last morning.

    `gone` are ids of jobs that are declared no more, `sizes` are sentences.

    `still` is bad now as it was then, for the same cause; it is no change.
    """

    fixed: tuple[Changed, ...]
    new: tuple[Changed, ...]
    otherwise: tuple[Changed, ...]
    added: tuple[Changed, ...]
    gone: tuple[str, ...]
    still: tuple[Changed, ...]
    sizes: tuple[tuple[Job, str], ...]

    @property
    def are_none(self) -> bool:
        """True where nothing changed."""
        return not any((self.fixed, self.new, self.otherwise, self.added, self.gone, self.sizes))


def changes(morning: Morning, chronicle: Chronicle) -> Changes:
    """What differs from what the last whole morning knew of each job, and sizes that are not as usual."""
    fixed, new, otherwise, added, still, sizes = [], [], [], [], [], []
    for judged in morning.jobs:
        job, cause = judged.job, morning.job_causes[judged.job.id]
        code = cause.code if cause else None
        if size := unusual_size(judged):
            sizes.append((job, size))
        known = _known(judged, chronicle)
        if known is None:
            added += [Changed(job=job)] if judged.due_run else []
            continue
        bad, lasting = known
        if judged.needs_a_person and lasting is None:
            new.append(Changed(job=job, now=code or judged.verdict))
        elif judged.needs_a_person and lasting and lasting.cause != code:
            otherwise.append(Changed(job=job, was=lasting.cause or lasting.verdict, now=code))
        elif judged.needs_a_person:
            still.append(Changed(job=job, now=code))
        # Too early to tell, or paused, is not fixed.
        elif bad and not judged.needs_a_person and judged.verdict in (Verdict.OK, Verdict.LATE):
            fixed.append(Changed(job=job, was=bad.cause or bad.verdict))
    return Changes(
        fixed=tuple(fixed),
        new=tuple(new),
        otherwise=tuple(otherwise),
        added=tuple(added),
        gone=chronicle.gone,
        still=tuple(still),
        sizes=tuple(sizes),
    )


def documented(morning: Morning, chronicle: Chronicle) -> document.Changes | None:
    """The same as morning.json has it, by ids; None where no whole morning is remembered."""
    last = chronicle.last_morning
    if last is None or morning.replay_of is not None:
        return None
    found = changes(morning, chronicle)
    return document.Changes(
        since=last.judged_at.astimezone(morning.zone),
        fixed=tuple(each.job.id for each in found.fixed),
        new=tuple(each.job.id for each in found.new),
        otherwise=tuple(each.job.id for each in found.otherwise),
        still=tuple(each.job.id for each in found.still),
        added=tuple(each.job.id for each in found.added),
        gone=found.gone,
    )


def _known(judged: JobJudged, chronicle: Chronicle) -> tuple[Row | None, Row | None] | None:
    """The newest run that was bad, which is fixed where the job is well now, and the same where nothing shows that it
    was well since. None where the last whole morning did not know the job.

    It counts what that morning knew, and what was found since of the runs that it may have judged too: a run that was
    judged again since has one row, which does not show any more what it was before.
    """
    rows, last = [each for each in chronicle.of(judged.job.id) if not each.from_files], chronicle.last_morning
    if last is None:
        then, again = rows, []
    else:
        then = [each for each in rows if each.judged_at <= last.judged_at]
        again = [each for each in rows if each.judged_at > last.judged_at and each.due_at <= last.judged_at]
    if not then and judged.job.id not in chronicle.present:
        return None
    was = then[-1] if then and then[-1].needs_a_person else None
    if not again or (then and again[-1].due_at < then[-1].due_at):
        return was, was
    since = again[-1]
    return (since, was) if since.needs_a_person else (was, None)


def unusual_size(judged: JobJudged) -> str:
    """How what the judged run left stands out from what is usual, or grows; "" where it does not.

    Of one that is known to be bad, or that is warned of, its cause tells it already.
    """
    is_told = judged.verdict is Verdict.BAD_OUTPUT or any(each.code in _TOLD for each in judged.findings)
    return "" if is_told else judged.unusual


# A morning that is missing --------------------------------------------------------------------------------------------


def missing_mornings(mornings: Sequence[PastMorning], now: datetime, zone: ZoneInfo) -> tuple[date, ...]:
    """The days since the last whole morning on which one usually comes and none came, oldest first; today is not asked.

    Told only where at least three of the seven days up to the last morning had one. A day is usual where its weekday
    had a morning the week before; in the first week where it is no weekend and the three days before the gap had one.
    """
    today = now.astimezone(zone).date()
    days = sorted({each.judged_at.astimezone(zone).date() for each in mornings if each.is_complete})
    days = [each for each in days if each < today]
    if not days:
        return ()
    last = days[-1]
    if sum(last - each < _WEEK for each in days) < _DAILY:
        return ()
    gap = [last + number * _DAY for number in range(1, (today - last).days)]
    return tuple(day for day in gap if _is_usual(day, days))


def _is_usual(day: date, days: Sequence[date]) -> bool:
    week_before = day - _WEEK
    while week_before > days[-1]:
        week_before -= _WEEK
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
    many = "morning is" if len(days) == 1 else "mornings are"
    is_yesterday = list(days) == [now.astimezone(zone).date() - _DAY]
    head = "Yesterday's morning is missing" if is_yesterday else f"{len(days)} {many} missing"
    return f"{head}: none was judged to its end on {', '.join(named)}{more}."
