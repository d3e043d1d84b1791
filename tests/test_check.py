"""Does `rollcall check` say whether jobs.toml is right, where nothing but the file is at hand?"""

from __future__ import annotations

from pathlib import Path

import pytest

from rollcall.cli import main

# Nobody answers there, no variable is set, no driver of that database is installed, and the secret is on another host.
JOBS = """
timezone = "Europe/Zurich"
[schedulers.etl]
kind = "airflow"
url = "${NOT_SET_HERE}/airflow"
headers = { Authorization = "Bearer ${file:/run/secrets/on-another-host}" }
declare = ["*"]
[schedulers.shop]
kind = "sql"
database = "oracle+oracledb://${NOT_SET_HERE}@127.0.0.1:1/shop"
runs = { ask = "SELECT 1 AS job, 2 AS ended", job = "job", ended = "ended" }
[places.offsite]
url = "gs://${NOT_SET_HERE}/pg"
[alert]
webhook = "${NOT_SET_HERE}"
[jobs.dump]
schedule = "0 2 * * *"
[jobs.dump.output]
place = "offsite"
path = "dump-%F.gz"
"""


def check(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    return main(["check", *arguments]), *capsys.readouterr()


def test_a_file_is_right_wherever_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "jobs.toml").write_text(JOBS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    status, out, err = check(capsys=capsys)

    assert (status, out, err) == (0, "jobs.toml has no mistakes: 1 job, 2 schedulers\n", "")
    assert list(tmp_path.iterdir()) == [tmp_path / "jobs.toml"]


def test_every_mistake_is_said_at_once_also_of_what_is_not_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ops.toml"
    file.write_text(
        JOBS.replace("0 2 * * *", "0 99 * * *").replace("${NOT_SET_HERE}/airflow", "${NO NAME}"), encoding="utf-8"
    )

    status, out, err = check("--jobs-file", str(file), capsys=capsys)

    assert (status, out) == (4, "")
    assert 'jobs.dump.schedule = "0 99 * * *"' in err
    assert "schedulers.etl: has a " in err


def test_what_is_right_and_probably_not_meant_is_said_and_is_no_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "jobs.toml"
    file.write_text('timezone = "UTC"\n[jobs.a]\nschedule = "0 2 * * *"\noutput = { path = "out/*.gz" }\n', "utf-8")

    status, out, _ = check("--jobs-file", str(file), capsys=capsys)

    assert status == 0
    assert "doubtful [a] out/*.gz matches every file there" in out
