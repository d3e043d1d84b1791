"""Is every answer of a scheduler, and whatever answers in its place, told for what it is, in time?"""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.hostile_service import BUSY, SCHEDULER, Script, closed_port, hostile_service, reply
from rollcall.errors import CannotLook, CauseCode
from rollcall.evidence import Registration, SchedulerSeen
from rollcall.jobs import Scheduler
from rollcall.schedule import Engine
from rollcall.sources.over_http import LARGEST_ANSWER
from rollcall.sources.scheduler_api import MOST_JOBS, look

# For those who never answer; those who do may be slow on a busy machine.
SHORT, PATIENT = timedelta(seconds=0.4), timedelta(seconds=10)
TOKEN = "s3cr3t-t0ken-0123456789"
NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)

DOWN, DENIED = CauseCode.SCHEDULER_DOWN, CauseCode.ACCESS_DENIED
WRONG, ERROR = CauseCode.WRONG_SERVICE, CauseCode.SCHEDULER_ERROR


def scheduler(url: str, *, timeout: timedelta = PATIENT, **more: Any) -> Scheduler:
    return Scheduler(
        id="aime", url=url, shown_url=url, status="/status", engine=Engine.CRON, timeout=timeout, root=Path(), **more
    )


def seen(script: Script, **more: Any) -> SchedulerSeen:
    with hostile_service(script) as hostile:
        return look(scheduler(hostile.url, **more), clock=lambda: NOW)


def refused(script: Script, **more: Any) -> CannotLook:
    with pytest.raises(CannotLook) as refusal:
        seen(script, **more)
    return refusal.value


def answer(body: object, **more: Any) -> Script:
    return Script(first=reply(body if isinstance(body, bytes) else json.dumps(body).encode(), **more))


def jobs(*listed: object) -> Script:
    return answer({"running": True, "job_count": len(listed), "jobs": listed})


def test_no_address_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"), hostile_service(jobs()) as hostile:
        look(scheduler(hostile.url.replace("//", f"//me:{TOKEN}@")), clock=lambda: NOW)

    assert TOKEN not in caplog.text


# A good answer ----------------------------------------------------------------------------------------------------


def test_what_a_scheduler_says_is_kept_in_its_own_words() -> None:
    moments = iter([NOW, NOW + timedelta(seconds=2)])
    haiku = {
        "id": "generate_haiku_scheduled",
        "name": "🎋 Génération de haïkus",
        "next_run": "2026-02-11T06:00:00+01:00",
        "last_execution": "2026-02-10T07:48:09.157479",
        "last_status": "success",
    }
    fresh = {"id": "fresh", "name": None, "next_run": None, "last_execution": None, "last_status": "pending"}
    script = answer(
        {"running": True, "job_count": 2, "jobs": [haiku, fresh], "more": [1]},
        headers="Date: Wed, 11 Feb 2026 05:30:01 GMT\r\n",
    )
    with hostile_service(script) as hostile:
        answered = look(scheduler(hostile.url), clock=lambda: next(moments))

    assert answered == SchedulerSeen(
        asked_at=NOW,
        answered_at=NOW + timedelta(seconds=2),
        server_at=NOW + timedelta(seconds=1),
        running=True,
        registrations=(
            Registration(
                id="generate_haiku_scheduled",
                name="🎋 Génération de haïkus",
                next_run="2026-02-11T06:00:00+01:00",
                last_execution="2026-02-10T07:48:09.157479",
                last_status="success",
            ),
            Registration(id="fresh", last_status="pending"),
        ),
    )


def test_a_stopped_scheduler_is_an_answer() -> None:
    assert not seen(answer({"running": False, "jobs": [], "job_count": 0})).running


def test_one_request_is_made_with_the_declared_headers() -> None:
    with hostile_service(Script(first=reply(SCHEDULER))) as hostile:
        look(scheduler(hostile.url, headers=(("Authorization", "Bearer x"), ("User-Agent", "mine"))), clock=lambda: NOW)

        (request,) = hostile.requests
    assert request.startswith(b"GET /status HTTP/1.1\r\n")
    lines = request.lower().split(b"\r\n")
    assert {b"authorization: bearer x", b"accept-encoding: identity", b"user-agent: mine"} <= set(lines)
    assert b"user-agent: roll-call" not in lines


