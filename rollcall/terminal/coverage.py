"""How does the share of faults that would be found look in a terminal?

First the number in all, then what it is made of: each job and each cause of which not all is found, what slips through
with the setting that would find it, and what could not be rehearsed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rollcall.rehearse.advice import addressed
from rollcall.rehearse.coverage import Coverage, Share, Slip, percent
from rollcall.terminal.rehearsal import names, wrapped
from rollcall.text import clean, counted
from rollcall.times import show_instant

_MOST_ROWS = 20
_MOST_SLIPS = 40


def render_coverage(coverage: Coverage, *, width: int) -> Iterator[str]:
    """The lines of the whole."""
    rehearsal = coverage.rehearsal
    zone = rehearsal.morning.zone
    at = show_instant(rehearsal.morning.judged_at, zone, year=True)
    yield from wrapped("", f"Faults planted on copies of the evidence of {at}; nothing real was touched.", width)
    others: dict[str, list[str]] = {}
    for each in (*rehearsal.schedulers, *rehearsal.jobs):
        if each.evidence_of != rehearsal.morning.judged_at:
            others.setdefault(show_instant(each.evidence_of, zone, year=True), []).append(each.subject.id)
    for at, ids in others.items():
        yield from wrapped("  ", f"of {at}: {names(ids)}", width, hang="    ")
    for job_id, sentences in rehearsal.doubtful.items():
        for said in sentences:
            yield from wrapped("", f"Doubtful in jobs.toml: {clean(job_id)}: {said}", width, hang="  ")
    yield ""
    yield from wrapped("", f"{of_all(coverage)}.", width)
    yield from _left_out(coverage, width)
    yield from _table("by scheduler", coverage.schedulers, "scheduler", width)
    yield from _table("by job", coverage.jobs, "job", width)
    yield from _table("by cause", coverage.causes, "cause", width)
    avoidable = [each for each in coverage.slips if each.is_avoidable]
    yield from _slips("{} slip through, and with these settings would not", avoidable, width)
    hidden = [each for each in coverage.slips if not each.is_avoidable]
    yield from _slips("{} slip through, and nothing in jobs.toml would find them", hidden, width)


def of_all(coverage: Coverage) -> str:
    """ "31 of 34 planted faults would be found (91.1%)", and what the share is with what could not be rehearsed."""
    share = coverage.in_all
    found = f"{share.found:,} of {counted(share.planted, 'planted fault')} would be found ({percent(share.tenths)})"
    if not coverage.not_rehearsed:
        return found
    many = len(coverage.not_rehearsed) > 1
    return (
        f"{found}; {len(coverage.not_rehearsed):,} that could not be rehearsed {'count' if many else 'counts'} as not "
        f"found: {coverage.counted}"
    )


def _left_out(coverage: Coverage, width: int) -> Iterator[str]:
    # By reason: one cause is not shown nine times.
    reasons: dict[tuple[bool, str], list[str]] = {}
    for each in coverage.rehearsal.left_out:
        reasons.setdefault((each.is_owed, each.why), []).append(each.subject.id)
    if reasons:
        yield ""
        yield "could not be rehearsed"
    for (is_owed, why), ids in reasons.items():
        said = f"{names(ids)}: {why}" if is_owed else f"{names(ids)}: {why}; not counted"
        yield from wrapped("  ", said, width, hang="    ")


def _table(title: str, shares: Mapping[str, Share], thing: str, width: int) -> Iterator[str]:
    """Those of which not all is found, the lowest first; the others as their number."""
    if not shares:
        return
    yield ""
    yield title
    rows: dict[Share, list[str]] = {}
    for name, share in shares.items():
        if not share.is_all:
            rows.setdefault(share, []).append(name)
    lowest_first = sorted(rows, key=lambda share: (share.fraction, -share.planted))
    shown = lowest_first[:_MOST_ROWS]
    longest = max((len(str(share)) for share in shown), default=0)
    for share in shown:
        lead = f"  {share!s:<{longest}}  "
        yield from wrapped(lead, names(rows[share]), width)
    lacking = sum(map(len, rows.values()))
    if more := lacking - sum(len(rows[share]) for share in shown):
        yield f"  … and {counted(more, f'more {thing}')} of which not all is found: --json lists them"
    if whole := len(shares) - lacking:
        yield f"  all of their faults found: {counted(whole, thing)}"


def _slips(title: str, slips: list[Slip], width: int) -> Iterator[str]:
    if not slips:
        return
    yield ""
    yield title.format(f"{sum(each.number for each in slips):,}")
    # First what most are open to.
    slips = sorted(slips, key=lambda each: -each.number)
    for each in slips[:_MOST_SLIPS]:
        ids = (*each.schedulers, *each.jobs)
        only = each.jobs[0] if len(each.jobs) == 1 else None
        yield from wrapped("  ", f"{each.fault} of {names(ids)}: {addressed(only, each.cure)}", width, hang="    ")
    if (more := len(slips) - _MOST_SLIPS) > 0:
        yield f"  … and {counted(more, 'more way')}: --json lists them, `rollcall rehearse JOB` those of one job"
