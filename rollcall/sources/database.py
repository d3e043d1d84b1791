"""What does a scheduler's database say of it, asked in one transaction that cannot write?

The one place that speaks with databases. Whatever is not there, refuses, hangs or says something else than was asked
for becomes a `CannotLook` with its cause, within the timeout and a bounded number of rows.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from rollcall.errors import CannotLook, CauseCode
from rollcall.evidence import DatabaseSeen, Registration
from rollcall.jobs import Database
from rollcall.text import clean, clean_of_secrets, listed
from rollcall.times import read_timestamp, show_span

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

MOST_ROWS = 10_000
_FLAGS = {
    **dict.fromkeys(("1", "true", "t", "yes", "y", "on", "active"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "off", "inactive"), False),
}
_COLUMNS = ("task_id", "last_executed", "last_status")
# What can be fetched piece by piece; anything else is left to the database to refuse in its own words.
_SELECTS = re.compile(r"[\s(]*(select|with|values|table)\b", re.IGNORECASE)
_DENIED = re.compile(
    r"authentication failed|access denied|login failed|no password supplied|permission denied|pg_hba\.conf"
    r'|role "[^"]*" (does not exist|is not permitted)',
    re.IGNORECASE,
)
# What SQLite says of what its authorizer denied.
_NOT_READING = re.compile(r"not authorized|authorization denied")
_IS_THERE = re.compile(r'database "[^"]*" does not exist|unknown database|not a database|locked', re.IGNORECASE)
_TOO_LATE = re.compile(r"interrupted|statement timeout|timeout expired|timed out", re.IGNORECASE)

Row = Sequence[Any]


def look(database: Database, *, clock: Callable[[], datetime]) -> DatabaseSeen:
    """What it says. Raises `CannotLook` (scheduler-down, access-denied, scheduler-error)."""
    asked_at = clock()
    try:
        active, executions = _asked(database)
        flag, since = (None, None) if active is None else _flag(active, database)
        return DatabaseSeen(
            asked_at=asked_at,
            answered_at=clock(),
            active=flag,
            active_since=since,
            executions=None if executions is None else _registrations(*executions, database),
        )
    except CannotLook as problem:
        hidden = dict(database.names) | dict(database.secrets)
        detail = clean_of_secrets(problem.detail, hidden, 300)
        raise CannotLook(problem.code, f"{database.shown_url}: {detail}") from None


def overdue(database: Database) -> CannotLook:
    """That it did not answer in time."""
    return CannotLook(CauseCode.SCHEDULER_DOWN, f"{database.shown_url}: {_too_late(database)}")


def _too_late(database: Database) -> str:
    return f"no complete answer within {show_span(database.timeout)}"


# Asking -----------------------------------------------------------------------------------------------------------

_Answers = tuple[list[Row] | None, tuple[list[str], list[Row]] | None]


def _asked(database: Database) -> _Answers:
    from sqlalchemy import make_url

    url = make_url(database.url)
    ends_on = time.monotonic() + database.timeout.total_seconds()
    if url.get_backend_name() != "sqlite":
        return _answers(database, url, {}, ends_on)
    return _asked_of_file(database, url, ends_on)


def _asked_of_file(database: Database, url: URL, ends_on: float) -> _Answers:
    from rollcall.sources import sqlite_file

    path = Path(url.database or "")

    def answers(*, at_rest: bool) -> _Answers:
        how = {"creator": lambda: sqlite_file.opened(path, at_rest=at_rest, ends_on=ends_on)}
        return _answers(database, url, how, ends_on)

    if not sqlite_file.is_at_rest(path):
        return answers(at_rest=False)
    said = answers(at_rest=True)
    # Has somebody opened it meanwhile, there is a log now that tells what is true.
    return said if sqlite_file.is_at_rest(path) else answers(at_rest=False)


def _answers(database: Database, url: URL, how: dict[str, Any], ends_on: float) -> _Answers:
    with _connected(database, url, how, ends_on) as connection:
        active = _rows(connection, "active", database.active, database) if database.active else None
        executions = _rows(connection, "executions", database.executions, database) if database.executions else None
    return active and active[1], executions


@contextmanager
def _connected(database: Database, url: URL, how: dict[str, Any], ends_on: float) -> Iterator[Connection]:
    """A connection in a transaction that is never committed."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    # An error of a query must not carry what was asked with; SQLAlchemy would print it.
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=_patience(url, database), **how)
    try:
        with engine.connect() as connection:
            _hold_to_reading(connection, ends_on)
            yield connection
    except SQLAlchemyError as error:
        raise _problem(error, database) from None
    finally:
        engine.dispose()


def _patience(url: URL, database: Database) -> dict[str, Any]:
    if url.get_driver_name() not in ("psycopg", "psycopg2"):
        return {}
    return {"connect_timeout": ceil(database.timeout.total_seconds())}


def _hold_to_reading(connection: Connection, ends_on: float) -> None:
    """SQLite files are opened so; what can neither be held to it is rolled back."""
    if connection.dialect.name == "postgresql":
        left = max(round((ends_on - time.monotonic()) * 1_000), 1)
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {left}")


