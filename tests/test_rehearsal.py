"""Is each planted fault found by its own name, and is what slips through told with the setting that catches it?"""

from __future__ import annotations

import argparse
import operator
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.jobs_toml import ZURICH, read
from fixtures.lived_in import AS_OF, TOKEN, lived_in
from fixtures.mornings_made import NOT_YET, UNSEEN
from fixtures.one_morning import (
    FOLDER,
    HAIKU,
    NEIGHBOUR,
    TEXT,
    Told,
    at,
    five_files,
    haiku_job,
    made,
    morning,
    not_seen,
    roll_of,
    said,
    scheduler_of,
)
from rollcall.ask import gather
from rollcall.commands import rehearse as command
from rollcall.demo import demo_morning
from rollcall.evidence import Evidence, FileSeen, JobListed, RunSeen, SchedulerSeen
from rollcall.evidence import Outcome as RunOutcome
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.rehearse.advice import addressed
from rollcall.rehearse.evidence_copy import EvidenceCopy
from rollcall.rehearse.faults import JOB_FAULTS, SCHEDULER_FAULTS, JobFault
from rollcall.rehearse.faults.inside import FAULTS as OF_BYTES
from rollcall.rehearse.rehearsal import LeftOut, Outcome, Planted, Rehearsal, rehearse
from rollcall.roll.load import load
from rollcall.roll.scheduler import Scheduler
from rollcall.terminal.rehearsal import render_rehearsal
from rollcall.vocabulary import CauseCode

# Planted before anything looks for it; whoever adds its cause has it found here.
UNKNOWN = {str(each) for each in JOB_FAULTS if each.code is None}
# Counted from nobody knows when.
HOURLY: dict[str, Any] = {"every_span": "1 h", "has_output": False, "last_execution": "2026-02-11T06:00:17"}


def rehearsed(told: Told) -> Rehearsal:
    return rehearse(told.roll, told.evidence, now=told.now)


def faults_of(told: Told) -> dict[str, Planted]:
    """What became of each fault, of the job and of its scheduler."""
    rehearsal = rehearsed(told)
    assert rehearsal.left_out == ()
    faults = [each for subject in rehearsal.schedulers for each in subject.faults]
    return {str(each.fault): each for each in [*faults, *rehearsal.jobs[0].faults]}


def morning_after(fault: JobFault, told: Told, now: datetime) -> Morning:
    """The morning at that moment, had the fault happened."""
    planted = fault.plant(EvidenceCopy.of(told.job, now))
    assert planted
    return judge_morning(told.roll, planted.evidence, now=now)


def slips(told: Told) -> dict[str, str]:
    """What slips through, and what would catch it."""
    found = {name: each for name, each in faults_of(told).items() if name not in UNKNOWN}
    return {
        name: addressed(told.roll.jobs[0].id, each.cure or "")
        for name, each in found.items()
        if each.outcome is Outcome.SLIPS
    }


def renamed(told: Told) -> dict[str, CauseCode | None]:
    """What is found under another name, and which."""
    found = faults_of(told).items()
    return {name: each.reported_as for name, each in found if each.outcome is Outcome.FOUND_AS_ANOTHER}


# A job of which everything is declared --------------------------------------------------------------------------------

# It keeps every run on record, with start and end, and has a word for whatever becomes of one.
ETL = scheduler_of(
    "etl",
    {
        "kind": "json",
        "url": "http://localhost:4200",
        "status": "/api",
        "jobs": {"each": "jobs", "id": "id", "next_run": "next", "paused": "paused"},
        "runs": {
            "each": "runs",
            "job": "job",
            "due": "due",
            "started": "start",
            "ended": "end",
            "status": "state",
            "by_schedule": "auto",
        },
        "words": {
            "success": ["done"],
            "partial": ["done with warnings"],
            "failed": ["crashed"],
            "running": ["running"],
            "waiting": ["pending"],
            "skipped": ["skipped"],
        },
    },
)


# Its journal knows when the machine was off.
HOST = scheduler_of("host", {"kind": "cron"})


