"""What is in a text that is armored, as age and OpenPGP write what is encrypted to be sent by mail?"""

from __future__ import annotations

import base64
import binascii
import io
from typing import Any, BinaryIO

_PIECE = 1 << 16
_BLANKS = b" \t\r\n"
_LONGEST_LINE = 200
_MOST_HEADERS = 50
# The line that ends it, and a checksum of OpenPGP before that.
_LAST = 100


def begins_armored(head: bytes, kind: str) -> bool:
    """True where a text begins as what is armored as that kind, such as "PGP MESSAGE", does."""
    return head.startswith(f"-----BEGIN {kind}-----".encode())


class Unarmored(io.RawIOBase):
    """The bytes in an armored text (RFC 9580, 6.2). Reading raises EOFError where its last line is not there.

    ValueError where it is no base64.
    """

    def __init__(self, raw: BinaryIO, kind: str) -> None:
        super().__init__()
        self._raw = raw
        self._end = f"-----END {kind}-----".replace(" ", "").encode()
        self._carried = b""
        self._ready = b""
        self._is_done = False
        raw.readline(_LONGEST_LINE)
        if kind.startswith("PGP"):
            for _ in range(_MOST_HEADERS):
                if not raw.readline(_LONGEST_LINE).strip():
                    break

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._is_done:
            self._decode_more()
        piece, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)

    def _decode_more(self) -> None:
        piece = self._raw.read(_PIECE)
        text = self._carried + piece.translate(None, _BLANKS)
        body, dash, end = text.partition(b"-")
        if dash and len(end) < _LAST:
            end += self._raw.read(_LAST).translate(None, _BLANKS)
        self._is_done = bool(dash)
        if dash:
            if not (dash + end).startswith(self._end):
                raise EOFError("its last line is not there")
            # OpenPGP's checksum; the padding of base64 stands in its last two characters alone.
            body = body[:-5] if body[-5:-4] == b"=" else body
        elif not piece:
            raise EOFError("its last line is not there")
        whole = len(body) if dash else max(len(body) - _LAST, 0) // 4 * 4
        self._carried = body[whole:]
        try:
            self._ready = base64.b64decode(body[:whole], validate=True)
        except binascii.Error as error:
            raise ValueError(f"it is no base64: {error}") from None
