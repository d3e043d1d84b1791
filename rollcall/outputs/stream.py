"""The one pass over what is in an output: as it goes by it is counted, hashed and searched, and its ends are kept."""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import time
from collections.abc import Callable, Iterable
from typing import Any
from unicodedata import is_normalized, normalize

from rollcall.roll.formats import TooMuch

PIECE = 1 << 18
# So much has its hash in any case: a record that holds all of it is known by that.
_HASHED = 100_000
# Of the text that was read, this much of either end is kept.
END = 64_000
_BLANKS = 1_000
# Blanks, and the zeros that a crash leaves.
WHITE = " \t\r\n\v\f\0\ufeff"


class Timed(io.RawIOBase):
    """A stream that can seek, and of which nothing is read after `until`: reading then raises TimeoutError."""

    def __init__(self, stream: io.BufferedReader, until: float) -> None:
        super().__init__()
        self._stream = stream
        self._until = until

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        return self._stream.seek(place, whence)

    def readinto(self, buffer: Any) -> int:
        if time.monotonic() > self._until:
            raise TimeoutError("it was not read through in time")
        piece = self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


class Watched(io.RawIOBase):
    """A stream that notes what is read of it. Reading raises `TooMuch` beyond `limit`, TimeoutError after `until`.

    `until` is an instant of `time.monotonic`. `found` holds those of `texts` that went by, compared as Unicode composes
    them (NFC): macOS writes "é" as two characters. `undecodable` is the place of the first byte that is none of the
    encoding, `nul` that of the first NUL character; `is_cut` is True where the text ends within a character. `keep` is
    given each piece.
    """

    def __init__(
        self,
        stream: io.BufferedReader,
        *,
        texts: Iterable[str],
        encoding: str,
        limit: int,
        until: float,
        hashes_all: bool = True,
        keep: Callable[[bytes], None] | None = None,
    ) -> None:
        super().__init__()
        self.size = 0
        self.head = self.tail = ""
        self.is_blank = True
        self.found: set[str] = set()
        self.undecodable: int | None = None
        self.is_cut = False
        self.nul: int | None = None
        self._hash: Any = hashlib.sha256()
        self._hashes_all = hashes_all
        self._stream = stream
        self._limit, self._until = limit, until
        self._keep = keep
        self._sought = {text: normalize("NFC", text) for text in texts}
        # An accent may be written in several characters, and stand on either side of where two pieces meet.
        self._overlap = 4 * max(map(len, self._sought.values()), default=0) + 32
        self._carried = ""
        self.encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._characters = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._next(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _next(self, size: int) -> bytes:
        if time.monotonic() > self._until:
            raise TimeoutError("it was not read through in time")
        # What comes before a stream breaks off is not lost with it.
        piece = self._stream.read1(size)
        if self.size + len(piece) > self._limit:
            raise TooMuch("more is in it than is read")
        self._note(piece)
        return piece

    @property
    def sha256(self) -> str:
        """Of all that was read; "" where that was much, and nobody asked for it."""
        return self._hash.hexdigest() if self._hash else ""

    def drain(self) -> None:
        """Reads on to the end."""
        while self._next(PIECE):
            pass
        self._read_text(self._decoded(b"", is_last=True))

    def skip_to(self, place: int, encoding: str) -> None:
        """Goes on from about that byte, in that encoding: what was left out is neither searched nor counted."""
        # Characters of several bytes begin at a multiple of their width, and only the first has a mark before it.
        self._stream.seek(place - place % 4)
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._carried = ""

    def _note(self, piece: bytes) -> None:
        self.size += len(piece)
        if self._hash and (self._hashes_all or self.size <= _HASHED):
            self._hash.update(piece)
        else:
            self._hash = None
        if self._keep:
            self._keep(piece)
        self._read_text(self._decoded(piece))

    def _decoded(self, piece: bytes, *, is_last: bool = False) -> str:
        try:
            return self._decoder.decode(piece, is_last)
        except UnicodeDecodeError as error:
            if is_last:
                self.is_cut = True
            elif self.undecodable is None:
                # What the decoder had kept of the piece before stands in front of this one.
                self.undecodable = self.size - len(error.object) + error.start
            lenient = codecs.getincrementaldecoder(self.encoding)("replace")
            lenient.setstate(self._decoder.getstate())
            self._decoder = lenient
            return lenient.decode(piece, is_last)

    def _end_of(self, text: str) -> str:
        """The end of all that was read: blank lines at it, however many, push nothing out."""
        if len(text) >= END and text[-1] not in WHITE:
            return text[-END:]
        written = (self.tail + text).rstrip(WHITE)
        blanks = len(self.tail) + len(text) - len(written)
        return written[-END:] + (self.tail + text)[len(written) : len(written) + min(blanks, _BLANKS)]

    def _read_text(self, text: str) -> None:
        if not text:
            return
        if self.is_blank and text.strip(WHITE):
            self.is_blank = False
        if self.nul is None and "\0" in text:
            self.nul = self._characters + text.index("\0")
        self._characters += len(text)
        if len(self.head) < END:
            self.head += text[: END - len(self.head)]
        self.tail = self._end_of(text)
        if missing := self._sought.keys() - self.found:
            window = self._carried + text
            composed = window if is_normalized("NFC", window) else normalize("NFC", window)
            self.found |= {each for each in missing if self._sought[each] in composed}
            self._carried = window[-self._overlap :]
