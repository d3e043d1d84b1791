"""What does the row of one cause say: what it is, of whom, since when, what proves it, and what to do?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rollcall.causes.commands import parts_of
from rollcall.history.rows import Chronicle
from rollcall.morning import Morning
from rollcall.report.cause_groups import CauseGroup, own_findings
from rollcall.report.jobs import links_of
from rollcall.report.recent_runs import bad_since, began_at, last_good_at
from rollcall.report.silenced import is_silenced
from rollcall.report.witnesses import Shown, shown_of
from rollcall.text import counted
from rollcall.times import show_span
from rollcall.verdict.findings import Finding
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import Verdict

_MOST_EVIDENCE = 3
_MOST_OWNERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInside:
    """A job that a cause explains: since when, and its own sentence ("" where it has none of its own)."""

    judged: JobJudged
    since: datetime | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRow:
    """One cause, under the number that links to it, and how long it lasts, as far as that is known.

    `what` is whom it concerns, `how_many` they are, and that nobody is told of them where that is so, `command` the
    first that is to be typed. `sentence` proves it where one sentence does; `meaning` is what such a cause means.
    `steps` are what to do, each with the titles of the jobs it is for where not for all. `good_at` is when the last
    run before ended that did its work, `unread_at` the same of a newer one of which only an `unread` is known.
    `promises` are the findings that prove it, of the scheduler or the one job. `downstream` are the jobs that did
    not do their work because theirs was not done. `evidence` is that of the first jobs, by their titles.
    """

    number: int
    group: CauseGroup
    verdict: Verdict
    what: str
    how_many: str
    command: str
    owners: str
    since: datetime | None
    lasting: str
    meaning: str
    sentence: str
    steps: tuple[tuple[str, tuple[str, ...]], ...]
    good_at: datetime | None
    unread_at: datetime | None
    unread: str
    is_remembered: bool
    promises: tuple[Finding, ...]
    jobs: tuple[JobInside, ...]
    downstream: tuple[JobInside, ...]
    links: tuple[tuple[str, str], ...]
    evidence: tuple[tuple[str, tuple[Shown, ...]], ...]


def cause_rows(groups: Sequence[CauseGroup], morning: Morning, chronicle: Chronicle) -> tuple[CauseRow, ...]:
    """A row for each cause."""
    return tuple(_row(each, number, morning, chronicle) for number, each in enumerate(groups, 1))


def _row(group: CauseGroup, number: int, morning: Morning, chronicle: Chronicle) -> CauseRow:
    zone, only = morning.zone, group.jobs[0] if len(group.jobs) == 1 and not group.scheduler else None
    since = began_at(group, chronicle)
    rows = [(each, chronicle.of(each.job.id)) for each in group.jobs]
    good_at, unread_at = (
        max(filter(None, (last_good_at(*each, is_unread=is_unread) for each in rows)), default=None)
        for is_unread in (False, True)
    )
    kinds = {output.kind.one for each in group.jobs for output in each.job.outputs}
    owners = tuple(dict.fromkeys(each.job.owner for each in group.everyone if each.job.owner))
    steps = tuple(
        (_without(step, morning.typed_again), () if len(group.steps) == 1 else tuple(each.job.title for each in jobs))
        for step, jobs in group.steps
    )
    commands = [part for part, is_command in parts_of(steps[0][0]) if is_command]
    subject = group.scheduler or only
    return CauseRow(
        number=number,
        group=group,
        verdict=group.verdict,
        what=_what(group),
        how_many=_how_many(group) + (", silenced" if is_silenced(group, chronicle.silences) else ""),
        command=commands[0] if commands and len(steps) == 1 else "",
        owners=", ".join(owners[:_MOST_OWNERS]) + (" …" if len(owners) > _MOST_OWNERS else ""),
        since=since,
        lasting=_lasting(since, morning.judged_at, zone),
        meaning=group.cause.code.record.meaning,
        sentence=group.cause.sentence if subject else "",
        steps=steps,
        good_at=good_at,
        unread_at=unread_at if unread_at and (good_at is None or unread_at > good_at) else None,
        unread=kinds.pop() if len(kinds) == 1 else "output",
        is_remembered=any(remembered for _, remembered in rows),
        promises=own_findings(subject) if subject else (),
        jobs=() if only else tuple(_inside(group.jobs, group, morning, chronicle)),
        downstream=tuple(_inside(group.downstream, group, morning, chronicle)),
        links=tuple(links_of(only)) if only else (),
        evidence=tuple((each.job.title, tuple(shown_of(each, zone))) for each in group.jobs[:_MOST_EVIDENCE]),
    )


def _what(group: CauseGroup) -> str:
    """Whom it concerns, in a few words; its jobs stand inside."""
    if group.scheduler:
        return f"Scheduler {group.subject}"
    if len(group.jobs) == 1:
        return group.jobs[0].job.title
    return f"{group.jobs[0].job.title} and {counted(len(group.jobs) - 1, 'more job')}"


def _how_many(group: CauseGroup) -> str:
    """ "2 jobs, 38 downstream": as many as `what` names, and those that wait for them."""
    downstream = f", {len(group.downstream):,} downstream" if group.downstream else ""
    return (counted(len(group.jobs), "job") if group.jobs else "no job") + downstream


def _inside(
    jobs: Iterable[JobJudged], group: CauseGroup, morning: Morning, chronicle: Chronicle
) -> Iterator[JobInside]:
    for judged in jobs:
        cause, own = morning.job_causes[judged.job.id], own_findings(judged)
        own_sentence = own[0].because if own else ""
        sentence = own_sentence if group.scheduler or not cause else cause.sentence
        yield JobInside(judged=judged, since=bad_since(judged, chronicle.of(judged.job.id)), sentence=sentence)


def _lasting(since: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """ "1 h 2 min" of what began today, "day 4" of what lasts."""
    if since is None:
        return ""
    days = (now.astimezone(zone).date() - since.astimezone(zone).date()).days
    return f"day {days + 1:,}" if days else show_span(max(now - since, now - now))


def _without(step: str, again: str) -> str:
    """A step without its last words, which are the same for all: to judge again stands once below them."""
    return re.sub(rf"[,;]?(?: and| then)+ `{re.escape(again)}`\.?$", "", step)
