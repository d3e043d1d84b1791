"""Does morning.json hold what morning.schema.json promises, whole, partial, or of a run that was broken off?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from fixtures.house import NOW, ZURICH
from fixtures.one_morning import haiku_job, morning, not_seen
from rollcall.action import Action, Deed
from rollcall.cli import main
from rollcall.errors import CauseCode
from rollcall.evidence import DatabaseSeen, NotSeen, Registration
from rollcall.jobs import Database
from rollcall.morning import Morning, judge_morning
from rollcall.morning.written import incomplete_json, to_json
from rollcall.replay import replay
from rollcall.times import to_iso

TOP = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((TOP / "morning.schema.json").read_text(encoding="utf-8"))
RECORDED = sorted((TOP / "fixtures" / "mornings").glob("*/evidence.json"))

formats = FormatChecker(formats=())
validator = Draft202012Validator(SCHEMA, format_checker=formats)


@formats.checks("date-time", raises=ValueError)
def is_an_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).utcoffset() is not None


def mistakes(whole: dict[str, Any]) -> list[str]:
    return [f"{each.json_path}: {each.message[:200]}" for each in validator.iter_errors(whole)]


def beside_a_database(seen: DatabaseSeen | NotSeen) -> Morning:
    told = morning()
    [job] = told.roll.jobs
    assert job.scheduler
    scheduler = replace(job.scheduler, database=DATABASE)
    roll = replace(told.roll, schedulers=(scheduler,), jobs=(replace(job, scheduler=scheduler),))
    return judge_morning(roll, replace(told.evidence, databases={"aime": seen}), now=NOW)


DATABASE = Database(
    scheduler_id="aime", url="sqlite://", shown_url="sqlite://", active="", executions="", timeout=timedelta(seconds=5)
)
RECORD = Registration(id=haiku_job().id, last_execution="2026-02-11 05:00:17", last_status="success")
FLAGGED = DatabaseSeen(asked_at=NOW, answered_at=NOW, executions=(RECORD,), active=True, active_since="2026-02-10")


def written(told: Morning, **run: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(to_json(told, **({"is_complete": True} | run)))
    return read


ACTIONS = (
    Action(deed=Deed.RESTART, subject="aime", at=NOW, is_proven=True, proof="running, 9 jobs"),
    Action(deed=Deed.RERUN, subject="a", at=NOW, is_proven=False, proof="no answer", is_dry=True, due_at=NOW),
)
UNSEEN = morning(scheduler=not_seen(CauseCode.SCHEDULER_DOWN), folder=not_seen(CauseCode.OUTPUT_UNREADABLE, "gone"))
MORNINGS: dict[str, dict[str, Any]] = {
    "whole": written(morning().judged),
    "something is wrong": written(morning(status="error").judged, other_failures=["checks/test_own.py::test_x"]),
    "known for days": written(morning(status="error").judged, since={haiku_job().id: NOW - timedelta(days=3)}),
    "mended": written(replace(morning().judged, actions=ACTIONS)),
    "nothing could be seen": written(UNSEEN.judged),
    "with a database": written(beside_a_database(FLAGGED)),
    "with a database that cannot be asked": written(beside_a_database(not_seen(CauseCode.SCHEDULER_ERROR))),
    "not due yet": written(morning(since="2026-02-11T12:00+01:00", last_execution=None, files=[]).judged),
    "broken off": written(morning().judged, is_complete=False, interruption="it was interrupted"),
    "partial": written(judge_morning(UNSEEN.roll, UNSEEN.evidence, now=NOW, jobs=[])),
    "a demo": written(replace(morning().judged, demo="This is the demo")),
    "not begun": json.loads(incomplete_json(NOW, ZURICH, demo=None)),
    "refused": json.loads(incomplete_json(NOW, ZURICH, demo=None, because="jobs.toml: is not TOML", replay_of=NOW)),
}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_at_the_top_is_the_one_of_the_code() -> None:
    """Where this fails: python -m rollcall schema --morning > morning.schema.json."""
    out = StringIO()

    assert main(["schema", "--morning"], out=out) == 0
    assert json.loads(out.getvalue()) == SCHEMA


@pytest.mark.parametrize("whole", MORNINGS.values(), ids=MORNINGS.keys())
def test_every_kind_of_morning_is_what_was_promised(whole: dict[str, Any]) -> None:
    assert mistakes(whole) == []


def test_so_is_every_recorded_morning() -> None:
    seen = [replay(file.parent) for file in RECORDED]
    judged = [judge_morning(each.roll, each.seen_at(each.recorded_at), now=each.recorded_at) for each in seen]

    assert len(judged) > 50
    assert [found for told in judged for found in mistakes(written(told))] == []


def test_the_witness_that_few_have_is_among_them() -> None:
    [job] = MORNINGS["with a database"]["jobs"]

    assert job["evidence"]["database"]["last_execution"] == "2026-02-11 05:00:17"


Spoil = Callable[[dict[str, Any]], None]
SPOILT: dict[str, Spoil] = {
    "an unknown key": lambda whole: whole.update(more=1),
    "an unknown key of a job": lambda whole: whole["jobs"][0].update(more=1),
    "an unknown key of a scheduler": lambda whole: whole["schedulers"][0].update(more=1),
    "an unknown key of a finding": lambda whole: whole["jobs"][0]["findings"][0].update(more=1),
    "an unknown key of the evidence": lambda whole: whole["jobs"][0]["evidence"].update(more=1),
    "an unknown key of a witness": lambda whole: whole["jobs"][0]["evidence"]["scheduler"].update(more=1),
    "an unknown key of a file": lambda whole: whole["jobs"][0]["evidence"]["output"]["newest"][0].update(more=1),
    "an unknown key of an action": lambda whole: whole["actions"][0].update(more=1),
    "a key that is missing": lambda whole: whole["jobs"][0].pop("cause"),
    "an unknown verdict": lambda whole: whole["jobs"][0].update(verdict="fine"),
    "another version": lambda whole: whole.update(version=2),
    "ok though it is not complete": lambda whole: whole.update(complete=False),
    "an instant without an offset": lambda whole: whole.update(judged_at="2026-02-11T07:02:00"),
    "complete though it was interrupted": lambda whole: whole.update(incomplete_because="it was interrupted"),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_what_was_not_promised_is_refused(spoil: Spoil) -> None:
    whole = json.loads(json.dumps(MORNINGS["mended"]))
    spoil(whole)

    assert mistakes(whole) != []


def test_an_action_tells_what_was_done_and_what_proves_it() -> None:
    [first, second] = MORNINGS["mended"]["actions"]

    assert first == {
        "deed": "restart",
        "subject": "aime",
        "at": "2026-02-11T07:02:00+01:00",
        "proven": True,
        "dry": False,
        "proof": "running, 9 jobs",
        "due_at": None,
    }
    assert (second["dry"], second["due_at"]) == (True, "2026-02-11T07:02:00+01:00")


def test_since_is_told_of_a_bad_job_whose_history_is_known() -> None:
    [known], [unknown] = MORNINGS["known for days"]["jobs"], MORNINGS["something is wrong"]["jobs"]

    assert (known["since"], unknown["since"]) == (to_iso(NOW - timedelta(days=3), ZURICH), None)
