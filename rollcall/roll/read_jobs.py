"""Which jobs do the files declare, once the defaults of each file are laid under them?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError, create_model

from rollcall.roll.fields import Table
from rollcall.roll.job import Job
from rollcall.roll.listing import ByListing
from rollcall.roll.mistakes import Layer, Mistakes
from rollcall.roll.output import Output
from rollcall.roll.read_files import INHERITED, File
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.values import read_id
from rollcall.schedule import Engine

_DUE = frozenset({"schedule", "every", "after"})
_DAYS_OFF = frozenset({"skip_dates", "holidays", "business_days"})
_LIMITS = frozenset({"grace", "max_runtime"})
# What a job says of its own takes the place of all of these that only its defaults say.
_INSTEAD: Mapping[str, frozenset[str]] = {
    "schedule": frozenset({"anchor", "within"}),
    "every": frozenset({"within"}),
    "after": frozenset({"anchor", "jitter", "done_by"}) | _LIMITS | _DAYS_OFF,
    "done_by": _LIMITS,
    "grace": frozenset({"done_by"}),
    "max_runtime": frozenset({"done_by"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One declared job, None where something is wrong with its table, or where its scheduler would have to say when it
    is due and could not be asked; and the tables of the file that say what it is.

    `asks` is True where it names a scheduler, be that right or wrong.
    """

    id: str
    job: Job | None
    layers: tuple[Layer, ...]
    file: File
    asks: bool

    def seen_from(self, other: Declared) -> str:
        """Its place, for whoever reads of `other`: its file is named where that is another."""
        return self.layers[0].place().partition(": ")[2] if self.file is other.file else self.layers[0].place()


def read_jobs(
    files: Iterable[File],
    schedulers: Mapping[str, Scheduler | None],
    by_listing: ByListing,
    context: Mapping[str, Any],
    mistakes: Mistakes,
) -> dict[str, Declared]:
    """Each by its id, in the order of the files; after them those that a scheduler declares by listing them."""
    files = tuple(files)
    declared: dict[str, Declared] = {}
    for file in files:
        _check_defaults(file, {**context, "schedulers": schedulers}, mistakes)
        known = _known(file, schedulers, context)
        for name, table in file.tables("jobs"):
            layer = file.layer("jobs", name, table=table)
            try:
                read_id(name)
            except ValueError as problem:
                mistakes.add(layer.place(), str(problem))
            if name in declared:
                other = declared[name].layers[0].place()
                mistakes.add(layer.place(), f"stands in {other} too. An id stands in one file only.")
                continue
            try:
                listed = _taken(by_listing, name, table, file)
            except LookupError:
                # When it is due is not known; that its scheduler cannot be asked is told of that.
                declared[name] = Declared(id=name, job=None, layers=(layer,), file=file, asks=True)
            else:
                declared[name] = _job(name, layer, file, known, mistakes, listed)
    for name, scheduler, listed_there in by_listing.left():
        if name not in declared:
            file = _file_of(scheduler, files)
            layer = file.layer("schedulers", scheduler, "declare", name, table=listed_there)
            declared[name] = _job(name, layer, file, _known(file, schedulers, context), mistakes)
    return declared


def _taken(by_listing: ByListing, name: str, table: Mapping[str, Any], file: File) -> Mapping[str, Any]:
    """What the job's scheduler lists of it, where that declares it; raises LookupError where nobody knows."""
    defaults = file.raw.get("defaults")
    usual = defaults.get("scheduler") if isinstance(defaults, dict) else None
    scheduler, there = table.get("scheduler", usual), table.get("name", name)
    try:
        return by_listing.take(scheduler, there) or {}
    except LookupError:
        if table.keys() & _DUE:
            return {}
        raise


def _file_of(scheduler: str, files: Iterable[File]) -> File:
    """The file that declares it; one that stands for several has a name that begins with that of their table."""
    of_it = [(name, file) for file in files for name, table in file.tables("schedulers") if scheduler.startswith(name)]
    return max(of_it, key=lambda each: len(each[0]))[1]


def _known(file: File, schedulers: Mapping[str, Scheduler | None], context: Mapping[str, Any]) -> dict[str, Any]:
    """What a job of that file is checked against."""
    first = (file.first or file).table
    return {
        **context,
        "schedulers": schedulers,
        "folder": file.folder,
        "windows": _windows(file),
        "history_keeps": first.history.keeps if first else None,
    }


