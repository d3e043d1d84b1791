"""How late, how long and how large were the recent runs of a job, as small charts that need no script?

The charts lie below one another in one picture: each run is a step to the right, a higher value lies higher. What is
far from the usual is marked, and said in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from rollcall.history.rows import Row
from rollcall.text import show_size
from rollcall.times import show_span

RUNS = 30
_STEP, _HEIGHT, _GAP = 6, 22, 6
# A chart of fewer runs shows nothing that its words do not say.
_FEWEST = 3
# A run that took twice as long as usual is slow, one that left half as much is small.
_SLOW, _SMALL = 2.0, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """Paths in a picture of `width` and `height`: the `line` of each chart, and what is `marked`.

    `said` is the same in words, a line for each chart, as high as that.
    """

    line: str
    marked: str
    width: int
    height: int
    said: tuple[str, ...]


def charts_of(rows: Sequence[Row]) -> Charts | None:
    """Lateness, duration and size of the last 30 of `rows`, oldest first; None where none of them is known."""
    recent = rows[-RUNS:]
    late = [(each.ran_at - each.due_at).total_seconds() if each.ran_at else None for each in recent]
    took = [each.took.total_seconds() if each.took is not None else None for each in recent]
    size = [each.size for each in recent]
    values = [
        ("done {} after due", late, _span, None),
        ("took {}", took, _span, lambda value, usual: value > _SLOW * usual + 1),
        ("left {}", size, _size, lambda value, usual: value < _SMALL * usual),
    ]
    known = [each for each in values if sum(value is not None for value in each[1]) >= _FEWEST]
    if not known:
        return None
    drawn = [_draw(own, is_odd, top=number * (_HEIGHT + _GAP)) for number, (_, own, _, is_odd) in enumerate(known)]
    return Charts(
        line="".join(line for line, _ in drawn),
        marked="".join(marked for _, marked in drawn),
        width=(len(recent) - 1) * _STEP,
        height=len(known) * (_HEIGHT + _GAP),
        said=tuple(_say(words, own, shown) for words, own, shown, _ in known),
    )


def _span(seconds: float) -> str:
    return show_span(timedelta(seconds=round(seconds)))


def _size(size: float) -> str:
    return show_size(round(size))


def _say(words: str, values: Sequence[float | None], shown: Callable[[float], str]) -> str:
    """ "took 18 s, usually 17 s, 12 s to 43 s in 30 runs"."""
    known = [each for each in values if each is not None]
    low, high = shown(min(known)), shown(max(known))
    if low == high:
        return f"{words.format(low)} in all of {len(known)} runs"
    return f"{words.format(shown(known[-1]))}, usually {shown(median(known))}, {low} to {high} in {len(known)} runs"


def _draw(
    values: Sequence[float | None], is_odd: Callable[[float, float], bool] | None, *, top: int
) -> tuple[str, str]:
    """A path through the runs that are known, broken where one is not, and one of what is odd."""
    known = [each for each in values if each is not None]
    low, usual = min(0.0, *known), median(known)
    scale = (_HEIGHT - 2) / ((max(known) - low) or 1)
    places = [None if each is None else top + _HEIGHT - 1 - round((each - low) * scale) for each in values]
    odd = [at for at, each in enumerate(values) if is_odd and each is not None and is_odd(each, usual)]
    return "".join(_line(places)), "".join(f"M{at * _STEP} {places[at]}h0" for at in odd)


def _line(places: Sequence[int | None]) -> Iterator[str]:
    """Steps are relative, to be short: there may be a thousand charts."""
    before: int | None = None
    for number, place in enumerate(places):
        if place is None:
            before = None
            continue
        if before is None:
            yield f"M{number * _STEP} {place}h0"
        elif place == before:
            yield f"h{_STEP}"
        else:
            yield f"l{_STEP}{place - before:+d}".replace("+", " ")
        before = place