def with_history(now: str, files: list[FileSeen], scheduler: Scheduler = ETL) -> dict[str, Any]:
    """The words of a morning on which each of these files is of a run on record, begun 15 s before it was made."""
    job = haiku_job(scheduler=scheduler, min_runtime="5 s")
    following = job.schedule.next_due(at(now))
    assert following is not None
    seen = SchedulerSeen(
        asked_at=at(now),
        answered_at=at(now),
        server_at=at(now),
        running=True if "running" in scheduler.tells else None,
        jobs=(
            JobListed(
                id=HAIKU,
                next_run=following.isoformat() if "next_run" in scheduler.tells else None,
                paused=False,
                schedule="0 6 * * *",
                zone=job.zone.key,
            ),
            NEIGHBOUR,
        ),
        runs=tuple(
            RunSeen(
                job=HAIKU,
                due=each.made_at.replace(second=0).isoformat(),
                started=(each.made_at - timedelta(seconds=15)).isoformat(),
                ended=each.made_at.isoformat(),
                word=scheduler.words.success[0],
                outcome=RunOutcome.SUCCESS,
                by_schedule=True,
            )
            for each in files
        ),
        runs_since=at(now) - timedelta(days=7),
    )
    return {"now": now, "job": job, "files": files, "scheduler": seen}


def packed(file: FileSeen) -> FileSeen:
    """The same as a large gzip, whose content ends as it must."""
    assert file.content is not None
    content = replace(file.content, read_as="gzip", marks_its_end=True, has_end=True)
    return replace(file, size=90_000, content=content)


VERIFY = ["gzip", "-t", "{file}"]
WHOLE: dict[str, dict[str, Any]] = {
    "daily": {},
    "in APScheduler's words": {"engine": "apscheduler"},
    "with an offset": {"last_execution": "2026-02-11T06:00:17+01:00", "naive_times": None},
    "seconds early": {"last_execution": "2026-02-11T04:59:57", "files": five_files("2026-02-11T05:59:57+01:00")},
    "in UTC": {
        "zone": "UTC",
        "last_execution": "2026-02-11T06:00:17+00:00",
        "files": five_files("2026-02-11T06:00:17+00:00"),
    },
    "looked at in the evening": {"now": "2026-02-11T22:00:00+01:00"},
    "looked at when it was just done": {"now": "2026-02-11T06:00:30+01:00"},
    "run by hand in addition": {
        "now": "2026-02-11T09:00:00+01:00",
        "last_execution": "2026-02-11T07:48:09",
        "files": [made("2026-02-11T08:48:09+01:00"), *five_files()[:4]],
    },
    "spring": {
        "now": "2026-03-29T07:02:00+02:00",
        "last_execution": "2026-03-29T04:00:17",
        "files": [made("2026-03-29T06:00:17+02:00"), *five_files("2026-03-28T06:00:17+01:00")[:4]],
    },
    "autumn": {
        "now": "2026-10-25T07:02:00+01:00",
        "last_execution": "2026-10-25T05:00:17",
        "files": [made("2026-10-25T06:00:17+01:00"), *five_files("2026-10-24T06:00:17+02:00")[:4]],
    },
    "every 6 h with an anchor": {"every_span": "6 h", "anchor": "2026-02-11T06:00:00+01:00", "look_back": "5 h"},
    "kept as the only file": {"files": five_files()[:1], "keeps": 1},
    "packed and large": {"files": [packed(each) for each in five_files()], "ends_with": "fin"},
    "proven each morning": {
        "verify": VERIFY,
        "files": [replace(five_files()[0], verified=said(RunOutcome.SUCCESS, VERIFY)), *five_files()[1:]],
    },
    "three files a run": {
        "files": [replace(each, name=f"{name}-{each.name}") for each in five_files() for name in "abc"],
        "path": "out/*-generate-haiku-%Y%m%d-%H%M%S.md",
    },
    "with a limit above": {"max_size": "1 MB"},
    "weekly": {
        "schedule": "0 6 * * wed",
        "files": [made("2026-02-11T06:00:17+01:00"), made("2026-02-04T06:00:17+01:00")],
    },
}
WITH_HISTORY = {
    "with a history": with_history("2026-02-11T07:02:00+01:00", five_files()),
    "with the history of a machine": with_history("2026-02-11T07:02:00+01:00", five_files(), HOST),
    "with a history in spring": with_history(
        "2026-03-29T07:02:00+02:00",
        [made("2026-03-29T06:00:17+02:00"), *five_files("2026-03-28T06:00:17+01:00")[:4]],
    ),
    "with a history in autumn": with_history(
        "2026-10-25T07:02:00+01:00",
        [made("2026-10-25T06:00:17+01:00"), *five_files("2026-10-24T06:00:17+02:00")[:4]],
    ),
}


