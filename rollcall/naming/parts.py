"""Which names match one part of a path, a folder's or the file's?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from fnmatch import translate
from functools import lru_cache
from itertools import takewhile
from typing import assert_never
from unicodedata import normalize

from rollcall.naming.fields import FIELDS, LONGER, check_field, write_field

# As in fnmatch a "[" that is never closed is text. Between % and a letter glibc knows flags: all of it is shown.
_PIECE = re.compile(r"%[-_^#]?.|%|\*+|\?|\[!?+\]?+[^\]]*\]|\[|[^%*?\[]+", re.DOTALL)


class Kind(Enum):
    TEXT = "text"
    FIELD = "field"
    STAR = "*"
    CHARACTER = "? or […]"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a part; `text` is as written but for "%%", and of a field the letter alone."""

    kind: Kind
    text: str

    def covers(self, other: Piece) -> bool:
        """True where all that `other` matches surely is matched by this one too; it is no star."""
        if Kind.FIELD is self.kind is other.kind:
            return FIELDS[self.text].shape == FIELDS[other.text].shape
        return self == other


@dataclass(frozen=True, slots=True)
class Expression:
    """What a name must be: a text at each end, and between them what a regular expression says.

    Its groups are those of the middle. A thousand jobs, whose names differ at their ends, so share one. `hides_dot` is
    whether no leading dot is matched, as by the wildcards of a shell.
    """

    beginning: str
    middle: re.Pattern[str]
    ending: str
    hides_dot: bool

    def fullmatch(self, name: str) -> re.Match[str] | None:
        """How the whole name matches; None where it does not."""
        first, last = len(self.beginning), len(name) - len(self.ending)
        if first > last or not (name.startswith(self.beginning) and name.endswith(self.ending)):
            return None
        if self.hides_dot and name.startswith("."):
            return None
        return self.middle.fullmatch(name, first, last)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a path.

    `possible` matches the names whose fields can be true, `shape` also those of month 13. Both have a group for each
    of `codes`, the letters of its fields.
    """

    pieces: tuple[Piece, ...]
    codes: tuple[str, ...]
    possible: Expression
    shape: Expression

    def covers(self, other: Part) -> bool:
        """True where each name that has the shape of `other` surely has the shape of this one, piece by piece."""
        is_hidden = self.shape.hides_dot and other.beginning.startswith(".")
        return not is_hidden and _cover(self.pieces, other.pieces)

    @property
    def beginning(self) -> str:
        """The text that each name begins with."""
        return self.possible.beginning

    @property
    def is_literal(self) -> bool:
        """Whether only one name matches."""
        return all(map(_is_text, self.pieces))

    def named(self, wall: datetime) -> str:
        """The name at that wall-clock time; wildcards stay as they are."""
        return "".join(
            write_field(piece.text, wall) if piece.kind is Kind.FIELD else piece.text for piece in self.pieces
        )


def read_part(text: str) -> Part:
    """The part that `text` means. Raises ValueError with rule and cure."""
    pieces = tuple(_pieces(normalize("NFC", text)))
    before = tuple(takewhile(_is_text, pieces))
    after = tuple(takewhile(_is_text, reversed(pieces[len(before) :])))[::-1]
    possible, shape = _compiled(pieces[len(before) : len(pieces) - len(after)])
    beginning, ending = ("".join(piece.text for piece in each) for each in (before, after))
    hides_dot = pieces[0].kind in (Kind.STAR, Kind.CHARACTER)
    return Part(
        pieces=pieces,
        codes=tuple(piece.text for piece in pieces if piece.kind is Kind.FIELD),
        possible=Expression(beginning, possible, ending, hides_dot),
        shape=Expression(beginning, shape, ending, hides_dot),
    )


def _cover(own: tuple[Piece, ...], other: tuple[Piece, ...]) -> bool:
    if not own:
        return not other
    if own[0].kind is Kind.STAR:
        return any(_cover(own[1:], other[taken:]) for taken in range(len(other) + 1))
    return bool(other) and own[0].covers(other[0]) and _cover(own[1:], other[1:])


def _is_text(piece: Piece) -> bool:
    return piece.kind is Kind.TEXT


def _pieces(text: str) -> Iterator[Piece]:
    for piece in _PIECE.findall(text):
        whole = piece.replace("%%", "%")
        match piece[0]:
            case "%" if piece != "%%":
                yield from map(_field_or_text, LONGER.get(piece, (piece,)))
            case "*" if len(piece) > 1:
                raise ValueError(
                    'has "**", and no search goes to any depth. Write "*" for each folder, as in "*/*.md".'
                )
            case "*":
                yield Piece(Kind.STAR, piece)
            case "?":
                yield Piece(Kind.CHARACTER, piece)
            case "[" if len(piece) > 1:
                if "%" in piece.replace("%%", ""):
                    raise ValueError('has a field within "[…]", which is one character. Write "[[]" for a bracket.')
                yield Piece(Kind.CHARACTER, whole)
            case _:
                yield Piece(Kind.TEXT, whole)


def _field_or_text(piece: str) -> Piece:
    if not piece.startswith("%"):
        return Piece(Kind.TEXT, piece)
    check_field(piece[1:])
    return Piece(Kind.FIELD, piece[1:])


@lru_cache(maxsize=1_024)
def _compiled(pieces: tuple[Piece, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What these pieces match where their fields can be true, and what has their shape."""
    possible = _expression(pieces, {code: field.possible for code, field in FIELDS.items()})
    shape = _expression(pieces, {code: field.shape for code, field in FIELDS.items()})
    return re.compile(possible, re.DOTALL), re.compile(shape, re.DOTALL)


def _expression(pieces: tuple[Piece, ...], fields: dict[str, str]) -> str:
    """The regular expression of pieces in which each field is that of `fields`."""
    between_stars = [""]
    for piece in pieces:
        match piece.kind:
            case Kind.TEXT:
                between_stars[-1] += re.escape(piece.text)
            case Kind.FIELD:
                between_stars[-1] += f"({fields[piece.text]})"
            case Kind.STAR:
                between_stars.append("")
            case Kind.CHARACTER:
                # Without the "(?s:" and the end of text that fnmatch puts around it.
                between_stars[-1] += translate(piece.text)[4:-3]
            case _:
                assert_never(piece.kind)
    first, *others = between_stars
    # What is found between two stars stays where it is found first, as in fnmatch: no name takes long to be refused.
    # In front of the end the star takes as little as it can, so that %s has all of its digits.
    return first + "".join(f"(?>.*?{each})" for each in others[:-1]) + "".join(f".*?{each}" for each in others[-1:])
