"""Are the terminal's last words few enough to read, whatever there is to tell?"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from fixtures.house import NOW, House
from rollcall.causes.action import Action, Deed
from rollcall.morning.ending import Ending
from rollcall.report.summary import render_summary

STARTED = Action(deed=Deed.START, subject="aime", at=NOW, is_proven=True, proof="running, 9 jobs")


@pytest.mark.parametrize("causes", [0, 1, 3, 4, 40])
def test_there_are_at_most_13_lines_and_each_kind_of_them_is_told(tmp_path: Path, causes: int) -> None:
    house = House(tmp_path)
    house.add("good")
    for number in range(causes):
        house.add(f"bad{number}")
        house.says(f"bad{number}", last_status="error")
    morning = house.morning()
    for actions, notes in product([0, 1, 3, 4, 40], [0, 1, 2, 3, 40]):
        told = replace(morning, actions=(STARTED,) * actions)
        lines = render_summary(told, Ending(), notes=[f"a note {number}" for number in range(notes)])

        assert len(lines) <= 13
        assert any("run-failed" in line or "more cause" in line for line in lines) == bool(causes)
        assert any("was stopped, restarted" in line for line in lines) == bool(actions)
        assert any(line.startswith("note: ") for line in lines) == bool(notes)
        assert ("… and 38 more actions, on the page" in lines) == (actions == 40)
        assert ("… and 39 more notes, on the page" in lines) == (notes == 40)


def test_where_there_is_no_page_nobody_is_sent_to_it(tmp_path: Path) -> None:
    house = House(tmp_path)
    for number in range(9):
        house.add(f"bad{number}")
        house.says(f"bad{number}", last_status="error")
    told = replace(house.morning(), actions=(STARTED,) * 5)
    text = "\n".join(render_summary(told, Ending(), has_page=False))

    assert "… and 3 more actions\n" in text
    assert "page" not in text
