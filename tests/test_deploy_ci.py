"""Do the workflows in deploy/ do what somebody who copies them relies on: each morning, its history, its page?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.ci_steps import action
from rollcall.history.rows import FILE
from rollcall.sinks.junit import FILE as JUNIT

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
HISTORY = f"reports/{FILE}"
OURS = "roll-call/roll-call"


@pytest.fixture
def github() -> Any:
    return yaml.safe_load((DEPLOY / "github" / "roll-call.yml").read_text(encoding="utf-8"))


@pytest.fixture
def gitlab() -> Any:
    return yaml.safe_load((DEPLOY / "gitlab" / "roll-call.gitlab-ci.yml").read_text(encoding="utf-8"))["roll-call"]


def steps(github: Any) -> dict[str, Any]:
    """Each step by the action that it uses, without its version."""
    return {step["uses"].partition("@")[0]: step for step in github["jobs"]["roll-call"]["steps"]}


def test_github_judges_each_morning_in_the_zone_of_the_roll(github: Any) -> None:
    # YAML 1.1 reads the bare word `on` as true; GitHub does not.
    assert github[True]["schedule"] == [{"cron": "37 6 * * *", "timezone": "Europe/Zurich"}]
    assert OURS in steps(github)


def test_github_carries_the_history_from_run_to_run_also_from_a_red_morning(github: Any) -> None:
    order = list(steps(github))
    fetch, save = steps(github)["actions/cache/restore"], steps(github)["actions/cache/save"]

    assert [each["with"]["path"] for each in (fetch, save)] == [HISTORY, HISTORY]
    assert fetch["with"]["key"] == save["with"]["key"]
    assert "github.run_id" in save["with"]["key"]
    assert save["with"]["key"].startswith(fetch["with"]["restore-keys"])
    assert save["if"] == "always()"
    assert order.index("actions/cache/restore") < order.index(OURS)
    assert order.index(OURS) < order.index("actions/cache/save")
    assert github["concurrency"]


def test_github_keeps_the_page_of_a_red_morning(github: Any) -> None:
    [keep] = [each for each in action()["runs"]["steps"] if each.get("uses", "").startswith("actions/upload-artifact@")]

    assert keep["if"] == "${{ always() && inputs.artifact != '' }}"
    assert keep["with"]["path"] == "${{ inputs.working-directory }}/${{ inputs.reports }}"
    # Of two attempts at one run each has a name of its own, as an artifact is never overwritten.
    assert "github.run_attempt" in steps(github)[OURS]["with"]["artifact"]


def test_github_says_that_its_schedule_must_be_watched() -> None:
    text = (DEPLOY / "github" / "roll-call.yml").read_text(encoding="utf-8")

    assert "[watch]" in text
    assert "60 days" in text


def test_gitlab_judges_each_morning_by_its_schedule_only(gitlab: Any) -> None:
    assert gitlab["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]
    assert gitlab["script"][-1].startswith("pytest ")


def test_gitlab_carries_the_history_from_run_to_run_also_from_a_red_morning(gitlab: Any) -> None:
    assert gitlab["cache"] == {"key": "roll-call-history", "paths": [HISTORY], "when": "always"}
    assert gitlab["resource_group"]


def test_gitlab_keeps_the_page_of_a_red_morning_and_shows_its_checks(gitlab: Any) -> None:
    kept = gitlab["artifacts"]

    assert (kept["when"], kept["paths"]) == ("always", ["reports/"])
    assert kept["reports"] == {"junit": f"reports/{JUNIT}"}
