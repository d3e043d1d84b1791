"""One run of the checks: what is asked for, gathered once, judged once, and shown.

In a plain run and in xdist's controller a `Session` gathers and judges; in a worker a `Facing` with the facts comes by
hand-over, so that everybody holds the same verdict of the same moment.
"""

from __future__ import annotations

import gc
import os
import pickle
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rollcall.errors import BadInput
from rollcall.evidence import Evidence
from rollcall.gather import gather
from rollcall.jobs import Job, Roll, Service
from rollcall.morning import Morning, judge_morning
from rollcall.plugin.options import asked
from rollcall.plugin.views import CheckedJob, CheckedService, Facing, Facts
from rollcall.recording import Recorded, record
from rollcall.replay import Replay
from rollcall.report.headline import show_replay
from rollcall.settings import Asked
from rollcall.text import clean, counted
from rollcall.times import show_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Whom the checks are about: the ids of the services and of the jobs, with the witnesses each has."""

    services: tuple[tuple[str, frozenset[str]], ...] = ()
    jobs: tuple[tuple[str, frozenset[str]], ...] = ()

    @classmethod
    def of(cls, roll: Roll) -> Subjects:
        """The subjects of a roll."""
        services = tuple((each.id, _present(database=each.database)) for each in roll.services)
        jobs = tuple((each.id, _present(service=each.service, output=each.output)) for each in roll.jobs)
        return cls(services=services, jobs=jobs)

    def services_with(self, wanted: set[str]) -> list[str]:
        """The ids of the services that have all these witnesses."""
        return [service_id for service_id, witnesses in self.services if wanted <= witnesses]

    def jobs_with(self, wanted: set[str]) -> list[str]:
        """The ids of the jobs that have all these witnesses."""
        return [job_id for job_id, witnesses in self.jobs if wanted <= witnesses]


def _present(**witnesses: object) -> frozenset[str]:
    return frozenset(name for name, witness in witnesses.items() if witness)


@dataclass(slots=True)
class Session:
    """A run of the checks in the process that gathers and judges."""

    roll: Roll
    judged_at: datetime
    began_at: datetime
    began_on: float
    demo: str | None = None
    replay: Replay | None = None
    record: Path | None = None
    unrecorded: str | None = None
    facing: Facing = field(default_factory=Facing)
    morning: Morning | None = None
    has_gathered: bool = False

    @property
    def subjects(self) -> Subjects:
        """Whom the checks are about."""
        return Subjects.of(self.roll)

    def clock(self) -> datetime:
        """The present of this machine: the one reading at the start, and the time that has passed since."""
        return self.began_at + timedelta(seconds=time.monotonic() - self.began_on)

    def gather_and_judge(self, items: Iterable[pytest.Item], config: pytest.Config) -> None:
        """Asks every witness that the selected checks need, once, and judges what they said."""
        self.has_gathered = True
        jobs, services = _needed(items, self.roll)
        if not jobs and not services:
            return
        evidence = self._evidence(jobs, services, _Progress(config))
        self.morning = judge_morning(
            self.roll,
            evidence,
            now=self.judged_at,
            jobs=jobs,
            services=services,
            demo=self.demo,
            replay_of=self.replay_of,
        )
        self._face(self.morning)
        # All of it is kept to the end. Looking through it for garbage again and again was a tenth of a run of a
        # thousand jobs.
        gc.freeze()

    @property
    def replay_of(self) -> datetime | None:
        """The moment of the record that is replayed; None where people and folders are asked."""
        return self.replay.recorded_at if self.replay else None

    def _evidence(self, jobs: list[Job], services: list[Service], progress: _Progress) -> Evidence:
        if self.replay:
            return self.replay.seen_at(self.judged_at)
        evidence = gather(jobs, services, now=self.judged_at, clock=self.clock, progress=progress.show)
        progress.end()
        if self.record:
            self._keep(evidence, self.record)
        return evidence

    def _keep(self, evidence: Evidence, folder: Path) -> None:
        """Records it before anything is judged. Where that fails the morning is judged all the same."""
        root = self.roll.file.resolve().parent
        try:
            record(folder, self.roll, Recorded(evidence=evidence, now=self.judged_at, root=root, demo=self.demo))
        except OSError as problem:
            what = clean(str(problem.filename or folder))
            self.unrecorded = f"it could not be recorded: {what}: {problem.strerror or problem}"
        except BadInput as problem:
            self.unrecorded = f"it could not be recorded: {problem}"

    def _face(self, morning: Morning) -> None:
        for job in morning.jobs:
            cause = morning.job_causes[job.job.id]
            self.facing.jobs[job.job.id] = Facts.of_job(job, cause.code if cause else None)
        for service in morning.services:
            cause = morning.service_causes[service.service.id]
            self.facing.services[service.service.id] = Facts.of_service(service, cause.code if cause else None)

    def header(self) -> list[str]:
        """What the terminal says first."""
        roll = self.roll
        of_day = f"{show_instant(self.judged_at, roll.zone, year=True)}, {roll.zone.key}"
        counts = f"{counted(len(roll.jobs), 'job')}, {counted(len(roll.services), 'service')}"
        lines = [f"roll call: {counts}, judged as of {of_day}"]
        if self.replay_of:
            lines = [f"{show_replay(self.replay_of, roll.zone)}: nobody is asked", *lines]
        return [self.demo, *lines] if self.demo else lines


def hand_over(subjects: Subjects, facing: Facing) -> bytes:
    """What a worker needs: subjects and facts, no secrets."""
    return pickle.dumps((subjects, facing))


def receive(handed_over: bytes) -> tuple[Subjects, Facing]:
    """What `hand_over` packed."""
    subjects, facing = pickle.loads(handed_over)
    return subjects, facing


def parameters_of(item: pytest.Item) -> Mapping[str, object]:
    """What a check was parametrized with; nothing where it was not."""
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec else {}


def _needed(items: Iterable[pytest.Item], roll: Roll) -> tuple[list[Job], list[Service]]:
    """The jobs and services that the selected checks are about, in the order of jobs.toml."""
    ids: set[str] = set()
    service_ids: set[str] = set()
    for item in items:
        for subject in parameters_of(item).values():
            if isinstance(subject, CheckedJob):
                ids.add(subject.id)
            elif isinstance(subject, CheckedService):
                service_ids.add(subject.id)
    jobs = [job for job in roll.jobs if job.id in ids]
    return jobs, [service for service in roll.services if service.id in service_ids]


def begin(config: pytest.Config, cleanup: ExitStack, now: datetime) -> Session:
    """The session that was asked for; what it opened is closed by `cleanup`. Raises `BadInput`."""
    began_on = time.monotonic()
    wanted = asked(config)
    if wanted.demo is not None:
        return _begin_demo(wanted, wanted.demo, cleanup)
    if replay := wanted.load_replay():
        judged_at = wanted.judged_at(replay.roll, replay.recorded_at)
        return Session(
            roll=replay.roll,
            judged_at=judged_at,
            began_at=now,
            began_on=began_on,
            demo=replay.demo,
            replay=replay,
        )
    roll = wanted.load(os.environ)
    wanted.check_can_record(roll)
    judged_at = wanted.judged_at(roll, now)
    return Session(roll=roll, judged_at=judged_at, began_at=now, began_on=began_on, record=wanted.record)


def _begin_demo(wanted: Asked, cause: str, cleanup: ExitStack) -> Session:
    try:
        from fixtures.demo import DemoError, demo_morning
    except ImportError:
        rule = "is part of the Roll call repository, not of the installed package. Clone it, then: make demo"
        raise BadInput.single("--demo", rule) from None
    try:
        morning = cleanup.enter_context(demo_morning(cause or None))
    except DemoError as error:
        raise BadInput.single("--demo", str(error)) from None
    staged = replace(wanted, jobs_file=morning.jobs_file, shown_file="jobs.toml", service_urls={None: morning.url})
    roll = staged.load(os.environ)
    wanted.check_can_record(roll)
    return Session(
        roll=roll,
        judged_at=staged.judged_at(roll, morning.now),
        began_at=morning.now,
        began_on=time.monotonic(),
        demo=morning.story,
        record=wanted.record,
    )


class _Progress:
    """Counts up on a terminal, and is silent where there is none."""

    def __init__(self, config: pytest.Config) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        self._reporter = reporter if reporter and reporter.isatty and reporter.verbosity >= 0 else None

    def show(self, done: int, total: int) -> None:
        if self._reporter:
            self._reporter.rewrite(f"asking witnesses: {done} of {total}", erase=True)

    def end(self) -> None:
        if self._reporter:
            self._reporter.rewrite("", erase=True)
