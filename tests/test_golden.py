"""How does one morning look in every output that is text? Golden files, named after the case and the exit status.

They are read by people: where a change of them is meant, write them anew and look at the difference:

    REWRITE_GOLDEN=1 pytest tests/test_golden.py && git diff tests/golden
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from fixtures.house import NOW, ZURICH, House
from rollcall.causes.action import Action, Deed
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.morning.state import state_of
from rollcall.sinks.github import render_annotations, render_step_summary
from rollcall.sinks.json import to_json
from rollcall.sinks.metrics import render as render_metrics
from rollcall.sinks.nagios import render
from rollcall.terminal.summary import render_summary

GOLDEN = Path(__file__).resolve().parent / "golden"
REWRITES = bool(os.environ.get("REWRITE_GOLDEN"))


@dataclass(frozen=True, kw_only=True)
class Case:
    """What happens to a house in which three jobs did their work, and how the run that looks at it ends."""

    status: int = 0
    happens: Callable[[House], object] = lambda house: None
    only: tuple[str, ...] | None = None
    actions: tuple[Action, ...] = ()
    ending: Ending = field(default_factory=Ending)
    notes: tuple[str, ...] = ()
    since: Mapping[str, datetime] = field(default_factory=dict)


def several_causes(house: House) -> None:
    house.says("export", last_status="error")
    house.says("import", last_execution="2026-02-10T05:00:17")
    house.leaves("poem", "poem-20260211.md", size=0)


STARTED = Action(deed=Deed.START, subject="aime", at=NOW, is_proven=True, proof="running, 3 jobs")
CASES = {
    "all-well": Case(),
    "one-scheduler-down": Case(status=1, happens=House.falls_silent),
    "several-causes": Case(status=1, happens=several_causes, since={"import": datetime(2026, 2, 9, 6, tzinfo=ZURICH)}),
    "partial": Case(only=("poem",)),
    "incomplete": Case(
        status=2,
        happens=lambda house: house.says("export", last_status="error"),
        ending=Ending(interruption="it was interrupted"),
    ),
    "late-warning": Case(happens=lambda house: house.says("import", last_execution="2026-02-11T05:40:00")),
    "paused": Case(happens=lambda house: house.says("resting", last_execution="2026-01-10T05:00:17")),
    "restarted": Case(actions=(STARTED,), notes=("history.sqlite3 was not written: disk full",)),
    "another-check-failed": Case(status=1, ending=Ending(other_failures=("checks/test_own.py::test_disk",))),
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.add("poem", "Poem of the day", output="out/poem-*.md")
    house.leaves("poem", "poem-20260211.md")
    house.add("export", "Export")
    house.add("import", "Import", extra='late = "warn"')
    return house


def every_output(told: Morning, case: Case) -> dict[str, str]:
    ending = case.ending
    return {
        "terminal.txt": lines([*render_summary(told, ending, notes=case.notes)]),
        "summary.md": render_step_summary(told, ending, notes=case.notes),
        "annotations.txt": lines(render_annotations(told, ending)),
        "metrics.prom": render_metrics(told.judged_at, told, ending),
        f"nagios.exit{state_of(told, ending)}.txt": lines([render(told, ending)]),
        "morning.json": to_json(told, ending, since=case.since),
    }


def lines(texts: list[str]) -> str:
    return "".join(f"{text}\n" for text in texts)


@pytest.mark.parametrize("name", CASES)
def test_every_output_is_as_it_was(house: House, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    if name == "paused":
        house.add("resting", "Resting", extra='paused = { until = 2026-03-01, reason = "the mill is being repaired" }')
    case.happens(house)
    told = replace(house.morning(only=case.only), actions=case.actions)
    found = {file: text.replace(str(tmp_path), "/house") for file, text in every_output(told, case).items()}
    folder = GOLDEN / f"{name}.exit{case.status}"
    if REWRITES:
        rewrite(folder, found)

    assert found == {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


def rewrite(folder: Path, found: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        left.unlink()
    for file, text in found.items():
        (folder / file).write_text(text, encoding="utf-8")


def test_no_golden_file_is_left_of_a_case_that_is_gone() -> None:
    assert {each.name for each in GOLDEN.iterdir()} == {f"{name}.exit{case.status}" for name, case in CASES.items()}


def test_the_status_in_the_name_is_the_one_that_the_jobs_ask_for() -> None:
    """0 only where every output is good news, or says that it is of a part."""
    for folder in GOLDEN.iterdir():
        status = int(re.findall(r"exit(\d)", folder.name)[0])
        first = (folder / "terminal.txt").read_text(encoding="utf-8").splitlines()[0]

        assert ("need" in first or "INCOMPLETE" in first or "failed" in first) == bool(status), folder.name
