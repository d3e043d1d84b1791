"""What does a person type, whatever is in the names, to call this very Roll call or to add what it lacks?"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

_VARIABLE = re.compile(r"(\$\{[A-Za-z_][A-Za-z0-9_]*\})")


def shell_word(text: str) -> str:
    """One word of a command, whatever is in it; a `${NAME}` of jobs.toml is left to the shell's environment.

    A next step sets its commands in backticks: none comes from a name.
    """
    return "".join(_part(part) for part in _VARIABLE.split(text) if part) or "''"


def _part(text: str) -> str:
    if _VARIABLE.fullmatch(text):
        return f'"{text}"'
    if text.isprintable() and "`" not in text:
        return shlex.quote(text)
    escaped = (each if each.isprintable() and each not in "`'\\" else _escaped(each) for each in text)
    return f"$'{''.join(escaped)}'"


def _escaped(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))


def rollcall() -> str:
    """The command: by its name where that is the one on PATH, else from where this interpreter lies."""
    own = Path(sys.executable).parent / "rollcall"
    if not own.is_file():
        return f"{shlex.quote(sys.executable)} -m rollcall"
    found = shutil.which("rollcall")
    return "rollcall" if found and own.samefile(found) else shlex.quote(str(own))


def install(package: str) -> str:
    """The command that gives this interpreter a package."""
    python = shlex.quote(sys.executable)
    # An environment made by uv holds no pip of its own.
    pip = f"{python} -m pip install" if find_spec("pip") else f"uv pip install --python {python}"
    return f"{pip} {shlex.quote(package)}"
