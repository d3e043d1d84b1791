"""What did each witness show of a job, word for word?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rollcall.evidence import FileSeen, JobListed, NotSeen, RunSeen, SchedulerSeen
from rollcall.morning.seen import OutputShown, outputs_of, runs_in_memory, runs_on_record
from rollcall.roll.output_rules import Kind
from rollcall.roll.scheduler import Scheduler
from rollcall.text import clean, clean_block, counted
from rollcall.times import show_instant
from rollcall.verdict.judged import JobJudged

# Of one job; morning.json has them all.
_MOST_RUNS = 3
_MOST_FILES = 10
_MOST_SHOWN = 1_000
_LONGEST_NAME = 120
_LONGEST_KEY = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one witness showed: whose it is (a `path`, and words), and its lines or why it could not be asked."""

    words: str
    path: str = ""
    lines: str = ""
    not_seen: NotSeen | None = None


def shown_of(judged: JobJudged, zone: ZoneInfo) -> Iterator[Shown]:
    """Word for word: what the scheduler and its memory have on record, what lay in the folder, what a file holds."""
    seen, declared = judged.seen, judged.job.scheduler
    match seen.scheduler:
        case SchedulerSeen() as scheduler:
            answer: dict[str, object] = {"running": scheduler.running}
            if scheduler.jobs is not None:
                answer["job"] = _listing(seen.listed)
            if scheduler.runs is not None:
                answer["runs"] = [_run(each, declared) for each in runs_on_record(judged)[:_MOST_RUNS]]
            yield Shown(words=f"The scheduler answered, {_asked(scheduler.asked_at, zone)}", lines=_json(answer))
        case NotSeen() as not_seen:
            yield Shown(words=f"The scheduler, {_asked(not_seen.looked_at, zone)}", not_seen=not_seen)
    match seen.memory:
        case SchedulerSeen() as memory:
            newest = next((_run(each, declared and declared.memory) for each in runs_in_memory(judged)), None)
            row = {"running": memory.running, "since": memory.since, "run": newest}
            yield Shown(words=f"{seen.its_memory.capitalize()}, {_asked(memory.asked_at, zone)}", lines=_json(row))
        case NotSeen() as not_seen:
            yield Shown(words=f"{seen.its_memory.capitalize()}, {_asked(not_seen.looked_at, zone)}", not_seen=not_seen)
    for output in outputs_of(judged):
        yield from _output(output, zone)


def _asked(at: datetime, zone: ZoneInfo) -> str:
    return f"asked {show_instant(at, zone, seconds=True)}"


def _listing(listed: JobListed | None) -> dict[str, object] | None:
    """The job as it is listed: what was said of it, and that its next run is none."""
    if listed is None:
        return None
    said = {name: getattr(listed, name) for name in ("id", "name", "next_run", "paused", "schedule", "zone")}
    is_none = {"next_run"} - set(listed.untold)
    return {name: value for name, value in said.items() if value not in (None, "") or name in is_none}


def _run(run: RunSeen, scheduler: Scheduler | None) -> dict[str, object]:
    """What is on record of a run, under the names that its scheduler has for it."""
    said: dict[str, object] = {"due": run.due, "started": run.started, "ended": run.ended, "status": run.word}
    said |= {"attempt": run.attempt, "by_schedule": run.by_schedule, "link": run.link}
    said |= {"says": run.says or None}
    words = {name: scheduler.word(name) if scheduler else name for name in said}
    return {clean(words[name], _LONGEST_KEY): value for name, value in said.items() if value is not None}


def _json(answer: Mapping[str, object]) -> str:
    return clean_block(json.dumps(answer, ensure_ascii=False, indent=2), 4 * _MOST_SHOWN)


def _output(output: OutputShown, zone: ZoneInfo) -> Iterator[Shown]:
    path, seen = output.declared.shown, output.seen
    if isinstance(seen, NotSeen):
        yield Shown(path=path, words=f", {_asked(seen.looked_at, zone)}", not_seen=seen)
        return
    kind = output.declared.kind
    matches = f": {counted(seen.matches, kind.one, kind.many)}"
    if kind is Kind.FILES:
        matches = f": {counted(seen.matches, 'file matches', 'files match')}"
    lines = "\n".join(_line(each, zone) for each in output.files[:_MOST_FILES])
    yield Shown(path=path, words=matches, lines=clean_block(lines, 4 * _MOST_SHOWN))
    # The file in question, or the newest where none is of this run.
    file = output.of_run or next(iter(output.files), None)
    if said := output.verified:
        words = f"What verify said of {clean(said.file, _LONGEST_NAME)}, {_asked(said.at, zone)}"
        yield Shown(words=words, lines=clean_block("\n".join(filter(None, (said.says, said.how))), 4 * _MOST_SHOWN))
    if file is None or file.content is None or not file.content.head:
        return
    name, head = clean(file.name, _LONGEST_NAME), file.content.head
    words = f"How {name} begins" if len(head) > _MOST_SHOWN else f"What {name} holds"
    yield Shown(words=words, lines=clean_block(head[:_MOST_SHOWN], 4 * _MOST_SHOWN))
    if file.content.tail or len(head) > _MOST_SHOWN:
        end = (file.content.tail or head)[-_MOST_SHOWN:]
        yield Shown(words="How it ends", lines=clean_block(end, 4 * _MOST_SHOWN))


def _line(file: FileSeen, zone: ZoneInfo) -> str:
    size = file.amount if file.is_regular else "no file"
    made = show_instant(file.made_at, zone, seconds=True)
    note = f"  could not be read: {clean(file.unreadable)}" if file.unreadable else ""
    return f"{made}  {size:>9}  {clean(file.name, _LONGEST_NAME)}{note}"
