"""What do the columns of ours tell in pytest-html's table?"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.house import NOW, ZURICH, House
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
