"""What does a person type, here and now, to have the same morning judged again?

A next step is typed as it stands, with `--restart-stopped` behind it: it must be a program that is there, and ask the
schedulers that this morning asked, and no others.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from rollcall import command_line

_PYTEST = "pytest"
_CHECKS = "checks"
_PLUGIN = "rollcall.plugin.checks"
_LONGEST_LINE = 4096  # bytes of the line that names a program's interpreter


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it is typed: in `folder`, by a person who has the programs of `interpreter`.

    `house` holds checks/; where there is none, `rollcall`, as it is typed here, judges instead of
    pytest. `program` is the pytest that this interpreter runs, None where it has none of its own, and `is_on_path`
    whether its bare name means it here.
    """

    folder: Path
    house: Path | None
    interpreter: Path
    program: Path | None
    is_on_path: bool
    rollcall: str = "rollcall"

    @classmethod
    def of(cls, *houses: Path) -> Place:
        """The present place; the house is the first of those given that is one."""
        folder, interpreter = Path.cwd(), Path(sys.executable)
        program, on_path = _own_pytest(interpreter), shutil.which(_PYTEST)
        return cls(
            folder=folder,
            house=next((each.resolve() for each in houses if _is_house(each)), None),
            interpreter=interpreter,
            program=program,
            is_on_path=bool(program and on_path and program.samefile(on_path)),
            rollcall=command_line.rollcall(),
        )

    @property
    def home(self) -> Path:
        """The folder whose jobs.toml is read where none is named."""
        return self.house or self.folder

    def command(self, *words: str) -> str:
        """What judges a morning here, with these words behind it, for a shell: "pytest checks/" where that will do."""
        if self.house is None:
            return " ".join((self.rollcall, "monitor", *map(_quoted, words)))
        return " ".join(map(_quoted, (*self._pytest(), f"{self.shown(self.house / _CHECKS)}{os.sep}", *words)))

    def shown(self, path: Path) -> str:
        """The path as it is found from here. Only where a person is at home anyway it is no absolute one."""
        is_here = self.house == self.folder and path.is_relative_to(self.folder)
        return str(path.relative_to(self.folder) if is_here else path.absolute())

    def _pytest(self) -> tuple[str, ...]:
        if self.program is None:
            return self.shown(self.interpreter), "-m", _PYTEST
        return (_PYTEST if self.is_on_path else self.shown(self.program),)


def _is_house(folder: Path) -> bool:
    try:
        return _PLUGIN in (folder / _CHECKS / "conftest.py").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False


def _own_pytest(interpreter: Path) -> Path | None:
    """The one beside the interpreter; None where that is another one's, as it may be in /usr/bin."""
    found = shutil.which(_PYTEST, path=str(interpreter.parent))
    if found is None:
        return None
    try:
        with open(found, "rb") as program:
            mark, _, its_own = program.readline(_LONGEST_LINE).strip().partition(b"#!")
        is_ours = bool(mark) or Path(os.fsdecode(its_own)).samefile(interpreter)  # without the mark: Windows' launcher
    except (OSError, ValueError):
        return None
    return Path(found) if is_ours else None


def _quoted(word: str) -> str:
    # A command stands between backticks wherever it is told.
    return shlex.quote(word).replace("`", "'\"$(printf '\\140')\"'")
