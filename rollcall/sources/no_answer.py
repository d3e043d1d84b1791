"""Why did a database not answer?"""

from __future__ import annotations

from enum import Enum, auto

# Of one value, in bytes.
LARGEST_TEXT = 1_000_000


class Why(Enum):
    """Kinds of reasons: who asks says what each means."""

    DOWN = auto()
    DENIED = auto()
    LATE = auto()
    NO_TABLE = auto()
    ERROR = auto()


class NoAnswer(Exception):
    """It did not: `says` is the reason in one clean line without secrets.

    `is_of_query` where that is said of the query, as in "returns no rows".
    """

    def __init__(self, why: Why, says: str, *, is_of_query: bool = False) -> None:
        super().__init__(says)
        self.why, self.says, self.is_of_query = why, says, is_of_query
