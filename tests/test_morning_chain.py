"""Is each link told as its finding stands, and does the chain stop where it is broken and nowhere else?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fixtures.house import House
from fixtures.one_morning import HAIKU, Told, aime, five_files, made, morning, not_seen, roll_of
from rollcall.evidence import Evidence, NotSeen, Outcome, OutputSeen, RunSeen, SchedulerSeen
from rollcall.morning.chain import QUESTIONS, Diagnosed, Diagnosis, Link, Standing, diagnose
from rollcall.roll.job import Pause
from rollcall.roll.place import Place
from rollcall.terminal.diagnosis import diagnosis_json, render_diagnosis
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode, Verdict

OLD = five_files("2026-02-10T06:00:17+01:00")
FALLBACK = [made("2026-02-11T06:00:17+01:00", "# Album Haïku\nAucune information disponible" + "x" * 200), *OLD[:4]]
EMPTY = [made("2026-02-11T06:00:17+01:00", ""), *OLD[:4]]
GONE = not_seen(CauseCode.OUTPUT_UNREADABLE, "No such file or directory")
MARKS = {Standing.YES: "y", Standing.NO: "N", Standing.CANNOT_TELL: "?", Standing.NOT_ASKED: "-"}


def chain(subject: Diagnosed) -> str:
    return "".join(MARKS[each.standing] for each in subject.links)


def diagnosed(**words: Any) -> Diagnosis:
    return diagnose(with_room(morning(**words)).judged)


def with_room(told: Told, free: int | None = 10**9, total: int | None = 10**10) -> Told:
    def room(seen: OutputSeen | NotSeen) -> OutputSeen | NotSeen:
        return replace(seen, free_bytes=free, total_bytes=total) if isinstance(seen, OutputSeen) else seen

    outputs = {job_id: tuple(room(each) for each in seen) for job_id, seen in told.evidence.outputs.items()}
    return replace(told, evidence=replace(told.evidence, outputs=outputs))


def with_memory(told: Told, last_execution: str) -> Told:
    """The same where the scheduler's memory tells of that run."""
    run = RunSeen(job=HAIKU, ended=last_execution, word="success", outcome=Outcome.SUCCESS)
    seen = SchedulerSeen(asked_at=told.now, answered_at=told.now, running=True, runs=(run,))
    scheduler = aime(memory={"database": "sqlite:////srv/aime.db"})
    roll = roll_of(told.roll.jobs[0].but(scheduler=scheduler))
    return replace(told, roll=roll, evidence=replace(told.evidence, memories={"aime": seen}))


def link_of(subject: Diagnosed, question: str) -> Link:
    return next(each for each in subject.links if each.question == question)


# Where the chain stops ------------------------------------------------------------------------------------------------

# y yes, N no, ? cannot tell, - not asked further
# of the scheduler: answers, is the right one | clocks agree | running, alive | lists its jobs
# of the job: registered, next run | due | ran, on time, succeeded | output there, whole, agrees, none missing | room
CHAINS: list[tuple[str, str, dict[str, Any]]] = [
    # the scheduler
    ("yyyyyy", "yyyyyyyyyyy", {}),
    ("N-----", "--y-y-yy-yy", {"scheduler": not_seen(CauseCode.SCHEDULER_DOWN)}),
    ("N-----", "--y---N--yy", {"scheduler": not_seen(CauseCode.SCHEDULER_DOWN), "files": OLD}),
    ("N-----", "--y---?----", {"scheduler": not_seen(CauseCode.SCHEDULER_DOWN), "folder": GONE}),
    ("yN----", "--y-y-yy-yy", {"scheduler": not_seen(CauseCode.WRONG_SERVICE, "answers 404 Not Found")}),
    ("y?----", "--y-y-yy-yy", {"scheduler": not_seen(CauseCode.ACCESS_DENIED, "answers 401 Unauthorized")}),
    ("y?----", "--y-y-yy-yy", {"scheduler": not_seen(CauseCode.SCHEDULER_ERROR, "answers 500")}),
    ("yyNyyy", "yyyyyyyyyyy", {"server_at": "2026-02-11T07:05:00+01:00"}),
    ("yy?yyy", "yyyyyyyyyyy", {"server_at": None}),
    ("yyyN--", "--y---N--yy", {"running": False, "registered": False, "files": OLD}),
    ("yyyyNy", "y-yyyyyyyyy", {"next_run": "2026-02-11T06:00:00+01:00"}),
    ("yyyyNy", "y-yN--N--yy", {"next_run": "2026-02-11T06:00:00+01:00", "last_execution": None, "files": OLD}),
    # the job
    ("yyyyyy", "N-y-y-yy-yy", {"registered": False}),
    ("yyyy?y", "yNyyyyyyyyy", {"next_run": None}),
    ("yyyyyy", "yyyN--N--yy", {"last_execution": "2026-02-10T05:00:17", "files": OLD}),
    ("yyyyyy", "yyyNy-yy-yy", {"last_execution": "2026-02-10T05:00:17"}),
    ("yyyyyy", "yyy?y-yy-yy", {"naive_times": None}),
    ("yyyyyy", "yyyyyN---yy", {"status": "error", "files": OLD}),
    ("yyyyyy", "yyyyyNyyyyy", {"status": "error"}),
    ("yyyyyy", "yyyyyyN--yy", {"files": OLD}),
    ("yyyyyy", "yyyyyy?----", {"folder": GONE}),
    ("yyyyyy", "yyyyyyyNyyy", {"files": EMPTY}),
    ("yyyyyy", "yyyyyyyNyyy", {"files": FALLBACK}),
    (
        "yyyyyy",
        "yyyyyyyyyNy",
        {"files": [each for each in five_files() if "0210" not in each.name], "look_back": "48 h"},
    ),
    # nothing was owed yet: nothing is asked of a run
    ("yyyyyy", "yyNy", {"since": "2026-02-11T12:00:00+01:00"}),
    # without a scheduler the files alone are asked; without an output the scheduler alone
    ("", "yyyyyy", {"has_scheduler": False}),
    ("yyyyyy", "yyyyyy", {"has_output": False}),
]


