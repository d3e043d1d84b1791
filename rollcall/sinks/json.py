"""What do programs read of a morning: the JSON of it, as `document` promises it?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Self

from rollcall.files import write_whole
from rollcall.history.rows import Silence
from rollcall.morning import Morning, document
from rollcall.morning.ending import Ending
from rollcall.rehearse.kept import LastRehearsal
from rollcall.report.cause_groups import group_by_cause
from rollcall.report.changes import documented
from rollcall.report.recent_runs import bad_since, began_at
from rollcall.sinks.base import Result, Sink, Start, Wish
from rollcall.sinks.json_parts import Writing

FILE = "morning.json"
_NOTHING_KNOWN: Mapping[str, datetime] = {}


class Json(Sink):
    """morning.json."""

    @classmethod
    def wanted(cls, wish: Wish) -> Self | None:
        return cls() if wish.writes_reports else None

    def begin(self, start: Start) -> None:
        write_whole(start.folder / FILE, incomplete_json(start))

    def finish(self, result: Result) -> Iterable[str]:
        if result.morning is None:
            self.abort(result.start, result.ending.interruption or "")
            return ()
        morning, chronicle = result.morning, result.chronicle
        since, schedulers_since = {}, {}
        if result.start.history:
            needing = morning.jobs_that_need_a_person()
            since = {each.job.id: bad_since(each, chronicle.of(each.job.id)) for each in needing}
            schedulers_since = {
                each.scheduler.scheduler.id: began_at(each, chronicle)
                for each in group_by_cause(morning)
                if each.scheduler
            }
        pieces = pieces_of(
            morning,
            result.ending,
            since={job_id: at for job_id, at in since.items() if at},
            schedulers_since={scheduler_id: at for scheduler_id, at in schedulers_since.items() if at},
            changes=documented(morning, chronicle),
            silences=chronicle.silences,
            rehearsed=result.rehearsed,
        )
        write_whole(result.start.folder / FILE, pieces)
        return ()

    def abort(self, start: Start, because: str) -> None:
        write_whole(start.folder / FILE, incomplete_json(start, because))


def to_json(morning: Morning, ending: Ending, **known: Any) -> str:
    """`morning.json` as one text; of what `pieces_of` takes."""
    return "".join(pieces_of(morning, ending, **known))


def pieces_of(
    morning: Morning,
    ending: Ending,
    *,
    since: Mapping[str, datetime] = _NOTHING_KNOWN,
    schedulers_since: Mapping[str, datetime] = _NOTHING_KNOWN,
    changes: document.Changes | None = None,
    silences: Sequence[Silence] = (),
    rehearsed: LastRehearsal | None = None,
) -> Iterator[str]:
    """`morning.json`, version 2: times as ISO 8601 with the offset of the morning's zone.

    `since` is when the first of the bad runs of a job was due, by its id, where the history is known, and
    `schedulers_since` when the trouble of a scheduler spoiled its first; `changes` is what the history shows since the
    last whole morning, `silences` are those that are valid, and `rehearsed` is what the last rehearsal came to. It
    comes in pieces, a job at a time: of ten thousand jobs the whole text is 40 MB.
    """
    is_complete = ending.is_complete and not morning.is_partial
    writing = Writing(morning, since, schedulers_since)
    head = document.Document(
        version=2,
        judged_at=writing.local(morning.judged_at),
        complete=is_complete,
        verdict="attention" if ending.other_failures else _verdict(morning, is_complete=is_complete),
        incomplete_because=ending.interruption,
        other_failures=ending.other_failures,
        demo=morning.demo,
        replay_of=writing.local(morning.replay_of) if morning.replay_of else None,
        jobs_declared=morning.declared,
        actions=tuple(writing.action(each) for each in morning.actions),
        things=tuple(writing.thing(each) for each in group_by_cause(morning)),
        next_lost=writing.next_lost(),
        silences=tuple(map(writing.silence, silences)),
        not_owed=tuple(writing.not_owed(each) for each in morning.not_owed),
        hosts=tuple(
            document.Host(id=name, looked_at=writing.local(each.looked_at) if each.looked_at else None, why=each.why)
            for name, each in morning.hosts.items()
        ),
        schedulers=tuple(writing.scheduler(each) for each in morning.schedulers),
        jobs=(),
        changes=changes,
        rehearsed=writing.rehearsed(rehearsed) if rehearsed else None,
        undeclared=tuple(
            document.Undeclared(scheduler=each.scheduler.id, jobs=each.undeclared)
            for each in morning.schedulers
            if each.undeclared
        ),
    )
    # One after the other: ten thousand of them at once would fill the memory.
    return _written(head, map(writing.job, morning.jobs))


def incomplete_json(start: Start, because: str | None = None) -> str:
    """What stands in `morning.json` until the result is whole: nothing in it says that a job did its work.

    `because` is why there will be no result.
    """
    head = document.Document(
        version=2,
        judged_at=start.judged_at.astimezone(start.zone),
        complete=False,
        verdict="incomplete",
        incomplete_because=because,
        other_failures=(),
        demo=start.demo,
        replay_of=start.replay_of.astimezone(start.zone) if start.replay_of else None,
        jobs_declared=None,
        actions=(),
        things=(),
        next_lost=None,
        silences=(),
        not_owed=(),
        hosts=(),
        schedulers=(),
        jobs=(),
        changes=None,
        rehearsed=None,
        undeclared=(),
    )
    return "".join(_written(head, ()))


def _written(head: document.Document, jobs: Iterable[document.Job]) -> Iterator[str]:
    """JSON with a line a key, and a line a scheduler or job, so that it reads."""
    before = "{\n"
    for name, value in head.model_dump(mode="json").items():
        yield f'{before}"{name}": '
        before = ",\n"
        if name == "jobs":
            yield from _list(job.model_dump_json() for job in jobs)
        elif isinstance(value, list):
            yield from _list(map(_dumped, value))
        else:
            yield _dumped(value)
    yield "\n}\n"


def _list(entries: Iterable[str]) -> Iterator[str]:
    before = "[\n "
    for entry in entries:
        yield before + entry
        before = ",\n "
    yield "[]" if before[0] == "[" else "\n]"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _verdict(morning: Morning, *, is_complete: bool) -> Literal["ok", "attention", "incomplete"]:
    if morning.needs_a_person:
        return "attention"
    return "ok" if is_complete else "incomplete"
