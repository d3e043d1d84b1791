"""Which files make up a roll, and what stands in each of them?

A file is read only where it is a regular one, and up to a bound: a pipe would be waited for, a device never ends.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import glob, has_magic
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from rollcall.errors import BadInput
from rollcall.files import read_regular
from rollcall.roll.file import FileTable, read_include
from rollcall.roll.mistakes import Layer, Mistakes
from rollcall.text import clean

# All files together; 10,000 jobs are about 3 MB.
LARGEST = 64_000_000
_MOST_FILES = 1_000
_OF_OWNERS = ("owner", "severity", "tags")
_OF_THE_FIRST = ("include", "reports", "history", "evidence", "alert", "watch")


class Owners(NamedTuple):
    """What is said of the jobs whose ids are like one of the patterns."""

    patterns: tuple[str, ...]
    layer: Layer

    def are_of(self, job_id: str) -> bool:
        """True where it is said of that job."""
        return any(fnmatchcase(job_id, each) for each in self.patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file as it was read, and as it was checked (None where something is wrong with it).

    `name` is relative to the folder of the first one; `folder` is where its own relative paths begin. What an included
    file leaves out of `raw` may stand in that of the `first`.
    """

    name: str
    shown: str
    text: str
    raw: dict[str, Any]
    folder: Path
    table: FileTable | None
    first: File | None = None

    def layer(self, *keys: str, table: Mapping[str, Any] | None = None) -> Layer:
        """The file, or a table in it."""
        return Layer(self.shown, keys, self.raw if table is None else table)

    @property
    def inherited(self) -> Layer:
        """What an included file, and each job of this one, says otherwise or takes from here."""
        return self.layer(table={key: self.raw[key] for key in ("timezone", "look_back") if key in self.raw})

    @property
    def defaults(self) -> dict[str, Any]:
        """What it says of every job; nothing where that is no table."""
        defaults = self.raw.get("defaults")
        return defaults if isinstance(defaults, dict) else {}

    @property
    def owners(self) -> tuple[Owners, ...]:
        """Whose jobs are by their ids, as it is written; what is none is said by the check of the file."""
        tables = self.raw.get("owners")
        found = []
        for number, table in enumerate(tables) if isinstance(tables, list) else ():
            patterns = table.get("jobs") if isinstance(table, dict) else None
            if isinstance(patterns, list):
                layer = self.layer("owners", str(number), table={key: table[key] for key in _OF_OWNERS if key in table})
                found.append(Owners(tuple(each for each in patterns if isinstance(each, str)), layer))
        return tuple(found)

    def tables(self, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The tables below that name, each with its own; what is none is said by the check of the file."""
        below = self.raw.get(name)
        for key, value in below.items() if isinstance(below, dict) else ():
            if isinstance(value, dict):
                yield key, value


def read_files(
    file: Path, shown_as: str, folder: Path | None, context: Mapping[str, Any], mistakes: Mistakes
) -> tuple[File, ...]:
    """The file, and those that it includes; `folder` is where relative paths begin, None where the file lies.

    Raises `BadInput` where the file itself cannot be read.
    """
    try:
        cure = "`rollcall init` writes a first one; or name another with --jobs-file."
        text, raw = _read(file, LARGEST, cure)
    except ValueError as problem:
        raise BadInput.single(shown_as, str(problem)) from None
    base = Path(os.path.realpath(file)).parent
    table = mistakes.checked(FileTable, raw, context, Layer(shown_as, (), raw))
    first = File(name=file.name, shown=shown_as, text=text, raw=raw, folder=folder or base, table=table)
    files, left = [first], LARGEST - len(text)
    for name in _included(first, file, base, context, mistakes):
        shown = clean(str(PurePath(shown_as).parent / name))
        try:
            text, raw = _read(base / name, left, "Correct that, or take it out of include.")
        except ValueError as problem:
            mistakes.add(shown, str(problem))
            continue
        layer = Layer(shown, (), raw)
        for key in _OF_THE_FIRST:
            if key in raw:
                mistakes.add(layer.place(key), "belongs into the first file only. Move it there.")
        # That the first has no zone is said of that.
        whole = {
            "timezone": "UTC",
            **first.inherited.table,
            **{key: raw[key] for key in raw if key not in _OF_THE_FIRST},
        }
        table = mistakes.checked(FileTable, whole, context, layer, first.inherited)
        its_folder = (first.folder / name).parent
        files.append(File(name=name, shown=shown, text=text, raw=raw, folder=its_folder, table=table, first=first))
        left -= len(text)
    return tuple(files)


def _included(first: File, file: Path, base: Path, context: Mapping[str, Any], mistakes: Mistakes) -> Iterator[str]:
    """The names of the files that the first one includes, relative to its folder; each once, and not itself."""
    seen = {os.path.realpath(file)}
    patterns = first.raw.get("include")
    for number, pattern in enumerate(patterns) if isinstance(patterns, list) else ():
        try:
            found = sorted(glob(read_include(pattern), root_dir=base))
        except (ValueError, TypeError):
            continue  # what is wrong with it is said by the check of the file
        if has_magic(pattern):
            found = [each for each in found if not os.path.isdir(base / each)]
        if not found and not context["is_replay"]:
            rule = "finds no file. Write one that is there, relative to this file, or take it out."
            mistakes.add_in((first.layer(),), ("include", number), rule)
        for each in found:
            if (whole := os.path.realpath(base / each)) in seen:
                continue
            seen.add(whole)
            if len(seen) > _MOST_FILES:
                rule = f"finds more than {_MOST_FILES:,} files. Write fewer."
                mistakes.add_in((first.layer(),), ("include", number), rule)
                return
            yield os.path.relpath(base / each, base)


def _read(file: Path, most: int, cure: str) -> tuple[str, dict[str, Any]]:
    """What stands in the file, as text and as tables. Raises ValueError, with rule and cure."""
    try:
        data = read_regular(file, most + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        why = clean(getattr(error, "strerror", None) or str(error))
        raise ValueError(f"cannot be read: {why}. {cure}") from None
    if len(data) > most:
        raise ValueError(f"is larger than {LARGEST // 1_000_000} MB. Is it a jobs.toml?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 (byte {error.start}). Save it as UTF-8.") from None
    try:
        return text, tomllib.loads(text)
    except RecursionError:
        raise ValueError("is nested too deeply. Is it a jobs.toml?") from None
    except ValueError as error:  # TOMLDecodeError, and numbers of thousands of digits
        raise ValueError(f"is not TOML: {clean(str(error))}. Correct that place first.") from None
