"""What is a sink: who is told of a morning, and what is left of it?

To add one you write one file: a class derived from `Sink`, registered under the entry-point group `rollcall.sinks`. It
is told three times: that a run begins, and then either how it ended, or that it ended before anything was judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self
from zoneinfo import ZoneInfo

from rollcall.causes.commands import CHECK_AGAIN
from rollcall.errors import RollcallError
from rollcall.evidence import Evidence
from rollcall.history.rows import NOTHING, Chronicle
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.options import Option
from rollcall.recorded.archive import Archive
from rollcall.rehearse.kept import LastRehearsal
from rollcall.roll.roll import Roll
from rollcall.roll.shard import Shard
from rollcall.terminal.summary import render_summary

if TYPE_CHECKING:
    import pytest

    from rollcall.history.store import Store

_UTC = ZoneInfo("UTC")


class CannotBegin(RollcallError):
    """A sink that was asked for cannot do its work: one clean line that says which, and why."""


class Stage(IntEnum):
    """When a sink is told how the run ended; those of a later stage can say what became of the earlier."""

    TELL = 1  # people, so that the reports can say whom nobody could reach
    WRITE = 2  # the reports; where one cannot be written, the run did not finish
    REMEMBER = 3  # what is only true once the reports stand there
    CLOSE = 4  # who hears that it is over
    SAY = 5  # the last words


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for, as a sink needs it to know whether it is meant.

    `given` are the values of options by their names. `by` is who looks: "pytest", "monitor" or "merge". `is_staged` is
    True on a morning of the demo or a replay. `folder` is where reports belong.
    """

    folder: Path
    given: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    by: str
    is_staged: bool = False

    @property
    def writes_reports(self) -> bool:
        """True where whoever looks leaves files to be read later, and not only a word now."""
        return self.by in ("pytest", "merge")

    def value_of(self, option: Option) -> Any:
        """What the command line says, else the environment; a staged morning heeds the command line alone."""
        named = self.environment.get(option.environment) if option.environment and not self.is_staged else None
        return self.given.get(option.name) or named or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is known when a run begins.

    `folder` is where its reports belong. `judged_at` is the moment that is judged, `again` the command that judges it
    again. `demo` is the story of a staged morning, `replay_of` the moment of a recorded one. `roll` is None where
    jobs.toml could not be read. `history` is where the morning is remembered, and `archive` where its evidence is kept,
    None where it is not. `is_of_now` is True where the present is judged; `is_of_today` where, besides, anybody is told
    of it, as of a whole. `shard` is which part it is of all jobs that the words of the `selection` mean, None where it
    is all of them; `parts` are the folders of the shards that are merged.
    """

    folder: Path
    judged_at: datetime
    by: str
    zone: ZoneInfo = _UTC
    again: str = CHECK_AGAIN
    demo: str | None = None
    replay_of: datetime | None = None
    roll: Roll | None = None
    history: Store | None = None
    is_of_now: bool = False
    is_of_today: bool = False
    shard: Shard | None = None
    selection: tuple[str, ...] = ()
    parts: tuple[Path, ...] = ()
    archive: Archive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How it ended: the morning (None where nothing was looked at), what was remembered before it, and notes.

    `status` is the exit status of the run, `checks` how many checks were selected, and `left_out` how many whoever
    ran it took out. `recorded` says where the evidence was kept, None where it was not. `page` is where a person reads
    more, None where no page is written. `evidence` is what the morning was judged by. `rehearsed` is what the last
    rehearsal of all jobs came to, None where there was none.
    """

    start: Start
    morning: Morning | None
    ending: Ending
    chronicle: Chronicle = NOTHING
    notes: tuple[str, ...] = ()
    status: int = 0
    checks: int = 0
    left_out: int = 0
    recorded: str | None = None
    page: Path | None = None
    evidence: Evidence | None = None
    rehearsed: LastRehearsal | None = None

    def lines(self) -> Iterator[str]:
        """In plain lines: the verdict, each cause once with what to do, notes, and where more stands."""
        if self.morning is None:
            yield f"INCOMPLETE: {self.ending.interruption}."
            return
        yield from render_summary(
            self.morning,
            self.ending,
            notes=self.notes,
            has_page=self.page is not None,
            silences=self.chronicle.silences,
        )
        if self.recorded:
            yield self.recorded
        if self.page:
            yield f"page: {self.page}"


class Sink:
    """Who is told of a morning, or what is left of it. A sink of your own overrides what it needs."""

    options: ClassVar[tuple[Option, ...]] = ()
    stage: ClassVar[Stage] = Stage.WRITE
    is_alone: ClassVar[bool] = False  # True where nothing else may stand on the terminal

    @classmethod
    def wanted(cls, wish: Wish) -> Self | None:
        """The sink as it was asked for; None where it was not. Raises `BadInput`."""
        return cls()

    def attach(self, config: pytest.Config, latest: Callable[[], Result]) -> None:
        """Called where pytest is run, before its own reports open their files: what rides on those hooks in here.

        `latest` tells what is known whenever it is called. Raises OSError.
        """

    def page(self, start: Start) -> Path | None:
        """Where a person will find what it writes, where that is the page that the others speak of."""
        return None

    def begin(self, start: Start) -> None:
        """A run begins, and nothing is known: whoever looks from now on must not find yesterday. Raises OSError."""

    def ask(self, start: Start, *, is_whole: bool) -> None:
        """The witnesses are about to be asked: all that are declared, or a part of them."""

    def finish(self, result: Result) -> Iterable[str]:
        """The run is over. Returns notes: what went wrong and changes no verdict. Raises OSError where it is not there.

        A sink that waits for it to be over has nothing to look up: all that is known is in `result`.
        """
        return ()

    def abort(self, start: Start, because: str) -> None:
        """It ended before anything was judged, or a report cannot be there: nothing may look well. Raises OSError."""

    def last_words(self, result: Result) -> Sequence[str]:
        """What it says on the terminal, once all is over."""
        return ()
