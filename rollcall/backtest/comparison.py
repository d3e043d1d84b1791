"""What would one morning have said otherwise, and what can its evidence not tell?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollcall.backtest.judged_again import JudgedAgain
from rollcall.history.judged import earlier_rows
from rollcall.morning import Morning
from rollcall.morning.said import said_of_jobs, said_of_schedulers
from rollcall.recorded.kept import Said
from rollcall.roll.job import Job
from rollcall.vocabulary import CauseCode, Verdict

# A run of a week ago, and a day more, may be what an alarm was about.
_BACK = timedelta(days=8)
# What evidence that was taken under another jobs.toml lacks shows as one of these.
_LACKING = (CauseCode.NOT_RECORDED, CauseCode.OUTPUT_UNREADABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A job, or a scheduler (`is_scheduler`), as it was judged then and as it would be; None where it is not declared.

    `is_unknown` is True where the evidence of then cannot tell what it would be.
    """

    id: str
    was: Said | None
    would_be: Said | None
    is_scheduler: bool = False
    is_unknown: bool = False

    @property
    def due_at(self) -> datetime | None:
        """The due run that it is about."""
        about = self.would_be or self.was
        return about.due_at if about else None

    @property
    def was_alarm(self) -> bool:
        """True where somebody was needed."""
        return self.was is not None and self.was.needs_a_person

    @property
    def would_be_alarm(self) -> bool:
        """True where somebody would be needed, as far as the evidence tells."""
        return not self.is_unknown and self.would_be is not None and self.would_be.needs_a_person

    @property
    def differs(self) -> bool:
        """True where another thing would be said, but for what is only too early to tell."""
        if self.is_unknown or (self.was is None and not self.would_be_alarm):
            return False
        if self.was_alarm != self.would_be_alarm:
            return True
        if self.was is None or self.would_be is None:
            return False
        is_other = self.was_alarm and self.was.verdict != self.would_be.verdict
        return is_other or self.was.cause != self.would_be.cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A kept morning beside itself judged again: all its `pairs`, and what it shows of runs before those it judged.

    `shown_good` are runs, by job and due time, whose work it shows to have been done in time. `own_checks` counts
    those that were bad by a check of a person's own, which is not run again.
    """

    judged_at: datetime
    pairs: tuple[Pair, ...]
    own_checks: int = 0
    shown_good: frozenset[tuple[str, datetime]] = frozenset()


def compare(again: JudgedAgain) -> Compared:
    """That morning beside itself."""
    jobs_then = {each.id: each for each in again.own.jobs}
    jobs_now = {each.id: each for each in again.roll.jobs}
    jobs = [
        Pair(
            id=each,
            was=was,
            would_be=would_be,
            is_unknown=_is_unknown(was, would_be, jobs_then.get(each), jobs_now.get(each)),
        )
        for each, was, would_be in _beside(again.kept.jobs, said_of_jobs(again.morning))
    ]
    schedulers = [
        Pair(
            id=each,
            was=was,
            would_be=would_be,
            is_scheduler=True,
            is_unknown=would_be is not None and _lacks(was, would_be),
        )
        for each, was, would_be in _beside(again.kept.schedulers, said_of_schedulers(again.morning))
    ]
    pairs = [each for each in (*schedulers, *jobs) if not _is_by_an_own_check(each)]
    own_checks = len(schedulers) + len(jobs) - len(pairs)
    return Compared(
        judged_at=again.morning.judged_at,
        pairs=tuple(pairs),
        own_checks=own_checks,
        shown_good=frozenset(_shown_good(again.morning)),
    )


def _beside(then: Iterable[Said], now: Iterable[Said]) -> Iterator[tuple[str, Said | None, Said | None]]:
    was, would_be = {each.id: each for each in then}, {each.id: each for each in now}
    return ((each, was.get(each), would_be.get(each)) for each in dict.fromkeys((*was, *would_be)))


def _is_by_an_own_check(pair: Pair) -> bool:
    return pair.was is not None and pair.was.cause == CauseCode.CHECK_FAILED and not pair.would_be_alarm


def _is_unknown(was: Said | None, would_be: Said | None, then: Job | None, now: Job | None) -> bool:
    if would_be is None:
        return False
    # For its runs nobody asked, so that none of them on record proves nothing.
    if was is None or then is None or now is None:
        return True
    asked_then = (then.scheduler.id if then.scheduler else None, then.name)
    asked_now = (now.scheduler.id if now.scheduler else None, now.name)
    return (asked_then != asked_now and would_be.needs_a_person) or _lacks(was, would_be)


def _lacks(was: Said | None, would_be: Said) -> bool:
    if was is None:
        return True
    return would_be.verdict == Verdict.UNKNOWN and would_be.cause in _LACKING and would_be.cause != was.cause


def _shown_good(morning: Morning) -> Iterator[tuple[str, datetime]]:
    for judged in morning.jobs:
        if (run := judged.due_run) is None:
            continue
        if judged.verdict is Verdict.OK and not any(each.is_warning for each in judged.findings):
            yield judged.job.id, run.due_at
        rows = earlier_rows(judged, run, morning, back=_BACK)
        yield from ((judged.job.id, each.due_at) for each in rows if each.verdict is Verdict.OK and each.cause is None)
