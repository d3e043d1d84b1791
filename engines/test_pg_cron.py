"""Is pg_cron judged as it really runs: good, failing, hung, late, paused, missed, hidden, ended, restarted?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from engines.conftest import ROOT, await_that, unavailable
from fixtures.engines import Engine
from fixtures.pg_cron_tables import ROLES, SEEN_BY_ALL, TABLES
from fixtures.postgres import PASSWORD, Cluster, Postgres, cluster, programs
from fixtures.recorded_tables import of_postgresql

_PRELOADED = {"shared_preload_libraries": "pg_cron", "cron.database_name": "postgres"}
_PERMISSIONS = (ROOT / "deploy" / "permissions" / "pg_cron.sql").read_text(encoding="utf-8")

_DONE = {
    "good": "does its work",
    "fails": "divides by zero",
    "hung": "sleeps for an hour",
    "slow": "sleeps for 3 s, and has 1 s",
    "late": "its run before took 75 s, behind which it waited",
    "again": "failed, was scheduled once more a minute later, and did its work",
    "missed": "was switched off when it was due, and is on again",
    "paused": "is switched off",
    "gone": "was unscheduled",
    "moved": "is scheduled there at another time than is declared",
    "zone": "is declared in Zurich, and pg_cron keeps GMT",
    "nowhere": "its database does not exist, so its run has no time on record",
    "of_app": "belongs to another role, and does its work",
}


def _jobs_toml(due: datetime, role: str = "") -> str:
    """Each of them, as due at that minute of the day."""
    own: dict[str, str] = {
        "slow": 'max_runtime = "1 s"\ngrace = "30 s"',
        "late": f'schedule = "{due.minute},{(due + _MINUTE).minute} * * * *"\nlate_start = "fail"\nlook_back = "10 s"',
        "again": 'grace = "30 s"\nmax_runtime = "2 min"',
        "moved": 'schedule = "0 3 * * *"',
        "zone": f'schedule = "{due.minute} {due.hour} * * *"\ntimezone = "Europe/Zurich"',
    }
    url = "${ENGINE_DATABASE}" + (f"&options=-crole%3D{role}" if role else "")
    jobs = "".join(f"[jobs.{name}]\n{own.get(name, '')}\n" for name in _DONE)
    return f"""timezone = "Europe/Zurich"
