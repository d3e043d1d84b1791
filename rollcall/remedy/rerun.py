"""Run a job again whose due run was missed, once a due run; then look for its work as for that of any run.

A scheduler may answer when the run is done, or when it has only started. So unless it answers with an error, its record
is waited for as long as a run may take (`max_runtime`), also for a job that has no record.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from rollcall.ask import gather
from rollcall.causes.action import Action, Deed, show_clock
from rollcall.causes.commands import trigger_of
from rollcall.morning import Morning
from rollcall.remedy.missed import scheduler_broken, why_not, why_not_now
from rollcall.remedy.outcome import Outcome, morning_after
from rollcall.remedy.turn import Attempt, NoTurn, Turn, subject_of, turn
from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.roll.scheduler import Order, Reply, Scheduler
from rollcall.text import clean
from rollcall.times import show_instant, show_span
from rollcall.verdict.findings import Check
from rollcall.verdict.judge import judge_job, judge_scheduler
from rollcall.verdict.judged import JobJudged, SchedulerJudged
from rollcall.vocabulary import CauseCode, Verdict

# The promises that a run by hand can keep; that it was on time is not among them.
_SHOWN = (Check.EXECUTED_AFTER_DUE_TIME, Check.STATUS_IS_SUCCESS, Check.OUTPUT_EXISTS)
_OF_ITS_WORK = (*_SHOWN, Check.OUTPUT_IS_WHOLE, Check.OUTPUT_AGREES_WITH_RECORD)
# A record may be written a moment after the answer, an output a moment after the record.
_SETTLES_WITHIN = 2.0  # seconds
# A scheduler that is busy with the run itself may not answer for a while; one that is gone is not waited for.
_SILENT_FOR = 30.0  # seconds
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0  # seconds between two looks at a run that takes long


def rerun_missed(
    morning: Morning,
    *,
    judge_again: Callable[[], Morning],
    clock: Callable[[], datetime],
    folder: Path,
    is_dry: bool = False,
) -> Morning:
    """The morning judged again after every job was run that missed its due run and may be re-run, with what was done.

    One after another, each in its turn under a lock in `folder`, at most once a due run, and waited for as long as a
    run may take. `judge_again` asks everybody again, as of the present. The morning as it is where nothing applies;
    of a replay, always.
    """
    if morning.replay_of:
        return morning
    schedulers = {each.scheduler.id: each for each in morning.schedulers}
    outcomes = []
    for each in morning.jobs:
        job, run, order = each.job, each.due_run, trigger_of(each)
        if job.scheduler and run and order and why_not(each, schedulers[job.scheduler.id]) is None:
            rerun = _Rerun(job, job.scheduler, run, order, each.seen.floats, judge_again, clock)
            outcomes.append(rerun.outcome(each, folder, is_dry=is_dry))
    return morning_after(outcomes, morning, judge_again)


@dataclass(frozen=True, slots=True)
class _Rerun:
    """One due run that is to be made up for, by that `order`."""

    job: Job
    scheduler: Scheduler
    run: DueRun
    order: Order
    floats: bool
    judge_again: Callable[[], Morning]
    clock: Callable[[], datetime]

    def outcome(self, judged: JobJudged, folder: Path, *, is_dry: bool) -> Outcome:
        if why := why_not_now(judged, self.run, now=self.clock()):
            return self._nothing_done(why), False
        if is_dry:
            return replace(self._action(f"`{self.order.typed}`"), is_dry=True), False
        try:
            # Another check that holds the lock may take as long as the job does: it is not waited for.
            with turn(folder, subject_of(self.order), wait=timedelta(0)) as mine:
                return self._in_turn(mine), True
        except NoTurn as problem:
            return self._nothing_done(str(problem)), False

    def _in_turn(self, mine: Turn) -> Action | None:
        """Judges the job again first: it may have been run meanwhile, or be running. None where it was."""
        fresh, scheduler = self._judged_now()
        is_same = fresh.due_run is not None and fresh.due_run.due_at == self.run.due_at
        if not is_same or why_not(fresh, scheduler) is not None:
            return None
        last = mine.last()
        if last and last.due_at == self.run.due_at:
            when = show_instant(last.at, self.job.zone, seconds=True)
            why = f"a run for that due time was already requested {when}, and its work is not there"
            return replace(self._nothing_done(why), asked_at=last.at)
        at, asked_on = self.clock(), time.monotonic()
        mine.note(Attempt(at=at, due_at=self.run.due_at))
        try:
            self._show_waiting(at, asked_on)
            reply = self.order.send(self.job.max_runtime)
            if reply.is_refused:
                mine.take_back()
            is_proven, line = self._await_proof(reply, at, asked_on)
        finally:
            _show_at_terminal("")
        if not reply.is_accepted:
            line = f"{reply.line}; {line}"
        elif not is_proven:
            line = f"{show_span(timedelta(seconds=time.monotonic() - asked_on))} after it was requested: {line}"
        is_refused = reply.is_refused and not is_proven
        asked_at = None if is_refused else at
        action = replace(self._action(line), at=at, is_proven=is_proven)
        return replace(action, asked_at=asked_at, is_refused=is_refused)

    def _await_proof(self, reply: Reply, at: datetime, asked_on: float) -> tuple[bool, str]:
        """Looks again until its work is there; for long only where it is, or may be, under way."""
        was_rejected = reply.came and not reply.may_be_under_way
        settled_on = time.monotonic() + (0 if was_rejected else _SETTLES_WITHIN)
        until = max(asked_on + self.job.max_runtime.total_seconds(), settled_on)
        answers_by = time.monotonic() + _SILENT_FOR
        pause = _FIRST_PAUSE
        while True:
            fresh, scheduler = self._judged_now()
            is_proven, line = self._proof_of(fresh, scheduler)
            if not scheduler_broken(scheduler):
                answers_by = time.monotonic() + _SILENT_FOR
            is_running = any(each.code is CauseCode.STILL_RUNNING for each in fresh.findings)
            is_recorded = any(each.check is _SHOWN[0] and each.verdict is Verdict.OK for each in fresh.findings)
            give_up_on = settled_on
            if self._is_same_run(fresh) and (is_running or (reply.may_be_under_way and not is_recorded)):
                give_up_on = min(until, answers_by)
                # Should the next look find it on record, what comes after that has its time too.
                settled_on = time.monotonic() + pause + _SETTLES_WITHIN
            if is_proven or time.monotonic() >= give_up_on:
                return is_proven, line
            self._show_waiting(at, asked_on)
            time.sleep(min(pause, max(give_up_on - time.monotonic(), 0)))
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _show_waiting(self, at: datetime, asked_on: float) -> None:
        so_far = show_span(timedelta(seconds=int(time.monotonic() - asked_on)))
        longest, since = show_span(self.job.max_runtime), show_clock(at, self.job.zone)
        _show_at_terminal(f"{so_far} of at most {longest}: waiting for {self.job.id}, requested at {since}")

    def _judged_now(self) -> tuple[JobJudged, SchedulerJudged]:
        if self.floats:
            # Counted from what was seen, as it is here, it is no more the job that jobs.toml declares.
            morning = self.judge_again()
            schedulers = {each.scheduler.id: each for each in morning.schedulers}
            if (judged := morning.job(self.job.id)) is not None:
                return judged, schedulers[self.scheduler.id]
        evidence = gather((self.job,), (self.scheduler,), now=self.clock(), clock=self.clock)
        now = self.clock()
        scheduler = judge_scheduler(self.scheduler, evidence, now=now)
        return judge_job(self.job, evidence, {self.scheduler.id: scheduler}, now=now), scheduler

    def _proof_of(self, fresh: JobJudged, scheduler: SchedulerJudged) -> tuple[bool, str]:
        if broken := scheduler_broken(scheduler):
            return False, broken.because
        if not self._is_same_run(fresh):
            return False, "its next run has started meanwhile"
        work = [each for each in fresh.findings if each.check in _OF_ITS_WORK]
        if unkept := next((each for each in work if each.verdict is not Verdict.OK), None):
            return False, str(unkept)
        return True, ", ".join(each.found for each in work if each.check in _SHOWN)

    def _is_same_run(self, fresh: JobJudged) -> bool:
        return fresh.due_run is not None and (self.floats or fresh.due_run.due_at == self.run.due_at)

    def _nothing_done(self, why: str) -> Action:
        return self._action(f"nothing was done: {why}")

    def _action(self, proof: str) -> Action:
        subject, at = self.job.id, self.clock()
        return Action(deed=Deed.RERUN, subject=subject, at=at, is_proven=False, proof=proof, due_at=self.run.due_at)


def _show_at_terminal(line: str) -> None:
    """Shows `line` in the place of the one before, on stderr where that is a terminal; "" takes it away."""
    if sys.stderr is None or not sys.stderr.isatty():
        return
    # The last column is left free: a line that fills it is wrapped by some, and then not written over.
    width = shutil.get_terminal_size().columns - 1
    sys.stderr.write(f"\r{clean(line, width)[:width]:<{width}}\r")
    sys.stderr.flush()