@pytest.mark.parametrize("words", (WHOLE | WITH_HISTORY).values(), ids=WHOLE | WITH_HISTORY)
def test_every_fault_of_a_whole_job_is_found_by_its_own_name(words: dict[str, Any]) -> None:
    told = morning(**words)

    assert slips(told) == {}
    assert renamed(told) == {}


# Its path takes whatever lies there.
EVERYTHING: dict[str, Any] = {
    "path": "data/scheduled-output/*.md",
    "files": [replace(each, stamp_at=None) for each in five_files()],
}
# What can be seen only where every run is on record, with its start.
OF_A_HISTORY = {
    "host-was-off",
    "job-stalled",
    "not-picked-up",
    "run-skipped",
    "started-late",
    "overran",
    "too-short",
    "partial-run",
}


def test_every_fault_can_befall_some_job() -> None:
    mornings = [morning(**words) for words in WHOLE.values()] + [morning(has_scheduler=False)]
    mornings += [morning(**EVERYTHING), morning(has_scheduler=False, **EVERYTHING), morning(host="web1")]
    befell = {name for told in mornings for name in faults_of(told)}
    befell_history = {name for words in WITH_HISTORY.values() for name in faults_of(morning(**words))}

    # tests/test_rehearsal_inside.py plants what needs the bytes of a file, or rows.
    planted = [each for each in (*JOB_FAULTS, *SCHEDULER_FAULTS) if each not in OF_BYTES]
    assert befell | befell_history == {str(each) for each in planted}
    assert befell_history - befell == OF_A_HISTORY


# What befalls no run that was good: it was made good, or is of a paused job, of the job before it or of a record.
OF_NO_GOOD_RUN = {
    CauseCode.MADE_GOOD,
    CauseCode.RAN_THOUGH_PAUSED,
    CauseCode.UPSTREAM_FAILED,
    CauseCode.NOT_RECORDED,
}
# What no single run shows.
OF_MANY_RUNS = {CauseCode.SHRINKING_OUTPUT, CauseCode.GROWING_OUTPUT, CauseCode.SLOWING}
# To be emptied, as NOT_YET is: the judge says them, and nobody plants them.
UNPLANTED = {CauseCode.NO_RECORDS, CauseCode.UNKNOWN_STATUS}


def test_every_cause_has_its_fault() -> None:
    """Where this fails, a cause was added: give it a row in rollcall/rehearse/faults."""
    named = {each.code for each in JOB_FAULTS} | {each.code for each in SCHEDULER_FAULTS}

    assert set(CauseCode) - named == {*OF_NO_GOOD_RUN, *OF_MANY_RUNS, *UNPLANTED, *NOT_YET, *UNSEEN}


def test_a_job_is_late_when_it_has_run_and_all_else_is_known_at_its_limit() -> None:
    moments = {name: each.at for name, each in faults_of(morning()).items()}

    assert moments["missed-run"] == at("2026-02-11T06:25:00+01:00")
    assert moments["ran-late"] == at("2026-02-11T07:26:00+01:00")
    assert moments["scheduler-down"] == at("2026-02-11T07:02:00+01:00")


def test_a_missed_run_is_not_found_before_its_limit() -> None:
    told = morning()
    [judged] = told.judged.jobs
    assert judged.due_run is not None
    missed = next(each for each in JOB_FAULTS if each.name == "missed-run")
    alarms = []
    for seconds in (-1, 0):
        now = judged.due_run.finish_by + timedelta(seconds=seconds)
        alarms.append(morning_after(missed, told, now).needs_a_person)

    assert alarms == [False, True]


