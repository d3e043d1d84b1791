"""Does jobs.toml mean what it says, and is every mistake in it told with its place, value, rule and cure?"""

from __future__ import annotations

import json
import tomllib
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollcall.config import LARGEST_FILE, json_schema, load
from rollcall.errors import BadInput
from rollcall.jobs import Format, Late, Output, Pause, Roll, Scheduler, Threshold
from rollcall.schedule import Engine

TOKEN = "s3cr3t-t0ken-0123456789"
ENVIRONMENT = {"AIME_TOKEN": TOKEN}

# DESIGN.md, section 5.
EXAMPLE = """
timezone = "Europe/Zurich"            # required, never guessed
look_back = "24 h"

[schedulers.aime]
url = "http://localhost:8000"
status = "/api/v1/services/scheduler/status"
start = "/api/v1/services/scheduler/start"              # POST, only with --restart-stopped
trigger = "/api/v1/services/scheduler/trigger/{job}"    # POST, only with --rerun-missed
engine = "apscheduler"
naive_times = "UTC"
timeout = "5 s"
root = "."                            # outputs are relative to this; default: the folder of jobs.toml
headers = { Authorization = "Bearer ${AIME_TOKEN}" }    # ${NAME} from the environment, never printed

[jobs.generate_haiku_scheduled]       # the id the scheduler uses
title = "Haiku generation"
scheduler = "aime"                      # may be left out when there is one scheduler
schedule = "0 6 * * *"                # 5 fields, @daily…, or every = "6 h"
grace = "15 min"
max_runtime = "10 min"
late = "fail"

[jobs.generate_haiku_scheduled.output]
path = "data/scheduled-output/generate-haiku-*.md"
stamp = "generate-haiku-%Y%m%d-%H%M%S.md"
min_size = "200 B"
format = "text"                       # text, json, csv, …: parsed, not only sniffed
must_contain = ["# Album Haïku"]
must_not_contain = ["Aucune information disponible"]
keeps = 5
"""

SCHEDULER = """
timezone = "Europe/Zurich"
[schedulers.aime]
url = "http://localhost:8000"
"""
JOB = '[jobs.haiku]\nschedule = "0 6 * * *"\n'


def read(folder: Path, text: str | bytes, environment: Mapping[str, str] = ENVIRONMENT, **more: Any) -> Roll:
    file = folder / "jobs.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(file, environment=environment, **more)


def mistakes(folder: Path, text: str | bytes, environment: Mapping[str, str] = ENVIRONMENT, **more: Any) -> list[str]:
    with pytest.raises(BadInput) as refusal:
        read(folder, text, environment, **more)
    return str(refusal.value).split("\n")


def one_output(folder: Path, lines: str) -> str:
    (mistake,) = mistakes(folder, f"{SCHEDULER}{JOB}[jobs.haiku.output]\n{lines}\n")
    return mistake


# What it means ----------------------------------------------------------------------------------------------------


def test_the_example_of_the_design_loads_with_every_value_as_declared(tmp_path: Path) -> None:
    roll = read(tmp_path, EXAMPLE)
    (job,) = roll.jobs

    assert (roll.file, roll.zone, roll.look_back) == (
        tmp_path / "jobs.toml",
        ZoneInfo("Europe/Zurich"),
        timedelta(hours=24),
    )
    assert roll.schedulers == (
        Scheduler(
            id="aime",
            url="http://localhost:8000",
            shown_url="http://localhost:8000",
            status="/api/v1/services/scheduler/status",
            start="/api/v1/services/scheduler/start",
            trigger="/api/v1/services/scheduler/trigger/{job}",
            engine=Engine.APSCHEDULER,
            naive_times=ZoneInfo("UTC"),
            timeout=timedelta(seconds=5),
            root=tmp_path,
            headers=(("Authorization", f"Bearer {TOKEN}"),),
            secrets=roll.schedulers[0].secrets,
            zone=ZoneInfo("Europe/Zurich"),
        ),
    )
    assert (job.id, job.title, job.scheduler) == ("generate_haiku_scheduled", "Haiku generation", roll.schedulers[0])
    assert (job.schedule.text, job.schedule.engine, job.zone) == ("0 6 * * *", Engine.APSCHEDULER, roll.zone)
    assert (job.grace, job.max_runtime, job.look_back) == (
        timedelta(minutes=15),
        timedelta(minutes=10),
        timedelta(hours=24),
    )
    assert (job.late, job.since) == (Late.FAIL, None)
    assert job.output == Output(
        folder=tmp_path / "data/scheduled-output",
        pattern="generate-haiku-*.md",
        stamp="generate-haiku-%Y%m%d-%H%M%S.md",
        min_size=200,
        max_size=64_000_000,
        format=Format.TEXT,
        must_contain=("# Album Haïku",),
        must_not_contain=("Aucune information disponible",),
        keeps=5,
    )


def test_what_a_job_leaves_out_is_its_schedulers_or_the_files(tmp_path: Path) -> None:
    roll = read(
        tmp_path,
        """
        timezone = "Asia/Kolkata"
        look_back = "2 d"
        [schedulers.plain]
        url = "http://localhost:1/"
        root = "elsewhere"
        [jobs.a]
        schedule = "@daily"
        output = { path = "x-*.txt", must_contain = ["x"] }
        [jobs.b]
        every = "6 h"
        anchor = 2026-02-11T06:00:00+01:00
        since = "2026-01-01T00:00:00Z"
        look_back = "1 h"
        timezone = "UTC"
        engine = "apscheduler"
        """,
    )
    a, b = roll.jobs

    assert (a.title, a.zone.key, a.look_back, a.schedule.engine) == (
        "a",
        "Asia/Kolkata",
        timedelta(days=2),
        Engine.CRON,
    )
    assert roll.schedulers[0].url == roll.schedulers[0].shown_url == "http://localhost:1"
    assert a.output is not None
    assert (a.output.folder, a.output.format) == (tmp_path / "elsewhere", Format.TEXT)
    assert (b.zone.key, b.look_back, b.since) == ("UTC", timedelta(hours=1), datetime(2026, 1, 1, tzinfo=UTC))
    assert b.schedule.is_due_at(datetime(2026, 2, 11, 11, tzinfo=UTC))


