"""How does a check end: a sentence, a traceback of the reader's own, or "cannot tell"?"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.lived_in import LivedIn, Run, lived_in

# `wake` ended in error, and its next run is an hour late; the scheduler of `export` is stopped; the others did well.
OWN = """
import pytest


def only(job, job_id):
    if job.id != job_id:
        pytest.skip("another job")


def test_sentence(job):
    only(job, "wake")
    assert job.status_is_success


def test_own_message(job):
    only(job, "wake")
    assert job.status_is_success, "in my own words"


def test_all_of_several(job):
    only(job, "wake")
    assert (
        job.ran_on_time
        and job.status_is_success
    )


def test_neither_of_two(job):
    only(job, "wake")
    assert any([job.next_run_is_on_schedule, job.status_is_success])


def test_neither_of_two_the_other_way_round(job):
    only(job, "wake")
    assert any([job.status_is_success, job.next_run_is_on_schedule])


def test_equal_to_true(job):
    only(job, "wake")
    assert job.status_is_success == True


def test_own_assertion(job):
    only(job, "wake")
    assert job.title == "something else"


def test_own_assertion_after_a_broken_promise(job):
    only(job, "wake")
    if not job.status_is_success:
        assert job.title == "something else"


def test_own_assertion_beside_a_kept_promise(job):
    only(job, "wake")
    assert job.ran_on_time and job.title == "something else"


def test_not_broken(job):
    only(job, "wake")
    assert not job.status_is_success


def test_not_kept(job):
    only(job, "write")
    assert not job.output_exists


def test_typo(job):
    only(job, "wake")
    assert job.ran_on_tme


def test_unknown(job):
    only(job, "export")
    assert job.status_is_success


def test_not_unknown(job):
    only(job, "export")
    assert not job.status_is_success


def test_unequal_to_false(job):
    only(job, "export")
    assert job.status_is_success != False


def test_if_unknown(job):
    only(job, "export")
    if job.status_is_success:
        return


def test_word_that_nobody_could_look_for(job):
    only(job, "export")
    assert job.last_status != "error"


def test_instant_that_nobody_could_look_for(job):
    only(job, "export")
    assert job.ran_at is None


def test_no_such_witness(job):
    only(job, "wake")
    assert job.output_is_whole


@pytest.fixture
def text(job):
    only(job, "export")
    return "some text" if job.status_is_success else ""


def test_fixture_that_cannot_tell(text):
    assert text


@pytest.fixture
def status(job):
    only(job, "wake")
    assert job.status_is_success


def test_fixture_that_asserts(status):
    pass


def test_stopped(scheduler):
    assert scheduler.scheduler_is_running


@pytest.mark.xfail(strict=True)
def test_known_to_be_broken(job):
    only(job, "wake")
    assert job.status_is_success


def test_facts(job):
    only(job, "write")
    assert f"{job.due_at:%H:%M} {job.ran_at:%H:%M:%S %Z} {job.output.name} {job.last_status} {job.title} {job}" == (
        "06:00 06:00:17 CET write-20260211-060017.md success write write"
    )
