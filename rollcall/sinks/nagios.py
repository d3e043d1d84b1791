"""What does a monitoring system read: one line with performance data?

https://www.monitoring-plugins.org/doc/guidelines.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

from rollcall.causes.action import told as told_action
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.morning.state import State, state_of
from rollcall.options import Option
from rollcall.report.cause_groups import group_by_cause
from rollcall.report.headline import headline, kind
from rollcall.sinks.base import Result, Sink, Stage, Wish
from rollcall.text import clean
from rollcall.vocabulary import Verdict

LINE = Option(
    name="--nagios",
    help="print one line with performance data and nothing else",
    only_by="monitor",
    more={"action": "store_true"},
)

# NRPE passes 1,024 bytes on by default, performance data included.
_MOST_BYTES = 640


class Nagios(Sink):
    """The one line on the terminal."""

    options = (LINE,)
    stage = Stage.SAY
    is_alone = True

    @classmethod
    def wanted(cls, wish: Wish) -> Self | None:
        return cls() if wish.value_of(LINE) else None

    def last_words(self, result: Result) -> Sequence[str]:
        return (render(result.morning, result.ending),)


def render(morning: Morning | None, ending: Ending) -> str:
    """The line. `morning` is None where nothing was looked at."""
    if morning is None:
        return _line(State.UNKNOWN, f"INCOMPLETE: {ending.interruption or 'nothing was looked at'}")
    first = kind(morning) + headline(morning, ending)
    done = [told_action(each, morning.zone) for each in morning.actions]
    causes = [f"{each.cause.code} [{each.subject}]: {each.cause.sentence}" for each in group_by_cause(morning)]
    line = _line(state_of(morning, ending), "; ".join(each.removesuffix(".") for each in (first, *done, *causes)))
    # Numbers of a run that was broken off would be drawn as if they were all.
    return f"{line} | {' '.join(_performance(morning))}" if ending.is_complete else line


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