def test_a_job_without_any_scheduler_is_judged_by_its_output_alone(tmp_path: Path) -> None:
    text = 'timezone = "UTC"\n[jobs.a]\nschedule = "@daily"\noutput = { path = "/srv/a-*.txt" }'
    (job,) = read(tmp_path, text).jobs

    assert job.scheduler is None
    assert job.output is not None
    assert job.output.folder == Path("/srv")


# Precedence -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [None, "aime"])
@pytest.mark.parametrize("url_of_file", ["http://localhost:8000", "not an address", "http://${UNSET}"])
def test_the_command_lines_url_beats_the_files(tmp_path: Path, name: str | None, url_of_file: str) -> None:
    text = SCHEDULER.replace("http://localhost:8000", url_of_file) + JOB
    roll = read(tmp_path, text, scheduler_urls={name: "http://user:pass@127.0.0.1:9/x/"})

    assert roll.schedulers[0].url == "http://user:pass@127.0.0.1:9/x"
    assert roll.schedulers[0].shown_url == "http://127.0.0.1:9/x"


@pytest.mark.parametrize(
    ("urls", "schedulers", "mistake"),
    [
        (
            {"aimee": "http://h"},
            "[schedulers.aime]\nurl='http://h'",
            '--scheduler-url = "aimee": no such scheduler. Declared: aime.',
        ),
        (
            {None: "localhost:8000"},
            "[schedulers.aime]\nurl='http://h'",
            (
                '--scheduler-url = "localhost:8000": is not an http or https address. '
                'Write it such as "http://localhost:8000".'
            ),
        ),
        (
            {None: "http://h"},
            "[schedulers.a]\nurl='http://h'\n[schedulers.b]\nurl='http://h'",
            '--scheduler-url = "http://h": which scheduler? Write NAME=URL with one of: a and b.',
        ),
        (
            {None: "http://user:pass@h?token=abc"},
            "[schedulers.a]\nurl='http://h'",
            (
                '--scheduler-url = "http://h": ends in a "?" or "#" part, which belongs to status. '
                'Write it such as "http://localhost:8000".'
            ),
        ),
    ],
)
def test_a_wrong_url_on_the_command_line_is_told_with_the_files_mistakes(
    tmp_path: Path, urls: dict[str | None, str], schedulers: str, mistake: str
) -> None:
    text = f'timezone = "UTC"\n{schedulers}\n[jobs.a]\nscheduler = ""\nschedule = "@daily"\n'
    assert mistakes(tmp_path, text, scheduler_urls=urls) == [
        mistake,
        "jobs.toml: jobs.a.output: nothing to look at. Give the job a scheduler or an output.",
    ]


def test_a_url_for_a_scheduler_that_is_no_table_leaves_the_files_mistake(tmp_path: Path) -> None:
    text = f'timezone = "UTC"\n[schedulers]\naime = 3\n{JOB}'
    assert mistakes(tmp_path, text, scheduler_urls={None: "http://h", "aime": "http://h"}) == [
        "jobs.toml: schedulers.aime = 3: must be a table. Write [schedulers.aime] above its keys."
    ]


# The file itself --------------------------------------------------------------------------------------------------


def test_a_missing_file_is_told_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refusal:
        load(tmp_path / "jobs.toml", environment={}, shown_as="jobs.toml")

    assert str(refusal.value) == (
        "jobs.toml: cannot be read: No such file or directory. "
        "Write one (README, “Your own scheduler”), or name another with --jobs-file."
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [(".", "Is a directory"), ("nul\0", "embedded null byte"), ("x" * 300, "File name too long")],
)
def test_a_name_that_is_no_file_is_told(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        load(tmp_path / name, environment={})


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (b"a = \xff", "jobs.toml: is not UTF-8 (byte 4). Save it as UTF-8."),
        (
            "a = ",
            "jobs.toml: is not TOML: Invalid value (at end of document). Mend that place first.",
        ),
        (
            'a = "\x1b[31m"',
            "jobs.toml: is not TOML: Illegal character '\\x1b' (at line 1, column 6). Mend that place first.",
        ),
        (
            "[jobs.a]\nschedule = '1'\nschedule = '2'",
            "jobs.toml: is not TOML: Cannot overwrite a value (at end of document). Mend that place first.",
        ),
        (
            "[jobs.a]\n[jobs.a]",
            "jobs.toml: is not TOML: Cannot declare ('jobs', 'a') twice (at line 2, column 8). Mend that place first.",
        ),
        ("a = " + "[" * 100_000, "jobs.toml: is nested too deeply. Is it a jobs.toml?"),
        (b"#" * (LARGEST_FILE + 1), "jobs.toml: is larger than 4 MB. Is it a jobs.toml?"),
    ],
    ids=["not UTF-8", "not TOML", "control", "key twice", "table twice", "too deep", "too large"],
)
def test_a_file_that_cannot_be_read_is_one_mistake(tmp_path: Path, text: str | bytes, mistake: str) -> None:
    assert mistakes(tmp_path, text) == [mistake]


def test_a_number_of_thousands_of_digits_is_no_traceback(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, "a = " + "9" * 5000)

    assert mistake.startswith("jobs.toml: is not TOML: ")


def test_keys_nested_by_the_thousand_are_no_traceback(tmp_path: Path) -> None:
    deep = ".".join("a" * 5000)
    assert mistakes(tmp_path, f"{SCHEDULER}{JOB}look_back = [{{{deep} = 1}}]\n{deep} = 1\n") == [
        "jobs.toml: jobs.haiku.look_back = […]: must be text in quotes.",
        (
            "jobs.toml: jobs.haiku.a: unknown key. Known keys: title, scheduler, engine, timezone, schedule, every, "
            "anchor, grace, max_runtime, look_back, jitter, late, since, paused, skip_dates, holidays, business_days, "
            "rerun, alert_after and output."
        ),
    ]


