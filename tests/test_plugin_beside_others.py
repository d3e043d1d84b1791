"""Is a run of pytest that makes no roll call left as it was, and does nothing collide in one that does?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.lived_in import LivedIn, lived_in

OWNER = """
def pytest_addoption(parser):
    for name in ("--replay", "--record", "--nagios", "--demo", "--metrics", "--as-of"):
        parser.addoption(name, default=None)
"""
OWN_FIXTURES = """
import pytest

@pytest.fixture
def job():
    return 3

@pytest.fixture(params=[1, 2])
def scheduler(request):
    return request.param

def test_mine(job, scheduler):
    assert job * scheduler in (3, 6)
"""


def run(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    house = LivedIn(folder=folder, scheduler=None)  # type: ignore[arg-type]  # nobody is asked
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=folder,
        env=house.environment(env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_mine.py").write_text(OWN_FIXTURES)
    return tmp_path


def test_a_run_that_makes_no_roll_call_is_left_as_it_was(stranger: Path) -> None:
    done = run(stranger, "-p", "no:cacheprovider", "-W", "error")
    shown = run(stranger, "--help").stdout + run(stranger, "--markers").stdout

    assert (done.returncode, "2 passed" in done.stdout) == (0, True)
    assert "roll call" not in done.stdout
    assert not {"--jobs-file", "--as-of", "--restart-stopped", "jobs_with"} & set(shown.replace("=", " ").split())
    assert {each.name for each in stranger.iterdir()} == {"tests"}


def test_a_run_of_all_tests_of_a_repository_asks_no_scheduler(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        (tmp_path / "pyproject.toml").unlink()
        (tmp_path / "tests").mkdir()
        (tmp_path / "tests" / "test_mine.py").write_text(OWN_FIXTURES)
        done = run(tmp_path, "-p", "no:cacheprovider")

    assert (done.returncode, "2 passed" in done.stdout) == (0, True)
    assert house.scheduler.asked == []
    assert not house.reports.exists()


def test_an_option_that_another_plugin_has_is_left_to_it(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        (tmp_path / "owner.py").write_text(OWNER)
        path = f"{house.environment({})['PYTHONPATH']}:{tmp_path}"
        env = {"PYTHONPATH": path, "ROLLCALL_AS_OF": "2026-02-11T07:00+01:00", "HOUSE_TOKEN": "x"}
        done = run(tmp_path, "checks/", "-p", "owner", "--replay", "theirs", **env)

    assert "All 4 jobs did their work" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_a_jobs_file_in_the_environment_makes_no_roll_call_of_other_tests(stranger: Path) -> None:
    done = run(stranger, "-p", "no:cacheprovider", "tests", ROLLCALL_JOBS_FILE="jobs.toml")

    assert (done.returncode, "2 passed" in done.stdout) == (0, True)
    assert {each.name for each in stranger.iterdir()} == {"tests"}


def test_a_jobs_file_in_the_environment_is_that_of_the_checks_below(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        (tmp_path / "pyproject.toml").unlink()
        done = run(tmp_path, "--as-of=2026-02-11T07:00+01:00", ROLLCALL_JOBS_FILE="jobs.toml", HOUSE_TOKEN="x")

    assert "roll call: 4 jobs, 2 schedulers" in done.stdout
    assert house.scheduler.asked


@pytest.mark.parametrize("named", [["--jobs-file", "jobs.toml"], ["checks/test_last_run.py"], ["checks/"]])
def test_what_names_a_jobs_file_or_checks_makes_a_roll_call(tmp_path: Path, named: list[str]) -> None:
    with lived_in(tmp_path) as house:
        done = house.run(*named)

    assert "roll call: 4 jobs, 2 schedulers" in done.text


def test_a_repository_that_fails_on_warnings_does_not_fail_for_another_plugin(tmp_path: Path) -> None:
    """Our own settings reach nobody else's plugin in a morning."""
    with lived_in(tmp_path) as house:
        (tmp_path / "warner.py").write_text(
            "import warnings\n\ndef pytest_runtest_setup(item):\n    warnings.warn('old', DeprecationWarning)\n"
        )
        env = {"PYTHONPATH": f"{house.environment({})['PYTHONPATH']}:{tmp_path}"}
        done = house.run("-p", "warner", env=env)

    assert done.status == 0, done.text