def test_a_fault_that_is_none_here_is_not_planted() -> None:
    hourly = set(faults_of(morning(**HOURLY, now="2026-02-11T07:30:00+01:00")))
    of_files = set(faults_of(morning(has_scheduler=False)))

    assert "wrong-timezone" not in hourly
    assert "empty-output" not in hourly
    assert of_files & {"not-registered", "job-paused", "unrecorded-run", "success-without-output"} == set()


@pytest.mark.parametrize("words", [{"has_scheduler": False, "keeps": None}, {"since": "2026-02-11T00:00:00+01:00"}])
def test_a_first_run_that_did_not_happen_never_ran(words: dict[str, Any]) -> None:
    names = set(faults_of(morning(files=five_files()[:1], **words)))

    assert "never-ran" in names
    assert names & {"missed-run", "stale-output"} == set()


# A setting less, a fault more that slips through ----------------------------------------------------------------------

JSON: dict[str, Any] = {
    "path": "data/scheduled-output/generate-haiku-%Y%m%d-%H%M%S.json",
    "min_size": "1 B",
    "must_contain": (),
    "must_not_contain": (),
    "files": [made("2026-02-11T06:00:17+01:00", name="generate-haiku-20260211-060017.json")],
}
OUTPUT = f"[jobs.{HAIKU}.output]"
HEART, FALLBACK = "degraded-output (required text missing)", "degraded-output (fallback text)"
RESTORED = "success-without-output (old file restored)"

DATED, ANY_NAME = (f"data/scheduled-output/generate-haiku-{each}.md" for each in ("%Y%m%d-%H%M%S", "*"))
# The names tell the time, and nobody declared how.
UNDATED: dict[str, Any] = {"path": ANY_NAME, "files": [replace(each, stamp_at=None) for each in five_files()]}
ADD_OUTPUT = 'with path = "…", the time of the run such as %Y%m%d-%H%M%S in it'

# the words of the morning | what slips through then, and the advice
WITHOUT: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("must_contain", {"must_contain": ()}, {HEART: f'add must_contain = ["…"] to {OUTPUT}'}),
    ("must_not_contain", {"must_not_contain": ()}, {FALLBACK: f'add must_not_contain = ["…"] to {OUTPUT}'}),
    (
        "must_change",
        {"must_change": False},
        {"duplicate-output": f"add must_change = true to {OUTPUT}"},
    ),
    ("min_size", {"min_size": "1 B"}, {"truncated-output": f'write min_size = "250 B" in {OUTPUT} (it has 375 B)'}),
    (
        "format",
        JSON | {"format": "any"},
        {
            "truncated-output": f'add format = "json" to {OUTPUT}',
            HEART: f'add must_contain = ["…"] to {OUTPUT}',
            FALLBACK: f'add must_not_contain = ["…"] to {OUTPUT}',
        },
    ),
    (
        "the time in path",
        UNDATED,
        {RESTORED: f'write path = "{DATED}" in {OUTPUT}, as its names are'},
    ),
    (
        "the time in path, and each run overwrites one file",
        {
            "path": "data/scheduled-output/haiku.md",
            "must_change": False,
            "files": [made("2026-02-11T06:00:17+01:00", name="haiku.md", stamp_at=None)],
        },
        {
            RESTORED: f'let each run write a file of its own, and write path = "…" in {OUTPUT}, '
            "the time of the run such as %Y%m%d-%H%M%S in it"
        },
    ),
    ("output", {"has_output": False}, {"success-without-output": f"add {OUTPUT} {ADD_OUTPUT}"}),
    (
        "scheduler",
        {"has_scheduler": False},
        {"run-failed": f'add scheduler = "…" to [jobs.{HAIKU}]: its scheduler knows how a run ended'},
    ),
    ('late = "fail"', {"late": "warn"}, {"ran-late": f'write late = "fail" in [jobs.{HAIKU}]: "warn" raises no alarm'}),
    (
        "anchor",
        HOURLY | {"now": "2026-02-11T07:30:00+01:00"},
        {
            "ran-late": f'add anchor = "…" to [jobs.{HAIKU}], from which its interval is counted',
            "success-without-output": f"add {OUTPUT} {ADD_OUTPUT}",
        },
    ),
    (
        "Date",
        {"server_at": None},
        {"clock-skew": "let the scheduler send the header Date: without it its clock is not known"},
    ),
]


