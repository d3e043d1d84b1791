"""Which things must a person do, each told once, the worst first?

A cause that needs the same of a person for several jobs is one thing; so is what a broken scheduler hides of its jobs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rollcall.causes.explain import Cause
from rollcall.morning import Morning
from rollcall.verdict import JobJudged, SchedulerJudged
from rollcall.verdict.findings import Finding
from rollcall.vocabulary import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One cause, and all that it explains: a scheduler (None where it is the jobs' own) and jobs."""

    cause: Cause
    scheduler: SchedulerJudged | None
    jobs: tuple[JobJudged, ...]

    @property
    def subject(self) -> str:
        """The id of the scheduler, or of the first of the jobs."""
        return self.scheduler.scheduler.id if self.scheduler else self.jobs[0].job.id

    @property
    def hidden(self) -> tuple[JobJudged, ...]:
        """The jobs that only this keeps from being vouched for."""
        return tuple(each for each in self.jobs if not telling(each)) if self.scheduler else ()

    @property
    def verdict(self) -> Verdict:
        """The worst of what it explains."""
        if self.scheduler:
            return self.scheduler.verdict
        return min((each.verdict for each in self.jobs), key=_WORST_FIRST.index)

    @property
    def rank(self) -> int:
        """Where it stands among the others: schedulers first, then the worst."""
        return -1 if self.scheduler else _WORST_FIRST.index(self.verdict)


# What did not run cannot be mended by waiting; what could not be looked at may be well.
_WORST_FIRST = (
    Verdict.FAILED,
    Verdict.MISSED,
    Verdict.STUCK,
    Verdict.BAD_OUTPUT,
    Verdict.LATE,
    Verdict.UNKNOWN,
    Verdict.PAUSED,
    Verdict.PENDING,
    Verdict.OK,
)


def telling(judged: JobJudged | SchedulerJudged) -> tuple[Finding, ...]:
    """The findings that prove something by themselves, rather than for want of another."""
    return tuple(each for each in judged.findings if each.needs_a_person and not each.blocked_by)


def tell(morning: Morning) -> tuple[Told, ...]:
    """Everything that needs a person: schedulers first, then the worst; the order of jobs.toml where they are alike."""
    return tuple(sorted((*_of_schedulers(morning), *_of_jobs(morning)), key=lambda each: each.rank))


def is_hidden_by_scheduler(judged: JobJudged, morning: Morning) -> bool:
    """True where the cause of its scheduler explains the job as well."""
    cause = morning.job_causes[judged.job.id]
    scheduler = judged.job.scheduler
    root = morning.scheduler_causes.get(scheduler.id) if scheduler else None
    return bool(cause and root and cause.code is root.code)


def _of_schedulers(morning: Morning) -> Iterator[Told]:
    needing = [each for each in morning.jobs if each.needs_a_person and is_hidden_by_scheduler(each, morning)]
    for scheduler in morning.schedulers:
        cause = morning.scheduler_causes[scheduler.scheduler.id]
        if cause:
            jobs = tuple(
                each for each in needing if each.job.scheduler and each.job.scheduler.id == scheduler.scheduler.id
            )
            yield Told(cause=cause, scheduler=scheduler, jobs=jobs)


def _of_jobs(morning: Morning) -> Iterator[Told]:
    groups: dict[tuple[str, str], list[JobJudged]] = {}
    for judged in morning.jobs_that_need_a_person():
        cause = morning.job_causes[judged.job.id]
        if cause and not is_hidden_by_scheduler(judged, morning):
            groups.setdefault((cause.code, step_for_all(cause, judged)), []).append(judged)
    for jobs in groups.values():
        cause = morning.job_causes[jobs[0].job.id]
        assert cause is not None
        if len(jobs) > 1:
            cause = replace(cause, next_step=_step_from_first(cause, jobs[0]))
        yield Told(cause=cause, scheduler=None, jobs=tuple(jobs))


def step_for_all(cause: Cause, judged: JobJudged) -> str:
    """The next step without the one job's table in jobs.toml: where nothing else differs, one step mends them all."""
    return cause.next_step.replace(f"[jobs.{judged.job.id}]", "[jobs.…]")


def _step_from_first(cause: Cause, judged: JobJudged) -> str:
    """The same with a table that can be typed, and a word that the others have the same."""
    table = f"[jobs.{judged.job.id}]"
    return cause.next_step.replace(table, f"{table} (and the others)")
