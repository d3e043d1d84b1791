"""Is a table read, in real databases and without writing a byte, and what cannot be told never guessed?"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.hostile_service import closed_port
from fixtures.postgres import OWNER, PASSWORD, Postgres
from rollcall.ask import gather
from rollcall.evidence import CannotLook, FileSeen, NotSeen, OutputSeen
from rollcall.outputs.listing import Wanted
from rollcall.outputs.sources import source_of
from rollcall.roll.load import load
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 2, 11, 6, 2, tzinfo=UTC)
MADE = datetime(2026, 2, 11, 1, 0, 5, tzinfo=UTC)
UNREADABLE, DENIED, DOWN = CauseCode.OUTPUT_UNREADABLE, CauseCode.ACCESS_DENIED, CauseCode.PLACE_DOWN
FILE = "sqlite:///shop.db"
NEWEST = "SELECT max(updated_at) AS made_at, count(*) AS rows FROM rates"


def look(
    folder: Path, *tables: Mapping[str, Any], env: Mapping[str, str] | None = None, now: datetime = NOW
) -> list[OutputSeen | NotSeen]:
    """What is seen of a job for each table of an output."""
    lines = ['timezone = "Europe/Zurich"']
    for number, table in enumerate(tables):
        lines += [f"[jobs.job{number}]", 'schedule = "0 2 * * *"', f"[jobs.job{number}.output]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in {"database": FILE, **table}.items()]
    file = folder / "jobs.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    roll = load(file, environment=env or {})
    return [seen for [seen] in gather(roll.jobs, (), now=now, clock=lambda: now).outputs.values()]


def rows(folder: Path, query: str, env: Mapping[str, str] | None = None, **table: Any) -> tuple[FileSeen, ...]:
    [seen] = look(folder, {"query": query, **table}, env=env)
    assert isinstance(seen, OutputSeen), seen
    return seen.files


def refused(folder: Path, query: str, env: Mapping[str, str] | None = None, **table: Any) -> tuple[CauseCode, str]:
    [seen] = look(folder, {"query": query, **table}, env=env)
    assert isinstance(seen, NotSeen), seen
    return seen.code, seen.detail


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A SQLite file with loads of two nights."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("CREATE TABLE rates (updated_at TEXT, note TEXT)")
        connection.execute("CREATE TABLE loads (at TEXT, n INTEGER, bytes INTEGER)")
        night = [("2026-02-11 01:00:05", "x")] * 3 + [("2026-02-10 01:00:05", "x")]
        connection.executemany("INSERT INTO rates VALUES (?, ?)", night)
        loads = [("2026-02-11T01:00:05Z", 3, 300), ("2026-02-10T01:00:05Z", 1, 100), (None, None, None)]
        connection.executemany("INSERT INTO loads VALUES (?, ?, ?)", loads)
    return tmp_path


def left_in(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.name != "jobs.toml"}


# What it says ---------------------------------------------------------------------------------------------------------


def test_the_newest_of_a_table_is_one_row_with_its_time_and_its_rows(shop: Path) -> None:
    before = left_in(shop)
    [row] = rows(shop, NEWEST, timezone="UTC")

    assert (row.name, row.made_at, row.size) == ("2026-02-11 01:00:05", MADE, None)
    assert row.content is not None
    assert (row.content.rows, row.content.flaw) == (4, None)
    assert json.loads(row.content.head) == {"made_at": "2026-02-11 01:00:05", "rows": 4}
    assert left_in(shop) == before


def test_a_row_a_load_are_several_and_one_that_is_not_made_yet_is_none(shop: Path) -> None:
    found = rows(shop, "SELECT at AS Made_At, n AS ROWS, bytes AS size FROM loads;")

    assert [(each.made_at, each.size, each.content and each.content.rows) for each in found] == [
        (MADE, 300, 3),
        (MADE - timedelta(days=1), 100, 1),
    ]


@pytest.mark.parametrize(
    ("query", "made"),
    [
        ("SELECT at AS made_at FROM loads WHERE at >= :since", 2),
        ("SELECT updated_at || 'Z' AS made_at FROM rates WHERE updated_at >= :now", 0),
        ("SELECT updated_at || 'Z' AS made_at FROM rates WHERE updated_at >= :since", 4),
        ("SELECT at AS made_at FROM loads WHERE at LIKE '2026-02-11%'", 1),
        ("WITH x AS (SELECT at FROM loads) SELECT at AS made_at, '\"::x' AS y FROM x", 2),
    ],
)
def test_since_is_bound_as_far_back_as_earlier_runs_are_compared(query: str, made: int, shop: Path) -> None:
    assert len(rows(shop, query)) == made
    with closing(sqlite3.connect(shop / "shop.db")) as connection, connection:
        connection.execute("INSERT INTO loads VALUES ('2026-01-01 00:00:00', 1, 1)")

    assert len(rows(shop, "SELECT at AS made_at FROM loads WHERE at >= :since", timezone="UTC")) == 2


def test_what_must_hold_is_asked_of_the_row_as_a_json_object(shop: Path) -> None:
    query = "SELECT at AS made_at, n AS Inserted, 1.5 AS share FROM loads WHERE n = 3"
    [row] = rows(shop, query, must_hold=["inserted > `2`", "share < `1`", "missing"])

    assert row.content is not None
    assert row.content.held == {"inserted > `2`": None, "share < `1`": "1.5", "missing": "null"}


def test_what_a_variable_stands_for_is_asked_with_and_never_shown(shop: Path) -> None:
    secret = {"TENANT": "s3cr3t-t0ken-0123456789"}
    [row] = rows(
        shop, "SELECT at AS made_at, '${TENANT}' AS x FROM loads WHERE '${TENANT}' LIKE 's3c%' AND n = 3", secret
    )
    assert row.content is not None
    assert json.loads(row.content.head)["x"] == "${TENANT}"

    code, detail = refused(shop, 'SELECT at AS made_at FROM "${TENANT}"', secret)
    assert (code, "no such table: ${TENANT}" in detail, secret["TENANT"] in detail) == (UNREADABLE, True, False)
    ends = {"TENANT": "x'; DELETE FROM loads; --"}
    assert 'the query has a ";" in it' in refused(shop, "SELECT '${TENANT}' AS made_at", ends)[1]


def test_a_table_without_rows_has_none_and_a_load_of_none_is_empty(shop: Path) -> None:
    assert rows(shop, f"{NEWEST} WHERE note = 'y'") == ()
    assert rows(shop, "SELECT at AS made_at FROM loads WHERE n > 9") == ()
    [row] = rows(shop, "SELECT '2026-02-11T01:00:05Z' AS made_at, 0 AS rows")

    assert row.content is not None
    assert row.content.flaw is not None
    assert row.content.flaw.code is CauseCode.EMPTY_OUTPUT


def test_a_day_without_a_time_is_some_time_of_that_day_and_none_that_is_still_to_come(shop: Path) -> None:
    [row] = rows(shop, "SELECT '2026-02-10' AS made_at")
    zurich = timedelta(hours=1)
    day = datetime(2026, 2, 10, tzinfo=UTC) - zurich
    assert (row.stamp_from, row.stamp_until) == (day, day + timedelta(days=1, microseconds=-1))
    assert row.written_at is None

    [row] = rows(shop, "SELECT '2026-02-11' AS made_at")
    assert row.stamp_until is not None
    assert row.stamp_until - NOW < timedelta(minutes=5)


# What cannot be told --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "table", "code", "says"),
    [
        (NEWEST, {}, CauseCode.NAIVE_TIMESTAMP, "its time 2026-02-11 01:00:05 has no offset, and may be Wed 11 Feb"),
        ("SELECT NULL AS made_at, 4 AS rows", {}, UNREADABLE, "its made_at is NULL, and it has 4 rows"),
        ("SELECT '9999-12-31' AS made_at", {}, UNREADABLE, "year 9999 is outside 1970-2999"),
        ("SELECT '0001-01-02' AS made_at", {}, UNREADABLE, "year 0001 is outside 1970-2999"),
        ("SELECT * FROM rates", {}, UNREADABLE, "it returns no column made_at. Name one so: … AS made_at"),
        ("SELECT at AS made_at, 'x' AS rows FROM loads", {}, UNREADABLE, "its rows is 'x', where a number belongs"),
        ("SELECT at AS made_at, -1 AS size FROM loads", {}, UNREADABLE, "its size is '-1', where a number belongs"),
        ("SELECT x AS made_at FROM nowhere", {}, UNREADABLE, "no such table: nowhere"),
        ("SELECT no_column AS made_at FROM loads", {}, UNREADABLE, "no such column: no_column"),
        (NEWEST, {"database": "sqlite:///gone.db"}, DOWN, "there is no file"),
        (NEWEST, {"database": "sqlite:///jobs.toml"}, UNREADABLE, "file is not a database"),
        (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT max(i) AS made_at FROM n",
            {"timeout": "0.5 s"},
            UNREADABLE,
            "no complete answer within 0.5 s",
        ),
        (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 60000) SELECT i AS made_at FROM n",
            {},
            UNREADABLE,
            "it returns more than 50,000 rows. Ask for less: WHERE … >= :since",
        ),
    ],
)
def test_what_does_not_answer_is_unknown_and_says_why(
    query: str, table: dict[str, Any], code: CauseCode, says: str, shop: Path
) -> None:
    found, detail = refused(shop, query, **table)

    assert found is code
    assert says in detail


def test_a_file_that_is_locked_or_may_not_be_read_is_unknown(shop: Path) -> None:
    with closing(sqlite3.connect(shop / "shop.db", isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        code, detail = refused(shop, NEWEST, timezone="UTC", timeout="0.5 s")

    assert (code, "database is locked" in detail) == (UNREADABLE, True)


def test_outputs_of_one_query_are_asked_for_once_and_judged_each_by_itself(shop: Path) -> None:
    query = {"query": NEWEST, "timezone": "UTC"}
    written = shop / "jobs.toml"
    text = 'timezone = "Europe/Zurich"\n[jobs.a]\nschedule = "0 2 * * *"\n'
    both = [f"[[jobs.a.output]]\ndatabase = '{FILE}'\nquery = '{each}'\n" for each in (NEWEST, "SELECT 1 AS made_at")]
    written.write_text(text + "".join(both), encoding="utf-8")
    roll = load(written, environment={})
    naive, number = gather(roll.jobs, (), now=NOW, clock=lambda: NOW).outputs["a"]

    assert isinstance(naive, NotSeen)
    assert isinstance(number, NotSeen)
    assert (naive.code, number.code) == (CauseCode.NAIVE_TIMESTAMP, UNREADABLE)
    assert isinstance(look(shop, query)[0], OutputSeen)


# PostgreSQL -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def pg(postgres: Postgres) -> Postgres:
    """With a table of rates, one of its loads, and a role that may read one of them."""
    with postgres.connected() as connection:
        for statement in (
            "DROP TABLE IF EXISTS rates, loads, hidden",
            "DROP ROLE IF EXISTS rows_reader",
            "CREATE TABLE rates (updated_at timestamptz, local timestamp, day date)",
            "INSERT INTO rates VALUES ('2026-02-11 02:00:05+01', '2026-02-11 02:00:05', '2026-02-11')",
            "CREATE TABLE hidden (updated_at timestamptz)",
            "CREATE SEQUENCE IF NOT EXISTS numbers",
            "CREATE TABLE loads (updated_at timestamptz)",
            "INSERT INTO loads VALUES ('2026-02-11 02:00:05+01')",
            "ALTER TABLE loads ENABLE ROW LEVEL SECURITY",
            f"CREATE ROLE rows_reader LOGIN PASSWORD '{PASSWORD}'",
            "GRANT SELECT ON rates, loads TO rows_reader",
        ):
            connection.execute(statement)
    return postgres


def test_times_of_postgresql_are_read_with_their_zone_and_without_in_the_one_that_is_said(
    pg: Postgres, tmp_path: Path
) -> None:
    aware, local, day = (
        f"SELECT max({each}) AS made_at, count(*) AS rows FROM rates" for each in ("updated_at", "local", "day")
    )
    [row] = rows(tmp_path, aware, database=pg.url())
    assert (row.made_at, row.content and row.content.rows) == (MADE, 1)
    [row] = rows(tmp_path, local, database=pg.url(), timezone="Europe/Zurich")
    assert row.made_at == MADE
    assert refused(tmp_path, local, database=pg.url())[0] is CauseCode.NAIVE_TIMESTAMP
    [row] = rows(tmp_path, day, database=pg.url())
    assert (row.name, row.written_at) == ("2026-02-11", None)
    # Whatever zone its server has, a day that is made of an instant is one of the job's own zone.
    midnight = "SELECT (updated_at - interval '2 h')::date AS made_at FROM rates"
    [row] = rows(tmp_path, midnight, database=pg.url())
    assert row.name == "2026-02-11"
    # What has no zone is held against an instant in the zone that is said.
    since = "SELECT local AS made_at FROM rates WHERE local <= :now"
    assert len(rows(tmp_path, since, database=pg.url(), timezone="Europe/Zurich")) == 1


@pytest.mark.parametrize(
    ("query", "user", "code", "says"),
    [
        (
            "WITH x AS (DELETE FROM rates RETURNING updated_at) SELECT updated_at AS made_at FROM x",
            OWNER,
            UNREADABLE,
            "",
        ),
        ("SELECT updated_at AS made_at FROM hidden", "rows_reader", DENIED, "permission denied for table hidden"),
        ("SELECT updated_at AS made_at FROM nowhere", OWNER, UNREADABLE, 'relation "nowhere" does not exist'),
        ("SELECT pg_sleep(60), now() AS made_at", OWNER, UNREADABLE, "no complete answer within 1 s"),
        ("SELECT 'infinity'::timestamptz AS made_at", OWNER, UNREADABLE, "timestamp too large"),
        ("SELECT now() AS made_at, nextval('numbers')", OWNER, UNREADABLE, "nextval() in a read-only transaction"),
    ],
    ids=["writes", "denied", "no table", "slow", "infinity", "sequence"],
)
def test_postgresql_writes_nothing_and_its_refusals_are_unknown(
    query: str, user: str, code: CauseCode, says: str, pg: Postgres, tmp_path: Path
) -> None:
    url = pg.url(user=user).replace("%40", "${AT}")
    found, detail = refused(tmp_path, query, database=url, timeout="1 s", env={"AT": "%40"})

    assert (found, says in detail) == (code, True)
    assert PASSWORD not in detail
    with pg.connected() as connection:
        assert connection.execute("SELECT count(*) FROM rates").fetchone() == (1,)


def test_a_lock_holds_up_no_morning_and_row_security_cannot_be_told_from_an_empty_table(
    pg: Postgres, tmp_path: Path
) -> None:
    assert rows(tmp_path, NEWEST.replace("rates", "loads"), database=pg.url(user="rows_reader")) == ()
    with pg.connected() as connection:
        connection.execute("LOCK TABLE rates IN ACCESS EXCLUSIVE MODE")
        code, detail = refused(tmp_path, NEWEST, database=pg.url(), timeout="0.5 s")
        connection.rollback()

    assert (code, "no complete answer within 0.5 s" in detail) == (UNREADABLE, True)


def test_a_server_that_is_not_there_or_refuses_the_password_is_unknown(pg: Postgres, tmp_path: Path) -> None:
    nobody = f"postgresql://u:${{PGPASSWORD}}@127.0.0.1:{closed_port()}/x"
    code, detail = refused(tmp_path, NEWEST, database=nobody, env={"PGPASSWORD": PASSWORD.replace(" ", "%20")})
    assert (code, "hunter" in detail) == (DOWN, False)
    assert PASSWORD not in detail

    code, detail = refused(tmp_path, NEWEST, database=pg.url(password="wrong-one"))
    assert (code, "wrong-one" in detail) == (DENIED, False)


# DuckDB ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def duck(tmp_path: Path) -> Path:
    """A file of DuckDB with a table of rates."""
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(str(tmp_path / "lake.duckdb")) as connection:
        connection.execute("CREATE TABLE rates (updated_at TIMESTAMPTZ, local TIMESTAMP, day DATE)")
        connection.execute("INSERT INTO rates VALUES ('2026-02-11 02:00:05+01', '2026-02-11 02:00:05', '2026-02-11')")
    return tmp_path


def test_a_file_of_duckdb_is_read_and_not_written(duck: Path) -> None:
    lake: dict[str, Any] = {"database": "duckdb:///lake.duckdb"}
    before = left_in(duck)
    [row] = rows(duck, NEWEST, **lake)
    assert (row.made_at, row.content and row.content.rows) == (MADE, 1)
    local = "SELECT local AS made_at FROM rates WHERE local >= :since"
    assert rows(duck, local, **lake, timezone="Europe/Zurich")[0].made_at == MADE
    assert rows(duck, "SELECT day AS made_at FROM rates", **lake)[0].name == "2026-02-11"
    assert left_in(duck) == before

    code, detail = refused(duck, "SELECT x AS made_at FROM nowhere", **lake)
    assert (code, "Table with name nowhere does not exist" in detail) == (UNREADABLE, True)
    assert refused(duck, NEWEST, database="duckdb:///gone.duckdb")[0] is DOWN
    assert refused(duck, NEWEST, database="duckdb:///jobs.toml")[0] is UNREADABLE
    assert left_in(duck) == before


def test_duckdb_is_told_when_its_time_is_over(duck: Path) -> None:
    """It knows no limit itself, and would go on in its thread."""
    slow = "SELECT max(a.range * b.range) AS made_at FROM range(10000000) a, range(100000) b"
    refused(duck, slow, database="duckdb:///lake.duckdb", timeout="0.1 s")
    [job] = load(duck / "jobs.toml", environment={}).jobs
    wanted = Wanted(key=("job0", 0), output=job.outputs[0], zone=job.zone, since=NOW, read_since=NOW)

    with pytest.raises(CannotLook, match="no complete answer within"):
        source_of(job.outputs[0]).look([wanted], now=NOW)


def test_a_file_of_duckdb_that_somebody_writes_is_unknown(duck: Path) -> None:
    holds = "import duckdb, sys; c = duckdb.connect('lake.duckdb'); print('held', flush=True); sys.stdin.read()"
    argv = [sys.executable, "-c", holds]
    with subprocess.Popen(argv, cwd=duck, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        code, detail = refused(duck, NEWEST, database="duckdb:///lake.duckdb")
        other.communicate()

    assert (code, "Could not set lock" in detail) == (UNREADABLE, True)
