"""Do `--restart-stopped` and `--rerun-missed` mend the faults of the demo behind `pytest checks/`, and no other?"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from fixtures.lived_in import LivedIn, Run, lived_in

HAIKU = "generate_haiku_scheduled"
MISSED = f"daily_enrichment generate_magazine_editions sync_discogs_daily {HAIKU} export_collection_json"
BOTH = "--restart-stopped --rerun-missed"

# fault | options | cause of the scheduler, and of the haiku job, afterwards | what was done, in its order
MENDED = f"""
scheduler-stopped | {BOTH}            | None              | ran-late          | start aime rerun {MISSED}
scheduler-stalled | --restart-stopped | None              | missed-run        | restart aime
missed-run        | {BOTH}            | None              | ran-late          | rerun {HAIKU}
missed-run        | --restart-stopped | None              | missed-run        |
scheduler-stopped | --rerun-missed    | scheduler-stopped | scheduler-stopped |
scheduler-down    | {BOTH}            | scheduler-down    | scheduler-down    |
empty-output      | {BOTH}            | None              | empty-output      |
run-failed        | {BOTH}            | None              | run-failed        |
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in MENDED.strip().splitlines()]


@pytest.mark.parametrize(
    ("fault", "options", "of_scheduler", "of_haiku", "deeds"), ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS]
)
def test_what_can_be_mended_is_and_the_rest_is_left(
    fault: str, options: str, of_scheduler: str, of_haiku: str, deeds: str, tmp_path: Path
) -> None:
    with lived_in(tmp_path) as house:
        run = house.run("--demo", fault, *options.split())
    causes = {each["id"]: (each["cause"] or {}).get("code") for each in run.morning["schedulers"] + run.morning["jobs"]}
    actions = run.morning["actions"]
    done = " ".join(f"{each['deed']} {each['subject']}" for each in actions)

    assert (str(causes["aime"]), str(causes[HAIKU])) == (of_scheduler, of_haiku)
    assert done.replace(" rerun", "") == deeds.replace(" rerun", "")
    assert all(each["proven"] for each in actions)
    assert run.page.count(", verified: ") == len(actions)
    # What the demo locks ends with it.
    assert not list(tmp_path.rglob("*.lock"))


def do_as_told(morning: dict[str, Any], house: LivedIn) -> dict[str, Any]:
    """The morning after the command of the haiku job's next step was typed as it stands."""
    subprocess.run(
        ["/bin/sh", "-c", step_of(morning).split("`")[1]],
        cwd=house.folder, env=house.environment({}), stdout=subprocess.DEVNULL, timeout=100, check=False,
    )  # fmt: skip
    return Run(status=0, text="", reports=house.reports).morning


def step_of(morning: dict[str, Any]) -> str:
    (step,) = (each["cause"]["next_step"] for each in morning["jobs"] if each["id"] == HAIKU)
    return str(step)


def deeds_of(morning: dict[str, Any]) -> set[tuple[str, bool]]:
    return {(each["deed"], each["proven"]) for each in morning["actions"]}


def test_who_does_as_is_told_comes_to_an_end(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        first = house.run("--demo", "scheduler-stopped").morning
        second = do_as_told(first, house)
        third = do_as_told(second, house)

    assert "--demo scheduler-stopped" in step_of(first)
    assert deeds_of(second) == {("start", True)}
    assert deeds_of(third) == {("start", True), ("rerun", True)}
    assert step_of(third) == "Roll call re-ran it at 07:02 CET, and its work is done. Nothing to do."
