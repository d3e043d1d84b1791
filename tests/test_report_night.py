"""Is the night drawn in real time, and only what is worth seeing?"""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from fixtures.house import NOW, ZURICH, House
from fixtures.one_morning import at
from fixtures.page_read import section, shown
from rollcall.evidence import Content, FileSeen
from rollcall.morning.ending import Ending
from rollcall.report.night import Night
from rollcall.report.page import render_board
from rollcall.schedule import Engine, read_schedule


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


# The night ------------------------------------------------------------------------------------------------------------


def _night(house: House, now: str, *schedules: str) -> str:
    """The section of the night, of jobs that each left a file twenty seconds after each due time."""
    instant = at(now)
    for number, text in enumerate(schedules):
        house.add(f"job{number}", text, output=f"out/{number}-*.md")
        house.jobs = house.jobs.replace('schedule = "0 6 * * *"', f"schedule = '{text}'\nengine = 'cron'")
        schedule = read_schedule(text, engine=Engine.CRON, zone=ZURICH)
        house.files[f"job{number}"] = tuple(
            FileSeen(name=f"{at:%H%M}", size=328, modified_at=at + timedelta(seconds=20), content=Content())
            for at in reversed(list(schedule.due_between(instant - timedelta(hours=30), instant)))
        )
    return section(render_board(house.morning(now=instant), Ending()), "rc-night")


@pytest.mark.parametrize(
    ("now", "told", "hours"),
    [
        ("2026-02-11T07:02:00+01:00", "", ["09:00", "12:00", "15:00", "18:00", "21:00", "00:00", "03:00", "06:00"]),
        (
            "2026-03-29T07:02:00+02:00",
            "02:00–03:00 skipped (CET to CEST)",
            ["09:00", "12:00", "15:00", "18:00", "21:00", "00:00", "03:00", "06:00"],
        ),
        (
            "2026-10-25T07:02:00+01:00",
            "02:00–03:00 a second time (CEST to CET)",
            ["09:00", "12:00", "15:00", "18:00", "21:00", "00:00", "03:00", "06:00"],
        ),
    ],
)
def test_the_night_is_drawn_in_real_time_and_labelled_by_the_clock(
    house: House, now: str, told: str, hours: list[str]
) -> None:
    night = Night(until=at(now), zone=ZURICH)
    page = _night(house, now, "0 6 * * *")

    assert [f"{each.astimezone(ZURICH):%H:%M}" for each in night.hours()] == hours
    change = re.search(r'<p class="rc-change[^>]*><span>(.*?)</span>', page)
    assert (change[1] if change else "") == told


@pytest.mark.parametrize(
    ("now", "first", "last", "minutes"),
    [
        ("2026-02-11T07:02:00+01:00", "2026-02-11T00:00:00+01:00", "2026-02-11T06:00:00+01:00", 360),
        ("2026-03-29T07:02:00+02:00", "2026-03-29T00:00:00+01:00", "2026-03-29T06:00:00+02:00", 300),
        ("2026-10-25T07:02:00+01:00", "2026-10-25T00:00:00+02:00", "2026-10-25T06:00:00+01:00", 420),
    ],
)
def test_a_night_is_as_wide_as_it_was_long(now: str, first: str, last: str, minutes: int) -> None:
    night = Night(until=at(now), zone=ZURICH)

    assert night.minute(at(last)) - night.minute(at(first)) == minutes


def test_a_lane_shows_due_times_limits_and_outputs(house: House) -> None:
    page = _night(house, "2026-02-11T07:02:00+01:00", "0 1 * * *")

    # 01:00 is 17 h 58 min after 07:02 of the day before.
    assert '<path class="n-g" d="M1078 12H1093"/><path class="n-m" d="M1093 12H1103"/>' in page
    assert '<path class="n-d" d="M1078 2V22"/>' in page
    assert '<path class="n-o" d="M1078 17H1078"/>' in page
    assert "due 01:00 CET" in shown(page)
    assert "an output was written 01:00 CET" in shown(page)


def test_a_job_that_is_due_every_minute_is_a_band(house: House) -> None:
    page = _night(house, "2026-02-11T07:02:00+01:00", "* * * * *")

    assert '<path class="n-e" d="M0 6H1440"/>' in page
    assert len(page) < 5_000
    assert "due 1,441 times" in shown(page)


def test_only_faults_and_what_was_due_beside_them_have_a_lane(house: House) -> None:
    for name, hour in (("early", 2), ("beside", 6), ("fault", 6), ("late", 22)):
        house.add(name)
        house.jobs = house.jobs[::-1].replace('"0 6 * * *"'[::-1], f'"0 {hour} * * *"'[::-1], 1)[::-1]
        ran = NOW.replace(day=10 if hour == 22 else 11, hour=hour, minute=0, second=17)
        following = (ran + timedelta(days=1)).replace(second=0)
        house.says(name, last_execution=f"{ran.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", next_run=following.isoformat())
    good = render_board(house.morning(), Ending())
    house.says("fault", last_status="error")

    page = section(render_board(house.morning(), Ending()), "rc-night")

    assert section(good, "rc-night") == ""
    assert re.findall(r'href="#job-(\w+)"', page) == ["fault", "beside"]


def test_of_many_those_that_need_attention_have_a_lane(house: House) -> None:
    for number in range(60):
        house.add(f"job_{number}")
    house.add("weekly")
    house.jobs = house.jobs[::-1].replace('"0 6 * * *"'[::-1], '"0 6 * * 1"'[::-1], 1)[::-1]
    house.says("job_59", last_status="error")

    page = section(render_board(house.morning(), Ending()), "rc-night")

    assert "24 of the 60 jobs that need attention, or were due at the same time." in shown(page)
    assert page.count("<svg viewBox") == 24
    assert 'href="#job-job_59"' in page
    assert "weekly" not in page


def test_what_the_lanes_cannot_show_is_said(house: House) -> None:
    house.add("it")
    said = "Of a job without output only the last run is known"

    assert said not in render_board(house.morning(), Ending())
    house.jobs = house.jobs.replace("0 6 * * *", "0 */6 * * *")
    assert said in render_board(house.morning(), Ending())
