"""What is on record of a job's runs, their times read as instants?"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from rollcall.evidence import NotSeen, Outcome, RunSeen, SchedulerSeen
from rollcall.roll.due_run import EARLY_TOLERANCE, DueRun
from rollcall.roll.scheduler import Scheduler
from rollcall.verdict.reading import Reading

NEVER = datetime.max.replace(tzinfo=UTC)
EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRead:
    """One run on record, its times read."""

    seen: RunSeen
    due: Reading | None = None
    started: Reading | None = None
    ended: Reading | None = None

    @classmethod
    def of(cls, seen: RunSeen, naive_times: ZoneInfo | None) -> Self:
        """The run with its times as the scheduler's table reads them."""
        due, started, ended = (Reading.of(each, naive_times) for each in (seen.due, seen.started, seen.ended))
        return cls(seen=seen, due=due, started=started, ended=ended)

    @property
    def outcome(self) -> Outcome:
        """How it went."""
        return self.seen.outcome

    @property
    def is_done(self) -> bool:
        """True where it did its work."""
        return self.outcome in (Outcome.SUCCESS, Outcome.PARTIAL)

    @property
    def is_under_way(self) -> bool:
        """True where it has begun, and has not ended."""
        return self.outcome is Outcome.RUNNING and self.ended is None

    @property
    def is_left_out(self) -> bool:
        """True where it never began: it waits, or was skipped."""
        is_waiting = self.outcome is Outcome.WAITING and not self.started and not self.ended
        return is_waiting or self.outcome is Outcome.SKIPPED

    @property
    def is_by_schedule(self) -> bool:
        """False of a run by hand, a backfill or an event; True also where nobody tells."""
        return self.seen.by_schedule is not False

    @property
    def started_at(self) -> datetime | None:
        """When it began, where that is told and can be read."""
        return self.started.at if self.started else None

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, where that is told and can be read."""
        return self.ended.at if self.ended else None

    @property
    def took(self) -> timedelta | None:
        """How long it took; None where start or end is not told."""
        return self.ended_at - self.started_at if self.ended_at and self.started_at else None

    @property
    def latest(self) -> Reading | None:
        """The latest that is told of it, whether it can be read or not."""
        return self.ended or self.started or self.due

    @property
    def last_at(self) -> datetime | None:
        """The latest that is known of it."""
        return self.ended_at or self.started_at or (self.due.at if self.due else None)

    @property
    def placing(self) -> Reading | None:
        """What places it: the due time that it names, if it is by schedule, else its start, else its end.

        What cannot be read places nothing, and no run begins before the time that it is for.
        """
        named = self.due if self.is_by_schedule else None
        if named and named.at and self.started_at and self.started_at < named.at - EARLY_TOLERANCE:
            named = None
        told = [each for each in (named, self.started, self.ended) if each]
        return next((each for each in told if each.at), told[0] if told else None)

    @property
    def at(self) -> datetime | None:
        """The instant that places it; None where it tells none that can be read."""
        placing = self.placing
        return placing.at if placing else None

    def is_of(self, run: DueRun) -> bool:
        """True where it is of that due run: by what places it; of one by hand also by the due time that it names."""
        named = None if self.is_by_schedule or self.due is None else self.due.at
        at = named or self.at
        return at is not None and run.owns(at)

    def as_of(self, until: datetime) -> Self:
        """The run as it was then: of one that ended later no more was known than that it had begun."""
        if not self.started_at or not self.ended_at or not self.started_at <= until < self.ended_at:
            return self
        return replace(self, ended=None, seen=replace(self.seen, outcome=Outcome.RUNNING, word=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """The runs of one job that somebody has on record, newest first, and since when (None: all there ever were)."""

    runs: tuple[RunRead, ...] = ()
    since: datetime | None = None


def on_record(
    seen: SchedulerSeen | NotSeen | None, name: str, scheduler: Scheduler | None, until: datetime
) -> OnRecord:
    """What a scheduler, or its memory, has on record of the job of that name, as far as it was known then."""
    if not isinstance(seen, SchedulerSeen) or scheduler is None:
        return OnRecord()
    runs = []
    for run in (RunRead.of(each, scheduler.naive_times) for each in seen.runs_of(name)):
        # Without any time it is no run, unless it has just begun.
        is_run = run.latest is not None or run.outcome is Outcome.RUNNING
        # Some schedulers list the runs of the next days too.
        is_planned = run.is_left_out and run.last_at is not None and run.last_at > until
        if is_run and not is_planned:
            runs.append(run.as_of(until) if seen.answered_at > until else run)
    listed = seen.listed(name)
    reach = Reading.of(listed.runs_since, scheduler.naive_times) if listed else None
    since = [seen.runs_since, reach.at if reach else None]
    if scheduler.keeps is not None and len(seen.runs_of(name)) >= scheduler.keeps:
        since.append(min((each.at for each in runs if each.at), default=EVER))
    return OnRecord(runs=newest_first(runs), since=max(filter(None, since), default=None))


def newest_first(runs: Iterable[RunRead]) -> tuple[RunRead, ...]:
    """The runs by the latest that is known of each; those of which nothing is known, first."""
    return tuple(sorted(runs, key=lambda each: each.last_at or NEVER, reverse=True))
