"""Is it encrypted by age, and all there as far as that can be seen?"""

from __future__ import annotations

import io
import re
from typing import BinaryIO, cast

from rollcall.outputs.armor import Unarmored, begins_armored
from rollcall.roll.formats import FileFormat, NothingInside, OpenContent

_FIRST_LINE = b"age-encryption.org/v1"
_ARMORED = "AGE ENCRYPTED FILE"
_MAC = re.compile(rb"--- [A-Za-z0-9+/]{43}\n")
_STANZA = re.compile(rb"-> [!-~]+( [!-~]+)*\n|[A-Za-z0-9+/]{0,64}\n")
_LONGEST_LINE = 4_096
_MOST_LINES = 10_000
# What is encrypted stands in pieces, each with a tag that proves it to who has the key: how long they are shows.
_NONCE, _TAG, _PIECE = 16, 16, (64 << 10) + 16


class Age(FileFormat):
    """What age encrypted, whatever for: https://age-encryption.org/v1. Its header and its length are all that show."""

    magic = (_FIRST_LINE, f"-----BEGIN {_ARMORED}-----".encode())
    suffix = ".age"
    looked_at_by = "head -c 200 {file}"
    holds_text = False
    opened_by = ("age", "-d", "-i", "/etc/age.key")

    def read(self, content: OpenContent) -> None:
        """Raises EOFError where it is seen to end too early, ValueError where it is not encrypted by age."""
        raw = cast(io.BufferedReader, content.raw)
        if begins_armored(raw.peek(len(self.magic[1])), _ARMORED):
            raw = io.BufferedReader(Unarmored(raw, _ARMORED))
        if raw.readline(_LONGEST_LINE) != _FIRST_LINE + b"\n":
            raise ValueError("it does not begin as what age encrypts does")
        _read_header(raw)
        size = 0
        while piece := raw.read(1 << 18):
            size += len(piece)
        size -= _NONCE
        if size == _TAG:
            raise NothingInside("nothing was encrypted")
        if size < _TAG or 0 < size % _PIECE <= _TAG:
            raise EOFError("its last piece is cut")


def _read_header(raw: BinaryIO) -> None:
    """Reads past for whom it is encrypted."""
    for _ in range(_MOST_LINES):
        line = raw.readline(_LONGEST_LINE)
        if _MAC.fullmatch(line):
            return
        if not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
            raise EOFError("its header is cut")
        if not _STANZA.fullmatch(line):
            break
    raise ValueError("its header is damaged")
