"""How is a look put on a clock, and taken off again, and nobody else's lines with it?"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from rollcall.errors import BadInput
from rollcall.files import read_regular, write_whole
from rollcall.install.fill import fill
from rollcall.install.plan import Kind, Options, Plan
from rollcall.text import clean

_LONGEST = 30  # seconds that a program may take
_LARGEST = 1_000_000  # bytes of a unit
Command = tuple[str, ...]


class Standing(Enum):
    """How a look stands on a clock; the value is what a person reads."""

    ON = "on the clock"
    OFF = "there, but not switched on"
    OLD = "there, but no longer right"
    UNSEEN = "cannot be seen from here"
    ABSENT = "not there"


class State(NamedTuple):
    """How a look stands on a clock, and why that is said."""

    standing: Standing
    because: str = ""


class Switch(NamedTuple):
    """What says whether something is switched on, and what switches it on and off."""

    question: Command
    on: Sequence[Command]
    off: Sequence[Command]


class Clock(ABC):
    """A kind of clock. What it reads are files, each place a path, where the kind does not say otherwise."""

    kind: Kind
    minute: re.Pattern[str]  # where a unit says at which minute of an hour it looks
    program: str | None = None  # what switches its files on

    @abstractmethod
    def texts(self, plan: Plan) -> dict[str, str]:
        """What is installed, by place, the morning's first. Raises `BadInput` for what this clock cannot hold."""

    @abstractmethod
    def mornings(self) -> dict[str, str]:
        """All that looks by this clock each morning, whichever roll it is of: the units, by the names of their plans.

        Nothing where nobody can see. Raises `BadInput`.
        """

    def apart(self, plan: Plan) -> Plan:
        """The plan at a minute at which no other roll call of this clock begins; as it is where a time was wished for.

        Two at once would ask the same schedulers twice at the same time, and wait for each other's locks.
        """
        if plan.options.at:
            return plan
        try:
            taken = {name: self._minute([text]) for name, text in self.mornings().items()}
        except BadInput:
            taken = {}
        own = taken.pop(plan.name, None)
        minutes = [(each, self._minute(self.texts(each).values())) for each in plan.at_other_minutes()]
        free = [(each, minute) for each, minute in minutes if minute not in taken.values()]
        # What is there stays where it is, whoever came and went since.
        return next((each for each, minute in free if minute == own), free[0][0] if free else plan)

    def _minute(self, units: Iterable[str]) -> int | None:
        found = self.minute.search("\n".join(units))
        return int(found[1]) if found else None

    def places(self, plan: Plan) -> list[str]:
        """Where something of ours may be, also by other options."""
        return list(self.texts(replace(plan, options=replace(plan.options, is_hourly_too=True))))

    def read(self, place: str) -> str | None:
        """What is there, None where nothing is. Raises `BadInput`."""
        try:
            return read_regular(Path(place), _LARGEST).decode(errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as problem:
            raise BadInput.single(clean(place), f"cannot be read: {problem.strerror}. Move it away.") from None

    def write(self, place: str, text: str) -> None:
        """Writes it whole or not at all. Raises `BadInput`."""
        try:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            write_whole(Path(place), text)
        except OSError as problem:
            raise BadInput.single(clean(place), f"cannot be written: {problem.strerror}.") from None

    def delete(self, place: str) -> None:
        """Takes it away."""
        Path(place).unlink()

    def folders(self) -> dict[str, Path]:
        """The folder that each look of ours on this clock is made for, by its places, whatever folder that is."""
        return {}

    def switches(self, places: Iterable[str]) -> Sequence[Switch]:
        """The switches of what is at these places, in the order in which they are used."""
        return ()

    # The same for every kind ----------------------------------------------------------------------------------------

    def notes(self, plan: Plan) -> list[str]:
        """Why it looks then, and what a person must know of this clock."""
        return fill("look.txt", plan).splitlines() + fill(f"{self.kind}.txt", plan).splitlines()

    def render(self, plan: Plan) -> Iterator[str]:
        """What would be installed, line by line. Raises `BadInput`."""
        for place, text in self.texts(plan).items():
            yield f"# {place}"
            yield from text.splitlines()
            yield ""

    def install(self, plan: Plan) -> Generator[str, None, bool]:
        """Installs it, and says what was done; returns whether it is on. Raises `BadInput`."""
        if self.program and shutil.which(self.program) is None:
            rule = f"not on this machine, so no {self.kind} either. Leave --write out, and copy what is printed."
            raise BadInput.single(self.program, rule)
        texts = self.texts(plan)
        there = self._there(plan)  # all of them are looked at before the first is written
        yield from self._take_away([*(place for place in there if place not in texts), *self._left_behind()])
        for place, text in texts.items():
            if there.get(place) == text:
                yield f"already right: {place}"
            else:
                self.write(place, text)
                yield f"{'brought up to date:' if place in there else 'wrote'} {place}"
        for command in (command for switch in self.switches(texts) for command in switch.on):
            answer = ask(command)
            yield _became_of(command, answer)
            if not answer.is_good:
                yield "It is written, and not switched on. Type the line above where it can be done."
                return False
        return True

    def remove(self, plan: Plan) -> Iterator[str]:
        """Takes away what was installed, and says what was done. Raises `BadInput`."""
        there = [*self._there(plan), *self._left_behind()]
        if not there:
            yield f"nothing to remove: no {self.kind} unit of this folder"
        yield from self._take_away(there)

    def options(self, plan: Plan) -> Options | None:
        """Those by which what is there was installed; None where nothing is. Raises `BadInput`."""
        return Options.found_in(self.read(self.places(plan)[0]) or "")

    def state(self, plan: Plan) -> State:
        """How what is there compares with what `plan`, of the same options, would install. Raises `BadInput`."""
        texts = self.texts(plan)
        for place, text in texts.items():
            found = self.read(place)
            if found != text:
                wrong = "is missing" if found is None else "is not what it should be"
                return State(Standing.OLD, f"{place} {wrong}")
        for switch in self.switches(texts):
            answer = ask(switch.question)
            if not answer.is_good:
                return State(Standing.OFF, f"{answer.complaint}; `{shlex.join(switch.on[-1])}`")
        return State(Standing.ON)

    def _there(self, plan: Plan) -> dict[str, str]:
        """What is there of ours, also by other options. Raises `BadInput` where somebody else's is."""
        there = {}
        for place in self.places(plan):
            text = self.read(place)
            if text is not None and Options.found_in(text) is None:
                raise BadInput.single(clean(place), "is there already, and is none of Roll call's. Move it away.")
            if text is not None:
                there[place] = text
        return there

    def _left_behind(self) -> list[str]:
        """Where looks of ours are at folders that were moved away: there they can only fail."""
        return [place for place, folder in self.folders().items() if _was_moved(folder)]

    def _take_away(self, places: Iterable[str]) -> Iterator[str]:
        for command in (command for switch in self.switches(places) for command in switch.off):
            yield _became_of(command, ask(command))
        for place in places:
            self.delete(place)
            yield f"removed {place}"


def _was_moved(folder: Path) -> bool:
    """True where it is not there, and what was beside it is: an empty folder may be a disk that is not mounted."""
    with suppress(OSError):
        return not folder.exists() and any(folder.parent.iterdir())
    return False


class Answer(NamedTuple):
    """What a program said: what it printed, and one clean line of what it complained of."""

    is_good: bool
    printed: bytes
    complaint: str


def ask(command: Command, *, given: bytes = b"") -> Answer:
    """What a program of this machine answers; also where there is none, or it does not end in time."""
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=_LONGEST, check=False)
    except OSError as problem:
        return Answer(False, b"", f"{command[0]}: {problem.strerror or 'cannot be run'}")
    except subprocess.TimeoutExpired:
        return Answer(False, b"", f"{command[0]}: no answer within {_LONGEST} s")
    said = clean((done.stderr or done.stdout).decode(errors="replace"))
    return Answer(done.returncode == 0, done.stdout, said or f"{command[0]} ended with status {done.returncode}")


def _became_of(command: Command, answer: Answer) -> str:
    typed = shlex.join(command)
    return f"done: {typed}" if answer.is_good else f"NOT done: {typed}: {answer.complaint}"
