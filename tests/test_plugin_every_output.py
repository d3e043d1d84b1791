"""Nothing green without evidence: does every output of a run that was not whole say so?

Each run starts where a whole, green morning of yesterday lies, and every job is well.
"""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.every_output import Watched
from fixtures.lived_in import HOUSE, NOW, lived_in

OUTPUTS = ("page", "json", "junit", "metrics", "github", "terminal")

WAITS = """
import pathlib, time

def test_waits():
    pathlib.Path("began").touch()
    time.sleep(60)
"""
ENDS_ALL = "import pytest\n\ndef test_ends_all(job):\n    pytest.exit('enough', returncode=0)\n"
CRASHES = "import os\n\ndef test_crashes(job):\n    if job.id == 'write':\n        os._exit(0)\n"
BREAKS_PYTEST = "def pytest_runtest_makereport():\n    raise RuntimeError('broken plugin')\n"
FAILS = "def test_fails():\n    assert 1 + 1 == 3\n"
TAKES_THE_PLACE = """
import pathlib

def test_takes_the_place():
    path = pathlib.Path("{}")
    path.unlink(missing_ok=True)
    path.mkdir()
    (path / "full").touch()
"""
FILLS_THE_DISK = """
import resource

def test_fills_the_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, ({}, resource.RLIM_INFINITY))
"""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with lived_in(tmp_path) as house:
        yield Watched(house)


def reset(watched: Watched) -> None:
    """As if a good morning of yesterday lay there, and nothing of an earlier run."""
    watched.house.reports.mkdir(exist_ok=True)
    for name, text in YESTERDAYS.items():
        (watched.house.reports / name).write_text(text)
    watched.metrics.write_text("rollcall_complete 1.0\n")
    for left in (watched.summary, watched.house.folder / "began"):
        left.unlink(missing_ok=True)


OURS = (HOUSE / "checks" / "conftest.py").read_text(encoding="utf-8")
YESTERDAYS = {
    "morning.html": "<title>All 4 jobs did their work</title>",
    "morning.json": '{"complete": true, "verdict": "ok"}',
    "junit.xml": '<testsuite><properties><property name="complete" value="true"/></properties></testsuite>',
}

# What there is beside the checks (a file and its text), how pytest is called, and what is said of the run.
Case = tuple[tuple[str, str] | None, list[str], str]
CANNOT_BE_LOADED = ("test_a_first.py", "import no_such_module\n")
BROKEN_OFF: dict[str, Case] = {
    "a worker crashes": (("test_own.py", CRASHES), ["-n", "2"], "only 36 of 37 checks finished"),
    "pytest.exit": (("test_a_first.py", ENDS_ALL), [], "only 10 of 37 checks finished"),
    "pytest breaks": (("conftest.py", OURS + BREAKS_PYTEST), [], "pytest ended with status 3"),
    "a file cannot be loaded": (CANNOT_BE_LOADED, [], "1 file of checks could not be loaded"),
    "a file cannot be loaded, the others go on": (
        CANNOT_BE_LOADED,
        ["--continue-on-collection-errors"],
        "1 file of checks could not be loaded",
    ),
    "stopped at the first failure": (("test_a_first.py", FAILS), ["-x"], "of 34 checks finished"),
    "nothing selected": (None, ["-k", "no_such_check"], "no check was selected"),
    "no such folder of checks": (None, ["no_such/checks"], "pytest ended with status 4"),
    "page has no place": (("test_own.py", TAKES_THE_PLACE.format("reports/morning.html")), [], "cannot be written"),
    "JSON has no place": (("test_own.py", TAKES_THE_PLACE.format("reports/morning.json")), [], "cannot be written"),
    "junit has no place": (("test_own.py", TAKES_THE_PLACE.format("reports/junit.xml")), [], "cannot be written"),
    "metrics have no place": (("test_own.py", TAKES_THE_PLACE.format("rollcall.prom")), [], "cannot be written"),
    "disk full": (("test_own.py", FILLS_THE_DISK.format(1_000)), [], "cannot be written"),
    "disk nearly full": (("test_own.py", FILLS_THE_DISK.format(30_000)), [], "cannot be written"),
}
STATUSES = {"pytest breaks": 3, "a file cannot be loaded": 2, "nothing selected": 5, "no such folder of checks": 4}
NOT_REMEMBERED = ("nothing selected", "no such folder of checks", "disk full", "disk nearly full")


