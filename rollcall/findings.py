"""What was promised, what was found, and what follows from it?

One record for every promise that is checked; the page, the terminal, the JSON and pytest's outcomes are all
drawn from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVarTuple

from rollcall.errors import CauseCode


class Verdict(StrEnum):
    """What the evidence proves."""

    OK = "ok"
    PENDING = "pending"
    PAUSED = "paused"
    LATE = "late"
    MISSED = "missed"
    FAILED = "failed"
    STUCK = "stuck"
    BAD_OUTPUT = "bad-output"
    UNKNOWN = "unknown"


_OK = Verdict.OK
_FINE = frozenset({Verdict.OK, Verdict.PENDING, Verdict.PAUSED})


class Check(StrEnum):
    """The promises, named as the checks read them: `assert job.ran_on_time`."""

    ANSWERS = "answers"
    CLOCK_AGREES = "clock_agrees"
    SCHEDULER_IS_RUNNING = "scheduler_is_running"
    SCHEDULER_IS_ALIVE = "scheduler_is_alive"
    DATABASE_ANSWERS = "database_answers"

    IS_REGISTERED = "is_registered"
    NEXT_RUN_IS_ON_SCHEDULE = "next_run_is_on_schedule"
    EXECUTED_AFTER_DUE_TIME = "executed_after_due_time"
    STATUS_IS_SUCCESS = "status_is_success"
    RAN_ON_TIME = "ran_on_time"
    OUTPUT_EXISTS = "output_exists"
    OUTPUT_IS_WHOLE = "output_is_whole"
    OUTPUT_AGREES_WITH_RECORD = "output_agrees_with_record"
    NO_RUN_IS_MISSING = "no_run_is_missing"
    PAUSE_IS_CURRENT = "pause_is_current"


Words = TypeVarTuple("Words")


# A sentence, or the function that will write it, and what of: nobody reads most of those that say all is well.
Sentence = str | tuple[Any, ...]


def later(write: Callable[[*Words], str], *words: *Words) -> Sentence:
    """The sentence that `write` makes of `words`, once somebody reads it."""
    return (write, *words)


@dataclass(frozen=True, slots=True, init=False)
class Finding:
    """One promise: what was expected, what was found, why that is so, and the verdict.

    `code` names what the finding speaks for where it is not ok. `blocked_by` is the check whose failure left this one
    without evidence. `is_warning` is True where it is worth telling but nobody must get up for it. A sentence is
    written when it is first read (or compared, or handed to another process).
    """

    check: Check
    verdict: Verdict
    expected: str
    found: str
    because: str
    code: CauseCode | None
    blocked_by: Check | None
    is_warning: bool
    # Last, so that nothing is left in it by the time a finding is pickled: all else has been read.
    unwritten: tuple[Sentence, ...] = field(init=False, repr=False, compare=False)

    def __init__(
        self,
        check: Check,
        verdict: Verdict,
        expected: Sentence,
        found: Sentence,
        because: Sentence = "",
        code: CauseCode | None = None,
        blocked_by: Check | None = None,
        is_warning: bool = False,
    ) -> None:
        _put_check(self, check)
        _put_verdict(self, verdict)
        _put_code(self, code)
        _put_blocked_by(self, blocked_by)
        _put_is_warning(self, is_warning)
        _put_unwritten(self, (expected, found, because))

    def __getattr__(self, name: str) -> str:
        """The sentence of that name: the slots of all three are empty until one is read."""
        if name not in _SENTENCES:
            raise AttributeError(name)
        for each, sentence in zip(_SENTENCES, self.unwritten, strict=True):
            object.__setattr__(self, each, sentence if isinstance(sentence, str) else sentence[0](*sentence[1:]))
        object.__setattr__(self, "unwritten", ())
        return str(object.__getattribute__(self, name))

    @property
    def needs_a_person(self) -> bool:
        """True where somebody must look; what could not be looked at is never let pass."""
        return self.verdict not in _FINE and not self.is_warning

    def __str__(self) -> str:
        """The finding as one sentence: what a failing check says."""
        if self.blocked_by:
            return self.because
        return f"{self.verdict}: {self.because or self.found}"


# A frozen record is filled by its slots' own setters: to look each up by its name takes longer than the rest.
_put_check, _put_verdict, _put_code, _put_blocked_by, _put_is_warning, _put_unwritten = (
    Finding.__dict__[name].__set__ for name in ("check", "verdict", "code", "blocked_by", "is_warning", "unwritten")
)
_new = object.__new__
_SENTENCES = ("expected", "found", "because")


def ok(check: Check, expected: Sentence, found: Sentence) -> Finding:
    """The promise was kept."""
    # Most findings are this one: filled here, without a call in between, it takes two thirds of the time.
    finding = _new(Finding)
    _put_check(finding, check)
    _put_verdict(finding, _OK)
    _put_code(finding, None)
    _put_blocked_by(finding, None)
    _put_is_warning(finding, False)
    _put_unwritten(finding, (expected, found, ""))
    return finding


def broken(
    check: Check, verdict: Verdict, code: CauseCode, *, expected: Sentence, found: Sentence, because: Sentence
) -> Finding:
    """The promise was not kept, or could not be looked at (`Verdict.UNKNOWN`)."""
    return Finding(check=check, verdict=verdict, code=code, expected=expected, found=found, because=because)


def pending(check: Check, expected: Sentence, because: Sentence) -> Finding:
    """It is too early to tell: a run is still inside its time."""
    return Finding(check=check, verdict=Verdict.PENDING, expected=expected, found="too early to tell", because=because)


def replaced(check: Check, expected: Sentence, because: Sentence) -> Finding:
    """A later run has replaced the only evidence: it will never be told, and proves nothing either way."""
    found = "no longer to be told"
    return Finding(check=check, verdict=Verdict.PENDING, expected=expected, found=found, because=because)


def paused(check: Check, expected: Sentence, because: Sentence) -> Finding:
    """Nothing is owed for a while, and so nobody looked."""
    return Finding(check=check, verdict=Verdict.PAUSED, expected=expected, found="not looked at", because=because)


def cannot_tell(check: Check, expected: Sentence, root: Finding) -> Finding:
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
