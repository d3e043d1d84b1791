"""What did the witnesses say of one job, read as instants?

A scheduler's timestamps are its own words; here they are read by the rules of its scheduler. What was not seen, is not
registered or cannot be read stays apart from what was seen and is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from rollcall.errors import CauseCode
from rollcall.evidence import DatabaseSeen, Evidence, FileSeen, NotSeen, OutputSeen, Registration, SchedulerSeen
from rollcall.findings import Check, Finding
from rollcall.jobs import LOOKING_TIME, DueRun, Job, Late, Scheduler
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.times import Timestamp, read_timestamp
from rollcall.verdict import interval

SUCCESS = "success"
_INSTANT = timedelta(microseconds=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
# Failures of a scheduler that leave nothing to be read of its jobs.
_BLOCKING = (Check.ANSWERS, Check.SCHEDULER_IS_RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A timestamp as it was written, and the instant it means (None: it cannot be read, or not without guessing).

    `later_at` is the other instant it may mean where it carries no offset and autumn shows its hour twice.
    """

    text: str
    stamp: Timestamp | None
    at: datetime | None
    later_at: datetime | None = None

    @classmethod
    def of(cls, text: str | None, naive_times: ZoneInfo | None) -> Reading | None:
        """The reading of `text`; None where there is nothing to read."""
        return None if text is None else cls._read(text, naive_times)

    @classmethod
    @lru_cache(maxsize=16_384)
    def _read(cls, text: str, naive_times: ZoneInfo | None) -> Reading:
        """Kept, because a next run is read twice: when its scheduler is judged, and when its job is."""
        try:
            stamp = read_timestamp(text)
        except ValueError:
            return cls(text=text, stamp=None, at=None)
        if stamp.at is not None or naive_times is None:
            return cls(text=text, stamp=stamp, at=stamp.at)
        first = stamp.in_zone(naive_times)
        if naive_times.key == "UTC":
            return cls(text=text, stamp=stamp, at=first)
        second = stamp.in_zone(naive_times, fold=1)
        # In the hour that spring skips the second reading is the earlier one, and means nothing.
        return cls(text=text, stamp=stamp, at=first, later_at=second if second > first else None)

    @property
    def is_naive(self) -> bool:
        """True where it carries no offset."""
        return self.stamp is not None and self.stamp.naive is not None

    @property
    def instants(self) -> tuple[datetime, ...]:
        """Each instant it may mean, the earlier first."""
        return tuple(at for at in (self.at, self.later_at) if at is not None)


