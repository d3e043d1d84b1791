"""What does the morning say after all that was done?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rollcall.causes.action import Action
from rollcall.morning import Morning

# The action, None where there was nothing to do after all; and whether what was seen before may hold no more.
Outcome = tuple[Action | None, bool]


def morning_after(outcomes: Sequence[Outcome], morning: Morning, judge_again: Callable[[], Morning]) -> Morning:
    """The morning with what was done, judged again, once, where anything may have changed."""
    actions = (*morning.actions, *(action for action, _ in outcomes if action))
    again = judge_again() if any(is_changed for _, is_changed in outcomes) else morning
    return replace(again, actions=actions)