[schedulers.pg]
kind = "pg_cron"
database = "{url}"
[defaults]
scheduler = "pg"
schedule = "{due.minute} {due.hour} * * *"
grace = "10 s"
max_runtime = "20 s"
{jobs}"""


_MINUTE = timedelta(minutes=1)
_SAID = {
    "good": ["ok", None],
    "fails": ["failed", "run-failed"],
    "hung": ["stuck", "still-running"],
    "slow": ["late", "overran"],
    "late": ["late", "started-late"],
    "again": ["ok", "made-good"],
    "missed": ["missed", "missed-run"],
    "paused": ["missed", "job-paused"],
    "gone": ["missed", "not-registered"],
    "moved": ["late", "schedule-drift"],
    "zone": ["late", "wrong-timezone"],
    "nowhere": ["missed", "missed-run"],
    "of_app": ["ok", None],
    "[schedulers.pg]": ["ok", None],
}


@pytest.fixture(scope="module")
def made() -> Iterator[Cluster]:
    """A cluster in which pg_cron can be loaded."""
    folder = programs()
    if folder is None or not any(folder.parent.glob("lib/pg_cron.so")):
        unavailable("pg_cron is not installed. Install it: sudo apt-get install postgresql-15-cron")
    with cluster() as found:
        yield found


def test_pg_cron_is_judged_as_it_runs(made: Cluster, tmp_path: Path) -> None:
    with ExitStack() as first:
        server = first.enter_context(made.running(**_PRELOADED, **{"cron.host": str(made.folder)}))
        _install(server)
        due = _scheduled(server)
        _await_all(server, due)

        morning = _look(server, tmp_path, _jobs_toml(due), "as-it-runs", "every job was due once", _DONE)
        assert morning == _SAID

        # Who may read the tables, and is shown no row of them.
        blind = _look(server, tmp_path, _jobs_toml(due, "reader"), "select-alone", "a role with SELECT and no policy")
        assert set(map(tuple, blind.values())) == {("unknown", "no-records")}
        # Who is shown its own rows.
        own = _look(server, tmp_path, _jobs_toml(due, "app"), "own-rows", "a role that is shown its own jobs alone")
        assert own.pop("of_app") == ["ok", None]
        assert own.pop("[schedulers.pg]") == ["ok", None]
        assert set(map(tuple, own.values())) == {("unknown", "access-denied")}
        # Who has what deploy/permissions/pg_cron.sql gives.
        _run(server, _PERMISSIONS)
        story = "the role of deploy/permissions/pg_cron.sql"
        assert _look(server, tmp_path, _jobs_toml(due, "rollcall"), "permissions", story, _DONE) == _SAID

        _run(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'pg_cron launcher'")
        await_that(lambda: not _rows(server, _LAUNCHER), "the launcher to end")
        ended = _look(server, tmp_path, _jobs_toml(due), "launcher-ended", "pg_terminate_backend ended its launcher")
        assert {cause for _, cause in ended.values()} == {"scheduler-stopped"}

    # Ended as in a crash, and started again.
    with made.running(**_PRELOADED, **{"cron.host": str(made.folder)}) as server:
        await_that(lambda: _rows(server, _LAUNCHER), "the launcher to be back")
        interrupted = "SELECT FROM cron.job_run_details WHERE return_message = 'server restarted'"
        await_that(lambda: _rows(server, interrupted), "the hung run to be called failed")
        story = "PostgreSQL crashed in the middle of the hung run, and was started again"
        assert _look(server, tmp_path, _jobs_toml(due), "restarted", story)["hung"] == ["failed", "run-failed"]

    with made.running(**_PRELOADED, **{"cron.log_run": "off"}) as server:
        await_that(lambda: _rows(server, _LAUNCHER), "the launcher to be back")
        unlogged = _look(server, tmp_path, _jobs_toml(due), "not-logged", "cron.log_run is off")
        assert unlogged["good"] == ["unknown", "no-records"]
        assert unlogged["paused"] == ["failed", "no-records"]
        assert unlogged["[schedulers.pg]"] == ["ok", None]

    with made.running() as server:
        without = _look(server, tmp_path, _jobs_toml(due), "not-loaded", "shared_preload_libraries has no pg_cron")
        assert without["[schedulers.pg]"] == ["failed", "scheduler-stopped"]


_LAUNCHER = "SELECT FROM pg_stat_activity WHERE application_name = 'pg_cron scheduler'"


def _install(server: Postgres) -> None:
    _run(server, "CREATE EXTENSION pg_cron")
    _run(server, ROLES)
    _run(server, f"ALTER ROLE app PASSWORD '{PASSWORD}'")
    await_that(lambda: _rows(server, _LAUNCHER), "pg_cron's launcher")


def _scheduled(server: Postgres) -> datetime:
    """The minute at which all are due: far enough for pg_cron to have read them."""
    due = (datetime.now(UTC) + timedelta(seconds=68)).replace(second=0, microsecond=0)
    at, hour = due.minute, due.hour
    when = f"{at} {hour} * * *"
    sleeps = f"SELECT pg_sleep(CASE WHEN extract(minute FROM now()) = {at} THEN 75 ELSE 0 END)"
    commands = {
        "fails": "SELECT 1/0",
        "hung": "SELECT pg_sleep(3600)",
        "slow": "SELECT pg_sleep(3)",
        "late": sleeps,
        "again": f"SELECT 1/(CASE WHEN extract(minute FROM now()) = {at} THEN 0 ELSE 1 END)",
    }
    schedules = {"late": f"{at},{(due + _MINUTE).minute} * * * *"}
    for name in _DONE:
        _run(
            server, f"SELECT cron.schedule('{name}', '{schedules.get(name, when)}', '{commands.get(name, 'SELECT 1')}')"
        )
    _run(server, "UPDATE cron.job SET active = false WHERE jobname IN ('paused', 'missed')")
    _run(server, "UPDATE cron.job SET database = 'nowhere' WHERE jobname = 'nowhere'")
    _run(server, "UPDATE cron.job SET username = 'app' WHERE jobname = 'of_app'")
    _run(server, "SELECT cron.unschedule('gone')")
    # What is left of a job of before: its runs are on record since.
    _run(
        server,
        "INSERT INTO cron.job_run_details (jobid, runid, status, start_time) "
        "VALUES (0, 0, 'succeeded', now() - interval '5 min')",
    )
    return due


def _await_all(server: Postgres, due: datetime) -> None:
    """Until all of the minute have run, `again` and `late` a minute later."""

    def ran(name: str, status: str, number: int = 1) -> bool:
        query = "SELECT FROM cron.job_run_details JOIN cron.job USING (jobid) WHERE jobname = %s AND status = %s"
        return len(_rows(server, query, (name, status))) >= number

    def schedule_again(at: datetime) -> None:
        when = f"{at.minute} {at.hour} * * *"
        _run(server, f"SELECT cron.alter_job(jobid, schedule := '{when}') FROM cron.job WHERE jobname = 'again'")

    await_that(lambda: ran("again", "failed") and ran("slow", "succeeded"), "the runs of the minute", within=90)
    schedule_again(due + _MINUTE)
    _run(server, "UPDATE cron.job SET active = true WHERE jobname = 'missed'")
    await_that(lambda: ran("again", "succeeded"), "the run that made it good", within=90)
    schedule_again(due)
    await_that(lambda: ran("late", "succeeded", 2), "the run that waited behind another", within=60)


def _look(
    server: Postgres, folder: Path, jobs_toml: str, name: str, story: str, done: Mapping[str, str] = _DONE
) -> dict[str, Any]:
    """What is said of it now; kept on record under that name."""
    engine = Engine(name="pg_cron 1.4", folder=folder / name, database=server.url())
    with server.connected() as connection:
        statements = _recorded(connection)
    morning, look = engine.judged(jobs_toml, story=story, done=done, statements=statements, dialect="postgresql")
    for cause in (*morning.job_causes.values(), *morning.scheduler_causes.values()):
        print(cause and f"{cause.code}: {cause.sentence} {cause.next_step}")
    look.keep(name)
    return {key: list(each) for key, each in look.said.items()}


def _recorded(connection: Connection) -> list[str]:
    """The statements that make the same tables in a PostgreSQL without pg_cron."""
    rows = {
        "cron.job": "SELECT jobid, schedule, command, 'localhost' AS nodename, 5432 AS nodeport, database, username, "
        "active, jobname FROM cron.job ORDER BY jobid",
        "cron.job_run_details": "SELECT jobid, runid, 1 AS job_pid, database, username, command, status, "
        "return_message, start_time, end_time FROM cron.job_run_details ORDER BY runid",
        "recorded.pg_stat_activity": "SELECT application_name FROM pg_stat_activity "
        "WHERE application_name LIKE 'pg_cron%'",
        "recorded.pg_settings": "SELECT name, setting FROM pg_settings WHERE name IN ('cron.log_run', 'cron.timezone')",
    }
    made: Sequence[str] = [TABLES, ROLES, _PERMISSIONS, SEEN_BY_ALL]
    return [*made, *of_postgresql(connection, rows)]


def _run(server: Postgres, statements: str) -> None:
    with server.connected() as connection:
        connection.execute(statements)


def _rows(server: Postgres, query: str, values: Sequence[Any] = ()) -> list[Any]:
    with server.connected() as connection:
        return connection.execute(query, values).fetchall()