@pytest.mark.parametrize("text", ["", 'timezone = "UTC"', 'timezone = "UTC"\njobs = {}', 'timezone = "UTC"\n[jobs]'])
def test_a_roll_without_a_job_is_refused(tmp_path: Path, text: str) -> None:
    told = mistakes(tmp_path, text)[-1]

    assert told.startswith("jobs.toml: jobs")
    assert told.endswith(
        ": declares no job, and nothing that is not declared can be missed. Write a [jobs.NAME] table."
    )


# Its mistakes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ('grace = "30"', 'grace = "30": no unit. Write "30 min" or "30 s".'),
        ("grace = 30", "grace = 30: must be text in quotes."),
        ("grace = 0x7fffffffffffffffffff", "grace = (a number of many digits): must be text in quotes."),
        ('grace = ["30 min"]', "grace = […]: must be text in quotes."),
        ("grace = 2026-02-11", "grace = 2026-02-11: must be text in quotes."),
        ("grace = 06:00:00", "grace = 06:00:00: must be text in quotes."),
        ("grace = inf", "grace = inf: must be text in quotes."),
        ("grace = true", "grace = true: must be text in quotes."),
        ("grace = {a = 1}", "grace = {…}: must be text in quotes."),
        (
            'grace = "5 parsecs"',
            'grace = "5 parsecs": unknown unit "parsecs". Units are s, min, h, d and w: write "5 min".',
        ),
        (
            'grace = "\\u001b[31m5"',
            'grace = "5": not a span. Write a number and a unit, such as "30 min" or "1 h 30 min".',
        ),
        ('grase = "30 min"', "grase: unknown key. Did you mean grace?"),
        (
            '"\\u001b[31m" = 1',
            (
                '"": unknown key. Known keys: title, scheduler, engine, timezone, schedule, every, anchor, grace, '
                "max_runtime, look_back, jitter, late, since, paused, skip_dates, holidays, business_days, rerun, "
                "alert_after and output."
            ),
        ),
        ('late = "maybe"', "late = \"maybe\": must be one of 'fail' or 'warn'."),
        ('engine = "quartz"', "engine = \"quartz\": must be one of 'cron' or 'apscheduler'."),
        ('timezone = "Europe/Zurch"', 'timezone = "Europe/Zurch": no such time zone. Did you mean "Europe/Zurich"?'),
        ('timezone = "Europe"', 'timezone = "Europe": no such time zone. Did you mean "Europe/Rome"?'),
        ('timezone = "../etc/passwd"', None),
        ('timezone = ""', 'timezone = "": no such time zone. Write one such as "Europe/Zurich" or "UTC".'),
        ("timezone = 1", "timezone = 1: must be text in quotes."),
        ('scheduler = "aimee"', 'scheduler = "aimee": no such scheduler. Declared: aime.'),
        ('scheduler = ["aime"]', "scheduler = […]: must be text in quotes."),
        ('title = ["x"]', "title = […]: must be text in quotes."),
        ('every = "6 h"', 'every = "6 h": a job has a schedule or an interval. Keep one of schedule and every.'),
        (
            "since = 2026-02-11",
            "since = 2026-02-11: no offset, so no instant. Write it such as 2026-02-11T06:00:00+01:00.",
        ),
        (
            "since = 2026-02-11T06:00:00",
            "since = 2026-02-11 06:00:00: no offset, so no instant. Write it such as 2026-02-11T06:00:00+01:00.",
        ),
        (
            "since = 0001-01-01T00:00:00+14:00",
            "since = 0001-01-01 00:00:00+14:00: year 0001 is outside 1970-2999, so it cannot be the time of a run.",
        ),
        (
            "anchor = 2026-02-11T06:00:00Z",
            "anchor = 2026-02-11 06:00:00+00:00: belongs to every, which this job does not have. Take it out.",
        ),
        ("output = 'x'", 'output = "x": must be a table. Write [jobs.haiku.output] above its keys.'),
        ("output = [{path = 'x'}]", "output = […]: must be a table. Write [jobs.haiku.output] above its keys."),
        ("paused = true", "paused = true: must be a table. Write [jobs.haiku.paused] above its keys."),
        (
            'paused = {reason = "moving"}',
            "paused.until: required: the first day on which it is owed again. Write until = 2026-03-01.",
        ),
        ("paused = {until = 2026-03-01}", 'paused.reason: required. Write reason = "…", which is shown each morning.'),
        (
            'paused = {until = 2026-03-01, reason = "\\u001b[31m"}',
            'paused.reason = "": says nothing. Write why it is paused.',
        ),
        (
            'paused = {until = "March", reason = "x"}',
            'paused.until = "March": is not a day. Write it such as 2026-03-01.',
        ),
        (
            'paused = {until = 0001-01-01, reason = "x"}',
            "paused.until = 0001-01-01: year 0001 is outside 1970-2999. Write it such as 2026-03-01.",
        ),
        (
            'skip_dates = ["3000-01-01"]',
            'skip_dates.0 = "3000-01-01": year 3000 is outside 1970-2999. Write it such as 2026-03-01.',
        ),
        (
            'jitter = "24 h"',
            'jitter = "24 h": reaches the next run, 1 d later, so nobody could tell them apart. Write less.',
        ),
        (
            "skip_dates = [2026-12-24T06:00:00Z]",
            "skip_dates.0 = 2026-12-24 06:00:00+00:00: is not a day. Write it such as 2026-03-01.",
        ),
        ('holidays = "Zurich"', None),
        (
            'holidays = "CH-ZZ"',
            'holidays = "CH-ZZ": no such region of CH. Write "CH" for the whole country.',
        ),
        ("business_days = 1", "business_days = 1: must be true or false, without quotes."),
        ("rerun = 1", "rerun = 1: must be true or false, without quotes."),
        (
            "rerun = true",
            "rerun = true: its scheduler has no trigger, so nothing can be re-run. Write trigger in its table.",
        ),
        ('alert_after = "3 of 2"', 'alert_after = "3 of 2": must be such as "2 of 3", of at most 30 runs.'),
        ('alert_after = "0 of 2"', 'alert_after = "0 of 2": must be such as "2 of 3", of at most 30 runs.'),
        ("alert_after = 2", "alert_after = 2: must be text in quotes."),
        ("output = {}", 'output.path: required. Write path = "data/export-*.json".'),
    ],
)
def test_a_mistake_in_a_job_holds_place_value_rule_and_cure(tmp_path: Path, line: str, mistake: str | None) -> None:
    (told,) = mistakes(tmp_path, f"{SCHEDULER}{JOB}{line}\n")

    assert told.startswith("jobs.toml: jobs.haiku.")
    if mistake is not None:
        assert told == f"jobs.toml: jobs.haiku.{mistake}"


