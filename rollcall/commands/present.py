"""What time is it while a command runs?"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta


def clock_from(began_at: datetime) -> Callable[[], datetime]:
    """The present: the one reading at the start, and the time that has passed since."""
    began_on = time.monotonic()
    return lambda: began_at + timedelta(seconds=time.monotonic() - began_on)
