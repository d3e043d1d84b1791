"""Which due run is judged, and what does the evidence prove about it?

Every table has rows of spring and autumn: in Europe/Zurich 2026 clocks skip 02:00-03:00 on 29 March and repeat
02:00-03:00 on 25 October.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fixtures.one_morning import TEXT, Told, at, five_files, haiku_job, made, morning, not_seen
from rollcall.roll.words import Late
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode, Verdict

DAYS = pytest.mark.parametrize("day", ["2026-02-11", "2026-03-29", "2026-10-25"], ids=["winter", "spring", "autumn"])
ENGINES = pytest.mark.parametrize("engine", ["cron", "apscheduler"])
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)


def offset(day: str) -> str:
    """Zurich's offset at 06:00 that day."""
    return "+02:00" if "2026-03-29" <= day < "2026-10-25" else "+01:00"


def of_day(day: str, *, ran: bool = True, **words: Any) -> Told:
    """The morning of that day with its run at 06:00:17, or without it (then yesterday's is the last)."""
    due_at = at(f"{day}T06:00:00{offset(day)}")
    job = haiku_job(**{name: words.pop(name) for name in ("engine", "has_output", "late") if name in words})
    dues = list(job.schedule.due_between(due_at - timedelta(days=6), due_at))
    dues = dues if ran else dues[:-1]
    ended = [due + 17 * SECOND for due in dues]
    known: dict[str, Any] = {
        "now": f"{day}T07:02:00{offset(day)}",
        "last_execution": ended[-1].replace(tzinfo=None).isoformat(),
        "files": [made(each.astimezone(job.zone).isoformat()) for each in ended[-5:]],
    }
    return morning(job=job, **(known | words))


# Which due run is judged --------------------------------------------------------------------------------------------


@ENGINES
@DAYS
@pytest.mark.parametrize(
    ("clock", "is_todays", "verdict"),
    [
        # A healthy run that ends at 06:00:17: at exactly 06:00 it is due, from its end on it is told.
        ("05:59:59.999999", False, "ok"),
        ("06:00:00", False, "pending"),
        ("06:00:16.999999", False, "pending"),
        ("06:00:17", True, "ok"),
        ("06:14:59", True, "ok"),
        ("06:25:00", True, "ok"),
        ("23:59:59", True, "ok"),
    ],
)
def test_a_run_is_judged_once_its_evidence_is_complete(
    day: str, engine: str, clock: str, is_todays: bool, verdict: str
) -> None:
    moment = f"{day}T{clock}{offset(day)}"
    told = of_day(day, engine=engine, now=moment, ran=at(moment) >= at(f"{day}T06:00:17{offset(day)}"))

    assert told.job.verdict == verdict
    assert told.job.due_run is not None
    assert (told.job.due_run.due_at == at(f"{day}T06:00:00{offset(day)}")) == is_todays


@ENGINES
@DAYS
@pytest.mark.parametrize(
    ("clock", "verdict"),
    [
        ("05:59:59.999999", "ok"),
        ("06:00:00", "pending"),
        ("06:14:59.999999", "pending"),
        ("06:15:00", "pending"),
        ("06:15:00.000001", "pending"),
        ("06:24:59.999999", "pending"),
        ("06:25:00", "missed"),
        ("06:25:00.000001", "missed"),
        ("23:59:59", "missed"),
    ],
)
def test_a_missed_run_is_missed_from_its_limit_on(day: str, engine: str, clock: str, verdict: str) -> None:
    told = of_day(day, engine=engine, ran=False, now=f"{day}T{clock}{offset(day)}")

    assert told.job.verdict == verdict


# From a quarter of an hour before it is due on: twice a minute, and each second around its end and its limits.
SWEEP = sorted({*range(-900, 2700, 30), *(second + near for second in (0, 17, 900, 1500) for near in range(-3, 4))})


@DAYS
def test_no_second_around_a_healthy_run_needs_a_person(day: str) -> None:
    due_at = at(f"{day}T06:00:00{offset(day)}")
    before, after = of_day(day, ran=False), of_day(day)
    unrest = [
        now
        for second in SWEEP
        for now in [due_at + second * SECOND]
        if (before if second < 17 else after).seen_at(now).job.needs_a_person
    ]

    assert unrest == []


@DAYS
@pytest.mark.parametrize("has_output", [True, False])
def test_a_missed_run_flips_once_and_stays(day: str, has_output: bool) -> None:
    due_at = at(f"{day}T06:00:00{offset(day)}")
    told = of_day(day, ran=False, has_output=has_output)
    needs = {second: told.seen_at(due_at + second * SECOND).job.needs_a_person for second in SWEEP}

    assert {second for second, need in needs.items() if need} == {second for second in SWEEP if second >= 25 * 60}


def test_a_run_that_failed_inside_its_time_is_judged_at_once() -> None:
    told = morning(now="2026-02-11T06:05:00+01:00", status="error", files=five_files("2026-02-10T06:00:17+01:00"))

    assert (told.job.verdict, told.code) == ("failed", CauseCode.RUN_FAILED)


def test_a_record_without_its_output_yet_is_not_judged_before_the_limit() -> None:
    words: dict[str, Any] = {"files": five_files("2026-02-10T06:00:17+01:00")}

    assert morning(now="2026-02-11T06:24:59.9+01:00", **words).job.verdict == "pending"
    assert morning(now="2026-02-11T06:25:00+01:00", **words).code is CauseCode.SUCCESS_WITHOUT_OUTPUT


def test_an_output_without_its_record_yet_is_not_judged_before_the_limit() -> None:
    words: dict[str, Any] = {"last_execution": "2026-02-10T05:00:17"}

    assert morning(now="2026-02-11T06:24:59.9+01:00", **words).job.verdict == "pending"
    assert morning(now="2026-02-11T06:25:00+01:00", **words).code is CauseCode.UNRECORDED_RUN


def test_a_bad_output_is_judged_once_the_run_is_on_record() -> None:
    empty = [made("2026-02-11T06:00:17+01:00", ""), *five_files("2026-02-10T06:00:17+01:00")]
    before, after = "2026-02-10T05:00:17", "2026-02-11T05:00:17.1"

    assert morning(now="2026-02-11T06:00:18+01:00", files=empty, last_execution=before).job.verdict == "pending"
    assert morning(now="2026-02-11T06:00:18+01:00", files=empty, last_execution=after).code is CauseCode.EMPTY_OUTPUT