@pytest.mark.parametrize(
    ("schedule", "mistake"),
    [
        ("", 'jobs.haiku: never due. Write schedule = "0 6 * * *" or every = "6 h".'),
        (
            'schedule = "61 * * * *"',
            (
                'jobs.haiku.schedule = "61 * * * *": minute "61" is nothing cron takes. '
                'Write 0-59, such as "30", "0,30" or "*/15".'
            ),
        ),
        (
            'schedule = "0 0 30 2 *"',
            (
                'jobs.haiku.schedule = "0 0 30 2 *": never due: no such date exists. '
                "Write a day that one of the months has."
            ),
        ),
        (
            'schedule = "0 6 * *"',
            'jobs.haiku.schedule = "0 6 * *": 4 fields. Write 5 fields: minute hour day month weekday.',
        ),
        (
            'schedule = "@reboot"',
            (
                'jobs.haiku.schedule = "@reboot": "@reboot" names no time, so no run can be missed. '
                "Write 5 fields: minute hour day month weekday."
            ),
        ),
        ("schedule = 6", "jobs.haiku.schedule = 6: must be text in quotes."),
        ('every = "59 s"', 'jobs.haiku.every = "59 s": must be at least "1 min".'),
        ("every = 6", "jobs.haiku.every = 6: must be text in quotes."),
    ],
)
def test_a_job_is_due_in_exactly_one_readable_way(tmp_path: Path, schedule: str, mistake: str) -> None:
    assert mistakes(tmp_path, f"{SCHEDULER}[jobs.haiku]\n{schedule}\n") == [f"jobs.toml: {mistake}"]


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ('path = "d-*/x.md"', 'path = "d-*/x.md": has a wildcard in a folder. Wildcards belong in the file name.'),
        ('path = "**/x.md"', 'path = "**/x.md": has a wildcard in a folder. Wildcards belong in the file name.'),
        (
            'path = "data/"',
            'path = "data/": names no file. Write folder and file name, such as "data/export-*.json".',
        ),
        ('path = ""', 'path = "": names no file. Write folder and file name, such as "data/export-*.json".'),
        (
            'path = "${DATA}/x.md"',
            'path = "${DATA}/x.md": ${NAME} is read in url and headers only. Write the folder itself.',
        ),
        ('path = "a\\u0000b"', 'path = "ab": holds a NUL character, which no path can. Take it out.'),
        (
            'path = "~nobody-of-that-name/x.md"',
            (
                'path = "~nobody-of-that-name/x.md": begins with "~", but there is no such home. '
                'Write the folder from "/" on.'
            ),
        ),
        (
            'path = "x-*.md"\nstamp = "x-%m%d.md"',
            'stamp = "x-%m%d.md": does not tell the date. It needs year, month and day, such as %Y%m%d.',
        ),
        (
            'path = "x-*.md"\nstamp = "y-%Y%m%d.md"',
            'stamp = "y-%Y%m%d.md": reads names such as "y-20261025.md", which path does not match ("x-*.md").',
        ),
        (
            'path = "x-*.md"\nstamp = "x-%Y-%Y%m%d.md"',
            (
                'stamp = "x-%Y-%Y%m%d.md": cannot be read. '
                'Write the file name with strptime codes, such as "export-%Y%m%d-%H%M%S.md".'
            ),
        ),
        (
            'path = "x-*.md"\nstamp = "x-%Y%m%d-%Q.md"',
            (
                'stamp = "x-%Y%m%d-%Q.md": cannot be read. '
                'Write the file name with strptime codes, such as "export-%Y%m%d-%H%M%S.md".'
            ),
        ),
        (
            'path = "x-*.md"\nstamp = "x-%Y%m%d-%Z.md"',
            'stamp = "x-%Y%m%d-%Z.md": has %Z, a zone\'s name, which is not read as one. Write %z, or the name itself.',
        ),
        (
            'path = "x"\nmust_change = true',
            "must_change = true: each run overwrites the one file of path. Let each write its own, or take this out.",
        ),
        ('path = "x-*"\nmust_change = "yes"', 'must_change = "yes": must be true or false, without quotes.'),
        ('path = "x"\nmin_size = "200"', 'min_size = "200": no unit. Write "200 B" or "200 kB".'),
        ('path = "x"\nmin_size = 200', "min_size = 200: must be text in quotes."),
        (
            'path = "x"\nmin_size = "1 Mb"',
            'min_size = "1 Mb": unknown unit "Mb". Units: B, kB, MB, GB, KiB, MiB, GiB.',
        ),
        ('path = "x"\nmin_size = "-1 B"', 'min_size = "-1 B": not a size. Write "200 B" or "1 MB".'),
        (
            'path = "x"\nmin_size = "2 MB"\nmax_size = "1 MB"',
            'max_size = "1 MB": is smaller than min_size, so that no file could be whole. Write a larger size.',
        ),
        ('path = "x"\nkeeps = 0', "keeps = 0: must be at least 1."),
        ('path = "x"\nkeeps = "5"', 'keeps = "5": must be a whole number, without quotes, such as 5.'),
        ('path = "x"\nkeeps = 5.0', "keeps = 5.0: must be a whole number, without quotes, such as 5."),
        ('path = "x"\nkeeps = true', "keeps = true: must be a whole number, without quotes, such as 5."),
        (
            'path = "x"\nmust_contain = "# Title"',
            'must_contain = "# Title": must be a list of texts, such as ["# Title"].',
        ),
        (
            'path = "x"\nmust_contain = ["a", ""]',
            'must_contain.1 = "": every file contains the empty text. Remove the "".',
        ),
        ('path = "x"\nmust_not_contain = [1]', "must_not_contain.0 = 1: must be text in quotes."),
        (
            'path = "x"\nformat = "txt"',
            "format = \"txt\": must be one of 'any', 'text', 'json', 'jsonl', 'csv', 'xml', 'gzip' or 'zip'.",
        ),
    ],
)
def test_a_mistake_in_an_output_holds_place_value_rule_and_cure(tmp_path: Path, lines: str, mistake: str) -> None:
    assert one_output(tmp_path, lines) == f"jobs.toml: jobs.haiku.output.{mistake}"


