"""Is a due instant that was kept the same as the one the schedule would name?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.one_morning import at, haiku_job
from rollcall.schedule import Engine, Schedule, read_schedule
from rollcall.schedule.answers import due_between, last_due, next_due
from rollcall.verdict.due import runs_back_from

SCHEDULES = [
    read_schedule(text, engine=engine, zone=ZoneInfo(zone))
    for engine, texts in (
        (Engine.CRON, ("0 6 * * *", "30 2 * * *", "*/20 * * * *", "0 3 1 * *", "0 3 29 2 *")),
        (Engine.APSCHEDULER, ("0 6 * * *", "30 2 * * *", "*/20 * * * *", "0 3 1 * *", "0 3 29 2 *")),
        (Engine.SYSTEMD, ("06:00", "02:30", "*:0/20", "monthly", "*-02-29 03:00", "Mon 02:30; *:10 UTC")),
    )
    for text in texts
    for zone in ("Europe/Zurich", "Australia/Lord_Howe")
]
MOMENTS = st.datetimes(datetime(2026, 3, 25), datetime(2026, 4, 8), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@settings(max_examples=150)
@given(st.sampled_from(SCHEDULES), st.lists(st.tuples(MOMENTS, st.integers(0, 3000)), max_size=6))
def test_kept_answers_are_the_schedules_own(own: Schedule, asked: list[tuple[datetime, int]]) -> None:
    for start, minutes in asked:
        end = start + timedelta(minutes=minutes)

        assert due_between(own, start, end) == list(own.due_between(start - timedelta(microseconds=1), end))
        assert (last_due(own, end), next_due(own, end)) == (own.last_due(end), own.next_due(end))


@pytest.mark.parametrize(
    ("schedule", "now", "since", "dues"),
    [
        # Newest first, back to the first whose time (15 + 10 min) is over.
        ("0 6 * * *", "2026-02-11T06:24+01:00", None, ["2026-02-11T06:00+01:00", "2026-02-10T06:00+01:00"]),
        ("0 6 * * *", "2026-02-11T06:25+01:00", None, ["2026-02-11T06:00+01:00"]),
        ("0 6 * * *", "2026-03-29T06:25+02:00", None, ["2026-03-29T06:00+02:00"]),
        (
            "*/10 * * * *",
            "2026-10-25T02:05+01:00",
            None,
            ["2026-10-25T02:00+01:00", "2026-10-25T02:50+02:00", "2026-10-25T02:40+02:00"],
        ),
        ("0 6 * * *", "2026-02-11T06:24+01:00", "2026-02-11T06:00+01:00", ["2026-02-11T06:00+01:00"]),
        ("0 6 * * *", "2026-02-11T06:24+01:00", "2026-02-11T06:01+01:00", []),
    ],
)
def test_the_runs_that_may_be_judged(schedule: str, now: str, since: str | None, dues: list[str]) -> None:
    job = haiku_job(schedule=schedule, since=since)
    runs = list(runs_back_from(job, at(now)))

    assert [run.due_at for run in runs] == [at(due) for due in dues]
    assert [run.next_due_at for run in runs[1:]] == [run.due_at for run in runs[:-1]]
