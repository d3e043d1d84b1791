"""Is each cause one whole record in its place, with a step for everybody, and may a scheduler say it better?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby

import pytest

from fixtures.one_morning import FOLDER, aime, haiku_job, morning, not_seen
from rollcall.causes.words import check_step
from rollcall.roll.job import Job
from rollcall.roll.kinds import find_kind, kinds
from rollcall.vocabulary import CauseCode, Of, Verdict

TRIGGER = "http://localhost:8000/api/v1/services/scheduler/trigger/generate_haiku_scheduled"


def job_of(own: Mapping[CauseCode, str]) -> Job:
    """The haiku job under a scheduler that has these steps of its own, and no others."""
    return haiku_job(scheduler=aime().model_copy(update={"steps": own}))


def test_a_cause_says_what_is_so_in_one_sentence() -> None:
    meanings = {code: code.record.meaning for code in CauseCode}

    assert {code for code, told in meanings.items() if not re.fullmatch(r"[A-Z][^|\n]+\.", told)} == set()


def test_every_word_in_braces_of_a_step_stands_for_something() -> None:
    for code in CauseCode:
        check_step(code, code.record.step)
    for cls, preset in map(find_kind, kinds()):
        of_class = cls.model_fields["steps"].get_default(call_default_factory=True)
        for own, step in {**of_class, **getattr(cls, "own_steps", {}), **preset.get("steps", {})}.items():
            check_step(CauseCode(own), step)


@pytest.mark.parametrize(
    ("code", "step"),
    [
        (CauseCode.RUN_FAILED, "See {unit}"),
        # There is no folder of a scheduler, and no address of a file.
        (CauseCode.SCHEDULER_DOWN, "See `ls {folder}`"),
        (CauseCode.HOST_SILENT, "See `ls {folder}`"),
    ],
)
def test_a_step_with_a_word_that_stands_for_nothing_is_refused(code: CauseCode, step: str) -> None:
    with pytest.raises(ValueError, match="the known ones are again, ask, "):
        check_step(code, step)


def test_what_is_about_the_same_stands_together() -> None:
    heads = [of for of, _ in groupby(CauseCode, key=lambda code: code.record.of)]

    assert heads == list(Of)


def test_no_step_for_everybody_is_about_one_backend() -> None:
    steps = {code: code.record.step + code.record.besides for code in CauseCode}

    assert {
        code for code, told in steps.items() if re.search("backend|uvicorn|BackgroundScheduler|ps aux", told)
    } == set()


def test_what_may_be_a_warning_is_late_by_itself() -> None:
    assert {code for code in CauseCode if code.record.allowed_by} == {
        CauseCode.STARTED_LATE,
        CauseCode.OVERRAN,
        CauseCode.RAN_LATE,
        CauseCode.TOO_SHORT,
    }
    assert all(code.record.verdict is Verdict.LATE for code in CauseCode if code.record.allowed_by)


def test_a_scheduler_says_in_its_own_words_what_is_done_about_it() -> None:
    own = {CauseCode.SCHEDULER_DOWN: "See `systemctl status {word}`, then {again}"}
    told = morning(job=job_of(own), scheduler=not_seen(CauseCode.SCHEDULER_DOWN))

    assert (
        told.cause.next_step == told.scheduler_cause.next_step == "See `systemctl status aime`, then `pytest checks/`"
    )


def test_and_what_is_done_about_a_job_of_it() -> None:
    own = {CauseCode.RUN_FAILED: "see `journalctl -u {word}` and {list}, and {rerun}"}
    told = morning(job=job_of(own), status="error")

    assert told.cause.next_step == (
        f"See `journalctl -u generate_haiku_scheduled` and `ls -lt {FOLDER} | head`, and run it now: "
        f"`curl -X POST {TRIGGER}`, then `pytest checks/`"
    )


def test_what_roll_call_can_do_itself_goes_before_the_words_of_a_scheduler() -> None:
    told = morning(job=job_of({CauseCode.SCHEDULER_STOPPED: "Start it: `systemctl start cron`"}), running=False)

    assert told.cause.next_step == "Start it: `pytest checks/ --restart-stopped`"


STATUS = "http://localhost:8000/api/v1/services/scheduler/status"
FOR_EVERYBODY = {
    CauseCode.SCHEDULER_DOWN: f"Check whether it is up: `curl -i {STATUS}`, start it, then `pytest checks/`",
    CauseCode.SCHEDULER_ERROR: f"Read the scheduler's log; see its answer: `curl -i {STATUS}`",
    CauseCode.NO_RECORDS: f"See what it lists: `curl -i {STATUS}`; if jobs are missing there, correct what "
    "[schedulers.aime] in jobs.toml asks for, then `pytest checks/`",
}


@pytest.mark.parametrize(("code", "step"), FOR_EVERYBODY.items(), ids=list(FOR_EVERYBODY))
def test_the_step_for_everybody_is_filled_with_what_is_known_of_the_scheduler(code: CauseCode, step: str) -> None:
    told = morning(job=job_of({code: code.record.step}), scheduler=not_seen(code))

    assert told.cause.next_step == step


def test_what_looks_like_a_word_in_braces_and_is_none_is_left_alone() -> None:
    own = {CauseCode.SCHEDULER_DOWN: "`kubectl get pods -o jsonpath='{.items}'`, `awk '{print}'`"}
    told = morning(job=job_of(own), scheduler=not_seen(CauseCode.SCHEDULER_DOWN))

    assert told.cause.next_step == own[CauseCode.SCHEDULER_DOWN]
