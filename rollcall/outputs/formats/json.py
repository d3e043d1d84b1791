"""Is it whole JSON, as strict readers take it?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, NoReturn, TextIO

from rollcall.roll.formats import FileFormat, OpenContent, TooMuch
from rollcall.text import clean

# CPython reads no integer of more than 4,300 digits; JSON knows no such limit.
_LONG_NUMBER = re.compile(r"([0-9]{4000})[0-9]+")
# Of objects within each other that have more keys than that, equal ones are looked for among as many.
_MOST_KEYS = 300_000
_DEEPEST = 100_000
_LONGEST_TEXT = 4_000_000


class Json(FileFormat):
    """One JSON value (RFC 8259): no NaN, no Infinity, and no key of an object twice."""

    suffix = ".json"
    marks_its_end = True

    def read(self, content: OpenContent) -> None:
        """Raises EOFError where it ends too early, ValueError where it does not parse."""
        self.check(content.text())

    @staticmethod
    def check(text: TextIO) -> None:
        """The same of a text, read as it is parsed."""
        import ijson

        try:
            _refuse_equal_keys(ijson.basic_parse(_Utf8(text), buf_size=1 << 16))
        except ArithmeticError:
            raise OSError("it holds a number that cannot be read here") from None
        except ijson.JSONError as error:
            said = _in_one_line(error)
            raise (EOFError if "premature EOF" in said else ValueError)(said) from None


def _refuse_equal_keys(events: Iterable[tuple[str, Any]]) -> None:
    open_objects: list[set[int]] = []
    kept = 0
    for event, value in events:
        if event == "map_key":
            keys, key = open_objects[-1], hash(value)
            if key in keys:
                raise ValueError(f'the key "{clean(value, 60)}" appears twice in one object')
            if kept < _MOST_KEYS:
                keys.add(key)
                kept += 1
        elif event == "start_map":
            open_objects.append(set())
            if len(open_objects) > _DEEPEST:
                raise TooMuch("it is nested more deeply than is read")
        elif event == "end_map":
            kept -= len(open_objects.pop())


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of these keys and values. Raises ValueError where two keys are equal: readers differ in what counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f'the key "{clean(twice, 60)}" appears twice in one object')
    return found


def refuse_constant(name: str) -> NoReturn:
    """Raises ValueError: JSON knows neither NaN nor Infinity, whatever Python's own reader takes."""
    raise ValueError(f"{name} is no JSON")


class _Utf8:
    """The text as UTF-8 without a mark, numbers no longer than what parses them takes."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._is_in_text, self._length, self._escape = False, 0, ""

    def read(self, size: int) -> bytes:
        text = self._text.read(size)
        self._note(text)
        # So long a run covers one of these pieces, and nearly no text has one.
        if any(text[start : start + 2000].isdigit() for start in range(0, len(text), 2000)):
            text = _LONG_NUMBER.sub(r"\1", text)
        return text.encode()

    def _note(self, text: str) -> None:
        """Raises `TooMuch` where a text in it is longer than is read: it is kept until it is whole."""
        plain = (self._escape + text).replace("\\\\", "").replace('\\"', "")
        self._escape = "\\" if plain.endswith("\\") else ""
        if quotes := plain.count('"'):
            self._is_in_text ^= quotes % 2 == 1
            self._length = 0
        self._length += len(plain) - 1 - plain.rfind('"')
        if self._is_in_text and self._length > _LONGEST_TEXT:
            raise TooMuch("a text in it is longer than is read")


def _in_one_line(error: Exception) -> str:
    """yajl writes what is wrong, the text around it, and an arrow to the place below that."""
    text = error.args[0] if error.args else ""
    text = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    said, around, arrow, *_ = [*text.splitlines(), "", "", ""]
    place = max(arrow.find("^") - 1, 0) if "^" in arrow else len(around)
    return f"{said.strip()} At {around[place:].strip()[:20]!r}" if place < len(around) else said.strip()
