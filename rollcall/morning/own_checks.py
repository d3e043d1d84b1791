"""What does a check of a person's own, about a job or a scheduler, prove of it? It counts as any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rollcall.morning import Morning
from rollcall.verdict.findings import Finding
from rollcall.vocabulary import CauseCode, Verdict

_FAILED = "it failed: "


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFailure:
    """A check that failed though no promise of jobs.toml says why: `kind` is "job" or "scheduler", `check` its name."""

    kind: str
    subject: str
    check: str
    said: str

    @property
    def finding(self) -> Finding:
        """The same, as what was found of its job or scheduler."""
        return Finding(
            check=self.check,
            verdict=Verdict.FAILED,
            code=CauseCode.CHECK_FAILED,
            expected="it passes",
            found=f"{_FAILED}{self.said}",
            because=f"your check {self.check} failed: {self.said}",
        )


def own_failures_of(morning: Morning) -> tuple[OwnFailure, ...]:
    """Those that count in the morning already."""
    judged = [("job", each.job.id, each.findings) for each in morning.jobs]
    judged += [("scheduler", each.scheduler.id, each.findings) for each in morning.schedulers]
    return tuple(
        OwnFailure(kind=kind, subject=subject, check=each.check, said=each.found.removeprefix(_FAILED))
        for kind, subject, findings in judged
        for each in findings
        if each.code is CauseCode.CHECK_FAILED
    )


def count_in(morning: Morning, failures: Mapping[str, OwnFailure]) -> Morning:
    """The morning in which they count: for the verdict, the cause and all that is told of their job or scheduler."""
    found: dict[tuple[str, str], tuple[Finding, ...]] = {}
    for each in failures.values():
        key = (each.kind, each.subject)
        found[key] = (*found.get(key, ()), each.finding)
    if not found:
        return morning
    return replace(
        morning,
        jobs=tuple(
            replace(each, findings=(*each.findings, *more)) if (more := found.get(("job", each.job.id))) else each
            for each in morning.jobs
        ),
        schedulers=tuple(
            replace(each, findings=(*each.findings, *more))
            if (more := found.get(("scheduler", each.scheduler.id)))
            else each
            for each in morning.schedulers
        ),
    )
