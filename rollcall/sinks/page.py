"""What does a person see: pytest-html's page, with the board on top and our columns in its table.

While a run goes on an INCOMPLETE page stands where the report will be; the whole one is written beside it and replaces
it in one step, so that no reader and no crash ever meets half a page, or yesterday's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pluggy import HookimplMarker

from rollcall.files import part_for_pytest, place_of, sweep, write_whole
from rollcall.morning import Morning
from rollcall.report.headline import title
from rollcall.report.owners import owner_pages
from rollcall.report.page import Beside, as_document, headers, render_alone, render_board, render_incomplete
from rollcall.report.page import cells as cells_of
from rollcall.sinks.base import CannotBegin, Result, Sink, Start, Wish
from rollcall.text import clean

if TYPE_CHECKING:
    import pytest

FILE = "morning.html"
# pytest-html builds its table in the browser: 10,000 rows take more than ten seconds to open.
MOST_ROWS = 2_000
hookimpl = HookimplMarker("pytest")  # pytest's own, without importing pytest where none is run
_NO_PAGE = "Roll call's page is written by pytest-html, which is not loaded. Install it, and leave out -p no:html."


class Page(Sink):
    """reports/morning.html."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._part = part_for_pytest(self._file)
        self._written = self._part
        self._config: pytest.Config | None = None

    @classmethod
    def wanted(cls, wish: Wish) -> Self | None:
        return cls(wish.folder) if wish.writes_reports else None

    def attach(self, config: pytest.Config, latest: Callable[[], Result]) -> None:
        if not config.pluginmanager.hasplugin("html"):
            raise CannotBegin(_NO_PAGE)
        self._config = config
        # A path of the reader's own is written as well.
        if own := config.option.htmlpath:
            wanted = Path(os.path.expandvars(own)).expanduser().absolute()
            place_of(wanted)  # what is no file cannot be read again
            self._written = self._part if wanted == self._file else wanted
        config.option.htmlpath, config.option.self_contained_html = str(self._written), True
        self._file.parent.mkdir(parents=True, exist_ok=True)
        config.pluginmanager.register(_Hooks(latest), "rollcall-page")

    def page(self, start: Start) -> Path | None:
        return self._file

    def begin(self, start: Start) -> None:
        sweep(self._file, before=start.judged_at)
        self._write_incomplete(start, None)

    def finish(self, result: Result) -> Iterable[str]:
        try:
            if result.morning is None:
                self.abort(result.start, result.ending.interruption or "")
            else:
                page = self._whole(result, result.morning)
                for each in {self._file, self._written} - {self._part}:
                    write_whole(each, page)
        finally:
            self._forget_part()
        return ()

    def _whole(self, result: Result, morning: Morning) -> str:
        """pytest-html's page with ours in it; where no pytest ran, ours alone."""
        if self._config is None:
            return render_alone(morning, result.ending, **_beside(result, morning))
        return as_document(self._written.read_text(encoding="utf-8"), morning, result.ending)

    def abort(self, start: Start, because: str) -> None:
        self._forget_part()
        try:
            self._write_incomplete(start, because)
        except OSError:
            # What cannot be made to say so is taken away.
            self._file.unlink(missing_ok=True)
            raise

    def _write_incomplete(self, start: Start, because: str | None) -> None:
        """Yesterday's page must not stay either where the reader wants one of their own."""
        own = [] if self._written == self._part else [self._written]
        for each in (self._file, *own):
            each.parent.mkdir(parents=True, exist_ok=True)
            write_whole(each, _incomplete(start, because))

    def _forget_part(self) -> None:
        with suppress(OSError):
            self._part.unlink(missing_ok=True)
        if self._config and self._written == self._part:
            from pytest_html.basereport import BaseReport

            # pytest-html's last words would name a file that is not there.
            for plugin in self._config.pluginmanager.get_plugins():
                if isinstance(plugin, BaseReport):
                    self._config.pluginmanager.unregister(plugin)


def _incomplete(start: Start, because: str | None) -> str:
    return render_incomplete(
        started_at=start.judged_at,
        zone=start.zone,
        again=start.again,
        demo=start.demo,
        because=because,
        replay_of=start.replay_of,
    )


def _beside(result: Result, morning: Morning) -> Beside:
    roll = result.start.roll
    owners = owner_pages(roll, morning, result.ending) if roll else ()
    return Beside(
        chronicle=result.chronicle,
        notes=result.notes,
        rehearsed=result.rehearsed,
        owners=owners,
        more_owners=len(roll.owners) - len(owners) if roll and owners else 0,
    )


class _Hooks:
    """pytest-html's hooks, in the process that reports: they do not say which run they belong to."""

    def __init__(self, latest: Callable[[], Result]) -> None:
        self._latest = latest
        self._html: Any = None
        self._cells: dict[str, tuple[str, ...]] = {}

    @hookimpl(optionalhook=True)
    def pytest_metadata(self, metadata: dict[str, Any]) -> None:
        # pytest-html would put the environment's variables into the page, unescaped.
        metadata.clear()

    @hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        # Asked before anything is known; set once more when the board is drawn.
        self._html = report
        report.title = title(None, self._latest().ending)

    @hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        result = self._latest()
        morning, ending = result.morning, result.ending
        if morning is None:
            return
        prefix.append(render_board(morning, ending, **_beside(result, morning)))
        if result.checks > MOST_ROWS:
            counts = f"Of {result.checks:,} checks, the table below holds only those that failed"
            prefix.append(f'<p class="rc-note">{counts}; a browser would be slow with all of them.</p>')
        if self._html is not None:
            self._html.title = title(morning, ending)

    @hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        cells[-1:] = headers()

    @hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Our columns instead of the links; node ids escaped, which pytest-html leaves to us."""
        if not report.failed and self._is_left_out(report):
            cells.clear()
        if cells:
            if report.skipped:
                # pytest's word for it; no check of ours is left out, but some cannot tell.
                cells[0] = '<td class="col-result">Cannot tell</td>'
            job_id = dict(getattr(report, "user_properties", ())).get("job", "")
            cells[1] = f'<td class="col-testId">{escape(clean(report.nodeid))}</td>'
            cells[-1:] = self._cells_of(str(job_id))

    def _is_left_out(self, report: pytest.TestReport) -> bool:
        """True for what did not fail and gets no row: setup and teardown, and checks where there are too many."""
        if report.when != "call" and report.passed:
            # pytest-html draws no row for it either, but only finds that out once it has made one.
            return not report.sections
        if self._latest().checks <= MOST_ROWS:
            return False
        self._html.outcomes = "Skipped" if report.skipped else "Passed"
        return True

    def _cells_of(self, job_id: str) -> tuple[str, ...]:
        if job_id not in self._cells:
            result = self._latest()
            judged = result.morning.job(job_id) if result.morning else None
            self._cells[job_id] = cells_of(judged, result.start.zone)
        return self._cells[job_id]
