"""Who should be there this morning?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.evidence import JobListed
from rollcall.roll.job import Job
from rollcall.roll.listing import Listing
from rollcall.roll.place import Place
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.telling import AlertTable, EvidenceTable, HistoryTable, WatchTable


@dataclass(frozen=True, kw_only=True)
class Roll:
    """Everything that jobs.toml declares: who should be there this morning.

    `has_owner_pages` is True where each owner is to have a page. `listings` are what the schedulers list that
    declare jobs by that. `history` is where it is remembered, and how long. `written` are the texts of its
    files as they were read, by their names relative to the folder of `file`, secrets and all: it never shows in a
    `repr`.
    """

    file: Path
    zone: ZoneInfo
    look_back: timedelta
    schedulers: tuple[Scheduler, ...]
    jobs: tuple[Job, ...]
    places: tuple[Place, ...] = ()
    listings: Mapping[str, Listing] = field(default_factory=dict, repr=False, compare=False)
    history: HistoryTable = field(default_factory=HistoryTable)
    has_owner_pages: bool = False
    alert: AlertTable | None = None
    watch: WatchTable | None = None
    evidence: EvidenceTable = field(default_factory=EvidenceTable)
    written: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def owners(self) -> tuple[str, ...]:
        """Who owns jobs, in the order of jobs.toml."""
        return tuple(dict.fromkeys(job.owner for job in self.jobs if job.owner))

    def of_owners(self, owners: Collection[str]) -> Roll:
        """The same with the jobs of these owners alone, and the schedulers that run them."""
        jobs = tuple(job for job in self.jobs if job.owner in owners)
        ids = {job.scheduler.id for job in jobs if job.scheduler}
        return replace(self, jobs=jobs, schedulers=tuple(each for each in self.schedulers if each.id in ids))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that look for a part of it, each once, in the order in which they are named."""
        named = (*(each.host for each in self.schedulers), *(each.host for each in self.jobs))
        return tuple(dict.fromkeys(each for each in named if each))

    @property
    def to_remember(self) -> dict[str, tuple[JobListed, ...]]:
        """What is declared by listings, by the scheduler's id, for a later morning."""
        return {name: each.to_remember(self.scheduler(name)) for name, each in self.listings.items()}

    @property
    def rescheduled(self) -> Iterator[tuple[Scheduler, JobListed, JobListed]]:
        """Of each job that is declared by a listing, and listed with another schedule than before: both."""
        for name, listing in self.listings.items():
            scheduler = self.scheduler(name)
            for was, each in listing.rescheduled(scheduler):
                yield scheduler, was, each

    @cached_property
    def _schedulers(self) -> dict[str, Scheduler]:
        return {each.id: each for each in self.schedulers}

    @cached_property
    def _jobs(self) -> dict[str, Job]:
        return {each.id: each for each in self.jobs}

    @cached_property
    def _jobs_of(self) -> dict[str, list[Job]]:
        found: dict[str, list[Job]] = {}
        for each in self.jobs:
            if each.scheduler:
                found.setdefault(each.scheduler.id, []).append(each)
        return found

    def scheduler(self, scheduler_id: str) -> Scheduler:
        """The declared scheduler of that id; KeyError where there is none."""
        return self._schedulers[scheduler_id]

    def jobs_of(self, scheduler_id: str) -> tuple[Job, ...]:
        """The declared jobs that the scheduler of that id runs."""
        return tuple(self._jobs_of.get(scheduler_id, ()))

    def job(self, job_id: str) -> Job:
        """The declared job of that id; KeyError where there is none."""
        return self._jobs[job_id]