@pytest.mark.parametrize(
    ("date", "read"),
    [
        ("Wed, 11 Feb 2026 05:30:00 GMT", NOW),
        ("Wed, 11 Feb 2026 06:30:00 +0100", NOW),
        ("Wed, 11 Feb 2026 05:30:00 -0000", NOW),
        ("Wed, 11 Feb 2026 05:30:00", NOW),
        ("yesterday", None),
        ("Wed, 99 Feb 2026 05:30:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Wed, 11 Feb 99999999999999 05:30:00 GMT", None),
        ("\xff\xfe", None),
        ("", None),
    ],
)
def test_the_schedulers_clock_is_read_or_is_none(date: str, read: datetime | None) -> None:
    assert seen(answer(SCHEDULER, headers=f"Date: {date}\r\n")).server_at == read


def test_a_date_without_a_zone_is_not_read_by_this_machines_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert seen(answer(SCHEDULER, headers="Date: Wed, 11 Feb 2026 05:30:00\r\n")).server_at == NOW
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_scheduler_that_sends_no_date_has_no_clock() -> None:
    assert seen(answer(SCHEDULER)).server_at is None


# Who answers otherwise --------------------------------------------------------------------------------------------

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNBOUNDED = b"HTTP/1.0 200 OK\r\n\r\n"
BANNER = b"SSH-2.0-OpenSSH_9.6\r\n"


