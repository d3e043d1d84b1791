"""Which options does `pytest checks/` take, and is anything to be checked at all?"""

from __future__ import annotations

import os

import pytest

from rollcall.run import settings
from rollcall.run.settings import Asked

# pytest then only shows what it has: no scheduler may be asked, and no report replaced.
_SHOWS = frozenset({"collectonly", "setuponly", "setupplan", "show_fixtures_per_test"})
NAGIOS = "--nagios"
_SHOWS_WITHOUT_JOBS = frozenset({"help", "version", "markers", "showfixtures", "cacheshow"})


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
        "--scheduler-url",
        metavar="[NAME=]URL",
        action="append",
        default=[],
        help=f"where a scheduler answers, instead of its url in jobs.toml (${settings.SCHEDULER_URL})",
    )
    group.addoption(
        "--demo",
        metavar="CAUSE",
        nargs="?",
        const=settings.GOOD_DEMO,
        help=f"judge an embedded scheduler on a staged morning, with that fault if any (${settings.DEMO}; 1: without)",
    )
    group.addoption(
        "--record",
        metavar="DIR",
        help=f"keep what is seen, without secrets, in that new folder, to judge it again (${settings.RECORD})",
    )
    group.addoption(
        "--replay",
        metavar="DIR",
        help=f"judge the morning that --record kept there; nobody is asked (${settings.REPLAY})",
    )
    group.addoption(
        settings.RESTART,
        action="store_true",
        help="start a scheduler that is stopped or stalled, through its own `start`, and judge the morning again",
    )
    group.addoption(
        settings.RERUN,
        action="store_true",
        help="trigger the jobs that say `rerun = true` and missed their due run, and judge the morning again",
    )
    group.addoption("--dry-run", action="store_true", help=f"say what {settings.RESTART} and {settings.RERUN} would do")
    group.addoption(
        "--metrics",
        metavar="FILE",
        help=f"write the morning for Prometheus' textfile collector, to a file *.prom (${settings.METRICS})",
    )
    group.addoption(
        NAGIOS,
        action="store_true",
        help="print one line with performance data and nothing else, and exit with 0, 1, 2 or 3 as a plugin of Nagios",
    )
    group.addoption(
        "--no-history",
        action="store_true",
        help=f"neither read nor write reports/history.sqlite3 (${settings.NO_HISTORY})",
    )


def only_shows(config: pytest.Config) -> bool:
    """True where pytest was asked to show its checks, fixtures or help, and not to check anything."""
    return needs_no_jobs(config) or any(config.getoption(name, False) for name in _SHOWS)


def needs_no_jobs(config: pytest.Config) -> bool:
    """True where even the names of the jobs do not matter."""
    return any(config.getoption(name, False) for name in _SHOWS_WITHOUT_JOBS)


def asked(config: pytest.Config) -> Asked:
    """What was asked for on the command line or in the environment. Raises `BadInput`."""
    return Asked.of(
        environment=os.environ,
        folder=config.rootpath,
        jobs_file=config.getoption("--jobs-file"),
        scheduler_urls=config.getoption("--scheduler-url"),
        as_of=config.getoption("--as-of"),
        demo=config.getoption("--demo"),
        record=config.getoption("--record"),
        replay=config.getoption("--replay"),
        restart_stopped=config.getoption(settings.RESTART),
        rerun_missed=config.getoption(settings.RERUN),
        dry_run=config.getoption("--dry-run"),
        no_history=config.getoption("--no-history"),
        metrics=config.getoption("--metrics"),
    )