def test_what_is_wrong_with_a_stamp_itself_is_told_beside_what_is_wrong_with_its_path(tmp_path: Path) -> None:
    path, stamp = mistakes(tmp_path, f'{SCHEDULER}{JOB}output = {{ path = "x-*/a", stamp = "x-%Y%Q" }}')
    alone = mistakes(tmp_path, f'{SCHEDULER}{JOB}output = {{ path = "x-*/a", stamp = "a-%Y%m%d" }}')

    assert path.startswith('jobs.toml: jobs.haiku.output.path = "x-*/a": has a wildcard in a folder.')
    assert stamp.startswith('jobs.toml: jobs.haiku.output.stamp = "x-%Y%Q": cannot be read.')
    assert alone == [path]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('[jobs.haiku]\nschedul = "0 6 * * *"', "jobs.haiku.schedul: unknown key. Did you mean schedule?"),
        ('[jobs.haiku]\nevry = "6 h"', "jobs.haiku.evry: unknown key. Did you mean every?"),
        (f'{JOB}output = {{ pth = "x" }}', "jobs.haiku.output.pth: unknown key. Did you mean path?"),
        (f'{JOB}scheduler = ""\noutpt = {{ path = "x" }}', "jobs.haiku.outpt: unknown key. Did you mean output?"),
        (f'{JOB}[schedulers.s1]\nurll = "x"', "schedulers.s1.urll: unknown key. Did you mean url?"),
    ],
)
def test_a_misspelt_key_is_not_said_to_be_missing_as_well(tmp_path: Path, text: str, mistake: str) -> None:
    scheduler = SCHEDULER if "s1" not in text else 'timezone = "Europe/Zurich"\n'

    assert mistakes(tmp_path, scheduler + text) == [f"jobs.toml: {mistake}"]


def test_another_unknown_key_hides_nothing_that_is_missing(tmp_path: Path) -> None:
    missing, unknown = mistakes(tmp_path, f'{SCHEDULER}[jobs.haiku]\ngrac = "5 min"')

    assert missing.startswith("jobs.toml: jobs.haiku: never due.")
    assert unknown.endswith("Did you mean grace?")


def test_a_stamp_with_an_offset_is_read(tmp_path: Path) -> None:
    text = f'{SCHEDULER}{JOB}output = {{ path = "x-*", stamp = "x-%Y%m%dT%H%M%S%z" }}'

    assert read(tmp_path, text).jobs[0].output


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("", 'url: required. Write url = "http://localhost:8000".'),
        ("url = 8000", "url = 8000: must be text in quotes."),
        (
            'url = "localhost:8000"',
            'url = "localhost:8000": is not an http or https address. Write it such as "http://localhost:8000".',
        ),
        ('url = "http://"', None),
        ('url = "http://h:0"', None),
        ('url = "http://h:99999"', None),
        ('url = "http://a..b"', None),
        ('url = "http://[::1"', None),
        ('url = "http://h h"', None),
        ('url = "http://h\\u0000"', None),
        ('url = "http://h\\n"', None),
        ('url = "ftp://h"', None),
        ('url = "http://h/?token=abc"', None),
        ('url = "http://${UNSET}:1"', ('url = "http://${UNSET}:1": UNSET is not set in the environment. '
         "Set it: export UNSET=…")),
        ('url = "http://${}"', None),
        ('url = "http://${AIME_TOKEN"', None),
        (
            'status = "api"',
            'status = "api": must be a path on the scheduler. Start it with one "/".',
        ),
        ('status = "//evil"', None),
        ('start = ["/start"]', "start = […]: must be text in quotes."),
        ('trigger = "/trigger"', 'trigger = "/trigger": does not say which job. Write {job} where its id belongs.'),
        ('timeout = "1 h"', 'timeout = "1 h": must lie between "0.1 s" and "5 min".'),
        ('timeout = "0 s"', 'timeout = "0 s": must lie between "0.1 s" and "5 min".'),
        ('naive_times = "CEST"', None),
        ('root = "~nobody-of-that-name"', None),
        (
            'headers = "Authorization: Bearer abc"',
            'headers: must be a table. Write headers = { Authorization = "Bearer ${TOKEN}" }.',
        ),
        ("headers = { A = 1 }", "headers.A: must be text in quotes."),
        (
            'headers = { "A B" = "x" }',
            'headers."A B": "A B" is not a header name. Use letters, digits and hyphens.',
        ),
        (
            'headers = { A = "x\\r\\nB: y" }',
            "headers.A: has characters a header cannot carry. Use printable ASCII, and no space at its ends.",
        ),
        (
            'headers = { A = " x" }',
            "headers.A: has characters a header cannot carry. Use printable ASCII, and no space at its ends.",
        ),
        ('headers = { Content-Length = "5" }', "headers.Content-Length: is set by the request itself. Take it out."),
        (
            'headers = { A = "${X} ${Y}" }',
            "headers.A: X and Y are not set in the environment. Set it: export X=… Y=…",
        ),
        ('token = "abc"', None),
    ],
)  # fmt: skip
def test_a_mistake_in_a_scheduler_holds_place_value_rule_and_cure(
    tmp_path: Path, line: str, mistake: str | None
) -> None:
    url = "" if not line or line.startswith("url") else 'url = "http://localhost:8000"\n'
    (told,) = mistakes(tmp_path, f'timezone = "UTC"\n{JOB}[schedulers.aime]\n{url}{line}\n')

    assert told.startswith("jobs.toml: schedulers.aime.")
    if mistake is not None:
        assert told == f"jobs.toml: schedulers.aime.{mistake}"


