"""Is the content compressed, and what is inside?

A compression is recognised by the bytes it begins with, whatever the name says, and undone as a stream.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

# One inside another is seldom meant, and more than that is made to harm.
_MOST_LAYERS = 3
_PIECE = 1 << 17
# What the window of xz and zstd may take: `xz -9` has 64 MiB, and what has more can take any.
_WINDOW_LOG = 26
_WINDOW = (1 << _WINDOW_LOG) + (1 << 20)


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})


@dataclass(frozen=True, slots=True)
class _Compression:
    """What a stream begins with, what that is called, and what unpacks one frame of it.

    `padding` may stand between frames; `may_end_in` other bytes behind the last, which its own program takes as well.
    """

    magic: bytes
    name: str
    frame: Callable[[], Any] | None = None
    padding: bytes = b""
    may_end_in_others: bool = False


_COMPRESSIONS = (
    _Compression(b"\x1f\x8b", "gzip"),
    _Compression(b"BZh", "bzip2", bz2.BZ2Decompressor, may_end_in_others=True),
    _Compression(b"\xfd7zXZ\0", "xz", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _WINDOW), padding=b"\0"),
    _Compression(b"\x28\xb5\x2f\xfd", "zstd", _zstd),
)
NAMES = tuple(each.name for each in _COMPRESSIONS)
# What pzstd writes in front of each frame, as others may, and zstd skips: any of sixteen marks, and how long it is
# (RFC 8878, 3.1.2).
_SKIPPED = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18(.{4})", re.DOTALL)
_PEEKED = 64
# What nobody writes as a page of the web: an error that a server answered came in its place. All else may be called as
# it likes.
_CALLED = (".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".tzst", ".zip")
_PAGE = re.compile(rb"\s*<(?:!doctype html|html)\b[\t\r\n\x20-\x7e]*", re.IGNORECASE)


def undone(stream: io.BufferedReader) -> tuple[tuple[str, ...], io.BufferedReader]:
    """The names of the compressions around the content, the outermost first, and the stream of what is inside.

    The stream raises EOFError where a compression ends too early, ValueError where it is damaged. Raises what the
    stream raises.
    """
    names: list[str] = []
    while len(names) < _MOST_LAYERS and (found := _recognised(stream.peek(_PEEKED)[:_PEEKED])):
        names.append(found.name)
        inside = _Frames(stream, found) if found.frame else gzip.GzipFile(fileobj=stream)
        stream = io.BufferedReader(_Inside(inside, found.name), 1 << 16)
    return tuple(names), stream


def belies_its_name(stream: io.BufferedReader, name: str) -> str | None:
    """How the page begins that a file holds which is called as what is packed; None where that is not so."""
    if not name.lower().endswith(_CALLED):
        return None
    page = _PAGE.match(stream.peek(_PEEKED)[:_PEEKED])
    return page[0].decode("ascii").strip() if page else None


def _recognised(head: bytes) -> _Compression | None:
    # The same may stand in front of lz4, which is none of these.
    while skipped := _SKIPPED.match(head):
        head = head[skipped.end() + int.from_bytes(skipped.group(1), "little") :]
    return next((each for each in _COMPRESSIONS if head.startswith(each.magic)), None)


class _Frames:
    """What the frames of a compression hold, one after the other, as its own program unpacks them."""

    def __init__(self, stream: BinaryIO, compression: _Compression) -> None:
        assert compression.frame is not None
        self._stream = stream
        self._compression = compression
        self._new = compression.frame
        self._frame = self._new()
        self._packed = b""

    def read(self, size: int) -> bytes:
        """Some of it, b"" at the end. Raises EOFError where the last frame is not whole."""
        while not (self._frame.eof and self._was_last()):
            packed, self._packed = self._packed, b""
            if not packed and self._frame.needs_input and not (packed := self._stream.read(_PIECE)):
                raise EOFError
            if piece := self._frame.decompress(packed, size):
                return bytes(piece)
        return b""

    def _was_last(self) -> bool:
        """True where nothing that counts stands behind the frame that ended; else the next one is begun."""
        packed = self._frame.unused_data.lstrip(self._compression.padding)
        while not packed:
            if not (piece := self._stream.read(_PIECE)):
                return True
            packed = piece.lstrip(self._compression.padding)
        magic = self._compression.magic
        if self._compression.may_end_in_others and packed[: len(magic)] != magic[: len(packed)]:
            return True
        self._frame, self._packed = self._new(), packed
        return False


class _Inside(io.RawIOBase):
    """What a compression holds, damage told in one way: bz2 calls it OSError, as it does a disk that cannot be read."""

    def __init__(self, stream: _Frames | gzip.GzipFile, name: str) -> None:
        super().__init__()
        self._stream = stream
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            piece = self._stream.read(len(buffer))
        except EOFError:
            raise EOFError(f"its {self._name} breaks off") from None
        except (zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(f"its {self._name} is damaged: {error}") from None
        except OSError as error:
            if error.errno is not None:
                raise
            raise ValueError(f"its {self._name} is damaged: {error}") from None
        except Exception as error:
            # backports.zstd and compression.zstd have an error of their own each.
            if not isinstance(error, lzma.LZMAError) and type(error).__name__ != "ZstdError":
                raise
            if "memory" in str(error).lower():
                raise OSError(
                    f"its {self._name} needs more memory to be unpacked than is given it ({_WINDOW >> 20} MiB)"
                ) from None
            raise ValueError(f"its {self._name} is damaged: {error}") from None
        buffer[: len(piece)] = piece
        return len(piece)
