"""When does a CronJob of Kubernetes run?

Its controller reads the five fields with robfig/cron, version 3, which differs from cron's own arithmetic (measured
against it, see the tests):

- in the skipped hour of spring nothing runs, and in the repeated one of autumn everything runs twice, whatever the
  fields are;
- "*/2" names days as a list does: beside a weekday either of the two is enough; "5/20" means "5-59/20";
- a weekday is 0-6 or sun-sat, "?" means "*", and there is no "L", "W" or "#".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from rollcall.schedule.base import Engine, Schedule
from rollcall.schedule.cron import CronSchedule
from rollcall.schedule.five_fields import FIVE_FIELDS, read_five_fields
from rollcall.schedule.words import show_fields

GRAMMAR = FIVE_FIELDS
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# The least and the most that may stand in each field, and its names.
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    (0, 6, {name: number for number, name in enumerate(_WEEKDAYS)}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesSchedule(CronSchedule):
    """Five fields in a zone, as a CronJob has them."""

    CALLED: ClassVar[str] = "a CronJob"
    WEEKDAYS: ClassVar[str] = "Write 0-6 (0 is Sunday) or sun-sat."

    engine: Engine = Engine.KUBERNETES

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", _plain(self.fields))

    @staticmethod
    def has_dates(fields: str) -> bool:
        """Whether these fields are ever due. Raises ValueError where a CronJob takes none such."""
        return CronSchedule.has_dates(_plain(fields))

    def in_words(self) -> str:
        """The schedule for people, as it is written where there are no words for it."""
        fields = self._read_fields()
        return (fields and show_fields(fields)) or f'kubernetes "{self.text}"'

    def _instants(self, face: datetime) -> tuple[datetime, ...]:
        """The instants at which clocks show `face`: none, one, or in autumn two."""
        return self._showings(face)


def read(text: str, zone: ZoneInfo) -> Schedule:
    """The schedule that `text` means in `zone`. Raises ValueError holding the rule and the cure."""
    return read_five_fields(text, KubernetesSchedule, zone)


def _plain(fields: str) -> str:
    """The same as lists of numbers, which mean the same to everybody, and "*"."""
    return " ".join(_list(field, *_FIELDS[place]) for place, field in enumerate(fields.split()))


def _list(field: str, least: int, most: int, names: dict[str, int]) -> str:
    numbers = set[int]()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        every = _number(step, {}) if slash else 1
        if span in ("*", "?"):
            if every == 1:
                return "*"
            start, end = least, most
        else:
            start = _number(first, names)
            end = _number(last, names) if dash else most if slash else start
        if every < 1 or not least <= start <= end <= most:
            raise ValueError(f'"{part}" is not within {least}-{most}')
        numbers.update(range(start, end + 1, every))
    return ",".join(map(str, sorted(numbers)))


def _number(text: str, names: dict[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not text.isascii() or not text.isdigit():
        raise ValueError(f'"{text}" is no number')
    return int(text)
