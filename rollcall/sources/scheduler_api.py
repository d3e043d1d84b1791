"""What does a scheduler say of itself and its jobs over HTTP?

Reads AIME's status answer (DESIGN: `{"running", "job_count", "jobs": [{"id", "name", "next_run", …}]}`). Whatever
else answers there, slowly, endlessly or not at all, becomes a `CannotLook` with its cause, within the timeout of the
scheduler and a bounded memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from rollcall.errors import CannotLook, CauseCode
from rollcall.evidence import Registration, SchedulerSeen
from rollcall.jobs import Scheduler
from rollcall.sources.over_http import Answer, address, get
from rollcall.text import clean, clean_of_secrets, counted
from rollcall.times import read_timestamp

MOST_JOBS = 10_000
# What frameworks call the text of an error that they answer with a 200.
_ERROR_KEYS = ("error", "errors", "detail")


def look(scheduler: Scheduler, *, clock: Callable[[], datetime]) -> SchedulerSeen:
    """The scheduler's answer. Raises `CannotLook` (scheduler-down, access-denied, wrong-service, scheduler-error)."""
    asked_at = clock()
    try:
        answer = get(scheduler, scheduler.status)
        answered_at = clock()
        _refuse_status(answer, scheduler)
        says = _read(answer, scheduler)
    except CannotLook as problem:
        # Whatever a scheduler says it may have been told: its words are proof, its echo of a secret is not.
        raise CannotLook(problem.code, _without_secrets(problem.detail, scheduler, 400)) from None
    return SchedulerSeen(
        asked_at=asked_at,
        answered_at=answered_at,
        server_at=_server_at(answer.headers.get("date")),
        running=says["running"],
        registrations=tuple(_registration(each, scheduler) for each in says["jobs"]),
    )


def _without_secrets(text: str, scheduler: Scheduler, limit: int = 200) -> str:
    return clean_of_secrets(text, dict(scheduler.secrets), limit)


def _refuse_status(answer: Answer, scheduler: Scheduler) -> None:
    status = answer.status
    asked = address(scheduler, scheduler.status)
    says = f"{asked} answers {status} {_without_secrets(answer.reason, scheduler, 40)}".rstrip()
    if status in (401, 403, 407):
        raise CannotLook(CauseCode.ACCESS_DENIED, says)
    if status in (404, 405, 410) or 300 <= status < 400:
        raise CannotLook(CauseCode.WRONG_SERVICE, says + _redirection(answer, scheduler))
    if status != 200:
        raise CannotLook(CauseCode.SCHEDULER_ERROR, says)
    encoding = answer.headers.get("content-encoding", "identity").lower()
    if encoding not in ("", "identity"):
        detail = f"{says}, but in the encoding {_without_secrets(encoding, scheduler, 40)}, which was not asked for"
        raise CannotLook(CauseCode.SCHEDULER_ERROR, detail)


def _redirection(answer: Answer, scheduler: Scheduler) -> str:
    # Where it points to may carry a token in its query.
    target = answer.headers.get("location", "").partition("?")[0]
    return f" and points to {_without_secrets(target, scheduler, 80)}" if target else ""


def _read(answer: Answer, scheduler: Scheduler) -> dict[str, Any]:
    kind = (
        _without_secrets(answer.headers.get("content-type", "").partition(";")[0], scheduler, 40) or "no content type"
    )
    try:
        says = json.loads(answer.body)
    except (ValueError, RecursionError):
        if answer.body.lstrip()[:1] in (b"{", b"["):
            detail = f"200, but its JSON breaks off or is damaged ({counted(len(answer.body), 'byte')})"
            raise CannotLook(CauseCode.SCHEDULER_ERROR, detail) from None
        detail = f"200, but answers {kind} where a scheduler's status belongs: {_beginning(answer.body, scheduler)}"
        raise CannotLook(CauseCode.WRONG_SERVICE, detail) from None
    _refuse_shape(says, scheduler)
    return dict(says)


def _beginning(body: bytes, scheduler: Scheduler) -> str:
    text = body[:8_000].decode(errors="replace")
    return f'"{_without_secrets(text, scheduler, 60)}"' if body.strip() else "nothing"


def _refuse_shape(says: object, scheduler: Scheduler) -> None:
    """Something else's JSON is a wrong service; a scheduler's with a hole in it is a broken one."""
    if not isinstance(says, dict) or not {"running", "jobs"} <= says.keys():
        raise _another_shape(says, scheduler)
    if not isinstance(says["running"], bool):
        raise _hole("running", says["running"], "true or false", scheduler)
    if not isinstance(says["jobs"], list):
        raise _hole("jobs", says["jobs"], "a list", scheduler)
    if len(says["jobs"]) > MOST_JOBS:
        detail = f"200, but with {counted(len(says['jobs']), 'job')}, more than the {MOST_JOBS:,} that are read"
        raise CannotLook(CauseCode.SCHEDULER_ERROR, detail)
    for index, job in enumerate(says["jobs"]):
        _refuse_job_shape(f"jobs[{index}]", job, scheduler)


def _another_shape(says: object, scheduler: Scheduler) -> CannotLook:
    said = next((says[key] for key in _ERROR_KEYS if says.get(key)), None) if isinstance(says, dict) else None
    if said is not None:
        return CannotLook(CauseCode.SCHEDULER_ERROR, f"200, but with an error: {_said(said, scheduler)}")
    return CannotLook(CauseCode.WRONG_SERVICE, "200, but its JSON has no running and jobs: no scheduler's status")


def _refuse_job_shape(place: str, job: object, scheduler: Scheduler) -> None:
    if not isinstance(job, dict):
        raise _hole(place, job, "an object", scheduler)
    if not isinstance(job.get("id"), str) or not job["id"]:
        raise _hole(f"{place}.id", job.get("id"), "a text", scheduler)
    for key in ("name", "next_run", "last_execution", "last_status"):
        if not isinstance(job.get(key), str | None):
            raise _hole(f"{place}.{key}", job[key], "a text or null", scheduler)


def _hole(place: str, value: object, belongs: str, scheduler: Scheduler) -> CannotLook:
    return CannotLook(
        CauseCode.SCHEDULER_ERROR, f"200, but {place} is {_said(value, scheduler)} where {belongs} belongs"
    )


def _said(value: object, scheduler: Scheduler) -> str:
    """A value of the answer, as JSON; of what holds others only that."""
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return f'"{_without_secrets(value, scheduler, 60)}"'
        case _:
            return clean(json.dumps(value), 40)


def _registration(job: Mapping[str, Any], scheduler: Scheduler) -> Registration:
    def text(key: str) -> str | None:
        value = job.get(key)
        return None if value is None else _without_secrets(value, scheduler)

    return Registration(
        id=_without_secrets(_id(job["id"]), scheduler),
        name=text("name") or "",
        next_run=_time(job.get("next_run")) or text("next_run"),
        last_execution=_time(job.get("last_execution")) or text("last_execution"),
        last_status=text("last_status"),
    )


def _id(written: str) -> str:
    # Cleaned, an id with a hidden character would pass for the one that was declared.
    return written if clean(written) == written else json.dumps(written[:400])


def _time(text: str | None) -> str | None:
    """A timestamp as it is: with "2026" for a header's value it would be torn as if it were a secret."""
    try:
        return clean(text) if text is not None and read_timestamp(text) else None
    except ValueError:
        return None


def _server_at(date: str | None) -> datetime | None:
    try:
        sent = parsedate_to_datetime(date) if date else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if sent is None:
        return None
    try:
        # HTTP knows no other zone than GMT; "-0000" is read as none.
        return sent.replace(tzinfo=sent.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        return None
