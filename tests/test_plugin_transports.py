"""Is a morning judged through each transport: a real server, a real database, a real program?

Each knows one job, `load`, whose run of Wed 11 Feb 2026 began at 06:00:05 in Zurich, and how it ended.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from fixtures.lived_in import HOUSE, LivedIn, Run, Scheduler
from fixtures.postgres import Postgres

HEAD = """
timezone = "Europe/Zurich"
[defaults]
scheduler = "etl"
[schedulers.etl.words]
success = ["done"]
failed = ["crashed"]
running = ["running"]
[jobs.load]
schedule = "0 6 * * *"
grace = "15 min"
max_runtime = "10 min"
"""
TOKEN = "t0ken-of-the-day-0123456789"
PASSWORD = "p4ssword-that-nobody-may-read"
ENDS = {"good": "2026-02-11T06:05:00+01:00", "bad": "2026-02-11T06:30:00+01:00"}


def judged(folder: Path, table: str, env: dict[str, str] | None = None) -> Run:
    """The morning of a jobs.toml with that scheduler."""
    shutil.copytree(HOUSE / "checks", folder / "checks", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(HOUSE / name, folder)
    (folder / "jobs.toml").write_text(HEAD + table, encoding="utf-8")
    return LivedIn(folder=folder, scheduler=Scheduler()).run(env=env)


def is_right(run: Run, state: str) -> bool:
    """Whether the good run is well, and the one that took 30 minutes is called by its name."""
    (job,) = run.morning["jobs"]
    cause = job["cause"] and job["cause"]["code"]
    expected = {"good": (0, "ok", None), "bad": (1, "late", "overran")}[state]
    return (run.status, job["verdict"], cause) == expected


# A server -------------------------------------------------------------------------------------------------------------


@contextmanager
def served(runs: list[dict[str, Any]], asked: list[str]) -> Iterator[str]:
    """An API that wants a token, and hands out its runs one a page."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(f"POST {self.path}")
            if self.path == "/token":
                known = body == {"user": "watch", "password": PASSWORD}
                self._send({"access_token": TOKEN} if known else {}, 201 if known else 401)
            else:
                offset = body["offset"]
                self._send({"items": runs[offset : offset + 1], "total": len(runs)}, 200)

        def do_GET(self) -> None:
            asked.append(f"GET {self.path}")
            self._send({"deployments": [{"name": "load", "id": 17, "paused": False}]}, 200)

        def _send(self, answer: Any, status: int) -> None:
            if self.path != "/token" and self.headers["Authorization"] != f"Bearer {TOKEN}":
                answer, status = {"detail": "who are you?"}, 401
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_request(self, *told: object, **more: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


OVER_HTTP = """
[schedulers.etl]
kind = "json"
url = "{url}"
times = "epoch-ms"
limit = 1
login = {{ ask = "POST /token", body = {{ user = "watch", password = "${{ETL_PASSWORD}}" }} }}
[schedulers.etl.jobs]
ask = "/deployments"
each = "deployments"
id = "name"
key = "id"
paused = "paused"
[schedulers.etl.runs]
ask = "POST /runs"
body = {{ limit = "{{limit}}", offset = "{{offset}}", after = "{{since}}" }}
total = "total"
each = "items"
job = "deployment"
due = "expected"
started = "start"
ended = "end"
status = "state"
by_schedule = "auto"
"""


@pytest.mark.parametrize("state", ENDS)
def test_over_http(state: str, tmp_path: Path) -> None:
    def ms(text: str) -> int:
        from datetime import datetime

        return int(datetime.fromisoformat(text).timestamp() * 1000)

    due = {"deployment": 17, "auto": True, "state": "done"}
    runs = [
        {
            **due,
            "expected": ms(f"2026-02-{day}T06:00+01:00"),
            "start": ms(f"2026-02-{day}T06:00:05+01:00"),
            "end": ms(end),
        }
        for day, end in (("10", "2026-02-10T06:04:00+01:00"), ("11", ENDS[state]))
    ]
    asked: list[str] = []
    with served(runs, asked) as url:
        run = judged(tmp_path, OVER_HTTP.format(url=url), {"ETL_PASSWORD": PASSWORD})

    assert is_right(run, state), run.text
    assert asked == ["POST /token", "GET /deployments", "POST /runs", "POST /runs"]
    assert not any(secret in run.text + run.page + json.dumps(run.morning) for secret in (TOKEN, PASSWORD))


# A database -----------------------------------------------------------------------------------------------------------

OVER_SQL = """
[schedulers.etl]
kind = "sql"
database = "${{ETL_DATABASE}}"
{more}
[schedulers.etl.jobs]
ask = "SELECT name AS id, NOT enabled AS paused FROM tasks"
[schedulers.etl.runs]
ask = "SELECT task AS job, started, ended, state AS status FROM task_runs WHERE started >= :since"
"""
TABLES = (
    "CREATE TABLE tasks (name TEXT, enabled BOOLEAN)",
    "CREATE TABLE task_runs (task TEXT, started {instant}, ended {instant}, state TEXT)",
    "INSERT INTO tasks VALUES ('load', TRUE)",
)


@pytest.mark.parametrize("state", ENDS)
def test_over_postgresql(state: str, tmp_path: Path, postgres: Postgres) -> None:
    with postgres.connected() as connection:
        connection.execute("DROP TABLE IF EXISTS tasks, task_runs")
        for statement in TABLES:
            connection.execute(statement.format(instant="TIMESTAMPTZ"))
        for start, end in (("2026-01-01T06:00Z", "2026-01-01T06:01Z"), ("2026-02-11T06:00:05+01:00", ENDS[state])):
            connection.execute("INSERT INTO task_runs VALUES ('load', %s, %s, 'done')", (start, end))
        connection.commit()
    run = judged(tmp_path, OVER_SQL.format(more=""), {"ETL_DATABASE": postgres.url()})

    assert is_right(run, state), run.text
    assert len(run.morning["jobs"][0]["runs"]) == 1


@pytest.mark.parametrize("state", ENDS)
def test_over_sqlite(state: str, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "etl.db") as database:
        for statement in TABLES:
            database.execute(statement.format(instant="TEXT"))
        end = ENDS[state].removesuffix("+01:00").replace("T", " ")
        database.execute("INSERT INTO task_runs VALUES ('load', '2026-02-11 06:00:05', ?, 'done')", (end,))
    database.close()
    table = OVER_SQL.format(more='naive_times = "Europe/Zurich"').replace("${ETL_DATABASE}", "sqlite:///etl.db")

    assert is_right(run := judged(tmp_path, table), state), run.text


# A program ------------------------------------------------------------------------------------------------------------

PROGRAM = """
import json, sys
assert sys.argv[1:] == ["list", "a; b"], sys.argv
print(json.dumps({"jobs": [{"metadata": {"name": "load"}, "suspend": False}], "runs": [
    {"of": "load", "status": {"begin": "2026-02-11T05:00:05Z", "end": END, "says": "done"}}]}))
"""
BY_A_PROGRAM = """
[schedulers.etl]
kind = "command"
command = [{python}, {script}, "list", "a; b"]
via = ["env", "LISTING=1"]
[schedulers.etl.jobs]
each = "jobs"
id = "metadata.name"
paused = "suspend"
[schedulers.etl.runs]
each = "runs"
job = "of"
started = "status.begin"
ended = "status.end"
status = "status.says"
"""


@pytest.mark.parametrize("state", ENDS)
def test_by_a_program(state: str, tmp_path: Path) -> None:
    script = tmp_path / "scheduler.py"
    script.write_text(PROGRAM.replace("END", json.dumps(ENDS[state])), encoding="utf-8")
    table = BY_A_PROGRAM.format(python=json.dumps(sys.executable), script=json.dumps(str(script)))

    assert is_right(run := judged(tmp_path, table), state), run.text
