"""Is every kind of scheduler found, ours and everybody's, and one that does not load told with its package?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fixtures.hostile_service import Asked, answering_service
from rollcall.ask import gather
from rollcall.errors import BadInput
from rollcall.evidence import NotSeen
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.roll.kinds import find_kind, kinds, merged
from rollcall.roll.load import load
from rollcall.schedulers.json import Json
from rollcall.schedulers.sql import Sql
from rollcall.vocabulary import CauseCode, Verdict

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)
HOUSE = Path(__file__).parents[1]

# What somebody else ships: a kind that is code, one that is a preset over ours, and one over that.
CODE = '''
"""A scheduler that keeps its runs in a file, a line each: JOB END WORD."""

from pathlib import Path

from rollcall.vocabulary import CauseCode
from rollcall.evidence import CannotLook
from rollcall.evidence import JobListed, RunSeen, SchedulerSeen
from rollcall.roll.scheduler import Asked, Scheduler


class Ledger(Scheduler):
    """A ledger."""

    file: str

    @property
    def address(self) -> str:
        return self.file

    @property
    def tells(self) -> frozenset[str]:
        return frozenset({"jobs", "runs", "ended", "status", "history"})

    def look(self, asked: Asked) -> SchedulerSeen:
        asked_at = asked.clock()
        try:
            lines = [line.split() for line in Path(self.file).read_text().splitlines()]
        except OSError as error:
            raise CannotLook(CauseCode.SCHEDULER_DOWN, f"{self.file}: {error.strerror}") from None
        return SchedulerSeen(
            asked_at=asked_at,
            answered_at=asked.clock(),
            jobs=tuple(JobListed(id=job) for job in dict.fromkeys(line[0] for line in lines)),
            runs=tuple(
                RunSeen(job=job, ended=ended, word=word, outcome=self.words.outcome(word)) for job, ended, word in lines
            ),
        )
'''
ACME = """
kind = "json"
engine = "cron"
naive_times = "UTC"
[runs]
ask = "POST /api/{{limit}}/runs"
body = {{ after = "{{since}}" }}
each = "items"
job = "job"
ended = "end"
status = "state"
[words]
success = ["DONE"]
failed = ["DEAD"]
"""
ACME_CLOUD = """
kind = "acme"
url = "http://cloud.invalid"
[words]
failed = ["DEAD", "LOST"]
"""
PRESETS = """
from pathlib import Path

ACME = Path(__file__).with_name("acme.toml")
ACME_CLOUD = str(ACME.with_name("acme_cloud.toml"))
DAMAGED = ACME.with_name("damaged.toml")
AWAY = ACME.with_name("away.toml")
ORPHAN = ACME.with_name("orphan.toml")
NOBODYS = ACME.with_name("nobodys.toml")
ROUND = ACME.with_name("round.toml")
NUMBER = 7
"""
ENTRIES = """
[rollcall.schedulers]
ledger = acme_schedulers.ledger:Ledger
acme = acme_schedulers.presets:ACME
acme-cloud = acme_schedulers.presets:ACME_CLOUD
damaged = acme_schedulers.presets:DAMAGED
away = acme_schedulers.presets:AWAY
orphan = acme_schedulers.presets:ORPHAN
nobodys = acme_schedulers.presets:NOBODYS
round = acme_schedulers.presets:ROUND
number = acme_schedulers.presets:NUMBER
acme-nightly = acme_schedulers
absent = acme_schedulers
moved = acme_schedulers.nowhere:Moved
explodes = acme_schedulers.explodes:Kind
json = acme_schedulers.ledger:Ledger
sql = zeta_schedulers:Sql
aime = zeta_schedulers:Aime
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of installed packages with one that ships schedulers."""
    site = tmp_path / "site"
    package = site / "acme_schedulers"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "ledger.py").write_text(CODE)
    (package / "presets.py").write_text(PRESETS)
    (package / "explodes.py").write_text("raise RuntimeError('\\x1b[31mno licence')")
    (package / "acme.toml").write_text(ACME.replace("{{", "{").replace("}}", "}"))
    (package / "acme_cloud.toml").write_text(ACME_CLOUD)
    (package / "acme-nightly.toml").write_text("kind = 'acme'\nurl = 'http://nightly.invalid'\n")
    (package / "damaged.toml").write_text("kind = ")
    (package / "orphan.toml").write_text("kind = 'jsn'")
    (package / "nobodys.toml").write_text("url = 'http://h'")
    (package / "round.toml").write_text("kind = 'round'")
    info = site / "acme_schedulers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-schedulers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    return site


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, on the path of this process until the test ends."""
    monkeypatch.syspath_prepend(str(site))
    for name in [name for name in sys.modules if name.startswith("acme_schedulers")]:
        monkeypatch.delitem(sys.modules, name)
    return site


