"""What was done about one scheduler or job, and what does the morning say after all of it?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rollcall.causes.action import Action
from rollcall.morning import Morning

NOTHING_DONE = "nothing was done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The action, None where there was nothing to do after all; and whether what was seen before holds no more."""

    action: Action | None
    is_changed: bool


def morning_after(outcomes: Sequence[Outcome], morning: Morning, judge_again: Callable[[], Morning]) -> Morning:
    """The morning with what was done, judged again, once, where anything changed."""
    actions = (*morning.actions, *(each.action for each in outcomes if each.action))
    again = judge_again() if any(each.is_changed for each in outcomes) else morning
    return replace(again, actions=actions)
