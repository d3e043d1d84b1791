"""Start a scheduler that is stopped, and stop and start one whose loop is dead, once; then prove that it runs.

That it runs is proven when it still does a while after it was seen to: one that dies right after its start is not
fixed. Nor is one that has to be started again and again: the third time within a day is for a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from rollcall.ask import gather
from rollcall.causes.action import Action, Deed
from rollcall.causes.commands import table_of
from rollcall.causes.explain import Cause
from rollcall.evidence import NotSeen, SchedulerSeen
from rollcall.morning import Morning
from rollcall.remedy.outcome import Outcome, morning_after
from rollcall.remedy.turn import DAY, Attempt, NoTurn, Turn, subject_of, turn
from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.scheduler import Order, Reply, Scheduler, Step
from rollcall.text import counted, listed
from rollcall.times import show_instant, show_span
from rollcall.verdict.findings import Check
from rollcall.verdict.judged import JobJudged
from rollcall.verdict.reading import Reading
from rollcall.verdict.scheduler import scheduler_findings
from rollcall.vocabulary import Verdict

PROOF_LIMIT = timedelta(seconds=30)
SETTLES_WITHIN = timedelta(seconds=5)
_MOST_A_DAY = 2
_BETWEEN_LOOKS = 0.5  # seconds
_CURES = {code: deed for deed in (Deed.START, Deed.RESTART) for code in deed.cures}
_STEPS = {Deed.START: (Step.START,), Deed.RESTART: (Step.STOP, Step.START)}
_OF_THE_SCHEDULER = (Check.ANSWERS, Check.SCHEDULER_IS_RUNNING, Check.SCHEDULER_IS_ALIVE)
_NONE, _UNREAD, _PAST = _LACKS = (
    "without a next run of {}",
    "with a next run of {} that cannot be read",
    "with a next run of {} in the past",
)


def restart_stopped(
    morning: Morning,
    *,
    judge_again: Callable[[], Morning],
    clock: Callable[[], datetime],
    folder: Path,
    is_dry: bool = False,
    limit: timedelta = PROOF_LIMIT,
    settling: timedelta = SETTLES_WITHIN,
) -> Morning:
    """The morning judged again after every scheduler was started that a start can cure, with what was done.

    Each is started once, and at most twice a day, through its own `start` (and `stop` where it stalled), in its turn
    under a lock in `folder`, and asked again until it is proven to run, and still to run `settling` later, or `limit`
    is over. `judge_again` asks everybody again, as of the present. The morning as it is where nothing applies; of a
    replay, always.
    """
    if morning.replay_of:
        return morning
    outcomes = []
    for each in morning.schedulers:
        cause = morning.scheduler_causes[each.scheduler.id]
        if cause and (deed := _CURES.get(cause.code)):
            jobs = [job for job in morning.jobs if job.job.scheduler and job.job.scheduler.id == each.scheduler.id]
            restart = _Restart(each.scheduler, jobs, morning.judged_at, clock, limit, settling)
            outcomes.append(restart.outcome(deed, folder, is_dry=is_dry))
    return _as_it_turned_out(morning_after(outcomes, morning, judge_again))


def _as_it_turned_out(morning: Morning) -> Morning:
    """The morning without a proof that its own last look contradicts."""

    def still_broken(action: Action) -> Cause | None:
        cause = morning.scheduler_causes.get(action.subject) if action.deed in _STEPS else None
        return cause if cause and cause.code in _CURES and action.is_proven else None

    actions = tuple(
        replace(each, is_proven=False, proof=f"{each.proof}; and then: {cause.sentence}")
        if (cause := still_broken(each))
        else each
        for each in morning.actions
    )
    return replace(morning, actions=actions)


@dataclass(frozen=True, slots=True)
class _Restart:
    """One scheduler that a start can cure."""

    scheduler: Scheduler
    jobs: Sequence[JobJudged]
    judged_at: datetime
    clock: Callable[[], datetime]
    limit: timedelta
    settling: timedelta

    def outcome(self, deed: Deed, folder: Path, *, is_dry: bool) -> Outcome:
        if lacking := self._lines_lacking(deed):
            return self._nothing_done(deed, lacking), False
        if is_dry:
            requests = ", then ".join(f"`{each.typed}`" for each in self._orders(deed))
            return replace(self._action(deed, requests), is_dry=True), False
        # Another check may take this long for its own attempt.
        wait = self.limit + self.settling + (len(_STEPS[Deed.RESTART]) + 2) * self.scheduler.timeout
        try:
            with turn(folder, subject_of(self._orders(deed)[-1]), wait=wait) as mine:
                return self._in_turn(mine, deed), True
        except NoTurn as problem:
            return self._nothing_done(deed, str(problem)), False

    def _in_turn(self, mine: Turn, deed: Deed) -> Action | None:
        """Looks again first: another check may have fixed it. None where it runs."""
        seen = _look_again(self.scheduler, self.clock)
        declared = [each.job for each in self.jobs]
        broken = [each for each in scheduler_findings(self.scheduler, seen, jobs=declared) if each.needs_a_person]
        now_deed = next((_CURES[each.code] for each in broken if each.code in _CURES), None)
        if now_deed is None:
            why = broken[0].because if broken else "it does not answer"
            return None if isinstance(seen, SchedulerSeen) else self._nothing_done(deed, f"looked again: {why}")
        if lacking := self._lines_lacking(now_deed):
            return self._nothing_done(now_deed, lacking)
        at = self.clock()
        # An attempt dated later than now comes from a wrong clock and does not count.
        tried = [each.at for each in mine.tried() if at - DAY < each.at <= at + EARLY_TOLERANCE]
        if tried and self.judged_at <= tried[-1]:
            why = f"another check tried {self._when(tried[-1])}, and it did not help"
            return replace(self._nothing_done(now_deed, why), asked_at=tried[-1])
        if len(tried) >= _MOST_A_DAY:
            when = listed([self._when(each) for each in tried])
            why = f"it was started {when} and does not stay up: find out why not"
            return replace(self._nothing_done(now_deed, why), asked_at=tried[-1])
        mine.note(Attempt(at=at))
        replies: list[Reply] = []
        for order in self._orders(now_deed):
            replies.append(order.send())
            # Where a stop was not refused the scheduler may be stopped: it is never left so.
            if replies[-1].is_refused:
                break
        return replace(self._proven(now_deed, replies), at=at, asked_at=at)

    def _proven(self, deed: Deed, replies: Sequence[Reply]) -> Action:
        """What was done, once it is proven to help, or its time is over."""
        last = replies[-1]
        limit = self.limit if not last.came or last.is_accepted else timedelta(0)
        is_proven, line = await_proof(self.scheduler, self.jobs, clock=self.clock, limit=limit, settling=self.settling)
        odd = [each.line for each in replies if not each.is_accepted]
        if is_proven:
            line = "; ".join((line, *odd))
        elif odd:
            line = "; ".join((*odd, line))
        else:
            line = f"{last.line}, but {show_span(self.limit)} later: {line}"
        return replace(self._action(deed, line), is_proven=is_proven)

    def _orders(self, deed: Deed) -> list[Order]:
        return [order for each in _STEPS[deed] if (order := self.scheduler.order(each))]

    def _lines_lacking(self, deed: Deed) -> str | None:
        """Which lines of jobs.toml the deed needs and does not have, as a cure; None where it has them."""
        if self.scheduler.host:
            return f"it is not reached from here; start it on host {self.scheduler.host}"
        lines = " and ".join(f'`{each} = "/…"`' for each in _STEPS[deed] if self.scheduler.order(each) is None)
        where = f"to {table_of(self.scheduler)}, the path to request that"
        return f"not set up; add {lines} {where}" if lines else None

    def _when(self, at: datetime) -> str:
        return show_instant(at, self.scheduler.zone, seconds=True)

    def _nothing_done(self, deed: Deed, why: str) -> Action:
        return self._action(deed, f"nothing was done: {why}")

    def _action(self, deed: Deed, proof: str) -> Action:
        return Action(deed=deed, subject=self.scheduler.id, at=self.clock(), is_proven=False, proof=proof)


def _look_again(scheduler: Scheduler, clock: Callable[[], datetime]) -> SchedulerSeen | NotSeen:
    """What the scheduler says now; its memory is not asked, as it holds only the past."""
    return gather((), (scheduler.alone,), now=clock(), clock=clock).schedulers[scheduler.id]


def proof_of(scheduler: Scheduler, jobs: Iterable[JobJudged], seen: SchedulerSeen | NotSeen) -> tuple[bool, str]:
    """Whether it runs, with a next run of each job that owes one and is not paused; and what proves or lacks that."""
    jobs = tuple(jobs)
    findings = scheduler_findings(scheduler, seen, jobs=[each.job for each in jobs])
    broken = [each for each in findings if each.check in _OF_THE_SCHEDULER and each.needs_a_person]
    if broken or isinstance(seen, NotSeen):
        return False, broken[0].because if broken else "it does not answer"
    present = seen.server_at or seen.answered_at
    lacking: dict[str, list[str]] = {}
    is_told = "next_run" in scheduler.tells
    owing = (each.job.name for each in jobs if is_told and each.next_due_at and each.verdict is not Verdict.PAUSED)
    for name in owing:
        listing = seen.listed(name)
        reading = Reading.of(listing.next_run if listing else None, scheduler.naive_times)
        if reading is None or reading.at is None or reading.at <= present:
            lacks = _NONE if reading is None else _UNREAD if reading.at is None else _PAST
            lacking.setdefault(lacks, []).append(name)
    if lacking:
        line = ", ".join(each.format(listed(lacking[each])) for each in _LACKS if each in lacking)
        return False, f"running, but {line}"
    readings = [(Reading.of(each.next_run, scheduler.naive_times), each.id) for each in seen.jobs or ()]
    nearest = min(((reading.at, job_id) for reading, job_id in readings if reading and reading.at), default=None)
    next_run = f", next run {show_instant(nearest[0], scheduler.zone)} ({nearest[1]})" if nearest else ""
    return True, f"running, {counted(len(seen.jobs or ()), 'job')}{next_run}"


def await_proof(
    scheduler: Scheduler,
    jobs: Sequence[JobJudged],
    *,
    clock: Callable[[], datetime],
    limit: timedelta,
    settling: timedelta = timedelta(0),
) -> tuple[bool, str]:
    """Whether it is proven to run before `limit` is over, and one line: what proves it, or what is missing.

    It must be seen to run at every look for as long as `settling`.
    """
    give_up_on = time.monotonic() + limit.total_seconds()
    ran_since, was_seen_running = None, ""
    while True:
        is_proven, line = proof_of(scheduler, jobs, _look_again(scheduler, clock))
        present = time.monotonic()
        if not is_proven:
            ran_since = None
            if present >= give_up_on:
                return False, was_seen_running + line
        else:
            ran_since, was_seen_running = ran_since or present, "it ran for a moment, but now: "
            if present - ran_since >= settling.total_seconds():
                return True, line
        time.sleep(_BETWEEN_LOOKS)
