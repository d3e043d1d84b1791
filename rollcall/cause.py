"""Which one thing explains the findings, and what is the next step?

The vocabulary is closed (`CauseCode`, nearer the root first): of all that a job's findings speak for, the code nearest
to the root is the cause. Its sentence carries the proof; its next step holds the command to type.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from rollcall.errors import CauseCode
from rollcall.findings import Finding
from rollcall.jobs import Job, Service
from rollcall.verdict import JobJudged, ServiceJudged

_ROOT_FIRST = tuple(CauseCode)
CHECK_AGAIN = "pytest checks/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The one explanation: its code, the sentence with the proof, what a person does now."""

    code: CauseCode
    sentence: str
    next_step: str


def explain_service(judged: ServiceJudged) -> Cause | None:
    """What is wrong with a service; None where nothing needs a person."""
    root = _root([each for each in judged.findings if each.needs_a_person])
    if root is None or root.code is None:
        return None
    return Cause(code=root.code, sentence=_sentence(root.because), next_step=_service_step(root.code, judged.service))


def explain_job(judged: JobJudged, services: Mapping[str, ServiceJudged]) -> Cause | None:
    """What explains everything that is wrong with a job; None where nothing does (a warning is explained too)."""
    broken = [each for each in judged.findings if each.needs_a_person or each.code is CauseCode.RAN_LATE]
    root = _root(broken)
    if root is None or root.code is None:
        return None
    own = _root([each for each in broken if not each.blocked_by])
    service = judged.job.service
    if service and root.blocked_by and (at_root := _service_root(root, services[service.id])):
        proof = "; ".join(part for part in (at_root.because, own.because if own else "") if part)
        return Cause(code=root.code, sentence=_sentence(proof), next_step=_service_step(root.code, service))
    return Cause(code=root.code, sentence=_sentence((own or root).because), next_step=_job_step(root.code, judged))


def _root(findings: list[Finding]) -> Finding | None:
    """The finding nearest to the root; a finding of its own before one that was only blocked."""
    ranked = [(_ROOT_FIRST.index(each.code), bool(each.blocked_by), each) for each in findings if each.code]
    return min(ranked, key=lambda rank: rank[:2])[2] if ranked else None


def _service_root(blocked: Finding, service: ServiceJudged) -> Finding | None:
    return next((each for each in service.findings if each.check is blocked.blocked_by), None)


def _sentence(because: str) -> str:
    text = because[:1].upper() + because[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _service_step(code: CauseCode, service: Service) -> str:
    status = shlex.quote(service.shown_url + service.status)
    steps = {
        CauseCode.BACKEND_DOWN: "See whether the backend is up (`ps aux | grep uvicorn`), start it, then "
        f"`{CHECK_AGAIN}`",
        CauseCode.ACCESS_DENIED: f"Correct the headers of [services.{service.id}] in jobs.toml, then `{CHECK_AGAIN}`",
        CauseCode.WRONG_SERVICE: f"See what answers there, `curl -i {status}`, and correct url and status of "
        f"[services.{service.id}] in jobs.toml",
        CauseCode.BACKEND_ERROR: f"Read the backend's log; its answer is `curl -i {status}`",
        CauseCode.SCHEDULER_STOPPED: f"Start it: {_post(service, service.start)}, then `{CHECK_AGAIN}`",
        CauseCode.SCHEDULER_STALLED: f"Restart the backend, whose scheduler's loop is dead, then `{CHECK_AGAIN}`",
        CauseCode.CLOCK_SKEW: "See which clock is wrong: `timedatectl status` here and on the service's machine",
    }
    return steps[code]


def _post(service: Service, path: str | None) -> str:
    if path is None:
        return f"in the backend of {service.id}"
    return f"`curl -X POST {shlex.quote(service.shown_url + path)}`"


def _rerun(job: Job) -> str:
    if job.service and job.service.trigger:
        return f"run it now: {_post(job.service, job.service.trigger.replace('{job}', job.id))}, then `{CHECK_AGAIN}`"
    return f"run {job.id} by hand, then `{CHECK_AGAIN}`"


def _job_step(code: CauseCode, judged: JobJudged) -> str:
    job = judged.job
    rerun = _rerun(job)
    table = f"[jobs.{job.id}] in jobs.toml"
    zone = job.zone.key
    service = job.service.id if job.service else ""
    steps = {
        CauseCode.NOT_REGISTERED: f"Register {job.id} in the scheduler, or take {table} out if it is gone for good",
        CauseCode.JOB_PAUSED: f"Resume {job.id} in the scheduler, then `{CHECK_AGAIN}`",
        CauseCode.WRONG_TIMEZONE: f'Give the scheduler its zone, `BackgroundScheduler(timezone="{zone}")`, and restart '
        f"it; or correct timezone of {table}",
        CauseCode.SCHEDULE_DRIFT: f"Make both say the same: the schedule of {table}, or the trigger in the scheduler",
        CauseCode.NAIVE_TIMESTAMP: f'Say how it is read: `naive_times = "UTC"` in [services.{service}] of jobs.toml',
        CauseCode.FUTURE_TIMESTAMP: f"See in which zone it writes its times; naive_times of [services.{service}] in "
        "jobs.toml says how they are read",
        CauseCode.RUN_FAILED: f"Read the log of that run, mend it, and {rerun}",
        CauseCode.NEVER_RAN: f"See in the scheduler's log why, and {rerun}",
        CauseCode.MISSED_RUN: rerun[:1].upper() + rerun[1:],
        CauseCode.OUTPUT_UNREADABLE: f"See what is there: `ls -ld {_folder(job)}`, `{_list(job)}`",
        CauseCode.SUCCESS_WITHOUT_OUTPUT: f"See where it writes to: `{_list(job)}`, and the log of that run",
        CauseCode.STALE_OUTPUT: f"See what is there: `{_list(job)}`; {rerun}",
        CauseCode.EMPTY_OUTPUT: f"Read the log of that run, and {rerun}",
        CauseCode.TRUNCATED_OUTPUT: f"Look at its end: `tail {_file(judged)}`; {rerun}",
        CauseCode.DEGRADED_OUTPUT: f"Look at it: `head {_file(judged)}`; once what it draws on answers again, {rerun}",
        CauseCode.UNRECORDED_RUN: f"Find out what wrote it: `{_list(job)}`, and the scheduler's log at that time",
        CauseCode.RAN_LATE: "Its work is done. Read the scheduler's log of the due time, or allow it with "
        f'`late = "warn"` in {table}',
        CauseCode.BACKEND_ERROR: "Read the backend's log: it answers with a record that cannot be read",
        CauseCode.CLOCK_SKEW: "See which clock is wrong: `timedatectl status` here and on the service's machine",
    }
    return steps.get(code, rerun[:1].upper() + rerun[1:])


def _folder(job: Job) -> str:
    return shlex.quote(str(job.output.folder)) if job.output else "."


def _list(job: Job) -> str:
    return f"ls -lt {_folder(job)} | head"


def _file(judged: JobJudged) -> str:
    if judged.job.output is None or judged.file is None:
        return _folder(judged.job)
    return shlex.quote(str(judged.job.output.folder / judged.file.name))
