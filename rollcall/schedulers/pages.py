"""What is asked in one look, page by page, and how much of it came?

Each request is made once, however many of alive, jobs and runs it answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from rollcall.roll.scheduler import Asked
from rollcall.roll.secrets import Secrets
from rollcall.schedulers.expressions import ABSENT, find
from rollcall.schedulers.parts import Ask, PagedPart, Part
from rollcall.schedulers.placeholders import written
from rollcall.schedulers.reading import Reader

if TYPE_CHECKING:
    from rollcall.schedulers.mapping import Mapped

# Six hourly jobs over a year; who has more is asked for less (`{since}`).
MOST_ENTRIES = 50_000
MOST_PAGES = 500


class Talk(Protocol):
    """One look at a scheduler: it answers what it is asked.

    `secrets` are those of the scheduler and what was had while talking, such as a token; `server_at` is the scheduler's
    own clock, None where it tells none.
    """

    @property
    def secrets(self) -> Secrets: ...

    @property
    def server_at(self) -> datetime | None: ...

    def fetch(self, part: str, ask: Ask, body: Any, values: Mapping[str, Any]) -> Any:
        """The decoded answer to what a part asks, `values` filled in. Raises `CannotLook`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """The entries of a part. `are_all` is False where a limit cut them off, or may have."""

    entries: tuple[Any, ...]
    are_all: bool


@dataclass(slots=True, kw_only=True)
class Conversation:
    """The answers of one look."""

    scheduler: Mapped
    asked: Asked
    talk: Talk
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def reader(self) -> Reader:
        return self.scheduler.reader(self.talk.secrets)

    def answer(self, name: str, part: Part, *, offset: int = 0, page: int = 1, cursor: Any = None) -> Any:
        """The answer to what the part asks, or to one page of it."""
        ask = self.scheduler.ask_of(part)
        place = {"offset": offset, "page": page, "cursor": cursor}
        filled_in = {key: value for key, value in place.items() if self.scheduler.fills_in(key, part)}
        request = json.dumps([ask, part.body, filled_in])
        if request not in self.kept:
            times = self.scheduler.times
            values = {
                "since": written(self.asked.since, times),
                "until": written(self.asked.now, times),
                "now": written(self.asked.now, times),
                "limit": self.scheduler.page_size,
                **place,
            }
            self.kept[request] = self.talk.fetch(name, ask, part.body, values)
        return self.kept[request]

    def entries(self, name: str, part: PagedPart) -> Entries:
        """All entries of a part. Raises `CannotLook`, also where there are more than are read."""
        if self.scheduler.is_paged(part):
            return Entries(entries=tuple(self._of_pages(name, part)), are_all=True)
        answer = self.answer(name, part)
        came = self._entries_of(name, part, answer)
        self._refuse_too_many(name, len(came))
        total = self._total(name, part, answer)
        may_be_cut = self.scheduler.fills_in("limit", part) and len(came) >= self.scheduler.page_size
        return Entries(entries=tuple(came), are_all=len(came) >= total if total is not None else not may_be_cut)

    def _of_pages(self, name: str, part: PagedPart) -> Iterator[Any]:
        came, cursor, before = 0, None, frozenset[str]()
        for page in range(1, MOST_PAGES + 1):
            answer = self.answer(name, part, offset=came, page=page, cursor=cursor)
            entries = self._entries_of(name, part, answer)
            keys = [json.dumps(each, sort_keys=True, default=str) for each in entries]
            # What is made meanwhile moves entries on to the next page, where they come again.
            fresh = [each for each, key in zip(entries, keys, strict=True) if key not in before]
            if entries and not fresh:
                raise self.scheduler.broken(f"page {page} of {name} is the one before it again. Write cursor or total")
            yield from fresh
            before, came = frozenset(keys), came + len(entries)
            self._refuse_too_many(name, came)
            if part.cursor:
                cursor = self._found(name, "cursor", part.cursor, answer)
                if cursor in (None, ABSENT, "", False):
                    return
            elif not entries or ((total := self._total(name, part, answer)) is not None and came >= total):
                return
        raise self.scheduler.broken(f"{name} does not end after {MOST_PAGES:,} pages. Ask for more a page, by limit")

    def _entries_of(self, name: str, part: PagedPart, answer: Any) -> list[Any]:
        found = self._found(name, "each", part.each or "@", answer)
        if found is ABSENT or found is None:
            raise self.scheduler.nothing_found(name, "each", answer, self.reader)
        if not isinstance(found, list):
            raise self.reader.hole(part.each if part.each not in (None, "@") else "the answer", found, "a list")
        return found

    def _total(self, name: str, part: PagedPart, answer: Any) -> int | None:
        if part.total is None:
            return None
        found = self._found(name, "total", part.total, answer)
        if found is ABSENT or found is None:
            raise self.scheduler.nothing_found(name, "total", answer, self.reader)
        total = self.reader.count(found)
        if total is None:
            raise self.reader.hole(part.total, found, "a number")
        return total

    def _found(self, name: str, key: str, expression: str, answer: Any) -> Any:
        try:
            return find(expression, answer)
        except ValueError as problem:
            raise self.scheduler.broken(f'{name}.{key} = "{expression}" fails: {problem}') from None

    def _refuse_too_many(self, name: str, came: int) -> None:
        if came > MOST_ENTRIES:
            raise self.scheduler.broken(f"{name} has more than {MOST_ENTRIES:,} entries. {self.scheduler.asks_less}")
