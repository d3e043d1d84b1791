"""What are the entries of one large JSON answer, one after the other?

An answer of many megabytes is never held as a whole: each entry is handed out, and let go, as soon as it has come.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

_BLANK = " \t\r\n"
_DECODER = json.JSONDecoder()


class Broken(ValueError):
    """It is no JSON object, or breaks off."""


@dataclass(slots=True)
class Items:
    """The entries of the list `name` of a JSON object that comes in pieces.

    Where `name` is None those of a list, or one value after the other, as in JSON a line. `rest` is what else stands in
    the object; it is complete once all entries were taken, and `has_list` says whether that list was there. Raises
    `Broken`, and UnicodeDecodeError where it is no UTF-8.
    """

    pieces: Iterable[bytes]
    name: str | None
    rest: dict[str, Any] = field(default_factory=dict)
    has_list: bool = False
    _text: str = ""
    _at: int = 0
    _more: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._more = self._decoded()

    def __iter__(self) -> Iterator[Any]:
        if self.name is None:
            yield from self._values()
            return
        self._take("{")
        if self._next() == "}":
            return
        while True:
            key = self._value()
            self._take(":")
            if key == self.name and self._next() == "[":
                self._at += 1
                self.has_list = True
                yield from self._entries()
            else:
                self.rest[str(key)] = self._value()
            if self._next() == "}":
                self._at += 1
                return
            self._take(",")

    def is_over(self) -> bool:
        """True where nothing comes after it, once all entries were taken."""
        return not self._peek()

    def _values(self) -> Iterator[Any]:
        while mark := self._peek():
            if mark == "[":
                self._at += 1
                yield from self._entries()
            else:
                yield self._value()

    def _entries(self) -> Iterator[Any]:
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield self._value()
            mark = self._next()
            self._at += 1
            if mark == "]":
                return
            if mark != ",":
                raise Broken

    def _value(self) -> Any:
        """The next value, read as often as a piece of it came."""
        self._next()
        wanted = 1
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                # Twice as much each time: a value in a thousand pieces is not read a thousand times.
                if not self._grow(wanted):
                    raise Broken from None
                wanted = len(self._text) - self._at
                continue
            # A number may go on in the next piece, "1" as "1.5e3".
            length = end - self._at
            if (end < len(self._text) and self._text[end] not in ".eE") or not self._grow(1):
                self._at += length
                return value

    def _take(self, mark: str) -> None:
        if self._next() != mark:
            raise Broken
        self._at += 1

    def _next(self) -> str:
        """The next character that is no blank. Raises `Broken` where none comes."""
        if not (mark := self._peek()):
            raise Broken
        return mark

    def _peek(self) -> str:
        """The next character that is no blank; "" where none comes."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANK:
                    return self._text[self._at]
                self._at += 1
            if not self._grow(1):
                return ""

    def _grow(self, wanted: int) -> bool:
        """Adds that many characters, if so many come; False where none does."""
        came = []
        while wanted > 0 and (piece := next(self._more, "")):
            came.append(piece)
            wanted -= len(piece)
        self._text, self._at = self._text[self._at :] + "".join(came), 0
        return bool(came)

    def _decoded(self) -> Iterator[str]:
        from codecs import getincrementaldecoder

        decoder = getincrementaldecoder("utf-8-sig")()
        for piece in self.pieces:
            if text := decoder.decode(piece):
                yield text
        if text := decoder.decode(b"", final=True):
            yield text
