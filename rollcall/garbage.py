"""When is it not worth to look for garbage?"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def all_is_kept() -> Iterator[None]:
    """While many small records come about that are all kept, looking through them again and again finds nothing."""
    looks_for_garbage = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looks_for_garbage:
            gc.enable()
