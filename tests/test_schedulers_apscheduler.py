"""Are APScheduler's tables read, of 3 and of 4, without ever loading what it has pickled?"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.engines import said
from fixtures.postgres import Postgres
from rollcall.ask import gather
from rollcall.evidence import JobListed, SchedulerSeen
from rollcall.morning.judge import judge_morning
from rollcall.roll.load import load

NOW = datetime(2026, 2, 11, 6, 30, tzinfo=UTC)
DUE = datetime(2026, 2, 11, 6, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
_THREE = "CREATE TABLE apscheduler_jobs (id VARCHAR(191) PRIMARY KEY, next_run_time FLOAT, job_state BLOB)"
_FOUR = """
CREATE TABLE schedules (id VARCHAR(500) PRIMARY KEY, paused BOOLEAN, last_fire_time BIGINT, next_fire_time BIGINT);
CREATE TABLE jobs (id CHAR(32) PRIMARY KEY, schedule_id VARCHAR(500), scheduled_fire_time VARCHAR(32),
  created_at VARCHAR(32), acquired_by VARCHAR(500), acquired_until VARCHAR(32))
"""


def judged(
    folder: Path, kind: str, tables: str, rows: Mapping[str, list[tuple[Any, ...]]], more: str = "proof = 'start'"
) -> tuple[SchedulerSeen, dict[str, list[str | None]]]:
    """What is seen of a database with these rows, and what is said of the job `job`, due at 06:00."""
    with closing(sqlite3.connect(folder / "app.db")) as connection, connection:
        connection.executescript(tables)
        for table, each in rows.items():
            for row in each:
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    file = folder / "jobs.toml"
    head = f'timezone = "UTC"\n[schedulers.aps]\nkind = "{kind}"\ndatabase = "sqlite:///app.db"\n'
    file.write_text(
        f'{head}[defaults]\nmax_runtime = "10 min"\n[jobs.job]\nscheduler = "aps"\nschedule = "0 6 * * *"\n{more}\n'
    )
    roll = load(file, environment={})
    evidence = gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW)
    seen = evidence.schedulers["aps"]
    assert isinstance(seen, SchedulerSeen), seen
    return seen, said(judge_morning(roll, evidence, now=NOW))


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


class _Bomb:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("exploded"),)


def test_three_tells_its_next_runs_and_its_pickles_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [("job", (DUE + DAY).timestamp(), pickle.dumps(_Bomb())), ("off", None, b"no pickle at all")]
    output = 'output.path = "job-*.txt"'
    seen, _ = judged(tmp_path, "apscheduler", _THREE, {"apscheduler_jobs": rows}, output)

    assert seen.jobs == (
        JobListed(id="job", next_run="2026-02-12T06:00:00+00:00", paused=False),
        JobListed(id="off", paused=True),
    )
    assert (seen.runs, (tmp_path / "exploded").exists()) == (None, False)


NEXT_RUNS = {
    "tomorrow": ([(DUE + DAY, DUE + HOUR)], ["missed", "never-ran"]),
    "in the past, and that of no other has moved on": ([(DUE, DUE - HOUR)], ["missed", "scheduler-stalled"]),
    "at another time": ([(DUE + DAY + HOUR, DUE + HOUR)], ["missed", "schedule-drift"]),
    "none": ([(None, DUE + HOUR)], ["missed", "job-paused"]),
}


@pytest.mark.parametrize(("next_runs", "verdict"), NEXT_RUNS.values(), ids=NEXT_RUNS)
def test_the_next_run_of_three_tells_what_is_wrong(
    tmp_path: Path, next_runs: list[tuple[datetime | None, datetime]], verdict: list[str]
) -> None:
    ((own, other),) = next_runs
    rows = [("job", own and own.timestamp(), b""), ("other", other.timestamp(), b"")]
    _, verdicts = judged(tmp_path, "apscheduler", _THREE, {"apscheduler_jobs": rows}, 'output.path = "job-*.txt"')

    assert verdicts["job"] == verdict


def _schedule(fired: datetime | None, *, paused: bool = False, next_at: datetime = DUE + DAY) -> tuple[Any, ...]:
    return ("job", paused, fired and _micros(fired), _micros(next_at))


def _job(worker: str | None) -> tuple[Any, ...]:
    return ("1", "job", DUE.isoformat(), DUE.isoformat(), worker, None)


FOUR = {
    "it fired, and that is enough": ([_schedule(DUE)], [], "proof = 'start'", ["ok", None]),
    "it fired, and nothing tells more": ([_schedule(DUE)], [], "", ["unknown", "unknown-status"]),
    "it runs": ([_schedule(DUE)], [_job("w")], "max_runtime = '5 min'\ngrace = '5 min'", ["stuck", "still-running"]),
    "it waits": ([_schedule(DUE)], [_job(None)], "", ["missed", "not-picked-up"]),
    "it fired the day before": ([_schedule(DUE - DAY)], [], "proof = 'start'", ["missed", "missed-run"]),
    "it is paused, with a next run": ([_schedule(DUE - DAY, paused=True)], [], "", ["missed", "job-paused"]),
    "its next run is past": (
        [_schedule(DUE - DAY, next_at=DUE)], [], "proof = 'start'", ["missed", "scheduler-stalled"]
    ),
    "a job of no schedule": ([_schedule(DUE)], [("2", None, None, None, "w", None)], "proof = 'start'", ["ok", None]),
}  # fmt: skip


@pytest.mark.parametrize(("schedules", "jobs", "more", "verdict"), FOUR.values(), ids=FOUR)
def test_the_tables_of_four_tell_what_fired_and_what_runs(
    tmp_path: Path, schedules: list[Any], jobs: list[Any], more: str, verdict: list[str | None]
) -> None:
    _, verdicts = judged(tmp_path, "apscheduler-4", _FOUR, {"schedules": schedules, "jobs": jobs}, more)

    assert verdicts["job"] == verdict


def test_each_of_the_two_says_that_the_other_is_there(tmp_path: Path) -> None:
    for kind, tables in (("apscheduler", _FOUR), ("apscheduler-4", _THREE)):
        (tmp_path / "app.db").unlink(missing_ok=True)
        with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
            connection.executescript(tables)
        file = tmp_path / "jobs.toml"
        head = f'timezone = "UTC"\n[schedulers.aps]\nkind = "{kind}"\ndatabase = "sqlite:///app.db"\n'
        file.write_text(f'{head}[jobs.job]\nscheduler = "aps"\nschedule = "0 6 * * *"\noutput.path = "x-*.txt"\n')
        roll = load(file, environment={})
        morning = judge_morning(roll, gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW), now=NOW)
        cause = morning.scheduler_causes["aps"]
        assert cause is not None

        assert cause.code == "scheduler-error"
        other = "apscheduler-4" if kind == "apscheduler" else "apscheduler"
        assert f'kind = "{other}"' in cause.next_step


def test_the_role_of_the_permissions_reads_what_is_asked_and_no_pickle(postgres: Postgres, tmp_path: Path) -> None:
    import psycopg

    permissions = (Path(__file__).parents[1] / "deploy" / "permissions" / "apscheduler.sql").read_text(encoding="utf-8")
    three = _THREE.replace("FLOAT", "double precision").replace("BLOB", "bytea")
    # What 4 makes in PostgreSQL.
    four = _FOUR.replace("BIGINT", "timestamptz").replace("VARCHAR(32)", "timestamptz")
    rows = "INSERT INTO schedules VALUES ('job', false, '2026-02-11T06:00Z', '2026-02-12T06:00Z');"
    rows += f"INSERT INTO apscheduler_jobs VALUES ('job', {(DUE + DAY).timestamp()}, '')"
    with postgres.connected() as owner:
        owner.autocommit = True
        owner.execute("CREATE DATABASE apscheduler")
    with psycopg.connect(postgres.url(database="apscheduler")) as filled:
        filled.execute(f"{three};{four};{rows};{permissions}")
    url = f"{postgres.url(database='apscheduler')}&options=-crole%3Drollcall"
    for kind, job, verdict in (
        ("apscheduler", 'output.path = "x-*.txt"', "never-ran"),
        ("apscheduler-4", 'proof = "start"', None),
    ):
        file = tmp_path / "jobs.toml"
        head = f'timezone = "UTC"\n[schedulers.aps]\nkind = "{kind}"\ndatabase = "{url}"\n'
        file.write_text(
            f'{head}[defaults]\nmax_runtime = "10 min"\n[jobs.job]\nscheduler = "aps"\nschedule = "0 6 * * *"\n{job}\n'
        )
        roll = load(file, environment={})
        evidence = gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW)
        assert said(judge_morning(roll, evidence, now=NOW))["job"][1] == verdict
    with psycopg.connect(url) as reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("SELECT job_state FROM apscheduler_jobs")