@pytest.mark.parametrize(("of_scheduler", "of_job", "words"), CHAINS)
def test_the_chain_stops_where_it_is_broken(of_scheduler: str, of_job: str, words: dict[str, Any]) -> None:
    diagnosis = diagnosed(**words)

    assert "".join(chain(each) for each in diagnosis.schedulers) == of_scheduler
    assert chain(diagnosis.jobs[0]) == of_job


@pytest.mark.parametrize("words", [words for _, _, words in CHAINS])
def test_it_never_disagrees_with_the_checks(words: dict[str, Any]) -> None:
    """What pytest fails on needs a person here, and nothing that pytest looks at is left out."""
    told = with_room(morning(**words))
    judged, diagnosis = told.judged, diagnose(told.judged)
    subjects = (*diagnosis.schedulers, *diagnosis.jobs)
    found = {each.check for scheduler in judged.schedulers for each in scheduler.findings}
    found |= {each.check for job in judged.jobs for each in job.findings}

    assert {link.check for subject in subjects for link in subject.links} - {None} == found
    assert diagnosis.needs_a_person == judged.needs_a_person
    assert [each.cause for each in diagnosis.jobs] == list(judged.job_causes.values())
    assert [each.needs_a_person for each in diagnosis.jobs] == [each.needs_a_person for each in judged.jobs]


def test_each_check_has_its_question() -> None:
    """Whoever adds a check says here what a person would ask, and when."""
    assert set(QUESTIONS) == set(Check)


def test_a_link_that_was_not_asked_names_the_broken_one() -> None:
    down = diagnosed(scheduler=not_seen(CauseCode.SCHEDULER_DOWN))
    missed = diagnosed(last_execution="2026-02-10T05:00:17", files=OLD).jobs[0]

    assert link_of(down.schedulers[0], "is it the right scheduler?").answer == "not asked further: scheduler-down"
    assert link_of(down.jobs[0], "did it run?").answer == "not asked further: scheduler-down"
    assert link_of(missed, "did it succeed?").answer == "not asked further: missed-run"


def test_its_memory_is_told_although_the_scheduler_is_down() -> None:
    down = with_room(morning(scheduler=not_seen(CauseCode.SCHEDULER_DOWN)))
    diagnosis = diagnose(with_memory(down, "2026-02-11T05:00:17").judged)

    assert chain(diagnosis.schedulers[0]) == "N--y---"
    assert link_of(diagnosis.schedulers[0], "does its second record answer?").answer == (
        "calls the scheduler active, 1 run on record"
    )
    assert chain(diagnosis.jobs[0]) == "--yyyyyyyyy"
    assert diagnosis.jobs[0].in_short == "not asked further: scheduler-down; done Wed 11 Feb 06:00:17 CET"


def test_when_it_was_due_is_told_once() -> None:
    job = diagnosed(last_execution="2026-02-10T05:00:17", files=OLD).jobs[0]

    assert link_of(job, "was a run due?").answer == "due Wed 11 Feb 06:00 CET, allowed until 06:15"
    assert link_of(job, "did it run?").answer == "its last run ended Tue 10 Feb 06:00:17 CET"