def test_before_its_first_due_run_a_job_is_pending() -> None:
    told = morning(since="2026-02-11T12:00+01:00", last_execution=None, status="pending", files=[])

    assert (told.job.verdict, told.job.due_run, told.job.needs_a_person) == ("pending", None, False)


@pytest.mark.parametrize(
    ("since", "verdict"),
    [
        ("2026-02-11T05:59:59+01:00", "missed"),
        ("2026-02-11T06:00:00+01:00", "missed"),
        ("2026-02-11T06:00:01+01:00", "pending"),
    ],
)
def test_a_run_is_owed_from_since_on(since: str, verdict: str) -> None:
    told = morning(since=since, last_execution=None, status="pending", files=[])

    assert told.job.verdict == verdict


# The scheduler's record ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "last_execution", "naive_times", "verdict"),
    [
        # The trap: 05:00:17 is the 06:00:17 run in winter, 04:00:17 in summer.
        ("2026-02-11T07:02+01:00", "2026-02-11T05:00:17.157479", "UTC", "ok"),
        ("2026-07-11T07:02+02:00", "2026-07-11T04:00:17.157479", "UTC", "ok"),
        ("2026-03-29T07:02+02:00", "2026-03-29T04:00:17.157479", "UTC", "ok"),
        ("2026-10-25T07:02+01:00", "2026-10-25T05:00:17.157479", "UTC", "ok"),
        ("2026-07-11T07:02+02:00", "2026-07-11T03:59:17", "UTC", "missed"),
        ("2026-10-25T07:02+01:00", "2026-10-25T04:00:17", "UTC", "missed"),
        # Local without an offset, declared as such.
        ("2026-02-11T07:02+01:00", "2026-02-11T06:00:17", "Europe/Zurich", "ok"),
        ("2026-10-25T07:02+01:00", "2026-10-25T06:00:17", "Europe/Zurich", "ok"),
        # Aware, in any zone and notation: naive_times is not asked.
        ("2026-02-11T07:02+01:00", "2026-02-11T06:00:17+01:00", None, "ok"),
        ("2026-02-11T07:02+01:00", "2026-02-11T05:00:17Z", None, "ok"),
        ("2026-02-11T07:02+01:00", "2026-02-11 10:30:17+05:30", "Europe/Zurich", "ok"),
        # Nobody said how to read it.
        ("2026-02-11T07:02+01:00", "2026-02-11T05:00:17", None, "unknown"),
        # No time at all.
        ("2026-02-11T07:02+01:00", "yesterday", "UTC", "unknown"),
        ("2026-02-11T07:02+01:00", None, "UTC", "missed"),
    ],
)
def test_a_record_is_read_by_the_rules_of_its_scheduler(
    now: str, last_execution: str | None, naive_times: str | None, verdict: str
) -> None:
    told = morning(now=now, last_execution=last_execution, naive_times=naive_times, has_output=False)

    assert told.job.verdict == verdict


@pytest.mark.parametrize(
    ("schedule", "now", "last_execution", "verdict"),
    [
        # Up to 10 s before its time is clock skew, and belongs to the run that follows.
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-11T05:59:49.999999+01:00", "missed"),
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-11T05:59:50+01:00", "ok"),
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-11T06:00:00+01:00", "ok"),
        ("0 6 * * *", "2026-03-29T07:02+02:00", "2026-03-29T05:59:49.999999+02:00", "missed"),
        ("0 6 * * *", "2026-03-29T07:02+02:00", "2026-03-29T05:59:50+02:00", "ok"),
        ("0 6 * * *", "2026-10-25T07:02+01:00", "2026-10-25T05:59:50+01:00", "ok"),
        # Its limit: grace 15 min and max_runtime 10 min.
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-11T06:25:00+01:00", "ok"),
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-11T06:25:00.000001+01:00", "late"),
        ("0 6 * * *", "2026-10-25T07:02+01:00", "2026-10-25T06:25:00.000001+01:00", "late"),
        # By hand only.
        ("0 6 * * *", "2026-02-11T09:00+01:00", "2026-02-11T08:48:09+01:00", "late"),
        # The incident: by hand yesterday, nothing today.
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-10T08:48:09+01:00", "missed"),
        # The repeated hour: cron runs once, at the first 02:30.
        ("30 2 * * *", "2026-10-25T07:02+01:00", "2026-10-25T02:30:17+02:00", "ok"),
        ("30 2 * * *", "2026-10-25T07:02+01:00", "2026-10-25T02:30:17+01:00", "late"),
        # The skipped hour: cron runs at 03:00.
        ("30 2 * * *", "2026-03-29T07:02+02:00", "2026-03-29T03:00:17+02:00", "ok"),
        # A weekly job on a Tuesday, a monthly one in the middle of the month.
        ("0 20 * * sun", "2026-02-10T07:02+01:00", "2026-02-08T20:00:31+01:00", "ok"),
        ("0 20 * * sun", "2026-02-10T07:02+01:00", "2026-02-01T20:00:31+01:00", "missed"),
        ("0 3 1 * *", "2026-04-15T07:02+02:00", "2026-04-01T03:00:31+02:00", "ok"),
        ("0 3 1 * *", "2026-04-15T07:02+02:00", "2026-03-01T03:00:31+01:00", "missed"),
        # Every minute: a record of the minute before is in time.
        ("* * * * *", "2026-10-25T02:30:05+01:00", "2026-10-25T02:29:21+01:00", "pending"),
        ("* * * * *", "2026-10-25T02:30:30+01:00", "2026-10-25T02:30:21+01:00", "ok"),
        ("* * * * *", "2026-10-25T02:55:00+01:00", "2026-10-25T02:29:21+01:00", "missed"),
        ("* * * * *", "2026-03-29T03:00:05+02:00", "2026-03-29T01:59:21+01:00", "pending"),
    ],
)
def test_a_record_belongs_to_the_due_run_it_follows(schedule: str, now: str, last_execution: str, verdict: str) -> None:
    told = morning(schedule=schedule, now=now, last_execution=last_execution, has_output=False)

    assert told.job.verdict == verdict


