"""What does it cost to show a morning: the page and the JSON of many jobs, in a browser, and reporting in a whole run?

Each of the jobs is due at a time of its own, so that no schedule's answers are shared more than on a real morning, and
each has a month of history. A run with our reports is held against the same run with pytest-html's alone.
"""

from __future__ import annotations

import gc
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import suites
from benchmarks.in_browser import in_browser
from benchmarks.stage import HOUSE, stage
from fixtures.one_morning import aime, at, haiku_job, left
from rollcall.evidence import (
    Content,
    Evidence,
    FileSeen,
    JobListed,
    Outcome,
    OutputSeen,
    RunSeen,
    SchedulerSeen,
)
from rollcall.history.rows import FILE, Chronicle, Row, Whole
from rollcall.history.writing import merge
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.morning.judge import judge_morning
from rollcall.report.page import render_board
from rollcall.roll.job import Job
from rollcall.roll.load import load
from rollcall.roll.roll import Roll
from rollcall.sinks.json import to_json
from rollcall.times import to_iso
from rollcall.vocabulary import Verdict

DAYS = 30
ROUNDS = 9
RUNS = 5
_NOW = at("2026-02-11T22:02:00+01:00")
_TEXT = "# Album Haïku\n" + "une feuille tombe\n" * 20

# A plugin that takes our reports out of a run and leaves all else in it.
_WITHOUT_REPORTS = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    # The run is not ours any more, so that it is not taken for one that was stopped.
    session.config.pluginmanager.get_plugin("rollcall-running").is_over = True
    for plugin in session.config.pluginmanager.get_plugins():
        if type(plugin).__module__.startswith("rollcall."):
            session.config.pluginmanager.unregister(plugin)
    session.config.option.htmlpath = {page!r}
