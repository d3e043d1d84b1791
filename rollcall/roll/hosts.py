"""Which witnesses are asked from here, and which on the host where they are?

A scheduler and a job may name their `host`. Its secrets are there, and so are the programs and drivers that ask it: of
what is asked on another host nothing is read here but what it is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator

from rollcall.roll.secrets import Unset

if TYPE_CHECKING:
    from rollcall.roll.place import Place
    from rollcall.roll.read_files import File

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
# What is told of a job, and not asked for.
_ONLY_TOLD = ("title", "owner", "severity", "tags", "runbook", "logs", "alert_after", "late", "late_start", "rerun")


def read_host(text: str) -> str:
    """The name of a host. Raises ValueError."""
    if not _HOST.fullmatch(text):
        raise ValueError('is no name of a host. Write letters, digits, "-" and ".", such as "web1".')
    return text


Host = Annotated[str, AfterValidator(read_host)]


def seen_from(here: str | None, host: object, context: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a table of `host` is checked against where `here` is: nothing of the environment, where it is asked there.

    `here` is the host that looks, "" where what is of no host is asked, None where nobody is.
    """
    return context if (host or "") == here else elsewhere_of(context)


def elsewhere_of(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same for what nobody asks here: each `${NAME}` stands for itself."""
    return {**context, "environment": Unset(), "is_replay": True}


def places_elsewhere(files: tuple[File, ...], here: str | None) -> frozenset[str]:
    """The places in which only what is asked elsewhere lies."""
    used: dict[bool, set[str]] = {True: set(), False: set()}
    hosts = {name: table.get("host") for file in files for name, table in file.tables("schedulers")}
    for file in files:
        for _, table in file.tables("jobs"):
            said = {**file.defaults, **table}
            scheduler = said.get("scheduler")
            host = said.get("host") or (hosts.get(scheduler) if isinstance(scheduler, str) else None) or ""
            used[host == here].update(_places_of(said.get("output"), file.defaults.get("output")))
    # What is left there, or kept, goes there from here.
    left = (files[0].raw.get(table) for table in ("evidence", "history"))
    used[True].update(str(each) for table in left if isinstance(table, dict) for each in table.values())
    return frozenset(used[False] - used[True])


def _places_of(output: object, defaults: object) -> Iterator[str]:
    for each in output if isinstance(output, list) else [output]:
        for table in (each, defaults):
            place = table.get("place") if isinstance(table, dict) else None
            if isinstance(place, str):
                yield place
                break


def places_asked(output: object, places: Mapping[str, Place | None]) -> Mapping[str, str]:
    """Where each place is that outputs lie in, by its name: the same name may be another place in another jobs.toml."""
    named = ((name, places.get(name)) for name in _places_of(output, None))
    return {name: place.url for name, place in named if place}


def asked_as(*tables: Mapping[str, Any]) -> str:
    """What tells whether two look for the same: a digest of what these tables say, what is only told aside."""
    asked = [{key: each for key, each in table.items() if key not in _ONLY_TOLD} for table in tables]
    try:
        text = json.dumps(asked, sort_keys=True, default=str)
    except RecursionError:  # it is refused for that
        return ""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
