"""Is a scheduler's database read, whatever is in it, without writing a byte and within its time?"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.hostile_service import Script, closed_port, hostile_service
from fixtures.postgres import OWNER, PASSWORD, Postgres
from rollcall import command_line
from rollcall.ask import gather
from rollcall.demo.store import Store
from rollcall.errors import BadInput
from rollcall.evidence import JobListed, NotSeen, Outcome, RunSeen, SchedulerSeen
from rollcall.morning.judge import judge_morning
from rollcall.roll.load import load
from rollcall.roll.roll import Roll
from rollcall.schedulers.pages import MOST_ENTRIES
from rollcall.sources.query import bound_in, columns
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode, Verdict

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)
HOUSE = Path(__file__).parents[1]
FILE = "sqlite:///data/musique.db"
DOWN, DENIED, ERROR = CauseCode.SCHEDULER_DOWN, CauseCode.ACCESS_DENIED, CauseCode.SCHEDULER_ERROR


def written(folder: Path, schedulers: str, env: Mapping[str, str] | None = None) -> Roll:
    """The roll of these tables, with one job of the scheduler `s`."""
    file = folder / "jobs.toml"
    job = "[jobs.haiku]\nscheduler = 's'\nschedule = '0 6 * * *'\n"
    if "runs" not in schedulers:
        job += "output.path = 'haiku-*.md'\n"  # or nothing would show whether it ran
    file.write_text(f'timezone = "Europe/Zurich"\n{schedulers}\n{job}', encoding="utf-8")
    return load(file, environment=env or {})


def asking(**queries: str) -> str:
    """A scheduler whose parts are asked by these queries; `more` is further lines of its own table."""
    more, timeout = queries.pop("more", ""), queries.pop("timeout", "60 s")
    url = queries.pop("url", FILE)
    parts = "".join(f"[schedulers.s.{part}]\nask = {json.dumps(query)}\n" for part, query in queries.items())
    return f"[schedulers.s]\nkind = 'sql'\ndatabase = '{url}'\ntimeout = '{timeout}'\n{more}\n{parts}"


def look(folder: Path, /, env: Mapping[str, str] | None = None, **queries: Any) -> SchedulerSeen | NotSeen:
    declared = written(folder, asking(**queries), env)
    return gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW).schedulers["s"]


def seen(folder: Path, **queries: Any) -> SchedulerSeen:
    found = look(folder, **queries)
    assert isinstance(found, SchedulerSeen), found
    return found


def not_seen(folder: Path, **queries: Any) -> tuple[CauseCode, str]:
    found = look(folder, **queries)
    assert isinstance(found, NotSeen), found
    return found.code, found.detail


ACTIVE = "SELECT is_active AS running, last_updated AS since FROM service_states"
RUNS = "SELECT task_id AS job, last_executed AS ended, last_status AS status FROM scheduled_task_executions"
WORDS = "words = { success = ['success'], failed = ['error'] }"


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


def test_the_memory_of_aime_is_read_as_it_is(tmp_path: Path, store: Store) -> None:
    change(store, "UPDATE scheduled_task_executions SET last_executed = NULL WHERE task_id = 'never'")
    aime = f"[schedulers.s]\nkind = 'aime'\nurl = 'http://127.0.0.1:9'\n[schedulers.s.memory]\ndatabase = '{FILE}'"
    declared = written(tmp_path, aime)
    memory = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW).memories["s"]

    assert memory == SchedulerSeen(
        asked_at=NOW,
        answered_at=NOW,
        running=True,
        since="2026-02-10 07:55:00.000000",
        runs=(RunSeen(job="haiku", ended="2026-02-11 05:00:17.000250", word="success", outcome=Outcome.SUCCESS),),
    )


def test_jobs_and_runs_are_read_by_the_names_of_their_columns(tmp_path: Path, store: Store) -> None:
    jobs = "SELECT task_id AS ID, task_name AS Name, 0 AS paused, next_run_time AS next_run, '0 6 * * *' AS schedule"
    found = seen(tmp_path, jobs=f"{jobs} FROM scheduled_task_executions WHERE task_id = 'haiku'", runs=RUNS, more=WORDS)

    assert found.jobs == (
        JobListed(id="haiku", name="Haïkus", paused=False, next_run="2026-02-12 05:00:00.000000", schedule="0 6 * * *"),
    )
    assert [(each.job, each.outcome.value) for each in found.runs or ()] == [("haiku", "success"), ("never", "unknown")]


def test_a_column_may_be_named_otherwise_where_the_mapping_says_so(tmp_path: Path, store: Store) -> None:
    declared = "[schedulers.s]\nkind = 'sql'\ndatabase = '{}'\n[schedulers.s.runs]\nask = 'SELECT * FROM {}'\n{}\n"
    table = "job = 'Task_ID'\nended = 'last_executed'"
    found = written(tmp_path, declared.format(FILE, "scheduled_task_executions", table.replace("Task_ID", "task_id")))
    evidence = gather(found.jobs, found.schedulers, now=NOW, clock=lambda: NOW).schedulers["s"]
    assert isinstance(evidence, SchedulerSeen), evidence

    assert [each.job for each in evidence.runs or ()] == ["haiku", "never"]


def test_a_relative_path_is_relative_to_the_file_in_which_it_stands(tmp_path: Path, store: Store) -> None:
    (tmp_path / "elsewhere").mkdir()

    assert seen(tmp_path / "elsewhere", alive=ACTIVE, url="sqlite:///../data/musique.db").running is True
    assert seen(tmp_path / "elsewhere", alive=ACTIVE, url=f"sqlite:///{store.path}").running is True


def test_what_is_left_out_is_not_asked(tmp_path: Path, store: Store) -> None:
    flag, runs = seen(tmp_path, alive=ACTIVE), seen(tmp_path, runs=RUNS)

    assert (flag.running, flag.jobs, flag.runs) == (True, None, None)
    assert (runs.running, runs.since) == (None, None)
    assert len(runs.runs or ()) == 2


def test_no_rows_are_a_value(tmp_path: Path, store: Store) -> None:
    change(store, "DELETE FROM service_states")
    change(store, "DELETE FROM scheduled_task_executions")
    found = seen(tmp_path, alive=ACTIVE, runs=RUNS, jobs="SELECT task_id AS id FROM scheduled_task_executions")

    assert (found.running, found.since, found.jobs, found.runs) == (None, None, (), ())


FLAGS = {
    "1": True, "0": False, "1.0": True, "true": True, "false": False, "'t'": True, "'f'": False, "'TRUE'": True,
    "' no '": False, "'Y'": True, "'inactive'": False, "x'01'": True, "x'00'": False,
}  # fmt: skip


@pytest.mark.parametrize(("flag", "running"), FLAGS.items())
def test_a_flag_may_be_written_in_many_ways(tmp_path: Path, store: Store, flag: str, running: bool) -> None:
    assert seen(tmp_path, alive=f"SELECT {flag} AS running").running is running


COLONS = {
    "as it is": ("SELECT 1 AS running, '%s :x' || '05:00:17%%' AS since", "%s :x05:00:17%%"),
    "a backslash": (r"SELECT 1 AS running, '\:x %(a)s ?' AS since", r"\:x %(a)s ?"),
    "beside one of ours": (
        r"SELECT 1 AS running, '\:x :now %d %%' || (:since < :now) || '12:since' AS since -- :until ?",
        r"\:x :now %d %%112:since",
    ),
}


@pytest.mark.parametrize(("query", "since"), COLONS.values(), ids=COLONS)
def test_percent_signs_and_colons_are_part_of_a_query(tmp_path: Path, store: Store, query: str, since: str) -> None:
    assert seen(tmp_path, alive=query).since == since


def test_a_variable_in_a_query_is_read_and_hidden(tmp_path: Path, store: Store) -> None:
    query = "SELECT 1 AS running, 'of ${TENANT}, ' || length('${TENANT}') AS since"

    assert seen(tmp_path, alive=query, env={"TENANT": "acme-1"}).since == "of ${TENANT}, 6"


def test_a_variable_cannot_end_a_query_and_begin_another(tmp_path: Path, store: Store) -> None:
    env = {"TENANT": "x'; DELETE FROM service_states; --"}
    code, detail = not_seen(tmp_path, alive="SELECT 1 AS running, '${TENANT}' AS since", env=env)

    assert (code, detail.startswith(f'{FILE}: alive: the query has a ";" in it')) == (ERROR, True)


# Since ------------------------------------------------------------------------------------------------------------


def kept(folder: Path, times: list[str], zone: str) -> list[str]:
    """Which of these times `:since` lets through."""
    with closing(sqlite3.connect(folder / "since.db")) as connection, connection:
        connection.execute("DROP TABLE IF EXISTS runs")
        connection.execute("CREATE TABLE runs (at)")
        connection.executemany("INSERT INTO runs VALUES (?)", [(each,) for each in times])
    query = "SELECT 'a' AS job, at AS ended FROM runs WHERE at >= :since AND at <= :now"
    more = f"naive_times = '{zone}'"
    found = seen(folder, runs=query, url="sqlite:///since.db", more=more)
    assert found.runs_since is not None
    assert found.runs_since.tzinfo is UTC
    return [each.ended or "" for each in found.runs or ()]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Zurich", "America/New_York", "Asia/Kolkata"])
def test_since_is_held_against_texts_in_the_zone_of_the_database(tmp_path: Path, zone: str) -> None:
    first = seen(
        tmp_path, runs="SELECT 'a' AS job, :since AS ended, :now AS started", url=f"sqlite:///{_empty_db(tmp_path)}"
    )
    since, now = first.runs_since, NOW
    assert since is not None

    def face(at: datetime) -> str:
        return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")

    second = timedelta(seconds=1)
    times = [face(since - second), face(since), face(now), face(now + second)]

    assert kept(tmp_path, times, zone) == times[1:3]
    whole = [each[:19] for each in times]
    assert kept(tmp_path, whole, zone) == whole[1:3]


def _empty_db(folder: Path) -> Path:
    path = folder / "empty.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS x (y)")
    return path


def test_since_is_a_number_where_times_are(tmp_path: Path) -> None:
    _empty_db(tmp_path)
    query = "SELECT 'a' AS job, typeof(:since) AS status, 1770787817.5 AS ended WHERE 1770787817.5 > :since"
    (run,) = seen(tmp_path, runs=query, url="sqlite:///empty.db", more="times = 'epoch'").runs or ()

    assert (run.word, run.ended) == ("integer", "2026-02-11T05:30:17.500000+00:00")


# What it must not do ----------------------------------------------------------------------------------------------

WRITES = [
    "UPDATE service_states SET is_active = 0 RETURNING is_active AS running",
    "DELETE FROM service_states RETURNING is_active AS running",
    "INSERT INTO service_states VALUES ('x', 1, '') RETURNING is_active AS running",
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
    explicit = asking(alive=query, more="").replace("[schedulers.s.alive]\n", "[schedulers.s.alive]\nrunning = 'x'\n")
    declared = written(tmp_path, explicit)
    before = left_in(tmp_path)
    found = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW).schedulers["s"]
    assert isinstance(found, NotSeen), found

    assert found.code is ERROR
    assert found.detail.startswith(f"{FILE}: alive: the query would do more than read (")
    assert left_in(tmp_path) == before


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    code, detail = not_seen(tmp_path, alive=ACTIVE)

    assert (code, detail) == (DOWN, f"{FILE}: there is no file {tmp_path / 'data/musique.db'}")
    assert os.listdir(tmp_path) == ["jobs.toml"]


def test_a_write_ahead_log_that_is_not_there_is_not_made(tmp_path: Path, store: Store) -> None:
    change(store, "PRAGMA journal_mode = WAL")
    assert seen(tmp_path, alive=ACTIVE).running is True
    assert os.listdir(store.path.parent) == ["musique.db"]


def test_what_stands_only_in_the_write_ahead_log_is_seen(tmp_path: Path, store: Store) -> None:
    change(store, "PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(store.path)) as living:
        living.execute("UPDATE service_states SET is_active = 0")
        living.commit()
        assert store.path.with_name("musique.db-wal").stat().st_size > 0
        assert seen(tmp_path, alive=ACTIVE).running is False
    assert os.listdir(store.path.parent) == ["musique.db"]


@pytest.mark.parametrize("is_moved_along", [("musique.db",), ("musique.db", "musique.db-wal")], ids=len)
def test_nothing_is_written_beside_a_file_that_was_copied_while_it_was_open(
    tmp_path: Path, store: Store, is_moved_along: tuple[str, ...]
) -> None:
    change(store, "PRAGMA journal_mode = WAL")
    copied = tmp_path / "elsewhere" / "data"
    copied.mkdir(parents=True)
    with closing(sqlite3.connect(store.path)) as living:
        living.execute("UPDATE service_states SET is_active = 0")
        living.commit()
        for name in is_moved_along:
            shutil.copy(store.path.with_name(name), copied)
    written(copied.parent, asking(alive=ACTIVE))
    before = left_in(copied)

    assert seen(copied.parent, alive=ACTIVE).running is (len(is_moved_along) == 1)
    assert left_in(copied) == before


def test_what_a_crash_left_behind_is_not_put_right(tmp_path: Path, store: Store) -> None:
    crashing = "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None)"
    crashing += "; c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN')"
    crashing += "; c.execute('CREATE TABLE big AS SELECT hex(zeroblob(400000))'); os._exit(0)"
    subprocess.run([sys.executable, "-c", crashing, str(store.path)], check=True)
    written(tmp_path, asking(alive=ACTIVE))
    before = left_in(tmp_path)
    code, detail = not_seen(tmp_path, alive=ACTIVE)

    assert store.path.with_name("musique.db-journal").stat().st_size > 0
    assert (code, "its last writer broke off in the middle" in detail) == (ERROR, True)
    assert left_in(tmp_path) == before


# What else may be there -------------------------------------------------------------------------------------------

RUN = "SELECT 'a' AS job, NULL AS ended, NULL AS status"
SHAPES: list[tuple[str, str, str]] = [
    ("alive", "SELECT NULL AS running", "running is null where true or false belongs"),
    ("alive", "SELECT 2 AS running", "running is 2 where true or false belongs"),
    ("alive", "SELECT 'perhaps' AS running", 'running is "perhaps" where true or false belongs'),
    ("alive", "SELECT x'0102' AS running", "running is of the type bytes where true or false belongs"),
    ("alive", "SELECT 1 AS running, 1770703217 AS since", "since is the number 1770703217 where a time belongs. Say"),
    (
        "alive",
        "SELECT 1 AS running UNION ALL SELECT 0",
        "alive returns more than one row. Say which with WHERE",
    ),
    ("alive", "SELECT is_active AS running FROM schedulers", "alive: no such table: schedulers"),
    ("alive", "SELECT active AS running FROM service_states", "alive: no such column: active"),
    ("runs", "SELECT 1 AS ended, 2 AS job FROM", 'runs: incomplete input'),
    ("runs", RUN.replace("'a'", "NULL"), "runs[0].job is null where a text belongs"),
    ("runs", RUN.replace("NULL AS ended", "1770703217.5 AS ended"), "runs[0].ended is the number 1770703217.5 where"),
    ("runs", RUN.replace("NULL AS status", "x'00' AS status"), "runs[0].status is of the type bytes where a text"),
    ("runs", RUN.replace("NULL AS ended", "x'00' AS ended"), "runs[0].ended is of the type bytes where a time"),
    ("runs", f"{RUN} FROM executions", "runs: no such table: executions"),
    ("jobs", "SELECT '' AS id", 'jobs[0].id is "" where a text belongs'),
    ("jobs", "SELECT 1.5 AS id", "jobs[0].id is 1.5 where a text belongs"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "query", "detail"), SHAPES)
def test_a_wrong_shape_is_told(tmp_path: Path, store: Store, part: str, query: str, detail: str) -> None:
    code, said = not_seen(tmp_path, **{part: query})

    assert code is ERROR
    assert said.startswith(f"{FILE}: {detail}")


def test_a_row_without_a_time_is_no_run(tmp_path: Path, store: Store) -> None:
    assert seen(tmp_path, runs=RUN).runs == ()


def test_hostile_texts_arrive_clean_and_bounded(tmp_path: Path, store: Store) -> None:
    hostile = "char(27) || '[31m' || char(8238) || 'red' || char(10) || 'line'"
    long = "replace(hex(zeroblob(100000)), '0', 'x')"
    query = f"SELECT {hostile} AS job, {long} AS ended, {hostile} AS status"
    (run,) = seen(tmp_path, runs=query).runs or ()

    assert run.job == '"\\u001b[31m\\u202ered\\nline"'
    assert run.word == "red line"
    assert len(run.ended or "") == 200


def test_bytes_that_are_no_text_are_shown_as_such(tmp_path: Path, store: Store) -> None:
    query = "SELECT 'a' AS job, 'x' AS ended, CAST(x'66ff6f' AS TEXT) AS status"

    assert seen(tmp_path, runs=query).runs == (RunSeen(job="a", ended="x", word="f\ufffdo"),)


def test_more_than_a_text_may_be_is_refused(tmp_path: Path, store: Store) -> None:
    code, detail = not_seen(tmp_path, alive="SELECT 1 AS running, hex(zeroblob(900000)) AS since")

    assert (code, detail) == (ERROR, f"{FILE}: alive: string or blob too big")


MANY = """
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {})
SELECT x AS job, 'x' AS ended FROM n"""
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS running FROM n"


def test_rows_are_bounded(tmp_path: Path, store: Store) -> None:
    patient = asking(runs=MANY.format(MOST_ENTRIES))
    declared = written(tmp_path, patient)
    most = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW).schedulers["s"]
    declared = written(tmp_path, patient.replace(str(MOST_ENTRIES), str(MOST_ENTRIES * 40)))
    more = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW).schedulers["s"]
    assert isinstance(most, SchedulerSeen), most
    assert isinstance(more, NotSeen)

    assert len(most.runs or ()) == MOST_ENTRIES
    assert (more.code, more.detail) == (ERROR, f"{FILE}: runs has more than 50,000 entries. Ask for less, with :since")


def test_a_query_without_an_end_costs_the_timeout(tmp_path: Path, store: Store) -> None:
    found = not_seen(tmp_path, alive=ENDLESS, timeout="0.5 s")

    assert found == (DOWN, f"{FILE}: no complete answer within 0.5 s")


def test_a_locked_file_costs_the_timeout(tmp_path: Path, store: Store) -> None:
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        found = not_seen(tmp_path, alive=ACTIVE, timeout="0.5 s")

    assert found == (ERROR, f"{FILE}: alive: database is locked")


def test_a_lock_that_is_let_go_in_time_is_waited_for(tmp_path: Path, store: Store) -> None:
    locking = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE')"
    locking += "; print(flush=True); import time; time.sleep(0.2)"
    command = [sys.executable, "-c", locking, str(store.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        declared = written(tmp_path, asking(alive=ACTIVE))
        found = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW).schedulers["s"]

    assert isinstance(found, SchedulerSeen), found
    assert found.running is True


def test_ten_databases_cost_one_timeout(tmp_path: Path, store: Store) -> None:
    one = asking(alive=ENDLESS, timeout="0.5 s")
    tables = [one, *(one.replace("schedulers.s", f"schedulers.s{number}") for number in range(9))]
    declared = written(tmp_path, "\n".join(tables))
    found = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW).schedulers

    assert [getattr(each, "code", None) for each in found.values()] == [DOWN] * 10


def _cut_off(path: Path) -> None:
    whole = Store(path).path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])


THINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (Path.mkdir, "is not a regular file"),
    "a pipe": (os.mkfifo, "is not a regular file"),
    "another file": (lambda path: path.write_text("# Haiku\n" * 1_000), "file is not a database"),
    "an empty file": (Path.touch, "alive: no such table: service_states"),
    "half a file": (_cut_off, "database disk image is malformed"),
}


@pytest.mark.parametrize(("make", "detail"), THINGS.values(), ids=THINGS.keys())
def test_what_is_no_database_is_told(tmp_path: Path, make: Callable[[Path], object], detail: str) -> None:
    (tmp_path / "data").mkdir()
    make(tmp_path / "data/musique.db")
    code, said = not_seen(tmp_path, alive=ACTIVE)

    assert code is ERROR
    assert detail in said


# Which columns a query returns ------------------------------------------------------------------------------------

COLUMNS = {
    "SELECT name AS id, NOT enabled AS paused FROM periodic_task": {"id", "paused"},
    "select a.ended, b.\"status\", t.`job`, [due] FROM a": {"ended", "status", "job", "due"},
    # What stands elsewhere is no column.
    "SELECT id FROM schedule WHERE NOT paused AND next_run > :now ORDER BY tags": {"id"},
    "SELECT id /* , paused */ -- , schedule\n FROM x": {"id"},
    "SELECT 'a AS paused' AS id, $$x AS due$$ AS link, (SELECT name AS due FROM y) AS job FROM x": {
        "id", "link", "job",
    },
    "WITH a AS (SELECT x AS due FROM y) SELECT ended FROM a": {"ended"},
    "(SELECT a AS id FROM x) UNION (SELECT b AS paused FROM y)": {"id"},
    "SELECT CASE WHEN a THEN 1 ELSE 0 END paused, max(x, y) ended, count(*) FROM z": {"paused", "ended"},
    "SELECT DISTINCT ON (job) job, min(a) OVER (PARTITION BY b) AS started FROM z": {"job", "started"},
    # A cast does not name its column.
    "SELECT started::text, e::timestamptz AS ended, due::timestamp with time zone, a::text status FROM t": {
        "started", "ended", "due", "status",
    },
    "SELECT *, x AS job FROM t": {"*", "job"},
    "SELECT t.* FROM t": {"*"},
    "SELECT 1, NULL, 'id', now() FROM t": set(),
    "VALUES (1)": set(),
}  # fmt: skip


@pytest.mark.parametrize(("query", "names"), COLUMNS.items())
def test_the_columns_of_a_query_are_known_before_it_is_asked(query: str, names: set[str]) -> None:
    assert columns(query) == names


def test_what_is_bound_stands_outside_of_quotes() -> None:
    query = "a >= :since AND ':now' = x::text AND '12:until' < b AND \":until\" = :nowhere -- :until"

    assert bound_in(query) == {"since"}


# What is not imported ---------------------------------------------------------------------------------------------

_GATHER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
{before}
from rollcall.roll.load import load
from rollcall.ask import gather
roll = load(Path(sys.argv[1]), environment={{}})
now = datetime(2026, 2, 11, tzinfo=UTC)
seen = gather(roll.jobs, roll.schedulers, now=now, clock=lambda: now)
print([name for name in sys.modules if name.partition(".")[0] in ("sqlalchemy", "psycopg", "jmespath")])
print(sorted(seen.schedulers))
"""