@pytest.mark.parametrize(("words", "expected"), [row[1:] for row in WITHOUT], ids=[row[0] for row in WITHOUT])
def test_without_a_setting_its_fault_slips_through(words: dict[str, Any], expected: dict[str, str]) -> None:
    assert slips(morning(**words)) == expected


@pytest.mark.parametrize(
    ("words", "name"), [({}, "success-without-output"), ({"has_scheduler": False}, "stale-output")]
)
def test_where_a_path_takes_everything_a_file_of_something_else_slips_through(words: dict[str, Any], name: str) -> None:
    name = f"{name} (file of something else)"
    texts: dict[str, Any] = {"must_contain": (), "must_not_contain": ()}

    assert slips(morning(**EVERYTHING, **texts, **words))[name] == (
        f"in {OUTPUT} write a path that matches its own files and no others"
    )
    # What it must say is not in it.
    assert renamed(morning(**EVERYTHING, **words))[name] is CauseCode.DEGRADED_OUTPUT


def test_the_file_of_another_job_that_a_path_takes_slips_through(tmp_path: Path) -> None:
    paths = {"wide": "out/db-*", "narrow": "out/db-full-%F"}
    jobs = (f'[jobs.{name}]\nschedule = "0 6 * * *"\noutput.path = "{path}"\n' for name, path in paths.items())
    roll = read(tmp_path, f"{ZURICH}{''.join(jobs)}")
    (tmp_path / "out").mkdir()
    for day in (10, 11):
        for number, name in enumerate((f"db-{day}", f"db-full-2026-02-{day}")):
            file = tmp_path / "out" / name
            file.write_text("a dump")
            made_on = datetime(2026, 2, day, 5, 2 + number, tzinfo=UTC).timestamp()
            os.utime(file, (made_on, made_on))
    now = datetime(2026, 2, 11, 6, 2, tzinfo=UTC)
    evidence = gather(roll.jobs, roll.schedulers, now=now, clock=lambda: now)
    wide, narrow = rehearse(roll, evidence, now=now).jobs
    name = "stale-output (file of something else)"

    assert {str(each.fault): each.outcome for each in wide.faults}[name] is Outcome.SLIPS
    assert name not in {str(each.fault) for each in narrow.faults}


# the fault | the words of a morning in which it slips through | what its advice makes of them
ADVISED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (HEART, {"must_contain": ()}, {"must_contain": ("tombe",)}),
    (FALLBACK, {"must_not_contain": ()}, {"must_not_contain": ("quota exceeded",)}),
    ("duplicate-output", {"must_change": False}, {"must_change": True}),
    ("truncated-output", {"min_size": "1 B"}, {"min_size": "250 B"}),
    ("truncated-output", JSON | {"format": "any"}, {"format": "json"}),
    (RESTORED, UNDATED, {"path": DATED, "files": five_files()}),
    ("success-without-output", {"has_output": False}, {"has_output": True}),
    ("run-failed", {"has_scheduler": False}, {"has_scheduler": True}),
    ("ran-late", {"late": "warn"}, {"late": "fail"}),
    ("ran-late", HOURLY | {"now": "2026-02-11T07:30:00+01:00"}, {"anchor": "2026-02-11T07:00:00+01:00"}),
]


@pytest.mark.parametrize(("fault", "words", "advised"), ADVISED)
def test_who_follows_the_advice_finds_it(fault: str, words: dict[str, Any], advised: dict[str, Any]) -> None:
    assert faults_of(morning(**words))[fault].outcome is Outcome.SLIPS
    assert faults_of(morning(**words | advised))[fault].outcome is Outcome.FOUND


