"""Did whoever looked for a job on its host look late enough to judge it now?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from rollcall.evidence import Evidence
from rollcall.roll.job import Job
from rollcall.verdict import show
from rollcall.verdict.due import runs_back_from
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.judged import JobJudged
from rollcall.verdict.promises import promises_of
from rollcall.vocabulary import CauseCode, Verdict

# What a look tells that came before the run was over.
_OF_THE_RUN = frozenset(
    {
        Check.EXECUTED_AFTER_DUE_TIME,
        Check.STATUS_IS_SUCCESS,
        Check.STARTED_ON_TIME,
        Check.RUNTIME_IS_AS_ALLOWED,
        Check.RAN_ON_TIME,
        Check.OUTPUT_EXISTS,
        Check.OUTPUT_IS_WHOLE,
        Check.OUTPUT_AGREES_WITH_RECORD,
    }
)


def unless_behind(judged: JobJudged, evidence: Evidence, now: datetime) -> JobJudged:
    """The job as it was judged; where the look came before the run that is to be judged now was over, as unknown.

    What is proven to be wrong stays so. Of a job that is due more often than its host looks, the newest run that was
    over then is new enough.
    """
    because = _behind(judged, evidence, now)
    if not because:
        return judged
    kept = [each for each in judged.findings if each.check not in _OF_THE_RUN]
    return replace(judged, case=None, is_pending=False, findings=(*kept, *_unknown(judged, because)))


def _behind(judged: JobJudged, evidence: Evidence, now: datetime) -> str:
    job, looked_at = judged.job, evidence.as_of.get(judged.job.id)
    if looked_at is None or looked_at >= now or judged.needs_a_person or judged.verdict is Verdict.PAUSED:
        return ""
    owed = next((run for run in runs_back_from(job, now) if run.finish_by <= now), None)
    run = judged.due_run
    if owed is None or (run and run.due_at >= owed.due_at):
        return ""
    host, good_for = _who_looked(job, looked_at, evidence)
    if run and now - run.finish_by <= good_for:
        return ""
    looked, owed_at = show.when(looked_at, job), show.when(owed.due_at, job)
    return f"host {host} looked last on {looked}, before the run of {owed_at} was over"


def _who_looked(job: Job, looked_at: datetime, evidence: Evidence) -> tuple[str, timedelta]:
    """Which of its hosts looked then, and for how long that look is good: no time where that host is not believed."""
    hosts = [each for each in (job.host, job.scheduler and job.scheduler.host) if each]
    for host in hosts:
        seen = evidence.hosts.get(host)
        if seen and seen.looked_at == looked_at and seen.good_until:
            return host, seen.good_until - looked_at
    return hosts[0] if hosts else "", timedelta(0)


def _unknown(judged: JobJudged, because: str) -> Iterator[Finding]:
    root = None
    for check in promises_of(judged.job):
        if check in _OF_THE_RUN:
            promise = Promise(check, "a look after the run that is judged")
            if root is None:
                root = promise.broken(Verdict.UNKNOWN, CauseCode.HOST_SILENT, "not looked at since", because)
                yield root
            else:
                yield promise.blocked(root)
