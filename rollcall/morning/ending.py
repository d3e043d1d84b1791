"""How did the run end, whatever became of the jobs?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended.

    `interruption` is why it did not finish, None where it did; `other_failures` names failed checks that are
    about no job and no scheduler, so that no finding says why.
    """

    interruption: str | None = None
    other_failures: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """True where everything that was to be looked at was, and every report stands where it belongs."""
        return self.interruption is None
