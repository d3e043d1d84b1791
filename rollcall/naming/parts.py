"""Which names match one part of a path, a folder's or the file's?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from fnmatch import translate
from functools import lru_cache
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


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a path: a text at each end, and between them what a regular expression says.

    A thousand jobs, whose names differ at their ends, so share one. `possible` matches where the fields can be true,
    `shape` also month 13; both have a group for each of `codes`, the letters of the fields.
    """

    pieces: tuple[Piece, ...]
    codes: tuple[str, ...]
    beginning: str
    ending: str
    possible: re.Pattern[str]
    shape: re.Pattern[str]

    @property
    def is_literal(self) -> bool:
        """Whether only one name matches."""
        return all(piece.kind is Kind.TEXT for piece in self.pieces)

    @property
    def hides_dot(self) -> bool:
        """Whether no leading dot is matched, as by the wildcards of a shell."""
        return self.pieces[0].kind in (Kind.STAR, Kind.CHARACTER)

    def match(self, name: str, *, is_possible: bool = False) -> re.Match[str] | None:
        """How the whole name has this shape, or, where `is_possible`, can be true; None where it does not."""
        name = name if name.isascii() else normalize("NFC", name)
        first, last = len(self.beginning), len(name) - len(self.ending)
        if first > last or not (name.startswith(self.beginning) and name.endswith(self.ending)):
            return None
        if self.hides_dot and name.startswith("."):
            return None
        return (self.possible if is_possible else self.shape).fullmatch(name, first, last)

    def without_fields(self, name: str) -> str:
        """The name with each field as its code; as it is where it does not match."""
        match = self.match(name)
        if match is None:
            return name
        text = match.string
        # From the last on, so that the places of those before stay as they were found.
        for group, code in reversed(tuple(enumerate(self.codes, 1))):
            text = f"{text[: match.start(group)]}%{code}{text[match.end(group) :]}"
        return text

    def covers(self, other: Part) -> bool:
        """True where each name that has the shape of `other` surely has the shape of this one, piece by piece."""
        is_hidden = self.hides_dot and other.beginning.startswith(".")
        return not is_hidden and _cover(self.pieces, other.pieces)

    def named(self, wall: datetime, between: tuple[datetime, datetime] | None = None) -> str:
        """The name at that wall clock; wildcards stay as they are, and fields that change `between` two instants."""
        return "".join(
            write_field(piece.text, wall, between) if piece.kind is Kind.FIELD else piece.text for piece in self.pieces
        )


def read_part(text: str) -> Part:
    """The part that `text` means. Raises ValueError with rule and cure."""
    pieces = tuple(_pieces(re.sub("%.", lambda found: LONGER.get(found[0], found[0]), normalize("NFC", text))))
    open_places = [place for place, piece in enumerate(pieces) if piece.kind is not Kind.TEXT] or [len(pieces)]
    first, last = open_places[0], open_places[-1] + 1
    return Part(
        pieces=pieces,
        codes=tuple(piece.text for piece in pieces if piece.kind is Kind.FIELD),
        beginning="".join(piece.text for piece in pieces[:first]),
        ending="".join(piece.text for piece in pieces[last:]),
        possible=_compiled(pieces[first:last], is_possible=True),
        shape=_compiled(pieces[first:last], is_possible=False),
    )


def _cover(own: tuple[Piece, ...], other: tuple[Piece, ...]) -> bool:
    if not own or not other:
        return all(piece.kind is Kind.STAR for piece in own) and not other
    first, another = own[0], other[0]
    if first.kind is Kind.STAR:
        return any(_cover(own[1:], other[taken:]) for taken in range(len(other) + 1))
    if Kind.FIELD is first.kind is another.kind:
        is_same = FIELDS[first.text].shape == FIELDS[another.text].shape
    else:
        is_same = first == another
    return is_same and _cover(own[1:], other[1:])


def _pieces(text: str) -> Iterator[Piece]:
    for piece in _PIECE.findall(text):
        whole = piece.replace("%%", "%")
        match piece[0]:
            case "%" if piece != "%%":
                check_field(piece[1:])
                yield Piece(Kind.FIELD, piece[1:])
            case "*" if len(piece) > 1:
                raise ValueError('has "**", which is not supported. Write "*" for each folder, as in "*/*.md".')
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


@lru_cache(maxsize=2_048)
def _compiled(pieces: tuple[Piece, ...], *, is_possible: bool) -> re.Pattern[str]:
    between_stars = [""]
    for piece in pieces:
        match piece.kind:
            case Kind.TEXT:
                between_stars[-1] += re.escape(piece.text)
            case Kind.FIELD:
                field = FIELDS[piece.text]
                between_stars[-1] += f"({field.possible if is_possible else field.shape})"
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
    middle = "".join(f"(?>.*?{each})" for each in others[:-1]) + "".join(f".*?{each}" for each in others[-1:])
    return re.compile(first + middle, re.DOTALL)
