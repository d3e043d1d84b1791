"""How does a rehearsal look in a terminal?

Jobs of which the same is to be said are told together, so that many of them stay readable on one screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from textwrap import wrap

from rollcall.rehearse.advice import addressed
from rollcall.rehearse.rehearsal import LeftOut, Outcome, Planted, Rehearsal, Rehearsed
from rollcall.text import clean, counted, listed
from rollcall.times import show_instant

_MOST_NAMES = 12
_FOUND = "  found  "
_SLIPS = "  SLIPS  "


def render_rehearsal(rehearsal: Rehearsal, *, width: int) -> Iterator[str]:
    """The lines of the whole: what was left out first, then schedulers and jobs, then the count of it all."""
    if rehearsal.left_out:
        yield from _left_out(rehearsal, width)
    if not rehearsal.jobs and not rehearsal.schedulers:
        return
    at = show_instant(rehearsal.morning.judged_at, rehearsal.morning.zone, year=True)
    yield from _wrapped("", f"Faults planted on copies of the evidence of {at}; nothing real was touched.", width)
    for scheduler in rehearsal.schedulers:
        yield from _scheduler(scheduler, width)
    for group in _alike(rehearsal.jobs):
        yield from _jobs(group, width)
    yield ""
    yield from _wrapped("", _summary(rehearsal), width)


def _left_out(rehearsal: Rehearsal, width: int) -> Iterator[str]:
    first = "This morning is not good" if rehearsal.morning.needs_a_person else "Not all is there to be spoilt"
    yield from _wrapped("", f"{first}: {_few(rehearsal)}. Left out:", width)
    for why, ids in _by_reason(rehearsal.left_out).items():
        yield from _wrapped("  ", f"{_names(ids)}: {why}", width, hang="    ")
    yield ""


def _few(rehearsal: Rehearsal) -> str:
    jobs = len(rehearsal.jobs)
    return (
        f"{jobs} of {counted(len(rehearsal.morning.jobs), 'job')} can be rehearsed"
        if jobs
        else "no job can be rehearsed"
    )


def _by_reason(left_out: Iterable[LeftOut]) -> dict[str, list[str]]:
    """What was left out, by why: one cause is not told nine times."""
    reasons: dict[str, list[str]] = {}
    for each in left_out:
        reasons.setdefault(each.why, []).append(each.id)
    return reasons


def _scheduler(rehearsed: Rehearsed, width: int) -> Iterator[str]:
    yield ""
    yield f"scheduler {clean(rehearsed.subject.id)}"
    yield from _found(rehearsed.faults, {each.at: "at the next check" for each in rehearsed.faults}, width)
    yield from _slips(rehearsed.faults, None, width)


def _jobs(group: Sequence[Rehearsed], width: int) -> Iterator[str]:
    first = group[0]
    yield ""
    yield from _wrapped("", _names(each.subject.id for each in group), width, hang="  ")
    yield from _found(first.faults, _moments(group), width)
    yield from _slips(first.faults, first.subject.id if len(group) == 1 else None, width)


def _moments(group: Sequence[Rehearsed]) -> dict[datetime, str]:
    """When each of the first job's faults is found, said of the whole group."""
    first = group[0]
    moments = sorted({each.at for each in first.faults})
    if len(group) == 1:
        return {at: f"at {show_instant(at, first.subject.zone)}" for at in moments}
    return {at: "each at its limit" if at == first.limit_at else "each when it has run" for at in moments}


def _found(faults: Sequence[Planted], moments: Mapping[datetime, str], width: int) -> Iterator[str]:
    """What is found by its own name, moment by moment; what is told as another, a line for each other name."""
    found = [each for each in faults if each.outcome is Outcome.FOUND]
    said = [f"{_ways(at_once, faults)} {moment}" for at_once, moment in _by_moment(found, moments)]
    if said:
        yield from _wrapped(_FOUND, "; ".join(said), width)
    others = [each for each in faults if each.outcome is Outcome.FOUND_AS_ANOTHER]
    for reported_as in dict.fromkeys(each.reported_as for each in others):
        renamed = _ways([each for each in others if each.reported_as is reported_as], faults)
        yield from _wrapped(_FOUND, f"{renamed}, but told as {reported_as}", width)


def _by_moment(found: Sequence[Planted], moments: Mapping[datetime, str]) -> Iterator[tuple[list[Planted], str]]:
    for at, moment in moments.items():
        if at_once := [each for each in found if each.at == at]:
            yield at_once, moment


def _ways(some: Sequence[Planted], faults: Sequence[Planted]) -> str:
    """The names of some of the faults; which way is meant is said only where not all ways of it are among them."""
    names = [each.fault.name if _has_all_ways(each, some, faults) else str(each.fault) for each in some]
    return ", ".join(dict.fromkeys(names))


def _has_all_ways(fault: Planted, some: Sequence[Planted], faults: Sequence[Planted]) -> bool:
    return all(each in some for each in faults if each.fault.name == fault.fault.name)


def _slips(faults: Sequence[Planted], job_id: str | None, width: int) -> Iterator[str]:
    for each in faults:
        if each.outcome is Outcome.SLIPS:
            yield from _wrapped(_SLIPS, f"{each.fault}: {addressed(job_id, each.cure or '')}", width)


def _summary(rehearsal: Rehearsal) -> str:
    found, another, slips = (rehearsal.count(outcome) for outcome in Outcome)
    whole = counted(found + another + slips, "planted fault")
    renamed = f" ({another} under another name)" if another else ""
    jobs = f"{counted(len(rehearsal.jobs), 'job')}, {counted(len(rehearsal.schedulers), 'scheduler')}"
    return f"{jobs}: of {whole} {found + another} would be found{renamed}, {slips} would slip through."


def _alike(jobs: Iterable[Rehearsed]) -> list[list[Rehearsed]]:
    """The jobs of which the same is to be said, in the order of jobs.toml."""
    groups: dict[tuple[tuple[str, ...], ...], list[Rehearsed]] = {}
    for job in jobs:
        said = tuple((str(each.fault), each.outcome, str(each.reported_as), str(each.cure)) for each in job.faults)
        groups.setdefault(said, []).append(job)
    return list(groups.values())


def _names(ids: Iterable[str]) -> str:
    return listed((clean(each) for each in ids), _MOST_NAMES)


def _wrapped(lead: str, text: str, width: int, *, hang: str | None = None) -> list[str]:
    """`text` after `lead`, its further lines under its first; words are not torn."""
    hang = " " * len(lead) if hang is None else hang
    return wrap(
        text, width, initial_indent=lead, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
    )
