"""What does a scheduler say of itself and its jobs over HTTP?

Reads AIME's status answer (DESIGN: `{"running", "job_count", "jobs": [{"id", "name", "next_run", …}]}`). Whatever
else answers there, slowly, endlessly or not at all, becomes a `CannotLook` with its cause, within the timeout of the
service and a bounded memory.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from rollcall.errors import CannotLook, CauseCode
from rollcall.evidence import Registration, SchedulerSeen
from rollcall.jobs import Service
from rollcall.text import clean, counted, without_secrets
from rollcall.times import show_span

if TYPE_CHECKING:
    import httpx

LARGEST_ANSWER = 8_000_000
_USER_AGENT = "roll-call"


def look(service: Service, *, clock: Callable[[], datetime]) -> SchedulerSeen:
    """The scheduler's answer. Raises `CannotLook` (backend-down, access-denied, wrong-service, backend-error)."""
    asked_at = clock()
    response, body = _ask(service)
    answered_at = clock()
    _refuse_status(response, service)
    answer = _read(body, response)
    secrets = dict(service.secrets)
    return SchedulerSeen(
        asked_at=asked_at,
        answered_at=answered_at,
        server_at=_server_at(response.headers.get("date")),
        running=answer["running"],
        registrations=tuple(_registration(each, secrets) for each in answer["jobs"]),
    )


def _ask(service: Service) -> tuple[httpx.Response, bytes]:
    import httpx

    try:
        return _fetch(httpx, service)
    except httpx.TimeoutException:
        raise _no_answer(service) from None
    except httpx.TransportError as error:
        detail = clean(without_secrets(str(error), dict(service.secrets))) or type(error).__name__
        raise CannotLook(CauseCode.BACKEND_DOWN, f"{_address(service)}: {detail}") from None
    except (httpx.InvalidURL, httpx.HTTPError, httpx.StreamError) as error:
        detail = clean(without_secrets(str(error), dict(service.secrets)))
        raise CannotLook(CauseCode.BACKEND_ERROR, f"{_address(service)}: {detail}") from None


def _fetch(httpx: Any, service: Service) -> tuple[httpx.Response, bytes]:
    """One request, its body read piece by piece so that neither its size nor its slowness can hold us."""
    until = time.monotonic() + service.timeout.total_seconds()
    headers = {"user-agent": _USER_AGENT, "accept": "application/json", "accept-encoding": "identity"}
    # The proxies and netrc of the environment belong to the person, not to the check.
    with (
        httpx.Client(timeout=service.timeout.total_seconds(), trust_env=False) as client,
        client.stream("GET", service.url + service.status, headers=headers | dict(service.headers)) as response,
    ):
        pieces: list[bytes] = []
        size = 0
        for piece in response.iter_raw():
            size += len(piece)
            if size > LARGEST_ANSWER:
                detail = f"{_address(service)} answers more than {LARGEST_ANSWER // 1_000_000} MB, and goes on"
                raise CannotLook(CauseCode.BACKEND_ERROR, detail)
            if time.monotonic() > until:
                raise _no_answer(service)
            pieces.append(piece)
        return response, b"".join(pieces)


def _no_answer(service: Service) -> CannotLook:
    detail = f"{_address(service)}: no complete answer within {show_span(service.timeout)}"
    return CannotLook(CauseCode.BACKEND_DOWN, detail)


def _address(service: Service) -> str:
    return f"GET {service.shown_url}{service.status}"


def _refuse_status(response: httpx.Response, service: Service) -> None:
    status = response.status_code
    says = f"{_address(service)} answers {status} {clean(response.reason_phrase, 40)}".rstrip()
    if status in (401, 403, 407):
        raise CannotLook(CauseCode.ACCESS_DENIED, says)
    if status in (404, 405, 410) or 300 <= status < 400:
        raise CannotLook(CauseCode.WRONG_SERVICE, says + _redirection(response))
    if status != 200:
        raise CannotLook(CauseCode.BACKEND_ERROR, says)


def _redirection(response: httpx.Response) -> str:
    # Where it points to may carry a token in its query.
    target = response.headers.get("location", "").partition("?")[0]
    return f" and points to {clean(target, 80)}" if target else ""


def _read(body: bytes, response: httpx.Response) -> dict[str, Any]:
    kind = clean(response.headers.get("content-type", "").partition(";")[0], 40) or "no content type"
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        if body.lstrip()[:1] in (b"{", b"["):
            detail = f"200, but its JSON breaks off or is damaged ({counted(len(body), 'byte')})"
            raise CannotLook(CauseCode.BACKEND_ERROR, detail) from None
        detail = f"200, but answers {kind} where a scheduler's status belongs: {_beginning(body)}"
        raise CannotLook(CauseCode.WRONG_SERVICE, detail) from None
    _refuse_shape(answer)
    return dict(answer)


def _beginning(body: bytes) -> str:
    return f'"{clean(body[:200].decode(errors="replace"), 60)}"' if body.strip() else "nothing"


def _refuse_shape(answer: object) -> None:
    """Something else's JSON is a wrong service; a scheduler's with a hole in it is a broken one."""
    if not isinstance(answer, dict) or not {"running", "jobs"} <= answer.keys():
        raise CannotLook(CauseCode.WRONG_SERVICE, "200, but its JSON has no running and jobs: no scheduler's status")
    if not isinstance(answer["running"], bool):
        raise _hole("running", answer["running"], "true or false")
    if not isinstance(answer["jobs"], list):
        raise _hole("jobs", answer["jobs"], "a list")
    for index, job in enumerate(answer["jobs"]):
        _refuse_job_shape(f"jobs[{index}]", job)


def _refuse_job_shape(place: str, job: object) -> None:
    if not isinstance(job, dict):
        raise _hole(place, job, "an object")
    if not isinstance(job.get("id"), str) or not job["id"]:
        raise _hole(f"{place}.id", job.get("id"), "a text")
    for key in ("name", "next_run", "last_execution", "last_status"):
        if not isinstance(job.get(key), str | None):
            raise _hole(f"{place}.{key}", job[key], "a text or null")


def _hole(place: str, value: object, belongs: str) -> CannotLook:
    seen = clean(json.dumps(value, ensure_ascii=False), 40)
    return CannotLook(CauseCode.BACKEND_ERROR, f"200, but {place} is {seen} where {belongs} belongs")


def _registration(job: Mapping[str, Any], secrets: Mapping[str, str]) -> Registration:
    def text(key: str) -> str | None:
        value = job.get(key)
        return None if value is None else clean(without_secrets(value, secrets))

    return Registration(
        id=clean(job["id"]),
        name=text("name") or "",
        next_run=text("next_run"),
        last_execution=text("last_execution"),
        last_status=text("last_status"),
    )


def _server_at(date: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(date).astimezone(UTC) if date else None
    except (ValueError, OverflowError):
        return None
