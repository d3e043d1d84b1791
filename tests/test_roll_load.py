"""Does jobs.toml mean what it says?"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fixtures.jobs_toml import AIME, DAILY, HEAD, JOB, TOKEN, ZURICH, job_of, mistakes, output_of, read
from rollcall.errors import BadInput
from rollcall.roll.job import Pause
from rollcall.roll.load import load
from rollcall.roll.read_files import LARGEST
from rollcall.roll.words import Dated, Late, Owes, Proof, Threshold
from rollcall.schedule import Engine
from rollcall.schedule.after import After
from rollcall.schedulers.json import Json
from rollcall.schedulers.sql import Sql

MINUTE = timedelta(minutes=1)

# DESIGN.md, section 2, as far as it needs no other engine, place or format than today's.
EXAMPLE = """
timezone = "Europe/Zurich"
look_back = "24 h"

[defaults]
grace = "15 min"
owner = "platform"

[schedulers.aime]
kind = "aime"
url = "http://localhost:8000"
engine = "apscheduler"
naive_times = "UTC"
headers = { Authorization = "Bearer ${AIME_TOKEN}" }
ignore = ["apt-*"]
[schedulers.aime.memory]
kind = "sql"
database = "sqlite:///data/musique.db"

[[windows]]
tag = "warehouse"
when = "0 22 * * sat"
lasts = "6 h"
reason = "patching"

[jobs.extract]
schedule = "0 1 * * *"
scheduler = "aime"
tags = ["warehouse"]

[jobs.db_backup]
title = "Nightly dump"
schedule = "0 2 * * *"
scheduler = "aime"
name = "db-backup.timer"
grace = "20 min"
max_runtime = "1 h"
owes = "each"
partial = "fail"
needs = ["extract"]
owner = "dba"
severity = "page"
tags = ["nightly", "backup"]
runbook = "https://wiki.example.com/backup"
logs = "https://logs.example.com/?unit={name}&from={due}"

[[jobs.db_backup.output]]
path = "%Y/%m/db-%F*.sql.gz"
dated = "run"
timezone = "UTC"
files = 3
min_size = "200 kB"
keeps = 7
must_change = true
[[jobs.db_backup.output]]
path = "log/db-backup-*.txt"
must_contain = ["CREATE TABLE"]
must_not_contain = ["mysqldump: Got error"]
read_up_to = "2 GB"

