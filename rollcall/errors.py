"""What can go wrong, and how is it said?

RollcallError
├── BadInput      jobs.toml or a command line is wrong: every mistake at once; exit status 4
└── CannotLook    a witness could not be asked: never green, never called a failure of the job

"Looked and saw none" is a value (an empty tuple, None). "Could not look" is `CannotLook`. They are never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CauseCode(StrEnum):
    """The closed vocabulary of what a finding can be explained by; nearer the root first."""

    # of a record that is replayed
    NOT_RECORDED = "not-recorded"
    # of a scheduler
    SCHEDULER_DOWN = "scheduler-down"
    ACCESS_DENIED = "access-denied"
    WRONG_SERVICE = "wrong-service"
    SCHEDULER_ERROR = "scheduler-error"
    SCHEDULER_STOPPED = "scheduler-stopped"
    SCHEDULER_STALLED = "scheduler-stalled"
    CLOCK_SKEW = "clock-skew"
    # of a job
    NOT_REGISTERED = "not-registered"
    JOB_PAUSED = "job-paused"
    WRONG_TIMEZONE = "wrong-timezone"
    SCHEDULE_DRIFT = "schedule-drift"
    NAIVE_TIMESTAMP = "naive-timestamp"
    FUTURE_TIMESTAMP = "future-timestamp"
    DISK_FULL = "disk-full"
    RUN_FAILED = "run-failed"
    STILL_RUNNING = "still-running"
    NEVER_RAN = "never-ran"
    MISSED_RUN = "missed-run"
    OUTPUT_UNREADABLE = "output-unreadable"
    SUCCESS_WITHOUT_OUTPUT = "success-without-output"
    STALE_OUTPUT = "stale-output"
    EMPTY_OUTPUT = "empty-output"
    TRUNCATED_OUTPUT = "truncated-output"
    DEGRADED_OUTPUT = "degraded-output"
    DUPLICATE_OUTPUT = "duplicate-output"
    UNRECORDED_RUN = "unrecorded-run"
    RAN_LATE = "ran-late"
    RAN_TWICE = "ran-twice"


class RollcallError(Exception):
    """The root: whatever Roll call says on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in what a person wrote: where, what, which rule, what to write instead."""

    place: str
    value: str | None = None
    rule: str

    def __str__(self) -> str:
        value = "" if self.value is None else f" = {self.value}"
        return f"{self.place}{value}: {self.rule}"


class BadInput(RollcallError):
    """All the mistakes of one input, to be mended in one go."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(str(mistake) for mistake in mistakes))

    @classmethod
    def single(cls, place: str, rule: str, value: str | None = None) -> BadInput:
        """One mistake, where there can be only one (a file that is not there)."""
        return cls((Mistake(place=place, rule=rule, value=value),))


class CannotLook(RollcallError):
    """A witness could not be asked.

    `detail` is one clean line that proves it.
    """

    def __init__(self, code: CauseCode, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")