@pytest.mark.parametrize(
    ("script", "cause", "told"),
    [
        # Nobody, or nobody in time.
        (Script(), DOWN, "Server disconnected without sending a response."),
        (Script(hangs=True), DOWN, "no complete answer within 0.4 s"),
        (Script(first=b"HTTP/1.1 200 OK\r\n", hangs=True), DOWN, "no complete answer within 0.4 s"),
        (Script(first=b"HTTP/1.1 200 OK\r\n", again=b"X", every=0.1), DOWN, "no complete answer within 0.4 s"),
        (Script(first=b"HTTP/1.1 200 OK\r\n", again=b"X: y\r\n", every=0.1), DOWN, "no complete answer within 0.4 s"),
        (Script(again=b"HTTP/1.1 100 Continue\r\n\r\n", every=0.01), DOWN, "no complete answer within 0.4 s"),
        (Script(first=reply(SCHEDULER, length=500), hangs=True), DOWN, "no complete answer within 0.4 s"),
        (Script(first=reply(length=500), again=b" ", every=0.1), DOWN, "no complete answer within 0.4 s"),
        (Script(first=CHUNKED, again=b"1\r\n \r\n", every=0.1), DOWN, "no complete answer within 0.4 s"),
        (Script(first=UNBOUNDED + SCHEDULER, again=b" ", every=0.1), DOWN, "no complete answer within 0.4 s"),
        (Script(first=UNBOUNDED + SCHEDULER, hangs=True), DOWN, "no complete answer within 0.4 s"),
        # Somebody who does not let us in.
        (answer(b"", status="401 Unauthorized"), DENIED, "answers 401 Unauthorized"),
        (answer(b"", status="403 Forbidden"), DENIED, "answers 403 Forbidden"),
        (answer(b"", status="407 Proxy Authentication Required"), DENIED, "answers 407"),
        # Somebody else.
        (answer(b"", status="404 Not Found"), WRONG, "answers 404 Not Found"),
        (answer(b"", status="405 Method Not Allowed"), WRONG, "answers 405 Method Not Allowed"),
        (
            answer(b"", status="301 Moved Permanently", headers="Location: https://h/new?token=x\r\n"),
            WRONG,
            "answers 301 Moved Permanently and points to https://h/new",
        ),
        (answer(b"<html><h1>Hello"), WRONG, 'status belongs: "<html><h1>Hello"'),
        (answer(b""), WRONG, "status belongs: nothing"),
        (answer(b"\xff\xfe\x00"), WRONG, "answers application/json where"),
        (answer(b'"text"'), WRONG, "no running and jobs: no scheduler's status"),
        (answer(b"null"), WRONG, "no running and jobs: no scheduler's status"),
        (answer(b"[1, 2]"), WRONG, "no running and jobs: no scheduler's status"),
        (answer({"status": "ok"}), WRONG, "no running and jobs: no scheduler's status"),
        (Script(first=BANNER, speaks_first=True), WRONG, '"SSH-2.0-OpenSSH_9.6" where HTTP belongs'),
        (Script(first=BANNER, speaks_first=True, hangs=True), WRONG, '"SSH-2.0-OpenSSH_9.6" where HTTP belongs'),
        (Script(first=b"\x15\x03\x01\x00\x02\x02P", hangs=True), WRONG, "where HTTP belongs"),
        (Script(first=b"HTTP/1.1 999999 What\r\n\r\n"), WRONG, "illegal status line"),
        (Script(first=b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), WRONG, "illegal header line"),
        (Script(first=b"HTTP/1.1 200 OK\r\n", again=b"X: y\r\n" * 1000), WRONG, "Receive buffer too long"),
        # The right one, broken.
        (answer(b"", status="500 Internal Server Error"), ERROR, "answers 500 Internal Server Error"),
        (answer(b"", status="503 Service Unavailable"), ERROR, "answers 503 Service Unavailable"),
        (answer(b"", status="429 Too Many Requests"), ERROR, "answers 429 Too Many Requests"),
        (Script(first=b"HTTP/1.1 204 No Content\r\n\r\n"), ERROR, "answers 204 No Content"),
        (answer({"error": "database is locked"}), ERROR, '200, but with an error: "database is locked"'),
        (answer({"detail": ["x"]}), ERROR, "200, but with an error: a list"),
        (answer(SCHEDULER[:-9]), ERROR, "200, but its JSON breaks off or is damaged (36 bytes)"),
        (answer(b'{"a": ' * 100_000), ERROR, "breaks off or is damaged"),
        (answer(b"[" + b"9" * 5_000 + b"]"), ERROR, "breaks off or is damaged"),
        (Script(first=reply(SCHEDULER, length=500)), ERROR, "answers 200, then breaks off"),
        (Script(first=CHUNKED + b"5\r\nabc"), ERROR, "answers 200, then breaks off"),
        (Script(first=CHUNKED + b"zz\r\nabc"), ERROR, "answers 200, then breaks off"),
        (answer(SCHEDULER, length=5), ERROR, "200, but its JSON breaks off"),
        (
            answer(gzip.compress(SCHEDULER), headers="Content-Encoding: gzip\r\n"),
            ERROR,
            "answers 200 OK, but in the encoding gzip, which was not asked for",
        ),
        (answer({"running": "yes", "jobs": []}), ERROR, 'running is "yes" where true or false belongs'),
        (answer({"running": 1, "jobs": []}), ERROR, "running is 1 where true or false belongs"),
        (answer({"running": True, "jobs": None}), ERROR, "jobs is null where a list belongs"),
        (answer({"running": True, "jobs": {"a": 1}}), ERROR, "jobs is an object where a list belongs"),
        (jobs("haiku"), ERROR, 'jobs[0] is "haiku" where an object belongs'),
        (jobs({"id": "a"}, None), ERROR, "jobs[1] is null where an object belongs"),
        (jobs({"id": None}), ERROR, "jobs[0].id is null where a text belongs"),
        (jobs({"id": ""}), ERROR, 'jobs[0].id is "" where a text belongs'),
        (jobs({"name": "a"}), ERROR, "jobs[0].id is null where a text belongs"),
        (jobs({"id": "a", "last_execution": 12}), ERROR, "last_execution is 12 where a text or null belongs"),
        (jobs({"id": "a", "next_run": [[]]}), ERROR, "next_run is a list where a text or null belongs"),
        (jobs({"id": "a", "last_status": False}), ERROR, "last_status is false where a text or null belongs"),
        (answer({"running": True, "jobs": [{"id": "a"}] * (MOST_JOBS + 1)}), ERROR, "with 10,001 jobs, more than"),
    ],
)  # fmt: skip
def test_whatever_answers_is_told_with_its_cause_in_time(script: Script, cause: CauseCode, told: str) -> None:
    timeout = SHORT if told.startswith("no complete answer") else PATIENT
    with hostile_service(script) as hostile:
        started = time.monotonic()
        with pytest.raises(CannotLook) as refusal:
            look(scheduler(hostile.url, timeout=timeout), clock=lambda: NOW)
        took = time.monotonic() - started

    assert (refusal.value.code, refusal.value.detail) == (cause, refusal.value.detail)
    assert told in refusal.value.detail
    assert took < timeout.total_seconds() + BUSY