"""

FAILED_RUN = (
    "failed: due Wed 11 Feb 06:00 CET, allowed until 06:15; the run that ended Wed 11 Feb 06:00:18 CET ended in error"
)
OFF_SCHEDULE = "… failed: the scheduler's next run is Tue 12 Feb 07:00 CET, not as declared (every day at 06:00)"
CANNOT_TELL = "cannot tell: scheduler-stopped"

# How each ends, and with which words (all of them; "…" where they end in a traceback).
ENDS = f"""
test_sentence[wake]                             | failure | {FAILED_RUN}
test_own_message[wake]                          | failure | {FAILED_RUN}
test_all_of_several[wake]                       | failure | {FAILED_RUN}
test_neither_of_two[wake]                       | failure | {FAILED_RUN}
test_neither_of_two_the_other_way_round[wake]   | failure | {OFF_SCHEDULE}
test_equal_to_true[wake]                        | failure | {FAILED_RUN}
test_own_assertion[wake]                        | failure | … assert 'wake' == 'something else'
test_own_assertion_after_a_broken_promise[wake] | failure | … assert 'wake' == 'something else'
test_own_assertion_beside_a_kept_promise[wake]  | failure | … - something else E + wake)
test_not_broken[wake]                           | passed  |
test_not_kept[write]                            | failure | … assert not ok:
test_typo[wake]                                 | failure | … AttributeError: 'CheckedJob' object has no attribute 'ran_on_tme'
test_unknown[export]                            | skipped | {CANNOT_TELL}
test_not_unknown[export]                        | skipped | {CANNOT_TELL}
test_unequal_to_false[export]                   | skipped | {CANNOT_TELL}
test_if_unknown[export]                         | skipped | {CANNOT_TELL}
test_word_that_nobody_could_look_for[export]    | skipped | {CANNOT_TELL}
test_instant_that_nobody_could_look_for[export] | skipped | {CANNOT_TELL}
test_no_such_witness[wake]                      | skipped | not applicable: output_is_whole is not promised: wake has no such witness in jobs.toml
test_fixture_that_cannot_tell[export]           | skipped | {CANNOT_TELL}
test_fixture_that_asserts[wake]                 | error   | {FAILED_RUN}
test_stopped[aime]                              | passed  |
test_stopped[other]                             | failure | failed: other answers, but the scheduler is stopped: no job of it will run
test_known_to_be_broken[wake]                   | skipped |
test_facts[write]                               | passed  |
test_status_is_success[wake]                    | failure | {FAILED_RUN}
test_status_is_success[export]                  | skipped | {CANNOT_TELL}
"""  # noqa: E501 - a table


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    with lived_in(tmp_path_factory.mktemp("house")) as house:
        house.scheduler.says["aime"]["wake"] |= {"last_status": "error", "next_run": "2999-02-12T07:00:00+01:00"}
        house.scheduler.says["other"].clear()
        house.add_check(OWN)
        yield house


@pytest.fixture(scope="module")
def run(house: LivedIn) -> Run:
    return house.run("-v")


@pytest.fixture(scope="module")
def outcomes(run: Run) -> dict[str, tuple[str, str]]:
    return run.outcomes


@pytest.mark.parametrize(("check", "outcome", "words"), rows(ENDS), ids=lambda cell: cell if "[" in cell else "")
def test_each_check_ends_as_it_should(
    outcomes: dict[str, tuple[str, str]], check: str, outcome: str, words: str
) -> None:
    ended, told = outcomes[check]

    assert ended == outcome
    if words.startswith("…"):
        assert words.removeprefix("…").strip() in " ".join(told.split())
    else:
        assert told.removeprefix('failed on setup with "Failed: ').strip('"').strip() == words


def test_no_failure_drags_another_along(run: Run) -> None:
    assert "During handling" not in run.text
    assert "The above exception" not in run.text


def test_what_cannot_be_told_has_its_own_word_and_one_line_each(run: Run) -> None:
    lines = [line for line in run.text.splitlines() if "test_status_is_success[export]" in line]

    assert len(lines) == 1
    assert "CANNOT TELL" in lines[0]
    assert re.search(r"\d+ cannot tell in ", run.text)


def test_one_cause_is_told_once(run: Run) -> None:
    last_words = run.text[run.text.rindex("===") :]

    assert last_words.count("scheduler-stopped") == 1
    assert last_words.count("schedule-drift [wake]") == 1
    assert "run-failed" not in last_words


FAILED_BY_THEMSELVES = [
    "test_fixture_that_asserts[wake]",
    "test_not_kept[write]",
    "test_own_assertion[wake]",
    "test_own_assertion_after_a_broken_promise[wake]",
    "test_own_assertion_beside_a_kept_promise[wake]",
    "test_typo[wake]",
]


def test_a_check_of_your_own_about_a_job_counts_for_that_job(run: Run) -> None:
    failed = {
        finding["check"].split("::")[-1]: (job["id"], finding["verdict"], finding["because"])
        for job in run.morning["jobs"]
        for finding in job["findings"]
        if finding["code"] == "check-failed"
    }
    [write] = [job for job in run.morning["jobs"] if job["id"] == "write"]

    assert sorted(failed) == FAILED_BY_THEMSELVES
    assert failed["test_own_assertion[wake]"][:2] == ("wake", "failed")
    assert "your check checks/test_own.py::test_not_kept[write] failed: " in failed["test_not_kept[write]"][2]
    assert (write["verdict"], write["cause"]["code"]) == ("failed", "check-failed")
    assert "checks/test_own.py::test_not_kept[write]" in write["cause"]["sentence"]
    assert run.morning["other_failures"] == []
    assert "check-failed [write]: Your check checks/test_own.py::test_not_kept[write] failed" in run.text
    assert "check-failed" in run.page


@pytest.mark.parametrize(
    "selection", ["test_status_is_success and export", "test_known_to_be_broken and wake"], ids=["cannot tell", "xfail"]
)
def test_green_to_pytest_is_not_green_where_a_person_is_needed(house: LivedIn, selection: str) -> None:
    run = house.run("-q", "-k", selection)

    assert run.status == 1
    assert "failed" not in run.text.splitlines()[0]
    assert (run.morning["verdict"], run.morning["complete"]) == ("attention", False)
    assert "1 of 4 jobs checked" in run.text


@pytest.fixture
def late(tmp_path: Path) -> Iterator[LivedIn]:
    with lived_in(tmp_path, wake='late = "warn"') as house:
        house.scheduler.says["aime"]["wake"]["last_execution"] = "2026-02-11T05:50:00"
        yield house


@pytest.mark.parametrize("options", [[], ["-W", "error"]], ids=["plain", "-W error"])
def test_a_late_run_that_is_a_warning_is_told_once_and_fails_nothing(late: LivedIn, options: list[str]) -> None:
    late.add_check("def test_again(job):\n    assert job.ran_on_time\n")
    run = late.run(*options)

    assert run.status == 0
    assert run.text.count("MorningWarning: wake: late: ") == 1
    assert re.search(r"\n  jobs\.toml:\d+: MorningWarning: wake: late: .*\n    \[jobs\.wake\]\n", run.text)
    assert run.verdicts["wake"] == "late"
    assert run.morning["verdict"] == "ok"


def test_a_paused_job_has_its_own_word_and_needs_nobody(tmp_path: Path) -> None:
    pause = 'paused = { until = 2026-03-01, reason = "the mill is being repaired" }'
    with lived_in(tmp_path, wake=pause) as house:
        house.scheduler.says["aime"]["wake"] |= {"last_execution": "2026-01-10T05:00:18", "last_status": "error"}
        run = house.run("-v", "-rs")

    assert run.status == 0
    assert run.verdicts["wake"] == "paused"
    assert run.morning["complete"] is True
    assert "test_status_is_success[wake] PAUSED" in run.text
    assert "the mill is being repaired" in run.text
    assert re.search(r"\d paused in ", run.text)
