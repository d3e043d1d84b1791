"""Does the database hold a history that can be used, and who writes to it now?

The tables of one jobs file are a schema of their own: many share a database, and nothing in it is ever renamed or taken
away. Whatever the server does, a conversation with it ends. psycopg is imported only when a database is opened.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from rollcall.history.connection import CannotRead, CannotWrite, Connection
from rollcall.history.tables import INDEX, TABLES, VERSION
from rollcall.roll.secrets import Secrets

if TYPE_CHECKING:
    import psycopg

PATIENCE = timedelta(seconds=10)
_CONNECTING = timedelta(seconds=5)
_PIECE = 1_000  # lines
_NAMED = re.compile(r":(\w+)")
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_PROBLEMS = {
    "55P03": "another process is writing it, and did not finish in time",
    "57014": "it did not finish in time",
    "53100": "no room is left on the disk of the server",
}
_NO_TABLE = ("42P01", "42703")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The history `of` one jobs file in a PostgreSQL, which is `shown` without secrets; `url` is as libpq reads it."""

    url: str = field(repr=False)
    of: str
    shown: str
    secrets: Secrets = field(default_factory=Secrets, repr=False, compare=False)

    @property
    def name(self) -> str:
        """By which people are told of it."""
        return f'history "{self.of}" in {self.shown}'

    @property
    def schema(self) -> str:
        """In which its tables lie: letters, digits and "_"."""
        return f"rollcall_{self.of}"


class _Unfit(Exception):
    """What is there is no history that this version can use."""


@contextmanager
def open_to_read(database: Database, limit: timedelta) -> Iterator[Connection | None]:
    """A connection that changes nothing and sees one moment; None where there is no history yet.

    Raises `CannotRead`.
    """
    import psycopg

    try:
        with _connected(database, limit, reads_only=True) as connection:
            yield _Conversation(connection) if _is_history(connection, database) else None
    except (psycopg.Error, OSError, UnicodeError, _Unfit) as problem:
        raise CannotRead(f"{database.name} cannot be read: {_words(database, problem, limit)}") from None


def change(database: Database, change: Callable[[Connection], object], limit: timedelta) -> None:
    """Makes the change in one transaction, alone; the first one makes the tables. Raises `CannotWrite`."""
    import psycopg

    try:
        with _connected(database, limit) as connection:
            _lock(connection, database.schema)
            if not _is_history(connection, database):
                _make_tables(connection, database)
            change(_Conversation(connection))
    except (psycopg.Error, OSError, UnicodeError, _Unfit) as problem:
        raise CannotWrite(_words(database, problem, limit)) from None


@contextmanager
def alone(database: Database, lock: str, patience: timedelta) -> Iterator[None]:
    """Waits until nobody else holds that lock of the history, or `patience` is over, or it cannot be had at all."""
    import psycopg

    with ExitStack() as held:
        with suppress(psycopg.Error, OSError):
            # The one that holds it may take as long again.
            connection = held.enter_context(_connected(database, 3 * patience, waits=patience))
            _lock(connection, f"{database.schema} {lock}")
        yield
        # What ends the connection meanwhile has only ended the lock.
        with suppress(psycopg.Error, OSError):
            held.close()


# Talking --------------------------------------------------------------------------------------------------------------


@cache
def _translated(statement: str) -> bytes:
    """The statement with its `:name` as psycopg has them."""
    return _NAMED.sub(r"%(\1)s", statement).encode()


@cache
def _of_each(statement: str) -> bytes:
    """The same of all jobs at once: one walk along the key for each, and its lines in their order."""
    of_one = _NAMED.sub(lambda found: "asked.job" if found[1] == "job" else f"%({found[1]})s", statement)
    return f"""
SELECT asked.job, found.* FROM unnest(%(jobs)s::text[]) WITH ORDINALITY AS asked (job, place)
CROSS JOIN LATERAL (SELECT row_number() OVER () AS line, one.* FROM ({of_one}) AS one) AS found
ORDER BY asked.place, found.line
""".encode()


