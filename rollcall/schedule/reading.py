"""What schedule does the text of five fields name, or what is wrong with it?"""

from collections.abc import Callable
from functools import lru_cache
from typing import assert_never
from zoneinfo import ZoneInfo

from rollcall.schedule import cron
from rollcall.schedule.base import Engine, Schedule

_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    # "sun", because the number differs: cron's Sunday is 0, APScheduler's is 6.
    "@weekly": "0 0 * * sun",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIVE = "Write 5 fields: minute hour day month weekday."
_LONGEST = 200

_FIELDS = ("minute", "hour", "day of month", "month", "day of week")
_ALLOWED = {
    "minute": 'Write 0-59, such as "30", "0,30" or "*/15".',
    "hour": 'Write 0-23, such as "6", "8-18" or "*/6".',
    "day of month": 'Write 1-31, such as "1" or "1,15".',
    "month": 'Write 1-12 or jan-dec, such as "1" or "jan-mar".',
}
_WEEKDAYS = {
    Engine.CRON: "Write 0-7 (0 and 7 are Sunday in cron) or sun-sat.",
    Engine.APSCHEDULER: "Write 0-6 (0 is Monday, 6 is Sunday in APScheduler) or mon-sun.",
}


@lru_cache(maxsize=16_384)
def read_schedule(text: str, *, engine: Engine, zone: ZoneInfo) -> Schedule:
    """Return the schedule that *text*, five fields or an ``@`` name, means to *engine* in *zone*.

    Raises ValueError holding the rule and the cure, without the value.
    """
    fields = _expand(text)
    has_dates = _engine_room(engine)
    if not _is_readable_and_due(fields, has_dates):
        _check_each_field(fields, engine=engine, has_dates=has_dates)
        raise ValueError("never due: no such date exists. Write a day that one of the months has.")
    match engine:
        case Engine.CRON:
            return cron.CronSchedule(text=text, fields=fields, zone=zone)
        case Engine.APSCHEDULER:
            from rollcall.schedule.apscheduler import ApschedulerSchedule

            return ApschedulerSchedule(text=text, fields=fields, zone=zone)
        case _:
            assert_never(engine)


def _expand(text: str) -> str:
    """Return *text* as five fields, one space between them."""
    fields = text.split(" ")
    fields = [field for field in fields if field]
    if not fields:
        raise ValueError(f"empty. {_FIVE}")
    if len(text) > _LONGEST or not text.isascii() or not text.isprintable():
        raise ValueError(f"more than {_LONGEST} characters, or some that are no plain text. {_FIVE}")
    if text.strip().startswith("@"):
        return _expand_name(text.strip().lower())
    if len(fields) == 6:
        raise ValueError(f"6 fields: seconds are not supported. {_FIVE}")
    if len(fields) != 5:
        raise ValueError(f"{len(fields)} field{'s' if len(fields) > 1 else ''}. {_FIVE}")
    return " ".join(fields)


def _expand_name(name: str) -> str:
    if name in _NAMED:
        return _NAMED[name]
    if name == "@reboot":
        raise ValueError(f'"@reboot" names no time, so no run can be missed. {_FIVE}')
    raise ValueError(f"unknown name. Write one of {', '.join(_NAMED)}, or 5 fields: minute hour day month weekday.")


def _engine_room(engine: Engine) -> Callable[[str], bool]:
    match engine:
        case Engine.CRON:
            return cron.has_dates
        case Engine.APSCHEDULER:
            # Imported late: a suite whose jobs all run under cron does not pay for it.
            from rollcall.schedule import apscheduler

            return apscheduler.has_dates
        case _:
            assert_never(engine)


def _check_each_field(fields: str, *, engine: Engine, has_dates: Callable[[str], bool]) -> None:
    """Raise ValueError naming the first field that the engine does not take, whatever the others say."""
    for place, (name, field) in enumerate(zip(_FIELDS, fields.split(), strict=True)):
        alone = ["*"] * 5
        alone[place] = field
        try:
            has_dates(" ".join(alone))
        except ValueError:
            allowed = _ALLOWED.get(name, _WEEKDAYS[engine])
            raise ValueError(f'{name} "{field[:40]}" is nothing {_ENGINE_NAMES[engine]} takes. {allowed}') from None


_ENGINE_NAMES = {Engine.CRON: "cron", Engine.APSCHEDULER: "APScheduler"}


def _is_readable_and_due(fields: str, has_dates: Callable[[str], bool]) -> bool:
    try:
        return has_dates(fields)
    except ValueError:
        return False
