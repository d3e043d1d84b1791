"""Are the tables of django-celery-beat and -results read alike from SQLite and PostgreSQL, and is sending no doing?"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from fixtures.engines import said
from fixtures.postgres import Postgres
from rollcall.ask import gather
from rollcall.evidence import SchedulerSeen
from rollcall.morning.judge import judge_morning
from rollcall.roll.load import load

NOW = datetime(2026, 2, 11, 6, 30, tzinfo=UTC)
_BEAT = """
CREATE TABLE django_celery_beat_crontabschedule (id integer PRIMARY KEY, minute varchar(240), hour varchar(96),
  day_of_week varchar(64), day_of_month varchar(124), month_of_year varchar(64), timezone varchar(63));
CREATE TABLE django_celery_beat_periodictask (id integer PRIMARY KEY, name varchar(200), task varchar(200),
  enabled {flag}, last_run_at {time}, total_run_count integer, crontab_id integer)
"""
_RESULTS = """
CREATE TABLE django_celery_results_taskresult (id integer PRIMARY KEY, status varchar(50), result text,
  date_done {time}, task_name varchar(255), date_created {time}, date_started {time}, periodic_task_name varchar(255))
"""
_TYPES = {
    "sqlite": {"flag": "bool", "time": "datetime"},
    "postgresql": {"flag": "boolean", "time": "timestamp with time zone"},
}
_number = count(1)
Database = Callable[..., str]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Makes a database of these statements, and returns its url."""

    def made(*statements: str, has_results: bool = True) -> str:
        types = _TYPES[request.param]
        whole = [_BEAT.format(**types), *([_RESULTS.format(**types)] if has_results else []), *statements]
        if request.param == "sqlite":
            with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
                connection.executescript(";".join(whole))
            return f"sqlite:///{tmp_path / 'app.db'}"
        import psycopg

        server: Postgres = request.getfixturevalue("postgres")
        name = f"celery_{next(_number)}"
        with server.connected() as owner:
            owner.autocommit = True
            owner.execute(f"CREATE DATABASE {name}")
        with psycopg.connect(server.url(database=name), options="-c timezone=UTC") as filled:
            filled.execute(";".join(whole))
        return server.url(database=name)

    return made


def crontab(number: int, fields: str, zone: str = "UTC") -> str:
    minute, hour, days, months, weekdays = (each.replace("_", ", ") for each in fields.split())
    row = f"{number}, '{minute}', '{hour}', '{weekdays}', '{days}', '{months}', '{zone}'"
    return f"INSERT INTO django_celery_beat_crontabschedule VALUES ({row})"


def task(name: str, sent: str = "", *, crontab_id: int | None = 1, enabled: bool = True) -> str:
    at, times = (f"'2026-02-{sent}'", 1) if sent else ("NULL", 0)
    row = f"{next(_number)}, '{name}', 'app.{name}', {enabled}, {at}, {times}, {crontab_id or 'NULL'}"
    return f"INSERT INTO django_celery_beat_periodictask VALUES ({row})"


def result(name: str, status: str, done: str, *, started: str = "", is_extended: bool = True, text: str = "") -> str:
    begun = f"'2026-02-{started}'" if started else "NULL"
    names = (f"'app.{name}'", f"'{name}'") if is_extended else ("NULL", "NULL")
    row = f"{next(_number)}, '{status}', '{text}', '2026-02-{done}', {names[0]}, '2026-02-{started or done}', {begun}"
    return f"INSERT INTO django_celery_results_taskresult VALUES ({row}, {names[1]})"


def judged(url: str, folder: Path, *names: str, more: str = "") -> tuple[SchedulerSeen, Mapping[str, Any]]:
    file = folder / "jobs.toml"
    jobs = "".join(f"[jobs.{each}]\n{more}\n" for each in names)
    head = f'timezone = "UTC"\n[schedulers.beat]\nkind = "celery-beat"\ndatabase = "{url}"\n'
    file.write_text(f'{head}[defaults]\nmax_runtime = "10 min"\nscheduler = "beat"\nschedule = "0 6 * * *"\n{jobs}')
    roll = load(file, environment={})
    evidence = gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW)
    seen = evidence.schedulers["beat"]
    assert isinstance(seen, SchedulerSeen), seen
    return seen, said(judge_morning(roll, evidence, now=NOW))


def test_a_crontab_is_written_in_the_order_of_cron(database: Database, tmp_path: Path) -> None:
    fields = ["0 6 * * *", "*/5 8-18 1_15 jan mon-fri", "0 6 1 * mon", "0 6 * * 0", "1_2 6 1 2_3 *"]
    tasks = [task(f"t{number}", crontab_id=number) for number in range(1, 6)]
    statements = [crontab(number, each, "Europe/Zurich") for number, each in enumerate(fields, 1)]
    url = database(*statements, *tasks, task("interval", crontab_id=None), task("off", enabled=False))
    seen, _ = judged(url, tmp_path, "t1")
    listed = {each.id: (each.schedule, each.zone, each.paused) for each in seen.jobs or ()}

    assert listed == {
        "t1": ("0 6 * * *", "Europe/Zurich", False),
        "t2": (None, "Europe/Zurich", False),  # day and weekday: Celery wants both, cron one of them
        "t3": (None, "Europe/Zurich", False),
        "t4": ("0 6 * * 0", "Europe/Zurich", False),
        "t5": ("1,2 6 1 2,3 *", "Europe/Zurich", False),
        "interval": (None, None, False),
        "off": ("0 6 * * *", "Europe/Zurich", True),
    }


