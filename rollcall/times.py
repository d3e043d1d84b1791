"""How are instants and spans read and written?

Inside Roll call an instant is an aware UTC ``datetime`` and a span is a ``timedelta``. A zone appears only when
text is read and when a time is shown.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

LONG_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAYS = tuple(day[:3] for day in LONG_WEEKDAYS)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONGEST_SPAN = timedelta(days=3653)  # ten years, three leap days among them
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(3000, 1, 1, tzinfo=UTC)  # so far from the last one that spans and offsets can be added


def read_now() -> datetime:
    """Return the present instant, aware UTC: the one place that reads the clock."""
    # Adding to a plain datetime gives a plain one: freezegun's own class forgets `fold`, and with it which of
    # the two 02:30 of an autumn night is meant.
    return EPOCH + (datetime.now(UTC) - EPOCH)


def elapsed(since: datetime, until: datetime) -> timedelta:
    """Return the time that really passed between two aware instants, negative when *until* is the earlier.

    Subtracting two datetimes of one zone subtracts clock faces instead, an hour wrong across a clock change.
    """
    return until.astimezone(UTC) - since.astimezone(UTC)


# Spans ----------------------------------------------------------------------------------------------------------

_UNITS = (
    (timedelta(weeks=1), "w week weeks"),
    (timedelta(days=1), "d day days"),
    (timedelta(hours=1), "h hr hrs hour hours"),
    (timedelta(minutes=1), "min mins minute minutes"),
    (timedelta(seconds=1), "s sec secs second seconds"),
)
_UNIT = {name: unit for unit, names in _UNITS for name in names.split()}
_PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\s*")
_EXAMPLE = 'Write a number and a unit, such as "30 min" or "1 h 30 min".'


# Ten thousand jobs say the same few.
@lru_cache(1_000)
def parse_span(text: str) -> timedelta:
    """Return the span that *text* names: ``"15 min"``, ``"1 h 30 min"``, ``"90min"``, ``"1.5 h"``, ``"0 s"``.

    Units are s, min, h, d and w, or the same as words (``sec``, ``hours``, …); case does not matter and each
    unit appears once. Raises ValueError holding the rule and the cure, without the value, for a span that has
    no unit, is negative or is longer than ten years.
    """
    lowered = text.strip().lower()
    if not lowered:
        raise ValueError(f"empty. {_EXAMPLE}")
    if len(lowered) > 60 or not lowered.isascii():
        raise ValueError(f"not a span. {_EXAMPLE}")
    if lowered.startswith("-"):
        raise ValueError('negative. Write a span of "0 s" or more.')

    seconds, place, seen = Fraction(0), 0, set[timedelta]()
    while place < len(lowered):
        part = _PART.match(lowered, place)
        if part is None:
            raise ValueError(f"not a span. {_EXAMPLE}")
        unit = _read_unit(number=part[1], name=part[2])
        if unit in seen:
            raise ValueError(f"the same unit twice. {_EXAMPLE}")
        seen.add(unit)
        seconds += Fraction(part[1]) * int(unit.total_seconds())
        place = part.end()
    if seconds > int(LONGEST_SPAN.total_seconds()):
        raise ValueError('more than 10 years. Write a shorter span, such as "30 d".')
    return timedelta(microseconds=int(seconds * 1_000_000))


def _read_unit(*, number: str, name: str) -> timedelta:
    if name in _UNIT:
        return _UNIT[name]
    shown = number if len(number) <= 12 else "30"
    if not name:
        raise ValueError(f'no unit. Write "{shown} min" or "{shown} s".')
    if name == "m":
        raise ValueError(f'"m" could be minutes or months. Write "{shown} min".')
    raise ValueError(f'unknown unit "{name[:20]}". Units are s, min, h, d and w: write "{shown} min".')


_SHOWN_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def show_span(span: timedelta) -> str:
    """Return *span* in at most two neighbouring units: ``2 h 48 min``, ``17 s``, ``3 d 4 h``, ``0 s``, ``0.3 s``.

    What does not fit is cut off, never rounded up: 59.9 s is ``59 s``, so no limit seems passed that was not.
    A negative span carries a minus sign: ``-2 h 48 min``.
    """
    if span < timedelta(0):
        return f"-{show_span(-span)}"
    if span < timedelta(milliseconds=100):
        return "under 0.1 s" if span else "0 s"
    if span < timedelta(seconds=1):
        return f"0.{span // timedelta(milliseconds=100)} s"

    left = span // timedelta(seconds=1)
    words: list[str] = []
    for unit, size in _SHOWN_UNITS:
        count, left = divmod(left, size)
        if count:
            words.append(f"{count} {unit}")
        elif words:
            break
        if len(words) == 2:
            break
    return " ".join(words)


# Instants -------------------------------------------------------------------------------------------------------


def show_instant(at: datetime, zone: ZoneInfo, *, seconds: bool = False, year: bool = False) -> str:
    """Return *at* as a person in *zone* reads it: ``Wed 11 Feb 06:00 CET``; English under every locale.

    In the hour that autumn repeats, the abbreviation shows which of the two is meant. A zone whose abbreviation
    is only a number shows as ``UTC+05:30``. Raises ValueError when *at* is naive.
    """
    local = _local(at, zone)
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    zone_name = local.tzname() or ""
    if re.fullmatch(r"[+-]\d{2}(\d{2})?", zone_name):
        zone_name = f"UTC{zone_name[:3]}" + (f":{zone_name[3:]}" if zone_name[3:] else "")
    return f"{show_date(at, zone) if year else _day(local)} {clock} {zone_name}"


def in_zone(at: datetime, zone: ZoneInfo) -> str:
    """ "Wed 11 Feb 2026 07:02 CET, Europe/Zurich": with the zone's own name where the time does not end in it."""
    shown = show_instant(at, zone, year=True)
    return shown if shown.endswith(f" {zone.key}") else f"{shown}, {zone.key}"


