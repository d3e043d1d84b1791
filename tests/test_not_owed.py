"""Is it said what maintenance kept from being owed, and until when, also in the nights of the clock changes?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures.house import House
from fixtures.jobs_toml import HEAD, read
from fixtures.page_read import section, shown
from rollcall.morning.ending import Ending
from rollcall.morning.not_owed import not_owed
from rollcall.report.page import render_board
from rollcall.sinks.json import to_json
from rollcall.terminal.summary import render_summary


def window(when: str, lasts: str, more: str = "") -> str:
    return f'[[windows]]\nwhen = "{when}"\nlasts = "{lasts}"\nreason = "patching"\n{more}'


NIGHTLY = window("0 1 * * *", "4 h")
# Which window, when the job is due, what is judged (UTC); when the time that is told begins and ends (UTC).
# Zurich's clocks go forward on 29 Mar 2026 at 01:00 UTC, and back on 25 Oct 2026 at 01:00 UTC.
TIMES: dict[str, tuple[str, str, str, tuple[str, str] | None]] = {
    "open, a moment before its end": (NIGHTLY, "0 6,20 * * *", "02-11T03:59:59", ("02-11T00:00", "02-11T04:00")),
    "over, and no run fell in it": (NIGHTLY, "0 6,20 * * *", "02-11T04:00:00", None),
    "over, and a run fell in it": (NIGHTLY, "0 2,20 * * *", "02-11T06:00:00", ("02-11T00:00", "02-11T04:00")),
    "a run at the moment it opens": (NIGHTLY, "0 1,20 * * *", "02-11T06:00:00", ("02-11T00:00", "02-11T04:00")),
    "a run at the moment it ends": (NIGHTLY, "0 5,20 * * *", "02-11T06:00:00", None),
    "over for longer than is judged": (
        window("0 1 * * mon", "4 h"), "0 2,20 * * *", "02-10T04:00:01", None,
    ),
    "of one that opens often, the one in which a run fell": (
        window("0 1-5 * * *", "10 min"), "5 3,20 * * *", "02-11T06:30:00", ("02-11T02:00", "02-11T02:10"),
    ),
    "not yet open": (window("0 12 * * *", "1 h"), "30 12,20 * * *", "02-11T10:59:59", ("02-10T11:00", "02-10T12:00")),
    "spring: four hours from 01:00 end at 06:00": (
        NIGHTLY, "30 5,20 * * *", "03-29T06:00:00", ("03-29T00:00", "03-29T04:00"),
    ),
    "spring: it opens at a time that is skipped": (
        window("30 2 * * *", "1 h"), "15 3,20 * * *", "03-29T06:00:00", ("03-29T01:00", "03-29T02:00"),
    ),
    "autumn: four hours from 01:00 end at 04:00": (
        NIGHTLY, "30 4,20 * * *", "10-25T06:00:00", None,
    ),
    "autumn: a run in the repeated hour": (
        NIGHTLY, "30 3,20 * * *", "10-25T06:00:00", ("10-24T23:00", "10-25T03:00"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("windows", "schedule", "now", "expected"), TIMES.values(), ids=TIMES.keys())
def test_a_time_counts_while_it_is_open_and_where_a_run_fell_in_it(
    tmp_path: Path, windows: str, schedule: str, now: str, expected: tuple[str, str] | None
) -> None:
    jobs = read(tmp_path, f'{HEAD}{windows}[jobs.dump]\nschedule = "{schedule}"\n').jobs
    found = not_owed(jobs, datetime.fromisoformat(f"2026-{now}+00:00"))

    assert [(f"{each.begins_at.astimezone(UTC):%m-%dT%H:%M}", f"{each.ends_at:%m-%dT%H:%M}") for each in found] == (
        [expected] if expected else []
    )


def test_it_is_said_with_its_end_wherever_the_morning_is_read(tmp_path: Path) -> None:
    """One that is over and held a run, and one that is open, each with its own jobs; the others are owed."""
    house = House(tmp_path)
    house.add("dump", extra='tags = ["db"]')
    house.add("sync", extra='tags = ["db"]')
    house.add("haiku")
    house.jobs += window("0 5 * * wed", "90 min", 'tag = "db"\n')
    house.jobs += window("0 7 * * wed", "1 h").replace("patching", "<b>the mill</b> is cleaned")
    morning = house.morning()  # 07:02; all are due at 06:00
    page, text = render_board(morning, Ending()), render_summary(morning, Ending())

    assert [line for line in text if line.startswith("not owed")] == [
        "not owed: patching, until Wed 11 Feb 06:30 CET (over): dump and sync",
        "not owed: <b>the mill</b> is cleaned, until Wed 11 Feb 08:00 CET (in 58 min): dump, sync and haiku",
    ]
    assert "the mill&lt;/b&gt; is cleaned until Wed 11 Feb 08:00 CET (in 58 min): dump , sync , haiku" in shown(
        section(page, "rc-maintenance")
    )
    assert json.loads(to_json(morning, Ending()))["not_owed"][0] == {
        "reason": "patching",
        "begins_at": "2026-02-11T05:00:00+01:00",
        "ends_at": "2026-02-11T06:30:00+01:00",
        "jobs": ["dump", "sync"],
    }


def test_a_job_that_follows_another_is_named_while_the_window_is_open(tmp_path: Path) -> None:
    """When it would have been due nobody knows; that nothing is owed now is known."""
    follows = '[jobs.load]\nafter = "dump"\nwithin = "1 h"\n'
    jobs = read(tmp_path, f'{HEAD}{NIGHTLY}[jobs.dump]\nschedule = "0 2,20 * * *"\n{follows}').jobs

    (during,) = not_owed(jobs, datetime(2026, 2, 11, 3, 0, tzinfo=UTC))
    (after,) = not_owed(jobs, datetime(2026, 2, 11, 5, 0, tzinfo=UTC))
    assert [[job.id for job in each.jobs] for each in (during, after)] == [["dump", "load"], ["dump"]]
