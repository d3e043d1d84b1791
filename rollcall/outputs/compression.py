"""Is the content compressed, and what is inside?

A compression is recognised by the bytes it begins with, whatever the name says, and undone as a stream.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, cast

# One inside another is seldom meant, and more than that is made to harm.
_MOST_LAYERS = 3


def _zstd(stream: BinaryIO) -> BinaryIO:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return cast(BinaryIO, zstd.ZstdFile(stream))


# What a stream begins with, what that is called, and how it is undone.
_COMPRESSIONS: tuple[tuple[bytes, str, Callable[[Any], Any]], ...] = (
    (b"\x1f\x8b", "gzip", lambda stream: gzip.GzipFile(fileobj=stream)),
    (b"BZh", "bzip2", bz2.BZ2File),
    (b"\xfd7zXZ\0", "xz", lzma.LZMAFile),
    (b"\x28\xb5\x2f\xfd", "zstd", _zstd),
)
NAMES = tuple(name for _, name, _ in _COMPRESSIONS)
_PEEKED = max(len(magic) for magic, _, _ in _COMPRESSIONS)


def undone(stream: io.BufferedReader) -> tuple[tuple[str, ...], io.BufferedReader]:
    """The names of the compressions around the content, the outermost first, and the stream of what is inside.

    The stream raises EOFError where a compression ends too early, ValueError where it is damaged. Raises what the
    stream raises.
    """
    names: list[str] = []
    while len(names) < _MOST_LAYERS and (found := _recognised(stream.peek(_PEEKED)[:_PEEKED])):
        name, opened = found
        names.append(name)
        stream = io.BufferedReader(_Inside(opened(stream), name), 1 << 18)
    return tuple(names), stream


def _recognised(head: bytes) -> tuple[str, Callable[[Any], Any]] | None:
    return next(((name, opened) for magic, name, opened in _COMPRESSIONS if head.startswith(magic)), None)


class _Inside(io.RawIOBase):
    """What a compression holds, damage told in one way: bz2 calls it OSError, as it does a disk that cannot be read."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
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
        except (zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
            raise ValueError(f"its {self._name} is damaged: {error}") from None
        except OSError as error:
            if error.errno is not None:
                raise
            raise ValueError(f"its {self._name} is damaged: {error}") from None
        except Exception as error:
            # backports.zstd and compression.zstd have an error of their own each.
            if type(error).__name__ != "ZstdError":
                raise
            if "memory" in str(error):
                raise OSError(f"its {self._name} needs more memory than is given it") from None
            raise ValueError(f"its {self._name} is damaged: {error}") from None
        buffer[: len(piece)] = piece
        return len(piece)
