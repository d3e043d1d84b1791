"""How is one field of a table of jobs.toml read, checked and shown to editors?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from rollcall.roll.secrets import expand
from rollcall.roll.values import (
    read_aware_time,
    read_clock,
    read_date,
    read_header_name,
    read_header_value,
    read_size,
    read_zone,
)
from rollcall.text import clean
from rollcall.times import parse_span

_ZONE_SCHEMA = {"type": "string", "examples": ["Europe/Zurich", "UTC"]}
_SPAN_SCHEMA = {"type": "string", "pattern": r"^\s*\d", "examples": ["15 min", "24 h", "5 s"]}
_SIZE_SCHEMA = {"type": "string", "pattern": r"^\s*\d", "examples": ["200 B", "1 MB"]}


def of_text(read: Any) -> PlainValidator:
    """Reads a value that is written as text."""

    def validate(value: object) -> Any:
        if not isinstance(value, str):
            raise ValueError("must be text in quotes.")
        return read(value)

    return PlainValidator(validate)


Span = Annotated[timedelta, of_text(parse_span), WithJsonSchema(_SPAN_SCHEMA)]
Size = Annotated[int, of_text(read_size), WithJsonSchema(_SIZE_SCHEMA)]
Zone = Annotated[ZoneInfo, of_text(read_zone), WithJsonSchema(_ZONE_SCHEMA)]
Day = Annotated[date, PlainValidator(read_date), WithJsonSchema({"type": "string", "examples": ["2026-03-01"]})]
Clock = Annotated[time, PlainValidator(read_clock), WithJsonSchema({"type": "string", "examples": ["06:30"]})]
Instant = Annotated[datetime, BeforeValidator(read_aware_time), WithJsonSchema({"type": "string"})]


def default(text: str, read: Callable[[str], Any], description: str) -> Any:
    """A field whose default editors show as it would be written in the file."""
    return Field(read(text), description=description, json_schema_extra={"default": text})


def context(found: ValidationInfo) -> dict[str, Any]:
    """What `load` hands validators.

    Of every table: `environment`, where `${NAME}` is read; `is_replay`; `now`, None where nothing is held against it.
    Of a scheduler and a job: its `id`, and the `folder` of the file in which it stands. Of a job: all `schedulers` by
    their ids, which of them it `asked` for, the keys that it has `given` and those that are its `own` and no defaults',
    the `windows` of its file, and `history_keeps`.
    """
    return found.context or {"environment": {}, "schedulers": {}, "is_replay": False}


def clean_text(what: str, *, may_be_empty: bool = False) -> AfterValidator:
    """A text that people read: one showable line. "" may say that there is none, whatever [defaults] say."""

    def check(text: str) -> str:
        shown = clean(text)
        if not shown.strip() and (text or not may_be_empty):
            raise ValueError(f"says nothing. Write {what}.")
        return shown

    return AfterValidator(check)


def _looked_for(text: str) -> str:
    if not text:
        raise ValueError('every file contains the empty text. Remove the "".')
    return text


def _header_value(value: str, found: ValidationInfo) -> str:
    read_header_value(expand(value, context(found)["environment"]))
    return value


def _bearable(timeout: timedelta) -> timedelta:
    if not timedelta(milliseconds=100) <= timeout <= timedelta(minutes=5):
        raise ValueError('must lie between "0.1 s" and "5 min".')
    return timeout


Timeout = Annotated[Span, AfterValidator(_bearable)]
LookedFor = Annotated[str, AfterValidator(_looked_for)]
HeaderName = Annotated[str, AfterValidator(read_header_name)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]


class Table(BaseModel):
    """A table that knows all its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
