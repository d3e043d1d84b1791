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

# What there is beside the checks (a file and its text), and how pytest is called.
Case = tuple[tuple[str, str] | None, list[str]]
BROKEN_OFF: dict[str, Case] = {
    "a worker crashes": (("test_own.py", CRASHES), ["-n", "2"]),
    "pytest.exit": (("test_a_first.py", ENDS_ALL), []),
    "pytest breaks": (("conftest.py", OURS + BREAKS_PYTEST), []),
    "a file cannot be loaded": (("test_own.py", "import no_such_module\n"), []),
    "a file cannot be loaded, the others go on": (
        ("test_own.py", "import no_such_module\n"),
        ["--continue-on-collection-errors"],
    ),
    "stopped at the first failure": (("test_a_first.py", FAILS), ["-x"]),
    "nothing selected": (None, ["-k", "no_such_check"]),
    "no such folder of checks": (None, ["no_such/checks"]),
    "page has no place": (("test_own.py", TAKES_THE_PLACE.format("reports/morning.html")), []),
    "JSON has no place": (("test_own.py", TAKES_THE_PLACE.format("reports/morning.json")), []),
    "junit has no place": (("test_own.py", TAKES_THE_PLACE.format("reports/junit.xml")), []),
    "metrics have no place": (("test_own.py", TAKES_THE_PLACE.format("rollcall.prom")), []),
    "disk full": (("test_own.py", FILLS_THE_DISK.format(1_000)), []),
    "disk nearly full": (("test_own.py", FILLS_THE_DISK.format(30_000)), []),
}


def stage(watched: Watched, case: Case) -> list[str]:
    own, options = case
    if own:
        watched.house.add_check(own[1], own[0])
    reset(watched)
    return options


def is_claimed(said: dict[str, str], *, but: tuple[str, ...] = ()) -> list[str]:
    """The outputs that claim that all is well."""
    return [output for output, words in said.items() if words == "well" and output not in but]


@pytest.mark.parametrize("case", BROKEN_OFF.values(), ids=BROKEN_OFF.keys())
def test_no_output_of_a_run_that_was_broken_off_says_that_all_is_well(watched: Watched, case: Case) -> None:
    options = stage(watched, case)
    run = watched.run(*options)
    said = watched.said(run)

    assert is_claimed(said) == []
    assert said["terminal"] == "not well"


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda each: each.name)
def test_no_output_of_a_run_that_was_struck_says_that_all_is_well(watched: Watched, by: signal.Signals) -> None:
    watched.house.add_check(WAITS, "test_a_first.py")
    reset(watched)
    run = watched.strike((watched.house.folder / "began").exists, by=by)

    assert is_claimed(watched.said(run)) == []
    assert run.status != 0


BAD_FILES = {"no jobs": 'timezone = "Europe/Zurich"\n', "not TOML": "timezone = ", "a typo": "timezne = 'UTC'\n"}


@pytest.mark.parametrize("text", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_no_output_says_that_all_is_well_where_jobs_toml_is_bad(watched: Watched, text: str) -> None:
    reset(watched)
    (watched.house.folder / "jobs.toml").write_text(text)
    run = watched.run()

    assert is_claimed(watched.said(run)) == []
    assert run.status == 4


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


@pytest.mark.parametrize("place", ["reports/history.sqlite3"])
def test_a_history_that_cannot_be_written_is_a_note_and_changes_no_verdict(watched: Watched, place: str) -> None:
    watched.house.owes_nothing()
    watched.house.add_check(TAKES_THE_PLACE.format(place))
    reset(watched)
    run = watched.run(NOW)

    assert run.status == 0
    assert {name: watched.said(run)[name] for name in ("json", "history")} == {"json": "well", "history": "nothing"}
    assert run.text.count("note: ") == 1
    assert "history.sqlite3" in run.text


REMEMBERED = ("a worker crashes", "pytest.exit", "page has no place", "JSON has no place", "junit has no place")


@pytest.mark.parametrize("name", ["whole", *REMEMBERED])
def test_a_morning_is_remembered_as_whole_only_once_its_reports_stand_there(watched: Watched, name: str) -> None:
    watched.house.owes_nothing()
    options = stage(watched, BROKEN_OFF[name]) if name in BROKEN_OFF else []
    run = watched.run(NOW, *options)

    assert (run.status == 0) == (name == "whole")
    assert watched.said(run)["history"] == ("well" if name == "whole" else "not well")
