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
from pydantic import ValidationError

from fixtures.house import NOW, ZURICH, House
from fixtures.one_morning import aime, at, haiku_job, morning, not_seen, told_run
from rollcall.causes.action import Action, Deed
from rollcall.cli import main
from rollcall.evidence import JobListed, NotSeen, Outcome, RunSeen, SchedulerSeen
from rollcall.history.rows import Chronicle, PastMorning, Row
from rollcall.morning import Morning
from rollcall.morning.document import MOST_RUNS, Changes, Document
from rollcall.morning.ending import Ending
from rollcall.morning.judge import judge_morning
from rollcall.morning.links import filled_link
from rollcall.recorded.replay import replay
from rollcall.report.changes import documented
from rollcall.report.headline import headline
from rollcall.sinks.base import Start
from rollcall.sinks.json import incomplete_json, to_json
from rollcall.times import to_iso
from rollcall.vocabulary import CauseCode, Verdict

TOP = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((TOP / "morning.schema.json").read_text(encoding="utf-8"))
# One of each cause, and those that are well.
RECORDED = sorted((TOP / "fixtures" / "mornings").glob("*-first-day/evidence.json"))
RECORDED += sorted((TOP / "fixtures" / "mornings").glob("well-*/evidence.json"))

formats = FormatChecker(formats=())
validator = Draft202012Validator(SCHEMA, format_checker=formats)


@formats.checks("date-time", raises=ValueError)
def is_an_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).utcoffset() is not None


def mistakes(whole: dict[str, Any]) -> list[str]:
    return [f"{each.json_path}: {each.message[:200]}" for each in validator.iter_errors(whole)]


REMEMBERED = SchedulerSeen(
    asked_at=NOW,
    answered_at=NOW,
    running=True,
    since="2026-02-10",
    runs=told_run(haiku_job(), "2026-02-11 05:00:17", "success"),
)


def beside_a_memory(memory: SchedulerSeen | NotSeen, **others: Any) -> Morning:
    scheduler = aime(memory={"database": "sqlite:///musique.db", "naive_times": "UTC"})
    return morning(job=haiku_job(scheduler=scheduler), memory=memory, **others).judged


def start(at: datetime, *, replay_of: datetime | None = None) -> Start:
    return Start(folder=Path(), judged_at=at, by="pytest", zone=ZURICH, replay_of=replay_of)