def in_another_process(file: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _GATHER.format(before=before), str(file)]
    environment = {**os.environ, "PYTHONPATH": str(HOUSE)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_nothing_is_imported_where_no_database_is_declared(tmp_path: Path) -> None:
    declared = written(tmp_path, "[schedulers.s]\nkind = 'aime'\nurl = 'http://127.0.0.1:9'\n")
    done = in_another_process(declared.file)

    assert done.stdout.splitlines() == ["[]", "['s']"], done.stderr


def test_a_missing_package_is_a_mistake_with_its_cure(tmp_path: Path, store: Store) -> None:
    declared = written(tmp_path, asking(alive=ACTIVE))
    done = in_another_process(declared.file, before="sys.modules['sqlalchemy'] = None")

    assert done.stderr.splitlines()[-1] == (
        "rollcall.errors.BadInput: jobs.toml: schedulers.s.database"
        f' = "{FILE}": needs SQLAlchemy, which is not installed: {command_line.install("SQLAlchemy>=2,<3")}'
    )


def test_a_replay_needs_neither_driver_nor_variable(tmp_path: Path) -> None:
    file = tmp_path / "jobs.toml"
    table = asking(alive=ACTIVE, url="mysql+pymysql://${U}:${P}@h/d")
    file.write_text(
        f'timezone = "UTC"\n{table}\n[jobs.a]\nscheduler = "s"\nschedule = "0 6 * * *"\noutput.path = "x"\n'
    )
    (scheduler,) = load(file, environment={}, is_replay=True).schedulers

    assert (scheduler.address, set(scheduler.tells)) == ("mysql+pymysql://h/d", {"running"})


# PostgreSQL -------------------------------------------------------------------------------------------------------

_SCHEMA = """
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
CREATE TYPE outcome AS ENUM ('success', 'error');
CREATE TABLE service_states (service_name text, is_active boolean, last_updated timestamp);
INSERT INTO service_states VALUES ('scheduler', true, '2026-02-10 07:55');
CREATE TABLE scheduled_task_executions (
    task_id text, last_executed timestamptz, last_status outcome, next_run_time date, attempts numeric);
INSERT INTO scheduled_task_executions VALUES ('haiku', '2026-02-11 06:00:17.25+01', 'success', '2026-02-12', 2);
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
    jobs = "SELECT task_id AS id, next_run_time AS next_run FROM scheduled_task_executions"
    runs = f"{RUNS}".replace(" FROM", ", attempts AS attempt FROM")
    found = seen(tmp_path, alive=ACTIVE, jobs=jobs, runs=runs, url=server.url(), more=WORDS)

    assert (found.running, found.since) == (True, "2026-02-10T07:55:00")
    assert found.jobs == (JobListed(id="haiku", next_run="2026-02-12"), JobListed(id="never"))
    assert found.runs == (
        RunSeen(
            job="haiku",
            ended="2026-02-11T05:00:17.250000+00:00",
            word="success",
            outcome=Outcome.SUCCESS,
            attempt=2,
        ),
    )


def test_colons_and_percent_signs_of_postgresql_are_its_own(tmp_path: Path, server: Postgres) -> None:
    own = "to_char(last_updated, 'HH24:MI') || ' 5% ' || '%(since)s'::text || (:since::timestamptz < :now)::text"
    since = f"SELECT is_active AS running, {own} AS since FROM service_states"
    alone = "SELECT 'a%' LIKE '%a\\%' AS running, 'HH24:MI %s'::text AS since"

    assert seen(tmp_path, alive=since, url=server.url()).since == "07:55 5% %(since)strue"
    assert seen(tmp_path, alive=alone, url=server.url()).since == "HH24:MI %s"


@pytest.mark.parametrize(
    ("column", "zone"),
    [("timestamptz", "UTC"), ("timestamptz", "Asia/Tokyo"), ("timestamp", "UTC"), ("timestamp", "Asia/Tokyo")],
)
def test_since_is_an_instant_and_a_column_without_a_zone_is_read_as_declared(
    tmp_path: Path, server: Postgres, column: str, zone: str
) -> None:
    ask = "SELECT 'a' AS job, at AS ended FROM task_result WHERE at >= :since AND at <= :now ORDER BY at"
    first = seen(tmp_path, runs="SELECT 'a' AS job, :since::timestamptz AS ended", url=server.url())
    assert first.runs_since is not None
    with server.connected() as connection:
        connection.execute(f"CREATE TABLE task_result (at {column})")
        connection.execute(f"SET TIME ZONE '{zone}'")
        for at in (first.runs_since, NOW):
            for seconds in (-1, 1):
                insert = "INSERT INTO task_result SELECT (%s::timestamptz + %s * interval '1 s')"
                connection.execute(f"{insert}::{column}", (at, seconds))
    found = seen(tmp_path, runs=ask, url=server.url(), more=f"naive_times = '{zone}'")
    read = [datetime.fromisoformat(run.ended or "") for run in found.runs or ()]
    instants = [each if each.tzinfo else each.replace(tzinfo=ZoneInfo(zone)) for each in read]

    assert instants == [first.runs_since + timedelta(seconds=1), NOW - timedelta(seconds=1)]


POSTGRES_WRITES = [
    "UPDATE service_states SET is_active = false RETURNING is_active",
    "DELETE FROM service_states RETURNING is_active",
    "SELECT stop()",
    "SELECT stop(), :since::text",
    "SELECT is_active FROM service_states FOR UPDATE",
    "DROP TABLE service_states",
    "TRUNCATE service_states",
]
POSTGRES_WAYS_OUT = {
    "WITH gone AS (DELETE FROM service_states RETURNING is_active) SELECT is_active FROM gone": "must be at the top",
    "SELECT is_active INTO stolen FROM service_states": "SELECT ... INTO is not allowed here",
    "SET TRANSACTION READ WRITE": "alive returns no rows: it is no query",
    "SELECT set_config('transaction_read_only', 'off', false)": "read-write mode must be set before any query",
    "COMMIT": "alive returns no rows: it is no query",
}


@pytest.mark.parametrize(
    ("query", "says"), [*((each, "read-only transaction") for each in POSTGRES_WRITES), *POSTGRES_WAYS_OUT.items()]
)
def test_a_query_that_would_write_into_postgresql_fails_and_does_no_harm(
    tmp_path: Path, server: Postgres, query: str, says: str
) -> None:
    parts = {"alive": query, "runs": "SELECT stop()::text AS job, 'x' AS ended"}
    explicit = asking(**parts, url=server.url()).replace(
        "[schedulers.s.alive]\n", "[schedulers.s.alive]\nrunning = 'x'\n"
    )
    declared = written(tmp_path, explicit)
    found = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW).schedulers["s"]
    assert isinstance(found, NotSeen), found

    assert found.code is ERROR
    assert found.detail.startswith("postgresql:///postgres: alive")
    assert says in found.detail
    assert flag(server) == (True,)


@pytest.mark.parametrize("query", ["pg_sleep(30)::text", "(SELECT count(*) FROM generate_series(1, 100000000000))"])
@pytest.mark.parametrize("where", ["alive", "the second query"])
def test_a_query_that_takes_too_long_is_ended_on_the_server_too(
    tmp_path: Path, server: Postgres, query: str, where: str
) -> None:
    slow = f"SELECT {query} AS running"
    parts = {"alive": slow} if where == "alive" else {"alive": ACTIVE, "runs": f"{slow}, 'a' AS job, 'x' AS ended"}
    found = not_seen(tmp_path, **parts, url=server.url(), timeout="0.5 s")
    with server.connected() as connection:
        busy = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
        assert connection.execute(busy).fetchone() == (0,)

    assert found == (DOWN, "postgresql:///postgres: no complete answer within 0.5 s")


@pytest.mark.parametrize(
    "parts",
    [
        {"alive": "SELECT pg_sleep(0.4)::text || 'true' AS running", "runs": f"{RUNS}, pg_sleep(0.2)"},
        {
            "runs": "SELECT 'a' AS job, CASE WHEN x % 1000 = 500 THEN pg_sleep(0.3)::text ELSE 'x' END AS ended, "
            "'ok' AS status FROM generate_series(1, 3000) AS x"
        },
    ],
    ids=["two queries", "many pieces"],
)
def test_what_together_outlasts_the_limit_is_too_late(tmp_path: Path, server: Postgres, parts: dict[str, str]) -> None:
    found = not_seen(tmp_path, **parts, url=server.url(), timeout="0.5 s", more=WORDS)

    assert found == (DOWN, "postgresql:///postgres: no complete answer within 0.5 s")


def test_a_locked_table_costs_the_timeout(tmp_path: Path, server: Postgres) -> None:
    with server.connected() as other:
        other.execute("LOCK TABLE service_states IN ACCESS EXCLUSIVE MODE")
        code, _ = not_seen(tmp_path, alive=ACTIVE, url=server.url(), timeout="0.5 s")

    assert code is DOWN


def test_a_row_of_many_megabytes_stays_where_it_is(tmp_path: Path, server: Postgres) -> None:
    with server.connected() as connection:
        connection.execute("CREATE TABLE big AS SELECT repeat('x', 50000000) AS value")
    tracemalloc.start()
    code, said = not_seen(tmp_path, runs="SELECT 'a' AS job, value AS ended FROM big -- ours", url=server.url())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (code, said) == (ERROR, "postgresql:///postgres: runs: returns a row of 50.0 MB; 1.0 MB are read")
    assert most < 20_000_000


def test_many_rows_of_a_megabyte_are_not_all_fetched(tmp_path: Path, store: Store) -> None:
    rows = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 2000)"
    code, said = not_seen(tmp_path, runs=f"{rows} SELECT 'a' AS job, hex(zeroblob(40000)) AS ended FROM n")

    assert (code, "runs returns more than 64.0 MB, and goes on" in said) == (ERROR, True)


def test_a_table_of_millions_is_not_fetched(tmp_path: Path, server: Postgres) -> None:
    query = "SELECT x AS job, 'x' AS ended FROM generate_series(1, 2000000) AS x"
    for bound in ("", " WHERE now() > :since"):
        declared = written(tmp_path, asking(runs=query + bound, url=server.url()))
        found = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW).schedulers["s"]
        assert isinstance(found, NotSeen), found
        assert (found.code, "runs has more than 50,000 entries" in found.detail) == (ERROR, True)


POSTGRES_SAYS = [
    ("SELECT x AS running FROM service_states", 'alive: column "x" does not exist'),
    ("SELECT 1 AS running FROM schedulers", 'alive: relation "schedulers" does not exist'),
    ("SELECT 1 AS running FROM", "alive: syntax error at or near"),
    ("SELECT true AS running, 'infinity'::timestamp AS since", "alive: timestamp too large"),
    ("SELECT true AS running, '1 h'::interval AS since", "since is of the type timedelta where"),
    ("SELECT ARRAY[true] AS running", "running is a list where"),
]


@pytest.mark.parametrize(("query", "detail"), POSTGRES_SAYS)
def test_what_postgresql_objects_to_is_told(tmp_path: Path, server: Postgres, query: str, detail: str) -> None:
    code, said = not_seen(tmp_path, alive=query, url=server.url())

    assert code is ERROR
    assert said.startswith(f"postgresql:///postgres: {detail}")


DOORS: dict[str, tuple[dict[str, str], CauseCode, str]] = {
    "a wrong password": ({"password": "wr0ng-and-secret"}, DENIED, "password authentication failed"),
    "an unknown user": ({"user": "nobody-known"}, DENIED, 'authentication failed for user "(user)"'),
    "a user who may not read": ({"user": "guest"}, DENIED, "permission denied for table"),
    "an unknown database": ({"database": "other"}, ERROR, 'database "other" does not exist'),
}


@pytest.fixture
def guest(server: Postgres) -> None:
    """Somebody who may log in, and no more."""
    with server.connected() as connection:
        connection.execute("DROP ROLE IF EXISTS guest")
        connection.execute(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")


@pytest.mark.usefixtures("guest")
@pytest.mark.parametrize(("how", "code", "says"), DOORS.values(), ids=DOORS.keys())
def test_a_closed_door_is_told_without_its_key(
    tmp_path: Path, server: Postgres, how: dict[str, Any], code: CauseCode, says: str
) -> None:
    found = not_seen(tmp_path, alive=ACTIVE, url=server.url(**how))

    assert found[0] is code
    assert says in found[1]
    for secret in (PASSWORD, "wr0ng", *how.values()):
        assert secret == "other" or secret not in found[1]


@pytest.mark.usefixtures("guest")
def test_rows_that_a_role_may_not_see_are_no_records_and_not_no_runs(tmp_path: Path, server: Postgres) -> None:
    """PostgreSQL gives such a role 0 rows, and no error: pg_cron's tables are so."""
    with server.connected() as connection:
        connection.execute("CREATE TABLE job (jobname text, schedule text, active boolean, ran timestamptz)")
        connection.execute("INSERT INTO job VALUES ('haiku', '0 6 * * *', true, '2026-02-11 05:00:17Z')")
        connection.execute("ALTER TABLE job ENABLE ROW LEVEL SECURITY")
        connection.execute("CREATE POLICY own ON job USING (current_user = 'somebody else')")
        connection.execute("GRANT SELECT ON job TO guest")
    parts = {
        "jobs": "SELECT jobname AS id, schedule, NOT active AS paused FROM job",
        "runs": "SELECT jobname AS job, ran AS ended FROM job WHERE ran >= :since",
    }
    tables = asking(**parts, url=server.url(user="guest"))
    declared = written(tmp_path, tables)
    evidence = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW)
    blind = evidence.schedulers["s"]
    assert isinstance(blind, SchedulerSeen), blind
    judged = judge_morning(declared, evidence, now=NOW)
    records = [each for each in judged.schedulers[0].findings if each.check is Check.HAS_RECORDS]

    assert (blind.jobs, blind.runs) == ((), ())
    assert [(each.code, each.verdict) for each in records] == [(CauseCode.NO_RECORDS, Verdict.UNKNOWN)]
    assert judged.jobs[0].verdict is Verdict.UNKNOWN
    assert seen(tmp_path, **parts, url=server.url()).jobs == (
        JobListed(id="haiku", schedule="0 6 * * *", paused=False),
    )