@pytest.mark.parametrize(("job_id", "table"), [("a-b_1", "[jobs.a-b_1]"), ("nightly é", '[jobs."nightly é"]')])
def test_an_advice_names_the_table_as_toml_wants_it_written(job_id: str, table: str) -> None:
    advice = slips(morning(late="warn", id=job_id))["ran-late"]

    assert advice == f'write late = "fail" in {table}: "warn" raises no alarm'


def test_without_its_file_a_record_in_another_zone_is_reported_as_lying_ahead() -> None:
    assert renamed(morning(has_output=False)) == {"wrong-timezone (of its record)": CauseCode.FUTURE_TIMESTAMP}


# Half of a file -------------------------------------------------------------------------------------------------------


def halved(text: str, **declared: Any) -> FileSeen:
    """The file that holds this text, when half of it was written."""
    told = morning(files=[made("2026-02-11T06:00:17+01:00", text)], **{"min_size": "1 B", **declared})
    [judged] = told.judged.jobs
    truncated = next(each for each in JOB_FAULTS if each.name == "truncated-output")
    planted = truncated.plant(EvidenceCopy.of(judged, at("2026-02-11T06:25:00+01:00")))
    assert planted
    return planted.files[0]


def test_half_of_a_file_keeps_its_real_beginning() -> None:
    half = halved(TEXT)

    assert half.content is not None
    assert half.size == len(TEXT.encode()) // 2
    assert len(half.content.head.encode()) == half.size
    assert TEXT.startswith(half.content.head)
    assert half.content.flaw is None


def test_a_text_at_the_end_of_a_file_is_not_in_its_first_half() -> None:
    half = halved(TEXT + "\n-- fin", must_contain=("# Album Haïku", "-- fin"))

    assert half.content is not None
    assert half.content.found["# Album Haïku"]
    assert not half.content.found["-- fin"]


@pytest.mark.parametrize(
    ("kind", "is_seen"),
    [("text", False), ("jsonl", False), ("csv", False), ("json", True), ("xml", True), ("zip", True)],
)
def test_half_is_seen_by_the_formats_that_mark_their_end(kind: str, is_seen: bool) -> None:
    content = halved(TEXT, format=kind, must_contain=(), must_not_contain=()).content

    assert content is not None
    assert (content.flaw is not None) is is_seen


# Nothing is touched, and nothing is said that does not hold -----------------------------------------------------------

WORDS = st.fixed_dictionaries(
    {},
    optional={
        "must_contain": st.just(()),
        "must_not_contain": st.just(()),
        "must_change": st.just(False),
        "min_size": st.sampled_from(["1 B", "200 B", "300 B"]),
        "has_output": st.just(False),
        "late": st.just("warn"),
        "engine": st.just("apscheduler"),
        "grace": st.sampled_from(["0 s", "15 min", "3 h", "30 h"]),
        "max_runtime": st.sampled_from(["1 min", "2 h"]),
        "look_back": st.sampled_from(["1 h", "4 d"]),
        "now": st.sampled_from(["2026-02-11T06:00:18+01:00", "2026-02-11T12:00:00+01:00", "2026-02-12T06:00:00+01:00"]),
        "server_at": st.none(),
        "keeps": st.none(),
        "schedule": st.sampled_from(["0 6 * * *", "0 6 11 * *", "0 6 * * wed", "0 */2 * * *"]),
    },
)
DECLARED = st.builds(operator.or_, WORDS, st.sampled_from([{}, UNDATED]))


@given(DECLARED)
def test_what_is_called_found_really_calls_a_person_with_that_cause(words: dict[str, Any]) -> None:
    told = morning(**words)
    before = told.evidence.to_json()
    for job in rehearsed(told).jobs:
        for each in job.faults:
            if each.outcome is not Outcome.SLIPS and isinstance(each.fault, JobFault):
                planted = morning_after(each.fault, told, each.at)
                cause = planted.job_causes[HAIKU]

                assert planted.jobs[0].needs_a_person is not each.fault.is_warning
                assert cause is not None
                assert cause.code is each.reported_as
    assert told.evidence.to_json() == before


@given(DECLARED)
def test_what_slips_through_calls_nobody(words: dict[str, Any]) -> None:
    told = morning(**words)
    for job in rehearsed(told).jobs:
        for each in job.faults:
            if each.outcome is Outcome.SLIPS and isinstance(each.fault, JobFault):
                planted = morning_after(each.fault, told, each.at)

                assert not planted.needs_a_person
                assert each.cure


