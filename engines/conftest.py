"""What every test of an engine has: a way to wait, and a place for what it installs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

pytest_plugins = ["fixtures.postgres", "fixtures.stores"]
ROOT = Path(__file__).resolve().parent.parent
# Where engines are installed, each into an environment of its own: they want other versions than we do.
INSTALLED = Path(os.environ.get("ENGINES", ROOT / ".engines"))


def pytest_configure(config: pytest.Config) -> None:
    """What takes minutes to install is heavy: `make engines` runs it, CI does not."""
    config.addinivalue_line("markers", "heavy: takes minutes to install, and is left out in CI")


def unavailable(reason: str) -> NoReturn:
    """Skips the test, with its reason; in CI what is light must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def await_that(holds: Callable[[], object], what: str, *, within: float = 60.0) -> None:
    """Returns once `holds` does; fails, naming `what` was waited for, after so many seconds."""
    ends_on = time.monotonic() + within
    while not holds():
        if time.monotonic() > ends_on:
            pytest.fail(f"waited {within:.0f} s for: {what}", pytrace=False)
        time.sleep(0.2)


def end_all_with(variable: str) -> None:
    """Kills what runs on in sessions of its own: what has that in its environment was started for one test alone."""
    for each in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if variable.encode() in each.read_bytes().split(b"\0"):
                os.kill(int(each.parent.name), signal.SIGKILL)


def environment_with(name: str, *requirements: str) -> Path:
    """The `bin` of an environment that has these installed, made where it is missing."""
    folder = INSTALLED / name
    mark = folder / "installed.txt"
    wanted = "\n".join(requirements)
    if not mark.exists() or mark.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *requirements], check=True)
        mark.write_text(wanted)
    return folder / "bin"
