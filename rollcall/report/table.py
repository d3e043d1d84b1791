"""What stands beside each check in pytest-html's own table?

pytest-html sorts a column by comparing the HTML inside its cells as text, so each cell begins with what sorts right:
instants in UTC, lateness as padded seconds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.report import markup
from rollcall.times import elapsed, show_span
from rollcall.verdict import JobJudged

COLUMNS = ("job", "due", "seen", "lateness")
HEADERS: tuple[str, ...] = tuple(
    f'<th class="sortable" data-column-type="{name}">{name.capitalize()}</th>' for name in COLUMNS
)

# A run may be some seconds early; a minus sign would sort after the digits.
_EARLIEST = timedelta(days=1)


def cells(judged: JobJudged | None, zone: ZoneInfo) -> tuple[str, ...]:
    """Job, due, seen and lateness of one check's job; all empty where it is not about a job."""
    return tuple(
        f'<td class="col-{name}">{cell}</td>' for name, cell in zip(COLUMNS, _contents(judged, zone), strict=True)
    )


def _contents(judged: JobJudged | None, zone: ZoneInfo) -> tuple[str, str, str, str]:
    if judged is None:
        return "", "", "", ""
    due_at = judged.due_run.due_at if judged.due_run else None
    return (
        markup.link(judged.job.id, judged.job.id),
        markup.instant(due_at, zone) if due_at else "",
        markup.instant(judged.ran_at, zone) if judged.ran_at else "",
        _lateness(due_at, judged.ran_at),
    )


def _lateness(due_at: datetime | None, ran_at: datetime | None) -> str:
    if due_at is None or ran_at is None:
        return ""
    late = elapsed(due_at, ran_at)
    key = max(late + _EARLIEST, timedelta(0)) // timedelta(milliseconds=1)
    return f'<span data-sort="{key:015}">{show_span(late)}</span>'
