"""What did the witnesses say of one job, read as instants?

A scheduler's timestamps are its own words; here they are read by the rules of its service. What was not seen, is not
registered or cannot be read stays apart from what was seen and is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rollcall.evidence import Evidence, FileSeen, NotSeen, OutputSeen, Registration, SchedulerSeen
from rollcall.findings import Check, Finding
from rollcall.jobs import LOOKING_TIME, DueRun, Job, Late
from rollcall.schedule import Every
from rollcall.times import Timestamp, read_timestamp

# Failures of a service that leave nothing to be read of its jobs.
_BLOCKING = (Check.ANSWERS, Check.SCHEDULER_IS_RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A timestamp as it was written, and the instant it means (None: it cannot be read, or not without guessing)."""

    text: str
    stamp: Timestamp | None
    at: datetime | None

    @classmethod
    def of(cls, text: str | None, naive_times: ZoneInfo | None) -> Reading | None:
        """The reading of `text`; None where there is nothing to read."""
        if text is None:
            return None
        try:
            stamp = read_timestamp(text)
        except ValueError:
            return cls(text=text, stamp=None, at=None)
        if stamp.at is not None:
            return cls(text=text, stamp=stamp, at=stamp.at)
        return cls(text=text, stamp=stamp, at=stamp.in_zone(naive_times) if naive_times else None)

    @property
    def is_naive(self) -> bool:
        """True where it carries no offset."""
        return self.stamp is not None and self.stamp.naive is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnesses:
    """Everything that was seen of one job.

    `files` are newest first. `floats` is True where the schedule is an interval without a declared phase.
    """

    job: Job
    now: datetime
    service_findings: tuple[Finding, ...]
    scheduler: SchedulerSeen | NotSeen | None
    output: OutputSeen | NotSeen | None
    registration: Registration | None
    next_run: Reading | None
    last_run: Reading | None
    files: tuple[FileSeen, ...]
    floats: bool

    @classmethod
    def of(cls, job: Job, evidence: Evidence, service_findings: tuple[Finding, ...], *, now: datetime) -> Witnesses:
        """The evidence about `job`; an interval without an anchor is counted from the newest run seen."""
        scheduler = evidence.services[job.service.id] if job.service else None
        output = evidence.outputs[job.id] if job.output else None
        registration = scheduler.registration(job.id) if isinstance(scheduler, SchedulerSeen) else None
        naive_times = job.service.naive_times if job.service else None
        seen = cls(
            job=job,
            now=now,
            service_findings=service_findings,
            scheduler=scheduler,
            output=output,
            registration=registration,
            next_run=Reading.of(registration.next_run if registration else None, naive_times),
            last_run=Reading.of(registration.last_execution if registration else None, naive_times),
            files=output.files if isinstance(output, OutputSeen) else (),
            floats=isinstance(job.schedule, Every) and job.schedule.floats,
        )
        return replace(seen, job=seen._anchored())

    @property
    def has_service(self) -> bool:
        """True where a scheduler keeps a record of the job."""
        return self.scheduler is not None

    @property
    def has_output(self) -> bool:
        """True where the job leaves files."""
        return self.output is not None

    @property
    def late_is_a_warning(self) -> bool:
        """True where nobody must get up for a run outside its time."""
        return self.job.late is Late.WARN

    @property
    def blocker(self) -> Finding | None:
        """The service's failure that left the scheduler's word about this job unseen."""
        return self.service_finding(*_BLOCKING)

    def service_finding(self, *checks: Check) -> Finding | None:
        """The first of these checks of the service that broke; None where none did."""
        return next((each for each in self.service_findings if each.check in checks and each.needs_a_person), None)

    @property
    def service_at(self) -> datetime:
        """The present by the service's own clock, in which its next runs are told."""
        if not isinstance(self.scheduler, SchedulerSeen):
            return self.now
        return self.scheduler.server_at or self.scheduler.answered_at

    @property
    def counted_until(self) -> datetime:
        """What is later than this is no evidence for the moment that is judged."""
        return self.now + LOOKING_TIME

    @property
    def ran_at(self) -> datetime | None:
        """When the scheduler says its last run ended, where that is known and counts."""
        at = self.last_run.at if self.last_run else None
        return at if at is not None and at <= self.counted_until else None

    def made_by(self, run: DueRun) -> tuple[FileSeen, ...]:
        """The files that belong to `run`, newest first."""
        return tuple(each for each in self.files if run.owns(each.made_at))

    def made_after(self, run: DueRun) -> tuple[FileSeen, ...]:
        """The files that belong to a later due run."""
        return tuple(each for each in self.files if run.ends_at and each.made_at >= run.ends_at)

    def is_recorded(self, run: DueRun) -> bool:
        """True where the scheduler's last run belongs to `run`."""
        return self.ran_at is not None and run.owns(self.ran_at)

    def is_overtaken(self, run: DueRun) -> bool:
        """True where the scheduler's last run belongs to a later due run."""
        return self.ran_at is not None and run.ends_at is not None and self.ran_at >= run.ends_at

    def first_seen(self, run: DueRun) -> datetime | None:
        """The earliest sign that `run` was done: a run by hand in addition must not make it late."""
        signs = [each.made_at for each in self.made_by(run)]
        if self.ran_at is not None and run.owns(self.ran_at):
            signs.append(self.ran_at)
        return min(signs, default=None)

    def _anchored(self) -> Job:
        schedule = self.job.schedule
        if not isinstance(schedule, Every) or not self.floats:
            return self.job
        newest = [at for at in (self.ran_at, self.files[0].made_at if self.files else None) if at is not None]
        if not newest:
            return self.job
        # Output and record of one run lie a little apart; the run is counted from the earlier of the two.
        near = [at for at in newest if max(newest) - at <= self.job.max_runtime]
        return replace(self.job, schedule=schedule.anchored_at(min(near).astimezone(UTC)))
