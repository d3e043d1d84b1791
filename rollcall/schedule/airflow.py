"""When does Airflow run a DAG?

It walks the clock face with croniter, and then asks pendulum which instant a face is: measured with Airflow 3.3's own
timetables (docs/schedulers/airflow.md). On the two nights when clocks change:

- a DAG that is due in every hour runs whenever the face matches: not at all in the skipped hour, twice in the repeated;
- any other whose face spring skips runs as much later as was skipped ("30 2" at 03:30), and one whose face autumn shows
  twice runs at the second.

Where clocks change by half an hour, or at a quarter to (Lord Howe, Chatham), a DAG that is due more often than once an
hour may differ by one run that night.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import dropwhile
from typing import ClassVar
from zoneinfo import ZoneInfo

from cronsim import CronSim

from rollcall.schedule.base import Engine, Schedule
from rollcall.schedule.cron import CronSchedule
from rollcall.schedule.five_fields import FIVE_FIELDS, read_five_fields

GRAMMAR = FIVE_FIELDS
_HOURS_OF_A_DAY = 24
# Further from where clocks change nothing is moved.
_NEAR = timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowSchedule(CronSchedule):
    """Five cron fields in a zone, as Airflow's cron timetables read them."""

    CALLED: ClassVar[str] = "airflow"

    engine: Engine = Engine.AIRFLOW

    def due_after(self, due: datetime) -> Iterator[datetime]:
        face = self._face(due)
        # A skipped face runs later than it shows, and so lies behind.
        skipped = max(face - self._face(due - _NEAR) - _NEAR, timedelta(0))
        start = face - self._repeated(face) - skipped
        return dropwhile(lambda each: each <= due, self._walk(start, reverse=False))

    def _instants(self, face: datetime) -> tuple[datetime, ...]:
        """The instants at which Airflow runs a DAG whose fields match `face`, earlier one first."""
        showings = self._showings(face)
        if len(showings) == 1:
            return showings
        read = CronSim(self.fields, datetime(2000, 1, 1, tzinfo=UTC))
        if len(read.hours) == _HOURS_OF_A_DAY:
            return showings
        if showings:
            return showings[1:]
        before, after = self._offset(face, fold=0), self._offset(face, fold=1)
        # Where the later face is due as well, both are one run.
        later = face + (after - before)
        is_one_run = later.hour in read.hours and later.minute in read.minutes
        return () if is_one_run else ((face - before).replace(tzinfo=UTC),)


def read(text: str, zone: ZoneInfo) -> Schedule:
    """The schedule that `text` means in `zone`. Raises ValueError holding the rule and the cure."""
    return read_five_fields(text, AirflowSchedule, zone)
