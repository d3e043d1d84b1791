"""What was promised, what was found, and what follows from it?

One record for every promise that is checked; the page, the terminal, the JSON and pytest's outcomes are all
drawn from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from rollcall.vocabulary import CauseCode, Verdict

_FINE = frozenset({Verdict.OK, Verdict.PENDING, Verdict.PAUSED})


class Check(StrEnum):
    """The promises, named as the checks read them: `assert job.ran_on_time`."""

    ANSWERS = "answers"
    CLOCK_AGREES = "clock_agrees"
    SCHEDULER_IS_RUNNING = "scheduler_is_running"
    SCHEDULER_IS_ALIVE = "scheduler_is_alive"
    HAS_RECORDS = "has_records"
    MEMORY_ANSWERS = "memory_answers"

    IS_REGISTERED = "is_registered"
    NEXT_RUN_IS_ON_SCHEDULE = "next_run_is_on_schedule"
    EXECUTED_AFTER_DUE_TIME = "executed_after_due_time"
    STATUS_IS_SUCCESS = "status_is_success"
    STARTED_ON_TIME = "started_on_time"
    RUNTIME_IS_AS_ALLOWED = "runtime_is_as_allowed"
    RAN_ON_TIME = "ran_on_time"
    OUTPUT_EXISTS = "output_exists"
    OUTPUT_IS_WHOLE = "output_is_whole"
    OUTPUT_AGREES_WITH_RECORD = "output_agrees_with_record"
    NO_RUN_IS_MISSING = "no_run_is_missing"
    PAUSE_IS_CURRENT = "pause_is_current"
    UPSTREAM_DID_ITS_WORK = "upstream_did_its_work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One promise: what was expected, what was found, why that is so, and the verdict.

    `code` names what the finding speaks for where it is not ok. `blocked_by` is the check whose failure left this one
    without evidence. `is_warning` is True where it is worth knowing, and not urgent.
    """

    check: Check
    verdict: Verdict
    expected: str
    found: str
    because: str = ""
    code: CauseCode | None = None
    blocked_by: Check | None = None
    is_warning: bool = False

    @property
    def needs_a_person(self) -> bool:
        """True where somebody must look; what could not be looked at is never let pass."""
        return self.verdict not in _FINE and not self.is_warning

    def __str__(self) -> str:
        """The finding as one sentence: what a failing check says."""
        if self.blocked_by:
            return self.because
        return f"{self.verdict}: {self.because or self.found}"


@dataclass(frozen=True, slots=True)
class Promise:
    """A check and, in words, what it expects. Each method is a finding: what was seen of it, and what that means."""

    check: Check
    expected: str

    def kept(self, found: str) -> Finding:
        """It was kept."""
        return Finding(check=self.check, verdict=Verdict.OK, expected=self.expected, found=found)

    def broken(self, verdict: Verdict, code: CauseCode, found: str, because: str) -> Finding:
        """It was not kept, or could not be looked at (`Verdict.UNKNOWN`)."""
        return Finding(
            check=self.check, verdict=verdict, code=code, expected=self.expected, found=found, because=because
        )

    def warned(self, code: CauseCode, found: str, because: str, *, verdict: Verdict = Verdict.OK) -> Finding:
        """Something about it is worth knowing, and not urgent."""
        return replace(self.broken(verdict, code, found, because), is_warning=True)

    def pending(self, because: str) -> Finding:
        """It is too early to tell: a run is still inside its time."""
        return self._open("too early to tell", because)

    def replaced(self, because: str) -> Finding:
        """A later run has replaced the only evidence: it can no longer be told, and proves nothing either way."""
        return self._open("no longer to be told", because)

    def _open(self, found: str, because: str) -> Finding:
        return Finding(check=self.check, verdict=Verdict.PENDING, expected=self.expected, found=found, because=because)

    def paused(self, because: str) -> Finding:
        """Nothing is owed for a while, and so nobody looked."""
        return replace(self._open("not looked at", because), verdict=Verdict.PAUSED)

    def blocked(self, root: Finding) -> Finding:
        """Another check's failure left this one without evidence: one line, and never a second failure."""
        assert root.code is not None
        finding = self.broken(Verdict.UNKNOWN, root.code, "not looked at", f"cannot tell: {root.code}")
        return replace(finding, blocked_by=root.blocked_by or root.check)

    def as_of(self, other: Finding) -> Finding:
        """The same was found of it as of another promise."""
        return replace(other, check=self.check, expected=self.expected)
