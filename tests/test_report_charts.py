"""Do the charts of recent runs show what is slow and what is small, without a script?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.house import House
from fixtures.page_read import job
from fixtures.remembered import remembered, row
from rollcall.history.rows import Row
from rollcall.morning.ending import Ending
from rollcall.report.charts import charts_of
from rollcall.report.page import render_board
from rollcall.vocabulary import Verdict


def _rows(took: Sequence[int | None], sizes: Sequence[int] = ()) -> list[Row]:
    """Runs that took so many seconds each, and left so much, the newest last."""
    days = range(len(took), 0, -1)
    rows = [row(day, size=size) for day, size in zip(days, sizes or [900] * len(took), strict=True)]
    return [
        replace(each, took=None if seconds is None else timedelta(seconds=seconds))
        for each, seconds in zip(rows, took, strict=True)
    ]


@pytest.mark.parametrize(
    ("took", "sizes", "odd", "said"),
    [
        # (seconds, bytes, which runs are marked, what is said)
        ([60] * 5, [900] * 5, [], ["took 1 min in all of 5 runs", "left 900 B in all of 5 runs"]),
        ([60, 62, 64, 61, 240], [900] * 5, [4], ["took 4 min, usually 1 min 2 s, 1 min to 4 min in 5 runs"]),
        ([60, 300, 64, 61, 62], [900] * 5, [1], ["took 1 min 2 s, usually 1 min 2 s, 1 min to 5 min in 5 runs"]),
        ([60] * 5, [900, 910, 100, 905, 900], [2], ["left 900 B, usually 900 B, 100 B to 910 B in 5 runs"]),
        # Half as long again is not slow, and larger is not odd.
        (
            [60, 60, 60, 60, 90],
            [900, 900, 900, 900, 9_000],
            [],
            ["took 1 min 30 s, usually 1 min, 1 min to 1 min 30 s"],
        ),
        # A second more is nothing, where a run takes one.
        ([1, 1, 1, 1, 3], [900] * 5, [], ["took 3 s, usually 1 s, 1 s to 3 s in 5 runs"]),
    ],
)
def test_what_took_twice_as_long_or_left_half_as_much_is_marked(
    took: list[int], sizes: list[int], odd: list[int], said: list[str]
) -> None:
    charts = charts_of(_rows(took, sizes))

    assert charts
    assert [int(each.split()[0]) // 6 for each in charts.marked.split("M")[1:]] == odd
    assert "done 17 s after due in all of 5 runs" in charts.said
    for each in said:
        assert any(line.startswith(each) for line in charts.said), charts.said


def test_a_run_that_is_not_known_is_a_gap_in_the_line() -> None:
    rows = _rows([60, 61, 62, 63, 64, 65])
    rows[2] = row(4, Verdict.MISSED)

    charts = charts_of(rows)

    assert charts
    lateness = charts.line.partition("M18")[0]
    assert lateness.count("M") == 1
    assert charts.line.count("M0 ") == charts.line.count("M18 ") == 3
    assert charts.said[1] == "took 1 min 5 s, usually 1 min 3 s, 1 min to 1 min 5 s in 5 runs"


@pytest.mark.parametrize(("count", "is_drawn"), [(0, False), (2, False), (3, True), (40, True)])
def test_too_few_runs_are_no_chart_and_of_many_the_last_thirty_are(count: int, is_drawn: bool) -> None:
    charts = charts_of(_rows([60] * count))

    assert (charts is not None) == is_drawn
    if charts and count > 30:
        assert charts.said[0].endswith("in all of 30 runs")
        assert charts.width == 29 * 6


def test_the_tile_of_a_job_opens_to_its_charts_and_says_them_in_words(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.add("it", "It <b>")
    past = _rows([60, 60, 240, 60, 60])

    page = job(render_board(house.morning(), Ending(), chronicle=remembered(past)), "it")

    assert 'Recent runs <span class="rc-aloud">of It &lt;b&gt;</span>' in page
    assert page.count('<path class="odd"') == 1
    assert "took 1 min, usually 1 min, 1 min to 4 min in 5 runs" in page
