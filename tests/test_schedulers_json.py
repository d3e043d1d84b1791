"""Is every answer over HTTP, and whatever answers in its place, told for what it is, in time?"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.hostile_service import (
    SCHEDULER,
    AnsweringService,
    Asked,
    Says,
    Script,
    answering_service,
    closed_port,
    hostile_service,
    reply,
)
from fixtures.one_morning import scheduler_of
from rollcall.errors import BadInput
from rollcall.evidence import CannotLook, JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.roll import scheduler as roll_scheduler
from rollcall.roll.load import load
from rollcall.roll.scheduler import Scheduler, Step, Wanted
from rollcall.schedulers.json import Json
from rollcall.schedulers.over_http import LARGEST_ANSWER, LARGEST_LOOK
from rollcall.schedulers.pages import MOST_ENTRIES, MOST_PAGES
from rollcall.vocabulary import CauseCode

# For those who never answer; those who do may be slow on a busy machine.
SHORT, PATIENT = "0.4 s", "10 s"
TOKEN = "s3cr3t-t0ken-0123456789"
NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)

A_JOB = "[jobs.a]\nschedule = '0 6 * * *'\noutput = { path = 'x' }\n"
DOWN, DENIED = CauseCode.SCHEDULER_DOWN, CauseCode.ACCESS_DENIED
WRONG, ERROR = CauseCode.WRONG_SERVICE, CauseCode.SCHEDULER_ERROR


def look(scheduler: Scheduler, clock: Callable[[], datetime] = lambda: NOW) -> SchedulerSeen:
    return scheduler.look(roll_scheduler.Asked(clock=clock, now=NOW, since=SINCE))


def aime(url: str, *, environment: Mapping[str, str] | None = None, **table: Any) -> Scheduler:
    return scheduler_of("aime", {"kind": "aime", "url": url, "timeout": PATIENT, **table}, environment=environment)


def own(url: str, *, environment: Mapping[str, str] | None = None, **table: Any) -> Scheduler:
    return scheduler_of("own", {"kind": "json", "url": url, "timeout": PATIENT, **table}, environment=environment)


def seen(script: Script, **more: Any) -> SchedulerSeen:
    with hostile_service(script) as hostile:
        return look(aime(hostile.url, **more))


def refused(script: Script, **more: Any) -> CannotLook:
    with pytest.raises(CannotLook) as refusal:
        seen(script, **more)
    return refusal.value


def answer(body: object, **more: Any) -> Script:
    return Script(first=reply(body if isinstance(body, bytes) else json.dumps(body).encode(), **more))


def jobs(*listed: object) -> Script:
    return answer({"running": True, "job_count": len(listed), "jobs": listed})


def job(**told: object) -> dict[str, object]:
    """A job as AIME lists it: it has all keys, whatever stands there."""
    return {"id": "a", "name": None, "next_run": None, "last_execution": None, "last_status": None, **told}


def test_no_address_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"), hostile_service(jobs()) as hostile:
        look(aime(hostile.url.replace("//", f"//me:{TOKEN}@")))

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
        answered = look(aime(hostile.url), clock=lambda: next(moments))

    assert answered == SchedulerSeen(
        asked_at=NOW,
        answered_at=NOW + timedelta(seconds=2),
        server_at=NOW + timedelta(seconds=1),
        running=True,
        jobs=(
            JobListed(
                id="generate_haiku_scheduled", name="🎋 Génération de haïkus", next_run="2026-02-11T06:00:00+01:00"
            ),
            JobListed(id="fresh"),
        ),
        runs=(
            RunSeen(
                job="generate_haiku_scheduled",
                ended="2026-02-10T07:48:09.157479",
                word="success",
                outcome=Outcome.SUCCESS,
            ),
        ),
    )


def test_a_stopped_scheduler_is_an_answer() -> None:
    assert seen(answer({"running": False, "jobs": [], "job_count": 0})).running is False


def test_one_request_answers_for_all_parts_with_the_declared_headers(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    headers = {"Authorization": "Bearer ${T}", "User-Agent": "mine", "X-File": f"${{file:{tmp_path}/secret}}"}
    with hostile_service(Script(first=reply(SCHEDULER))) as hostile:
        file = tmp_path / "jobs.toml"
        lines = [f"{name} = '{value}'" for name, value in headers.items()]
        file.write_text(
            f"timezone = 'UTC'\n[schedulers.aime]\nkind = 'aime'\nurl = '{hostile.url}'\n"
            f"[schedulers.aime.headers]\n{chr(10).join(lines)}\n{A_JOB}"
        )
        (scheduler,) = load(file, environment={"T": "x"}).schedulers
        look(scheduler)

        (request,) = hostile.requests
    assert request.startswith(b"GET /api/v1/services/scheduler/status HTTP/1.1\r\n")
    lines_sent = request.lower().split(b"\r\n")
    assert {b"authorization: bearer x", b"user-agent: mine", b"x-file: from a file"} <= set(lines_sent)
    assert b"accept-encoding: identity" in lines_sent
    assert b"user-agent: roll-call" not in lines_sent


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
        ("Fri, 31 Dec 9999 23:59:59 GMT", datetime(3000, 1, 1, tzinfo=UTC)),
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
LATE = "no complete answer within 0.4 s"


@pytest.mark.parametrize(
    ("script", "cause", "told"),
    [
        # Nobody, or nobody in time.
        (Script(), DOWN, "Server disconnected without sending a response."),
        (Script(hangs=True), DOWN, LATE),
        (Script(first=b"HTTP/1.1 200 OK\r\n", hangs=True), DOWN, LATE),
        (Script(first=b"HTTP/1.1 200 OK\r\n", again=b"X", every=0.1), DOWN, LATE),
        (Script(first=b"HTTP/1.1 200 OK\r\n", again=b"X: y\r\n", every=0.1), DOWN, LATE),
        (Script(again=b"HTTP/1.1 100 Continue\r\n\r\n", every=0.01), DOWN, LATE),
        (Script(first=reply(SCHEDULER, length=500), hangs=True), DOWN, LATE),
        (Script(first=reply(length=500), again=b" ", every=0.1), DOWN, LATE),
        (Script(first=CHUNKED, again=b"1\r\n \r\n", every=0.1), DOWN, LATE),
        (Script(first=UNBOUNDED + SCHEDULER, again=b" ", every=0.1), DOWN, LATE),
        (Script(first=UNBOUNDED + SCHEDULER, hangs=True), DOWN, LATE),
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
        (answer(b"<html><h1>Hello"), WRONG, 'application/json where JSON belongs: "<html><h1>Hello"'),
        (answer(b""), WRONG, "where JSON belongs: nothing"),
        (answer(b"\xff\xfe\x00"), WRONG, "application/json where JSON belongs"),
        (answer(b'"text"'), WRONG, 'jobs.each = "jobs" finds nothing in "text"'),
        (answer(b"null"), WRONG, 'jobs.each = "jobs" finds nothing in null'),
        (answer(b"[1, 2]"), WRONG, 'jobs.each = "jobs" finds nothing in [1, 2]'),
        (answer({"status": "ok"}), WRONG, 'jobs.each = "jobs" finds nothing in {"status": "ok"}'),
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
        (answer({"error": "database is locked"}), ERROR, '200, but its answer is an error: "database is locked"'),
        (answer({"detail": ["x"]}), ERROR, '200, but its answer is an error: ["x"]'),
        (answer(SCHEDULER[:-9]), ERROR, "answers 200 OK, but its JSON breaks off or is damaged (36 bytes)"),
        (answer(b'{"a": ' * 100_000), ERROR, "breaks off or is damaged"),
        (answer(b"[" + b"9" * 5_000 + b"]"), ERROR, "breaks off or is damaged"),
        (Script(first=reply(SCHEDULER, length=500)), ERROR, "answers 200, then breaks off"),
        (Script(first=CHUNKED + b"5\r\nabc"), ERROR, "answers 200, then breaks off"),
        (Script(first=CHUNKED + b"zz\r\nabc"), ERROR, "answers 200, then breaks off"),
        (answer(SCHEDULER, length=5), ERROR, "its JSON breaks off"),
        (
            answer(gzip.compress(SCHEDULER), headers="Content-Encoding: gzip\r\n"),
            ERROR,
            "answers 200 OK, but in the encoding gzip, which was not asked for",
        ),
        (answer({"running": "perhaps", "jobs": []}), ERROR, 'running is "perhaps" where true or false belongs'),
        (answer({"running": 2, "jobs": []}), ERROR, "running is 2 where true or false belongs"),
        (answer({"running": None, "jobs": []}), ERROR, "running is null where true or false belongs"),
        (answer({"running": True}), ERROR, 'jobs.each = "jobs" finds nothing in {"running": true}'),
        (answer({"jobs": []}), ERROR, 'alive.running = "running" finds nothing in {"jobs": []}'),
        (answer({"running": True, "jobs": None}), ERROR, 'jobs.each = "jobs" finds nothing in {"running": true'),
        (answer({"running": True, "jobs": {"a": 1}}), ERROR, "jobs is an object where a list belongs"),
        (jobs("haiku"), ERROR, 'jobs[0] is "haiku" where an object belongs'),
        (jobs(job(), None), ERROR, "jobs[1] is null where an object belongs"),
        (jobs(job(id=None)), ERROR, "jobs[0].id is null where a text belongs"),
        (jobs(job(id="")), ERROR, 'jobs[0].id is "" where a text belongs'),
        (jobs({"name": "a"}), ERROR, "jobs[0].id is missing where a text belongs"),
        (jobs(job(last_execution=12)), ERROR, 'jobs[0].last_execution is the number 12 where a time belongs. Say what'),
        (jobs(job(next_run=[[]])), ERROR, "jobs[0].next_run is a list where a time belongs"),
        (jobs(job(last_execution=False)), ERROR, "last_execution is false where a time belongs"),
        (jobs(job(last_status={})), ERROR, "jobs[0].last_status is an object where a text belongs"),
        (answer({"running": True, "jobs": [{"id": "a"}] * (MOST_ENTRIES + 1)}), ERROR, "jobs has more than 50,000"),
    ],
)  # fmt: skip
def test_whatever_answers_is_told_with_its_cause_in_time(script: Script, cause: CauseCode, told: str) -> None:
    timeout = 0.4 if told == LATE else 10
    with hostile_service(script) as hostile, pytest.raises(CannotLook) as refusal:
        look(aime(hostile.url, timeout=f"{timeout} s"))

    assert (refusal.value.code, refusal.value.detail) == (cause, refusal.value.detail)
    assert told in refusal.value.detail


def test_a_port_that_refuses_is_a_scheduler_that_is_down() -> None:
    with closed_port() as url, pytest.raises(CannotLook, match="Connection refused") as refusal:
        look(aime(url))

    assert refusal.value.code is DOWN


@pytest.mark.parametrize("url", ["http://no-such-host.invalid", "http://" + "a" * 63 + ".x"])
def test_a_host_that_cannot_be_found_is_a_scheduler_that_is_down(url: str) -> None:
    with pytest.raises(CannotLook) as refusal:
        look(aime(url))

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
    timeout = 0.4 if cause is DOWN else 10
    with hostile_service(script) as hostile, pytest.raises(CannotLook) as refusal:
        look(aime(hostile.url.replace("http:", "https:"), timeout=f"{timeout} s"))

    assert refusal.value.code is cause, refusal.value.detail


AT_ONCE = """
import threading
from rollcall.schedulers.over_http import tls

