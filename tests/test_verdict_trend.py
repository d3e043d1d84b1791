"""Are changes of amounts the same whatever their unit, and does no series of numbers break the reckoning?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollcall.verdict import trend

AMOUNTS = st.lists(st.floats(1e-3, 1e15), min_size=2, max_size=130)
PERIODS = st.sampled_from([1, 2, 5, 7, 24])
STEADY = [100.0 + (number * 7919 % 5) for number in range(60)]


def said(amounts: Sequence[float], period: int = 7) -> tuple[bool, bool, bool, bool]:
    """Whether the last stands out, fell suddenly, and whether they fall or grow steadily."""
    changes = trend.unseasonal(amounts, [number % period for number in range(len(amounts))])
    grows = bool(trend.fall([-each for each in changes]))
    return trend.stands_out(changes), trend.fell_suddenly(amounts, changes), bool(trend.fall(changes)), grows


@given(AMOUNTS, PERIODS)
def test_whatever_the_amounts_are_something_is_said(amounts: list[float], period: int) -> None:
    _, fell, falls, grows = said(amounts, period)
    ahead = trend.runs_until(2 * max(amounts), amounts)

    assert not (falls and grows)
    assert not (fell and amounts[-1] >= min(amounts[:-1]))
    assert ahead is None or ahead >= 1


@given(st.integers(2, 130), PERIODS, st.floats(1e-3, 1e15))
def test_what_never_changes_is_never_told(number: int, period: int, amount: float) -> None:
    assert said([amount] * number, period) == (False, False, False, False)
    assert trend.runs_until(2 * amount, [amount] * number) is None


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (STEADY, (False, False, False, False)),
        # One odd one, now or among those before.
        ([*STEADY, 30.0], (True, True, False, False)),
        ([*STEADY, 300.0], (True, False, False, False)),
        ([*STEADY, 30.0, *STEADY[:9]], (False, False, False, False)),
        # Back from a spike, in steps; half of it gone at once, just now and two weeks ago.
        ([*STEADY, 400.0, 300.0, 220.0, 160.0, 115.0], (False, False, False, False)),
        ([*STEADY, 51.0], (True, False, False, False)),
        ([*STEADY, *[each / 2 for each in STEADY[:14]]], (False, False, False, False)),
        # In two steps, and steadily.
        ([*STEADY[:30], *[each / 1.5 for each in STEADY[:30]], *[each / 2.2 for each in STEADY[:30]]], (False,) * 4),
        ([*STEADY, *[100 * 0.97**number for number in range(1, 28)]], (False, False, True, False)),
        ([*STEADY, *[100 * 1.03**number for number in range(1, 28)]], (False, False, False, True)),
        # By a fifth more on each seventh day, which grows as all do.
        ([(1.2 if number % 7 == 0 else 1) * 1.02**number for number in range(60)], (False, False, False, True)),
    ],
)
def test_what_is_told_of_a_series_is_the_same_in_every_unit(amounts: list[float], expected: tuple[bool, ...]) -> None:
    assert said(amounts) == expected
    assert said([each * 1_000_000 for each in amounts]) == expected


@pytest.mark.parametrize(("pace", "runs"), [(1.05, 14), (1.01, 70), (1.0001, 6_932)])
def test_how_long_it_takes_until_a_limit_is_met(pace: float, runs: int) -> None:
    amounts = [100 * pace**number for number in range(-30, 1)]

    assert trend.runs_until(200, amounts) == pytest.approx(runs, rel=0.01)
    assert trend.runs_until(200, amounts[::-1]) is None
