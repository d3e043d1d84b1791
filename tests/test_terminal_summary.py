"""Are the terminal's last words few enough to read, whatever there is to tell?"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from fixtures.house import NOW, YESTERDAY, House
from fixtures.one_morning import aime, at, haiku_job, morning
from rollcall.causes.action import Action, Deed
from rollcall.evidence import JobListed, SchedulerSeen
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.report.undeclared import listing_lines
from rollcall.terminal.summary import render_summary

STARTED = Action(deed=Deed.START, subject="aime", at=NOW, is_proven=True, proof="running, 9 jobs")


def _many(tmp_path: Path, of_each: int) -> Morning:
    """Five causes, each of as many jobs, and one job that is well."""
    house = House(tmp_path)
    house.add("good")
    for number in range(of_each):
        broken: dict[str, dict[str, str | None]] = {
            "failed": {"last_status": "error"},
            "missed": {"last_execution": YESTERDAY},
            "late": {"last_execution": "2026-02-11T05:48:17"},
            "odd": {"last_status": "purple"},
            "paused": {"next_run": None, "last_execution": YESTERDAY},
        }
        for cause, words in broken.items():
            house.add(f"{cause}{number}")
            house.says(f"{cause}{number}", **words)
    return house.morning()


@pytest.mark.parametrize("of_each", [1, 4, 40])
def test_all_causes_are_named_and_jobs_are_folded(tmp_path: Path, of_each: int) -> None:
    told = _many(tmp_path, of_each)

    lines = render_summary(told, Ending())

    codes = {cause.code for cause in told.job_causes.values() if cause}
    assert len(codes) == 5
    assert {code for code in codes if sum(line.startswith(code) for line in lines) == 1} == codes
    assert sum(line.startswith("  do: ") for line in lines) == 3
    assert len(lines) <= 12
    if of_each == 40:
        assert any("and 37 more jobs" in line for line in lines)


def test_a_replay_does_not_say_what_to_do_now(tmp_path: Path) -> None:
    told = replace(_many(tmp_path, 1), replay_of=NOW)

    text = "\n".join(render_summary(told, Ending()))

    assert "  do: " not in text
    assert text.count("  what to do then was: ") == 3


def test_what_was_done_and_notes_are_cut_and_counted(tmp_path: Path) -> None:
    judged = _many(tmp_path, 1)
    for actions, notes in product([0, 1, 3, 4, 40], [0, 1, 2, 3, 40]):
        told = replace(judged, actions=(STARTED,) * actions)
        lines = render_summary(told, Ending(), notes=[f"a note {number}" for number in range(notes)])

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
        "  also explains: job_1, job_2, job_3 and 6 more jobs",
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
