"""Is it encrypted by OpenPGP (gpg), and all there?"""

from __future__ import annotations

import io
from contextlib import suppress
from typing import BinaryIO, cast

from rollcall.outputs.armor import Unarmored, begins_armored
from rollcall.roll.formats import FileFormat, OpenContent

_ARMORED = "PGP MESSAGE"
# The kinds of packets (RFC 9580, 5): the key of this message, for somebody or by a passphrase; what is encrypted by it.
_KEYS = {1: b"\x03\x06", 3: b"\x04\x05\x06"}
_ENCRYPTED = {9: b"", 18: b"\x01\x02", 20: b"\x01"}
_IGNORED = frozenset({10, 21})  # a marker, and padding
_LONGEST_KEY = 10_000
_PIECE = 1 << 18


class Gpg(FileFormat):
    """A message of OpenPGP whose packets show that it is encrypted, and are all there (RFC 9580)."""

    suffix = ".gpg"
    looked_at_by = "gpg --list-packets {file}"
    holds_text = False
    opened_by = ("gpg", "--batch", "-d")
    marks_its_end = True

    def recognises(self, head: bytes) -> bool:
        """By its first packets: what they begin with is a byte that much else may begin with."""
        raw: BinaryIO = io.BytesIO(head)
        with suppress(EOFError, ValueError):
            if begins_armored(head, _ARMORED):
                raw = cast(BinaryIO, io.BufferedReader(Unarmored(raw, _ARMORED)))
            tag, has_key = 0, False
            while tag not in _ENCRYPTED:
                has_key = has_key or tag in _KEYS
                tag = _packet(raw, is_begun=True)
            return has_key
        return False

    def read(self, content: OpenContent) -> None:
        """Raises EOFError where it ends too early, ValueError where it is no message, or is not encrypted."""
        raw = cast(io.BufferedReader, content.raw)
        if begins_armored(raw.peek(64), _ARMORED):
            raw = io.BufferedReader(Unarmored(raw, _ARMORED))
        is_encrypted = False
        while raw.peek(1):
            is_encrypted = _packet(raw) in _ENCRYPTED or is_encrypted
        if not is_encrypted:
            raise EOFError("the encrypted part is missing, only its recipients are there")


def _packet(raw: BinaryIO, *, is_begun: bool = False) -> int:
    """The kind of the next packet, read past it; `is_begun` where that of what is encrypted is enough.

    Raises EOFError where it is cut, ValueError where it has no place in what is encrypted.
    """
    (first,) = _read(raw, 1)
    if not first & 0x80:
        raise ValueError("it is no message of OpenPGP")
    is_new = bool(first & 0x40)
    tag = first & 0x3F if is_new else first >> 2 & 0x0F
    if tag not in _KEYS and tag not in _ENCRYPTED and tag not in _IGNORED:
        raise ValueError(
            "it is a message of OpenPGP that is not encrypted"
            if tag in (2, 4, 8, 11)
            else "it is no message of OpenPGP"
        )
    size, goes_on = _length(raw) if is_new else _old_length(raw, first & 3)
    if tag in _KEYS and (size is None or goes_on or size > _LONGEST_KEY):
        raise ValueError("it is no message of OpenPGP: so long is no key")
    versions = _KEYS.get(tag) or _ENCRYPTED.get(tag)
    if versions:
        if _read(raw, 1)[0] not in versions:
            raise ValueError("it is no message of OpenPGP that is known")
        size = size and size - 1
    if is_begun and tag in _ENCRYPTED:
        return tag
    _skip(raw, size)
    while goes_on:
        size, goes_on = _length(raw)
        _skip(raw, size)
    return tag


def _old_length(raw: BinaryIO, kind: int) -> tuple[int | None, bool]:
    """How long it is, None where it goes on to the end; and that no part follows."""
    return (None if kind == 3 else int.from_bytes(_read(raw, 1 << kind), "big")), False


def _length(raw: BinaryIO) -> tuple[int | None, bool]:
    """How long this part is, and whether another follows."""
    (first,) = _read(raw, 1)
    if first < 192:
        return first, False
    if first < 224:
        return (first - 192 << 8) + _read(raw, 1)[0] + 192, False
    if first < 255:
        return 1 << (first & 0x1F), True
    return int.from_bytes(_read(raw, 4), "big"), False


def _read(raw: BinaryIO, size: int) -> bytes:
    data = raw.read(size)
    if len(data) < size:
        raise EOFError("it breaks off between two packets")
    return data


def _skip(raw: BinaryIO, size: int | None) -> None:
    """Reads past so many bytes, or all. Raises EOFError where fewer are left."""
    while size is None or size > 0:
        piece = raw.read(_PIECE if size is None else min(size, _PIECE))
        if not piece:
            if size is None:
                return
            raise EOFError("it breaks off within a packet")
        size = size if size is None else size - len(piece)
