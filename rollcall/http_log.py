"""How is a request sent without its address in a log?

httpx tells each address that it asks at INFO: what stands before the `@` of one, and the path of a webhook, are
secrets.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import local

_sending = local()


def _is_told(record: logging.LogRecord) -> bool:
    return not getattr(_sending, "is_at_it", False)


@contextmanager
def unlogged() -> Iterator[None]:
    """Keeps httpx from logging what this thread sends."""
    logging.getLogger("httpx").addFilter(_is_told)
    _sending.is_at_it = True
    try:
        yield
    finally:
        _sending.is_at_it = False