@pytest.mark.parametrize(
    ("schedule", "now", "last_execution"),
    [
        # Local times without an offset, in the hour that autumn shows twice.
        ("30 2 * * *", "2026-10-25T02:35+02:00", "2026-10-25T02:30:17"),
        ("30 2 * * *", "2026-10-25T02:35+01:00", "2026-10-25T02:30:17"),
        ("30 2 * * *", "2026-10-25T07:02+01:00", "2026-10-25T02:30:17"),
        ("* * * * *", "2026-10-25T02:35:30+02:00", "2026-10-25T02:35:17"),
        ("* * * * *", "2026-10-25T02:35:30+01:00", "2026-10-25T02:35:17"),
    ],
)
def test_a_local_record_of_the_repeated_hour_means_the_reading_that_fits(
    schedule: str, now: str, last_execution: str
) -> None:
    told = morning(
        schedule=schedule, now=now, last_execution=last_execution, naive_times="Europe/Zurich", has_output=False,
        grace="20 s", max_runtime="20 s",
    )  # fmt: skip

    assert told.job.verdict == "ok"


def test_a_local_record_of_the_repeated_hour_is_read_with_its_file() -> None:
    """The hourly job stopped in the first of the two hours; its file shows that the record is not of the second."""
    told = morning(
        schedule="0 * * * *",
        now="2026-10-25T02:40+01:00",
        last_execution="2026-10-25T02:00:17",
        naive_times="Europe/Zurich",
        files=[made("2026-10-25T02:00:17+02:00"), made("2026-10-25T01:00:17+02:00")],
    )

    assert (told.job.verdict, told.code) == ("missed", CauseCode.MISSED_RUN)


def test_a_naive_record_shows_each_reading_and_the_line_to_add() -> None:
    told = morning(naive_times=None, last_execution="2026-02-11T05:00:17")

    assert told.finding(Check.EXECUTED_AFTER_DUE_TIME).verdict is Verdict.UNKNOWN
    assert str(told.finding(Check.EXECUTED_AFTER_DUE_TIME)) == (
        "unknown: its last_execution 2026-02-11T05:00:17 has no offset and could mean "
        "Wed 11 Feb 06:00:17 CET (read as UTC, 17 s after it was due) or "
        "Wed 11 Feb 05:00:17 CET (read as Europe/Zurich, 59 min 43 s before it was due); "
        "its output generate-haiku-20260211-060017.md is of Wed 11 Feb 06:00:17 CET; "
        'say which: naive_times = "UTC" or naive_times = "Europe/Zurich" in [schedulers.aime]'
    )


def test_a_run_by_hand_in_addition_is_no_late_run() -> None:
    by_hand = [made("2026-02-11T08:48:09+01:00"), *five_files()[:4]]
    told = morning(now="2026-02-11T09:00+01:00", last_execution="2026-02-11T07:48:09.5", files=by_hand)

    assert told.job.verdict == "ok"


def test_a_run_by_hand_that_the_scheduler_does_not_record_is_no_false_alarm() -> None:
    by_hand = [made("2026-02-11T08:48:09+01:00"), *five_files()[:4]]

    assert morning(now="2026-02-11T09:00+01:00", files=by_hand).job.verdict == "ok"


@pytest.mark.parametrize(("late", "needs_a_person"), [("fail", True), ("warn", False)])
def test_a_run_by_hand_only_is_late_and_that_may_be_a_warning(late: str, needs_a_person: bool) -> None:
    by_hand = [made("2026-02-11T08:48:09+01:00"), *five_files("2026-02-10T06:00:17+01:00")[:4]]
    told = morning(now="2026-02-11T09:00+01:00", last_execution="2026-02-11T07:48:09.5", files=by_hand, late=late)
    finding = told.finding(Check.RAN_ON_TIME)

    assert (told.job.verdict, told.code) == ("late", CauseCode.RAN_LATE)
    assert finding.is_warning == (Late(late) is Late.WARN)
    assert (told.job.needs_a_person, told.judged.needs_a_person) == (needs_a_person, needs_a_person)
    assert str(finding) == (
        "late: due Wed 11 Feb 06:00 CET, allowed until 06:15; it was done Wed 11 Feb 08:48:09 CET, "
        "2 h 48 min after it was due, by hand or delayed; its limit was 06:25"
    )


def test_a_late_run_that_is_a_warning_hides_no_doubt_and_no_harm() -> None:
    by_hand = [made("2026-02-11T08:48:09+01:00", ""), *five_files("2026-02-10T06:00:17+01:00")[:4]]
    words: dict[str, Any] = {"now": "2026-02-11T09:00+01:00", "last_execution": "2026-02-11T07:48:09.5", "late": "warn"}

    assert morning(files=by_hand, **words).job.verdict == "bad-output"
    assert morning(files=[made("2026-02-11T08:48:09+01:00", None)], **words).job.verdict == "unknown"


def test_a_record_a_moment_before_the_due_time_leaves_the_job_pending() -> None:
    """The scheduler's clock is 5 s ahead; the run that was judged has lost its record, the next is not due yet."""
    told = morning(
        now="2026-02-11T05:59:56+01:00", last_execution="2026-02-11T05:59:56+01:00", has_output=False, naive_times=None
    )

    assert (told.job.verdict, told.job.needs_a_person) == ("pending", False)


@pytest.mark.parametrize(
    ("status", "verdict"), [("running", "stuck"), ("Started", "stuck"), ("pending", "unknown"), ("Queued", "unknown")]
)
def test_a_status_of_a_run_under_way_is_not_judged_before_the_limit(status: str, verdict: str) -> None:
    words: dict[str, Any] = {"status": status, "has_output": False, "last_execution": "2026-02-11T06:00:00+01:00"}

    assert morning(now="2026-02-11T06:10+01:00", **words).job.verdict == "pending"
    assert morning(now="2026-02-11T06:24:59.999999+01:00", **words).job.verdict == "pending"
    assert morning(now="2026-02-11T06:25+01:00", **words).job.verdict == verdict