def test_nothing_owed_yet_is_no_fault() -> None:
    diagnosis = diagnosed(since="2026-02-11T12:00:00+01:00")
    due = link_of(diagnosis.jobs[0], "was a run due?")

    assert (due.standing, due.answer) == ("no", "none is over its limit yet; next due Thu 12 Feb 06:00 CET")
    assert not diagnosis.needs_a_person


def test_a_late_run_that_is_a_warning_calls_nobody() -> None:
    late = diagnosed(
        late="warn", last_execution="2026-02-11T07:48:09", files=OLD, now="2026-02-11T09:00:00+01:00", has_output=False
    )
    link = link_of(late.jobs[0], "was it on time?")

    assert (link.standing, link.needs_a_person, late.needs_a_person) == (Standing.NO, False, False)


def test_no_job_at_all_is_not_well() -> None:
    told = morning()
    empty = replace(told, roll=replace(told.roll, jobs=()), evidence=Evidence(schedulers={}, outputs={}))

    assert diagnose(replace(empty.judged, schedulers=())).needs_a_person


# The disk -------------------------------------------------------------------------------------------------------------

ROOM = [
    # free | of | the least size | the newest has | how it stands | what is said
    (12_345_678_901, 154_000_000_000, 200, 328, "yes", "12.3 GB free (8 %)"),
    (50_000_000, 10**9, 200, 328, "yes", "50.0 MB free (5 %)"),
    (49_999_999, 10**9, 200, 328, "no", "50.0 MB free (4 %), less than 50.0 MB: the next output may be cut off"),
    (0, 10**9, 200, 328, "no", "0 B free (0 %), less than 50.0 MB: the next output may be cut off"),
    (80_000_000, 10**9, 8_000_000, 328, "yes", "80.0 MB free (8 %)"),
    (
        79_999_999,
        10**9,
        8_000_001,
        8_000_001,
        "no",
        "80.0 MB free (7 %), less than 80.0 MB: the next output may be cut off",
    ),
    (80_000_000, 10**9, 200, 40_000_000, "yes", "80.0 MB free (8 %)"),
    (79_000_000, 10**9, 200, 40_000_000, "no", "79.0 MB free (7 %), less than 80.0 MB: the next output may be cut off"),
    (None, None, 200, 328, "cannot tell", "the disk does not say how full it is"),
    (5, 0, 200, 328, "cannot tell", "the disk does not say how full it is"),
]


@pytest.mark.parametrize(("free", "total", "min_size", "newest", "standing", "answer"), ROOM)
def test_room_is_what_the_next_outputs_need(
    free: int | None, total: int | None, min_size: int, newest: int, standing: str, answer: str
) -> None:
    files = [made("2026-02-11T06:00:17+01:00", size=newest), *OLD[:4]]
    told = with_room(morning(files=files, min_size=f"{min_size} B"), free, total)
    link = link_of(diagnose(told.judged).jobs[0], "is there room on the disk?")

    assert (link.standing, link.answer) == (standing, answer)
    assert link.needs_a_person == (standing == "no")


def test_a_place_elsewhere_is_not_asked_for_its_disk() -> None:
    told = with_room(morning(), None, None)
    (job,) = told.roll.jobs
    of_replay = {"is_replay": True, "environment": {}}
    place = Place.model_validate({"url": "s3://offsite"}, context=of_replay)
    away = job.outputs[0].model_copy(update={"place": place})
    told = replace(told, roll=roll_of(job.but(outputs=(away,))))
    link = link_of(diagnose(told.judged).jobs[0], "is there room on the disk?")

    assert (link.standing, link.answer) == ("not asked", "a remote place does not say how full it is")


def test_that_something_can_no_longer_be_told_is_said_once() -> None:
    told = morning(
        now="2026-02-11T06:10+01:00", last_execution="2026-02-11T05:00:01", status="running", has_output=False
    )
    answers = [each.answer for each in diagnose(told.judged).jobs[0].links]

    assert "the next run has replaced its record, so this is no longer known" in answers


def test_a_full_disk_alone_needs_a_person_and_is_not_folded() -> None:
    diagnosis = diagnose(with_room(morning(), free=1_000).judged)
    text = "\n".join(render_diagnosis(diagnosis, width=100))

    assert diagnosis.needs_a_person
    assert "  NO   is there room on the disk?       1.0 kB free (0 %), less than 50.0 MB" in text


def test_a_disk_that_spoilt_an_output_is_one_broken_link() -> None:
    told = with_room(morning(files=EMPTY), free=1_000)
    links = diagnose(told.judged).jobs[0].links

    assert told.code is CauseCode.DISK_FULL
    assert [each.question for each in links if each.standing is Standing.NO] == ["is it complete?"]
    assert links[-1].answer == "not asked further: disk-full"


