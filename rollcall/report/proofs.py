"""What did the witnesses show, word for word?

Folded below each cause: what the scheduler and its memory said of the job and have on record of it, what lay in the
folder, and how the output begins and ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from rollcall.evidence import FileSeen, JobListed, NotSeen, RunSeen, SchedulerSeen
from rollcall.morning.seen import OutputShown, outputs_of, runs_in_memory, runs_on_record
from rollcall.report import markup
from rollcall.report.told import Told
from rollcall.roll.scheduler import Scheduler
from rollcall.text import clean, clean_block, counted, show_size
from rollcall.times import show_instant
from rollcall.verdict import JobJudged

_MOST_JOBS = 3
_MOST_RUNS = 3
_MOST_FILES = 10
_MOST_SHOWN = 1_000
_LONGEST_NAME = 120
_LONGEST_KEY = 40


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
    seen, declared = judged.seen, judged.job.scheduler
    match seen.scheduler:
        case SchedulerSeen() as scheduler:
            answer: dict[str, object] = {"running": scheduler.running}
            if scheduler.jobs is not None:
                answer["job"] = _listing(seen.listed)
            if scheduler.runs is not None:
                answer["runs"] = [_run(each, declared) for each in runs_on_record(judged)[:_MOST_RUNS]]
            yield f"The scheduler answered, {_asked(scheduler.asked_at, zone)}", _json(answer)
        case NotSeen() as not_seen:
            yield f"The scheduler, {_asked(not_seen.looked_at, zone)}", _not_seen(not_seen)
    match seen.memory:
        case SchedulerSeen() as memory:
            newest = next((_run(each, declared and declared.memory) for each in runs_in_memory(judged)), None)
            row = {"running": memory.running, "since": memory.since, "run": newest}
            yield f"Its memory, {_asked(memory.asked_at, zone)}", _json(row)
        case NotSeen() as not_seen:
            yield f"Its memory, {_asked(not_seen.looked_at, zone)}", _not_seen(not_seen)
    for output in outputs_of(judged):
        yield from _output(output, zone)


def _asked(at: datetime, zone: ZoneInfo) -> str:
    return f"asked {markup.text(show_instant(at, zone, seconds=True))}"


def _listing(listed: JobListed | None) -> dict[str, object] | None:
    """The job as it is listed: what was said of it, and that its next run is none."""
    if listed is None:
        return None
    said = {
        "id": listed.id,
        "name": listed.name or None,
        "next_run": listed.next_run,
        "paused": listed.paused,
        "schedule": listed.schedule,
        "zone": listed.zone,
    }
    is_none = {"next_run"} - set(listed.untold)
    return {name: value for name, value in said.items() if value is not None or name in is_none}


def _run(run: RunSeen, scheduler: Scheduler | None) -> dict[str, object]:
    """What is on record of a run, under the names that its scheduler has for it."""
    said = {
        "due": run.due,
        "started": run.started,
        "ended": run.ended,
        "status": run.word,
        "attempt": run.attempt,
        "by_schedule": run.by_schedule,
        "link": run.link,
    }
    words = {name: scheduler.word(name) if scheduler else name for name in said}
    return {clean(words[name], _LONGEST_KEY): value for name, value in said.items() if value is not None}


def _json(answer: Mapping[str, object]) -> str:
    return _block(json.dumps(answer, ensure_ascii=False, indent=2))


def _not_seen(seen: NotSeen) -> str:
    return f"<p>could not be asked: {markup.text(seen.detail)} ({seen.code})</p>"


def _output(output: OutputShown, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    path, seen = f"<code>{markup.text(output.declared.shown)}</code>", output.seen
    if isinstance(seen, NotSeen):
        yield f"{path}, {_asked(seen.looked_at, zone)}", _not_seen(seen)
        return
    files = output.files[:_MOST_FILES]
    matches = f": {counted(seen.matches, 'file matches', 'files match')}" if seen else ""
    yield path + matches, _block("\n".join(_line(each, zone) for each in files)) if files else ""
    # The file in question, or the newest where none is of this run.
    file = output.of_run or next(iter(output.files), None)
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
