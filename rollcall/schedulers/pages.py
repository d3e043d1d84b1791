"""What is asked in one look, page by page, and how much of it came?

Each request is made once, however many of alive, jobs and runs it answers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from rollcall.evidence import CannotLook
from rollcall.roll.scheduler import Asked
from rollcall.roll.secrets import Secrets
from rollcall.schedulers.mapping import Mapped
from rollcall.schedulers.parts import FIELDS, Ask, JobsPart, PagedPart, Part, RunsPart
from rollcall.schedulers.placeholders import written
from rollcall.schedulers.reading import Reader
from rollcall.sources.expressions import ABSENT, find
from rollcall.vocabulary import CauseCode

# Six hourly jobs over a year; who has more is asked for less (`{since}`).
MOST_ENTRIES = 50_000
MOST_PAGES = 500
# What frameworks call the text of an error that they answer with a 200.
_ERROR_KEYS = ("error", "errors")


class NotThere(CannotLook):
    """A table that a part asks is not there: what is asked otherwise may be."""


class Talk(Protocol):
    """One look at a scheduler: it answers what it is asked.

    `secrets` are those of the scheduler and what was had while talking, such as a token; `server_at` is the scheduler's
    own clock, None where it has none.
    """

    secrets: Secrets
    server_at: datetime | None

    def fetch(self, part: str, ask: Ask, body: Any, values: Mapping[str, Any]) -> Any:
        """The decoded answer to what a part asks, `values` filled in. Raises `CannotLook`: `NotThere` of a table."""


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of a part. `are_all` is False where a limit cut them off, or may have.

    `error` is what the answer that they stand in, or begin in, says of an error beside them.
    """

    entries: list[Any]
    are_all: bool = True
    error: Any = None


