"""What does the conftest.py of a folder of checks take: the fixtures `job` and `scheduler`, in that folder alone.

from rollcall.plugin.checks import job, pytest_generate_tests, pytest_ignore_collect, scheduler
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rollcall.plugin.subjects import WITNESSES, subjects_of
from rollcall.plugin.together import JobsTogether, can_be_asked_together
from rollcall.plugin.views import CheckedJob, CheckedScheduler
from rollcall.text import listed

NOBODY = "no such subject"


@pytest.fixture
def job() -> CheckedJob:
    """Each declared job in its turn, as a check sees it: `assert job.ran_on_time`."""
    raise NotImplementedError("pytest_generate_tests gives every check its job")


@pytest.fixture
def scheduler() -> CheckedScheduler:
    """Each declared scheduler in its turn, as a check sees it: `assert scheduler.answers`."""
    raise NotImplementedError("pytest_generate_tests gives every check its scheduler")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A run that names no jobs file and no checks, such as one of all tests of a repository, makes no roll call."""
    return None if config.pluginmanager.hasplugin("rollcall-hooks") else True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs each check once for every job, or scheduler, that has the witnesses it asks for."""
    subjects, facing = subjects_of(metafunc.config)
    if "job" in metafunc.fixturenames:
        ids = subjects.jobs_with(_wanted(metafunc.definition, "jobs_with"))
        jobs = [CheckedJob(each, facing.jobs) for each in ids]
        if jobs and can_be_asked_together(metafunc):
            metafunc.parametrize("job", [JobsTogether(tuple(jobs))], ids=["all"])
        else:
            metafunc.parametrize("job", jobs or [NOBODY], ids=ids or None)
    if "scheduler" in metafunc.fixturenames:
        scheduler_ids = subjects.schedulers_with(_wanted(metafunc.definition, "schedulers_with"))
        schedulers = [CheckedScheduler(each, facing.schedulers) for each in scheduler_ids]
        metafunc.parametrize("scheduler", schedulers or [NOBODY], ids=scheduler_ids or None)


def _wanted(check: pytest.Item, marker: str) -> set[str]:
    wanted, known = {name for mark in check.iter_markers(marker) for name in mark.args}, WITNESSES[marker]
    if not wanted <= set(known):
        unknown = ", ".join(map(repr, sorted(wanted - set(known), key=str)))
        there = f"there {'is' if len(known) == 1 else 'are'} {listed(known, 20)}"
        pytest.fail(f"{check.nodeid}: {marker}({unknown}): {there}.", pytrace=False)
    return wanted
