"""Is a scheduler's database read, whatever is in it, without writing a byte and within its time?"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures.demo.store import Store
from fixtures.hostile_service import BUSY, Script, closed_port, hostile_service
from fixtures.postgres import OWNER, PASSWORD, Postgres
from rollcall import typed
from rollcall.config import load
from rollcall.errors import BadInput, CauseCode
from rollcall.evidence import DatabaseSeen, NotSeen, Registration
from rollcall.gather import gather
from rollcall.jobs import Roll
from rollcall.sources.database import MOST_ROWS

# One PostgreSQL for all of them.

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)
HOUSE = Path(__file__).parents[1]
FILE = "sqlite:///data/musique.db"
ACTIVE_ONLY = "executions = ''"
EXECUTIONS_ONLY = "active = ''"


def roll(
    folder: Path, database: str, url: str = FILE, *, schedulers: int = 1, env: Mapping[str, str] | None = None
) -> Roll:
    """Schedulers that nobody answers for, each with a database at `url` and the further lines `database`."""
    lines = ['timezone = "Europe/Zurich"']
    for number in range(schedulers):
        lines += [f"[schedulers.s{number}]\nurl = 'http://127.0.0.1:9'\ntimeout = '0.5 s'"]
        lines += [f"[schedulers.s{number}.database]\nurl = '{url}'\n{database}"]
    lines += ["[jobs.haiku]\nscheduler = 's0'\nschedule = '0 6 * * *'"]
    file = folder / "jobs.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return load(file, environment=env or {})


def looked(
    folder: Path, database: str = "", url: str = FILE, *, env: Mapping[str, str] | None = None
) -> DatabaseSeen | NotSeen:
    """What gathering sees of the database."""
    declared = roll(folder, database, url, env=env)
    return gather([], declared.schedulers, now=NOW, clock=lambda: NOW).databases["s0"]


def seen(folder: Path, database: str = "", url: str = FILE) -> DatabaseSeen:
    found = looked(folder, database, url)
    assert isinstance(found, DatabaseSeen), found
    return found


def not_seen(folder: Path, database: str = "", url: str = FILE) -> tuple[CauseCode, str]:
    found = looked(folder, database, url)
    assert isinstance(found, NotSeen), found
    return found.code, found.detail


def asking(active: str) -> str:
    """The lines of jobs.toml for that query alone."""
    return f"active = {json.dumps(active)}\n{ACTIVE_ONLY}"


def returning(executions: str) -> str:
    """The lines of jobs.toml for that query alone."""
    return f"executions = {json.dumps(executions)}\n{EXECUTIONS_ONLY}"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The database that AIME keeps: active since 08:55 in Zurich, one job that ran at 06:00:17."""
    store = Store(tmp_path / "data" / "musique.db")
    store.set_active("scheduler", True, datetime(2026, 2, 10, 7, 55, tzinfo=UTC))
    ran_at, next_at = datetime(2026, 2, 11, 5, 0, 17, 250, tzinfo=UTC), datetime(2026, 2, 12, 5, tzinfo=UTC)
    store.record("haiku", "Haïkus", "success", now=ran_at, next_run=next_at)
    store.record("never", "Never", "pending", now=ran_at, next_run=None)
    return store


def change(store: Store, statement: str) -> None:
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(statement)


def left_in(folder: Path) -> dict[str, bytes]:
    """Every file there, byte by byte."""
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


# What it says -----------------------------------------------------------------------------------------------------


def test_the_tables_of_aime_are_read_as_they_are(tmp_path: Path, store: Store) -> None:
    change(store, "UPDATE scheduled_task_executions SET last_executed = NULL WHERE task_id = 'never'")

    assert seen(tmp_path) == DatabaseSeen(
        asked_at=NOW,
        answered_at=NOW,
        active=True,
        active_since="2026-02-10 07:55:00.000000",
        executions=(
            Registration(
                id="haiku",
                next_run="2026-02-12 05:00:00.000000",
                last_execution="2026-02-11 05:00:17.000250",
                last_status="success",
            ),
            Registration(id="never", last_status="pending"),
        ),
    )


