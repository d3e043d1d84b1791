"""Which jobs do the files declare, once the defaults of each file are laid under them?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from rollcall.roll.fields import Table
from rollcall.roll.hosts import asked_as, places_asked, seen_from
from rollcall.roll.job import Job
from rollcall.roll.job_table import DAYS_OFF, LIMITS
from rollcall.roll.listing import ByListing
from rollcall.roll.mistakes import Layer, Mistakes
from rollcall.roll.output import Output
from rollcall.roll.output_rules import may_inherit
from rollcall.roll.read_files import File
from rollcall.roll.scheduler import Scheduler
from rollcall.schedule import Engine

_DUE = frozenset({"schedule", "every", "after"})
# What a job says of its own takes the place of all of these that only its defaults say.
_INSTEAD: Mapping[str, tuple[str, ...]] = {
    "schedule": ("anchor", "within"),
    "every": ("within",),
    "after": ("anchor", "jitter", "done_by", *LIMITS, *DAYS_OFF),
    "done_by": LIMITS,
    **dict.fromkeys(LIMITS, ("done_by",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One declared job, and the tables that say what it is.

    The job is None where something is wrong with its table, or where its scheduler would have to say when it is due and
    could not be asked.
    """

    id: str
    job: Job | None
    layers: tuple[Layer, ...]
    file: File

    def seen_from(self, other: Declared) -> str:
        """Its place, for whoever reads of `other`: its file is named where that is another."""
        return self.layers[0].place().partition(": ")[2] if self.file is other.file else self.layers[0].place()


def read_jobs(
    files: tuple[File, ...],
    schedulers: Mapping[str, Scheduler],
    by_listing: ByListing,
    context: Mapping[str, Any],
    mistakes: Mistakes,
) -> dict[str, Declared]:
    """Each by its id, in the order of the files; after them those that a scheduler declares by listing them."""
    declared: dict[str, Declared] = {}
    context = {**context, "owners": {file.name: file.owners for file in files}}
    known = {file.name: _known(file, schedulers, context) for file in files}
    for file in files:
        if file.defaults:
            # Each key by itself, so that what is wrong with one is said once, however many jobs it is a default of.
            layer = file.layer("defaults", table=file.defaults)
            mistakes.checked(_defaults_model(), file.defaults, known[file.name], layer)
        for name, table in file.tables("jobs"):
            layer = file.layer("jobs", name, table=table)
            mistakes.check_id(name, layer)
            if name in declared:
                other = declared[name].layers[0].place()
                mistakes.add(layer.place(), f"is in {other} too. An id belongs into one file only.")
                continue
            listed = by_listing.take(table.get("scheduler", file.defaults.get("scheduler")), table.get("name", name))
            if listed is None and not table.keys() & _DUE:
                # When it is due is not known; that its scheduler cannot be asked is said of that.
                declared[name] = Declared(id=name, job=None, layers=(layer,), file=file)
            else:
                declared[name] = _job(name, layer, listed or {}, file, known[file.name], mistakes)
    for name, scheduler, listed in by_listing.left():
        if name not in declared:
            # One that stands for several schedulers has a name that begins with that of their table.
            of_it = [(table, file) for file in files for table, _ in file.tables("schedulers")]
            _, file = max((each for each in of_it if scheduler.startswith(each[0])), key=lambda each: len(each[0]))
            layer = file.layer("schedulers", scheduler, "declare", name, table=listed)
            declared[name] = _job(name, layer, {}, file, known[file.name], mistakes)
    return declared


def _known(file: File, schedulers: Mapping[str, Scheduler], context: Mapping[str, Any]) -> dict[str, Any]:
    """What a job of that file is checked against."""
    # Windows of the first file are meant for all jobs, those of an included one for its own.
    tables = [each.table for each in (file.first, file) if each and each.table]
    first = (file.first or file).table
    return {
        **context,
        "schedulers": schedulers,
        "folder": file.folder,
        "windows": tuple(window for table in tables for window in table.maintenance),
        "history_keeps": first.history.keeps if first else None,
    }