"""


def page(folder: Path) -> list[tuple[str, float, str]]:
    """Page and JSON of 10,000 jobs against those of 1,000, the size of the page, and reporting a check."""
    few, many = _staged(1_000), _staged(10_000)
    # As a run does once it has gathered: none of it is garbage.
    gc.freeze()
    boards = [render_board(morning, Ending(), chronicle=chronicle) for morning, chronicle in (few, many)]
    sizes = [len(each.encode()) / 1e6 for each in boards]
    # In turn, and the quickest of some rounds: whatever else the machine does only slows a round down.
    rounds = [(_seconds_to_show(*few), _seconds_to_show(*many)) for _ in range(ROUNDS)]
    seconds = [min(each) for each in zip(*rounds, strict=True)]
    return [
        ("page and JSON of 10,000 jobs / of 1,000", seconds[1] / seconds[0], "at most 11"),
        ("the same of 1,000 jobs, milliseconds", seconds[0] * 1000, "under 1,000"),
        ("page of 1,000 jobs, MB without pytest-html's part", sizes[0], "under 1"),
        ("page of 10,000 jobs, MB without pytest-html's part", sizes[1], "under 4"),
        *in_browser(folder, boards),
        ("all of reporting, milliseconds a check over pytest-html's", _reporting(folder), "at most 0.2"),
    ]


def _seconds_to_show(morning: Morning, chronicle: Chronicle) -> float:
    began = time.perf_counter()
    render_board(morning, Ending(), chronicle=chronicle)
    to_json(morning, Ending())
    return time.perf_counter() - began


def _staged(count: int) -> tuple[Morning, Chronicle]:
    """A morning of that many jobs, one of a hundred of which failed, and what was remembered of them."""
    jobs = [
        haiku_job(id=f"job{number:05d}", schedule=f"{number % 60} {number // 60 % 21} * * *", engine="apscheduler")
        for number in range(count)
    ]
    dues = {job.id: job.schedule.last_due(_NOW) or _NOW for job in jobs}
    scheduler = aime(engine="apscheduler")
    seen = SchedulerSeen(
        asked_at=_NOW,
        answered_at=_NOW,
        running=True,
        jobs=tuple(JobListed(id=job.id, next_run=to_iso(dues[job.id] + timedelta(days=1))) for job in jobs),
        runs=tuple(_run(job, dues[job.id], number) for number, job in enumerate(jobs)),
    )
    evidence = Evidence(
        schedulers={scheduler.id: seen},
        outputs={job.id: (_output(dues[job.id]),) for job in jobs},
    )
    roll = Roll(
        file=Path("jobs.toml"),
        zone=jobs[0].zone,
        look_back=jobs[0].look_back,
        schedulers=(scheduler,),
        jobs=tuple(jobs),
    )
    morning = judge_morning(roll, evidence, now=_NOW)
    assert sum(each.needs_a_person for each in morning.jobs) == count // 100
    return morning, Chronicle(rows={job.id: _rows(job.id, dues[job.id]) for job in jobs})


def _run(job: Job, due_at: datetime, number: int) -> RunSeen:
    word, outcome = ("error", Outcome.FAILED) if number % 100 == 0 else ("success", Outcome.SUCCESS)
    return RunSeen(job=job.id, ended=to_iso(due_at + timedelta(seconds=18)), word=word, outcome=outcome)


def _output(due_at: datetime) -> OutputSeen:
    made_at = [due_at + timedelta(seconds=17) - timedelta(days=day) for day in range(3)]
    found = {"# Album Haïku": True, "Aucune information disponible": False}
    content = [Content(head=_TEXT, sha256=f"{day}", found=found) for day in range(3)]
    files = [
        FileSeen(name=f"generate-haiku-{at:%Y%m%d-%H%M%S}.md", size=400, modified_at=at, stamp_at=at, content=each)
        for at, each in zip(made_at, content, strict=True)
    ]
    return OutputSeen(looked_at=_NOW, matches=len(files), files=tuple(files))


def _rows(job_id: str, due_at: datetime) -> tuple[Row, ...]:
    past = [due_at - timedelta(days=day) for day in range(DAYS, 0, -1)]
    return tuple(
        Row(
            job_id=job_id,
            due_at=at,
            verdict=Verdict.OK,
            ran_at=at + timedelta(seconds=at.day),
            outputs=left(400, at),
            judged_at=at,
        )
        for at in past
    )


# A whole run ----------------------------------------------------------------------------------------------------------


def _reporting(folder: Path) -> float:
    """Milliseconds a check of a run of 1,000 jobs with a month of history, over the same with pytest-html's page."""
    with stage(folder / "stage", 1000) as jobs_file:
        ours = suites.checks(folder, jobs_file)
        plain = [*ours, *_without_reports(folder)]
        checks = suites.counted(ours)
        _remember_a_month(jobs_file)
        # In turn, so that a slow minute of the machine is not one's alone.
        took = [(_seconds(ours, folder), _seconds(plain, folder)) for _ in range(RUNS)]
    return (min(each for each, _ in took) - min(each for _, each in took)) * 1000 / checks


def _remember_a_month(jobs_file: Path) -> None:
    """Every job was well on each of the days before."""
    roll, now = load(jobs_file, environment={}), datetime.now(UTC)
    rows = [row for job in roll.jobs for row in _rows(job.id, job.schedule.last_due(now) or now)]
    file = jobs_file.parent / "reports" / FILE
    file.parent.mkdir(exist_ok=True)
    problem = merge(file, Whole(rows=rows))
    assert problem is None, problem


def _without_reports(folder: Path) -> list[str]:
    (folder / "without_reports.py").write_text(_WITHOUT_REPORTS.format(page=str(folder / "plain.html")))
    return ["-p", "without_reports"]


def _seconds(command: list[str], folder: Path) -> float:
    began = time.perf_counter()
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=HOUSE,
        env={"PYTHONPATH": f"{HOUSE}:{folder}", "PATH": "/usr/bin:/bin"},
    )
    took = time.perf_counter() - began
    if done.returncode != 0:
        raise RuntimeError(f"ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-500:]}")
    return took
