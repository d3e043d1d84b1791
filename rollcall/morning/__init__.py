"""Everything known this morning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from rollcall.action import Action, Deed
from rollcall.cause import CHECK_AGAIN, Cause, explain_job, explain_service
from rollcall.evidence import Evidence
from rollcall.jobs import Job, Roll, Service
from rollcall.verdict import JobJudged, ServiceJudged, judge_jobs, judge_service


@dataclass(frozen=True, kw_only=True)
class Morning:
    """The whole result: what was judged, when, in which zone, and how much of the roll that was.

    `declared` counts the jobs of jobs.toml, of which `jobs` may be a selection, and `services_declared` its services.
    `demo` is the story of the embedded demo, None on a real morning; `replay_of` the moment of the record that was
    judged, None where everybody was asked.
    `actions` is what was done about it before it was judged for the last time. `again` is the command that judges it
    again, as a person would have to type it here. `jobs_file` is the file that declares all this, as it may be shown,
    None where it is the usual one.
    """

    judged_at: datetime
    zone: ZoneInfo
    services: tuple[ServiceJudged, ...]
    jobs: tuple[JobJudged, ...]
    declared: int
    services_declared: int = 0
    demo: str | None = None
    replay_of: datetime | None = None
    actions: tuple[Action, ...] = ()
    again: str = CHECK_AGAIN
    jobs_file: str | None = None

    @cached_property
    def service_causes(self) -> dict[str, Cause | None]:
        """What is wrong with each service, by its id."""
        return {each.service.id: self._typed(explain_service(each, self.jobs)) for each in self.services}

    @cached_property
    def job_causes(self) -> dict[str, Cause | None]:
        """What is wrong with each job, by its id."""
        services = {each.service.id: each for each in self.services}
        return {each.job.id: self._typed(explain_job(each, services, self.actions)) for each in self.jobs}

    def _typed(self, cause: Cause | None) -> Cause | None:
        return cause.typed(self._again) if cause else None

    @property
    def _again(self) -> str:
        """The demo begins anew each time: what was mended in it must be mended again first."""
        is_restarted = any(each.is_proven and each.deed is not Deed.RERUN for each in self.actions)
        return f"{self.again} --restart-stopped" if self.demo and is_restarted else self.again

    @cached_property
    def _jobs_by_id(self) -> dict[str, JobJudged]:
        return {each.job.id: each for each in self.jobs}

    def job(self, job_id: str) -> JobJudged | None:
        """The judged job of that id; None where it was not looked at."""
        return self._jobs_by_id.get(job_id)

    @property
    def is_partial(self) -> bool:
        """True where only some of the declared jobs and services were looked at, or no job at all."""
        looked_at = {each.job.id for each in self.jobs}
        return not looked_at or len(looked_at) < self.declared or len(self.services) < self.services_declared

    @property
    def needs_a_person(self) -> bool:
        """True where a job or a service does."""
        return any(each.needs_a_person for each in self.jobs) or any(self.service_causes.values())

    def jobs_that_need_a_person(self) -> tuple[JobJudged, ...]:
        """The jobs somebody must look at, in the order of jobs.toml."""
        return tuple(each for each in self.jobs if each.needs_a_person)


def judge_morning(
    roll: Roll,
    evidence: Evidence,
    *,
    now: datetime,
    jobs: Iterable[Job] | None = None,
    services: Iterable[Service] | None = None,
    demo: str | None = None,
    replay_of: datetime | None = None,
    again: str = CHECK_AGAIN,
    jobs_file: str | None = None,
) -> Morning:
    """The morning as the evidence proves it, for the given jobs and services (all where left out)."""
    jobs = tuple(roll.jobs if jobs is None else jobs)
    asked = {service.id: service for service in (roll.services if services is None else services)}
    asked |= {job.service.id: job.service for job in jobs if job.service}
    services_judged = {service.id: judge_service(service, evidence, now=now) for service in asked.values()}
    return Morning(
        judged_at=now,
        zone=roll.zone,
        services=tuple(services_judged.values()),
        jobs=judge_jobs(jobs, evidence, services_judged, now=now),
        declared=len(roll.jobs),
        services_declared=len(roll.services),
        demo=demo,
        replay_of=replay_of,
        again=again,
        jobs_file=jobs_file,
    )
