"""pytest: the options, the fixtures `job` and `scheduler`, and the hooks that gather once and report.

Loaded by `pytest_plugins = ["rollcall.plugin"]` in a conftest.py. Each hook is a few lines that delegate.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest

from rollcall.errors import BadInput
from rollcall.plugin import as_nagios, outcome
from rollcall.plugin.beginning import begin
from rollcall.plugin.options import add_options, asked, needs_no_jobs, only_shows
from rollcall.plugin.presentation import Presentation
from rollcall.plugin.session import Session, Subjects, hand_over, parameters_of, receive
from rollcall.plugin.views import CheckedJob, CheckedScheduler, Facing
from rollcall.plugin.witnesses import OF_JOBS, OF_SCHEDULERS
from rollcall.run.place import Place
from rollcall.text import listed
from rollcall.times import read_now

__all__ = ["CheckedJob", "CheckedScheduler"]

_session = pytest.StashKey[Session]()
_subjects = pytest.StashKey[tuple[Subjects, Facing]]()
_pytest_session = pytest.StashKey[pytest.Session]()

NOBODY = "no such subject"
# What a check may ask of its subjects to have, by the marker that asks it.
_WITNESSES = {"jobs_with": tuple(OF_JOBS), "schedulers_with": tuple(OF_SCHEDULERS)}
_MARKERS = (
    f"jobs_with(*witnesses): the check is about jobs that have these witnesses: {', '.join(OF_JOBS)}",
    f"schedulers_with(*witnesses): the check is about schedulers that have these witnesses: {', '.join(OF_SCHEDULERS)}",
)


@pytest.fixture
def job() -> CheckedJob:
    """Each declared job in its turn, as a check sees it: `assert job.ran_on_time`."""
    raise NotImplementedError("pytest_generate_tests gives every check its job")


@pytest.fixture
def scheduler() -> CheckedScheduler:
    """Each declared scheduler in its turn, as a check sees it: `assert scheduler.answers`."""
    raise NotImplementedError("pytest_generate_tests gives every check its scheduler")


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> as_nagios.Whole:
    return (yield from as_nagios.run(config))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    config.stash[_subjects] = (Subjects(), Facing())
    if hasattr(config, "workerinput"):
        config.stash[_subjects] = receive(config.workerinput["rollcall"])
    elif not needs_no_jobs(config):
        _begin(config, read_now())


def _begin(config: pytest.Config, now: datetime) -> None:
    presentation = None if only_shows(config) else Presentation(config, now)
    cleanup = ExitStack()
    config.add_cleanup(cleanup.close)
    if presentation:
        config.stash[as_nagios.presented] = presentation
    try:
        wanted = asked(config)
        if presentation:
            presentation.write_metrics(wanted.metrics)
        session = config.stash[_session] = begin(wanted, cleanup, now, Place.of(config.rootpath))
    except BadInput as problem:
        if presentation:
            presentation.refuse(str(problem))
        raise pytest.UsageError(str(problem)) from None
    config.stash[_subjects] = (session.subjects, session.facing)
    if presentation:
        presentation.present(session)
        config.pluginmanager.register(presentation, "rollcall-presentation")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_pytest_session] = session


def pytest_report_header(config: pytest.Config) -> list[str]:
    return config.stash[_session].header() if _session in config.stash else []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    subjects, facing = metafunc.config.stash[_subjects]
    if "job" in metafunc.fixturenames:
        ids = subjects.jobs_with(_wanted(metafunc.definition, "jobs_with"))
        jobs = [CheckedJob(each, facing.jobs) for each in ids]
        metafunc.parametrize("job", jobs or [NOBODY], ids=ids or None)
    if "scheduler" in metafunc.fixturenames:
        scheduler_ids = subjects.schedulers_with(_wanted(metafunc.definition, "schedulers_with"))
        schedulers = [CheckedScheduler(each, facing.schedulers) for each in scheduler_ids]
        metafunc.parametrize("scheduler", schedulers or [NOBODY], ids=scheduler_ids or None)


def _wanted(check: pytest.Item, marker: str) -> set[str]:
    wanted, known = {name for mark in check.iter_markers(marker) for name in mark.args}, _WITNESSES[marker]
    if not wanted <= set(known):
        unknown = ", ".join(map(repr, sorted(wanted - set(known), key=str)))
        there = f"there {'is' if len(known) == 1 else 'are'} {listed(known, 20)}"
        pytest.fail(f"{check.nodeid}: {marker}({unknown}): {there}.", pytrace=False)
    return wanted


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Schedulers first, whose failures explain the rest; no check about a kind of subject that nobody declared."""
    about_nobody = {item for item in items if NOBODY in parameters_of(item).values()}
    if about_nobody:
        config.hook.pytest_deselected(items=list(about_nobody))
    kept = [item for item in items if item not in about_nobody]
    items[:] = sorted(kept, key=lambda item: "scheduler" not in parameters_of(item))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    if _session in session.config.stash and not only_shows(session.config):
        session.config.stash[_session].gather_and_judge(session.items, session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: the controller gathers before the first worker starts, for what this command line selects."""
    session = node.config.stash.get(_session, None)
    if session and not session.has_gathered:
        node.config.stash[_pytest_session].perform_collect()
    node.workerinput["rollcall"] = hand_over(*node.config.stash[_subjects])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from outcome.set_up(item))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    return (yield from outcome.run(pyfuncitem))


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> Any:
    return outcome.status_of(report)
