"""What can go wrong with a run and the record of it: missed, late, failed, written by another clock?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rollcall.evidence import Outcome, RunSeen
from rollcall.rehearse import advice
from rollcall.rehearse.evidence_copy import EvidenceCopy
from rollcall.rehearse.faults.kinds import JobFault
from rollcall.rehearse.records import rewritten, times_of
from rollcall.roll.scheduler import Scheduler
from rollcall.verdict.runs import RunRead

_A_WHILE = timedelta(hours=1)
_SOON = timedelta(minutes=1)


def _hanging(copy: EvidenceCopy) -> EvidenceCopy | None:
    """A run without an end can be on record where it has a start, or is said of the last run that is kept."""
    if not copy.can_say(Outcome.RUNNING):
        return None
    if copy.tells("started"):
        return copy.without_made().with_run(Outcome.RUNNING, ended=None)
    if copy.tells("history"):
        return None
    # Whoever keeps one run, and of that the end, says of the one before that it is running.
    nothing = RunSeen(job=copy.job.name)

    def running(runs: tuple[RunRead, ...], teller: Scheduler) -> list[RunSeen]:
        return [rewritten(each, teller, {}, Outcome.RUNNING) for each in [each.seen for each in runs] or [nothing]]

    return copy.without_made().without_run().with_runs(running)


def _not_begun(copy: EvidenceCopy, outcome: Outcome) -> EvidenceCopy | None:
    """A run that has not begun can be on record by the due time that it is for."""
    if not copy.can_say(outcome) or copy.record.seen.due is None:
        return None
    return copy.with_files(*copy.earlier).with_run(outcome, started=None, ended=None)


def _late_at(copy: EvidenceCopy) -> datetime:
    """An hour after its limit, or halfway to where the next run begins."""
    finish_by, ends_at = copy.run.finish_by, copy.run.ends_at
    return min(finish_by + _A_WHILE, finish_by + (ends_at - finish_by) / 2) if ends_at else finish_by + _A_WHILE


def _can_be_late(copy: EvidenceCopy) -> bool:
    return copy.run.ends_at is None or copy.run.finish_by + 4 * _SOON < copy.run.ends_at


def _has_reasons(copy: EvidenceCopy) -> bool:
    """True where start and runtime have limits: whoever tells both tells which of the two was late."""
    return copy.tells("started") and copy.job.done_by is None and copy.job.within is None


def _late(copy: EvidenceCopy) -> EvidenceCopy | None:
    """Its work is done late; when it began, where that is on record, stays."""
    if not _can_be_late(copy) or (copy.tells("runs") and not copy.tells("ended")):
        return None
    late = copy.with_made_at(_late_at(copy))
    return late.with_run(ended=_late_at(copy)) if copy.tells("runs") else late


def _overran(copy: EvidenceCopy) -> EvidenceCopy | None:
    has_both = copy.tells("runs", "ended") and _has_reasons(copy) and copy.record.took is not None
    return _late(copy) if has_both else None


def _started_late(copy: EvidenceCopy) -> EvidenceCopy | None:
    """All of it is as much later as its end is."""
    if not copy.tells("runs") or not _has_reasons(copy) or not _can_be_late(copy) or not copy.record.started_at:
        return None
    late_at, started_at, ended_at = _late_at(copy), copy.record.started_at, copy.record.ended_at
    by = late_at - (ended_at or started_at)
    return copy.with_made_at(late_at).with_run(started=started_at + by, ended=ended_at and ended_at + by)


def _too_short(copy: EvidenceCopy) -> EvidenceCopy | None:
    if not copy.job.min_runtime or not copy.tells("runs") or copy.record.took is None or not copy.record.started_at:
        return None
    return copy.with_run(ended=copy.record.started_at + copy.job.min_runtime / 2)


def _failed(copy: EvidenceCopy) -> EvidenceCopy | None:
    """It fails at its very end, its file is written: only its status tells."""
    if copy.can_say(Outcome.FAILED):
        return copy.with_run(Outcome.FAILED)
    return None if copy.tells("runs") else copy


def _written_as(copy: EvidenceCopy, write: Callable[[datetime], str]) -> EvidenceCopy:
    """The same where each time of each of its runs is written like that."""

    def written(run: RunSeen, times: dict[str, datetime]) -> RunSeen:
        texts: dict[str, Any] = {name: write(at) for name, at in times.items()}
        return replace(run, **texts)

    return copy.with_runs(lambda runs, teller: [written(each.seen, times_of(each)) for each in runs])


def _is_naive(copy: EvidenceCopy) -> bool:
    reading = copy.record.ended or copy.record.started
    return reading is not None and reading.is_naive


def _without_offset(copy: EvidenceCopy) -> EvidenceCopy | None:
    """An offset is all that tells which zone is meant."""
    scheduler = copy.job.scheduler
    if scheduler is None or scheduler.naive_times or not copy.tells("runs") or _is_naive(copy):
        return None
    return _written_as(copy, lambda at: at.replace(tzinfo=None).isoformat())


def _in_another_zone(copy: EvidenceCopy) -> EvidenceCopy | None:
    """Its own record is read in a zone that was declared, and written in the job's or in UTC, if that is another."""
    reads_in = copy.job.scheduler.naive_times if copy.job.scheduler else None
    if reads_in is None or not copy.tells("runs") or copy.judged.seen.is_by_memory or not _is_naive(copy):
        return None
    ran_at = copy.record.last_at
    assert ran_at is not None
    clocks = {each: ran_at.astimezone(each).utcoffset() for each in (reads_in, copy.job.zone, ZoneInfo("UTC"))}
    others = [each for each, offset in clocks.items() if offset != clocks[reads_in]]
    return _written_as(copy, lambda at: at.astimezone(others[0]).replace(tzinfo=None).isoformat()) if others else None