# The scheduler's next run -------------------------------------------------------------------------------------------

AS_PROMISED = None


@ENGINES
@pytest.mark.parametrize(
    ("schedule", "now", "next_run", "code"),
    [
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-12T06:00:00+01:00", AS_PROMISED),
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-12T05:00:00Z", AS_PROMISED),
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-12T05:00:00", AS_PROMISED),
        # Across a clock change.
        ("0 6 * * *", "2026-03-28T07:02+01:00", "2026-03-29T06:00:00+02:00", AS_PROMISED),
        ("0 6 * * *", "2026-10-24T07:02+02:00", "2026-10-25T06:00:00+01:00", AS_PROMISED),
        ("0 6 * * *", "2026-03-28T07:02+01:00", "2026-03-29T06:00:00+01:00", CauseCode.WRONG_TIMEZONE),
        # The scheduler counts in UTC, or was told another hour.
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-12T06:00:00+00:00", CauseCode.WRONG_TIMEZONE),
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-12T06:00:00Z", CauseCode.WRONG_TIMEZONE),
        ("0 6 * * *", "2026-07-11T07:02+02:00", "2026-07-12T06:00:00-04:00", CauseCode.WRONG_TIMEZONE),
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-12T07:00:00+01:00", CauseCode.SCHEDULE_DRIFT),
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-12T06:00:00", CauseCode.WRONG_TIMEZONE),
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-12T06:10:00+00:00", CauseCode.SCHEDULE_DRIFT),
        # On the declared instants, but not on all of them.
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-03-01T06:00:00+01:00", CauseCode.SCHEDULE_DRIFT),
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-13T06:00:00+01:00", CauseCode.SCHEDULE_DRIFT),
        # Sunday is 0 to cron and 6 to APScheduler.
        ("0 20 * * sun", "2026-02-10T07:02+01:00", "2026-02-15T20:00:00+01:00", AS_PROMISED),
        ("0 20 * * sun", "2026-02-10T07:02+01:00", "2026-02-16T20:00:00+01:00", CauseCode.SCHEDULE_DRIFT),
        # Paused there.
        ("0 6 * * *", "2026-02-11T07:02+01:00", None, CauseCode.JOB_PAUSED),
        ("0 6 * * *", "2026-02-11T07:02+01:00", "soon", CauseCode.SCHEDULER_ERROR),
        # At the boundary the run is just being started: the scheduler may show this due time or the next.
        ("0 6 * * *", "2026-02-11T05:59:59+01:00", "2026-02-11T06:00:00+01:00", AS_PROMISED),
        ("0 6 * * *", "2026-02-11T05:59:59+01:00", "2026-02-12T06:00:00+01:00", AS_PROMISED),
        ("0 6 * * *", "2026-02-11T06:00:00+01:00", "2026-02-11T06:00:00+01:00", AS_PROMISED),
        ("0 6 * * *", "2026-02-11T06:00:00+01:00", "2026-02-12T06:00:00+01:00", AS_PROMISED),
        ("0 6 * * *", "2026-02-11T06:00:30+01:00", "2026-02-11T06:00:00+01:00", AS_PROMISED),
    ],
)
def test_the_next_run_is_the_next_instant_of_the_declared_schedule(
    engine: str, schedule: str, now: str, next_run: str | None, code: CauseCode | None
) -> None:
    told = morning(schedule=schedule, engine=engine, now=now, next_run=next_run)

    assert told.finding(Check.NEXT_RUN_IS_ON_SCHEDULE).code is code


@pytest.mark.parametrize(
    ("words", "next_run", "code"),
    [
        ({"every_span": "6 h"}, "2026-02-11T13:02:00+01:00", AS_PROMISED),
        ({"every_span": "6 h"}, "2026-02-11T13:02:11+01:00", CauseCode.SCHEDULE_DRIFT),
        ({"every_span": "6 h", "anchor": "2026-02-01T03:10:07+01:00"}, "2026-02-11T09:10:07.4+01:00", AS_PROMISED),
        (
            {"every_span": "6 h", "anchor": "2026-02-01T03:10:07+01:00"},
            "2026-02-11T09:11:07+01:00",
            CauseCode.SCHEDULE_DRIFT,
        ),
    ],
)
def test_the_next_run_of_an_interval(words: dict[str, Any], next_run: str, code: CauseCode | None) -> None:
    told = morning(next_run=next_run, last_execution=None, files=[], **words)

    assert told.finding(Check.NEXT_RUN_IS_ON_SCHEDULE).code is code


def test_a_scheduler_started_after_a_clock_change_may_run_what_one_that_runs_for_long_does_not() -> None:
    """APScheduler running for long skips 00:30 on 30 March 2026; one restarted the noon before does not."""
    told = morning(
        schedule="30 0 * * *", engine="apscheduler", now="2026-03-29T12:30+02:00", next_run="2026-03-30T00:30:00+02:00"
    )

    assert told.finding(Check.NEXT_RUN_IS_ON_SCHEDULE).code is None


# The output ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "now", "last_execution", "file"),
    [
        ("0 6 * * *", "2026-02-11T07:02+01:00", "2026-02-11T05:00:17", made("2026-02-11T06:00:16+01:00")),
        ("0 6 * * *", "2026-03-29T07:02+02:00", "2026-03-29T04:00:17", made("2026-03-29T06:00:16+02:00")),
        ("0 6 * * *", "2026-10-25T07:02+01:00", "2026-10-25T05:00:17", made("2026-10-25T06:00:16+01:00")),
        # A restore gave the file a new mtime: its name tells.
        (
            "0 6 * * *",
            "2026-02-11T07:02+01:00",
            "2026-02-11T05:00:17",
            made("2026-02-11T06:00:16+01:00", mtime="2026-02-11T06:50+01:00"),
        ),
        (
            "0 6 * * *",
            "2026-02-11T07:02+01:00",
            "2026-02-11T05:00:17",
            made("2026-02-11T06:00:16+01:00", mtime="2020-01-01T00:00+00:00"),
        ),
        # The repeated hour, either of the two for APScheduler, the first for cron.
        ("30 2 * * *", "2026-10-25T07:02+01:00", "2026-10-25T00:30:17", made("2026-10-25T02:30:16+02:00")),
        # Across midnight.
        ("50 23 * * *", "2026-02-11T07:02+01:00", "2026-02-10T23:10:17", made("2026-02-11T00:10:16+01:00")),
    ],
)
def test_an_output_belongs_to_the_run_it_follows(schedule: str, now: str, last_execution: str, file: Any) -> None:
    told = morning(schedule=schedule, now=now, last_execution=last_execution, files=[file], grace="15 min")

    assert told.job.verdict == "ok"
    assert told.job.file is not None
    assert told.job.file.name == file.name


