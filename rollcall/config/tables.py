"""What may stand in jobs.toml?

The tables below are the file's grammar: pydantic checks it, collects every mistake with its place, and writes
the JSON Schema for editors.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from rollcall.config.database_url import read_database_url, read_query
from rollcall.config.fields import (
    Day,
    HeaderName,
    HeaderValue,
    Id,
    Instant,
    LookedFor,
    Size,
    Span,
    Table,
    Timeout,
    Zone,
    context,
    default,
    names,
    of_text,
)
from rollcall.config.telling import AlertTable, HistoryTable, WatchTable
from rollcall.config.values import (
    expand,
    read_folder,
    read_output_path,
    read_size,
    read_threshold,
    read_url,
    stamp_problem,
)
from rollcall.jobs import Format, Late, Threshold
from rollcall.schedule import Engine, read_schedule
from rollcall.schedule.days_off import read_holidays
from rollcall.text import clean
from rollcall.times import parse_span, show_span

_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
# More than a day of those that are nearest to each other, and years of those that are due once a month.
_ENOUGH_RUNS = 400
_THRESHOLD_SCHEMA = {"type": "string", "pattern": r"^\s*\d", "examples": ["2 of 3"]}


class OutputTable(Table):
    """What a run leaves on disk."""

    path: str = Field(description="Folder and file name, wildcards in the name; relative to the scheduler's root.")
    stamp: str | None = Field(None, description="The file name as strptime reads it, so that it tells its instant.")
    timezone: Zone | None = Field(None, description="The zone of the stamps in its names; the job's where left out.")
    min_size: Size = default("1 B", read_size, "Smaller is empty-output or truncated-output.")
    max_size: Size = default("64 MB", read_size, "Larger is not read, and so cannot be told to be whole.")
    format: Format | None = Field(None, description="How the file is parsed to tell that it is whole.")
    must_contain: tuple[LookedFor, ...] = Field((), description="Texts without which the output is degraded.")
    must_not_contain: tuple[LookedFor, ...] = Field((), description="Fallback texts that show a degraded output.")
    keeps: int | None = Field(None, ge=1, strict=True, description="How many files the job's own retention leaves.")
    must_change: bool = Field(
        False, strict=True, description="True: an output with the same content as that of the run before is broken."
    )

    @field_validator("path")
    @classmethod
    def _path_is_one_folder(cls, path: str) -> str:
        read_output_path(path)
        return path

    @field_validator("stamp")
    @classmethod
    def _stamp_tells_the_date(cls, stamp: str | None, found: ValidationInfo) -> str | None:
        # What is wrong with the stamp itself is told with what is wrong with path.
        if stamp is not None and (problem := stamp_problem(stamp, found.data.get("path"))):
            raise ValueError(problem)
        return stamp

    @field_validator("max_size")
    @classmethod
    def _max_is_not_below_min(cls, size: int, found: ValidationInfo) -> int:
        if size < found.data.get("min_size", 0):
            raise ValueError("is smaller than min_size, so that no file could be whole. Write a larger size.")
        return size

    @field_validator("must_change")
    @classmethod
    def _change_can_be_told(cls, must_change: bool, found: ValidationInfo) -> bool:
        if must_change and not any(wildcard in found.data.get("path", "*") for wildcard in "*?["):
            raise ValueError("each run overwrites the one file of path. Let each write its own, or take this out.")
        return must_change


Query = Annotated[str, AfterValidator(read_query)]

# The tables of AIME, the scheduler that Roll call was made for.
_ACTIVE = "SELECT is_active, last_updated FROM service_states WHERE service_name = 'scheduler'"
_EXECUTIONS = "SELECT task_id, last_executed, last_status, next_run_time FROM scheduled_task_executions"


class DatabaseTable(Table):
    """Where a scheduler keeps what it must not forget: a witness that is there when the backend is not."""

    url: str = Field(description="As SQLAlchemy writes it, such as sqlite:///data/app.db; ${NAME} is read.")
    active: Query = Field(_ACTIVE, description='SQL: one row, its flag and since when; "" to leave it out.')
    executions: Query = Field(
        _EXECUTIONS, description='SQL: task_id, last_executed, last_status, next_run_time; "" to leave it out.'
    )
    timeout: Timeout | None = Field(None, description="How long it may take to answer; the scheduler's where left out.")

    @field_validator("url")
    @classmethod
    def _url_can_be_asked(cls, url: str, found: ValidationInfo) -> str:
        if not context(found)["is_replay"]:
            read_database_url(expand(url, context(found)["environment"]))
        return url

    @field_validator("executions")
    @classmethod
    def _asks_something(cls, executions: str, found: ValidationInfo) -> str:
        if not executions and found.data.get("active") == "":
            raise ValueError("nothing is asked of the database. Write a query here or in active.")
        return executions


class SchedulerTable(Table):
    """One scheduler and where to ask it."""

    url: str = Field(description="Where the scheduler answers, such as http://localhost:8000; ${NAME} is read.")
    status: str = Field("/api/v1/services/scheduler/status", description="GET: the scheduler and its jobs.")
    start: str | None = Field(None, description="POST, only with --restart-stopped.")
    stop: str | None = Field(None, description="POST, only with --restart-stopped, to a scheduler that is stalled.")
    trigger: str | None = Field(None, description="POST with {job}, only with --rerun-missed.")
    engine: Engine = Field(Engine.CRON, description="Whose arithmetic its schedules follow.")
    naive_times: Zone | None = Field(None, description="How its timestamps without an offset are read.")
    timeout: Timeout = default("5 s", parse_span, "How long it may take to answer.")
    root: str = Field(".", description="Outputs are relative to this; itself relative to jobs.toml.")
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, description="Sent along; ${NAME} is read.")
    database: DatabaseTable | None = Field(None, description="A third witness, read-only.")

    @field_validator("url")
    @classmethod
    def _url_can_be_asked(cls, url: str, found: ValidationInfo) -> str:
        if not context(found)["is_replay"]:
            read_url(expand(url, context(found)["environment"]))
        return url

    @field_validator("status", "start", "stop", "trigger")
    @classmethod
    def _path_starts_at_the_root(cls, path: str | None) -> str | None:
        if path is not None and (not path.startswith("/") or path.startswith("//") or clean(path) != path):
            raise ValueError('must be a path on the scheduler. Start it with one "/".')
        return path

    @field_validator("trigger")
    @classmethod
    def _trigger_names_the_job(cls, path: str | None) -> str | None:
        if path is not None and "{job}" not in path:
            raise ValueError("does not say which job. Write {job} where its id belongs.")
        return path

    @field_validator("root")
    @classmethod
    def _root_is_plain(cls, root: str) -> str:
        read_folder(root)
        return root


class PauseTable(Table):
    """Why a job owes nothing for a while."""

    until: Day = Field(description="The first day, in the job's zone, on which it is owed again.")
    reason: str = Field(min_length=1, description="Why; shown each morning.")

    @field_validator("reason")
    @classmethod
    def _reason_can_be_read(cls, reason: str) -> str:
        if not clean(reason).strip():
            raise ValueError("says nothing. Write why it is paused.")
        return reason


class JobTable(Table):
    """What should run, when, and what it leaves."""

    title: str | None = Field(None, description="What people call it.")
    scheduler: str | None = Field(None, description='Its scheduler; may be left out when there is one; "" for none.')
    engine: Engine | None = Field(None, description="Whose arithmetic; its scheduler's where left out.")
    timezone: Zone | None = Field(None, description="The zone of its schedule and of the stamps in file names.")
    schedule: Annotated[
        str | None,
        Field(description="Five cron fields, or @daily and its sisters.", examples=["0 6 * * *", "@daily"]),
    ] = None
    every: Span | None = Field(None, description="An interval instead of a schedule.", validate_default=True)
    anchor: Instant | None = Field(None, description="An instant of the interval; else it counts from the last run.")
    grace: Span = default("15 min", parse_span, "How late a run may start.")
    max_runtime: Span = default("30 min", parse_span, "How long a run may take.")
    look_back: Span | None = Field(None, description="How far back due runs are judged.")
    jitter: Span = default("0 s", parse_span, "How long after its time the scheduler may draw a run.")
    late: Late = Field(Late.FAIL, description="What a run outside its time is.")
    since: Instant | None = Field(None, description="Runs due before this instant are not owed.")
    paused: PauseTable | None = Field(None, description="It owes nothing until a day, for a reason.")
    skip_dates: tuple[Day, ...] = Field((), description="Days, in the job's zone, on which it is not due.")
    holidays: str | None = Field(None, description="Whose public holidays it is not due on, such as CH or CH-ZH.")
    business_days: bool = Field(False, strict=True, description="True: it is not due on weekends either.")
    rerun: bool = Field(False, strict=True, description="True: --rerun-missed may trigger a run that was missed.")
    alert_after: Annotated[Threshold, of_text(read_threshold), WithJsonSchema(_THRESHOLD_SCHEMA)] = default(
        "1 of 1", read_threshold, "How many of the newest judged runs must need a person before anybody is alerted."
    )
    output: OutputTable | None = Field(None, validate_default=True, description="What a run leaves on disk.")

    @field_validator("holidays")
    @classmethod
    def _holidays_are_known(cls, code: str | None, found: ValidationInfo) -> str | None:
        return None if code is None else read_holidays(code)

    @field_validator("jitter")
    @classmethod
    def _jitter_leaves_the_next_run_its_own(cls, jitter: timedelta, found: ValidationInfo) -> timedelta:
        apart = _shortest_gap(found.data) if jitter else None
        if apart is not None and jitter >= apart:
            raise ValueError(
                f"reaches the next run, {show_span(apart)} later, so nobody could tell them apart. Write less."
            )
        return jitter

    @field_validator("rerun")
    @classmethod
    def _can_be_triggered(cls, rerun: bool, found: ValidationInfo) -> bool:
        scheduler = found.data.get("scheduler")
        if rerun and "scheduler" in found.data and not (scheduler and context(found)["triggers"].get(scheduler)):
            raise ValueError("its scheduler has no trigger, so nothing can be re-run. Write trigger in its table.")
        return rerun

    @field_validator("scheduler")
    @classmethod
    def _scheduler_is_declared(cls, scheduler: str | None, found: ValidationInfo) -> str | None:
        known = context(found)["schedulers"]
        if scheduler and scheduler not in known:
            raise ValueError(f"no such scheduler. Declared: {names(known) or 'none'}.")
        if scheduler is None and len(known) > 1:
            raise ValueError(f'which scheduler? Write one of {names(known)}, or "" for none.')
        return scheduler

    @field_validator("schedule")
    @classmethod
    def _schedule_has_instants(cls, text: str | None, found: ValidationInfo) -> str | None:
        if text is not None:
            engine, zone = found.data.get("engine"), found.data.get("timezone")
            # Without a readable zone or engine the fields can be checked all the same.
            read_schedule(text, engine=engine or Engine.CRON, zone=zone or ZoneInfo("UTC"))
        return text

    @field_validator("every")
    @classmethod
    def _is_due_in_one_way(cls, every: timedelta | None, found: ValidationInfo) -> timedelta | None:
        if "schedule" in found.data:
            if every is None and found.data["schedule"] is None:
                raise ValueError('never due. Write schedule = "0 6 * * *" or every = "6 h".')
            if every is not None and found.data["schedule"] is not None:
                raise ValueError("a job has a schedule or an interval. Keep one of schedule and every.")
        if every is not None and every < timedelta(minutes=1):
            raise ValueError('must be at least "1 min".')
        return every

    @field_validator("anchor")
    @classmethod
    def _anchors_an_interval(cls, anchor: datetime | None, found: ValidationInfo) -> datetime | None:
        if anchor is not None and "every" in found.data and found.data["every"] is None:
            raise ValueError("belongs to every, which this job does not have. Take it out.")
        return anchor

    @field_validator("output")
    @classmethod
    def _has_a_witness(cls, output: OutputTable | None, found: ValidationInfo) -> OutputTable | None:
        if output is None and "scheduler" in found.data and not found.data["scheduler"]:
            raise ValueError("nothing to look at. Give the job a scheduler or an output.")
        return output


def _shortest_gap(job: Mapping[str, Any]) -> timedelta | None:
    """How near two runs of a job are to each other at the least, its days off and clock changes aside."""
    if job.get("every"):
        return cast(timedelta, job["every"])
    if not job.get("schedule"):
        return None
    # In UTC clocks do not change.
    named = read_schedule(job["schedule"], engine=job.get("engine") or Engine.CRON, zone=ZoneInfo("UTC"))
    first = named.next_due(_ANY_TIME)
    dues = (first, *islice(named.due_after(first), _ENOUGH_RUNS)) if first else ()
    return min((later - earlier for earlier, later in pairwise(dues)), default=None)


class JobsFile(Table):
    """The whole of jobs.toml."""

    timezone: Zone = Field(description="The zone of the schedules and of the report; never guessed.")
    look_back: Span = default("24 h", parse_span, "How far back due runs are judged.")
    history: HistoryTable = Field(default_factory=HistoryTable, description="What is remembered, and how long.")
    alert: AlertTable | None = Field(None, description="Who hears of a change.")
    watch: WatchTable | None = Field(None, description="Who notices when nobody looked.")
    schedulers: dict[Id, SchedulerTable] = Field(default_factory=dict)
    jobs: dict[Id, JobTable] = Field(min_length=1)

    @field_validator("jobs", mode="before")
    @classmethod
    def _jobs_inherit(cls, jobs: object, found: ValidationInfo) -> object:
        """What a job leaves out is its scheduler's or the file's, so that its own fields can be checked with it."""
        if not isinstance(jobs, dict):
            return jobs
        return {name: _inherited(job, found) if isinstance(job, dict) else job for name, job in jobs.items()}


def _inherited(job: dict[str, Any], found: ValidationInfo) -> dict[str, Any]:
    known = context(found)["schedulers"]
    scheduler_id = job.get("scheduler", next(iter(known), "") if len(known) < 2 else None)
    engine = known.get(scheduler_id) if isinstance(scheduler_id, str) else None
    inherited = {"scheduler": scheduler_id, "engine": engine or Engine.CRON}
    if "timezone" in found.data:
        inherited["timezone"] = found.data["timezone"].key
    # Order matters to the validators: what the schedule needs comes first.
    return {**inherited, **job}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of jobs.toml, for editors."""
    schema = JobsFile.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Roll call: jobs.toml",
    }
