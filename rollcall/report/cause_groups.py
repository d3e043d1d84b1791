"""Which things need attention, each said once, the worst first?

One cause is one thing, however many jobs it spoils; so is a broken scheduler with all that it hides of its jobs, and
either with all the jobs that did not do their work because theirs was not done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rollcall.causes.explain import Cause
from rollcall.morning import Morning
from rollcall.verdict.findings import Finding
from rollcall.verdict.judged import JobJudged, SchedulerJudged
from rollcall.vocabulary import CauseCode, Verdict

# Waiting does not fix what did not run; what could not be looked at may be well.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseGroup:
    """One cause, and all that it explains: a scheduler (None where it is the jobs' own) and jobs.

    `downstream` are the jobs that did not do their work because that of `jobs` was not done, whoever runs them.
    `steps` are what to do, each with the jobs that it is for: one where the same step is for all of them.
    """

    cause: Cause
    scheduler: SchedulerJudged | None
    jobs: tuple[JobJudged, ...]
    steps: tuple[tuple[str, tuple[JobJudged, ...]], ...]
    downstream: tuple[JobJudged, ...] = ()

    @property
    def everyone(self) -> tuple[JobJudged, ...]:
        """All the jobs that it explains, those that only need the others last."""
        return (*self.jobs, *self.downstream)

    @property
    def subject(self) -> str:
        """The id of its scheduler, or of the first of its jobs."""
        return self.scheduler.scheduler.id if self.scheduler else self.jobs[0].job.id

    @property
    def hidden(self) -> tuple[JobJudged, ...]:
        """The jobs that only this keeps from being vouched for."""
        return tuple(each for each in self.jobs if not own_findings(each)) if self.scheduler else ()

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


def group_by_cause(morning: Morning) -> tuple[CauseGroup, ...]:
    """Everything that needs a person: schedulers first, then the worst; the order of jobs.toml where they are alike."""
    downstream = morning.downstream
    needing = [each for each in morning.jobs_that_need_a_person() if each.job.id not in downstream]
    groups = []
    for scheduler in morning.schedulers:
        if cause := morning.scheduler_causes[scheduler.scheduler.id]:
            jobs = tuple(each for each in needing if _told_by(each, morning) == scheduler.scheduler.id)
            groups.append(CauseGroup(cause=cause, scheduler=scheduler, jobs=jobs, steps=((cause.next_step, jobs),)))
    alike: dict[str, list[tuple[JobJudged, Cause]]] = {}
    for judged in needing:
        cause = morning.job_causes[judged.job.id]
        if cause and _told_by(judged, morning) is None:
            # A host that is silent is one thing, and two of them are two.
            of_host = judged.job.host or "" if cause.code is CauseCode.HOST_SILENT else ""
            alike.setdefault(f"{cause.code} {of_host}", []).append((judged, cause))
    for explained in alike.values():
        # The worst first, as what is said of the whole is said of its first job.
        explained.sort(key=lambda each: _WORST_FIRST.index(each[0].verdict))
        steps = _steps(explained)
        cause = replace(explained[0][1], next_step=steps[0][0])
        jobs = tuple(judged for judged, _ in explained)
        groups.append(CauseGroup(cause=cause, scheduler=None, jobs=jobs, steps=steps))
    groups = [replace(each, downstream=_downstream(each, morning)) for each in groups] if downstream else groups
    return tuple(sorted(groups, key=lambda each: each.rank))


def _downstream(group: CauseGroup, morning: Morning) -> tuple[JobJudged, ...]:
    roots = {each.job.id for each in group.jobs}
    return tuple(
        each
        for each in morning.jobs
        if (root := morning.downstream.get(each.job.id)) is not None and root.job.id in roots
    )


def _steps(explained: Sequence[tuple[JobJudged, Cause]]) -> tuple[tuple[str, tuple[JobJudged, ...]], ...]:
    """Where nothing but the one job's table in jobs.toml differs, one step is for all of them."""
    alike: dict[str, list[JobJudged]] = {}
    for judged, cause in explained:
        alike.setdefault(cause.next_step.replace(f"[jobs.{judged.job.id}]", "[jobs.…]"), []).append(judged)
    steps = []
    for step, jobs in alike.items():
        table = f"[jobs.{jobs[0].job.id}]"
        steps.append((step.replace("[jobs.…]", f"{table} (and the others)" if len(jobs) > 1 else table), tuple(jobs)))
    return tuple(steps)


def warnings_of(morning: Morning) -> tuple[tuple[Cause, tuple[JobJudged, ...]], ...]:
    """What is worth knowing and not urgent, by its code: the cause of the first job, and the jobs."""
    alike: dict[str, list[JobJudged]] = {}
    for judged in morning.jobs:
        cause = morning.job_causes[judged.job.id]
        if cause and judged.is_warned:
            alike.setdefault(cause.code, []).append(judged)
    return tuple((cause, tuple(jobs)) for jobs in alike.values() if (cause := morning.job_causes[jobs[0].job.id]))


def own_findings(judged: JobJudged | SchedulerJudged) -> tuple[Finding, ...]:
    """The findings that prove something by themselves, rather than for want of another."""
    return tuple(each for each in judged.findings if each.needs_a_person and not each.blocked_by)


def _told_by(judged: JobJudged, morning: Morning) -> str | None:
    """The id of the scheduler of whose cause it is told: its own, or the first that the same silent host hides."""
    if is_hidden_by_scheduler(judged, morning):
        assert judged.job.scheduler
        return judged.job.scheduler.id
    cause = morning.job_causes[judged.job.id]
    if cause is None or cause.code is not CauseCode.HOST_SILENT or judged.job.host is None:
        return None
    of_host = (each.scheduler for each in morning.schedulers if each.scheduler.host == judged.job.host)
    causes = ((each.id, morning.scheduler_causes[each.id]) for each in of_host)
    return next((name for name, each in causes if each and each.code is CauseCode.HOST_SILENT), None)


def is_hidden_by_scheduler(judged: JobJudged, morning: Morning) -> bool:
    """True where the cause of its scheduler explains the job as well."""
    cause = morning.job_causes[judged.job.id]
    scheduler = judged.job.scheduler
    root = morning.scheduler_causes.get(scheduler.id) if scheduler else None
    return bool(cause and root and cause.code is root.code)
