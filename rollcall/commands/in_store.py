"""Which history does a command read: the one of the jobs file, or another that was named?"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rollcall.errors import BadInput
from rollcall.files import path_of
from rollcall.history.rows import FILE
from rollcall.history.store import Store, store_of
from rollcall.roll.mistakes import Layer
from rollcall.roll.read_history import history_table, read_history_table
from rollcall.run.wanted import Wanted

if TYPE_CHECKING:
    from argparse import ArgumentParser

_FILE = "--file"


def add_store(parser: ArgumentParser) -> None:
    """Adds the option that names another."""
    usual = Path("reports") / FILE
    parser.add_argument(
        _FILE,
        metavar="FILE",
        help=f"the history, or the url of its database; default: [history] of jobs.toml, or {usual} beside it",
    )


def store_in(asked_for: argparse.Namespace, wanted: Wanted) -> Store:
    """The one that was named, else the one of the jobs file. Raises `BadInput`."""
    if asked_for.file:
        return store_named(asked_for.file, wanted, given_as=_FILE)
    return wanted.declared_store(os.environ)


def store_named(text: str, wanted: Wanted, *, given_as: str) -> Store:
    """A file, or by its url a database, in which it is the history of the name in the jobs file. Raises `BadInput`."""
    if "://" not in text:
        return path_of(text)
    name = read_history_table(wanted.jobs_file, wanted.shown_file, os.environ).name
    if name is None:
        rule = "is a database of many histories. Write which of them is meant into jobs.toml: [history] url and name."
        raise BadInput.single(given_as, rule)
    table = {"url": text, "name": name}
    return store_of(history_table(table, Layer(given_as, (), table), os.environ), Path())
