"""What is told of every job: on a tile, or in a row of a table where they are many?"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.house import YESTERDAY, House
from fixtures.page_read import Read
from rollcall.morning.ending import Ending
from rollcall.report.headline import title
from rollcall.report.page import render_board
from rollcall.vocabulary import Verdict


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def nine(house: House) -> House:
    for number in range(1, 10):
        house.add(f"job_{number}", f"Job number {number}")
    return house


def test_a_tile_tells_due_run_lateness_and_output(house: House) -> None:
    house.add("haiku", "Haiku generation", output="out/haiku-*.md")
    house.leaves("haiku", "haiku-20260211-060016.md")

    shown = " ".join(Read(render_board(house.morning(), Ending())).shown.split())

    for told in (
        "ok Haiku generation haiku Schedule every day at 06:00 Due Wed 11 Feb 06:00 CET",
        "Ran Wed 11 Feb 06:00:16 CET 16 s after due",
        "Output haiku-20260211-060016.md 328 B",
        "Next Thu 12 Feb 06:00 CET",
    ):
        assert told in shown


def _late(house: House) -> None:
    house.says("it", last_execution="2026-02-11T05:48:17")


def _missed(house: House) -> None:
    house.says("it", last_execution=YESTERDAY)


def _failed(house: House) -> None:
    house.says("it", last_status="error")


def _empty(house: House) -> None:
    house.leaves("it", "it-1.md", size=0)


def _unreadable(house: House) -> None:
    house.says("it", last_execution="yesterday-ish")


def _fine(house: House) -> None:
    house.leaves("it", "it-1.md")


@pytest.mark.parametrize(
    ("happens", "verdict", "code"),
    [
        (_fine, Verdict.OK, None),
        (_late, Verdict.LATE, "ran-late"),
        (_missed, Verdict.MISSED, "missed-run"),
        (_failed, Verdict.FAILED, "run-failed"),
        (_empty, Verdict.BAD_OUTPUT, "empty-output"),
        (_unreadable, Verdict.UNKNOWN, "scheduler-error"),
    ],
)
def test_a_verdict_is_a_word_and_a_shape_and_not_only_a_colour(
    house: House, happens: Callable[[House], None], verdict: Verdict, code: str | None
) -> None:
    house.add("it", output="it-*.md" if happens in (_fine, _empty) else None)
    happens(house)
    morning = house.morning()

    page = render_board(morning, Ending())

    assert [each.verdict for each in morning.jobs] == [verdict]
    assert f'<use href="#rc-{verdict}"/></svg>{verdict.replace("-", " ")}</p>' in page
    assert f'<symbol id="rc-{verdict}"' in page
    assert (code is None) or (code in Read(page).shown)


def test_no_two_verdicts_share_a_shape(nine: House) -> None:
    shapes = re.findall(r'<symbol id="rc-([a-z-]+)"[^>]*>(.*?)</symbol>', render_board(nine.morning(), Ending()))

    assert {name for name, _ in shapes} == {str(verdict) for verdict in Verdict}
    assert len({shape for _, shape in shapes}) == len(Verdict)


@pytest.mark.parametrize("silence", [House.stops, House.falls_silent])
def test_what_could_not_be_looked_at_is_never_shown_as_ok(nine: House, silence: Callable[[House], None]) -> None:
    silence(nine)

    page = render_board(nine.morning(), Ending())

    assert 'class="rc-word v-ok"' not in page
    assert page.count('class="rc-word v-unknown"') == 9
    assert "#rc-ok" not in page


def test_a_late_run_that_is_allowed_needs_nobody_and_is_still_told(house: House) -> None:
    house.add("haiku", extra='late = "warn"')
    house.says("haiku", last_execution="2026-02-11T05:48:17")

    morning = house.morning()
    page = render_board(morning, Ending())

    assert "<article" not in page
    assert 'class="rc-word v-late"' in page
    assert "late, which is allowed" in page
    assert title(morning, Ending()) == "The one job did its work, late · 1 warning"