# What is not good is not rehearsed ------------------------------------------------------------------------------------


def test_a_job_that_is_not_ok_is_left_out_with_its_finding() -> None:
    told = morning(status="error")

    [left_out] = rehearsed(told).left_out

    assert left_out.key == (True, HAIKU)
    assert left_out.why.startswith("failed: due Wed 11 Feb 06:00 CET")
    assert rehearsed(told).jobs == ()


def test_a_scheduler_that_is_down_is_left_out_with_its_jobs() -> None:
    left_out = rehearsed(morning(scheduler=not_seen(CauseCode.SCHEDULER_DOWN))).left_out

    assert [(each.subject.id, each.why) for each in left_out] == [
        ("aime", "The scheduler does not answer: connection refused."),
        (HAIKU, "cannot tell: scheduler-down"),
    ]


def test_a_job_that_is_not_owed_yet_is_left_out() -> None:
    told = morning(since="2026-02-12T00:00:00+01:00")

    [left_out] = rehearsed(told).left_out

    assert (left_out.subject.id, left_out.why) == (HAIKU, "no run of it was due yet")


def test_a_rehearsal_is_whole_only_where_all_was_planted_and_found() -> None:
    empty = rehearse(roll_of(haiku_job()), Evidence(schedulers={}, outputs={}), now=at("2026-02-11T07:02:00+01:00"))
    whole = rehearsed(morning())
    found = [each for each in whole.jobs[0].faults if str(each.fault) not in UNKNOWN]

    paused = LeftOut(subject=haiku_job(id="other"), why="paused", is_owed=False)

    assert not empty.is_whole
    assert replace(whole, jobs=(replace(whole.jobs[0], faults=tuple(found)),)).is_whole
    assert replace(whole, left_out=(paused,)).is_whole
    assert not replace(whole, left_out=(replace(paused, is_owed=True),)).is_whole
    assert not rehearsed(morning(min_size="1 B")).is_whole


# How it is told -------------------------------------------------------------------------------------------------------


def told_lines(told: Told) -> list[str]:
    return list(render_rehearsal(rehearsed(told), width=110))


def unwrapped(lines: list[str]) -> str:
    return f" {' '.join(each.strip() for each in lines)} "


def test_what_slips_through_is_told_with_its_setting() -> None:
    lines = told_lines(morning(min_size="1 B"))
    [line] = [line for line in lines if "truncated-output" in line]

    assert line == f'  SLIPS  truncated-output: write min_size = "250 B" in {OUTPUT} (it has 375 B)'


def test_jobs_of_which_the_same_is_to_be_said_are_told_together() -> None:
    told = morning(has_output=False)
    other = haiku_job(id="other", has_output=False)
    seen = told.evidence.schedulers["aime"]
    assert isinstance(seen, SchedulerSeen)
    [listed], [run] = seen.jobs or (), seen.runs or ()
    both = replace(seen, jobs=(listed, replace(listed, id="other")), runs=(run, replace(run, job="other")))
    evidence = replace(told.evidence, schedulers={"aime": both})

    lines = list(render_rehearsal(rehearse(roll_of(told.roll.jobs[0], other), evidence, now=told.now), width=110))

    assert f"{HAIKU} and other" in lines
    assert f" SLIPS  success-without-output: add [jobs.*.output] {ADD_OUTPUT} " in unwrapped(lines)


def test_a_morning_that_is_not_good_says_so_first() -> None:
    lines = told_lines(morning(scheduler=not_seen(CauseCode.SCHEDULER_DOWN)))

    assert lines[0] == "This morning is not good: no job can be rehearsed. Left out:"
    assert lines[1] == "  aime: The scheduler does not answer: connection refused."


def test_a_good_morning_on_which_nothing_was_owed_is_not_called_bad() -> None:
    lines = told_lines(morning(since="2026-02-12T00:00:00+01:00"))

    assert lines[0] == "Not all is there to be spoilt: no job can be rehearsed. Left out:"
    assert lines[1] == f"  {HAIKU}: no run of it was due yet"


