"""What does a monitoring system read: one line with performance data, and an exit status?

The status is a monitoring plugin's (0 ok, 1 warning, 2 critical, 3 unknown), and 0 only where every declared job was
looked at to the end. https://www.monitoring-plugins.org/doc/guidelines.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum

from rollcall.causes.action import told as told_action
from rollcall.morning import Morning
from rollcall.report.cause_groups import CauseGroup, group_by_cause
from rollcall.report.headline import headline, kind
from rollcall.text import clean
from rollcall.vocabulary import Verdict

# NRPE passes 1,024 bytes on by default, performance data included.
_MOST_BYTES = 640


class State(IntEnum):
    """The four states that a monitoring system knows."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def render(
    morning: Morning | None,
    is_complete: bool = True,
    *,
    interruption: str | None = None,
    other_failures: Sequence[str] = (),
) -> tuple[str, int]:
    """The line and the exit status. A run that did not come to its end is unknown, and so is one of a part of the jobs.

    `morning` is None where nothing was looked at; `interruption` says why, or why the run did not come to its end.
    """
    if morning is None:
        return _line(State.UNKNOWN, f"INCOMPLETE: {interruption or 'nothing was looked at'}"), State.UNKNOWN
    state = _state(morning, is_complete=is_complete, other_failures=other_failures)
    said = headline(morning, is_complete=is_complete, interruption=interruption, other_failures=len(other_failures))
    done = [told_action(each, morning.zone) for each in morning.actions]
    causes = [f"{each.cause.code} [{_subject(each)}]: {each.cause.sentence}" for each in group_by_cause(morning)]
    line = _line(state, "; ".join([kind(morning) + said, *done, *causes]))
    # Numbers of a run that was broken off would be drawn as if they were all.
    return (f"{line} | {' '.join(_performance(morning))}" if is_complete else line), state


def _state(morning: Morning, *, is_complete: bool, other_failures: Sequence[str]) -> State:
    if not is_complete:
        return State.UNKNOWN
    if other_failures:
        return State.CRITICAL
    if morning.needs_a_person:
        return State.UNKNOWN if _is_all_unknown(morning) else State.CRITICAL
    if morning.is_partial:
        return State.UNKNOWN
    findings = [each for job in morning.jobs for each in job.findings]
    findings += [each for scheduler in morning.schedulers for each in scheduler.findings]
    # What had to be mended was not well, and may happen again every hour.
    is_touched = any(not each.is_dry for each in morning.actions)
    return State.WARNING if is_touched or any(each.is_warning for each in findings) else State.OK


def _is_all_unknown(morning: Morning) -> bool:
    """True where nobody could look, so that nothing is known to be broken."""
    verdicts = [each.verdict for each in morning.jobs_that_need_a_person()]
    verdicts += [each.verdict for each in morning.schedulers if each.verdict is not Verdict.OK]
    return all(each is Verdict.UNKNOWN for each in verdicts)


def _subject(told: CauseGroup) -> str:
    return told.scheduler.scheduler.id if told.scheduler else told.jobs[0].job.id


def _line(state: State, text: str) -> str:
    """A `|` would begin the performance data, and nothing escapes it."""
    said = clean(text, _MOST_BYTES).replace("|", "¦")
    if len(said.encode(errors="replace")) > _MOST_BYTES:
        said = said.encode(errors="replace")[: _MOST_BYTES - 3].decode(errors="ignore") + "…"
    return f"ROLLCALL {state.name} - {said}"


def _performance(morning: Morning) -> Iterator[str]:
    """'label'=value;warning;critical;minimum;maximum; the limits say what the state follows from."""
    verdicts = [each.verdict for each in morning.jobs]
    total = len(verdicts)
    yield f"jobs={morning.declared};;;0"
    yield f"checked={total};;;0;{morning.declared}"
    yield f"needing={len(morning.jobs_that_need_a_person())};;0;0;{total}"
    yield f"late={verdicts.count(Verdict.LATE)};0;;0;{total}"
    yield f"pending={verdicts.count(Verdict.PENDING)};;;0;{total}"
    yield f"paused={verdicts.count(Verdict.PAUSED)};;;0;{total}"
    broken = sum(cause is not None for cause in morning.scheduler_causes.values())
    yield f"schedulers={len(morning.schedulers)};;;0"
    yield f"schedulers_needing={broken};;0;0;{len(morning.schedulers)}"
