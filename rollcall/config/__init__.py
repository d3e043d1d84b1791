"""What does jobs.toml say, or what are all its mistakes?

`tables` is the grammar, `values` reads single values, `mistakes` says what is wrong; what leaves this room are
the frozen records of `rollcall.jobs`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from rollcall import schedule
from rollcall.config.database_url import hidden, read_database_url, resolved
from rollcall.config.mistakes import mistakes_of
from rollcall.config.tables import DatabaseTable, JobsFile, JobTable, OutputTable, SchedulerTable
from rollcall.config.tables import json_schema as json_schema
from rollcall.config.telling import alert_of, watch_of
from rollcall.config.values import Unset, expand, known_secrets, read_folder, read_output_path, read_url, shown_url
from rollcall.errors import BadInput, Mistake
from rollcall.jobs import Database, Format, Job, Output, Pause, Roll, Scheduler
from rollcall.schedule.days_off import DaysOff, without
from rollcall.text import clean, listed

LARGEST_FILE = 4_000_000


def load(
    file: Path,
    *,
    environment: Mapping[str, str],
    scheduler_urls: Mapping[str | None, str] | None = None,
    shown_as: str | None = None,
    root: Path | None = None,
    is_replay: bool = False,
) -> Roll:
    """The roll that `file` declares.

    `environment` is where `${NAME}` is read; `scheduler_urls` replaces the url of one by name (None: of the only
    one); `root` is what relative paths are relative to (default: the file's folder). Where `is_replay`, nobody will be
    asked: a `${NAME}` stands for itself, and the driver of a database need not be there. Raises `BadInput` with all
    mistakes at once, each with place, value, rule and cure.
    """
    shown_as = clean(shown_as or file.name or str(file))
    environment = Unset() if is_replay else environment
    written = _read(file, shown_as)
    raw = _parsed(written, shown_as)
    schedulers = raw.get("schedulers")
    if not isinstance(schedulers, dict):
        schedulers = {}
    mistakes = _put_urls(schedulers, scheduler_urls or {}, environment)
    try:
        context = {
            "environment": environment,
            "schedulers": _declared_engines(schedulers),
            "triggers": {name: each.get("trigger") for name, each in schedulers.items() if isinstance(each, dict)},
            "is_replay": is_replay,
        }
        table = JobsFile.model_validate(raw, context=context)
    except ValidationError as error:
        raise BadInput((*mistakes, *mistakes_of(error, shown_as, JobsFile))) from None
    if mistakes := (*mistakes, *_never_due(table, shown_as)):
        raise BadInput(mistakes)
    roll = _roll(table, file, root or file.resolve().parent, environment)
    return replace(roll, written=written)


def _read(file: Path, shown_as: str) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        why = getattr(error, "strerror", None) or error
        cure = "Write one (README, “Your own scheduler”), or name another with --jobs-file."
        raise BadInput.single(shown_as, f"cannot be read: {why}. {cure}") from None
    if len(data) > LARGEST_FILE:
        raise BadInput.single(shown_as, "is larger than 4 MB. Is it a jobs.toml?")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadInput.single(shown_as, f"is not UTF-8 (byte {error.start}). Save it as UTF-8.") from None


def _parsed(written: str, shown_as: str) -> dict[str, Any]:
    try:
        return tomllib.loads(written)
    except RecursionError:
        raise BadInput.single(shown_as, "is nested too deeply. Is it a jobs.toml?") from None
    except ValueError as error:  # TOMLDecodeError, and numbers of thousands of digits
        raise BadInput.single(shown_as, f"is not TOML: {clean(str(error))}. Mend that place first.") from None


def _declared_engines(schedulers: dict[str, Any]) -> dict[str, schedule.Engine]:
    engines = {engine.value: engine for engine in schedule.Engine}
    declared = {name: table.get("engine") if isinstance(table, dict) else None for name, table in schedulers.items()}
    return {name: engines.get(str(engine), schedule.Engine.CRON) for name, engine in declared.items()}


def _put_urls(
    schedulers: dict[str, Any], scheduler_urls: Mapping[str | None, str], environment: Mapping[str, str]
) -> tuple[Mistake, ...]:
    """Puts the command line's urls into the tables, each checked under its own name; what is wrong with them."""
    mistakes = []
    for name, url in scheduler_urls.items():
        try:
            table = schedulers[_only_scheduler(schedulers) if name is None else name]
            read_url(expand(url, environment))
            # Where it is no table, the file's own mistake says so.
            if isinstance(table, dict):
                table["url"] = url
        except KeyError:
            rule = f"no such scheduler. Declared: {_names(schedulers) or 'none'}."
            mistakes.append(Mistake(place="--scheduler-url", value=f'"{clean(str(name), 60)}"', rule=rule))
        except ValueError as error:
            mistakes.append(Mistake(place="--scheduler-url", value=f'"{shown_url(url)}"', rule=str(error)))
    return tuple(mistakes)


def _only_scheduler(schedulers: dict[str, Any]) -> str:
    if len(schedulers) != 1:
        raise ValueError(f"which scheduler? Write NAME=URL with one of: {_names(schedulers) or 'none declared'}.")
    return next(iter(schedulers))


def _names(schedulers: dict[str, Any]) -> str:
    return listed(clean(name, 60) for name in schedulers)


def _never_due(table: JobsFile, shown_as: str) -> Iterator[Mistake]:
    """The jobs that their days off leave no day."""
    for name, job in table.jobs.items():
        try:
            _schedule(job, job.timezone or table.timezone)
        except ValueError as error:
            yield Mistake(place=f"{shown_as}: jobs.{clean(name, 80)}", rule=str(error))


def _roll(table: JobsFile, file: Path, folder: Path, environment: Mapping[str, str]) -> Roll:
    schedulers = {name: _scheduler(name, each, table, folder, environment) for name, each in table.schedulers.items()}
    jobs = tuple(_job(name, each, table, schedulers, folder) for name, each in table.jobs.items())
    return Roll(
        file=file,
        zone=table.timezone,
        look_back=table.look_back,
        schedulers=tuple(schedulers.values()),
        jobs=jobs,
        history_keeps=table.history.keeps,
        # A replay tells nobody.
        alert=alert_of(table.alert, environment) if table.alert and not isinstance(environment, Unset) else None,
        watch=watch_of(table.watch, environment) if table.watch and not isinstance(environment, Unset) else None,
    )


def _scheduler(
    name: str, table: SchedulerTable, whole: JobsFile, folder: Path, environment: Mapping[str, str]
) -> Scheduler:
    scheduler = Scheduler(
        id=name,
        url=expand(table.url, environment).rstrip("/"),
        shown_url=shown_url(table.url).rstrip("/"),
        status=table.status,
        start=table.start,
        stop=table.stop,
        trigger=table.trigger,
        engine=table.engine,
        naive_times=table.naive_times,
        timeout=table.timeout,
        root=folder / read_folder(table.root),
        headers=tuple((key, expand(value, environment)) for key, value in table.headers.items()),
        secrets=known_secrets(table.url, table.headers, environment),
        zone=whole.timezone,
    )
    return _with_database(scheduler, table.database, environment) if table.database else scheduler


def _with_database(scheduler: Scheduler, table: DatabaseTable, environment: Mapping[str, str]) -> Scheduler:
    """`scheduler` with its database; what must not be shown of the one is not shown of the other either."""
    if isinstance(environment, Unset):
        return replace(scheduler, database=_database(scheduler, table, url=""))
    url = read_database_url(expand(table.url, environment))
    of_database, names = hidden(table.url, url, environment)
    secrets = tuple((of_database | dict(scheduler.secrets)).items())
    database = _database(scheduler, table, url=resolved(url, scheduler.root))
    database = replace(database, secrets=secrets, names=tuple(names.items()))
    return replace(scheduler, database=database, secrets=secrets)


def _database(scheduler: Scheduler, table: DatabaseTable, *, url: str) -> Database:
    return Database(
        scheduler_id=scheduler.id,
        url=url,
        shown_url=shown_url(table.url),
        active=table.active or None,
        executions=table.executions or None,
        timeout=table.timeout or scheduler.timeout,
    )


def _job(name: str, table: JobTable, whole: JobsFile, schedulers: Mapping[str, Scheduler], folder: Path) -> Job:
    zone = table.timezone or whole.timezone
    scheduler = schedulers[table.scheduler] if table.scheduler else None
    root = scheduler.root if scheduler else folder
    return Job(
        id=name,
        title=clean(table.title or name),
        schedule=_schedule(table, zone),
        grace=table.grace,
        max_runtime=table.max_runtime,
        look_back=whole.look_back if table.look_back is None else table.look_back,
        zone=zone,
        late=table.late,
        since=table.since,
        scheduler=scheduler,
        output=_output(table.output, root) if table.output else None,
        jitter=table.jitter,
        paused=Pause(until=table.paused.until, reason=clean(table.paused.reason)) if table.paused else None,
        may_rerun=table.rerun,
        alert_after=table.alert_after,
    )


def _schedule(table: JobTable, zone: ZoneInfo) -> schedule.Schedule:
    declared = _without_days_off(table, zone)
    days_off = DaysOff(dates=frozenset(table.skip_dates), holidays=table.holidays, is_business=table.business_days)
    return without(declared, days_off, zone) if days_off else declared


def _without_days_off(table: JobTable, zone: ZoneInfo) -> schedule.Schedule:
    if table.every is not None:
        return schedule.every(table.every, zone=zone, anchor=table.anchor)
    assert table.schedule is not None  # `_is_due_in_one_way` has seen to it
    return schedule.read_schedule(table.schedule, engine=table.engine or schedule.Engine.CRON, zone=zone)


def _output(table: OutputTable, root: Path) -> Output:
    folder, pattern = read_output_path(table.path)
    looked_for = table.must_contain or table.must_not_contain
    return Output(
        folder=root / folder,
        pattern=pattern,
        stamp=table.stamp,
        min_size=max(table.min_size, 1),
        max_size=table.max_size,
        format=table.format or (Format.TEXT if looked_for else Format.ANY),
        must_contain=table.must_contain,
        must_not_contain=table.must_not_contain,
        keeps=table.keeps,
        must_change=table.must_change,
        zone=table.timezone,
    )
