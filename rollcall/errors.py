"""What did a person write that is wrong, and how is it said? Every mistake at once; exit status 4."""

from __future__ import annotations

from dataclasses import dataclass


class RollcallError(Exception):
    """The root: whatever Roll call says on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in what a person wrote: where, what, which rule, what to write instead."""

    place: str
    value: str | None = None
    rule: str

    def __str__(self) -> str:
        value = "" if self.value is None else f" = {self.value}"
        return f"{self.place}{value}: {self.rule}"


class BadInput(RollcallError):
    """All the mistakes of one input, to be fixed in one go."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(str(mistake) for mistake in mistakes))

    @classmethod
    def single(cls, place: str, rule: str, value: str | None = None) -> BadInput:
        """One mistake, where there can be only one (a file that is not there)."""
        return cls((Mistake(place=place, rule=rule, value=value),))
