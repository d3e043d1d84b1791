"""What does a database say, asked in one transaction that cannot write?

Whatever is not there, refuses, hangs or says something else than was asked for becomes a `NoAnswer` with its reason,
within a time and a bounded number of rows. Who asks says what that means. SQLAlchemy is imported only when asked.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from rollcall.roll.secrets import Secrets
from rollcall.sources import sqlite_file
from rollcall.sources.no_answer import LARGEST_TEXT, NoAnswer, Why
from rollcall.sources.query import bound_in, for_sqlalchemy, is_select, read_query
from rollcall.text import show_size

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, CursorResult, Row

# Six hourly jobs over a year.
MOST_ROWS = 50_000
_LARGEST_ANSWER = 64_000_000
_PIECE = 1_000  # rows
_DENIED = re.compile(
    r"authentication failed|access denied|login failed|no password supplied|permission denied|pg_hba\.conf"
    r'|role "[^"]*" (does not exist|is not permitted)',
    re.IGNORECASE,
)
# What SQLite says of what its authorizer denied.
_NOT_READING = re.compile(r"not authorized|authorization denied")
_IS_THERE = re.compile(
    r'database "[^"]*" does not exist|unknown database|not a database|not a valid DuckDB|locked|could not set lock',
    re.IGNORECASE,
)
# What the cast in `_bounded` cannot read; PostgreSQL says so in its own language, and quotes it.
_TOO_LARGE = re.compile(r"a row of (\d+) bytes")
# PostgreSQL's codes for a table, or its schema, that is not there; and what SQLite, MySQL and DuckDB say.
_NO_TABLE = ("42P01", "3F000")
_NO_TABLE_THERE = re.compile(r"no such table: |\(1146, |Table with name .* does not exist")
_TOO_LATE = re.compile(r"interrupt|statement timeout|timeout expired|timed out", re.IGNORECASE)
# What DuckDB would otherwise do beside reading: load what its makers ship, fill a folder beside the file, the memory.
_DUCKDB = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "",
    "memory_limit": "256MB",
    "threads": "2",
}

_Said = TypeVar("_Said")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One that can be asked: its `url`, what of it is never shown, and the zone of its times without one.

    Where nobody says that zone, `days_in` is the one in which an instant is of a day.
    """

    url: URL
    secrets: Secrets
    zone: ZoneInfo | None = None
    days_in: ZoneInfo | None = None

    def ask(self, talk: Callable[[Talk], _Said], *, ends_on: float) -> _Said:
        """What comes of that talk, which ends when the monotonic clock shows `ends_on`. Raises `NoAnswer`.

        It may be held twice: the first is worth nothing where somebody began to write in the middle of it.
        """
        if self.url.get_backend_name() != "sqlite":
            with self._connected({}, ends_on) as connection:
                return talk(connection)
        path = Path(self.url.database or "")

        def ask_file(*, at_rest: bool) -> _Said:
            with sqlite_file.to_be_opened(path, at_rest=at_rest) as (file, is_all):
                how = {"creator": lambda: sqlite_file.opened(file, at_rest=is_all, ends_on=ends_on)}
                with self._connected(how, ends_on) as connection:
                    return talk(connection)

        at_rest = sqlite_file.is_at_rest(path)
        said = ask_file(at_rest=at_rest)
        # If it was opened meanwhile, what is true stands in a log beside it now.
        return ask_file(at_rest=False) if at_rest and not sqlite_file.is_at_rest(path) else said

    @contextmanager
    def _connected(self, how: dict[str, Any], ends_on: float) -> Iterator[Talk]:
        """A connection in a transaction that is never committed."""
        from sqlalchemy import create_engine
        from sqlalchemy.exc import SQLAlchemyError
        from sqlalchemy.pool import NullPool

        options: dict[str, Any] = {}
        if self.url.get_driver_name() in ("psycopg", "psycopg2"):
            options["connect_timeout"] = max(ceil(ends_on - time.monotonic()), 1)
        if is_duckdb := self.url.get_backend_name() == "duckdb":
            _check_file(Path(self.url.database or ""))
            options |= {"read_only": True, "config": _DUCKDB}
        # An error of a query must not carry what was asked with; SQLAlchemy would print it.
        engine = create_engine(self.url, poolclass=NullPool, hide_parameters=True, connect_args=options, **how)
        try:
            with engine.connect() as connection, _interrupted(connection, ends_on) if is_duckdb else nullcontext():
                if connection.dialect.name == "postgresql":
                    # It cannot write, and all queries see the same moment. SQLite files are opened so; what can neither
                    # be held to it is rolled back.
                    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    if zone := self.zone or self.days_in:
                        # So that a column without a zone is held against an instant as it is read.
                        connection.exec_driver_sql(f"SET LOCAL TIME ZONE '{zone.key}'")
                yield Talk(database=self, connection=connection, ends_on=ends_on)
        except SQLAlchemyError as error:
            raise self.no_answer(error) from None
        finally:
            engine.dispose()

    def no_answer(self, error: Exception, *, is_asked: bool = False) -> NoAnswer:
        """Why there is none: what broke off a query (`is_asked`), or the connecting."""
        driver: Any = getattr(error, "orig", None) or error
        state = str(getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None) or "")
        said = self.secrets.clean_words(_words(driver), 300)
        if too_large := _TOO_LARGE.search(said):
            said = f"returns a row of {show_size(int(too_large[1]))}; {show_size(LARGEST_TEXT)} are read"
        if state == "57014" or _TOO_LATE.search(said):
            return NoAnswer(Why.LATE, said)
        if state[:2] == "28" or state == "42501" or _DENIED.search(said):
            return NoAnswer(Why.DENIED, said)
        if is_asked and (state in _NO_TABLE or _NO_TABLE_THERE.search(said)):
            return NoAnswer(Why.NO_TABLE, said)
        return NoAnswer(Why.ERROR if is_asked or _IS_THERE.search(said) else Why.DOWN, said)


