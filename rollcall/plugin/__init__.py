"""pytest: the options, the fixtures `job` and `service`, and the hooks that gather once and report.

Loaded by `pytest_plugins = ["rollcall.plugin"]` in a conftest.py. Each hook is a few lines that delegate.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from typing import Any

import pytest

from rollcall.errors import BadInput
from rollcall.plugin import outcome
from rollcall.plugin.options import add_options
from rollcall.plugin.presentation import Presentation
from rollcall.plugin.session import Session, Subjects, begin, parameters_of, receive
from rollcall.plugin.views import CheckedJob, CheckedService, Facing
from rollcall.times import read_now

__all__ = ["CheckedJob", "CheckedService"]

_session = pytest.StashKey[Session]()
_subjects = pytest.StashKey[tuple[Subjects, Facing]]()
_pytest_session = pytest.StashKey[pytest.Session]()

NOBODY = "no such subject"
_WITNESSES = frozenset({"service", "output"})
_MARKER = "jobs_with(*witnesses): the check is about jobs that have these witnesses: service, output"
_WARNINGS = "default::rollcall.plugin.outcome.MorningWarning"


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    # Appended last, it outranks an "error" of the project's own: a warning must not fail a check.
    config.addinivalue_line("filterwarnings", _WARNINGS)
    if config.option.help or config.option.version:
        return
    if hasattr(config, "workerinput"):
        config.stash[_subjects] = receive(config.workerinput["rollcall"])
        return
    _begin(config)


def _begin(config: pytest.Config) -> None:
    cleanup = ExitStack()
    config.add_cleanup(cleanup.close)
    now = read_now()
    presentation = Presentation(config)
    try:
        session = config.stash[_session] = begin(config, cleanup, now)
    except BadInput as problem:
        presentation.refuse(now, str(problem))
        raise pytest.UsageError(str(problem)) from None
    config.stash[_subjects] = (session.subjects, session.facing)
    presentation.begin(session)
    config.pluginmanager.register(presentation, "rollcall-presentation")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_pytest_session] = session


def pytest_report_header(config: pytest.Config) -> list[str]:
    return config.stash[_session].header() if _session in config.stash else []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    subjects, facing = metafunc.config.stash[_subjects]
    if "job" in metafunc.fixturenames:
        wanted = {name for mark in metafunc.definition.iter_markers("jobs_with") for name in mark.args}
        if not wanted <= _WITNESSES:
            raise pytest.UsageError(f"{metafunc.definition.nodeid}: jobs_with takes service and output")
        ids = [job_id for job_id, witnesses in subjects.jobs if wanted <= witnesses]
        metafunc.parametrize("job", [CheckedJob(each, facing.jobs) for each in ids] or [NOBODY], ids=ids or None)
    if "service" in metafunc.fixturenames:
        services = [CheckedService(each, facing.services) for each in subjects.services]
        metafunc.parametrize("service", services or [NOBODY], ids=subjects.services or None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Services first, whose failures explain the rest; no check about a kind of subject that nobody declared."""
    about_nobody = {item for item in items if NOBODY in parameters_of(item).values()}
    if about_nobody:
        config.hook.pytest_deselected(items=list(about_nobody))
    kept = [item for item in items if item not in about_nobody]
    items[:] = sorted(kept, key=lambda item: "service" not in parameters_of(item))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    if _session in session.config.stash and not session.config.option.collectonly:
        session.config.stash[_session].gather_and_judge(session.items, session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: the controller gathers before the first worker starts, for what this command line selects."""
    session = node.config.stash[_session]
    if session.morning is None:
        node.config.stash[_pytest_session].perform_collect()
    node.workerinput["rollcall"] = session.hand_over()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    return (yield from outcome.run(pyfuncitem))


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> Any:
    return outcome.status_of(report)
