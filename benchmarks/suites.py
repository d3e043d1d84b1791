"""What is it measured against: as many empty tests, and the plain suite that people write first?"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.stage import HOUSE

# The same settings for all suites, so that only the suites differ.
_INI = '[pytest]\naddopts = ["-p", "no:cacheprovider"]\n'

_EMPTY = """
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_empty(number):
    pass
"""

# Each check makes its own request and its own glob: the suite that people write first.
_PLAIN = """
import datetime, glob, pathlib
import httpx, pytest

IDS = [f"job{{n:04d}}" for n in range({jobs})]
each_job = pytest.mark.parametrize("job_id", IDS)


def look(job_id):
    answer = httpx.get("{url}").json()
    record = next(job for job in answer["jobs"] if job["id"] == job_id)
    return record, sorted(glob.glob(f"{out}/{{job_id}}-*.md"))


def read(text):
    return datetime.datetime.fromisoformat(text.partition("+")[0]).replace(tzinfo=datetime.UTC)


def yesterday():
    return datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)


@each_job
def test_registered(job_id):
    record, files = look(job_id)
    assert record


@each_job
def test_next_run(job_id):
    record, files = look(job_id)
    assert read(record["next_run"]) > datetime.datetime.now(datetime.UTC)


@each_job
def test_last_execution(job_id):
    record, files = look(job_id)
    assert read(record["last_execution"]) > yesterday()


@each_job
def test_status(job_id):
    record, files = look(job_id)
    assert record["last_status"] == "success"


@each_job
def test_on_time(job_id):
    record, files = look(job_id)
    assert read(record["next_run"]) - read(record["last_execution"]) > datetime.timedelta(hours=23)


@each_job
def test_output(job_id):
    record, files = look(job_id)
    assert files


@each_job
def test_whole(job_id):
    record, files = look(job_id)
    assert "# Bench" in pathlib.Path(files[-1]).read_text()


@each_job
def test_agrees(job_id):
    record, files = look(job_id)
    assert files[-1][-9:-3] <= read(record["last_execution"]).strftime("%H%M%S")


@each_job
def test_look_back(job_id):
    record, files = look(job_id)
    assert len(files) >= 2
"""


def empty(folder: Path, count: int) -> list[str]:
    """The command that runs `count` empty tests with pytest-html."""
    return _suite(folder / "empty", _EMPTY.format(count=count))


def plain(folder: Path, jobs: int, url: str, out: Path) -> list[str]:
    """The command of the plain suite for the first `jobs` jobs."""
    return _suite(folder / "plain", _PLAIN.format(jobs=jobs, url=url, out=out))


def _suite(folder: Path, text: str) -> list[str]:
    folder.mkdir(parents=True)
    (folder / "pytest.toml").write_text(_INI)
    (folder / "test_suite.py").write_text(text)
    report = folder / "report.html"
    return [
        *_pytest(),
        str(folder),
        f"--html={report}",
        "--self-contained-html",
        f"--junitxml={folder / 'junit.xml'}",
    ]


def checks(folder: Path, jobs_file: Path) -> list[str]:
    """The command of this product's own checks, in a copy of the house so that its reports go there."""
    house = folder / "house"
    if not house.exists():
        house.mkdir()
        shutil.copytree(HOUSE / "checks", house / "checks")
        for name in ("conftest.py", "pyproject.toml"):
            shutil.copy(HOUSE / name, house)
    return [*_pytest(), str(house / "checks"), f"--jobs-file={jobs_file}"]


def _pytest() -> list[str]:
    return [sys.executable, "-m", "pytest", "-q"]


def seconds(command: list[str], times: int = 3) -> float:
    """The median of `times` runs of the whole process, after one that warms the caches. Raises where it fails."""
    measured = []
    for _ in range(times + 1):
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, cwd=HOUSE)
        measured.append(time.perf_counter() - began)
        if done.returncode != 0:
            raise RuntimeError(
                f"{' '.join(command)} ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-500:]}"
            )
    return sorted(measured[1:])[times // 2]


def counted(command: list[str]) -> int:
    """How many tests a command runs."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=HOUSE)
    found = re.search(r"(\d+) passed", done.stdout)
    if not found:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-500:])
    return int(found[1])
