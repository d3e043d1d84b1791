"""Which keys of an output belong together, and which contradict each other?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any
from unicodedata import normalize

from rollcall.naming.names import NamePattern
from rollcall.roll.fields import Share
from rollcall.roll.formats import find_format
from rollcall.roll.place import Place
from rollcall.roll.proving import FILE
from rollcall.roll.words import Dated
from rollcall.sources.query import columns
from rollcall.text import clean

_LONGEST = timedelta(hours=1)
# What is asked of the content of a file, and of no folder; what of a text alone.
_OF_TEXT = ("must_contain", "must_not_contain", "ends_with", "last_line", "encoding")
_OF_ROWS, _OF_SIZE = ("min_rows", "max_rows"), ("min_size", "max_size")
_OF_CONTENT = ("format", "open", *_OF_TEXT, *_OF_ROWS, "must_hold", "must_change")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# A page that lists names is no folder.
_OF_FILES_ALONE = ("http", "https")


class Kind(StrEnum):
    """What an output is made of."""

    FILES = "files"
    ROWS = "rows"
    ENTRIES = "entries"

    @property
    def one(self) -> str:
        """What people call one of them."""
        return _ONE[self]

    @property
    def many(self) -> str:
        """What people call some of them."""
        return self.value


_ONE = {Kind.FILES: "file", Kind.ROWS: "row", Kind.ENTRIES: "entry"}
# What a row or an entry must tell for a limit to be held against it.
_TOLD = {**dict.fromkeys(_OF_ROWS, "rows"), **dict.fromkeys(_OF_SIZE, "size")}
# The key that says which kind it is, and which keys are asked of that kind alone.
DECIDING = {"path": Kind.FILES, "query": Kind.ROWS, "command": Kind.ENTRIES}
_SHOWN = {
    Kind.FILES: "files (path)",
    Kind.ROWS: "rows of a table (query)",
    Kind.ENTRIES: "entries that a command lists (command)",
}
_ASKED_OF: Mapping[Kind, tuple[str, ...]] = {
    Kind.FILES: ("place", "dated", "files", *_OF_SIZE, *_OF_CONTENT, "must_have", "read_up_to", "verify"),
    Kind.ROWS: ("database", *_OF_ROWS, *_OF_SIZE, "must_hold", "times"),
    Kind.ENTRIES: ("each", "made_at", "size", *_OF_SIZE, "must_hold", "times", "verify"),
}


def kind_of(table: Mapping[str, Any]) -> Kind | None:
    """Which kind the table of jobs.toml declares; None where it does not say, or says two."""
    kinds = [kind for key, kind in DECIDING.items() if table.get(key) is not None]
    return kinds[0] if len(kinds) == 1 else None


def deciding_key(kind: Kind) -> str:
    """The key of jobs.toml that says it."""
    return next(key for key, each in DECIDING.items() if each is kind)


def is_asked_of(key: str, kind: Kind) -> bool:
    """True of a key that an output of that kind may have."""
    owners = [each for each, keys in _ASKED_OF.items() if key in keys or DECIDING.get(key) is each]
    return not owners or kind in owners


def may_inherit(key: str, table: Mapping[str, Any], defaults: Mapping[str, Any]) -> bool:
    """True of a key that [defaults.output] may say of the output of that table."""
    kind, what = kind_of(table), _TOLD.get(key)
    if kind is None or not is_asked_of(key, kind):
        return kind is None
    if key == "verify":
        # One that names a file is of files, one that names none of all others.
        return (FILE in str(defaults[key])) is (kind is Kind.FILES)
    if kind is Kind.FILES:
        return key not in _OF_ROWS or "format" in {**defaults, **table}
    return what is None or _tells(what, {what: defaults.get(what), **table})


def _tells(what: str | None, table: Mapping[str, Any]) -> bool:
    """False of rows and entries that have not what a limit is held against."""
    query = table.get("query")
    if what is None or not (isinstance(query, str) or table.get("command")):
        return True
    return bool(columns(query) & {what, "*"}) if isinstance(query, str) else table.get(what) is not None


def broken_rule(key: str | None, value: Any, output: Mapping[str, Any]) -> str | None:
    """The rule that a value breaks beside the keys before it, with its cure; None where it breaks none.

    A key that is wrong itself is not in `output`, and nothing is held against it.
    """
    if key is None:
        return None
    if value is None:
        return _missing(key, output)
    kind = kind_of({**output, key: value})
    if value and kind and not is_asked_of(key, kind):
        return f"is not asked of {_SHOWN[kind]}. Take it out."
    if key in DECIDING and value and kind is None:
        return f"cannot be combined: an output is {', or '.join(_SHOWN.values())}. Keep one."
    if key == "database" and output.get("query", "") is None:
        return 'of which query? Write query = "SELECT max(updated_at) AS made_at, count(*) AS rows FROM …".'
    if value and kind is not Kind.FILES and not _tells(what := _TOLD.get(key), output):
        if kind is Kind.ROWS:
            return f"is asked of the column {what}, and query returns none. Name one so: … AS {what}."
        return f'is asked of the {what} of an entry, and nothing says where that is. Write {what} = "…" too.'
    if key == "verify" and value and kind and (kind is Kind.FILES) is not value.names_its_file:
        if kind is Kind.FILES:
            return 'has no {file}, so what would it look at? Write such as ["pg_restore", "--list", "{file}"].'
        return f"has {{file}}, and {_SHOWN[kind]} are none. Take it out."
    return _of_files(key, value, output)


def _missing(key: str, output: Mapping[str, Any]) -> str | None:
    """What is required of an output of its kind; a key that is wrong itself stands there, and is not in `output`."""
    others = {each for each in (*DECIDING, "database") if output.get(each, "") is not None}
    match key:
        case "path" if not others - {key}:
            return 'required. Write path = "data/export-%Y%m%d.json".'
        case "database" if "query" in others:
            return 'required. Write database = "sqlite:///data/app.db".'
        case "made_at" if "command" in others and "path" not in others:
            return 'required: where an entry has its time. Write made_at = "time".'
    return None


def _of_files(key: str, value: Any, output: Mapping[str, Any]) -> str | None:
    path: NamePattern | None = output.get("path")
    place: Place | None = output.get("place")
    match key:
        case "path" if value and not place and (url := _URL.match(value.text)):
            return f'is a url. Write [places.NAME] with url = "{url[0]}…", and here place = "NAME" and the rest of it.'
        case "path" if value and place and (value.text[0] in "/~" or ".." in value.root.split("/")):
            return 'is in a place. Write it relative to that, without "/", "~" or ".." in front.'
        case "path" if value and place and value.is_folder and place.protocol in _OF_FILES_ALONE:
            return "names a folder, and a web server shows none. Write a file in it."
        case "dated" if value is not Dated.RUN and path and not path.has_fields:
            return "speaks of the date in its name, and path has none. Write one, such as %Y%m%d."
        case "min_size" | "min_rows" if isinstance(value, Share) and value.part > 1:
            return 'is more than what is usual. Write at most "100 % of usual".'
        case "max_size" | "max_rows" if isinstance(value, Share) and value.part < 1:
            return 'is less than what is usual. Write at least "100 % of usual".'
        case "max_size" | "max_rows" if value is not None and _is_less(value, output.get(key.replace("max", "min"))):
            return f"is less than {key.replace('max', 'min')}, and both cannot hold. Correct one of them."
        case "files" if value and path and path.is_one:
            return "path names one file, of which there are never more. Write a wildcard, or take this out."
        case _ if key in _OF_CONTENT and value and path and path.is_folder:
            return "is asked of a file, and path names a folder. Take it out, or write a file in it."
        case _ if key in _OF_TEXT and value and _is_of_another(output, "holds_text"):
            return f'is asked of text, and format = "{output["format"]}" holds none. Take one of them out.'
        case _ if key in _OF_ROWS and value and path and not output.get("format"):
            return 'rows of what? Write format = "csv", "jsonl" or "parquet" too.'
        case _ if key in _OF_ROWS and value and path and (extra := find_format(output["format"]).rows_need):
            return (
                f'the rows of format = "{output["format"]}" are not counted by what is installed here. '
                f'Install it: pip install "roll-call[{extra}]".'
            )
        case "must_hold" if value and path and output.get("format") not in (None, "json"):
            return 'is asked of a JSON value. Write format = "json" too, or take this out.'
        case "must_have" if value and path and not path.is_folder and _is_of_another(output, "has_names"):
            return f'format = "{output["format"]}" holds nothing that has a name. Take one of them out.'
        case _ if key in _OF_ROWS and value and _is_of_another(output, "has_rows"):
            return f'format = "{output["format"]}" has no rows. Take one of them out.'
        case "timeout" if not timedelta(0) < value <= _LONGEST:
            return 'must be more than nothing, and at most "1 h".'
        case "must_not_contain":
            wanted = [normalize("NFC", each) for each in output.get("must_contain", ())]
            if twice := [text for text in value if any(normalize("NFC", text) in each for each in wanted)]:
                shown = clean(twice[0], 60)
                return f'"{shown}" is in must_contain too, and both cannot hold. Take one out.'
        case "must_change" if value and path and path.is_one:
            return "each run overwrites the one file of path. Let each write its own, or take this out."
    return None


def _is_less(most: int | Share, least: int | Share | None) -> bool:
    """True where both are of one kind, and no amount is between them."""
    if isinstance(most, Share):
        return isinstance(least, Share) and most.part < least.part
    return isinstance(least, int) and most < least


def _is_of_another(output: Mapping[str, Any], what: str) -> bool:
    """True where the format that is declared lacks that."""
    name = output.get("format")
    return name is not None and not getattr(find_format(name), what)
