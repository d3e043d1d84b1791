"""What does one entry of an answer say, value by value?

Somebody else wrote it: when it leaves here it is bounded, clean and free of secrets. What is no such value at all is
reported with its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from rollcall.evidence import CannotLook
from rollcall.roll.secrets import Secrets
from rollcall.sources.expressions import ABSENT
from rollcall.sources.numbers import count_of, iso_of
from rollcall.text import LINE_LIMIT, clean
from rollcall.times import read_timestamp

_FLAGS = {
    **dict.fromkeys(("1", "true", "t", "yes", "y", "on", "active"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "off", "inactive"), False),
}
_MOST_TAGS = 100
_LONGEST_LINK = 2_000
_BETWEEN_LINES = " / "
_Number = int | float | Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads values; `times` is what numbers count, `broken` says in a transport's words what is wrong with an answer.

    Each raises `CannotLook` where the value is none of its kind; `place` is where it stands, for people.
    """

    secrets: Secrets
    times: str | None
    broken: Callable[[str], CannotLook]

    def id(self, value: Any, place: str) -> str:
        """What a job is called, or its key."""
        if isinstance(value, int | UUID) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, Decimal) and (number := self.count(value)) is not None:
            return str(number)
        if not isinstance(value, str) or not value:
            raise self.hole(place, value, "a text")
        # Cleaned, an id with a hidden character would pass for the one that was declared.
        return self.secrets.without(value if clean(value) == value else json.dumps(value[:100]))

    def text(self, value: Any, place: str) -> str:
        """One clean line; of a number or a flag what stands in the answer."""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, _Number | UUID):
            return clean(str(value))
        if not isinstance(value, str):
            raise self.hole(place, value, "a text")
        return self.secrets.clean(value)

    def time(self, value: Any, place: str) -> str:
        """A time in the scheduler's own words: one without an offset stays without. Of a number the instant, in ISO."""
        if isinstance(value, date):  # and datetime, which is one
            return value.isoformat()
        if isinstance(value, _Number) and not isinstance(value, bool):
            if self.times is None:
                cure = 'Say what it counts: times = "epoch", "epoch-ms" or "epoch-us"'
                raise self.broken(f"{place} is the number {clean(str(value), 40)} where a time belongs. {cure}")
            try:
                return iso_of(value, self.times)
            except ValueError:
                return clean(str(value), 60)
        if not isinstance(value, str):
            raise self.hole(place, value, "a time")
        shown = self.secrets.clean(value)
        if shown != value:
            with suppress(ValueError):
                # With "2026" for a header's value a time would be torn as if it held a secret.
                read_timestamp(value)
                return clean(value)
        return shown

    def flag(self, value: Any, place: str) -> bool:
        """True or false, in any of the many ways to write it."""
        said = value.strip().lower() if isinstance(value, str) else value
        if isinstance(said, bytes) and len(said) == 1:  # BIT(1) of MySQL
            said = said[0]
        if isinstance(said, bool | _Number) and said in (0, 1):
            return bool(said)
        if isinstance(said, str) and said in _FLAGS:
            return _FLAGS[said]
        raise self.hole(place, value, "true or false")

    def count(self, value: Any, place: str = "") -> int | None:
        """A whole number; None for whatever is none."""
        return count_of(value)

    def link(self, value: Any, place: str) -> str | None:
        """An address that a page may lead to; None for whatever is none."""
        is_one = isinstance(value, str) and value.startswith(("http://", "https://")) and " " not in value
        return self.secrets.clean(value, _LONGEST_LINK) if is_one and len(value) <= _LONGEST_LINK else None

    def says(self, value: Any, place: str) -> str:
        """Last words: as many of the last lines as one line holds; "" of what is no text."""
        said = ""
        for line in reversed(value.splitlines() if isinstance(value, str) else ()):
            earlier = self.secrets.clean_words(line)
            if said and len(earlier) + len(_BETWEEN_LINES) + len(said) > LINE_LIMIT:
                break
            said = _BETWEEN_LINES.join(filter(None, (earlier, said)))
        return said

    def tags(self, value: Any, place: str) -> tuple[str, ...]:
        """Labels, of a list, of a text with commas, or of a table as key=value."""
        if isinstance(value, Mapping):
            value = [f"{key}={each}" for key, each in value.items()]
        elif isinstance(value, str):
            value = value.split(",")
        labels = value[:_MOST_TAGS] if isinstance(value, list) else []
        return tuple(filter(None, (self.secrets.clean(str(each), 80).strip() for each in labels)))

    def hole(self, place: str, value: Any, belongs: str) -> CannotLook:
        """That something else stands where that belongs."""
        match value:
            case None:
                said = "is null"
            case dict():
                said = "is an object"
            case list():
                said = "is a list"
            case str():
                said = f'is "{self.secrets.clean_words(value, 60)}"'
            case bool():
                said = f"is {str(value).lower()}"
            case int() | float() | Decimal():
                said = f"is {clean(str(value), 40)}"
            case _ if value is ABSENT:
                said = "is missing"
            case _:
                said = f"is of the type {type(value).__name__}"
        return self.broken(f"{place} {said} where {belongs} belongs")

    def beginning(self, value: Any, limit: int = 200) -> str:
        """How a value begins, for people."""
        try:
            text = json.dumps(value, ensure_ascii=False, default=str)
        except (RecursionError, ValueError, TypeError):
            text = "something that nests too deeply"
        return self.secrets.clean_words(text, limit)


# How each field of a mapping is read, and which of them must be there.
_READ_AS = {
    **dict.fromkeys(("id", "key", "job"), Reader.id),
    **dict.fromkeys(("name", "schedule", "zone", "status", "jobs_hidden"), Reader.text),
    **dict.fromkeys(("next_run", "runs_since", "due", "started", "ended", "since", "heartbeat"), Reader.time),
    **dict.fromkeys(("paused", "by_schedule", "running", "has_runs"), Reader.flag),
    "attempt": Reader.count,
    "link": Reader.link,
    "says": Reader.says,
    "tags": Reader.tags,
}
_NEEDED = ("id", "job", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the mapping finds in one entry: its `values` by field, at `place` under the names of `fields`."""

    reader: Reader
    place: str
    fields: Mapping[str, str]
    values: Mapping[str, Any]

    def read(self, field: str) -> Any:
        """What it says in that field; None where it says nothing."""
        value = self.values.get(field)
        if field not in self.fields or (value in (None, ABSENT) and field not in _NEEDED):
            return None
        return _READ_AS[field](self.reader, value, f"{self.place}.{self.fields[field]}".lstrip("."))

    def read_all(self, *, but: Container[str] = ()) -> dict[str, Any]:
        """What it says, by field; of those fields nothing."""
        return {field: said for field in self.fields if field not in but and (said := self.read(field)) is not None}