def test_no_line_is_wider_than_the_terminal() -> None:
    lines = list(render_rehearsal(rehearsed(morning(min_size="1 B", must_contain=())), width=60))

    assert max(map(len, lines)) <= 60


# End to end -----------------------------------------------------------------------------------------------------------


def test_the_good_morning_of_the_demo() -> None:
    with demo_morning() as demo:
        roll = load(demo.jobs_file, environment=os.environ, scheduler_urls={None: demo.url})
        began_on = time.monotonic()
        evidence = gather(
            roll.jobs,
            roll.schedulers,
            now=demo.now,
            clock=lambda: demo.now + timedelta(seconds=time.monotonic() - began_on),
        )
        before = contents(demo.folder)
        rehearsal = rehearse(roll, evidence, now=demo.now)

        assert contents(demo.folder) == before
    lines = list(render_rehearsal(rehearsal, width=110))
    slipped = {
        job.subject.id: {str(each.fault) for each in job.faults if each.outcome is Outcome.SLIPS} - UNKNOWN
        for job in rehearsal.jobs
    }
    record_alone = {"success-without-output"}

    assert rehearsal.left_out == ()
    assert slipped == {
        "daily_enrichment": record_alone,
        "generate_magazine_editions": record_alone,
        "sync_discogs_daily": record_alone,
        HAIKU: set(),
        "export_collection_markdown": {"truncated-output", "duplicate-output", FALLBACK},
        "export_collection_json": {HEART, "duplicate-output", FALLBACK},
        "optimize_ai_descriptions": {"success-without-output", "ran-late"},
        "weekly_haiku": record_alone,
        # It may take so long that an hour more or less in its record is no matter.
        "monthly_analysis": {"success-without-output", "wrong-timezone (of its record)"},
    }
    assert len(lines) < 60


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and path.name != "service.log"
    }


def run_command(*arguments: str) -> tuple[int, list[str]]:
    """`rollcall rehearse …`: its exit status and its lines."""
    parser = argparse.ArgumentParser()
    command.add_to(parser.add_subparsers())
    asked_for = parser.parse_args(["rehearse", *arguments])
    running, lines = command.run(asked_for), []
    while True:
        try:
            lines.append(next(running))
        except StopIteration as end:
            return end.value, lines


@pytest.mark.parametrize(("columns", "width"), [("40", 60), ("90", 90), ("300", 120)])
def test_the_command_is_as_wide_as_the_terminal_but_readable(
    columns: str, width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOUSE_TOKEN", TOKEN)
    monkeypatch.setenv("COLUMNS", columns)
    with lived_in(tmp_path):
        _, lines = run_command("--jobs-file", str(tmp_path / "jobs.toml"), "--as-of", AS_OF, "write")

    assert width - 20 < max(map(len, lines)) <= width


def test_the_command_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_TOKEN", TOKEN)
    monkeypatch.setenv("COLUMNS", "110")
    with lived_in(tmp_path) as house:
        before = contents(tmp_path)
        status, lines = run_command("--jobs-file", str(tmp_path / "jobs.toml"), "--as-of", AS_OF)

        assert status == 1
        assert contents(tmp_path) == before
        assert sorted(house.scheduler.asked) == ["/aime/status", "/other/status"]
    assert "scheduler aime" in lines
    assert f" SLIPS  success-without-output: add [jobs.*.output] {ADD_OUTPUT} " in unwrapped(lines)
    assert TOKEN not in "\n".join(lines)


def test_the_command_rehearses_the_jobs_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_TOKEN", TOKEN)
    monkeypatch.setenv("COLUMNS", "110")
    with lived_in(tmp_path) as house:
        _, lines = run_command("--jobs-file", str(tmp_path / "jobs.toml"), "--as-of", AS_OF, "backup")

        assert house.scheduler.asked == []
    assert [line for line in lines if line and not line.startswith(" ")][1] == "backup"


def test_the_folder_of_the_mornings_is_none_of_this_machine() -> None:
    """What these tests plant can be on no disk."""
    assert not FOLDER.exists()
