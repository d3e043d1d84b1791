"""Run a job again whose due run was missed, once a due run; then look for its work as for that of any run.

A scheduler may answer when the run is done, or when it has only begun: so whatever it answers, but an error, its record
is waited for as long as a run may take (`max_runtime`). A job that puts nothing on record is waited for so long too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rollcall.ask import gather
from rollcall.causes.action import Action, Deed, show_clock
from rollcall.causes.commands import request_of, trigger_of
from rollcall.morning import Morning
from rollcall.remedy.asking import Reply, ask
from rollcall.remedy.missed import scheduler_broken, why_not, why_not_now
from rollcall.remedy.outcome import NOTHING_DONE, Outcome, morning_after
from rollcall.remedy.proof import BETWEEN_LOOKS, Proof
from rollcall.remedy.turn import Attempt, NoTurn, Turn, turn
from rollcall.remedy.waiting import at_terminal
from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.roll.scheduler import Scheduler
from rollcall.times import show_instant, show_span
from rollcall.verdict import JobJudged, SchedulerJudged, judge_job, judge_scheduler
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode, Verdict

# The promises that a run by hand can keep; that it was on time is not among them.
_OF_ITS_WORK = (
    Check.EXECUTED_AFTER_DUE_TIME,
    Check.STATUS_IS_SUCCESS,
    Check.OUTPUT_EXISTS,
    Check.OUTPUT_IS_WHOLE,
    Check.OUTPUT_AGREES_WITH_RECORD,
)
# A record may be written a moment after the answer, an output a moment after the record.
_SETTLES_WITHIN = 2.0  # seconds
# A scheduler that is busy with the run itself may not answer for a while; one that is gone is not waited for.
_SILENT_FOR = 30.0  # seconds
_LONGEST_PAUSE = 5.0  # seconds between two looks at a run that takes long


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
    outcomes = [
        _Rerun(
            job=each.job,
            scheduler=each.job.scheduler,
            run=each.due_run,
            floats=each.seen.floats,
            judge_again=judge_again,
            clock=clock,
            folder=folder,
        ).outcome(each, is_dry=is_dry)
        for each in morning.jobs
        if each.job.scheduler and each.due_run and why_not(each, schedulers[each.job.scheduler.id]) is None
    ]
    return morning_after(outcomes, morning, judge_again)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rerun:
    """One due run that is to be made up for."""

    job: Job
    scheduler: Scheduler
    run: DueRun
    floats: bool
    judge_again: Callable[[], Morning]
    clock: Callable[[], datetime]
    folder: Path

    def outcome(self, judged: JobJudged, *, is_dry: bool) -> Outcome:
        if why := why_not_now(judged, self.run, now=self.clock()):
            return self._nothing_done(why, is_changed=False)
        if is_dry:
            request = f"`{request_of(self.scheduler, self._path)}`"
            return Outcome(action=self._action(request, is_dry=True), is_changed=False)
        try:
            # Whoever has the turn may run the job for as long as that takes: it is not waited for.
            with turn(self.folder, f"job {self.job.id}", wait=timedelta(0)) as mine:
                return self._in_turn(mine)
        except NoTurn as problem:
            return self._nothing_done(str(problem), is_changed=False)

    def _in_turn(self, mine: Turn) -> Outcome:
        """Judges the job again first: it may have been run meanwhile, or be running."""
        fresh, scheduler = self._judged_now()
        is_same = fresh.due_run is not None and fresh.due_run.due_at == self.run.due_at
        if not is_same or why_not(fresh, scheduler) is not None:
            return Outcome(action=None, is_changed=True)
        last = mine.last(self.scheduler.address)
        if last and last.due_at == self.run.due_at:
            when = show_instant(last.at, self.job.zone, seconds=True)
            why = f"a run was asked for already {when}, for that due time, and its work is not there"
            return self._nothing_done(why, asked_at=last.at)
        at = self.clock()
        mine.note(Attempt(at=at, url=self.scheduler.address, due_at=self.run.due_at))
        with at_terminal() as show:
            asked = _Asked(at=at, on=time.monotonic(), show=show)
            self._say(asked)
            reply = ask(self.scheduler, self._path, limit=self.job.max_runtime)
            if reply.is_refused:
                mine.take_back()
            proof = self._await_proof(reply, asked)
        return Outcome(action=self._asked_for(asked, reply, proof), is_changed=True)

    def _await_proof(self, reply: Reply, asked: _Asked) -> Proof:
        """Looks again until its work is there; for long only where it is, or may be, under way."""
        is_told_no = reply.status is not None and not reply.may_be_under_way
        settled_on = time.monotonic() + (0 if is_told_no else _SETTLES_WITHIN)
        until = max(asked.on + self.job.max_runtime.total_seconds(), settled_on)
        answers_by = time.monotonic() + _SILENT_FOR
        pause = BETWEEN_LOOKS.total_seconds()
        while True:
            fresh, scheduler = self._judged_now()
            proof = self._proof_of(fresh, scheduler)
            if not scheduler_broken(scheduler):
                answers_by = time.monotonic() + _SILENT_FOR
            give_up_on = settled_on
            if self._is_awaited(fresh, reply):
                give_up_on = min(until, answers_by)
                # Should the next look find it on record, what comes after that has its time too.
                settled_on = time.monotonic() + pause + _SETTLES_WITHIN
            if proof.is_whole or time.monotonic() >= give_up_on:
                return proof
            self._say(asked)
            time.sleep(min(pause, max(give_up_on - time.monotonic(), 0)))
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _is_awaited(self, fresh: JobJudged, reply: Reply) -> bool:
        """True while the end of its run may still come: it has begun, or may have, and is not on record."""
        if not self._is_same_run(fresh):
            return False
        is_on_record = any(
            each.check is Check.EXECUTED_AFTER_DUE_TIME and each.verdict is Verdict.OK for each in fresh.findings
        )
        return _is_running(fresh) or (reply.may_be_under_way and not is_on_record)

    def _say(self, asked: _Asked) -> None:
        so_far = show_span(timedelta(seconds=int(time.monotonic() - asked.on)))
        at, longest = show_clock(asked.at, self.job.zone), show_span(self.job.max_runtime)
        asked.show(f"{so_far} of at most {longest}: waiting for {self.job.id}, asked to run at {at}")

    def _asked_for(self, asked: _Asked, reply: Reply, proof: Proof) -> Action:
        told = proof.told
        if not reply.is_accepted:
            told = f"{reply.told}; {told}"
        elif not proof.is_whole:
            told = f"{show_span(timedelta(seconds=time.monotonic() - asked.on))} after it was asked for: {told}"
        is_refused = reply.is_refused and not proof.is_whole
        return self._action(
            told,
            at=asked.at,
            is_proven=proof.is_whole,
            asked_at=None if is_refused else asked.at,
            is_refused=is_refused,
        )

    def _judged_now(self) -> tuple[JobJudged, SchedulerJudged]:
        if self.floats:
            # Counted from what was seen, as it is here, it is no more the job that jobs.toml declares.
            morning = self.judge_again()
            schedulers = {each.scheduler.id: each for each in morning.schedulers}
            if (judged := morning.job(self.job.id)) is not None:
                return judged, schedulers[self.scheduler.id]
        now = self.clock()
        evidence = gather((self.job,), (self.scheduler,), now=now, clock=self.clock)
        now = self.clock()
        scheduler = judge_scheduler(self.scheduler, evidence, now=now)
        return judge_job(self.job, evidence, {self.scheduler.id: scheduler}, now=now), scheduler

    def _proof_of(self, fresh: JobJudged, scheduler: SchedulerJudged) -> Proof:
        if broken := scheduler_broken(scheduler):
            return Proof(is_whole=False, told=broken.because)
        if not self._is_same_run(fresh):
            return Proof(is_whole=False, told="its next run has come meanwhile")
        work = [each for each in fresh.findings if each.check in _OF_ITS_WORK]
        if unkept := next((each for each in work if each.verdict is not Verdict.OK), None):
            return Proof(is_whole=False, told=str(unkept))
        shown = [each.found for each in work if each.check in _OF_ITS_WORK[:3]]
        return Proof(is_whole=True, told=", ".join(shown))

    def _is_same_run(self, fresh: JobJudged) -> bool:
        return fresh.due_run is not None and (self.floats or fresh.due_run.due_at == self.run.due_at)

    @property
    def _path(self) -> str:
        path = trigger_of(self.job)
        assert path is not None
        return path

    def _nothing_done(self, why: str, *, is_changed: bool = True, asked_at: datetime | None = None) -> Outcome:
        return Outcome(action=self._action(f"{NOTHING_DONE}: {why}", asked_at=asked_at), is_changed=is_changed)

    def _action(
        self,
        proof: str,
        *,
        at: datetime | None = None,
        is_proven: bool = False,
        is_dry: bool = False,
        asked_at: datetime | None = None,
        is_refused: bool = False,
    ) -> Action:
        return Action(
            deed=Deed.RERUN,
            subject=self.job.id,
            at=at or self.clock(),
            is_proven=is_proven,
            proof=proof,
            is_dry=is_dry,
            due_at=self.run.due_at,
            asked_at=asked_at,
            is_refused=is_refused,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """When a run was asked for, by the clock and as seconds of `time.monotonic`; `show` tells who waits for it."""

    at: datetime
    on: float
    show: Callable[[str], None]


def _is_running(fresh: JobJudged) -> bool:
    return any(each.code is CauseCode.STILL_RUNNING for each in fresh.findings)
