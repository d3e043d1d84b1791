"""Who is told of a morning, and what is left of it? One sink a file, found by the entry points `rollcall.sinks`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from rollcall.errors import BadInput
from rollcall.morning.ending import Ending
from rollcall.options import Option
from rollcall.roll.installed import blaming, registered
from rollcall.sinks.base import CannotBegin, Result, Sink, Stage, Start, Wish
from rollcall.text import clean

if TYPE_CHECKING:
    import pytest

GROUP = "rollcall.sinks"
_LONGEST = 1000


def known_sinks() -> list[type[Sink]]:
    """Every kind of sink that is installed here, in the order in which they are told. Raises `BadInput`."""
    found: list[type[Sink]] = []
    for name, entry in sorted(registered(GROUP).items()):
        try:
            with blaming(entry) as package:
                kind = entry.load()
            if not (isinstance(kind, type) and issubclass(kind, Sink)):
                raise ValueError(f"{package}, which names no class of sink.")
        except ValueError as problem:
            raise BadInput.single(f"the sink {clean(name, 60)}", f"{problem} Repair or remove that package.") from None
        found.append(kind)
    return sorted(found, key=lambda each: each.stage)


def options_of(sinks: list[type[Sink]], *, by: str) -> tuple[Option, ...]:
    """The options by which they are asked for of "pytest", or of "monitor"."""
    return tuple(option for each in sinks for option in each.options if option.only_by in ("", by))


class Sinks:
    """The sinks of one run, told one after the other; what one of them does wrong keeps nothing from the others."""

    def __init__(self, sinks: list[Sink]) -> None:
        self._sinks = sinks

    @classmethod
    def wanted(cls, kinds: list[type[Sink]], wish: Wish) -> Sinks:
        """Those that were asked for. Raises `BadInput`."""
        wanted: list[Sink] = []
        for kind in kinds:
            try:
                sink = kind.wanted(wish)
            except BadInput:
                raise
            except Exception as problem:  # noqa: BLE001 - the wall around a sink
                rule = f"{_broke(problem)}. Repair or remove the package that it is of."
                raise BadInput.single(f"the sink {kind.__name__}", rule) from None
            if sink:
                wanted.append(sink)
        return cls(wanted)

    def attach(self, config: pytest.Config, latest: Callable[[], Result]) -> None:
        """Gives each that rides on pytest its hooks. Raises `CannotBegin`."""
        self._all_begin(lambda sink: sink.attach(config, latest))

    def begin(self, start: Start) -> None:
        """Says that a run begins. Raises `CannotBegin`, once all were told."""
        self._all_begin(lambda sink: sink.begin(start))

    def _all_begin(self, begin: Callable[[Sink], None]) -> None:
        problems = []
        for each in self._sinks:
            try:
                begin(each)
            except Exception as problem:  # noqa: BLE001 - the wall around a sink
                problems.append(_said(each, problem))
        if problems:
            raise CannotBegin("; ".join(problems))

    def ask(self, start: Start, *, is_whole: bool) -> None:
        """Says that the witnesses are about to be asked."""
        for each in self._sinks:
            # Whoever could not begin says so when it is to finish.
            with suppress(Exception):
                each.ask(start, is_whole=is_whole)

    def tell(self, result: Result) -> Result:
        """Tells those that come before the reports. Returns the result with their notes, and where its page will be."""
        for each in self._sinks:
            try:
                page = each.page(result.start)
            except Exception as problem:  # noqa: BLE001 - the wall around a sink
                result = _without(each, result, _said(each, problem))
            else:
                result = replace(result, page=result.page or page)
        return self._finish(result, Stage.TELL)

    def write(self, result: Result) -> Result:
        """Has the reports written. Returns the result as it is after that.

        Where a report cannot be there the run did not finish, and no other may say otherwise.
        """
        written = self._finish(result, Stage.WRITE)
        if written.ending.interruption and not result.ending.interruption:
            self.abort(result.start, written.ending.interruption, only=Stage.WRITE)
        return written

    def close(self, result: Result) -> Result:
        """Tells those that come after the reports. Returns the result with their notes."""
        return self._finish(self._finish(result, Stage.REMEMBER), Stage.CLOSE)

    def abort(self, start: Start, because: str, *, only: Stage | None = None) -> None:
        """Says that nothing was judged, or that it may not count, and why."""
        for each in self._sinks:
            if only in (None, each.stage):
                with suppress(Exception):  # the others must say so all the same
                    each.abort(start, because)

    def last_words(self, result: Result) -> Iterator[str]:
        """What is said on the terminal; where one sink must be alone on it, that one's words only."""
        alone = [each for each in self._sinks if each.is_alone]
        for each in alone or self._sinks:
            try:
                yield from each.last_words(result)
            except Exception as problem:  # noqa: BLE001 - the wall around a sink
                yield _said(each, problem)

    def _finish(self, result: Result, stage: Stage) -> Result:
        for each in self._sinks:
            if each.stage is not stage:
                continue
            try:
                notes = tuple(each.finish(result))
            except Exception as problem:  # noqa: BLE001 - the wall around a sink
                result = _without(each, result, _said(each, problem))
            else:
                new = dict.fromkeys(note for note in notes if note not in result.notes)
                result = replace(result, notes=(*result.notes, *new))
        return result


def _without(sink: Sink, result: Result, said: str) -> Result:
    if sink.stage is not Stage.WRITE:
        return replace(result, notes=(*result.notes, said))
    ending = Ending(interruption=result.ending.interruption or said, other_failures=result.ending.other_failures)
    return replace(result, ending=ending)


def _said(sink: Sink, problem: Exception) -> str:
    if isinstance(problem, OSError):
        return unwritten(problem)
    if isinstance(problem, CannotBegin):
        return str(problem)
    return f"the sink {type(sink).__name__} {_broke(problem)}"


def _broke(problem: Exception) -> str:
    return clean(f"broke: {type(problem).__name__}: {problem}", _LONGEST)


def unwritten(problem: OSError) -> str:
    """ "reports/morning.json cannot be written: No space left on device"."""
    what = clean(str(problem.filename2 or problem.filename or "a report"))
    return clean(f"{what} cannot be written: {problem.strerror or problem}", _LONGEST)
