"""Forty jobs in three files on two schedulers build on one extract: is its failure one thing for everybody?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from fixtures.house import ZURICH
from fixtures.jobs_toml import write
from fixtures.listener import Listener, listener
from fixtures.page_read import causes, headline_of, shown
from rollcall.evidence import Evidence, JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.history.reading import read_told
from rollcall.history.rows import NOTHING
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.morning.judge import judge_morning
from rollcall.report.cause_groups import group_by_cause
from rollcall.report.page import render_board
from rollcall.roll.job import Job
from rollcall.roll.load import load
from rollcall.roll.roll import Roll
from rollcall.roll.telling import AlertTable
from rollcall.sinks.alert import tell as alert
from rollcall.terminal.summary import render_summary

NOW = datetime(2026, 2, 11, 9, 2, tzinfo=ZURICH)
_SCHEDULER = '[schedulers.{0}]\nkind = "aime"\nurl = "http://{0}"\nengine = "apscheduler"\nnaive_times = "UTC"\n'
_HEAD = 'timezone = "Europe/Zurich"\ninclude = ["teams/*.toml"]\n' + _SCHEDULER.format("a") + _SCHEDULER.format("b")
# extract, its 13 loads beside it, each with a report of another team on the other scheduler, and that one's mail.
LOADS = [f"load-{number}" for number in range(13)]
OTHERS = [f"{kind}-{number}" for kind in ("report", "mail") for number in range(13)]


def table(name: str, scheduler: str, hour: int, needs: str = "") -> str:
    return (
        f'[jobs.{name}]\nscheduler = "{scheduler}"\nschedule = "0 {hour} * * *"\n'
        + (f'needs = ["{needs}"]\n' if needs else "")
        + f'owner = "{name.partition("-")[0]}"\n'
    )


@pytest.fixture
def roll(tmp_path: Path) -> Roll:
    write(
        tmp_path,
        teams_reports="".join(table(f"report-{each}", "b", 5, f"load-{each}") for each in range(13)),
        teams_mails="".join(table(f"mail-{each}", "b", 6, f"report-{each}") for each in range(13)),
    )
    text = _HEAD + table("extract", "a", 3) + "".join(table(each, "a", 4, "extract") for each in LOADS)
    (tmp_path / "jobs.toml").write_text(text, encoding="utf-8")
    return load(tmp_path / "jobs.toml", environment={})


@pytest.fixture
def hook() -> Iterator[Listener]:
    with listener() as living:
        yield living


def judged(roll: Roll, *bad: str, stopped: str = "") -> Morning:
    """A morning on which the extract failed where it is one of those, and the others of them did not run.

    Of a scheduler that is `stopped` none of them ran.
    """
    seen = {}
    for scheduler in roll.schedulers:
        jobs = roll.jobs_of(scheduler.id)
        failed = set() if stopped == scheduler.id else {"extract"} & set(bad)
        runs = [
            RunSeen(
                job=job.id,
                ended=f"2026-02-{10 if job.id in set(bad) - failed else 11}T{hour_of(job) - 1:02}:00:17",  # in UTC
                word="error" if job.id in failed else "success",
                outcome=Outcome.FAILED if job.id in failed else Outcome.SUCCESS,
            )
            for job in jobs
        ]
        listed = [
            JobListed(id=job.id, name=job.id, next_run=f"2026-02-12T{hour_of(job):02}:00:00+01:00") for job in jobs
        ]
        seen[scheduler.id] = SchedulerSeen(
            asked_at=NOW,
            answered_at=NOW,
            running=stopped != scheduler.id,
            jobs=tuple(listed),
            runs=tuple(runs),
            server_at=NOW,
        )
    return judge_morning(roll, Evidence(schedulers=seen, outputs={}), now=NOW)


def hour_of(job: Job) -> int:
    assert job.cron
    return int(job.cron.split()[1])


def tell(roll: Roll, morning: Morning, hook: Listener, file: Path, **owners: str) -> list[tuple[str, str, str]]:
    """What each is told: the path, the title, and the line of those that need it."""
    table = {
        "webhook": f"{hook.url}/all",
        "owners": {owner: {"webhook": f"{hook.url}/{owner}"} for owner in owners},
    }
    told_to = AlertTable.model_validate(table, context={"environment": {}, "is_replay": False})
    hook.heard.clear()
    problems = alert.tell(replace(roll, alert=told_to), morning, NOTHING, store=file, is_complete=True)
    assert problems == ()
    return sorted(
        (
            each.path,
            each.says["title"],
            next((line for line in each.says["text"].split("\n") if "downstream" in line), ""),
        )
        for each in hook.heard
    )


def test_it_is_one_thing_on_the_page_and_one_message(roll: Roll, hook: Listener, tmp_path: Path) -> None:
    morning = judged(roll, "extract", *LOADS, *OTHERS)
    (group,) = group_by_cause(morning)
    page = render_board(morning, Ending())
    (row,) = causes(page)

    assert len(roll.jobs) == 40
    assert (group.cause.code, len(group.jobs), len(group.downstream)) == ("run-failed", 1, 39)
    assert headline_of(page) == "1 thing needs attention · 40 of 40 jobs"
    assert "39 jobs downstream could not do their work because of this; run them once it is fixed" in shown(row)
    assert "#job-mail-12" in row
    assert [line for line in render_summary(morning, Ending()) if "load-0" in line] == [
        "  not done downstream because of it: load-0, load-1, load-2 and 36 more jobs"
    ]
    assert tell(roll, morning, hook, tmp_path / "h.sqlite3") == [
        (
            "/all",
            "Roll call: new: run-failed [extract]",
            "not done downstream because of it: load-0, load-1, load-2, load-3, load-4, load-5, … (39 in all)",
        )
    ]
    assert tell(roll, morning, hook, tmp_path / "h.sqlite3") == []


def test_each_team_hears_once_of_what_is_theirs(roll: Roll, hook: Listener, tmp_path: Path) -> None:
    """Whose extract it is hears of that; the others that theirs wait for a job of somebody else."""
    morning = judged(roll, "extract", *LOADS, *OTHERS)
    told = tell(roll, morning, hook, tmp_path / "h.sqlite3", extract="", report="", mail="")

    assert [(path, title) for path, title, _ in told] == [
        ("/all", "Roll call: new: run-failed [extract]"),
        ("/extract", "Roll call: new: run-failed [extract]"),
        ("/mail", "Roll call: new: upstream-failed [mail-0 and 12 more]"),
        ("/report", "Roll call: new: upstream-failed [report-0 and 12 more]"),
    ]


def test_once_it_is_fixed_what_is_still_not_done_is_told(roll: Roll, hook: Listener, tmp_path: Path) -> None:
    tell(roll, judged(roll, "extract", *LOADS, *OTHERS), hook, tmp_path / "h.sqlite3")
    told = tell(roll, judged(roll, "load-3"), hook, tmp_path / "h.sqlite3")

    assert [title for _, title, _ in told] == [
        "Roll call: new: missed-run [load-3]",
        "Roll call: recovered: run-failed [extract]",
    ]
    assert [sorted(memory) for memory in read_told(tmp_path / "h.sqlite3").values()] == [["job load-3"]]


def test_who_waits_is_told_where_nobody_hears_of_the_extract_yet(roll: Roll, hook: Listener, tmp_path: Path) -> None:
    """`alert_after` of the one job is no patience of the others."""
    patient = [each.but(alert_after=replace(each.alert_after, bad=2, last=3)) for each in roll.jobs[:1]]
    roll = replace(roll, jobs=(*patient, *roll.jobs[1:]))
    told = tell(roll, judged(roll, "extract", "load-3"), hook, tmp_path / "h.sqlite3")

    assert [title for _, title, _ in told] == ["Roll call: new: upstream-failed [load-3]"]


def test_what_is_not_proven_of_the_jobs_of_a_stopped_scheduler_explains_no_others(roll: Roll) -> None:
    """Nobody can tell whether its loads ran; that the reports did not is proven, and the mails build on them."""
    things = group_by_cause(judged(roll, "extract", *LOADS, *OTHERS, stopped="a"))

    assert [(each.subject, each.cause.code, len(each.jobs), len(each.downstream)) for each in things] == [
        ("a", "scheduler-stopped", 14, 0),
        ("report-0", "missed-run", 13, 13),
    ]
