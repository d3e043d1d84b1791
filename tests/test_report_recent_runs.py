"""What do the strips of recent runs show?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fixtures.house import NOW, YESTERDAY, House
from fixtures.page_read import shown
from fixtures.remembered import due, remembered, row
from rollcall.evidence import Content, FileSeen
from rollcall.history.rows import Row
from rollcall.morning.ending import Ending
from rollcall.report.page import render_board
from rollcall.report.recent_runs import recent_runs
from rollcall.vocabulary import Verdict


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


# Strips ---------------------------------------------------------------------------------------------------------------


def _strip(house: House, rows: Sequence[Row], now: datetime = NOW) -> list[str]:
    judged = house.morning(now=now).jobs[0]
    return [each.verdict or "untold" for each in recent_runs(judged, rows)]


def test_a_strip_holds_the_last_thirty_due_runs_the_newest_last(house: House) -> None:
    house.add("it")
    house.says("it", last_status="error")

    strip = _strip(house, [row(days) for days in range(40, 0, -1)])

    assert strip == ["ok"] * 29 + ["failed"]


def test_a_morning_on_which_nobody_looked_is_a_gap_and_not_left_out(house: House) -> None:
    house.add("it")

    assert _strip(house, [row(4), row(3, Verdict.MISSED)]) == ["ok", "missed", "untold", "untold", "ok"]


@pytest.mark.parametrize(
    ("schedule", "days_ago", "strip"),
    [
        # Looked at once a day, though it is due every six hours, twice at work only, or once at another time by now.
        ("0 */6 * * *", [2, 1], ["ok", *["untold"] * 3] * 2),
        ("0 6,18 * * mon-fri", [5, 2], ["ok", "untold", "ok", *["untold"] * 3]),
        ("0 5,6 * * *", [2, 1], ["ok", "untold", "ok", "untold"]),
        ("30 6 * * *", [3, 2], ["ok", "ok", "untold", "untold"]),
    ],
)
def test_what_was_due_between_two_looks_is_not_forgotten(
    house: House, schedule: str, days_ago: list[int], strip: list[str]
) -> None:
    house.add("it")
    house.jobs = house.jobs.replace("0 6 * * *", schedule)

    assert _strip(house, [row(days) for days in days_ago])[:-1] == strip


def test_of_a_job_that_is_due_every_minute_the_last_half_hour_is_told(house: House) -> None:
    house.add("it", output="it-*.md")
    house.jobs = house.jobs.replace("0 6 * * *", "* * * * *").replace("scheduler = 'aime'", "engine = 'cron'")
    made = [NOW - timedelta(minutes=minutes, seconds=-20) for minutes in (0, 1, 2, 4, 5)]
    house.files["it"] = tuple(FileSeen(name="it", size=1, modified_at=each, content=Content()) for each in made)

    strip = _strip(house, [row(days) for days in range(30, 0, -1)])

    assert len(strip) == 30
    assert strip[-7:] == ["pending", "ok", "ok", "pending", "ok", "ok", "ok"]


@pytest.mark.parametrize(
    ("then", "told"), [(Verdict.PENDING, "ok"), (Verdict.UNKNOWN, "ok"), (Verdict.FAILED, "failed"), (None, "ok")]
)
def test_a_file_tells_today_what_could_not_be_told_then(house: House, then: Verdict | None, told: str) -> None:
    house.add("it", output="it-*.md")
    house.leaves("it", "it-2.md")
    before = FileSeen(name="it-1.md", size=328, modified_at=due(1) + timedelta(seconds=16), content=Content())
    house.files["it"] = (*_files(house), before)

    assert _strip(house, [row(1, then)] if then else []) == [told, "ok"]


def _files(house: House) -> tuple[FileSeen, ...]:
    files = house.files["it"]
    assert isinstance(files, tuple)
    return files


def test_a_run_still_inside_its_time_is_pending_and_the_one_before_is_not(house: House) -> None:
    house.add("it")
    house.says("it", last_execution=YESTERDAY, next_run="2026-02-12T06:00:00+01:00")

    assert _strip(house, [row(2)], NOW.replace(hour=6, minute=5)) == ["ok", "ok", "pending"]


def test_thirty_runs_that_are_alike_are_one_rectangle_and_each_kind_has_its_own_shape(house: House) -> None:
    house.add("it")
    rows = [row(30 - number, verdict) for number, verdict in enumerate(each for each in Verdict)]
    rows += [row(days) for days in range(30 - len(rows), 0, -1)]

    page = render_board(house.morning(), Ending(), chronicle=remembered(rows))

    assert page.count('<rect class="s-ok"') <= 3 + 1  # one more in the legend
    patterns = re.findall(r'<pattern id="rs-([a-z-]+)".*?<g [^>]*>(.*?)</g>', page)
    assert {name for name, _ in patterns} >= {"ok", "missed", "failed", "stuck", "bad-output", "late", "unknown"}
    assert len({shape for _, shape in patterns}) == len(patterns)


def test_a_strip_is_told_to_those_who_do_not_see_it(house: House) -> None:
    house.add("it")

    page = render_board(
        house.morning(), Ending(), chronicle=remembered([row(5), row(4, Verdict.MISSED), row(3), row(2), row(1)])
    )

    assert "6 runs since Fri 6 Feb: 5 ok, 1 missed" in shown(page)
    assert 'role="img" aria-label="missed Sat 7 Feb 06:00 CET"' in page


def test_a_run_of_which_more_was_promised_is_not_made_good_by_its_file(house: House) -> None:
    house.add("it", output="it-*.md")
    house.leaves("it", "it-2.md")
    before = FileSeen(name="it-1.md", size=328, modified_at=due(1) + timedelta(seconds=16), content=Content())
    house.files["it"] = (*_files(house), before)
    house.falls_silent()

    assert _strip(house, []) == ["ok", "unknown"]
    assert _strip(house, [row(1, Verdict.PENDING)]) == ["ok", "unknown"]
