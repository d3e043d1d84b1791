"""How is one field of a table of jobs.toml read, checked and shown to editors?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
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

from rollcall.config.values import (
    expand,
    read_aware_time,
    read_date,
    read_header_name,
    read_header_value,
    read_size,
    read_zone,
)
from rollcall.text import clean, listed
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
Instant = Annotated[datetime, BeforeValidator(read_aware_time), WithJsonSchema({"type": "string"})]


def default(text: str, read: Callable[[str], Any], description: str) -> Any:
    """A field whose default editors show as it would be written in the file."""
    return Field(read(text), description=description, json_schema_extra={"default": text})


def context(found: ValidationInfo) -> dict[str, Any]:
    """What `load` hands validators: the environment, the declared schedulers and their engines, is it a replay."""
    return found.context or {"environment": {}, "schedulers": {}, "triggers": {}, "is_replay": False}


def names(schedulers: dict[str, Any]) -> str:
    """The declared schedulers, for people."""
    return listed(clean(name, 60) for name in schedulers)


def _plain_id(name: str) -> str:
    if not name or clean(name) != name:
        raise ValueError("is empty, too long or has control characters. Write a plain name.")
    return name


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
Id = Annotated[str, AfterValidator(_plain_id)]
LookedFor = Annotated[str, AfterValidator(_looked_for)]
HeaderName = Annotated[str, AfterValidator(read_header_name)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]


class Table(BaseModel):
    """A table that knows all its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
