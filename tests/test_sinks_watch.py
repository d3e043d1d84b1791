"""Does whoever watches hear that a run began and how it ended, and does that never hold a run up?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from fixtures.hostile_service import BUSY, Script, closed_port, hostile_service, reply
from fixtures.listener import Listener, listener
from fixtures.lived_in import wait_until
from rollcall.roll.telling import WatchTable
from rollcall.sinks import watch

TOKEN = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278"
LIMIT = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def watcher() -> Iterator[Listener]:
    with listener() as living:
        yield living


def watched(url: str, **words: Any) -> WatchTable:
    return WatchTable(ping=url).model_copy(update={"timeout": LIMIT} | words)


def patient(url: str) -> WatchTable:
    """With time enough."""
    return watched(url, timeout=timedelta(seconds=BUSY))


def run_id(path: str) -> str:
    return path.partition("rid=")[2]


# exit status | how it is told; 0 alone is a success to Healthchecks
ENDS = [(0, "/0"), (1, "/1"), (3, "/3"), (255, "/255"), (256, "/fail"), (-1, "/fail")]


@pytest.mark.parametrize(("status", "ending"), ENDS)
def test_a_run_is_told_from_its_start_to_its_exit_status(watcher: Listener, status: int, ending: str) -> None:
    run = watch.begin(patient(f"{watcher.url}/{TOKEN}"))
    note = run.finish(status, "All 9 jobs did their work")
    start, end = watcher.heard

    assert note is None
    assert watcher.paths == [f"/{TOKEN}/start", f"/{TOKEN}{ending}"]
    assert (start.body, end.body) == (b"", b"All 9 jobs did their work")
    assert {each.method for each in watcher.heard} == {"POST"}
    assert UUID(run_id(start.path)).version == 4
    assert run_id(start.path) == run_id(end.path)


# what is declared | what is pinged at the end
ADDRESSES = [
    ("https://hc-ping.com/abc", "https://hc-ping.com/abc/0?rid=ID"),
    ("https://hc-ping.com/abc/", "https://hc-ping.com/abc/0?rid=ID"),
    ("https://hc-ping.com/key/slug?create=1", "https://hc-ping.com/key/slug/0?create=1&rid=ID"),
    ("https://example.org", "https://example.org/0?rid=ID"),
    ("https://u:p@example.org:8443/a%2Fb/?x=a%26b#top", "https://u:p@example.org:8443/a%2Fb/0?x=a%26b&rid=ID"),
]


@pytest.mark.parametrize(("ping", "url"), ADDRESSES)
def test_what_is_told_stands_behind_the_path(ping: str, url: str) -> None:
    assert watch.address(ping, "0", "ID") == url


def test_a_look_at_a_part_says_neither_that_it_began_nor_that_all_is_well(watcher: Listener) -> None:
    watch.begin(patient(watcher.url), is_whole=False).finish(0, "1 of 9 jobs checked")

    assert watcher.paths == ["/log"]
    assert watcher.heard[0].body == b"1 of 9 jobs checked"


def test_where_nobody_watches_nothing_is_sent() -> None:
    assert watch.begin(None).finish(1, "something") is None


def test_the_body_is_bounded_clean_and_whole(watcher: Listener) -> None:
    watch.begin(patient(watcher.url)).finish(0, "a\x1b[31m" + "é" * 100_000)
    body = watcher.heard[-1].body

    assert 99_990 <= len(body) <= watch.LARGEST_BODY
    assert body.decode().strip("aé…") == ""


# answers to the start and then to each try of the end | what was tried | is there a note
TRIES = [
    ([200, 500, 200], ["/start", "/0", "/0"], None),
    ([200, 429, 503, 200], ["/start", "/0", "/0", "/0"], None),
    ([200, 500], ["/start", "/0", "/0", "/0"], "answers 500 Internal Server Error"),
    ([200, 404], ["/start", "/0"], "answers 404 Not Found"),
    ([404, 200], ["/start", "/0"], None),
]


@pytest.mark.parametrize(("statuses", "tried", "note"), TRIES)
def test_what_may_pass_is_tried_again(
    watcher: Listener, statuses: list[int], tried: list[str], note: str | None
) -> None:
    watcher.statuses = statuses
    run = watch.begin(patient(watcher.url))
    wait_until(lambda: bool(watcher.heard))
    said = run.finish(0, "")

    assert watcher.paths == tried
    assert (said or "").endswith(note or "")
    assert bool(said) == bool(note)


def test_the_start_is_not_waited_for(watcher: Listener) -> None:
    watcher.holds = 1
    watch.begin(watched(watcher.url, timeout=timedelta(hours=1)))

    wait_until(lambda: watcher.paths == ["/start"])  # and nobody answers until the end of the test


def test_a_try_that_hangs_leaves_time_for_another(watcher: Listener) -> None:
    run = watch.begin(watched(watcher.url, timeout=timedelta(seconds=6)))
    wait_until(lambda: bool(watcher.heard))
    watcher.holds = 1
    note = run.finish(0, "")

    assert note is None
    assert watcher.paths == ["/start", "/0", "/0"]


# script | what is said of it
UNWILLING = [
    (Script(hangs=True), "no answer within"),
    (Script(first=b"HTTP/1.1 200 OK\r\nX: ", again=b"x", every=0.05), "no answer within 1 s"),
    (Script(first=b"220 ready\r\n", speaks_first=True), ""),
    (Script(first=reply(status=f"400 no {TOKEN}")), "answers 400 no (ping)"),
    (Script(first=reply(status="301 Moved", headers="Location: https://example.org/\r\n")), "a redirect, which is"),
]


@pytest.mark.parametrize(("script", "said"), UNWILLING)
def test_a_ping_that_fails_is_one_line_within_its_limit(script: Script, said: str) -> None:
    with hostile_service(script) as scheduler:
        run = watch.begin(watched(f"{scheduler.url}/{TOKEN}"))
        note = run.finish(0, "")

    assert note
    assert note.startswith(f"watch: {scheduler.url}/… was not pinged: ")
    assert said in note
    assert note.isprintable()
    assert TOKEN not in note


def test_a_port_that_refuses_is_tried_again_and_said() -> None:
    with closed_port() as url:
        note = watch.begin(patient(url)).finish(0, "")

    assert note
    assert note.endswith("Connection refused")
