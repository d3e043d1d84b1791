"""What do people and programs see of rows and entries: on the page, in morning.json, in the terminal?"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from fixtures.whole_morning import whole_morning
from rollcall.cli import main
from rollcall.history.judged import rows_of
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.report.page import render_board
from rollcall.sinks.json import to_json

NOW = datetime(2026, 2, 11, 6, 2, tzinfo=UTC)
SNAPSHOTS = [
    {"time": "2026-02-11T02:00:05+01:00", "bytes": 3_000_000, "id": "d505c4df"},
    {"time": "2026-02-10T02:00:05+01:00", "bytes": 2_900_000, "id": "a9cc209c"},
]
TOML = f"""timezone = "Europe/Zurich"
[jobs.backup]
schedule = "0 2 * * *"
[jobs.backup.output]
command = {json.dumps([sys.executable, "-S", "-c", "import sys; print(sys.argv[1])", json.dumps(SNAPSHOTS)])}
made_at = "time"
size = "bytes"
[jobs.rates]
schedule = "0 2 * * *"
[jobs.rates.output]
database = "sqlite:///shop.db"
query = "SELECT max(t) AS made_at, count(*) AS rows FROM rates"
timezone = "Europe/Zurich"
min_rows = 3
"""


@pytest.fixture
def told(tmp_path: Path) -> Morning:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("CREATE TABLE rates (t TEXT)")
        connection.executemany("INSERT INTO rates VALUES (?)", [("2026-02-11 02:00:05",), ("2026-02-10 02:00:05",)])
    return whole_morning(tmp_path, TOML, now=NOW)


def test_the_page_shows_what_was_found_and_says_what_it_is(told: Morning) -> None:
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", render_board(told, Ending()))).split())

    assert "Its table as of Wed 11 Feb 02:00:05 CET has 2 rows of data, less than min_rows = 3." in text
    assert 'holds { "made_at": "2026-02-11 02:00:05", "rows": 2 }' in text
    assert "Output 2026-02-11T02:00:05+01:00 3.0 MB" in text
    assert " file" not in text.partition("The last 24 hours")[0].replace("the file", "")


def test_morning_json_and_the_history_hold_what_it_is(told: Morning) -> None:
    document = json.loads(to_json(told, Ending()))
    seen = {job["id"]: job["outputs"][0] for job in document["jobs"]}

    assert seen["backup"]["newest"][0]["size"] == 3_000_000
    assert (seen["rates"]["matches"], seen["rates"]["newest"][0]["rows"]) == (1, 2)
    assert seen["rates"]["path"] == "sqlite:///shop.db: SELECT max(t) AS made_at, count(*) AS rows FROM rates"

    remembered = {row.job_id: row.outputs[0] for row in rows_of(told)}
    assert (remembered["backup"].size, remembered["backup"].made_at.hour) == (3_000_000, 1)
    assert remembered["rates"].output == seen["rates"]["path"]
    # What tells it from others of the same command is a part of what it is remembered by.
    assert remembered["backup"].output == f"{seen['backup']['path']}: @"


def test_the_commands_speak_of_rows_and_entries(
    told: Morning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["diagnose", "--as-of", "2026-02-11T07:02:00+01:00"]) == 1
    assert "rows have no disk of their own" in (said := " ".join(capsys.readouterr().out.split()))
    assert "do: See what is there: the query in [jobs.rates.output] of jobs.toml" in said
    assert main(["calendar", "--as-of", "2026-02-11T07:02:00+01:00"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "older than the oldest entry that is left" in said
    assert "each run overwrites the same row, so only the newest run is known" in said
    assert "mtime" not in said
