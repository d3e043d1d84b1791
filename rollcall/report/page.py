"""How does a morning become HTML: the board on top of pytest-html's page, the columns of its table, and INCOMPLETE?

The templates are given records without markup. Whatever a template writes is escaped, and before that made to stand on
one line without anything that steers or hides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack
from zoneinfo import ZoneInfo

from rollcall.causes.action import told as told_action
from rollcall.causes.commands import CHECK_AGAIN, parts_of
from rollcall.history.rows import NOTHING, Chronicle
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.rehearse.kept import LastRehearsal
from rollcall.report.cause_groups import group_by_cause, warnings_of
from rollcall.report.causes import cause_rows
from rollcall.report.changes import changes, missing_mornings, tell_missing
from rollcall.report.first_screen import chips_of, hosts_of, next_lost, tell_changes
from rollcall.report.headline import headline, kind, show_replay, title, tone
from rollcall.report.jobs import MOST_TILES, folds_of, job_views, kinds_of
from rollcall.report.night import lanes_of
from rollcall.report.owners import FOLDER, OwnerPage, known_of_owner
from rollcall.report.recent_runs import newest_first
from rollcall.report.set_aside import maintenance_of, silences_of
from rollcall.report.undeclared import listing_lines
from rollcall.roll.job import Job, Pause
from rollcall.text import clean, counted
from rollcall.times import elapsed, show_date, show_instant, show_span, to_iso
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import Verdict

if TYPE_CHECKING:
    from jinja2 import Environment

GENERATOR = "Roll call"  # who wrote a page, as it says itself
_FOLDER = Path(__file__).parent
_LONGEST = 4_000  # nothing that a person has to type is cut
# There are not many more codes, and each broken scheduler is one; beyond these what to do stands beside the job.
_MOST_CAUSES = 80
# A run may be some seconds early; a minus sign would sort after the digits.
_EARLIEST = timedelta(days=1)


class Beside(TypedDict, total=False):
    """What stands on the page beside the morning.

    `chronicle` is what was remembered before it. `notes` are shown one a line. `owners` are the pages that it links to,
    and `more_owners` how many have none. `rehearsed` is what the last rehearsal of all jobs came to.
    """

    chronicle: Chronicle
    notes: Sequence[str]
    owners: Sequence[OwnerPage]
    more_owners: int
    rehearsed: LastRehearsal | None


def render_board(morning: Morning, ending: Ending, **beside: Unpack[Beside]) -> str:
    """The page's upper part, a fragment that holds its own style; its script only adds to what can be read without."""
    return _render("board.html", has_checks=True, **_board(morning, ending, **beside))


def _board(
    morning: Morning,
    ending: Ending,
    *,
    chronicle: Chronicle = NOTHING,
    notes: Sequence[str] = (),
    owners: Sequence[OwnerPage] = (),
    more_owners: int = 0,
    rehearsed: LastRehearsal | None = None,
    owner: str | None = None,
) -> dict[str, object]:
    """What its template is given; `owner` is whose page it is, None for the one of all."""
    groups = newest_first(group_by_cause(morning), chronicle)
    causes = cause_rows(groups[:_MOST_CAUSES], morning, chronicle)
    views = list(
        job_views(morning, chronicle, {judged.job.id: each.number for each in causes for judged in each.group.everyone})
    )
    is_table = len(views) > MOST_TILES
    verdicts = Counter(each.verdict for each in morning.jobs)
    clock = show_instant(morning.judged_at, morning.zone).split(maxsplit=3)[3]
    last, is_of_now = chronicle.last_morning, not morning.demo and not morning.replay_of
    found = changes(morning, chronicle) if last and not morning.replay_of else None
    broken, well = chips_of(morning)
    bad = sorted((each for each in views if each.judged.needs_a_person), key=lambda each: each.card or _MOST_CAUSES)
    return {
        "morning": morning,
        "headline": headline(morning, ending),
        "verdict": tone(morning, ending),
        "judged": f"{show_date(morning.judged_at, morning.zone)}, {clock}",
        "judged_at": to_iso(morning.judged_at),
        "notes": _notes(morning, chronicle, notes),
        "broken": broken,
        "well": well,
        "hosts": hosts_of(morning),
        "listed": list(listing_lines(morning)),
        "lost": None if morning.replay_of else next_lost(morning),
        "causes": causes,
        "more_causes": len(groups) - len(causes),
        "warnings": warnings_of(morning),
        "again": morning.typed_again,
        "failures": ending.other_failures,
        "counts": [(each, verdicts[each]) for each in Verdict if verdicts[each]],
        "kinds": kinds_of(views),
        "views": views,
        "bad": bad if is_table else (),
        "folds": folds_of(each for each in views if not each.judged.needs_a_person) if is_table else (),
        "is_table": is_table,
        "night": lanes_of(morning, chronicle),
        "is_of_now": is_of_now,
        "changes": found,
        "changed": tell_changes(found, morning, chronicle) if found else (),
        "last_morning": show_instant(last.judged_at, morning.zone) if last else None,
        "maintenance": maintenance_of(morning),
        "silences": silences_of(morning, chronicle.silences),
        "owners": owners,
        "more_owners": more_owners,
        "owners_folder": FOLDER,
        "owner": owner,
        "rehearsed": rehearsed.said(morning.zone) if rehearsed else None,
        "paused": [_paused(each.job, each.job.paused, morning) for each in morning.jobs if each.job.paused],
    }


