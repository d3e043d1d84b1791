"""Which kinds of scheduler are there, and what does a preset say of one?

A kind is a class, or a preset: data (TOML) over the kind that it names as its own `kind`. Ours lie as `*.toml` beside
the transports; everybody's are found through the entry-point group `rollcall.schedulers`, which names a class, or the
package in which the preset NAME.toml lies (or its path).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType
from typing import Any

from rollcall.roll.installed import blaming, registered
from rollcall.roll.scheduler import Scheduler
from rollcall.text import clean, listed

GROUP = "rollcall.schedulers"
_PRESETS = ".toml"


def kinds() -> tuple[str, ...]:
    """The names of all that are installed, sorted."""
    return tuple(sorted({*_own_presets(), *registered(GROUP)}))


def find_kind(name: str) -> tuple[type[Scheduler], dict[str, Any]]:
    """The class of that kind, and what its presets say, as they would stand in jobs.toml.

    Raises ValueError where there is no such kind, or where one does not load.
    """
    said: dict[str, Any] = {}
    chain = [name]
    while True:
        try:
            found = _loaded(chain[-1])
        except ValueError as problem:
            if len(chain) == 1:
                raise
            over = f'is a preset over the kind "{clean(chain[-1], 40)}"'
            raise ValueError(f"{over}: {problem}") from None
        if isinstance(found, type):
            return found, said
        said = merged(found, said)
        under = found.get("kind")
        if not isinstance(under, str):
            raise ValueError(f'is of a preset ("{clean(chain[-1], 40)}") that names no kind of its own.')
        if under in chain:
            raise ValueError(f"is based on itself: {' over '.join(clean(each, 40) for each in (*chain, under))}.")
        chain.append(under)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in `over`, and beside it what only `under` says. Tables are joined, lists replaced."""
    whole = dict(under)
    for key, value in over.items():
        below = whole.get(key)
        whole[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return whole


def _loaded(name: str) -> type[Scheduler] | dict[str, Any]:
    if name in _own_presets():
        return _own_preset(name)
    if entry := registered(GROUP).get(name):
        return _opened(entry)
    near = get_close_matches(name[:80], kinds(), n=3, cutoff=0.5)
    every = [*near, *(each for each in kinds() if each not in near)]
    meant = f' Did you mean "{near[0]}"?' if near else ""
    raise ValueError(f"no such kind.{meant} Kinds: {listed(every, 20)}.")


def _opened(entry: EntryPoint) -> type[Scheduler] | dict[str, Any]:
    with blaming(entry) as package:
        found = entry.load()
        if isinstance(found, type) and issubclass(found, Scheduler):
            return found
        if isinstance(found, ModuleType):
            found = files(found) / f"{entry.name}{_PRESETS}"
        if isinstance(found, str | Path | Traversable):
            place = Path(found) if isinstance(found, str) else found
            return tomllib.loads(place.read_text(encoding="utf-8"))
    raise ValueError(f"{package}, which names neither a class of scheduler nor the path of a preset.")


@cache
def _own_preset(name: str) -> dict[str, Any]:
    """What it says, read once for all schedulers of that kind."""
    return tomllib.loads(_own_presets()[name].read_text(encoding="utf-8"))


@cache
def _own_presets() -> dict[str, Traversable]:
    folder = files("rollcall.schedulers")
    return {each.name.removesuffix(_PRESETS): each for each in folder.iterdir() if each.name.endswith(_PRESETS)}
