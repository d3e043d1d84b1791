"""Which of the four states of a monitoring system is a morning in?

https://www.monitoring-plugins.org/doc/guidelines.html: 0 ok, 1 warning, 2 critical, 3 unknown. 0 only where every
declared job was looked at, to the end.
"""

from __future__ import annotations

from enum import IntEnum

from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.vocabulary import Verdict


class State(IntEnum):
    """The states, and the exit statuses that stand for them."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def state_of(morning: Morning | None, ending: Ending) -> State:
    """The state. A run that did not finish is unknown, and so is one of a part of the jobs."""
    if morning is None or not ending.is_complete:
        return State.UNKNOWN
    if ending.other_failures:
        return State.CRITICAL
    if morning.needs_a_person:
        verdicts = [each.verdict for each in morning.jobs_that_need_a_person()]
        verdicts += [each.verdict for each in morning.schedulers if each.verdict is not Verdict.OK]
        # Where nobody could look, nothing is known to be broken.
        return State.UNKNOWN if all(each is Verdict.UNKNOWN for each in verdicts) else State.CRITICAL
    if morning.is_partial:
        return State.UNKNOWN
    findings = [each for job in morning.jobs for each in job.findings]
    findings += [each for scheduler in morning.schedulers for each in scheduler.findings]
    # What had to be fixed was not well, and may happen again every hour.
    is_touched = any(not each.is_dry for each in morning.actions)
    return State.WARNING if is_touched or any(each.is_warning for each in findings) else State.OK
