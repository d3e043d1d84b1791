"""What is said of a repository whose answers follow the published schema (GitHub REST, "Actions")? GitHub is not asked.

A server on loopback gives them; what it answered is kept as of an engine that was run, so that every test judges it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from fixtures.engines import Engine, said
from fixtures.github import TOKEN, run, says, workflow, written
from fixtures.hostile_service import answering_service

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
DUE = NOW.replace(hour=2)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HEAD = """
timezone = "Europe/Zurich"
look_back = "2 d"
[defaults]
scheduler = "actions"
schedule = "0 2 * * *"
grace = "3 h"
max_runtime = "1 h"
[schedulers.actions]
kind = "github"
url = "${ENGINE_URL}"
repository = "acme/etl"
headers = { Authorization = "Bearer ${GITHUB_TOKEN}" }
"""
DONE = {
    "works": "ran, 40 minutes late",
    "fails": "failed",
    "times-out": "was cut off by its time limit",
    "cancelled": "was cancelled while it ran",
    "hangs": "is still running",
    "no-runner": "waits for a runner",
    "dropped": "GitHub did not run it",
    "by-hand": "failed, and was run by hand",
    "again": "failed, and was run again",
    "idle": "switched off after 60 days without activity",
    "off": "switched off by a person",
    "deleted": "its file is deleted",
}


def test_a_morning_of_a_repository(tmp_path: Path) -> None:
    ids = {name: number for number, name in enumerate(DONE, 1)}
    states = {"idle": "disabled_inactivity", "off": "disabled_manually", "deleted": "deleted"}
    workflows = [workflow(number, f"{name}.yml", states.get(name, "active")) for name, number in ids.items()]
    went = {"fails": "failure", "times-out": "timed_out", "cancelled": "cancelled", "by-hand": "failure"}
    runs = []
    for name, number in ids.items():
        if name in ("works", "fails", "times-out", "cancelled", "by-hand"):
            runs.append(run(DUE + 40 * MINUTE, went.get(name, "success"), workflow_id=number))
        if name not in ("idle", "off", "deleted"):
            runs += [run(DUE - back * DAY, workflow_id=number) for back in (1, 2, 3)]
    runs.append(run(DUE, None, workflow_id=ids["hangs"]))
    runs.append(run(DUE, None, status="queued", workflow_id=ids["no-runner"]))
    then: dict[str, Any] = {"run_attempt": 2, "created_at": written(DUE), "updated_at": written(DUE + 5 * HOUR)}
    runs.append(run(DUE + 4 * HOUR, workflow_id=ids["again"], **then))
    by_hand = [run(DUE + 4 * HOUR, event="workflow_dispatch", workflow_id=ids["by-hand"])]
    jobs = "".join(f'[jobs.{name}]\nname = "{name}.yml"\n' for name in ids)
    done = {name: what for name, what in DONE.items() if name in ids}
    with answering_service(says(NOW, runs, by_hand, workflows, run(DUE, "failure"))) as service:
        engine = Engine(name="github 2022-11-28", folder=tmp_path, url=service.url, environment={"GITHUB_TOKEN": TOKEN})
        morning, look = engine.judged(HEAD + jobs, story="written by the published schema", done=done, now=NOW)
    assert said(morning) == {
        "works": ["ok", None],
        "fails": ["failed", "run-failed"],
        "times-out": ["failed", "run-failed"],
        "cancelled": ["failed", "run-failed"],
        "hangs": ["stuck", "still-running"],
        "no-runner": ["missed", "not-picked-up"],
        "dropped": ["missed", "missed-run"],
        "by-hand": ["ok", "made-good"],
        "again": ["ok", "made-good"],
        "idle": ["missed", "job-paused"],
        "off": ["missed", "job-paused"],
        "deleted": ["missed", "not-registered"],
        "[schedulers.actions]": ["ok", None],
    }
    look.keep("morning")


def test_no_more_requests_are_allowed(tmp_path: Path) -> None:
    headers = {
        "Date": format_datetime(NOW, usegmt=True),
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int((NOW + HOUR).timestamp())),
    }
    limit = {"message": "API rate limit exceeded for user ID 1."}
    done = {"[schedulers.actions]": "no more requests are allowed for an hour"}
    with answering_service(lambda asked: (403, limit, headers)) as service:
        engine = Engine(name="github 2022-11-28", folder=tmp_path, url=service.url, environment={"GITHUB_TOKEN": TOKEN})
        toml = HEAD + '[jobs.works]\nname = "works.yml"\n'
        morning, look = engine.judged(toml, story="written by the published schema", done=done, now=NOW)
    assert said(morning)["[schedulers.actions]"] == ["failed", "scheduler-error"]
    assert said(morning)["works"] == ["unknown", "scheduler-error"]
    look.keep("limit")