[jobs.report]
after = "extract"
within = "2 h"
[jobs.report.output]
path = "report-%Y%m%d.html"
dated = "previous day"
"""


def test_the_example_of_the_design_loads_with_every_value_as_declared(tmp_path: Path) -> None:
    roll = read(tmp_path, EXAMPLE)
    extract, backup, report = roll.jobs
    (scheduler,) = roll.schedulers

    assert (roll.file, roll.zone.key, roll.look_back) == (tmp_path / "jobs.toml", "Europe/Zurich", timedelta(hours=24))
    assert isinstance(scheduler, Json)
    assert (scheduler.id, scheduler.url, scheduler.engine) == ("aime", "http://localhost:8000", Engine.APSCHEDULER)
    assert (scheduler.naive_times, scheduler.zone, scheduler.ignore) == (ZoneInfo("UTC"), roll.zone, ("apt-*",))
    assert scheduler.status == "/api/v1/services/scheduler/status"
    assert scheduler.secrets.sent(scheduler.headers["Authorization"]) == f"Bearer {TOKEN}"
    assert isinstance(scheduler.memory, Sql)
    assert scheduler.memory.database == "sqlite:///data/musique.db"

    assert [job.id for job in roll.jobs] == ["extract", "db_backup", "report"]
    assert (backup.title, backup.scheduler, backup.name) == ("Nightly dump", scheduler, "db-backup.timer")
    assert (backup.schedule.text, backup.schedule.engine, backup.zone) == ("0 2 * * *", Engine.APSCHEDULER, roll.zone)
    assert (backup.grace, backup.max_runtime, extract.grace) == (20 * MINUTE, 60 * MINUTE, 15 * MINUTE)
    assert (backup.owes, backup.partial, backup.needs) == (Owes.EACH, Late.FAIL, ("extract",))
    assert (backup.owner, extract.owner, backup.severity) == ("dba", "platform", "page")
    assert (backup.tags, backup.runbook) == (("nightly", "backup"), "https://wiki.example.com/backup")
    assert backup.logs == "https://logs.example.com/?unit={name}&from={due}"

    dump, log = backup.outputs
    assert (dump.names.text, dump.folder, dump.pattern) == ("%Y/%m/db-%F*.sql.gz", tmp_path, "%Y/%m/db-%F*.sql.gz")
    assert (dump.dated, dump.timezone, dump.files) == (Dated.RUN, ZoneInfo("UTC"), 3)
    assert (dump.min_size, dump.keeps, dump.must_change, dump.format) == (200_000, 7, True, None)
    assert (log.folder, log.pattern, log.looks_for_text) == (tmp_path / "log", "db-backup-*.txt", True)
    assert (log.must_contain, log.must_not_contain) == (("CREATE TABLE",), ("mysqldump: Got error",))
    assert log.read_up_to == 2_000_000_000
    assert (backup.zone_of(dump).key, backup.zone_of(log).key) == ("UTC", "Europe/Zurich")

    assert isinstance(report.schedule, After)
    assert (report.schedule.job, report.within, report.scheduler) == ("extract", timedelta(hours=2), None)
    assert report.outputs[0].dated is Dated.PREVIOUS_DAY


def test_the_shipped_jobs_toml_loads() -> None:
    roll = load(Path(__file__).resolve().parent.parent / "jobs.toml", environment={})

    assert len(roll.jobs) == 9
    assert all(job.scheduler is roll.schedulers[0] for job in roll.jobs)


def test_what_a_job_leaves_out_is_its_schedulers_or_the_files(tmp_path: Path) -> None:
    roll = read(
        tmp_path,
        """
        timezone = "Asia/Kolkata"
        look_back = "2 d"
        [schedulers.plain]
        kind = "aime"
        url = "http://localhost:1/"
        engine = "apscheduler"
        [jobs.a]
        schedule = "@daily"
        scheduler = "plain"
        output = { path = "x-*.txt", must_contain = ["x"] }
        [jobs.b]
        every = "6 h"
        scheduler = "plain"
        anchor = 2026-02-11T06:00:00+01:00
        since = "2026-01-01T00:00:00Z"
        look_back = "1 h"
        timezone = "UTC"
        engine = "cron"
        """,
    )
    a, b = roll.jobs

    assert (a.title, a.name, a.zone.key, a.look_back) == ("a", "a", "Asia/Kolkata", timedelta(days=2))
    assert a.schedule.engine is Engine.APSCHEDULER
    assert (a.grace, a.max_runtime, a.min_runtime, a.jitter) == (15 * MINUTE, 30 * MINUTE, 0 * MINUTE, 0 * MINUTE)
    assert (a.late, a.late_start, a.partial, a.owes, a.proof) == (Late.FAIL, Late.WARN, Late.WARN, None, None)
    assert roll.schedulers[0].address == "http://localhost:1"
    assert a.outputs[0].asks_for_content
    assert (b.zone.key, b.look_back, b.since) == ("UTC", timedelta(hours=1), datetime(2026, 1, 1, tzinfo=UTC))
    assert b.engine is Engine.CRON
    assert b.schedule.is_due_at(datetime(2026, 2, 11, 11, tzinfo=UTC))


def test_a_job_never_gets_a_scheduler_that_it_did_not_ask_for(tmp_path: Path) -> None:
    output = f'{DAILY}output = {{ path = "/srv/a-*.txt" }}\n'
    alone = read(tmp_path, f"{ZURICH}{AIME}[jobs.a]\n{output}").jobs[0]
    without = read(tmp_path, f'{HEAD}[jobs.a]\nscheduler = ""\n{output}').jobs[0]
    by_default = read(tmp_path, f"{HEAD}[jobs.a]\n{output}").jobs[0]

    assert (alone.scheduler, without.scheduler) == (None, None)
    assert alone.engine is Engine.CRON
    assert by_default.scheduler is not None
    assert by_default.scheduler.id == "aime"


@pytest.mark.parametrize(
    ("lines", "key", "value"),
    [
        ('jitter = "30 s"', "jitter", timedelta(seconds=30)),
        ('done_by = "06:30"', "done_by", time(6, 30)),
        ("done_by = 06:30:00", "done_by", time(6, 30)),
        ('alert_after = "2 of 3"', "alert_after", Threshold(bad=2, last=3)),
        ("skip_dates = [2026-12-24]", "skip_dates", (date(2026, 12, 24),)),
        ('holidays = "CH-ZH"', "holidays", "CH-ZH"),
        ("business_days = true", "business_days", True),
        (
            'paused = { until = 2026-03-01, reason = "moving" }',
            "paused",
            Pause(until=date(2026, 3, 1), reason="moving"),
        ),
        ('owner = ""', "owner", ""),
        ('runbook = "docs/{job}.md"', "runbook", "docs/{job}.md"),
    ],
)
def test_what_a_job_says_is_what_is_judged(tmp_path: Path, lines: str, key: str, value: object) -> None:
    assert getattr(job_of(tmp_path, f"{DAILY}{lines}"), key) == value


def test_what_a_scheduler_has_on_record_can_be_held_to(tmp_path: Path) -> None:
    own = """
    [schedulers.own]
    kind = "json"
    url = "http://h"
    trigger = "/run/{job}"
    [schedulers.own.runs]
    ask = "/runs"
    job = "job"
    started = "started"
    ended = "ended"
    """
    lines = 'scheduler = "own"\nmin_runtime = "10 s"\nlate_start = "fail"\nproof = "start"\nrerun = true\n'
    job = read(tmp_path, f"{ZURICH}{own}{JOB}{lines}").jobs[0]

    assert (job.min_runtime, job.late_start, job.proof) == (timedelta(seconds=10), Late.FAIL, Proof.START)
    assert job.rerun


@pytest.mark.parametrize(
    ("path", "folder", "pattern"),
    [
        ("x.md", "", "x.md"),
        ("./a/x-*.md", "a", "x-*.md"),
        ("a//x-*.md", "a", "x-*.md"),
        ("100%%/x-*.md", "100%", "x-*.md"),
        ("a/%Y/x-%F.md", "a", "%Y/x-%F.md"),
        ("*/x.md", "", "*/x.md"),
        ("a/../b/x.md", "a/../b", "x.md"),
    ],
)
def test_a_path_is_a_folder_and_the_names_below_it(tmp_path: Path, path: str, folder: str, pattern: str) -> None:
    output = output_of(tmp_path, f'path = "{path}"')

    assert (output.folder, output.pattern) == (tmp_path / folder, pattern)


def test_absolute_paths_and_homes_are_read(tmp_path: Path) -> None:
    assert output_of(tmp_path, 'path = "/srv/x-*"').folder == Path("/srv")
    assert output_of(tmp_path, 'path = "~/x-*"').folder == Path.home()


def test_relative_paths_are_those_of_the_file_itself_and_not_of_a_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    read(tmp_path / "real", f'{HEAD}{JOB}output = {{ path = "x-*" }}')
    (tmp_path / "jobs.toml").symlink_to("real/jobs.toml")
    output = load(tmp_path / "jobs.toml", environment={}).jobs[0].output

    assert output is not None
    assert output.folder == tmp_path / "real"


def test_a_mark_at_the_beginning_of_a_file_is_no_mistake(tmp_path: Path) -> None:
    assert read(tmp_path, f"\ufeff{HEAD}{JOB}").jobs[0].id == "haiku"


# Who is told ----------------------------------------------------------------------------------------------------------


def test_who_hears_of_a_change_is_declared(tmp_path: Path) -> None:
    roll = read(
        tmp_path,
        f"""{HEAD}
        [history]
        keeps = "30 d"
        [alert]
        webhook = "https://hooks.example.com/${{AIME_TOKEN}}"
        headers = {{ A = "Bearer ${{AIME_TOKEN}}" }}
        apprise = ["mailto://me:${{AIME_TOKEN}}@example.com"]
        still_after = "3 d"
        [watch]
        ping = "https://hc.example.com/${{AIME_TOKEN}}?create=1"
        {JOB}""",
    )
    alert, watch = roll.alert, roll.watch
    assert alert is not None
    assert watch is not None

    assert roll.history.keeps == timedelta(days=30)
    sent = [alert.secrets.sent(each) for each in (alert.webhook or "", *alert.apprise, alert.headers["A"])]
    assert sent == [f"https://hooks.example.com/{TOKEN}", f"mailto://me:{TOKEN}@example.com", f"Bearer {TOKEN}"]
    assert alert.shown_webhook == "https://hooks.example.com/…"
    assert (alert.still_after, alert.timeout) == (timedelta(days=3), timedelta(seconds=10))
    assert watch.secrets.sent(watch.ping) == f"https://hc.example.com/{TOKEN}?create=1"
    assert watch.shown_ping == "https://hc.example.com/…"
    assert TOKEN not in repr(roll)
    assert TOKEN in alert.secrets.hidden
    assert TOKEN in watch.secrets.hidden


def test_a_replay_tells_nobody(tmp_path: Path) -> None:
    text = f'{HEAD}[watch]\nping = "${{UNSET}}"\n[alert]\nwebhook = "(webhook)"\n{JOB}'
    roll = read(tmp_path, text, is_replay=True)

    assert (roll.alert, roll.watch) == (None, None)


def test_a_replay_holds_nothing_against_the_machine_that_it_is_judged_on(tmp_path: Path) -> None:
    text = f'{HEAD}url = "${{UNSET}}"\n{JOB}output = {{ path = "~nobody-of-that-name/x-*" }}'
    text = text.replace('url = "http://localhost:8000"\n', "")
    output = read(tmp_path, text, is_replay=True).jobs[0].output

    assert output is not None
    assert output.folder == tmp_path / "~nobody-of-that-name"


# The file itself ------------------------------------------------------------------------------------------------------


def test_a_missing_file_is_told_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refusal:
        load(tmp_path / "jobs.toml", environment={}, shown_as="jobs.toml")

    assert str(refusal.value) == (
        "jobs.toml: cannot be read: No such file or directory. "
        "`rollcall init` writes a first one; or name another with --jobs-file."
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (".", "Is a directory"),
        ("nul\0", "embedded null (byte|character)"),
        ("x" * 300, "File name too long"),
        ("loop", "Too many levels of symbolic links"),
        ("pipe", "it is not a regular file"),
        ("/dev/zero", "it is not a regular file"),
    ],
)
def test_a_name_that_is_no_file_is_told_at_once(tmp_path: Path, name: str, told: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(BadInput, match=told):
        load(tmp_path / name, environment={})


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (b"a = \xff", "is not UTF-8 (byte 4). Save it as UTF-8."),
        ("a = ", "is not TOML: Invalid value (at end of document). Correct that place first."),
        (
            'a = "\x1b[31m"',
            "is not TOML: Illegal character '\\x1b' (at line 1, column 6). Correct that place first.",
        ),
        (
            "[jobs.a]\nschedule = '1'\nschedule = '2'",
            "is not TOML: Cannot overwrite a value (at end of document). Correct that place first.",
        ),
        (
            "[jobs.a]\n[jobs.a]",
            "is not TOML: Cannot declare ('jobs', 'a') twice (at line 2, column 8). Correct that place first.",
        ),
        ("a = " + "[" * 100_000, "is nested too deeply. Is it a jobs.toml?"),
        (b"#" * (LARGEST + 1), "is larger than 64 MB. Is it a jobs.toml?"),
    ],
    ids=["not UTF-8", "not TOML", "control", "key twice", "table twice", "too deep", "too large"],
)
def test_a_file_that_cannot_be_read_is_one_mistake(tmp_path: Path, text: str | bytes, mistake: str) -> None:
    assert mistakes(tmp_path, text) == [mistake]


def test_a_number_of_thousands_of_digits_is_no_traceback(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, "a = " + "9" * 5000)

    assert mistake.startswith("is not TOML: ")


@pytest.mark.parametrize("text", ["", 'timezone = "UTC"', 'timezone = "UTC"\njobs = {}', 'timezone = "UTC"\n[jobs]'])
def test_a_roll_without_a_job_is_refused(tmp_path: Path, text: str) -> None:
    if not text:
        assert mistakes(tmp_path, text)[0].startswith("timezone: required, never guessed.")
        return
    assert mistakes(tmp_path, text) == [
        "jobs: declares no job, and nothing that is not declared can be missed. Write a [jobs.NAME] table."
    ]
