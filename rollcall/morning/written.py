"""What do programs read of a morning: the JSON of it, as `morning.schema.json` describes it?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rollcall.action import Action
from rollcall.cause import Cause
from rollcall.evidence import DatabaseSeen, FileSeen, NotSeen, OutputSeen, SchedulerSeen
from rollcall.findings import Finding
from rollcall.jobs import Job
from rollcall.morning import Morning
from rollcall.times import to_iso
from rollcall.verdict import JobJudged, SchedulerJudged

VERSION = 1
_NOTHING_KNOWN: Mapping[str, datetime] = {}


def to_json(
    morning: Morning,
    *,
    is_complete: bool,
    interruption: str | None = None,
    other_failures: Sequence[str] = (),
    since: Mapping[str, datetime] = _NOTHING_KNOWN,
) -> str:
    """`morning.json`, version 1: times as ISO 8601 with the offset of the morning's zone.

    `is_complete` is False where the run did not come to its end, so that its checks are not all told; `interruption`
    is why. `other_failures` names checks that failed though no finding says why (a reader's own). `since` is when the
    first of the bad runs of a job was due, by its id, where the history is known.
    """
    is_complete = is_complete and not morning.is_partial
    whole = {
        "version": VERSION,
        "judged_at": to_iso(morning.judged_at, morning.zone),
        "complete": is_complete,
        "verdict": "attention" if other_failures else _verdict(morning, is_complete=is_complete),
        "incomplete_because": interruption,
        "other_failures": list(other_failures),
        "demo": morning.demo,
        "replay_of": to_iso(morning.replay_of, morning.zone) if morning.replay_of else None,
        "jobs_declared": morning.declared,
        "actions": [_action(each, morning.zone) for each in morning.actions],
        "schedulers": [_scheduler_judged(each, morning) for each in morning.schedulers],
        "jobs": [_job(each, morning, since.get(each.job.id)) for each in morning.jobs],
    }
    return _written(whole)


def incomplete_json(
    started_at: datetime,
    zone: ZoneInfo,
    *,
    demo: str | None,
    because: str | None = None,
    replay_of: datetime | None = None,
) -> str:
    """What stands in `morning.json` until the result is whole: nothing in it says that a job did its work.

    `because` is why there will be no result.
    """
    whole = {
        "version": VERSION,
        "judged_at": to_iso(started_at, zone),
        "complete": False,
        "verdict": "incomplete",
        "incomplete_because": because,
        "other_failures": [],
        "demo": demo,
        "replay_of": to_iso(replay_of, zone) if replay_of else None,
        "jobs_declared": None,
        "actions": [],
        "schedulers": [],
        "jobs": [],
    }
    return _written(whole)


def _written(whole: dict[str, Any]) -> str:
    """JSON with a line a key, and a line a job: it reads, and a thousand jobs are written by the fast encoder."""
    return "{\n" + ",\n".join(f"{_dumped(key)}: {_value(value)}" for key, value in whole.items()) + "\n}\n"


def _value(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return _dumped(value)
    return "[\n" + ",\n".join(f" {_dumped(each)}" for each in value) + "\n]"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _verdict(morning: Morning, *, is_complete: bool) -> str:
    if morning.needs_a_person:
        return "attention"
    return "ok" if is_complete else "incomplete"


def _action(action: Action, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "deed": action.deed,
        "subject": action.subject,
        "at": to_iso(action.at, zone),
        "proven": action.is_proven,
        "dry": action.is_dry,
        "proof": action.proof,
        "due_at": to_iso(action.due_at, zone) if action.due_at else None,
    }


def _scheduler_judged(judged: SchedulerJudged, morning: Morning) -> dict[str, Any]:
    return {
        "id": judged.scheduler.id,
        "verdict": judged.verdict,
        "cause": _cause(morning.scheduler_causes[judged.scheduler.id]),
        "findings": [_finding(each) for each in judged.findings],
    }


def _job(judged: JobJudged, morning: Morning, since: datetime | None) -> dict[str, Any]:
    run = judged.due_run
    return {
        "id": judged.job.id,
        "title": judged.job.title,
        "due_at": to_iso(run.due_at, morning.zone) if run else None,
        "finish_by": to_iso(run.finish_by, morning.zone) if run else None,
        "next_due_at": to_iso(judged.next_due_at, morning.zone) if judged.next_due_at else None,
        "ran_at": to_iso(judged.ran_at, morning.zone) if judged.ran_at else None,
        "verdict": judged.verdict,
        "since": to_iso(since, morning.zone) if since else None,
        "cause": _cause(morning.job_causes[judged.job.id]),
        "findings": [_finding(each) for each in judged.findings],
        "evidence": _evidence(judged, morning.zone),
    }


def _cause(cause: Cause | None) -> dict[str, str] | None:
    if cause is None:
        return None
    return {"code": cause.code, "sentence": cause.sentence, "next_step": cause.next_step}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "verdict": finding.verdict,
        "expected": finding.expected,
        "found": finding.found,
        "because": finding.because,
    }


def _evidence(judged: JobJudged, zone: ZoneInfo) -> dict[str, Any]:
    """What was seen of one job, in the words of its witnesses."""
    seen = judged.seen
    return {
        "scheduler": _scheduler(seen.scheduler, judged.job, zone),
        "database": _database(seen.database, judged.job, zone),
        "output": _output(seen.output, zone),
    }


def _scheduler(seen: SchedulerSeen | NotSeen | None, job: Job, zone: ZoneInfo) -> dict[str, Any] | None:
    match seen:
        case None:
            return None
        case NotSeen():
            return _not_seen(seen)
    registration = seen.registration(job.id)
    return {
        "asked_at": to_iso(seen.asked_at, zone),
        "running": seen.running,
        "registered": registration is not None,
        "next_run": registration.next_run if registration else None,
        "last_execution": registration.last_execution if registration else None,
        "last_status": registration.last_status if registration else None,
    }


def _database(seen: DatabaseSeen | NotSeen | None, job: Job, zone: ZoneInfo) -> dict[str, Any] | None:
    match seen:
        case None:
            return None
        case NotSeen():
            return _not_seen(seen)
    execution = seen.execution(job.id)
    return {
        "asked_at": to_iso(seen.asked_at, zone),
        "active": seen.active,
        "active_since": seen.active_since,
        "last_execution": execution.last_execution if execution else None,
        "last_status": execution.last_status if execution else None,
    }


def _output(seen: OutputSeen | NotSeen | None, zone: ZoneInfo) -> dict[str, Any] | None:
    match seen:
        case None:
            return None
        case NotSeen():
            return _not_seen(seen)
    return {"matches": seen.matches, "newest": [_file(each, zone) for each in seen.files[:5]]}


def _not_seen(seen: NotSeen) -> dict[str, str]:
    return {"not_seen": seen.code, "detail": seen.detail}


def _file(seen: FileSeen, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "name": seen.name,
        "size": seen.size,
        "made_at": to_iso(seen.made_at, zone),
        "modified_at": to_iso(seen.modified_at, zone),
    }
