"""What does an address answer, within the scheduler's timeout and a bounded memory?

Who is not there, does not speak HTTP or never ends becomes a `CannotLook` with its cause; what was answered completely
is returned as it is, whatever its status.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from threading import Event, Lock, Timer
from typing import TYPE_CHECKING, Any

from rollcall.evidence import CannotLook
from rollcall.http_log import quiet_httpx
from rollcall.roll.secrets import Secrets
from rollcall.times import show_span
from rollcall.vocabulary import CauseCode

if TYPE_CHECKING:
    import httpx

LARGEST_ANSWER = 8_000_000
# All pages of one look.
LARGEST_LOOK = 64_000_000
_HEADERS = {"user-agent": "roll-call", "accept": "application/json", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a scheduler answers: `url` and `headers` as they are sent, `address` as it may be shown."""

    url: str
    address: str
    headers: Mapping[str, str]
    secrets: Secrets
    timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete answer to what was `asked`, as it is shown. `headers` are found in any case."""

    asked: str
    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


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


class Client:
    """One connection to a server, kept for as long as the block lasts. `token` is sent along where there is one."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._sockets: list[socket.socket] = []
        self._came = 0
        self._secrets = server.secrets
        self.token: str | None = None

    def __enter__(self) -> Client:
        import httpx

        try:
            verify = tls() if self._server.url.startswith("https:") else False
        except OSError as error:
            raise CannotLook(CauseCode.SCHEDULER_DOWN, f"{self._server.address}: {_why(error)}") from None
        # The proxies and netrc of the environment belong to the person, not to the check.
        self._client = httpx.Client(trust_env=False, verify=verify)
        return self

    def __exit__(self, *problem: object) -> None:
        self._client.close()
        for each in self._sockets:
            each.close()

    def send_along(self, token: str) -> Secrets:
        """Sends that token along from now on. Returns all that must not be shown."""
        self.token, self._secrets = token, self._secrets.and_also(token, "(token)")
        return self._secrets

    def ask(self, method: str, path: str, body: Any = None, limit: timedelta | None = None) -> Answer:
        """The answer, which must be whole within `limit`, the timeout where left out. `body` is sent as JSON.

        Raises `CannotLook` (scheduler-down, wrong-service, scheduler-error), secrets still in it.
        """
        import httpx

        server, limit = self._server, limit or self._server.timeout
        asked = f"{method} {server.address}{server.secrets.without(path)}"
        no_answer = CannotLook(CauseCode.SCHEDULER_DOWN, f"{asked}: no complete answer within {show_span(limit)}")
        # A run may take hours; connecting takes the timeout at most.
        connects_within = min(limit, server.timeout)
        headers = httpx.Headers(_HEADERS)
        headers.update(server.headers)
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        try:
            with (
                quiet_httpx(),
                self._ended_after(limit, no_answer) as trace,
                self._client.stream(
                    method,
                    server.url + server.secrets.sent(path),
                    headers=headers,
                    json=body,
                    timeout=httpx.Timeout(limit.total_seconds(), connect=connects_within.total_seconds()),
                    extensions={"trace": trace},
                ) as response,
            ):
                came = self._body(response, asked)
        except httpx.ConnectTimeout:
            why = f"no connection within {show_span(connects_within)}"
            raise CannotLook(CauseCode.SCHEDULER_DOWN, f"{asked}: {why}") from None
        except (httpx.TimeoutException, TimeoutError):
            raise no_answer from None
        # ValueError: a host name that cannot be looked up, or a cursor that is not a number.
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError, OSError) as error:
            raise CannotLook(_cause(error), f"{asked}: {_why(error)}") from None
        status, reason = response.status_code, response.reason_phrase
        return Answer(asked=asked, status=status, reason=reason, headers=response.headers, body=came)

    def _body(self, response: httpx.Response, asked: str) -> bytes:
        """The body, read piece by piece so that it cannot hold us."""
        import httpx

        pieces: list[bytes] = []
        most = min(LARGEST_ANSWER, LARGEST_LOOK - self._came)
        try:
            for piece in response.iter_raw():
                most -= len(piece)
                self._came += len(piece)
                if most < 0:
                    size, of_all = (LARGEST_LOOK, " in all") if self._came > LARGEST_LOOK else (LARGEST_ANSWER, "")
                    why = f"answers more than {size // 1_000_000} MB{of_all}, and goes on"
                    raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{asked} {why}")
                pieces.append(piece)
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            detail = f"{asked} answers {response.status_code}, then breaks off: {_why(error)}"
            raise CannotLook(CauseCode.SCHEDULER_ERROR, detail) from None
        return b"".join(pieces)

    @contextmanager
    def _ended_after(self, limit: timedelta, no_answer: CannotLook) -> Iterator[Callable[[str, Any], None]]:
        """Ends the connection, which it sees by httpx's trace, and raises `no_answer` when the limit is over.

        httpx limits each single wait; a service that sends one byte a second would hold it for ever.
        """
        import httpx

        over = Event()

        def end() -> None:
            over.set()
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

        def trace(event: str, details: Any) -> None:
            if event == "connection.connect_tcp.complete":
                # A duplicate: TLS takes the socket itself away. It has kept the limit of connecting, which is less.
                self._sockets.append(details["return_value"].get_extra_info("socket").dup())
                self._sockets[-1].settimeout(limit.total_seconds())
                if over.is_set():
                    end()
            elif event == "http11.receive_response_headers.started" and self._server.url.startswith("http:"):
                # What begins otherwise is no HTTP; asked to read it, httpx waits for an end that need not come.
                beginning = self._sockets[-1].recv(4_096, socket.MSG_PEEK)
                if not beginning.startswith(b"HTTP/"[: len(beginning)]):
                    shown = self._secrets.clean_words(beginning.decode(errors="replace"), 60)
                    raise httpx.RemoteProtocolError(f'"{shown}" where HTTP belongs')

        timer = Timer(limit.total_seconds(), end)
        timer.daemon = True
        timer.start()
        try:
            yield trace
        except httpx.ConnectTimeout:
            raise
        except (CannotLook, httpx.HTTPError, httpx.StreamError, OSError):
            if not over.is_set():
                raise
        finally:
            timer.cancel()
            # A timer that still ran could end another connection, which was given the same file number.
            timer.join()
        if over.is_set():
            # Also without an error: a body without a length ends where the connection does, and it was ours to end it.
            raise no_answer


def _cause(error: Exception) -> CauseCode:
    """What it means that no answer came: nothing is there, or something that does not speak HTTP."""
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