OLD = result("job", "SUCCESS", "10 06:00:05", started="10 06:00:01")
SENT = "11 06:00:00"
RUNS = {
    "it did its work": ([OLD, result("job", "SUCCESS", "11 06:00:05", started="11 06:00:01")], ["ok", None]),
    "it failed": ([OLD, result("job", "FAILURE", "11 06:00:05", started="11 06:00:01")], ["failed", "run-failed"]),
    "it runs, with a date_done": (
        [OLD, result("job", "STARTED", "11 06:00:01", started="11 06:00:01")],
        ["stuck", "still-running"],
    ),
    "it is to be tried again": (
        [OLD, result("job", "RETRY", "11 06:00:02", started="11 06:00:01")],
        ["stuck", "still-running"],
    ),
    "it was revoked": ([OLD, result("job", "REVOKED", "11 06:00:02")], ["missed", "run-skipped"]),
    "no worker took it": ([OLD], ["missed", "not-picked-up"]),
    "no worker knows it": (
        [OLD, result("job", "FAILURE", "11 06:00:02", is_extended=False, text='["NotRegistered", "app.job"]')],
        ["failed", "run-failed"],
    ),
    "another is unknown": (
        [OLD, result("job", "FAILURE", "11 06:00:02", is_extended=False, text='["NotRegistered", "app.job2"]')],
        ["missed", "not-picked-up"],
    ),
    # Where starts of it were never on record, one that is missing proves nothing.
    "its results are ignored": ([result("other", "SUCCESS", "11 06:00:05")], ["unknown", "unknown-status"]),
    "there are no results at all": ([], ["unknown", "unknown-status"]),
    "result_extended is off": (
        [result("job", "SUCCESS", "11 06:00:05", started="11 06:00:01", is_extended=False)],
        ["unknown", "unknown-status"],
    ),
    "task_track_started is off": (
        [result("job", "SUCCESS", "10 06:00:05"), result("job", "SUCCESS", "11 06:00:05")],
        ["ok", None],
    ),
    "task_track_started is off, and it may be running": (
        [result("job", "SUCCESS", "10 06:00:05")],
        ["unknown", "unknown-status"],
    ),
}


@pytest.mark.parametrize(("results", "verdict"), RUNS.values(), ids=RUNS)
def test_what_beat_sent_is_held_against_what_workers_did(
    database: Database, tmp_path: Path, results: list[str], verdict: list[str | None]
) -> None:
    url = database(crontab(1, "0 6 * * *"), task("job", SENT), *results)

    assert judged(url, tmp_path, "job")[1]["job"] == verdict


def test_beat_that_sent_nothing_is_a_missed_run(database: Database, tmp_path: Path) -> None:
    url = database(crontab(1, "0 6 * * *"), task("job", "10 06:00:00"), task("silent", "10 06:00:00"), OLD)

    _, verdicts = judged(url, tmp_path, "job", "silent")
    assert (verdicts["job"], verdicts["silent"]) == (["missed", "missed-run"], ["missed", "missed-run"])


def test_results_that_are_deleted_leave_nothing_to_be_told(database: Database, tmp_path: Path) -> None:
    """`result_expires` is a day: of a weekly job nobody can tell after that, and it is not called unpicked."""
    url = database(
        crontab(1, "0 6 * * *"), task("job", "09 06:00:00"), result("other", "SUCCESS", "11 05:00:00")
    )  # fmt: skip
    _, verdicts = judged(url, tmp_path, "job", more='schedule = "0 6 9 * *"')

    assert verdicts["job"][0] in ("unknown", "pending", "failed")
    assert verdicts["job"][1] not in ("not-picked-up", "missed-run")


def test_without_results_it_was_sent_and_more_must_prove_it(database: Database, tmp_path: Path) -> None:
    url = database(crontab(1, "0 6 * * *"), task("job", SENT), has_results=False)
    seen, verdicts = judged(url, tmp_path, "job")

    assert [(each.word, each.ended) for each in seen.runs or ()] == [("was sent", None)]
    assert verdicts["job"] == ["unknown", "unknown-status"]
    assert judged(url, tmp_path, "job", more='proof = "start"')[1]["job"] == ["ok", None]
    assert judged(url, tmp_path, "job", more='output.path = "out-%Y%m%d.txt"')[1]["job"][0] == "missed"


def test_what_was_never_sent_has_no_start(database: Database, tmp_path: Path) -> None:
    """Beat writes a last_run_at when it reads a new task, before it has sent it once."""
    new = task("job", SENT).replace(f"'2026-02-{SENT}', 1", f"'2026-02-{SENT}', 0")
    url = database(crontab(1, "0 6 * * *"), new, has_results=False)
    seen, _ = judged(url, tmp_path, "job")

    assert seen.runs == ()


def test_the_role_of_the_permissions_reads_what_is_asked(postgres: Postgres, tmp_path: Path) -> None:
    import psycopg

    permissions = (Path(__file__).parents[1] / "deploy" / "permissions" / "celery-beat.sql").read_text(encoding="utf-8")
    for has_results in (True, False):
        name, types = f"celery_{next(_number)}", _TYPES["postgresql"]
        with postgres.connected() as owner:
            owner.autocommit = True
            owner.execute(f"CREATE DATABASE {name}")
        whole = [_BEAT.format(**types), *([_RESULTS.format(**types), OLD] if has_results else [])]
        with psycopg.connect(postgres.url(database=name)) as filled:
            filled.execute(";".join((*whole, crontab(1, "0 6 * * *"), task("job", SENT), permissions)))
        _, verdicts = judged(f"{postgres.url(database=name)}&options=-crole%3Drollcall", tmp_path, "job")

        assert verdicts["job"][1] == ("not-picked-up" if has_results else "unknown-status")
