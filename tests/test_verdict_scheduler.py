"""What does a scheduler's answer prove about the scheduler itself?"""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.one_morning import HAIKU, Told, at, made, morning, not_seen
from rollcall.evidence import JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode, Verdict


def clock(text: str) -> str:
    return f"2026-02-11T{text}+01:00"


@pytest.mark.parametrize(
    ("asked_at", "server_at", "answered_at", "agrees"),
    [
        # HTTP tells whole seconds, cut off: the scheduler's own clock may show up to a second more.
        ("07:02:00", "07:02:00", "07:02:00.2", True),
        ("07:02:00.9", "07:02:00", "07:02:01.1", True),
        # Ahead of the answer.
        ("07:02:00", "07:02:10", "07:02:00", True),
        ("07:02:00", "07:02:11", "07:02:00", False),
        ("07:02:00", "07:02:11", "07:02:01", True),
        ("07:02:00", "07:02:12", "07:02:01", False),
        # Behind the question.
        ("07:02:11", "07:02:00", "07:02:11", False),
        ("07:02:10.9", "07:02:00", "07:02:11", True),
        ("07:02:11.5", "07:02:00", "07:02:12", False),
        # A slow answer: Date was written at any instant in between.
        ("07:02:00", "07:02:00", "07:02:40", True),
        ("07:02:00", "07:02:40", "07:02:40", True),
        ("07:02:00", "07:02:20", "07:02:40", True),
        ("07:02:00", "07:02:51", "07:02:40", False),
        ("07:02:00", "07:01:48", "07:02:40", False),
        # An hour off, as after a clock change that only one of the two has made.
        ("07:02:00", "08:02:00", "07:02:00", False),
        ("07:02:00", "06:02:00", "07:02:00", False),
    ],
)
def test_clocks_agree_as_far_as_the_answer_can_tell(
    asked_at: str, server_at: str, answered_at: str, agrees: bool
) -> None:
    told = morning(asked_at=clock(asked_at), server_at=clock(server_at), answered_at=clock(answered_at))

    assert (told.finding(Check.CLOCK_AGREES).verdict is Verdict.OK) == agrees


def test_a_clock_that_is_off_says_by_how_much_and_which_way() -> None:
    ahead = morning(server_at="2026-02-11T07:05:00+01:00")
    behind = morning(server_at="2026-02-11T06:59:00+01:00")

    assert ahead.scheduler_cause.sentence == (
        "The scheduler's clock is 3 min ahead of this machine's "
        "(2026-02-11T06:05:00+00:00 there, 2026-02-11T06:02:00+00:00 here)."
    )
    assert behind.finding(Check.CLOCK_AGREES).found == "the scheduler's clock is 2 min 59 s behind this machine's"


def test_a_scheduler_without_a_date_is_told_of_and_is_no_alarm() -> None:
    told = morning(server_at=None)
    finding = told.finding(Check.CLOCK_AGREES)

    assert (finding.verdict, finding.is_warning) == (Verdict.UNKNOWN, True)
    assert not told.judged.needs_a_person


@pytest.mark.parametrize(
    ("record", "server_at", "check"),
    [
        # The run of 06:00:17 by a clock that is 3 min behind, and by one that is 30 min ahead.
        ("2026-02-11T05:57:17+01:00", "2026-02-11T06:59:00+01:00", Check.EXECUTED_AFTER_DUE_TIME),
        ("2026-02-11T06:30:17+01:00", "2026-02-11T07:32:00+01:00", Check.RAN_ON_TIME),
        # A run of this minute by a clock that is 5 min ahead.
        ("2026-02-11T07:06:50+01:00", "2026-02-11T07:07:00+01:00", Check.EXECUTED_AFTER_DUE_TIME),
    ],
)
def test_what_a_wrong_clock_explains_is_not_held_against_the_job(record: str, server_at: str, check: Check) -> None:
    told = morning(last_execution=record, server_at=server_at, has_output=False)

    assert str(told.finding(check)) == "cannot tell: clock-skew"
    assert (told.job.verdict, told.code) == ("unknown", CauseCode.CLOCK_SKEW)


def test_what_a_wrong_clock_does_not_explain_is_told_as_it_is() -> None:
    told = morning(last_execution="2026-02-10T06:00:17+01:00", server_at="2026-02-11T06:59:00+01:00", has_output=False)

    assert (told.job.verdict, told.code) == ("missed", CauseCode.MISSED_RUN)
    assert told.scheduler_cause.code is CauseCode.CLOCK_SKEW


@pytest.mark.parametrize(
    ("next_run", "words", "is_alive"),
    [
        ("2026-02-12T06:00:00+01:00", {}, True),
        ("2026-02-11T07:02:00+01:00", {}, True),
        ("2026-02-11T07:01:00+01:00", {}, True),
        ("2026-02-11T07:00:59+01:00", {}, False),
        ("2026-02-11T06:00:00+01:00", {}, False),
        # By the scheduler's own clock, which is here 5 min behind or ahead.
        ("2026-02-11T06:58:00+01:00", {"server_at": "2026-02-11T06:57:00+01:00"}, True),
        ("2026-02-11T07:05:00+01:00", {"server_at": "2026-02-11T07:07:00+01:00"}, False),
        # The scheduler looked at its jobs at some instant of a slow answer.
        (
            "2026-02-11T07:02:00+01:00",
            {"answered_at": "2026-02-11T07:05:00+01:00", "server_at": "2026-02-11T07:05:00+01:00"},
            True,
        ),
        # Local times in the hour that autumn repeats: 02:40 may be either.
        (
            "2026-10-25T02:40:00",
            {"now": "2026-10-25T02:35+01:00", "naive_times": "Europe/Zurich", "schedule": "40 * * * *"},
            True,
        ),
        (
            "2026-10-25T02:40:00",
            {"now": "2026-10-25T02:35+02:00", "naive_times": "Europe/Zurich", "schedule": "40 * * * *"},
            True,
        ),
    ],
)
def test_a_next_run_in_the_past_is_a_dead_loop(next_run: str, words: dict[str, Any], is_alive: bool) -> None:
    told = morning(next_run=next_run, **words)

    assert (told.finding(Check.SCHEDULER_IS_ALIVE).verdict is Verdict.OK) == is_alive


