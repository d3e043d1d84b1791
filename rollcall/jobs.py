"""What is a Job, a Scheduler, an Output, a DueRun?

Frozen records of what jobs.toml declares, and the one piece of arithmetic that belongs to them: the limits
of a due run. Spans are `timedelta`, sizes are bytes, folders are absolute.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.schedule import Engine, Schedule
from rollcall.schedule.answers import next_due
from rollcall.schedule.days_off import as_scheduled

# A run seconds before its time comes from clocks that differ a little; it is not a run of the day before.
EARLY_TOLERANCE = timedelta(seconds=10)

# Looking takes a moment: what ends while we look is evidence of this morning, what comes later is not.
LOOKING_TIME = timedelta(minutes=1)


class Late(StrEnum):
    """What a run outside its time is: a failure, or a warning that nobody must get up for."""

    FAIL = "fail"
    WARN = "warn"


class Format(StrEnum):
    """How an output is parsed, not only sniffed, to tell that it is whole."""

    ANY = "any"
    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    XML = "xml"
    GZIP = "gzip"
    ZIP = "zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Where a scheduler keeps what it must not forget, and what is asked there. The url never shows in a `repr`.

    `active` and `executions` are SQL queries, None where that is not asked. `secrets` are never shown at all; `names`
    (the user, what `${NAME}` stands for) are left out of what a driver says, but may be part of a job's id.
    """

    scheduler_id: str
    url: str = field(repr=False)
    shown_url: str
    active: str | None
    executions: str | None
    timeout: timedelta
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    names: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduler:
    """One scheduler and where to ask it. Secrets (url, headers) never show in a `repr`.

    `zone` is in which its times are told to people; `naive_times` is how its own are read.
    """

    id: str
    url: str = field(repr=False)
    shown_url: str
    status: str
    engine: Engine
    timeout: timedelta
    root: Path
    start: str | None = None
    stop: str | None = None
    trigger: str | None = None
    naive_times: ZoneInfo | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    # Each secret value and the name it is shown as.
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    database: Database | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a run leaves on disk: where, how its name tells its time, and what makes it whole."""

    folder: Path
    pattern: str
    stamp: str | None = None
    min_size: int = 1
    max_size: int
    format: Format = Format.ANY
    must_contain: tuple[str, ...] = ()
    must_not_contain: tuple[str, ...] = ()
    keeps: int | None = None
    must_change: bool = False
    zone: ZoneInfo | None = None

    @property
    def is_one_file(self) -> bool:
        """True where each run overwrites the same file, so that only the newest run can be told."""
        return not ("*" in self.pattern or "?" in self.pattern or "[" in self.pattern)

    @property
    def path(self) -> Path:
        """Folder and pattern together, for people."""
        return self.folder / self.pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Why a job owes nothing for a while: up to, and without, the day `until` in the job's own zone."""

    until: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """How many of a job's newest judged runs must need a person before anybody is alerted: `bad` of `last`."""

    bad: int = 1
    last: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What should run, when, under which scheduler, and what it leaves.

    `jitter` is how long after its time the scheduler may draw a run. `may_rerun` is whether a missed run may be
    triggered, where somebody asks for it.
    """

    id: str
    title: str
    schedule: Schedule
    grace: timedelta
    max_runtime: timedelta
    look_back: timedelta
    zone: ZoneInfo
    late: Late = Late.FAIL
    since: datetime | None = None
    scheduler: Scheduler | None = None
    output: Output | None = None
    jitter: timedelta = timedelta(0)
    paused: Pause | None = None
    may_rerun: bool = False
    alert_after: Threshold = Threshold()

    @property
    def stamp_zone(self) -> ZoneInfo:
        """The zone of the clock that the names of its output show."""
        return (self.output.zone if self.output else None) or self.zone

    @property
    def allowance(self) -> timedelta:
        """How long after its due time a run may be done, at the latest."""
        return self.jitter + self.grace + self.max_runtime

    def due_run(self, due_at: datetime, next_due_at: datetime | None = None) -> DueRun:
        """The run owed at `due_at`, with its limits; `next_due_at` where it is known already.

        The next may be a run of a day off: nobody is owed it, but what comes after it belongs to it all the same.
        """
        scheduled = as_scheduled(self.schedule)
        if next_due_at is None or scheduled is not self.schedule:
            next_due_at = next_due(scheduled, due_at)
        start_by = due_at + self.jitter + self.grace
        return DueRun(
            due_at=due_at,
            start_by=start_by,
            finish_by=start_by + self.max_runtime,
            next_due_at=next_due_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRun:
    """One run the schedule owes. All instants are aware UTC.

    `start_by` is how late it may start (`jitter` + `grace`), `finish_by` when it must be done (`max_runtime` later).
    `next_due_at` is None where the schedule ends. Evidence belongs to this run from `begins_at` on, its due time less
    the tolerance for clocks that differ, and from `ends_at` on to the next run instead (None where there is none):
    where one run ends the next begins, so that nothing is evidence of two. `finish_by` may be later than `ends_at`;
    what lies between may be of either, and alone proves neither.
    """

    due_at: datetime
    start_by: datetime
    finish_by: datetime
    next_due_at: datetime | None
    begins_at: datetime = field(init=False, repr=False, compare=False)
    ends_at: datetime | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Works out once what each finding of the run asks for several times."""
        following = self.next_due_at
        object.__setattr__(self, "begins_at", self.due_at - EARLY_TOLERANCE)
        object.__setattr__(self, "ends_at", following - EARLY_TOLERANCE if following else None)

    def owns(self, at: datetime) -> bool:
        """True where an event at `at` belongs to this due run (it follows this due time and not the next)."""
        return self.begins_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Who must hear of a change, and how often of one that lasts. The urls never show in a `repr`.

    `webhook` is sent JSON by POST; `apprise` are urls as Apprise writes them. `shown_webhook` may be shown.
    `still_after` is how long something must last before it is told again (None: it is not).
    """

    webhook: str | None = field(default=None, repr=False)
    shown_webhook: str | None = None
    apprise: tuple[str, ...] = field(default=(), repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    still_after: timedelta | None = None
    timeout: timedelta = timedelta(seconds=10)
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who notices when nobody looked: a url that is pinged as Healthchecks is. It never shows in a `repr`."""

    ping: str = field(repr=False)
    shown_ping: str
    timeout: timedelta = timedelta(seconds=10)
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """Everything that jobs.toml declares: who should be there this morning.

    `history_keeps` is how long the history keeps a due run. `written` is the text of the file as it was read, secrets
    and all: it never shows in a `repr`.
    """

    file: Path
    zone: ZoneInfo
    look_back: timedelta
    schedulers: tuple[Scheduler, ...]
    jobs: tuple[Job, ...]
    history_keeps: timedelta = timedelta(days=365)
    alert: Alert | None = None
    watch: Watch | None = None
    written: str = field(default="", repr=False, compare=False)

    def scheduler(self, scheduler_id: str) -> Scheduler:
        """The declared scheduler of that id; KeyError where there is none."""
        return {scheduler.id: scheduler for scheduler in self.schedulers}[scheduler_id]

    def job(self, job_id: str) -> Job:
        """The declared job of that id; KeyError where there is none."""
        return {job.id: job for job in self.jobs}[job_id]
