"""What do programs read of a morning: the JSON of it, as `document` promises it?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Literal, Self

from rollcall.causes.action import Action
from rollcall.causes.explain import Cause
from rollcall.evidence import FileSeen, NotSeen, RunSeen, Verified
from rollcall.files import write_whole
from rollcall.morning import Morning, document
from rollcall.morning.ending import Ending
from rollcall.morning.links import filled_link
from rollcall.morning.seen import OutputShown, outputs_of, runs_in_memory, runs_on_record
from rollcall.report.changes import documented
from rollcall.report.recent_runs import bad_since
from rollcall.sinks.base import Result, Sink, Start, Wish
from rollcall.verdict.findings import Finding
from rollcall.verdict.judged import JobJudged, SchedulerJudged
from rollcall.vocabulary import CauseCode

FILE = "morning.json"
_NOTHING_KNOWN: Mapping[str, datetime] = {}


class Json(Sink):
    """morning.json."""

    @classmethod
    def wanted(cls, wish: Wish) -> Self | None:
        return cls() if wish.by == "pytest" else None

    def begin(self, start: Start) -> None:
        write_whole(start.folder / FILE, incomplete_json(start))

    def finish(self, result: Result) -> Iterable[str]:
        if result.morning is None:
            self.abort(result.start, result.ending.interruption or "")
            return ()
        morning, chronicle = result.morning, result.chronicle
        since = {}
        if result.start.history:
            needing = morning.jobs_that_need_a_person()
            since = {each.job.id: bad_since(each, chronicle.of(each.job.id)) for each in needing}
        text = to_json(
            morning,
            result.ending,
            since={job_id: at for job_id, at in since.items() if at},
            changes=documented(morning, chronicle),
        )
        write_whole(result.start.folder / FILE, text)
        return ()

    def abort(self, start: Start, because: str) -> None:
        write_whole(start.folder / FILE, incomplete_json(start, because))


def to_json(
    morning: Morning,
    ending: Ending,
    *,
    since: Mapping[str, datetime] = _NOTHING_KNOWN,
    changes: document.Changes | None = None,
) -> str:
    """`morning.json`, version 2: times as ISO 8601 with the offset of the morning's zone.

    `since` is when the first of the bad runs of a job was due, by its id, where the history is known; `changes` is what
    that tells since the last whole morning.
    """
    is_complete = ending.is_complete and not morning.is_partial
    writing = _Writing(morning, since)
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
        schedulers=tuple(writing.scheduler(each) for each in morning.schedulers),
        jobs=(),
        changes=changes,
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
        schedulers=(),
        jobs=(),
        changes=None,
        undeclared=(),
    )
    return _written(head, ())


def _written(head: document.Document, jobs: Iterable[document.Job]) -> str:
    """JSON with a line a key, and a line a scheduler or job, so that it reads."""
    values = head.model_dump(mode="json").items()
    lines = {name: _list(map(_dumped, value)) if isinstance(value, list) else _dumped(value) for name, value in values}
    lines["jobs"] = _list(job.model_dump_json() for job in jobs)
    return "{\n" + ",\n".join(f'"{name}": {line}' for name, line in lines.items()) + "\n}\n"


def _list(entries: Iterable[str]) -> str:
    lines = ",\n ".join(entries)
    return f"[\n {lines}\n]" if lines else "[]"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _verdict(morning: Morning, *, is_complete: bool) -> Literal["ok", "attention", "incomplete"]:
    if morning.needs_a_person:
        return "attention"
    return "ok" if is_complete else "incomplete"


@dataclass(frozen=True, slots=True)
class _Writing:
    """What the parts of one morning have in common.

    `same_cause` are the jobs of each scheduler by the code of their cause, `waiting` those that could not do their work
    for want of a job, by the id of that.
    """

    morning: Morning
    since: Mapping[str, datetime]
    same_cause: dict[tuple[str, CauseCode], list[str]] = field(init=False, default_factory=dict)
    waiting: dict[str, list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for judged in self.morning.jobs:
            job, cause = judged.job, self.morning.job_causes[judged.job.id]
            if cause and job.scheduler:
                self.same_cause.setdefault((job.scheduler.id, cause.code), []).append(job.id)
            if cause and cause.code is CauseCode.UPSTREAM_FAILED:
                for other in dict.fromkeys(filter(None, (*job.needs, job.after))):
                    self.waiting.setdefault(other, []).append(job.id)

    def local(self, at: datetime) -> datetime:
        """The same instant with the offset of the morning's zone."""
        return at.astimezone(self.morning.zone)

    def action(self, action: Action) -> document.Action:
        return document.Action(
            deed=action.deed,
            subject=action.subject,
            at=self.local(action.at),
            proven=action.is_proven,
            dry=action.is_dry,
            proof=action.proof,
            due_at=self.local(action.due_at) if action.due_at else None,
        )

    def scheduler(self, judged: SchedulerJudged) -> document.Scheduler:
        scheduler, cause = judged.scheduler, self.morning.scheduler_causes[judged.scheduler.id]
        return document.Scheduler(
            id=scheduler.id,
            kind=scheduler.kind,
            verdict=judged.verdict,
            cause=_cause(cause, self.same_cause.get((scheduler.id, cause.code), ())) if cause else None,
            findings=_findings(judged.findings),
        )

    def job(self, judged: JobJudged) -> document.Job:
        job, run, local = judged.job, judged.due_run, self.local
        cause, since = self.morning.job_causes[job.id], self.since.get(job.id)
        due_at = run.due_at if run else None
        return document.Job(
            id=job.id,
            title=job.title,
            scheduler=job.scheduler.id if job.scheduler else None,
            name=job.name,
            owner=job.owner,
            severity=job.severity,
            tags=job.tags,
            runbook=filled_link(job.runbook, job, due_at),
            logs=filled_link(job.logs, job, due_at),
            due_at=local(run.due_at) if run else None,
            finish_by=local(run.finish_by) if run else None,
            next_due_at=local(judged.next_due_at) if judged.next_due_at else None,
            ran_at=local(judged.ran_at) if judged.ran_at else None,
            verdict=judged.verdict,
            since=local(since) if since else None,
            cause=_cause(cause, self.waiting.get(job.id, ()) if judged.needs_a_person else ()) if cause else None,
            findings=_findings(judged.findings),
            listed=self._listed(judged),
            runs=_runs(runs_on_record(judged)),
            memory_runs=_memory_runs(judged),
            outputs=tuple([self._output(each) for each in outputs_of(judged)]),
        )

    def _listed(self, judged: JobJudged) -> document.Listed | document.NotSeen | None:
        seen, listed = judged.seen.scheduler, judged.seen.listed
        match seen:
            case None:
                return None
            case NotSeen():
                return document.NotSeen(not_seen=seen.code, detail=seen.detail)
        return document.Listed(
            asked_at=self.local(seen.asked_at),
            running=seen.running,
            registered=None if seen.jobs is None else listed is not None,
            next_run=listed.next_run if listed else None,
            paused=listed.paused if listed else None,
            schedule=listed.schedule if listed else None,
        )

    def _output(self, shown: OutputShown) -> document.Output | document.OutputNotSeen:
        path, seen = shown.declared.shown, shown.seen
        if isinstance(seen, NotSeen):
            return document.OutputNotSeen(path=path, not_seen=seen.code, detail=seen.detail)
        files = shown.files[: document.MOST_FILES]
        newest = tuple([self._file(each) for each in files])
        verified = self._verified(shown.verified) if shown.verified else None
        return document.Output(path=path, matches=seen.matches if seen else None, newest=newest, verified=verified)

    def _verified(self, said: Verified) -> document.Verified:
        at = self.local(said.at)
        return document.Verified(file=said.file, at=at, outcome=said.outcome, how=said.how, says=said.says)

    def _file(self, seen: FileSeen) -> document.File:
        made_at, modified_at = self.local(seen.made_at), self.local(seen.modified_at)
        return document.File(
            name=seen.name,
            size=seen.size,
            rows=seen.content.rows if seen.content else None,
            made_at=made_at,
            modified_at=modified_at,
        )


