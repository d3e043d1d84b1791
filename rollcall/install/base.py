"""What can every kind of clock be asked?"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from rollcall.install.plan import Plan, Wish


class Standing(Enum):
    """How a unit stands; the value is what a person reads."""

    ON = "on the clock"
    OFF = "there, but not switched on"
    OLD = "there, but no longer right"
    UNSEEN = "cannot be told from here"
    ABSENT = "not there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How a unit stands, why that is said, and by which wish it was made (None where there is none)."""

    standing: Standing
    because: str = ""
    wish: Wish | None = None


class Clock(Protocol):
    """A kind of clock that a look can be put on."""

    def render(self, plan: Plan) -> Iterator[str]:
        """What would be installed, line by line."""

    def notes(self, plan: Plan) -> Iterator[str]:
        """What a person must know of this kind of clock."""

    def install(self, plan: Plan) -> Generator[str, None, bool]:
        """Installs it, and tells what was done; returns whether it is on. Raises `BadInput`."""
        ...

    def remove(self, plan: Plan) -> Iterator[str]:
        """Takes away what was installed, and tells what was done. Raises `BadInput`."""

    def wish(self, plan: Plan) -> Wish | None:
        """By which wish the unit that is there was made; None where none is. Raises `BadInput`."""

    def stand(self, plan: Plan) -> Stand:
        """How what is there compares with what `plan`, of the same wish, would install."""
        ...
