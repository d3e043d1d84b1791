"""How does a run of a fleet usually go, and how did those of the month before?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from rollcall.demo.fleet_plan import KINDS, Fate, Fleet, Planned
from rollcall.demo.past import Ran, varied
from rollcall.roll.job import Job
from rollcall.vocabulary import CauseCode, Verdict

LATE_BY = timedelta(minutes=55)
_DAY = timedelta(days=1)
# What lasts longer than this morning, and what was found of it on those before.
_LASTING = {
    Fate.FAILED: (Verdict.FAILED, CauseCode.RUN_FAILED),
    Fate.MISSED: (Verdict.MISSED, CauseCode.MISSED_RUN),
    Fate.NOT_THERE: (Verdict.MISSED, CauseCode.NOT_REGISTERED),
    Fate.PAUSED_THERE: (Verdict.MISSED, CauseCode.JOB_PAUSED),
    Fate.FALLBACK: (Verdict.BAD_OUTPUT, CauseCode.DEGRADED_OUTPUT),
}
_ONCE = (
    (Verdict.FAILED, CauseCode.RUN_FAILED),
    (Verdict.LATE, CauseCode.RAN_LATE),
    (Verdict.MISSED, CauseCode.MISSED_RUN),
)
# Of all runs of the past.
_SHARE_OF_BAD = 0.006
# Days ago, as of runs: a scheduler that does not answer has not for some mornings.
_DOWN_FOR = (1, 2)
_GROWS_A_WEEK = 1.01
_OF_A_WEEKEND = 0.8


class UsualRun(NamedTuple):
    """How long a run waits after its due time and takes, and how large it leaves its output; `luck` is from 0 to 1."""

    waits: timedelta
    takes: timedelta
    size: int
    luck: float


def usual_run(planned: Planned, due_at: datetime, now: datetime) -> UsualRun:
    """The run due then, as it goes where nothing goes wrong."""
    chance, weeks = varied(planned.id, due_at), (now - due_at) / (7 * _DAY)
    of_weekday = _OF_A_WEEKEND if due_at.weekday() > 4 else 1
    return UsualRun(
        waits=timedelta(seconds=round(2 + abs(chance.gauss(0, 25)))),
        takes=timedelta(seconds=round(planned.takes.total_seconds() * chance.lognormvariate(0, 0.18))),
        size=round(planned.size * of_weekday * chance.gauss(1, 0.03) / _GROWS_A_WEEK**weeks),
        luck=chance.random(),
    )


def fate_of(planned: Planned, due_at: datetime, now: datetime, *, is_last: bool) -> Fate:
    """What became of the run due then: what lasts came over those before the last as well."""
    if planned.fate in _LASTING or planned.fate is Fate.PAUSED:
        return planned.fate if (now - due_at) // _DAY < planned.days else Fate.WELL
    return planned.fate if is_last and planned.fate is not Fate.FIXED else Fate.WELL


class Past:
    """How the runs of the mornings before `now` went."""

    def __init__(self, fleet: Fleet, now: datetime) -> None:
        self._now, self._down = now, fleet.down
        self._planned: Mapping[str, Planned] = {each.id: each for each in fleet.jobs}

    def went(self, job: Job, due_at: datetime) -> Ran | None:
        """How that run went; None where the job was paused."""
        planned, days_ago = self._planned[job.id], (self._now - due_at) // _DAY
        usual = usual_run(planned, due_at, self._now)
        verdict, cause = Verdict.OK, None
        if planned.fate is Fate.PAUSED and days_ago < planned.days:
            return None
        if planned.fate in _LASTING and days_ago < planned.days:
            verdict, cause = _LASTING[planned.fate]
        elif planned.scheduler in self._down and days_ago in _DOWN_FOR:
            verdict, cause = Verdict.UNKNOWN, CauseCode.SCHEDULER_DOWN
        elif planned.fate is Fate.FIXED and days_ago == 1:
            verdict, cause = _ONCE[len(planned.id) % len(_ONCE)]
        elif usual.luck < _SHARE_OF_BAD:
            verdict, cause = _ONCE[int(usual.luck / _SHARE_OF_BAD * len(_ONCE))]
        if verdict in (Verdict.FAILED, Verdict.MISSED) or (verdict is Verdict.UNKNOWN and not planned.output):
            return Ran(verdict=verdict, cause=cause)
        return Ran(
            verdict=verdict,
            cause=cause,
            after=(LATE_BY if verdict is Verdict.LATE else usual.waits) + usual.takes,
            took=None if KINDS[planned.kind].ends_only or verdict is Verdict.UNKNOWN else usual.takes,
            size=None if planned.output == "rows" else usual.size,
            rows=usual.size // 100 if planned.output in ("rows", "csv") else None,
        )
