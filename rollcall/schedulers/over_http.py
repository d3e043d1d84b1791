"""What does an address answer, within the scheduler's timeout and a bounded memory?

The one place that knows httpx. Who is not there, does not speak HTTP or never comes to an end becomes a `CannotLook`
with its cause; what was answered completely is returned as it is, whatever its status.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from threading import Event, Lock, Timer
from typing import TYPE_CHECKING, Any

from rollcall.evidence import CannotLook
from rollcall.http_log import unlogged
from rollcall.roll.secrets import Secrets
from rollcall.text import without_secrets
from rollcall.times import show_span
from rollcall.vocabulary import CauseCode

if TYPE_CHECKING:
    import httpx

    from rollcall.schedulers.json import Json

LARGEST_ANSWER = 8_000_000
# All pages of one look.
LARGEST_LOOK = 64_000_000
_HEADERS = {"user-agent": "roll-call", "accept": "application/json", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete answer. `headers` are found in any case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked: `limit` is within which it must be answered whole, the timeout of the scheduler where left out."""

    method: str
    path: str
    body: bytes | None = None
    limit: timedelta | None = None

    def shown(self, scheduler: Json) -> str:
        """The request, for people."""
        return address(scheduler, self.path, self.method)


def address(scheduler: Json, path: str, method: str = "GET") -> str:
    """What is asked, for people, without secrets."""
    return f"{method} {scheduler.address}{scheduler.secrets.without(path)}"


def post(scheduler: Json, path: str, *, limit: timedelta | None = None) -> Answer:
    """The answer to a request that changes something, within `limit` (the scheduler's timeout where left out).

    It is sent once, whatever becomes of it, and follows no redirect. Raises `CannotLook` (scheduler-down,
    access-denied, wrong-service, scheduler-error), not yet freed of the scheduler's secrets; what was asked for may
    have been done all the same.
    """
    with Client(scheduler) as client:
        scheduler.log_in(client)
        answer = client.ask(Request(method="POST", path=path, limit=limit))
        if client.bearer is None:
            return answer
        # Whoever reads it knows the scheduler's secrets, and not this one.
        shown = {client.bearer: "(token)"}
        return replace(
            answer,
            reason=without_secrets(answer.reason, shown),
            headers={name.lower(): without_secrets(value, shown) for name, value in answer.headers.items()},
            body=answer.body.replace(client.bearer.encode(), b"(token)"),
        )


_tls_lock = Lock()


def tls() -> ssl.SSLContext:
    """One for all, however many ask for it at once: reading the certificates takes longer than a healthy answer."""
    with _tls_lock:
        return _read_tls()


@cache
def _read_tls() -> ssl.SSLContext:
    import httpx

    # Whom this machine trusts, by SSL_CERT_FILE or SSL_CERT_DIR, the check trusts too.
    return httpx.create_ssl_context()


_Trace = Callable[[str, Mapping[str, Any]], None]


