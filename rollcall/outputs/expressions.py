"""Does what is asked of a JSON value (`must_hold`) hold?"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable
from threading import Lock
from typing import IO, Any

from rollcall.text import clean

# An expression is asked of the whole value, and so all of it is in memory at once: of one value at a time.
_IN_MEMORY = 50_000_000
_OF_EACH_VALUE = 80
_ONE_AT_A_TIME = Lock()
_SHOWN = 80


class Kept:
    """The JSON that goes by, kept on disk until it is whole; nothing of what would be too much in memory."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._cost = 0

    @property
    def is_too_much(self) -> bool:
        """True where it would not fit into memory: as text, and as the values in it."""
        return self._cost > _IN_MEMORY

    def add(self, piece: bytes) -> None:
        """The next piece of it."""
        values = sum(piece.count(each) for each in (b",", b":", b"[", b"{"))
        self._cost += 2 * len(piece) + _OF_EACH_VALUE * values
        if not self.is_too_much:
            self._file = self._file or tempfile.TemporaryFile(prefix="rollcall-")  # noqa: SIM115 - `close` closes it
            self._file.write(piece)

    def held(self, encoding: str, expressions: Iterable[str]) -> dict[str, str | None]:
        """As `held` says it; nothing where it is too much, or too deep. Raises ValueError where it does not parse."""
        if self._file is None or self.is_too_much:
            return {}
        with _ONE_AT_A_TIME:
            self._file.seek(0)
            try:
                return held(json.loads(self._file.read().decode(encoding), parse_int=_integer), expressions)
            except RecursionError:
                return {}

    def close(self) -> None:
        """Keeps nothing of it any longer."""
        if self._file:
            self._file.close()


def _integer(digits: str) -> int | float:
    """CPython reads no integer of more than 4,300 digits."""
    return int(digits) if len(digits) < 400 else float(digits)


def held(
    value: Any, expressions: Iterable[str], without: Callable[[str], str] = lambda text: text
) -> dict[str, str | None]:
    """Of each expression what it found instead, `without` what is never shown; None where it holds.

    One holds that gives neither null nor false, nor 0, and nothing that is empty.
    """
    return {each: _found(value, each, without) for each in expressions}


def _found(value: Any, expression: str, without: Callable[[str], str]) -> str | None:
    import jmespath
    from jmespath.visitor import TreeInterpreter

    parsed = jmespath.compile(expression)
    try:
        found = parsed.search(value)
        if found:
            return None
        # Of a comparison that does not hold people want to know what it compared.
        if parsed.parsed["type"] == "comparator":
            found = TreeInterpreter().visit(parsed.parsed["children"][0], value)
    except ValueError as error:
        return clean(without(str(error)), _SHOWN)
    return clean(without(json.dumps(found, ensure_ascii=False)), _SHOWN)
