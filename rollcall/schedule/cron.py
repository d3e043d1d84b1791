"""When does cron run a job?

CronSim walks the clock face and knows which faces match. Which instants a face stands for on the two nights when
clocks change is decided here, by the rule of Debian's cron(8) that CronSim documents:

- a job at fixed times whose face spring skips runs when the skipping ends; one whose face autumn shows twice runs
  at the first;
- a job with "*" at the start of minute or hour runs whenever the face matches: not at all in the skipped hour,
  twice in the repeated one.

CronSim's own treatment of zones is left aside: what it finds near a change depends on where it started (from inside
a repeated hour it answers with the past, and a half-hour or a midnight change can hide a run), and both directions
must agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import dropwhile, takewhile
from typing import ClassVar
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from rollcall.schedule.base import Engine, Schedule
from rollcall.schedule.five_fields import FIVE_FIELDS, read_five_fields
from rollcall.schedule.words import Fields, show_fields

GRAMMAR = FIVE_FIELDS
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSchedule:
    """Five cron fields in a zone; `text` is what was declared, `fields` the same without "@" names."""

    CALLED: ClassVar[str] = "cron"
    WEEKDAYS: ClassVar[str] = "Write 0-7 (0 and 7 are Sunday in cron) or sun-sat."

    text: str
    fields: str
    zone: ZoneInfo
    engine: Engine = Engine.CRON

    @staticmethod
    def has_dates(fields: str) -> bool:
        """Whether these fields are ever due. Raises ValueError where CronSim cannot read them."""
        try:
            return any(True for _ in CronSim(fields, datetime(2000, 1, 1, tzinfo=UTC)))
        except CronSimError as unreadable:
            raise ValueError(str(unreadable)) from None

    def last_due(self, at: datetime) -> datetime | None:
        face = self._face(at)
        # CronSim's reverse answers strictly before its start; what this lets through after `at` is dropped.
        start = face + self._repeated(face) + timedelta(seconds=1)
        return next(dropwhile(lambda due: due > at, self._walk(start, reverse=True)), None)

    def next_due(self, after: datetime) -> datetime | None:
        return next(self.due_after(after), None)

    def due_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        return takewhile(lambda due: due <= end, self.due_after(start))

    def due_after(self, due: datetime) -> Iterator[datetime]:
        face = self._face(due)
        return dropwhile(lambda each: each <= due, self._walk(face - self._repeated(face), reverse=False))

    def is_due_at(self, at: datetime) -> bool:
        return self.last_due(at) == at

    def is_due_as(self, other: CronSchedule) -> bool:
        """True where both are due by the same faces of a clock, however they are written; the zone aside."""
        return self._faces() == other._faces()

    def _faces(self) -> tuple[object, ...]:
        minute, hour, *rest = self.fields.split()
        is_wildcard = minute.startswith("*") or hour.startswith("*")
        return self._read_fields() or tuple(rest), is_wildcard

    def in_words(self) -> str:
        fields = self._read_fields()
        return (fields and show_fields(fields)) or f'cron "{self.fields}"'

    def _read_fields(self) -> Fields | None:
        """The fields as plain sets, as cron reads them; None for what those cannot say."""
        read = CronSim(self.fields, datetime(2000, 1, 1, tzinfo=UTC))
        weekdays = [day for day in read.weekdays if isinstance(day, int)]
        # A pair is such as "the last Friday".
        if len(weekdays) < len(read.weekdays) or read.LAST_WEEKDAY in read.days:
            return None
        return Fields(
            minutes=frozenset(read.minutes),
            hours=frozenset(read.hours),
            days=frozenset(read.days - {read.LAST}),
            last_day=read.LAST in read.days,
            months=frozenset(read.months),
            weekdays=frozenset((day - 1) % 7 for day in weekdays),
            either_day=not read.day_and,
        )

    def _face(self, at: datetime) -> datetime:
        """What the clock on the wall shows, as CronSim counts it: without a zone, so without its DST handling."""
        return at.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def _walk(self, start: datetime, *, reverse: bool) -> Iterator[datetime]:
        """The due instants in order, from the clock face `start` exclusive."""
        last: datetime | None = None
        second_showings: list[datetime] = []
        for face in _matches(self.fields, start, reverse=reverse):
            showings = self._instants(face)[:: -1 if reverse else 1]
            if not showings:
                continue
            # The repeated hour is over, or this face is not in it: all second showings come before.
            while second_showings and (second_showings[0] > showings[0]) == reverse:
                yield second_showings.pop(0)
            # Two faces inside the skipped hour mean one run.
            if showings[0] != last:
                yield showings[0]
            last = showings[0]
            second_showings.extend(showings[1:])
        yield from second_showings

    def _instants(self, face: datetime) -> tuple[datetime, ...]:
        """The instants at which cron runs a job whose fields match `face`, earlier one first."""
        showings = self._showings(face)
        minute, hour, *_ = self.fields.split()
        if len(showings) == 1 or minute.startswith("*") or hour.startswith("*"):
            return showings
        if showings:
            return showings[:1]
        while self._offset(face, fold=0) < self._offset(face, fold=1):
            face = face.replace(second=0) + _MINUTE
        return (_instant(face, self._offset(face, fold=0)),)

    def _showings(self, face: datetime) -> tuple[datetime, ...]:
        """When clocks show `face`: once, twice in the repeated hour, not at all in the skipped one."""
        before, after = self._offset(face, fold=0), self._offset(face, fold=1)
        if before == after:
            return (_instant(face, before),)
        return (_instant(face, before), _instant(face, after)) if before > after else ()

    def _repeated(self, face: datetime) -> timedelta:
        """How much of the clock face is shown twice around `face`; zero on all nights but one."""
        return max(self._offset(face, fold=0) - self._offset(face, fold=1), timedelta(0))

    def _offset(self, face: datetime, *, fold: int) -> timedelta:
        return face.replace(tzinfo=self.zone, fold=fold).utcoffset() or timedelta(0)


def read(text: str, zone: ZoneInfo) -> Schedule:
    """The schedule that `text` means in `zone`. Raises ValueError holding the rule and the cure."""
    return read_five_fields(text, CronSchedule, zone)


def _matches(fields: str, start: datetime, *, reverse: bool) -> Iterator[datetime]:
    """The matching clock faces; CronSim gives up where 50 years hold none."""
    with suppress(OverflowError):  # the first or the last year a datetime can hold
        yield from CronSim(fields, start, reverse=reverse)


def _instant(face: datetime, offset: timedelta) -> datetime:
    return (face - offset).replace(tzinfo=UTC)
