"""Is it a whole gzip?"""

from __future__ import annotations

import gzip
import io
import zlib

from rollcall.outputs.formats.unpacked import refuse_bomb
from rollcall.roll.formats import FileFormat


class Gzip(FileFormat):
    """Anything that gzip compressed."""

    suffix = ".gz"
    marks_its_end = True
    holds_text = False

    def read(self, data: bytes) -> None:
        """Raises ValueError where it is damaged or cut, OSError where it is too large once unpacked."""
        size = 0
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                # A piece at a time, so that a bomb costs no memory.
                while piece := stream.read(1_000_000):
                    size += len(piece)
                    refuse_bomb(size)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(str(error)) from None
