"""Does jobs.schema.json accept what may be declared, and refuse what may not?"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rollcall.roll.kinds import kinds
from rollcall.roll.load import load
from rollcall.roll.schema import json_schema

TOP = Path(__file__).resolve().parent.parent
SHIPPED = (TOP / "jobs.toml").read_text(encoding="utf-8")
SCHEMA = json_schema()

HEAD = 'timezone = "Europe/Zurich"\n'
AIME = '[schedulers.aime]\nkind = "aime"\nurl = "http://localhost:8000"\n'
JOB = '[jobs.it]\nscheduler = "aime"\nschedule = "0 6 * * *"\n'
WHOLE = f"""
timezone = "Europe/Zurich"
look_back = "24 h"
include = ["jobs.d/*.toml"]

[defaults]
grace = "15 min"
owner = "platform"
[defaults.output]
min_size = "200 B"

{AIME}
engine = "apscheduler"
naive_times = "UTC"
headers = {{ Authorization = "Bearer ${{AIME_TOKEN}}" }}
[schedulers.aime.memory]
database = "sqlite:///data/app.db"

[schedulers.own]
kind = "json"
url = "http://scheduler:4200"
times = "epoch-ms"
limit = 200
login = {{ ask = "POST /token", body = {{ user = "${{U}}" }} }}
alive = {{ ask = "/health", heartbeat = "latest", heartbeat_within = "2 min" }}
jobs = {{ ask = "POST /api/jobs", body = {{ limit = "{{limit}}" }}, each = "items", id = "name", paused = "paused" }}
[schedulers.own.runs]
ask = "POST /api/runs"
total = "total"
each = "items"
job = "job_id"
started = "start"
status = "state"
keeps = 5
[schedulers.own.words]
success = ["COMPLETED"]
failed = ["CRASHED"]

[schedulers.tool]
kind = "command"
command = ["tool", "list", "--json"]
via = ["ssh", "ops@nas"]
ignore = ["apt-*"]
jobs = {{ id = "name" }}

[[windows]]
when = "0 22 * * sat"
lasts = "6 h"
reason = "patching"

[jobs.daily]
scheduler = "aime"
schedule = "0 6 * * *"
since = 2026-02-11T06:00:00+01:00
skip_dates = [2026-12-25]
paused = {{ until = 2026-03-01, reason = "the model is being replaced" }}
[jobs.daily.output]
path = "data/it-%Y%m%d-%H%M%S.md"
must_contain = ["# Title"]