@pytest.mark.parametrize(
    ("key", "shown"),
    [('""', '""'), ('"a\\u001b[31mb"', "ab"), ('"a\\nb"', '"a b"'), (f'"{"x" * 300}"', "x" * 79 + "…")],
)
@pytest.mark.parametrize("table", ["schedulers", "jobs"])
def test_an_id_is_plain(tmp_path: Path, table: str, key: str, shown: str) -> None:
    told = mistakes(tmp_path, f"{SCHEDULER}{JOB}scheduler = 'aime'\n[{table}.{key}]\n")
    shown = f'"{shown}"' if "…" in shown else shown

    assert f"jobs.toml: {table}.{shown}: is empty, too long or has control characters. Write a plain name." in told


@pytest.mark.parametrize(
    "key", ["timezone", "look_back", "history", "alert", "watch", "schedulers", "jobs", "schedulers.aime", "jobs.haiku"]
)
@pytest.mark.parametrize("value", ["1", "true", '"x"', "[]", "[{}]", "1.5", "2026-02-11", "06:00:00"])
def test_a_value_of_the_wrong_type_is_a_mistake_at_its_own_place(tmp_path: Path, key: str, value: str) -> None:
    lines = {"timezone": '"UTC"', "schedulers.aime": '{url = "http://h"}', "jobs.haiku": '{schedule = "@daily"}'}
    lines = {name: line for name, line in lines.items() if not name.startswith(f"{key}.")} | {key: value}
    told = mistakes(tmp_path, "\n".join(f"{name} = {line}" for name, line in lines.items()))

    # Of a table that may hold addresses nothing is shown.
    shown = "" if key in ("alert", "watch") else " ="
    assert any(each.startswith(f"jobs.toml: {key}{shown or ':'} ") for each in told), told


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ('[history]\nkeeps = "6 h"', 'history.keeps = "6 h": must be at least "24 h".'),
        ("[alert]", "alert.apprise: nobody would hear. Write webhook or apprise."),
        (
            '[alert]\nwebhook = "nowhere"',
            'alert.webhook: is not an http or https address. Write it such as "https://example.com/…".',
        ),
        ('[alert]\nwebhook = "https://h/${UNSET}"', None),
        ('[alert]\napprise = ["  "]', 'alert.apprise: is empty. Write such as "mailto://…".'),
        (
            '[alert]\nwebhook = "https://h/x"\nstill_after = "3 h"',
            'alert.still_after = "3 h": must be at least "24 h".',
        ),
        (
            '[alert]\nwebhook = "https://h/x"\ntimeout = "1 h"',
            'alert.timeout = "1 h": must lie between "0.1 s" and "5 min".',
        ),
        ('[alert]\nwebhook = "https://h/x"\nheaders = "A"', "alert.headers: must be a table."),
        ("[watch]", 'watch.ping: required. Write ping = "https://example.com/${NAME}".'),
        (
            '[watch]\nping = "ftp://h/x"',
            'watch.ping: is not an http or https address. Write it such as "https://example.com/…".',
        ),
        ('[watch]\nping = "http://h/x y"', None),
        ('[watch]\nping = "http://h/x"\npong = 1', "watch.pong: unknown key. Did you mean ping?"),
    ],
)
def test_a_mistake_in_what_is_told_to_others_holds_place_rule_and_cure(
    tmp_path: Path, lines: str, mistake: str | None
) -> None:
    (told,) = mistakes(tmp_path, f"{SCHEDULER}{JOB}{lines}\n")

    if mistake is not None:
        assert told.startswith(f"jobs.toml: {mistake}")


def test_who_hears_of_a_change_is_declared(tmp_path: Path) -> None:
    roll = read(
        tmp_path,
        f"""{SCHEDULER}trigger = "/run/{{job}}"\nstop = "/stop"
        [history]
        keeps = "30 d"
        [alert]
        webhook = "https://hooks.example.com/${{AIME_TOKEN}}"
        headers = {{ A = "Bearer ${{AIME_TOKEN}}" }}
        apprise = ["mailto://me:${{AIME_TOKEN}}@example.com"]
        still_after = "3 d"
        [watch]
        ping = "https://hc.example.com/${{AIME_TOKEN}}?create=1"
        {JOB}
        rerun = true
        jitter = "30 s"
        alert_after = "2 of 3"
        paused = {{ until = 2026-03-01, reason = "moving" }}
        """,
    )
    alert, watch, job = roll.alert, roll.watch, roll.jobs[0]
    assert alert is not None
    assert watch is not None

    assert (roll.history_keeps, roll.schedulers[0].stop) == (timedelta(days=30), "/stop")
    assert (alert.webhook, alert.shown_webhook) == (f"https://hooks.example.com/{TOKEN}", "https://hooks.example.com/…")
    assert (alert.apprise, alert.headers) == ((f"mailto://me:{TOKEN}@example.com",), (("A", f"Bearer {TOKEN}"),))
    assert (alert.still_after, alert.timeout) == (timedelta(days=3), timedelta(seconds=10))
    assert (watch.ping, watch.shown_ping) == (f"https://hc.example.com/{TOKEN}?create=1", "https://hc.example.com/…")
    assert (job.may_rerun, job.jitter, job.alert_after) == (True, timedelta(seconds=30), Threshold(bad=2, last=3))
    assert job.paused == Pause(until=date(2026, 3, 1), reason="moving")
    assert TOKEN not in repr(roll)
    assert TOKEN in dict(alert.secrets)
    assert TOKEN in dict(watch.secrets)


def test_a_replay_tells_nobody(tmp_path: Path) -> None:
    roll = read(
        tmp_path, f'{SCHEDULER}[watch]\nping = "${{UNSET}}"\n[alert]\nwebhook = "(webhook)"\n{JOB}', is_replay=True
    )

    assert (roll.alert, roll.watch) == (None, None)


