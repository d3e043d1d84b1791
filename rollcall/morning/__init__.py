"""Everything known this morning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from rollcall.causes.action import Action, Deed
from rollcall.causes.commands import CHECK_AGAIN
from rollcall.causes.explain import Cause, explain_job, explain_scheduler
from rollcall.evidence import HostSeen, JobListed
from rollcall.morning.not_owed import NotOwed, not_owed
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.verdict.judged import JobJudged, SchedulerJudged
from rollcall.vocabulary import CauseCode


@dataclass(frozen=True, kw_only=True)
class Morning:
    """The whole result: what was judged, when, in which zone, and how much of the roll that was.

    `declared` counts the jobs of jobs.toml, of which `jobs` may be a selection, `schedulers_declared` its schedulers.
    `demo` is the story of the embedded demo, None on a real morning; `replay_of` the moment of the record that was
    judged, None where everybody was asked.
    `actions` is what was done about it before it was judged for the last time. `again` is the command that judges it
    again, as a person would have to type it here. `jobs_file` is the file that declares all this, as it may be shown,
    None where it is the usual one. `listed` are the jobs that each scheduler declares by listing them, by its id;
    `rescheduled` those of them whose schedule was another one when it was last looked: as listed then, and now. `hosts`
    are those that were to leave evidence, by their names.
    """

    judged_at: datetime
    zone: ZoneInfo
    schedulers: tuple[SchedulerJudged, ...]
    jobs: tuple[JobJudged, ...]
    declared: int
    schedulers_declared: int = 0
    demo: str | None = None
    replay_of: datetime | None = None
    actions: tuple[Action, ...] = ()
    again: str = CHECK_AGAIN
    jobs_file: str | None = None
    listed: Mapping[str, tuple[JobListed, ...]] = field(default_factory=dict)
    rescheduled: tuple[tuple[Scheduler, JobListed, JobListed], ...] = ()
    hosts: Mapping[str, HostSeen] = field(default_factory=dict)

    @cached_property
    def scheduler_causes(self) -> dict[str, Cause | None]:
        """What is wrong with each scheduler, by its id."""
        return {
            each.scheduler.id: self._typed(explain_scheduler(each, self.jobs, self.actions)) for each in self.schedulers
        }

    @cached_property
    def job_causes(self) -> dict[str, Cause | None]:
        """What is wrong with each job, by its id."""
        schedulers = {each.scheduler.id: each for each in self.schedulers}
        return {each.job.id: self._typed(explain_job(each, schedulers, self.actions)) for each in self.jobs}

    @cached_property
    def not_owed(self) -> tuple[NotOwed, ...]:
        """What was not owed because of maintenance, the time first that ends first."""
        return not_owed((each.job for each in self.jobs), self.judged_at)

    @cached_property
    def downstream(self) -> dict[str, JobJudged]:
        """Of each job that did not do its work because another's was not done, by its id, the job in which that began.

        One that needs a job that is no part of this morning, or is well by now, is not among them.
        """
        found = {}
        for judged in self.jobs:
            root = judged
            while (before := self._upstream_of(root)) is not None:
                root = before
            if root is not judged:
                found[judged.job.id] = root
        return found

    def _upstream_of(self, judged: JobJudged) -> JobJudged | None:
        """The job that it needs and that did not do its work, where that explains it and is to be explained itself."""
        cause = self.job_causes[judged.job.id]
        if cause is None or cause.code is not CauseCode.UPSTREAM_FAILED or not judged.needs_a_person:
            return None
        of_upstream = next(each.upstream for each in judged.findings if each.code is CauseCode.UPSTREAM_FAILED)
        before = self.job(of_upstream)
        return before if before and before.needs_a_person and self.job_causes[of_upstream] else None

    def _typed(self, cause: Cause | None) -> Cause | None:
        return cause.typed(self.typed_again) if cause else None

    @property
    def typed_again(self) -> str:
        """The command that judges it again, as it ends each step.

        The demo begins anew each time: what was fixed in it must be fixed again first.
        """
        is_restarted = any(each.is_proven and each.deed is not Deed.RERUN for each in self.actions)
        return f"{self.again} --restart-stopped" if self.demo and is_restarted else self.again

    @cached_property
    def _jobs_by_id(self) -> dict[str, JobJudged]:
        return {each.job.id: each for each in self.jobs}

    def job(self, job_id: str) -> JobJudged | None:
        """The judged job of that id; None where it was not looked at."""
        return self._jobs_by_id.get(job_id)

    def of(self, roll: Roll) -> Morning:
        """What of it concerns the jobs and schedulers of that part of the roll, as it was judged with all the others.

        What a scheduler lists and nobody declares belongs to no part.
        """
        jobs, schedulers = {each.id for each in roll.jobs}, {each.id for each in roll.schedulers}
        judged = (each for each in self.schedulers if each.scheduler.id in schedulers)
        return replace(
            self,
            jobs=tuple(each for each in self.jobs if each.job.id in jobs),
            schedulers=tuple(replace(each, undeclared=()) for each in judged),
            declared=len(jobs),
            schedulers_declared=len(schedulers),
            actions=tuple(
                each for each in self.actions if each.subject in (jobs if each.deed is Deed.RERUN else schedulers)
            ),
            listed={},
            rescheduled=(),
            hosts={each: seen for each, seen in self.hosts.items() if each in roll.hosts},
        )

    @property
    def is_partial(self) -> bool:
        """True where only some of the declared jobs and schedulers were looked at, or no job at all."""
        looked_at = {each.job.id for each in self.jobs}
        return not looked_at or len(looked_at) < self.declared or len(self.schedulers) < self.schedulers_declared

    @property
    def needs_a_person(self) -> bool:
        """True where a job or a scheduler does."""
        return any(each.needs_a_person for each in self.jobs) or any(self.scheduler_causes.values())

    def jobs_that_need_a_person(self) -> tuple[JobJudged, ...]:
        """The jobs somebody must look at, in the order of jobs.toml."""
        return tuple(each for each in self.jobs if each.needs_a_person)
