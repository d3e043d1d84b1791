"""How large may it be once it is unpacked?"""

from __future__ import annotations

from rollcall.text import show_size

LARGEST_UNPACKED = 2_000_000_000


def refuse_bomb(size: int) -> None:
    """Raises OSError where that is more than is read."""
    if size > LARGEST_UNPACKED:
        raise OSError(f"it is too large to be read: more than {show_size(LARGEST_UNPACKED)} once unpacked")
