"""pytest, in a run that makes a roll call: gather and judge once, let the checks look at it, and tell.

Each hook is a few lines that delegate. The flow is `rollcall.run`, who is told `rollcall.sinks`.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Generator
from contextlib import ExitStack, suppress
from copy import copy
from dataclasses import replace
from typing import Any

import pytest

from rollcall.clock import clock_from
from rollcall.errors import BadInput
from rollcall.morning.own_checks import count_in
from rollcall.options import Option, given
from rollcall.plugin import outcome, together
from rollcall.plugin.checks import NOBODY
from rollcall.plugin.course import Course
from rollcall.plugin.subjects import (
    WITNESSES,
    Subjects,
    face,
    hand_over,
    needed,
    parameters_of,
    receive,
    set_subjects,
    subjects_of,
)
from rollcall.plugin.views import Facing
from rollcall.report.headline import show_replay
from rollcall.run.begin import begin
from rollcall.run.options import OF_PYTEST
from rollcall.run.place import Place
from rollcall.run.roll_call import RollCall
from rollcall.run.wanted import Wanted
from rollcall.sinks import Sinks, known_sinks, options_of, unwritten
from rollcall.sinks.base import CannotBegin, Result, Stage, Start, Wish
from rollcall.terminal.colour import coloured
from rollcall.text import counted
from rollcall.times import read_now, show_instant

BY = "pytest"
_kinds = known_sinks()
_options = (*OF_PYTEST, *options_of(_kinds, by=BY))
_begun = pytest.StashKey[bool]()
_has_nobody = pytest.StashKey[bool]()
_running = pytest.StashKey["Running"]()
_pytest_session = pytest.StashKey[pytest.Session]()

# pytest then only shows what it has: no scheduler may be asked, and no report replaced.
_SHOWS = frozenset({"collectonly", "setuponly", "setupplan", "show_fixtures_per_test"})
_SHOWS_WITHOUT_JOBS = frozenset({"help", "version", "markers", "showfixtures", "cacheshow"})


_REPORTED_BY_DEFAULT = "fE"  # pytest's own default of -r


def add_options(parser: pytest.Parser) -> None:
    """Adds Roll call's options; one that another plugin has is left to it, and said by its variable."""
    group = parser.getgroup("rollcall", "Roll call: did every scheduled job do its work?")
    for option in _options:
        if not _is_taken(option, parser):
            option.add_to(group.addoption)


def _is_taken(option: Option, parser: pytest.Parser) -> bool:
    return option.name in parser.optparser._option_string_actions


