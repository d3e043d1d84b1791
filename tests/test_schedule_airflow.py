"""Is a DAG due when Airflow itself runs it?

Each row is what `CronTriggerTimetable` of Airflow 3.3.2 answered over that night, asked as its scheduler asks.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rollcall.schedule import Engine, read_schedule

SPRING, AUTUMN = "2026-03-29", "2026-10-25"  # at 01:00Z clocks change in Zurich


@pytest.mark.parametrize(
    ("fields", "night", "due"),
    [
        ("30 2 * * *", SPRING, "01:30"),
        ("30 2 * * *", AUTUMN, "01:30"),
        ("0 2 * * *", SPRING, "01:00"),
        ("0 2 * * *", AUTUMN, "01:00"),
        ("0 3 * * *", SPRING, "01:00"),
        ("0 3 * * *", AUTUMN, "02:00"),
        ("0 2,3 * * sun", SPRING, "01:00"),
        ("0 2,3 * * sun", AUTUMN, "01:00 02:00"),
        ("0 */2 * * *", SPRING, "01:00 02:00"),
        ("0 */2 * * *", AUTUMN, "01:00 03:00"),
        ("*/20 1-3 * * *", SPRING, "00:00 00:20 00:40 01:00 01:20 01:40"),
        ("*/20 1-3 * * *", AUTUMN, "01:00 01:20 01:40 02:00 02:20 02:40"),
        ("30 * * * *", SPRING, "00:30 01:30 02:30 03:30"),
        ("30 * * * *", AUTUMN, "00:30 01:30 02:30 03:30"),
        ("30 0-23 * * *", SPRING, "00:30 01:30 02:30 03:30"),
        ("30 0-23 * * *", AUTUMN, "00:30 01:30 02:30 03:30"),
    ],
)
def test_it_is_due_when_airflow_runs_it(fields: str, night: str, due: str) -> None:
    schedule = read_schedule(fields, engine=Engine.AIRFLOW, zone=ZoneInfo("Europe/Zurich"))
    start = datetime.fromisoformat(f"{night}T00:00:00Z") - timedelta(microseconds=1)

    found = list(schedule.due_between(start, start + timedelta(hours=4)))

    assert " ".join(f"{at:%H:%M}" for at in found) == due
    # Both directions agree.
    assert all(schedule.last_due(at) == at for at in found)
    assert schedule.last_due(found[-1] + timedelta(seconds=1)) == found[-1]
    assert schedule.next_due(found[0] - timedelta(seconds=1)) == found[0]
    assert found[0].tzinfo is UTC
