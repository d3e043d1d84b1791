"""What is seen of one due run: which runs on record are of it, and which files did it leave?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from rollcall.evidence import FileSeen, Off, Outcome, OutputSeen
from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.roll.output_rules import Kind
from rollcall.roll.words import Dated
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.verdict.off import begins_once_back_by, catches_up, off_at, offs_at
from rollcall.verdict.run_names import named_by
from rollcall.verdict.runs import EVER, NEVER, RunRead
from rollcall.verdict.witnesses import Witnesses

_INSTANT = timedelta(microseconds=1)
_HOUR = timedelta(hours=1)
# So many earlier runs are looked at to tell what is usual, and so many of them must be alike.
_COMPARED, _LEAST_ALIKE = 3, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What is on record of one due run, oldest first.

    `by_schedule` are its attempts, `begun` those that did begin; what its engine left out did not, whatever times it
    has. `others` are by hand, by a backfill or an event. `deciding` tells how it went: the last that has begun, or what
    made it good; None where none has begun.
    """

    by_schedule: tuple[RunRead, ...]
    begun: tuple[RunRead, ...]
    others: tuple[RunRead, ...]
    deciding: RunRead | None

    def __bool__(self) -> bool:
        return bool(self.by_schedule or self.deciding)

    @property
    def first_start(self) -> datetime | None:
        """When the first attempt began; None where that is not told, or was forgotten with it."""
        first = self.begun[0] if self.begun else None
        return None if first is None or (first.seen.attempt or 1) > 1 else first.started_at


def _order(run: RunRead) -> tuple[datetime, bool, int, datetime, bool]:
    """By when each began; of two that nothing tells apart the one that did its work is not the last word."""
    began, ended = run.started_at or run.last_at or EVER, run.ended_at or EVER
    return began, run.is_under_way, run.seen.attempt or 0, ended, not run.is_done


def attempts_of(run: DueRun, seen: Witnesses) -> Attempts:
    """What is on record of that due run, and counts."""
    of_run = [each for each in reversed(seen.runs) if each.is_of(run)]
    counting = [each for each in of_run if each.last_at and each.last_at <= seen.counted_until]
    counting.sort(key=_order)
    by_schedule = [each for each in counting if each.is_by_schedule]
    begun = [each for each in by_schedule if not each.is_left_out]
    others = [each for each in counting if not each.is_by_schedule]
    last = deciding = begun[-1] if begun else None
    if last is not None and last.is_under_way:
        # It takes no work away.
        deciding = next((each for each in reversed(begun) if each.is_done), last)
    if deciding is None or not deciding.is_done:
        # What did its work before the last by schedule began has not made that good.
        since = (last.started_at or last.at or EVER) if last else EVER
        deciding = next((each for each in others if each.is_done and (each.last_at or EVER) >= since), deciding)
    return Attempts(by_schedule=tuple(by_schedule), begun=tuple(begun), others=tuple(others), deciding=deciding)


def made_for(run: DueRun, seen: Witnesses) -> tuple[FileSeen, ...]:
    """The files of its output that belong to that due run, newest first."""
    return files_by_run(seen)(run)


def files_by_run(seen: Witnesses) -> Callable[[DueRun], tuple[FileSeen, ...]]:
    """Which files of its output belong to a due run, for who asks of many runs."""
    if not seen.outputs:
        return lambda run: ()
    if seen.declared.dated is Dated.RUN:
        placed = seen.placed_files()
        return lambda run: tuple([each for at, each in placed if run.owns(at)])
    dated = [(each.due_from, each.due_until, each) for each in seen.files if each.due_from and each.due_until]

    def named(run: DueRun) -> tuple[FileSeen, ...]:
        at = named_by(seen.declared.dated, run.due_at, seen.job, seen.declared)
        return tuple([each for start, end, each in dated if at and start <= at <= end])

    return named


