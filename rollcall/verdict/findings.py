"""What was promised, what was found, and what follows from it?

One record for every promise that is checked; the page, the terminal, the JSON and pytest's outcomes are all
drawn from it.
"""

from __future__ import annotations

from dataclasses import dataclass
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

    `check` is a `Check`, or the name of a check of a person's own. `code` names what the finding speaks for where it is
    not ok. `blocked_by` is the check whose failure left this one without evidence. `is_warning` is True where it is
    worth knowing, and not urgent.
    """

    check: str
    verdict: Verdict
    expected: str
    found: str
    because: str = ""
    code: CauseCode | None = None
    blocked_by: str | None = None
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


def ok(check: Check, expected: str, found: str) -> Finding:
    """The promise was kept."""
    return Finding(check=check, verdict=Verdict.OK, expected=expected, found=found)


def noted(check: Check, code: CauseCode, *, expected: str, found: str, because: str) -> Finding:
    """The promise was kept, and something beside it is worth knowing."""
    return Finding(
        check=check, verdict=Verdict.OK, code=code, expected=expected, found=found, because=because, is_warning=True
    )


def broken(
    check: Check | str, verdict: Verdict, code: CauseCode, *, expected: str, found: str, because: str
) -> Finding:
    """The promise was not kept, or could not be looked at (`Verdict.UNKNOWN`)."""
    return Finding(check=check, verdict=verdict, code=code, expected=expected, found=found, because=because)


def pending(check: Check, expected: str, because: str) -> Finding:
    """It is too early to tell: a run is still inside its time."""
    return Finding(check=check, verdict=Verdict.PENDING, expected=expected, found="too early to tell", because=because)


def replaced(check: Check, expected: str, because: str) -> Finding:
    """A later run has replaced the only evidence: it can no longer be told, and proves nothing either way."""
    found = "no longer to be told"
    return Finding(check=check, verdict=Verdict.PENDING, expected=expected, found=found, because=because)


def paused(check: Check, expected: str, because: str) -> Finding:
    """Nothing is owed for a while, and so nobody looked."""
    return Finding(check=check, verdict=Verdict.PAUSED, expected=expected, found="not looked at", because=because)


def cannot_tell(check: Check, expected: str, root: Finding) -> Finding:
    """Another check's failure left this one without evidence: one line, and never a second failure."""
    code = root.code
    assert code is not None
    return Finding(
        check=check,
        verdict=Verdict.UNKNOWN,
        code=code,
        expected=expected,
        found="not looked at",
        because=f"cannot tell: {code}",
        blocked_by=root.blocked_by or root.check,
    )
