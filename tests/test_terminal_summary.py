"""Are the terminal's last words few enough to read, whatever there is to tell?"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from fixtures.house import NOW, House
from fixtures.one_morning import aime, at, haiku_job, morning
from rollcall.causes.action import Action, Deed
from rollcall.evidence import JobListed, SchedulerSeen
from rollcall.morning.ending import Ending
from rollcall.report.undeclared import listing_lines
from rollcall.terminal.summary import render_summary

STARTED = Action(deed=Deed.START, subject="aime", at=NOW, is_proven=True, proof="running, 9 jobs")


@pytest.mark.parametrize("causes", [0, 1, 3, 4, 40])
def test_there_are_at_most_13_lines_and_each_kind_of_them_is_told(tmp_path: Path, causes: int) -> None:
    house = House(tmp_path)
    house.add("good")
    for number in range(causes):
        house.add(f"bad{number}")
        house.says(f"bad{number}", last_status="error")
    morning = house.morning()
    for actions, notes in product([0, 1, 3, 4, 40], [0, 1, 2, 3, 40]):
        told = replace(morning, actions=(STARTED,) * actions)
        lines = render_summary(told, Ending(), notes=[f"a note {number}" for number in range(notes)])

        assert len(lines) <= 13
        assert any("run-failed" in line or "more cause" in line for line in lines) == bool(causes)
        assert any("was stopped, restarted" in line for line in lines) == bool(actions)
        assert any(line.startswith("note: ") for line in lines) == bool(notes)
        assert ("… and 38 more actions, on the page" in lines) == (actions == 40)
        assert ("… and 39 more notes, on the page" in lines) == (notes == 40)


def test_where_there_is_no_page_nobody_is_sent_to_it(tmp_path: Path) -> None:
    house = House(tmp_path)
    for number in range(9):
        house.add(f"bad{number}")
        house.says(f"bad{number}", last_status="error")
    told = replace(house.morning(), actions=(STARTED,) * 5)
    text = "\n".join(render_summary(told, Ending(), has_page=False))

    assert "… and 3 more actions\n" in text
    assert "page" not in text


def test_what_is_listed_and_judged_by_nobody_is_folded_into_a_line_each() -> None:
    scheduler = aime(declare=["billing/*"], ignore=["apt-*"])
    names = ("apt-daily", "billing/by-hand", *(f"other-{number}" for number in range(8)))
    at_seven = at("2026-02-11T07:02:00+01:00")
    seen = SchedulerSeen(
        asked_at=at_seven, answered_at=at_seven, running=True, jobs=tuple(JobListed(id=each) for each in names), runs=()
    )

    others, not_due = listing_lines(morning(job=haiku_job(scheduler=scheduler), scheduler=seen).judged)
    assert others.startswith("aime lists 8 jobs that jobs.toml does not declare: other-0, other-1, ")
    assert others.endswith("other-5, … (8 in all). Declare them (rollcall discover --append) or ignore them")
    assert not_due.startswith("aime lists 1 job without a schedule that can be read: billing/by-hand. Give")


def test_the_terminal_gets_no_control_characters(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.add("it", "\u202eIt")
    house.says("it", last_status="\x1b[31merror\x1b[0m\n\n")

    lines = render_summary(house.morning(demo="\x1b]0;taken\x07"), Ending(interruption="\x1b[2J"))

    assert all(line.isprintable() for line in lines)


def test_the_last_words_tell_one_cause_once(tmp_path: Path) -> None:
    nine = House(tmp_path)
    for number in range(1, 10):
        nine.add(f"job_{number}")
    nine.stops()

    assert render_summary(nine.morning(), Ending()) == [
        "1 thing needs attention · 9 of 9 jobs (judged Wed 11 Feb 07:02 CET)",
        "scheduler-stopped [aime]: Aime answers, but the scheduler is stopped: no job of it will run.",
        "  do: Start it: `pytest checks/ --restart-stopped`",
        "  also explains: job_1, job_2, job_3, job_4, job_5, job_6, … (9 in all)",
    ]


@pytest.mark.parametrize("broken", [0, 1, 6, 7, 60])
def test_the_last_words_are_few(tmp_path: Path, broken: int) -> None:
    house = House(tmp_path)
    for number in range(60):
        house.add(f"job_{number}")
        if number < broken:
            house.says(f"job_{number}", last_status="error")

    lines = render_summary(house.morning(), Ending())

    told = sum(line.startswith("run-failed") for line in lines)
    assert len(lines) <= 13
    assert told == min(broken, 1)
