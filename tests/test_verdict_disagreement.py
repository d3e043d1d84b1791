"""Whom is it believed where its scheduler says one thing and its output another? The same for every kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fixtures.one_morning import HAIKU, Told, at, five_files, haiku_job, morning, scheduler_of
from rollcall.evidence import JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.roll.kinds import kinds
from rollcall.roll.scheduler import Scheduler
from rollcall.vocabulary import CauseCode, Verdict

# What each kind needs in its table. A kind of this house that is missing here is not held against outputs.
TABLES: dict[str, dict[str, Any]] = {
    "aime": {"url": "http://h:8", "naive_times": "UTC"},
    "airflow": {"url": "http://h:8"},
    "apscheduler": {"database": "sqlite:///x.db"},
    "apscheduler-4": {"database": "sqlite:///x.db"},
    "celery-beat": {"database": "sqlite:///x.db"},
    "cron": {},
    "dagster": {"url": "http://h:8"},
    "github": {"repository": "acme/etl"},
    "healthchecks": {"url": "http://h:8"},
    "kubernetes": {},
    "pg_cron": {"database": "sqlite:///x.db"},
    "prefect": {"url": "http://h:8"},
    "systemd": {},
    "wrapper": {},
}
TRANSPORTS = ("command", "json", "sql")
NOW, DUE = at("2026-02-11T07:02:00+01:00"), at("2026-02-11T06:00:00+01:00")
OLD = five_files("2026-02-10T06:00:17+01:00")


def scheduler(kind: str) -> Scheduler:
    return scheduler_of(kind, {"kind": kind, **TABLES[kind]})


def telling(what: str) -> list[str]:
    """The kinds whose answers hold that."""
    return [kind for kind in TABLES if what in scheduler(kind).tells]


def seen(of: Scheduler, *days: int, outcome: Outcome = Outcome.SUCCESS, **more: Any) -> SchedulerSeen:
    """What it says: its job is as declared, and ran so many days before each, as much of it as it tells."""

    def run(day: int) -> RunSeen:
        tells, word = of.tells, getattr(of.words, "success" if day else outcome.value)
        times: dict[str, Any] = {
            "due": f"2026-02-{11 - day:02}T06:00:00+01:00" if "due" in tells else None,
            "started": f"2026-02-{11 - day:02}T06:00:02+01:00" if "started" in tells else None,
            "ended": f"2026-02-{11 - day:02}T06:00:17+01:00" if "ended" in tells else None,
        }
        ended: dict[str, Any] = {"word": word[0] if word else "done", "outcome": Outcome.SUCCESS if day else outcome}
        return RunSeen(job=HAIKU, **times, **ended)

    known: dict[str, Any] = {
        "running": True if "running" in of.tells else None,
        "heartbeat": NOW.isoformat() if "heartbeat" in of.tells else None,
        "jobs": (JobListed(id=HAIKU, next_run="2026-02-12T06:00:00+01:00", paused=False, schedule="0 6 * * *"),),
        "runs": tuple(run(day) for day in (days[-1:] if of.keeps == 1 else days)),
        "runs_since": at("2026-02-01T00:00:00+01:00") if "history" in of.tells else None,
    }
    return SchedulerSeen(asked_at=NOW, answered_at=NOW, server_at=NOW, **(known | more))


def judged(of: Scheduler, answer: SchedulerSeen, *, is_left: bool) -> Told:
    job = haiku_job(scheduler=of, zone="Europe/Zurich", look_back="24 h")
    return morning(job=job, scheduler=answer, files=five_files() if is_left else OLD)


def test_every_kind_is_held_against_outputs() -> None:
    assert set(kinds()) - set(TRANSPORTS) == set(TABLES)


@pytest.mark.parametrize("kind", TABLES)
def test_agreed(kind: str) -> None:
    of = scheduler(kind)

    assert judged(of, seen(of, 1, 0), is_left=True).job.verdict is Verdict.OK


@pytest.mark.parametrize("kind", TABLES)
def test_done_there_and_nothing_left_is_no_work(kind: str) -> None:
    of = scheduler(kind)
    told = judged(of, seen(of, 1, 0), is_left=False)

    assert told.job.verdict is Verdict.BAD_OUTPUT
    assert told.code in (CauseCode.STALE_OUTPUT, CauseCode.SUCCESS_WITHOUT_OUTPUT)


@pytest.mark.parametrize("kind", telling("status"))
def test_left_and_failed_there_is_a_failure(kind: str) -> None:
    of = scheduler(kind)
    told = judged(of, seen(of, 1, 0, outcome=Outcome.FAILED), is_left=True)

    assert (told.job.verdict, told.code) == (Verdict.FAILED, CauseCode.RUN_FAILED)


@pytest.mark.parametrize("kind", telling("runs"))
def test_left_and_not_on_record_is_told(kind: str) -> None:
    of = scheduler(kind)
    told = judged(of, seen(of, 1), is_left=True)

    assert told.code is CauseCode.UNRECORDED_RUN
    assert told.job.verdict is not Verdict.OK


@pytest.mark.parametrize("kind", telling("heartbeat"))
def test_a_heartbeat_outranks_a_flag_and_a_future_next_run(kind: str) -> None:
    of = scheduler(kind)
    assert of.heartbeat_within is not None
    old = (NOW - 3 * of.heartbeat_within).isoformat()
    told = judged(of, replace(seen(of, 1), heartbeat=old), is_left=True)

    assert told.scheduler.verdict is Verdict.FAILED
    assert {each.code for each in told.scheduler.findings if each.needs_a_person} == {CauseCode.SCHEDULER_STALLED}
    assert told.judged.needs_a_person
