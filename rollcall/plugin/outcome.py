"""How does a check end: a sentence instead of a traceback, and never green without evidence?"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterable
from itertools import islice
from types import CodeType, TracebackType
from typing import NoReturn

import pytest

from rollcall.plugin.subjects import parameters_of
from rollcall.plugin.views import CannotTell, CheckedJob, CheckedScheduler, NotPromised, Paused
from rollcall.verdict.findings import Finding

CANNOT_TELL = "cannot tell: "
PAUSED = "paused: "
TOLD = "finding"

Subject = CheckedJob | CheckedScheduler
Phase = Generator[None, object, object]


class MorningWarning(UserWarning):
    """Worth knowing, not urgent, such as a late run with `late = "warn"`."""


def set_up(item: pytest.Item) -> Phase:
    """Wraps the setup of a check, in which a reader's own fixtures may ask a job or a scheduler already."""
    subjects = _subjects(item)
    item.user_properties += [each for subject in subjects if subject.is_known for each in _properties(subject)]
    return (yield from _in_sentences(item, subjects))


def run(function: pytest.Function) -> Phase:
    """Wraps the call of a check: what it asked decides how its failure is told."""
    subjects = _subjects(function)
    result = yield from _in_sentences(function, subjects)
    _warn(subjects)
    return result


def explains_failure(report: pytest.TestReport) -> bool:
    """True where a finding about a job or a scheduler says why the check failed, rather than its own traceback."""
    return report.when == "call" and TOLD in dict(report.user_properties)


def _subjects(item: pytest.Item) -> list[Subject]:
    return [each for each in parameters_of(item).values() if isinstance(each, CheckedJob | CheckedScheduler)]


def _properties(subject: Subject) -> list[tuple[str, object]]:
    """What junit.xml and the page's table learn of a check beside its outcome."""
    kind = "job" if isinstance(subject, CheckedJob) else "scheduler"
    facts = subject.facts
    cause = [("cause", str(facts.cause))] if facts.cause else []
    return [(kind, subject.id), ("verdict", str(facts.verdict)), *cause]


def _in_sentences(item: pytest.Item, subjects: Iterable[Subject]) -> Phase:
    for subject in subjects:
        subject.asked.clear()
    try:
        return (yield)
    except (CannotTell, NotPromised) as reason:
        told: Finding | NotPromised = reason.finding if isinstance(reason, CannotTell) else reason
    except AssertionError as error:
        broken = _broken_in(_statement(error.__traceback__), subjects)
        if broken is None:
            raise
        told = broken
    # Outside of the handlers: a sentence must not drag the traceback of the assert along as its context.
    _tell(item, told)


def _statement(traceback: TracebackType | None) -> tuple[CodeType | None, range]:
    """The code that raised, and the lines of the statement that did."""
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    if traceback is None:
        return None, range(0)
    code = traceback.tb_frame.f_code
    # Two bytes an instruction.
    first, last, *_ = next(islice(code.co_positions(), traceback.tb_lasti // 2, None))
    first = first or traceback.tb_lineno
    return code, range(first, (last or first) + 1)


def _broken_in(statement: tuple[CodeType | None, range], subjects: Iterable[Subject]) -> Finding | None:
    """The broken promise that was asked last by that statement; None where the assertion is about something else."""
    code, lines = statement
    asked = [each for subject in subjects for each in subject.asked if each.code is code and each.line in lines]
    # Not simply the last: to explain a failed `a and b`, pytest asks `a` once more.
    return next((each.finding for each in reversed(asked) if each.finding.needs_a_person), None)


def _tell(item: pytest.Item, told: Finding | NotPromised) -> NoReturn:
    """One root cause is not reported nine times: what another check's failure hides is no second failure."""
    if isinstance(told, Paused):
        pytest.skip(f"{PAUSED}{told}")
    if isinstance(told, NotPromised):
        pytest.skip(f"not applicable: {told}")
    item.user_properties.append((TOLD, str(told.check)))
    if told.blocked_by:
        pytest.skip(str(told))
    pytest.fail(str(told), pytrace=False)


def _warn(subjects: Iterable[Subject]) -> None:
    findings = {(each, asked.finding) for each in subjects for asked in each.asked if asked.finding.is_warning}
    if not findings:
        return
    with warnings.catch_warnings():
        # Whatever the project or the command line makes of warnings, this one fails no check.
        warnings.simplefilter("always", MorningWarning)
        for subject, finding in findings:
            # Where pytest shows a line of code, that of the declaration tells a reader more than ours.
            file, line = subject.facts.declared_at
            warnings.warn_explicit(f"{subject.id}: {finding}", MorningWarning, file, line)


def status_of(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """What the terminal calls a check that could not tell, or of a job that is paused; None for all others."""
    if report.outcome != "skipped" or not isinstance(report.longrepr, tuple):
        return None
    if CANNOT_TELL in report.longrepr[2]:
        return "cannot tell", "?", ("CANNOT TELL", {"yellow": True})
    if report.longrepr[2].removeprefix("Skipped: ").startswith(PAUSED):
        return "paused", "p", ("PAUSED", {"yellow": True})
    return None
