"""How is one field of a table of jobs.toml read, checked and shown to editors?

Each reader returns the value or raises ValueError with the rule and the cure; place and value are added to that.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Any
from unicodedata import normalize
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationInfo,
    WithJsonSchema,
)

from rollcall.roll.secrets import expand
from rollcall.roll.values import nearest
from rollcall.text import clean
from rollcall.times import parse_span, read_timestamp

_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
# What lies beside the zones on many machines: whatever this one is set to, and clocks that count leap seconds.
_NO_ZONES = ("localtime", "posix", "right/")
# Names of the web, and how Python writes its own texts.
_NO_ENCODINGS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"})
_FIRST_YEAR, _LAST_YEAR = 1970, 2999  # as of an instant
# What the request itself says; a second opinion in jobs.toml would make it one that no server can read.
_HEADERS_OF_THE_REQUEST = frozenset({"connection", "content-length", "transfer-encoding"})


class Table(BaseModel):
    """A table that knows all its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Named(Table):
    """A table that goes by the name under which it stands."""

    _id: str = PrivateAttr("")

    def model_post_init(self, context: Any) -> None:
        """Takes the name from what `load` hands over."""
        self._id = (context or {}).get("id", "")

    @cached_property  # pydantic finds a private attribute by three failing look-ups, and this one is asked for most
    def id(self) -> str:
        """Its name in jobs.toml."""
        return self._id


def context(found: ValidationInfo) -> dict[str, Any]:
    """What `load` hands validators.

    Of every table: `environment`, where `${NAME}` is read; `is_replay`; `now`, None where nothing is held against it.
    Of a scheduler and a job: its `id`, and the `folder` of the file in which it stands. Of a job: all `schedulers` and
    `places` by their names, the keys that it has `given` and those that are its `own` and no defaults', the `windows`
    of its file, the `owners` by the names of all files, and `history_keeps`.
    """
    return found.context or {"environment": {}, "schedulers": {}, "is_replay": False}


def of_text(read: Callable[[str], Any]) -> PlainValidator:
    """Reads a value that is written as text."""

    def validate(value: object) -> Any:
        if not isinstance(value, str):
            raise ValueError("must be text in quotes.")
        return read(value)

    return PlainValidator(validate)


def default(text: str, read: Callable[[str], Any], description: str) -> Any:
    """A field whose default editors show as it would be written in the file."""
    return Field(read(text), description=description, json_schema_extra={"default": text})


def clean_text(what: str, *, may_be_empty: bool = False) -> AfterValidator:
    """A text that people read: one showable line. "" may say that there is none, whatever [defaults] say."""

    def check(text: str) -> str:
        shown = clean(text)
        if not shown.strip() and (text or not may_be_empty):
            raise ValueError(f"says nothing. Write {what}.")
        return shown

    return AfterValidator(check)


@dataclass(frozen=True, slots=True)
class Share:
    """A part of what is usual: 0.5 for "50 % of usual"."""

    part: float

    def __str__(self) -> str:
        return f"{self.part * 100:g} % of usual"


def read_size_or_share(text: str) -> int | Share:
    """Bytes, or a part of what is usual, from texts such as "1.5 MB" and "50 % of usual"."""
    share = _share(text)
    return read_size(text) if share is None else share


def _share(text: str) -> Share | None:
    match = re.fullmatch(r"\s*(\d{1,5}(?:\.\d{1,3})?)\s*%(.*)", text, re.DOTALL)
    if match is None:
        return None
    if match.group(2).strip() != "of usual":
        raise ValueError('a part of what? Write "50 % of usual".')
    if not (part := float(match.group(1))):
        raise ValueError('is nothing of what is usual. Write more than 0, such as "50 % of usual".')
    return Share(part / 100)


def _rows_or_share(value: object) -> int | Share:
    if isinstance(value, str) and (share := _share(value)) is not None:
        return share
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError('is no number of rows of 1 or more. Write 100, or "50 % of usual".')
    return value


def read_size(text: str) -> int:
    """Bytes, from texts such as "200 B" or "1.5 MB"."""
    match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]*)\s*", text)
    if not match:
        raise ValueError('not a size. Write "200 B" or "1 MB".')
    number, unit = match.groups()
    if not unit:
        raise ValueError(f'no unit. Write "{number} B" or "{number} kB".')
    if unit not in _UNITS:
        raise ValueError(f'unknown unit "{clean(unit, 12)}". Units: {", ".join(_UNITS)}.')
    return round(float(number) * _UNITS[unit])


def _zone(name: str) -> ZoneInfo:
    try:
        if not name.startswith(_NO_ZONES):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    near = nearest(name, sorted(available_timezones()))
    cure = f'Did you mean "{near}"?' if near else 'Write one such as "Europe/Zurich" or "UTC".'
    raise ValueError(f"no such time zone. {cure}")