[jobs.after_it]
after = "daily"
within = "2 h"
needs = ["daily"]
tags = ["nightly"]
logs = "https://logs.example.com/?unit={{name}}&from={{due}}"
[[jobs.after_it.output]]
path = "out/a-%F.csv"
format = "csv"
[[jobs.after_it.output]]
path = "out/b-%F.csv"
dated = "due"
"""


def mistakes(text: str, schema: dict[str, Any] = SCHEMA) -> list[str]:
    # Days and instants, which TOML has and JSON has not, are texts to an editor.
    written = json.loads(json.dumps(tomllib.loads(text), default=str))
    return [f"{each.json_path}: {each.message[:200]}" for each in Draft202012Validator(schema).iter_errors(written)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", [SHIPPED, WHOLE], ids=["shipped", "nearly every table"])
def test_what_may_be_declared_is_accepted(text: str) -> None:
    assert mistakes(text) == []


def test_whoever_reads_it_accepts_it_too(tmp_path: Path) -> None:
    file = tmp_path / "jobs.toml"
    file.write_text(WHOLE.replace('include = ["jobs.d/*.toml"]', ""), encoding="utf-8")

    roll = load(file, environment={"AIME_TOKEN": "secret-of-aime", "U": "somebody"})

    assert [each.id for each in roll.jobs] == ["daily", "after_it"]


UNKNOWN = {
    "of the file": 'look_bak = "24 h"\n' + HEAD + AIME + JOB,
    "of a scheduler": HEAD + AIME + 'databse = "x"\n' + JOB,
    "of a scheduler's answers": HEAD + AIME + '[schedulers.aime.runs]\nfinished = "x"\n' + JOB,
    "of its memory": HEAD + AIME + '[schedulers.aime.memory]\ndatabase = "x"\nexecutions = "x"\n' + JOB,
    "of a job": HEAD + AIME + JOB + 'graze = "1 min"\n',
    "of a pause": HEAD + AIME + JOB + 'paused = { until = 2026-03-01, reason = "x", by = "me" }\n',
    "of an output": HEAD + AIME + JOB + '[jobs.it.output]\npath = "a"\nstamp = "x"\n',
    "of one of several outputs": HEAD + AIME + JOB + '[[jobs.it.output]]\npath = "a"\nstamp = "x"\n',
    "of the defaults": HEAD + AIME + JOB + '[defaults]\ngraze = "1 min"\n',
    "of the outputs' defaults": HEAD + AIME + JOB + '[defaults.output]\nstamp = "x"\n',
}


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_an_unknown_key_is_refused(text: str) -> None:
    assert mistakes(text) != []


LACKING = {
    "the zone": AIME + JOB,
    "the kind": HEAD + '[schedulers.aime]\nurl = "http://x"\n',
    "an unknown kind": HEAD + '[schedulers.aime]\nkind = "aimee"\nurl = "http://x"\n',
    "the url of a preset": HEAD + '[schedulers.aime]\nkind = "aime"\n',
    "the database of a preset's memory": HEAD + AIME + "[schedulers.aime.memory]\n",
    "the kind of a memory that no preset names": HEAD
    + AIME.replace('"aime"', '"json"')
    + '[schedulers.aime.memory]\ndatabase = "x"\n',
    "the path of an output": HEAD + AIME + JOB + '[jobs.it.output]\nmin_size = "1 B"\n',
    "the reason of a pause": HEAD + AIME + JOB + "paused = { until = 2026-03-01 }\n",
}


@pytest.mark.parametrize("text", LACKING.values(), ids=LACKING.keys())
def test_what_must_be_there_is_missed(text: str) -> None:
    assert mistakes(text) != []


def test_a_memory_may_be_of_another_kind_than_its_preset_names() -> None:
    other = '[schedulers.aime.memory]\nkind = "command"\ncommand = ["tool"]\nruns = { job = "id" }\n'

    assert mistakes(HEAD + AIME + other + JOB) == []


@pytest.mark.parametrize("kind", kinds())
def test_each_kind_that_is_installed_can_be_declared(kind: str) -> None:
    table = SCHEMA["$defs"][kind]

    assert {"$ref": f"#/$defs/{kind}"} in SCHEMA["$defs"]["Scheduler"]["oneOf"]
    assert (table["title"], table["properties"]["kind"]["const"]) == (kind, kind)


def test_only_what_a_preset_leaves_open_is_required() -> None:
    required = {kind: SCHEMA["$defs"][kind]["required"] for kind in ("aime", "json", "sql", "command")}

    assert required == {
        "aime": ["kind", "url"],
        "json": ["kind", "url"],
        "sql": ["kind", "database"],
        "command": ["kind"],
    }


PRESET = """
kind = "json"
url = "https://acme.example.com"
status = "/status"
login = { ask = "POST /token" }
[jobs]
id = "id"
[memory]
kind = "sql"
database = "sqlite:///acme.db"
"""


def installed(folder: Path, entries: str) -> None:
    """A package that brings kinds of scheduler, as an installer leaves it."""
    info = folder / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[rollcall.schedulers]\n{entries}\n", encoding="utf-8")
    (folder / "acme.toml").write_text(PRESET, encoding="utf-8")
    (folder / "acme_kinds.py").write_text(
        'from pathlib import Path\nPRESET = Path(__file__).with_name("acme.toml")\n', encoding="utf-8"
    )


def test_so_can_a_kind_of_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "acme = acme_kinds:PRESET")
    monkeypatch.syspath_prepend(tmp_path)
    schema = json_schema()
    table = '[schedulers.it]\nkind = "acme"\nlogin = { body = { user = "${U}" } }\nmemory = { naive_times = "UTC" }\n'

    assert mistakes(HEAD + table, schema) == []
    assert mistakes(HEAD + table, SCHEMA) != []
    assert mistakes(HEAD + table.replace("acme", "json"), schema) != []


def test_one_whose_package_does_not_load_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "acme = acme_nowhere:PRESET")
    monkeypatch.syspath_prepend(tmp_path)

    assert json_schema() == SCHEMA
