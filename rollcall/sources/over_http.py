"""What does an address answer, within the scheduler's timeout and a bounded memory?

The one place that knows httpx. Who is not there, does not speak HTTP or never comes to an end becomes a `CannotLook`
with its cause; what was answered completely is returned as it is, whatever its status.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Timer
from typing import TYPE_CHECKING, Any

from rollcall.errors import CannotLook, CauseCode
from rollcall.jobs import Scheduler
from rollcall.text import clean_of_secrets
from rollcall.times import show_span
from rollcall.unlogged import unlogged

if TYPE_CHECKING:
    import httpx

LARGEST_ANSWER = 8_000_000
_HEADERS = {"user-agent": "roll-call", "accept": "application/json", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete answer. `headers` are found in any case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    scheduler: Scheduler
    method: str
    path: str
    limit: timedelta

    @property
    def address(self) -> str:
        return address(self.scheduler, self.path, self.method)

    @property
    def connects_within(self) -> timedelta:
        """A run may take hours; nobody needs more than the scheduler's timeout to be connected to."""
        return min(self.limit, self.scheduler.timeout)

    def no_answer(self) -> CannotLook:
        return self._down(f"no complete answer within {show_span(self.limit)}")

    def no_connection(self) -> CannotLook:
        return self._down(f"no connection within {show_span(self.connects_within)}")

    def _down(self, why: str) -> CannotLook:
        return CannotLook(CauseCode.SCHEDULER_DOWN, f"{self.address}: {why}")


def address(scheduler: Scheduler, path: str, method: str = "GET") -> str:
    """What is asked, for people."""
    return f"{method} {scheduler.shown_url}{path}"


def get(scheduler: Scheduler, path: str) -> Answer:
    """The answer. Raises `CannotLook` (scheduler-down, wrong-service, scheduler-error), not yet freed of secrets."""
    return _ask(_Request(scheduler=scheduler, method="GET", path=path, limit=scheduler.timeout))


def post(scheduler: Scheduler, path: str, *, limit: timedelta | None = None) -> Answer:
    """The answer to a request that changes something, within `limit` (the scheduler's timeout where left out).

    It is sent once, whatever becomes of it, and follows no redirect. Raises `CannotLook` as `get` does; what was asked
    for may have been done all the same.
    """
    return _ask(_Request(scheduler=scheduler, method="POST", path=path, limit=limit or scheduler.timeout))


def _ask(request: _Request) -> Answer:
    import httpx

    # UnicodeError: a host name that cannot be looked up.
    mishaps = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError, OSError)
    with unlogged(), _limit(request) as (is_over, trace):
        try:
            answer = _fetch(request, trace)
        except httpx.ConnectTimeout:
            raise request.no_connection() from None
        except (httpx.TimeoutException, TimeoutError):
            raise request.no_answer() from None
        except (CannotLook, *mishaps) as error:
            if is_over():
                raise request.no_answer() from None
            if isinstance(error, CannotLook):
                raise
            raise CannotLook(_cause(error), f"{request.address}: {_why(error)}") from None
        if is_over():
            # A body without a length ends where the connection does, and it was ours to end it.
            raise request.no_answer()
    return answer


_Trace = Callable[[str, Mapping[str, Any]], None]


@contextmanager
def _limit(request: _Request) -> Iterator[tuple[Callable[[], bool], _Trace]]:
    """Ends the connection when the request's limit is over: whether it did, and the trace that httpx shows it by.

    httpx limits each single wait; a scheduler that sends one byte a second would hold it for ever.
    """
    over = Event()
    connections: list[socket.socket] = []

    def end() -> None:
        over.set()
        for each in connections:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def trace(event: str, told: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            # A duplicate: TLS takes the socket itself away. It has kept how long connecting may take, which is less.
            connections.append(told["return_value"].get_extra_info("socket").dup())
            connections[-1].settimeout(request.limit.total_seconds())
            if over.is_set():
                end()
        elif event == "http11.receive_response_headers.started" and request.scheduler.url.startswith("http:"):
            _refuse_other_tongue(connections[-1], request.scheduler)

    timer = Timer(request.limit.total_seconds(), end)
    timer.daemon = True
    timer.start()
    try:
        yield over.is_set, trace
    finally:
        timer.cancel()
        # Were it still at it, it could end the connection of somebody else who is given the same number.
        timer.join()
        for each in connections:
            each.close()


def _refuse_other_tongue(connection: socket.socket, scheduler: Scheduler) -> None:
    """What begins otherwise is no HTTP; asked to read it, httpx waits for an end that need not come."""
    import httpx

    beginning = connection.recv(4_096, socket.MSG_PEEK)
    if not beginning.startswith(b"HTTP/"[: len(beginning)]):
        shown = clean_of_secrets(beginning.decode(errors="replace"), dict(scheduler.secrets), 60)
        raise httpx.RemoteProtocolError(f'"{shown}" where HTTP belongs')


def _fetch(request: _Request, trace: _Trace) -> Answer:
    import httpx

    scheduler, method = request.scheduler, request.method
    headers = httpx.Headers(_HEADERS)
    headers.update(scheduler.headers)
    timeout = httpx.Timeout(request.limit.total_seconds(), connect=request.connects_within.total_seconds())
    with (
        # The proxies and netrc of the environment belong to the person, not to the check. Without TLS no certificates
        # are needed, and reading them would take longer than all the rest.
        httpx.Client(timeout=timeout, trust_env=False, verify=scheduler.url.startswith("https:")) as client,
        client.stream(method, scheduler.url + request.path, headers=headers, extensions={"trace": trace}) as response,
    ):
        return Answer(
            status=response.status_code,
            reason=response.reason_phrase,
            headers=response.headers,
            body=_body(response, request.address),
        )


def _body(response: httpx.Response, asked: str) -> bytes:
    """The body, read piece by piece so that its size cannot hold us."""
    import httpx

    pieces: list[bytes] = []
    size = 0
    try:
        for piece in response.iter_raw():
            size += len(piece)
            if size > LARGEST_ANSWER:
                detail = f"{asked} answers more than {LARGEST_ANSWER // 1_000_000} MB, and goes on"
                raise CannotLook(CauseCode.SCHEDULER_ERROR, detail)
            pieces.append(piece)
    except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
        detail = f"{asked} answers {response.status_code}, then breaks off: {_why(error)}"
        raise CannotLook(CauseCode.SCHEDULER_ERROR, detail) from None
    return b"".join(pieces)


def _cause(error: Exception) -> CauseCode:
    """What it means that no answer came: nobody is there, or somebody who speaks something else than HTTP."""
    import httpx

    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        return CauseCode.WRONG_SERVICE
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, ssl.SSLError):
            return CauseCode.WRONG_SERVICE
        reason = reason.__cause__ or reason.__context__
    return CauseCode.SCHEDULER_DOWN


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