def test_a_port_that_refuses_is_a_backend_that_is_down() -> None:
    with closed_port() as url, pytest.raises(CannotLook, match="Connection refused") as refusal:
        look(scheduler(url), clock=lambda: NOW)

    assert refusal.value.code is DOWN


@pytest.mark.parametrize("url", ["http://no-such-host.invalid", "http://" + "a" * 70 + ".x", "http://a..b"])
def test_a_host_that_cannot_be_found_is_a_backend_that_is_down(url: str) -> None:
    with pytest.raises(CannotLook) as refusal:
        look(scheduler(url), clock=lambda: NOW)

    assert refusal.value.code is DOWN


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (Script(first=reply(SCHEDULER)), WRONG),
        (Script(first=BANNER, speaks_first=True), WRONG),
        (Script(hangs=True), DOWN),
        (Script(again=b"\x16", every=0.1), DOWN),
    ],
    ids=["HTTP", "SSH", "silence", "a greeting that never ends"],
)
def test_a_tls_url_on_a_port_without_tls_is_told_in_time(script: Script, cause: CauseCode) -> None:
    timeout = SHORT if cause is DOWN else PATIENT
    with hostile_service(script) as hostile:
        started = time.monotonic()
        with pytest.raises(CannotLook) as refusal:
            look(scheduler(hostile.url.replace("http:", "https:"), timeout=timeout), clock=lambda: NOW)
        took = time.monotonic() - started

    assert refusal.value.code is cause, refusal.value.detail
    assert took < timeout.total_seconds() + BUSY


# Bounds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Script(first=CHUNKED, again=b"10000\r\n" + b"x" * 65536 + b"\r\n"), "more than 8 MB, and goes on"),
        (lambda: Script(first=UNBOUNDED, again=b"x" * 65536), "more than 8 MB, and goes on"),
        (lambda: Script(first=UNBOUNDED + b'{"jobs": ["', again=b"name" * 20_000), "more than 8 MB, and goes on"),
        (lambda: jobs({"id": "a", "name": "x" * 10_000_000}), "more than 8 MB, and goes on"),
        (lambda: Script(first=b"HTTP/1.1 200 OK\r\nX: ", again=b"x" * 65536), "too long"),
    ],
    ids=["chunks", "no length", "JSON", "10 MB of names", "header"],
)
def test_an_endless_answer_is_refused_in_bounded_memory(make: Callable[[], Script], told: str) -> None:
    script = make()
    with hostile_service(script) as hostile:
        tracemalloc.start()
        with pytest.raises(CannotLook, match=told) as refusal:
            look(scheduler(hostile.url, timeout=timedelta(seconds=20)), clock=lambda: NOW)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert refusal.value.code in (ERROR, WRONG)
    assert peak < 4 * LARGEST_ANSWER


def test_long_texts_are_cut() -> None:
    (job,) = seen(jobs({"id": "a", "name": "x" * 1_000_000, "last_status": "y" * 1_000_000})).registrations

    assert (len(job.name), len(job.last_status or "")) == (200, 200)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("exe\u202egnp", "exegnp"),
        ("two\nlines", "two lines"),
        ("lone \ud800", "lone \ufffd"),
        ("\x00", ""),
    ],
)
def test_texts_are_stripped_of_what_steers_a_terminal(written: str, shown: str) -> None:
    (job,) = seen(jobs({"id": "a", "name": written, "last_status": written, "next_run": written})).registrations

    assert (job.name, job.last_status, job.next_run) == (shown, shown, shown)


