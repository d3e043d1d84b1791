"""How is a request sent without its address in a log?

httpx logs each address that it asks, at INFO: what stands before the `@` of one, and the path of a webhook, are
secrets.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_ours = ContextVar("is_ours", default=False)
logging.getLogger("httpx").addFilter(lambda record: not _is_ours.get())


@contextmanager
def quiet_httpx() -> Iterator[None]:
    """Keeps httpx from logging what is sent in this block; what others send meanwhile is logged as ever."""
    before = _is_ours.set(True)
    try:
        yield
    finally:
        _is_ours.reset(before)
