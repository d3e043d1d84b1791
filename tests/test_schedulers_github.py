"""Are the scheduled workflows of a repository judged by their runs, and is one that GitHub switched off said to be?

Answers as the REST API documents them, from a real server on loopback.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.engines import said
from fixtures.github import HEADERS, TOKEN, run, says, workflow, written
from fixtures.hostile_service import AnsweringService, answering_service
from fixtures.one_morning import scheduler_of
from fixtures.whole_morning import whole_morning
from rollcall.errors import BadInput
from rollcall.evidence import CannotLook, SchedulerSeen
from rollcall.morning import Morning
from rollcall.roll.scheduler import Asked as Look
from rollcall.roll.scheduler import Scheduler, Step, Wanted
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 2, 11, 6, 0, tzinfo=UTC)
DUE = NOW.replace(hour=2)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def scheduler(service: AnsweringService, **table: Any) -> Scheduler:
    own = {"kind": "github", "url": service.url, "repository": "acme/etl", "headers": HEADERS, "timeout": "60 s"}
    return scheduler_of("actions", {**own, **table})


def look(of: Scheduler) -> SchedulerSeen:
    return of.look(Look(clock=lambda: NOW, now=NOW, since=NOW - timedelta(days=2)))


TABLE = """
timezone = "Europe/Zurich"
look_back = "2 d"
[schedulers.actions]
kind = "github"
url = "{url}"
repository = "acme/etl"
timeout = "60 s"
headers = {{ Authorization = "Bearer ${{GITHUB_TOKEN}}" }}
[jobs.nightly]
scheduler = "actions"
name = "nightly.yml"
schedule = "0 2 * * *"
grace = "2 h"
max_runtime = "1 h"
"""


def morning(tmp_path: Path, answers: Any, jobs: str = "") -> Morning:
    with answering_service(answers) as service:
        toml = TABLE.format(url=service.url) + jobs
        return whole_morning(tmp_path, toml, now=NOW, environment={"GITHUB_TOKEN": TOKEN})


LAST_NIGHTS = [run(DUE - DAY), run(DUE - 2 * DAY)]
AGAIN: dict[str, Any] = {"run_attempt": 2, "created_at": written(DUE), "run_started_at": written(DUE + 3 * HOUR)}


@pytest.mark.parametrize(
    ("runs", "by_hand", "verdict"),
    [
        ([run(DUE)], [], ["ok", None]),
        # Triggered hours late, as GitHub does; in UTC, whatever the zone of the file.
        ([run(DUE + 100 * MINUTE)], [], ["ok", None]),
        ([run(DUE + 150 * MINUTE)], [], ["ok", "started-late"]),
        ([], [], ["missed", "missed-run"]),
        ([], [run(DUE + 3 * HOUR, event="workflow_dispatch")], ["ok", "made-good"]),
        ([run(DUE, conclusion="failure")], [], ["failed", "run-failed"]),
        ([run(DUE, conclusion="failure")], [run(DUE + HOUR, event="workflow_dispatch")], ["ok", "made-good"]),
        ([run(DUE, conclusion="timed_out")], [], ["failed", "run-failed"]),
        ([run(DUE, conclusion="startup_failure")], [], ["failed", "run-failed"]),
        # Cancelled once it ran: it did not do its work.
        ([run(DUE, conclusion="cancelled")], [], ["failed", "run-failed"]),
        ([run(DUE, conclusion="skipped")], [], ["missed", "run-skipped"]),
        ([run(DUE, conclusion="neutral")], [], ["ok", "partial-run"]),
        ([run(DUE, conclusion="odd")], [], ["unknown", "unknown-status"]),
        ([run(DUE, conclusion=None)], [], ["stuck", "still-running"]),
        ([run(DUE, conclusion=None, status="queued")], [], ["missed", "not-picked-up"]),
        # Run again by a person: it belongs to the time at which it was triggered.
        ([run(DUE, updated_at=written(DUE + 3 * HOUR + MINUTE), **AGAIN)], [], ["ok", "made-good"]),
        ([run(DUE, conclusion="failure", updated_at=written(DUE + 3 * HOUR + MINUTE), **AGAIN)], [],
         ["failed", "run-failed"]),
    ],
)  # fmt: skip
def test_a_nightly_workflow_is_judged_by_its_runs(
    runs: list[dict[str, Any]], by_hand: list[dict[str, Any]], verdict: list[str | None], tmp_path: Path
) -> None:
    first = run(DUE, conclusion="failure")
    assert said(morning(tmp_path, says(NOW, [*runs, *LAST_NIGHTS], by_hand, first=first)))["nightly"] == verdict


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("disabled_inactivity", "switched off by GitHub: nothing happened in the repository for 60 days"),
        ("disabled_manually", "switched off by a person"),
        ("disabled_fork", "switched off because the repository is a fork"),
        ("disabled_by_comet", "disabled_by_comet"),
    ],
)
def test_one_that_is_switched_off_is_said_to_be_and_why(state: str, why: str, tmp_path: Path) -> None:
    told = morning(tmp_path, says(NOW, workflows=[workflow(state=state)]))
    cause = told.job_causes["nightly"]
    assert cause is not None
    assert (cause.code, f"is paused in the scheduler ({why})" in cause.sentence) == (CauseCode.JOB_PAUSED, True)
    assert "gh workflow enable" in cause.next_step


def test_one_whose_file_is_gone_is_not_registered(tmp_path: Path) -> None:
    told = morning(tmp_path, says(NOW, workflows=[workflow(state="deleted"), workflow(2, "ci.yml")]))
    assert said(told)["nightly"] == ["missed", "not-registered"]


def test_what_is_asked_for_is_by_the_clock_and_by_hand_page_by_page() -> None:
    many = [run(DUE - number * MINUTE) for number in range(250)]
    with answering_service(says(NOW, many)) as service:
        seen = look(scheduler(service))
        asked = [(each.query.get("event"), each.query.get("created"), each.query["page"]) for each in service.asked]
    since = ">=2026-02-09T06:00:00Z"
    pages = [("schedule", since, page) for page in "123"]
    assert asked == [(None, None, "1"), *pages, ("workflow_dispatch", since, "1")]
    assert len(seen.runs or ()) == 250
    assert seen.runs_since == NOW - timedelta(days=2)


def test_of_more_than_a_thousand_runs_the_newest_are_told_and_nothing_before_is_missed() -> None:
    many = [run(DUE - number * MINUTE) for number in range(1_200)]
    with answering_service(says(NOW, many)) as service:
        seen = look(scheduler(service))
    assert len(seen.runs or ()) == 1_000
    assert seen.runs_since == DUE - 999 * MINUTE


LIMIT = {"message": "API rate limit exceeded for user ID 1."}


@pytest.mark.parametrize(
    ("status", "answer", "headers", "code", "says"),
    [
        (401, {"message": "Bad credentials"}, {}, CauseCode.ACCESS_DENIED, "401"),
        (403, {"message": "Resource not accessible"}, {}, CauseCode.ACCESS_DENIED, "403"),
        (403, LIMIT, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1770793200"}, CauseCode.SCHEDULER_ERROR,
         "no more requests are allowed before Wed 11 Feb 07:00 UTC"),
        (429, {}, {"retry-after": "60"}, CauseCode.SCHEDULER_ERROR, "no more requests are allowed for 60 s"),
        (403, {"message": "You have exceeded a secondary rate limit."}, {}, CauseCode.SCHEDULER_ERROR,
         "no more requests"),
        # A private repository looks like none.
        (404, {"message": "Not Found"}, {}, CauseCode.ACCESS_DENIED, "or one that this token may not see"),
        (200, {"jobs": []}, {}, CauseCode.WRONG_SERVICE, "workflows is null where a list belongs"),
        (200, {"total_count": 1, "workflows": [{"id": 1}]}, {}, CauseCode.SCHEDULER_ERROR, "workflows.path is null"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_told_for_what_it_is(
    status: int, answer: Any, headers: dict[str, str], code: CauseCode, says: str
) -> None:
    with answering_service(lambda asked: (status, answer, headers)) as service, pytest.raises(CannotLook) as refusal:
        look(scheduler(service))
    assert (refusal.value.code, says in refusal.value.detail) == (code, True), refusal.value.detail
    assert TOKEN not in refusal.value.detail


def test_a_missed_run_is_made_good_by_a_dispatch_with_rights_of_its_own() -> None:
    with answering_service(lambda asked: (204, b"")) as service:
        acts = scheduler(service, branch="main", headers={"Authorization": "Bearer of-remedy"})
        watches = scheduler(service, branch="main").model_copy(update={"remedy": acts})
        order = watches.order(Step.TRIGGER, Wanted(name="nightly.yml", due_at=DUE))
        assert order is not None
        assert order.send().is_accepted
        (asked,) = service.asked
        # Without a branch it is told nothing.
        assert scheduler(service).order(Step.TRIGGER, Wanted(name="nightly.yml", due_at=DUE)) is None
    assert (asked.method, asked.path) == ("POST", "/repos/acme/etl/actions/workflows/nightly.yml/dispatches")
    assert (asked.body, asked.headers["authorization"]) == ({"ref": "main"}, "Bearer of-remedy")
    assert TOKEN not in order.typed


def test_its_schedules_are_in_utc_where_nobody_says_otherwise(tmp_path: Path) -> None:
    told = morning(tmp_path, says(NOW, [run(DUE)]))
    assert [each.job.zone.key for each in told.jobs] == ["UTC"]
    told = morning(tmp_path, says(NOW, [run(DUE)]), 'timezone = "Asia/Tokyo"\n')
    assert [each.job.zone.key for each in told.jobs] == ["Asia/Tokyo"]


def test_a_repository_that_is_none_is_refused(tmp_path: Path) -> None:
    text = TABLE.format(url="http://127.0.0.1:9").replace("acme/etl", "https://github.com/acme/etl")
    with pytest.raises(BadInput, match="names no repository"):
        whole_morning(tmp_path, text, now=NOW, environment={"GITHUB_TOKEN": "x"})
