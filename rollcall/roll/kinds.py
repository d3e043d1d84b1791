"""Which kinds of scheduler are there, and what does a preset say of one?

A kind is a class, or a preset: data (TOML) over the kind that it names as its own `kind`. Ours lie as `*.toml` beside
the transports; everybody's are found through the entry-point group `rollcall.schedulers`, which names a class or the
path of a preset.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from rollcall.roll.scheduler import Scheduler
from rollcall.text import clean, listed

GROUP = "rollcall.schedulers"
_PRESETS = ".toml"


def kinds() -> tuple[str, ...]:
    """The names of all that are installed, sorted."""
    return tuple(sorted(_installed(tuple(sys.path))))


def find_kind(name: str) -> tuple[type[Scheduler], dict[str, Any]]:
    """The class of that kind, and what its presets say, as they would stand in jobs.toml.

    Raises ValueError where there is no such kind, or where one does not load.
    """
    said: dict[str, Any] = {}
    chain = [name]
    while True:
        shown = clean(chain[-1], 40)
        try:
            found = _loaded(chain[-1])
        except ValueError as problem:
            if len(chain) == 1:
                raise
            raise ValueError(f'is a preset over the kind "{shown}": {problem}') from None
        if isinstance(found, type):
            return found, said
        said = merged(found, said)
        under = found.get("kind")
        if not isinstance(under, str):
            raise ValueError(f'is of a preset ("{shown}") that names no kind of its own.')
        if under in chain:
            raise ValueError(f"is a preset of itself: {' over '.join(clean(each, 40) for each in (*chain, under))}.")
        chain.append(under)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in `over`, and beside it what only `under` says. Tables are joined, lists replaced."""
    whole = {**under, **over}
    for key in under.keys() & over.keys():
        if isinstance(under[key], Mapping) and isinstance(over[key], Mapping):
            whole[key] = merged(under[key], over[key])
    return whole


def _loaded(name: str) -> type[Scheduler] | dict[str, Any]:
    found = _installed(tuple(sys.path)).get(name)
    if found is None:
        near = get_close_matches(name[:80], kinds(), n=3, cutoff=0.5)
        every = [*near, *(each for each in kinds() if each not in near)]
        meant = f' Did you mean "{near[0]}"?' if near else ""
        raise ValueError(f"no such kind.{meant} Kinds: {listed(every, 20)}.")
    if not isinstance(found, EntryPoint):
        return tomllib.loads(found.read_text(encoding="utf-8"))
    package = clean(found.dist.name if found.dist else found.value, 60)
    try:
        kind = found.load()
        if isinstance(kind, type) and issubclass(kind, Scheduler):
            return kind
        if isinstance(kind, str | Path | Traversable):
            place = Path(kind) if isinstance(kind, str) else kind
            return tomllib.loads(place.read_text(encoding="utf-8"))
    except Exception as error:  # noqa: BLE001 - somebody else's code: whatever it raises is said with its package
        why = f"{type(error).__name__}: {clean(str(error), 120)}"
        raise ValueError(f"is of the package {package}, which does not load ({why}).") from None
    raise ValueError(f"is of the package {package}, which names neither a class of scheduler nor the path of a preset.")


@cache
def _installed(path: tuple[str, ...]) -> dict[str, EntryPoint | Traversable]:
    """Those of the packages on that path, which are looked for once. Of two with one name ours counts."""
    found = sorted(entry_points(group=GROUP), key=lambda each: (each.value.startswith("rollcall."), each.value))
    presets = (each for each in files("rollcall.schedulers").iterdir() if each.name.endswith(_PRESETS))
    return {**{each.name: each for each in found}, **{each.name.removesuffix(_PRESETS): each for each in presets}}
