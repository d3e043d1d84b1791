"""What does a person type to call this very Roll call, or to add what it lacks?"""

from __future__ import annotations

import shlex
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path


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
