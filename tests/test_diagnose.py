"""Does `rollcall diagnose` tell the staged mornings of the demo from end to end, and with which exit status?"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import time_machine

from fixtures.lived_in import AS_OF, HOUSE, JOBS, TOKEN, lived_in
from rollcall.commands import diagnose as command
from rollcall.demo import demo_morning
from rollcall.errors import BadInput

HAIKU = "generate_haiku_scheduled"


def diagnose(*arguments: str) -> tuple[int, list[str]]:
    """The exit status, and the lines."""
    parser = argparse.ArgumentParser()
    command.add_to(parser.add_subparsers())
    asked_for = parser.parse_args(["diagnose", *arguments])
    running, lines = asked_for.command(asked_for), []
    while True:
        try:
            lines.append(next(running))
        except StopIteration as end:
            return end.value, lines


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("HOUSE_TOKEN", TOKEN)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.chdir(HOUSE)
    for name in ("JOBS_FILE", "AS_OF", "SCHEDULER_URL", "DEMO"):
        monkeypatch.delenv(f"ROLLCALL_{name}", raising=False)


# The staged mornings --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What was told of one staged morning: of everything, of one job, and to a program."""

    status: int
    text: str
    haiku: list[str]
    whole: dict[str, Any]


@cache
def staged(fault: str | None) -> Staged:
    with demo_morning(fault) as demo, time_machine.travel(demo.now, tick=True):
        where = ("--jobs-file", str(demo.jobs_file), "--scheduler-url", demo.url)
        status, lines = diagnose(*where)
        _, haiku = diagnose(*where, HAIKU)
        _, (whole,) = diagnose(*where, "--json")
        folder = str(demo.folder)
    text = "\n".join(lines).replace(demo.url, "URL").replace(folder, "FOLDER")
    return Staged(status=status, text=_alike_everywhere(text), haiku=haiku, whole=json.loads(whole))


def _alike_everywhere(text: str) -> str:
    """Without what differs from machine to machine: seconds, sizes, the words of the system."""
    text = re.sub(r"(\d\d:\d\d):\d\d\b", r"\1:##", text)
    text = re.sub(r"(-\d{8}-\d{4})\d\d\b", r"\1##", text)
    text = re.sub(r"\b\d+ s after", "## s after", text)
    text = re.sub(r"[\d.]+ s apart", "# s apart", text)
    text = re.sub(r"[\d.]+ [kMGT]?B free \(\d+ %\)", "# free (# %)", text)
    text = re.sub(r"\b\d+ B\b", "# B", text)
    return re.sub(r"\[Errno \d+\]\s+", "", text)


SCHEDULER_DOWN = """\
Wed 11 Feb 2026 07:02 CET, Europe/Zurich

scheduler aime  URL
  NO   does the scheduler answer?       the scheduler does not answer: GET
                                        URL/api/v1/services/scheduler/status: Connection refused
   -   not asked further: scheduler-down (is it the right scheduler? do the clocks agree?)
  yes  does its second record answer?   calls the scheduler active (since Sat 31 Jan 19:00 CET), 9 runs on
                                        record
   -   not asked further: scheduler-down (is the scheduler running? is the scheduler alive? does it list
       anything?)
  cause: scheduler-down: The scheduler does not answer: GET
         URL/api/v1/services/scheduler/status: Connection refused.
  do:    See whether the backend is up (`ps aux | grep uvicorn`), start it, then `pytest checks/ --jobs-file FOLDER/jobs.toml --scheduler-url URL`

generate_haiku_scheduled  Haiku generation: missed
   -   not asked further: scheduler-down (is it registered? is its next run as declared?)
  yes  was a run due?                   due Wed 11 Feb 06:00 CET, allowed until 06:15
  NO   did it run?                      its last run ended Tue 10 Feb 06:00:## CET, by its database
   -   not asked further: missed-run (was it on time? did it succeed?)
  NO   is its output there?             the newest file is generate-haiku-20260210-0600##.md of Tue 10 Feb
                                        06:00:## CET
   -   not asked further: missed-run (is it complete? does it agree with the record?)
  yes  are all earlier runs there?      no earlier run was due in the last 1 d
  yes  is there room on the disk?       # free (# %)
  cause: scheduler-down, see scheduler aime

unknown     daily_enrichment            not asked further: scheduler-down; done Wed 11 Feb 02:00:## CET
unknown     generate_magazine_editions  not asked further: scheduler-down; done Wed 11 Feb 03:00:## CET
unknown     sync_discogs_daily          not asked further: scheduler-down; done Wed 11 Feb 04:00:## CET
unknown     export_collection_markdown  not asked further: scheduler-down; done Tue 10 Feb 08:00:## CET
unknown     export_collection_json      not asked further: scheduler-down; done Tue 10 Feb 10:00:## CET
unknown     optimize_ai_descriptions    not asked further: scheduler-down; done Wed 11 Feb 01:00:## CET
unknown     weekly_haiku                not asked further: scheduler-down; done Sun 8 Feb 20:00:## CET
unknown     monthly_analysis            not asked further: scheduler-down; done Sun 1 Feb 03:00:## CET
"""  # noqa: E501 - what is to be typed is told in one line, however long

