"""Is a history in PostgreSQL shared by many without a fight, and is a morning judged whatever becomes of the server?"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fixtures.histories import history_in
from fixtures.one_morning import haiku_job
from fixtures.postgres import PASSWORD, Postgres, cluster, programs
from rollcall.command_line import install
from rollcall.errors import BadInput
from rollcall.history import postgresql
from rollcall.history import store as stores
from rollcall.history.postgresql import Database
from rollcall.history.reading import read, read_told, read_whole
from rollcall.history.rows import NOTHING, Whole
from rollcall.history.store import alone, changed
from rollcall.history.tables import VERSION
from rollcall.history.writing import merge, update_told
from rollcall.roll.load import load
from tests.test_history_store import FIRST, HOUSE, JOB, NOON, row, seen_on, verdicts, written

SHORT = timedelta(seconds=2)


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    with history_in(postgres) as made:
        yield made


def done(database: Database, *statements: str) -> None:
    """Somebody else does that in the same server."""
    with psycopg.connect(database.url) as connection:
        for each in statements:
            connection.execute(each.format(schema=database.schema).encode())


def on(at: str, database: Database) -> Database:
    return replace(database, url=at)


# Many share it --------------------------------------------------------------------------------------------------------


def test_each_jobs_file_has_a_history_of_its_own_in_one_database(postgres: Postgres) -> None:
    with history_in(postgres) as billing, history_in(postgres) as web:
        written(billing, seen_on(10), seen_on(11))
        written(web, seen_on(11, status="error"))
        update_told(web, {}, {"webhook": {"a": FIRST}})

        assert (verdicts(billing), verdicts(web)) == (["02-10 ok", "02-11 ok"], ["02-11 failed"])
        assert (read_told(billing), read(web, [haiku_job(id="x")], now=NOON).gone) == ({}, (JOB.id,))
        assert read(billing, [JOB], now=NOON).gone == ()


_WRITES = """
import sys
from tests.test_history_store import *
from rollcall.history.postgresql import Database
database = Database(url=sys.argv[1], of=sys.argv[2], shown="")
print("ready", flush=True)
sys.stdin.readline()
for number in [int(each) for each in sys.argv[3:]]:
    told = write(database, seen_on(11, id=f"job{number}").judged, by=f"pytest {number}", is_complete=True, keeps=YEAR)
    print(told, flush=True)
