"""What a scheduler does not tell, does not show, or writes otherwise is never held against a job."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.engines import said
from fixtures.jobs_toml import mistakes
from rollcall.ask import gather
from rollcall.errors import BadInput
from rollcall.evidence import NotSeen
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.roll.load import load

NOW = datetime(2026, 2, 11, 6, 30, tzinfo=UTC)
WORDS = "success = ['good']\nfailed = ['bad']\nrunning = ['runs']\nbegun = ['was sent']"
RUNS = "SELECT 'job' AS job, '2026-02-11T06:00:01Z' AS started, NULL AS ended, '{}' AS status"
DONE = RUNS.format("good").replace("NULL", "'2026-02-11T06:02:00Z'")
LISTED = "SELECT 'job' AS id, 0 AS paused"


def judged(folder: Path, *, job: str = "", now: str = "", **parts: str) -> Morning:
    """The morning of `job`, due at 06:00 UTC to be done by 06:25; each part of its scheduler asks one query."""
    with closing(sqlite3.connect(folder / "app.db")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS there (x)")
    at = datetime.fromisoformat(now).replace(tzinfo=UTC) if now else NOW
    tables = "".join(f'[schedulers.s.{name}]\nask = """{query}"""\n' for name, query in parts.items())
    (folder / "jobs.toml").write_text(
        f'timezone = "UTC"\n[schedulers.s]\nkind = "sql"\ndatabase = "sqlite:///app.db"\n{tables}'
        f"[schedulers.s.words]\n{WORDS}\n"
        f'[jobs.job]\nscheduler = "s"\ngrace = "15 min"\nmax_runtime = "10 min"\n'
        f"schedule = '0 6 * * *'\n{job}\n"
    )
    roll = load(folder / "jobs.toml", environment={})
    return judge_morning(roll, gather(roll.jobs, roll.schedulers, now=at, clock=lambda: at), now=at)


# A table that is not there -----------------------------------------------------------------------------------------

MISSING = "SELECT job, started, ended, status FROM missing"


def otherwise(query: str) -> str:
    """A part whose own table is missing, and what it asks otherwise."""
    return f'{MISSING}"""\notherwise.ask = """{query}'


def test_where_a_table_is_not_there_another_query_is_asked(tmp_path: Path) -> None:
    there = otherwise(RUNS.format("good"))

    assert said(judged(tmp_path, jobs=LISTED, runs=there))["job"][1] != "scheduler-error"
    assert said(judged(tmp_path, jobs=LISTED, runs=MISSING))["job"] == ["unknown", "scheduler-error"]
    # What is asked otherwise is not asked where anything else is wrong, and may be wrong itself.
    for broken in (
        otherwise("SELECT job, started, status FROM missing_too"),
        there.replace("FROM missing", "FROM missing WHERE"),
    ):
        assert said(judged(tmp_path, jobs=LISTED, runs=broken))["job"] == ["unknown", "scheduler-error"]


def test_what_is_asked_otherwise_must_say_as_much(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"schedulers\.s\.runs = .*: says not where a time is"):
        judged(tmp_path, runs=otherwise("SELECT 'job' AS job"))
    table = "[schedulers.s]\nkind = 'json'\nurl = 'http://h'\nruns = { ask = '/r', each = '@', job = 'j', ended = 'e', "
    table += "otherwise = { ask = '/q', job = 'j', ended = 'e' } }\n[jobs.j]\nscheduler = 's'\nschedule = '0 6 * * *'\n"
    (told,) = mistakes(tmp_path, f"timezone = 'UTC'\n{table}")
    assert "otherwise is asked where a table of a database is not there. Take it out." in told


# Begun, and no more ------------------------------------------------------------------------------------------------

BEGUN = {
    "nothing else tells": ("", ["unknown", "unknown-status"]),
    "that is enough": ("proof = 'start'", ["ok", None]),
    "its output is not there": ("output.path = 'gone-*.txt'", ["missed", "missed-run"]),
    "its output is there": ("output.path = 'out.txt'", ["ok", None]),
}


@pytest.mark.parametrize(("job", "verdict"), BEGUN.values(), ids=BEGUN)
def test_what_was_sent_is_not_done(tmp_path: Path, job: str, verdict: list[str | None]) -> None:
    (tmp_path / "out.txt").write_text("x")
    at = NOW - timedelta(minutes=20)
    os.utime(tmp_path / "out.txt", (at.timestamp(), at.timestamp()))
    morning = judged(tmp_path, jobs=LISTED, runs=RUNS.format("was sent"), job=job)

    assert said(morning)["job"] == verdict
    assert "success" not in str(morning.job_causes["job"])


def test_an_earlier_run_that_was_only_sent_is_unknown(tmp_path: Path) -> None:
    both = f"{DONE} UNION ALL {RUNS.format('was sent').replace('02-11', '02-10')}"
    job = "look_back = '30 h'\n"

    assert said(judged(tmp_path, jobs=LISTED, runs=both, job=job))["job"] == ["unknown", "unknown-status"]
    assert said(judged(tmp_path, jobs=LISTED, runs=both, job=f"{job}proof = 'start'"))["job"] == ["ok", None]


# Not shown, or not on record ---------------------------------------------------------------------------------------

SHOWN = "SELECT 1 AS running, {} AS jobs_hidden"
NOT_SHOWN = {
    "NULL": ["missed", "not-registered"],
    "'it shows those of its own'": ["unknown", "access-denied"],
}


@pytest.mark.parametrize(("why", "verdict"), NOT_SHOWN.items())
def test_a_job_that_may_only_not_be_shown_is_not_gone(tmp_path: Path, why: str, verdict: list[str]) -> None:
    other = LISTED.replace("'job'", "'other'")
    morning = judged(tmp_path, alive=SHOWN.format(why), jobs=other, runs=RUNS.format("good"))

    assert said(morning)["job"] == verdict


def test_a_job_whose_runs_are_not_on_record_is_unknown_unless_an_output_proves_it(tmp_path: Path) -> None:
    no_runs = {"jobs": f"{LISTED}, 0 AS has_runs", "runs": f"{RUNS.format('good')} WHERE 1 = 0"}
    at = NOW - timedelta(minutes=20)
    (tmp_path / "out.txt").write_text("x")
    os.utime(tmp_path / "out.txt", (at.timestamp(), at.timestamp()))

    assert said(judged(tmp_path, **no_runs))["job"] == ["unknown", "no-records"]
    assert said(judged(tmp_path, **no_runs, job="output.path = 'out.txt'"))["job"] == ["ok", None]
    assert said(judged(tmp_path, **no_runs, job="output.path = 'gone.txt'"))["job"][0] == "missed"
    no_runs["jobs"] = f"{LISTED}, 1 AS has_runs"
    assert said(judged(tmp_path, **no_runs))["job"][0] == "missed"


def test_a_missing_database_is_still_missing(tmp_path: Path) -> None:
    judged(tmp_path, jobs=LISTED, runs=DONE)
    (tmp_path / "app.db").unlink()
    roll = load(tmp_path / "jobs.toml", environment={})
    seen = gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW).schedulers["s"]

    assert isinstance(seen, NotSeen)