@pytest.mark.parametrize(
    ("now", "in_short", "links"),
    [
        ("2026-03-28T07:02+01:00", "paused until Sun 29 Mar 2026: a move", ["yes is it paused?"]),
        ("2026-03-29T00:00+01:00", "not asked further: job-paused", ["no is its pause still valid?"]),
    ],
)
def test_a_paused_job_is_one_link(now: str, in_short: str, links: list[str]) -> None:
    told = morning(now=now, paused=Pause(until=date(2026, 3, 29), reason="a move"), files=[], last_execution=None)
    job = diagnose(told.judged).jobs[0]

    assert job.in_short == in_short
    assert [f"{each.standing} {each.question}" for each in job.links if "pause" in each.question] == links
    assert job.needs_a_person == told.judged.needs_a_person


# How it looks ---------------------------------------------------------------------------------------------------------


def test_each_mark_tells_without_colour() -> None:
    late = diagnosed(
        late="warn", last_execution="2026-02-11T07:48:09", files=OLD, now="2026-02-11T09:00:00+01:00", has_output=False
    )
    broken = diagnosed(naive_times=None, files=EMPTY)
    lines = [*render_diagnosis(late, width=120), *render_diagnosis(broken, width=120)]
    marks = {line[2:5] for line in lines if line[:2] == "  " and line[5:7] == "  " and line[2:5].strip(" do:")}

    assert marks == {"yes", "NO ", "no ", " ? ", " - "}
    assert all(line.isprintable() for line in lines)


def test_one_root_cause_is_not_told_nine_times(tmp_path: Path) -> None:
    house = House(tmp_path)
    for number in range(9):
        house.add(f"job-{number}")
    house.falls_silent()
    lines = list(render_diagnosis(diagnose(house.morning()), width=100))

    assert sum("connection refused" in line.lower() for line in lines) == 2
    assert lines[-9:] == [f"unknown     job-{number}  not asked further: scheduler-down" for number in range(9)]


def test_a_named_job_is_told_in_full_though_it_is_well() -> None:
    diagnosis = diagnosed()
    folded = list(render_diagnosis(diagnosis, width=100))
    full = list(render_diagnosis(diagnosis, width=100, named=[HAIKU]))

    assert folded[-1] == f"ok          {HAIKU}  due Wed 11 Feb 06:00 CET, done Wed 11 Feb 06:00:17 CET"
    assert full[-1] == "  yes  is there room on the disk?       1.0 GB free (10 %)"
    assert f"{HAIKU}  Haiku generation: ok" in full


@pytest.mark.parametrize("width", [80, 110, 140])
def test_lines_are_as_wide_as_the_terminal_but_what_is_typed_is_whole(width: int) -> None:
    diagnosis = diagnosed(files=FALLBACK)
    lines = list(render_diagnosis(diagnosis, width=width))
    (step,) = [line for line in lines if line.startswith("  do:    ")]

    assert max(len(line) for line in lines if line != step) <= width
    assert diagnosis.jobs[0].cause
    assert step == f"  do:    {diagnosis.jobs[0].cause.next_step}"


def test_what_others_write_steers_no_terminal(tmp_path: Path) -> None:
    lines = list(render_diagnosis(diagnose(House(tmp_path).hostile_morning()), width=100))

    assert all(line.isprintable() for line in lines)


def test_json_has_its_shape() -> None:
    whole = json.loads(diagnosis_json(diagnosed(scheduler=not_seen(CauseCode.SCHEDULER_DOWN), files=OLD)))
    (scheduler,), (job,) = whole["schedulers"], whole["jobs"]

    assert list(whole) == ["version", "judged_at", "replay_of", "schedulers", "jobs"]
    assert (whole["version"], whole["judged_at"]) == (1, "2026-02-11T07:02:00+01:00")
    assert list(scheduler) == list(job) == ["id", "verdict", "cause", "links"]
    assert (scheduler["id"], scheduler["verdict"], scheduler["cause"]["code"]) == ("aime", "failed", "scheduler-down")
    assert list(job["cause"]) == ["code", "sentence", "next_step"]
    assert scheduler["links"][0] == {
        "question": "does the scheduler answer?",
        "standing": "no",
        "answer": "the scheduler does not answer: connection refused",
    }
    assert {each["standing"] for each in job["links"]} == {"yes", "no", "not asked"}
    assert json.loads(diagnosis_json(diagnosed()))["jobs"][0]["cause"] is None


def test_a_verdict_fits_its_column() -> None:
    assert max(map(len, Verdict)) <= 10