def _windows(file: File) -> tuple[Any, ...]:
    """Those of the first file are meant for all jobs, those of an included one for its own."""
    tables = [each.table for each in (file.first, file) if each and each.table]
    return tuple(window for table in tables for window in table.maintenance)


def _job(
    name: str,
    layer: Layer,
    file: File,
    known: Mapping[str, Any],
    mistakes: Mistakes,
    listed: Mapping[str, Any] = MappingProxyType({}),
) -> Declared:
    """The job of that table, under which lies what its scheduler lists of it, and under that the defaults."""
    own = layer.table
    said = {**_under(own, listed), **own}
    under = _under(said, file.raw.get("defaults"))
    layers = (layer, file.layer("defaults", table=under), *_of_files(file))
    whole = {**_readable(layers[1], mistakes), **said}
    asked = whole.get("scheduler", "")
    scheduler = known["schedulers"].get(asked) if isinstance(asked, str) else None
    usual = {
        "title": name,
        "name": name,
        "engine": scheduler.engine if scheduler else Engine.CRON,
        **{key: value for each in reversed(layers[2:]) for key, value in _readable(each, mistakes).items()},
    }
    if "output" in own:
        whole["output"] = _with_defaults(own["output"], under.get("output"))
    context = {**known, "id": name, "asked": asked, "own": own.keys(), "given": whole.keys()}
    job = None
    try:
        job = Job.model_validate({**usual, **whole}, context=context)
    except ValidationError as error:
        mistakes.add_all(error, Job, *layers)
    return Declared(id=name, job=job, layers=layers, file=file, asks=bool(asked))


def _readable(layer: Layer, mistakes: Mistakes) -> Mapping[str, Any]:
    """Without what is told to be wrong there: what else is wrong with the jobs that inherit it is told as well.

    When a job is due stays: without it each would be said to be never due.
    """
    return {key: value for key, value in layer.table.items() if key in _DUE or not mistakes.are_at(layer.place(key))}


def _of_files(file: File) -> Iterator[Layer]:
    """What the file says of its jobs beside [defaults], and what the first one says where it does not."""
    for each in (file, file.first):
        if each is not None:
            yield each.layer(table={key: each.raw[key] for key in INHERITED if key in each.raw})


# Defaults -------------------------------------------------------------------------------------------------------------


def _under(own: Mapping[str, Any], defaults: object) -> dict[str, Any]:
    """Of the defaults, what a job with this table does not say otherwise."""
    if not isinstance(defaults, dict):
        return {}
    is_due = own.keys() & _DUE
    deciding = own.keys() if is_due else own.keys() | (defaults.keys() & {"after"})
    replaced = {each for key in deciding & _INSTEAD.keys() for each in _INSTEAD[key]}
    replaced |= _DUE if is_due else frozenset()
    # A job leaves nothing that it does not declare.
    replaced |= frozenset() if "output" in own else {"output"}
    return {key: value for key, value in defaults.items() if key not in replaced}


def _with_defaults(output: object, defaults: object) -> object:
    """One output, or several, with what [defaults.output] say of each."""
    if not isinstance(defaults, dict):
        return output
    if isinstance(output, list):
        return [_with_defaults(each, defaults) for each in output]
    return {**defaults, **output} if isinstance(output, dict) else output


def _check_defaults(file: File, context: Mapping[str, Any], mistakes: Mistakes) -> None:
    """Each key by itself, so that what is wrong with one is said once, however many jobs it is a default of."""
    defaults = file.raw.get("defaults")
    if isinstance(defaults, dict):
        try:
            _defaults_model().model_validate(defaults, context={**context, "id": ""})
        except ValidationError as error:
            mistakes.add_all(error, _defaults_model(), file.layer("defaults", table=defaults))


@cache
def _defaults_model() -> type[BaseModel]:
    output = _each_alone(Output, {})
    return _each_alone(Job, {"outputs": output})


def _each_alone(model: type[BaseModel], instead: Mapping[str, type[BaseModel]]) -> type[BaseModel]:
    """The same keys, none of which is required, each with the checks of its own value and none with those of others."""
    fields: dict[str, Any] = {
        name: (Annotated[instead.get(name, each.annotation), *each.metadata, Field(alias=each.alias)], None)
        for name, each in model.model_fields.items()
    }
    return create_model(model.__name__, __base__=Table, **fields)
