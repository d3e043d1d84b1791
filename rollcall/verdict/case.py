"""What is seen of one due run: which runs on record are of it, and which files did it leave?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from rollcall.evidence import FileSeen
from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.roll.words import Dated
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.verdict.runs import EVER, NEVER, Attempts
from rollcall.verdict.witnesses import Witnesses

_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One due run of a job, and what the witnesses show of it: `attempts` on record, and files `made`, newest first."""

    seen: Witnesses
    run: DueRun
    attempts: Attempts
    made: tuple[FileSeen, ...]

    @classmethod
    def of(cls, seen: Witnesses, run: DueRun) -> Case:
        """The case of that run; its files are those of the first output."""
        return cls(seen=seen, run=run, attempts=attempts_of(run, seen), made=made_for(run, seen))

    def of_output(self, number: int) -> Case:
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
    def made_before(self) -> tuple[FileSeen, ...]:
        """The files that belong to an earlier due run."""
        begins_at = self.run.begins_at
        return tuple([each for each in self.seen.files if each.made_at < begins_at and each not in self.made])

    @property
    def made_after(self) -> tuple[FileSeen, ...]:
        """The files that belong to a later due run."""
        ends_at = self.run.ends_at or NEVER
        return tuple([each for each in self.seen.files if each.made_at >= ends_at and each not in self.made])

    @property
    def newest_files(self) -> tuple[FileSeen | None, ...]:
        """The newest file of the run, for each declared output."""
        made = (self.of_output(number).made for number in range(len(self.seen.outputs)))
        return tuple(each[0] if each else None for each in made)

    @property
    def first_seen(self) -> datetime | None:
        """The earliest sign that it was done: a run by hand in addition must not make it late."""
        signs = [each.made_at for each in self.made]
        decides = self.attempts.deciding
        if decides is not None and decides.is_done:
            begun = (*self.attempts.begun, *self.attempts.others)
            signs += [each.ended_at for each in begun if each.is_done and each.ended_at]
        elif decides is not None and decides.ended_at:
            signs.append(decides.ended_at)
        return min(signs, default=None)

    @property
    def ended_at(self) -> datetime | None:
        """When it ended by the record; None where that does not tell."""
        decides = self.attempts.deciding
        return decides.ended_at if decides else None

    @property
    def is_in_memory(self) -> bool:
        """True where the memory knows of a run since it was due, whatever the scheduler says."""
        remembered = self.seen.run_in_memory
        return remembered is not None and any(at >= self.run.begins_at for at in remembered.instants)

    @property
    def is_overtaken(self) -> bool:
        """True where the record does not reach back to it: later runs have replaced what was known of it."""
        seen, since = self.seen, self.seen.runs_since
        if since is None or since > seen.counted_until or self.attempts:
            return False
        if seen.tells("history"):
            return since > self.run.begins_at
        is_by_hand = seen.last is not None and not seen.last.is_by_schedule
        replaced_from = self.run.begins_at if is_by_hand else self.run.ends_at
        return replaced_from is not None and since >= replaced_from

    @property
    def reaching_in(self) -> DueRun | None:
        """The run before, where it may have been drawn into the time of this and left no file of its own; else None.

        Only jitter can do that: without it what was seen belongs to the run that was due last before it.
        """
        job, run = self.job, self.run
        before_at = last_due(as_scheduled(job.schedule), run.due_at - _INSTANT) if job.jitter else None
        if before_at is None or before_at + job.allowance < run.begins_at:
            return None
        if job.since is not None and before_at < job.since:
            return None
        before = job.due_run(before_at, run.due_at)
        return None if made_for(before, self.seen) else before

    def shared_with(self, *, in_time: bool = False) -> DueRun | None:
        """The run before, where all that was seen (`in_time`: by the limit) may as well be of that one."""
        before = self.reaching_in
        # A run that names the due time that it is for is of no other.
        if before is None or any(each.due for each in self.attempts.by_schedule):
            return None
        signs = [each.made_at for each in self.made]
        signs += [each.last_at for each in self.attempts.by_schedule if each.last_at]
        proving = (at for at in signs if at > before.finish_by and not (in_time and at > self.run.finish_by))
        return None if any(proving) else before


def attempts_of(run: DueRun, seen: Witnesses) -> Attempts:
    """What is on record of that due run, and counts."""
    of_run = [each for each in reversed(seen.runs) if each.is_of(run)]
    counting = [each for each in of_run if each.last_at is not None and each.last_at <= seen.counted_until]
    counting.sort(key=lambda each: (each.started_at or each.last_at or EVER, each.is_under_way))
    return Attempts(
        by_schedule=tuple(each for each in counting if each.is_by_schedule),
        others=tuple(each for each in counting if not each.is_by_schedule),
    )


def made_for(run: DueRun, seen: Witnesses) -> tuple[FileSeen, ...]:
    """The files of its output that belong to that due run, newest first."""
    if not seen.outputs:
        return ()
    if seen.declared.dated is Dated.RUN:
        return tuple([each for at, each in seen.placed_files() if run.owns(at)])
    named = _date_named(run, seen)
    if named is None:
        return ()
    return tuple(
        [each for each in seen.files if each.due_from and each.due_until and each.due_from <= named <= each.due_until]
    )


def _date_named(run: DueRun, seen: Witnesses) -> datetime | None:
    """What the date in the name of its output stands for: its due time, the one before, or the day before."""
    if seen.declared.dated is Dated.PREVIOUS_DUE:
        return last_due(as_scheduled(seen.job.schedule), run.due_at - _INSTANT)
    if seen.declared.dated is Dated.PREVIOUS_DAY:
        zone = seen.job.zone_of(seen.declared)
        local = run.due_at.astimezone(zone).replace(tzinfo=None)
        return (local - _DAY).replace(tzinfo=zone).astimezone(UTC)
    return run.due_at