def stage(watched: Watched, case: Case) -> list[str]:
    own, options, _ = case
    watched.house.owes_nothing()
    if own:
        watched.house.add_check(own[1], own[0])
    reset(watched)
    return [NOW, *options]


def is_claimed(said: dict[str, str], *, but: tuple[str, ...] = ()) -> list[str]:
    """The outputs that claim that all is well."""
    return [output for output, words in said.items() if words == "well" and output not in but]


@pytest.mark.parametrize("name", BROKEN_OFF)
def test_no_output_of_a_run_that_was_broken_off_says_that_all_is_well(watched: Watched, name: str) -> None:
    run = watched.run(*stage(watched, BROKEN_OFF[name]))
    said = watched.said(run)

    assert is_claimed(said) == []
    assert run.status == STATUSES.get(name, 1)
    assert said["terminal"] == "not well"
    assert said["history"] == ("nothing" if name in NOT_REMEMBERED else "not well")
    assert BROKEN_OFF[name][2] in run.text
    if said["page"] != "nothing":
        assert "INCOMPLETE" in run.page
        assert BROKEN_OFF[name][2] in run.page or name == "disk full"
    if name == "a worker crashes":
        assert run.morning["other_failures"] == ["checks/test_own.py::test_crashes[write]"]
    assert ("INTERNALERROR" in run.text) == (name == "pytest breaks")
    assert [each for each in run.left if each.startswith(".")] == []


@pytest.mark.parametrize(
    ("by", "because"),
    [
        (signal.SIGINT, "it was interrupted"),
        (signal.SIGTERM, "did not finish"),
        (signal.SIGKILL, "did not finish"),
    ],
    ids=["Ctrl-C", "SIGTERM", "SIGKILL"],
)
def test_no_output_of_a_run_that_was_struck_says_that_all_is_well(
    watched: Watched, by: signal.Signals, because: str
) -> None:
    watched.house.add_check(WAITS, "test_a_first.py")
    reset(watched)
    run = watched.strike((watched.house.folder / "began").exists, by=by)

    assert is_claimed(watched.said(run)) == []
    assert because in run.page
    assert run.morning["complete"] is False
    assert run.status == (2 if by is signal.SIGINT else -by)
    assert ("junit.xml" in run.left) == (by is signal.SIGINT)


def test_no_output_says_that_all_is_well_where_jobs_toml_is_bad(watched: Watched) -> None:
    reset(watched)
    (watched.house.folder / "jobs.toml").write_text("timezne = 'UTC'\n")
    run = watched.run()

    assert is_claimed(watched.said(run)) == []
    assert run.status == 4
    assert "\n::error " in f"\n{run.text}"


def test_every_output_of_a_part_says_so(watched: Watched) -> None:
    reset(watched)
    run = watched.run("-k", "wake or backup")

    assert {output: words for output, words in watched.said(run).items() if words != "part"} == {
        "status": "well",
        "history": "nothing",
    }


def test_metrics_that_cannot_be_written_are_told_before_anything_is_asked(watched: Watched) -> None:
    reset(watched)
    run = watched.house.run("--metrics", str(watched.house.folder / "no" / "such" / "x.prom"))

    assert run.status == 4
    assert "x.prom cannot be written" in run.page
    assert run.text.strip().endswith("no/such/x.prom cannot be written: No such file or directory")
    assert watched.house.scheduler.asked == []
    assert is_claimed(watched.said(run), but=("metrics",)) == []


def test_every_output_of_a_whole_morning_says_that_all_is_well(watched: Watched) -> None:
    reset(watched)
    run = watched.run()

    assert is_claimed(watched.said(run)) == ["status", *OUTPUTS]


def test_every_output_of_a_whole_morning_of_the_present_says_so_and_it_is_remembered(watched: Watched) -> None:
    """No run was due yet, so that broken off or not is all that tells these mornings apart."""
    watched.house.owes_nothing()
    reset(watched)
    run = watched.run(NOW)

    assert is_claimed(watched.said(run)) == ["status", *OUTPUTS, "history"]


def test_a_history_that_cannot_be_written_is_a_note_and_changes_no_verdict(watched: Watched) -> None:
    watched.house.owes_nothing()
    watched.house.add_check(TAKES_THE_PLACE.format("reports/history.sqlite3"))
    reset(watched)
    run = watched.run(NOW)

    assert run.status == 0
    assert {name: watched.said(run)[name] for name in ("json", "history")} == {"json": "well", "history": "nothing"}
    assert run.text.count("note: ") == 1
    assert "history.sqlite3" in run.text
