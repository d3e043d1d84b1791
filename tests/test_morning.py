"""Is morning.json what DESIGN.md promises, and never ok for what was not looked at?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fixtures.one_morning import HAIKU, Told, haiku_job, made, morning, not_seen, roll_of
from rollcall.morning.ending import Ending
from rollcall.morning.judge import judge_morning
from rollcall.report.headline import headline
from rollcall.sinks.base import Start
from rollcall.sinks.json import incomplete_json, to_json
from rollcall.vocabulary import CauseCode


def written(told: Told, *, is_complete: bool = True) -> dict[str, Any]:
    whole = json.loads(to_json(told.judged, Ending() if is_complete else Ending(interruption="it goes on")))
    assert isinstance(whole, dict)
    return whole


# DESIGN.md, section 6; programs read these. Others may stand beside them.
PROMISED = ["version", "judged_at", "complete", "verdict", "schedulers", "jobs"]
PROMISED_OF_A_SCHEDULER = ["id", "kind", "verdict", "cause"]
PROMISED_OF_A_JOB = [
    "id",
    "title",
    "scheduler",
    "owner",
    "tags",
    "due_at",
    "finish_by",
    "next_due_at",
    "verdict",
    "since",
    "cause",
    "findings",
    "runs",
    "outputs",
]


def test_the_promised_keys_are_there_in_their_order() -> None:
    whole = written(morning())

    assert [key for key in whole if key in PROMISED] == PROMISED
    assert {"changes", "undeclared", "actions"} <= set(whole)
    assert whole["version"] == 2
    assert [key for key in whole["schedulers"][0] if key in PROMISED_OF_A_SCHEDULER] == PROMISED_OF_A_SCHEDULER
    assert [key for key in whole["jobs"][0] if key in PROMISED_OF_A_JOB] == PROMISED_OF_A_JOB


def test_a_finding_tells_check_verdict_expected_found_and_because() -> None:
    [job] = written(morning())["jobs"]
    keys = ("check", "verdict", "warning", "code", "expected", "found", "because")

    assert {tuple(each) for each in job["findings"]} == {keys}


def test_what_a_scheduler_lists_and_nobody_declared_is_told() -> None:
    told = morning(registered=False)

    assert written(morning())["undeclared"] == []
    assert written(told)["undeclared"] == [{"scheduler": "aime", "jobs": ["neighbour"]}]


def test_a_check_that_failed_without_a_finding_needs_attention() -> None:
    whole = json.loads(to_json(morning().judged, Ending(other_failures=("checks/test_own.py::test_x",))))

    assert (whole["verdict"], whole["other_failures"]) == ("attention", ["checks/test_own.py::test_x"])


def test_a_scheduler_that_nobody_asked_leaves_the_morning_a_part() -> None:
    told = morning()
    jobs = tuple(job.but(scheduler=None) for job in told.roll.jobs)
    part = judge_morning(replace(told.roll, jobs=jobs), told.evidence, now=told.now, schedulers=())
    whole = json.loads(to_json(part, Ending()))

    assert (whole["verdict"], whole["complete"]) == ("incomplete", False)
    assert headline(part, Ending()).startswith("1 of 1 job, but only 0 of 1 scheduler checked")


def test_a_cause_is_null_or_code_sentence_and_next_step() -> None:
    [bad] = written(morning(status="error"))["jobs"]

    assert written(morning())["jobs"][0]["cause"] is None
    assert list(bad["cause"]) == ["code", "sentence", "next_step", "explains"]
    assert (bad["cause"]["code"], bad["cause"]["explains"]) == ("run-failed", [])


def test_a_schedulers_cause_names_the_jobs_that_it_explains() -> None:
    [scheduler] = written(morning(running=False, registered=False))["schedulers"]

    assert scheduler["cause"]["explains"] == [HAIKU]


@pytest.mark.parametrize(
    ("now", "last_execution", "file", "times"),
    [
        (
            "2026-02-11T07:02:00+01:00",
            "2026-02-11T05:00:17.5",
            "2026-02-11T06:00:17+01:00",
            {
                "due_at": "2026-02-11T06:00:00+01:00",
                "finish_by": "2026-02-11T06:25:00+01:00",
                "next_due_at": "2026-02-12T06:00:00+01:00",
                "ran_at": "2026-02-11T06:00:17+01:00",
            },
        ),
        (
            "2026-03-28T07:02:00+01:00",
            "2026-03-28T05:00:17.5",
            "2026-03-28T06:00:17+01:00",
            {
                "due_at": "2026-03-28T06:00:00+01:00",
                "finish_by": "2026-03-28T06:25:00+01:00",
                "next_due_at": "2026-03-29T06:00:00+02:00",
                "ran_at": "2026-03-28T06:00:17+01:00",
            },
        ),
        (
            "2026-10-24T07:02:00+02:00",
            "2026-10-24T04:00:17.5",
            "2026-10-24T06:00:17+02:00",
            {
                "due_at": "2026-10-24T06:00:00+02:00",
                "finish_by": "2026-10-24T06:25:00+02:00",
                "next_due_at": "2026-10-25T06:00:00+01:00",
                "ran_at": "2026-10-24T06:00:17+02:00",
            },
        ),
    ],
)
def test_times_are_iso_8601_with_the_offset_of_their_day(
    now: str, last_execution: str, file: str, times: dict[str, str]
) -> None:
    whole = written(morning(now=now, last_execution=last_execution, files=[made(file)]))
    [job] = whole["jobs"]

    assert whole["judged_at"] == now
    assert {name: job[name] for name in times} == times
    assert job["outputs"][0]["newest"][0]["made_at"] == file
    assert job["runs"][0]["ended"] == last_execution


def test_a_job_that_was_not_due_yet_has_no_times() -> None:
    told = morning(since="2026-02-11T12:00+01:00", last_execution=None, status="pending", files=[])
    [job] = written(told)["jobs"]

    assert (job["verdict"], job["due_at"], job["finish_by"], job["ran_at"]) == ("pending", None, None, None)


def test_what_could_not_be_seen_is_written_as_such() -> None:
    told = morning(
        scheduler=not_seen(CauseCode.SCHEDULER_DOWN, "refused"), folder=not_seen(CauseCode.OUTPUT_UNREADABLE, "gone")
    )

    job = written(told)["jobs"][0]
    (output,) = job["outputs"]

    assert job["listed"] == {"not_seen": "scheduler-down", "detail": "refused"}
    assert job["runs"] == []
    assert (output["not_seen"], output["detail"]) == ("output-unreadable", "gone")


@pytest.mark.parametrize(
    ("words", "is_complete", "verdict"),
    [
        ({}, True, "ok"),
        ({}, False, "incomplete"),
        ({"status": "error"}, True, "attention"),
        ({"status": "error"}, False, "attention"),
        ({"scheduler": not_seen(CauseCode.SCHEDULER_DOWN)}, True, "attention"),
        ({"now": "2026-02-11T06:00:05+01:00", "last_execution": "2026-02-10T05:00:17"}, True, "ok"),
        ({"late": "warn", "has_output": False, "last_execution": "2026-02-11T05:59:00"}, True, "ok"),
        ({"late": "fail", "has_output": False, "last_execution": "2026-02-11T05:59:00"}, True, "attention"),
    ],
)
def test_a_morning_is_ok_only_where_all_was_looked_at_and_nothing_needs_a_person(
    words: dict[str, Any], is_complete: bool, verdict: str
) -> None:
    whole = written(morning(**words), is_complete=is_complete)

    assert (whole["verdict"], whole["complete"]) == (verdict, is_complete)


def two_declared() -> Told:
    told = morning()
    return replace(told, roll=roll_of(told.roll.jobs[0], haiku_job(id="weekly_haiku", has_output=False)))


@pytest.mark.parametrize("chosen", [[], [0], [0, 0]], ids=["none", "one of two", "one of two, twice"])
def test_a_selection_is_never_the_whole_morning(chosen: list[int]) -> None:
    told = two_declared()
    jobs = [told.roll.jobs[index] for index in chosen]
    partial = judge_morning(told.roll, told.evidence, now=told.now, jobs=jobs)
    whole = json.loads(to_json(partial, Ending()))

    assert (whole["verdict"], whole["complete"], whole["jobs_declared"]) == ("incomplete", False, 2)


def test_a_selection_in_which_something_is_wrong_needs_attention() -> None:
    told = two_declared()
    wrong = judge_morning(told.roll, told.evidence, now=told.now, jobs=told.roll.jobs[1:])
    whole = json.loads(to_json(wrong, Ending()))

    assert (whole["verdict"], whole["complete"]) == ("attention", False)


def test_a_scheduler_without_a_job_is_judged_too() -> None:
    told = morning(scheduler=not_seen(CauseCode.SCHEDULER_DOWN))
    alone = judge_morning(told.roll, told.evidence, now=told.now, jobs=[])

    assert alone.needs_a_person
    assert json.loads(to_json(alone, Ending()))["verdict"] == "attention"


def test_judging_twice_tells_the_same() -> None:
    told = morning(status="error")

    assert to_json(told.judged, Ending()) == to_json(told.judged, Ending())


def test_what_stands_there_before_the_result_says_nothing_good() -> None:
    told = morning()
    whole = json.loads(incomplete_json(Start(folder=Path(), judged_at=told.now, by="pytest", zone=told.roll.zone)))

    assert (whole["complete"], whole["verdict"], whole["jobs"]) == (False, "incomplete", [])
    assert datetime.fromisoformat(whole["judged_at"]) == told.now
