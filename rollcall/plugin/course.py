"""How does the run go, whatever becomes of the jobs: does every check that was selected finish?"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.morning.own_checks import OwnFailure
from rollcall.plugin.outcome import explains_failure
from rollcall.text import clean, counted

NOT_LOOKED = "no job and no scheduler was looked at"


@dataclass(slots=True)
class Course:
    """What is counted of a run while it goes on: `left_out` are the checks that -k, -m or --deselect took out."""

    expected: int = 0
    left_out: int = 0
    own_failures: dict[str, OwnFailure] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    _unloaded: set[str] = field(default_factory=set)
    _other_failures: dict[str, None] = field(default_factory=dict)

    @property
    def ending(self) -> Ending:
        """How it ends if it ends now: until it is over, it did not finish."""
        return Ending(interruption=NOT_LOOKED)

    def collected(self, report: pytest.CollectReport) -> None:
        """Counts what could not be loaded."""
        if report.failed:
            self._unloaded.add(report.nodeid)

    def ran(self, report: pytest.TestReport) -> None:
        """Counts a check that finished. A worker that crashes never tears down the check it was in."""
        if report.when == "teardown":
            self._done.add(report.nodeid)
        if not report.failed or explains_failure(report):
            return
        about, nodeid = dict(report.user_properties), clean(report.nodeid)
        kind = next((each for each in ("job", "scheduler") if each in about), None)
        if kind:
            failure = OwnFailure(kind=kind, subject=str(about[kind]), check=nodeid, said=_said(report))
            self.own_failures.setdefault(nodeid, failure)
        else:
            self._other_failures[nodeid] = None

    def end(self, exitstatus: int, morning: Morning | None) -> Ending:
        """How it ended."""
        return Ending(
            interruption=self._why_incomplete(exitstatus, morning), other_failures=tuple(self._other_failures)
        )

    def _why_incomplete(self, exitstatus: int, morning: Morning | None) -> str | None:
        if self._unloaded:
            return f"{counted(len(self._unloaded), 'file')} of checks could not be loaded"
        if exitstatus == pytest.ExitCode.INTERRUPTED:
            return "it was interrupted"
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            return "no check was selected"
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return f"pytest ended with status {int(exitstatus)}"
        if morning is None:
            return NOT_LOOKED
        if len(self._done) < self.expected:
            return f"only {len(self._done)} of {counted(self.expected, 'check')} finished"
        return None


def _said(report: pytest.TestReport) -> str:
    """The first line of why it failed."""
    crash = getattr(report.longrepr, "reprcrash", None)
    said = crash.message if crash else str(report.longrepr or "")
    return clean(said.strip().partition("\n")[0], 300)
