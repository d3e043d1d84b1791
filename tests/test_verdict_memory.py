"""What does a scheduler's memory prove beside the scheduler, and in its stead?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fixtures.one_morning import HAIKU, Told, aime, at, made, morning, not_seen
from rollcall.evidence import NotSeen, RunSeen, SchedulerSeen
from rollcall.remedy.missed import why_not
from rollcall.verdict.findings import Check, Finding
from rollcall.vocabulary import CauseCode, Verdict

DOWN = not_seen(CauseCode.SCHEDULER_DOWN, "GET http://localhost:8000/status: connection refused")
MEMORY = {"database": "sqlite:///data/musique.db"}
NO_FILE = "sqlite:///data/musique.db: there is no file /srv/aime/data/musique.db"
AFTER, STATUS, ON_TIME = Check.EXECUTED_AFTER_DUE_TIME, Check.STATUS_IS_SUCCESS, Check.RAN_ON_TIME
AGREES, IS_RUNNING, ANSWERS = Check.OUTPUT_AGREES_WITH_RECORD, Check.SCHEDULER_IS_RUNNING, Check.MEMORY_ANSWERS


def memory(
    last_execution: str | None = "2026-02-11 05:00:17.157479",
    status: str = "success",
    *,
    active: bool | None = True,
    since: str | None = "2026-02-10 07:55:00.000000",
    job_id: str = HAIKU,
    **others: Any,
) -> SchedulerSeen:
    """What AIME's database says on the good morning; each word given makes it another."""
    asked_at = at("2026-02-11T07:02:00+01:00")
    # A record that tells no time is no run.
    outcome = aime().words.outcome(status)
    runs = (RunSeen(job=job_id, ended=last_execution, word=status, outcome=outcome),) if last_execution else ()
    known: dict[str, Any] = {"asked_at": asked_at, "answered_at": asked_at, "runs": runs}
    return SchedulerSeen(**(known | {"running": active, "since": since} | others))


def beside(seen: SchedulerSeen | NotSeen | None, **words: Any) -> Told:
    """The morning of these words, with a memory that was seen so; None: nobody asked it."""
    told = morning(memory=seen, **words)
    (job,) = told.roll.jobs
    assert job.scheduler is not None
    naive_times = job.scheduler.naive_times.key if job.scheduler.naive_times else None
    return under(told, zone=job.zone.key, naive_times=naive_times)


def under(told: Told, **table: Any) -> Told:
    """The same, its scheduler declared by that table, with a memory."""
    scheduler = aime(**table, memory=MEMORY)
    jobs = tuple(job.but(scheduler=scheduler) for job in told.roll.jobs)
    return replace(told, roll=replace(told.roll, schedulers=(scheduler,), jobs=jobs))


def told_of(finding: Finding) -> tuple[Verdict, CauseCode | None, str]:
    return finding.verdict, finding.code, finding.found


# Beside the scheduler ---------------------------------------------------------------------------------------------


def test_a_step_for_an_earlier_run_names_that_run_though_its_memory_knows_of_the_judged_one() -> None:
    """An hourly job whose run of 03:00 left no file; that a run took place since says nothing of that one."""
    files = [made(f"2026-02-11T0{hour}:00:17+01:00") for hour in (6, 5, 4, 2, 1)]
    told = beside(
        memory(), schedule="0 * * * *", look_back="5 h", now="2026-02-11T06:50+01:00", files=files, keeps=None
    )

    assert "no file of 1 earlier run: due Wed 11 Feb 03:00 CET" in str(told.finding(Check.NO_RUN_IS_MISSING))
    assert "what became of its run of Wed 11 Feb 03:00 CET" in told.cause.next_step


def test_a_good_morning_with_a_memory_is_ok() -> None:
    told = beside(memory())

    assert told.judged.needs_a_person is False
    assert told.finding(ANSWERS).found == "calls the scheduler active (since Tue 10 Feb 08:55 CET), 1 run on record"