def test_a_restored_mtime_is_said_beside_the_name() -> None:
    told = morning(files=[made("2026-02-11T06:00:16+01:00", mtime="2026-02-11T07:01+01:00")])

    assert told.finding(Check.OUTPUT_EXISTS).found == (
        "generate-haiku-20260211-060016.md, 375 B (by its name; its mtime says Wed 11 Feb 07:01 CET)"
    )


def test_a_mtime_after_the_record_proves_no_other_run_and_is_only_a_warning() -> None:
    touched = made("2026-02-11T06:55+01:00", stamped=False)
    told = morning(files=[touched], path="data/scheduled-output/generate-haiku-*.md")
    finding = told.finding(Check.OUTPUT_AGREES_WITH_RECORD)

    assert (finding.verdict, finding.is_warning, told.job.needs_a_person) == (Verdict.UNKNOWN, True, False)
    assert told.job.verdict == "unknown"


ONE_FILE: dict[str, Any] = {
    "path": "data/scheduled-output/generate-haiku-latest.md",
    "keeps": None,
    "must_change": False,
}


@pytest.mark.parametrize(
    ("now", "last_execution", "mtime", "verdict"),
    [
        # Overwritten each run. While the next run is in progress it has taken the evidence of the last away.
        ("2026-02-11T05:59:59+01:00", "2026-02-10T05:00:17", "2026-02-10T06:00:16+01:00", "ok"),
        ("2026-02-11T06:00:05+01:00", "2026-02-10T05:00:17", "2026-02-10T06:00:16+01:00", "pending"),
        ("2026-02-11T06:00:05+01:00", "2026-02-10T05:00:17", "2026-02-11T06:00:02+01:00", "pending"),
        ("2026-02-11T06:00:18+01:00", "2026-02-11T05:00:17", "2026-02-11T06:00:16+01:00", "ok"),
        ("2026-02-11T06:24:59+01:00", "2026-02-10T05:00:17", "2026-02-11T06:00:02+01:00", "pending"),
        ("2026-02-11T06:25:00+01:00", "2026-02-10T05:00:17", "2026-02-11T06:00:02+01:00", "failed"),
        ("2026-02-11T06:25:00+01:00", "2026-02-10T05:00:17", "2026-02-10T06:00:16+01:00", "missed"),
        ("2026-02-11T06:25:00+01:00", "2026-02-11T05:00:17", "2026-02-10T06:00:16+01:00", "bad-output"),
    ],
)
def test_an_output_that_each_run_overwrites(now: str, last_execution: str, mtime: str, verdict: str) -> None:
    file = made(mtime, stamped=False)
    told = morning(now=now, last_execution=last_execution, files=[file], **ONE_FILE)

    assert told.job.verdict == verdict


def test_retention_says_nothing_of_an_output_that_each_run_overwrites() -> None:
    file = made("2026-02-11T06:00:02+01:00", stamped=False)
    told = morning(
        now="2026-02-11T06:00:05+01:00", last_execution="2026-02-10T05:00:17", files=[file], **(ONE_FILE | {"keeps": 5})
    )

    assert told.job.verdict == "pending"


def test_a_bad_output_that_is_overwritten_every_few_minutes_is_found_all_the_same() -> None:
    """With limits longer than the interval no run's time is ever over before its output is overwritten."""
    told = morning(
        schedule="*/5 * * * *",
        now="2026-02-11T06:01+01:00",
        files=[made("2026-02-11T06:00:16+01:00", "", stamped=False)],
        **ONE_FILE,
    )

    assert told.code is CauseCode.EMPTY_OUTPUT


def test_a_run_of_every_few_minutes_that_never_leaves_its_output_is_found() -> None:
    told = morning(schedule="*/5 * * * *", now="2026-02-11T06:01+01:00", files=[], **ONE_FILE)

    assert (told.job.verdict, told.code) == ("bad-output", CauseCode.SUCCESS_WITHOUT_OUTPUT)


@pytest.mark.parametrize(
    ("files", "keeps", "verdict"),
    [
        # 06:10 is in progress and has written already: what became of the file of 06:00?
        (["06:10:02"], 1, "pending"),
        (["06:10:02"], None, "pending"),
        (["06:10:02"], 5, "bad-output"),
        (["06:10:02", "05:50:16"], 1, "bad-output"),
        (["06:10:02", "06:00:16"], 5, "pending"),
    ],
)
def test_retention_may_have_taken_the_file_of_the_judged_run(files: list[str], keeps: int | None, verdict: str) -> None:
    told = morning(
        schedule="*/10 * * * *",
        now="2026-02-11T06:10:05+01:00",
        last_execution="2026-02-11T05:00:17",
        grace="2 min",
        max_runtime="5 min",
        files=[made(f"2026-02-11T{clock}+01:00") for clock in files],
        keeps=keeps,
    )

    assert told.job.verdict == verdict
    # Each file has its own name: nothing was overwritten.
    assert "has replaced its output" not in told.finding(Check.OUTPUT_EXISTS).because


# The look-back ------------------------------------------------------------------------------------------------------


def missing(told: Told) -> str:
    return told.finding(Check.NO_RUN_IS_MISSING).because


def hourly(*clocks: str, now: str = "2026-02-11T07:02+01:00", look_back: str = "24 h", **words: Any) -> Told:
    return morning(
        schedule="0 * * * *",
        now=now,
        look_back=look_back,
        last_execution="2026-02-11T06:00:17",
        files=[made(f"2026-02-11T{clock}+01:00") for clock in clocks],
        **words,
    )


