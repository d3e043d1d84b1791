"""What may stand in jobs.toml? Its JSON Schema, for editors, drawn from the models that check it.

Which schedulers can be declared depends on what is installed: each kind is one entry, and what its preset says already
need not be written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from rollcall.roll.file import FileTable
from rollcall.roll.job import Job
from rollcall.roll.kinds import find_kind, kinds
from rollcall.roll.scheduler import Scheduler

_Schema = dict[str, Any]


def json_schema() -> _Schema:
    """The JSON Schema (draft 2020-12) of jobs.toml, with every kind of scheduler that is installed here."""
    installed = dict(_installed())
    file, defs, tables = _checked(dict.fromkeys(cls for cls, _ in installed.values()))
    for name, (cls, preset) in installed.items():
        defs[name] = _kind(name, tables[cls], preset, defs)
    any_of_them = [_ref(name) for name in installed]
    defs["Scheduler"] = {"description": "One of the kinds that are installed.", "oneOf": any_of_them}
    for name, (_, preset) in installed.items():
        if memory := preset.get("memory"):
            defs[name]["properties"]["memory"] = _memory(defs[name], memory, defs, installed)
    defs["Job"], defs["Defaults"] = _job(defs), _defaults(defs)

    properties = file["properties"]
    properties["schedulers"] |= {"additionalProperties": _ref("Scheduler")}
    properties["jobs"] |= {"additionalProperties": _ref("Job")}
    properties["defaults"] = _ref("Defaults")
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **file,
        "title": "jobs.toml of Roll call",
        "description": "Which jobs should run, when, under which scheduler, and what they leave.",
        "$defs": {name: defs[name] for name in sorted(defs)},
    }


def _checked(kinds: Iterable[type[Scheduler]]) -> tuple[_Schema, dict[str, _Schema], dict[type[Scheduler], _Schema]]:
    """The schemas of the models: the file's, all that they share by name, and those of the classes of scheduler."""
    models: tuple[Any, ...] = (FileTable, Job, *kinds)
    drawn = TypeAdapter(tuple[models]).json_schema(schema_generator=_Written)  # type: ignore[valid-type]  # not known before
    defs = drawn["$defs"]
    names = [each["$ref"].removeprefix(_DEFS) for each in drawn["prefixItems"]]
    tables = {cls: defs[name] for cls, name in zip(models, names, strict=True)}
    shared = {name: each for name, each in defs.items() if name == "Job" or name not in names}
    return tables[FileTable], shared, tables


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


_DEFS = "#/$defs/"


def _ref(name: str) -> _Schema:
    return {"$ref": _DEFS + name}


def _installed() -> Iterator[tuple[str, tuple[type[Scheduler], dict[str, Any]]]]:
    for name in kinds():
        try:
            yield name, find_kind(name)
        except ValueError:
            # A package that does not load: whoever declares that kind is shown why when jobs.toml is read.
            continue


def _kind(name: str, table: _Schema, preset: Mapping[str, Any], defs: Mapping[str, _Schema]) -> _Schema:
    """The table of one kind."""
    own = _relaxed(table, preset, defs)
    properties = own["properties"]
    properties["kind"] = {"description": properties["kind"]["description"], "const": name}
    properties["memory"] = {"description": properties["memory"]["description"], **_ref("Scheduler")}
    return {**own, "title": name, "required": ["kind", *(each for each in own.get("required", ()) if each != "kind")]}


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
    return relaxed if required else {key: value for key, value in relaxed.items() if key != "required"}


def _memory(table: _Schema, said: Mapping[str, Any], defs: Mapping[str, _Schema], installed: Iterable[str]) -> _Schema:
    """A second record is of any kind; of the one that the preset names only what it does not say itself is required."""
    general: _Schema = table["properties"]["memory"]
    usual = said.get("kind", "")
    if usual not in defs:
        return general
    others = [_ref(name) for name in installed if name != usual]
    return {"description": general["description"], "oneOf": [_relaxed(defs[usual], said, defs), *others]}


def _job(defs: Mapping[str, _Schema]) -> _Schema:
    """A job's table: nothing is required, because defaults may say it; an output may be one of several."""
    job = {key: value for key, value in defs["Job"].items() if key != "required"}
    output = {"anyOf": [_ref("Output"), {"type": "array", "items": _ref("Output")}]}
    return _with_output(job, output)


def _defaults(defs: Mapping[str, _Schema]) -> _Schema:
    """What every job says: the same, and what each of its outputs says."""
    output = {key: value for key, value in defs["Output"].items() if key != "required"}
    return {**_with_output(defs["Job"], output), "title": "Defaults"}


def _with_output(job: _Schema, output: _Schema) -> _Schema:
    written = {"description": job["properties"]["output"]["description"]}
    return {**job, "properties": {**job["properties"], "output": {**output, **written}}}
