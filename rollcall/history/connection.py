"""What do the statements of the history need of whatever keeps it, and what is said where that fails?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from rollcall.errors import RollcallError


class CannotRead(RollcallError):
    """The history cannot be read: one clean line says why, and names it."""


class CannotWrite(RollcallError):
    """The history cannot be written just now: one clean line says why."""


class Connection(Protocol):
    """A transaction. Statements are those of `rollcall.history.tables`, with a `:name` for each field."""

    def ask(self, statement: str, fields: Mapping[str, Any] | None = None) -> Iterable[dict[str, Any]]:
        """The lines that it finds, each by the names of its columns."""

    def ask_of_each(
        self, statement: str, jobs: Iterable[str], fields: Mapping[str, Any]
    ) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        """What it finds of each of `jobs`, which is its `:job`; one of which nothing is found may be left out."""

    def change(self, statement: str, *each: Mapping[str, Any]) -> list[int]:
        """Done once with each of these fields, in order; returns how many lines each of them changed."""
