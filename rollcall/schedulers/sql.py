"""What does a scheduler's database say, asked in one transaction that cannot write?

Whatever is not there, refuses, hangs or says something else than was asked for becomes a `CannotLook` with its cause,
within the timeout and a bounded number of rows. SQLAlchemy is imported only where jobs.toml names a database.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from rollcall.evidence import CannotLook, SchedulerSeen
from rollcall.roll.fields import context
from rollcall.roll.scheduler import Asked
from rollcall.roll.secrets import Secrets, Unset, expand, texts_of
from rollcall.roll.values import shown_url
from rollcall.schedulers import sqlite_file
from rollcall.schedulers.answers import look_by_mapping
from rollcall.schedulers.mapping import Mapped
from rollcall.schedulers.over_http import LARGEST_LOOK
from rollcall.schedulers.pages import MOST_ENTRIES, NotThere
from rollcall.schedulers.parts import FIELDS, Ask, Part
from rollcall.sources.database_url import hidden, read_database_url
from rollcall.sources.query import bound_in, columns, for_sqlalchemy, read_query
from rollcall.text import show_size
from rollcall.vocabulary import CauseCode

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, CursorResult, Row

# What can be fetched piece by piece; anything else is left to the database to refuse in its own words.
_SELECTS = re.compile(r"[\s(]*(select|with|values|table)\b", re.IGNORECASE)
_PIECE = 1_000  # rows
_DENIED = re.compile(
    r"authentication failed|access denied|login failed|no password supplied|permission denied|pg_hba\.conf"
    r'|role "[^"]*" (does not exist|is not permitted)',
    re.IGNORECASE,
)
# What SQLite says of what its authorizer denied.
_NOT_READING = re.compile(r"not authorized|authorization denied")
_IS_THERE = re.compile(r'database "[^"]*" does not exist|unknown database|not a database|locked', re.IGNORECASE)
# What the cast in `_bounded` cannot read; PostgreSQL says so in its own language, and quotes it.
_TOO_LARGE = re.compile(r"a row of (\d+) bytes")
# PostgreSQL's codes for a table, or its schema, that is not there; and what SQLite and MySQL say.
_NO_TABLE = ("42P01", "3F000")
_NO_TABLE_THERE = re.compile(r"^\w+: (no such table: |\(1146, )")
_TOO_LATE = re.compile(r"interrupted|statement timeout|timeout expired|timed out", re.IGNORECASE)


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
            self._url = read_database_url(self.secrets.sent(self.database))
            if self._url.get_backend_name() == "sqlite":
                folder = context.get("folder") or Path()
                self._url = self._url.set(database=str(folder / (self._url.database or "")))

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
        url, ends_on = self._url, time.monotonic() + self.timeout.total_seconds()
        if url.get_backend_name() != "sqlite":
            return look_by_mapping(self, asked, self._connected(url, {}, ends_on))
        path = Path(url.database or "")

        def look_into_file(*, at_rest: bool) -> SchedulerSeen:
            with sqlite_file.to_be_opened(path, at_rest=at_rest) as (file, is_all):
                how = {"creator": lambda: sqlite_file.opened(file, at_rest=is_all, ends_on=ends_on)}
                return look_by_mapping(self, asked, self._connected(url, how, ends_on))

        at_rest = self._is_at_rest(path)
        answer = look_into_file(at_rest=at_rest)
        # If it was opened meanwhile, what is true stands in a log beside it now.
        return look_into_file(at_rest=False) if at_rest and not self._is_at_rest(path) else answer

    def _is_at_rest(self, path: Path) -> bool:
        try:
            return sqlite_file.is_at_rest(path)
        except CannotLook as problem:
            raise self.broken(problem.detail, problem.code) from None

    @contextmanager
    def _connected(self, url: URL, how: dict[str, Any], ends_on: float) -> Iterator[_OverSql]:
        """A connection in a transaction that is never committed."""
        from sqlalchemy import create_engine
        from sqlalchemy.exc import SQLAlchemyError
        from sqlalchemy.pool import NullPool

        patience = {}
        if url.get_driver_name() in ("psycopg", "psycopg2"):
            patience["connect_timeout"] = ceil(self.timeout.total_seconds())
        # An error of a query must not carry what was asked with; SQLAlchemy would print it.
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=patience, **how)
        try:
            with engine.connect() as connection:
                if connection.dialect.name == "postgresql":
                    # It cannot write, and all queries see the same moment. SQLite files are opened so; what can neither
                    # be held to it is rolled back.
                    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    if self.naive_times:
                        # So that a column without a zone is held against an instant as it is read.
                        connection.exec_driver_sql(f"SET LOCAL TIME ZONE '{self.naive_times.key}'")
                yield _OverSql(scheduler=self, secrets=self.secrets, connection=connection, ends_on=ends_on)
        except SQLAlchemyError as error:
            raise self.problem(error) from None
        finally:
            engine.dispose()

    def problem(self, error: Exception, part: str = "") -> CannotLook:
        """What broke off the asking of that part, or the connecting."""
        driver: Any = getattr(error, "orig", None) or error
        state = str(getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None) or "")
        said = self.secrets.clean_words(_words(driver), 300)
        if too_large := _TOO_LARGE.search(said):
            said = f"returns a row of {show_size(int(too_large[1]))}; {show_size(sqlite_file.LARGEST_TEXT)} are read"
        words = f"{part}: {said}" if part else said
        if state == "57014" or _TOO_LATE.search(words):
            return self.overdue()
        if state[:2] == "28" or state == "42501" or _DENIED.search(words):
            return self.broken(words, CauseCode.ACCESS_DENIED)
        if part and (state in _NO_TABLE or _NO_TABLE_THERE.search(words)):
            return NotThere(CauseCode.SCHEDULER_ERROR, self.broken(words).detail)
        is_there = part or _IS_THERE.search(words)
        return self.broken(words, CauseCode.SCHEDULER_ERROR if is_there else CauseCode.SCHEDULER_DOWN)


@dataclass(slots=True, kw_only=True)
class _OverSql:
    """One look over one connection; a database's own clock is not asked for."""

    scheduler: Sql
    secrets: Secrets
    connection: Connection
    ends_on: float
    server_at: datetime | None = None

    @property
    def _is_postgresql(self) -> bool:
        return self.connection.dialect.name == "postgresql"

    def fetch(self, part: str, ask: Ask, body: Any, values: Mapping[str, Any]) -> Any:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            if self._is_postgresql:
                left = max(round((self.ends_on - time.monotonic()) * 1_000), 1)
                self.connection.exec_driver_sql(f"SET LOCAL statement_timeout = {left}")
            # Looked at once more: what a variable stands for may end a query and begin another.
            query = read_query(self.secrets.sent(str(ask)))
            # Back to here where a table is not there: after an error PostgreSQL would refuse what is asked otherwise.
            may_fail = getattr(getattr(self.scheduler, part), "otherwise", None)
            with self.connection.begin_nested() if may_fail and self._is_postgresql else nullcontext():
                return self._rows(part, query, values)
        except ValueError as problem:
            raise self.scheduler.broken(f"{part}: ask {problem}") from None
        except SQLAlchemyError as error:
            raise self.scheduler.problem(error, part) from None

    def _rows(self, part: str, query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        # A table of millions must not be fetched whole. Of this query alone: what is set next is none.
        selects = bool(_SELECTS.match(query))
        how: dict[str, Any] = {"stream_results": selects, "max_row_buffer": _PIECE}
        if selects and self._is_postgresql:
            query = _bounded(query)
        if names := bound_in(query):
            from sqlalchemy import text

            bound = {name: self._bound(name, values[name]) for name in names}
            result = self.connection.execute(text(for_sqlalchemy(query)), bound, execution_options=how)
        else:
            # A "%" in a query is a "%".
            result = self.connection.exec_driver_sql(query, execution_options={"no_parameters": True, **how})
        with result:
            if not result.returns_rows:
                raise self.scheduler.broken(f"{part} returns no rows: it is no query")
            names_of = list(result.keys())
            keys = [name.lower() for name in names_of]
            rows = self._fetched(part, result)
            return [{**dict(zip(names_of, row, strict=True)), **dict(zip(keys, row, strict=True))} for row in rows]

    def _fetched(self, part: str, result: CursorResult[Any]) -> list[Row[Any]]:
        """The rows, one more than are read where there are too many; as many bytes as an answer over HTTP may have."""
        rows: list[Row[Any]] = []
        came = 0
        while len(rows) <= MOST_ENTRIES and (more := result.fetchmany(min(_PIECE, MOST_ENTRIES + 1 - len(rows)))):
            # The server's own limit begins anew with each piece that is fetched.
            if time.monotonic() > self.ends_on:
                raise self.scheduler.overdue()
            came += sum(len(value) for row in more for value in row if isinstance(value, str | bytes))
            if came > LARGEST_LOOK:
                raise self.scheduler.broken(f"{part} returns more than {show_size(LARGEST_LOOK)}, and goes on")
            rows += more
        return rows

    def _bound(self, name: str, value: str | int) -> Any:
        """An instant as the database compares it; others than PostgreSQL have times without a zone only."""
        if isinstance(value, int):
            return value
        at = datetime.fromisoformat(value)
        if self._is_postgresql:
            return at
        face = at.astimezone(self.scheduler.naive_times or UTC).replace(tzinfo=None)
        # Texts are compared letter by letter: what has no fraction comes before what has one.
        return face.isoformat(sep=" ", timespec="seconds" if name == "since" else "microseconds")


def _bounded(query: str) -> str:
    """The same for PostgreSQL, which refuses there a row that is too large: its driver takes each whole."""
    size = "octet_length(asked::text)"
    refused = f"('a row of ' || {size} || ' bytes')::boolean"
    is_read = f"CASE WHEN {size} > {sqlite_file.LARGEST_TEXT} THEN {refused} ELSE true END"
    return f"SELECT asked.* FROM (\n{query}\n) AS asked WHERE {is_read}"


def _words(driver: Any) -> str:
    """What the driver says, without the place in the query that it points to and without its own advice."""
    if _NOT_READING.search(str(driver)):
        return f"the query would do more than read ({driver})"
    if getattr(driver, "sqlite_errorname", None) == "SQLITE_READONLY_ROLLBACK":
        return "its last writer broke off in the middle, and only a writer can put that right"
    primary = getattr(getattr(driver, "diag", None), "message_primary", None)
    return primary or re.split(r"\nLINE \d|\n\s*\n", str(driver), maxsplit=1)[0] or type(driver).__name__
