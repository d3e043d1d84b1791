"""How is something sent to an address outside, without ever waiting longer than its limit?

What answers there may be slow, hostile, or send a byte a second: who sends waits in a thread that is left behind when
the time is over, and dies with the process. Unlike a scheduler that is looked at, an address outside may lie behind a
proxy: those of the environment (`HTTPS_PROXY`, `NO_PROXY`, …) are used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING

from rollcall.http_log import quiet_httpx
from rollcall.times import show_span

if TYPE_CHECKING:
    import httpx

_HEADERS = {"user-agent": "roll-call"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What became of it: `problem` is None where it was taken, else why not, not yet freed of secrets.

    `is_final` is False where another try may help: nobody answered, or who did was busy or broken.
    """

    problem: str | None = None
    is_final: bool = True


def post(
    url: str, body: bytes, *, limit: timedelta, content_type: str, headers: Iterable[tuple[str, str]] = ()
) -> Posted:
    """Sends `body` by POST. It counts as taken when a 2xx is answered; a redirect is not followed.

    `limit` bounds each single wait for the network; whoever must not wait longer in all calls it in `within`. Raises
    what httpx raises where the proxy of the environment cannot be used.
    """
    import httpx

    sent = httpx.Headers(_HEADERS | {"content-type": content_type})
    sent.update(list(headers))
    try:
        with (
            quiet_httpx(),
            # Without TLS no certificates are needed, and reading them takes longer than all the rest.
            httpx.Client(timeout=limit.total_seconds(), verify=url.startswith("https:")) as client,
            # What is answered beyond the status is nobody's business, and may have no end.
            client.stream("POST", url, content=body, headers=sent) as response,
        ):
            return _taken(response)
    except httpx.TimeoutException:
        return Posted(problem=f"no answer within {show_span(limit)}", is_final=False)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, OSError) as error:
        return Posted(problem=str(error) or type(error).__name__, is_final=False)


def _taken(response: httpx.Response) -> Posted:
    if response.is_success:
        return Posted()
    problem = f"answers {response.status_code} {response.reason_phrase}".rstrip()
    if response.is_redirect:
        # It would go to an address that nobody wrote down, with the headers that were meant for this one.
        return Posted(problem=f"{problem}, a redirect, which is not followed")
    return Posted(problem=problem, is_final=response.status_code < 500 and response.status_code != 429)


def within(limit: timedelta, tasks: Iterable[Callable[[], None]]) -> None:
    """Runs the tasks, all at the same time; comes back when all are done, or when `limit` is over.

    A task that is still at it then goes on unattended, and does not keep the process from ending. A task tells what
    it has to tell by itself, and must not raise.
    """
    until = time.monotonic() + limit.total_seconds()
    threads = [Thread(target=each, daemon=True) for each in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
