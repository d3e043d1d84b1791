"""What does jobs.toml say wrong of rows and entries, and how is that said?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rollcall.errors import BadInput
from rollcall.roll.load import load
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind

ROWS = 'database = "sqlite:///shop.db"\nquery = "SELECT max(t) AS made_at, count(*) AS rows FROM r"'
ENTRIES = 'command = ["restic", "snapshots", "--json"]\nmade_at = "time"'
NOTHING_SAID = 'required. Write path = "data/export-%Y%m%d.json".'


def read(folder: Path, *outputs: str, defaults: str = "", **environment: str) -> list[Output]:
    """The outputs of a job for each of these tables."""
    file = folder / "jobs.toml"
    jobs = "".join(
        f'[jobs.j{n}]\nschedule = "0 2 * * *"\n[jobs.j{n}.output]\n{each}\n' for n, each in enumerate(outputs)
    )
    file.write_text(f'timezone = "Europe/Zurich"\n{defaults}\n{jobs}', encoding="utf-8")
    return [output for job in load(file, environment=environment).jobs for output in job.outputs]


def mistakes(folder: Path, *outputs: str, defaults: str = "", **environment: str) -> list[str]:
    with pytest.raises(BadInput) as refusal:
        read(folder, *outputs, defaults=defaults, **environment)
    return [str(each).removeprefix("jobs.toml: jobs.j0.output") for each in refusal.value.mistakes]


def test_what_is_declared_is_what_is_asked(tmp_path: Path) -> None:
    rows, entries = read(tmp_path, f'{ROWS}\nmin_rows = 3\ntimezone = "UTC"\ntimeout = "9 s"', f'{ENTRIES}\nsize = "s"')

    assert (rows.kind, rows.url.database, rows.min_rows) == (Kind.ROWS, str(tmp_path / "shop.db"), 3)
    assert (rows.timezone, rows.timeout) == (ZoneInfo("UTC"), timedelta(seconds=9))
    assert rows.shown == "sqlite:///shop.db: SELECT max(t) AS made_at, count(*) AS rows FROM r"
    assert (entries.kind, entries.command) == (Kind.ENTRIES, ("restic", "snapshots", "--json"))
    assert (entries.each, entries.made_at, entries.size, entries.times) == ("@", "time", "s", None)
    assert entries.shown == "restic snapshots --json"


def test_a_default_of_files_is_none_of_rows_and_entries(tmp_path: Path) -> None:
    defaults = '[defaults.output]\nformat = "csv"\nmust_contain = ["x"]\nkeeps = 7\ntimeout = "9 s"\nmin_size = "1 kB"'
    rows, entries = read(tmp_path, ROWS, ENTRIES, defaults=defaults)

    assert (rows.format, rows.must_contain, rows.keeps, rows.timeout.total_seconds()) == (None, (), 7, 9)
    assert (entries.format, entries.keeps) == (None, 7)
    # A size that nobody tells is not asked for.
    sized = read(tmp_path, ROWS.replace("count(*) AS rows", "1 AS size"), f'{ENTRIES}\nsize = "s"', defaults=defaults)
    assert [each.least_size for each in (rows, entries, *sized)] == [1, 1, 1_000, 1_000]


def test_a_default_limit_is_one_of_what_is_told_alone(tmp_path: Path) -> None:
    """One of all outputs must make none of them unknown that says nothing of it, nor be a mistake."""
    defaults = '[defaults.output]\nmin_size = "9 B"\nmax_size = "900 B"\nmin_rows = 5\nverify = ["a", "{file}"]'
    sized = 'database = "sqlite:///shop.db"\nquery = "SELECT max(t) AS made_at, sum(b) AS size FROM s"'
    sized_entries = f'{ENTRIES}\nsize = "bytes"'
    unsized = 'command = ["list"]\nmade_at = "time"'
    tables = [ROWS, sized, sized_entries, unsized, 'path = "x-%F"', 'path = "y-%F"\nformat = "csv"']
    outputs = read(tmp_path, *tables, defaults=defaults)

    assert [(each.min_size, each.max_size, each.min_rows, bool(each.verify)) for each in outputs] == [
        (1, None, 5, False),
        (9, 900, None, False),
        (9, 900, None, False),
        (1, None, None, False),
        (9, 900, None, True),
        (9, 900, 5, True),
    ]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        # Of rows.
        ('database = "sqlite:///shop.db"', [".database = \"sqlite:///shop.db\": of which query? Write query = "]),
        ('query = "SELECT 1 AS made_at"', ['.database: required. Write database = "sqlite:///data/app.db".']),
        (ROWS.replace("made_at", "at"), [" AS at, count(*) AS rows FROM r\": returns no made_at."]),
        (ROWS.replace("SELECT", "DELETE"), ["is no SELECT, and nothing else is asked."]),
        (ROWS.replace("FROM r", "FROM r; DROP TABLE r"), ['has a ";" in it, and only one query is asked.']),
        (ROWS.replace("sqlite:///shop.db", "sqlite://"), ["names no file."]),
        (ROWS.replace("sqlite:///shop.db", "oracle9://x"), ["names no kind of database that SQLAlchemy knows."]),
        (ROWS.replace("sqlite:///shop.db", "pg9://u:hunter2@h"), ['.database = "pg9://h": names no kind of database']),
        (ROWS.replace("sqlite:///shop.db", "sqlite:///${DB}"), ["DB is not set in the environment."]),
        (f'{ROWS}\neach = "x"', [".each = \"x\": is not asked of rows of a table (query). Take it out."]),
        (f"{ROWS.replace(', count(*) AS rows', '')}\nmin_rows = 3", ["of the column rows, and query returns none."]),
        (f'{ROWS}\nmin_size = "1 kB"', ["of the column size, and query returns none. Name one so: … AS size."]),
        (f'{ENTRIES}\nmax_size = "1 kB"', ["is asked of the size of an entry, and nothing says where that is."]),
        (f"{ROWS.replace(', count(*) AS rows', '')}\nmax_rows = 3", ["of the column rows, and query returns none."]),
        (f'{ROWS}\nmax_rows = "90 % of usual"', ["is less than what is usual. Write at least \"100 % of usual\"."]),
        (f"{ROWS}\nfiles = 3", [".files = 3: is not asked of rows of a table (query). Take it out."]),
        (f'{ROWS}\nformat = "csv"', ["is not asked of rows of a table (query)."]),
        (f"{ROWS}\nmust_change = true", ["is not asked of rows of a table (query)."]),
        # Of entries.
        ('command = ["restic"]', ['.made_at: required: where an entry has its time. Write made_at = "time".']),
        ('command = []\nmade_at = "time"', [".command = []: holds nothing."]),
        ('command = [" "]\nmade_at = "time"', ["names no program. Write such as"]),
        ('command = "restic snapshots"\nmade_at = "time"', ['.command = "restic snapshots": must be a list of texts']),
        ('command = ["a", "${NO}"]\nmade_at = "time"', ["NO is not set in the environment."]),
        ('command = ["restic"]\nmade_at = "time["', [".made_at = \"time[\": is no JMESPath"]),
        (f'{ENTRIES}\neach = "[?"', [".each = \"[?\": is no JMESPath"]),
        (f'{ENTRIES}\nsize = ""', [".size = \"\": is empty."]),
        (f'{ENTRIES}\ntimes = "seconds"', [".times = \"seconds\": "]),
        (f"{ENTRIES}\nmin_rows = 3", ["is not asked of entries that a command lists (command). Take it out."]),
        (f'{ENTRIES}\ndated = "due"', ["is not asked of entries that a command lists (command). Take it out."]),
        # Of both, or of none.
        ('made_at = "time"', [f".path: {NOTHING_SAID}"]),
        (f'{ENTRIES}\npath = "x-%F"', ["cannot be combined: an output is files (path), or"]),
        ('path = "x-%F"\nmade_at = "time"', [".made_at = \"time\": is not asked of files (path). Take it out."]),
        ('path = "x-%F"\ntimes = "epoch"', [".times = \"epoch\": is not asked of files (path). Take it out."]),
    ],
)  # fmt: skip
def test_a_mistake_is_said_once_with_its_place_and_its_cure(table: str, says: list[str], tmp_path: Path) -> None:
    told = mistakes(tmp_path, table)

    assert len(told) == len(says), told
    assert [one for one, part in zip(told, says, strict=True) if part not in one] == []


def test_one_entry_or_row_cannot_prove_two_jobs(tmp_path: Path) -> None:
    same = "is the output of jobs.j0 too, and one {} cannot prove two. Write another {}."

    assert mistakes(tmp_path, ROWS, ROWS)[0].endswith(same.format("row", "query"))
    assert mistakes(tmp_path, ENTRIES, ENTRIES)[0].endswith(same.format("entry", "command"))
    of_each_host = [f"{ENTRIES}\neach = \"[?hostname=='{host}']\"" for host in ("web1", "web2")]
    assert len(read(tmp_path, *of_each_host)) == 2


def test_what_variables_stand_for_is_never_shown(tmp_path: Path) -> None:
    url, secret = "postgresql://u:${PW}@127.0.0.1/x", "hunter2-hunter2"
    rows, entries = read(
        tmp_path, ROWS.replace("sqlite:///shop.db", url), 'command = ["x", "${PW}"]\nmade_at = "t"', PW=secret
    )

    assert rows.url.password == secret
    assert secret not in repr(rows) + repr(entries) + rows.shown + entries.shown
    assert (rows.shown.partition(": ")[0], entries.shown) == ("postgresql://127.0.0.1/x", "x '${PW}'")