class Running:
    """A run of pytest that makes a roll call, in the process that judges and reports."""

    def __init__(self, config: pytest.Config, call: RollCall) -> None:
        self.config = config
        self.call = call
        self.course = Course()
        self.is_over = False
        self.result = call.result(self.course.ending)

    def latest(self) -> Result:
        """What is known by now: the morning as soon as it is judged, how it ended once it has."""
        if self.result.morning:
            return self.result
        return replace(self.result, morning=self.call.morning, checks=self.course.expected)

    def judge(self, items: list[pytest.Item]) -> None:
        """Asks every witness that the selected checks need, once, and judges."""
        jobs, schedulers = needed(items, self.call.roll)
        if not self.call.morning and (jobs or schedulers):
            progress = _Progress(self.config)
            morning = self.call.judge(jobs, schedulers, progress.show)
            progress.end()
            face(subjects_of(self.config)[1], morning, self.call.roll.file)

    def header(self) -> list[str]:
        """What the terminal says first."""
        roll, start = self.call.roll, self.call.start
        of_day = f"{show_instant(start.judged_at, roll.zone, year=True)}, {roll.zone.key}"
        selection, own = self.call.wanted.selection, f"{counted(len(self.call.schedulers), 'scheduler')}"
        counts = f"{counted(len(roll.jobs), 'job')}, {own}"
        if selection:
            counts = f"{len(self.call.jobs):,} of {counts} ({selection.shown})"
        lines = [f"roll call: {counts}, judged as of {of_day}"]
        if together.are_checked_together(self.config):
            lines.append("all jobs that pass a check have it in common, each other its own (-k NAME: each its own)")
        if start.replay_of:
            lines = [f"{show_replay(start.replay_of, roll.zone)}: nobody is asked", *lines]
        return [start.demo, *lines] if start.demo else lines

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.course.left_out += sum(NOBODY not in parameters_of(each).values() for each in items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.course.collected(report)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.course.ran(report)
        self._forget(report)

    def _forget(self, report: pytest.TestReport) -> None:
        """Lets pytest's terminal forget a setup or teardown that printed nothing.

        It keeps all of them, and looks through them for each failure: of a thousand failures that takes a minute.
        """
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        kept = reporter.stats.get("") if reporter else None
        if kept and kept[-1] is report and not report.sections:
            kept.pop()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None]:
        """Innermost of the wrappers: pytest's own reports are written inside it, the terminal speaks after it."""
        sinks, course = self.call.sinks, self.course
        if self.call.morning:
            self.call.morning = count_in(self.call.morning, course.own_failures)
        ending = course.end(exitstatus, self.call.morning)
        result = self.call.result(ending, status=int(exitstatus), checks=course.expected)
        self.result = sinks.tell(_with_true_status(replace(result, left_out=course.left_out)))
        session.exitstatus = self.result.status
        try:
            yield
        except OSError as problem:
            broken = replace(ending, interruption=unwritten(problem))
            sinks.abort(self.call.start, unwritten(problem), only=Stage.WRITE)
            self.result = _with_true_status(replace(self.result, ending=broken))
        else:
            self.result = _with_true_status(sinks.write(self.result))
        session.exitstatus = self.result.status
        self.result = sinks.close(self.result)
        self.is_over = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        """Where each failure is told above, and each cause below, pytest's list of names between them says nothing."""
        reporter, chars = terminalreporter, terminalreporter.reportchars
        option = reporter.config.option
        is_our_choice = option.reportchars == _REPORTED_BY_DEFAULT and option.tbstyle != "no"
        if is_our_choice and all(outcome.explains_failure(each) for each in reporter.getreports("failed")):
            reporter.reportchars = chars.replace("f", "")
        yield
        reporter.reportchars = chars

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """The last words, after pytest's own count."""
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            for line in self.call.sinks.last_words(self.result):
                # pytest has decided about colours: --color, NO_COLOR, or a terminal.
                reporter.write_line(coloured(line) if reporter.hasmarkup else line)


def _with_true_status(result: Result) -> Result:
    """The result with the exit status that is true: no 0 without the whole evidence.

    A check that could not tell is skipped, and skips are green to pytest.
    """
    is_in_doubt = not result.ending.is_complete or result.morning is None or result.morning.needs_a_person
    failed, stopped = int(pytest.ExitCode.TESTS_FAILED), int(pytest.ExitCode.INTERRUPTED)
    if result.morning is None and not result.checks and result.status in (0, failed):
        return replace(result, status=stopped)
    return replace(result, status=failed) if is_in_doubt and not result.status else result


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, int | None, int | None]:
    """What ended pytest between its configuration and its first check may have said any status."""
    status = yield
    running = config.stash.get(_running, None)
    is_over = bool(running and running.is_over) or _has_nobody in config.stash
    is_stopped = not is_over and not only_shows(config) and not hasattr(config, "workerinput")
    return int(pytest.ExitCode.INTERRUPTED) if is_stopped and status in (0, 1) else status