@pytest.mark.parametrize("written", ["haiku\u200b", "hai\x00ku", " haiku", "\x1b[0mhaiku", "haiku\u202e"])
def test_an_id_with_a_hidden_character_does_not_pass_for_another(written: str) -> None:
    assert seen(jobs({"id": written})).registration("haiku") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["id", "name", "next_run", "last_execution", "last_status"])
STATUS = st.fixed_dictionaries(
    {},
    optional={
        "running": st.booleans() | JSON,
        "jobs": st.lists(st.dictionaries(KEYS, JSON | st.just("a")), max_size=3) | JSON,
        "detail": JSON,
    },
)


@given(st.lists(STATUS | JSON, min_size=1, max_size=1).map(lambda one: one[0]))
def test_whatever_json_is_answered_is_read_or_refused(body: object) -> None:
    try:
        told: str = repr(seen(answer(body)))
    except CannotLook as refusal:
        told = refusal.detail

    assert told.isprintable()
    assert told.encode()


# Secrets ----------------------------------------------------------------------------------------------------------

ECHOES = {
    "reason": answer(b"", status=f"401 no {TOKEN}"),
    "reason of 500": answer(b"", status=f"500 no Bearer {TOKEN}"),
    "location": answer(b"", status="301 Moved", headers=f"Location: /{TOKEN}/x\r\n"),
    "body": answer(f"<p>you sent {TOKEN}".encode()),
    "body, at its cut": answer(("x" * 50 + TOKEN).encode()),
    "error text": answer({"error": f"no such token {TOKEN}"}),
    "content type": Script(first=f"HTTP/1.1 200 OK\r\nContent-Type: {TOKEN}\r\nContent-Length: 1\r\n\r\nx".encode()),
    "content encoding": answer(b"", headers=f"Content-Encoding: {TOKEN}\r\n"),
    "running": answer({"running": TOKEN, "jobs": []}),
    "a job": jobs(TOKEN),
    "no HTTP": Script(first=f"{TOKEN}\r\n\r\n".encode()),
    "a header": Script(first=f"HTTP/1.1 200 OK\r\n{TOKEN}\r\n\r\n".encode()),
    "a chunk": Script(first=CHUNKED + TOKEN.encode() + b"\r\n"),
}


@pytest.mark.parametrize("script", ECHOES.values(), ids=ECHOES)
def test_a_scheduler_that_echoes_the_token_does_not_get_it_shown(script: Script) -> None:
    refusal = refused(
        script,
        headers=(("Authorization", f"Bearer {TOKEN}"),),
        secrets=((TOKEN, "${AIME_TOKEN}"), (f"Bearer {TOKEN}", "(Authorization)")),
    )

    assert TOKEN[:8] not in refusal.detail + str(refusal) + repr(refusal)


def test_no_registration_holds_the_token() -> None:
    hidden = "\u200b".join(TOKEN)
    listed = [
        dict.fromkeys(("id", "name", "next_run", "last_execution", "last_status"), text)
        for text in (TOKEN, f"Bearer {TOKEN}", f"x{TOKEN}x", hidden, "x" * 190 + TOKEN)
    ]
    answered = seen(jobs(*listed), secrets=((TOKEN, "${AIME_TOKEN}"),))

    assert TOKEN[:8] not in repr(answered)
    assert answered.registrations[0].name == "${AIME_TOKEN}"


def test_a_timestamp_is_not_torn_by_a_header_that_looks_like_a_part_of_it() -> None:
    (job,) = seen(
        jobs({"id": "a", "last_execution": "2026-02-11T05:00:17", "next_run": "2026-02-12T06:00:00+01:00"}),
        secrets=(("2026", "(Version)"),),
    ).registrations

    assert (job.last_execution, job.next_run) == ("2026-02-11T05:00:17", "2026-02-12T06:00:00+01:00")
