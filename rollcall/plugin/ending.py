"""How did the run end, whatever became of the jobs: did every check that was selected come to its end?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from rollcall.plugin.outcome import is_told
from rollcall.plugin.session import Session
from rollcall.text import clean, counted

JOB = "job"  # the property of a check that tells which job it is about
NOT_LOOKED = "no job and no scheduler was looked at"


@dataclass(slots=True)
class Ending:
    """What is counted of a run while it goes on, and what follows from that.

    `interruption` is why it did not come to its end, None where it did: until it is over, it did not.
    """

    expected: int = 0
    interruption: str | None = NOT_LOOKED
    _done: set[str] = field(default_factory=set)
    _unloaded: set[str] = field(default_factory=set)
    _other_failures: dict[str, str] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """True where every selected check came to its end and the result stands where it belongs."""
        return self.interruption is None

    @property
    def other_failures(self) -> tuple[str, ...]:
        """The checks that failed though no finding says why."""
        return tuple(self._other_failures)

    @property
    def about(self) -> dict[str, str]:
        """The job that each of them is about, by its id, of those that are about one."""
        return {check: job_id for check, job_id in self._other_failures.items() if job_id}

    @property
    def told(self) -> dict[str, Any]:
        """What every output tells of it."""
        return {
            "is_complete": self.is_complete,
            "interruption": self.interruption,
            "other_failures": self.other_failures,
        }

    def collected(self, report: pytest.CollectReport) -> None:
        """Counts what could not be loaded."""
        if report.failed:
            self._unloaded.add(report.nodeid)

    def ran(self, report: pytest.TestReport) -> None:
        """Counts a check that came to its end. A worker that crashes never tears down the check it was in."""
        if report.when == "teardown":
            self._done.add(report.nodeid)
        if report.failed and not is_told(report):
            self._other_failures[clean(report.nodeid)] = str(dict(report.user_properties).get(JOB, ""))

    def end(self, exitstatus: int, session: Session | None) -> int:
        """The exit status that is true, and the interruption with it: no 0 without the whole evidence.

        A check that could not tell is skipped, and skips are green to pytest.
        """
        morning = session.morning if session else None
        self.interruption = self._why_incomplete(exitstatus, session)
        is_in_doubt = self.interruption or morning is None or morning.needs_a_person
        return pytest.ExitCode.TESTS_FAILED if exitstatus == pytest.ExitCode.OK and is_in_doubt else exitstatus

    def _why_incomplete(self, exitstatus: int, session: Session | None) -> str | None:
        if self._unloaded:
            return f"{counted(len(self._unloaded), 'file')} of checks could not be loaded"
        if exitstatus == pytest.ExitCode.INTERRUPTED:
            return "it was interrupted"
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            return "no check was selected"
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return f"pytest ended with status {int(exitstatus)}"
        if session is None or session.morning is None:
            return NOT_LOOKED
        if len(self._done) < self.expected:
            return f"only {len(self._done)} of {counted(self.expected, 'check')} came to their end"
        return session.unrecorded
