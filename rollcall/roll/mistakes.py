"""How is a mistake in jobs.toml said to a person: its place, the value that stands there, the rule, the cure?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rollcall.errors import BadInput, Mistake
from rollcall.roll.values import nearest, shown_url
from rollcall.text import clean, listed

_RULES = {
    "string_type": "must be text in quotes.",
    "bool_type": "must be true or false, without quotes.",
    "int_type": "must be a whole number, without quotes, such as 5.",
    "tuple_type": 'must be a list of texts, such as ["# Title"].',
    "string_too_short": "says nothing. Write what it is, or take it out.",
    "too_short": "holds nothing. Write what belongs there, or take it out.",
}
# What may be shown of tables that hold secrets.
_PLAIN = ("still_after", "timeout")
_LONGEST_NUMBER = 10**18
# Of several of which one must be there, the one that is said to be missing.
_INSTEAD_OF: dict[int | str, tuple[str, ...]] = {
    "after": ("schedule", "every"),
    "output": ("scheduler",),
    "apprise": ("webhook",),
}
# What is missing of several is said of their table.
_SAID_OF_ALL = (("after",),)
_CURES_OF_MISSING = {
    "timezone": 'required, never guessed. Write timezone = "Europe/Zurich" with your own zone.',
    "url": 'required. Write url = "http://localhost:8000".',
    "places.url": 'required. Write url = "s3://bucket/folder", "sftp://host/folder" or "/mnt/nas".',
    "database": 'required. Write database = "sqlite:///data/app.db".',
    "until": "required: the first day on which it is owed again. Write until = 2026-03-01.",
    "reason": 'required. Write reason = "…", which is shown each morning.',
    "ping": 'required. Write ping = "https://example.com/${NAME}".',
    "when": 'required. Write when = "0 22 * * sat".',
    "owners.jobs": 'required: whose it is said of. Write jobs = ["billing-*"].',
    "lasts": 'required. Write lasts = "6 h".',
}

_LISTS = (["windows"], ["owners"])
_UNKNOWN = "extra_forbidden"

_Loc = tuple[int | str, ...]
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Layer:
    """A table as it is written: in which file, under which keys."""

    file: str
    keys: tuple[str, ...]
    table: Mapping[str, Any]

    def place(self, *more: int | str) -> str:
        """Where that is, for people: "jobs.toml: jobs.haiku.grace"."""
        # "Authorization: Bearer …" as one key holds a secret.
        end = more.index("headers") + 1 if "headers" in more else len(more)
        keys = (*self.keys, *more[:end], *(str(key).partition(":")[0] for key in more[end:]))
        return f"{self.file}: {'.'.join(_shown_key(str(key)) for key in keys)}"


class Mistakes:
    """Every mistake of one input that was found so far, each to be said once."""

    def __init__(self) -> None:
        self._found: dict[Mistake, None] = {}
        self._places: set[str] = set()
        self._of_heirs: dict[str, tuple[Mistake, list[str]]] = {}

    def checked(
        self, model: type[_Model], table: Mapping[str, Any], known: Mapping[str, Any], *layers: Layer
    ) -> _Model | None:
        """The record that the table is; None where something is wrong with it, which is added.

        What the table's own layer, the first, does not say stands in a later one. `known` is what validators are given.
        """
        try:
            return model.model_validate(table, context=dict(known))
        except ValidationError as error:
            errors = error.errors(include_url=False)
        meant = {(*each["loc"][:-1], _meant(each["loc"], model)) for each in errors if each["type"] == _UNKNOWN}
        for each in errors:
            loc, is_unknown, is_missing = each["loc"], each["type"] == _UNKNOWN, each["type"] == "missing"
            field = model.model_fields.get(str(loc[0])) if loc and not is_unknown else None
            if field and field.alias:  # of a key that is left out pydantic says the name of its field
                each["loc"] = loc = (field.alias, *loc[1:])
            *inside, key = loc or ("",)
            is_misspelt = any((*inside, other) in meant for other in (key, *_INSTEAD_OF.get(key, ())))
            if is_misspelt and (is_missing or not each["input"]):
                continue  # it stands there under a name that is said to be unknown: one mistake, said once
            # What is missing is missing in its own table, and what an unknown key was to hold changes nothing.
            searched = layers[:1] if is_missing else layers
            self.add_in(searched, loc, _rule(each, model, layers[0].keys), shows_value=not is_unknown)
        return None

    def add(self, place: str, rule: str, value: str | None = None) -> None:
        """One that was found by hand."""
        self._found[Mistake(place=place, value=value, rule=rule)] = None
        self._places.add(place)

    def add_in(self, layers: tuple[Layer, ...], loc: _Loc, rule: str, *, shows_value: bool = True) -> None:
        """One at `loc`, of the layer in which that stands. One that heirs of a table share is said once, of whom."""
        walks = [(layer, *_walked(layer.table, loc)) for layer in layers]
        layer, path, value, is_there = next((each for each in walks if each[3]), walks[0])
        place = layer.place() if path in _SAID_OF_ALL and not is_there else layer.place(*path)
        shown = _value(value, loc, (*layer.keys, *path)) if shows_value and path else None
        if layer is layers[0]:
            self.add(place, rule, shown)
        elif place not in self._places:
            heirs = self._of_heirs.setdefault(place, (Mistake(place=place, value=shown, rule=rule), []))[1]
            heirs.append(layers[0].place().partition(": ")[2])

    def check_id(self, name: str, layer: Layer) -> None:
        """Adds where a job or a scheduler is called by what is not one showable line."""
        if not name or clean(name) != name:
            self.add(layer.place(), "is empty, too long or has control characters. Write a plain name.")

    def are_at(self, place: str) -> bool:
        """True where one was found at that place."""
        return place in self._places

    def refuse(self) -> None:
        """Raises `BadInput` with all of them; returns where there are none."""
        of_heirs = [
            Mistake(place=one.place, value=one.value, rule=f"for {listed(heirs, 3)}: {one.rule}")
            for one, heirs in self._of_heirs.values()
        ]
        if self:
            raise BadInput((*self._found, *of_heirs))

    def __bool__(self) -> bool:
        return bool(self._found or self._of_heirs)


# Where it stands ------------------------------------------------------------------------------------------------------


def _shown_key(name: str) -> str:
    """A key as TOML writes it, cleaned for people."""
    plain = clean(name, 80)
    return plain if plain.replace("_", "a").replace("-", "a").isalnum() else json.dumps(plain, ensure_ascii=False)


def _walked(table: Mapping[str, Any], loc: _Loc) -> tuple[_Loc, Any, bool]:
    """`loc` as the keys that are written in `table`, what stands there, and whether anything does.

    pydantic counts the one output that is no list, and names the branches of what may be this or that.
    """
    path: list[int | str] = []
    here: Any = table
    for place, part in enumerate(loc):
        if isinstance(here, Mapping):
            if isinstance(part, int):
                continue
            if part not in here:
                return (*path, *(each for each in loc[place:] if not isinstance(each, int))), None, False
        elif not (isinstance(here, list) and isinstance(part, int) and part < len(here)):
            continue
        path.append(part)
        here = here[part]
    return tuple(path), here, True


def _value(value: object, loc: _Loc, path: _Loc) -> str | None:
    """The value as it stands in the file; None where the place says it all, or where it may hold a secret."""
    # A url that was named for a command stands in no table.
    is_told = (path[0] in ("alert", "watch") and path[-1] not in _PLAIN) or path in (("history", "url"), ("url",))
    if is_told or loc[-1:] == ("[key]",) or {"headers", "login", "body", "options"} & set(path):
        return None
    match value:
        case None:
            return None
        case str():
            # Wherever in a scheduler or a place somebody wrote an address, its password is not shown.
            is_address = path[0] in ("schedulers", "places") or path[-1] == "database"
            is_address = is_address and ("@" in value or "://" in value)
            return f'"{clean(shown_url(value) if is_address else value, 80)}"'
        case bool():
            return str(value).lower()
        case int() if abs(value) >= _LONGEST_NUMBER:
            return "(a number of many digits)"
        case list():
            return "[…]" if value else "[]"
        case Mapping():
            return "{…}" if value else "{}"
    return clean(str(value), 80)


# What is wrong with it ------------------------------------------------------------------------------------------------


def _rule(error: ErrorDetails, model: type[BaseModel], keys: tuple[str, ...]) -> str:
    """The rule and the cure; `keys` are those of the table that was checked."""
    loc, said = error["loc"], error.get("ctx", {})
    key = str(loc[-1]) if loc else ""
    names = [str(part) for part in (*keys, *loc) if not isinstance(part, int)]
    match error["type"]:
        case "value_error":
            return clean(str(said["error"]), 400)
        case "missing":
            cure = _CURES_OF_MISSING.get(f"{names[0]}.{key}") or _CURES_OF_MISSING.get(key)
            return cure or f"required. Write {key} = …"
        case "extra_forbidden":
            near = _meant(loc, model)
            cure = f"Did you mean {near}?" if near else f"Known keys: {listed(_keys_at(loc[:-1], model), 60)}."
            return f"unknown key. {cure}"
        case "enum" | "literal_error":
            word, rule = str(error["input"]), f"must be one of {said['expected']}."
            near = nearest(word, re.findall("'([^']*)'", said["expected"]))
            return f'{rule} Did you mean "{near}"?' if near else rule
        case "model_type" | "dict_type" | "tuple_type" if names in _LISTS:
            return f"must be a list of tables. Write [[{key}]] above the keys of each."
        case "model_type" | "dict_type" if key == "headers":
            return 'must be a table. Write headers = { Authorization = "Bearer ${TOKEN}" }.'
        case "model_type" | "dict_type":
            each = ".NAME" if names in (["schedulers"], ["jobs"], ["places"]) else ""
            return f"must be a table. Write [{'.'.join(map(_shown_key, names))}{each}] above its keys."
        case "greater_than_equal":
            return f"must be at least {said['ge']}."
        case "less_than_equal":
            return f"must be at most {said['le']}."
    return _RULES.get(error["type"], f"{error['msg']}.")


def _meant(loc: _Loc, model: type[BaseModel]) -> str | None:
    return nearest(str(loc[-1]), _keys_at(loc[:-1], model)) if loc else None


def _keys_at(loc: _Loc, model: type[BaseModel]) -> list[str]:
    """The keys of the table at `loc`, found by walking the grammar along it."""
    table: Any = model
    for part in loc:
        if isinstance(table, type) and issubclass(table, BaseModel):
            named = {each.alias or name: each.annotation for name, each in table.model_fields.items()}
            table = named.get(str(part))
        elif get_origin(table) in (dict, tuple):
            table = get_args(table)[1 if get_origin(table) is dict else 0]
        if get_origin(table) in (Union, UnionType):  # with None, where it may be left out
            table = next(each for each in get_args(table) if each is not type(None))
    if not (isinstance(table, type) and issubclass(table, BaseModel)):
        return []
    return [each.alias or name for name, each in table.model_fields.items()]
