"""How is each part of a morning written into morning.json?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from rollcall.causes.action import Action
from rollcall.causes.explain import Cause
from rollcall.evidence import FileSeen, NotSeen, RunSeen, Verified
from rollcall.history.rows import Silence
from rollcall.morning import Morning, document
from rollcall.morning.links import filled_link
from rollcall.morning.not_owed import NotOwed
from rollcall.morning.seen import OutputShown, outputs_of, runs_in_memory, runs_on_record
from rollcall.rehearse.kept import LastRehearsal
from rollcall.report.cause_groups import CauseGroup
from rollcall.report.first_screen import next_lost
from rollcall.report.silenced import covered
from rollcall.verdict.findings import Finding
from rollcall.verdict.judged import JobJudged, SchedulerJudged
from rollcall.vocabulary import CauseCode


@dataclass(frozen=True, slots=True)
class Writing:
    """What the parts of one morning have in common.

    `same_cause` are the jobs of each scheduler by the code of their cause, `waiting` those that could not do their work
    without that of a job, by the id of that.
    """

    morning: Morning
    since: Mapping[str, datetime]
    schedulers_since: Mapping[str, datetime]
    same_cause: dict[tuple[str, CauseCode], list[str]] = field(init=False, default_factory=dict)
    waiting: dict[str, list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for judged in self.morning.jobs:
            job, cause = judged.job, self.morning.job_causes[judged.job.id]
            if cause and job.scheduler:
                self.same_cause.setdefault((job.scheduler.id, cause.code), []).append(job.id)
            for other in dict.fromkeys(each.upstream for each in judged.findings if each.upstream):
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

    def rehearsed(self, last: LastRehearsal) -> document.Rehearsed:
        return document.Rehearsed(
            at=self.local(last.made_at),
            found=last.found,
            planted=last.planted,
            not_rehearsed=last.not_rehearsed,
            outdated=last.is_outdated,
        )

    def next_lost(self) -> document.NextLost | None:
        """None of a replay too: that run was due long ago."""
        lost = None if self.morning.replay_of else next_lost(self.morning)
        return document.NextLost(job=lost.judged.job.id, due_at=self.local(lost.due_at)) if lost else None

    def silence(self, each: Silence) -> document.Silence:
        return document.Silence(
            subject=each.subject.value,
            name=each.name,
            until=self.local(each.until),
            reason=each.reason,
            by=each.by,
            made_at=self.local(each.made_at),
            jobs=tuple(job.id for job in covered(each, (judged.job for judged in self.morning.jobs))),
        )

    def not_owed(self, each: NotOwed) -> document.NotOwed:
        return document.NotOwed(
            reason=each.reason,
            begins_at=self.local(each.begins_at),
            ends_at=self.local(each.ends_at),
            jobs=tuple(job.id for job in each.jobs),
        )

    def thing(self, group: CauseGroup) -> document.Thing:
        known = [self.since[each.job.id] for each in group.jobs if each.job.id in self.since]
        since = self.schedulers_since.get(group.subject) if group.scheduler else min(known, default=None)
        return document.Thing(
            code=group.cause.code,
            verdict=group.verdict,
            scheduler=group.scheduler.scheduler.id if group.scheduler else None,
            jobs=_ids(group.everyone),
            since=self.local(since) if since else None,
            sentence=group.cause.sentence,
            steps=tuple(document.Step(text=text, jobs=_ids(jobs)) for text, jobs in group.steps),
        )

    def scheduler(self, judged: SchedulerJudged) -> document.Scheduler:
        scheduler, cause = judged.scheduler, self.morning.scheduler_causes[judged.scheduler.id]
        return document.Scheduler(
            id=scheduler.id,
            kind=scheduler.kind,
            verdict=judged.verdict,
            since=self.local(self.schedulers_since[scheduler.id]) if scheduler.id in self.schedulers_since else None,
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
            paused=document.Paused(until=job.paused.until, reason=job.paused.reason) if job.paused else None,
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


def _ids(jobs: Iterable[JobJudged]) -> tuple[str, ...]:
    return tuple(each.job.id for each in jobs)


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
