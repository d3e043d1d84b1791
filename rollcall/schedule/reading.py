"""What schedule does a text name to an engine, or what is wrong with it?

Each engine has a module of its name here, with `GRAMMAR`, what its schedules are written in, and `read`.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from rollcall.schedule.base import Engine, Schedule


class _Reading(Protocol):
    GRAMMAR: str

    def read(self, text: str, zone: ZoneInfo) -> Schedule: ...


@lru_cache(maxsize=16_384)
def read_schedule(text: str, *, engine: Engine, zone: ZoneInfo) -> Schedule:
    """The schedule that `text` means to `engine` in `zone`.

    Raises ValueError holding the rule and the cure, without the value.
    """
    reading = _reading_of(engine)
    try:
        return reading.read(text, zone)
    except ValueError as unreadable:
        others = (each for each in Engine if _reading_of(each).GRAMMAR != reading.GRAMMAR)
        meant = next((each for each in others if _can_read(each, text, zone)), None)
        if meant is None or "Did you mean" in str(unreadable):
            raise
        rule = f'{_reading_of(meant).GRAMMAR}, and engine "{engine}" reads {reading.GRAMMAR}'
        raise ValueError(f'{rule}. Did you mean engine = "{meant}"?') from None


def _can_read(engine: Engine, text: str, zone: ZoneInfo) -> bool:
    try:
        return bool(_reading_of(engine).read(text, zone))
    except ValueError:
        return False


def _reading_of(engine: Engine) -> _Reading:
    # Imported late: a suite whose jobs all run under cron does not pay for the others.
    return cast("_Reading", import_module(f"rollcall.schedule.{engine}"))
