"""What do two looks prove of a scheduler's loop, and when is a second one worth its time?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from fixtures.one_morning import HAIKU, Told, at, morning, not_seen
from rollcall.causes.explain import explain_scheduler
from rollcall.evidence import JobListed, NotSeen, SchedulerSeen
from rollcall.verdict.findings import Check, Finding
from rollcall.verdict.second_look import LONGEST_WAIT, wait_before_second_look, with_second_look
from rollcall.vocabulary import CauseCode, Verdict


def clock(text: str) -> datetime:
    return at(f"2026-02-11T{text}+01:00")


def first_look(next_run: str | None, **words: Any) -> Told:
    """As seen at 07:02:00, the job next due by the scheduler at that clock."""
    text = f"2026-02-11T{next_run}+01:00" if next_run else None
    return morning(every_span="1 min", anchor="2026-02-11T06:00:00+01:00", next_run=text, has_output=False, **words)


def scheduler(told: Told) -> SchedulerSeen:
    seen = told.evidence.schedulers["aime"]
    assert isinstance(seen, SchedulerSeen)
    return seen


def looked_again(told: Told, next_run: str | None, present: str, *, slow: float = 0, running: bool = True) -> Finding:
    """What both looks prove together."""
    first, at_second = scheduler(told), clock(present)
    text = f"2026-02-11T{next_run}+01:00" if next_run else None
    second = SchedulerSeen(
        asked_at=at_second - timedelta(seconds=slow),
        answered_at=at_second,
        server_at=at_second.replace(microsecond=0),
        running=running,
        jobs=(JobListed(id=HAIKU, next_run=text),),
    )
    findings = with_second_look(told.scheduler, first, second).findings
    return next(each for each in findings if each.check is Check.SCHEDULER_IS_ALIVE)


# the next run, by the first look at 07:02:00 | how long to wait | None: no second look
WAITS = [
    ("07:02:00", 2.0),
    ("07:02:02.5", 4.5),
    ("07:02:03", 5.0),
    ("07:02:03.001", None),
    ("08:00:00", None),
    # It has just passed: within the minute that the checks leave to a slow answer.
    ("07:01:59.5", 1.5),
    ("07:01:30", 1.0),
    ("07:01:00", 1.0),
    # Dead already by the first look.
    ("07:00:59", None),
    (None, None),
]


@pytest.mark.parametrize(("next_run", "seconds"), WAITS)
def test_a_second_look_is_worth_it_where_a_run_falls_due(next_run: str | None, seconds: float | None) -> None:
    told = first_look(next_run)
    wait = wait_before_second_look(told.scheduler, scheduler(told))

    assert wait == (None if seconds is None else timedelta(seconds=seconds))
    assert wait is None or wait <= LONGEST_WAIT


def test_no_second_look_where_the_first_has_no_clock_or_no_scheduler() -> None:
    without_date = first_look("07:02:01", server_at=None)
    stopped = first_look("07:02:01", running=False)
    down = morning(scheduler=not_seen(CauseCode.SCHEDULER_DOWN))

    assert wait_before_second_look(without_date.scheduler, scheduler(without_date)) is None
    assert wait_before_second_look(stopped.scheduler, scheduler(stopped)) is None
    assert wait_before_second_look(down.scheduler, down.evidence.schedulers["aime"]) is None


# first next run | second next run | the present at the second look | slow | alive
LOOKS = [
    ("07:02:02", "07:03:00", "07:02:04", 0.0, True),
    ("07:02:02", "07:02:02", "07:02:03", 0.0, False),
    ("07:02:02", "07:02:02", "07:02:02.9", 0.0, True),
    ("07:02:02", "07:02:02", "07:02:04", 0.5, False),
    # It may have looked at its jobs at the very beginning of a slow answer.
    ("07:02:02", "07:02:02", "07:02:04", 1.5, True),
    ("07:01:30", "07:01:30", "07:02:01", 0.0, False),
    ("07:01:30", "07:02:30", "07:02:01", 0.0, True),
    # Paused or gone in between: somebody was there.
    ("07:02:02", None, "07:02:04", 0.0, True),
]


@pytest.mark.parametrize(("first", "second", "present", "slow", "alive"), LOOKS)
def test_a_next_run_that_has_passed_must_have_moved_on(
    first: str, second: str | None, present: str, slow: float, alive: bool
) -> None:
    finding = looked_again(first_look(first), second, present, slow=slow)

    assert finding.verdict is (Verdict.OK if alive else Verdict.FAILED)


def test_it_says_what_both_looks_saw() -> None:
    told = first_look("07:02:02")

    assert looked_again(told, "07:03:02", "07:02:04").found == (
        f"the next run of {HAIKU}, Wed 11 Feb 06:02:02 UTC, moved on between two looks"
    )
    assert looked_again(told, "07:02:02", "07:02:04").because == (
        f"the scheduler says it is running, but the next run of {HAIKU}, Wed 11 Feb 06:02:02 UTC, has passed and did "
        "not move on between two looks 4 s apart: its loop is dead or paused"
    )


def test_the_cause_is_the_one_of_the_checks() -> None:
    told = first_look("07:02:02")
    first = scheduler(told)
    later = first.answered_at + timedelta(seconds=4)
    second = replace(first, asked_at=later, answered_at=later, server_at=later)
    cause = explain_scheduler(with_second_look(told.scheduler, first, second))

    assert cause is not None
    assert cause.code is CauseCode.SCHEDULER_STALLED


@pytest.mark.parametrize("second", [not_seen(CauseCode.SCHEDULER_DOWN), None])
def test_a_second_look_that_fails_proves_nothing(second: NotSeen | None) -> None:
    told = first_look("07:02:02")
    seen = second or replace(scheduler(told), running=False)

    assert with_second_look(told.scheduler, scheduler(told), seen) == told.scheduler
