"""What was promised, what was found, and what follows from it?

One record for every promise that is checked; the page, the terminal, the JSON and pytest's outcomes are all
drawn from it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from rollcall.vocabulary import CauseCode, Verdict

_FINE = frozenset({Verdict.OK, Verdict.PENDING, Verdict.PAUSED})


class Check(StrEnum):
    """The promises, named as the checks read them: `assert job.ran_on_time`.

    First those of a scheduler, then those of a job, what says more about it first: what happened to the run itself
    says more than how it is registered.
    """

    ANSWERS = "answers"
    CLOCK_AGREES = "clock_agrees"
    SCHEDULER_IS_RUNNING = "scheduler_is_running"
    SCHEDULER_IS_ALIVE = "scheduler_is_alive"
    HAS_RECORDS = "has_records"
    MEMORY_ANSWERS = "memory_answers"

    UPSTREAM_DID_ITS_WORK = "upstream_did_its_work"
    EXECUTED_AFTER_DUE_TIME = "executed_after_due_time"
    STATUS_IS_SUCCESS = "status_is_success"
    OUTPUT_EXISTS = "output_exists"
    OUTPUT_IS_WHOLE = "output_is_whole"
    OUTPUT_AGREES_WITH_RECORD = "output_agrees_with_record"
    RAN_ON_TIME = "ran_on_time"
    STARTED_ON_TIME = "started_on_time"
    RUNTIME_IS_AS_ALLOWED = "runtime_is_as_allowed"
    NO_RUN_IS_MISSING = "no_run_is_missing"
    IS_REGISTERED = "is_registered"
    NEXT_RUN_IS_ON_SCHEDULE = "next_run_is_on_schedule"
    PAUSE_IS_CURRENT = "pause_is_current"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One promise: what was expected, what was found, why that is so, and the verdict.

    `check` is a `Check`, or the name of a check of a person's own. `code` names what the finding speaks for where it is
    not ok. `blocked_by` is the check whose failure left this one without evidence. `is_warning` is True where it is
    worth knowing, and not urgent. Of a finding about what a run left, `output` is which of the job's it is, from 0, and
    `file` the name of the one that it is about, "" where it is about none; `upstream` is the job without
    whose work its own could not be done, "" where there is none.
    """

    check: str
    verdict: Verdict
    expected: str
    found: str
    because: str = ""
    code: CauseCode | None = None
    blocked_by: str | None = None
    is_warning: bool = False
    output: int = 0
    file: str = ""
    upstream: str = ""

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

    def _finding(self, verdict: Verdict, found: str, because: str = "", code: CauseCode | None = None) -> Finding:
        return Finding(
            check=self.check, verdict=verdict, expected=self.expected, found=found, because=because, code=code
        )

    def kept(self, found: str) -> Finding:
        """It was kept."""
        return self._finding(Verdict.OK, found)

    def broken(self, verdict: Verdict, code: CauseCode, found: str, because: str) -> Finding:
        """It was not kept, or could not be looked at (`Verdict.UNKNOWN`)."""
        return self._finding(verdict, found, because, code)

    def warned(self, code: CauseCode, found: str, because: str, *, verdict: Verdict = Verdict.OK) -> Finding:
        """Something about it is worth knowing, and not urgent."""
        return replace(self._finding(verdict, found, because, code), is_warning=True)

    def pending(self, because: str) -> Finding:
        """It is too early to tell: a run is still inside its time."""
        return self._finding(Verdict.PENDING, "too early to tell", because)

    def replaced(self, because: str) -> Finding:
        """A later run has replaced the only evidence: it can no longer be told, and proves nothing either way."""
        return self._finding(Verdict.PENDING, "no longer known", because)

    def paused(self, because: str) -> Finding:
        """Nothing is owed for a while, and so nobody looked."""
        return self._finding(Verdict.PAUSED, "not looked at", because)

    def blocked(self, root: Finding) -> Finding:
        """Another check's failure left this one without evidence: one line, and never a second failure."""
        assert root.code is not None
        finding = self._finding(Verdict.UNKNOWN, "not looked at", f"cannot tell: {root.code}", root.code)
        return replace(finding, blocked_by=root.blocked_by or root.check)

    def as_of(self, other: Finding) -> Finding:
        """The same was found of it as of another promise."""
        return replace(other, check=self.check, expected=self.expected)