def judged(folder: Path, scheduler: str) -> Morning:
    """The morning of one job of the scheduler `s`."""
    file = folder / "jobs.toml"
    job = "[jobs.dump]\nscheduler = 's'\nschedule = '0 6 * * *'\ngrace = '15 min'\nmax_runtime = '10 min'\n"
    file.write_text(f"timezone = 'Europe/Zurich'\n[schedulers.s]\n{scheduler}\n{job}")
    roll = load(file, environment={})
    return judge_morning(roll, gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW), now=NOW)


# Ours -------------------------------------------------------------------------------------------------------------


def test_ours_are_the_transports_and_every_preset_that_lies_beside_them() -> None:
    presets = {each.stem for each in (HOUSE / "rollcall" / "schedulers").glob("*.toml")}

    assert {"json", "sql", "command", "aime"} <= set(kinds())
    assert presets <= set(kinds())
    assert list(kinds()) == sorted(kinds())


@pytest.mark.parametrize("kind", kinds())
def test_each_of_ours_loads(kind: str) -> None:
    cls, preset = find_kind(kind)

    assert "kind" in cls.model_fields
    assert isinstance(preset, dict)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("aimee", 'no such kind. Did you mean "aime"? Kinds: aime, '),
        ("jsonn", 'no such kind. Did you mean "json"? Kinds: json, '),
        ("SQL", "no such kind. Kinds: "),
        ("", "no such kind. Kinds: "),
        ("\x1b" * 10_000, "no such kind. Kinds: "),
    ],
)
def test_a_kind_that_does_not_exist_lists_those_that_do_the_nearest_first(name: str, begins: str) -> None:
    with pytest.raises(ValueError, match="no such kind") as problem:
        find_kind(name)

    told = str(problem.value)
    assert told.startswith(begins)
    assert all(told.count(each) >= 1 for each in kinds()[:4])
    assert told.isprintable()


@pytest.mark.parametrize(
    ("under", "over", "whole"),
    [
        ({"a": 1, "b": 2}, {"b": 3}, {"a": 1, "b": 3}),
        ({"t": {"a": 1, "l": [1]}}, {"t": {"l": [2]}}, {"t": {"a": 1, "l": [2]}}),
        ({"t": {"a": 1}}, {"t": "text"}, {"t": "text"}),
        ({"t": "text"}, {"t": {"a": 1}}, {"t": {"a": 1}}),
        ({}, {"a": 1}, {"a": 1}),
    ],
)
def test_tables_are_joined_and_lists_replaced(under: Any, over: Any, whole: Any) -> None:
    before = json.dumps(under)

    assert merged(under, over) == whole
    assert json.dumps(under) == before


