"""What is seen before anybody scrolls: which schedulers are broken, what is new, and which run is lost next?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from datetime import datetime

from rollcall.history.rows import Chronicle
from rollcall.morning import Morning
from rollcall.report.changes import Changed, Changes
from rollcall.report.recent_runs import bad_since
from rollcall.times import show_instant, show_span
from rollcall.verdict.findings import Check
from rollcall.verdict.judged import JobJudged, SchedulerJudged
from rollcall.vocabulary import Verdict

_MOST_CODES = 3
_MOST_NAMED = 3
# What was found of a scheduler that is well.
_WELL: dict[str, str] = {
    Check.ANSWERS: "{}",
    Check.SCHEDULER_IS_RUNNING: "{}",
    Check.SCHEDULER_IS_ALIVE: "its loop alive",
    Check.MEMORY_ANSWERS: "its second record read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One scheduler: the code of its cause ("" where it is well), and what was found of it."""

    id: str
    verdict: Verdict
    code: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NextLost:
    """The run that is lost next unless somebody does something: whose, when, and how far that was from this morning."""

    judged: JobJudged
    due_at: datetime
    away: str


def chips_of(morning: Morning) -> tuple[list[Chip], list[Chip]]:
    """The broken schedulers, and those that are well."""
    chips = [_chip(each, morning) for each in morning.schedulers]
    return [each for each in chips if each.code], [each for each in chips if not each.code]


def _chip(judged: SchedulerJudged, morning: Morning) -> Chip:
    """Its cause, or what was found of it where it is well; and its warnings."""
    cause = morning.scheduler_causes[judged.scheduler.id]
    said = [
        _WELL.get(each.check, "").format(each.found)
        for each in judged.findings
        if not cause and each.verdict is Verdict.OK
    ]
    warnings = [each.because for each in judged.findings if each.is_warning]
    return Chip(
        id=judged.scheduler.id,
        verdict=judged.verdict,
        code=cause.code if cause else "",
        said=", ".join(filter(None, (*said, *warnings))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The hosts that were to leave evidence: how many did so that can be believed, and the others, with why not."""

    heard: int
    silent: tuple[tuple[str, str], ...]

    @property
    def number(self) -> int:
        """All of them."""
        return self.heard + len(self.silent)


def hosts_of(morning: Morning) -> Hosts | None:
    """What is known of the hosts; None where none was to leave anything."""
    silent = tuple((host, each.why) for host, each in morning.hosts.items() if each.why)
    return Hosts(heard=len(morning.hosts) - len(silent), silent=silent) if morning.hosts else None


def next_lost(morning: Morning) -> NextLost | None:
    """The first due run after this morning of a job whose cause lasts until somebody ends it; None where none does."""
    waiting = [
        (each.next_due_at, each)
        for each in morning.jobs_that_need_a_person()
        if (cause := morning.job_causes[each.job.id]) and cause.code.record.lasts and each.next_due_at
    ]
    if not waiting:
        return None
    due_at, judged = min(waiting, key=lambda each: each[0])
    return NextLost(judged=judged, due_at=due_at, away=show_span(due_at - morning.judged_at))


def tell_changes(found: Changes, morning: Morning, chronicle: Chronicle) -> list[tuple[str, int, str]]:
    """What is not as it was, and what is still bad: a word, how many jobs, and by which causes or which jobs."""
    parts: list[tuple[str, Sized, str]] = [
        ("new", found.new, _codes(found.new)),
        ("fixed", found.fixed, _codes(found.fixed)),
        ("bad in another way", found.otherwise, _codes(found.otherwise)),
        ("still bad", found.still, _longest(found.still, morning, chronicle)),
        ("added", found.added, _names(each.job.title for each in found.added)),
        ("removed", found.gone, _names(found.gone)),
        ("of unusual size", found.sizes, _names(job.title for job, _ in found.sizes)),
    ]
    return [(word, len(them), said) for word, them, said in parts if them]


def _codes(them: Sequence[Changed]) -> str:
    """ "missed-run 12, stale-output 2": the most frequent first."""
    most = Counter(each.now or each.was or "" for each in them).most_common()
    shown = [f"{code} {number:,}" if len(them) > 1 else code for code, number in most[:_MOST_CODES]]
    return ", ".join([*shown, *(["…"] if len(most) > _MOST_CODES else [])])


def _names(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join([*shown[:_MOST_NAMED], *(["…"] if len(shown) > _MOST_NAMED else [])])


def _longest(them: Sequence[Changed], morning: Morning, chronicle: Chronicle) -> str:
    since = [
        (at, each.job.title)
        for each in them
        if (judged := morning.job(each.job.id)) and (at := bad_since(judged, chronicle.of(each.job.id)))
    ]
    if not since:
        return _codes(them)
    at, title = min(since, key=lambda each: each[0])
    day = show_instant(at, morning.zone).rsplit(" ", 2)[0]
    return f"{title} since {day}" if len(them) == 1 else f"the longest {title}, since {day}"