class _Conversation:
    """What is said in one transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def ask(self, statement: str, fields: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        from psycopg.rows import dict_row

        cursor = self._connection.cursor(row_factory=dict_row)
        yield from cursor.execute(_translated(statement), fields or {})

    def ask_of_each(
        self, statement: str, jobs: Iterable[str], fields: Mapping[str, Any]
    ) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        from psycopg import capabilities

        asked, cursor = {**fields, "jobs": list(jobs)}, self._connection.cursor(binary=True)
        # Of ten thousand jobs they would fill the memory, if they came all at once.
        if capabilities.has_stream_chunked():
            found = cursor.stream(_of_each(statement), asked, size=_PIECE)
        else:
            found = iter(cursor.execute(_of_each(statement), asked))
        job, lines = None, list[tuple[Any, ...]]()
        for line in found:
            if line[0] != job:
                if job is not None:
                    yield job, lines
                job, lines = line[0], []
            lines.append(line[2:])
        if job is not None:
            yield job, lines

    def change(self, statement: str, *each: Mapping[str, Any]) -> list[int]:
        if not each:
            return []
        cursor = self._connection.cursor()
        if len(each) == 1:
            return [cursor.execute(_translated(statement), each[0]).rowcount]
        cursor.executemany(_translated(statement), each, returning=True)
        counts = [cursor.rowcount]
        while cursor.nextset():
            counts.append(cursor.rowcount)
        return counts


# Opening --------------------------------------------------------------------------------------------------------------


@contextmanager
def _connected(
    database: Database, limit: timedelta, *, waits: timedelta | None = None, reads_only: bool = False
) -> Iterator[psycopg.Connection]:
    """A connection in a transaction, which is kept where the block does not raise, and closed within `limit`."""
    import psycopg

    connecting = min(_CONNECTING, limit)
    with psycopg.connect(
        database.url,
        connect_timeout=max(round(connecting.total_seconds()), 2),
        client_encoding="utf8",
        fallback_application_name="rollcall",
    ) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ if reads_only else None
        connection.read_only = reads_only or None
        with _cut_after(connection, limit):
            # Its plans are of short walks: compiling them takes longer.
            settings = {
                "search_path": database.schema,
                "statement_timeout": f"{limit // timedelta(milliseconds=1)}",
                "lock_timeout": f"{(waits or PATIENCE) // timedelta(milliseconds=1)}",
                "jit": "off",
            }
            connection.execute("; ".join(f"SET LOCAL {key} = {value}" for key, value in settings.items()).encode())
            yield connection
            # Here, so that it is cut as well.
            connection.rollback() if reads_only else connection.commit()


@contextmanager
def _cut_after(connection: psycopg.Connection, limit: timedelta) -> Iterator[None]:
    """Ends the connection where the limit is over: a server that hangs keeps to no limit of its own."""

    # Of a connection that is closed the number may already be another's.
    turn, is_over, is_cut = threading.Lock(), False, threading.Event()

    def cut() -> None:
        with turn, suppress(OSError):
            if not is_over:
                is_cut.set()  # before whoever waits on the connection hears of it
                line = socket.socket(fileno=connection.fileno())
                try:
                    line.shutdown(socket.SHUT_RDWR)
                finally:
                    line.detach()

    timer = threading.Timer(limit.total_seconds(), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception:
        # TimeoutError is an OSError, and says what the end of the connection does not.
        if is_cut.is_set():
            raise TimeoutError from None
        raise
    finally:
        with turn:
            is_over = True
        timer.cancel()


def _lock(connection: psycopg.Connection, name: str) -> None:
    """Waits until nobody else holds it, as long as the limit of locks says; it ends with the transaction."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))


def _is_history(connection: psycopg.Connection, database: Database) -> bool:
    """False where nobody has made its tables. Raises `_Unfit` where what is there is none."""
    held = "SELECT to_regclass(%s) IS NOT NULL, EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(%s))"
    found = connection.execute(held, (f"{database.schema}.about", database.schema)).fetchone()
    assert found is not None
    is_there, is_filled = found
    if not is_there:
        if is_filled:
            raise _Unfit(f'its schema "{database.schema}" holds what Roll call did not make; {_ANOTHER_NAME}')
        return False
    versions = connection.execute("SELECT version FROM about").fetchall()
    version = versions[0][0] if len(versions) == 1 else None
    if version != VERSION:
        who = "an older" if version is not None and version < VERSION else "a newer"
        made = f"was written by {who} Roll call" if version is not None else "does not say its version"
        raise _Unfit(f"it {made} (version {version}; this one: {VERSION}) and is left as it is; {_ANOTHER_NAME}")
    return True


_ANOTHER_NAME = "write another name in [history], and a new one is begun there"


def _make_tables(connection: psycopg.Connection, database: Database) -> None:
    # Not even where it is there may everybody say IF NOT EXISTS.
    if connection.execute("SELECT to_regnamespace(%s)", (database.schema,)).fetchone() == (None,):
        connection.execute(f"CREATE SCHEMA {database.schema}".encode())
    for statement in (*TABLES.split(";"), INDEX, "CREATE TABLE about (version BIGINT NOT NULL)"):
        connection.execute(statement.encode())
    connection.execute("INSERT INTO about (version) VALUES (%s)", (VERSION,))


def _words(database: Database, problem: Exception, limit: timedelta) -> str:
    """What is wrong, in one line without secrets."""
    if isinstance(problem, TimeoutError):
        return f"it did not answer within {limit.total_seconds():g} s"
    state = getattr(problem, "sqlstate", None)
    if state in _PROBLEMS:
        return _PROBLEMS[state]
    primary = getattr(getattr(problem, "diag", None), "message_primary", None)
    said = database.secrets.clean_words(primary or str(problem), 200)
    return f"its tables are not those of this version: {said}" if state in _NO_TABLE else said