def test_a_relative_path_is_relative_to_the_schedulers_root(tmp_path: Path, store: Store) -> None:
    declared = roll(tmp_path, "", f"sqlite:///{store.path}").schedulers[0].database
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "elsewhere" / "jobs.toml"
    file.write_text((tmp_path / "jobs.toml").read_text().replace("timeout =", "root = '..'\ntimeout =", 1))
    file.write_text(file.read_text().replace(f"sqlite:///{store.path}", FILE))
    relative = load(file, environment={}).schedulers[0].database

    assert declared is not None
    assert relative is not None
    assert (tmp_path / "elsewhere/../data/musique.db").resolve() == store.path
    assert relative.url.endswith("elsewhere/../data/musique.db")
    assert isinstance(looked(tmp_path, "", f"sqlite:///{store.path}"), DatabaseSeen)


def test_what_is_left_out_is_not_asked(tmp_path: Path, store: Store) -> None:
    flag, executions = seen(tmp_path, ACTIVE_ONLY), seen(tmp_path, EXECUTIONS_ONLY)

    assert (flag.active, flag.executions) == (True, None)
    assert (executions.active, executions.active_since) == (None, None)
    assert executions.executions is not None
    assert len(executions.executions) == 2


def test_no_rows_are_a_value(tmp_path: Path, store: Store) -> None:
    change(store, "DELETE FROM service_states")
    change(store, "DELETE FROM scheduled_task_executions")
    found = seen(tmp_path)

    assert (found.active, found.active_since, found.executions) == (None, None, ())


FLAGS = {
    "1": True, "0": False, "1.0": True, "true": True, "false": False, "'t'": True, "'f'": False, "'TRUE'": True,
    "' no '": False, "'Y'": True, "'inactive'": False, "x'01'": True, "x'00'": False,
}  # fmt: skip


@pytest.mark.parametrize(("flag", "active"), FLAGS.items())
def test_a_flag_may_be_written_in_many_ways(tmp_path: Path, store: Store, flag: str, active: bool) -> None:
    assert seen(tmp_path, asking(f"SELECT {flag}")).active is active


def test_columns_are_found_by_name_in_any_case_and_more_of_them_do_no_harm(tmp_path: Path, store: Store) -> None:
    every = seen(tmp_path, returning("SELECT * FROM scheduled_task_executions"))
    shouted = "SELECT 7 AS TASK_ID, NULL AS Last_Executed, 'success' AS LAST_STATUS"
    upper = seen(tmp_path, returning(shouted))

    assert every.executions == seen(tmp_path).executions
    assert upper.executions == (Registration(id="7", last_status="success"),)


def test_percent_signs_and_colons_are_part_of_a_query(tmp_path: Path, store: Store) -> None:
    query = "SELECT '%s :x' LIKE '%:x', '05:00:17%%'"

    assert seen(tmp_path, asking(query)).active_since == "05:00:17%%"


# What it must not do ----------------------------------------------------------------------------------------------

WRITES = [
    "UPDATE service_states SET is_active = 0 RETURNING is_active",
    "DELETE FROM service_states RETURNING is_active",
    "INSERT INTO service_states VALUES ('x', 1, '') RETURNING is_active",
    "DROP TABLE service_states",
    "CREATE TABLE x (y)",
    "ATTACH 'data/stolen.db' AS other",
    "VACUUM INTO 'data/stolen.db'",
    "VACUUM",
    "PRAGMA journal_mode = WAL",
    "PRAGMA user_version = 7",
    "BEGIN IMMEDIATE",
]


@pytest.mark.parametrize("query", WRITES)
def test_a_query_that_would_write_fails_and_does_no_harm(tmp_path: Path, store: Store, query: str) -> None:
    roll(tmp_path, asking(query))
    before = left_in(tmp_path)
    code, detail = not_seen(tmp_path, asking(query))

    assert code is CauseCode.SCHEDULER_ERROR
    assert detail.startswith(f"{FILE}: active: the query would do more than read (")
    assert left_in(tmp_path) == before


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    code, detail = not_seen(tmp_path)

    assert (code, detail) == (CauseCode.SCHEDULER_DOWN, f"{FILE}: there is no file {tmp_path / 'data/musique.db'}")
    assert os.listdir(tmp_path) == ["jobs.toml"]


def test_a_write_ahead_log_that_is_not_there_is_not_made(tmp_path: Path, store: Store) -> None:
    change(store, "PRAGMA journal_mode = WAL")
    assert seen(tmp_path).active is True
    assert os.listdir(store.path.parent) == ["musique.db"]


