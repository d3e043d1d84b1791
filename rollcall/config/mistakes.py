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
    "bool_type": "must be true or false, without quotes.",
    "int_type": "must be a whole number, without quotes, such as 5.",
    "tuple_type": 'must be a list of texts, such as ["# Title"].',
    "too_short": "declares no job, and nothing that is not declared can be missed. Write a [jobs.NAME] table.",
}
# What may be shown of tables that hold secrets.
_PLAIN = ("still_after", "timeout")
_LONGEST_NUMBER = 10**18
# Of two of which one must be there, the second is said to be missing.
_INSTEAD_OF: dict[int | str, tuple[str, ...]] = {
    "every": ("schedule",),
    "output": ("scheduler",),
    "apprise": ("webhook",),
}
# A table that is missing as a whole is said of the table itself, not of its first key.
_CURES_OF_MISSING = {
    "timezone": 'required, never guessed. Write timezone = "Europe/Zurich" with your own zone.',
    "url": 'required. Write url = "http://localhost:8000".',
    "database.url": 'required. Write url = "sqlite:///data/app.db".',
    "path": 'required. Write path = "data/export-*.json".',
    "until": "required: the first day on which it is owed again. Write until = 2026-03-01.",
    "reason": 'required. Write reason = "…", which is shown each morning.',
    "ping": 'required. Write ping = "https://example.com/${NAME}".',
    "jobs": "declares no job, and nothing that is not declared can be missed. Write a [jobs.NAME] table.",
}


def mistakes_of(error: ValidationError, shown_as: str, model: type[BaseModel]) -> tuple[Mistake, ...]:
    """Every mistake that pydantic found, in the order of the file's grammar."""
    errors = error.errors(include_url=False)
    meant = {(*each["loc"][:-1], _meant(each["loc"], model)) for each in errors if each["type"] == "extra_forbidden"}
    return tuple(_mistake(each, shown_as, model) for each in errors if not _is_misspelt(each, meant))


def _is_misspelt(error: ErrorDetails, meant: set[tuple[int | str | None, ...]]) -> bool:
    """True where what is missing stands there under a name that is told to be misspelt: one mistake, said once."""
    *table, key = error["loc"] or ("",)
    if error["type"] != "missing" and error["input"]:
        return False
    return any((*table, each) in meant for each in (key, *_INSTEAD_OF.get(key, ())))


def _mistake(error: ErrorDetails, shown_as: str, model: type[BaseModel]) -> Mistake:
    place = _place(error)
    return Mistake(place=f"{shown_as}: {place}", value=_value(error), rule=_rule(error, model))


def _place(error: ErrorDetails) -> str:
    parts = _loc(error)
    if parts[-1:] == ("every",) and error["input"] is None:
        parts = parts[:-1]
    return ".".join(_shown_part(clean(str(part), 80)) for part in parts)


def _loc(error: ErrorDetails) -> tuple[int | str, ...]:
    """Where in the file; pydantic says of a wrong key ("jobs", KEY, "[key]")."""
    loc = error["loc"]
    if loc[-1] == "[key]" and loc[-2:-1] == (error["input"],):
        loc = loc[:-1]
    if "headers" in loc[:3]:
        # "Authorization: Bearer …" as one key holds a secret.
        end = loc.index("headers") + 1
        loc = (*loc[:end], *(str(part).partition(":")[0] for part in loc[end:]))
    return loc


def _shown_part(part: str) -> str:
    return part if part.replace("_", "a").replace("-", "a").isalnum() else json.dumps(part, ensure_ascii=False)


def _value(error: ErrorDetails) -> str | None:
    """The value as it stands in the file; None where the place says it all, or where it may hold a secret."""
    loc, value = error["loc"], error["input"]
    # An unknown key may be a misspelled one of a secret; what it was to hold changes nothing.
    is_secret = loc[-1] == "[key]" or "headers" in loc[:3] or loc[0] in ("alert", "watch")
    if error["type"] in ("missing", "extra_forbidden") or (is_secret and loc[-1] not in _PLAIN):
        return None
    if isinstance(value, str):
        return f'"{_without_user(value) if loc[0] == "schedulers" else clean(value, 80)}"'
    return _shown_value(value)


def _without_user(text: str) -> str:
    """Wherever in a scheduler somebody wrote an address, its password is not shown."""
    return clean(shown_url(text), 80) if "@" in text or "://" in text else clean(text, 80)


def _shown_value(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case int() if abs(value) >= _LONGEST_NUMBER:
            return "(a number of many digits)"
        case list():
            return "[…]" if value else "[]"
        case dict():
            return "{…}" if value else "{}"
        case _:
            return clean(str(value), 80)


def _rule(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind, key = error["type"], str(error["loc"][-1])
    if kind in ("model_type", "dict_type"):
        return _not_a_table(error)
    if kind == "value_error":
        return clean(str(error["ctx"]["error"]), 400)
    if kind == "extra_forbidden":
        return _unknown_key(error["loc"], model)
    if kind == "missing":
        in_table = ".".join(map(str, error["loc"][2:]))
        return _CURES_OF_MISSING.get(in_table) or _CURES_OF_MISSING.get(key, f"required. Write {key} = …")
    if kind == "enum":
        return f"must be one of {error['ctx']['expected']}."
    if kind == "greater_than_equal":
        return f"must be at least {error['ctx']['ge']}."
    return _RULES.get(kind, f"{error['msg']}.")


def _not_a_table(error: ErrorDetails) -> str:
    if error["loc"][-1] == "headers":
        return 'must be a table. Write headers = { Authorization = "Bearer ${TOKEN}" }.'
    name = ".NAME" if error["type"] == "dict_type" else ""
    return f"must be a table. Write [{_place(error)}{name}] above its keys."


def _unknown_key(loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    near = _meant(loc, model)
    cure = f"Did you mean {near}?" if near else f"Known keys: {listed(_keys_at(loc[:-1], model), 20)}."
    return f"unknown key. {cure}"


def _meant(loc: tuple[int | str, ...], model: type[BaseModel]) -> str | None:
    return next(iter(get_close_matches(str(loc[-1])[:80], _keys_at(loc[:-1], model), n=1)), None)


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