@dataclass(slots=True, kw_only=True)
class Talk:
    """A connection over which queries are asked, until the monotonic clock shows `ends_on`."""

    database: Database
    connection: Connection
    ends_on: float

    def rows(
        self, query: str, values: Mapping[str, datetime | int], *, most: int = MOST_ROWS, may_fail: bool = False
    ) -> list[dict[str, Any]]:
        """The rows by the names of their columns, also in lower case; one more than `most` where there are too many.

        `values` are bound where the query has them as `:name`. Others can be asked after one that `may_fail`. Raises
        `NoAnswer`.
        """
        from sqlalchemy.exc import SQLAlchemyError

        try:
            if self._is_postgresql:
                left = max(round((self.ends_on - time.monotonic()) * 1_000), 1)
                self.connection.exec_driver_sql(f"SET LOCAL statement_timeout = {left}")
            # Looked at once more: what a variable stands for may end a query and begin another.
            query = read_query(self.database.secrets.sent(query))
            # After an error PostgreSQL would refuse whatever is asked next.
            with self.connection.begin_nested() if may_fail and self._is_postgresql else nullcontext():
                return self._rows(query, values, most)
        except ValueError as problem:
            raise NoAnswer(Why.ERROR, f"the query {problem}") from None
        except SQLAlchemyError as error:
            raise self.database.no_answer(error, is_asked=True) from None

    @property
    def _is_postgresql(self) -> bool:
        return self.connection.dialect.name == "postgresql"

    def _rows(self, query: str, values: Mapping[str, datetime | int], most: int) -> list[dict[str, Any]]:
        # A table of millions must not be fetched whole. Of this query alone: what is set next is none.
        selects = is_select(query)
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
                raise NoAnswer(Why.ERROR, "returns no rows: it is no query", is_of_query=True)
            names_of = list(result.keys())
            keys = [name.lower() for name in names_of]
            rows = self._fetched(result, most)
            return [{**dict(zip(names_of, row, strict=True)), **dict(zip(keys, row, strict=True))} for row in rows]

    def _fetched(self, result: CursorResult[Any], most: int) -> list[Row[Any]]:
        """The rows, one more than are read where there are too many; as many bytes as an answer over HTTP may have."""
        rows: list[Row[Any]] = []
        came = 0
        while len(rows) <= most and (more := result.fetchmany(min(_PIECE, most + 1 - len(rows)))):
            # The server's own limit begins anew with each piece that is fetched.
            if time.monotonic() > self.ends_on:
                raise NoAnswer(Why.LATE, "it is still answering")
            came += sum(len(value) for row in more for value in row if isinstance(value, str | bytes))
            if came > _LARGEST_ANSWER:
                raise NoAnswer(
                    Why.ERROR, f"returns more than {show_size(_LARGEST_ANSWER)}, and goes on", is_of_query=True
                )
            rows += more
        return rows

    def _bound(self, name: str, value: datetime | int) -> Any:
        """An instant as the database compares it; others than PostgreSQL have times without a zone only."""
        if isinstance(value, int) or self._is_postgresql:
            return value
        face = value.astimezone(self.database.zone or UTC).replace(tzinfo=None)
        if self.connection.dialect.name == "duckdb":
            return face
        # Texts are compared letter by letter: what has no fraction comes before what has one.
        return face.isoformat(sep=" ", timespec="seconds" if name == "since" else "microseconds")


@contextmanager
def _interrupted(connection: Connection, ends_on: float) -> Iterator[None]:
    """DuckDB knows no limit of time: it is told when that is over."""
    driver: Any = connection.connection.driver_connection
    timer = threading.Timer(max(ends_on - time.monotonic(), 0), driver.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _check_file(path: Path) -> None:
    """Raises `NoAnswer` where there is no such file: DuckDB says of that no more than that it cannot."""
    sqlite_file.beginning(path)


def _bounded(query: str) -> str:
    """The same for PostgreSQL, which refuses there a row that is too large: its driver takes each whole."""
    size = "octet_length(asked::text)"
    refused = f"('a row of ' || {size} || ' bytes')::boolean"
    is_read = f"CASE WHEN {size} > {LARGEST_TEXT} THEN {refused} ELSE true END"
    return f"SELECT asked.* FROM (\n{query}\n) AS asked WHERE {is_read}"


def _words(driver: Any) -> str:
    """What the driver says, without the place in the query that it points to and without its own advice."""
    if _NOT_READING.search(str(driver)):
        return f"the query would do more than read ({driver})"
    if getattr(driver, "sqlite_errorname", None) == "SQLITE_READONLY_ROLLBACK":
        return "its last writer broke off in the middle, and only a writer can put that right"
    primary = getattr(getattr(driver, "diag", None), "message_primary", None)
    return primary or re.split(r"\nLINE \d|\n\s*\n", str(driver), maxsplit=1)[0] or type(driver).__name__
