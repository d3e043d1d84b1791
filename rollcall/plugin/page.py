"""What does pytest-html's page show: the board on top, and our columns in its table?

Registered as a plugin of its own in the process that reports (never in a worker), because pytest-html's hooks do not
say which run they belong to.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rollcall.plugin.ending import JOB, Ending
from rollcall.plugin.session import Session
from rollcall.report.headline import title
from rollcall.report.page import cells as cells_of
from rollcall.report.page import headers, render_board
from rollcall.text import clean

# pytest-html builds its table in the browser: 10,000 rows take more than ten seconds to open.
MOST_ROWS = 2_000


class Page:
    """pytest-html's hooks. `notes` tells what else is to be said of the run, once it is over."""

    def __init__(self, session: Session, ending: Ending, notes: Callable[[], tuple[str, ...]]) -> None:
        self._session = session
        self._ending = ending
        self._notes = notes
        self._html: Any = None
        self._cells: dict[str, tuple[str, ...]] = {}

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
        morning, ending = self._session.morning, self._ending
        if morning is None:
            return
        notes, about = self._notes(), ending.about
        prefix.append(render_board(morning, chronicle=self._session.chronicle, notes=notes, about=about, **ending.told))
        if ending.expected > MOST_ROWS:
            counts = f"Of {ending.expected:,} checks, the table below holds only those that need a person"
            prefix.append(f'<p class="rc-note">{counts}; a browser would be slow with all of them.</p>')
        if self._html is not None:
            others = ending.other_failures
            self._html.title = title(morning, is_complete=ending.is_complete, other_failures=others)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        cells[-1:] = headers()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Our columns instead of the links; node ids escaped, which pytest-html leaves to us."""
        if report.passed and self._is_left_out(report):
            cells.clear()
        if cells:
            job_id = dict(getattr(report, "user_properties", ())).get(JOB, "")
            cells[1] = f'<td class="col-testId">{escape(clean(report.nodeid))}</td>'
            cells[-1:] = self._cells_of(str(job_id))

    def _is_left_out(self, report: pytest.TestReport) -> bool:
        """True for what passed and gets no row: setup and teardown, and checks where there are too many to read."""
        if report.when != "call":
            # pytest-html draws no row for it either, but only finds that out once it has made one.
            return not report.sections
        if self._ending.expected <= MOST_ROWS:
            return False
        self._html.outcomes = "Passed"
        return True

    def _cells_of(self, job_id: str) -> tuple[str, ...]:
        if job_id not in self._cells:
            morning = self._session.morning
            judged = morning.job(job_id) if morning else None
            self._cells[job_id] = cells_of(judged, morning.zone if morning else ZoneInfo("UTC"))
        return self._cells[job_id]
