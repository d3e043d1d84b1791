"""What are the last words on the terminal?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from rollcall.morning.state import State, state_of
from rollcall.options import Option
from rollcall.sinks.base import Result, Sink, Stage, Wish

QUIET = Option(name="--quiet", help="print nothing when all is well", only_by="monitor", more={"action": "store_true"})


class Terminal(Sink):
    """The summary, and where more stands."""

    options = (QUIET,)
    stage = Stage.SAY

    def __init__(self, *, is_quiet: bool) -> None:
        self._is_quiet = is_quiet

    @classmethod
    def wanted(cls, wish: Wish) -> Self | None:
        return cls(is_quiet=bool(wish.value_of(QUIET)))

    def last_words(self, result: Result) -> Sequence[str]:
        if self._is_quiet and state_of(result.morning, result.ending) is State.OK:
            return ()
        return tuple(result.lines())
