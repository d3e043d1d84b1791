"""Does `rollcall discover` find what a scheduler lists and nobody declares, and may it be written down?"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from fixtures.one_morning import at, scheduler_of
from rollcall.cli import main
from rollcall.evidence import JobListed, SchedulerSeen
from rollcall.roll.load import load
from rollcall.starter.first_jobs import MOST_TABLES, FoundScheduler, first_jobs, write_first_jobs

TABLE = """# my own words
timezone = "Europe/Zurich"
[schedulers.host]
kind = "command"
command = ["cat", "{folder}/listed.json"]
ignore = ["apt-*"]
[schedulers.host.jobs]
each = "@"
id = "id"
schedule = "schedule"
zone = "zone"
[schedulers.host.runs]
ask = ["echo", "[]"]
job = "job"
started = "started"
[schedulers.gone]
kind = "command"
command = ["{folder}/no-such-program"]
[schedulers.gone.runs]
job = "job"
started = "started"
[jobs.nightly]
scheduler = "host"
schedule = "0 3 * * *"
proof = "start"
"""
LISTED = [
    {"id": "nightly", "schedule": "0 3 * * *"},
    {"id": "/usr/local/bin/backup.sh --to 'nas'", "schedule": "30 2 * * *", "zone": "UTC"},
    {"id": "/usr/local/bin/backup.sh --to nas", "schedule": "@daily"},
    {"id": "at-boot", "schedule": "@reboot"},
    {"id": "apt-daily", "schedule": "0 6 * * *"},
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs.toml").write_text(TABLE.replace("{folder}", str(tmp_path)), encoding="utf-8")
    (tmp_path / "listed.json").write_text(json.dumps(LISTED))
    return tmp_path


def test_what_nobody_declares_is_listed_and_nothing_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "jobs.toml").read_text()

    assert main(["discover"]) == 1  # one scheduler could not be asked
    host, *jobs, gone, how = capsys.readouterr().out.splitlines()
    assert host == "host: 3 jobs that nobody declares"
    assert [each.split()[0] for each in jobs] == [
        "usr-local-bin-backup-sh-to",
        "usr-local-bin-backup-sh-to-2",
        "at-boot",
    ]
    assert jobs[0].endswith('schedule = "30 2 * * *", timezone = "UTC"')
    assert jobs[2].endswith("nothing there says when it is due")
    assert gone.startswith("gone: cannot be asked: `")
    assert how.startswith("`rollcall discover --append` writes a table for each")
    assert (folder / "jobs.toml").read_text() == before


def test_what_is_appended_is_declared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover", "--append"]) == 1
    text = (folder / "jobs.toml").read_text()
    jobs = {job.id: job for job in load(folder / "jobs.toml", environment={}).jobs}

    assert text.startswith("# my own words")
    assert jobs["usr-local-bin-backup-sh-to"].name == LISTED[1]["id"]
    assert jobs["usr-local-bin-backup-sh-to"].zone.key == "UTC"
    assert jobs["usr-local-bin-backup-sh-to-2"].name == LISTED[2]["id"]
    assert "# [jobs.at-boot]" in text
    capsys.readouterr()
    main(["discover", "--append"])
    assert capsys.readouterr().out.splitlines()[0] == "host: 1 job that nobody declares"
    assert (folder / "jobs.toml").read_text() == text  # the comment is not written again


def test_a_file_that_declares_a_scheduler_and_no_job_yet_is_where_it_begins(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "jobs.toml").write_text(TABLE.replace("{folder}", str(folder)).split("[jobs.nightly]")[0])

    assert main(["due"]) == 4
    assert "`rollcall discover --append`" in capsys.readouterr().err
    assert main(["discover", "--append"]) == 1
    assert len(load(folder / "jobs.toml", environment={}).jobs) == 3


def test_where_nobody_can_be_asked_that_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "jobs.toml").write_text('timezone = "UTC"\n[jobs.a]\nschedule = "@daily"\noutput.path = "a"\n')

    assert main(["discover"]) == 0
    assert "declares no scheduler" in capsys.readouterr().out


def test_what_would_be_no_toml_with_them_stays_as_it_was(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inline = TABLE.replace("{folder}", str(folder)).split("[jobs.nightly]")[0]
    text = 'jobs = { nightly = { scheduler = "host", schedule = "0 3 * * *", proof = "start" } }\n' + inline
    (folder / "jobs.toml").write_text(text)

    assert main(["discover", "--append"]) == 4
    assert "would be no TOML with them at its end" in capsys.readouterr().err
    assert (folder / "jobs.toml").read_text() == text


@pytest.mark.parametrize("number", [MOST_TABLES, MOST_TABLES + 1])
def test_many_jobs_are_declared_as_they_are_listed(tmp_path: Path, number: int) -> None:
    table = tomllib.loads(TABLE)["schedulers"]["host"]
    scheduler = scheduler_of("host", {**table, "kind": "command"})
    now = at("2026-02-11T07:02:00+01:00")
    listed = tuple(JobListed(id=f"job-{each}", schedule="0 3 * * *") for each in range(number))
    seen = SchedulerSeen(asked_at=now, answered_at=now, jobs=listed, runs=())
    jobs = first_jobs(scheduler, seen, scheduler.zone)
    found = FoundScheduler(
        kind="command", address="", jobs=jobs, declares=number > MOST_TABLES, hides=("how it ended",)
    )
    text = write_first_jobs(found, [], zone=scheduler.zone, now=now)
    read = tomllib.loads(text)

    assert len(read.get("jobs", {})) == (number if number <= MOST_TABLES else 0)
    assert read["schedulers"]["command"].get("declare") == (None if number <= MOST_TABLES else ["*"])
    assert "# It does not report how it ended." in text
