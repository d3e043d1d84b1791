"""Which options does `pytest checks/` take?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rollcall import settings
from rollcall.settings import Asked


def add_options(parser: pytest.Parser) -> None:
    """Adds Roll call's own options to pytest's."""
    group = parser.getgroup("rollcall", "Roll call: did every scheduled job do its work?")
    group.addoption(
        "--jobs-file",
        metavar="FILE",
        help=f"the jobs that should have run (default: jobs.toml beside conftest.py; ${settings.JOBS_FILE})",
    )
    group.addoption(
        "--as-of",
        metavar="TIME",
        help=f"judge that moment instead of now, such as 2026-02-11T07:00+01:00 (${settings.AS_OF})",
    )
    group.addoption(
        "--service-url",
        metavar="[NAME=]URL",
        action="append",
        default=[],
        help=f"where a service answers, instead of its url in jobs.toml (${settings.SERVICE_URL})",
    )
    group.addoption(
        "--demo",
        metavar="CAUSE",
        nargs="?",
        const="",
        help="judge an embedded scheduler on a staged morning, with that fault in it (default: none)",
    )


def demo_cause(config: pytest.Config) -> str | None:
    """The fault of the demo, "" for a good morning, None where no demo was asked for. Raises UsageError."""
    option: str | None = config.getoption("--demo")
    cause = option if option is not None else os.environ.get(settings.DEMO)
    if cause and Path(cause).exists():
        raise pytest.UsageError(f"--demo {cause}: that is a path, no cause. Write it last, or --demo=CAUSE.")
    return cause


def asked(config: pytest.Config) -> Asked:
    """What was asked for on the command line or in the environment."""
    return Asked.of(
        environment=os.environ,
        folder=config.rootpath,
        jobs_file=config.getoption("--jobs-file"),
        service_urls=config.getoption("--service-url"),
        as_of=config.getoption("--as-of"),
    )
