"""Do amounts change from run to run: suddenly, or steadily, and when do they meet a limit?

Pure numbers, oldest first, the last of them that of the judged run. What steady noise does must never be told, so each
is held against how much the others scatter, by statistics that a few odd ones do not move: the median, and the median
absolute deviation from it, which times 1.4826 is the deviation of a bell curve (Rousseeuw and Croux 1993,
https://doi.org/10.1080/01621459.1993.10476408). How fast amounts change is the median of the slopes between all pairs
of them (Theil 1950, Sen 1968, https://doi.org/10.1080/01621459.1968.10480934). Amounts are compared by their
logarithms: half as much is as far away as twice as much, and what grows by 1 % a week goes straight.
"""

from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations, pairwise
from math import log, sqrt
from statistics import median

from rollcall.verdict.usual import LEAST_KNOWN

# With fewer, how much they scatter is not known.
_LEAST_KNOWN = 8
_MAD_OF_A_DEVIATION = 1.4826
# The deviation of a median of k is that much times the deviation of one, by the root of k.
_OF_A_MEDIAN = 1.2533
# What never scattered may still differ a little.
_LEAST_NOISE = 0.02
# Further than this from the middle lies one in a million.
_MOST_DEVIATIONS = 5
_WORTH_KNOWING = log(1.25)
# A clean-up takes half away, and is no fault: a sudden fall is one to less than that.
_SUDDEN = log(1 / 0.45)
_UNHEARD_OF = log(1 / 0.8)
# What has been said of as many runs in a row is known, and the new level is what is usual.
_SAID_ENOUGH = 7
# A steady change is told from here on.
_STEADY = log(1 / 0.75)
_IN_A_ROW = 4
# Where one of them is nearly all of it, it is a step.
_OF_ONE_STEP = 0.7
# A stretch has three parts of as many runs; odd, so that a step in the middle of one does not halve itself.
_PARTS = (9, 19, 39)
_MOST_PAIRED = 15


def unseasonal(amounts: Sequence[float], seasons: Sequence[Hashable]) -> list[float]:
    """Their logarithms without what is of their season, where enough of it are known.

    That is the median distance of its runs from the middle of those around them, as many as there are seasons: what
    grows from week to week is not taken out with it.
    """
    logs = [log(each) for each in amounts]
    around = len(set(seasons)) // 2
    distances: dict[Hashable, list[float]] = {}
    for number in range(around, len(logs) - 1 - around):
        middle = median(logs[number - around : number + around + 1])
        distances.setdefault(seasons[number], []).append(logs[number] - middle)
    of_season = {season: median(own) for season, own in distances.items() if len(own) >= LEAST_KNOWN}
    return [at - of_season.get(season, 0.0) for at, season in zip(logs, seasons, strict=True)]


def stands_out(changes: Sequence[float]) -> bool:
    """True where the last is further from all before it than their scatter explains, up or down, and by a quarter.

    That is so of the first few; what goes on like that is the new level, and was said.
    """
    *before, now = changes
    if len(before) < _LEAST_KNOWN:
        return False
    off, limit = now - median(before), max(_MOST_DEVIATIONS * _noise(before), _WORTH_KNOWING)
    return abs(off) > limit and _lasting(before if off < 0 else [-each for each in before], limit) < _SAID_ENOUGH


def fell_suddenly(amounts: Sequence[float], changes: Sequence[float]) -> bool:
    """True where the last is far below all before it; `changes` are the amounts without their seasons.

    That is so of the first few that are so low.
    """
    *before, now = changes
    if len(before) < _LEAST_KNOWN:
        return False
    limit = max(_MOST_DEVIATIONS * _noise(before), _SUDDEN)
    if now - median(before) >= -limit:
        return False
    lasting = _lasting(before, limit)
    earlier = amounts[: len(before) - lasting]
    return lasting < _SAID_ENOUGH and bool(earlier) and log(amounts[-1]) < log(min(earlier)) - _UNHEARD_OF


def _lasting(before: Sequence[float], limit: float) -> int:
    """How many of the newest are already that far below the middle of all."""
    level = median(before)
    return next((number for number, each in enumerate(reversed(before)) if each - level >= -limit), len(before))


def fall(changes: Sequence[float]) -> float:
    """How far the last few have come down steadily, below all that was before, as a logarithm; 0 where they have not.

    Either each of the last few is below the one before, or of a stretch the second third is below the first and the
    last below that: a single step, a spike and what returns from one are none of both.
    """
    before, last = changes[: -_IN_A_ROW - 1], changes[-_IN_A_ROW - 1 :]
    falls = [earlier - later for earlier, later in pairwise(last)]
    if len(before) >= _LEAST_KNOWN and min(falls) > 0 and max(falls) <= _OF_ONE_STEP * sum(falls):
        deep = median(before) - last[-1]
        if deep >= max(_STEADY, _MOST_DEVIATIONS * _noise(before)):
            return deep
    return next(_falls_of_thirds(changes), 0.0)


def _falls_of_thirds(changes: Sequence[float]) -> Iterator[float]:
    for size in _PARTS:
        if len(changes) < 3 * size:
            return
        before, stretch = changes[: -3 * size], changes[-3 * size :]
        parts = [stretch[start : start + size] for start in (0, size, 2 * size)]
        middles = first, second, third = [median(each) for each in parts]
        level = min(first, median(before)) if len(before) >= _LEAST_KNOWN else first
        if level - third < _STEADY or min(first - second, second - third) < (first - third) / 3:
            continue
        noise = _noise([each - middle for part, middle in zip(parts, middles, strict=True) for each in part])
        deviation, lag = _OF_A_MEDIAN * sqrt(2 / size) * noise, size // 3
        if level - third < _MOST_DEVIATIONS * deviation or min(first - second, second - third) < 3 * deviation:
            continue
        # Of stairs most runs are on the level of those shortly before.
        pace = median(later - earlier for earlier, later in zip(stretch, stretch[lag:], strict=False))
        if -pace >= (first - third) * lag / size / 4:
            yield level - third


def runs_until(limit: float, amounts: Sequence[float]) -> int | None:
    """After how many more runs the amounts are beyond `limit` at the pace of the last ones; None where they are not."""
    logs = [log(each) for each in amounts[-_MOST_PAIRED:]]
    pairs = combinations(enumerate(logs), 2)
    slope = median((later - earlier) / (at - since) for (since, earlier), (at, later) in pairs)
    level = median(each + slope * (len(logs) - 1 - at) for at, each in enumerate(logs))
    if slope <= 0:
        return None
    return max(1, round((log(limit) - level) / slope))


def _noise(values: Sequence[float]) -> float:
    middle = median(values)
    return max(_MAD_OF_A_DEVIATION * median(abs(each - middle) for each in values), _LEAST_NOISE)
