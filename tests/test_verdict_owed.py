"""What is owed where a scheduler draws its runs, where a job is paused, and on days off?

In Zurich clocks change on Sunday 29 March and Sunday 25 October 2026; Good Friday is 3 April, Easter Monday the 6th.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from fixtures.one_morning import HAIKU, Told, at, five_files, haiku_job, made, morning
from rollcall.errors import CauseCode
from rollcall.findings import Check, Verdict
from rollcall.jobs import Pause
from rollcall.schedule.days_off import DaysOff

TEN = timedelta(minutes=10)
MICROSECOND = timedelta(microseconds=1)


# Jitter ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["cron", "apscheduler"])
@pytest.mark.parametrize(
    ("now", "next_run", "is_drift"),
    [
        # Ten minutes either way, and a second for how it is written.
        ("2026-02-11T07:02+01:00", "2026-02-12T06:10:00+01:00", False),
        ("2026-02-11T07:02+01:00", "2026-02-12T05:50:00+01:00", False),
        ("2026-02-11T07:02+01:00", "2026-02-12T06:10:02+01:00", True),
        ("2026-02-11T07:02+01:00", "2026-02-12T05:49:58+01:00", True),
        # It skips the next one.
        ("2026-02-11T05:30+01:00", "2026-02-12T06:03:00+01:00", True),
        # Its time has come, and it was drawn later.
        ("2026-02-11T06:04+01:00", "2026-02-11T06:07:00+01:00", False),
        ("2026-03-28T07:02+01:00", "2026-03-29T06:09:59.5+02:00", False),
        ("2026-03-28T07:02+01:00", "2026-03-29T07:00:00+02:00", True),
        ("2026-10-24T07:02+02:00", "2026-10-25T06:09:59.5+01:00", False),
        ("2026-10-24T07:02+02:00", "2026-10-25T05:00:00+01:00", True),
    ],
)
def test_a_next_run_within_its_jitter_is_as_declared(now: str, next_run: str, is_drift: bool, engine: str) -> None:
    told = morning(now=now, next_run=next_run, jitter="10 min", engine=engine)
    finding = told.finding(Check.NEXT_RUN_IS_ON_SCHEDULE)

    assert finding.needs_a_person == is_drift
    assert finding.expected == "a next run every day at 06:00, give or take 10 min, Europe/Zurich"
    assert finding.code is (CauseCode.SCHEDULE_DRIFT if is_drift else None)


@pytest.mark.parametrize(
    ("next_run", "code"),
    [("2026-07-12T06:04:10+00:00", CauseCode.WRONG_TIMEZONE), ("2026-07-12T06:14:10+00:00", CauseCode.SCHEDULE_DRIFT)],
)
def test_the_wrong_zone_is_named_in_spite_of_jitter(next_run: str, code: CauseCode) -> None:
    files = five_files("2026-07-11T06:00:17+02:00")
    told = morning(
        now="2026-07-11T07:02+02:00", last_execution="2026-07-11T04:00:17", files=files, next_run=next_run,
        jitter="10 min", engine="apscheduler",
    )  # fmt: skip

    assert told.code is code


@pytest.mark.parametrize(
    ("day", "offset"), [("2026-02-11", "+01:00"), ("2026-03-29", "+02:00"), ("2026-10-25", "+01:00")]
)
def test_a_run_may_begin_as_late_as_it_may_be_drawn(day: str, offset: str) -> None:
    run = haiku_job(jitter="10 min").due_run(at(f"{day}T06:00{offset}"))

    assert (run.start_by, run.finish_by) == (at(f"{day}T06:25{offset}"), at(f"{day}T06:35{offset}"))
    assert [run.owns(run.due_at - TEN - step) for step in (MICROSECOND, 0 * MICROSECOND)] == [False, True]


def test_of_runs_nearer_to_each_other_than_their_jitter_each_keeps_its_own() -> None:
    job = haiku_job(schedule="* * * * *", jitter="50 s")
    first, second = (job.due_run(at(f"2026-02-11T06:0{minute}+01:00")) for minute in (0, 1))

    assert first.ends_at == second.begins_at > first.due_at


@pytest.mark.parametrize(
    ("next_run", "is_drift"), [("2026-02-11T12:04:00+01:00", False), ("2026-02-11T13:20:00+01:00", True)]
)
def test_an_interval_with_jitter_is_counted_from_its_newest_run(next_run: str, is_drift: bool) -> None:
    """Its scheduler counts each run from the one before, jitter and all: no anchor holds."""
    told = morning(
        every_span="6 h", anchor="2026-01-01T00:00+01:00", jitter="5 min", next_run=next_run,
        files=[made("2026-02-11T06:00:17+01:00"), made("2026-02-10T23:57:17+01:00")],
    )  # fmt: skip

    assert told.finding(Check.NEXT_RUN_IS_ON_SCHEDULE).needs_a_person == is_drift
    assert told.finding(Check.OUTPUT_EXISTS).verdict is Verdict.OK


# Pauses ---------------------------------------------------------------------------------------------------------------

PAUSED = Pause(until=date(2026, 3, 29), reason="the source moves")
SAID = "paused until Sun 29 Mar 2026: the source moves"


def paused(now: str, **words: Any) -> Told:
    return morning(now=now, paused=PAUSED, files=[], last_execution=None, status="pending", **words)


@pytest.mark.parametrize("words", [{}, {"has_output": False}, {"has_service": False}, {"registered": False}])
def test_nothing_is_owed_of_a_paused_job(words: dict[str, Any]) -> None:
    told = paused("2026-03-28T23:59:59+01:00", **words)

    assert (told.job.verdict, told.job.needs_a_person, told.code) == (Verdict.PAUSED, False, None)
    assert {finding.because for finding in told.job.findings} == {SAID}
    assert told.job.next_due_at == at("2026-03-29T06:00+02:00")


def test_a_paused_job_has_each_finding_that_it_has_otherwise() -> None:
    usual = {each.check for each in morning().job.findings}

    assert {each.check for each in paused("2026-02-11T07:02+01:00").job.findings} == usual | {Check.PAUSE_IS_CURRENT}


@pytest.mark.parametrize(
    ("until", "now", "verdict"),
    [
        (date(2026, 3, 29), "2026-03-28T23:59:59.999999+01:00", Verdict.PAUSED),
        (date(2026, 3, 29), "2026-03-29T00:00:00+01:00", Verdict.FAILED),
        (date(2026, 10, 25), "2026-10-24T23:59:59.999999+02:00", Verdict.PAUSED),
        (date(2026, 10, 25), "2026-10-25T00:00:00+02:00", Verdict.FAILED),
    ],
)
def test_a_pause_ends_when_its_day_begins_and_must_then_be_taken_out(until: date, now: str, verdict: Verdict) -> None:
    told = morning(now=now, paused=Pause(until=until, reason="a move"), files=[], last_execution=None)
    is_over = verdict is Verdict.FAILED

    assert (told.job.verdict, told.job.needs_a_person) == (verdict, is_over)
    assert told.code is (CauseCode.JOB_PAUSED if is_over else None)
    if is_over:
        assert "and still stands in jobs.toml" in told.cause.sentence
        assert told.cause.next_step == f"Take its pause out of [jobs.{HAIKU}] in jobs.toml, or give it a new date"


def test_only_what_is_due_since_the_end_of_a_pause_is_owed() -> None:
    words: dict[str, Any] = {"paused": PAUSED, "look_back": "10 d", "last_execution": "2026-03-30T04:00:17"}
    files = [made("2026-03-30T06:00:17+02:00"), made("2026-03-29T06:00:17+02:00"), made("2026-03-01T06:00:17+01:00")]
    whole = morning(now="2026-03-30T07:02+02:00", files=files, **words)
    lacking = morning(now="2026-03-30T07:02+02:00", files=[files[0], files[2]], **words)

    assert whole.finding(Check.NO_RUN_IS_MISSING).found == "1 earlier run told by files, none missing"
    assert lacking.code is CauseCode.MISSED_RUN
    assert lacking.cause.sentence.startswith("No file of 1 earlier run: due Sun 29 Mar 06:00 CEST; its pause ended on")


# Days off -------------------------------------------------------------------------------------------------------------

HOLIDAYS = DaysOff(holidays="CH-ZH")
WEEKENDS = DaysOff(is_business=True)
EASTER = ["2026-04-05", "2026-04-04", "2026-04-02", "2026-04-01"]


def files_of(days: list[str], offset: str = "+02:00") -> list[Any]:
    return [made(f"{day}T06:00:17{offset}") for day in days]


def test_no_run_is_owed_on_a_holiday() -> None:
    told = morning(
        now="2026-04-06T07:02+02:00", days_off=HOLIDAYS, look_back="7 d",
        last_execution="2026-04-05T04:00:17", files=files_of(EASTER),
    )  # fmt: skip

    assert (told.job.verdict, told.code) == (Verdict.OK, None)
    assert told.job.due_run is not None
    assert told.job.due_run.due_at == at("2026-04-05T06:00+02:00")
    assert told.job.next_due_at == at("2026-04-07T06:00+02:00")
    assert "2 earlier runs" in told.finding(Check.NO_RUN_IS_MISSING).found


@pytest.mark.parametrize(
    ("next_run", "is_drift"),
    [
        ("2026-04-06T06:00:00+02:00", False),  # the scheduler knows of no holidays
        ("2026-04-07T06:00:00+02:00", False),  # or it does
        ("2026-04-08T06:00:00+02:00", True),
        ("2026-04-06T07:00:00+02:00", True),
    ],
)
def test_a_scheduler_may_aim_at_a_day_off(next_run: str, is_drift: bool) -> None:
    told = morning(
        now="2026-04-05T07:02+02:00", days_off=HOLIDAYS, next_run=next_run,
        last_execution="2026-04-05T04:00:17", files=files_of(EASTER),
    )  # fmt: skip

    assert told.finding(Check.NEXT_RUN_IS_ON_SCHEDULE).needs_a_person == is_drift


def test_a_run_on_a_day_off_is_no_evidence_of_the_run_before() -> None:
    """Sunday's run was missed: Monday's, a holiday, makes it neither done nor late."""
    days = ["2026-04-06", "2026-04-04", "2026-04-03"]
    words: dict[str, Any] = {
        "now": "2026-04-06T07:02+02:00",
        "days_off": HOLIDAYS,
        "last_execution": "2026-04-06T04:00:17",
    }
    with_files = morning(files=files_of(days), **words)
    alone = morning(has_output=False, **words)

    assert (with_files.job.verdict, with_files.code) == (Verdict.MISSED, CauseCode.MISSED_RUN)
    assert alone.job.verdict is Verdict.PENDING
    assert alone.finding(Check.STATUS_IS_SUCCESS).because == "a run of a day off has replaced its record"


def test_the_run_after_days_off_is_owed_in_its_time() -> None:
    words: dict[str, Any] = {"days_off": WEEKENDS, "last_execution": "2026-10-25T05:00:17"}
    files = [*files_of(["2026-10-25"], "+01:00"), *files_of(["2026-10-23", "2026-10-22"])]
    early, late = (morning(now=f"2026-10-26T06:{minute}+01:00", files=files, **words) for minute in ("24:59", "25:00"))

    assert (early.job.verdict, late.job.verdict) == (Verdict.PENDING, Verdict.MISSED)
    assert "its last run ended Sun 25 Oct 06:00:17 CET" in late.cause.sentence


@pytest.mark.parametrize(
    ("now", "next_run", "files", "verdict"),
    [
        # Counted on from Sunday it is owed at 05:10; a scheduler that was restarted counts anew.
        ("01:40", "03:00:00", ["05T23:10:17", "05T17:10:17", "05T11:10:17"], Verdict.OK),
        ("06:00", "09:00:00", ["05T23:10:17", "05T17:10:17", "05T11:10:17"], Verdict.PENDING),
        ("06:00", "23:30:00", ["05T23:10:17", "05T17:10:17", "05T11:10:17"], Verdict.MISSED),
        ("01:40", "03:00:00", ["05T17:10:17", "05T11:10:17"], Verdict.MISSED),
        ("09:40", "15:00:00", ["07T09:00:17", "05T23:10:17", "05T17:10:17"], Verdict.OK),
        ("09:40", "15:00:00", ["07T09:00:17", "05T17:10:17", "05T11:10:17"], Verdict.MISSED),
    ],
)
def test_an_interval_that_floats_owes_nothing_on_days_off(
    now: str, next_run: str, files: list[str], verdict: Verdict
) -> None:
    """Its scheduler was restarted on the holiday, and runs nothing on it."""
    told = morning(
        now=f"2026-04-07T{now}+02:00", every_span="6 h", days_off=HOLIDAYS, look_back="72 h",
        last_execution=at(f"2026-04-{files[0]}+02:00").replace(tzinfo=None).isoformat(),
        next_run=f"2026-04-07T{next_run}+02:00", files=[made(f"2026-04-{each}+02:00") for each in files],
    )  # fmt: skip

    assert told.job.verdict is verdict
