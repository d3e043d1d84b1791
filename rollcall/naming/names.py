"""Which names can an output of a run have, and what does a name tell?

A pattern is the `path` of jobs.toml: wildcards and strftime fields in any part. Names are relative to the folders in
front that have neither, and are compared as Unicode composes them (NFC): macOS hands out "é" as two characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from rollcall.naming.fields import FIELDS, Disagreement, read_fields
from rollcall.naming.parts import Kind, Part, read_part
from rollcall.naming.stretch import Told
from rollcall.text import clean

# Of a name without fields; a bucket has a hundred thousand.
_NOTHING = Told()


@dataclass(frozen=True, slots=True)
class NamePattern:
    """The names that outputs of a job can have.

    text       as it was written
    root       the folders in front without field and wildcard, as written and "%%" undone; "." where there are none
    parts      the rest, at least one
    is_folder  the output is a folder, with all that is in it
    """

    text: str
    root: str
    parts: tuple[Part, ...]
    is_folder: bool

    @property
    def has_fields(self) -> bool:
        """Whether a name tells anything of a date or time."""
        return any(part.codes for part in self.parts)

    @property
    def tells_zone(self) -> bool:
        """Whether a name tells its time whatever the zone: by an offset, or in seconds since 1970."""
        return any(code in "zs" for part in self.parts for code in part.codes)

    @property
    def has_wildcards(self) -> bool:
        """Whether a name may say anything besides its date."""
        return any(piece.kind in (Kind.STAR, Kind.CHARACTER) for part in self.parts for piece in part.pieces)

    @property
    def is_one(self) -> bool:
        """Whether only one name matches, so that each run overwrites what the one before left."""
        return all(part.is_literal for part in self.parts)

    @property
    def prefix(self) -> str:
        """The text that the last part of each name begins with, up to what Unicode can write in two ways."""
        return "".join(takewhile(str.isascii, self.parts[-1].beginning))

    def part_matches(self, depth: int, name: str) -> bool:
        """Whether a folder or file of that name can stand at that depth, counted from 0 below the root."""
        return depth < len(self.parts) and self.parts[depth].match(name) is not None

    def may_hold(self, folders: tuple[str, ...], since: datetime) -> bool:
        """Whether the folder of these names, from the first part on, can hold anything of `since` (aware) or later.

        False only where its fields prove that all in it is older.
        """
        told = _read(self.parts[: len(folders)], folders)
        last = told.last_day() if isinstance(told, Told) else None
        # In whatever zone, a day is over when the next one is in UTC.
        return last is None or since.astimezone(UTC).date() <= last + timedelta(days=1)

    def told(self, name: str) -> Told | Disagreement | None:
        """What `name`, relative to the root and with "/" between its parts, tells; None where it does not match."""
        names = tuple(name.split("/"))
        return _read(self.parts, names) if len(names) == len(self.parts) else None

    def kind_of(self, name: str) -> str:
        """What the name says besides its date: the name, with each field as it is written in the pattern."""
        names = name.split("/")
        if len(names) != len(self.parts):
            return name
        return "/".join(part.without_fields(each) for part, each in zip(self.parts, names, strict=True))

    def covers(self, other: NamePattern) -> bool:
        """True where each name that has the shape of `other` surely has the shape of this one."""
        pairs = zip(self.parts, other.parts, strict=False)
        return len(self.parts) == len(other.parts) and all(one.covers(another) for one, another in pairs)

    def named(self, wall: datetime) -> str:
        """The name, relative to the root, that a run has at that wall-clock time; wildcards stay as they are.

        A wall clock without an offset does not tell %z and %s: they are "*".
        """
        return "/".join(part.named(wall) for part in self.parts)

    def named_between(self, first: datetime, last: datetime) -> tuple[str, ...]:
        """The name of a run whose clock shows these aware times and all between; two where its day or offset changes.

        What the clock does not show all the while stays the field that it is, as wildcards do.
        """
        names = ("/".join(part.named(wall, (first, last)) for part in self.parts) for wall in (first, last))
        return tuple(dict.fromkeys(names))


def read_pattern(text: str) -> NamePattern:
    """The names that `text`, a path of jobs.toml, means. Raises ValueError with rule and cure, without the value."""
    if "${" in text:
        raise ValueError('has "${", but variables are not read in a path. Write the path itself.')
    if "\0" in text:
        raise ValueError("holds a NUL character, which no path can. Take it out.")
    names = text.split("/")
    is_folder = len(names) > 1 and not names[-1]
    if is_folder:
        names.pop()
    if names[-1] in ("", ".", "..") or names == ["~"]:
        raise ValueError('names no file. Write folder and file name, such as "data/export-*.json".')

    names = [name for name in names if name not in ("", ".")]
    parts = tuple(map(read_part, names))
    codes = [code for part in parts for code in part.codes]
    if "I" in codes and "p" not in codes:
        raise ValueError("has %I without %p, an hour that the clock shows twice a day. Write %I with %p, or %H.")
    if "p" in codes and "I" not in codes:
        raise ValueError("has %p without %I: it says only which half of the day. Write %I with %p, or %H.")
    depth = sum(1 for _ in takewhile(lambda part: part.is_literal, parts[:-1]))
    if ".." in names[depth:]:
        raise ValueError('has ".." after a folder with wildcards. Write the folder itself.')
    front = "/".join(names[:depth]).replace("%%", "%")
    root = f"/{front}" if text.startswith("/") else front or "."
    return NamePattern(text, root, parts[depth:], is_folder)


def _read(parts: tuple[Part, ...], names: tuple[str, ...]) -> Told | Disagreement | None:
    """What the names of these parts tell; None where one of them has not even the shape of its part."""
    found = _fields_of(names, parts, is_possible=True)
    if found is not None:
        return read_fields(tuple(found)) if found else _NOTHING
    for code, text in _fields_of(names, parts, is_possible=False) or ():
        if not re.fullmatch(FIELDS[code].possible, text):
            return Disagreement(f"%{code} cannot be {clean(text, 40)}")
    return None


def _fields_of(names: tuple[str, ...], parts: tuple[Part, ...], *, is_possible: bool) -> list[tuple[str, str]] | None:
    """The code of each field with what stands there; None where a name does not match."""
    found: list[tuple[str, str]] = []
    for name, part in zip(names, parts, strict=True):
        match = part.match(name, is_possible=is_possible)
        if match is None:
            return None
        found += zip(part.codes, match.groups(), strict=True)
    return found