def show_date(at: datetime, zone: ZoneInfo) -> str:
    """Return the day of *at* in *zone*: ``Wed 11 Feb 2026``. Raises ValueError when *at* is naive."""
    local = _local(at, zone)
    return f"{_day(local)} {local.year:04}"


def to_iso(at: datetime, zone: ZoneInfo | None = None) -> str:
    """Return *at* as ISO 8601 with the offset of *zone*, or ``+00:00``; microseconds only when there are any.

    Raises ValueError when *at* is naive.
    """
    return _local(at, zone).isoformat()


def _local(at: datetime, zone: ZoneInfo | None) -> datetime:
    if at.utcoffset() is None:
        raise ValueError("an instant without an offset cannot be shown: which zone it means is not known")
    return at.astimezone(zone or UTC)


def _day(local: datetime) -> str:
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"


def bounded(at: datetime) -> datetime:
    """Return *at*, or the end of time that it lies nearer to: what a broken clock or disk says may be any date."""
    return min(max(at, EPOCH), END)


# Timestamps as somebody wrote them ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """A timestamp as somebody wrote it: exactly one of *at* (it had an *offset*) and *naive* (it had none) is set."""

    text: str
    at: datetime | None
    naive: datetime | None
    offset: timedelta | None = None

    def in_zone(self, zone: ZoneInfo, *, fold: int = 0) -> datetime:
        """Return the instant, aware UTC; *zone* is asked only when the text had no offset.

        A clock face that autumn shows twice is the first of the two unless *fold* is 1. One that spring skips is
        read with the offset from before the change (PEP 495), so 02:30 that night is 03:30 summer time.
        """
        if self.at is not None:
            return self.at
        assert self.naive is not None
        if zone.key == "UTC":
            return self.naive.replace(tzinfo=UTC)
        return self.naive.replace(tzinfo=zone, fold=fold).astimezone(UTC)


_ISO = re.compile(
    r"(?P<year>[0-9]{4})-?(?P<month>[0-9]{2})-?(?P<day>[0-9]{2})"
    r"[Tt ](?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r" ?(?:(?P<utc>[Zz]|UTC|GMT)|(?P<sign>[+-])(?P<off_hour>[0-9]{2})(?::?(?P<off_minute>[0-9]{2}))?)?"
)
_ISO_EXAMPLE = 'Expected ISO 8601, such as "2026-02-11T06:00:17+01:00".'


def read_timestamp(text: str) -> Timestamp:
    """Return what *text*, ISO 8601 as found in the wild, says and whether it said an offset.

    Accepted besides the strict form: a space for the T, ``Z`` or ``UTC``, no seconds, fractions of 1 to 9 digits
    (cut to microseconds), offsets as ``+0100`` or ``+01``, no separators. A date without a time is refused: it
    is no instant. Raises ValueError holding the rule, without the value.
    """
    found = _ISO.fullmatch(text.strip()) if len(text) <= 60 else None
    if found is None:
        raise ValueError(f"not a timestamp. {_ISO_EXAMPLE}")
    if not "1970" <= found["year"] <= "2999":
        # Go writes 0001-01-01 for "never", other programs 9999-12-31.
        raise ValueError(f"year {found['year']} is outside 1970-2999, so it cannot be the time of a run.")

    clock = _read_clock(found)
    if found["utc"] is None and found["sign"] is None:
        return Timestamp(text=text, at=None, naive=clock)
    offset = _read_offset(found)
    return Timestamp(text=text, at=(clock - offset).replace(tzinfo=UTC), naive=None, offset=offset)


def _read_clock(found: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction = found.groups()[:7]
    try:
        return datetime(  # noqa: DTZ001 - the text decides below
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            int(fraction.ljust(6, "0")[:6]) if fraction else 0,
        )
    except ValueError as impossible:
        raise ValueError(f"no such date or time ({impossible}). {_ISO_EXAMPLE}") from None


def _read_offset(found: re.Match[str]) -> timedelta:
    hours, minutes = int(found["off_hour"] or 0), int(found["off_minute"] or 0)
    if minutes > 59 or hours * 60 + minutes > 14 * 60:
        raise ValueError("an offset of more than 14 h, which no zone has.")
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if found["sign"] == "-" else offset
