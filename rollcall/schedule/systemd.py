"""When does a systemd timer elapse whose OnCalendar= is this?

The grammar and its meaning are those of systemd.time(7), "CALENDAR EVENTS", as systemd 252 reads them. On the nights
when clocks change, measured with `systemd-analyze calendar`:

- a time that the clock skips in spring is not made up for: nothing is due;
- a time that it shows twice in autumn is due at the first showing alone, also where every minute is named.

A timer starts its unit up to `AccuracySec=` later (a minute where nothing else is said): `grace` holds that. What is
due more often than that is run once for several due times, as with a `RandomizedDelaySec=` that is longer than the
gap, and wants that span as `jitter`.

A job writes several expressions, as a timer may have several OnCalendar= lines, with ";" between them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import groupby, takewhile
from zoneinfo import ZoneInfo

from rollcall.schedule.base import Engine, Schedule
from rollcall.schedule.on_calendar import FIRST_YEAR, LAST_YEAR, Parts, read_parts
from rollcall.schedule.words import Fields, show_fields

GRAMMAR = "OnCalendar"
_SECOND, _INSTANT = timedelta(seconds=1), timedelta(microseconds=1)
# Islands have left out a whole day.
_LONGEST_CHANGE = timedelta(hours=26)
_FIRST_FACE = datetime.combine(date(FIRST_YEAR, 1, 1), time.min)
_LAST_FACE = datetime.combine(date(LAST_YEAR, 12, 31), time.max)


def read(text: str, zone: ZoneInfo) -> Schedule:
    """The schedule that these expressions mean; each in its own zone where it names one, else in `zone`.

    Raises ValueError holding the rule and the cure.
    """
    expressions = []
    for each in read_parts(text, zone):
        expression = _Expression(parts=each, zone=each.zone or zone)
        if next(expression.faces(_FIRST_FACE), None) is None:
            which = f'"{each.text[:40]}" is ' if ";" in text else ""
            raise ValueError(f"{which}never due: no such date exists. Write a day that one of the months has.")
        expressions.append(expression)
    zones = {each.zone for each in expressions}
    written_in = zones.pop() if len(zones) == 1 else zone
    return OnCalendar(text=text, zone=written_in, expressions=tuple(expressions))


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCalendar:
    """Due whenever one of its expressions elapses; `text` is what was declared."""

    text: str
    zone: ZoneInfo
    # Text and zone say it all.
    expressions: tuple[_Expression, ...] = field(compare=False)
    engine: Engine = Engine.SYSTEMD

    def last_due(self, at: datetime) -> datetime | None:
        lasts = (next(each.back_from(at), None) for each in self.expressions)
        return max((each for each in lasts if each), default=None)

    def next_due(self, after: datetime) -> datetime | None:
        return next(self.due_after(after), None)

    def due_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        return takewhile(lambda due: due <= end, self.due_after(start))

    def due_after(self, due: datetime) -> Iterator[datetime]:
        return (at for at, _ in groupby(merge(*(each.after(due) for each in self.expressions))))

    def is_due_at(self, at: datetime) -> bool:
        """Whether a timer may elapse at `at`.

        Wider than `due_between` by the second showing in autumn: there systemd goes by the offset that it reckoned with
        last, and one that was loaded in between may elapse then.
        """
        return any(each.is_shown_at(at) for each in self.expressions)

    def in_words(self) -> str:
        words = [each.in_words() for each in self.expressions]
        said = [each for each in words if each]
        return ", and ".join(said) if len(said) == len(words) else f'OnCalendar "{self.text}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expression:
    """One expression, by the clock of a zone."""

    parts: Parts
    zone: ZoneInfo

    def after(self, at: datetime) -> Iterator[datetime]:
        """The instants after `at`, oldest first."""
        start: datetime | None = self._newest_face(at) + _INSTANT
        while start is not None:
            skipped, start = start, None
            for face in self.faces(skipped):
                if self._is_skipped(face):
                    start = self._first_after(face, self._is_skipped)
                    break
                yield self._instant(face)

    def back_from(self, at: datetime) -> Iterator[datetime]:
        """The instants at or before `at`, newest first."""
        start: datetime | None = self._newest_face(at)
        while start is not None:
            skipped, start = start, None
            for face in self.faces(skipped, reverse=True):
                if self._is_skipped(face):
                    start = self._first_of(face, self._is_skipped) - _INSTANT
                    break
                yield self._instant(face)

    def is_shown_at(self, at: datetime) -> bool:
        """Whether the clock shows at `at` what the expression names."""
        face = at.astimezone(self.zone).replace(tzinfo=None, fold=0)
        return next(self.faces(face), None) == face

    def faces(self, start: datetime, *, reverse: bool = False) -> Iterator[datetime]:
        """What a clock shows that fits, from `start` on, whether or not clocks in the zone ever show it."""
        if start < _FIRST_FACE if reverse else start > _LAST_FACE:
            return
        start = min(max(start, _FIRST_FACE), _LAST_FACE)
        minute, micro = 60 * start.hour + start.minute, 1_000_000 * start.second + start.microsecond
        for day in self._days(start.date(), reverse):
            midnight = datetime.combine(day, time.min)
            is_first = day == start.date()
            for each in _from(self.parts.minutes_of_day, minute if is_first else None, reverse):
                earliest = micro if is_first and each == minute else None
                parts = (_from(part, earliest, reverse) for part in self.parts.micros)
                for past, _ in groupby(merge(*parts, reverse=reverse)):
                    yield midnight + timedelta(minutes=each, microseconds=past)

    def _days(self, start: date, reverse: bool) -> Iterator[date]:
        for year in _from(self.parts.years, start.year, reverse):
            for month in _from(self.parts.months, start.month if year == start.year else None, reverse):
                first = date(year, month, 1)
                is_first = (year, month) == (start.year, start.month)
                for number in _from(self.parts.days_of(first), start.day if is_first else None, reverse):
                    day = first.replace(day=number)
                    if day.weekday() in self.parts.weekdays:
                        yield day

    # The two nights when clocks change --------------------------------------------------------------------------------

    def _newest_face(self, at: datetime) -> datetime:
        """The last of all faces whose (first) showing is at or before `at`."""
        local = at.astimezone(self.zone)
        face = local.replace(tzinfo=None, fold=0)
        return self._first_after(face, self._is_repeated) - _INSTANT if local.fold else face

    def _offset(self, face: datetime, fold: int) -> timedelta:
        return face.replace(tzinfo=self.zone, fold=fold).utcoffset() or timedelta(0)

    def _is_skipped(self, face: datetime) -> bool:
        """Whether nothing is due then in spring: in the hole, or where the hour begins in it, before that is moved on.

        The second is so in Chatham, where the hole ends at 03:45: minute 0 of that hour is moved on to 04:00.
        """
        hour = face.replace(minute=0, second=0, microsecond=0)
        width = self._offset(hour, 1) - self._offset(hour, 0)
        return face < hour + width or self._offset(face, 0) < self._offset(face, 1)

    def _is_repeated(self, face: datetime) -> bool:
        return self._offset(face, 0) > self._offset(face, 1)

    def _instant(self, face: datetime) -> datetime:
        return (face - self._offset(face, 0)).replace(tzinfo=UTC)

    def _first_after(self, face: datetime, is_inside: Callable[[datetime], bool]) -> datetime:
        """The first second after the stretch in which `face` lies. Found by halving: clocks change at whole seconds."""
        low = face.replace(microsecond=0)
        return _changing(low, low + _LONGEST_CHANGE, is_inside)

    def _first_of(self, face: datetime, is_inside: Callable[[datetime], bool]) -> datetime:
        """The first second of that stretch."""
        high = face.replace(microsecond=0)
        return _changing(high - _LONGEST_CHANGE, high, lambda each: not is_inside(each))

    # For people -------------------------------------------------------------------------------------------------------

    def in_words(self) -> str | None:
        """The expression for people; None where it cannot be said plainly."""
        parts = self.parts
        longest, in_february = (frozenset(parts.days_of(date(2024, month, 1))) for month in (1, 2))
        has_last_day = parts.is_from_end and longest == {31} and in_february == {29}
        is_plain = parts.is_any_year and parts.micros == (range(1),)
        if not is_plain or (parts.is_from_end and not has_last_day):
            return None
        words = show_fields(
            Fields(
                minutes=frozenset(each % 60 for each in parts.minutes_of_day),
                hours=frozenset(each // 60 for each in parts.minutes_of_day),
                days=frozenset() if has_last_day else longest,
                last_day=has_last_day,
                months=frozenset(parts.months),
                weekdays=parts.weekdays,
                either_day=False,
            )
        )
        return f"{words} {parts.zone.key}" if words and parts.zone else words


def _from(values: Sequence[int], first: int | None, reverse: bool) -> Sequence[int]:
    """The values (in rising order) from `first` on, or from it down; all where it is None."""
    if reverse:
        return values[: len(values) if first is None else bisect_right(values, first)][::-1]
    return values if first is None else values[bisect_left(values, first) :]


def _changing(low: datetime, high: datetime, is_low: Callable[[datetime], bool]) -> datetime:
    """The first second after `low`, and up to `high`, for which that is no longer true."""
    while high - low > _SECOND:
        middle = low + (high - low) // (2 * _SECOND) * _SECOND
        low, high = (middle, high) if is_low(middle) else (low, middle)
    return high