def _cause(cause: Cause, explains: Iterable[str]) -> document.Cause:
    return document.Cause(code=cause.code, sentence=cause.sentence, next_step=cause.next_step, explains=tuple(explains))


def _findings(findings: Iterable[Finding]) -> tuple[document.Finding, ...]:
    return tuple(
        [
            document.Finding(
                check=each.check,
                verdict=each.verdict,
                warning=each.is_warning,
                code=each.code,
                expected=each.expected,
                found=each.found,
                because=each.because,
            )
            for each in findings
        ]
    )


def _memory_runs(judged: JobJudged) -> tuple[document.Run, ...] | document.NotSeen | None:
    match judged.seen.memory:
        case None:
            return None
        case NotSeen() as seen:
            return document.NotSeen(not_seen=seen.code, detail=seen.detail)
    return _runs(runs_in_memory(judged))


def _runs(runs: Iterable[RunSeen]) -> tuple[document.Run, ...]:
    return tuple(
        [
            document.Run(
                due=each.due,
                started=each.started,
                ended=each.ended,
                word=each.word,
                outcome=each.outcome,
                attempt=each.attempt,
                by_schedule=each.by_schedule,
                link=each.link,
                says=each.says,
            )
            for each in islice(runs, document.MOST_RUNS)
        ]
    )