DEGRADED = """\
Wed 11 Feb 2026 07:02 CET, Europe/Zurich

scheduler aime  URL
  yes  does the scheduler answer?       it does
  yes  is it the right scheduler?       answered with 9 jobs
  yes  do the clocks agree?             # s apart
  yes  does its second record answer?   calls the scheduler active (since Sat 31 Jan 19:00 CET), 9 runs on
                                        record
  yes  is the scheduler running?        running
  yes  is the scheduler alive?          the nearest next run is that of export_collection_markdown
  yes  does it list anything?           it lists 9 jobs

generate_haiku_scheduled  Haiku generation: bad-output
  yes  is it registered?                registered as "🎋 Génération de haïkus"
  yes  is its next run as declared?     next run Thu 12 Feb 06:00 CET
  yes  was a run due?                   due Wed 11 Feb 06:00 CET, allowed until 06:15
  yes  did it run?                      ended Wed 11 Feb 06:00:## CET
  yes  was it on time?                  Wed 11 Feb 06:00:## CET, ## s after it was due
  yes  did it succeed?                  success
  yes  is its output there?             generate-haiku-20260211-0600##.md, # B
  NO   is it complete?                  its output generate-haiku-20260211-0600##.md contains the fallback
                                        text "Aucune information disponible"
  yes  does it agree with the record?   # s apart
  yes  are all earlier runs there?      no earlier run was due in the last 1 d
  yes  is there room on the disk?       # free (# %)
  cause: degraded-output: Its output generate-haiku-20260211-0600##.md contains the fallback text "Aucune
         information disponible".
  do:    Look at it: `head FOLDER/data/scheduled-output/generate-haiku-20260211-0600##.md`; when its data source is back, run it now: `curl -X POST URL/api/v1/services/scheduler/trigger/generate_haiku_scheduled`, then `pytest checks/ --jobs-file FOLDER/jobs.toml --scheduler-url URL`

ok          daily_enrichment            due Wed 11 Feb 02:00 CET, done Wed 11 Feb 02:00:## CET
ok          generate_magazine_editions  due Wed 11 Feb 03:00 CET, done Wed 11 Feb 03:00:## CET
ok          sync_discogs_daily          due Wed 11 Feb 04:00 CET, done Wed 11 Feb 04:00:## CET
ok          export_collection_markdown  due Tue 10 Feb 08:00 CET, done Tue 10 Feb 08:00:## CET
ok          export_collection_json      due Tue 10 Feb 10:00 CET, done Tue 10 Feb 10:00:## CET
ok          optimize_ai_descriptions    due Wed 11 Feb 07:00 CET, done Wed 11 Feb 07:00:## CET
ok          weekly_haiku                due Sun 8 Feb 20:00 CET, done Sun 8 Feb 20:00:## CET
ok          monthly_analysis            due Sun 1 Feb 03:00 CET, done Sun 1 Feb 03:00:## CET
"""  # noqa: E501 - what is to be typed is told in one line, however long


def test_a_scheduler_that_is_down_is_told_once_and_the_files_and_its_memory_still_tell() -> None:
    assert staged("scheduler-down").text == SCHEDULER_DOWN.rstrip("\n")


def test_a_fallback_text_is_found_at_the_end_of_an_unbroken_chain() -> None:
    assert staged("degraded-output").text == DEGRADED.rstrip("\n")


def test_a_good_morning_is_short() -> None:
    good = staged(None)
    of_scheduler, of_jobs = good.text.split("\n\n")[1:]

    assert good.status == 0
    assert {line[2:5] for line in of_scheduler.splitlines()[1:] if line[2:5].strip()} == {"yes"}
    assert [line.split()[0] for line in of_jobs.splitlines()] == ["ok"] * 9


def test_a_job_that_is_named_is_told_in_full() -> None:
    told = staged(None).haiku
    place = told.index(f"{HAIKU}  Haiku generation: ok")

    assert [line[2:5] for line in told[place + 1 :]] == ["yes"] * 11
    assert not any("weekly_haiku" in line for line in told)


def test_a_stopped_scheduler_is_the_cause_of_all_its_jobs() -> None:
    stopped = staged("scheduler-stopped")
    (scheduler,) = stopped.whole["schedulers"]
    standing = {each["question"]: each["standing"] for each in scheduler["links"]}

    assert stopped.status == 1
    assert standing["is the scheduler running?"] == "no"
    assert standing["is the scheduler alive?"] == "not asked"
    assert {each["cause"]["code"] for each in stopped.whole["jobs"]} == {"scheduler-stopped"}
    assert stopped.text.count("  do:    ") == 1
    assert (
        "do:    Start it: `pytest checks/ --jobs-file FOLDER/jobs.toml --scheduler-url URL --restart-stopped`"
        in stopped.text
    )


