"""Who notices when nobody looked?

Something outside that expects a ping after every run and calls when none comes, in the protocol of Healthchecks
(https://healthchecks.io/docs/http_api/), which others speak too: `/start` when a run begins, the exit status when it
ends (0 is a success, anything else a failure), `/fail` where there is none, `/log` for a run that looked at a part only
and so proves nothing about the whole; always with the run's own `rid`, and what the terminal said as the body.

Where all that needs attention is silenced the run is told as a success; its body says what is, and until when.

A ping that fails is a note. It changes no verdict, and it never holds a run for longer than `watch.timeout` in all.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from threading import Event, Thread
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from rollcall.morning.state import State
from rollcall.report.silenced import is_all_silenced
from rollcall.roll.telling import WatchTable
from rollcall.sinks.base import Result, Sink, Stage, Start
from rollcall.sinks.posting import Posted, post, within
from rollcall.text import clean_block, clean_of_secrets
from rollcall.times import show_span

_NOTHING_SELECTED = 5
_NEEDS_ATTENTION = {True: (State.CRITICAL, State.UNKNOWN), False: (1,)}  # by the monitor, and by pytest
_BROKE = -1  # no exit status: the ping says that it failed
LARGEST_BODY = 100_000  # bytes; more than that Healthchecks does not keep
TRIES = 3
_PAUSE = timedelta(seconds=0.3)


class Watched(Sink):
    """The pings of one run."""

    stage = Stage.CLOSE

    def __init__(self) -> None:
        self._run: Run | None = None

    def ask(self, start: Start, *, is_whole: bool) -> None:
        if start.is_of_today and start.roll and start.roll.watch:
            self._run = begin(start.roll.watch, is_whole=is_whole)

    def finish(self, result: Result) -> Iterable[str]:
        start = result.start
        if not start.is_of_today or start.roll is None or start.roll.watch is None:
            return ()
        # Where nothing was begun, because no check could be loaded, that is told as well; that no check was selected,
        # which is pytest's status 5, is not.
        run = self._run or Run(start.roll.watch, is_whole=result.checks > 0 or result.status != _NOTHING_SELECTED)
        is_fine = start.by == "monitor" and result.status == State.WARNING
        if result.morning and result.status in _NEEDS_ATTENTION[start.by == "monitor"]:
            is_fine = is_all_silenced(result.morning, result.ending, result.chronicle.silences)
        problem = run.finish(State.OK if is_fine else result.status, "\n".join(result.lines()))
        return (problem,) if problem else ()

    def abort(self, start: Start, because: str) -> None:
        if self._run:
            self._run.finish(_BROKE, because)


def begin(watch: WatchTable | None, *, is_whole: bool = True) -> Run:
    """Says that a run began, without waiting for an answer. Returns the run, to be finished in any case.

    `watch` is None where nobody watches: then nothing is sent, then or later. `is_whole` is False where only some of
    the jobs are looked at: nothing then says that the run began, or that it went well.
    """
    run = Run(watch, is_whole=is_whole)
    run.start()
    return run


class Run:
    """One run, as whoever watches hears of it."""

    def __init__(self, watch: WatchTable | None, *, is_whole: bool) -> None:
        self._watch = watch
        self._is_whole = is_whole
        self._id = str(uuid4())
        self._is_finishing = Event()
        self._starting: Thread | None = None

    def start(self) -> None:
        """Sends the start in a thread of its own."""
        watch = self._watch
        if watch is None or not self._is_whole:
            return
        until = time.monotonic() + watch.timeout.total_seconds()
        self._starting = Thread(target=self._send, args=(watch, "start", b"", until, self._is_finishing), daemon=True)
        self._starting.start()

    def finish(self, status: int, body: str) -> str | None:
        """Says how the run ended and what it said. Returns None where that was taken, else one line that says why not.

        `status` is the exit status of the run, or what it would be where nobody must get up for it.
        """
        watch = self._watch
        if watch is None:
            return None
        self._is_finishing.set()
        until = time.monotonic() + watch.timeout.total_seconds()
        if self._starting:
            # Were the start to arrive after the end, the run would seem to go on for ever.
            self._starting.join(watch.timeout.total_seconds() / 2)
        outcome: list[Posted] = []
        ending = _ending(status) if self._is_whole else "log"
        left = timedelta(seconds=max(until - time.monotonic(), 0))
        within(left, [lambda: outcome.append(self._send(watch, ending, _body(body), until, Event()))])
        problem = outcome[0].problem if outcome else f"no answer within {show_span(watch.timeout)}"
        if problem is None:
            return None
        # Only what others said: a url may well end in a word that stands in our own.
        return f"watch: {watch.shown_ping} was not pinged: {clean_of_secrets(problem, watch.secrets.hidden)}"

    def _send(self, watch: WatchTable, ending: str, body: bytes, until: float, is_called_off: Event) -> Posted:
        """Tries a few times, each time with half of what is left, the last time with all of it."""
        url, posted = (
            address(watch.secrets.sent(watch.ping), ending, self._id),
            Posted(problem="nothing was sent", is_final=False),
        )
        for tries_left in reversed(range(TRIES)):
            left = timedelta(seconds=until - time.monotonic())
            if left <= timedelta(0):
                break
            posted = _post(url, body, limit=left / 2 if tries_left else left)
            if posted.is_final or not tries_left or is_called_off.wait(min(_PAUSE, left).total_seconds()):
                break
        return posted


def address(ping: str, ending: str, run_id: str) -> str:
    """The url that is pinged: `ending` behind the path, the run's id behind the query that is there already."""
    parts = urlsplit(ping)
    query = "&".join(part for part in (parts.query, f"rid={run_id}") if part)
    return urlunsplit((parts.scheme, parts.netloc, f"{parts.path.rstrip('/')}/{ending}", query, ""))


def _ending(status: int) -> str:
    return str(status) if 0 <= status <= 255 else "fail"


def _body(text: str) -> bytes:
    # Cut between two characters, else none of it could be read.
    return clean_block(text, LARGEST_BODY).encode(errors="replace")[:LARGEST_BODY].decode(errors="ignore").encode()


def _post(url: str, body: bytes, *, limit: timedelta) -> Posted:
    try:
        return post(url, body, limit=limit, content_type="text/plain; charset=utf-8")
    except Exception as error:  # noqa: BLE001 - the one wall around it: whatever breaks, the verdict stands
        return Posted(problem=f"{type(error).__name__}: {error}")
