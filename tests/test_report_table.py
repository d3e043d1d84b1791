"""What do the columns of ours tell in pytest-html's table, of a record and after a real run?"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from fixtures.house import NOW, ZURICH, House
from fixtures.lived_in import Run, lived_in
from rollcall.report.page import cells, headers


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_the_table_has_a_cell_for_each_header(house: House) -> None:
    house.add("haiku")
    names = re.findall(r'class="sortable" data-column-type="(\w+)"', "".join(headers()))

    for judged in (None, *house.morning().jobs):
        assert re.findall(r'<td class="col-(\w+)">', "".join(cells(judged, ZURICH))) == names


def test_checks_of_no_job_have_empty_cells() -> None:
    assert [re.sub("<[^>]*>", "", cell) for cell in cells(None, ZURICH)] == ["", "", "", ""]


def test_the_table_sorts_by_instant_and_by_length(house: House) -> None:
    """pytest-html compares the HTML in the cells as text: 9 s, 2 min and 10 h must not come out as 10, 2, 9."""
    seen = {"early": -5, "soon": 9, "later": 120, "much_later": 35_999, "next_day": 80_000}
    for name, seconds in seen.items():
        house.add(name)
        ran_at = NOW.replace(hour=6, minute=0) - timedelta(days=1) + timedelta(seconds=seconds)
        house.says(name, last_execution=f"{ran_at.astimezone(ZURICH).isoformat()}")
    morning = house.morning(now=NOW - timedelta(hours=1, minutes=10))

    rows = {judged.job.id: cells(judged, ZURICH) for judged in morning.jobs}
    for column in (2, 3):
        keys = {name: _sort_key(row[column]) for name, row in rows.items()}
        assert sorted(keys, key=keys.__getitem__) == list(seen)


def _sort_key(cell: str) -> str:
    """What pytest-html 4.2 sorts by: `basereport._hydrate_data`."""
    found = re.search(r"<td.*?>(.*?)</td>", cell)
    assert found
    return found[1]


# After a real run -------------------------------------------------------------------------------------------------

_MANY = """
import pytest

@pytest.mark.parametrize("number", range(2100))
def test_many(number):
    assert number != 1500

def test_not_now():
    pytest.skip("no <reason>")
"""


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A job failed, and the other scheduler is stopped."""
    with lived_in(tmp_path_factory.mktemp("house")) as living:
        living.scheduler.says["aime"]["wake"]["last_status"] = "error"
        living.scheduler.stop("other")
        return living.run()


def _rows(page: str) -> list[dict[str, str]]:
    """The rows that pytest-html's script will draw: the text of each cell by its column."""
    found = re.search(r'data-jsonblob="([^"]*)"', page)
    assert found
    tests = json.loads(unescape(found[1]))["tests"]
    return [_row(each["resultsTableRow"]) for runs in tests.values() for each in runs]


def _row(cells: list[str]) -> dict[str, str]:
    found = (re.fullmatch(r'<td class="col-(\w+)"[^>]*>(.*)</td>', cell, re.DOTALL) for cell in cells)
    return {each[1]: re.sub("<[^>]*>", "", each[2]) for each in found if each}


def test_the_row_of_a_check_tells_its_job_when_it_was_due_and_seen_and_how_late(bad: Run) -> None:
    rows = {each["testId"]: each for each in _rows(bad.page)}

    wake = next(each for name, each in rows.items() if name.endswith("[wake]"))
    assert (wake["job"], wake["due"], wake["seen"], wake["lateness"]) == (
        "wake",
        "Wed 11 Feb 06:00 CET",
        "Wed 11 Feb 06:00:18 CET",
        "18 s",
    )
    of_jobs = [each for name, each in rows.items() if re.search(r"\[(wake|write|backup)\]", name)]
    assert of_jobs
    assert not [each for each in of_jobs if not each["job"] or not each["due"]]


def test_a_check_that_cannot_tell_is_not_called_skipped(bad: Run) -> None:
    results = {each["result"] for each in _rows(bad.page)}

    assert "Cannot tell" in results
    assert "Skipped" not in results


def test_of_more_than_two_thousand_checks_only_what_failed_has_a_row(tmp_path: Path) -> None:
    with lived_in(tmp_path) as living:
        living.add_check(_MANY)
        run = living.run("-p", "no:randomly")

    rows = _rows(run.page)
    assert {each["testId"].rpartition("::")[2] for each in rows} == {"test_many[1500]"}
    assert {each["result"] for each in rows} == {"Failed"}
    assert "the table below holds only those that failed" in run.page