FLAGS = [
    (
        memory(),
        ("The scheduler is stopped although its database says it is active (since Tue 10 Feb 08:55 CET): "
        "no job of it will run."),
    ),
    (
        memory(active=False),
        ("The scheduler is stopped and its database says it is inactive (since Tue 10 Feb 08:55 CET): "
        "no job of it will run."),
    ),
    (
        memory(since=None),
        "The scheduler is stopped although its database says it is active: no job of it will run.",
    ),
    (
        memory(since="2026-02-10T08:55:00+01:00"),
        ("The scheduler is stopped although its database says it is active (since Tue 10 Feb 08:55 CET): "
        "no job of it will run."),
    ),
    (
        memory(since="yesterday"),
        "The scheduler is stopped although its database says it is active (since yesterday): no job of it will run.",
    ),
    (
        memory(active=None, since=None),
        "Aime answers, but the scheduler is stopped: no job of it will run.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "sentence"), FLAGS)
def test_a_stopped_scheduler_is_held_against_what_its_memory_calls_it(seen: SchedulerSeen, sentence: str) -> None:
    told = beside(seen, running=False, registered=False)

    assert told.scheduler_cause.code is CauseCode.SCHEDULER_STOPPED
    assert told.scheduler_cause.sentence == sentence


def test_since_when_is_not_guessed() -> None:
    told = beside(memory(), running=False, registered=False, naive_times=None)

    assert "active (since 2026-02-10 07:55:00.000000)" in told.scheduler_cause.sentence


def test_a_running_scheduler_that_its_memory_calls_inactive_is_told_and_no_failure() -> None:
    finding = beside(memory(active=False)).finding(IS_RUNNING)

    assert told_of(finding) == (
        Verdict.OK,
        None,
        "running, although its database says it is inactive (since Tue 10 Feb 08:55 CET)",
    )


OTHER_WORDS = [
    # The memory's last run | what is told beside the scheduler's, which ended at 06:00:17; max_runtime is 10 min
    ("2026-02-11 05:00:17.157479", ""),
    ("2026-02-11 05:10:17.157479", ""),
    ("2026-02-11 05:10:17.157480", "; its database says Wed 11 Feb 06:10:17 CET"),
    ("2026-02-10 05:00:17", "; its database says Tue 10 Feb 06:00:17 CET"),
    ("2026-02-11T06:00:17+01:00", ""),
    (None, ""),
    ("never", ""),
]


@pytest.mark.parametrize(("last_execution", "beside_it"), OTHER_WORDS)
def test_another_last_run_in_its_memory_is_told_and_no_failure(last_execution: str | None, beside_it: str) -> None:
    told = beside(memory(last_execution))

    assert told_of(told.finding(AFTER)) == (Verdict.OK, None, f"ended Wed 11 Feb 06:00:17 CET{beside_it}")
    assert told.judged.needs_a_person is False


def test_what_a_scheduler_that_was_started_anew_has_forgotten_its_memory_tells() -> None:
    told = beside(memory(), last_execution=None)

    assert told_of(told.finding(AFTER)) == (Verdict.OK, None, "ended Wed 11 Feb 06:00:17 CET, by its database")
    assert told_of(told.finding(STATUS)) == (Verdict.OK, None, "success, by its database")
    assert told.judged.needs_a_person is False


def test_a_forgotten_run_that_left_no_file_is_no_missed_one() -> None:
    told = beside(memory(), last_execution=None, files=[made("2026-02-10T06:00:17+01:00")])

    assert told.code is CauseCode.SUCCESS_WITHOUT_OUTPUT
    assert "its database calls it a success, but it left no file" in told.cause.sentence


def test_a_scheduler_that_remembers_an_earlier_run_is_believed_and_the_other_word_told() -> None:
    told = beside(memory(), last_execution="2026-02-10T05:00:17", files=[made("2026-02-10T06:00:17+01:00")])

    assert told.code is CauseCode.MISSED_RUN
    assert "; its database says Wed 11 Feb 06:00:17 CET" in told.cause.sentence


@pytest.mark.parametrize(("executed", "is_refused"), [("2026-02-11 05:00:17", True), ("2026-02-10 05:00:17", False)])
def test_a_run_that_its_memory_tells_of_is_not_run_again(executed: str, is_refused: bool) -> None:
    told = beside(memory(executed), last_execution="2026-02-10T05:00:17", has_output=False)
    why = why_not(told.job, told.judged.schedulers[0]) or ""

    assert told.code is CauseCode.MISSED_RUN
    assert why.startswith("its database has a run since it was due") is is_refused
    assert told.cause.next_step.startswith("See in the scheduler's log whether that run happened") is is_refused


@pytest.mark.parametrize("forgetting", [{}, {"last_execution": None}])
def test_a_run_to_come_by_its_memory_is_no_run(forgetting: dict[str, Any]) -> None:
    told = beside(memory("2026-02-11T09:00:00"), **forgetting, has_output=False)

    assert told.finding(AFTER).verdict is (Verdict.MISSED if forgetting else Verdict.OK)


def test_a_forgotten_run_that_failed_is_told_as_failed() -> None:
    told = beside(memory(status="error"), last_execution=None, has_output=False)

    assert told.code is CauseCode.RUN_FAILED


def test_what_its_memory_has_forgotten_too_is_missed() -> None:
    told = beside(memory("2026-02-10 05:00:17"), last_execution=None, has_output=False)

    assert told.code is CauseCode.MISSED_RUN


# In the scheduler's stead -----------------------------------------------------------------------------------------

SILENT = {
    "down": {"scheduler": DOWN},
    "error": {"scheduler": not_seen(CauseCode.SCHEDULER_ERROR, "500")},
    "stopped": {"running": False, "registered": False},
}


@pytest.mark.parametrize("words", SILENT.values(), ids=SILENT.keys())
def test_a_silent_scheduler_leaves_the_last_run_to_the_memory(words: dict[str, Any]) -> None:
    told = beside(memory(), **words)

    assert told_of(told.finding(AFTER)) == (Verdict.OK, None, "ended Wed 11 Feb 06:00:17 CET, by its database")
    assert told_of(told.finding(STATUS)) == (Verdict.OK, None, "success, by its database")
    assert told_of(told.finding(ON_TIME))[0] is Verdict.OK
    assert told_of(told.finding(AGREES)) == (Verdict.OK, None, "0.1 s apart, by its database")
    for check in (Check.IS_REGISTERED, Check.NEXT_RUN_IS_ON_SCHEDULE):
        assert told.finding(check).because == f"cannot tell: {told.scheduler_cause.code}"
    assert told.job.verdict is Verdict.UNKNOWN
    assert told.cause.code is told.scheduler_cause.code
    assert told.job.ran_at is not None


def test_where_its_memory_alone_tells_of_the_run_its_time_is_its_memorys_too() -> None:
    told = beside(memory(), scheduler=DOWN, has_output=False)

    assert told.finding(ON_TIME).found == "Wed 11 Feb 06:00:17 CET, 17 s after it was due, by its database"


def test_a_missed_run_is_told_behind_the_root_cause() -> None:
    told = beside(memory("2026-02-10 05:00:17"), scheduler=DOWN, files=[made("2026-02-10T06:00:17+01:00")])

    assert told.job.verdict is Verdict.MISSED
    assert told.cause.code is CauseCode.SCHEDULER_DOWN
    assert told.cause.sentence == (
        "The scheduler does not answer: GET http://localhost:8000/status: connection refused; "
        "due Wed 11 Feb 06:00 CET, allowed until 06:15; its last run ended Tue 10 Feb 06:00:17 CET, by its database."
    )


RECORDS = [
    # what its database says of the run | check | verdict | why
    (memory(status="error"), STATUS, Verdict.FAILED, "ended Wed 11 Feb 06:00:17 CET, by its database ended in error"),
    (memory(None, "pending"), AFTER, Verdict.FAILED, "but its database says: no run recorded at all"),
    (memory(job_id="other"), AFTER, Verdict.FAILED, "but its database says: no run recorded at all"),
    (memory("never"), AFTER, Verdict.UNKNOWN, 'its database says last_execution = "never", which is no time'),
    (memory("2026-02-10 05:00:17"), AFTER, Verdict.FAILED, "ended Tue 10 Feb 06:00:17 CET, by its database"),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "check", "verdict", "why"), RECORDS)
def test_what_its_memory_says_is_judged_as_the_scheduler_would_be(
    seen: SchedulerSeen, check: Check, verdict: Verdict, why: str
) -> None:
    finding = beside(seen, scheduler=DOWN).finding(check)

    assert (finding.verdict, why in finding.because) == (verdict, True)


def test_a_job_that_is_not_on_record_and_left_nothing_never_ran() -> None:
    told = beside(memory(job_id="other"), scheduler=DOWN, files=[])

    assert told.finding(AFTER).code is CauseCode.NEVER_RAN
    assert "its database has no run of it on record at all" in told.finding(AFTER).because


def test_a_success_by_its_memory_without_a_file_is_told_of_it() -> None:
    finding = beside(memory(), scheduler=DOWN, files=[]).finding(Check.OUTPUT_EXISTS)

    assert finding.code is CauseCode.SUCCESS_WITHOUT_OUTPUT
    assert "its database calls it a success, but it left no file" in finding.because


def test_naive_times_of_its_memory_are_not_guessed() -> None:
    finding = beside(memory(), scheduler=DOWN, naive_times=None).finding(AFTER)

    assert finding.code is CauseCode.NAIVE_TIMESTAMP
    assert "Wed 11 Feb 06:00:17 CET (read as UTC" in finding.because


def test_a_run_after_the_moment_that_is_judged_does_not_count() -> None:
    told = beside(memory("2026-02-11 07:00:17"), scheduler=DOWN, files=[], now="2026-02-11T07:02:00+01:00")
    told = replace(told, evidence=replace(told.evidence, memories={"aime": memory(
        "2026-02-11 07:00:17", answered_at=at("2026-02-11T09:00:00+01:00")
    )}))  # fmt: skip
    finding = told.finding(AFTER)

    assert finding.code is CauseCode.FUTURE_TIMESTAMP
    assert "later than the judged moment" in finding.because


@pytest.mark.parametrize("seen", [memory(runs=None), None, not_seen(CauseCode.ACCESS_DENIED, "no")])
def test_a_memory_without_runs_does_not_stand_in(seen: SchedulerSeen | NotSeen | None) -> None:
    finding = beside(seen, scheduler=DOWN).finding(AFTER)

    assert finding.because == "cannot tell: scheduler-down"


def test_an_interval_is_counted_from_its_memorys_last_run() -> None:
    told = beside(
        memory("2026-02-11 05:30:00"), scheduler=DOWN, schedule=None, every_span="1 h", has_output=False,
        now="2026-02-11T07:02:00+01:00",
    )  # fmt: skip

    assert told.job.verdict is Verdict.UNKNOWN
    assert told.finding(AFTER).verdict is Verdict.OK


# The memory itself ------------------------------------------------------------------------------------------------

UNSEEN = [
    (
        CauseCode.SCHEDULER_DOWN,
        "Its database does not answer: ",
        ("Check whether it is there and up, or correct the address in [schedulers.aime.memory] in jobs.toml, "
        "then `pytest checks/`"),
    ),
    (
        CauseCode.ACCESS_DENIED,
        "Its database refuses access: ",
        ("Give the user in the address in [schedulers.aime.memory] in jobs.toml the right to read it, "
        "then `pytest checks/`"),
    ),
    (
        CauseCode.SCHEDULER_ERROR,
        "Its database cannot be asked: ",
        "Correct address and queries in [schedulers.aime.memory] in jobs.toml, then `pytest checks/`",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("code", "says", "step"), UNSEEN)
def test_a_memory_that_could_not_be_looked_at_is_told_and_blames_no_job(code: CauseCode, says: str, step: str) -> None:
    told = beside(not_seen(code, NO_FILE))

    assert (told.finding(ANSWERS).verdict, told.finding(ANSWERS).found) == (Verdict.FAILED, NO_FILE)
    assert (told.scheduler_cause.code, told.scheduler_cause.sentence) == (code, f"{says}{NO_FILE}.")
    assert told.scheduler_cause.next_step == step
    assert told.job.verdict is Verdict.OK
    assert told.judged.needs_a_person is True


def test_a_memory_that_nobody_asked_is_not_green() -> None:
    assert beside(None).finding(ANSWERS).verdict is Verdict.FAILED


def test_no_memory_no_promise() -> None:
    told = morning()

    assert ANSWERS not in {each.check for each in told.scheduler.findings}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"scheduler": DOWN}, CauseCode.SCHEDULER_DOWN),
        ({"scheduler": not_seen(CauseCode.SCHEDULER_ERROR, "500")}, CauseCode.SCHEDULER_ERROR),
        ({"running": False, "registered": False}, CauseCode.SCHEDULER_STOPPED),
    ],
)
def test_what_is_wrong_with_the_scheduler_comes_before_its_memory_and_both_are_told(
    words: dict[str, Any], code: CauseCode
) -> None:
    told = beside(not_seen(CauseCode.SCHEDULER_DOWN, NO_FILE), **words)

    assert told.scheduler_cause.code is code
    assert told.scheduler_cause.sentence.endswith(f"; its database does not answer: {NO_FILE}.")
    assert told.cause.code is code


def test_a_schedulers_times_are_told_in_its_zone() -> None:
    told = beside(memory(), running=False, registered=False)
    told = under(told, zone="America/New_York")

    assert "since Tue 10 Feb 02:55 EST" in told.scheduler_cause.sentence
