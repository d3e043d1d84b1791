"""How does a unit that is a file, or several, get to its place and away again, and nobody else's file with it?"""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from rollcall.errors import BadInput
from rollcall.files import write_whole
from rollcall.install.base import Stand, Standing
from rollcall.install.plan import Plan, Wish, shown
from rollcall.install.programs import ask
from rollcall.text import clean

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFile:
    """A file of a unit and where it belongs."""

    path: Path
    text: str


class Filed:
    """A kind of clock that reads files; each kind says which, and how they are switched on."""

    program: str | None = None  # what switches its units on

    def files(self, plan: Plan) -> tuple[UnitFile, ...]:
        """The files of a plan, the morning's first."""
        raise NotImplementedError

    def every_file(self, plan: Plan) -> Iterator[Path]:
        """Where files of this name may lie, also those of an earlier wish."""
        return (each.path for each in self.files(plan))

    def notes(self, plan: Plan) -> Iterator[str]:
        """What a person must know of this kind of clock."""
        return iter(())

    def switch_on(self, plan: Plan) -> tuple[Command, ...]:
        """What switches it on, once its files are there."""
        return ()

    def switch_off(self, plan: Plan) -> tuple[Command, ...]:
        """What switches it off, before its files go."""
        return ()

    def seen_on(self, plan: Plan) -> Stand:
        """Whether it is on, its files being right."""
        return Stand(standing=Standing.ON, because="", wish=plan.wish)

    def render(self, plan: Plan) -> Iterator[str]:
        for each in self.files(plan):
            yield f"# {each.path}"
            yield from each.text.splitlines()
            yield ""

    def install(self, plan: Plan) -> Generator[str, None, bool]:
        if self.program and shutil.which(self.program) is None:
            rule = f"not on this machine, so no {plan.wish.kind} either. Leave --write out, and copy what is printed."
            raise BadInput.single(self.program, rule)
        files = self.files(plan)
        wanted = {each.path for each in files}
        # All of them are looked at before the first is written.
        old = [path for path in self.every_file(plan) if _wish_of_ours(path) and path not in wanted]
        if old:
            yield from self._take_away(plan, old)
        for each in files:
            yield f"{_write(each)} {each.path}"
        return (yield from _run(self.switch_on(plan), ends_at_failure=True))

    def remove(self, plan: Plan) -> Iterator[str]:
        there = [path for path in self.every_file(plan) if _wish_of_ours(path)]
        if not there:
            yield f"nothing to remove: no {plan.wish.kind} unit of this folder"
        else:
            yield from self._take_away(plan, there)

    def _take_away(self, plan: Plan, files: list[Path]) -> Iterator[str]:
        yield from _run(self.switch_off(plan), ends_at_failure=False)
        for path in files:
            path.unlink()
            yield f"removed {path}"

    def wish(self, plan: Plan) -> Wish | None:
        try:
            path = self.files(plan)[0].path
        except BadInput:  # nothing of ours can be there
            return None
        return Wish.found_in(_read(path) or "")

    def stand(self, plan: Plan) -> Stand:
        for each in self.files(plan):
            there = _read(each.path)
            if there is None:
                return Stand(standing=Standing.OLD, because=f"{each.path} is missing", wish=plan.wish)
            if there != each.text:
                return Stand(standing=Standing.OLD, because=f"{each.path} is not what it should be", wish=plan.wish)
        return self.seen_on(plan)


def _run(commands: tuple[Command, ...], *, ends_at_failure: bool) -> Generator[str, None, bool]:
    """Runs them, and tells each; returns whether all did what they were told."""
    is_good = True
    for command in commands:
        answer = ask(command)
        if answer.is_good:
            yield f"done: {shown(command)}"
            continue
        yield f"NOT done: {shown(command)}: {answer.told}"
        is_good = False
        if ends_at_failure:
            yield "It is written, and not switched on. Type the line above where it can be done."
            break
    return is_good


def _wish_of_ours(path: Path) -> Wish | None:
    """The wish it was made by, None where there is no such file. Raises `BadInput` where it is somebody else's."""
    text = _read(path)
    if text is None:
        return None
    wish = Wish.found_in(text)
    if wish is None:
        raise BadInput.single(clean(str(path)), "is there already, and is none of Roll call's. Move it away.")
    return wish


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is no text"
        raise BadInput.single(clean(str(path)), f"cannot be read: {why}. Move it away.") from None


def _write(file: UnitFile) -> str:
    """Writes it whole or not at all; returns the word for what that was."""
    before = _read(file.path)
    if before == file.text:
        return "already right:"
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file.path, file.text)
    except OSError as problem:
        raise BadInput.single(clean(str(file.path)), f"cannot be written: {problem.strerror}.") from None
    return "wrote" if before is None else "brought up to date:"