def _job(
    name: str, layer: Layer, listed: Mapping[str, Any], file: File, known: Mapping[str, Any], mistakes: Mistakes
) -> Declared:
    """The job of that table.

    Under it lies what its scheduler lists of it, under that whose it is by its id, and under that the defaults.
    """
    own, owners = layer.table, known["owners"]
    said = {**_under(own, listed), **own}
    under = _under(said, file.defaults)
    of_files = [each for each in (file, file.first) if each]
    layers = (
        layer,
        # The first that names the job wins, and one of its own file before those of the first file.
        *(each.layer for one in of_files for each in owners[one.name] if each.are_of(name)),
        file.layer("defaults", table=under),
        *(each.inherited for each in of_files),
    )
    whole: dict[str, Any] = {"title": name, "name": name}
    for below in reversed(layers[1:]):
        # Without what is said to be wrong there: what else is wrong with the jobs that inherit it is said as well. When
        # a job is due stays, or each would be said to be never due.
        whole |= {
            key: each for key, each in below.table.items() if key in _DUE or not mistakes.are_at(below.place(key))
        }
    whole |= said
    if "output" in own:
        whole["output"] = _with_defaults(own["output"], under.get("output"))
    named = whole.get("scheduler")
    scheduler = known["schedulers"].get(named) if isinstance(named, str) else None
    whole.setdefault("engine", scheduler.engine if scheduler else Engine.CRON)
    if scheduler and scheduler.timezone and not {"timezone"} & (said.keys() | under.keys()):
        whole["timezone"] = scheduler.timezone.key
    if scheduler and scheduler.host:
        whole.setdefault("host", scheduler.host)
    asked = asked_as(whole, places_asked(whole.get("output"), known["places"]))
    of_it = {"id": name, "own": own.keys(), "given": whole.keys(), "asked_as": asked}
    seen = seen_from(known["here"], host := whole.get("host"), known)
    if host and seen is not known:
        # Its folder is that of jobs.toml there; here it is shown as it is written.
        seen = {**seen, "folder": Path()}
    job = mistakes.checked(Job, whole, {**seen, **of_it}, *layers)
    return Declared(id=name, job=job, layers=layers, file=file)


# Defaults -------------------------------------------------------------------------------------------------------------


def _under(own: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Of the defaults, what a job with this table does not say otherwise."""
    is_due = own.keys() & _DUE
    deciding = own.keys() if is_due else own.keys() | (defaults.keys() & {"after"})
    replaced = {each for key in deciding & _INSTEAD.keys() for each in _INSTEAD[key]} | (_DUE if is_due else set())
    if "output" not in own:
        replaced.add("output")  # a job leaves nothing that it does not declare
    return {key: value for key, value in defaults.items() if key not in replaced}


def _with_defaults(output: object, defaults: object) -> object:
    """One output, or several, with what [defaults.output] say of each."""
    if not isinstance(defaults, dict):
        return output
    if isinstance(output, list):
        return [_with_defaults(each, defaults) for each in output]
    if not isinstance(output, dict):
        return output
    return {**{key: value for key, value in defaults.items() if may_inherit(key, output, defaults)}, **output}


@cache
def _defaults_model() -> type[BaseModel]:
    return _each_alone(Job, outputs=_each_alone(Output))


def _each_alone(model: type[BaseModel], **instead: type[BaseModel]) -> type[BaseModel]:
    """The same keys, none of which is required, each with the checks of its own value and none with those of others."""
    fields: dict[str, Any] = {
        name: (Annotated[instead.get(name, each.annotation), *each.metadata, Field(alias=each.alias)], None)
        for name, each in model.model_fields.items()
    }
    return create_model(model.__name__, __base__=Table, **fields)
