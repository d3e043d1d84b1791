"""Does whatever stops pytest before a job was looked at leave no page of yesterday, and no status of a morning?

Each run starts where a whole, green page of yesterday lies.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.lived_in import LivedIn, lived_in

YESTERDAYS = '{"complete": true, "verdict": "ok"} All 4 jobs did their work'
ADDS = "def pytest_addoption(parser):\n    parser.addoption('{}')\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LivedIn]:
    with lived_in(tmp_path) as house:
        house.reports.mkdir()
        for name in ("morning.html", "morning.json", "junit.xml", "rollcall.prom"):
            (house.reports / name).write_text(YESTERDAYS)
        yield house


# What stands in checks/conftest.py or in a plugin, how pytest is called, and its status then.
STOPS: dict[str, tuple[str, list[str], int]] = {
    "an option that is ours, in a conftest": (ADDS.format("--as-of"), [], 4),
    "an option that somebody else has, in a conftest": (ADDS.format("--collect-only"), [], 4),
    "a conftest that cannot be read": ("def (", [], 4),
    "a conftest that breaks": ("1 / 0", [], 4),
    "a conftest that ends with 0": ("raise SystemExit(0)", [], 4),
    "a conftest that ends with 1": ("import pytest; pytest.exit('enough', returncode=1)", [], 4),
    "a wrong option": ("", ["--no-such-option"], 4),
    "an option without its value": ("", ["--jobs-file"], 4),
    "a plugin that is not there": ("pytest_plugins = ['no_such_plugin']", [], 4),
    "broken when it is configured": ("def pytest_configure(config):\n    1 / 0", [], 3),
    "ended when it is configured": (
        "import pytest\ndef pytest_configure():\n    pytest.exit('', returncode=1)",
        [],
        2,
    ),
    "ended when it begins": ("import pytest\ndef pytest_sessionstart():\n    pytest.exit('x', returncode=0)", [], 2),
    "ended while it collects": ("import pytest\ndef pytest_collection():\n    pytest.exit('x', returncode=1)", [], 2),
    "a file of checks that breaks": ("def pytest_generate_tests(metafunc):\n    1 / 0", [], 2),
}


@pytest.mark.parametrize(("conftest", "arguments", "status"), STOPS.values(), ids=STOPS.keys())
def test_what_stops_it_is_no_morning(house: LivedIn, conftest: str, arguments: list[str], status: int) -> None:
    with (house.folder / "checks" / "conftest.py").open("a") as stream:
        stream.write(f"\n{conftest}\n")
    run = house.run(*arguments, env={"ROLLCALL_METRICS": str(house.reports / "rollcall.prom")})
    left = {name: (house.reports / name).read_text() for name in os.listdir(house.reports)}

    assert run.status == status, run.text
    assert not [name for name, text in left.items() if "All 4 jobs did their work" in text]
    assert "INCOMPLETE" in run.page
    assert (run.morning["complete"], run.morning["verdict"]) == (False, "incomplete")
    assert "rollcall_complete 0" in left["rollcall.prom"]


@pytest.mark.parametrize("argument", ["--help", "--version", "--collect-only", "--fixtures"])
def test_who_only_wants_to_be_shown_something_keeps_the_reports(house: LivedIn, argument: str) -> None:
    run = house.run(argument)

    assert run.status == 0
    assert YESTERDAYS in run.page


def test_a_page_and_a_junit_file_of_the_readers_own_are_not_of_yesterday_either(house: LivedIn) -> None:
    own = [house.folder / name for name in ("own.html", "own.xml")]
    for each in own:
        each.write_text(YESTERDAYS)
    (house.folder / "checks" / "conftest.py").write_text(
        "from rollcall.plugin.checks import *\ndef pytest_configure():\n    1 / 0\n"
    )
    run = house.run("--html=own.html", "--junitxml=own.xml")

    assert run.status == 3
    assert [YESTERDAYS in each.read_text() for each in own if each.exists()] == [False]
    assert "INCOMPLETE" in own[0].read_text()