def test_all_queries_see_the_same_moment(tmp_path: Path, server: Postgres) -> None:
    """A run that is written between the two queries would belong to a job that is not listed yet."""
    over = threading.Event()

    def write() -> None:
        with server.connected() as connection:
            connection.autocommit = True
            while not over.wait(0.01):
                connection.execute("INSERT INTO scheduled_task_executions VALUES ('x')")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        # The first takes its time, and so others write before the second.
        jobs = "SELECT pg_current_snapshot()::text AS id FROM pg_sleep(0.2)"
        runs = "SELECT pg_current_snapshot()::text AS job, now() AS ended"
        looks = [seen(tmp_path, jobs=jobs, runs=runs, url=server.url()) for _ in range(2)]
    finally:
        over.set()
        writer.join()
    first, second = ([each.id for each in look.jobs or ()] for look in looks)

    assert [[each.job for each in look.runs or ()] for look in looks] == [first, second]
    assert first != second


def test_secrets_of_the_environment_are_not_in_what_is_seen(tmp_path: Path, server: Postgres) -> None:
    url = server.url(user="${DB_USER}", password="").replace(":@", ":${DB_PASS}@")
    env = {"DB_USER": OWNER, "DB_PASS": PASSWORD.replace("/", "%2F").replace("@", "%40").replace(" ", "%20")}
    query = f"SELECT '{OWNER}_cleanup' AS job, '{PASSWORD}' AS ended, 'is {PASSWORD}' AS status"
    found = look(tmp_path, env, runs=query, url=url)
    refused = look(tmp_path, env, alive=f'SELECT "{PASSWORD} {OWNER}" AS running', url=url)

    assert isinstance(found, SchedulerSeen), found
    assert isinstance(refused, NotSeen), refused
    assert found.runs == (RunSeen(job=f"{OWNER}_cleanup", ended="${DB_PASS}", word="is ${DB_PASS}"),)
    assert refused.detail == 'postgresql:///postgres: alive: column "${DB_PASS} ${DB_USER}" does not exist'