@pytest.mark.parametrize(
    ("clocks", "because"),
    [
        (("07:00:16", "06:00:16", "05:00:16", "04:00:16", "03:00:16"), ""),
        (("07:00:16", "05:00:16", "04:00:16", "03:00:16"), "no file of 1 earlier run: due Wed 11 Feb 06:00 CET"),
        (
            ("07:00:16", "04:00:16"),
            "no file of 2 earlier runs: due Wed 11 Feb 05:00 CET and Wed 11 Feb 06:00 CET",
        ),
        # What retention pruned is not told of, nor what came before the first file ever.
        (("07:00:16", "06:00:16"), ""),
        (("07:00:16",), ""),
        # By hand in between does not hide a gap, an early one by clock skew makes none.
        (("07:00:16", "06:30:00", "05:00:16"), ""),
        (("07:00:16", "05:59:55", "05:00:16"), ""),
    ],
)
def test_each_run_of_the_look_back_is_told_by_its_file(clocks: tuple[str, ...], because: str) -> None:
    assert missing(hourly(*clocks)) == because


@pytest.mark.parametrize(
    ("now", "is_missing"),
    [
        # The run of 03:00 was missed; its time was over at 03:25.
        ("2026-02-11T04:24:59+01:00", True),
        ("2026-02-11T07:25:00+01:00", True),
        ("2026-02-11T07:25:01+01:00", False),
    ],
)
def test_the_look_back_holds_the_runs_whose_time_was_over_in_it(now: str, is_missing: bool) -> None:
    newest = "04" if now < "2026-02-11T05" else "07"
    clocks = [f"{hour:02}:00:16" for hour in range(int(newest), 0, -1) if hour != 3]
    told = morning(
        schedule="0 * * * *",
        now=now,
        look_back="4 h",
        last_execution=f"2026-02-11T{newest}:00:17+01:00",
        files=[made(f"2026-02-11T{clock}+01:00") for clock in clocks],
    )

    assert bool(missing(told)) == is_missing


def test_a_run_that_was_inside_its_time_at_yesterdays_check_is_not_lost_between_two_mornings() -> None:
    """Checked each day at 06:10: yesterday the run of 06:00 was pending, today a newer one is done."""
    told = morning(
        now="2026-02-11T06:10+01:00", files=[made("2026-02-11T06:00:16+01:00"), made("2026-02-09T06:00:16+01:00")]
    )

    assert missing(told) == "no file of 1 earlier run: due Tue 10 Feb 06:00 CET"


def test_a_run_inside_its_time_is_not_missing_although_a_newer_one_is_done() -> None:
    told = hourly("07:00:16", "05:00:16", "04:00:16", max_runtime="3 h")

    assert missing(told) == ""


def test_an_output_that_is_one_file_tells_only_of_the_newest_run() -> None:
    told = morning(files=[made("2026-02-11T06:00:16+01:00", stamped=False)], **ONE_FILE)

    assert told.finding(Check.NO_RUN_IS_MISSING).found == "no earlier run was due in the last 1 d"


# An interval without an anchor --------------------------------------------------------------------------------------


def test_a_run_by_hand_in_progress_does_not_make_the_earlier_runs_of_an_interval_late() -> None:
    """Its file is there, its record is not yet; by its instant the run before would have been hours late."""
    told = morning(
        every_span="6 h",
        now="2026-02-11T08:48:20+01:00",
        last_execution="2026-02-11T06:00:33+01:00",
        next_run="2026-02-11T12:00:00+01:00",
        files=[made("2026-02-11T08:48:02+01:00"), made("2026-02-11T06:00:33+01:00")],
    )

    assert (told.job.verdict, told.job.needs_a_person) == ("pending", False)


@pytest.mark.parametrize(
    ("since", "verdict"),
    [(None, "missed"), ("2026-02-11T06:00:00+01:00", "pending"), ("2026-02-10T12:00:00+01:00", "missed")],
)
def test_the_first_run_of_an_interval_comes_one_interval_after_its_start(since: str | None, verdict: str) -> None:
    told = morning(
        every_span="6 h",
        now="2026-02-11T07:02+01:00",
        last_execution=None,
        status="pending",
        next_run="2026-02-11T12:00:00+01:00",
        files=[],
        since=since,
    )

    assert told.job.verdict == verdict


# One witness only, or none ------------------------------------------------------------------------------------------


def test_a_job_without_a_scheduler_is_judged_by_its_output_alone() -> None:
    assert morning(has_scheduler=False).job.verdict == "ok"
    assert {each.check for each in morning(has_scheduler=False).job.findings} == {
        Check.RAN_ON_TIME,
        Check.OUTPUT_EXISTS,
        Check.OUTPUT_IS_WHOLE,
        Check.NO_RUN_IS_MISSING,
    }


def test_a_job_without_an_output_is_judged_by_its_record_alone() -> None:
    assert morning(has_output=False).job.verdict == "ok"
    assert {each.check for each in morning(has_output=False).job.findings} == {
        Check.IS_REGISTERED,
        Check.NEXT_RUN_IS_ON_SCHEDULE,
        Check.EXECUTED_AFTER_DUE_TIME,
        Check.STATUS_IS_SUCCESS,
        Check.RAN_ON_TIME,
    }


@pytest.mark.parametrize("words", [{}, {"has_output": False}], ids=["its output is fine", "no output"])
def test_a_job_whose_scheduler_is_down_is_unknown_and_not_failed(words: dict[str, Any]) -> None:
    told = morning(scheduler=not_seen(CauseCode.SCHEDULER_DOWN), **words)

    assert (told.job.verdict, told.code) == ("unknown", CauseCode.SCHEDULER_DOWN)
    assert told.judged.needs_a_person


def test_a_job_whose_scheduler_is_down_and_whose_output_is_missing_is_missed() -> None:
    told = morning(scheduler=not_seen(CauseCode.SCHEDULER_DOWN), files=five_files("2026-02-10T06:00:17+01:00"))

    assert (told.job.verdict, told.code) == ("missed", CauseCode.SCHEDULER_DOWN)