def render_owner(page: OwnerPage, *, chronicle: Chronicle, notes: Sequence[str] = ()) -> str:
    """The whole page of one owner: what of the morning is theirs, and the way back to the page of all."""
    views = _board(
        page.morning, Ending(), chronicle=known_of_owner(chronicle, page.morning), notes=notes, owner=page.owner
    )
    return _render("alone.html", title=f"{kind(page.morning)}{page.owner}: {page.headline}", has_checks=False, **views)


def render_alone(morning: Morning, ending: Ending, **beside: Unpack[Beside]) -> str:
    """The whole page where no pytest ran that would write the rest of it: no single check is below."""
    views = _board(morning, ending, **beside)
    return _render("alone.html", title=title(morning, ending), has_checks=False, **views)


def as_document(html: str, morning: Morning, ending: Ending) -> str:
    """pytest-html's page, which says neither its language nor how wide it is drawn, with both, and a tab's icon."""
    charset = '<meta charset="utf-8"/>'
    head = _render("head.html", verdict=tone(morning, ending))
    return html.replace("<html>", '<html lang="en">', 1).replace(charset, f"{charset}\n{head}", 1)


def render_incomplete(
    *,
    started_at: datetime,
    zone: ZoneInfo | None,
    demo: str | None = None,
    because: str | None = None,
    replay_of: datetime | None = None,
    again: str = CHECK_AGAIN,
) -> str:
    """The page that stands there until the result does, and for ever where the run was killed.

    `zone` is None where jobs.toml could not be read; `because` is why there will be no result, `again` the command that
    judges it again.
    """
    zone = zone or ZoneInfo("UTC")
    return _render(
        "incomplete.html",
        began=show_instant(started_at, zone),
        demo=demo,
        replay_of=replay_of,
        zone=zone,
        because=because,
        again=_to_the_letter(again),
    )


def headers() -> tuple[str, ...]:
    """The cells above ours in pytest-html's table."""
    return tuple(_render("headers.html").splitlines())


def cells(judged: JobJudged | None, zone: ZoneInfo) -> tuple[str, ...]:
    """Job, due, seen and lateness of one check's job; all empty where it is not about a job.

    pytest-html sorts a column by comparing the HTML inside its cells as text, so each cell begins with what sorts
    right: instants in UTC, lateness as padded milliseconds.
    """
    due_at = judged.due_run.due_at if judged and judged.due_run else None
    ran_at = judged.ran_at if judged else None
    late = elapsed(due_at, ran_at) if due_at and ran_at else None
    row = _render(
        "cells.html",
        job=judged.job if judged else None,
        due_at=due_at,
        ran_at=ran_at,
        zone=zone,
        late="" if late is None else show_span(late),
        late_key="" if late is None else f"{max(late + _EARLIEST, timedelta(0)) // timedelta(milliseconds=1):015}",
    )
    return tuple(row.splitlines())


def _render(template: str, **views: object) -> str:
    return _environment().get_template(template).render(views)


@cache
def _environment() -> Environment:
    # Whoever draws no page does not wait for it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_on_one_line,
    )
    environment.filters |= {
        "counted": counted,
        "done": told_action,
        "replay": show_replay,
        "steps": _steps,
        "shown": lambda at, zone: show_instant(at, zone, seconds=bool(at.second)),
        "utc": lambda at: f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    environment.globals |= {
        "generator": GENERATOR,
        "style": (_FOLDER / "assets" / "page.css").read_text(encoding="utf-8"),
        "script": (_FOLDER / "assets" / "page.js").read_text(encoding="utf-8"),
    }
    return environment


def _on_one_line(value: object) -> object:
    """A text, free of what steers or hides. What is escaped already (a macro's, or `|e` for its own lines) stays."""
    return clean(value, _LONGEST) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _steps(next_step: str) -> Iterator[tuple[str, bool]]:
    """A next step in parts, so that each command stands alone: its text, and whether it is a command."""
    for part, is_command in parts_of(next_step):
        yield (_to_the_letter(part) if is_command else part), is_command


def _to_the_letter(command: str) -> str:
    """It as it is where all of it can be shown: two spaces in the name of a folder are not one."""
    return command if command.isprintable() else clean(command, _LONGEST)


# What the board says --------------------------------------------------------------------------------------------------


def _notes(morning: Morning, chronicle: Chronicle, notes: Sequence[str]) -> list[str]:
    """Each thing that is to be known beside the verdict, once."""
    missing = ""
    if not morning.demo and not morning.replay_of:
        days = missing_mornings(chronicle.mornings, morning.judged_at, morning.zone)
        missing = tell_missing(days, morning.judged_at, morning.zone)
    return list(dict.fromkeys(each for each in (*notes, chronicle.problem, missing) if each))


def _paused(job: Job, pause: Pause, morning: Morning) -> tuple[Job, Verdict, str, str]:
    """A job that owes nothing, until when and why; with another verdict where the pause has ended."""
    days = (pause.until - morning.judged_at.astimezone(job.zone).date()).days
    day = show_date(datetime.combine(pause.until, time(12), job.zone), job.zone)
    if days > 0:
        return job, Verdict.PAUSED, f"until {day} (in {counted(days, 'day')})", pause.reason
    ago = f"{counted(-days, 'day')} ago" if days else "today"
    return job, Verdict.FAILED, f"its pause ended {ago}, {day}; take it out of jobs.toml", pause.reason
