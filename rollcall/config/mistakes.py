"""How are pydantic's findings on jobs.toml said to a person: place, value, rule, cure?"""

from __future__ import annotations

import json
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rollcall.config.values import shown_url
from rollcall.errors import Mistake
from rollcall.text import clean, listed

_RULES = {
    "string_type": "must be text in quotes.",
    "bool_type": "must be true or false.",
    "int_type": "must be a whole number.",
    "int_parsing": "must be a whole number.",
    "dict_type": "must be a table.",
    "model_type": "must be a table.",
    "tuple_type": "must be a list of texts.",
    "too_short": "declares no job, and nothing that is not declared can be missed. Write a [jobs.NAME] table.",
}
# A table that is missing as a whole is said of the table itself, not of its first key.
_CURES_OF_MISSING = {
    "timezone": 'required, never guessed. Write timezone = "Europe/Zurich" with your own zone.',
    "url": 'required. Write url = "http://localhost:8000".',
    "path": 'required. Write path = "data/export-*.json".',
    "jobs": "declares no job, and nothing that is not declared can be missed. Write a [jobs.NAME] table.",
}


def mistakes_of(error: ValidationError, shown_as: str, model: type[BaseModel]) -> tuple[Mistake, ...]:
    """Every mistake that pydantic found, in the order of the file's grammar."""
    return tuple(_mistake(each, shown_as, model) for each in error.errors(include_url=False))


def _mistake(error: ErrorDetails, shown_as: str, model: type[BaseModel]) -> Mistake:
    place = _place(error)
    return Mistake(place=f"{shown_as}: {place}", value=_value(error), rule=_rule(error, model))


def _place(error: ErrorDetails) -> str:
    parts = [clean(str(part), 80) for part in error["loc"]]
    if parts[-1:] == ["every"] and error["input"] is None:
        parts.pop()
    return ".".join(part if part.replace("_", "a").replace("-", "a").isalnum() else f'"{part}"' for part in parts)


def _value(error: ErrorDetails) -> str | None:
    if error["type"] == "missing" or error["input"] is None:
        return None
    # A header's value is a secret even where it is wrong.
    if "headers" in error["loc"] or isinstance(error["input"], dict):
        return None
    if error["loc"][-1] == "url":
        return f'"{shown_url(str(error["input"]))}"'
    return clean(json.dumps(error["input"], ensure_ascii=False, default=str), 80)


def _rule(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind, key = error["type"], str(error["loc"][-1])
    if kind == "value_error":
        return clean(str(error["ctx"]["error"]), 400)
    if kind == "extra_forbidden":
        return _unknown_key(error["loc"], model)
    if kind == "missing":
        return _CURES_OF_MISSING.get(key, f"required. Write {key} = …")
    if kind == "enum":
        return f"must be one of {error['ctx']['expected']}."
    if kind == "greater_than_equal":
        return f"must be at least {error['ctx']['ge']}."
    return _RULES.get(kind, f"{error['msg']}.")


def _unknown_key(loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    known = _keys_at(loc[:-1], model)
    near = get_close_matches(str(loc[-1]), known, n=1)
    cure = f"Did you mean {near[0]}?" if near else f"Known keys: {listed(known, 20)}."
    return f"unknown key. {cure}"


def _keys_at(loc: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    """The keys of the table at `loc`, found by walking the grammar along it."""
    table: Any = model
    for part in loc:
        if isinstance(table, type) and issubclass(table, BaseModel):
            table = _without_none(table.model_fields[str(part)].annotation)
        elif get_origin(table) is dict:
            table = get_args(table)[1]
    return list(table.model_fields)


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        return next(part for part in get_args(annotation) if part is not type(None))
    return annotation
