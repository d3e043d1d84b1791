"""Is it text?"""

from __future__ import annotations

from rollcall.roll.formats import FileFormat


class Text(FileFormat):
    """Text in UTF-8."""

    def read(self, data: bytes) -> None:
        """Raises ValueError where it is none."""
        decoded(data)


def decoded(data: bytes) -> str:
    """The text. Raises ValueError where it is none."""
    text = data.decode()
    # What a crash of the machine leaves of a file that was just written.
    if "\0" in text:
        raise ValueError(f"holds NUL characters, the first as character {text.index(chr(0)):,}")
    return text
