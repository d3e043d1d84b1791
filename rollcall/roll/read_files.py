"""Which files make up a roll, and what stands in each of them?

A file is read only where it is a regular one, and up to a bound: a pipe would be waited for, a device never ends.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path, PurePath
from typing import Any

from pydantic import ValidationError

from rollcall.errors import BadInput
from rollcall.roll.file import FileTable
from rollcall.roll.mistakes import Layer, Mistakes
from rollcall.roll.values import read_include
from rollcall.text import clean

# All files together; 10,000 jobs are about 3 MB.
LARGEST = 64_000_000
_MOST_FILES = 1_000
_PIECE = 1_000_000
_OF_THE_FIRST = ("include", "reports", "history", "alert", "watch")
# What an included file, and each job of a file, says otherwise or takes from there.
INHERITED: tuple[str, ...] = ("timezone", "look_back")


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
        cure = "Write one (README, “Your own scheduler”), or name another with --jobs-file."
        text = _text_of(file, LARGEST, cure)
        raw = _parsed(text)
    except ValueError as problem:
        raise BadInput.single(shown_as, str(problem)) from None
    base = Path(os.path.realpath(file)).parent
    table = _checked(raw, context, mistakes, Layer(shown_as, (), raw))
    first = File(name=file.name, shown=shown_as, text=text, raw=raw, folder=folder or base, table=table)
    files, left = [first], LARGEST - len(text)
    for name in _included(first, file, base, context, mistakes):
        shown = clean(str(PurePath(shown_as).parent / name))
        try:
            text = _text_of(base / name, left, "Correct that, or take it out of include.")
            raw = _parsed(text)
        except ValueError as problem:
            mistakes.add(shown, str(problem))
            continue
        files.append(_second(name, shown, text, raw, first, context, mistakes))
        left -= len(text)
    return tuple(files)


def _included(first: File, file: Path, base: Path, context: Mapping[str, Any], mistakes: Mistakes) -> Iterator[str]:
    """The names of the files that the first one includes, relative to its folder; each once, and not itself."""
    seen = {os.path.realpath(file)}
    for place, pattern in _patterns(first):
        found = sorted(glob(pattern, root_dir=base))
        if has_magic(pattern):
            found = [each for each in found if not os.path.isdir(base / each)]
        if not found and not context["is_replay"]:
            rule = "finds no file. Write one that is there, relative to this file, or take it out."
            mistakes.add(place, rule, f'"{clean(pattern, 80)}"')
        for each in found:
            if (whole := os.path.realpath(base / each)) in seen:
                continue
            seen.add(whole)
            if len(seen) > _MOST_FILES:
                mistakes.add(place, f"finds more than {_MOST_FILES:,} files. Write fewer.", f'"{clean(pattern, 80)}"')
                return
            yield os.path.relpath(base / each, base)


def _patterns(first: File) -> Iterator[tuple[str, str]]:
    """The readable ones of `include`, each with its place; what is wrong with others the check of the file tells."""
    written = first.raw.get("include")
    for number, pattern in enumerate(written) if isinstance(written, list) else ():
        try:
            yield first.layer().place("include", number), read_include(pattern)
        except (ValueError, TypeError):
            continue


def _second(
    name: str, shown: str, text: str, raw: dict[str, Any], first: File, context: Mapping[str, Any], mistakes: Mistakes
) -> File:
    """An included file, checked: its own word comes before that of the first."""
    layer = Layer(shown, (), raw)
    for key in _OF_THE_FIRST:
        if key in raw:
            mistakes.add(layer.place(key), "stands in the first file only. Move it there.")
    inherited = {key: first.raw[key] for key in INHERITED if key in first.raw}
    own = {key: value for key, value in raw.items() if key not in _OF_THE_FIRST}
    # That the first has no zone is told of that.
    whole = {"timezone": "UTC", **inherited, **own}
    table = _checked(whole, context, mistakes, layer, first.layer(table=inherited))
    folder = (first.folder / name).parent
    return File(name=name, shown=shown, text=text, raw=raw, folder=folder, table=table, first=first)


def _checked(raw: dict[str, Any], context: Mapping[str, Any], mistakes: Mistakes, *layers: Layer) -> FileTable | None:
    try:
        return FileTable.model_validate(raw, context=context)
    except ValidationError as error:
        mistakes.add_all(error, FileTable, *layers)
        return None


def _text_of(file: Path, most: int, cure: str) -> str:
    """What stands in the file. Raises ValueError, with rule and cure."""
    flags = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))
    pieces: list[bytes] = []
    try:
        with os.fdopen(os.open(file, flags), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise OSError("it is no regular file, but a pipe, a socket or a device")
            while most >= 0 and (piece := stream.read(min(most + 1, _PIECE))):
                pieces.append(piece)
                most -= len(piece)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        why = clean(getattr(error, "strerror", None) or str(error))
        raise ValueError(f"cannot be read: {why}. {cure}") from None
    if most < 0:
        raise ValueError(f"is larger than {LARGEST // 1_000_000} MB. Is it a jobs.toml?")
    try:
        return b"".join(pieces).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 (byte {error.start}). Save it as UTF-8.") from None


def _parsed(text: str) -> dict[str, Any]:
    """The same as tables. Raises ValueError, with rule and cure."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("is nested too deeply. Is it a jobs.toml?") from None
    except ValueError as error:  # TOMLDecodeError, and numbers of thousands of digits
        raise ValueError(f"is not TOML: {clean(str(error))}. Correct that place first.") from None