def _instant(value: object) -> datetime:
    """With its offset; TOML's own date-times and texts are both read, as they are of days and clocks."""
    text = value.isoformat() if isinstance(value, datetime) else value
    at = read_timestamp(text).at if isinstance(text, str) else None
    if at is None:
        raise ValueError("no offset, so no instant. Write it such as 2026-02-11T06:00:00+01:00.")
    return at


def _day(value: object) -> date:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise ValueError("is not a day. Write it such as 2026-03-01.")
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        # Its midnight elsewhere may be no instant at all.
        raise ValueError(f"year {day.year:04} is outside {_FIRST_YEAR}-{_LAST_YEAR}. Write it such as 2026-03-01.")
    return day


def _clock(value: object) -> time:
    if isinstance(value, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?", value):
        return time.fromisoformat(value)
    if isinstance(value, time) and value.tzinfo is None:
        return value
    raise ValueError('is no time of day. Write it such as "06:30".')


def _bearable(timeout: timedelta) -> timedelta:
    if not timedelta(milliseconds=100) <= timeout <= timedelta(minutes=5):
        raise ValueError('must lie between "0.1 s" and "5 min".')
    return timeout


def _expression(text: str) -> re.Pattern[str]:
    try:
        # As the texts that it is held against are composed: macOS writes "é" as two characters.
        return re.compile(normalize("NFC", text))
    except re.error as error:
        raise ValueError(f"is no regular expression: {clean(str(error), 80)}.") from None


def _holding(expression: str) -> str:
    # Imported late: few outputs ask for it.
    import jmespath

    try:
        jmespath.compile(expression)
    except ValueError as error:
        raise ValueError(f"is no JMESPath: {clean(str(error), 120)}.") from None
    return expression


def _encoding(name: str) -> str:
    try:
        # What only Python itself writes, or what is no text at all, is read as none of them.
        "x".encode(name).decode(name)
        found = codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError):
        found = ""
    if not found or found in _NO_ENCODINGS:
        raise ValueError('no such encoding. Write one such as "cp1252", "utf-16-le" or "utf-8".')
    return found


def _looked_for(text: str) -> str:
    if not text:
        raise ValueError('every file contains the empty text. Remove the "".')
    return text


def _header_name(name: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):  # RFC 9110, a token
        # Only what stands before a colon: "Authorization: Bearer …" in one piece is a secret.
        shown = clean(name.partition(":")[0], 40)
        raise ValueError(f'"{shown}" is not a header name. Use letters, digits and hyphens.')
    if name.lower() in _HEADERS_OF_THE_REQUEST:
        raise ValueError("is set by the request itself. Take it out.")
    return name


def _header_value(value: str, found: ValidationInfo) -> str:
    sent = expand(value, context(found)["environment"])
    if not sent.isascii() or not sent.isprintable() or sent != sent.strip():
        # A line break would smuggle in another header.
        raise ValueError("has characters a header cannot carry. Use printable ASCII, and no space at its ends.")
    return value


def _written(*examples: str, pattern: str | None = None) -> WithJsonSchema:
    """How editors are told to write it."""
    return WithJsonSchema({"type": "string", **({"pattern": pattern} if pattern else {}), "examples": list(examples)})


_AMOUNT = r"^\s*\d"
Span = Annotated[timedelta, of_text(parse_span), _written("15 min", "24 h", "5 s", pattern=_AMOUNT)]
Size = Annotated[int, of_text(read_size), _written("200 B", "1 MB", pattern=_AMOUNT)]
SizeOrShare = Annotated[int | Share, of_text(read_size_or_share), _written("200 B", "50 % of usual", pattern=_AMOUNT)]
_COUNT_SCHEMA = {"type": "integer", "minimum": 1}
_SHARE_SCHEMA = {"type": "string", "pattern": r"^\s*\d.*% of usual\s*$", "examples": ["50 % of usual"]}
RowsOrShare = Annotated[
    int | Share, PlainValidator(_rows_or_share), WithJsonSchema({"anyOf": [_COUNT_SCHEMA, _SHARE_SCHEMA]})
]
Expression = Annotated[re.Pattern[str], of_text(_expression), _written("OK$")]
Encoding = Annotated[str, AfterValidator(_encoding)]
Zone = Annotated[ZoneInfo, of_text(_zone), _written("Europe/Zurich", "UTC")]
Day = Annotated[date, PlainValidator(_day), _written("2026-03-01")]
Clock = Annotated[time, PlainValidator(_clock), _written("06:30")]
Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string"})]
Timeout = Annotated[Span, AfterValidator(_bearable)]
LookedFor = Annotated[str, AfterValidator(_looked_for)]
Holding = Annotated[str, AfterValidator(_holding)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]
