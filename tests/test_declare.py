"""Is every job declared that a scheduler lists, where jobs.toml says so, and missed when it vanishes there?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.lived_in import LivedIn
from fixtures.lived_in import Scheduler as Stub
from rollcall.errors import BadInput
from rollcall.evidence import JobListed
from rollcall.roll.listing import Listing
from rollcall.roll.load import load
from rollcall.roll.roll import Roll

TABLE = """
timezone = "Europe/Zurich"
[schedulers.etl]
kind = "command"
command = ["cat", "listed.json"]
declare = ["billing/*"]
ignore = ["billing/scratch", "apt-*"]
[schedulers.etl.words]
success = ["done"]
[schedulers.etl.jobs]
each = "jobs"
id = "name"
name = "title"
schedule = "schedule"
zone = "zone"
tags = "labels"
[schedulers.etl.runs]
each = "runs"
job = "job"
started = "start"
ended = "end"
status = "state"
"""
NIGHTLY = JobListed(id="billing/nightly", name="Nightly bills", schedule="0 3 * * *", zone="UTC", tags=("money",))


def loaded(
    folder: Path, text: str = "", *, jobs: Sequence[JobListed] | None = (), remembered: Sequence[JobListed] = ()
) -> Roll:
    """The roll of that file, whose scheduler lists those jobs; it cannot be asked where they are None."""
    file = folder / "jobs.toml"
    file.write_text(TABLE + text, encoding="utf-8")
    listing = Listing(jobs=None if jobs is None else tuple(jobs), remembered=tuple(remembered))
    return load(file, environment={}, list_jobs=lambda schedulers, _history: {each.id: listing for each in schedulers})


def test_what_matches_is_declared_as_it_is_listed(tmp_path: Path) -> None:
    others = [JobListed(id=name, schedule="0 3 * * *") for name in ("billing/scratch", "apt-daily", "shipping/x")]
    roll = loaded(tmp_path, jobs=[NIGHTLY, *others, JobListed(id="billing/by-hand")])

    (job,) = roll.jobs
    assert (job.id, job.name, job.title, job.tags) == (NIGHTLY.id, NIGHTLY.id, "Nightly bills", ("money",))
    assert (job.cron, job.zone, job.scheduler and job.scheduler.id) == ("0 3 * * *", ZoneInfo("UTC"), "etl")


@pytest.mark.parametrize(
    "odd",
    [{"schedule": "@reboot"}, {"schedule": "H 2 * * *"}, {"schedule": "0 3 30 2 *"}, {"zone": "Mars/Olympus"}],
    ids=str,
)
def test_one_whose_schedule_nobody_reads_keeps_no_other_from_being_judged(tmp_path: Path, odd: dict[str, Any]) -> None:
    listed = [NIGHTLY, replace(NIGHTLY, id="billing/odd", **odd)]

    assert [job.id for job in loaded(tmp_path, jobs=listed).jobs] == [NIGHTLY.id]


@pytest.mark.parametrize("odd", [{"schedule": "0~59 3 * * *"}, {"schedule": None}, {"zone": "Mars/Olympus"}], ids=str)
def test_one_that_nobody_reads_any_more_stays_as_it_is_remembered(tmp_path: Path, odd: dict[str, Any]) -> None:
    (job,) = loaded(tmp_path, jobs=[replace(NIGHTLY, **odd)], remembered=[NIGHTLY]).jobs

    assert (job.id, job.cron, job.zone) == (NIGHTLY.id, "0 3 * * *", ZoneInfo("UTC"))


def test_defaults_stand_under_what_is_listed_and_its_table_over_it(tmp_path: Path) -> None:
    text = """
    [defaults]
    timezone = "Asia/Tokyo"
    schedule = "5 5 * * *"
    grace = "7 min"
    [jobs."billing/nightly"]
    max_runtime = "2 h"
    timezone = "Europe/Paris"
    [jobs.weekly]
    scheduler = "etl"
    name = "billing/weekly"
    every = "7 d"
    """
    weekly, other = JobListed(id="billing/weekly", schedule="0 3 * * 1"), JobListed(id="billing/a", schedule="@daily")
    roll = loaded(tmp_path, text, jobs=[NIGHTLY, weekly, other])

    assert [each.id for each in roll.jobs] == ["billing/nightly", "weekly", "billing/a"]
    nightly, of_interval, plain = roll.jobs
    assert (nightly.cron, nightly.zone.key, nightly.max_runtime, nightly.grace) == (
        "0 3 * * *",
        "Europe/Paris",
        timedelta(hours=2),
        timedelta(minutes=7),
    )
    assert (of_interval.every, of_interval.cron) == (timedelta(days=7), None)
    assert (plain.cron, plain.zone.key) == ("@daily", "Asia/Tokyo")


def test_two_schedulers_that_declare_one_name_have_a_job_each(tmp_path: Path) -> None:
    text = TABLE.replace("[schedulers.etl]", '[schedulers.etl]\neach = ["eu1", "eu2"]').replace(
        '"listed.json"]', '"{each}.json"]'
    )
    (tmp_path / "jobs.toml").write_text(text, encoding="utf-8")
    listing = Listing(jobs=(NIGHTLY,))
    roll = load(
        tmp_path / "jobs.toml",
        environment={},
        list_jobs=lambda schedulers, _history: {each.id: listing for each in schedulers},
    )

    assert [(each.id, each.name) for each in roll.jobs] == [
        ("etl-eu1/billing/nightly", "billing/nightly"),
        ("etl-eu2/billing/nightly", "billing/nightly"),
    ]


def test_a_scheduler_that_cannot_be_asked_leaves_what_is_remembered(tmp_path: Path) -> None:
    assert [each.id for each in loaded(tmp_path, jobs=None, remembered=[NIGHTLY]).jobs] == [NIGHTLY.id]
    # Nor is a table refused whose schedule nobody knows now.
    assert loaded(tmp_path, '[jobs."billing/nightly"]\ngrace = "5 min"', jobs=None).jobs == ()


def test_declare_is_refused_where_nobody_tells_when_a_job_is_due(tmp_path: Path) -> None:
    (tmp_path / "jobs.toml").write_text(TABLE.replace('schedule = "schedule"\n', ""), encoding="utf-8")
    with pytest.raises(BadInput, match="declare: it does not report when a job is due"):
        load(tmp_path / "jobs.toml", environment={})


# Mornings -------------------------------------------------------------------------------------------------------------


class Mornings:
    """A folder in which one morning follows another, each as of the present."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.now = datetime.now(UTC)
        self.due = (self.now - timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
        self.schedule = f"0 {self.due.hour} * * *"
        (folder / "jobs.toml").write_text(TABLE, encoding="utf-8")

    def listed(self, **schedules: str) -> None:
        """What the scheduler lists from now on: a run of each is well."""
        jobs = [
            {"name": f"billing/{name}", "title": name, "schedule": schedule, "zone": "UTC", "labels": ["money"]}
            for name, schedule in schedules.items()
        ]
        runs = [
            {
                "job": each["name"],
                "start": self.due.isoformat(),
                "end": (self.due + timedelta(minutes=1)).isoformat(),
                "state": "done",
            }
            for each in jobs
        ]
        (self.folder / "listed.json").write_text(json.dumps({"jobs": jobs, "runs": runs}), encoding="utf-8")

    def look(self, *words: str) -> tuple[int, str]:
        """The exit status of `rollcall monitor`, and what it says."""
        house = LivedIn(folder=self.folder, scheduler=Stub())
        done = subprocess.run(
            [sys.executable, "-m", "rollcall", *(words or ("monitor",))], cwd=self.folder, env=house.environment({}),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100,
        )  # fmt: skip
        return done.returncode, done.stdout


@pytest.fixture
def mornings(tmp_path: Path) -> Mornings:
    """The first: two jobs are listed, and did their work."""
    found = Mornings(tmp_path)
    found.listed(a=found.schedule, b=found.schedule)
    assert found.look()[0] == 0
    return found


def test_one_that_vanishes_is_missed_until_it_is_ignored(mornings: Mornings) -> None:
    mornings.listed(a=mornings.schedule)
    for _ in range(2):
        status, told = mornings.look()
        assert status == 2, told
        assert "billing/b" in told
        assert "not-registered" in told

    text = TABLE.replace('"apt-*"', '"billing/b"')
    (mornings.folder / "jobs.toml").write_text(text, encoding="utf-8")
    assert mornings.look()[0] == 0


def test_a_changed_schedule_is_judged_and_said_once(mornings: Mornings) -> None:
    other = f"0 {(mornings.due.hour + 12) % 24} * * *"
    mornings.listed(a=mornings.schedule, b=other)
    _, first = mornings.look()
    _, second = mornings.look()

    said = f"billing/b: etl lists it as '{other}' now, not as '{mornings.schedule}'"
    assert said in first
    assert said not in second


def test_a_recorded_morning_still_misses_it(mornings: Mornings, monkeypatch: pytest.MonkeyPatch) -> None:
    from rollcall.ask import gather
    from rollcall.morning.judge import judge_morning
    from rollcall.recorded.record import Recorded, record
    from rollcall.recorded.replay import replay

    monkeypatch.chdir(mornings.folder)
    mornings.listed(a=mornings.schedule)
    now = mornings.now
    remembered = {"etl": (JobListed(id="billing/b", schedule=mornings.schedule, zone="UTC"),)}
    roll = load(
        mornings.folder / "jobs.toml",
        environment={},
        list_jobs=lambda schedulers, _history: {"etl": Listing(jobs=(), remembered=remembered["etl"])},
    )
    evidence = gather(roll.jobs, roll.schedulers, now=now, clock=lambda: now)
    folder = mornings.folder / "kept"
    record(folder, roll, Recorded(evidence=evidence, now=now, root=mornings.folder, remembered=remembered))

    kept = replay(folder)
    causes = judge_morning(kept.roll, kept.evidence, now=now).job_causes
    assert {job: cause and cause.code for job, cause in causes.items()} == {
        "billing/a": None,
        "billing/b": "not-registered",
    }


def test_what_is_remembered_is_carried_to_another_machine(mornings: Mornings, tmp_path: Path) -> None:
    _, lines = mornings.look("history", "--export", "jsonl")
    other = Mornings(tmp_path / "other")
    (other.folder / "lines.jsonl").write_text(lines, encoding="utf-8")
    other.look("history", "--import", "lines.jsonl")

    other.listed(a=other.schedule)
    status, told = other.look()
    assert (status, "billing/b" in told) == (2, True), told
