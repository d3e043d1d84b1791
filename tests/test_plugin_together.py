"""Where thousands of jobs are declared: do those that pass share a check, and is all else told as ever?"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from rollcall.plugin.together import MOST_ALONE
from rollcall.starter import checks_folder

JOBS = MOST_ALONE + 1
MISSED, DOUBTED = "job0005", "job0007"
OWN = f"""
def test_own(job):
    assert job.id != "{DOUBTED}", "nobody likes it"

def test_with_a_folder(job, tmp_path_factory):
    assert job.id
"""


@dataclass(frozen=True)
class Run:
    """How pytest ended, what it printed, the outcome of each of its checks, and morning.json."""

    status: int
    text: str
    checks: dict[str, str]
    morning: dict[str, Any]

    @property
    def failed(self) -> set[str]:
        return {name for name, outcome in self.checks.items() if outcome == "failure"}

    def named(self, check: str) -> set[str]:
        return {name.partition("[")[2].rstrip("]") for name in self.checks if name.startswith(f"{check}[")}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many jobs that left their file, one that did not, and a reader's own check."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(checks_folder(), folder / "checks")
    (folder / "checks" / "test_own.py").write_text(OWN)
    due_at = datetime.now(UTC) - timedelta(hours=2)
    (folder / "out").mkdir()
    names = [f"job{number:04}" for number in range(JOBS)]
    for name in names:
        if name != MISSED:
            file = folder / "out" / f"{name}-{due_at:%Y%m%d-%H%M%S}.txt"
            file.write_text("done\n")
            os.utime(file, (due_at.timestamp(), due_at.timestamp()))
    since = f"{due_at:%Y-%m-%d}T00:00:00Z"
    table = '[jobs.{0}]\nschedule = "{1:%M %H} * * *"\nsince = {2}\noutput.path = "out/{0}-%Y%m%d-%H%M%S.txt"\n'
    tables = "".join(table.format(name, due_at, since) for name in names)
    (folder / "jobs.toml").write_text(f'timezone = "UTC"\n{tables}')
    return folder


def run(house: Path, *options: str) -> Run:
    command = [sys.executable, "-m", "pytest", "checks", "-q", "-p", "no:cacheprovider", f"--rootdir={house}", *options]
    done = subprocess.run(command, cwd=house, capture_output=True, text=True, check=False)
    cases = ElementTree.parse(house / "reports" / "junit.xml").iter("testcase")
    checks = {case.attrib["name"]: case[-1].tag if len(case) and case[-1].tag != "properties" else "" for case in cases}
    morning = json.loads((house / "reports" / "morning.json").read_text())
    return Run(done.returncode, done.stdout + done.stderr, checks, morning)


@pytest.fixture(scope="module")
def whole(house: Path) -> Run:
    return run(house)


def test_those_that_pass_share_a_check_and_each_other_has_its_own(whole: Run) -> None:
    assert whole.named("test_output_of_the_due_run_exists") == {MISSED, "all jobs that pass"}
    assert f"test_output_of_the_due_run_exists[{MISSED}]" in whole.failed
    assert whole.status == 1


def test_no_verdict_is_lost(whole: Run) -> None:
    verdicts = {each["id"]: each["verdict"] for each in whole.morning["jobs"]}
    assert (len(verdicts), verdicts.pop(MISSED), verdicts.pop(DOUBTED)) == (JOBS, "missed", "failed")
    assert set(verdicts.values()) == {"ok"}
    assert whole.morning["complete"]


def test_a_job_whose_work_is_well_and_fails_a_check_of_ones_own_is_told_by_itself(whole: Run) -> None:
    assert f"test_own[{DOUBTED}]" in whole.failed
    assert "nobody likes it" in whole.text
    job = next(each for each in whole.morning["jobs"] if each["id"] == DOUBTED)
    assert any("test_own" in each["check"] for each in job["findings"])


def test_a_check_that_asks_for_more_than_a_job_runs_for_each(whole: Run) -> None:
    assert len(whole.named("test_with_a_folder")) == JOBS


def test_a_check_that_is_asked_for_by_name_is_one_of_its_own(house: Path) -> None:
    one = run(house, "-k", "job0001")
    assert one.named("test_output_of_the_due_run_exists") == {"job0001"}
    assert one.status == 0


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Three jobs that left nothing, which already are many."""
    shutil.copytree(checks_folder(), tmp_path / "checks")
    conftest = tmp_path / "checks" / "conftest.py"
    conftest.write_text(f"{conftest.read_text()}\nfrom rollcall.plugin import together\ntogether.MOST_ALONE = 2\n")
    table = '[jobs."{}"]\nschedule = "0 0 * * *"\nsince = 2026-02-01T00:00:00Z\noutput.path = "out/{}-%Y%m%d-*.txt"\n'
    tables = "".join(table.format(name, number) for number, name in enumerate(("küche", "b::c", "d")))
    (tmp_path / "jobs.toml").write_text(f'timezone = "UTC"\n{tables}')
    return tmp_path


def test_one_that_failed_is_found_again_by_lf_whatever_its_name(few: Path) -> None:
    for more in ((), ("--lf",)):
        command = [sys.executable, "-m", "pytest", "checks", "-q", f"--rootdir={few}", *more]
        assert "3 failed" in subprocess.run(command, cwd=few, capture_output=True, text=True, check=False).stdout


ODD = """
import sys
import pytest
asked = set()

def test_leaves(job):
    if job.id == "d":
        sys.exit(0)

def test_fails_once(job):
    is_first = job.id not in asked
    asked.add(job.id)
    assert not is_first or job.id != "d", "by chance"

def test_skips_once(job):
    if ("skips", job.id) not in asked:
        asked.add(("skips", job.id))
        pytest.skip("not yet")
"""


def test_whatever_a_check_raised_of_a_job_is_told_of_that_job_and_not_undone_by_asking_again(few: Path) -> None:
    (few / "checks" / "test_own.py").write_text(ODD)
    odd = run(few)

    own = {"test_leaves[d]", "test_fails_once[d]"}
    assert {each for each in odd.failed if "_of_the_due_run_" not in each} == own
    assert "before it did not: AssertionError: by chance" in odd.text
    assert {"test_leaves[all jobs that pass]", "test_skips_once[d]"} <= odd.checks.keys()
