"""What stands in one struct of Thrift's compact protocol?

Parquet writes one in front of each page, and pyarrow does not show them.
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from typing import Any

_DEEPEST = 8
_MOST = 10_000
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_INTEGERS = (4, 5, 6)


def read_struct(data: bytes) -> tuple[dict[int, Any], int]:
    """The fields of the struct that `data` begins with, by number, and how many bytes it has.

    Of its fields, numbers and structs are kept. Raises EOFError where `data` ends before it does, ValueError where it
    is none.
    """
    reader = _Reader(data)
    try:
        return reader.struct(0), reader.at
    except IndexError:
        raise EOFError("the struct goes on") from None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, depth: int) -> dict[int, Any]:
        found: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            found[number] = self._value(head & 15, depth + 1)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError("nested more deeply than anything is")
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind in _INTEGERS:
            return self._integer()
        if kind == _STRUCT:
            return self.struct(depth)
        if kind in (_LIST, _SET):
            head = self._byte()
            for _ in range(self._many(head >> 4 if head >> 4 < 15 else self._varint())):
                # A truth value has a byte of its own here, and none as a field.
                self._value(_BYTE if head & 15 in (_TRUE, _FALSE) else head & 15, depth + 1)
            return None
        if kind == _MAP:
            raise ValueError("a map, of which Parquet has none")
        widths = {_BYTE: 1, _DOUBLE: 8}
        length = self._varint() if kind == _BINARY else widths.get(kind, -1)
        if length < 0:
            raise ValueError("no kind of field")
        self.at += length
        if self.at > len(self._data):
            raise IndexError
        return None

    def _many(self, number: int) -> int:
        if number > _MOST:
            raise ValueError("a longer list than there is")
        return number

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _varint(self) -> int:
        number = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
        raise ValueError("a longer number than there is")

    def _integer(self) -> int:
        number = self._varint()
        return number >> 1 ^ -(number & 1)
