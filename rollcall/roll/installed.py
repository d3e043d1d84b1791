"""What have the packages that are installed registered under a group of entry points?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from rollcall.text import clean


def registered(group: str) -> dict[str, EntryPoint]:
    """By name. Of two with one name ours counts."""
    return _on_path(group, tuple(sys.path))


@cache
def _on_path(group: str, path: tuple[str, ...]) -> dict[str, EntryPoint]:
    """Those of the packages on that path, which are looked for once: each search reads all that is installed."""
    found = sorted(entry_points(group=group), key=lambda each: (each.value.startswith("rollcall."), each.value))
    return {each.name: each for each in found}


@cache
def _package_of(entry: EntryPoint) -> str:
    """Which package it is of, in words: to find its name all that the package says of itself is read."""
    return f"is of the package {clean(entry.dist.name if entry.dist else entry.value, 60)}"


@contextmanager
def blaming(entry: EntryPoint) -> Iterator[str]:
    """Runs code of another package, whose name it yields: whatever is raised becomes a ValueError that names it."""
    package = _package_of(entry)
    try:
        yield package
    except Exception as error:  # noqa: BLE001 - see above
        why = f"{type(error).__name__}: {clean(str(error), 120)}"
        raise ValueError(f"{package}, which does not load ({why}).") from None