def done_at(file: FileSeen, run: DueRun) -> datetime | None:
    """When that file of the run was done; None where neither its name nor its mtime can tell.

    A name that tells the hour, all of it within its time, proves that it was, whatever gave it a new mtime since. One
    that tells the day proves that alone: it may have been named long before it was written.
    """
    first, last = file.stamp_from, file.stamp_until
    tells_hour = first is None or last is None or (last - first <= _HOUR and last <= run.finish_by)
    return file.made_at if tells_hour else file.written_at


def first_showing(at: datetime, zone: ZoneInfo) -> datetime | None:
    """When clocks there showed that time before: an hour earlier, in autumn's repeated hour; None at all others."""
    local = at.astimezone(zone)
    return local.replace(fold=0).astimezone(UTC) if local.fold else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One due run of a job, and what the witnesses show of it: `attempts` on record, and files `made`, newest first."""

    seen: Witnesses
    run: DueRun
    attempts: Attempts
    made: tuple[FileSeen, ...]

    @classmethod
    def of(cls, seen: Witnesses, run: DueRun) -> Self:
        """The case of that run; its files are those of the first output."""
        return cls(seen=seen, run=run, attempts=attempts_of(run, seen), made=made_for(run, seen))

    def of_output(self, number: int) -> Self:
        """The same with that output of the job alone."""
        seen = self.seen.of_output(number)
        return self if number == 0 else replace(self, seen=seen, made=made_for(self.run, seen))

    @property
    def job(self) -> Job:
        """The job that owes the run."""
        return self.seen.job

    @property
    def now(self) -> datetime:
        """The moment that is judged."""
        return self.seen.now

    @property
    def newest_files(self) -> tuple[FileSeen | None, ...]:
        """The newest file of the run, for each declared output."""
        made = (self.of_output(number).made for number in range(len(self.seen.outputs)))
        return tuple(each[0] if each else None for each in made)

    @property
    def made_before(self) -> tuple[FileSeen, ...]:
        """The files that belong to an earlier due run."""
        return tuple([each for each in self.seen.files if each.made_at < self.run.begins_at and each not in self.made])

    @property
    def made_after(self) -> tuple[FileSeen, ...]:
        """The files that belong to a later due run."""
        ends_at = self.run.ends_at or NEVER
        return tuple([each for each in self.seen.files if each.made_at >= ends_at and each not in self.made])

    @property
    def filled_by(self) -> DueRun | None:
        """The run after it, of a table without any rows which that may be filling anew just now; else None."""
        seen, next_at = self.seen, self.run.next_due_at
        is_table = bool(seen.outputs) and seen.declared.kind is Kind.ROWS and isinstance(seen.output, OutputSeen)
        if not is_table or seen.files or seen.ahead or seen.later or next_at is None or self.now < next_at:
            return None
        following = self.job.due_run(next_at)
        # Where another was due since, one of them had its time.
        return following if self.now < min(following.finish_by, following.ends_at or NEVER) else None

    def runs_before(self) -> Iterator[DueRun]:
        """The due runs before this one, newest first: as many as have to be seen to call something usual."""
        following = self.run.due_at
        for _ in range(_COMPARED):
            due_at = last_due(as_scheduled(self.job.schedule), following - _INSTANT)
            if due_at is None:
                return
            yield self.job.due_run(due_at, following)
            following = due_at

    @property
    def are_copies(self) -> bool:
        """True where the files of each run before have mtimes outside its time: a copy gives each a new one."""
        before = [(each, made) for each in self.runs_before() if (made := made_for(each, self.seen))]
        outside = [not run.begins_at <= each.modified_at <= run.finish_by for run, made in before for each in made]
        # One run before may have been late.
        return len(before) >= _LEAST_ALIKE and all(outside)

    @property
    def first_seen(self) -> datetime | None:
        """The earliest sign that it was done: a run by hand in addition must not make it late."""
        decides = self.attempts.deciding
        done = [each for each in (*self.attempts.begun, *self.attempts.others) if each.is_done]
        ended = done if decides and decides.is_done else [decides] if decides else []
        written = (done_at(each, self.run) for each in self.made)
        signs = [*(at for at in written if at), *(each.ended_at for each in ended if each.ended_at)]
        return min(signs, default=None)

    @property
    def ended_at(self) -> datetime | None:
        """When it ended by the record; None where that does not tell."""
        return self.attempts.deciding.ended_at if self.attempts.deciding else None

    @property
    def is_in_memory(self) -> bool:
        """True where the memory knows of a run since it was due, whatever the scheduler says."""
        remembered = self.seen.run_in_memory
        return remembered is not None and any(at >= self.run.begins_at for at in remembered.instants)

    @property
    def behind(self) -> RunRead | None:
        """The run that was under way when this one was due, or is now; None where none was. It may tell no start."""
        last = self.seen.last
        if last is not None and last.outcome is Outcome.RUNNING and not last.started:
            return last
        begun = [(each.started_at, each) for each in self.seen.runs if each.started_at]
        for started_at, each in begun:
            if started_at >= self.run.begins_at and each.is_under_way:
                return each
        earlier = [(started_at, each) for started_at, each in begun if started_at < self.run.begins_at]
        # One that others have begun after holds nobody up, whatever is still said of it.
        _, before = max(earlier, key=lambda each: each[0], default=(None, None))
        is_behind = before and (before.is_under_way or (before.ended_at and before.ended_at > self.run.due_at))
        return before if is_behind else None

    @property
    def off(self) -> Off | None:
        """The stretch in which the machine of its scheduler ran nothing, where it was to begin in that; else None."""
        return off_at(self.run, self.seen)

    @property
    def catch_up_ends_at(self) -> datetime | None:
        """Until when its scheduler may yet begin what it missed while it was off; None where it leaves that out."""
        offs = [each for each in offs_at(self.run, self.seen) if catches_up(each, self.seen)]
        return begins_once_back_by(offs[-1], self.job) if offs else None

    def is_begun_once_back(self, at: datetime) -> bool:
        """True of a start that was late because its machine was off, and for no other reason."""
        offs = offs_at(self.run, self.seen) if at > self.run.start_by else ()
        return any(each.until <= at <= begins_once_back_by(each, self.job) for each in offs)

    @property
    def is_overtaken(self) -> bool:
        """True where the record does not reach back to it: later runs have replaced what was known of it."""
        since, last = self.seen.runs_since, self.seen.last
        if since is None or since > self.seen.counted_until or self.attempts:
            return False
        if self.seen.tells("history"):
            return since > self.run.begins_at
        is_by_hand = last is not None and not last.is_by_schedule
        return since >= (self.run.begins_at if is_by_hand else self.run.ends_at or NEVER)

    @property
    def reaching_in(self) -> DueRun | None:
        """The run before, where it may have been drawn into the time of this and left nothing of its own; else None.

        Only jitter can do that: without it what was seen belongs to the run that was due last before it.
        """
        job, run = self.job, self.run
        before_at = last_due(as_scheduled(job.schedule), run.due_at - _INSTANT) if job.jitter else None
        if before_at is None or before_at + job.allowance < run.begins_at or (job.since and before_at < job.since):
            return None
        before = job.due_run(before_at, run.due_at)
        # One that has a record or a file of its own left no other.
        return None if made_for(before, self.seen) or attempts_of(before, self.seen).begun else before

    def shared_with(self, *, in_time: bool = False) -> DueRun | None:
        """The run before, where all that was seen (`in_time`: by the limit) may as well be of that one."""
        before, attempts = self.reaching_in, self.attempts.by_schedule
        # A run that names the due time that it is for is of no other.
        if before is None or any(each.due for each in attempts):
            return None
        signs = [*(each.made_at for each in self.made), *(each.last_at for each in attempts if each.last_at)]
        is_proven = any(at > before.finish_by and not (in_time and at > self.run.finish_by) for at in signs)
        return None if is_proven else before
