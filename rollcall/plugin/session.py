"""One run of the checks: what is asked for, gathered once, judged once, and shown.

In a plain run and in xdist's controller a `Session` gathers and judges; in a worker a `Facing` with the facts comes by
hand-over, so that everybody holds the same verdict of the same moment.
"""

from __future__ import annotations

import gc
import pickle
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rollcall.ask import gather
from rollcall.causes.commands import CHECK_AGAIN
from rollcall.errors import BadInput
from rollcall.evidence import Evidence
from rollcall.history.rows import NOTHING, Chronicle
from rollcall.morning import Morning, judge_morning
from rollcall.plugin.declared import place_of
from rollcall.plugin.views import CheckedJob, CheckedScheduler, Facing, Facts
from rollcall.plugin.witnesses import job_witnesses, scheduler_witnesses
from rollcall.recorded.record import Recorded, record
from rollcall.recorded.replay import Replay
from rollcall.report.headline import show_replay
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.run.place import Place
from rollcall.run.settings import RERUN, RESTART
from rollcall.text import clean, counted
from rollcall.times import show_instant

if TYPE_CHECKING:
    from rollcall.sinks.watch import Run as Watching


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Whom the checks are about: the ids of the schedulers and of the jobs, with the witnesses each has."""

    schedulers: tuple[tuple[str, frozenset[str]], ...] = ()
    jobs: tuple[tuple[str, frozenset[str]], ...] = ()

    @classmethod
    def of(cls, roll: Roll) -> Subjects:
        """The subjects of a roll."""
        return cls(
            schedulers=tuple((each.id, scheduler_witnesses(each)) for each in roll.schedulers),
            jobs=tuple((each.id, job_witnesses(each)) for each in roll.jobs),
        )

    def schedulers_with(self, wanted: set[str]) -> list[str]:
        """The ids of the schedulers that have all these witnesses."""
        return [scheduler_id for scheduler_id, witnesses in self.schedulers if wanted <= witnesses]

    def jobs_with(self, wanted: set[str]) -> list[str]:
        """The ids of the jobs that have all these witnesses."""
        return [job_id for job_id, witnesses in self.jobs if wanted <= witnesses]


@dataclass(slots=True)
class Session:
    """A run of the checks in the process that gathers and judges.

    `history` is the file that it is remembered in, None where it is not; `chronicle` what that told. `acts` are the
    options that ask to mend what is wrong, with their locks in the folder `locks`. `again` is the command that judges
    it again at `place`. `jobs_file` is the file that is judged, where it is not the usual one.
    `is_of_today` is False where another moment, or another morning, is judged.
    """

    roll: Roll
    judged_at: datetime
    began_at: datetime
    began_on: float
    locks: Path
    place: Place
    again: str = CHECK_AGAIN
    jobs_file: str | None = None
    demo: str | None = None
    replay: Replay | None = None
    record: Path | None = None
    unrecorded: str | None = None
    acts: tuple[str, ...] = ()
    is_dry: bool = False
    history: Path | None = None
    chronicle: Chronicle = NOTHING
    is_of_today: bool = False
    watched: Watching | None = None
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
        """Asks every witness that the selected checks need, once, mends what it was told to, and judges."""
        self.has_gathered = True
        jobs, schedulers = _needed(items, self.roll)
        if not jobs and not schedulers:
            return
        asked = {each.id for each in schedulers} | {job.scheduler.id for job in jobs if job.scheduler}
        is_whole = (len(jobs), len(asked)) == (len(self.roll.jobs), len(self.roll.schedulers))
        self._begin_to_be_watched(is_whole=is_whole)
        self._remember()
        progress = _Progress(config)
        evidence = self._evidence(jobs, schedulers, progress)
        if self.record:
            self._keep(evidence, self.record)
        morning = self._judged(evidence, jobs, schedulers)
        self.morning = self._mended(morning, jobs, schedulers, progress) if self.acts else morning
        self._face(self.morning)
        # All of it is kept to the end. Looking through it for garbage again and again was a tenth of a run of a
        # thousand jobs.
        gc.freeze()

    def _begin_to_be_watched(self, *, is_whole: bool) -> None:
        if self.is_of_today and self.roll.watch:
            from rollcall.sinks import watch

            self.watched = watch.begin(self.roll.watch, is_whole=is_whole)

    def _remember(self) -> None:
        if self.history:
            from rollcall.history.reading import read

            self.chronicle = read(self.history, self.roll.jobs, now=self.judged_at)

    def _judged(self, evidence: Evidence, jobs: list[Job], schedulers: list[Scheduler]) -> Morning:
        return judge_morning(
            self.roll,
            evidence,
            now=self.judged_at,
            jobs=jobs,
            schedulers=schedulers,
            demo=self.demo,
            replay_of=self.replay_of,
            again=self.again,
            jobs_file=self.jobs_file,
        )

    def _mended(self, morning: Morning, jobs: list[Job], schedulers: list[Scheduler], progress: _Progress) -> Morning:
        """The morning after all that was asked for was done, judged again as of the present."""
        from rollcall import remedy

        def judge_again() -> Morning:
            self.judged_at = self.clock()
            return self._judged(self._evidence(jobs, schedulers, progress), jobs, schedulers)

        remedies = {RESTART: remedy.restart_stopped, RERUN: remedy.rerun_missed}
        for option in self.acts:
            morning = remedies[option](
                morning, judge_again=judge_again, clock=self.clock, folder=self.locks, is_dry=self.is_dry
            )
        return morning

    @property
    def since(self) -> dict[str, datetime]:
        """When the first of the bad runs up to this one was due, by job, where a history is kept."""
        if self.history is None or self.morning is None:
            return {}
        from rollcall.report.recent_runs import bad_since

        needing = self.morning.jobs_that_need_a_person()
        since = {each.job.id: bad_since(each, self.chronicle.of(each.job.id)) for each in needing}
        return {job_id: at for job_id, at in since.items() if at}

    @property
    def replay_of(self) -> datetime | None:
        """The moment of the record that is replayed; None where people and folders are asked."""
        return self.replay.recorded_at if self.replay else None

    def _evidence(self, jobs: list[Job], schedulers: list[Scheduler], progress: _Progress) -> Evidence:
        if self.replay:
            return self.replay.seen_at(self.judged_at)
        evidence = gather(jobs, schedulers, now=self.judged_at, clock=self.clock, progress=progress.show)
        progress.end()
        return evidence

    def _keep(self, evidence: Evidence, folder: Path) -> None:
        """Records it before anything is judged. Where that fails the morning is judged all the same."""
        root = self.roll.file.resolve().parent
        recorded = Recorded(
            evidence=evidence,
            now=self.judged_at,
            root=root,
            demo=self.demo,
            remembered={name: each.remembered for name, each in self.roll.listings.items()},
        )
        try:
            record(folder, self.roll, recorded)
        except OSError as problem:
            what = clean(str(problem.filename or folder))
            self.unrecorded = f"it could not be recorded: {what}: {problem.strerror or problem}"
        except BadInput as problem:
            self.unrecorded = f"it could not be recorded: {problem}"

    def _face(self, morning: Morning) -> None:
        for job in morning.jobs:
            cause = morning.job_causes[job.job.id]
            facts = Facts.of_job(job, cause.code if cause else None)
            self.facing.jobs[job.job.id] = self._placed(facts, "jobs")
        for scheduler in morning.schedulers:
            cause = morning.scheduler_causes[scheduler.scheduler.id]
            facts = Facts.of_scheduler(scheduler, cause.code if cause else None)
            self.facing.schedulers[scheduler.scheduler.id] = self._placed(facts, "schedulers")

    def _placed(self, facts: Facts, table: str) -> Facts:
        if not any(each.is_warning for each in facts.findings.values()):
            return facts
        return replace(facts, declared_at=place_of(table, facts.id, self.roll.file.absolute()))

    def header(self) -> list[str]:
        """What the terminal says first."""
        roll = self.roll
        of_day = f"{show_instant(self.judged_at, roll.zone, year=True)}, {roll.zone.key}"
        counts = f"{counted(len(roll.jobs), 'job')}, {counted(len(roll.schedulers), 'scheduler')}"
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


def _needed(items: Iterable[pytest.Item], roll: Roll) -> tuple[list[Job], list[Scheduler]]:
    """The jobs and schedulers that the selected checks are about, in the order of jobs.toml."""
    ids: set[str] = set()
    scheduler_ids: set[str] = set()
    for item in items:
        for subject in parameters_of(item).values():
            if isinstance(subject, CheckedJob):
                ids.add(subject.id)
            elif isinstance(subject, CheckedScheduler):
                scheduler_ids.add(subject.id)
    jobs = [job for job in roll.jobs if job.id in ids]
    return jobs, [scheduler for scheduler in roll.schedulers if scheduler.id in scheduler_ids]


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
