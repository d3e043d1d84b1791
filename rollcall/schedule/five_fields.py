"""What do five fields mean to an engine that is written in them, or what is wrong with them?"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rollcall.schedule.base import Schedule

if TYPE_CHECKING:
    from rollcall.schedule.apscheduler import ApschedulerSchedule
    from rollcall.schedule.cron import CronSchedule

FIVE_FIELDS = "five cron fields"
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
# The fields in their order, with what may stand in each.
_ALLOWED = {
    "minute": 'Write 0-59, such as "30", "0,30" or "*/15".',
    "hour": 'Write 0-23, such as "6", "8-18" or "*/6".',
    "day of month": 'Write 1-31, such as "1" or "1,15".',
    "month": 'Write 1-12 or jan-dec, such as "1" or "jan-mar".',
    "day of week": "",  # which the engine says
}


def read_five_fields(text: str, arithmetic: type[CronSchedule] | type[ApschedulerSchedule], zone: ZoneInfo) -> Schedule:
    """The schedule that `text`, five fields or an "@" name, means in that arithmetic.

    Raises ValueError holding the rule and the cure, without the value.
    """
    fields = _expand(text)
    with suppress(ValueError):
        if arithmetic.has_dates(fields):
            return arithmetic(text=text, fields=fields, zone=zone)
    for place, (name, field) in enumerate(zip(_ALLOWED, fields.split(), strict=True)):
        alone = ["*"] * 5
        alone[place] = field
        try:
            arithmetic.has_dates(" ".join(alone))
        except ValueError:
            cure = _ALLOWED[name] or arithmetic.WEEKDAYS
            raise ValueError(f'{name} "{field[:40]}" is nothing {arithmetic.CALLED} takes. {cure}') from None
    raise ValueError("never due: no such date exists. Write a day that one of the months has.")


def _expand(text: str) -> str:
    """`text` as five fields, one space between them."""
    fields = [field for field in text.split(" ") if field]
    if not fields:
        raise ValueError(f"empty. {_FIVE}")
    if len(text) > _LONGEST or not text.isascii() or not text.isprintable():
        raise ValueError(f"more than {_LONGEST} characters, or some that are no plain text. {_FIVE}")
    if fields[0].startswith("@"):
        name = text.strip().lower()
        if name == "@reboot":
            raise ValueError(f'"@reboot" names no time, so no run can be missed. {_FIVE}')
        if name not in _NAMED:
            known = ", ".join(_NAMED)
            raise ValueError(f"unknown name. Write one of {known}, or 5 fields: minute hour day month weekday.")
        return _NAMED[name]
    if len(fields) == 6:
        raise ValueError(f"6 fields: seconds are not supported. {_FIVE}")
    if len(fields) != 5:
        raise ValueError(f"{len(fields)} field{'s' if len(fields) > 1 else ''}. {_FIVE}")
    return " ".join(fields)