def _once_late(good: EvidenceCopy) -> datetime:
    return _late_at(good) + _SOON


FAULTS = (
    JobFault("wrong-timezone (of its record)",
             "the time of its last run is in another zone, and the run itself was on time",
             _in_another_zone, advice.for_a_file_without_date),
    JobFault("naive-timestamp", "the time of its last run lost its UTC offset", _without_offset),
    JobFault("future-timestamp", "its last run is a day in the future",
             lambda copy: copy.with_run(ended=copy.at + timedelta(days=1)) if copy.tells("runs", "ended") else None),
    JobFault("never-ran", "it has never run", lambda copy: copy.with_files().with_runs(lambda runs, teller: ())),
    JobFault("still-running", "it started, and never finishes", _hanging, advice.for_an_interval),
    JobFault("not-picked-up", "its run is queued, and not picked up", lambda copy: _not_begun(copy, Outcome.WAITING)),
    JobFault("run-skipped", "the scheduler skipped its run", lambda copy: _not_begun(copy, Outcome.SKIPPED)),
    # Of a first run nobody can tell whether it was missed or never ran.
    JobFault("missed-run", "the machine slept, and its run was skipped",
             lambda copy: copy.without_made().without_run() if copy.tells("runs") and copy.to_previous else None,
             advice.for_an_interval),
    JobFault("started-late", "it started after its grace, and finished an hour after its limit",
             _started_late, advice.for_lateness, seen_at=_once_late),
    JobFault("overran", "it started on time, and finished an hour after its limit",
             _overran, advice.for_lateness, seen_at=_once_late),
    JobFault("ran-late", "it ran an hour after its limit",
             lambda copy: None if _has_reasons(copy) else _late(copy), advice.for_lateness, seen_at=_once_late),
    JobFault("too-short", "it finished in half its minimum time", _too_short, advice.for_lateness),
    JobFault("run-failed", "it failed after its file was written", _failed, advice.for_a_status),
    JobFault("partial-run", "it did part of its work, and says so",
             lambda copy: copy.with_run(Outcome.PARTIAL) if copy.can_say(Outcome.PARTIAL) else None, is_warning=True),
    JobFault("unrecorded-run", "its file was written, but not the record of the run",
             lambda copy: copy.without_run() if copy.tells("runs") and copy.made else None),
)  # fmt: skip
