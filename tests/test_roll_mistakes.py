"""Is every mistake in jobs.toml told with its place, value, rule and cure, all at once, and without a secret?"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from fixtures.jobs_toml import AIME, DAILY, HEAD, JOB, TOKEN, ZURICH, mistakes, read
from rollcall.errors import BadInput

KEYS = (
    "title, scheduler, name, host, engine, timezone, schedule, every, after, within, anchor, grace, max_runtime, "
    "done_by, min_runtime, look_back, jitter, late, late_start, owes, proof, partial, needs, since, paused, "
    "skip_dates, holidays, business_days, rerun, alert_after, owner, severity, tags, runbook, logs and output."
)


def test_all_mistakes_are_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    told = mistakes(
        tmp_path,
        """
        timezone = "Europe/Zurch"
        look_back = 24
        colour = "red"
        [schedulers.aime]
        kind = "aime"
        url = "nowhere"
        engine = "quartz"
        headers = { A = "${X}", "B C" = "x", D = "\\n" }
        [[windows]]
        when = "0 22 * *"
        lasts = "0 s"
        [jobs.haiku]
        scheduler = "aimee"
        schedule = "61 * * * *"
        grace = "30"
        needs = ["haiko"]
        [jobs.haiku.output]
        path = "d/%Q"
        keeps = 0
        must_contain = ["", 1]
        [jobs.other]
        tilte = "x"
        [jobs.third]
        scheduler = "aime"
        schedule = "@daily"
        needs = ["othr"]
        """,
    )

    assert [each.partition(" = ")[0].partition(": ")[0] for each in told] == [
        "timezone",
        "look_back",
        "windows.0.when",
        "windows.0.lasts",
        "windows.0.reason",
        "colour",
        "schedulers.aime.engine",
        "schedulers.aime.url",
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
        "jobs.other.output",
        "jobs.other.tilte",
        "jobs.third.needs.0",
    ]


# Of a job -------------------------------------------------------------------------------------------------------------


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
        ('Grace = "30 min"', "Grace: unknown key. Did you mean grace?"),
        ("outputs = []", "outputs: unknown key. Did you mean output?"),
        ('"\\u001b[31m" = 1', f'"": unknown key. Known keys: {KEYS}'),
        ('late = "maybe"', "late = \"maybe\": must be one of 'fail' or 'warn'."),
        ('late = "warm"', "late = \"warm\": must be one of 'fail' or 'warn'. Did you mean \"warn\"?"),
        (
            'engine = "quartz"',
            "engine = \"quartz\": must be one of 'cron', 'apscheduler', 'kubernetes', 'airflow' or 'systemd'.",
        ),
        ('engine = "systemdd"', None),
        ('timezone = "Europe/Zurch"', 'timezone = "Europe/Zurch": no such time zone. Did you mean "Europe/Zurich"?'),
        ('timezone = "europe/zurich"', 'timezone = "europe/zurich": no such time zone. Did you mean "Europe/Zurich"?'),
        ('timezone = "Europe"', 'timezone = "Europe": no such time zone. Did you mean "Europe/Rome"?'),
        ('timezone = "localtime"', None),
        ('timezone = "right/UTC"', None),
        ('timezone = "../etc/passwd"', None),
        ('timezone = ""', 'timezone = "": no such time zone. Write one such as "Europe/Zurich" or "UTC".'),
        ("timezone = 1", "timezone = 1: must be text in quotes."),
        ('scheduler = "aimee"', 'scheduler = "aimee": no such scheduler. Did you mean "aime"?'),
        ('scheduler = "cron"', 'scheduler = "cron": no such scheduler. Declared: aime.'),
        ('scheduler = ["aime"]', "scheduler = […]: must be text in quotes."),
        ('title = ["x"]', "title = […]: must be text in quotes."),
        ('title = ""', 'title = "": says nothing. Write what people call it.'),
        ('name = ""', 'name = "": says nothing. Write what it is, or take it out.'),
        ('tags = "nightly"', 'tags = "nightly": must be a list of texts, such as ["# Title"].'),
        ('tags = ["a", " "]', 'tags.1 = "": says nothing. Write a tag.'),
        ('logs = "https://h/{nmae}"', 'logs = "https://h/{nmae}": {nmae} has no meaning here. Did you mean {name}?'),
        (
            'runbook = "https://h/{x}"',
            'runbook = "https://h/{x}": {x} has no meaning here. Filled in are {job}, {name} and {due}.',
        ),
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
        ("output = [3]", "output.0 = 3: must be a table. Write [jobs.haiku.output] above its keys."),
        ("output = [{path = 'x-*'}, {}]", 'output.1.path: required. Write path = "data/export-%Y%m%d.json".'),
        ("output = {}", 'output.path: required. Write path = "data/export-%Y%m%d.json".'),
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
            "skip_dates = [2026-12-24T06:00:00Z]",
            "skip_dates.0 = 2026-12-24 06:00:00+00:00: is not a day. Write it such as 2026-03-01.",
        ),
        ('done_by = "24:00"', 'done_by = "24:00": is no time of day. Write it such as "06:30".'),
        ('within = "2 h"', 'within = "2 h": belongs to after, which this job does not have. Take it out.'),
        ('holidays = "Zurich"', None),
        (
            'holidays = "CH-ZZ"',
            'holidays = "CH-ZZ": no such region of CH. Write "CH" for the whole country.',
        ),
        ("business_days = 1", "business_days = 1: must be true or false, without quotes."),
        ("rerun = 1", "rerun = 1: must be true or false, without quotes."),
        ('alert_after = "3 of 2"', 'alert_after = "3 of 2": must be such as "2 of 3", of at most 30 runs.'),
        ('alert_after = "0 of 2"', 'alert_after = "0 of 2": must be such as "2 of 3", of at most 30 runs.'),
        ("alert_after = 2", "alert_after = 2: must be text in quotes."),
    ],
)
def test_a_mistake_in_a_job_holds_place_value_rule_and_cure(tmp_path: Path, line: str, mistake: str | None) -> None:
    (told,) = mistakes(tmp_path, f"{HEAD}{JOB}{line}\n")

    assert told.startswith("jobs.haiku.")
    if mistake is not None:
        assert told == f"jobs.haiku.{mistake}"


@pytest.mark.parametrize(
    ("schedule", "mistake"),
    [
        ("", 'jobs.haiku: never due. Write schedule = "0 6 * * *", every = "6 h" or after = "JOB".'),
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
        ('after = "other"', 'jobs.haiku.within: required beside after. Write within = "2 h".'),
        (
            f'after = "other"\nwithin = "2 h"\n{DAILY}',
            (
                'jobs.haiku.after = "other": a job is due by a schedule or after another one. '
                "Keep one of schedule, every and after."
            ),
        ),
        (
            'after = "other"\nwithin = "2 h"\nskip_dates = [2026-12-24]\nbusiness_days = true',
            'jobs.haiku.after = "other": it is due whenever that job succeeds. Take skip_dates and business_days out.',
        ),
        (
            'after = "other"\nwithin = "2 h"\ngrace = "5 min"\ndone_by = "06:30"',
            [
                ('jobs.haiku.within = "2 h": replaces grace, max_runtime and done_by. Take grace and done_by out.'),
                'jobs.haiku.done_by = "06:30": replaces grace and max_runtime. Take grace out, or this.',
            ],
        ),
    ],
)
def test_a_job_is_due_in_exactly_one_readable_way(tmp_path: Path, schedule: str, mistake: str | list[str]) -> None:
    text = f"{HEAD}[jobs.haiku]\n{schedule}\n[jobs.other]\n{DAILY}"

    assert mistakes(tmp_path, text) == ([mistake] if isinstance(mistake, str) else mistake)


@pytest.mark.parametrize("key", ["grace", "max_runtime"])
def test_two_limits_that_exclude_each_other_are_refused(tmp_path: Path, key: str) -> None:
    assert mistakes(tmp_path, f'{HEAD}{JOB}done_by = "06:30"\n{key} = "1 h"') == [
        f'jobs.haiku.done_by = "06:30": replaces grace and max_runtime. Take {key} out, or this.'
    ]


# Of an output ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        (
            'path = "**/x.md"',
            'path = "**/x.md": has "**", which is not supported. Write "*" for each folder, as in "*/*.md".',
        ),
        ('path = ""', 'path = "": names no file. Write folder and file name, such as "data/export-*.json".'),
        ("path = 3", "path = 3: must be text in quotes."),
        (
            'path = "${DATA}/x.md"',
            'path = "${DATA}/x.md": has "${", but variables are not read in a path. Write the path itself.',
        ),
        ('path = "a\\u0000b"', 'path = "ab": holds a NUL character, which no path can. Take it out.'),
        (
            'path = "~nobody-of-that-name/x.md"',
            (
                'path = "~nobody-of-that-name/x.md": begins with "~", but there is no such home. '
                'Write the folder from "/" on.'
            ),
        ),
        ('path = "x-%Q.md"', None),
        (
            'path = "x-%I.md"',
            'path = "x-%I.md": has %I without %p, an hour that the clock shows twice a day. Write %I with %p, or %H.',
        ),
        (
            'path = "x-%Y%m%d-%Z.md"',
            'path = "x-%Y%m%d-%Z.md": has %Z, a zone\'s name, which is not read as one. Write %z, or the name itself.',
        ),
        (
            'path = "x-*.md"\ndated = "due"',
            'dated = "due": speaks of the date in its name, and path has none. Write one, such as %Y%m%d.',
        ),
        ('path = "x-%F"\ndated = "previous dew"', None),
        ('path = "x-*"\nmust_change = "yes"', 'must_change = "yes": must be true or false, without quotes.'),
        ('path = "x-*"\nmin_size = "200"', 'min_size = "200": no unit. Write "200 B" or "200 kB".'),
        ('path = "x-*"\nmin_size = 200', "min_size = 200: must be text in quotes."),
        (
            'path = "x-*"\nmin_size = "1 Mb"',
            'min_size = "1 Mb": unknown unit "Mb". Units: B, kB, MB, GB, KiB, MiB, GiB.',
        ),
        ('path = "x-*"\nmin_size = "-1 B"', 'min_size = "-1 B": not a size. Write "200 B" or "1 MB".'),
        ('path = "x-*"\nmin_size = "50 %"', 'min_size = "50 %": a part of what? Write "50 % of usual".'),
        (
            'path = "x-*"\nmin_size = "150 % of usual"',
            ('min_size = "150 % of usual": is more than what is usual. Write at most "100 % of usual".'),
        ),
        (
            'path = "x-*"\nmax_size = "0 % of usual"',
            'max_size = "0 % of usual": is nothing of what is usual. Write more than 0, such as "50 % of usual".',
        ),
        (
            'path = "x-*"\nmin_size = "1 MB"\nmax_size = "1 kB"',
            'max_size = "1 kB": is less than min_size, and both cannot hold. Correct one of them.',
        ),
        (
            'path = "x-*"\nformat = "csv"\nmin_rows = 9\nmax_rows = 8',
            "max_rows = 8: is less than min_rows, and both cannot hold. Correct one of them.",
        ),
        (
            'path = "x-*"\nformat = "csv"\nmin_rows = "9"',
            'min_rows = "9": is no number of rows of 1 or more. Write 100, or "50 % of usual".',
        ),
        ('path = "x-*"\nmax_rows = 9', 'max_rows = 9: rows of what? Write format = "csv", "jsonl" or "parquet" too.'),
        ('path = "x-*"\nlast_line = "OK("', None),
        (
            'path = "x-*"\nencoding = "latin-99"',
            'encoding = "latin-99": no such encoding. Write one such as "cp1252", "utf-16-le" or "utf-8".',
        ),
        (
            'path = "x-*"\nencoding = "hex"',
            'encoding = "hex": no such encoding. Write one such as "cp1252", "utf-16-le" or "utf-8".',
        ),
        ('path = "x-*"\ntimeout = "0 s"', 'timeout = "0 s": must be more than nothing, and at most "1 h".'),
        (
            'path = "x-*"\nformat = "gzip"',
            (
                'format = "gzip": is a compression, which is recognised and undone. Write what is inside, or take it '
                "out."
            ),
        ),
        (
            'path = "x-*"\nmin_rows = 1',
            'min_rows = 1: rows of what? Write format = "csv", "jsonl" or "parquet" too.',
        ),
        (
            'path = "x-*"\nformat = "xml"\nmin_rows = 1',
            'min_rows = 1: format = "xml" has no rows. Take one of them out.',
        ),
        (
            'path = "x-*"\nformat = "jsonl"\nmust_hold = ["@"]',
            'must_hold = […]: is asked of a JSON value. Write format = "json" too, or take this out.',
        ),
        ('path = "x-*"\nformat = "json"\nmust_hold = ["length("]', None),
        (
            'path = "x-*"\nformat = "json"\nmust_have = ["_SUCCESS"]',
            'must_have = […]: format = "json" holds nothing that has a name. Take one of them out.',
        ),
        (
            'path = "snaps/%F/"\nlast_line = "OK"',
            ('last_line = "OK": is asked of a file, and path names a folder. Take it out, or write a file in it.'),
        ),
        ('path = "x-*"\nkeeps = 0', "keeps = 0: must be at least 1."),
        ('path = "x-*"\nkeeps = "5"', 'keeps = "5": must be a whole number, without quotes, such as 5.'),
        ('path = "x-*"\nkeeps = 5.0', "keeps = 5.0: must be a whole number, without quotes, such as 5."),
        ('path = "x-*"\nkeeps = true', "keeps = true: must be a whole number, without quotes, such as 5."),
        (
            'path = "x-*"\nmust_contain = "# Title"',
            'must_contain = "# Title": must be a list of texts, such as ["# Title"].',
        ),
        (
            'path = "x-*"\nmust_contain = ["a", ""]',
            'must_contain.1 = "": every file contains the empty text. Remove the "".',
        ),
        ('path = "x-*"\nmust_not_contain = [1]', "must_not_contain.0 = 1: must be text in quotes."),
        (
            'path = "x-*"\nformat = "txt"',
            (
                "format = \"txt\": must be one of 'any', 'text', 'json', 'jsonl', 'csv', 'xml', 'age', 'gpg', "
                "'parquet', 'sqlite', 'tar' or 'zip'. "
                'Did you mean "text"?'
            ),
        ),
        ('pth = "x-*"', "pth: unknown key. Did you mean path?"),
    ],
)
def test_a_mistake_in_an_output_holds_place_value_rule_and_cure(
    tmp_path: Path, lines: str, mistake: str | None
) -> None:
    (told,) = mistakes(tmp_path, f"{HEAD}{JOB}[jobs.haiku.output]\n{lines}\n")

    assert told.startswith("jobs.haiku.output.")
    if mistake is not None:
        assert told == f"jobs.haiku.output.{mistake}"


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        (
            'schedule = "0 6 * * *"\nengine = "systemd"',
            (
                'schedule = "0 6 * * *": five cron fields, and engine "systemd" reads OnCalendar. '
                'Did you mean engine = "cron"?'
            ),
        ),
        (
            'schedule = "Mon..Fri 06:00"',
            (
                'schedule = "Mon..Fri 06:00": OnCalendar, and engine "cron" reads five cron fields. '
                'Did you mean engine = "systemd"?'
            ),
        ),
        (
            'schedule = "*-02-30"\nengine = "systemd"',
            'schedule = "*-02-30": never due: no such date exists. Write a day that one of the months has.',
        ),
        (
            'schedule = "*:*:*"\nengine = "systemd"',
            'look_back = "24 h": holds more than 20,000 due runs. Write at most "333 min".',
        ),
        (
            'every = "1 h"\njitter = "1 h"',
            'jitter = "1 h": reaches the next run, 1 h later, so the two could not be distinguished. Write less.',
        ),
    ],
)
def test_a_mistake_in_when_it_is_due_names_the_engine(tmp_path: Path, lines: str, mistake: str) -> None:
    (told,) = mistakes(tmp_path, f'{HEAD}[jobs.haiku]\nscheduler = "aime"\nlook_back = "24 h"\n{lines}\n')

    assert told == f"jobs.haiku.{mistake}"


# Of a scheduler -------------------------------------------------------------------------------------------------------


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
        (
            'url = "http://${UNSET}:1"',
            'url = "http://${UNSET}:1": UNSET is not set in the environment. Set it: export UNSET=…',
        ),
        ('url = "http://${}"', None),
        ('url = "http://${AIME_TOKEN"', None),
        ('urll = "http://h"', "urll: unknown key. Did you mean url?"),
        ('status = "api"', None),
        ('status = "//evil"', None),
        ('start = ["/start"]', "start = […]: must be text in quotes."),
        ('trigger = "/trigger"', 'trigger = "/trigger": does not say which job. Write {job} where its id belongs.'),
        ('timeout = "1 h"', 'timeout = "1 h": must lie between "0.1 s" and "5 min".'),
        ('timeout = "0 s"', 'timeout = "0 s": must lie between "0.1 s" and "5 min".'),
        ('naive_times = "CEST"', None),
        (
            'headers = "Authorization: Bearer abc"',
            'headers: must be a table. Write headers = { Authorization = "Bearer ${TOKEN}" }.',
        ),
        ("headers = { A = 1 }", "headers.A: must be text in quotes."),
        ('headers = { "A B" = "x" }', 'headers."A B": "A B" is not a header name. Use letters, digits and hyphens.'),
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
        ('words = { success = "ok" }', 'words.success = "ok": must be a list of texts, such as ["# Title"].'),
        ("memory = 3", "memory = 3: must be a table. Write [schedulers.aime.memory] above its keys."),
    ],
)
def test_a_mistake_in_a_scheduler_holds_place_value_rule_and_cure(
    tmp_path: Path, line: str, mistake: str | None
) -> None:
    url = "" if not line or line.startswith("url") else 'url = "http://localhost:8000"\n'
    head = f'{ZURICH}{JOB}scheduler = "aime"\n[schedulers.aime]\nkind = "aime"\n'
    (told,) = mistakes(tmp_path, f"{head}{url}{line}\n")

    assert told.startswith("schedulers.aime.")
    if mistake is not None:
        assert told == f"schedulers.aime.{mistake}"


# Names and types ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "shown"),
    [('""', '""'), ('"a\\u001b[31mb"', "ab"), ('"a\\nb"', '"a b"'), (f'"{"x" * 300}"', f'"{"x" * 79}…"')],
)
@pytest.mark.parametrize("table", ["schedulers", "jobs"])
def test_an_id_is_plain(tmp_path: Path, table: str, key: str, shown: str) -> None:
    told = mistakes(tmp_path, f"{HEAD}{JOB}[{table}.{key}]\n")

    assert f"{table}.{shown}: is empty, too long or has control characters. Write a plain name." in told


@pytest.mark.parametrize(
    "key",
    [
        "timezone", "look_back", "include", "defaults", "history", "alert", "watch", "windows", "owners",
        "schedulers", "jobs", "schedulers.aime", "jobs.haiku",
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_type_is_a_mistake_at_its_own_place(tmp_path: Path, key: str) -> None:
    right = {"timezone": '"UTC"', "schedulers.aime": '{url = "http://h"}', "jobs.haiku": '{schedule = "@daily"}'}
    values = ["1", "true", '"x"', "[1]", "1.5", "2026-02-11", "06:00:00"]
    for value in values if key in ("windows", "owners") else [*values, "[{}]"]:
        lines = {name: line for name, line in right.items() if not name.startswith(f"{key}.")} | {key: value}
        told = mistakes(tmp_path, "\n".join(f"{name} = {line}" for name, line in lines.items()))

        assert any(each.startswith((f"{key} = ", f"{key}: ", f"{key}.0")) for each in told), told
        # Of a table that may hold addresses nothing is shown.
        assert not any(each.startswith(f"{key} = ") for each in told if key in ("alert", "watch"))


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (f'{HEAD}[jobs.haiku]\nschedul = "0 6 * * *"', "jobs.haiku.schedul: unknown key. Did you mean schedule?"),
        (f'{HEAD}[jobs.haiku]\nevry = "6 h"', "jobs.haiku.evry: unknown key. Did you mean every?"),
        (f'{ZURICH}{JOB}outpt = {{ path = "x-*" }}', "jobs.haiku.outpt: unknown key. Did you mean output?"),
        (f'{ZURICH}{AIME}{JOB}schduler = "aime"', "jobs.haiku.schduler: unknown key. Did you mean scheduler?"),
        (f"timezon = \"UTC\"\n{AIME}{JOB}scheduler = 'aime'", "timezon: unknown key. Did you mean timezone?"),
    ],
)
def test_a_misspelt_key_is_not_said_to_be_missing_as_well(tmp_path: Path, text: str, mistake: str) -> None:
    assert mistakes(tmp_path, text) == [mistake]


def test_another_unknown_key_hides_nothing_that_is_missing(tmp_path: Path) -> None:
    missing, unknown = mistakes(tmp_path, f'{HEAD}[jobs.haiku]\ngrac = "5 min"')

    assert missing.startswith("jobs.haiku: never due.")
    assert unknown.endswith("Did you mean grace?")


def test_keys_nested_by_the_thousand_are_no_traceback(tmp_path: Path) -> None:
    deep = ".".join("a" * 5000)
    assert mistakes(tmp_path, f"{HEAD}{JOB}look_back = [{{{deep} = 1}}]\n{deep} = 1\n") == [
        "jobs.haiku.look_back = […]: must be text in quotes.",
        f"jobs.haiku.a: unknown key. Known keys: {KEYS}",
    ]


# Who is told ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ('[history]\nkeeps = "6 h"', 'history.keeps = "6 h": must be at least "24 h".'),
        ("[alert]", "alert.apprise: nobody would hear. Write webhook, alertmanager or apprise."),
        (
            '[alert]\nwebhook = "nowhere"',
            'alert.webhook: is not an http or https address. Write it such as "https://example.com/…".',
        ),
        ('[alert]\nwebhok = "https://h"', "alert.webhok: unknown key. Did you mean webhook?"),
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
    (told,) = mistakes(tmp_path, f"{HEAD}{JOB}{lines}\n")

    if mistake is not None:
        assert told.startswith(mistake)


# Secrets --------------------------------------------------------------------------------------------------------------


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
        f'login = {{ ask = "POST /t", body = {{ p = "{TOKEN}" }}, token = 3 }}',
        f'login = {{ aks = "POST /t", body = "{TOKEN}" }}',
        f'login = "{TOKEN}"',
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
        f'[schedulers.aime.memory]\ndatabase = "nosuch://u:{TOKEN}@h/x"',
        f'[schedulers.aime.memory]\nurl = "http://u:{TOKEN}@h/x"',
        f'[schedulers.aime.memory]\nkind = "http://u:{TOKEN}@h/x"',
    ],
)
def test_no_message_about_a_mistake_holds_a_secret(tmp_path: Path, line: str) -> None:
    url = "" if line.startswith("url") else 'url = "http://localhost:8000"\n'
    head = f'{ZURICH}{JOB}scheduler = "aime"\n[schedulers.aime]\nkind = "aime"\n'
    with pytest.raises(BadInput) as refusal:
        read(tmp_path, f"{head}{url}{line}\n")

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
    text = f"{lines}\n{HEAD}{JOB}" if "=" in first else f"{HEAD}{JOB}{lines}\n"

    assert TOKEN not in "\n".join(mistakes(tmp_path, text))


@pytest.mark.parametrize("value", [f'[{{url = "http://u:{TOKEN}@h"}}]', f'"http://u:{TOKEN}@h"'])
@pytest.mark.parametrize("key", ["schedulers", "schedulers.aime"])
def test_a_scheduler_in_the_wrong_place_shows_no_secret(tmp_path: Path, key: str, value: str) -> None:
    assert TOKEN not in "\n".join(mistakes(tmp_path, f"{key} = {value}"))


def test_no_repr_holds_a_secret(tmp_path: Path) -> None:
    headers = 'headers = { Authorization = "Bearer ${AIME_TOKEN}" }\n'
    text = f"{HEAD}{headers}{JOB}".replace("http://localhost", "http://me:${AIME_TOKEN}@localhost")
    roll = read(tmp_path, text)

    assert TOKEN not in repr(roll) + repr(roll.schedulers) + repr(roll.jobs)
    assert roll.schedulers[0].address == "http://localhost:8000"


COOKIE = {"Cookie": 'session=s3ss-one; theme=darkish; csrf="Cs-tok3n=="'}
PARTS_OF_HEADERS = [
    (COOKIE, ["s3ss-one", "Cs-tok3n", "s3ss-one|Cs-tok3n"]),
    ({"X-Auth": "k3y-id:k3y-value"}, ["k3y-id", "k3y-value", "k3y-id:k3y-value"]),
    ({"Authorization": f"Basic {b64encode(b'm3:p4ss w0rd').decode()}"}, ["m3:p4ss w0rd", "p4ss w0rd"]),
    ({"Authorization": 'Token token="t0ken-1", nonce=n0nce-2'}, ["t0ken-1", "n0nce-2"]),
    ({"Cookie": "${AIME_TOKEN}; session=s3ss-one"}, [TOKEN, "s3ss-one"]),
]


@pytest.mark.parametrize(("headers", "echoes"), PARTS_OF_HEADERS, ids=lambda each: str(each)[:40])
def test_a_part_of_a_header_is_hidden_that_a_service_may_have_read_out_of_it(
    tmp_path: Path, headers: dict[str, str], echoes: list[str]
) -> None:
    written = ", ".join(f"{name} = '{value}'" for name, value in headers.items())
    secrets = read(tmp_path, f"{HEAD}headers = {{ {written} }}\n{JOB}").schedulers[0].secrets

    for echo in echoes:
        shown = secrets.clean(f"it said <{echo}>.")
        assert not any(part in shown for part in echo.split("|")), shown


def test_a_plain_word_of_a_header_is_hidden_in_the_words_of_others_and_tears_no_id(tmp_path: Path) -> None:
    secrets = read(tmp_path, f"{HEAD}headers = {{ Cookie = '{COOKIE['Cookie']}' }}\n{JOB}").schedulers[0].secrets

    assert secrets.clean_words("no darkish here; no Bearer") == "no (Cookie) here; no Bearer"
    assert secrets.clean("darkish_backup") == "darkish_backup"


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
def test_a_secret_is_hidden_in_each_form_in_which_it_is_sent(tmp_path: Path, echo: str) -> None:
    headers = 'headers = { Authorization = "Bearer ${AIME_TOKEN}" }\n'
    text = f"{HEAD}{headers}{JOB}".replace("http://localhost", "http://me:p%40ss%20w%2Frd@localhost")
    shown = read(tmp_path, text).schedulers[0].secrets.clean(f"it said {echo}.")

    assert TOKEN not in shown
    assert "ss" not in shown.removeprefix("it said").replace("(password)", "")
