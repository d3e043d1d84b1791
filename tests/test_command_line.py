"""Is what a person is told to type the command of this very interpreter?"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from rollcall import command_line


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The programs of an environment whose path has a space in it; none is on PATH."""
    programs = tmp_path / "an environment" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(programs / "python"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return programs


def program(file: Path) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text("#!/bin/sh\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def test_off_path_it_is_called_from_where_it_lies(environment: Path) -> None:
    program(environment / "rollcall")

    assert command_line.rollcall() == f"'{environment}/rollcall'"


def test_on_path_its_name_will_do_and_that_of_another_will_not(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = program(environment / "rollcall"), program(tmp_path / "other" / "rollcall")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "rollcall").symlink_to(own)
    told = []
    for folder in (own.parent, tmp_path / "linked", other.parent):
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin")
        told.append(command_line.rollcall())

    assert told == ["rollcall", "rollcall", f"'{own}'"]


def test_where_it_was_never_installed_it_is_called_as_a_module(environment: Path) -> None:
    assert command_line.rollcall() == f"'{environment}/python' -m rollcall"


def test_a_package_is_added_to_this_interpreter(environment: Path) -> None:
    python = f"'{environment}/python'"
    assert command_line.install("holidays") in (
        f"{python} -m pip install holidays",
        f"uv pip install --python {python} holidays",
    )
    assert command_line.install("psycopg[binary]").endswith(" 'psycopg[binary]'")


@pytest.mark.skipif("uv pip" in command_line.install("x"), reason="this interpreter has no pip")
def test_the_command_is_one_that_a_shell_takes(environment: Path) -> None:
    command = command_line.install("holidays").replace("install holidays", "--version")
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)

    assert shlex.split(command)[0] == str(environment / "python")
    assert done.stdout.startswith("pip "), done.stderr
