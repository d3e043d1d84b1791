"""What is set aside for a while, not owed or only not told: until when, why, and of which jobs?

Both are said with their end: what is not owed by maintenance owes nothing then, and of what is silenced nobody is told
though it is judged as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rollcall.history.rows import Silence
from rollcall.morning import Morning
from rollcall.morning.not_owed import NotOwed
from rollcall.report.silenced import covered
from rollcall.roll.job import Job
from rollcall.text import clean, counted, listed
from rollcall.times import show_instant, show_span

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """One thing that is set aside: why, until when in words, and which jobs it concerns.

    Of a silence also its `subject`, and who made it.
    """

    reason: str
    until: str
    jobs: tuple[Job, ...]
    subject: str = ""
    by: str = ""


def maintenance_of(morning: Morning) -> tuple[SetAside, ...]:
    """Each window that is open, or in which a run fell."""
    return tuple(_of_window(each, morning) for each in morning.not_owed)


def _of_window(each: NotOwed, morning: Morning) -> SetAside:
    return SetAside(reason=each.reason, until=until(each.ends_at, morning.judged_at, morning.zone), jobs=each.jobs)


def until(ends_at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "until Wed 11 Feb 08:00 CET (in 58 min)", "until Wed 11 Feb 04:00 CET (over)"."""
    over = f" (in {show_span(ends_at - now)})" if now < ends_at else " (over)"
    return f"until {show_instant(ends_at, zone)}{over}"


def silences_of(morning: Morning, silences: Iterable[Silence]) -> tuple[SetAside, ...]:
    """Each silence, of the job, the tag or the scheduler, with the jobs of this morning that it is of."""
    return tuple(
        SetAside(
            reason=each.reason,
            until=until(each.until, morning.judged_at, morning.zone),
            jobs=covered(each, (judged.job for judged in morning.jobs)),
            subject=f"{each.subject} {each.name}",
            by=each.by,
        )
        for each in silences
    )


def set_aside_lines(morning: Morning, silences: Iterable[Silence] = ()) -> Iterator[str]:
    """ "not owed: patching, until Wed 11 Feb 08:00 CET (in 58 min): dump, rates and 7 more jobs", or "silenced: …"."""
    for each in silences_of(morning, silences):
        who = f"{clean(each.subject, 80)}, {each.until}"
        yield f"silenced, nobody is told: {who}: {clean(each.reason, 120)} ({clean(each.by, 60)})"
    for each in maintenance_of(morning):
        yield f"not owed: {clean(each.reason, 120)}, {each.until}: {_named(each.jobs)}"


def _named(jobs: tuple[Job, ...]) -> str:
    ids = [clean(each.id, 60) for each in jobs]
    if len(ids) <= _MOST_NAMED + 1:
        return listed(ids)
    return f"{', '.join(ids[:_MOST_NAMED])} and {counted(len(ids) - _MOST_NAMED, 'more job')}"
