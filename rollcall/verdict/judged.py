"""What was found of a job and of a scheduler, and what does that weigh together?"""

from dataclasses import dataclass
from datetime import datetime

from rollcall.evidence import FileSeen
from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.roll.scheduler import Scheduler
from rollcall.verdict.case import Case
from rollcall.verdict.findings import Check, Finding
from rollcall.verdict.witnesses import Witnesses
from rollcall.vocabulary import Verdict

_ORDER = tuple(Check)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerJudged:
    """A scheduler and what was found of it; `undeclared` are jobs that it lists and jobs.toml does not know."""

    scheduler: Scheduler
    findings: tuple[Finding, ...]
    undeclared: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The findings that need a person."""
        return tuple([each for each in self.findings if each.needs_a_person])

    @property
    def verdict(self) -> Verdict:
        """That of the first of its findings that needs a person."""
        return self.broken[0].verdict if self.broken else Verdict.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class JobJudged:
    """A job, the due run that was judged (`case`; None where none was owed yet) and what was found of it.

    `next_due_at` is the first due instant after the judged moment; `is_pending` is True where a newer due run is still
    inside its time. `unusual` says how what the run left stands out from what is usual, or grows; "" where it does not.
    """

    seen: Witnesses
    case: Case | None
    findings: tuple[Finding, ...]
    next_due_at: datetime | None
    is_pending: bool
    unusual: str = ""

    @property
    def job(self) -> Job:
        """The job as it is owed; an interval that nobody anchored, counted from what was seen."""
        return self.seen.job

    @property
    def due_run(self) -> DueRun | None:
        """The due run that was judged."""
        return self.case.run if self.case else None

    @property
    def ran_at(self) -> datetime | None:
        """When the judged run was seen to be done, by its output or its record."""
        return self.case.first_seen if self.case else None

    @property
    def files(self) -> tuple[FileSeen | None, ...]:
        """The newest file of the judged run, for each declared output; nothing where no run was."""
        return self.case.newest_files if self.case else ()

    @property
    def file(self) -> FileSeen | None:
        """The file of its first output."""
        return self.files[0] if self.files else None

    @property
    def verdict(self) -> Verdict:
        """That of the heaviest finding. What is not proven is not ok: where it is too early to tell, it is pending."""
        heaviest = min(self.findings, key=_lightness, default=None)
        if heaviest is not None and heaviest.verdict is not Verdict.OK:
            return heaviest.verdict
        return Verdict.PENDING if self.is_pending or self.due_run is None else Verdict.OK

    @property
    def needs_a_person(self) -> bool:
        """True where any finding does."""
        return any(each.needs_a_person for each in self.findings)

    @property
    def is_warned(self) -> bool:
        """True where something is worth knowing, and nothing urgent."""
        return not self.needs_a_person and any(each.is_warning for each in self.findings)


def _lightness(finding: Finding) -> tuple[int, int]:
    """How little a finding weighs: proof of harm, doubt, a warning, what is too early to tell, what is well."""
    kind = 4
    if finding.needs_a_person:
        kind = 1 if finding.verdict is Verdict.UNKNOWN else 0
    elif finding.verdict is not Verdict.OK:
        kind = 2 if finding.is_warning else 3
    return kind, _ORDER.index(finding.check) if finding.check in _ORDER else len(_ORDER)
