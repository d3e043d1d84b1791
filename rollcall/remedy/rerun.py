"""Run a job again whose due run was missed: once a due run, and only where it is proven that its work is not there.

That is proven where the scheduler itself has no run of it on record since it was due (`missed-run`, `never-ran`) and
nothing else is wrong with the job. A run that failed, hangs, or reports a success without an output has begun its work,
and may do harm when it is begun once more: that is for a person to decide.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from rollcall.action import Action, Deed
from rollcall.cause import is_plainly_missed, request_of, table_of, trigger_of
from rollcall.errors import CauseCode
from rollcall.evidence import OutputSeen
from rollcall.findings import Check, Finding, Verdict
from rollcall.gather import gather
from rollcall.jobs import DueRun, Job, Service
from rollcall.morning import Morning
from rollcall.remedy.asking import Reply, ask
from rollcall.remedy.proof import BETWEEN_LOOKS, Proof
from rollcall.remedy.restart import NOTHING_DONE
from rollcall.remedy.turn import Attempt, NoTurn, Turn, turn
from rollcall.text import show_size
from rollcall.times import show_instant, show_span
from rollcall.verdict import JobJudged, ServiceJudged, judge_job, judge_service

# The promises that a run by hand can keep; that it was on time is not among them.
_OF_ITS_WORK = (
    Check.EXECUTED_AFTER_DUE_TIME,
    Check.STATUS_IS_SUCCESS,
    Check.OUTPUT_EXISTS,
    Check.OUTPUT_IS_WHOLE,
    Check.OUTPUT_AGREES_WITH_RECORD,
)
# A record may be written a moment after the answer.
_SETTLES_WITHIN = timedelta(seconds=2)
_LONGEST_PAUSE = 5.0  # seconds between two looks at a run that takes long


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What was done, if anything, and whether the morning has to be judged again."""

    action: Action | None
    is_changed: bool


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
    services = {each.service.id: each for each in morning.services}
    outcomes = [
        _Rerun(
            job=each.job,
            service=each.job.service,
            run=each.due_run,
            floats=each.seen.floats,
            judge_again=judge_again,
            clock=clock,
            folder=folder,
        ).outcome(each, is_dry=is_dry)
        for each in morning.jobs
        if each.job.service and each.due_run and why_not(each, services[each.job.service.id]) is None
    ]
    actions = (*morning.actions, *(each.action for each in outcomes if each.action))
    again = judge_again() if any(each.is_changed for each in outcomes) else morning
    return replace(again, actions=actions)


def why_not(judged: JobJudged, service: ServiceJudged | None) -> str | None:
    """Why the job is not to be run again, for people; None where it was missed and may be."""
    if service and (broken := _scheduler_broken(service)):
        return f"its service cannot run it: {broken.because}"
    if not is_plainly_missed(judged):
        return _state(judged)
    if service is None or trigger_of(judged.job) is None:
        return "nobody said how; add `trigger` to the table of its service in jobs.toml"
    if not judged.job.may_rerun:
        return f"jobs.toml does not allow it; add `rerun = true` to {table_of(judged.job)}"
    return None


def _scheduler_broken(service: ServiceJudged) -> Finding | None:
    """Its database is only a witness: that it does not answer keeps no job from running."""
    return next((each for each in service.findings if each.needs_a_person and each.check in _NEEDED), None)


_MISSED = (CauseCode.MISSED_RUN, CauseCode.NEVER_RAN)
_NEEDED = (Check.ANSWERS, Check.CLOCK_AGREES, Check.SCHEDULER_IS_RUNNING, Check.SCHEDULER_IS_ALIVE)


