"""How many due runs are judged a second, once everybody was asked?

Judging is pure: the evidence lies ready, and the schedules have answered when they are due. Each round judges another
day, so that nothing is ready that a real morning would still have to find out; the best counts, as whatever else the
machine does only slows a round down.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from fixtures.one_morning import Told, at, haiku_job
from fixtures.year import Year, healthy_runs
from rollcall.evidence import Evidence, SchedulerSeen
from rollcall.findings import Check, Verdict
from rollcall.jobs import Job
from rollcall.schedule.answers import due_between
from rollcall.verdict import JobJudged, SchedulerJudged, judge_jobs, judge_scheduler

JOBS = 1000
ROUNDS = 15
_FIRST_DAY = at("2026-02-11T22:02:00+01:00")
_BOUND = "at least 20,000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What a morning is judged of: jobs of one scheduler, and what was seen of them and of it."""

    jobs: list[Job]
    evidence: Evidence
    schedulers: dict[str, SchedulerJudged]
    now: datetime


def judging(folder: Path) -> list[tuple[str, float, str]]:
    """Due runs judged a second: one of each of many jobs, and those of a look-back that files tell of."""
    days = [_FIRST_DAY + timedelta(days=number) for number in range(ROUNDS)]
    daily = [haiku_job(id=f"job{number:04d}", schedule=f"{number % 60} {number % 21} * * *") for number in range(JOBS)]
    every_minute = haiku_job(schedule="* * * * *", grace="5 min", max_runtime="1 min", look_back="24 h", keeps=None)
    alone = [_runs_a_second(_ready(daily, now, keeps=3), _run_alone) for now in days]
    minutely = [_runs_a_second(_ready([every_minute], now, keeps=2000), _with_look_back) for now in days]
    return [
        (f"due runs judged a second, {JOBS:,} jobs, 9 promises each", max(alone), _BOUND),
        ("due runs judged a second, look-back of every minute", max(minutely), _BOUND),
    ]


def _ready(jobs: list[Job], now: datetime, *, keeps: int) -> Ready:
    """All of them well."""
    told = [_seen(job, now, keeps=keeps) for job in jobs]
    scheduler = jobs[0].scheduler
    assert scheduler is not None
    answers = [each.evidence.schedulers[scheduler.id] for each in told]
    registrations = [each for seen in answers if isinstance(seen, SchedulerSeen) for each in seen.registrations]
    assert isinstance(answers[0], SchedulerSeen)
    evidence = Evidence(
        schedulers={scheduler.id: replace(answers[0], registrations=tuple(registrations))},
        outputs={job.id: each.evidence.outputs[job.id] for job, each in zip(jobs, told, strict=True)},
    )
    schedulers = {scheduler.id: judge_scheduler(scheduler, evidence, now=now)}
    return Ready(jobs=jobs, evidence=evidence, schedulers=schedulers, now=now)


def _seen(job: Job, now: datetime, *, keeps: int) -> Told:
    dues = due_between(job.schedule, now - timedelta(days=3), now + timedelta(days=2))
    return Year(job=job, dues=dues, runs=healthy_runs(dues, f"{job.id} {now}"), keeps=keeps).seen_at(now)


def _runs_a_second(ready: Ready, runs_of: Callable[[JobJudged], int]) -> float:
    """Judged, and asked what everybody asks of it: its verdict, and whether it needs a person."""
    began = time.perf_counter()
    judged = judge_jobs(ready.jobs, ready.evidence, ready.schedulers, now=ready.now)
    said = [(each.verdict, each.needs_a_person) for each in judged]
    took = time.perf_counter() - began
    assert set(said) <= {(Verdict.OK, False), (Verdict.PENDING, False)}
    return sum(map(runs_of, judged)) / took


def _run_alone(judged: JobJudged) -> int:
    assert judged.due_run is not None
    return 1


def _with_look_back(judged: JobJudged) -> int:
    """And the earlier runs that its files told of."""
    finding = next(each for each in judged.findings if each.check is Check.NO_RUN_IS_MISSING)
    return 1 + int(finding.found.split()[0].replace(",", ""))
