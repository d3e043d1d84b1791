"""What does a run show: pytest-html's page with the board on top, morning.json, the terminal's last words?

Registered as a plugin of its own in the process that reports (never in a worker), because pytest-html's hooks do not
say which run they belong to.
"""

from __future__ import annotations

import shlex
from collections.abc import Generator
from contextlib import suppress
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rollcall.morning import Morning, incomplete_json, to_json
from rollcall.plugin.outcome import is_told
from rollcall.plugin.reports import Reports
from rollcall.plugin.session import Session
from rollcall.report.board import render_board, title
from rollcall.report.incomplete import render_incomplete
from rollcall.report.summary import render_summary
from rollcall.report.table import HEADERS, cells
from rollcall.text import clean, counted

JOB = "job"
# pytest-html builds its table in the browser: 10,000 rows take more than ten seconds to open.
MOST_ROWS = 2_000
_NOT_LOOKED = "no job and no service was looked at"
_NO_PAGE = "Roll call's page is written by pytest-html, which is not loaded. Install it, and leave out -p no:html."


class Presentation:
    """The outputs of one run. They begin INCOMPLETE and end as the whole result, or stay INCOMPLETE.

    Raises UsageError where nothing can be written.
    """

    def __init__(self, config: pytest.Config, began_at: datetime) -> None:
        if not config.pluginmanager.hasplugin("html"):
            raise pytest.UsageError(_NO_PAGE)
        self._reports = Reports(config)
        self._began_at = began_at
        self._session: Session | None = None
        self._expected = 0
        self._done: set[str] = set()
        self._unloaded: set[str] = set()
        self._other_failures: dict[str, None] = {}
        self._interruption: str | None = _NOT_LOOKED
        self._html: Any = None
        self._cells: dict[str, tuple[str, ...]] = {}
        self._begin()

    def _begin(self) -> None:
        try:
            self._reports.begin(*self._incomplete(None), now=self._began_at)
        except OSError as problem:
            raise pytest.UsageError(_unwritten(self._reports, problem)) from None

    def refuse(self, problem: str) -> None:
        """Nothing will be looked at, and the page says why."""
        self._leave_incomplete(problem)

    def present(self, session: Session) -> None:
        """What is shown from now on is about that session."""
        self._session = session
        self._leave_incomplete(None)

    def _incomplete(self, because: str | None) -> tuple[str, str]:
        session = self._session
        zone, demo = (session.roll.zone, session.demo) if session else (ZoneInfo("UTC"), None)
        at = session.judged_at if session else self._began_at
        known: dict[str, Any] = {"demo": demo, "because": because, "replay_of": session.replay_of if session else None}
        return render_incomplete(started_at=at, zone=zone, **known), incomplete_json(at, zone, **known)

    def _leave_incomplete(self, because: str | None) -> None:
        # An INCOMPLETE page stands there already; where it cannot be replaced it is still true.
        with suppress(OSError):
            self._reports.put(*self._incomplete(because))

    @property
    def _morning(self) -> Morning | None:
        return self._session.morning if self._session else None

    @property
    def _outcome(self) -> dict[str, Any]:
        """What happened to the run, rather than to the jobs: page, JSON and terminal all tell it."""
        is_complete = self._interruption is None
        return {
            "is_complete": is_complete,
            "interruption": self._interruption,
            "other_failures": tuple(self._other_failures),
        }

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._unloaded.add(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._expected = len(session.items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # A worker that crashes never tears down the check it was in.
        if report.when == "teardown":
            self._done.add(report.nodeid)
        if report.failed and not is_told(report):
            self._other_failures[clean(report.nodeid)] = None

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None]:
        """Innermost of the wrappers: pytest-html writes inside it, the terminal speaks after it."""
        self._interruption = self._why_incomplete(exitstatus)
        session.exitstatus = self._exit_status(exitstatus)
        try:
            yield
            self._finish()
        except OSError as problem:
            self._interruption = _unwritten(self._reports, problem)
            session.exitstatus = exitstatus or pytest.ExitCode.TESTS_FAILED
            self._leave_incomplete(self._interruption)
        finally:
            self._reports.discard()

    def _why_incomplete(self, exitstatus: int) -> str | None:
        if self._unloaded:
            return f"{counted(len(self._unloaded), 'file')} of checks could not be loaded"
        if exitstatus == pytest.ExitCode.INTERRUPTED:
            return "it was interrupted"
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            return "no check was selected"
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return f"pytest ended with status {int(exitstatus)}"
        if self._morning is None:
            return _NOT_LOOKED
        if len(self._done) < self._expected:
            return f"only {len(self._done)} of {counted(self._expected, 'check')} came to their end"
        return self._session.unrecorded if self._session else None

    def _exit_status(self, exitstatus: int) -> int:
        """Never 0 without the whole evidence: a check that could not tell is skipped, and skips are green to pytest."""
        is_in_doubt = self._interruption or self._morning is None or self._morning.needs_a_person
        return pytest.ExitCode.TESTS_FAILED if exitstatus == pytest.ExitCode.OK and is_in_doubt else exitstatus

    def _finish(self) -> None:
        if self._morning is None:
            self._reports.put(*self._incomplete(self._interruption))
        else:
            self._reports.finish(to_json(self._morning, **self._outcome))

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
        prefix.append(render_board(self._morning, **self._outcome))
        if self._expected > MOST_ROWS:
            counts = f"Of {self._expected:,} checks, the table below holds only those that need a person"
            prefix.append(f'<p class="rc-note">{counts}; a browser would be slow with all of them.</p>')
        if self._html is not None:
            is_complete, others = self._interruption is None, tuple(self._other_failures)
            self._html.title = title(self._morning, is_complete=is_complete, other_failures=others)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        cells[-1:] = HEADERS

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
        if self._expected <= MOST_ROWS:
            return False
        self._html.outcomes = "Passed"
        return True

    def _cells_of(self, job_id: str) -> tuple[str, ...]:
        if job_id not in self._cells:
            morning = self._morning
            judged = morning.job(job_id) if morning else None
            self._cells[job_id] = cells(judged, morning.zone if morning else ZoneInfo("UTC"))
        return self._cells[job_id]

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """The terminal's last words, after pytest's own count."""
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            for line in self._last_words():
                reporter.write_line(line)

    def _last_words(self) -> list[str]:
        if self._morning is None:
            return [f"INCOMPLETE: {self._interruption}."]
        return [*render_summary(self._morning, **self._outcome), *self._kept(), f"page: {self._reports.page}"]

    def _kept(self) -> list[str]:
        session = self._session
        if session is None or session.record is None or session.unrecorded:
            return []
        folder = clean(str(session.record), 4000)
        return [f"recorded: {folder} (judge it again: pytest checks/ --replay {shlex.quote(folder)})"]


def _unwritten(reports: Reports, problem: OSError) -> str:
    what = clean(str(problem.filename2 or problem.filename or reports.folder))
    return f"{what} cannot be written: {problem.strerror or problem}"