def _state(judged: JobJudged) -> str:
    """What else it is than missed."""
    broken = [each for each in judged.findings if each.needs_a_person]
    if other := next((each for each in broken if each.code not in _MISSED), None):
        is_missed = any(each.code in _MISSED for each in broken)
        return f"{'more is wrong with it' if is_missed else 'it was not missed'}: {other}"
    if broken:
        return f"its newest run is there, and an earlier one is not made up for by a run now: {broken[0]}"
    if judged.due_run is None:
        return "it has owed no run yet"
    due = f"due {show_instant(judged.due_run.due_at, judged.job.zone)}"
    done = f", done {show_instant(judged.ran_at, judged.job.zone, seconds=True)}" if judged.ran_at else ""
    return f"it was not missed: {judged.verdict}, {due}{done}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rerun:
    """One due run that is to be made up for."""

    job: Job
    service: Service
    run: DueRun
    floats: bool
    judge_again: Callable[[], Morning]
    clock: Callable[[], datetime]
    folder: Path

    def outcome(self, judged: JobJudged, *, is_dry: bool) -> _Outcome:
        if why := self._too_late(_next_at(judged, self.run), self.clock()) or _no_room(judged):
            return self._nothing_done(why, is_changed=False)
        if is_dry:
            request = f"`{request_of(self.service, self._path)}`"
            return _Outcome(action=self._action(request, is_dry=True), is_changed=False)
        try:
            # Whoever has the turn may run the job for as long as that takes: it is not waited for.
            with turn(self.folder, f"job {self.job.id}", wait=timedelta(0)) as mine:
                return self._in_turn(mine)
        except NoTurn as problem:
            return self._nothing_done(str(problem), is_changed=False)

    def _in_turn(self, mine: Turn) -> _Outcome:
        """Judges the job again first: it may have been run meanwhile, or be running."""
        fresh, service = self._judged_now()
        is_same = fresh.due_run is not None and fresh.due_run.due_at == self.run.due_at
        if not is_same or why_not(fresh, service) is not None:
            return _Outcome(action=None, is_changed=True)
        last = mine.last(self.service.shown_url)
        if last and last.due_at == self.run.due_at:
            when = show_instant(last.at, self.job.zone, seconds=True)
            return self._nothing_done(f"it was run again for that due time {when}, and that did not help")
        at = self.clock()
        mine.note(Attempt(at=at, url=self.service.shown_url, due_at=self.run.due_at))
        began_on = time.monotonic()
        reply = ask(self.service, self._path, limit=self.job.max_runtime)
        proof = self._await_proof(reply, until=began_on + self.job.max_runtime.total_seconds())
        told = proof.told if reply.is_accepted else f"{reply.told}; {proof.told}"
        return _Outcome(action=self._action(told, at=at, is_proven=proof.is_whole), is_changed=True)

    def _await_proof(self, reply: Reply, *, until: float) -> Proof:
        """Looks again until its work is there; for long only where it is known to be under way."""
        is_told_no = reply.status is not None and not reply.is_accepted
        settled_on = time.monotonic() + (0 if is_told_no else _SETTLES_WITHIN.total_seconds())
        for pause in _pauses():
            fresh, service = self._judged_now()
            proof = self._proof_of(fresh, service)
            is_under_way = reply.is_done_later or _is_running(fresh)
            give_up_on = max(until, settled_on) if is_under_way else settled_on
            if proof.is_whole or _scheduler_broken(service) or time.monotonic() >= give_up_on:
                return proof
            time.sleep(min(pause, max(give_up_on - time.monotonic(), 0)))
        raise AssertionError

    def _judged_now(self) -> tuple[JobJudged, ServiceJudged]:
        if self.floats:
            # Counted from what was seen, as it is here, it is no more the job that jobs.toml declares.
            morning = self.judge_again()
            services = {each.service.id: each for each in morning.services}
            if (judged := morning.job(self.job.id)) is not None:
                return judged, services[self.service.id]
        now = self.clock()
        evidence = gather((self.job,), (self.service,), now=now, clock=self.clock)
        now = self.clock()
        service = judge_service(self.service, evidence, now=now)
        return judge_job(self.job, evidence, {self.service.id: service}, now=now), service

    def _proof_of(self, fresh: JobJudged, service: ServiceJudged) -> Proof:
        if broken := _scheduler_broken(service):
            return Proof(is_whole=False, told=broken.because)
        if fresh.due_run is None or not (self.floats or fresh.due_run.due_at == self.run.due_at):
            return Proof(is_whole=False, told="its next run has come meanwhile")
        work = [each for each in fresh.findings if each.check in _OF_ITS_WORK]
        if unkept := next((each for each in work if each.verdict is not Verdict.OK), None):
            return Proof(is_whole=False, told=str(unkept))
        shown = [each.found for each in work if each.check in _OF_ITS_WORK[:3]]
        return Proof(is_whole=True, told=", ".join(shown))

    def _too_late(self, next_at: datetime | None, now: datetime) -> str | None:
        """Why a run now would be in the way of the next one, or count for it."""
        if next_at is None or next_at - now > self.job.max_runtime:
            return None
        at = show_instant(next_at, self.job.zone)
        if next_at <= now:
            return f"its next run was due {at}, and a run now would count for that one"
        return f"its next run is due {at}, sooner than a run may take ({show_span(self.job.max_runtime)})"

    @property
    def _path(self) -> str:
        path = trigger_of(self.job)
        assert path is not None
        return path

    def _nothing_done(self, why: str, *, is_changed: bool = True) -> _Outcome:
        return _Outcome(action=self._action(f"{NOTHING_DONE}: {why}"), is_changed=is_changed)

    def _action(
        self, proof: str, *, at: datetime | None = None, is_proven: bool = False, is_dry: bool = False
    ) -> Action:
        return Action(
            deed=Deed.RERUN,
            subject=self.job.id,
            at=at or self.clock(),
            is_proven=is_proven,
            proof=proof,
            is_dry=is_dry,
            due_at=self.run.due_at,
        )


def _next_at(judged: JobJudged, run: DueRun) -> datetime | None:
    """When it runs next by itself; an interval that nobody anchored is counted anew by its scheduler."""
    own = judged.seen.next_run if judged.seen.floats else None
    return own.at if own and own.at else run.next_due_at


def _is_running(fresh: JobJudged) -> bool:
    return any(each.code is CauseCode.STILL_RUNNING for each in fresh.findings)


def _no_room(judged: JobJudged) -> str | None:
    """Why its output may be cut off; None where there is room for it, or nobody knows."""
    output, seen = judged.job.output, judged.seen.output
    if output is None or not isinstance(seen, OutputSeen) or seen.free_bytes is None:
        return None
    wanted = seen.room_wanted(output.min_size)
    if seen.free_bytes >= wanted:
        return None
    return f"the disk of its output has {show_size(seen.free_bytes)} free, less than {show_size(wanted)}"


def _pauses() -> Iterator[float]:
    pause = BETWEEN_LOOKS.total_seconds()
    while True:
        yield pause
        pause = min(pause * 1.5, _LONGEST_PAUSE)