def abort_unless_begun(config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Says that nothing was judged where pytest ended before it was configured: yesterday's page must not stay."""
    if _begun in config.stash or "PYTEST_XDIST_WORKER" in os.environ:
        return
    try:
        options = parser.parse_known_args(args, namespace=copy(config.option))
    except pytest.UsageError:
        options = config.known_args_namespace
    if any(getattr(options, name, False) for name in (*_SHOWS, *_SHOWS_WITHOUT_JOBS)):
        return
    start, sinks = Start(folder=config.rootpath / "reports", judged_at=read_now(), by=BY), Sinks([])
    with suppress(BadInput):
        wanted, wish = _wanted(config, options)
        start = replace(start, folder=wanted.folder)
        sinks = Sinks.wanted(_kinds, wish)
    # What it said may hold the password of an address, and stands on the terminal.
    sinks.abort(start, "pytest ended before it began: a wrong option, a conftest.py, or another plugin")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[_begun] = True
    for marker, witnesses in WITNESSES.items():
        about = marker.partition("_")[0]
        line = f"{marker}(*witnesses): the check is about {about} that have these witnesses: {', '.join(witnesses)}"
        config.addinivalue_line("markers", line)
    set_subjects(config, Subjects(), Facing())
    if hasattr(config, "workerinput"):
        receive(config, config.workerinput["rollcall"])
    elif not _needs_no_jobs(config):
        _begin(config)


def _begin(config: pytest.Config) -> None:
    now = read_now()
    clock, cleanup = clock_from(now), ExitStack()
    config.add_cleanup(cleanup.close)
    sinks = Sinks([])
    start = Start(folder=config.rootpath / "reports", judged_at=now, by=BY)
    try:
        wanted, wish = _wanted(config, config.option)
        start = Start(folder=wanted.folder, judged_at=now, by=BY)
        if not only_shows(config):
            sinks = Sinks.wanted(_kinds, wish)
        call = begin(wanted, Place.of(config.rootpath), clock, by=BY, environment=os.environ, cleanup=cleanup)
        call.sinks = sinks
        if call.wanted.selection and not (call.jobs or call.schedulers):
            config.stash[_has_nobody] = True
            pytest.exit(f"no job is in {call.wanted.selection.shown}: nothing to look at", returncode=0)
        running = config.stash[_running] = Running(config, call)
        sinks.attach(config, running.latest)
        sinks.begin(call.start)
    except BadInput as problem:
        _refuse(sinks, start, str(problem))
    except CannotBegin as problem:
        _refuse(sinks, start, str(problem))
    set_subjects(config, Subjects.of(call.schedulers, call.jobs), Facing())
    if not only_shows(config):
        together.decide(config, call.roll)
        config.pluginmanager.register(running, "rollcall-running")


def _wanted(config: pytest.Config, options: Namespace) -> tuple[Wanted, Wish]:
    """What was asked for, as a run needs it, and as its sinks do. Raises `BadInput`."""
    values = given(_options, options)
    wanted = Wanted.of(values, environment=os.environ, home=config.rootpath)
    wish = Wish(folder=wanted.folder, given=values, environment=os.environ, by=BY, is_staged=wanted.is_staged)
    return wanted, wish


def _refuse(sinks: Sinks, start: Start, because: str) -> None:
    """Nothing will be looked at, and every sink says why: there is no terminal yet but pytest's own last line."""
    sinks.abort(start, because)
    raise pytest.UsageError(because)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_pytest_session] = session


def pytest_report_header(config: pytest.Config) -> list[str]:
    return config.stash[_running].header() if _running in config.stash else []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Schedulers first, whose failures explain the rest; no check about a kind of subject that nobody declared."""
    about_nobody = {item for item in items if NOBODY in parameters_of(item).values()}
    if about_nobody:
        config.hook.pytest_deselected(items=list(about_nobody))
    kept = together.with_many([item for item in items if item not in about_nobody])
    items[:] = sorted(kept, key=lambda item: "scheduler" not in parameters_of(item))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    if _running in config.stash and not only_shows(config):
        running = config.stash[_running]
        running.course.expected = len(session.items)
        running.judge(session.items)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: the controller gathers before the first worker starts, for what this command line selects."""
    running = node.config.stash.get(_running, None)
    if running and running.call.morning is None and not running.course.expected:
        node.config.stash[_pytest_session].perform_collect()
    node.workerinput["rollcall"] = hand_over(node.config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Each job that did not pass a check of many is checked by itself, right after it."""
    result = yield
    if isinstance(item, together.CheckOfMany):
        alone, session = item.of_those_unlike(), item.session
        item.config.stash[_running].course.expected += len(alone)
        session.testscollected += len(alone)
        for each, following in zip(alone, [*alone[1:], nextitem], strict=False):
            if session.shouldfail or session.shouldstop:
                break
            item.config.hook.pytest_runtest_protocol(item=each, nextitem=following)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from outcome.set_up(item))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    return (yield from outcome.run(pyfuncitem))


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> Any:
    return outcome.status_of(report)


def only_shows(config: pytest.Config) -> bool:
    """True where pytest was asked to show its checks, fixtures or help, and not to check anything."""
    return _needs_no_jobs(config) or any(config.getoption(name, False) for name in _SHOWS)


def _needs_no_jobs(config: pytest.Config) -> bool:
    """True where even the names of the jobs do not matter."""
    return any(config.getoption(name, False) for name in _SHOWS_WITHOUT_JOBS)


class _Progress:
    """Counts up on a terminal, and is silent where there is none."""

    def __init__(self, config: pytest.Config) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        self._reporter = reporter if reporter and reporter.isatty and reporter.verbosity >= 0 else None

    def show(self, done: int, total: int) -> None:
        if self._reporter:
            self._reporter.rewrite(f"asking witnesses: {done} of {total}", erase=True)

    def end(self) -> None:
        if self._reporter:
            self._reporter.rewrite("", erase=True)
