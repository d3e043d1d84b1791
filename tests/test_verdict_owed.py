"""What is owed where a scheduler draws its runs, where a job is paused, and on days off?

In Zurich clocks change on Sunday 29 March and Sunday 25 October 2026; Good Friday is 3 April, Easter Monday the 6th.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from fixtures.one_morning import HAIKU, Told, at, five_files, haiku_job, made, morning
from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.job import Pause
from rollcall.schedule.answers import due_between
from rollcall.schedule.days_off import DaysOff
from rollcall.times import parse_span
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode, Verdict

MICROSECOND = timedelta(microseconds=1)


# Jitter ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["cron", "apscheduler"])
@pytest.mark.parametrize(
    ("now", "next_run", "is_drift"),
    [
        # Ten minutes later at the most, never earlier, and a second for how it is written.
        ("2026-02-11T07:02+01:00", "2026-02-12T06:10:00+01:00", False),
        ("2026-02-11T07:02+01:00", "2026-02-12T06:00:00+01:00", False),
        ("2026-02-11T07:02+01:00", "2026-02-12T06:10:02+01:00", True),
        ("2026-02-11T07:02+01:00", "2026-02-12T05:59:58+01:00", True),
        # It skips the next one.
        ("2026-02-11T05:30+01:00", "2026-02-12T06:03:00+01:00", True),
        # Its time has come, and it was drawn later.
        ("2026-02-11T06:04+01:00", "2026-02-11T06:07:00+01:00", False),
        ("2026-03-28T07:02+01:00", "2026-03-29T06:09:59.5+02:00", False),
        ("2026-03-28T07:02+01:00", "2026-03-29T05:55:00+02:00", True),
        ("2026-03-28T07:02+01:00", "2026-03-29T07:00:00+02:00", True),
        ("2026-10-24T07:02+02:00", "2026-10-25T06:09:59.5+01:00", False),
        ("2026-10-24T07:02+02:00", "2026-10-25T05:55:00+01:00", True),
        ("2026-10-24T07:02+02:00", "2026-10-25T05:00:00+01:00", True),
    ],
)
def test_a_next_run_within_its_jitter_is_as_declared(now: str, next_run: str, is_drift: bool, engine: str) -> None:
    told = morning(now=now, next_run=next_run, jitter="10 min", engine=engine)
    finding = told.finding(Check.NEXT_RUN_IS_ON_SCHEDULE)

    assert finding.needs_a_person == is_drift
    assert finding.expected == "a next run every day at 06:00, or up to 10 min later, Europe/Zurich"
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
    assert [run.owns(run.due_at - EARLY_TOLERANCE - step) for step in (MICROSECOND, 0 * MICROSECOND)] == [False, True]


@pytest.mark.parametrize("schedule", ["* * * * *", "0 6,7 * * *", "0,1 6 * * *", "30 1,2,3 * * *", "0 6 * * fri,sat"])
@pytest.mark.parametrize("jitter", ["0 s", "50 s", "40 min"])
@pytest.mark.parametrize("day", ["2026-02-11", "2026-03-28", "2026-10-24"])
def test_where_a_run_ends_the_next_begins(schedule: str, jitter: str, day: str) -> None:
    """However far apart they are: nothing is evidence of two runs, or of none."""
    job = haiku_job(schedule=schedule).but(jitter=parse_span(jitter))
    dues = due_between(job.schedule, at(f"{day}T00:00+01:00"), at(f"{day}T00:00+01:00") + timedelta(days=9))
    runs = [job.due_run(due_at) for due_at in dues]

    assert [run.ends_at for run in runs[:-1]] == [run.begins_at for run in runs[1:]]


HOURLY: dict[str, Any] = {
    "schedule": "0 * * * *", "jitter": "20 min", "grace": "5 min", "max_runtime": "30 min", "has_output": False
}  # fmt: skip
# Two runs an hour apart, and a day until the next.
TWICE: dict[str, Any] = {
    "schedule": "0 6,7 * * *", "jitter": "40 min", "grace": "5 min", "max_runtime": "5 min", "keeps": None
}  # fmt: skip
AROUND_CLOCK_CHANGES = pytest.mark.parametrize(
    ("day", "offset"), [("2026-02-11", "+01:00"), ("2026-03-29", "+02:00"), ("2026-10-25", "+01:00")]
)


def in_utc(wall: str) -> str:
    return at(wall).replace(tzinfo=None).isoformat()


@AROUND_CLOCK_CHANGES
@pytest.mark.parametrize(
    ("now", "ended", "is_missed"),
    [
        # The run of 06:00 was drawn to 06:19 and ended in time: no evidence of the one of 07:00, that never came.
        ("07:58", "06:44", True),
        ("07:54:59", "06:44", False),
        ("06:58", "06:44", False),
        ("06:54:59", "05:30", False),
        ("06:55", "05:30", True),
    ],
)
def test_a_run_drawn_late_is_evidence_of_itself_alone(
    day: str, offset: str, now: str, ended: str, is_missed: bool
) -> None:
    told = morning(now=f"{day}T{now}{offset}", last_execution=in_utc(f"{day}T{ended}{offset}"), **HOURLY)

    assert (told.job.verdict is Verdict.MISSED, told.job.needs_a_person) == (is_missed, is_missed)


@AROUND_CLOCK_CHANGES
def test_a_file_drawn_late_is_of_one_run_only(day: str, offset: str) -> None:
    before = at(f"{day}T06:00{offset}") - timedelta(hours=23)
    earlier = [made((before - timedelta(minutes=minutes)).isoformat()) for minutes in (-12, 49)]
    only_first = [made(f"{day}T06:25:00{offset}"), *earlier]
    only_second = [made(f"{day}T07:25:00{offset}"), *earlier]
    words: dict[str, Any] = {"now": f"{day}T09:00{offset}", "look_back": "24 h", "has_scheduler": False, **TWICE}

    lacks_newest, lacks_first = morning(files=only_first, **words), morning(files=only_second, **words)
    whole = morning(files=[*only_second[:1], *only_first], **words)

    assert (lacks_newest.job.verdict, lacks_newest.code) == (Verdict.BAD_OUTPUT, CauseCode.STALE_OUTPUT)
    assert (lacks_first.job.verdict, lacks_first.code) == (Verdict.MISSED, CauseCode.MISSED_RUN)
    assert (whole.job.verdict, whole.code) == (Verdict.OK, None)


# Limits beyond the next run -------------------------------------------------------------------------------------------

HOUR_AND_MORE: dict[str, Any] = {"schedule": "0 * * * *", "max_runtime": "60 min", "look_back": "3 h"}
WIDE = HOUR_AND_MORE | {"jitter": "10 min", "grace": "5 min"}


@AROUND_CLOCK_CHANGES
@pytest.mark.parametrize(
    ("now", "ended", "verdict", "needs_a_person"),
    [
        # Until 07:15 it may be the run of 06:00, for an hour; whether that of 07:00 came, nobody can tell.
        ("07:20", "07:00:17", Verdict.PENDING, False),
        ("08:14", "07:14:59", Verdict.PENDING, False),
        ("08:20", "07:15:00", Verdict.PENDING, False),
        # Later it is of 07:00 for certain.
        ("07:20", "07:15:01", Verdict.OK, False),
        # And where none has come for as long, it was missed.
        ("08:14:59", "06:59:49", Verdict.PENDING, False),
        ("08:15", "06:59:49", Verdict.MISSED, True),
    ],
)
def test_a_record_that_may_be_of_the_run_before_proves_neither(
    day: str, offset: str, now: str, ended: str, verdict: Verdict, needs_a_person: bool
) -> None:
    last_execution = in_utc(f"{day}T{ended}{offset}")
    told = morning(now=f"{day}T{now}{offset}", last_execution=last_execution, has_output=False, **WIDE)

    assert (told.job.verdict, told.job.needs_a_person) == (verdict, needs_a_person)


@AROUND_CLOCK_CHANGES
@pytest.mark.parametrize("now", ["07:20", "08:14"])
def test_without_jitter_a_record_belongs_to_the_run_that_it_follows(day: str, offset: str, now: str) -> None:
    last_execution = in_utc(f"{day}T07:00:17{offset}")
    told = morning(now=f"{day}T{now}{offset}", last_execution=last_execution, has_output=False, **HOUR_AND_MORE)

    assert told.finding(Check.EXECUTED_AFTER_DUE_TIME).verdict is Verdict.OK


def test_why_it_proves_neither_is_told_with_the_cure() -> None:
    told = morning(now="2026-02-11T08:20+01:00", last_execution="2026-02-11T06:15:00", has_output=False, **WIDE)

    assert told.finding(Check.EXECUTED_AFTER_DUE_TIME).because == (
        "its record may be of the run due Wed 11 Feb 06:00 CET, which had until 07:15: it is not clear which; "
        "limits (jitter, grace, max_runtime) that end before the next run make it clear"
    )


def test_a_failure_is_one_whichever_of_two_runs_it_was() -> None:
    told = morning(
        now="2026-02-11T07:05+01:00", last_execution="2026-02-11T06:00:17", status="error", has_output=False, **WIDE
    )

    assert (told.job.verdict, told.code) == (Verdict.FAILED, CauseCode.RUN_FAILED)


@pytest.mark.parametrize("has_scheduler", [True, False])
@AROUND_CLOCK_CHANGES
@pytest.mark.parametrize(
    ("now", "files", "verdict"),
    [
        # Each left one in its own hour: nothing is to be told apart.
        ("07:20", ["07:00:17", "06:00:17", "05:00:17"], Verdict.OK),
        # The run of 06:00 took an hour, and that of 07:00 comes still, or was left out for it.
        ("07:20", ["07:00:17", "05:00:17"], Verdict.PENDING),
        ("07:40", ["07:30:17", "07:00:17", "05:00:17"], Verdict.OK),
        ("08:14:59", ["07:00:17", "05:00:17"], Verdict.PENDING),
        # Two were owed by now, and one is there.
        ("08:15", ["07:00:17", "05:00:17"], Verdict.MISSED),
        ("07:15", ["05:00:17", "04:00:17"], Verdict.MISSED),
    ],
)
def test_a_file_that_may_be_of_the_run_before_proves_neither(
    day: str, offset: str, now: str, files: list[str], verdict: Verdict, has_scheduler: bool
) -> None:
    told = morning(
        now=f"{day}T{now}{offset}", last_execution=in_utc(f"{day}T{files[0]}{offset}"), has_scheduler=has_scheduler,
        files=[made(f"{day}T{each}{offset}") for each in files], **WIDE,
    )  # fmt: skip
    is_missed = verdict is Verdict.MISSED

    assert told.job.verdict is (Verdict.BAD_OUTPUT if told.code is CauseCode.STALE_OUTPUT else verdict)
    assert told.job.needs_a_person is is_missed
    assert told.code in ((CauseCode.MISSED_RUN, CauseCode.STALE_OUTPUT) if is_missed else (None,))


@pytest.mark.parametrize(
    ("next_run", "is_drift"), [("2026-02-11T12:04:00+01:00", False), ("2026-02-11T13:20:00+01:00", True)]
)
def test_an_interval_with_jitter_is_counted_from_its_newest_run(next_run: str, is_drift: bool) -> None:
    """Its scheduler counts each run from the one before, jitter and all."""
    told = morning(
        every_span="6 h", jitter="5 min", next_run=next_run,
        files=[made("2026-02-11T06:00:17+01:00"), made("2026-02-10T23:57:17+01:00")],
    )  # fmt: skip

    assert told.finding(Check.NEXT_RUN_IS_ON_SCHEDULE).needs_a_person == is_drift
    assert told.finding(Check.OUTPUT_EXISTS).verdict is Verdict.OK


@AROUND_CLOCK_CHANGES
@pytest.mark.parametrize(
    ("in_between", "verdict"), [("07:05:00", Verdict.PENDING), ("07:15:01", Verdict.OK), ("08:15:01", Verdict.LATE)]
)
def test_a_run_by_hand_makes_no_run_on_time_by_a_file_of_the_run_before(
    day: str, offset: str, in_between: str, verdict: Verdict
) -> None:
    yesterday = (at(f"{day}T07:00:17{offset}") - timedelta(hours=24)).isoformat()
    told = morning(
        now=f"{day}T10:00{offset}", last_execution=in_utc(f"{day}T09:00:00{offset}"),
        files=[made(f"{day}T09:00:00{offset}"), made(f"{day}T{in_between}{offset}"), made(yesterday)],
        **WIDE | {"schedule": "0 6,7 * * *"},
    )  # fmt: skip

    assert told.finding(Check.RAN_ON_TIME).verdict is verdict


# Pauses ---------------------------------------------------------------------------------------------------------------

PAUSED = Pause(until=date(2026, 3, 29), reason="the source moves")
SAID = "paused until Sun 29 Mar 2026: the source moves"


def paused(now: str, **words: Any) -> Told:
    return morning(now=now, paused=PAUSED, files=[], last_execution=None, status="pending", **words)


@pytest.mark.parametrize("words", [{}, {"has_output": False}, {"has_scheduler": False}, {"registered": False}])
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
        assert "and is still in jobs.toml" in told.cause.sentence
        since = f"`since = {now}` in place of its pause in"
        assert told.cause.next_step == f"Write {since} [jobs.{HAIKU}] in jobs.toml, or give it a new date"


def test_only_what_is_due_since_the_end_of_a_pause_is_owed() -> None:
    words: dict[str, Any] = {"paused": PAUSED, "look_back": "10 d", "last_execution": "2026-03-30T04:00:17"}
    files = [made("2026-03-30T06:00:17+02:00"), made("2026-03-29T06:00:17+02:00"), made("2026-03-01T06:00:17+01:00")]
    whole = morning(now="2026-03-30T07:02+02:00", files=files, **words)
    lacking = morning(now="2026-03-30T07:02+02:00", files=[files[0], files[2]], **words)

    assert whole.finding(Check.NO_RUN_IS_MISSING).found == "1 earlier run known from files, none missing"
    assert lacking.code is CauseCode.MISSED_RUN
    assert lacking.cause.sentence.startswith("No file of 1 earlier run: due Sun 29 Mar 06:00 CEST; its pause ended on")


@pytest.mark.parametrize(
    ("look_back", "step"),
    [
        ("7 d", "Write `since = 2026-03-29T00:00:00+01:00` in place of its pause in [jobs."),
        ("24 h", "Take its pause out of [jobs."),
    ],
)
def test_what_a_pause_did_not_owe_is_not_missed_once_it_is_taken_out_as_told(look_back: str, step: str) -> None:
    files = [made(f"2026-{day}T06:00:17+02:00") for day in ("03-31", "03-30", "03-29", "03-01")]
    words: dict[str, Any] = {"now": "2026-03-31T07:02+02:00", "look_back": look_back, "keeps": None, "files": files}
    words["last_execution"] = "2026-03-31T04:00:17"
    told = morning(paused=PAUSED, **words)
    since = "2026-03-29T00:00:00+01:00" if "since" in step else None

    assert told.code is CauseCode.JOB_PAUSED
    assert told.cause.next_step.startswith(step)
    assert morning(since=since, **words).job.verdict is Verdict.OK


def test_a_pause_of_a_job_that_has_been_owed_nothing_since_is_taken_out_with_a_since() -> None:
    told = morning(
        now="2026-04-01T07:02+02:00", schedule="0 6 * * sun", paused=Pause(until=date(2026, 3, 30), reason="x")
    )

    assert "`since = 2026-03-30T00:00:00+02:00`" in told.cause.next_step


@pytest.mark.parametrize(
    ("now", "next_run", "verdict"),
    [
        # Nothing before; the first comes one interval after, or when the scheduler aims at that was started anew then.
        ("2026-03-29T07:02:00+02:00", "2026-03-29T12:30:00+02:00", Verdict.PENDING),
        ("2026-03-29T12:54:59+02:00", "2026-03-29T18:30:00+02:00", Verdict.PENDING),
        ("2026-03-29T12:55:00+02:00", "2026-03-29T18:30:00+02:00", Verdict.MISSED),
        ("2026-03-29T12:55:00+02:00", "2026-03-29T14:30:00+02:00", Verdict.PENDING),
        ("2026-03-29T18:55:00+02:00", "2026-03-30T00:30:00+02:00", Verdict.MISSED),
    ],
)
@pytest.mark.parametrize("has_output", [True, False])
@pytest.mark.parametrize("autumn", [False, True])
def test_an_interval_that_floats_owes_nothing_before_its_since(
    now: str, next_run: str, verdict: Verdict, has_output: bool, autumn: bool
) -> None:
    def moved(text: str) -> str:
        spring_to_autumn = {"03-30": "10-26", "03-29": "10-25", "03-26": "10-22", "+02:00": "+01:00"}
        for spring, fall in spring_to_autumn.items():
            text = text.replace(spring, fall) if autumn else text
        return text

    ran_at = moved("2026-03-26T06:00:17+02:00")
    told = morning(
        now=moved(now), every_span="6 h", since=moved("2026-03-29T06:30:00+02:00"), look_back="7 d",
        last_execution=in_utc(ran_at), next_run=moved(next_run), files=[made(ran_at)], has_output=has_output,
    )  # fmt: skip

    assert (told.job.verdict, told.job.needs_a_person) == (verdict, verdict is Verdict.MISSED)


@pytest.mark.parametrize("declared", [{"paused": PAUSED}, {"since": "2026-03-29T00:00:00+01:00"}])
def test_an_interval_that_floats_has_no_gap_where_it_owed_nothing(declared: dict[str, Any]) -> None:
    days = ["2026-03-29T07:00:17+02:00", "2026-03-24T18:00:17+01:00", "2026-03-24T12:00:17+01:00"]
    told = morning(
        now="2026-03-29T07:10+02:00", every_span="6 h", look_back="7 d", has_scheduler=False,
        files=[made(each) for each in days], **declared,
    )  # fmt: skip

    assert told.finding(Check.NO_RUN_IS_MISSING).verdict is Verdict.OK
    assert told.code is (CauseCode.JOB_PAUSED if "paused" in declared else None)


def test_a_pause_that_has_ended_is_the_cause_where_an_interval_that_floats_owed_nothing() -> None:
    told = morning(
        now="2026-03-29T00:05+01:00", every_span="6 h", paused=PAUSED, has_output=False,
        last_execution="2026-03-25T17:00:17", next_run="2026-03-29T06:02:00+02:00",
    )  # fmt: skip

    assert told.code is CauseCode.JOB_PAUSED


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
    assert (alone.job.verdict, alone.job.needs_a_person) == (Verdict.PENDING, False)
    for check in (Check.EXECUTED_AFTER_DUE_TIME, Check.STATUS_IS_SUCCESS):
        assert alone.finding(check).found == "no longer known"
        assert (
            alone.finding(check).because
            == "a run that was not owed has replaced its record, so this is no longer known"
        )


def test_a_record_that_the_next_run_has_replaced_is_no_longer_to_be_told() -> None:
    told = morning(
        now="2026-02-11T06:10+01:00", last_execution="2026-02-11T05:00:01", status="running", has_output=False
    )
    status = told.finding(Check.STATUS_IS_SUCCESS)

    assert (told.job.verdict, status.found) == (Verdict.PENDING, "no longer known")
    assert status.because == "the next run has replaced its record, so this is no longer known"


@pytest.mark.parametrize(
    ("day_off", "next_run", "said"),
    [
        ("2026-03-29", "2026-03-29T06:00:00+02:00", "Sun 29 Mar 06:00 CEST, a day off on which no run is owed; owed"),
        ("2026-03-30", "2026-03-29T06:00:00+02:00", None),
        ("2026-10-25", "2026-10-25T06:00:00+01:00", "Sun 25 Oct 06:00 CET, a day off on which no run is owed; owed"),
    ],
)
def test_a_next_run_on_a_day_off_is_said_not_to_be_owed(day_off: str, next_run: str, said: str | None) -> None:
    eve = at(next_run) - timedelta(hours=20)
    days_off = DaysOff(dates=frozenset({date.fromisoformat(day_off)}))
    told = morning(now=eve.isoformat(), days_off=days_off, next_run=next_run)
    finding = told.finding(Check.NEXT_RUN_IS_ON_SCHEDULE)

    assert finding.verdict is Verdict.OK
    assert (f"next run {said} next Mon" in finding.found) if said else ("owed" not in finding.found)


@pytest.mark.parametrize(
    ("next_run", "is_of_day_off"),
    [("2026-03-29T00:03:00+01:00", False), ("2026-03-29T23:58:00+02:00", True), ("2026-03-30T00:03:00+02:00", True)],
)
def test_a_run_drawn_over_midnight_is_of_the_day_it_was_due_on(next_run: str, is_of_day_off: bool) -> None:
    days_off = DaysOff(dates=frozenset({date(2026, 3, 29)}))
    eve = at(next_run) - timedelta(hours=2)
    told = morning(schedule="55 23 * * *", jitter="10 min", now=eve.isoformat(), days_off=days_off, next_run=next_run)

    assert ("a day off" in told.finding(Check.NEXT_RUN_IS_ON_SCHEDULE).found) is is_of_day_off


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
