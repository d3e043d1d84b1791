"""What does a scheduler say of itself and its jobs over HTTP?

Reads AIME's status answer (DESIGN: `{"running", "job_count", "jobs": [{"id", "name", "next_run", …}]}`). Whatever
else answers there, slowly, endlessly or not at all, becomes a `CannotLook` with its cause, within the timeout of the
service and a bounded memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from rollcall.errors import CannotLook, CauseCode
from rollcall.evidence import Registration, SchedulerSeen
from rollcall.jobs import Service
from rollcall.sources.over_http import Answer, address, get
from rollcall.text import clean, clean_of_secrets, counted
from rollcall.times import read_timestamp

MOST_JOBS = 10_000
# What frameworks call the text of an error that they answer with a 200.
_ERROR_KEYS = ("error", "errors", "detail")


def look(service: Service, *, clock: Callable[[], datetime]) -> SchedulerSeen:
    """The scheduler's answer. Raises `CannotLook` (backend-down, access-denied, wrong-service, backend-error)."""
    asked_at = clock()
    try:
        answer = get(service, service.status)
        answered_at = clock()
        _refuse_status(answer, service)
        says = _read(answer, service)
    except CannotLook as problem:
        # Whatever a service says it may have been told: its words are proof, its echo of a secret is not.
        raise CannotLook(problem.code, _without_secrets(problem.detail, service, 400)) from None
    return SchedulerSeen(
        asked_at=asked_at,
        answered_at=answered_at,
        server_at=_server_at(answer.headers.get("date")),
        running=says["running"],
        registrations=tuple(_registration(each, service) for each in says["jobs"]),
    )


def _without_secrets(text: str, service: Service, limit: int = 200) -> str:
    return clean_of_secrets(text, dict(service.secrets), limit)


def _refuse_status(answer: Answer, service: Service) -> None:
    status = answer.status
    asked = address(service, service.status)
    says = f"{asked} answers {status} {_without_secrets(answer.reason, service, 40)}".rstrip()
    if status in (401, 403, 407):
        raise CannotLook(CauseCode.ACCESS_DENIED, says)
    if status in (404, 405, 410) or 300 <= status < 400:
        raise CannotLook(CauseCode.WRONG_SERVICE, says + _redirection(answer, service))
    if status != 200:
        raise CannotLook(CauseCode.BACKEND_ERROR, says)
    encoding = answer.headers.get("content-encoding", "identity").lower()
    if encoding not in ("", "identity"):
        detail = f"{says}, but in the encoding {_without_secrets(encoding, service, 40)}, which was not asked for"
        raise CannotLook(CauseCode.BACKEND_ERROR, detail)


def _redirection(answer: Answer, service: Service) -> str:
    # Where it points to may carry a token in its query.
    target = answer.headers.get("location", "").partition("?")[0]
    return f" and points to {_without_secrets(target, service, 80)}" if target else ""


def _read(answer: Answer, service: Service) -> dict[str, Any]:
    kind = _without_secrets(answer.headers.get("content-type", "").partition(";")[0], service, 40) or "no content type"
    try:
        says = json.loads(answer.body)
    except (ValueError, RecursionError):
        if answer.body.lstrip()[:1] in (b"{", b"["):
            detail = f"200, but its JSON breaks off or is damaged ({counted(len(answer.body), 'byte')})"
            raise CannotLook(CauseCode.BACKEND_ERROR, detail) from None
        detail = f"200, but answers {kind} where a scheduler's status belongs: {_beginning(answer.body, service)}"
        raise CannotLook(CauseCode.WRONG_SERVICE, detail) from None
    _refuse_shape(says, service)
    return dict(says)


def _beginning(body: bytes, service: Service) -> str:
    text = body[:8_000].decode(errors="replace")
    return f'"{_without_secrets(text, service, 60)}"' if body.strip() else "nothing"


def _refuse_shape(says: object, service: Service) -> None:
    """Something else's JSON is a wrong service; a scheduler's with a hole in it is a broken one."""
    if not isinstance(says, dict) or not {"running", "jobs"} <= says.keys():
        raise _another_shape(says, service)
    if not isinstance(says["running"], bool):
        raise _hole("running", says["running"], "true or false", service)
    if not isinstance(says["jobs"], list):
        raise _hole("jobs", says["jobs"], "a list", service)
    if len(says["jobs"]) > MOST_JOBS:
        detail = f"200, but with {counted(len(says['jobs']), 'job')}, more than the {MOST_JOBS:,} that are read"
        raise CannotLook(CauseCode.BACKEND_ERROR, detail)
    for index, job in enumerate(says["jobs"]):
        _refuse_job_shape(f"jobs[{index}]", job, service)


def _another_shape(says: object, service: Service) -> CannotLook:
    said = next((says[key] for key in _ERROR_KEYS if says.get(key)), None) if isinstance(says, dict) else None
    if said is not None:
        return CannotLook(CauseCode.BACKEND_ERROR, f"200, but with an error: {_said(said, service)}")
    return CannotLook(CauseCode.WRONG_SERVICE, "200, but its JSON has no running and jobs: no scheduler's status")


def _refuse_job_shape(place: str, job: object, service: Service) -> None:
    if not isinstance(job, dict):
        raise _hole(place, job, "an object", service)
    if not isinstance(job.get("id"), str) or not job["id"]:
        raise _hole(f"{place}.id", job.get("id"), "a text", service)
    for key in ("name", "next_run", "last_execution", "last_status"):
        if not isinstance(job.get(key), str | None):
            raise _hole(f"{place}.{key}", job[key], "a text or null", service)


def _hole(place: str, value: object, belongs: str, service: Service) -> CannotLook:
    return CannotLook(CauseCode.BACKEND_ERROR, f"200, but {place} is {_said(value, service)} where {belongs} belongs")


def _said(value: object, service: Service) -> str:
    """A value of the answer, as JSON; of what holds others only that."""
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return f'"{_without_secrets(value, service, 60)}"'
        case _:
            return clean(json.dumps(value), 40)


def _registration(job: Mapping[str, Any], service: Service) -> Registration:
    def text(key: str) -> str | None:
        value = job.get(key)
        return None if value is None else _without_secrets(value, service)

    return Registration(
        id=_without_secrets(_id(job["id"]), service),
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
