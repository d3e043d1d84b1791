"""What is asked of a scheduler whose answers are read by a mapping, and where in them do things stand?

It is declared: in jobs.toml, or in a preset. A transport (`json`, `sql`, `command`) is a `Mapped` that says how one
answer is fetched.
"""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cached_property
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from rollcall.evidence import CannotLook
from rollcall.roll.scheduler import Scheduler
from rollcall.schedulers.parts import FIELDS, TIMES_OF_A_RUN, AlivePart, Ask, JobsPart, PagedPart, Part, RunsPart
from rollcall.schedulers.placeholders import places_in
from rollcall.vocabulary import CauseCode

# In how many timeouts all pages of one part must have come.
_TIMEOUTS_OF_PAGES = 10
# Which of its fields the judge asks for by name.
_HELD = {
    "jobs": ("next_run", "paused", "schedule"),
    "runs": ("due", "started", "ended", "status", "by_schedule"),
    "alive": ("running", "heartbeat"),
}


class Mapped(Scheduler):
    """A scheduler whose answers are read by a mapping."""

    times: Literal["epoch", "epoch-ms", "epoch-us"] | None = Field(
        None, description="How its numbers are read as times."
    )
    page_size: int = Field(200, ge=1, le=10_000, strict=True, alias="limit", description="Entries a page.")
    alive: AlivePart | None = Field(None, description="What shows that it is alive.")
    jobs: JobsPart | None = Field(None, description="The jobs that it lists.")
    runs: RunsPart | None = Field(None, description="The runs that it has on record.")

    # True of a transport that answers with rows, and not with a tree.
    answers_in_rows: ClassVar[bool] = False
    # How a mapping says where a field is, and how it asks for fewer runs: the cures of mistakes.
    says_where: ClassVar[str] = 'Write {field} = "…" in that table'
    asks_less: ClassVar[str] = "Ask for less, with {since}"

    @field_validator("alive", "jobs", "runs")
    @classmethod
    def _says_where_things_are(cls, part: Part | None, found: ValidationInfo) -> Part | None:
        if part is None:
            return None
        has = {field for field in FIELDS[found.field_name or ""] if getattr(part, field)}
        if isinstance(part, JobsPart) and "id" not in has:
            raise ValueError(f"says not where the id is. {cls.says_where.format(field='id')}.")
        if isinstance(part, RunsPart) and "job" not in has:
            raise ValueError(f"says not where the job is. {cls.says_where.format(field='job')}.")
        if otherwise := getattr(part, "otherwise", None):
            if not cls.answers_in_rows:
                raise ValueError("otherwise is asked where a table of a database is not there. Take it out.")
            cls._says_where_things_are(otherwise, found)
        if isinstance(part, RunsPart) and not has.intersection(TIMES_OF_A_RUN):
            raise ValueError(f"says not where a time is (due, started, ended). {cls.says_where.format(field='ended')}.")
        if isinstance(part, AlivePart):
            if not has & {"running", "heartbeat"}:
                raise ValueError(f"says not what shows it. {cls.says_where.format(field='running')}, or heartbeat.")
            if ("heartbeat" in has) != (part.heartbeat_within is not None):
                raise ValueError("heartbeat and heartbeat_within belong together. Write both, or neither.")
        return part

    @model_validator(mode="after")
    def _asks_something(self) -> Mapped:
        if not self.parts:
            raise ValueError("asks nothing. Write a table jobs, runs or alive, or a kind that has them.")
        for name, part in self.parts.items():
            if part.ask is None and self.usual_ask is None:
                raise ValueError(f"says not what is asked for {name}. Write ask in that table.")
            if broken := self._broken_paging(name, part):
                raise ValueError(broken)
        return self

    def _broken_paging(self, name: str, part: Part) -> str | None:
        """Why not all pages would come; None where they would."""
        if not isinstance(part, PagedPart):
            return None
        is_sent = "cursor" in self.fills_in(part)
        if part.cursor and not is_sent:
            return (
                f"{name}.cursor is sent nowhere, so that only the first page would come. Write {{cursor}} in its ask."
            )
        if is_sent and not part.cursor:
            return f'{name} sends {{cursor}}, and says not where it is. Write cursor = "…" in that table.'
        if part.cursor and part.total:
            return f"{name}.cursor says where its pages end, so that total would never count. Take one of them out."
        return None

    # What a transport says --------------------------------------------------------------------------------------------

    @property
    def usual_ask(self) -> Ask | None:
        """What is asked where a part names nothing of its own."""
        return None

    def fills_in(self, part: Part) -> frozenset[str]:
        """The names of what is filled into what the part asks, such as "since"."""
        return places_in([part.ask or self.usual_ask, part.body])

    def broken(self, why: str, code: CauseCode = CauseCode.SCHEDULER_ERROR) -> CannotLook:
        """What is wrong with an answer, in the words of the transport."""
        return CannotLook(code, f"{self.asks}: {why}")

    # What it is to others ---------------------------------------------------------------------------------------------

    @property
    def parts(self) -> dict[str, Part]:
        """What is asked for, by the names of its tables."""
        return {name: part for name in FIELDS if (part := getattr(self, name)) is not None}

    @property
    def first(self) -> tuple[Part, Ask]:
        """What is asked for first, and how."""
        part = next(iter(self.parts.values()))
        ask = part.ask or self.usual_ask
        assert ask is not None  # `_asks_something` has seen to it
        return part, ask

    def is_paged(self, part: Part) -> bool:
        """True where the part asks for one page after the other."""
        return bool(self.fills_in(part) & {"offset", "page", "cursor"})

    def is_limited(self, part: Part) -> bool:
        """True where an answer to the part holds no more than `limit` entries: by {limit}, or as the scheduler has it.

        A limit that jobs.toml says and nothing sends along is the scheduler's own.
        """
        limited = [each for each in self.parts.values() if "limit" in self.fills_in(each)]
        return part in limited or (not limited and "page_size" in self.model_fields_set)

    def word(self, field: str) -> str:
        """What its answers call a field of runs, jobs or alive."""
        parts = [getattr(self, name) for name in ("runs", "jobs", "alive") if field in FIELDS[name]]
        return next((said for part in parts if (said := getattr(part, field, None))), field)

    @property
    def heartbeat_within(self) -> timedelta | None:
        """How old its heartbeat may be; None where it has none."""
        return self.alive.heartbeat_within if self.alive else None

    @property
    def keeps(self) -> int | None:
        """How many runs of each job it keeps on record at most."""
        return self.runs.keeps if self.runs else None

    @cached_property
    def tells(self) -> frozenset[str]:
        """What its answers hold, by its mapping."""
        held = {field for name, part in self.parts.items() for field in _HELD[name] if getattr(part, field)}
        held |= self.parts.keys() - {"alive"}
        return frozenset(held | ({"history"} if self.runs and self.keeps != 1 else set()))

    @property
    def patience(self) -> timedelta:
        """How long all of one look may take: the timeout for each request, ten times that for all pages of a part."""
        asks = {json.dumps([part.ask or self.usual_ask, part.body]): part for part in self.parts.values()}
        return self.timeout * sum(_TIMEOUTS_OF_PAGES if self.is_paged(part) else 1 for part in asks.values())