def test_all_mistakes_are_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    told = mistakes(
        tmp_path,
        """
        timezone = "Europe/Zurch"
        look_back = 24
        colour = "red"
        [schedulers.aime]
        url = "nowhere"
        engine = "quartz"
        headers = { A = "${X}", "B C" = "x", D = "\\n" }
        [jobs.haiku]
        scheduler = "aimee"
        schedule = "61 * * * *"
        grace = "30"
        [jobs.haiku.output]
        path = "d*/x"
        keeps = 0
        must_contain = ["", 1]
        [jobs.other]
        tilte = "x"
        """,
    )

    assert [each.removeprefix("jobs.toml: ").partition(" = ")[0].partition(": ")[0] for each in told] == [
        "timezone",
        "look_back",
        "schedulers.aime.url",
        "schedulers.aime.engine",
        "schedulers.aime.headers.A",
        'schedulers.aime.headers."B C"',
        "schedulers.aime.headers.D",
        "jobs.haiku.scheduler",
        "jobs.haiku.schedule",
        "jobs.haiku.grace",
        "jobs.haiku.output.path",
        "jobs.haiku.output.must_contain.0",
        "jobs.haiku.output.must_contain.1",
        "jobs.haiku.output.keeps",
        "jobs.other",
        "jobs.other.tilte",
        "colour",
    ]


# Secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        'headers = { Authorization = "Bearer ${AIME_TOKEN}", "B C" = "${AIME_TOKEN}" }',
        'headers = { Authorization = "${AIME_TOKEN}\\n" }',
        f'headers = {{ Authorization = " {TOKEN}" }}',
        f'headers = {{ "Authorization: {TOKEN}" = "" }}',
        f'headers = "Authorization: {TOKEN}"',
        f'headers = ["{TOKEN}"]',
        f'headers = {{ Authorization = ["{TOKEN}"] }}',
        f'header = {{ Authorization = "{TOKEN}" }}',
        f'header = "{TOKEN}"',
        f'authorization = "{TOKEN}"',
        f'status = "http://user:{TOKEN}@h/status"',
        f'url = "http://user:{TOKEN}@h:port"',
        f'url = "http://user:{TOKEN}/x@h:port"',
        f'url = "http://user:{TOKEN}?x@h:port"',
        f'url = "http://user:{TOKEN}#x@h:port"',
        f'url = "user:{TOKEN}@h"',
        f'url = "http:/user:{TOKEN}@h"',
        f'url = "http://h/?token={TOKEN}"',
        f'url = "http://h/#{TOKEN}"',
        f'url = "http://h:port?{TOKEN}"',
        'url = "http://${AIME_TOKEN}@h:port"',
        'url = "ftp://h/${AIME_TOKEN}"',
        f'url = ["http://user:{TOKEN}@h"]',
    ],
)
def test_no_message_about_a_mistake_holds_a_secret(tmp_path: Path, line: str) -> None:
    url = "" if line.startswith("url") else 'url = "http://localhost:8000"\n'
    with pytest.raises(BadInput) as refusal:
        read(tmp_path, f'timezone = "UTC"\n{JOB}[schedulers.aime]\n{url}{line}\n')

    assert TOKEN not in str(refusal.value)
    assert TOKEN not in repr(refusal.value.mistakes)


@pytest.mark.parametrize(
    "lines",
    [
        f'[alert]\nwebhook = "nowhere/{TOKEN}"',
        f'[alert]\nwebhook = ["https://h/{TOKEN}"]',
        f'[alert]\nweb = "https://h/{TOKEN}"',
        f'[alert]\napprise = "mailto://me:{TOKEN}@h"',
        f'[alert]\napprise = ["slack://{TOKEN}", 1]',
        f'[alert]\nwebhook = "https://h/"\nheaders = {{ "A: {TOKEN}" = "" }}',
        f'[alert]\nwebhook = "https://h/"\nheaders = {{ A = " {TOKEN}" }}',
        f'[watch]\nping = "nowhere/{TOKEN}"',
        'alert = "mailto://me:' + TOKEN + '@h"',
        f'watch = ["https://h/{TOKEN}"]',
    ],
)
def test_no_message_about_who_is_told_holds_a_secret(tmp_path: Path, lines: str) -> None:
    first = lines.partition("\n")[0]
    text = f"{lines}\n{SCHEDULER}{JOB}" if "=" in first else f"{SCHEDULER}{JOB}{lines}\n"

    assert TOKEN not in "\n".join(mistakes(tmp_path, text))


@pytest.mark.parametrize("value", [f'[{{url = "http://u:{TOKEN}@h"}}]', f'"http://u:{TOKEN}@h"'])
@pytest.mark.parametrize("key", ["schedulers", "schedulers.aime"])
def test_a_scheduler_in_the_wrong_place_shows_no_secret(tmp_path: Path, key: str, value: str) -> None:
    assert TOKEN not in "\n".join(mistakes(tmp_path, f"{key} = {value}"))


def test_no_repr_holds_a_secret(tmp_path: Path) -> None:
    text = EXAMPLE.replace("http://localhost", "http://me:${AIME_TOKEN}@localhost")
    roll = read(tmp_path, text)

    assert TOKEN in roll.schedulers[0].url
    assert TOKEN not in repr(roll) + repr(roll.schedulers) + repr(roll.jobs)
    assert roll.schedulers[0].shown_url == "http://localhost:8000"


@pytest.mark.parametrize(
    "echo",
    [
        TOKEN,
        f"Bearer {TOKEN}",
        "p@ss w/rd",
        "p%40ss%20w%2Frd",
        "me:p%40ss%20w%2Frd",
        b64encode(b"me:p@ss w/rd").decode(),
        "Bearer%20" + TOKEN,
    ],
)
def test_a_secret_is_known_in_each_form_in_which_it_is_sent(tmp_path: Path, echo: str) -> None:
    text = EXAMPLE.replace("http://localhost", "http://me:p%40ss%20w%2Frd@localhost")
    known = dict(read(tmp_path, text).schedulers[0].secrets)

    assert echo in known or any(each in echo for each in known)
    assert not any(TOKEN in shown or "w/rd" in shown for shown in known.values())


# Whatever is written ----------------------------------------------------------------------------------------------


