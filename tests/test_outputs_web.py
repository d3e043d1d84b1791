"""Is a web server that answers with something else than the file, or says less of it, never taken for the file?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rollcall.report.cause_groups import group_by_cause
from tests.test_outputs_remote import BEGAN, DAY, DUMP, judged, output, placed, roll_of, said

Answer = tuple[int, Mapping[str, str], bytes]
WRITTEN = {"Last-Modified": format_datetime(BEGAN, usegmt=True)}
PAGE = {"Content-Type": "text/html; charset=utf-8"}
LOGIN = b'<!DOCTYPE html><title>Sign in</title><link href="../x.css"><a href="/forgot">?</a><a href="help">Help</a>'
CSV = b"a,b\n1,2\n"


@contextmanager
def web(answer: Callable[[str, str, Mapping[str, str]], Answer]) -> Iterator[str]:
    """A server that answers by `answer(verb, path, headers)`; its url."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self.command, self.path, dict(self.headers))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def redirected(verb: str, path: str, headers: Mapping[str, str]) -> Answer:
    return (200, {**PAGE, **WRITTEN}, LOGIN) if path == "/login/" else (302, {"Location": "/login/"}, b"")


@pytest.mark.parametrize("path", ["db-%F.sql.gz", "db-%F.parquet", "db-%F*.csv", "latest.csv", "dump-%F"])
@pytest.mark.parametrize(
    "answer", [lambda verb, path, headers: (200, {**PAGE, **WRITTEN}, LOGIN), redirected], ids=["at once", "redirected"]
)
def test_a_page_to_log_in_is_no_output_and_no_index(path: str, answer: Any, tmp_path: Path) -> None:
    with web(answer) as url:
        (told,) = said(judged(roll_of(tmp_path, placed(url), output("a", f"a/{path}")))).values()

    assert told == ("unknown place-down" if "*" in path else "unknown access-denied")


def test_a_web_page_may_be_the_output(tmp_path: Path) -> None:
    with web(lambda verb, path, headers: (200, {**PAGE, **WRITTEN}, LOGIN)) as url:
        assert said(judged(roll_of(tmp_path, placed(url), output("a", "report.html")))) == {"a": "ok"}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("latest.csv", "unknown output-unreadable"),
        (f"{DAY}-%H%M.csv", "unknown output-unreadable"),
        ("x-%F.csv", "unknown output-unreadable"),
        ("x-%Y%m%d-%H%M%S.csv", "ok"),
    ],
)
def test_of_a_file_without_a_time_only_its_name_can_tell_it(path: str, told: str, tmp_path: Path) -> None:
    name = BEGAN.strftime(f"/{path}")
    index = f'<title>Index of /</title><a href="{name}">x</a>'.encode()

    def answer(verb: str, path: str, headers: Mapping[str, str]) -> Answer:
        return (200, PAGE, index) if path == "/" else (200, {}, CSV) if path == name else (404, {}, b"")

    with web(answer) as url:
        morning = judged(roll_of(tmp_path, placed(url), output("a", path)))

    assert said(morning) == {"a": told}
    if told != "ok":
        assert f"it does not say when {name[1:]} was written" in morning.job_causes["a"].sentence  # type: ignore[union-attr]  # asserted


@pytest.mark.parametrize("link", ['"x {}.csv"', "'./x%20{}.csv'", "x%20{}.csv", '"HERE/d/x%20{}.csv"'])
def test_an_index_links_in_many_ways(link: str, tmp_path: Path) -> None:
    def answer(verb: str, path: str, headers: Mapping[str, str]) -> Answer:
        if path != "/d/":
            return 200, WRITTEN, CSV
        text = f"<a class=name\nhref = {link.format(DAY)}\n>x</a>".replace("HERE", f"http://{headers['Host']}")
        return 200, PAGE, text.encode()

    with web(answer) as url:
        assert said(judged(roll_of(tmp_path, placed(url), output("a", "d/x*%F.csv")))) == {"a": "ok"}


def test_a_server_that_ignores_ranges_makes_no_file_corrupt(tmp_path: Path) -> None:
    def answer(verb: str, path: str, headers: Mapping[str, str]) -> Answer:
        return 200, {**WRITTEN, "Accept-Ranges": "bytes"}, CSV * 500_000

    with web(answer) as url:
        roll = roll_of(tmp_path, placed(url), output("a", "latest.csv", 'format = "csv"'))

        assert said(judged(roll)) == {"a": "unknown output-unreadable"}


@pytest.mark.parametrize(
    ("status", "headers", "says"),
    [
        (503, {}, "it answers 503 Service Unavailable"),
        (204, {}, "it answers 204 No Content"),
        (302, {"Location": "/a"}, "it sends us from one address to the next without end"),
    ],
)
def test_what_a_server_answers_is_said_without_what_was_asked(
    status: int, headers: Mapping[str, str], says: str, tmp_path: Path
) -> None:
    with web(lambda verb, path, _: (status, headers, b"")) as url:
        morning = judged(roll_of(tmp_path, placed(url), output("a", "a/x.csv") + output("b", "b/y.csv")))

    assert set(said(morning).values()) == {"unknown place-down"}
    (group,) = group_by_cause(morning)
    assert f"{url}: {says}." in group.cause.sentence


def test_a_folder_that_is_refused_takes_nothing_from_the_others(tmp_path: Path) -> None:
    def answer(verb: str, path: str, headers: Mapping[str, str]) -> Answer:
        if path.startswith("/closed"):
            return 403, {}, b""
        threading.Event().wait(0.3)
        return 200, WRITTEN, DUMP

    jobs = output("a", "closed/db-%F.gz") + "".join(output(f"b{number}", f"{number}/x.gz") for number in range(4))
    with web(answer) as url:
        told = said(judged(roll_of(tmp_path, placed(url), jobs)))

    assert told.pop("a") == "unknown access-denied"
    assert set(told.values()) == {"ok"}
