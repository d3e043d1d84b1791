"""Which words does jobs.toml choose from?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Late(StrEnum):
    """What a run outside its time is: a failure, or a warning that is worth knowing and not urgent."""

    FAIL = "fail"
    WARN = "warn"


class Owes(StrEnum):
    """Whose work is owed: that of each due run, or only the latest."""

    EACH = "each"
    LATEST = "latest"


class Dated(StrEnum):
    """What the date in an output's name is: when it was written, or the due time or day that it stands for."""

    RUN = "run"
    DUE = "due"
    PREVIOUS_DUE = "previous due"
    PREVIOUS_DAY = "previous day"


class Proof(StrEnum):
    """What is enough to call a run done where its end is not on record."""

    START = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """How many of a job's newest judged runs must need a person before anybody is alerted: `bad` of `last`."""

    bad: int = 1
    last: int = 1