def test_what_another_check_has_hidden_is_told_in_one_line() -> None:
    told = morning(scheduler=not_seen(CauseCode.SCHEDULER_DOWN))
    blocked = [each for each in told.job.findings if each.blocked_by]

    assert {(str(each), each.blocked_by) for each in blocked} == {("cannot tell: scheduler-down", Check.ANSWERS)}
    assert {each.check for each in told.job.findings} - {each.check for each in blocked} == {
        Check.RAN_ON_TIME,
        Check.OUTPUT_EXISTS,
        Check.OUTPUT_IS_WHOLE,
        Check.NO_RUN_IS_MISSING,
    }


def test_an_output_folder_that_could_not_be_looked_at_is_told_once() -> None:
    told = morning(folder=not_seen(CauseCode.OUTPUT_UNREADABLE, "/srv: permission denied"))
    own = [each.check for each in told.job.findings if each.needs_a_person and not each.blocked_by]

    assert (told.job.verdict, own) == ("unknown", [Check.OUTPUT_EXISTS])


def test_a_witness_that_nobody_asked_is_unknown() -> None:
    told = morning()
    without = Told(roll=told.roll, now=told.now, evidence=type(told.evidence)(schedulers={}, outputs={}))

    assert (without.job.verdict, without.scheduler.verdict) == ("unknown", "failed")
    assert "was not asked" in without.cause.sentence


# Another moment -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        # Both witnesses speak of 06:00:17; up to a minute is looking time.
        ("2026-02-11T05:59:16+01:00", "unknown"),
        ("2026-02-11T05:59:18+01:00", "pending"),
        ("2026-02-11T06:00:17+01:00", "ok"),
    ],
)
def test_what_is_later_than_the_moment_that_is_judged_does_not_count(now: str, verdict: str) -> None:
    told = morning(last_execution="2026-02-11T05:00:17").seen_at(now)

    assert told.job.verdict == verdict


def test_of_an_earlier_moment_the_files_tell_and_the_lone_record_does_not() -> None:
    told = morning().seen_at("2026-02-10T07:02:00+01:00")

    assert told.finding(Check.OUTPUT_EXISTS).verdict is Verdict.OK
    assert told.finding(Check.EXECUTED_AFTER_DUE_TIME).because == (
        "last run Wed 11 Feb 06:00:17 CET is later than the judged moment, and the scheduler keeps only the last run"
    )
    assert told.cause.next_step.startswith("Nothing to fix")


def test_a_file_that_later_runs_may_have_taken_is_not_missing_at_an_earlier_moment() -> None:
    told = morning(has_scheduler=False).seen_at("2026-02-05T07:02:00+01:00")

    assert (told.job.verdict, told.job.needs_a_person) == ("pending", False)


def test_a_run_by_hand_after_an_earlier_moment_is_no_evidence_for_it() -> None:
    by_hand = [made("2026-02-10T15:00:17+01:00"), *five_files("2026-02-09T06:00:17+01:00")]
    told = morning(has_scheduler=False, files=by_hand)

    assert told.seen_at("2026-02-10T14:59:17+01:00").job.verdict == "late"
    assert told.seen_at("2026-02-10T14:59:16+01:00").job.verdict == "bad-output"


def test_a_file_that_was_not_there_at_an_earlier_moment_is_missing() -> None:
    told = morning(has_scheduler=False, files=[five_files()[0], five_files()[2]]).seen_at("2026-02-10T07:02:00+01:00")

    assert told.job.verdict == "bad-output"


# A run that is still running ------------------------------------------------------------------------------------------


@DAYS
@pytest.mark.parametrize("status", ["running", "started", "Running"])
@pytest.mark.parametrize(
    ("clock", "verdict"),
    [("06:00:00", "pending"), ("06:24:59.999999", "pending"), ("06:25:00", "stuck"), ("23:59:59", "stuck")],
)
def test_a_run_that_is_still_running_is_stuck_from_its_limit_on(
    day: str, status: str, clock: str, verdict: str
) -> None:
    told = of_day(day, ran=False, now=f"{day}T{clock}{offset(day)}", status=status)

    assert told.job.verdict == verdict
    assert told.job.needs_a_person is (verdict == "stuck")
    assert told.code is (CauseCode.STILL_RUNNING if verdict == "stuck" else None)


@pytest.mark.parametrize("status", ["pending", "queued", "success"])
def test_a_run_that_has_not_begun_is_missed_and_not_stuck(status: str) -> None:
    assert of_day("2026-02-11", ran=False, status=status).code is CauseCode.MISSED_RUN


def test_a_first_run_that_hangs_is_stuck_and_not_never_ran() -> None:
    told = morning(last_execution=None, status="running", files=[])

    assert (told.job.verdict, told.code) == ("stuck", CauseCode.STILL_RUNNING)


def test_what_a_stuck_run_has_not_left_is_not_told_beside_it() -> None:
    told = morning(last_execution="2026-02-10T05:00:17", status="running", files=five_files()[1:])

    assert str(told.finding(Check.OUTPUT_EXISTS)) == "cannot tell: still-running"
    assert str(told.finding(Check.RAN_ON_TIME)) == "cannot tell: still-running"


def test_a_record_of_the_beginning_does_not_make_a_stuck_run_punctual() -> None:
    told = morning(last_execution="2026-02-11T06:00:00+01:00", status="started", has_output=False)

    assert told.job.verdict == "stuck"
    assert told.finding(Check.RAN_ON_TIME).verdict is Verdict.UNKNOWN


def test_the_run_of_today_that_is_under_way_does_not_spoil_that_of_yesterday() -> None:
    """A scheduler that shows one status a job: it has replaced that of the run before."""
    words: dict[str, Any] = {"status": "running", "files": five_files("2026-02-10T06:00:17+01:00")}

    assert not morning(now="2026-02-11T06:10+01:00", last_execution="2026-02-10T05:00:17", **words).job.needs_a_person
    assert not morning(now="2026-02-11T06:10+01:00", last_execution="2026-02-11T05:00:01", **words).job.needs_a_person


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("SUCCESS", "ok"), (" Success ", "ok"), ("FAILED", "failed"), ("finished", "unknown"), (None, "unknown")],
)
def test_a_status_is_read_however_it_is_spelt(status: str | None, verdict: str) -> None:
    assert morning(status=status).job.verdict == verdict


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("finished", 'has the status "finished", which is neither success nor failure'),
        (None, "has no status"),
    ],
)
def test_a_status_that_says_nothing_is_told_with_the_words_that_do(status: str | None, says: str) -> None:
    told = morning(status=status)
    words = "success, error, failed, failure, running, started, pending and queued"

    assert told.cause.code is CauseCode.UNKNOWN_STATUS
    assert told.cause.sentence.endswith(f"{says}: the known words are {words}.")
    assert told.cause.next_step == (
        "Say what that status means: add it to a list in [schedulers.aime.words] in jobs.toml, then `pytest checks/`"
        if status
        else f"Have the scheduler tell one of {words} as last_status, then `pytest checks/`"
    )


