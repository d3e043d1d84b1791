"""Does a monitoring system read the right state from the line and the status, and never OK without evidence?"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.house import HOSTILE, House
from fixtures.one_morning import Told, haiku_job, morning, not_seen, roll_of
from rollcall.causes.action import Action, Deed
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.morning.judge import judge_morning
from rollcall.morning.state import State, state_of
from rollcall.sinks.nagios import render
from rollcall.vocabulary import CauseCode

GOOD = morning().judged
BROKEN_OFF = Ending(interruption="it was interrupted")
LATE: dict[str, Any] = {"late": "warn", "has_output": False, "last_execution": "2026-02-11T05:59:00"}
FAILED: dict[str, Any] = {"status": "error"}
STARTED = Action(deed=Deed.START, subject="aime", at=GOOD.judged_at, is_proven=True, proof="running, 1 job")
WOULD = replace(STARTED, is_proven=False, is_dry=True)


def acted(told: Morning, action: Action = STARTED) -> Morning:
    return replace(told, actions=(action,))


# https://nagios-plugins.org/doc/guidelines.html#AEN200: 'label'=value[UOM];[warn];[crit];[min];[max]
_PERFORMANCE = re.compile(r"(?P<label>[a-z_]+)=(?P<value>\d+)(;\d*){0,4}")


def two_declared() -> Told:
    told = morning()
    return replace(told, roll=roll_of(told.roll.jobs[0], haiku_job(id="weekly_haiku", has_output=False)))


def part() -> Morning:
    told = two_declared()
    return judge_morning(told.roll, told.evidence, now=told.now, jobs=told.roll.jobs[:1])


STATES: list[tuple[Morning | None, Ending, State, str]] = [
    (GOOD, Ending(), State.OK, "The one job did its work"),
    (morning(**LATE).judged, Ending(), State.WARNING, "The one job did its work, late"),
    (acted(GOOD), Ending(), State.WARNING, "The one job did its work; aime was stopped, restarted "),
    (
        acted(GOOD, replace(STARTED, is_proven=False)),
        Ending(),
        State.WARNING,
        "The one job did its work; aime was stopped",
    ),
    (acted(GOOD, WOULD), Ending(), State.OK, "The one job did its work"),
    (acted(morning(**FAILED).judged), Ending(), State.CRITICAL, "aime was stopped, restarted "),
    (acted(GOOD), BROKEN_OFF, State.UNKNOWN, "INCOMPLETE: "),
    (morning(**LATE).judged, Ending(other_failures=("a::test",)), State.CRITICAL, "1 other check failed"),
    (
        morning(**FAILED).judged,
        Ending(),
        State.CRITICAL,
        "1 thing needs attention · 1 of 1 job; run-failed [generate_haiku_scheduled]: Due",
    ),
    (morning(scheduler=not_seen(CauseCode.SCHEDULER_DOWN)).judged, Ending(), State.CRITICAL, "scheduler-down [aime]: "),
    (GOOD, Ending(other_failures=("a::test",)), State.CRITICAL, "1 other check failed"),
    (
        morning(scheduler=not_seen(CauseCode.NOT_RECORDED), has_output=False).judged,
        Ending(),
        State.UNKNOWN,
        "not-recorded",
    ),
    (part(), Ending(), State.UNKNOWN, "1 of 2 jobs checked: nothing wrong with it"),
    (GOOD, BROKEN_OFF, State.UNKNOWN, "INCOMPLETE: it was interr"),
    (morning(**FAILED).judged, BROKEN_OFF, State.UNKNOWN, "INCOMPLETE: "),
    (None, Ending(interruption="jobs.toml: is not TOML"), State.UNKNOWN, "INCOMPLETE: jobs.toml: is not TOML"),
]


@pytest.mark.parametrize(("told", "ending", "state", "words"), STATES)
def test_which_state(told: Morning | None, ending: Ending, state: State, words: str) -> None:
    line = render(told, ending)

    assert state_of(told, ending) == state
    assert line.startswith(f"ROLLCALL {state.name} - ")
    assert words in line


def test_the_performance_data_is_that_of_the_guidelines() -> None:
    line = render(morning(**FAILED).judged, Ending())
    told = line.partition(" | ")[2].split(" ")

    assert all(_PERFORMANCE.fullmatch(each) for each in told)
    assert {"jobs=1;;;0", "needing=1;;0;0;1", "late=0;0;;0;1", "schedulers=1;;;0"} <= set(told)


@pytest.mark.parametrize("told", [GOOD, None], ids=["broken off", "nothing"])
def test_there_are_no_numbers_of_what_was_not_looked_at(told: Morning | None) -> None:
    assert "|" not in render(told, BROKEN_OFF)


@pytest.mark.parametrize("hostile", ["a | jobs=0", "a\n| b", "x" * 9000, "🎋" * 3000, HOSTILE])
def test_no_text_from_outside_ends_the_line_or_begins_performance_data(tmp_path: Path, hostile: str) -> None:
    house = House(tmp_path)
    house.add("a")
    house.says("a", last_status=hostile)
    told = house.morning()
    line = render(told, Ending())

    assert (state_of(told, Ending()), line.count("|"), len(line.splitlines())) == (State.UNKNOWN, 1, 1)
    assert len(line.encode()) < 1024


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_what_is_too_long_is_cut_between_two_characters_and_ends_in_an_ellipsis(tmp_path: Path, before: str) -> None:
    """A character of four bytes, at each place in which it may fall on the cut."""
    house = House(tmp_path)
    house.add("a")
    house.says("a", last_status=before + "🎋" * 3000)
    said = render(house.morning(), Ending()).partition(" - ")[2].partition(" | ")[0]

    assert said.endswith("🎋…")
    assert 640 - 3 <= len(said.encode()) <= 640
