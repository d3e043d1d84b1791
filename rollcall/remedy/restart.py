"""Start a scheduler that is stopped, and stop and start one whose loop is dead, once; then prove that it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rollcall.causes.action import Action, Deed
from rollcall.causes.commands import request_of, table_of
from rollcall.evidence import SchedulerSeen
from rollcall.morning import Morning
from rollcall.remedy.asking import Reply, ask
from rollcall.remedy.outcome import NOTHING_DONE, Outcome, morning_after
from rollcall.remedy.proof import Proof, await_proof, look_again, proof_that_it_runs
from rollcall.remedy.turn import Attempt, NoTurn, Turn, turn
from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.scheduler import Scheduler
from rollcall.times import show_instant, show_span
from rollcall.verdict import JobJudged
from rollcall.verdict.findings import Finding
from rollcall.verdict.scheduler import scheduler_findings

PROOF_LIMIT = timedelta(seconds=30)
_CURES = {code: deed for deed in (Deed.START, Deed.RESTART) for code in deed.cures}
_STEPS = {Deed.START: ("start",), Deed.RESTART: ("stop", "start")}


def restart_stopped(
    morning: Morning,
    *,
    judge_again: Callable[[], Morning],
    clock: Callable[[], datetime],
    folder: Path,
    is_dry: bool = False,
    limit: timedelta = PROOF_LIMIT,
) -> Morning:
    """The morning judged again after every scheduler was started that a start can cure, with what was done.

    Each is started once, through its own `start` (and `stop` where it stalled), in its turn under a lock in `folder`,
    and asked again until it is proven to run or `limit` is over. `judge_again` asks everybody again, as of the present.
    The morning as it is where nothing applies; of a replay, always.
    """
    if morning.replay_of:
        return morning
    outcomes = [
        _Cure(
            scheduler=each.scheduler,
            jobs=tuple(job for job in morning.jobs if job.job.scheduler and job.job.scheduler.id == each.scheduler.id),
            judged_at=morning.judged_at,
            clock=clock,
            folder=folder,
            limit=limit,
        ).outcome(deed, is_dry=is_dry)
        for each in morning.schedulers
        if (cause := morning.scheduler_causes[each.scheduler.id]) and (deed := _CURES.get(cause.code))
    ]
    return morning_after(outcomes, morning, judge_again)


def lines_lacking(scheduler: Scheduler, deed: Deed) -> str | None:
    """Which lines of jobs.toml the deed needs and does not have, as a cure; None where it has them."""
    lacking = [each for each in _STEPS[deed] if _path(scheduler, each) is None]
    if not lacking:
        return None
    lines = " and ".join(f'`{each} = "/…"`' for each in lacking)
    return f"nobody said how; add {lines} to {table_of(scheduler)}, the path by which it is told so"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cure:
    """One scheduler that is to be cured."""

    scheduler: Scheduler
    jobs: Sequence[JobJudged]
    judged_at: datetime
    clock: Callable[[], datetime]
    folder: Path
    limit: timedelta

    def outcome(self, deed: Deed, *, is_dry: bool) -> Outcome:
        if lacking := lines_lacking(self.scheduler, deed):
            return self._nothing_done(deed, lacking, is_changed=False)
        if is_dry:
            requests = ", then ".join(f"`{request_of(self.scheduler, each)}`" for each in self._paths(deed))
            return Outcome(action=self._action(deed, requests, is_dry=True), is_changed=False)
        # Another check may be at each of these for its whole time.
        wait = self.limit + (len(_STEPS[Deed.RESTART]) + 2) * self.scheduler.timeout
        try:
            with turn(self.folder, f"scheduler {self.scheduler.id}", wait=wait) as mine:
                return self._in_turn(mine, deed)
        except NoTurn as problem:
            return self._nothing_done(deed, str(problem), is_changed=False)

    def _in_turn(self, mine: Turn, deed: Deed) -> Outcome:
        """Asks again first: whoever had the turn before may have cured it."""
        seen = look_again(self.scheduler, self.clock)
        broken = [each for each in scheduler_findings(self.scheduler, seen) if each.needs_a_person]
        now_deed = next((_CURES[each.code] for each in broken if each.code in _CURES), None)
        if now_deed is None and isinstance(seen, SchedulerSeen):
            return Outcome(action=None, is_changed=True)
        if now_deed is None:
            return self._nothing_done(deed, f"asked once more, {_because(broken)}", is_changed=True)
        if lacking := lines_lacking(self.scheduler, now_deed):
            return self._nothing_done(now_deed, lacking, is_changed=True)
        last = mine.last(self.scheduler.address)
        # One of later than now was tried by a clock that was wrong: nobody has tried since this was seen.
        if last and self.judged_at <= last.at <= self.clock() + EARLY_TOLERANCE:
            when = show_instant(last.at, self.scheduler.zone, seconds=True)
            return self._nothing_done(now_deed, f"another check tried {when}, and it did not help", is_changed=True)
        at = self.clock()
        mine.note(Attempt(at=at, url=self.scheduler.address))
        return self._done(now_deed, at)

    def _done(self, deed: Deed, at: datetime) -> Outcome:
        replies: list[Reply] = []
        for path in self._paths(deed):
            replies.append(ask(self.scheduler, path))
            # Where a stop was not refused the scheduler may be stopped: it is never left so.
            if replies[-1].is_refused:
                break
        proof = self._proof(replies)
        action = self._action(deed, _told(replies, proof, self.limit), at=at, is_proven=proof.is_whole)
        return Outcome(action=action, is_changed=True)

    def _proof(self, replies: Sequence[Reply]) -> Proof:
        if replies[-1].status is None or replies[-1].is_accepted:
            return await_proof(self.scheduler, self.jobs, clock=self.clock, limit=self.limit)
        return proof_that_it_runs(self.scheduler, self.jobs, look_again(self.scheduler, self.clock))

    def _paths(self, deed: Deed) -> list[str]:
        return [path for each in _STEPS[deed] if (path := _path(self.scheduler, each))]

    def _nothing_done(self, deed: Deed, why: str, *, is_changed: bool) -> Outcome:
        return Outcome(action=self._action(deed, f"{NOTHING_DONE}: {why}"), is_changed=is_changed)

    def _action(
        self, deed: Deed, proof: str, *, at: datetime | None = None, is_proven: bool = False, is_dry: bool = False
    ) -> Action:
        return Action(
            deed=deed,
            subject=self.scheduler.id,
            at=at or self.clock(),
            is_proven=is_proven,
            proof=proof,
            is_dry=is_dry,
        )


def _path(scheduler: Scheduler, step: str) -> str | None:
    return scheduler.path_of(step)


def _because(broken: Sequence[Finding]) -> str:
    return broken[0].because if broken else "it does not answer"


def _told(replies: Sequence[Reply], proof: Proof, limit: timedelta) -> str:
    odd = [each.told for each in replies if not each.is_accepted]
    if proof.is_whole:
        return "; ".join((proof.told, *odd))
    if not odd:
        return f"{replies[-1].told}, but {show_span(limit)} later: {proof.told}"
    return "; ".join((*odd, proof.told))
