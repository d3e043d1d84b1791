"""What does a run leave: the page, what programs read, and the terminal's last words, all of the same morning?"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rollcall.causes.commands import CHECK_AGAIN
from rollcall.morning import Morning
from rollcall.plugin import aftermath, junit, on_github
from rollcall.plugin.ending import Ending
from rollcall.plugin.page import Page
from rollcall.plugin.reports import Reports
from rollcall.plugin.session import Session
from rollcall.report.changes import documented
from rollcall.report.headline import title
from rollcall.report.page import render_incomplete
from rollcall.report.summary import render_summary
from rollcall.sinks.json import incomplete_json, to_json
from rollcall.text import clean

_NO_PAGE = "Roll call's page is written by pytest-html, which is not loaded. Install it, and leave out -p no:html."


class Presentation:
    """The outputs of one run. They begin INCOMPLETE and end as the whole result, or stay INCOMPLETE.

    Raises UsageError where nothing can be written.
    """

    def __init__(self, config: pytest.Config, began_at: datetime) -> None:
        if not config.pluginmanager.hasplugin("html"):
            raise pytest.UsageError(_NO_PAGE)
        self.ending = Ending()
        self._config = config
        self._reports = Reports(config)
        self._began_at = began_at
        self._session: Session | None = None
        self._notes: tuple[str, ...] = ()
        try:
            self._reports.begin(self._incomplete(None), now=self._began_at)
        except OSError as problem:
            raise pytest.UsageError(_unwritten(problem)) from None

    @property
    def morning(self) -> Morning | None:
        """What is shown; None where nothing was looked at."""
        return self._session.morning if self._session else None

    def write_metrics(self, file: Path | None) -> None:
        """Leaves the metrics there too, INCOMPLETE to begin with. Raises UsageError."""
        self._reports.metrics = file
        try:
            self._reports.put(self._incomplete(None) if file else {})
        except OSError as problem:
            self.refuse(_unwritten(problem))
            raise pytest.UsageError(_unwritten(problem)) from None

    def refuse(self, problem: str) -> None:
        """Nothing will be looked at, and every output says why."""
        self.ending.interruption = problem
        self._reports.withdraw(self._incomplete(problem))
        on_github.refuse(self._config, problem)

    def present(self, session: Session) -> None:
        """What is shown from now on is about that session."""
        self._session = session
        page = Page(session, self.ending, lambda: self._notes)
        self._config.pluginmanager.register(page, "rollcall-page")
        self._reports.withdraw(self._incomplete(None))

    def _incomplete(self, because: str | None) -> dict[Path, str]:
        session = self._session
        zone, demo = (session.roll.zone, session.demo) if session else (ZoneInfo("UTC"), None)
        at = session.judged_at if session else self._began_at
        known: dict[str, Any] = {"demo": demo, "because": because, "replay_of": session.replay_of if session else None}
        again = session.again if session else CHECK_AGAIN
        texts = {
            self._reports.page: render_incomplete(started_at=at, zone=zone, again=again, **known),
            self._reports.json: incomplete_json(at, zone, **known),
        }
        if self._reports.metrics:
            from rollcall.sinks.metrics import render_incomplete_metrics

            texts[self._reports.metrics] = render_incomplete_metrics(at)
        return texts

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.ending.collected(report)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.ending.expected = len(session.items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ending.ran(report)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None]:
        """Innermost of the wrappers: pytest-html writes inside it, the terminal speaks after it."""
        session.exitstatus = self.ending.end(exitstatus, self._session)
        self._tell_before_the_page()
        try:
            yield
            self._finish()
        except OSError as problem:
            self.ending.interruption = _unwritten(problem)
            session.exitstatus = exitstatus or pytest.ExitCode.TESTS_FAILED
            self._reports.withdraw(self._incomplete(self.ending.interruption))
        finally:
            self._reports.discard()
        self._tell_after_the_page(int(session.exitstatus))

    def _tell_before_the_page(self) -> None:
        if self._session:
            self._notes = tuple(aftermath.notes_before_the_page(self._session, self.ending, self._reports.page))
        line = title(self.morning, **self._ended)
        junit.add_properties(self._config, self.morning, headline=line, is_complete=self.ending.is_complete)

    @property
    def _ended(self) -> dict[str, Any]:
        return {"is_complete": self.ending.is_complete, "other_failures": self.ending.other_failures}

    def _finish(self) -> None:
        interruption = self.ending.interruption
        if self.morning is None:
            texts = self._incomplete(interruption)
        else:
            since = self._session.since if self._session else {}
            known = documented(self.morning, self._session.chronicle) if self._session else None
            texts = {self._reports.json: to_json(self.morning, since=since, changes=known, **self.ending.told)}
            if self._reports.metrics:
                from rollcall.sinks.metrics import render_metrics

                texts[self._reports.metrics] = render_metrics(self.morning, **self._ended)
        self._reports.finish(texts, interruption=interruption)

    def _tell_after_the_page(self, status: int) -> None:
        """The notes of what goes wrong here stand on the terminal only."""
        if self._session is None:
            return
        if self.ending.is_complete:
            self._note(aftermath.remember_as_whole(self._session, self.ending))
        self._note(on_github.summarize(self.morning, self.ending, self._notes))
        self._note(aftermath.end_the_watch(self._session, self.ending, status, self._last_words()))

    def _note(self, problem: str | None) -> None:
        if problem and problem not in self._notes:
            self._notes = (*self._notes, problem)

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """The terminal's last words, after pytest's own count."""
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            for line in (*on_github.annotated(self.morning, self.ending), *self._last_words()):
                reporter.write_line(line)

    def _last_words(self) -> list[str]:
        if self.morning is None:
            return [f"INCOMPLETE: {self.ending.interruption}."]
        words = render_summary(self.morning, notes=self._notes, **self.ending.told)
        return [*words, *self._kept(), f"page: {self._reports.page}"]

    def _kept(self) -> list[str]:
        session = self._session
        if session is None or session.record is None or session.unrecorded:
            return []
        folder = clean(str(session.record), 4000)
        replay = session.place.command("--replay", str(session.record))
        return [f"recorded: {folder} (judge it again: {clean(replay, 4000)})"]


def _unwritten(problem: OSError) -> str:
    what = clean(str(problem.filename2 or problem.filename or "a report"))
    return f"{what} cannot be written: {problem.strerror or problem}"
