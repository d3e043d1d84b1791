"""How does a rehearsal look in a terminal?

Jobs of which the same is to be said are shown together, so that many of them stay readable on one screen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from textwrap import wrap

from rollcall.rehearse.advice import addressed
from rollcall.rehearse.rehearsal import Outcome, Planted, Rehearsal, Rehearsed
from rollcall.roll.job import Job
from rollcall.text import clean, counted, listed
from rollcall.times import show_instant, to_iso

_MOST_NAMES = 12
_FOUND = "  found  "
_SLIPS = "  SLIPS  "


def render_rehearsal(rehearsal: Rehearsal, *, width: int) -> Iterator[str]:
    """The lines of the whole: what was left out first, then schedulers and jobs, then the count of it all."""
    if rehearsal.left_out:
        yield from _left_out(rehearsal, width)
    for job_id, sentences in rehearsal.doubtful.items():
        for each in sentences:
            yield from wrapped("", f"Doubtful in jobs.toml: {clean(job_id)}: {each}", width, hang="  ")
    if rehearsal.doubtful:
        yield ""
    if not rehearsal.jobs and not rehearsal.schedulers:
        return
    at = show_instant(rehearsal.morning.judged_at, rehearsal.morning.zone, year=True)
    yield from wrapped("", f"Faults planted on copies of the evidence of {at}; nothing real was touched.", width)
    for scheduler in rehearsal.schedulers:
        yield ""
        yield f"scheduler {clean(scheduler.subject.id)}"
        moments = {each.at: "at the next check" for each in scheduler.faults}
        yield from _faults(scheduler.faults, moments, None, width)
    for group in _alike(rehearsal.jobs):
        first, is_alone = group[0], len(group) == 1
        yield ""
        yield from wrapped("", names(each.subject.id for each in group), width, hang="  ")
        moments = {}
        for at_once in sorted({each.at for each in first.faults}):
            together = "each at its limit" if at_once == first.limit_at else "each when it has run"
            moments[at_once] = f"at {show_instant(at_once, first.subject.zone)}" if is_alone else together
        for output in dict.fromkeys(each.output for each in first.faults):
            if output:
                yield from wrapped("  ", f"its output {clean(output)}", width)
            own = [each for each in first.faults if each.output == output]
            yield from _faults(own, moments, first.subject.id if is_alone else None, width)
    yield ""
    found, renamed, slips = (rehearsal.count(outcome) for outcome in Outcome)
    whole = counted(found + renamed + slips, "planted fault")
    under_another = f" ({renamed} under another name)" if renamed else ""
    subjects = f"{counted(len(rehearsal.jobs), 'job')}, {counted(len(rehearsal.schedulers), 'scheduler')}"
    said = f"{subjects}: of {whole} {found + renamed} would be found{under_another}, {slips} would slip through."
    yield from wrapped("", said, width)


def rehearsal_json(rehearsal: Rehearsal) -> str:
    """The same for programs, version 1."""

    def subject(of: Rehearsed) -> dict[str, object]:
        return {
            "id": of.subject.id,
            "faults": [
                {
                    "fault": str(each.fault),
                    "at": to_iso(each.at, of.subject.zone if isinstance(of.subject, Job) else None),
                    "outcome": each.outcome,
                    "reported_as": each.reported_as,
                    "output": each.output,
                    "cure": each.cure,
                }
                for each in of.faults
            ],
        }

    whole = {
        "version": 1,
        "judged_at": to_iso(rehearsal.morning.judged_at, rehearsal.morning.zone),
        "schedulers": [subject(each) for each in rehearsal.schedulers],
        "jobs": [subject(each) for each in rehearsal.jobs],
        "left_out": [{"id": each.subject.id, "why": each.why} for each in rehearsal.left_out],
        "counts": {outcome: rehearsal.count(outcome) for outcome in Outcome},
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _left_out(rehearsal: Rehearsal, width: int) -> Iterator[str]:
    first = "This morning is not good" if rehearsal.morning.needs_a_person else "Not all is there to be spoilt"
    few = "no job can be rehearsed"
    if rehearsal.jobs:
        few = f"{len(rehearsal.jobs)} of {counted(len(rehearsal.morning.jobs), 'job')} can be rehearsed"
    yield from wrapped("", f"{first}: {few}. Left out:", width)
    # By reason: one cause is not shown nine times.
    reasons: dict[str, list[str]] = {}
    for each in rehearsal.left_out:
        reasons.setdefault(each.why, []).append(each.subject.id)
    for why, ids in reasons.items():
        yield from wrapped("  ", f"{names(ids)}: {why}", width, hang="    ")
    yield ""


def _alike(jobs: Iterable[Rehearsed]) -> list[list[Rehearsed]]:
    """The jobs of which the same is to be said, in the order of jobs.toml."""
    groups: dict[tuple[tuple[str | None, ...], ...], list[Rehearsed]] = {}
    for job in jobs:
        said = tuple(
            (each.output, str(each.fault), each.outcome, str(each.reported_as), str(each.cure)) for each in job.faults
        )
        groups.setdefault(said, []).append(job)
    return list(groups.values())


def _faults(
    faults: Sequence[Planted], moments: Mapping[datetime, str], job_id: str | None, width: int
) -> Iterator[str]:
    """What is found by its own name, moment by moment; a line for each other name; and what slips through.

    `job_id` is whose they are, None where they are of several.
    """
    found = [each for each in faults if each.outcome is Outcome.FOUND]
    at_once = [([each for each in found if each.at == at], moment) for at, moment in moments.items()]
    if said := "; ".join(f"{_ways(some, faults)} {moment}" for some, moment in at_once if some):
        yield from wrapped(_FOUND, said, width)
    others = [each for each in faults if each.outcome is Outcome.FOUND_AS_ANOTHER]
    for name in dict.fromkeys(each.reported_as for each in others):
        renamed = _ways([each for each in others if each.reported_as is name], faults)
        yield from wrapped(_FOUND, f"{renamed}, but reported as {name}", width)
    slipping = [each for each in faults if each.outcome is Outcome.SLIPS]
    for cure in dict.fromkeys(each.cure or "" for each in slipping):
        alike = _ways([each for each in slipping if (each.cure or "") == cure], faults)
        yield from wrapped(_SLIPS, f"{alike}: {addressed(job_id, cure)}", width)


def _ways(some: Sequence[Planted], faults: Sequence[Planted]) -> str:
    """The names of some of the faults; which way is meant is said only where not all ways of it are among them."""
    left = {each.fault.name for each in faults if each not in some}
    return ", ".join(dict.fromkeys(str(each.fault) if each.fault.name in left else each.fault.name for each in some))


def names(ids: Iterable[str]) -> str:
    """The first of them, and how many there are."""
    return listed((clean(each) for each in ids), _MOST_NAMES)


def wrapped(lead: str, text: str, width: int, *, hang: str | None = None) -> list[str]:
    """`text` after `lead`, its further lines under its first; words are not torn."""
    hang = " " * len(lead) if hang is None else hang
    return wrap(
        text, width, initial_indent=lead, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
    )