def test_what_stands_only_in_the_write_ahead_log_is_seen(tmp_path: Path, store: Store) -> None:
    change(store, "PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(store.path)) as living:
        living.execute("UPDATE service_states SET is_active = 0")
        living.commit()
        assert store.path.with_name("musique.db-wal").stat().st_size > 0
        assert seen(tmp_path).active is False
    assert os.listdir(store.path.parent) == ["musique.db"]


def test_what_a_crash_left_behind_is_not_put_right(tmp_path: Path, store: Store) -> None:
    crashing = "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None)"
    crashing += "; c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN')"
    crashing += "; c.execute('CREATE TABLE big AS SELECT hex(zeroblob(400000))'); os._exit(0)"
    subprocess.run([sys.executable, "-c", crashing, str(store.path)], check=True)
    roll(tmp_path, "")
    before = left_in(tmp_path)
    code, detail = not_seen(tmp_path)

    assert store.path.with_name("musique.db-journal").stat().st_size > 0
    assert (code, "its last writer broke off in the middle" in detail) == (CauseCode.SCHEDULER_ERROR, True)
    assert left_in(tmp_path) == before


# What else may be there -------------------------------------------------------------------------------------------

SHAPES = [
    (asking("SELECT NULL"), "active is NULL where 1 or 0, true or false belongs"),
    (asking("SELECT 2"), "active is 2 where 1 or 0, true or false belongs"),
    (asking("SELECT 'perhaps'"), 'active is "perhaps" where 1 or 0, true or false belongs'),
    (asking("SELECT x'0102'"), "active is of the type bytes where 1 or 0, true or false belongs"),
    (asking("SELECT 1, 1770703217"), "active: since is 1770703217 where a time as text or timestamp belongs"),
    (asking("SELECT 1 UNION ALL SELECT 0"), "active returns more than one row. Say which with WHERE"),
    (asking("SELECT is_active FROM schedulers"), "active: no such table: schedulers"),
    (asking("SELECT active FROM service_states"), "active: no such column: active"),
    (asking("SELEKT 1"), 'active: near "SELEKT": syntax error'),
    (asking("-- nothing"), "active returns no rows: it is no query"),
    (
        returning("SELECT task_id, last_executed AS at FROM scheduled_task_executions"),
        "executions has the columns task_id and at; last_executed and last_status must be among them. Name them so",
    ),
    (
        returning("SELECT 'a' AS task_id, NULL AS last_executed, NULL AS last_status UNION ALL SELECT 'a', 'x', 'y'"),
        "executions returns 2 rows for 1 jobs. Return one a job, its last",
    ),
    (
        returning("SELECT NULL AS task_id, NULL AS last_executed, NULL AS last_status"),
        "executions: a task_id is NULL where a text belongs",
    ),
    (
        returning("SELECT 'a' AS task_id, 1770703217.5 AS last_executed, NULL AS last_status"),
        "executions: last_executed of a is 1770703217.5 where a time as text or timestamp belongs",
    ),
    (
        returning("SELECT 'a' AS task_id, NULL AS last_executed, 0 AS last_status"),
        "executions: last_status of a is 0 where a text or NULL belongs",
    ),
    (
        returning("SELECT 'a' AS task_id, NULL AS last_executed, NULL AS last_status, x'00' AS next_run_time"),
        "executions: next_run_time of a is of the type bytes where a time as text or timestamp belongs",
    ),
    (returning("SELECT last_executed FROM executions"), "executions: no such table: executions"),
]  # fmt: skip


@pytest.mark.parametrize(("database", "detail"), SHAPES)
def test_a_wrong_shape_is_told(tmp_path: Path, store: Store, database: str, detail: str) -> None:
    assert not_seen(tmp_path, database) == (CauseCode.SCHEDULER_ERROR, f"{FILE}: {detail}")


def test_hostile_texts_arrive_clean_and_bounded(tmp_path: Path, store: Store) -> None:
    hostile = "char(27) || '[31m' || char(8238) || 'red' || char(10) || 'line'"
    long = "replace(hex(zeroblob(100000)), '0', 'x')"
    query = f"SELECT {hostile} AS task_id, {long} AS last_executed, {hostile} AS last_status"
    (execution,) = seen(tmp_path, returning(query)).executions or ()

    assert execution.id == "'\\x1b[31m\\u202ered\\nline'"
    assert execution.last_status == "red line"
    assert len(execution.last_execution or "") == 200


def test_bytes_that_are_no_text_are_shown_as_such(tmp_path: Path, store: Store) -> None:
    query = "SELECT 'a' AS task_id, NULL AS last_executed, CAST(x'66ff6f' AS TEXT) AS last_status"

    assert seen(tmp_path, returning(query)).executions == (Registration(id="a", last_status="f\ufffdo"),)


def test_more_than_a_text_may_be_is_refused(tmp_path: Path, store: Store) -> None:
    code, detail = not_seen(tmp_path, asking("SELECT 1, hex(zeroblob(900000))"))

    assert (code, detail) == (CauseCode.SCHEDULER_ERROR, f"{FILE}: active: string or blob too big")


MANY = """
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {})
SELECT x AS task_id, NULL AS last_executed, NULL AS last_status FROM n"""
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


def test_rows_are_bounded(tmp_path: Path, store: Store) -> None:
    most = seen(tmp_path, returning(MANY.format(MOST_ROWS)))
    more = not_seen(tmp_path, returning(MANY.format(MOST_ROWS + 1)))

    assert len(most.executions or ()) == MOST_ROWS
    assert more == (CauseCode.SCHEDULER_ERROR, f"{FILE}: executions returns more than 10,000 rows. Return one a job")


def test_a_query_without_an_end_costs_the_timeout(tmp_path: Path, store: Store) -> None:
    started = time.monotonic()
    found = not_seen(tmp_path, asking(ENDLESS))

    assert found == (CauseCode.SCHEDULER_DOWN, f"{FILE}: no complete answer within 0.5 s")
    assert time.monotonic() - started < 0.5 + BUSY


def test_a_locked_file_costs_the_timeout(tmp_path: Path, store: Store) -> None:
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        found = not_seen(tmp_path)

    assert found == (CauseCode.SCHEDULER_ERROR, f"{FILE}: active: database is locked")
    assert time.monotonic() - started < 0.5 + BUSY


def test_a_lock_that_is_let_go_in_time_is_waited_for(tmp_path: Path, store: Store) -> None:
    locking = "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE')"
    locking += "; print(flush=True); time.sleep(0.2)"
    command = [sys.executable, "-c", locking, str(store.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        found = seen(tmp_path, "timeout = '20 s'")

    assert found.active is True


def test_ten_databases_cost_one_timeout(tmp_path: Path, store: Store) -> None:
    declared = roll(tmp_path, asking(ENDLESS), schedulers=10)
    started = time.monotonic()
    found = gather([], declared.schedulers, now=NOW, clock=lambda: NOW).databases

    assert time.monotonic() - started < 0.5 + BUSY
    assert {getattr(each, "code", None) for each in found.values()} == {CauseCode.SCHEDULER_DOWN}
    assert len(found) == 10


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _something_else(path: Path) -> None:
    path.write_text("# Haiku\n" * 1_000)


def _empty(path: Path) -> None:
    path.touch()


def _cut_off(path: Path) -> None:
    whole = Store(path).path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])


THINGS = {
    "a folder": (_folder, "is no regular file"),
    "a pipe": (_pipe, "is no regular file"),
    "another file": (_something_else, "file is not a database"),
    "an empty file": (_empty, "active: no such table: service_states"),
    "half a file": (_cut_off, "database disk image is malformed"),
}


@pytest.mark.parametrize(("make", "detail"), THINGS.values(), ids=THINGS.keys())
def test_what_is_no_database_is_told(tmp_path: Path, make: object, detail: str) -> None:
    assert callable(make)
    (tmp_path / "data").mkdir()
    make(tmp_path / "data/musique.db")
    code, said = not_seen(tmp_path)

    assert code is CauseCode.SCHEDULER_ERROR
    assert detail in said


# What is not imported ---------------------------------------------------------------------------------------------

_GATHER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
{before}
from rollcall.config import load
from rollcall.gather import gather
roll = load(Path(sys.argv[1]), environment={{}})
now = datetime(2026, 2, 11, tzinfo=UTC)
seen = gather(roll.jobs, roll.schedulers, now=now, clock=lambda: now)
print([name for name in sys.modules if name.partition(".")[0] in ("sqlalchemy", "sqlite3", "psycopg")])
print(sorted(seen.databases))
"""


def in_another_process(file: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _GATHER.format(before=before), str(file)]
    environment = {**os.environ, "PYTHONPATH": str(HOUSE)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_nothing_is_imported_where_no_database_is_declared(tmp_path: Path) -> None:
    declared = roll(tmp_path, "").file
    declared.write_text(declared.read_text().replace(f"[schedulers.s0.database]\nurl = '{FILE}'", ""))
    done = in_another_process(declared)

    assert done.stdout.splitlines() == ["[]", "[]"]


def test_a_missing_package_is_a_mistake_with_its_cure(tmp_path: Path, store: Store) -> None:
    done = in_another_process(roll(tmp_path, "").file, before="sys.modules['sqlalchemy'] = None")

    assert done.stderr.splitlines()[-1] == (
        "rollcall.errors.BadInput: jobs.toml: schedulers.s0.database.url"
        f' = "{FILE}": needs SQLAlchemy, which is not installed: {typed.install("SQLAlchemy>=2,<3")}'
    )


# PostgreSQL -------------------------------------------------------------------------------------------------------

_SCHEMA = """
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
CREATE TYPE outcome AS ENUM ('success', 'error');
CREATE TABLE service_states (service_name text, is_active boolean, last_updated timestamp);
INSERT INTO service_states VALUES ('scheduler', true, '2026-02-10 07:55');
CREATE TABLE scheduled_task_executions (
    task_id text, last_executed timestamptz, last_status outcome, next_run_time date);
INSERT INTO scheduled_task_executions VALUES ('haiku', '2026-02-11 06:00:17.25+01', 'success', '2026-02-12');
INSERT INTO scheduled_task_executions VALUES ('never');
CREATE FUNCTION stop() RETURNS boolean LANGUAGE sql
    AS 'UPDATE service_states SET is_active = false RETURNING is_active';
"""


@pytest.fixture
def server(postgres: Postgres) -> Iterator[Postgres]:
    with postgres.connected() as connection:
        connection.execute(_SCHEMA)
    yield postgres
    assert flag(postgres) == (True,)


def flag(server: Postgres) -> object:
    with server.connected() as connection:
        return connection.execute("SELECT is_active FROM service_states").fetchone()


def test_typed_columns_are_told_as_iso_text_and_a_naive_time_stays_naive(tmp_path: Path, server: Postgres) -> None:
    found = seen(tmp_path, url=server.url())

    assert (found.active, found.active_since) == (True, "2026-02-10T07:55:00")
    assert found.executions == (
        Registration(
            id="haiku", next_run="2026-02-12", last_execution="2026-02-11T05:00:17.250000+00:00", last_status="success"
        ),
        Registration(id="never"),
    )


POSTGRES_WRITES = [
    "UPDATE service_states SET is_active = false RETURNING is_active",
    "DELETE FROM service_states RETURNING is_active",
    "WITH gone AS (DELETE FROM service_states RETURNING is_active) SELECT is_active FROM gone",
    "SELECT stop()",
    "SELECT is_active FROM service_states FOR UPDATE",
    "SELECT is_active INTO stolen FROM service_states",
    "DROP TABLE service_states",
    "TRUNCATE service_states",
    "SET TRANSACTION READ WRITE",
    "COMMIT",
]


@pytest.mark.parametrize("query", POSTGRES_WRITES)
def test_a_query_that_would_write_into_postgresql_fails_and_does_no_harm(
    tmp_path: Path, server: Postgres, query: str
) -> None:
    code, detail = not_seen(tmp_path, asking(query), server.url())

    assert code is CauseCode.SCHEDULER_ERROR
    assert detail.startswith("postgresql:///postgres: active")
    assert flag(server) == (True,)


@pytest.mark.parametrize("query", ["SELECT pg_sleep(30)", "SELECT count(*) FROM generate_series(1, 100000000000)"])
def test_a_query_that_takes_too_long_is_ended_on_the_server_too(tmp_path: Path, server: Postgres, query: str) -> None:
    started = time.monotonic()
    found = not_seen(tmp_path, asking(query), server.url())
    took = time.monotonic() - started
    with server.connected() as connection:
        busy = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
        assert connection.execute(busy).fetchone() == (0,)

    assert found == (CauseCode.SCHEDULER_DOWN, "postgresql:///postgres: no complete answer within 0.5 s")
    assert took < 0.5 + BUSY


def test_a_locked_table_costs_the_timeout(tmp_path: Path, server: Postgres) -> None:
    with server.connected() as other:
        other.execute("LOCK TABLE service_states IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        code, _ = not_seen(tmp_path, url=server.url())

    assert code is CauseCode.SCHEDULER_DOWN
    assert time.monotonic() - started < 0.5 + BUSY


def test_a_table_of_millions_is_not_fetched(tmp_path: Path, server: Postgres) -> None:
    query = "SELECT x AS task_id, NULL AS last_executed, NULL AS last_status FROM generate_series(1, 2000000) AS x"
    code, detail = not_seen(tmp_path, f"{returning(query)}\ntimeout = '20 s'", server.url())

    assert (code, "more than 10,000 rows" in detail) == (CauseCode.SCHEDULER_ERROR, True)


POSTGRES_SAYS = [
    (asking("SELECT x FROM service_states"), 'active: column "x" does not exist'),
    (asking("SELECT 1 FROM schedulers"), 'active: relation "schedulers" does not exist'),
    (asking("SELEKT 1"), 'active: syntax error at or near "SELEKT"'),
    (asking("SELECT true, 'infinity'::timestamp"), "active: timestamp too large"),
    (asking("SELECT true, '1 h'::interval"), "active: since is of the type timedelta where"),
    (asking("SELECT ARRAY[true]"), "active is of the type list where"),
]


@pytest.mark.parametrize(("database", "detail"), POSTGRES_SAYS)
def test_what_postgresql_objects_to_is_told(tmp_path: Path, server: Postgres, database: str, detail: str) -> None:
    code, said = not_seen(tmp_path, database, server.url())

    assert code is CauseCode.SCHEDULER_ERROR
    assert said.startswith(f"postgresql:///postgres: {detail}")


DOORS = {
    "a wrong password": ({"password": "wr0ng-and-secret"}, CauseCode.ACCESS_DENIED, "password authentication failed"),
    "an unknown user": ({"user": "nobody-known"}, CauseCode.ACCESS_DENIED, 'authentication failed for user "(user)"'),
    "a user who may not read": ({"user": "guest"}, CauseCode.ACCESS_DENIED, "permission denied for table"),
    "an unknown database": ({"database": "other"}, CauseCode.SCHEDULER_ERROR, 'database "other" does not exist'),
}


@pytest.mark.parametrize(("how", "code", "says"), DOORS.values(), ids=DOORS.keys())
def test_a_closed_door_is_told_without_its_key(
    tmp_path: Path, server: Postgres, how: dict[str, str], code: CauseCode, says: str
) -> None:
    with server.connected() as connection:
        connection.execute("DROP ROLE IF EXISTS guest")
        connection.execute(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
    found = not_seen(tmp_path, url=server.url(**how))

    assert found[0] is code
    assert says in found[1]
    for secret in (PASSWORD, "wr0ng", *how.values()):
        assert secret == "other" or secret not in found[1]


def test_secrets_of_the_environment_are_not_in_what_is_seen(tmp_path: Path, server: Postgres) -> None:
    url = server.url(user="${DB_USER}", password="").replace(":@", ":${DB_PASS}@")
    env = {"DB_USER": OWNER, "DB_PASS": PASSWORD.replace("/", "%2F").replace("@", "%40").replace(" ", "%20")}
    query = f"SELECT 'x' AS task_id, '{PASSWORD}' AS last_executed, 'is {PASSWORD}' AS last_status"
    found = looked(tmp_path, returning(query), url, env=env)
    refused = looked(tmp_path, asking(f'SELECT "{PASSWORD} {OWNER}"'), url, env=env)

    assert isinstance(found, DatabaseSeen)
    assert isinstance(refused, NotSeen)
    assert found.executions == (Registration(id="x", last_execution="${DB_PASS}", last_status="is ${DB_PASS}"),)
    assert refused.detail == 'postgresql:///postgres: active: column "${DB_PASS} ${DB_USER}" does not exist'


def test_nobody_there_is_told_at_once(tmp_path: Path) -> None:
    with closed_port() as url:
        started = time.monotonic()
        code, detail = not_seen(tmp_path, url=url.replace("http", "postgresql") + "/aime")

    assert code is CauseCode.SCHEDULER_DOWN
    assert "refused" in detail
    assert time.monotonic() - started < 0.5 + BUSY


SOMETHING_ELSE = [
    Script(hangs=True),
    Script(first=b"N", hangs=True),
    Script(first=b"HTTP/1.1 200 OK\r\n\r\n"),
    Script(again=b"N", every=0.05),
]


@pytest.mark.parametrize("script", SOMETHING_ELSE)
def test_something_else_that_listens_there_costs_no_more_than_the_limit(tmp_path: Path, script: Script) -> None:
    with hostile_service(script) as scheduler:
        started = time.monotonic()
        code, _ = not_seen(tmp_path, url=scheduler.url.replace("http", "postgresql") + "/aime")

        assert code is CauseCode.SCHEDULER_DOWN
        assert time.monotonic() - started < 0.5 + BUSY


# jobs.toml --------------------------------------------------------------------------------------------------------

MISTAKES = [
    ("url = 'nonsense'", "schedulers.s0.database.url", "is not the address of a database. Write it such as"),
    ("url = 'http://localhost/x'", "schedulers.s0.database.url", "names no kind of database that SQLAlchemy knows."),
    ("url = 'sqlite://'", "schedulers.s0.database.url", "names no file. Write"),
    ("url = 'sqlite:///:memory:'", "schedulers.s0.database.url", "names no file. Write"),
    ("url = 'sqlite:///file:x.db?mode=rwc&uri=true'", "schedulers.s0.database.url", "names no file. Write"),
    ("url = 'postgresql+asyncpg://u:hush@h/d'", "schedulers.s0.database.url", "asyncpg"),
    ("url = 'mysql+pymysql://u:hush@h/d'", "schedulers.s0.database.url", "needs the driver pymysql, which is not"),
    ("url = 'postgresql://u:hush@h:port/d'", "schedulers.s0.database.url", "is not the address of a database."),
    ("url = 'postgresql://u:hu[sh@h'\nactive = 7", "schedulers.s0.database.active", "must be text in quotes."),
    ("url = '${UNSET}'", "schedulers.s0.database.url", "UNSET is not set in the environment."),
    ("active = ''", "schedulers.s0.database.url", 'required. Write url = "sqlite:///data/app.db".'),
    ("url = 'sqlite:///x'\nactive = ''\nexecutions = ''", "schedulers.s0.database.executions", "nothing is asked of"),
    ("url = 'sqlite:///x'\nactive = 'SELECT 1; DROP x'", "schedulers.s0.database.active", 'has a ";" in it, and only'),
    ("url = 'sqlite:///x'\ntimeout = '1 h'", "schedulers.s0.database.timeout", 'must lie between "0.1 s" and "5 min".'),
    ("url = 'sqlite:///x'\nexecution = ''", "schedulers.s0.database.execution", "unknown key. Did you mean exec"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "place", "rule"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_cure_and_no_secret(
    tmp_path: Path, lines: str, place: str, rule: str
) -> None:
    file = roll(tmp_path, "").file
    file.write_text(file.read_text().replace(f"url = '{FILE}'", lines))
    with pytest.raises(BadInput) as problem:
        load(file, environment={})

    (told,) = str(problem.value).splitlines()
    assert told.startswith(f"jobs.toml: {place}")
    assert rule in told
    assert "hu[sh" not in told
    assert "hush" not in told


def test_a_semicolon_at_the_end_of_a_query_is_forgiven(tmp_path: Path, store: Store) -> None:
    assert seen(tmp_path, asking("SELECT 1 ;\n")).active is True


def test_neither_url_nor_secrets_are_in_a_repr(tmp_path: Path) -> None:
    env = {"WHOLE": f"postgresql://{OWNER}:hush-hush@localhost/aime?sslpassword=t0psecret"}
    shown = repr(roll(tmp_path, "", "${WHOLE}", env=env))

    assert "hush" not in shown
    assert "t0psecret" not in shown
    assert "shown_url='${WHOLE}'" in shown


def test_the_scheduler_must_not_say_the_databases_password_either(tmp_path: Path) -> None:
    scheduler = roll(tmp_path, "", "postgresql://u:hush-hush@localhost/aime").schedulers[0]

    assert ("hush-hush", "(password)") in scheduler.secrets
