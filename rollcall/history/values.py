"""How do texts, numbers and times stand in a table, and in a line that is carried elsewhere?

pydantic reads and writes them by the types below, in its mode "python" for a table and "json" for a line. In a table an
instant is a whole number of microseconds since the epoch, in a line ISO 8601 with an offset; a span is microseconds in
both. A line is refused where it is wrong; a text of a table is cleaned instead: a flipped bit costs no row.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, SerializationInfo, ValidationInfo

from rollcall.text import clean
from rollcall.times import EPOCH, read_timestamp, to_iso

MICROSECOND = timedelta(microseconds=1)
LONGEST_TEXT = 500
LARGEST = 2**63 - 1


def number(at: datetime) -> int:
    """The instant as it stands in a table."""
    return (at - EPOCH) // MICROSECOND


# What lies further ahead is no instant, but a broken number.
LAST = number(datetime(3000, 1, 1, tzinfo=UTC))


def _read_instant(found: object) -> datetime:
    if type(found) is int and 0 <= found <= LAST:
        return EPOCH + timedelta(microseconds=found)
    if not isinstance(found, str):
        raise ValueError("is no time.")
    try:
        at = read_timestamp(found).at
    except ValueError as problem:
        raise ValueError(f"is {problem}") from None
    if at is None:
        raise ValueError("has no offset, so it cannot be told which instant it is.")
    return at


def _write_instant(at: datetime, info: SerializationInfo) -> int | str:
    return to_iso(at) if info.mode == "json" else number(at)


def _read_span(found: object, info: ValidationInfo) -> timedelta:
    # A scheduler whose clock is off may say that a run ended before it began.
    if type(found) is not int or not (0 if info.mode == "json" else -LARGEST) <= found <= LARGEST:
        raise ValueError("is no number of 0 or more.")
    return timedelta(microseconds=found)


def _read_text(text: str, info: ValidationInfo) -> str:
    cleaned = clean(text, LONGEST_TEXT)
    if info.mode == "json" and cleaned != text:
        raise ValueError(f"is no text of one line with at most {LONGEST_TEXT} characters.")
    return cleaned


Instant = Annotated[datetime, PlainValidator(_read_instant), PlainSerializer(_write_instant)]
Span = Annotated[timedelta, PlainValidator(_read_span), PlainSerializer(lambda span: span // MICROSECOND)]
Count = Annotated[int, Field(ge=0, le=LARGEST)]
Text = Annotated[str, AfterValidator(_read_text)]
Name = Annotated[Text, Field(min_length=1)]
