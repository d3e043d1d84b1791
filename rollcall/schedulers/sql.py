"""What does a scheduler's database say, asked in one transaction that cannot write?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, assert_never

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from rollcall.evidence import CannotLook, SchedulerSeen
from rollcall.roll.fields import context
from rollcall.roll.scheduler import Asked
from rollcall.roll.secrets import Secrets, Unset, expand, texts_of
from rollcall.roll.values import shown_url
from rollcall.schedulers.answers import look_by_mapping
from rollcall.schedulers.mapping import Mapped
from rollcall.schedulers.pages import MOST_ENTRIES, NotThere
from rollcall.schedulers.parts import FIELDS, Ask, Part
from rollcall.sources.database import Database, Talk
from rollcall.sources.database_url import hidden, read_database_url
from rollcall.sources.no_answer import NoAnswer, Why
from rollcall.sources.query import BOUND, bound_in, columns, read_query
from rollcall.vocabulary import CauseCode


class Sql(Mapped):
    """A scheduler whose database is asked: columns are named like the fields, `:since` is an aware instant."""

    database: str = Field(
        repr=False, description="As SQLAlchemy writes it, such as sqlite:///data/app.db; ${NAME} is read."
    )

    answers_in_rows: ClassVar[bool] = True
    says_where: ClassVar[str] = "Name a column so, SELECT … AS {field}"
    asks_less: ClassVar[str] = "Ask for less, with :since"

    _url: Any = PrivateAttr(None)

    @field_validator("database")
    @classmethod
    def _can_be_asked(cls, url: str, found: ValidationInfo) -> str:
        if not context(found)["is_replay"]:
            read_database_url(expand(url, context(found)["environment"]))
        return url

    @field_validator("alive", "jobs", "runs", mode="before")
    @classmethod
    def _asks_one_query(cls, table: Any, found: ValidationInfo) -> Any:
        """A table whose fields are the columns of that name, where it does not say otherwise."""
        if not isinstance(table, dict) or "ask" not in table:
            return table
        if not isinstance(table["ask"], str):
            raise ValueError("ask must be one query, as text in quotes.")
        try:
            read_query(table["ask"])
        except ValueError as problem:
            raise ValueError(f"ask {problem}") from None
        if unread := sorted({"body", "each", "total", "cursor"} & table.keys()):
            raise ValueError(f"a query has no {unread[0]}: its rows are the entries. Take it out.")
        named = columns(table["ask"]).intersection(FIELDS[found.field_name or ""])
        if "otherwise" in table:
            table = {**table, "otherwise": cls._asks_one_query(table["otherwise"], found)}
        return {**{name: name for name in named}, **table}

    def model_post_init(self, context: Any) -> None:
        """Resolves the path of a SQLite file: it is relative to the file in which it stands."""
        super().model_post_init(context)
        if context and not isinstance(context.get("environment"), Unset):
            self._url = read_database_url(self.secrets.sent(self.database), context.get("folder") or Path())

    def _read_secrets(self, environment: Mapping[str, str]) -> Secrets:
        if isinstance(environment, Unset):
            return Secrets(environment=environment)
        url = read_database_url(expand(self.database, environment))
        of_database, names = hidden(self.database, url, environment)
        others = texts_of(self.model_dump(exclude={"memory", "database"}))
        plain = Secrets.of(others, {}, "", environment)
        return Secrets(environment=environment, hidden={**plain.hidden, **of_database}, names=names)

    @property
    def address(self) -> str:
        """The url of the database, as it may be shown."""
        return shown_url(self.database)

    @property
    def patience(self) -> timedelta:
        """How long all of one look may take: it is one transaction."""
        return self.timeout

    def fills_in(self, part: Part) -> frozenset[str]:
        """What the query has as `:name`."""
        return bound_in(str(part.ask))

    # Asking -----------------------------------------------------------------------------------------------------------

    def look(self, asked: Asked) -> SchedulerSeen:
        """What it says. Raises `CannotLook` (scheduler-down, access-denied, scheduler-error)."""
        database = Database(url=self._url, secrets=self.secrets, zone=self.naive_times)

        def talk(over: Talk) -> SchedulerSeen:
            return look_by_mapping(self, asked, nullcontext(_OverSql(scheduler=self, secrets=self.secrets, over=over)))

        try:
            return database.ask(talk, ends_on=time.monotonic() + self.timeout.total_seconds())
        except NoAnswer as problem:
            raise self.problem(problem) from None

    def problem(self, problem: NoAnswer, part: str = "") -> CannotLook:
        """What broke off the asking of that part, or the connecting."""
        words = problem.says
        if part:
            words = f"{part} {words}" if problem.is_of_query else f"{part}: {words}"
        match problem.why:
            case Why.LATE:
                return self.overdue()
            case Why.DENIED:
                return self.broken(words, CauseCode.ACCESS_DENIED)
            case Why.DOWN:
                return self.broken(words, CauseCode.SCHEDULER_DOWN)
            case Why.NO_TABLE:
                return NotThere(CauseCode.SCHEDULER_ERROR, self.broken(words).detail)
            case Why.ERROR:
                return self.broken(words)
            case _:
                assert_never(problem.why)


@dataclass(slots=True, kw_only=True)
class _OverSql:
    """One look over one connection; a database's own clock is not asked for."""

    scheduler: Sql
    secrets: Secrets
    over: Talk
    server_at: datetime | None = None

    def fetch(self, part: str, ask: Ask, body: Any, values: Mapping[str, Any]) -> Any:
        said = {name: values[name] for name in BOUND if name in values}
        bound = {name: each if isinstance(each, int) else datetime.fromisoformat(each) for name, each in said.items()}
        # Asked otherwise where a table is not there.
        may_fail = getattr(getattr(self.scheduler, part), "otherwise", None) is not None
        try:
            return self.over.rows(str(ask), bound, most=MOST_ENTRIES, may_fail=may_fail)
        except NoAnswer as problem:
            raise self.scheduler.problem(problem, part) from None