# Somebody else's --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("installed")
def test_a_kind_of_another_package_judges_a_morning(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    table = f"kind = 'ledger'\nfile = '{ledger}'\nwords = {{ success = ['ok'], failed = ['bad'] }}"

    def verdict(text: str) -> Verdict:
        ledger.write_text(text)
        return judged(tmp_path, table).jobs[0].verdict

    assert verdict("dump 2026-02-11T05:00:17Z ok\ndump 2026-02-10T05:00:12Z ok\n") is Verdict.OK
    assert verdict("dump 2026-02-11T05:00:17Z bad\n") is Verdict.FAILED
    assert verdict("dump 2026-02-10T05:00:12Z ok\n") is Verdict.MISSED
    assert verdict("dump 2026-02-11T05:00:17Z perhaps\n") is Verdict.UNKNOWN
    ledger.unlink()
    assert judged(tmp_path, table).jobs[0].verdict is Verdict.UNKNOWN


@pytest.mark.usefixtures("installed")
def test_a_preset_of_another_package_judges_a_morning_and_one_over_it_too(tmp_path: Path) -> None:
    def says(asked: Asked) -> tuple[int, Any]:
        ends = ("2026-02-11T05:00:17", "2026-02-10T05:00:12")
        return 200, {"items": [{"job": "dump", "end": end, "state": state} for end in ends]}

    with answering_service(says) as service:
        for kind, state, verdict in (
            ("acme", "DONE", Verdict.OK),
            ("acme", "DEAD", Verdict.FAILED),
            ("acme", "LOST", Verdict.UNKNOWN),
            ("acme-cloud", "LOST", Verdict.FAILED),
            ("acme-cloud", "DONE", Verdict.OK),
        ):
            found = judged(tmp_path, f"kind = '{kind}'\nurl = '{service.url}'\nlimit = 7")
            assert (kind, state, found.jobs[0].verdict) == (kind, state, verdict)

    assert {(each.method, each.path) for each in service.asked} == {("POST", "/api/7/runs")}
    assert "T" in service.asked[0].body["after"]


@pytest.mark.usefixtures("installed")
def test_what_jobs_toml_says_replaces_what_a_preset_says() -> None:
    cls, said = find_kind("acme-cloud")

    assert cls is Json
    assert said["url"] == "http://cloud.invalid"
    assert said["words"] == {"success": ["DONE"], "failed": ["DEAD", "LOST"]}
    assert said["runs"]["each"] == "items"


@pytest.mark.usefixtures("installed")
def test_a_preset_may_lie_under_its_name_in_the_package_that_is_registered() -> None:
    cls, said = find_kind("acme-nightly")

    assert cls is Json
    assert (said["url"], said["runs"]["each"]) == ("http://nightly.invalid", "items")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("damaged", "is of the package acme-schedulers, which does not load (TOMLDecodeError: Invalid value"),
        ("away", "is of the package acme-schedulers, which does not load (FileNotFoundError: "),
        ("absent", "is of the package acme-schedulers, which does not load (FileNotFoundError: "),
        ("moved", "is of the package acme-schedulers, which does not load (ModuleNotFoundError: No module named"),
        ("explodes", "is of the package acme-schedulers, which does not load (RuntimeError: no licence)."),
        ("number", "acme-schedulers, which names neither a class of scheduler nor the path of a preset."),
        ("orphan", 'is a preset over the kind "jsn": no such kind. Did you mean "json"?'),
        ("nobodys", 'is of a preset ("nobodys") that names no kind of its own.'),
        ("round", "is based on itself: round over round."),
    ],
)
def test_a_kind_that_does_not_load_is_a_mistake_that_names_its_package(tmp_path: Path, kind: str, rule: str) -> None:
    with pytest.raises(BadInput) as problem:
        judged(tmp_path, f"kind = '{kind}'\nurl = 'http://h'")

    told = [line for line in str(problem.value).splitlines() if "schedulers.s.kind" in line]
    assert len(told) == 1
    assert told[0].startswith(f'jobs.toml: schedulers.s.kind = "{kind}": ')
    assert rule in told[0]
    assert told[0].isprintable()


@pytest.mark.usefixtures("installed")
def test_nobody_takes_the_name_of_one_of_ours() -> None:
    assert [find_kind(each)[0] for each in ("json", "sql", "aime")] == [Json, Sql, Json]


@pytest.mark.usefixtures("installed")
def test_a_kind_of_another_package_that_breaks_costs_only_itself(tmp_path: Path) -> None:
    """A line that its code does not foresee: it raises what it likes, and the others are judged."""
    ledger = tmp_path / "ledger"
    ledger.write_text("dump\n")
    file = tmp_path / "jobs.toml"
    file.write_text(
        f"timezone = 'UTC'\n[schedulers.s]\nkind = 'ledger'\nfile = '{ledger}'\n"
        "[jobs.dump]\nscheduler = 's'\nschedule = '0 6 * * *'\n"
    )
    roll = load(file, environment={})
    seen = gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW).schedulers["s"]
    assert isinstance(seen, NotSeen)

    assert seen.code is CauseCode.SCHEDULER_DOWN
    assert seen.detail.startswith("looking broke with ValueError: not enough values to unpack")


def test_what_is_installed_while_nobody_looks_is_found_by_the_next_who_does(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "ledger" not in kinds()
    monkeypatch.syspath_prepend(str(site))
    assert {"ledger", "acme", "acme-cloud"} <= set(kinds())
    monkeypatch.undo()
    assert "ledger" not in kinds()


def test_the_schema_lists_the_kinds_of_other_packages_and_leaves_out_those_that_do_not_load(site: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{HOUSE}"}
    command = [sys.executable, "-m", "rollcall", "schema"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    schema = json.loads(done.stdout or "{}")
    listed = {each["$ref"].rpartition("/")[2] for each in schema["$defs"]["Scheduler"]["oneOf"]}

    assert {"ledger", "acme", "acme-cloud", "json", "sql", "command", "aime"} <= listed
    assert not {"damaged", "moved", "explodes", "number", "orphan", "nobodys", "round"} & listed
    assert schema["$defs"]["ledger"]["required"] == ["kind", "file"]
    assert "url" in schema["$defs"]["acme"]["required"]
    assert "url" not in schema["$defs"]["acme-cloud"]["required"]