def test_the_repeated_hour_does_not_make_a_local_next_run_drift() -> None:
    for now in ("2026-10-25T02:35+02:00", "2026-10-25T02:35+01:00"):
        told = morning(now=now, next_run="2026-10-25T02:40:00", naive_times="Europe/Zurich", schedule="40 * * * *")

        assert told.finding(Check.NEXT_RUN_IS_ON_SCHEDULE).code is None


def two_jobs(next_run: str, other: str | None) -> Told:
    seen = SchedulerSeen(
        asked_at=at("2026-02-11T07:02+01:00"),
        answered_at=at("2026-02-11T07:02+01:00"),
        server_at=at("2026-02-11T07:02+01:00"),
        running=True,
        jobs=(JobListed(id=HAIKU, next_run=next_run), JobListed(id="weekly_haiku", next_run=other)),
        runs=(RunSeen(job=HAIKU, ended="2026-02-11T05:00:17", word="success", outcome=Outcome.SUCCESS),),
    )
    return morning(scheduler=seen)


def test_a_stalled_scheduler_names_the_job_longest_in_the_past() -> None:
    told = two_jobs("2026-02-11T06:00:00+01:00", "2026-02-08T20:00:00+01:00")

    assert told.scheduler_cause.code is CauseCode.SCHEDULER_STALLED
    assert told.scheduler_cause.sentence == (
        "The scheduler says it is running, but the next run of weekly_haiku is 2 d 11 h in the past "
        "(2 jobs of 2): its loop is dead or paused."
    )
    assert str(told.finding(Check.NEXT_RUN_IS_ON_SCHEDULE)) == "cannot tell: scheduler-stalled"


def test_without_a_next_run_nothing_shows_that_the_loop_is_alive() -> None:
    finding = morning(next_run=None).finding(Check.SCHEDULER_IS_ALIVE)

    assert (finding.verdict, finding.is_warning) == (Verdict.UNKNOWN, True)


@pytest.mark.parametrize(
    "code", [CauseCode.SCHEDULER_DOWN, CauseCode.ACCESS_DENIED, CauseCode.WRONG_SERVICE, CauseCode.SCHEDULER_ERROR]
)
def test_a_scheduler_that_does_not_answer_hides_its_other_promises(code: CauseCode) -> None:
    told = morning(scheduler=not_seen(code), files=[made("2026-02-11T06:00:16+01:00")])

    assert told.scheduler.verdict is Verdict.FAILED
    assert [str(each) for each in told.scheduler.findings[1:]] == [f"cannot tell: {code}"] * 4
    assert told.scheduler_cause.code is code


def test_two_last_runs_of_one_job_are_not_both_its() -> None:
    """Of several jobs under one name, in a record that no listing is beside: the later one did its work."""
    failed = RunSeen(job=HAIKU, ended="2026-02-11T05:00:05", word="error", outcome=Outcome.FAILED)
    good = RunSeen(job=HAIKU, ended="2026-02-11T05:00:17", word="success", outcome=Outcome.SUCCESS)

    assert (morning(runs=[good, failed]).code, morning(runs=[good, good]).code) == (CauseCode.LISTED_TWICE, None)


# What it says of a run that it tells no time of ---------------------------------------------------------------------

UNREACHABLE = RunSeen(job=HAIKU, word="unreachable")
ERROR = RunSeen(job=HAIKU, word="error", outcome=Outcome.FAILED)
AN_OLD_ONE = RunSeen(job=HAIKU, ended="2026-02-10T05:00:17", word="unreachable")


@pytest.mark.parametrize(
    ("run", "words", "code"),
    [
        (UNREACHABLE, {}, CauseCode.UNKNOWN_STATUS),
        (UNREACHABLE, {"next_run": None}, CauseCode.UNKNOWN_STATUS),
        (ERROR, {}, CauseCode.SCHEDULER_ERROR),
        (AN_OLD_ONE, {}, CauseCode.UNKNOWN_STATUS),
        (None, {}, CauseCode.NEVER_RAN),
    ],
    ids=["a word of no list", "and no next run", "an error", "beside an old run", "nothing"],
)
def test_who_keeps_one_run_and_says_something_else_of_it_proves_no_missed_run(
    run: RunSeen | None, words: dict[str, Any], code: CauseCode
) -> None:
    told = morning(runs=[run] if run else [], has_output=False, **words)
    verdict = "missed" if code is CauseCode.NEVER_RAN else "unknown"

    assert (told.code, told.job.verdict) == (code, verdict)
    if code is CauseCode.UNKNOWN_STATUS:
        assert '"unreachable"' in told.cause.sentence
        assert told.cause.next_step.startswith("Say what that status means: ")