def written(told: Morning, **run: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(to_json(told, run.pop("ending", Ending()), **run))
    return read


ACTIONS = (
    Action(deed=Deed.RESTART, subject="aime", at=NOW, is_proven=True, proof="running, 9 jobs"),
    Action(deed=Deed.RERUN, subject="a", at=NOW, is_proven=False, proof="no answer", is_dry=True, due_at=NOW),
)
CHANGES = Changes(
    since=NOW - timedelta(days=1), fixed=(haiku_job().id,), new=(), otherwise=(), still=(), added=(), gone=("b",)
)
UNSEEN = morning(scheduler=not_seen(CauseCode.SCHEDULER_DOWN), folder=not_seen(CauseCode.OUTPUT_UNREADABLE, "gone"))
ANOTHER_FAILED = Ending(other_failures=("checks/test_own.py::test_x",))
MORNINGS: dict[str, dict[str, Any]] = {
    "whole": written(morning().judged),
    "something is wrong": written(
        morning(status="error").judged, ending=Ending(other_failures=("checks/test_own.py::test_x",))
    ),
    "known for days": written(morning(status="error").judged, since={haiku_job().id: NOW - timedelta(days=3)}),
    "mended": written(replace(morning().judged, actions=ACTIONS)),
    "nothing could be seen": written(UNSEEN.judged),
    "with a memory": written(beside_a_memory(REMEMBERED)),
    "with a memory alone": written(beside_a_memory(REMEMBERED, scheduler=not_seen(CauseCode.SCHEDULER_DOWN))),
    "with a memory that cannot be asked": written(beside_a_memory(not_seen(CauseCode.SCHEDULER_ERROR))),
    "without a scheduler": written(morning(has_scheduler=False).judged),
    "not registered": written(morning(registered=False).judged),
    "not due yet": written(morning(since="2026-02-11T12:00+01:00", last_execution=None, files=[]).judged),
    "broken off": written(morning().judged, ending=Ending(interruption="it was interrupted")),
    "partial": written(judge_morning(UNSEEN.roll, UNSEEN.evidence, now=NOW, jobs=[])),
    "changed": written(morning().judged, changes=CHANGES),
    "a demo": written(replace(morning().judged, demo="This is the demo")),
    "not begun": json.loads(incomplete_json(start(NOW))),
    "refused": json.loads(incomplete_json(start(NOW, replay_of=NOW), "jobs.toml: is not TOML")),
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


@pytest.mark.parametrize("whole", MORNINGS.values(), ids=MORNINGS.keys())
def test_what_is_read_is_what_was_written(whole: dict[str, Any]) -> None:
    text = json.dumps(whole)

    assert json.loads(Document.model_validate_json(text).model_dump_json()) == whole


def test_so_is_every_recorded_morning() -> None:
    seen = [replay(file.parent) for file in RECORDED]
    judged = [judge_morning(each.roll, each.seen_at(each.recorded_at), now=each.recorded_at) for each in seen]

    assert len(judged) > 50
    assert [found for told in judged for found in mistakes(written(told))] == []


Spoil = Callable[[dict[str, Any]], None]
SPOILT: dict[str, Spoil] = {
    "an unknown key": lambda whole: whole.update(more=1),
    "an unknown key of a job": lambda whole: whole["jobs"][0].update(more=1),
    "an unknown key of a scheduler": lambda whole: whole["schedulers"][0].update(more=1),
    "an unknown key of a finding": lambda whole: whole["jobs"][0]["findings"][0].update(more=1),
    "an unknown key of a listing": lambda whole: whole["jobs"][0]["listed"].update(more=1),
    "an unknown key of a run": lambda whole: whole["jobs"][0]["runs"][0].update(more=1),
    "an unknown key of an output": lambda whole: whole["jobs"][0]["outputs"][0].update(more=1),
    "an unknown key of a file": lambda whole: whole["jobs"][0]["outputs"][0]["newest"][0].update(more=1),
    "an unknown key of an action": lambda whole: whole["actions"][0].update(more=1),
    "a key that is missing": lambda whole: whole["jobs"][0].pop("cause"),
    "an unknown verdict": lambda whole: whole["jobs"][0].update(verdict="fine"),
    "another version": lambda whole: whole.update(version=1),
    "ok though it is not complete": lambda whole: whole.update(complete=False),
    "an instant without an offset": lambda whole: whole.update(judged_at="2026-02-11T07:02:00"),
    "complete though it was interrupted": lambda whole: whole.update(incomplete_because="it was interrupted"),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_what_was_not_promised_is_refused(spoil: Spoil) -> None:
    whole = json.loads(json.dumps(MORNINGS["mended"]))
    spoil(whole)

    assert mistakes(whole) != []
    with pytest.raises(ValidationError):
        Document.model_validate_json(json.dumps(whole))


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


# What a job's witnesses showed ----------------------------------------------------------------------------------------


def only_job(told: Morning, **run: Any) -> dict[str, Any]:
    [job] = written(told, **run)["jobs"]
    assert isinstance(job, dict)
    return job


def test_what_is_on_record_stands_as_it_was_written() -> None:
    job = only_job(morning().judged)

    assert job["runs"] == [
        {
            "due": None,
            "started": None,
            "ended": "2026-02-11T05:00:17.157479",
            "word": "success",
            "outcome": "success",
            "attempt": None,
            "by_schedule": None,
            "link": None,
            "says": "",
        }
    ]
    assert job["listed"] == {
        "asked_at": "2026-02-11T07:02:00+01:00",
        "running": True,
        "registered": True,
        "next_run": "2026-02-12T06:00:00+01:00",
        "paused": None,
        "schedule": None,
    }


def test_the_newest_runs_come_first_and_there_are_at_most_30() -> None:
    ended = [f"2026-02-{day:02}T05:00:{second:02}" for day in range(1, 12) for second in (17, 1, 9)]
    runs = [RunSeen(job=haiku_job().id, ended=each, word="success", outcome=Outcome.SUCCESS) for each in ended]

    told = [each["ended"] for each in only_job(morning(runs=runs).judged)["runs"]]

    assert told == sorted(ended, reverse=True)[:MOST_RUNS]


def test_each_witness_speaks_for_itself() -> None:
    """Where the scheduler cannot be asked its database is judged, and yet is not what the scheduler said."""
    [beside] = MORNINGS["with a memory"]["jobs"]
    [alone] = MORNINGS["with a memory alone"]["jobs"]
    [silent] = MORNINGS["with a memory that cannot be asked"]["jobs"]
    remembered = ["2026-02-11 05:00:17"]

    assert [each["ended"] for each in beside["runs"]] == ["2026-02-11T05:00:17.157479"]
    assert [each["ended"] for each in beside["memory_runs"]] == remembered
    assert (alone["listed"], alone["runs"]) == ({"not_seen": "scheduler-down", "detail": "connection refused"}, [])
    assert [each["ended"] for each in alone["memory_runs"]] == remembered
    assert silent["memory_runs"] == {"not_seen": "scheduler-error", "detail": "connection refused"}
    assert only_job(morning().judged)["memory_runs"] is None


def test_not_listed_is_not_the_same_as_not_asked() -> None:
    unasked = SchedulerSeen(asked_at=NOW, answered_at=NOW, running=True, runs=())
    [unknown] = MORNINGS["not registered"]["jobs"]
    [alone] = MORNINGS["without a scheduler"]["jobs"]

    assert unknown["listed"]["registered"] is False
    assert only_job(morning(scheduler=unasked).judged)["listed"]["registered"] is None
    assert (alone["listed"], alone["scheduler"], alone["runs"]) == (None, None, [])


def test_an_output_where_nobody_could_look_says_why() -> None:
    [unseen] = MORNINGS["nothing could be seen"]["jobs"]
    path = "/srv/aime/data/scheduled-output/generate-haiku-%Y%m%d-%H%M%S.md"

    assert unseen["outputs"] == [{"path": path, "not_seen": "output-unreadable", "detail": "gone"}]
    [seen] = only_job(morning().judged)["outputs"]
    assert (seen["path"], seen["matches"], len(seen["newest"])) == (path, 5, 5)
    assert seen["newest"][0] == {
        "name": "generate-haiku-20260211-060017.md",
        "size": 375,
        "made_at": "2026-02-11T06:00:17+01:00",
        "rows": None,
        "modified_at": "2026-02-11T06:00:17+01:00",
    }


def test_each_output_of_a_job_is_there() -> None:
    declared = [{"path": "a-%F.md"}, {"path": "b-%F.md"}]

    outputs = only_job(morning(output=declared, files=[]).judged)["outputs"]

    assert [each["path"] for each in outputs] == ["/srv/aime/a-%F.md", "/srv/aime/b-%F.md"]


def test_what_a_job_says_of_itself_is_handed_on() -> None:
    own: dict[str, Any] = {
        "owner": "dba",
        "severity": "page",
        "tags": ["nightly"],
        "name": "haiku & co",
        "has_output": False,
    }
    links: dict[str, Any] = {
        "runbook": "https://wiki.example.com/{job}",
        "logs": "https://logs.example.com/?unit={name}&from={due}",
    }

    job = only_job(morning(**own, **links).judged)

    assert (job["owner"], job["severity"], job["tags"], job["name"]) == ("dba", "page", ["nightly"], "haiku & co")
    assert job["runbook"] == "https://wiki.example.com/generate_haiku_scheduled"
    assert job["logs"] == "https://logs.example.com/?unit=haiku%20%26%20co&from=2026-02-11T05%3A00%3A00Z"


@pytest.mark.parametrize(
    ("link", "due", "filled"),
    [
        (None, "2026-02-11T06:00+01:00", None),
        (
            "journalctl -u {name} --since {due}",
            "2026-02-11T06:00+01:00",
            "journalctl -u a/b --since 2026-02-11T05:00:00Z",
        ),
        ("https://x/{name}?from={due}", "2026-03-29T03:30+02:00", "https://x/a%2Fb?from=2026-03-29T01%3A30%3A00Z"),
        ("https://x/{name}?from={due}", "2026-10-25T02:30+02:00", "https://x/a%2Fb?from=2026-10-25T00%3A30%3A00Z"),
        ("https://x/{name}?from={due}", "2026-10-25T02:30+01:00", "https://x/a%2Fb?from=2026-10-25T01%3A30%3A00Z"),
        ("https://x/?from={due}", None, "https://x/?from="),
        ("https://x/{other}/{job}", None, "https://x/{other}/%7Bdue%7D"),
    ],
)
def test_links_are_filled_in_once(link: str | None, due: str | None, filled: str | None) -> None:
    job = haiku_job(id="{due}", name="a/b")

    assert filled_link(link, job, at(due) if due else None) == filled


# What explains what ---------------------------------------------------------------------------------------------------


def explained(whole: dict[str, Any]) -> dict[str, list[str]]:
    return {each["id"]: each["cause"]["explains"] for each in (*whole["schedulers"], *whole["jobs"]) if each["cause"]}


def test_a_scheduler_explains_its_jobs(tmp_path: Path) -> None:
    house = House(tmp_path)
    for name in ("a", "b"):
        house.add(name)
    house.falls_silent()

    assert explained(written(house.morning())) == {"aime": ["a", "b"], "a": [], "b": []}


def test_a_job_explains_those_that_need_it(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.add("extract")
    house.add("load", extra='needs = ["extract"]')
    house.add("report", extra='needs = ["load"]')
    house.add("other", extra='needs = ["extract"]')
    house.says("extract", last_status="error")
    for name in ("load", "report"):
        house.says(name, last_execution="2026-02-10T05:00:17")

    whole = written(house.morning())

    assert {each["id"]: each["cause"] and each["cause"]["code"] for each in whole["jobs"]} == {
        "extract": "run-failed",
        "load": "upstream-failed",
        "report": "upstream-failed",
        "other": None,
    }
    assert explained(whole) == {"extract": ["load"], "load": ["report"], "report": []}


def test_what_nobody_declared_stands_by_its_scheduler(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.add("a")
    house.listed["forgotten"] = JobListed(id="forgotten", next_run="2026-02-12T06:00:00+01:00")

    assert written(house.morning())["undeclared"] == [{"scheduler": "aime", "jobs": ["forgotten"]}]
    assert written(morning().judged)["undeclared"] == []


def test_a_line_a_job_is_written(tmp_path: Path) -> None:
    house = House(tmp_path)
    for name in ("a", "b"):
        house.add(name)

    lines = to_json(house.morning(), Ending()).splitlines()

    assert [json.loads(line.rstrip(","))["id"] for line in lines if line.startswith(' {"id":"')] == ["aime", "a", "b"]


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-29T01:30:00+01:00",
        "2026-03-29T03:30:00+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
        "2026-07-01T06:00:00.250000+02:00",
    ],
)
def test_the_offset_tells_which_hour_is_meant(moment: str) -> None:
    assert json.loads(incomplete_json(start(at(moment))))["judged_at"] == moment


# As much as the page ------------------------------------------------------------------------------------------------


def test_programs_read_what_the_page_shows(tmp_path: Path) -> None:
    """Each thing once with all its jobs and steps, as many as the headline counts, and what is lost next."""
    house = House(tmp_path)
    links = 'runbook = "https://wiki.example.com/{job}"\nlogs = "https://logs.example.com/?at={due}"'
    for name in ("dump", "rates"):
        house.add(name, extra=f'owner = "platform"\nseverity = "critical"\n{links}')
        house.says(name, last_status="error")
    house.add("poem", extra='paused = { until = 2026-03-01, reason = "the mill is being repaired" }')
    house.add("gone")
    house.says("gone", last_execution=None, last_status="pending")
    del house.listed["gone"]
    told = house.morning()
    since = {name: NOW - timedelta(days=days) for name, days in (("dump", 2), ("rates", 5))}
    whole = written(told, since=since)
    jobs = {each["id"]: each for each in whole["jobs"]}
    failed = next(each for each in whole["things"] if each["code"] == "run-failed")

    assert mistakes(whole) == []
    assert headline(told, Ending()).startswith(f"{len(whole['things'])} things need attention")
    assert (failed["scheduler"], failed["jobs"], failed["verdict"]) == (None, ["dump", "rates"], "failed")
    assert failed["since"] == to_iso(since["rates"], ZURICH)
    assert sorted(job for step in failed["steps"] for job in step["jobs"]) == ["dump", "rates"]
    assert whole["next_lost"] == {"job": "gone", "due_at": "2026-02-12T06:00:00+01:00"}
    assert jobs["poem"]["paused"] == {"until": "2026-03-01", "reason": "the mill is being repaired"}
    assert jobs["dump"]["runbook"] == "https://wiki.example.com/dump"
    assert jobs["dump"]["logs"] == "https://logs.example.com/?at=2026-02-11T05%3A00%3A00Z"
    assert (jobs["dump"]["owner"], jobs["dump"]["severity"], jobs["dump"]["paused"]) == ("platform", "critical", None)
    assert written(replace(told, replay_of=NOW))["next_lost"] is None


def test_a_broken_scheduler_is_one_thing_that_began_when_it_spoiled_its_first_run(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.add("dump")
    house.add("rates")
    house.falls_silent()
    whole = written(house.morning(), schedulers_since={"aime": NOW - timedelta(days=3)})
    [thing], [scheduler] = whole["things"], whole["schedulers"]

    assert (thing["code"], thing["scheduler"], thing["jobs"]) == ("scheduler-down", "aime", ["dump", "rates"])
    assert thing["since"] == scheduler["since"] == to_iso(NOW - timedelta(days=3), ZURICH)
    assert thing["steps"] == [{"text": scheduler["cause"]["next_step"], "jobs": ["dump", "rates"]}]


def test_what_is_still_bad_as_it_was_is_beside_what_changed(tmp_path: Path) -> None:
    house = House(tmp_path)
    for name in ("new", "otherwise", "still", "fixed"):
        house.add(name)
    for name in ("new", "otherwise", "still"):
        house.says(name, last_status="error")
    yesterday = NOW - timedelta(days=1)
    causes = {"new": None, "otherwise": "missed-run", "still": "run-failed", "fixed": "run-failed"}
    rows = {
        name: (
            Row(
                job_id=name,
                due_at=yesterday.replace(hour=6, minute=0),
                verdict=Verdict.FAILED if cause else Verdict.OK,
                needs_a_person=cause is not None,
                judged_at=yesterday,
                cause=cause,
            ),
        )
        for name, cause in causes.items()
    }
    last = PastMorning(judged_at=yesterday, verdict="attention", is_complete=True, declared=4, needing=3, by="pytest")
    told = house.morning()
    whole = written(told, changes=documented(told, Chronicle(rows=rows, mornings=(last,))))
    changes = whole["changes"]

    assert mistakes(whole) == []
    assert {word: changes[word] for word in causes} == {word: [word] for word in causes}
    assert (changes["added"], changes["gone"], changes["since"]) == ([], [], to_iso(yesterday, ZURICH))
