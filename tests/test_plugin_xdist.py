"""Under `pytest -n 2`: the same verdicts, decided once, and nothing lost with a worker?"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.lived_in import TOKEN, LivedIn, lived_in

TELLS = """
import pickle

def test_tells(request):
    given = request.config.workerinput
    with open("given", "a") as file:
        file.write(f"{given}{pickle.loads(given['rollcall'])}")
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    """A bad morning: one job failed, the other scheduler is stopped."""
    with lived_in(tmp_path_factory.mktemp("house")) as house:
        house.scheduler.says["aime"]["wake"]["last_status"] = "error"
        house.scheduler.says["other"].clear()
        yield house


def told(morning: dict[str, Any]) -> str:
    """The morning without the instants at which somebody looked."""
    morning = json.loads(json.dumps(morning))
    for judged in morning["jobs"]:
        (judged["listed"] or {}).pop("asked_at", None)
    for judged in morning["schedulers"]:
        judged.pop("findings")  # they tell how many milliseconds an answer took
    return json.dumps(morning, indent=1)


def test_the_same_verdicts_as_without_it(house: LivedIn) -> None:
    alone = house.run()
    morning, outcomes = alone.morning, alone.outcomes
    house.scheduler.asked.clear()
    run = house.run("-n", "2", "--dist", "loadgroup")

    assert run.status == alone.status == 1
    assert told(run.morning) == told(morning)
    assert {name: ended for name, (ended, _) in run.outcomes.items()} == {
        name: ended for name, (ended, _) in outcomes.items()
    }
    assert sorted(house.scheduler.asked) == ["/aime/status", "/other/status"]
    assert run.left == ["junit.xml", "morning.html", "morning.json"]
    assert run.text.count("cannot tell") >= 1


def test_a_selection_asks_only_for_what_it_needs(house: LivedIn) -> None:
    house.scheduler.asked.clear()
    run = house.run("-n", "2", "-k", "write")

    assert run.status == 0
    assert house.scheduler.asked == ["/aime/status"]
    assert "1 of 4 jobs checked" in run.page
    assert run.morning["complete"] is False


def test_nothing_selected_is_not_gathered_for_and_not_green(house: LivedIn) -> None:
    house.scheduler.asked.clear()
    run = house.run("-n", "2", "-k", "no_such_check")

    assert run.status == 5
    assert house.scheduler.asked == []
    assert run.morning["incomplete_because"] == "no check was selected"


def test_a_file_of_checks_that_cannot_be_loaded_is_no_good_morning(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        house.add_check("import no_such_module\n")
        run = house.run("-n", "2")

    assert run.status not in (0, 5)
    assert run.morning["incomplete_because"] == "1 file of checks could not be loaded"
    assert "INTERNALERROR" not in run.text


def test_a_bad_jobs_file_is_told_once(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        (tmp_path / "jobs.toml").write_text("timezone = 1\n")
        run = house.run("-n", "2")

    assert run.status == 4
    assert run.text.count("jobs.toml: timezone") == 1
    assert "Traceback" not in run.text


def test_no_secret_is_handed_to_a_worker(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        house.add_check(TELLS)
        run = house.run("-n", "2")
        tokens = house.scheduler.tokens
        given = (tmp_path / "given").read_text()

    assert run.status == 0
    assert f"Bearer {TOKEN}" in tokens
    assert "'aime'" in given
    assert TOKEN not in given + run.page + run.text + json.dumps(run.morning)
