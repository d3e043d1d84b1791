"""What is promised of morning.json? Its JSON Schema, for the programs that read it."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from rollcall.morning.document import Document, Part
from rollcall.vocabulary import CauseCode


def morning_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of morning.json."""
    return schema_of(Document)


def schema_of(document: type[Part]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a document that is written like morning.json."""
    drawn = document.model_json_schema(mode="serialization", schema_generator=_Promised)
    return {"$schema": GenerateJsonSchema.schema_dialect, **drawn}


class _Promised(GenerateJsonSchema):
    """With the meaning of each cause, and without titles: a key says more than one made of it."""

    def enum_schema(self, schema: core_schema.EnumSchema) -> dict[str, Any]:
        drawn = super().enum_schema(schema)
        if schema["cls"] is CauseCode:
            drawn["oneOf"] = [{"const": str(each), "description": each.record.meaning} for each in CauseCode]
            del drawn["enum"]
        return drawn

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False
