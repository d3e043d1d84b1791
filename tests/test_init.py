"""Does `rollcall init` give a stranger's repository what judges, and overwrite nothing?"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rollcall.cli import main
from rollcall.demo import DemoMorning, demo_morning
from rollcall.roll.load import load
from rollcall.starter.first_jobs import _guess

ZURICH = ZoneInfo("Europe/Zurich")


@pytest.fixture(scope="module")
def aime() -> Iterator[DemoMorning]:
    with demo_morning() as morning:
        yield morning


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pytest_checks(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "checks/", "-q"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)


def test_alone_it_writes_a_job_to_fill_in_that_judges(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    done = pytest_checks(empty)

    assert "wrote jobs.toml" in capsys.readouterr().out
    assert (empty / "checks" / "conftest.py").is_file()
    assert [job.id for job in load(empty / "jobs.toml", environment={}).jobs] == ["nightly_backup"]
    assert "The one job is pending" in done.stdout
    assert (empty / "reports" / "morning.html").is_file()


def test_the_answer_of_a_known_scheduler_becomes_its_jobs(
    aime: DemoMorning, empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", aime.url]) == 0
    declared = tomllib.loads((empty / "jobs.toml").read_text(encoding="utf-8"))

    assert "a scheduler of kind aime answers and lists 9 jobs" in capsys.readouterr().out
    assert declared["schedulers"]["aime"] == {"kind": "aime", "url": aime.url, "naive_times": "UTC"}
    assert len(declared["jobs"]) == 9
    assert declared["defaults"]["since"].tzinfo
    assert declared["jobs"]["optimize_ai_descriptions"]["every"] == "6 h"
    assert load(empty / "jobs.toml", environment={}).jobs


def test_a_store_that_tells_of_no_runs_gets_jobs_whose_files_prove_them(empty: Path) -> None:
    with closing(sqlite3.connect("app.db")) as store, store:
        store.execute("CREATE TABLE apscheduler_jobs (id TEXT, next_run_time FLOAT, job_state BLOB)")
        store.execute("INSERT INTO apscheduler_jobs VALUES ('daily report', 4102444800.0, NULL)")

    assert main(["init", "--from", "apscheduler", f"sqlite:///{empty}/app.db"]) == 0
    (job,) = load(empty / "jobs.toml", environment={}).jobs
    assert (job.name, [each.names.text for each in job.outputs]) == ("daily report", ["data/daily-report-%Y%m%d*"])


def test_nothing_is_overwritten(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty / "checks").mkdir()
    mine = {"jobs.toml": "mine", "checks/conftest.py": "# mine\n", "checks/test_mine.py": "# mine too\n"}
    for name, text in mine.items():
        (empty / name).write_text(text)

    assert main(["init"]) == 0
    assert {name: (empty / name).read_text() for name in mine} == mine
    assert (empty / "checks" / "test_last_run.py").is_file()
    said = capsys.readouterr().out
    assert "jobs.toml is there already and stays as it is" in said
    assert "left in checks/ as they are: conftest.py" in said


def test_a_kind_in_the_place_of_an_address_is_told_where_it_belongs(
    empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "systemd"]) == 4
    assert "Write rollcall init --from systemd." in capsys.readouterr().err
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "no url", "http://user:secret-of-mine@127.0.0.1:9"])
def test_what_nobody_understands_is_said_and_leaves_nothing(
    empty: Path, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    assert main(["init", url]) == 4
    said = capsys.readouterr().err
    assert said.startswith("ERROR: URL")
    assert "rollcall init" in said
    assert "secret-of-mine" not in said
    assert list(empty.iterdir()) == []


# The next run by Zurich's clocks, and how long before it the last one ended; the nights of both clock changes too.
GUESSES = [
    ("2026-02-12T06:00+01:00", timedelta(hours=23, minutes=59), 'schedule = "0 6 * * *"'),
    ("2026-03-29T06:00+02:00", timedelta(hours=22, minutes=59), 'schedule = "0 6 * * *"'),
    ("2026-10-25T06:00+01:00", timedelta(hours=24, minutes=59), 'schedule = "0 6 * * *"'),
    ("2026-02-15T20:00+01:00", timedelta(days=7), 'schedule = "0 20 * * sun"'),
    ("2026-03-01T03:00+01:00", timedelta(days=28), 'schedule = "0 3 1 * *"'),
    ("2026-02-11T12:00+01:00", timedelta(hours=5, minutes=59), 'every = "6 h"'),
    ("2026-02-11T12:30+01:00", None, 'schedule = "30 12 * * *"'),
]


@pytest.mark.parametrize(("next_run", "since_last", "schedule"), GUESSES)
def test_what_is_guessed_of_a_schedule(next_run: str, since_last: timedelta | None, schedule: str) -> None:
    next_at = datetime.fromisoformat(next_run)

    assert _guess(next_at, next_at - since_last if since_last else None, ZURICH)[0] == schedule