"""


def test_processes_that_begin_it_and_write_at_the_same_time_all_land(database: Database) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITES, database.url, database.of, *map(str, range(number, number + 3))],
            cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(0, 12, 3)
    ]  # fmt: skip
    for each in writers:
        assert each.stdout
        assert each.stdout.readline() == "ready\n"
    for each in writers:  # all are let go before the first is waited for
        assert each.stdin
        each.stdin.write("\n")
        each.stdin.flush()

    assert [each.communicate()[0] for each in writers] == ["None\n" * 3] * 4
    chronicle = read(database, [haiku_job(id=f"job{number}") for number in range(12)], now=NOON)
    assert (len(chronicle.rows), len(chronicle.mornings), chronicle.problem) == (12, 12, None)


def test_a_writer_waits_for_another_of_the_same_history_and_for_no_other(
    postgres: Postgres, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "PATIENCE", timedelta(milliseconds=200))
    written(database, seen_on(10))
    with history_in(postgres) as other, psycopg.connect(database.url) as busy:
        busy.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (database.schema,))

        assert verdicts(database) == ["02-10 ok"]  # readers wait for nobody
        assert written(database, seen_on(11)) == [
            f"{database.name} was not written: another process is writing it, and did not finish in time"
        ]
        assert written(other, seen_on(11)) == [None]
    assert written(database, seen_on(11)) == [None]
    assert verdicts(database) == ["02-10 ok", "02-11 ok"]


def test_two_looks_tell_one_after_the_other_and_neither_waits_for_ever(database: Database) -> None:
    order = []

    def second() -> None:
        with alone(database, "alert", timedelta(seconds=20)):
            order.append("second")

    with alone(database, "alert", SHORT):
        other = threading.Thread(target=second)
        other.start()
        with alone(database, "alert", timedelta(milliseconds=100)):  # the lock is not had: it goes on
            order.append("first")
    other.join(20)

    assert order == ["first", "second"]


# What is in it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (f"UPDATE about SET version = {VERSION + 1}", "it was written by a newer Roll call"),
        ("UPDATE about SET version = 1", "it was written by an older Roll call"),
        ("DELETE FROM about", "it does not say its version"),
        ("DROP TABLE about", "holds what Roll call did not make"),
        ("DROP TABLE runs", "its tables are not those of this version"),
        ("ALTER TABLE outputs RENAME COLUMN made TO written", "its tables are not those of this version"),
    ],
)
def test_what_is_no_history_of_this_version_is_said_and_left_as_it_is(
    database: Database, statement: str, says: str
) -> None:
    written(database, seen_on(10))
    done(database, f"SET search_path TO {{schema}}; {statement}")

    assert says in str(read(database, [JOB], now=NOON).problem)
    [told] = written(database, seen_on(11))
    assert says in str(told)
    with psycopg.connect(database.url) as connection:
        mornings = connection.execute(f"SELECT count(*) FROM {database.schema}.mornings".encode()).fetchone()
    assert mornings == (1,)


def test_the_tables_of_another_application_are_left_alone(database: Database) -> None:
    done(database, "CREATE SCHEMA {schema}", "CREATE TABLE {schema}.songs (title TEXT)")

    [told] = written(database, seen_on(11))
    assert "holds what Roll call did not make; write another name in [history]" in str(told)


def test_a_role_that_may_only_use_a_schema_that_was_made_for_it_can_begin_there(
    postgres: Postgres, database: Database
) -> None:
    done(database, "CREATE ROLE teller LOGIN PASSWORD 'secret-1234'", "CREATE SCHEMA {schema} AUTHORIZATION teller")
    try:
        as_teller = on(postgres.url(user="teller", password="secret-1234"), database)

        assert written(as_teller, seen_on(11)) == [None]
        assert verdicts(as_teller) == ["02-11 ok"]
        [told] = written(replace(as_teller, of="nobody_made_it"), seen_on(11))
        assert "permission denied for database" in str(told)
    finally:
        done(database, "DROP SCHEMA {schema} CASCADE", "DROP ROLE teller")


# What becomes of the server -------------------------------------------------------------------------------------------


def test_a_server_that_refuses_or_is_away_is_a_problem_without_secrets(postgres: Postgres, database: Database) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    for url, says in [
        (f"postgresql://u:{'hunter2-hunter2'}@127.0.0.1:{port}/shop", "onnection refused"),
        (postgres.url(password="hunter2-hunter2"), "password authentication failed"),
        (postgres.url(database="nowhere"), 'database "nowhere" does not exist'),
    ]:
        away = on(url, database)
        problem = str(read(away, [JOB], now=NOON).problem)
        [told] = written(away, seen_on(11))

        assert problem.startswith(f"{database.name} cannot be read: ")
        assert says in problem
        assert says in str(told)
        assert str(told).startswith(f"{database.name} was not written: ")
        assert not any(secret in f"{problem}{told}" for secret in ("hunter2", PASSWORD))
        assert read_told(away) == {}
        assert len(problem.splitlines()) == 1


def test_a_server_that_takes_a_connection_and_says_nothing_is_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_CONNECTING", SHORT)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        [told] = written(on(f"postgresql://u@127.0.0.1:{port}/shop", database), seen_on(11))

    assert "timeout expired" in str(told)


@contextmanager
def own_server() -> Iterator[tuple[Postgres, Path]]:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with cluster() as made, made.running() as server:
        yield server, made.folder / "data" / "postmaster.pid"


def test_a_server_that_stops_in_the_middle_of_a_write_loses_nothing_and_is_given_up() -> None:
    with own_server() as (server, _):
        database = Database(url=server.url(), of="billing", shown="postgresql:///postgres")
        written(database, seen_on(10))
        rows = [row(day, job_id=f"job{number}") for number in range(300) for day in range(1, 11)]

        def hang(connection: Any) -> None:
            process = next(iter(connection.ask("SELECT pg_backend_pid() AS pid")))["pid"]
            stopped.append(process)
            subprocess.run(["kill", "-STOP", str(process)], check=True)
            list(connection.ask("SELECT 1 AS one"))

        stopped: list[int] = []
        began = time.monotonic()
        told = changed(database, hang, limit=SHORT)
        lasted = time.monotonic() - began
        subprocess.run(["kill", "-CONT", str(stopped[0])], check=True)

        assert told == f"{database.name} was not written: it did not answer within 2 s"
        assert lasted < 30  # it would hang for ever

        def killed(connection: Any) -> None:
            merge_into(connection)
            process = next(iter(connection.ask("SELECT pg_backend_pid() AS pid")))["pid"]
            subprocess.run(["kill", "-TERM", str(process)], check=True)
            merge_into(connection)

        def merge_into(connection: Any) -> None:
            from rollcall.history.writing import _keep_rows

            _keep_rows(connection, rows, latest=0)

        told = changed(database, killed)
        assert "was not written: " in str(told)
        assert len(str(told).splitlines()) == 1
        assert len(read_whole(database).rows) == 1
        assert merge(database, Whole(rows=rows)) is None
        assert len(read_whole(database).rows) == 3_001


def test_a_database_that_may_only_be_read_is_read(database: Database) -> None:
    written(database, seen_on(10))
    only_read = on(f"{database.url}&options=-cdefault_transaction_read_only%3Don", database)

    assert verdicts(only_read) == ["02-10 ok"]
    [told] = written(only_read, seen_on(11))
    assert "read-only transaction" in str(told)


def test_a_pause_of_the_whole_server_delays_a_morning_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "LIMIT", SHORT)
    monkeypatch.setattr(postgresql, "_CONNECTING", SHORT)
    with own_server() as (server, pid_file):
        database = Database(url=server.url(), of="billing", shown="postgresql:///postgres")
        written(database, seen_on(10))
        process = int(pid_file.read_text().split()[0])
        subprocess.run(["kill", "-STOP", str(process)], check=True)
        try:
            assert "timeout expired" in str(read(database, [JOB], now=NOON).problem)
            assert "timeout expired" in str(written(database, seen_on(11)))
        finally:
            with suppress(ProcessLookupError):
                subprocess.run(["kill", f"-{signal.SIGCONT.value}", str(process)], check=True)


# What jobs.toml says --------------------------------------------------------------------------------------------------

JOBS = """
timezone = "Europe/Zurich"
[history]
{lines}
[jobs.haiku]
schedule = "0 6 * * *"
output = {{ path = "out/haiku-*.md" }}
"""


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('url = "postgresql://u:hunter2@db/shop"', "history.name: is required with url"),
        ('name = "billing"', "history.name = \"billing\": says which history of a database it is, and there is none."),
        ('url = "mysql://u:hunter2@db/shop"\nname = "a"', "is no address of a PostgreSQL"),
        ('url = "postgresql://u:hun/ter2@db/shop"\nname = "a"', "cannot be read as an address"),
        ('url = "postgresql://db/shop?password=hunter2&song=x"\nname = "a"', "cannot be read as an address"),
        ('url = "postgresql://db/shop?song=hunter2"\nname = "a"', "cannot be read as an address"),
        ('url = "postgresql://u:${NO_SUCH}@db/shop"\nname = "a"', "NO_SUCH is not set in the environment"),
        ('url = "postgresql://db/shop"\nname = "Billing; DROP"', "history.name"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_said_with_its_cure_and_without_its_password(tmp_path: Path, lines: str, says: str) -> None:
    file = tmp_path / "jobs.toml"
    file.write_text(JOBS.format(lines=lines))
    with pytest.raises(BadInput) as problem:
        load(file, environment={})

    assert says in str(problem.value)
    assert "hunter2" not in str(problem.value)
    assert "ter2" not in str(problem.value)


_LOADED = """
import sys
{before}
from pathlib import Path
from rollcall.roll.load import load
from rollcall.history.store import store_of
try:
    store_of(load(Path(sys.argv[1]), environment={{}}).history, Path())
