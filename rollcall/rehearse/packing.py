"""How is what is inside a compression taken out, and packed again, as a program that packs would do it?"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Callable
from typing import Any

from rollcall.outputs.compression import undone

# So much is unpacked to be spoilt.
MOST_UNPACKED = 64_000_000
_NEAR = 80


def _zstd(data: bytes) -> bytes:
    zstd: Any
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    # As its own program does.
    return bytes(zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1}))


_PACK: dict[str, Callable[[bytes], bytes]] = {
    # Without the time, so that the same is the same.
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": _zstd,
}


def unpacked(data: bytes, most: int) -> tuple[str | None, bytes]:
    """The name of its compression and what is inside, at most so many bytes; (None, `data`) of what is not packed once.

    Raises ValueError and EOFError where it is damaged.
    """
    names, stream = undone(io.BufferedReader(io.BytesIO(data)))
    if len(names) != 1 or names[0] not in _PACK:
        return None, data
    return names[0], stream.read(most)


def cut(data: bytes, place: int) -> bytes:
    """The bytes up to there, or a few less: a cut that falls between two lines or values would show nothing."""
    near = range(place, max(place - _NEAR, 1), -1)
    return data[: next((each for each in near if data[each - 1 : each + 1].isalnum()), place)]


def packed(name: str | None, data: bytes) -> bytes:
    """`data` in that compression; as it is where that is None."""
    return data if name is None else _PACK[name](data)
