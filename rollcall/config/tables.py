"""What may stand in jobs.toml?

The tables below are the file's grammar: pydantic checks it, collects every mistake with its place, and writes
the JSON Schema for editors.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from rollcall.config.database_url import read_database_url, read_query
from rollcall.config.values import (
    expand,
    read_aware_time,
    read_folder,
    read_header_name,
    read_header_value,
    read_output_path,
    read_size,
    read_url,
    read_zone,
    stamp_problem,
)
from rollcall.jobs import Format, Late
from rollcall.schedule import Engine, read_schedule
from rollcall.text import clean, listed
from rollcall.times import parse_span

_ZONE_SCHEMA = {"type": "string", "examples": ["Europe/Zurich", "UTC"]}
_SPAN_SCHEMA = {"type": "string", "pattern": r"^\s*\d", "examples": ["15 min", "24 h", "5 s"]}
_SIZE_SCHEMA = {"type": "string", "pattern": r"^\s*\d", "examples": ["200 B", "1 MB"]}


def _text_then(read: Any) -> PlainValidator:
    def validate(value: object) -> Any:
        if not isinstance(value, str):
            raise ValueError("must be text in quotes.")
        return read(value)

    return PlainValidator(validate)


Span = Annotated[timedelta, _text_then(parse_span), WithJsonSchema(_SPAN_SCHEMA)]
Size = Annotated[int, _text_then(read_size), WithJsonSchema(_SIZE_SCHEMA)]
Zone = Annotated[ZoneInfo, _text_then(read_zone), WithJsonSchema(_ZONE_SCHEMA)]
Instant = Annotated[datetime, BeforeValidator(read_aware_time), WithJsonSchema({"type": "string"})]


def _default(text: str, read: Callable[[str], Any], description: str) -> Any:
    """A field whose default editors show as it would be written in the file."""
    return Field(read(text), description=description, json_schema_extra={"default": text})


def _context(found: ValidationInfo) -> dict[str, Any]:
    """What `load` hands to the validators: the environment, the declared services and their engines, is it a replay."""
    return found.context or {"environment": {}, "services": {}, "is_replay": False}


def _names(services: dict[str, Any]) -> str:
    return listed(clean(name, 60) for name in services)


def _plain_id(name: str) -> str:
    if not name or clean(name) != name:
        raise ValueError("is empty, too long or has control characters. Write a plain name.")
    return name


def _looked_for(text: str) -> str:
    if not text:
        raise ValueError('every file contains the empty text. Remove the "".')
    return text


def _header_value(value: str, found: ValidationInfo) -> str:
    read_header_value(expand(value, _context(found)["environment"]))
    return value


Id = Annotated[str, AfterValidator(_plain_id)]
LookedFor = Annotated[str, AfterValidator(_looked_for)]
HeaderName = Annotated[str, AfterValidator(read_header_name)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class OutputTable(_Table):
    """What a run leaves on disk."""

    path: str = Field(description="Folder and file name, wildcards in the name; relative to the service's root.")
    stamp: str | None = Field(None, description="The file name as strptime reads it, so that it tells its instant.")
    timezone: Zone | None = Field(None, description="The zone of the stamps in its names; the job's where left out.")
    min_size: Size = _default("1 B", read_size, "Smaller is empty-output or truncated-output.")
    max_size: Size = _default("64 MB", read_size, "Larger is not read, and so cannot be told to be whole.")
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
        if stamp is not None and "path" in found.data:
            problem = stamp_problem(stamp, found.data["path"])
            if problem:
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


def _bearable(timeout: timedelta) -> timedelta:
    if not timedelta(milliseconds=100) <= timeout <= timedelta(minutes=5):
        raise ValueError('must lie between "0.1 s" and "5 min".')
    return timeout


Query = Annotated[str, AfterValidator(read_query)]
Timeout = Annotated[Span, AfterValidator(_bearable)]

# The tables of AIME, the service that Roll call was made for.
_ACTIVE = "SELECT is_active, last_updated FROM service_states WHERE service_name = 'scheduler'"
_EXECUTIONS = "SELECT task_id, last_executed, last_status, next_run_time FROM scheduled_task_executions"


class DatabaseTable(_Table):
    """Where a scheduler keeps what it must not forget: a witness that is there when the backend is not."""

    url: str = Field(description="As SQLAlchemy writes it, such as sqlite:///data/app.db; ${NAME} is read.")
    active: Query = Field(_ACTIVE, description='SQL: one row, its flag and since when; "" to leave it out.')
    executions: Query = Field(
        _EXECUTIONS, description='SQL: task_id, last_executed, last_status, next_run_time; "" to leave it out.'
    )
    timeout: Timeout | None = Field(None, description="How long it may take to answer; the service's where left out.")

    @field_validator("url")
    @classmethod
    def _url_can_be_asked(cls, url: str, found: ValidationInfo) -> str:
        if not _context(found)["is_replay"]:
            read_database_url(expand(url, _context(found)["environment"]))
        return url

    @field_validator("executions")
    @classmethod
    def _asks_something(cls, executions: str, found: ValidationInfo) -> str:
        if not executions and found.data.get("active") == "":
            raise ValueError("nothing is asked of the database. Write a query here or in active.")
        return executions


class ServiceTable(_Table):
    """One scheduler and where to ask it."""

    url: str = Field(description="Where the service answers, such as http://localhost:8000; ${NAME} is read.")
    status: str = Field("/api/v1/services/scheduler/status", description="GET: the scheduler and its jobs.")
    start: str | None = Field(None, description="POST, only with --restart-stopped.")
    trigger: str | None = Field(None, description="POST with {job}, only with --rerun-missed.")
    engine: Engine = Field(Engine.CRON, description="Whose arithmetic its schedules follow.")
    naive_times: Zone | None = Field(None, description="How its timestamps without an offset are read.")
    timeout: Timeout = _default("5 s", parse_span, "How long it may take to answer.")
    root: str = Field(".", description="Outputs are relative to this; itself relative to jobs.toml.")
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, description="Sent along; ${NAME} is read.")
    database: DatabaseTable | None = Field(None, description="A third witness, read-only.")

    @field_validator("url")
    @classmethod
    def _url_can_be_asked(cls, url: str, found: ValidationInfo) -> str:
        if not _context(found)["is_replay"]:
            read_url(expand(url, _context(found)["environment"]))
        return url

    @field_validator("status", "start", "trigger")
    @classmethod
    def _path_starts_at_the_root(cls, path: str | None) -> str | None:
        if path is not None and (not path.startswith("/") or path.startswith("//") or clean(path) != path):
            raise ValueError('must be a path on the service. Start it with one "/".')
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


class JobTable(_Table):
    """What should run, when, and what it leaves."""

    title: str | None = Field(None, description="What people call it.")
    service: str | None = Field(None, description='Its scheduler; may be left out when there is one; "" for none.')
    engine: Engine | None = Field(None, description="Whose arithmetic; its service's where left out.")
    timezone: Zone | None = Field(None, description="The zone of its schedule and of the stamps in file names.")
    schedule: Annotated[
        str | None,
        Field(description="Five cron fields, or @daily and its sisters.", examples=["0 6 * * *", "@daily"]),
    ] = None
    every: Span | None = Field(None, description="An interval instead of a schedule.", validate_default=True)
    anchor: Instant | None = Field(None, description="An instant of the interval; else it counts from the last run.")
    grace: Span = _default("15 min", parse_span, "How late a run may start.")
    max_runtime: Span = _default("30 min", parse_span, "How long a run may take.")
    look_back: Span | None = Field(None, description="How far back due runs are judged.")
    late: Late = Field(Late.FAIL, description="What a run outside its time is.")
    since: Instant | None = Field(None, description="Runs due before this instant are not owed.")
    output: OutputTable | None = Field(None, validate_default=True, description="What a run leaves on disk.")

    @field_validator("service")
    @classmethod
    def _service_is_declared(cls, service: str | None, found: ValidationInfo) -> str | None:
        known = _context(found)["services"]
        if service and service not in known:
            raise ValueError(f"no such service. Declared: {_names(known) or 'none'}.")
        if service is None and len(known) > 1:
            raise ValueError(f'which service? Write one of {_names(known)}, or "" for none.')
        return service

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
        if output is None and "service" in found.data and not found.data["service"]:
            raise ValueError("nothing to look at. Give the job a service or an output.")
        return output


class JobsFile(_Table):
    """The whole of jobs.toml."""

    timezone: Zone = Field(description="The zone of the schedules and of the report; never guessed.")
    look_back: Span = _default("24 h", parse_span, "How far back due runs are judged.")
    services: dict[Id, ServiceTable] = Field(default_factory=dict)
    jobs: dict[Id, JobTable] = Field(min_length=1)

    @field_validator("jobs", mode="before")
    @classmethod
    def _jobs_inherit(cls, jobs: object, found: ValidationInfo) -> object:
        """What a job leaves out is its service's or the file's, so that its own fields can be checked with it."""
        if not isinstance(jobs, dict):
            return jobs
        return {name: _inherited(job, found) if isinstance(job, dict) else job for name, job in jobs.items()}


def _inherited(job: dict[str, Any], found: ValidationInfo) -> dict[str, Any]:
    known = _context(found)["services"]
    service_id = job.get("service", next(iter(known), "") if len(known) < 2 else None)
    engine = known.get(service_id) if isinstance(service_id, str) else None
    inherited = {"service": service_id, "engine": engine or Engine.CRON}
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