class Client:
    """One connection to a scheduler, kept for as long as its look takes.

    `bearer` is the token that is sent along, `secrets` are those of the scheduler and each token that it had.
    """

    def __init__(self, scheduler: Json, patience: timedelta | None = None) -> None:
        """`patience` is how long all of its requests may take; None where each has its own limit only."""
        self._scheduler = scheduler
        self._url = scheduler.secrets.sent(scheduler.url)
        self._patience = patience
        self._ends_on = None if patience is None else time.monotonic() + patience.total_seconds()
        self._connections: list[socket.socket] = []
        self._came = 0
        self.secrets = scheduler.secrets
        self.bearer: str | None = None

    def __enter__(self) -> Client:
        import httpx

        # The proxies and netrc of the environment belong to the person, not to the check.
        verify = tls() if self._url.startswith("https:") else False
        try:
            self._client = httpx.Client(trust_env=False, verify=verify)
        except (httpx.InvalidURL, OSError) as error:
            raise CannotLook(CauseCode.SCHEDULER_DOWN, f"{self._scheduler.address}: {_why(error)}") from None
        return self

    def __exit__(self, *problem: object) -> None:
        self._client.close()
        for each in self._connections:
            each.close()

    def send_along(self, token: str) -> None:
        """Sends that token along from now on."""
        self.bearer, self.secrets = token, self.secrets.and_also(token, "(token)")

    def ask(self, request: Request) -> Answer:
        """The answer. Raises `CannotLook` (scheduler-down, wrong-service, scheduler-error), secrets still in it."""
        import httpx

        limit = request.limit or self._scheduler.timeout
        shown = request.shown(self._scheduler)
        no_answer = CannotLook(CauseCode.SCHEDULER_DOWN, f"{shown}: no complete answer within {show_span(limit)}")
        if self._ends_on is not None and self._patience is not None:
            left = timedelta(seconds=self._ends_on - time.monotonic())
            if left < limit and self._patience > limit:
                why = f"not all of it was answered within {show_span(self._patience)}"
                no_answer = CannotLook(CauseCode.SCHEDULER_DOWN, f"{shown}: {why}")
            limit = min(limit, left)
            if limit <= timedelta(0):
                raise no_answer
        # A run may take hours; nobody needs more than the timeout to be connected to.
        connects_within = min(limit, self._scheduler.timeout)
        # UnicodeError: a host name that cannot be looked up.
        mishaps = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError, OSError)
        with unlogged(), self._ended_after(limit) as (is_over, trace):
            try:
                answer = self._fetch(request, shown, limit, connects_within, trace)
            except httpx.ConnectTimeout:
                why = f"no connection within {show_span(connects_within)}"
                raise CannotLook(CauseCode.SCHEDULER_DOWN, f"{shown}: {why}") from None
            except (httpx.TimeoutException, TimeoutError):
                raise no_answer from None
            except (CannotLook, *mishaps) as error:
                if is_over():
                    raise no_answer from None
                if isinstance(error, CannotLook):
                    raise
                raise CannotLook(_cause(error), f"{shown}: {_why(error)}") from None
            if is_over():
                # A body without a length ends where the connection does, and it was ours to end it.
                raise no_answer
        return answer

    @contextmanager
    def _ended_after(self, limit: timedelta) -> Iterator[tuple[Callable[[], bool], _Trace]]:
        """Ends the connection when the limit is over: whether it did, and the trace that httpx shows it by.

        httpx limits each single wait; a service that sends one byte a second would hold it for ever.
        """
        over = Event()

        def end() -> None:
            over.set()
            for each in self._connections:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

        def trace(event: str, told: Mapping[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                # A duplicate: TLS takes the socket itself away. It has kept the limit of connecting, which is less.
                self._connections.append(told["return_value"].get_extra_info("socket").dup())
                self._connections[-1].settimeout(limit.total_seconds())
                if over.is_set():
                    end()
            elif event == "http11.receive_response_headers.started" and self._url.startswith("http:"):
                _refuse_other_tongue(self._connections[-1], self.secrets)

        timer = Timer(limit.total_seconds(), end)
        timer.daemon = True
        timer.start()
        try:
            yield over.is_set, trace
        finally:
            timer.cancel()
            # Were it still at it, it could end the connection of somebody else who is given the same number.
            timer.join()

    def _fetch(
        self, request: Request, shown: str, limit: timedelta, connects_within: timedelta, trace: _Trace
    ) -> Answer:
        import httpx

        secrets = self._scheduler.secrets
        headers = httpx.Headers(_HEADERS)
        headers.update({name: secrets.sent(value) for name, value in self._scheduler.headers.items()})
        if self.bearer:
            headers["authorization"] = f"Bearer {self.bearer}"
        if request.body is not None:
            headers["content-type"] = "application/json"
        with self._client.stream(
            request.method,
            self._url + secrets.sent(request.path),
            headers=headers,
            content=request.body,
            timeout=httpx.Timeout(limit.total_seconds(), connect=connects_within.total_seconds()),
            extensions={"trace": trace},
        ) as response:
            body = _body(response, shown, min(LARGEST_ANSWER, LARGEST_LOOK - self._came))
            self._came += len(body)
            return Answer(
                status=response.status_code, reason=response.reason_phrase, headers=response.headers, body=body
            )


def _refuse_other_tongue(connection: socket.socket, secrets: Secrets) -> None:
    """What begins otherwise is no HTTP; asked to read it, httpx waits for an end that need not come."""
    import httpx

    beginning = connection.recv(4_096, socket.MSG_PEEK)
    if not beginning.startswith(b"HTTP/"[: len(beginning)]):
        shown = secrets.clean_words(beginning.decode(errors="replace"), 60)
        raise httpx.RemoteProtocolError(f'"{shown}" where HTTP belongs')


def _body(response: httpx.Response, asked: str, most: int) -> bytes:
    """The body of at most that size, read piece by piece so that it cannot hold us."""
    import httpx

    pieces: list[bytes] = []
    size = 0
    try:
        for piece in response.iter_raw():
            size += len(piece)
            if size > most:
                whole = f"{LARGEST_ANSWER // 1_000_000} MB"
                if most < LARGEST_ANSWER:
                    whole = f"{LARGEST_LOOK // 1_000_000} MB in all"
                raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{asked} answers more than {whole}, and goes on")
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
