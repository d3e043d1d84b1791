"""How many due runs are judged a second, once everybody was asked?

Judging is pure: the evidence lies ready, and the schedules have answered when they are due. Each round judges another
day, so that no sentence is ready that a real morning would still have to write.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from fixtures.one_morning import Told, at, haiku_job
from fixtures.year import Year, healthy_runs
from rollcall.findings import Check
from rollcall.jobs import Job
from rollcall.schedule.answers import due_between
from rollcall.verdict import JobJudged, ServiceJudged, judge_job, judge_service

JOBS = 1000
ROUNDS = 7
_FIRST_DAY = at("2026-02-11T22:02:00+01:00")
_BOUND = "at least 20,000"


def judging(folder: Path) -> list[tuple[str, float, str]]:
    """Due runs judged a second: one of each of many jobs, and those of a look-back that files tell of."""
    days = [_FIRST_DAY + timedelta(days=number) for number in range(ROUNDS)]
    daily = [haiku_job(id=f"job{number:04d}", schedule=f"{number % 60} {number % 21} * * *") for number in range(JOBS)]
    every_minute = haiku_job(schedule="* * * * *", grace="5 min", max_runtime="1 min", look_back="24 h", keeps=None)
    alone = median(_runs_a_second(_morning(daily, now, keeps=3), now, _run_alone) for now in days)
    minutely = [_runs_a_second(_morning([every_minute], now, keeps=2000), now, _with_look_back) for now in days]
    return [
        (f"due runs judged a second, {JOBS:,} jobs, 9 promises each", alone, _BOUND),
        ("due runs judged a second, look-back of every minute", median(minutely), _BOUND),
    ]


def _morning(jobs: list[Job], now: datetime, *, keeps: int) -> list[Told]:
    """What is seen of each job, all of them well."""
    return [_seen(job, now, keeps=keeps) for job in jobs]


def _seen(job: Job, now: datetime, *, keeps: int) -> Told:
    dues = due_between(job.schedule, now - timedelta(days=3), now + timedelta(days=2))
    return Year(job=job, dues=dues, runs=healthy_runs(dues, f"{job.id} {now}"), keeps=keeps).seen_at(now)


def _runs_a_second(mornings: list[Told], now: datetime, runs_of: Callable[[JobJudged], int]) -> float:
    ready = [(told.roll.jobs[0], told.evidence, _services(told, now)) for told in mornings]
    began = time.perf_counter()
    judged = [judge_job(job, evidence, services, now=now) for job, evidence, services in ready]
    took = time.perf_counter() - began
    assert not any(each.needs_a_person for each in judged)
    return sum(map(runs_of, judged)) / took


def _services(told: Told, now: datetime) -> dict[str, ServiceJudged]:
    return {each.id: judge_service(each, told.evidence, now=now) for each in told.roll.services}


def _run_alone(judged: JobJudged) -> int:
    assert judged.due_run is not None
    return 1


def _with_look_back(judged: JobJudged) -> int:
    """And the earlier runs that its files told of."""
    finding = next(each for each in judged.findings if each.check is Check.NO_RUN_IS_MISSING)
    return 1 + int(finding.found.split()[0].replace(",", ""))
