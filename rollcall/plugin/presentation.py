"""What does a run show: pytest-html's page with the board on top, morning.json, the terminal's last words?

Registered as a plugin of its own in the process that reports (never in a worker), because pytest-html's hooks do not
say which run they belong to.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rollcall.morning import Morning, incomplete_json, to_json
from rollcall.plugin.reports import Reports
from rollcall.plugin.session import Session
from rollcall.report.board import render_board, title
from rollcall.report.incomplete import render_incomplete
from rollcall.report.summary import render_summary
from rollcall.report.table import HEADERS, cells
from rollcall.text import clean, counted

JOB = "job"
_NOT_LOOKED = "no job and no service was looked at"


class Presentation:
    """The outputs of one run. They begin INCOMPLETE and end as the whole result, or stay INCOMPLETE."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._reports = Reports(config.rootpath / "reports")
        self._is_silent = bool(config.option.collectonly)
        self._session: Session | None = None
        self._expected = 0
        self._done: set[str] = set()
        self._interruption: str | None = _NOT_LOOKED
        self._html: Any = None
        self._cells: dict[str, tuple[str, ...]] = {}

    def refuse(self, now: datetime, problem: str) -> None:
        """Nothing will be looked at; yesterday's page must not stand for this morning."""
        self._put_incomplete(now, ZoneInfo("UTC"), demo=None, because=problem)

    def begin(self, session: Session) -> None:
        """INCOMPLETE stands where the result will be. Raises UsageError where nothing can be written."""
        self._session = session
        self._put_incomplete(session.judged_at, session.roll.zone, demo=session.demo, because=None)

    def _put_incomplete(self, now: datetime, zone: ZoneInfo, *, demo: str | None, because: str | None) -> None:
        if self._is_silent:
            return
        page = render_incomplete(started_at=now, zone=zone, demo=demo, because=because)
        try:
            self._reports.begin(self._config, page, incomplete_json(now, zone, demo=demo))
        except OSError as problem:
            raise pytest.UsageError(_unwritten(self._reports, problem)) from None

    @property
    def _morning(self) -> Morning | None:
        return self._session.morning if self._session else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._expected = len(session.items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # A worker that crashes never tears down the check it was in.
        if report.when == "teardown":
            self._done.add(report.nodeid)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None]:
        """Innermost of the wrappers: pytest-html writes inside it, the terminal speaks after it."""
        if self._is_silent:
            return (yield)
        self._interruption = self._why_incomplete(exitstatus)
        session.exitstatus = self._exit_status(exitstatus)
        try:
            yield
            self._finish()
        except OSError as problem:
            self._interruption = _unwritten(self._reports, problem)
            session.exitstatus = exitstatus or pytest.ExitCode.TESTS_FAILED

    def _why_incomplete(self, exitstatus: int) -> str | None:
        if exitstatus == pytest.ExitCode.INTERRUPTED:
            return "it was interrupted"
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return f"pytest ended with status {int(exitstatus)}"
        if self._morning is None:
            return _NOT_LOOKED
        if len(self._done) < self._expected:
            return f"only {len(self._done)} of {counted(self._expected, 'check')} came to their end"
        return None

    def _exit_status(self, exitstatus: int) -> int:
        """Never 0 without the whole evidence: a check that could not tell is skipped, and skips are green to pytest."""
        is_in_doubt = self._interruption or self._morning is None or self._morning.needs_a_person
        return pytest.ExitCode.TESTS_FAILED if exitstatus == pytest.ExitCode.OK and is_in_doubt else exitstatus

    def _finish(self) -> None:
        if self._morning is None:
            self._reports.discard()
        else:
            self._reports.finish(self._config, to_json(self._morning, is_complete=self._interruption is None))

    @pytest.hookimpl(optionalhook=True)
    def pytest_metadata(self, metadata: dict[str, Any]) -> None:
        # pytest-html would put the environment's variables into the page, unescaped.
        metadata.clear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        # Asked before anything is known; set once more when the board is drawn.
        self._html = report
        report.title = title(None, is_complete=False)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        if self._morning is None:
            return
        is_complete = self._interruption is None
        prefix.append(render_board(self._morning, is_complete=is_complete, interruption=self._interruption))
        if self._html is not None:
            self._html.title = title(self._morning, is_complete=is_complete)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        cells[-1:] = HEADERS

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Our columns instead of the links; node ids escaped, which pytest-html leaves to us."""
        if cells:
            job_id = dict(getattr(report, "user_properties", ())).get(JOB, "")
            cells[1] = f'<td class="col-testId">{escape(clean(report.nodeid))}</td>'
            cells[-1:] = self._cells_of(str(job_id))

    def _cells_of(self, job_id: str) -> tuple[str, ...]:
        if job_id not in self._cells:
            jobs = {each.job.id: each for each in self._morning.jobs} if self._morning else {}
            zone = self._morning.zone if self._morning else ZoneInfo("UTC")
            self._cells[job_id] = cells(jobs.get(job_id), zone)
        return self._cells[job_id]

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """The terminal's last words, after pytest's own count."""
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter and not self._is_silent:
            for line in self._last_words():
                reporter.write_line(line)

    def _last_words(self) -> list[str]:
        if self._morning is None:
            return [f"INCOMPLETE: {self._interruption}."]
        lines = render_summary(self._morning, is_complete=self._interruption is None)
        why = [f"incomplete: {self._interruption}"] if self._interruption else []
        return [*why, *lines, f"page: {self._reports.page}"]


def _unwritten(reports: Reports, problem: OSError) -> str:
    return f"{clean(str(reports.folder))} cannot be written: {problem.strerror or problem}"