except Exception as problem:
    print(problem)
print(bool(sys.modules.get("psycopg")))
"""


@pytest.mark.parametrize(
    ("lines", "before", "says"),
    [
        ('keeps = "30 d"', "", ["False"]),
        (
            'url = "postgresql://db/shop"\nname = "a"',
            "sys.modules['psycopg'] = None",
            [f"jobs.toml: history.url: needs psycopg, which is not installed: {install('psycopg[binary]')}", "False"],
        ),
    ],
    ids=["no database", "no driver"],
)
def test_the_driver_is_imported_only_where_a_database_is_named_and_missed_with_its_cure(
    tmp_path: Path, lines: str, before: str, says: list[str]
) -> None:
    (tmp_path / "jobs.toml").write_text(JOBS.format(lines=lines))
    command = [sys.executable, "-c", _LOADED.format(before=before), str(tmp_path / "jobs.toml")]
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True)

    assert done.stdout.splitlines() == says, done.stderr


def test_an_address_is_shown_without_secrets_and_sent_with_them(tmp_path: Path) -> None:
    file = tmp_path / "jobs.toml"
    (tmp_path / "password").write_text("hunter2/%41\n")
    lines = f'url = "postgresql+psycopg://teller:${{file:{tmp_path}/password}}@${{HOST}}:5433/shop"\nname = "billing"'
    file.write_text(JOBS.format(lines=lines.replace("hunter2/", "")))
    (tmp_path / "password").write_text("hunter2%2F\n")
    history = load(file, environment={"HOST": "db.example.com"}).history

    assert history.address == "postgresql://teller:hunter2%2F@db.example.com:5433/shop"
    assert "hunter2" not in f"{history!r}{history.shown_url}{stores.store_of(history, tmp_path)!r}"
    assert str(stores.store_of(history, tmp_path).name) == 'history "billing" in postgresql://${HOST}:5433/shop'


def test_before_anybody_wrote_there_is_nothing_and_nothing_is_made(database: Database) -> None:
    assert read(database, [JOB], now=NOON) == NOTHING
    with psycopg.connect(database.url) as connection:
        assert connection.execute("SELECT to_regnamespace(%s)", (database.schema,)).fetchone() == (None,)
