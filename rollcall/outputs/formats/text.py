"""Is it text?"""

from __future__ import annotations

from rollcall.roll.formats import FileFormat, OpenContent


class Text(FileFormat):
    """Text in UTF-8, in UTF-16 with its mark, or in the encoding that the output declares."""

    def read(self, content: OpenContent) -> None:
        """Nothing of its own: that it can be decoded, and holds no NUL, is asked of every format of text."""
