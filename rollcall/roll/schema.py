"""What may stand in jobs.toml? Its JSON Schema, for editors, drawn from the models that check it.

Which schedulers can be declared depends on what is installed: each kind is one entry, and what its preset says already
need not be written.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from rollcall.roll.file import FileTable
from rollcall.roll.job import Job
from rollcall.roll.kinds import find_kind, kinds
from rollcall.roll.place import Place
from rollcall.roll.scheduler import Scheduler

_Schema = dict[str, Any]
_DEFS = "#/$defs/"


class _Written(GenerateJsonSchema):
    """Of what people write: TOML has no null, and a key says more than a title made of it."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> _Schema:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> _Schema:
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema() -> _Schema:
    """The JSON Schema (draft 2020-12) of jobs.toml, with every kind of scheduler that is installed here."""
    installed: dict[str, tuple[type[Scheduler], dict[str, Any]]] = {}
    for name in kinds():
        with suppress(ValueError):  # whoever declares a kind that does not load is shown why when jobs.toml is read
            installed[name] = find_kind(name)
    models: tuple[Any, ...] = (FileTable, Job, Place, *dict.fromkeys(cls for cls, _ in installed.values()))
    drawn = TypeAdapter(tuple[models]).json_schema(schema_generator=_Written)  # type: ignore[valid-type]  # not known before
    names = dict(zip(models, (each["$ref"].removeprefix(_DEFS) for each in drawn["prefixItems"]), strict=True))
    tables = {each: drawn["$defs"][name] for each, name in names.items()}
    defs = {
        name: each for name, each in drawn["$defs"].items() if name in ("Job", "Place") or name not in names.values()
    }
    defs |= _of_schedulers({name: (tables[cls], preset) for name, (cls, preset) in installed.items()}, defs)
    defs |= _of_jobs(defs)

    file = tables[FileTable]
    properties = file["properties"]
    properties["schedulers"] |= {"additionalProperties": _ref("Scheduler")}
    properties["places"] |= {"additionalProperties": _ref("Place")}
    properties["jobs"] |= {"additionalProperties": _ref("Job")}
    properties["defaults"] = _ref("Defaults")
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **file,
        "title": "jobs.toml of Roll call",
        "description": "Which jobs should run, when, under which scheduler, and what they leave.",
        "$defs": {name: defs[name] for name in sorted(defs)},
    }


def _of_schedulers(
    installed: Mapping[str, tuple[_Schema, Mapping[str, Any]]], defs: Mapping[str, _Schema]
) -> dict[str, _Schema]:
    """A table of each kind that is installed, by the table of its class and its preset, and the choice of them."""
    drawn: dict[str, _Schema] = {}
    for name, (of_class, preset) in installed.items():
        drawn[name] = table = {**_relaxed(of_class, preset, defs), "title": name}
        table["required"] = ["kind", *(each for each in table.get("required", ()) if each != "kind")]
        table["properties"]["kind"] = {**_described(table, "kind"), "const": name}
        table["properties"]["memory"] = {**_described(table, "memory"), **_ref("Scheduler")}
    for name, (_, preset) in installed.items():
        memory = preset.get("memory", {})
        if (usual := memory.get("kind")) in drawn:
            # A second record is of any kind; of the usual one only what the preset does not say itself is required.
            any_kind = [_relaxed(drawn[usual], memory, defs), *(_ref(each) for each in installed if each != usual)]
            drawn[name]["properties"]["memory"] = {**_described(drawn[name], "memory"), "oneOf": any_kind}
    choice = {"description": "One of the kinds that are installed.", "oneOf": [_ref(name) for name in installed]}
    return drawn | {"Scheduler": choice}


def _of_jobs(defs: Mapping[str, _Schema]) -> dict[str, _Schema]:
    """A job's table, of which nothing is required, because defaults may say it; an output may be one of several."""
    output = {"anyOf": [_ref("Output"), {"type": "array", "items": _ref("Output")}]}
    job, of_outputs = _optional(defs["Job"]), _optional(defs["Output"])
    properties, described = job["properties"], _described(job, "output")
    return {
        "Job": {**job, "properties": {**properties, "output": {**output, **described}}},
        "Defaults": {**job, "title": "Defaults", "properties": {**properties, "output": of_outputs | described}},
    }


def _ref(name: str) -> _Schema:
    return {"$ref": _DEFS + name}


def _described(table: _Schema, key: str) -> _Schema:
    return {"description": table["properties"][key]["description"]}


def _optional(table: _Schema) -> _Schema:
    return {key: value for key, value in table.items() if key not in ("required", "oneOf")}


def _relaxed(table: _Schema, said: Mapping[str, Any], defs: Mapping[str, _Schema]) -> _Schema:
    """The table in which nothing is required that `said` says already, at any depth."""
    properties = dict(table["properties"])
    required = [each for each in table.get("required", ()) if each not in said]
    for key, below in said.items():
        name = properties.get(key, {}).get("$ref", "").removeprefix(_DEFS)
        if isinstance(below, dict) and "properties" in defs.get(name, {}):
            relaxed = _relaxed(defs[name], below, defs)
            properties[key] = properties[key] if relaxed == defs[name] else relaxed
    relaxed = {**table, "properties": properties, "required": required}
    return relaxed if required else _optional(relaxed)