def test_a_job_of_every_minute_that_hangs_is_stuck() -> None:
    told = morning(
        schedule="* * * * *",
        now="2026-10-25T02:55:00+01:00",
        last_execution="2026-10-25T02:10:21+01:00",
        status="running",
        has_output=False,
    )

    assert (told.job.verdict, told.code) == ("stuck", CauseCode.STILL_RUNNING)


def test_a_record_of_an_earlier_run_is_proof_that_it_ran() -> None:
    told = morning(last_execution="2026-02-10T05:00:17", files=[])

    assert (told.job.verdict, told.code) == ("missed", CauseCode.MISSED_RUN)


# A run too many -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "is_told"),
    [
        # Two workers: each run before left one.
        ("2026-02-11T06:00:19+01:00", True),
        ("2026-02-11T06:00:48+01:00", True),
        ("2026-02-11T06:25:00+01:00", True),
        # By hand, in addition.
        ("2026-02-11T06:25:01+01:00", False),
        ("2026-02-11T07:01:00+01:00", False),
    ],
)
def test_a_second_run_inside_its_time_is_told_and_calls_nobody(second: str, is_told: bool) -> None:
    told = morning(files=[made(second), *five_files()])

    assert told.code is (CauseCode.RAN_TWICE if is_told else None)
    assert (told.job.verdict, told.job.needs_a_person) == ("ok", False)


@pytest.mark.parametrize(
    "files",
    [
        # As many as the run before: they are its parts.
        [made(f"2026-02-{day}T06:0{minute}:17+01:00") for day in (11, 10) for minute in (4, 0)],
        # Those before disagree, or there is one alone, or none, to show what is usual.
        [made(f"2026-02-{day}:17+01:00") for day in ("11T06:04", "11T06:00", "10T06:04", "10T06:00", "09T06:00")],
        [made(f"2026-02-{day}:17+01:00") for day in ("11T06:04", "11T06:00", "10T06:00")],
        [made("2026-02-11T06:04:17+01:00"), made("2026-02-11T06:00:17+01:00")],
        # One of the two is nothing.
        [made("2026-02-11T06:04:17+01:00"), made("2026-02-11T06:00:17+01:00", ""), *five_files()[1:]],
        # An mtime is no proof of a run.
        [made(f"2026-02-{day}+01:00", stamp_at=None) for day in ("11T06:04:17", "11T06:00:17", "10T06:00:17")],
    ],
)
def test_what_may_be_one_run_is_not_called_two(files: list[Any]) -> None:
    assert morning(files=files).code is None


# The same again, and no room ------------------------------------------------------------------------------------------

AGAIN = TEXT + "encore"


@pytest.mark.parametrize(
    ("before", "declared", "verdict"),
    [
        (made("2026-02-10T06:00:17+01:00", AGAIN), {}, "bad-output"),
        (made("2026-02-10T06:00:17+01:00", AGAIN), {"must_change": False}, "ok"),
        (made("2026-02-10T06:00:17+01:00", AGAIN + "!"), {}, "ok"),
        (made("2026-02-10T06:00:17+01:00"), {}, "ok"),
        # Of the same size and not read: nobody knows.
        (made("2026-02-10T06:00:17+01:00", None, size=len(AGAIN.encode())), {}, "unknown"),
        (made("2026-02-10T06:00:17+01:00", None, size=7), {}, "ok"),
    ],
)
def test_an_output_that_must_change_is_held_against_that_of_the_run_before(
    before: Any, declared: dict[str, Any], verdict: str
) -> None:
    told = morning(files=[made("2026-02-11T06:00:17+01:00", AGAIN), before], **declared)

    assert told.job.verdict == verdict


def test_a_first_output_repeats_nothing_and_a_run_by_hand_may() -> None:
    first = morning(files=[made("2026-02-11T06:00:17+01:00", AGAIN)])
    by_hand = [made("2026-02-11T06:40:17+01:00", AGAIN), made("2026-02-11T06:00:17+01:00", AGAIN)]

    assert first.code is None
    assert morning(files=[*by_hand, *five_files()[1:]]).code is None


@pytest.mark.parametrize(
    ("words", "code", "needs_a_person"),
    [
        ({"free": 50_000_000}, None, False),
        ({"free": 49_999_999}, CauseCode.DISK_FULL, False),
        ({"free": 0, "files": five_files()[1:]}, CauseCode.DISK_FULL, True),
        ({"free": 0, "files": five_files()[1:], "has_scheduler": False}, CauseCode.DISK_FULL, True),
        # A run that did not take place is not explained by a disk.
        (
            {"free": 0, "files": five_files()[1:], "last_execution": "2026-02-10T05:00:17"},
            CauseCode.MISSED_RUN,
            True,
        ),
        # Nor is what a file says.
        ({"free": 0, "files": [made("2026-02-11T06:00:17+01:00", "x" * 300)]}, CauseCode.DEGRADED_OUTPUT, True),
        ({"free": 0, "files": [made("2026-02-11T06:00:17+01:00", "x")]}, CauseCode.DISK_FULL, True),
        # Ten outputs of the least size should find room.
        ({"free": 99_999_999, "min_size": "10 MB", "files": []}, CauseCode.DISK_FULL, True),
    ],
)
def test_a_full_disk_explains_what_it_can_cause(
    words: dict[str, Any], code: CauseCode | None, needs_a_person: bool
) -> None:
    told = morning(**words)

    assert (told.code, told.judged.needs_a_person) == (code, needs_a_person)
