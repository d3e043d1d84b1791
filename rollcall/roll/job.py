"""What should run, when, under which scheduler, and what does it leave?

The checked table of jobs.toml is the record that is judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import PrivateAttr, ValidationInfo, model_validator

from rollcall.roll.due_run import EARLY_TOLERANCE, DueRun
from rollcall.roll.fields import context
from rollcall.roll.how_often import gap_of_at_most
from rollcall.roll.job_table import JobTable, Pause
from rollcall.roll.output import Output
from rollcall.roll.words import Owes
from rollcall.schedule import Every, Schedule, read_schedule
from rollcall.schedule.after import After
from rollcall.schedule.answers import next_due
from rollcall.schedule.days_off import DaysOff, WithoutDaysOff, as_scheduled, without
from rollcall.schedule.one_a_window import OneAWindow

__all__ = ["Job", "Pause"]

_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_OFTEN = 4  # runs a day; whoever is due more often owes the latest


class Job(JobTable):
    """What should run, when, under which scheduler, and what it leaves."""

    _schedule: Schedule | None = PrivateAttr(None)
    _asked_as: str = PrivateAttr("")

    def model_post_init(self, context: Any) -> None:
        super().model_post_init(context)
        self._asked_as = (context or {}).get("asked_as", "")

    @model_validator(mode="after")
    def _is_ever_due(self, found: ValidationInfo) -> Job:
        windows = tuple(each for each in context(found).get("windows", ()) if each.is_of(self.tags))
        if self.after is not None:
            self._schedule = After(job=self.after, zone=self.timezone, windows=windows)
            return self
        if self.every is not None:
            declared: Schedule = Every(span=self.every, zone=self.timezone, anchor=self.anchor)
        else:
            assert self.cron is not None
            declared = read_schedule(self.cron, engine=self.engine, zone=self.timezone)
        days_off = DaysOff(
            dates=frozenset(self.skip_dates), holidays=self.holidays, is_business=self.business_days, windows=windows
        )
        self._schedule = without(declared, days_off, self.timezone) if days_off else declared
        return self

    @cached_property
    def schedule(self) -> Schedule:
        """When it is due, its days off and maintenance windows left out."""
        assert self._schedule is not None
        return self._schedule

    @property
    def asked_as(self) -> str:
        """What tells whether another jobs.toml looks for the same."""
        return self._asked_as

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its schedule, and in which its times are shown."""
        return self.timezone

    @property
    def output(self) -> Output | None:
        """The first of what a run leaves; None where it leaves nothing that is declared."""
        return self.outputs[0] if self.outputs else None

    def zone_of(self, output: Output) -> ZoneInfo:
        """The zone of the clock that the names of that output show."""
        return output.timezone or self.timezone

    @property
    def allowance(self) -> timedelta:
        """How long after its due time a run may be done, at the latest."""
        if self.within is not None:
            return self.within
        # A clock change may lie in between.
        return self.jitter + (_DAY + timedelta(hours=1) if self.done_by else self.grace + self.max_runtime)

    @property
    def draws_past_the_next(self) -> bool:
        """True where a run may be drawn past the next due time: what is due in between is run with it."""
        if not self.jitter or self.cron is None:
            return False
        # On a night in spring the next may be an hour nearer.
        nearer = _HOUR if self.jitter >= _HOUR else timedelta(0)
        return gap_of_at_most(self.jitter + nearer, self.cron, self.engine) is not None

    def once_a_window(self, signs: Iterable[datetime], now: datetime, *, are_starts: bool) -> Job:
        """The same job without the due times that were run together with the one before.

        `signs` are when its runs began, oldest first, or else when they ended or left a file; until `now` there were no
        others.
        """
        begun: list[datetime] = []
        for at in signs:
            # The end and the file of one run are one sign.
            if not begun or are_starts or at > begun[-1] + self.max_runtime:
                begun.append(at)
        owed = OneAWindow(
            scheduled=as_scheduled(self.schedule),
            drawn=self.jitter,
            allowed=self.jitter + self.grace + (timedelta(0) if are_starts else self.max_runtime) + EARLY_TOLERANCE,
            begun=tuple(at + EARLY_TOLERANCE for at in begun),
            now=now,
        )
        declared = self.schedule
        return self.with_schedule(replace(declared, scheduled=owed) if isinstance(declared, WithoutDaysOff) else owed)

    @property
    def owes_each(self) -> bool:
        """True where the work of each due run is owed, and not only that of the latest."""
        if self.owes is not None:
            return self.owes is Owes.EACH
        if any(each.tells_its_run for each in self.outputs):
            return True
        first = self.schedule.next_due(_ANY_TIME)
        following = self.schedule.due_after(first) if first else iter(())
        nth = next(islice(following, _OFTEN - 1, None), None)
        return not (first and nth and nth - first < _DAY)

    def with_schedule(self, schedule: Schedule, **changes: Any) -> Job:
        """The same job, due by another schedule, and with other values of its table."""
        changed = self.but(**changes)
        changed._schedule = schedule
        changed.__dict__.pop("schedule", None)  # that of the one it is a copy of
        return changed

    def but(self, **changes: Any) -> Job:
        """The same job with other values of its table."""
        return self.model_copy(update=changes)

    def due_run(self, due_at: datetime, next_due_at: datetime | None = None) -> DueRun:
        """The run owed at `due_at`, with its limits; `next_due_at` where it is known already.

        The next may be a run of a day off: nobody is owed it, but what comes after it belongs to it all the same.
        """
        scheduled = as_scheduled(self.schedule)
        if next_due_at is None or scheduled is not self.schedule:
            next_due_at = next_due(scheduled, due_at)
        start_by = due_at + self.jitter + self.grace
        if self.within is not None:
            start_by = finish_by = due_at + self.within
        elif self.done_by is not None:
            # The first time after `due_at` at which clocks in its zone show that.
            day = due_at.astimezone(self.zone).date()
            walls = (datetime.combine(day + later * _DAY, self.done_by, tzinfo=self.zone) for later in range(3))
            shown = (wall.astimezone(UTC) for wall in walls)
            start_by = finish_by = next((at for at in shown if at > due_at), due_at + _DAY)
        else:
            finish_by = start_by + self.max_runtime
        return DueRun(due_at=due_at, start_by=start_by, finish_by=finish_by, next_due_at=next_due_at)
