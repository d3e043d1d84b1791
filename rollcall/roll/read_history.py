"""Where does a jobs file say that its history is kept? Read ahead of all else in it, which may be full of mistakes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from rollcall.files import read_regular
from rollcall.roll.mistakes import Layer, Mistakes
from rollcall.roll.read_files import LARGEST
from rollcall.roll.secrets import WithFiles
from rollcall.roll.telling import HistoryTable

_TABLE = "history"


def read_history_table(file: Path, shown_as: str, environment: Mapping[str, str]) -> HistoryTable:
    """`[history]` of that file; as if nothing stood there where it cannot be read, which is said where a roll is.

    Raises `BadInput` where the table itself is wrong.
    """
    try:
        table = tomllib.loads(read_regular(file, LARGEST).decode("utf-8-sig")).get(_TABLE, {})
    except (OSError, ValueError, RecursionError):
        table = {}
    return history_table(table, Layer(shown_as, (_TABLE,), table), environment)


def history_table(table: Mapping[str, object], layer: Layer, environment: Mapping[str, str]) -> HistoryTable:
    """The table, as it stands in that layer. Raises `BadInput` where something is wrong with it."""
    mistakes = Mistakes()
    known = {"environment": WithFiles(environment), "is_replay": False}
    checked = mistakes.checked(HistoryTable, table, known, layer)
    mistakes.refuse()
    assert checked is not None  # or there would be a mistake
    return checked
