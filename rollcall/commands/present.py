"""What time is it while a command runs, and where does it run?"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import rollcall
from rollcall.run.place import Place
from rollcall.run.settings import Asked


def clock_from(began_at: datetime) -> Callable[[], datetime]:
    """The present: the one reading at the start, and the time that has passed since."""
    began_on = time.monotonic()
    return lambda: began_at + timedelta(seconds=time.monotonic() - began_on)


def place_of(asked: Asked) -> Place:
    """Where its next steps are typed: with the checks beside jobs.toml, those here, or those of the checkout."""
    checkout = Path(rollcall.__file__).parent.parent
    return Place.of(asked.jobs_file.absolute().parent, Path.cwd(), checkout)
