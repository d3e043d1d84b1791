"""What was done about it, and what proves that it helped?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Deed(StrEnum):
    """What can be done."""

    START = "start"
    RESTART = "restart"  # stop, then start
    RERUN = "rerun"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that was done, or would be: to which service or job, when, and what was seen afterwards.

    `subject` is the id of the service (`START`, `RESTART`) or of the job (`RERUN`). `is_proven` is True where the
    service was asked again and showed that it worked; `proof` is the one line that says so, or why not. `is_dry` is
    True where nothing was done. `due_at` is the run that was owed, for `RERUN`.
    """

    deed: Deed
    subject: str
    at: datetime
    is_proven: bool
    proof: str
    is_dry: bool = False
    due_at: datetime | None = None