def _rows(connection: Connection, asked: str, query: str, database: Database) -> tuple[list[str], list[Row]]:
    """The names of the columns, and the rows."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        names, rows = _fetched(connection, asked, query)
    except SQLAlchemyError as error:
        raise _problem(error, database, asked) from None
    if len(rows) > MOST_ROWS:
        detail = f"{asked} returns more than {MOST_ROWS:,} rows. Return one a job"
        raise CannotLook(CauseCode.SCHEDULER_ERROR, detail)
    return names, rows


def _fetched(connection: Connection, asked: str, query: str) -> tuple[list[str], list[Row]]:
    asking = connection.execution_options(
        # A "%" in a query is a "%".
        no_parameters=True,
        # A table of millions must not be fetched whole.
        stream_results=bool(_SELECTS.match(query)),
        max_row_buffer=1_000,
    )
    with asking.exec_driver_sql(query) as result:
        if not result.returns_rows:
            raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{asked} returns no rows: it is no query")
        rows: list[Row] = [tuple(row) for row in result.fetchmany(MOST_ROWS + 1)]
        return list(result.keys()), rows


def _problem(error: Exception, database: Database, asked: str = "") -> CannotLook:
    """What broke off the asking of that query, or the connecting."""
    driver: Any = getattr(error, "orig", None) or error
    state = str(getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None) or "")
    words = f"{asked}: {_words(driver)}" if asked else _words(driver)
    if state == "57014" or _TOO_LATE.search(words):
        return CannotLook(CauseCode.SCHEDULER_DOWN, _too_late(database))
    if state[:2] == "28" or state == "42501" or _DENIED.search(words):
        return CannotLook(CauseCode.ACCESS_DENIED, words)
    is_there = asked or _IS_THERE.search(words)
    return CannotLook(CauseCode.SCHEDULER_ERROR if is_there else CauseCode.SCHEDULER_DOWN, words)


def _words(driver: Any) -> str:
    """What the driver says, without the place in the query that it points to and without its own advice."""
    if _NOT_READING.search(str(driver)):
        return f"the query would do more than read ({driver})"
    if getattr(driver, "sqlite_errorname", None) == "SQLITE_READONLY_ROLLBACK":
        return "its last writer broke off in the middle, and only a writer can put that right"
    primary = getattr(getattr(driver, "diag", None), "message_primary", None)
    return primary or re.split(r"\nLINE \d|\n\s*\n", str(driver), maxsplit=1)[0] or type(driver).__name__


# Reading ----------------------------------------------------------------------------------------------------------


def _flag(rows: list[Row], database: Database) -> tuple[bool | None, str | None]:
    """Whether it is active, and since when in the database's own words."""
    if len(rows) > 1:
        raise CannotLook(CauseCode.SCHEDULER_ERROR, "active returns more than one row. Say which with WHERE")
    if not rows:
        return None, None
    row = rows[0]
    return _is_on(row[0], database), _time("active: since", row[1], database) if len(row) > 1 else None


def _is_on(value: object, database: Database) -> bool:
    said = value.strip().lower() if isinstance(value, str) else value
    if isinstance(said, bytes) and len(said) == 1:  # BIT(1) of MySQL
        said = said[0]
    if isinstance(said, bool | int | float | Decimal) and said in (0, 1):
        return bool(said)
    if isinstance(said, str) and said in _FLAGS:
        return _FLAGS[said]
    raise _hole("active", value, "1 or 0, true or false", database)


def _registrations(names: list[str], rows: list[Row], database: Database) -> tuple[Registration, ...]:
    place = {name.lower(): number for number, name in enumerate(names)}
    if missing := [name for name in _COLUMNS if name not in place]:
        columns = listed(clean(name, 60) for name in names)
        detail = f"executions has the columns {columns}; {listed(missing)} must be among them. Name them so"
        raise CannotLook(CauseCode.SCHEDULER_ERROR, detail)
    registrations = {each.id: each for each in (_registration(row, place, database) for row in rows)}
    if len(registrations) < len(rows):
        detail = f"executions returns {len(rows):,} rows for {len(registrations):,} jobs. Return one a job, its last"
        raise CannotLook(CauseCode.SCHEDULER_ERROR, detail)
    return tuple(registrations.values())


def _registration(row: Row, place: dict[str, int], database: Database) -> Registration:
    task_id = _id(row[place["task_id"]], database)
    status = row[place["last_status"]]
    if not isinstance(status, str | None):
        raise _hole(f"executions: last_status of {task_id}", status, "a text or NULL", database)
    next_run = row[place["next_run_time"]] if "next_run_time" in place else None
    return Registration(
        id=task_id,
        next_run=_time(f"executions: next_run_time of {task_id}", next_run, database),
        last_execution=_time(f"executions: last_executed of {task_id}", row[place["last_executed"]], database),
        last_status=None if status is None else _text(status, database),
    )


def _id(value: object, database: Database) -> str:
    if isinstance(value, int | UUID) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise _hole("executions: a task_id", value, "a text", database)
    # Cleaned, an id with a hidden character would pass for the one that was declared.
    return _text(value if clean(value) == value else repr(value[:100]), database)


def _time(place: str, value: object, database: Database) -> str | None:
    """A time as the words of the database; one without an offset stays without."""
    match value:
        case None:
            return None
        case date():  # and datetime, which is one
            return value.isoformat()
        case str():
            return clean(value) if _is_time(value) else _text(value, database)
    raise _hole(place, value, "a time as text or timestamp", database)


def _is_time(text: str) -> bool:
    try:
        read_timestamp(text)
    except ValueError:
        return False
    return True


def _text(text: str, database: Database) -> str:
    return clean_of_secrets(text, dict(database.secrets))


def _hole(place: str, value: object, belongs: str, database: Database) -> CannotLook:
    match value:
        case None:
            said = "NULL"
        case str():
            said = f'"{_text(value[:400], database)[:60]}"'
        case bool() | int() | float() | Decimal():
            said = clean(str(value)[:60], 40)
        case _:
            said = f"of the type {type(value).__name__}"
    return CannotLook(CauseCode.SCHEDULER_ERROR, f"{place} is {said} where {belongs} belongs")
