"""Whom are the checks about: which jobs and schedulers, which witnesses each has, and what was found of them?

In a plain run and in xdist's controller the facts are filled in once all is judged; a worker receives them, so that
everybody holds the same verdict of the same moment.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from rollcall.morning import Morning
from rollcall.plugin.declared import Declared
from rollcall.plugin.together import CheckOfMany, jobs_of
from rollcall.plugin.views import CheckedScheduler, Facing, Facts
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.verdict.findings import Check
from rollcall.verdict.promises import promises_of
from rollcall.verdict.scheduler import promises_of as promises_of_scheduler

_subjects = pytest.StashKey[tuple["Subjects", Facing]]()

# What a marker asks for, and the promise that only such a witness can be held to.
OF_JOBS = {
    "scheduler": None,
    "listing": Check.IS_REGISTERED,
    "next_run": Check.NEXT_RUN_IS_ON_SCHEDULE,
    "record": Check.EXECUTED_AFTER_DUE_TIME,
    "status": Check.STATUS_IS_SUCCESS,
    "starts": Check.STARTED_ON_TIME,
    "durations": Check.RUNTIME_IS_AS_ALLOWED,
    "output": Check.OUTPUT_EXISTS,
    "look_back": Check.NO_RUN_IS_MISSING,
    "upstream": Check.UPSTREAM_DID_ITS_WORK,
    "pause": Check.PAUSE_IS_CURRENT,
}
OF_SCHEDULERS = {
    "clock": Check.CLOCK_AGREES,
    "switch": Check.SCHEDULER_IS_RUNNING,
    "loop": Check.SCHEDULER_IS_ALIVE,
    "listing": Check.HAS_RECORDS,
    "memory": Check.MEMORY_ANSWERS,
}
WITNESSES = {"jobs_with": tuple(OF_JOBS), "schedulers_with": tuple(OF_SCHEDULERS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Whom the checks are about: the ids of the schedulers and of the jobs, with the witnesses each has."""

    schedulers: tuple[tuple[str, frozenset[str]], ...] = ()
    jobs: tuple[tuple[str, frozenset[str]], ...] = ()

    @classmethod
    def of(cls, schedulers: Iterable[Scheduler], jobs: Iterable[Job]) -> Subjects:
        """These subjects, each with its witnesses."""
        return cls(
            schedulers=tuple((each.id, scheduler_witnesses(each)) for each in schedulers),
            jobs=tuple((each.id, job_witnesses(each)) for each in jobs),
        )

    def schedulers_with(self, wanted: set[str]) -> list[str]:
        """The ids of the schedulers that have all these witnesses."""
        return [scheduler_id for scheduler_id, witnesses in self.schedulers if wanted <= witnesses]

    def jobs_with(self, wanted: set[str]) -> list[str]:
        """The ids of the jobs that have all these witnesses."""
        return [job_id for job_id, witnesses in self.jobs if wanted <= witnesses]


def job_witnesses(job: Job) -> frozenset[str]:
    """The witnesses of a job, as markers name them."""
    promised = promises_of(job)
    own = {name for name, check in OF_JOBS.items() if check in promised}
    return frozenset(own | ({"scheduler"} if job.scheduler else set()))


def scheduler_witnesses(scheduler: Scheduler) -> frozenset[str]:
    """The witnesses of a scheduler, as markers name them."""
    promised = (*promises_of_scheduler(scheduler), *((Check.MEMORY_ANSWERS,) if scheduler.memory else ()))
    return frozenset(name for name, check in OF_SCHEDULERS.items() if check in promised)


def subjects_of(config: pytest.Config) -> tuple[Subjects, Facing]:
    """The subjects of this run, and the facts about them."""
    return config.stash[_subjects]


def set_subjects(config: pytest.Config, subjects: Subjects, facing: Facing) -> None:
    """Says whom this run is about."""
    config.stash[_subjects] = subjects, facing


def hand_over(config: pytest.Config) -> bytes:
    """What a worker needs: subjects and facts, no secrets."""
    return pickle.dumps(config.stash[_subjects])


def receive(config: pytest.Config, handed_over: bytes) -> None:
    """Takes what `hand_over` packed."""
    config.stash[_subjects] = pickle.loads(handed_over)


def parameters_of(item: pytest.Item) -> Mapping[str, object]:
    """What a check was parametrized with; nothing where it was not."""
    if isinstance(item, CheckOfMany):
        return item.parameters
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec else {}


def needed(items: Iterable[pytest.Item], roll: Roll) -> tuple[list[Job], list[Scheduler]]:
    """The jobs and schedulers that the selected checks are about, in the order of jobs.toml."""
    ids, scheduler_ids = set[str](), set[str]()
    for parameters in map(parameters_of, items):
        ids |= {each.id for each in jobs_of(parameters)}
        scheduler_ids |= {each.id for each in parameters.values() if isinstance(each, CheckedScheduler)}
    jobs = [job for job in roll.jobs if job.id in ids]
    return jobs, [scheduler for scheduler in roll.schedulers if scheduler.id in scheduler_ids]


def face(facing: Facing, morning: Morning, file: Path) -> None:
    """Gives the checks the facts of the morning; those that a warning is about learn where they are declared."""
    declared = Declared(file.absolute())
    for job in morning.jobs:
        cause = morning.job_causes[job.job.id]
        facing.jobs[job.job.id] = _placed(Facts.of_job(job, cause.code if cause else None), "jobs", declared)
    for scheduler in morning.schedulers:
        cause = morning.scheduler_causes[scheduler.scheduler.id]
        facts = Facts.of_scheduler(scheduler, cause.code if cause else None)
        facing.schedulers[scheduler.scheduler.id] = _placed(facts, "schedulers", declared)


def _placed(facts: Facts, table: str, declared: Declared) -> Facts:
    if any(each.is_warning for each in facts.findings.values()):
        return replace(facts, declared_at=declared.place_of(table, facts.id))
    return facts