def to_toml(value: object) -> str:
    """`value` as TOML writes it inline."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value).replace("\x7f", "\\u007f")
        case dict():
            return "{" + ", ".join(f"{to_toml(str(key))} = {to_toml(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(to_toml, value)) + "]"
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF), max_size=12),
    st.sampled_from(
        """
        30 min|0 s|9 w|-1 s|1 h 30 min|200 B|1 MB|1e9 GB|UTC|Europe/Zurich|CET|Mars/Olympus|cron|apscheduler|quartz
        0 6 * * *|0 6 * * 1-5|61 * * * *|0 0 30 2 *|@daily|@reboot|* * * * * *|*/0 * * * *|L L L L L|0 0 29 2 1#2
        http://h|http://u:p@h:1/x|//h|${X}|${SET}|${|http://a..b|/api/{job}|/|.|..|~|~x/y|a/b*|*|[|[!a]|**/x
        x-%Y%m%d|x-%Y%m%d*|%|%z|%Y%Y|x-*|text|json|fail|warn|aime|2026-02-11T06:00:00Z|0001-01-01T00:00:00+14:00
        """.replace("\n", "|").split("|")
    ).map(str.strip),
)
SCALARS = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-2, 9),
    st.floats(),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
KEYS = json_schema()


def tables(name: str) -> st.SearchStrategy[object]:
    """Tables with the keys of the grammar, and now and then another, that hold anything."""
    known = list(KEYS["$defs"][name]["properties"])
    nested = {
        "output": st.deferred(lambda: tables("OutputTable")),
        "paused": st.deferred(lambda: tables("PauseTable")),
        "headers": st.dictionaries(TEXTS, TEXTS),
    }
    pairs = st.sampled_from(known).flatmap(lambda key: st.tuples(st.just(key), nested.get(key, VALUES) | TEXTS))
    return st.lists(pairs | st.tuples(TEXTS, VALUES), max_size=8).map(dict)


FILES = st.fixed_dictionaries(
    {},
    optional={
        "timezone": st.just("Europe/Zurich") | VALUES,
        "look_back": st.just("24 h") | VALUES,
        "history": tables("HistoryTable") | VALUES,
        "alert": tables("AlertTable") | VALUES,
        "watch": tables("WatchTable") | VALUES,
        "schedulers": st.dictionaries(st.just("aime") | TEXTS, tables("SchedulerTable"), max_size=2) | VALUES,
        "jobs": st.dictionaries(TEXTS, tables("JobTable"), max_size=3) | VALUES,
        "extra": VALUES,
    },
)


@given(FILES, st.dictionaries(st.none() | TEXTS, TEXTS, max_size=2))
def test_whatever_is_written_gives_a_roll_or_all_its_mistakes(
    tmp_path_factory: pytest.TempPathFactory, written: dict[str, object], urls: dict[str | None, str]
) -> None:
    text = "\n".join(f"{key} = {to_toml(value)}" for key, value in written.items())
    tomllib.loads(text)  # the test itself writes TOML
    file = tmp_path_factory.getbasetemp() / "whatever.toml"
    file.write_text(text, encoding="utf-8")
    told: Roll | BadInput
    try:
        told = load(file, environment={"SET": "x" * 9}, scheduler_urls=urls, shown_as="jobs.toml")
    except BadInput as refusal:
        told = refusal

    if isinstance(told, Roll):
        assert told.jobs
        return
    for each in str(told).split("\n"):
        assert each.startswith(("jobs.toml: ", "--scheduler-url = "))
        assert each.isprintable()
        assert len(each) < 1_000


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_bytes_there_are_give_a_mistake(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "bytes.toml"
    file.write_bytes(data)

    with pytest.raises(BadInput):
        load(file, environment={})


# The schema for editors -------------------------------------------------------------------------------------------


def accepts(schema: dict[str, Any], value: object) -> bool:
    """Whether `value` follows `schema`: as much of JSON Schema as ours uses."""
    if "$ref" in schema:
        return accepts(KEYS["$defs"][schema["$ref"].rpartition("/")[2]], value)
    if "anyOf" in schema:
        return any(accepts(each, value) for each in schema["anyOf"])
    if "enum" in schema and value not in schema["enum"]:
        return False
    match schema.get("type"):
        case "object":
            return isinstance(value, dict) and accepts_table(schema, value)
        case "array":
            return isinstance(value, list) and all(accepts(schema["items"], each) for each in value)
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and value >= schema.get("minimum", value)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case other:
            raise AssertionError(f"the schema uses {other}, which this test does not know")


def accepts_table(schema: dict[str, Any], table: dict[str, Any]) -> bool:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    if not set(schema.get("required", ())) <= table.keys() or len(table) < schema.get("minProperties", 0):
        return False
    for key, value in table.items():
        rule = known.get(key, others)
        if rule is False or (isinstance(rule, dict) and not accepts(rule, value)):
            return False
    return True


def test_the_schema_accepts_the_example() -> None:
    assert accepts(KEYS, tomllib.loads(EXAMPLE))


@pytest.mark.parametrize(
    "place",
    [
        (),
        ("schedulers", "aime"),
        ("jobs", "generate_haiku_scheduled"),
        ("jobs", "generate_haiku_scheduled", "output"),
    ],
)
def test_the_schema_refuses_an_unknown_key_in_each_table(place: tuple[str, ...]) -> None:
    whole = tomllib.loads(EXAMPLE)
    table = whole
    for key in place:
        table = table[key]
    table["colour"] = "red"

    assert not accepts(KEYS, whole)


@pytest.mark.parametrize(
    ("place", "value"), [(("jobs",), {}), (("jobs", "x"), 1), (("schedulers", "aime", "headers", "A"), 1)]
)
def test_the_schema_refuses_what_load_refuses(place: tuple[str, ...], value: object) -> None:
    whole = tomllib.loads(EXAMPLE)
    table = whole
    for key in place[:-1]:
        table = table[key]
    table[place[-1]] = value

    assert not accepts(KEYS, whole)


def test_the_schemas_defaults_are_written_as_in_the_file() -> None:
    for name, table in KEYS["$defs"].items():
        for key, rule in table.get("properties", {}).items():
            default = rule.get("default")
            assert default is None or accepts(rule, default), f"{name}.{key} = {default}"


def test_the_schema_is_plain_json() -> None:
    assert json.loads(json.dumps(KEYS)) == KEYS
    assert KEYS["$schema"] == "https://json-schema.org/draft/2020-12/schema"
