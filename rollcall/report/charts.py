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
_STEP, _HEIGHT, _GAP = 6, 18, 4
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
    values: list[_Values] = [
        _Values("done {} after due", [_seconds(each.ran_at - each.due_at) if each.ran_at else None for each in recent]),
        _Values("took {}", [_seconds(each.took) for each in recent], is_odd=lambda it, usual: it > _SLOW * usual + 1),
        _Values("left {}", [each.size for each in recent], _size, lambda it, usual: it < _SMALL * usual),
    ]
    drawn = [each for each in values if len(each.known) >= _FEWEST]
    if not drawn:
        return None
    lines, marked = zip(*(each.drawn(top=number * (_HEIGHT + _GAP)) for number, each in enumerate(drawn)), strict=True)
    return Charts(
        line="".join(lines),
        marked="".join(marked),
        width=(len(recent) - 1) * _STEP,
        height=len(drawn) * (_HEIGHT + _GAP),
        said=tuple(each.said() for each in drawn),
    )


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _span(seconds: float) -> str:
    return show_span(timedelta(seconds=round(seconds)))


def _size(size: float) -> str:
    return show_size(round(size))


@dataclass(frozen=True, slots=True)
class _Values:
    """One chart: what its value is called, each run's, how it is shown, and whether it is odd beside the usual."""

    words: str
    of_runs: Sequence[float | None]
    shown: Callable[[float], str] = _span
    is_odd: Callable[[float, float], bool] | None = None

    @property
    def known(self) -> list[float]:
        return [each for each in self.of_runs if each is not None]

    def said(self) -> str:
        """ "took 18 s, usually 17 s, 12 s to 43 s in 30 runs"."""
        known, shown = self.known, self.shown
        low, high = shown(min(known)), shown(max(known))
        if low == high:
            return f"{self.words.format(low)} in all of {len(known)} runs"
        newest, usual = self.words.format(shown(known[-1])), shown(median(known))
        return f"{newest}, usually {usual}, {low} to {high} in {len(known)} runs"

    def drawn(self, *, top: int) -> tuple[str, str]:
        """A path through the runs that are known, broken where one is not, and one of what is odd."""
        low, usual = min(0.0, *self.known), median(self.known)
        scale = (_HEIGHT - 2) / ((max(self.known) - low) or 1)
        places = [None if each is None else top + _HEIGHT - 1 - round((each - low) * scale) for each in self.of_runs]
        odd = [
            f"M{at * _STEP} {places[at]}h0"
            for at, each in enumerate(self.of_runs)
            if self.is_odd and each is not None and self.is_odd(each, usual)
        ]
        return "".join(_line(places)), "".join(odd)


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