def test_nobody_there_is_told_at_once(tmp_path: Path) -> None:
    with closed_port() as url:
        code, detail = not_seen(tmp_path, alive=ACTIVE, url=url.replace("http", "postgresql") + "/aime")

    assert code is DOWN
    assert "refused" in detail


SOMETHING_ELSE = [
    Script(hangs=True),
    Script(first=b"N", hangs=True),
    Script(first=b"HTTP/1.1 200 OK\r\n\r\n"),
    Script(again=b"N", every=0.05),
]


@pytest.mark.parametrize("script", SOMETHING_ELSE)
def test_something_else_that_listens_there_costs_no_more_than_the_limit(tmp_path: Path, script: Script) -> None:
    with hostile_service(script) as scheduler:
        url = scheduler.url.replace("http", "postgresql") + "/aime"
        code, _ = not_seen(tmp_path, alive=ACTIVE, url=url, timeout="0.5 s")

        assert code is DOWN


# jobs.toml --------------------------------------------------------------------------------------------------------

MISTAKES = [
    ("database = 'nonsense'", "database", "is not the address of a database. Write it such as"),
    ("database = 'http://localhost/x'", "database", "names no kind of database that SQLAlchemy knows."),
    ("database = 'sqlite://'", "database", "names no file. Write"),
    ("database = 'sqlite:///:memory:'", "database", "names no file. Write"),
    ("database = 'sqlite:///file:x.db?mode=rwc&uri=true'", "database", "names no file. Write"),
    ("database = 'postgresql+asyncpg://u:hush@h/d'", "database", "asyncpg"),
    ("database = 'mysql+pymysql://u:hush@h/d'", "database", "needs the driver pymysql, which is not"),
    ("database = 'postgresql://u:hush@h:port/d'", "database", "is not the address of a database."),
    ("database = '${UNSET}'", "database", "UNSET is not set in the environment."),
    ("database = 'sqlite:///x'\ntimeout = '1 h'", "timeout", 'must lie between "0.1 s" and "5 min".'),
    ("database = 'sqlite:///x'\nalive.ask = 'SELECT 1 AS running; DROP x'", "alive", 'ask has a ";" in it, and only'),
    ("database = 'sqlite:///x'\nalive.ask = ' '", "alive", "ask is no query of 1 to 10,000 characters."),
    ("database = 'sqlite:///x'\nalive.ask = ['SELECT 1']", "alive", "ask must be one query, as text in quotes."),
    ("database = 'sqlite:///x'\nalive.ask = 'SELECT 1'", "alive", "Name a column so, SELECT … AS running"),
    ("database = 'sqlite:///x'\njobs.ask = 'SELECT * FROM x'", "jobs", "Name a column so, SELECT … AS id."),
    ("database = 'sqlite:///x'\nruns.ask = 'SELECT a AS job'", "runs", "Name a column so, SELECT … AS ended."),
    ("database = 'sqlite:///x'\njobs = { ask = 'SELECT 1 AS id', each = 'x' }", "jobs", "a query has no each"),
    ("database = 'sqlite:///x'\njobs.ask = 'SELECT ${UNSET} AS id'", "jobs.ask", "UNSET is not set"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "place", "rule"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_cure_and_no_secret(
    tmp_path: Path, lines: str, place: str, rule: str
) -> None:
    alive = "" if "ask" in lines else "alive.ask = 'SELECT 1 AS running'"
    with pytest.raises(BadInput) as problem:
        written(tmp_path, f"[schedulers.s]\nkind = 'sql'\n{lines}\n{alive}")

    (told,) = str(problem.value).splitlines()
    assert told.startswith(f"jobs.toml: schedulers.s.{place}")
    assert rule in told
    assert "hush" not in told


def test_a_semicolon_at_the_end_of_a_query_is_forgiven(tmp_path: Path, store: Store) -> None:
    assert seen(tmp_path, alive="SELECT 1 AS running ;\n").running is True


def test_neither_url_nor_secrets_are_in_a_repr(tmp_path: Path) -> None:
    env = {"WHOLE": f"postgresql://{OWNER}:hush-hush@localhost/aime?sslpassword=t0psecret"}
    declared = written(tmp_path, asking(alive=ACTIVE, url="${WHOLE}"), env)

    assert "hush" not in repr(declared)
    assert "t0psecret" not in repr(declared)
    assert declared.schedulers[0].address == "${WHOLE}"
    assert declared.schedulers[0].secrets.clean("x hush-hush, t0psecret") == "x (password), (password)"


def test_the_scheduler_must_not_say_the_password_of_its_memory_either(tmp_path: Path) -> None:
    memory = "postgresql://u:hush-hush@localhost/aime"
    table = f"[schedulers.s]\nkind = 'aime'\nurl = 'http://h'\n[schedulers.s.memory]\ndatabase = '{memory}'"
    scheduler = written(tmp_path, table).schedulers[0]

    assert scheduler.secrets.clean("no hush-hush") == "no (password)"
