"""Of what has somebody said that nobody needs to be told of it for a while?

A silence is kept beside the mornings, so that all who look at them know of it. It says who made it, why, and until
when; it keeps something from being told, and changes no verdict.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from rollcall.history import tables
from rollcall.history.connection import CannotRead, Connection
from rollcall.history.reading import readable
from rollcall.history.rows import Silence, Silenced, number
from rollcall.history.store import Store, changed, open_to_read


def read_silences(store: Store, now: datetime) -> tuple[Silence, ...]:
    """Those that are valid at `now`, in the order of what they are of; none where the history cannot be read.

    Then all is told. That it cannot be read is said of the morning that reads its runs.
    """
    with suppress(CannotRead), open_to_read(store) as connection:
        if connection:
            return tuple(readable(tables.SILENCE, connection.ask(tables.SILENCES_AT, {"now": number(now)})))
    return ()


def silence(store: Store, made: Silence) -> str | None:
    """Keeps it, in place of any other of the same. Returns None where all went well, else one line, as `write`."""

    def change(connection: Connection) -> None:
        # Or one by a clock that is ahead would stay.
        connection.change(tables.END_SILENCE, {"subject": made.subject, "name": made.name})
        connection.change(tables.KEEP_SILENCE, tables.SILENCE.dump_python(made))

    return changed(store, change)


def end_silence(store: Store, subject: Silenced, name: str) -> str | None:
    """Ends the one of that thing, where there is one. Returns as `silence` does."""
    return changed(store, lambda connection: connection.change(tables.END_SILENCE, {"subject": subject, "name": name}))
