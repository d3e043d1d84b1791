"""What time is it while a run goes on?"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

Clock = Callable[[], datetime]


def clock_from(began_at: datetime) -> Clock:
    """The present: the one reading at the start, and the time that has passed since."""
    began_on = time.monotonic()
    return lambda: began_at + timedelta(seconds=time.monotonic() - began_on)
