"""pytest finds this by itself wherever Roll call is installed. Does this run of pytest make a roll call at all?

Only then are there options, markers and hooks; every other run is left as it was. What then stops pytest before it
begins is a usage error, status 4: 1 would say that a job needs somebody, and 0 that none does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterable
from pathlib import Path

import pytest
from _pytest.config import ConftestImportFailure

from rollcall.errors import BadInput
from rollcall.text import clean

_JOBS_FILE = "--jobs-file"
# What the conftest.py of a folder of checks takes its fixtures from.
_CHECKS = "rollcall.plugin.checks"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    if not makes_a_roll_call(early_config, args):
        return (yield)
    try:
        from rollcall.plugin import hooks
    except BadInput as problem:
        raise pytest.UsageError(str(problem)) from None
    except ModuleNotFoundError as missing:
        told = f"{sys.executable}, whose pytest this is, lacks {missing.name}, without which there is no roll call"
        raise pytest.UsageError(f"{told}. Install it: {sys.executable} -m pip install roll-call") from None
    hooks.add_options(parser)
    early_config.pluginmanager.register(hooks, "rollcall-hooks")
    early_config.add_cleanup(lambda: hooks.abort_unless_begun(early_config, parser, args))
    try:
        return (yield)
    except (pytest.UsageError, ConftestImportFailure):
        raise
    except (Exception, SystemExit, pytest.exit.Exception) as problem:
        said = clean(f"{type(problem).__name__}: {problem}", 400)
        raise pytest.UsageError(f"a conftest.py or a plugin stopped pytest before it began: {said}") from problem


def makes_a_roll_call(config: pytest.Config, args: Iterable[str]) -> bool:
    """True where the command line names a jobs file, or checks of Roll call are to be run.

    `ROLLCALL_JOBS_FILE` says which jobs those checks are about, also where only a folder above them is named; by itself
    it makes no roll call of a run of other tests.
    """
    if any(each.partition("=")[0] == _JOBS_FILE for each in args):
        return True
    here = config.invocation_params.dir
    named = [each.partition("::")[0] for each in config.known_args_namespace.file_or_dir]
    if not named and here == config.rootpath:
        named = config.getini("testpaths")
    paths = [here / each for each in named or [""]]
    if any(_holds_checks(each, config.rootpath) for each in paths):
        return True
    return bool(os.environ.get("ROLLCALL_JOBS_FILE")) and any(_is_ours(each / "checks") for each in paths)


def _holds_checks(path: Path, root: Path) -> bool:
    """True where it is a folder of checks, or lies in one; what is not there was meant to, where there are any."""
    if not path.exists():
        path = root / "checks"
    path = path.resolve()
    inside = [path, *path.parents]
    within = [each for each in inside if each.is_relative_to(root)] or inside[:2]
    return any(map(_is_ours, within))


def _is_ours(folder: Path) -> bool:
    try:
        return _CHECKS in (folder / "conftest.py").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
