"""What did the witnesses show, word for word?

Folded below each cause: what the scheduler said of the job, what lay in the folder, and how the output begins and
ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from rollcall.evidence import DatabaseSeen, FileSeen, NotSeen, OutputSeen, Registration, SchedulerSeen
from rollcall.report import markup
from rollcall.report.told import Told
from rollcall.text import clean, clean_block, counted, show_size
from rollcall.times import show_instant
from rollcall.verdict import JobJudged

_MOST_JOBS = 3
_MOST_FILES = 10
_MOST_SHOWN = 1_000
_LONGEST_NAME = 120


def render_proofs(told: Told, zone: ZoneInfo) -> str:
    """The evidence of the first jobs that the cause explains; nothing where it explains none."""
    if not told.jobs:
        return ""
    shown = told.jobs[:_MOST_JOBS]
    jobs = "".join(_job(each, zone, names_it=len(shown) > 1) for each in shown)
    left = len(told.jobs) - len(shown)
    more = f"<p>… and {counted(left, 'more job')}; morning.json holds all.</p>" if left else ""
    return f'<details class="rc-evidence"><summary>Evidence</summary>{jobs}{more}</details>'


def _job(judged: JobJudged, zone: ZoneInfo, *, names_it: bool) -> str:
    name = f"<p><b>{markup.text(judged.job.title)}</b></p>" if names_it else ""
    return name + "".join(f"<h4>{head}</h4>{body}" for head, body in _witnesses(judged, zone))


def _witnesses(judged: JobJudged, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    seen = judged.seen
    match seen.scheduler:
        case SchedulerSeen() as scheduler:
            answer = {"running": scheduler.running, "job": _registration(seen.registration)}
            yield f"The scheduler answered, {_asked(scheduler.asked_at, zone)}", _json(answer)
        case NotSeen() as not_seen:
            yield f"The scheduler, {_asked(not_seen.looked_at, zone)}", _not_seen(not_seen)
    match seen.database:
        case DatabaseSeen() as database:
            execution = _registration(database.execution(judged.job.id))
            row = {"active": database.active, "since": database.active_since, "job": execution}
            yield f"Its database, {_asked(database.asked_at, zone)}", _json(row)
        case NotSeen() as not_seen:
            yield f"Its database, {_asked(not_seen.looked_at, zone)}", _not_seen(not_seen)
    match seen.output:
        case OutputSeen() as output:
            yield from _output(judged, output, zone)
        case NotSeen() as not_seen:
            yield f"{_path(judged)}, {_asked(not_seen.looked_at, zone)}", _not_seen(not_seen)


def _asked(at: datetime, zone: ZoneInfo) -> str:
    return f"asked {markup.text(show_instant(at, zone, seconds=True))}"


def _registration(listed: Registration | None) -> dict[str, str | None] | None:
    if listed is None:
        return None
    words = {
        "id": listed.id,
        "name": listed.name,
        "next_run": listed.next_run,
        "last_execution": listed.last_execution,
        "last_status": listed.last_status,
    }
    return {name: clean(word) if word is not None else None for name, word in words.items()}


def _json(answer: Mapping[str, object]) -> str:
    return _block(json.dumps(answer, ensure_ascii=False, indent=2))


def _not_seen(seen: NotSeen) -> str:
    return f"<p>could not be asked: {markup.text(seen.detail)} ({seen.code})</p>"


def _path(judged: JobJudged) -> str:
    return f"<code>{markup.text(str(judged.job.output.path))}</code>" if judged.job.output else "The output"


def _output(judged: JobJudged, output: OutputSeen, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    files = judged.seen.files[:_MOST_FILES]
    matches = counted(output.matches, "file matches", "files match")
    listing = _block("\n".join(_line(each, zone) for each in files)) if files else ""
    yield f"{_path(judged)}: {matches}", listing
    # The file in question, or the newest where none is of this run.
    file = judged.file or next(iter(judged.seen.files), None)
    if file and file.content and file.content.head:
        yield from _content(file, file.content.head, file.content.tail)


def _content(file: FileSeen, head: str, tail: str) -> Iterator[tuple[str, str]]:
    name = markup.text(clean(file.name, _LONGEST_NAME))
    end = tail or (head[-_MOST_SHOWN:] if len(head) > 2 * _MOST_SHOWN else "")
    yield f"How {name} begins" if len(head) > _MOST_SHOWN else f"What {name} holds", _block(head[:_MOST_SHOWN])
    if end or len(head) > _MOST_SHOWN:
        yield "How it ends", _block((end or head)[-_MOST_SHOWN:])


def _line(file: FileSeen, zone: ZoneInfo) -> str:
    size = show_size(file.size) if file.is_regular else "no file"
    made = show_instant(file.made_at, zone, seconds=True)
    note = f"  could not be read: {clean(file.unreadable)}" if file.unreadable else ""
    return f"{made}  {size:>9}  {clean(file.name, _LONGEST_NAME)}{note}"


def _block(text: str) -> str:
    return f"<pre>{escape(clean_block(text, 4 * _MOST_SHOWN), quote=True)}</pre>"