@dataclass(slots=True, kw_only=True)
class Pages:
    """The answers of one look, which ends when the monotonic clock shows `ends_on`; each is kept by what was asked."""

    scheduler: Mapped
    asked: Asked
    talk: Talk
    ends_on: float
    kept: dict[str, Any] = field(default_factory=dict)
    asked_otherwise: set[str] = field(default_factory=set)
    errors: dict[str, Any] = field(default_factory=dict)

    @property
    def reader(self) -> Reader:
        """What reads the values of its answers, free of all secrets that are known by now."""
        return Reader(secrets=self.talk.secrets, times=self.scheduler.times, broken=self.scheduler.broken)

    def part(self, name: str) -> Any:
        """The part of that name as it was asked: what is asked otherwise, where that had to be."""
        part = getattr(self.scheduler, name)
        return part.otherwise if name in self.asked_otherwise else part

    def answer(self, name: str, part: Part, *, offset: int = 0, page: int = 1, cursor: Any = None) -> Any:
        """The answer to what the part asks, or to one page of it."""
        ask, place = part.ask or self.scheduler.usual_ask, {"offset": offset, "page": page, "cursor": cursor}
        assert ask is not None  # the scheduler's own checks have seen to it
        filled_in = self.scheduler.fills_in(part)
        request = json.dumps([ask, part.body, {key: value for key, value in place.items() if key in filled_in}])
        if request not in self.kept:
            if time.monotonic() > self.ends_on:
                raise self.scheduler.overdue()
            since, now = (written(at, self.scheduler.times) for at in (self.asked.since, self.asked.now))
            values = {"since": since, "until": now, "now": now, "limit": self.scheduler.page_size, **place}
            self.kept[request] = self.talk.fetch(name, ask, part.body, values)
        return self.kept[request]

    def entries(self, name: str, part: JobsPart | RunsPart) -> Entries:
        """All entries of a part, or of what is asked otherwise. Raises `CannotLook`, also where there are too many."""
        try:
            return self._entries(name, part)
        except NotThere:
            if part.otherwise is None:
                raise
        self.asked_otherwise.add(name)
        return self._entries(name, part.otherwise)

    def _entries(self, name: str, part: PagedPart) -> Entries:
        if self.scheduler.is_paged(part):
            paged = list(self._of_pages(name, part))
            return Entries(paged, error=self.errors.get(name))
        answer = self.answer(name, part)
        came = self._entries_of(name, part, answer, 0)
        total = self._total(name, part, answer)
        # As many as were asked for: there may be more.
        may_be_cut = self.scheduler.is_limited(part) and len(came) >= self.scheduler.page_size
        are_all = not may_be_cut if total is None else len(came) >= total
        return Entries(came, are_all, error=self.errors.get(name))

    def _of_pages(self, name: str, part: PagedPart) -> Iterator[Any]:
        came, cursor, before = 0, None, frozenset[str]()
        for page in range(1, MOST_PAGES + 1):
            answer = self.answer(name, part, offset=came, page=page, cursor=cursor)
            entries = self._entries_of(name, part, answer, came)
            keys = [json.dumps(each, sort_keys=True, default=str) for each in entries]
            # What is made meanwhile moves entries on to the next page, where they come again.
            fresh = [each for each, key in zip(entries, keys, strict=True) if key not in before]
            if entries and not fresh:
                raise self.scheduler.broken(f"page {page} of {name} is the one before it again. Write cursor or total")
            yield from fresh
            before, came = frozenset(keys), came + len(entries)
            if part.cursor:
                cursor = self._find(name, "cursor", part.cursor, answer)
                if cursor in (None, ABSENT, "", False):
                    return
            elif not entries or ((total := self._total(name, part, answer)) is not None and came >= total):
                return
        raise self.scheduler.broken(f"{name} does not end after {MOST_PAGES:,} pages. Ask for more a page, by limit")

    def _entries_of(self, name: str, part: PagedPart, answer: Any, before: int) -> list[Any]:
        """Those of one answer, which come after `before` others."""
        each = part.each or "@"
        found = self._find(name, "each", each, answer)
        if found in (None, ABSENT):
            raise self.nothing_found(name, "each", each, answer)
        if not isinstance(found, list):
            raise self.reader.hole("the answer" if each == "@" else each, found, "a list")
        self.errors.setdefault(name, error_in(answer))
        if before + len(found) > MOST_ENTRIES:
            raise self.scheduler.broken(f"{name} has more than {MOST_ENTRIES:,} entries. {self.scheduler.asks_less}")
        return found

    def _total(self, name: str, part: PagedPart, answer: Any) -> int | None:
        if part.total is None:
            return None
        found = self._find(name, "total", part.total, answer)
        if found in (None, ABSENT):
            raise self.nothing_found(name, "total", part.total, answer)
        total = self.reader.count(found)
        if total is None:
            raise self.reader.hole(part.total, found, "a number")
        return total

    def _find(self, name: str, key: str, expression: str, answer: Any) -> Any:
        try:
            return find(expression, answer)
        except ValueError as problem:
            raise self.scheduler.broken(f'{name}.{key} = "{expression}" fails: {problem}') from None

    def nothing_found(self, name: str, key: str, expression: str, answer: Any) -> CannotLook:
        """That an expression finds nothing in an answer: of something else a wrong service, of this one an error."""
        said = error_in(answer, (*_ERROR_KEYS, "detail"))
        if said is not None:
            return self.scheduler.broken(f"its answer is an error: {self.reader.beginning(said, 80)}")
        looked_for = [part.each or "@" for part in (self.scheduler.jobs, self.scheduler.runs) if part]
        looked_for += [at for field in FIELDS["alive"] if (at := getattr(self.scheduler.alive, field, None))]
        is_this = self.scheduler.answers_in_rows or any(_is_there(each, answer) for each in looked_for)
        code = CauseCode.SCHEDULER_ERROR if is_this else CauseCode.WRONG_SERVICE
        found = f'{name}.{key} = "{expression}" finds nothing in {self.reader.beginning(answer)}'
        return self.scheduler.broken(found, code)


def error_in(answer: Any, keys: Iterable[str] = _ERROR_KEYS) -> Any:
    """What an answer, or an entry of it, says of an error; None where it says of none."""
    return next((answer[key] for key in keys if answer.get(key)), None) if isinstance(answer, dict) else None


def _is_there(expression: str, answer: Any) -> bool:
    try:
        found = find(expression, answer)
    except ValueError:
        return False
    # The whole answer is always there, and a comparison with nothing is False.
    return isinstance(found, list) if expression == "@" else found not in (None, ABSENT, False)