# Not frozen, though nobody changes one: to fill a frozen record takes twice as long, and each job has this one.
@dataclass(slots=True, kw_only=True)
class Witnesses:
    """Everything that was seen of one job and counts for the moment that is judged.

    `recorded` is what is on record of its last run, and `last_run` when that ended: by the scheduler's word, or by its
    database's where the scheduler says nothing, or `remembers_less` (one that was started anew may have forgotten).
    `files` are newest first; `later` are some made after that moment, which are no evidence but may have taken its
    evidence away. `floats` is True where the schedule is an interval without a declared phase: `job` is then counted
    from its newest run, and nothing was owed of it before `since`.
    """

    job: Job
    now: datetime
    broken_of_scheduler: tuple[Finding, ...]
    scheduler: SchedulerSeen | NotSeen | None
    output: OutputSeen | NotSeen | None
    registration: Registration | None
    next_run: Reading | None
    last_run: Reading | None
    files: tuple[FileSeen, ...]
    later: tuple[FileSeen, ...]
    floats: bool
    database: DatabaseSeen | NotSeen | None = None
    recorded: Registration | None = None
    remembers_less: bool = False
    since: datetime | None = None
    blocker: Finding | None = field(init=False, repr=False, compare=False)
    stands_in: bool = field(init=False, repr=False, compare=False)
    by_teller: str = field(init=False, repr=False, compare=False)
    counted_until: datetime = field(init=False, repr=False, compare=False)
    ran_at: datetime | None = field(init=False, repr=False, compare=False)
    _made: dict[datetime, tuple[FileSeen, ...]] = field(init=False, repr=False, compare=False)
    _reaching: dict[datetime, DueRun | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Works out once what each promise asks for.

        `blocker` is the scheduler's failure that left the scheduler's word about this job unseen; `stands_in` is True
        where its database's record of them stands in, `by_teller` names it after what it told. What is later than
        `counted_until` is no evidence for the moment that is judged. `ran_at` is when its last run ended by the
        record, where that is known and counts.
        """
        at = self.last_run.at if self.last_run else None
        self.blocker = _first(self.broken_of_scheduler, *_BLOCKING)
        self.stands_in = self.blocker is not None and _has_executions(self.database)
        self.by_teller = ", by the database" if self.stands_in or self.remembers_less else ""
        self.counted_until = self.now + LOOKING_TIME
        self.ran_at = at if at is not None and at <= self.counted_until else None
        self._made = {}
        self._reaching = {}

    @classmethod
    def of(cls, job: Job, evidence: Evidence, broken: tuple[Finding, ...], *, now: datetime) -> Witnesses:
        """The evidence about `job`; an interval without an anchor is counted from the newest run seen.

        `broken` are the findings of its scheduler that need a person.
        """
        scheduler = asked(evidence, job.scheduler.id, now) if job.scheduler else None
        output = _looked(evidence, job, now) if job.output else None
        registration = scheduler.registration(job.id) if isinstance(scheduler, SchedulerSeen) else None
        database = asked_database(evidence, job.scheduler, now) if job.scheduler else None
        stands_in = _has_executions(database) and _first(broken, *_BLOCKING) is not None
        naive_times = job.scheduler.naive_times if job.scheduler else None
        execution = database.execution(job.id) if isinstance(database, DatabaseSeen) else None
        remembers_less = not stands_in and _remembers_less(registration, execution, naive_times, now + LOOKING_TIME)
        recorded = execution if stands_in or remembers_less else registration
        files, later = _split(output, now)
        seen = cls(
            job=job,
            now=now,
            broken_of_scheduler=broken,
            scheduler=scheduler,
            output=output,
            registration=registration,
            next_run=Reading.of(registration.next_run if registration else None, naive_times),
            last_run=Reading.of(recorded.last_execution if recorded else None, naive_times),
            files=files,
            later=later,
            floats=interval.floats(job),
            database=database,
            recorded=recorded,
            remembers_less=remembers_less,
            since=job.since,
        )
        return seen._settled()

    @property
    def has_scheduler(self) -> bool:
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

    def scheduler_finding(self, *checks: Check) -> Finding | None:
        """The first of these checks of the scheduler that broke; None where none did."""
        return _first(self.broken_of_scheduler, *checks)

    @property
    def teller(self) -> str:
        """Who told of the last run."""
        return "the database" if self.stands_in or self.remembers_less else "the scheduler"

    @property
    def status(self) -> str:
        """The status on record of its last run, however it is spelt, in small letters; "" where there is none."""
        word = self.recorded.last_status if self.recorded else None
        return word.strip().lower() if word else ""

    @property
    def run_in_database(self) -> Reading | None:
        """The last run that the database tells of; None where it was not asked or has none on record."""
        execution = self.database.execution(self.job.id) if isinstance(self.database, DatabaseSeen) else None
        scheduler = self.job.scheduler
        return Reading.of(execution.last_execution, scheduler.naive_times) if execution and scheduler else None

    @property
    def scheduler_at(self) -> datetime:
        """The present by the scheduler's own clock, in which its next runs are told."""
        if not isinstance(self.scheduler, SchedulerSeen):
            return self.database.answered_at if isinstance(self.database, DatabaseSeen) else self.now
        return self.scheduler.server_at or self.scheduler.answered_at

    @property
    def is_of_an_earlier_moment(self) -> bool:
        """True where a moment is judged that was over when the scheduler, or its database for it, was asked."""
        asked = self.database if self.stands_in else self.scheduler
        return isinstance(asked, SchedulerSeen | DatabaseSeen) and asked.answered_at > self.counted_until

    def made_by(self, run: DueRun) -> tuple[FileSeen, ...]:
        """The files that belong to `run`, newest first."""
        if (made := self._made.get(run.due_at)) is None:
            # A list is built faster than a generator is drawn from.
            begins_at, ends_at = run.begins_at, run.ends_at or _NEVER
            found = [each for each in self.files if begins_at <= each.made_at < ends_at]
            made = self._made[run.due_at] = tuple(found)
        return made

    def made_after(self, run: DueRun) -> tuple[FileSeen, ...]:
        """The files that belong to a later due run."""
        ends_at = run.ends_at
        return tuple([each for each in self.files if each.made_at >= ends_at]) if ends_at else ()

    def made_before(self, run: DueRun) -> tuple[FileSeen, ...]:
        """The files that belong to an earlier due run."""
        begins_at = run.begins_at
        return tuple([each for each in self.files if each.made_at < begins_at])

    def is_recorded(self, run: DueRun) -> bool:
        """True where the scheduler's last run belongs to `run`."""
        return self.ran_at is not None and run.owns(self.ran_at)

    def is_in_database(self, run: DueRun) -> bool:
        """True where the database tells of a run since `run` was due, whatever the scheduler says."""
        told = self.run_in_database
        return told is not None and any(at >= run.begins_at for at in told.instants)

    def is_overtaken(self, run: DueRun) -> bool:
        """True where the scheduler's last run belongs to a later due run."""
        return self.ran_at is not None and run.ends_at is not None and self.ran_at >= run.ends_at

    def reaching_into(self, run: DueRun) -> DueRun | None:
        """The run before, where it may have been drawn into the time of `run` and left no file of its own; else None.

        Only jitter can do that: without it what was seen belongs to the run that was due last before it.
        """
        if run.due_at not in self._reaching:
            self._reaching[run.due_at] = self._reaches_into(run)
        return self._reaching[run.due_at]

    def _reaches_into(self, run: DueRun) -> DueRun | None:
        if not self.job.jitter:
            return None
        before_at = last_due(as_scheduled(self.job.schedule), run.due_at - _INSTANT)
        if before_at is None or before_at + self.job.allowance < run.begins_at:
            return None
        if self.job.since is not None and before_at < self.job.since:
            return None
        before = self.job.due_run(before_at, run.due_at)
        return None if self.made_by(before) else before

    def shared_with(self, run: DueRun, *, in_time: bool = False) -> DueRun | None:
        """The run before, where all that was seen of `run` (`in_time`: by its limit) may as well be of that one."""
        before = self.reaching_into(run)
        if before is None:
            return None
        signs = [each.made_at for each in self.made_by(run)]
        if self.is_recorded(run) and self.ran_at is not None:
            signs.append(self.ran_at)
        proving = (at for at in signs if at > before.finish_by and not (in_time and at > run.finish_by))
        return None if any(proving) else before

    def late_of(self, run: DueRun) -> FileSeen | None:
        """A file made inside the time of `run`, but when the next had begun: where it is drawn it may be of either."""
        if not self.job.jitter:
            return None
        return next((each for each in self.made_after(run) if each.made_at <= run.finish_by), None)

    def first_seen(self, run: DueRun) -> datetime | None:
        """The earliest sign that `run` was done: a run by hand in addition must not make it late."""
        made = self.made_by(run)
        first = made[-1].made_at if made else None
        if not self.is_recorded(run) or (first is not None and self.ran_at is not None and first < self.ran_at):
            return first
        return self.ran_at

    def _settled(self) -> Witnesses:
        """The same with what only the witnesses together can tell: which of two hours is meant, and which phase."""
        seen = self
        if seen.last_run and seen.last_run.later_at:
            seen = replace(seen, last_run=replace(seen.last_run, at=seen._meant_last(seen.last_run.instants)))
        if not seen.floats:
            return seen
        next_run_at = seen.next_run.at if seen.next_run else None
        return replace(seen, job=interval.anchored(seen.job, seen._newest_run(), next_run_at))

    def _meant_last(self, instants: Sequence[datetime]) -> datetime:
        """Which of two hours a record means: the one that a file agrees with, in which the run was in time, the newer.

        The text alone cannot tell; what fits the schedule must not be called late for it.
        """
        past = [at for at in instants if at <= self.counted_until] or instants[:1]
        return max(past, key=lambda at: (self._has_file_near(at), self._is_in_time(at), at))

    def _has_file_near(self, at: datetime) -> bool:
        return any(abs(each.made_at - at) <= self.job.max_runtime for each in self.files)

    def _is_in_time(self, at: datetime) -> bool:
        due_at = last_due(as_scheduled(self.job.schedule), at)
        return due_at is not None and at <= due_at + self.job.allowance

    def _newest_run(self) -> datetime | None:
        """When the newest run was seen. Its output and its record lie a little apart: the earlier of the two."""
        signs = [at for at in (self.ran_at, self.files[0].made_at if self.files else None) if at is not None]
        near = [at for at in signs if max(signs) - at <= self.job.max_runtime]
        return min(near, default=None)


def asked(evidence: Evidence, scheduler_id: str, now: datetime) -> SchedulerSeen | NotSeen:
    """What the scheduler said. A scheduler that nobody asked was not seen, and is never green."""
    detail = "it was not asked: this evidence was gathered without it"
    return evidence.schedulers.get(scheduler_id) or NotSeen(code=CauseCode.SCHEDULER_DOWN, detail=detail, looked_at=now)


def asked_database(evidence: Evidence, scheduler: Scheduler, now: datetime) -> DatabaseSeen | NotSeen | None:
    """What the scheduler's database said; None where none is declared."""
    if scheduler.database is None:
        return None
    if (seen := evidence.databases.get(scheduler.id)) is not None:
        return seen
    detail = f"{scheduler.database.shown_url}: it was not asked, this evidence was gathered without it"
    return NotSeen(code=CauseCode.SCHEDULER_DOWN, detail=detail, looked_at=now)


def _has_executions(database: DatabaseSeen | NotSeen | None) -> bool:
    return isinstance(database, DatabaseSeen) and database.executions is not None


def _remembers_less(
    registration: Registration | None, execution: Registration | None, naive_times: ZoneInfo | None, until: datetime
) -> bool:
    """True where the scheduler knows of no run at all, as one that was just started, and its database does.

    One that knows of an earlier run was alive then and has forgotten nothing since: its word is held to.
    """
    if registration is None or registration.last_execution is not None or execution is None:
        return False
    told = Reading.of(execution.last_execution, naive_times)
    return told is not None and told.at is not None and told.at <= until


def _first(broken: Sequence[Finding], *checks: Check) -> Finding | None:
    return next((each for each in broken if each.check in checks), None) if broken else None


def _looked(evidence: Evidence, job: Job, now: datetime) -> OutputSeen | NotSeen:
    detail = "nobody looked: this evidence was gathered without it"
    return evidence.outputs.get(job.id) or NotSeen(code=CauseCode.OUTPUT_UNREADABLE, detail=detail, looked_at=now)


def _split(output: OutputSeen | NotSeen | None, now: datetime) -> tuple[tuple[FileSeen, ...], tuple[FileSeen, ...]]:
    """The files that count for the moment `now`, and those made later."""
    if not isinstance(output, OutputSeen):
        return (), ()
    counted_until = now + LOOKING_TIME
    if not output.files or output.files[0].made_at <= counted_until:
        return output.files, output.later
    later = tuple(each for each in output.files if each.made_at > counted_until)
    return output.files[len(later) :], (*output.later, *later)