gate, found = threading.Barrier(8), []
threads = [threading.Thread(target=lambda: (gate.wait(), found.append(tls()))) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
print(len(found), len(set(map(id, found))))
"""


def test_all_that_are_asked_at_once_share_one_reading_of_the_certificates() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", AT_ONCE], env=environment, capture_output=True, text=True, timeout=60)

    assert done.stdout.split() == ["8", "1"], done.stderr


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
        scheduler = aime(hostile.url, timeout="20 s")
        tracemalloc.start()
        with pytest.raises(CannotLook, match=told) as refusal:
            look(scheduler)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert refusal.value.code in (ERROR, WRONG)
    assert peak < 4 * LARGEST_ANSWER


def test_long_texts_are_cut() -> None:
    found = seen(jobs(job(name="x" * 1_000_000, last_status="y" * 1_000_000, last_execution="z" * 1_000_000)))
    assert found.jobs is not None
    assert found.runs is not None

    assert len(found.jobs[0].name) == 200
    assert {len(text or "") for text in (found.runs[0].word, found.runs[0].ended)} == {200}


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
    found = seen(jobs(job(name=written, last_status=written, next_run=written, last_execution=written)))

    assert found.jobs == (JobListed(id="a", name=shown, next_run=shown),)
    assert found.runs == (RunSeen(job="a", ended=shown, word=shown),)


@pytest.mark.parametrize("written", ["haiku\u200b", "hai\x00ku", " haiku", "\x1b[0mhaiku", "haiku\u202e"])
def test_an_id_with_a_hidden_character_does_not_pass_for_another(written: str) -> None:
    found = seen(jobs(job(id=written, last_execution="2026-02-11T05:00:17")))

    assert found.listed("haiku") is None
    assert found.runs_of("haiku") == ()
    assert found.runs is not None
    assert found.runs[0].job.isprintable()


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
    "error table": answer({"error": {"sent": [TOKEN]}}),
    "another shape": answer({"you": {"sent": TOKEN}}),
    "another shape, at its cut": answer({"x" * 190: TOKEN}),
    "content type": Script(first=f"HTTP/1.1 200 OK\r\nContent-Type: {TOKEN}\r\nContent-Length: 1\r\n\r\nx".encode()),
    "content encoding": answer(b"", headers=f"Content-Encoding: {TOKEN}\r\n"),
    "running": answer({"running": TOKEN, "jobs": []}),
    "a job": jobs(TOKEN),
    "no HTTP": Script(first=f"{TOKEN}\r\n\r\n".encode()),
    "a header": Script(first=f"HTTP/1.1 200 OK\r\n{TOKEN}\r\n\r\n".encode()),
    "a chunk": Script(first=CHUNKED + TOKEN.encode() + b"\r\n"),
}
SENT_ALONG: dict[str, dict[str, Any]] = {
    "of the environment": {"headers": {"Authorization": "Bearer ${AIME_TOKEN}"}},
    "as it is": {"headers": {"Authorization": f"Bearer {TOKEN}"}},
    "in a path, of the environment": {"status": "/status/${AIME_TOKEN}/jobs"},
    "in a cookie": {"headers": {"Cookie": f"theme=dark; session={TOKEN}; lang=en"}},
    "before a colon": {"headers": {"X-Auth": f"{TOKEN}:a-password"}},
    "in a query": {"status": f"/status?api_key={TOKEN}"},
    "in a query, of the environment": {"status": "/status?k=${AIME_TOKEN}"},
    "in a body": {"jobs": {"ask": "POST /status", "body": {"auth": {"api_key": TOKEN}}}},
    "in a body, of the environment": {"jobs": {"ask": "POST /status", "body": {"x": ["${AIME_TOKEN}"]}}},
}


@pytest.mark.parametrize(
    ("echo", "sent"),
    [
        *((echo, "of the environment") for echo in ECHOES),
        *(
            (echo, sent)
            for echo in ("body, at its cut", "another shape")
            for sent in SENT_ALONG
            if sent != "of the environment"
        ),
    ],
)
def test_a_scheduler_that_echoes_a_secret_does_not_get_it_shown(echo: str, sent: str) -> None:
    refusal = refused(ECHOES[echo], environment={"AIME_TOKEN": TOKEN}, **SENT_ALONG[sent])

    assert TOKEN[:8] not in refusal.detail + str(refusal) + repr(refusal)


def test_no_evidence_holds_the_token() -> None:
    hidden = "\u200b".join(TOKEN)
    keys = ("id", "name", "next_run", "last_execution", "last_status")
    listed = [dict.fromkeys(keys, text) for text in (TOKEN, f"Bearer {TOKEN}", f"x{TOKEN}x", hidden, "x" * 190 + TOKEN)]
    answered = seen(jobs(*listed), headers={"Authorization": "Bearer ${AIME_TOKEN}"}, environment={"AIME_TOKEN": TOKEN})

    assert TOKEN[:8] not in repr(answered)
    assert answered.jobs is not None
    assert answered.jobs[0].name == "${AIME_TOKEN}"


def test_a_timestamp_is_not_torn_by_a_header_that_looks_like_a_part_of_it() -> None:
    times = {"last_execution": "2026-02-11T05:00:17", "next_run": "2026-02-12T06:00:00+01:00"}
    found = seen(jobs(job(**times)), headers={"Version": "2026"})
    assert found.jobs is not None
    assert found.runs is not None

    assert (found.runs[0].ended, found.jobs[0].next_run) == tuple(times.values())


def test_a_file_with_a_secret_is_read_once_so_that_what_is_sent_is_what_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    file = tmp_path / "jobs.toml"
    with hostile_service(answer({"error": f"{TOKEN} and n3w-t0ken-987"})) as hostile:
        file.write_text(
            f"timezone = 'UTC'\n[schedulers.aime]\nkind = 'aime'\nurl = '{hostile.url}'\n"
            f"headers = {{ X-Token = '${{file:{tmp_path}/token}}' }}\n{A_JOB}"
        )
        (scheduler,) = load(file, environment={}).schedulers
        (tmp_path / "token").write_text("n3w-t0ken-987")
        with pytest.raises(CannotLook) as refusal:
            look(scheduler)
        assert f"X-Token: {TOKEN}".lower().encode() in hostile.requests[0].lower()

    assert TOKEN not in refusal.value.detail


# What is asked ----------------------------------------------------------------------------------------------------

RUNS: dict[str, Any] = {"each": "items", "job": "job", "started": "start"}


def nothing(asked: Asked) -> tuple[int, Any]:
    return 200, {"items": [], "total": 0}


def test_places_are_filled_in_and_keep_their_type() -> None:
    body = {
        "limit": "{limit}",
        "where": [{"after": "{since}", "before": "{now}", "until": "{until}"}],
        "text": "from {offset} to {unknown}, {limit}",
        "graphql": "query { runs { id } }",
        "ready": True,
    }
    runs = {**RUNS, "ask": "POST /runs/{limit}?since={since}&x={y}", "body": body}
    with answering_service(nothing) as service:
        look(own(service.url, runs=runs, limit=7))

    (asked,) = service.asked
    assert asked.method == "POST"
    assert asked.path.startswith("/runs/7?since=2026-02-10T05%3A30%3A00.000000Z&x=")
    assert asked.headers["content-type"] == "application/json"
    assert asked.body == {
        "limit": 7,
        "where": [
            {
                "after": "2026-02-10T05:30:00.000000Z",
                "before": "2026-02-11T05:30:00.000000Z",
                "until": "2026-02-11T05:30:00.000000Z",
            }
        ],
        "text": "from 0 to {unknown}, 7",
        "graphql": "query { runs { id } }",
        "ready": True,
    }


@pytest.mark.parametrize(
    ("times", "since"), [("epoch", 1770701400), ("epoch-ms", 1770701400000), ("epoch-us", 1770701400000000)]
)
def test_a_scheduler_whose_times_are_numbers_is_asked_by_such(times: str, since: int) -> None:
    body = {"after": "{since}", "text": "after {since}"}
    with answering_service(nothing) as service:
        look(own(service.url, times=times, runs={**RUNS, "ask": "POST /runs", "body": body}))

    assert service.asked[0].body == {"after": since, "text": f"after {since}"}


def test_a_get_is_sent_where_no_verb_is_written_and_no_body_with_it() -> None:
    with answering_service(nothing) as service:
        look(own(service.url, runs={**RUNS, "ask": "/a"}, jobs={"ask": "GET /b", "each": "items", "id": "id"}))

    assert [(each.method, each.path, each.body) for each in service.asked] == [("GET", "/b", None), ("GET", "/a", None)]
    assert service.connections == 1


@pytest.mark.parametrize(
    ("table", "place", "rule"),
    [
        ("[schedulers.own.runs]\nask = 'runs'", "runs", "ask must be a path, or a verb and a path"),
        ("[schedulers.own.runs]\nask = 'PUT /runs'", "runs", "ask must be a path, or a verb and a path"),
        ("[schedulers.own.runs]\nask = 'POST https://h/runs'", "runs", "ask must be a path, or a verb and a path"),
        ("[schedulers.own.runs]\nask = ['a']", "runs", "ask must be a path, or a verb and a path"),
        (
            "[schedulers.own.runs]\nask = '/runs'\nbody = { a = 1 }",
            "runs",
            'sends a body, which only a POST does. Write ask = "POST /runs".',
        ),
        ("[schedulers.own.runs]\nask = '/r'\nbody = 2026-02-11", "runs.body", "holds what JSON cannot."),
        ("[schedulers.own.runs]\nask = '/r?k=${UNSET}'", "runs.ask", "UNSET is not set in the environment."),
        ("[schedulers.own.runs]\nask = 'POST /r'\nbody = ['${UNSET}']", "runs.body", "UNSET is not set"),
        ("login = { ask = 'POST /t', body = { a = '${UNSET}' } }", "login.body", "UNSET is not set"),
        ("login = { ask = 'token' }", "login", "ask must be a path, or a verb and a path"),
        ("status = '/s?k=${UNSET}'", "status", "UNSET is not set"),
        ("login = { ask = 'POST /t', token = 'length(' }", "login.token", "is no JMESPath"),
    ],
)
def test_a_mistake_of_what_is_asked_is_told_when_jobs_toml_is_read(
    tmp_path: Path, table: str, place: str, rule: str
) -> None:
    file = tmp_path / "jobs.toml"
    runs = "each = 'items'\njob = 'job'\nstarted = 'start'\n"
    plain = "" if "[schedulers.own.runs]" in table else "[schedulers.own.runs]\nask = '/runs'\n"
    file.write_text(
        f"timezone = 'UTC'\n[schedulers.own]\nkind = 'json'\nurl = 'http://h'\n{table}\n{plain}{runs}{A_JOB}"
    )
    with pytest.raises(BadInput) as problem:
        load(file, environment={})

    (told,) = str(problem.value).splitlines()
    assert told.startswith(f"jobs.toml: schedulers.own.{place}")
    assert rule in told


def test_what_a_person_types_to_ask_the_same() -> None:
    scheduler = own(
        "http://u:hush-hush@h:8",
        headers={"X-Key": "${KEY}", "X-Plain": "plain-secret"},
        runs={**RUNS, "ask": "POST /r?token=q-secret", "body": {"password": "b-secret", "limit": "{limit}"}},
        trigger="/run/{job}?key=${KEY}&sig=t-secret",
        environment={"KEY": "k-secret"},
    )
    order = scheduler.order(Step.TRIGGER, Wanted(name="a b"))
    assert order is not None
    typed = f"{scheduler.command()}; {order.typed}"
    secrets = ("hush", "plain-", "q-secret", "b-secret", "k-secret", "t-secret")

    assert typed.startswith("curl -i -X POST -H 'X-Key: '\"${KEY}\"")
    assert "-H 'Content-Type: application/json' -d" in typed
    assert '"limit": "{limit}"' in typed
    assert "${KEY}" in typed.rpartition("/run/a%20b")[2]
    assert all(secret not in typed + scheduler.asks + repr(scheduler) for secret in secrets)


# Pages ------------------------------------------------------------------------------------------------------------


def minute(number: int) -> dict[str, Any]:
    """A run of one of 450, the newest first."""
    return {"id": number, "job": "a", "start": (NOW - timedelta(minutes=number)).isoformat()}


ALL = [minute(number) for number in range(450)]


def by_offset(asked: Asked) -> tuple[int, Any]:
    body = asked.body or {key: int(value) for key, value in asked.query.items()}
    return 200, {"items": ALL[body["offset"] : body["offset"] + body["limit"]], "total": len(ALL)}


def at_most_a_hundred(asked: Asked) -> tuple[int, Any]:
    """As Airflow does, whatever is asked for."""
    offset = int(asked.query["offset"])
    return 200, {"items": ALL[offset : offset + 100], "total": len(ALL)}


def by_page(asked: Asked) -> tuple[int, Any]:
    start = (int(asked.query["page"]) - 1) * 200
    return 200, {"items": ALL[start : start + 200]}


def by_cursor(asked: Asked) -> tuple[int, Any]:
    """In some pages nothing is left of what was looked through, and there are more."""
    start = int(asked.body["after"] or "0")
    kept = [] if start == 200 else ALL[start : start + 100]
    return 200, {"items": kept, "next": str(start + 100) if start < 400 else None}


def shifting(asked: Asked) -> tuple[int, Any]:
    """Two more begin between one page and the next."""
    offset = int(asked.query["offset"])
    start = max(offset - 2, 0)
    return 200, {"items": ALL[start : start + 200]}


WAYS: dict[str, tuple[Says, dict[str, Any], int, int]] = {
    "offset and total": (
        by_offset,
        {"ask": "POST /r", "body": {"limit": "{limit}", "offset": "{offset}"}, "total": "total"},
        3,
        450,
    ),
    "offset until one is empty": (by_offset, {"ask": "/r?limit={limit}&offset={offset}"}, 4, 450),
    "a smaller page than was asked for": (at_most_a_hundred, {"ask": "/r?offset={offset}", "total": "total"}, 5, 450),
    "the same without a total": (at_most_a_hundred, {"ask": "/r?offset={offset}"}, 6, 450),
    "page numbers": (by_page, {"ask": "/r?page={page}"}, 4, 450),
    "a cursor": (by_cursor, {"ask": "POST /r", "body": {"after": "{cursor}"}, "cursor": "next"}, 5, 350),
    "entries that move on": (shifting, {"ask": "/r?offset={offset}"}, 4, 450),
}


@pytest.mark.parametrize(("says", "table", "requests", "entries"), WAYS.values(), ids=WAYS)
def test_pages_are_asked_for_until_all_have_come(
    says: Says, table: dict[str, Any], requests: int, entries: int
) -> None:
    with answering_service(says) as service:
        found = look(own(service.url, runs={**RUNS, **table}))

    assert found.runs is not None
    assert len(found.runs) == entries
    assert len({each.started for each in found.runs}) == entries
    assert len(service.asked) == requests
    assert service.connections == 1
    assert found.runs_since is None


def test_a_first_cursor_is_null_in_a_body_and_nothing_in_a_path() -> None:
    with answering_service(nothing) as service:
        runs = {**RUNS, "ask": "POST /r?c={cursor}", "body": {"c": "{cursor}"}, "cursor": "next"}
        look(own(service.url, runs=runs))

    assert (service.asked[0].path, service.asked[0].body) == ("/r?c=", {"c": None})


def test_a_cursor_is_never_read_as_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    def says(asked: Asked) -> tuple[int, Any]:
        return 200, {"items": [minute(len(service.asked))], "next": "${SECRET}" if len(service.asked) < 2 else ""}

    with answering_service(says) as service:
        runs = {**RUNS, "ask": "POST /r?c={cursor}", "body": {"c": "{cursor}"}, "cursor": "next"}
        look(own(service.url, runs=runs, environment={"SECRET": TOKEN}))

    assert (service.asked[1].path, service.asked[1].body) == ("/r?c=%24%7BSECRET%7D", {"c": "${SECRET}"})


def the_same_again(asked: Asked) -> tuple[int, Any]:
    return 200, {"items": ALL[:200], "total": 450, "next": "x"}


def without_end(asked: Asked) -> tuple[int, Any]:
    page = int(asked.query["page"])
    return 200, {"items": [minute(page)], "total": "many"}


def too_many(asked: Asked) -> tuple[int, Any]:
    page = int(asked.query["page"])
    return 200, {"items": [{"job": "a", "start": None, "id": page * 10_000 + number} for number in range(10_000)]}


ENDLESS: dict[str, tuple[Says, dict[str, Any], str]] = {
    "an offset that is not read": (
        the_same_again,
        {"ask": "/r?offset={offset}", "total": "total"},
        "page 2 of runs is the one before it again",
    ),
    "a cursor that does not move on": (the_same_again, {"ask": "/r?c={cursor}", "cursor": "next"}, "the one before it"),
    "a page each": (without_end, {"ask": "/r?page={page}"}, f"runs does not end after {MOST_PAGES:,} pages"),
    "too many entries": (too_many, {"ask": "/r?page={page}"}, "runs has more than 50,000 entries. Ask for less, with"),
    "a total that is none": (
        without_end,
        {"ask": "/r?page={page}", "total": "total"},
        'total is "many" where a number belongs',
    ),
    "a total that is not there": (
        the_same_again,
        {"ask": "/r?page={page}", "total": "meta.total"},
        'runs.total = "meta.total" finds nothing in {"items"',
    ),
}


@pytest.mark.parametrize(("says", "table", "told"), ENDLESS.values(), ids=ENDLESS)
def test_pages_without_an_end_are_refused(says: Says, table: dict[str, Any], told: str) -> None:
    with answering_service(says) as service, pytest.raises(CannotLook) as refusal:
        look(own(service.url, timeout="60 s", runs={**RUNS, **table}))

    assert refusal.value.code is ERROR
    assert told in refusal.value.detail


def test_all_pages_together_are_bounded_in_size() -> None:
    size = LARGEST_ANSWER - 1_000

    def says(asked: Asked) -> tuple[int, Any]:
        return 200, b'{"items": [{"job": "a", "n": %d, "x": "%s"}]}' % (len(service.asked), b"x" * (size - 100))

    with answering_service(says) as service, pytest.raises(CannotLook, match="64 MB in all") as refusal:
        look(own(service.url, timeout="60 s", runs={**RUNS, "ask": "/r?page={page}"}))

    assert refusal.value.code is ERROR
    assert len(service.asked) == LARGEST_LOOK // size + 1


def test_parts_that_ask_the_same_are_asked_once_also_page_by_page() -> None:
    def says(asked: Asked) -> tuple[int, Any]:
        start = (int(asked.query["page"]) - 1) * 2
        listed = [{"id": f"job{number}"} for number in range(3)]
        return 200, {"up": True, "jobs": listed[start : start + 2], "runs": ALL[:7][start : start + 2]}

    ask = {"ask": "/all?page={page}"}
    with answering_service(says) as service:
        found = look(
            own(
                service.url,
                alive={**ask, "running": "up"},
                jobs={**ask, "each": "jobs", "id": "id"},
                runs={**ask, "each": "runs", "job": "job", "started": "start"},
            )
        )

    assert found.running is True
    assert [each.id for each in found.jobs or ()] == ["job0", "job1", "job2"]
    assert len(found.runs or ()) == 7
    assert [each.query["page"] for each in service.asked] == ["1", "2", "3", "4", "5"]


# How long ---------------------------------------------------------------------------------------------------------

TWO: dict[str, Any] = {"jobs": {"ask": "/jobs", "each": "items", "id": "id"}, "runs": {**RUNS, "ask": "/runs"}}
LOGIN = {"ask": "POST /token", "body": {"user": "me", "password": "hush-hush"}}


@pytest.mark.parametrize(
    ("table", "seconds"),
    [
        ({"runs": {**RUNS, "ask": "/a"}}, 3),
        ({"status": "/a", "runs": RUNS, "jobs": {"each": "items", "id": "id"}, "alive": {"running": "up"}}, 3),
        (TWO, 6),
        ({**TWO, "login": LOGIN}, 12),
        ({"runs": {**RUNS, "ask": "/a?page={page}"}}, 30),
        ({"jobs": TWO["jobs"], "runs": {**RUNS, "ask": "/a?page={page}"}}, 33),
    ],
)
def test_a_look_may_take_a_timeout_for_each_request_and_ten_for_all_pages(table: dict[str, Any], seconds: int) -> None:
    scheduler = own("http://h", **{**table, "timeout": "3 s"})

    assert scheduler.patience == timedelta(seconds=seconds)


def test_pages_that_each_come_in_time_are_not_asked_for_ever() -> None:
    over = threading.Event()

    def says(asked: Asked) -> tuple[int, Any]:
        over.wait(0.15)
        return 200, {"items": [minute(len(service.asked))]}

    with answering_service(says) as service, pytest.raises(CannotLook) as refusal:
        look(own(service.url, timeout="0.2 s", runs={**RUNS, "ask": "/r?page={page}"}))

    assert refusal.value.code is DOWN
    assert "within 2 s" in refusal.value.detail or "within 0.2 s" in refusal.value.detail


def test_the_second_request_is_held_to_the_timeout_too() -> None:
    over = threading.Event()

    def says(asked: Asked) -> tuple[int, Any]:
        if asked.path == "/runs":
            over.wait(60)
        return nothing(asked)

    with answering_service(says) as service:
        with pytest.raises(CannotLook) as refusal:
            look(own(service.url, **{**TWO, "timeout": "1 s"}))
        over.set()

    assert (refusal.value.code, refusal.value.detail) == (
        DOWN,
        f"GET {service.url}/runs: no complete answer within 1 s",
    )


# A login ----------------------------------------------------------------------------------------------------------

TOKEN_OF_ITS_OWN = "eyJhbGciOi.J9-first+with/slash="


def guarded(answer: Callable[[Asked, AnsweringService], tuple[int, Any]], service: list[AnsweringService]) -> Says:
    """A token for whoever has the password; a new one each time, and only the newest is taken."""

    def says(asked: Asked) -> tuple[int, Any]:
        if asked.path == "/token":
            if asked.body != {"user": "meyer", "password": "hush-hush"}:
                return 401, {"detail": f"no {asked.body}"}
            number = sum(each.path == "/token" for each in service[0].asked)
            return 201, {"access_token": TOKEN_OF_ITS_OWN + str(number)}
        return answer(asked, service[0])

    return says


ENV = {"U": "meyer", "P": "hush-hush"}
WITH_LOGIN: dict[str, Any] = {
    **TWO,
    "login": {"ask": "POST /token", "body": {"user": "${U}", "password": "${P}"}},
    "environment": ENV,
}


def test_a_token_is_had_first_and_sent_along() -> None:
    box: list[AnsweringService] = []
    with answering_service(guarded(lambda asked, _: nothing(asked), box)) as service:
        box.append(service)
        look(own(service.url, **WITH_LOGIN))

    assert [each.path for each in service.asked] == ["/token", "/jobs", "/runs"]
    assert "authorization" not in service.asked[0].headers
    assert {each.headers["authorization"] for each in service.asked[1:]} == {f"Bearer {TOKEN_OF_ITS_OWN}1"}


def test_a_token_that_is_no_longer_taken_is_renewed_once() -> None:
    box: list[AnsweringService] = []

    def expired(asked: Asked, service: AnsweringService) -> tuple[int, Any]:
        is_old = asked.headers["authorization"].endswith("1")
        return (401, {}) if asked.path == "/runs" and is_old else nothing(asked)

    with answering_service(guarded(expired, box)) as service:
        box.append(service)
        found = look(own(service.url, **WITH_LOGIN))

    assert found.runs == ()
    assert [each.path for each in service.asked] == ["/token", "/jobs", "/runs", "/token", "/runs"]
    assert "authorization" not in service.asked[3].headers


def test_a_token_is_renewed_once_in_a_look() -> None:
    box: list[AnsweringService] = []

    def fickle(asked: Asked, service: AnsweringService) -> tuple[int, Any]:
        """Each token is good for the first request of its kind only."""
        number = asked.headers["authorization"][-1]
        return (401, {}) if (asked.path, number) in (("/jobs", "1"), ("/runs", "2")) else nothing(asked)

    with answering_service(guarded(fickle, box)) as service:
        box.append(service)
        with pytest.raises(CannotLook) as refusal:
            look(own(service.url, **WITH_LOGIN))

    assert refusal.value.code is DENIED
    assert [each.path for each in service.asked] == ["/token", "/jobs", "/token", "/jobs", "/runs"]


def test_the_second_refusal_is_the_answer() -> None:
    box: list[AnsweringService] = []
    with answering_service(guarded(lambda asked, _: (403, {}), box)) as service:
        box.append(service)
        with pytest.raises(CannotLook) as refusal:
            look(own(service.url, **WITH_LOGIN))

    assert (refusal.value.code, len(service.asked)) == (DENIED, 4)


def echoing(asked: Asked, service: AnsweringService) -> tuple[int, Any]:
    sent = asked.headers["authorization"]
    echo = {"id": sent, "name": f"{sent} meyer hush-hush", "job": "meyer_cleanup", "start": sent}
    return 200, {"items": [echo, {**echo, "id": "meyer_cleanup"}]}


def test_neither_token_nor_password_is_in_the_evidence_and_a_name_does_not_tear_ids() -> None:
    box: list[AnsweringService] = []
    with answering_service(guarded(echoing, box)) as service:
        box.append(service)
        jobs_part = {**TWO["jobs"], "name": "name"}
        found = look(own(service.url, **{**WITH_LOGIN, "jobs": jobs_part}))

    assert TOKEN_OF_ITS_OWN not in repr(found)
    assert "hush" not in repr(found)
    assert found.listed("meyer_cleanup") is not None
    assert len(found.runs_of("meyer_cleanup")) == 2


BAD_LOGINS: dict[str, tuple[Says, CauseCode, str]] = {
    "a wrong password": (lambda asked: (401, f"no {asked.body}".encode()), DENIED, "POST http"),
    "no token in it": (
        lambda asked: (200, {"token": "hush-hush"}),
        ERROR,
        'login.token = "access_token" finds no token in the answer to POST http',
    ),
    "a token that cannot be sent": (lambda asked: (200, {"access_token": "a\r\nX: y"}), ERROR, "finds no token"),
    "another service": (lambda asked: (200, b"<p>hush-hush meyer"), WRONG, '"<p>${P} ${U}"'),
    "an echo": (lambda asked: (500, b""), ERROR, "answers 500"),
}


@pytest.mark.parametrize(("says", "cause", "told"), BAD_LOGINS.values(), ids=BAD_LOGINS)
def test_a_login_that_fails_is_told_without_what_was_sent(says: Says, cause: CauseCode, told: str) -> None:
    with answering_service(says) as service, pytest.raises(CannotLook) as refusal:
        look(own(service.url, **WITH_LOGIN))

    assert (refusal.value.code, refusal.value.detail) == (cause, refusal.value.detail)
    assert told in refusal.value.detail
    assert "hush" not in refusal.value.detail
    assert len(service.asked) == 1


@pytest.mark.parametrize("where", ["error", "reason", "body", "shape", "header"])
def test_an_error_that_echoes_the_token_does_not_show_it(where: str) -> None:
    box: list[AnsweringService] = []

    def says(asked: Asked, service: AnsweringService) -> tuple[int, Any]:
        sent = asked.headers["authorization"]
        body = {"error": {"error": sent}, "shape": {"you": sent}, "body": f"<p>{sent}".encode()}
        if where == "header":
            return 0, f"HTTP/1.1 200 OK\r\n{sent}\r\n\r\n".encode()
        return (500, {}) if where == "reason" else (200, body[where])

    with answering_service(guarded(says, box)) as service:
        box.append(service)
        with pytest.raises(CannotLook) as refusal:
            look(own(service.url, **WITH_LOGIN))

    assert "eyJ" not in refusal.value.detail


def test_a_request_that_changes_something_is_sent_with_a_token_and_its_answer_does_not_hold_it() -> None:
    box: list[AnsweringService] = []
    with answering_service(guarded(lambda asked, _: (401, {"you": asked.headers["authorization"]}), box)) as service:
        box.append(service)
        scheduler = own(service.url, **WITH_LOGIN, trigger="/run/{job}")
        assert isinstance(scheduler, Json)
        answered = scheduler.post("/run/a")

    assert [(each.method, each.path) for each in service.asked] == [("POST", "/token"), ("POST", "/run/a")]
    assert service.asked[1].headers["authorization"] == f"Bearer {TOKEN_OF_ITS_OWN}1"
    assert (answered.status, b"eyJ" in answered.body) == (401, False)