MORNINGS = [(None, 0), ("scheduler-stopped", 1), ("scheduler-down", 1), ("degraded-output", 1)]


@pytest.mark.parametrize(
    ("fault", "status"),
    MORNINGS,
)
def test_status_and_json_say_the_same(fault: str | None, status: int) -> None:
    told = staged(fault)
    causes = {(each["cause"] or {}).get("code") for each in told.whole["schedulers"] + told.whole["jobs"]}

    assert told.status == status
    assert causes - {None} == ({fault} if fault else set())
    assert len(told.whole["jobs"]) == 9
    assert all(list(link) == ["question", "standing", "answer"] for job in told.whole["jobs"] for link in job["links"])


# The command line -----------------------------------------------------------------------------------------------------


def test_only_the_schedulers_of_the_named_jobs_are_asked(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        status, lines = diagnose("--jobs-file", str(tmp_path / "jobs.toml"), "--as-of", AS_OF, "export")
        asked = list(house.scheduler.asked)
        _, everything = diagnose("--jobs-file", str(tmp_path / "jobs.toml"), "--as-of", AS_OF)

    assert status == 0
    assert len(asked) == 1
    assert [line.split()[1] for line in lines if line.startswith("scheduler ")] == ["other"]
    assert [line.split()[1] for line in everything[-len(JOBS) :]] == list(JOBS)
    assert TOKEN not in "\n".join(everything)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["nope"], "no such job"),
        (["--as-of", "soon"], "not a timestamp"),
        (["--jobs-file", "none.toml"], "cannot be read"),
        (["--scheduler-url", "nobody=http://127.0.0.1:9"], "nobody"),
    ],
)
def test_bad_input_is_refused_before_anybody_is_asked(tmp_path: Path, arguments: list[str], rule: str) -> None:
    with lived_in(tmp_path) as house:
        with pytest.raises(BadInput, match=rule):
            diagnose("--jobs-file", str(tmp_path / "jobs.toml"), *arguments)

        assert house.scheduler.asked == []


# Two looks ------------------------------------------------------------------------------------------------------------

MINUTELY = """
timezone = "UTC"
[defaults]
scheduler = 'aime'
[schedulers.aime]
kind = 'aime'
url = "{url}"
status = "/status"
engine = "cron"
[jobs.pulse]
schedule = "* * * * *"
paused = {{ until = {until}, reason = "only its scheduler is asked about" }}
"""


@contextmanager
def scheduler_saying(*next_runs: datetime) -> Iterator[tuple[str, list[str]]]:
    """A scheduler whose job is next due at each of these, look by look (the last again and again); and who asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            next_run = next_runs[min(len(asked), len(next_runs) - 1)]
            asked.append(self.path)
            body = json.dumps({"running": True, "jobs": [{"id": "pulse", "next_run": next_run.isoformat()}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# after | when the first look finds the job next due, after the second | options | how often asked | status, the link
LOOKS = [
    (timedelta(seconds=-20), timedelta(seconds=40), [], 2, "yes", "moved on between two looks"),
    (timedelta(seconds=-20), timedelta(seconds=-20), [], 2, "no", "did not move on between two looks"),
    (timedelta(seconds=-20), timedelta(seconds=-20), ["--no-wait"], 1, "yes", "the nearest next run is that of pulse"),
    (timedelta(seconds=40), timedelta(seconds=40), [], 1, "yes", "the nearest next run is that of pulse"),
]


@pytest.mark.parametrize(("first", "second", "options", "times", "standing", "answer"), LOOKS)
def test_a_second_look_proves_the_loop(
    tmp_path: Path, first: timedelta, second: timedelta, options: list[str], times: int, standing: str, answer: str
) -> None:
    now = datetime.now(UTC)
    with scheduler_saying(now + first, now + second) as (url, asked):
        (tmp_path / "jobs.toml").write_text(
            MINUTELY.format(url=url, until=(now + timedelta(days=30)).date()), encoding="utf-8"
        )
        status, (text,) = diagnose("--jobs-file", str(tmp_path / "jobs.toml"), "--json", *options)
    (scheduler,) = json.loads(text)["schedulers"]
    (alive,) = [each for each in scheduler["links"] if each["question"] == "is the scheduler alive?"]

    assert len(asked) == times
    assert alive["standing"] == standing
    assert answer in alive["answer"]
    assert (scheduler["cause"] or {}).get("code") == (None if standing == "yes" else "scheduler-stalled")
    assert status == 1 or standing == "yes"
