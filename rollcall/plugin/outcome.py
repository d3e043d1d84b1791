"""How does a check end: a sentence instead of a traceback, and never green without evidence?"""

from __future__ import annotations

import warnings
from collections.abc import Generator
from typing import NoReturn

import pytest

from rollcall.findings import Finding
from rollcall.plugin.views import CannotTell, CheckedJob, CheckedService, NotPromised

CANNOT_TELL = "cannot tell: "


class MorningWarning(UserWarning):
    """Something worth telling that nobody must get up for, such as a late run with `late = "warn"`."""


def run(function: pytest.Function) -> Generator[None, object, object]:
    """Wraps the call of a check: what it asked decides how its failure is told."""
    subjects = [each for each in function.funcargs.values() if isinstance(each, CheckedJob | CheckedService)]
    for subject in subjects:
        subject.asked.clear()
        function.user_properties += _properties(subject)
    try:
        result = yield
    except (CannotTell, NotPromised) as reason:
        told: Finding | NotPromised = reason.finding if isinstance(reason, CannotTell) else reason
    except AssertionError:
        asked = [finding for subject in subjects for finding in subject.asked]
        if not asked or not asked[-1].needs_a_person:
            raise
        told = asked[-1]
    else:
        _warn(subjects)
        return result
    # Outside of the handlers: a sentence must not drag the traceback of the assert along as its context.
    return _tell(told)


def _properties(subject: CheckedJob | CheckedService) -> list[tuple[str, object]]:
    """What junit.xml and the page's table learn of a check beside its outcome."""
    kind = "job" if isinstance(subject, CheckedJob) else "service"
    facts = subject.facts
    cause = [("cause", str(facts.cause))] if facts.cause else []
    return [(kind, subject.id), ("verdict", str(facts.verdict)), *cause]


def _tell(told: Finding | NotPromised) -> NoReturn:
    """One root cause is not reported nine times: what another check's failure hides is no second failure."""
    if isinstance(told, NotPromised):
        pytest.skip(f"not applicable: {told}")
    if told.blocked_by:
        pytest.skip(str(told))
    pytest.fail(str(told), pytrace=False)


def _warn(subjects: list[CheckedJob | CheckedService]) -> None:
    for subject in subjects:
        for finding in subject.asked:
            if finding.is_warning:
                warnings.warn(MorningWarning(f"{subject.id}: {finding}"), stacklevel=2)


def status_of(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """What the terminal calls a check that could not tell; None for all others."""
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple) and CANNOT_TELL in report.longrepr[2]:
        return "cannot tell", "?", ("CANNOT TELL", {"yellow": True})
    return None
