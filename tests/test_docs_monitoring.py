"""Does everything that docs/monitoring.md says to paste work, with the real programs?"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures.house import House
from fixtures.prometheus import program, pushgateway
from rollcall.cli import main
from rollcall.history.rows import NOTHING
from rollcall.morning.ending import Ending
from rollcall.roll.load import load
from rollcall.sinks.alert.message import write_message
from rollcall.sinks.alert.news import find_news
from rollcall.sinks.json import to_json
from rollcall.sinks.metrics import render

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[str]:
    found = [text for each, text in BLOCKS if each == kind]
    assert found
    return found


_JOB = '[jobs.dump]\nschedule = "0 6 * * *"\ngrace = "15 min"\noutput = { path = "dump-%F.sql" }\n'
LINES = [line for text in blocks("sh") for line in text.splitlines()]


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    links = (
        'runbook = "https://wiki.example.com/jobs/{job}"\nlogs = "https://logs.example.com/search?q={name}&from={due}"'
    )
    house.add("dump", "Nightly dump", extra=f'owner = "platform"\nseverity = "critical"\n{links}')
    house.says("dump", last_execution="2026-02-10T05:00:17")
    return house


def test_every_kind_of_block_is_tried_here() -> None:
    assert {kind for kind, _ in BLOCKS} == {"toml", "json", "yaml", "sh", "ini"}
    assert {line.split()[0] for line in LINES} == {"rollcall", "curl", "python3", "jq"}


@pytest.mark.parametrize("text", blocks("toml"))
def test_what_is_to_be_pasted_into_jobs_toml_loads(text: str, tmp_path: Path) -> None:
    file = tmp_path / "jobs.toml"
    file.write_text(f'timezone = "UTC"\n{text}\n{_JOB}', encoding="utf-8")

    assert load(file, environment=dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "secret-x")).file == file


def test_what_a_webhook_is_sent_has_the_keys_that_are_shown(house: House) -> None:
    shown = json.loads(blocks("json")[0])
    morning = house.morning()
    [news] = find_news(house.roll(), morning, NOTHING, None, is_complete=True)
    file, page = Path(shown["jobs_file"]), Path(shown["page"])
    sent = json.loads(write_message(news, morning, jobs_file=file, page=page).json)

    assert with_no_prose(shown) == with_no_prose(sent)
    assert list(shown) == list(sent)
    assert (shown["sentence"], shown["next_step"]) == (sent["sentence"], sent["next_step"])


def with_no_prose(said: dict[str, Any]) -> dict[str, Any]:
    jobs = [{**each, "sentence": "", "next_step": ""} for each in said["jobs"]]
    return {**said, "title": "", "text": "", "jobs": jobs}


@pytest.mark.parametrize("text", blocks("yaml"))
def test_what_is_to_be_pasted_into_their_configuration_is_valid(text: str, tmp_path: Path) -> None:
    name = text.partition("\n")[0].removeprefix("# ")
    (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "deploy" / "prometheus" / "rollcall.rules.yml", tmp_path)
    tool = {"prometheus.yml": ["promtool", "check", "config"], "alertmanager.yml": ["amtool", "check-config"]}[name]
    checked = subprocess.run(
        [program(tool[0]), *tool[1:], str(tmp_path / name)], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_lines_of_rollcall_are_commands_that_it_knows(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each gets as far as the file that it cannot find."""
    checks = [
        line.partition("=")[2].replace("/usr/local/bin/", "") for text in blocks("ini") for line in text.splitlines()
    ]
    for line in [*(each for each in LINES if each.startswith("rollcall")), *checks]:
        words = [word.replace("/var/lib/prometheus/node-exporter", str(tmp_path)) for word in shlex.split(line)[1:]]
        status = main([*words, "--jobs-file", str(tmp_path / "jobs.toml")])
        said = "".join(capsys.readouterr())

        assert (status in (3, 4), "jobs.toml" in said, "usage:" in said) == (True, True, False), said


def test_the_installed_files_lie_where_the_page_says() -> None:
    """Of the wheel that they are in it: tests/test_installed.py."""
    (line,) = [each for each in LINES if each.startswith("python3")]
    done = subprocess.run(
        [sys.executable, *shlex.split(line)[1:]], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert done.stdout.strip() == str(ROOT / "rollcall" / "deploy")


def test_what_is_pushed_is_there_and_what_is_gone_is_taken_away(house: House, tmp_path: Path) -> None:
    (line,) = [each for each in LINES if each.startswith("curl")]
    program("curl")
    house.add("rates")
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    with pushgateway() as url:
        command = shlex.split(line.replace("http://localhost:9091", url))

        def pushed() -> list[tuple[str, str]]:
            morning = house.morning()
            (tmp_path / "rollcall.prom").write_text(render(morning.judged_at, morning, Ending(), roll=house.roll()))
            subprocess.run(command, cwd=tmp_path, env=environment, check=True)
            text = httpx.get(f"{url}/metrics", trust_env=False).text
            found = re.finditer(r"^rollcall_job_needs_a_person\{(.*)\} (\d)$", text, re.MULTILINE)
            return [(each[1], each[2]) for each in found]

        where = 'instance="web1",job="rollcall",job_id='
        assert pushed() == [(f'{where}"dump"', "1"), (f'{where}"rates"', "0")]
        house.jobs = house.jobs.partition('[jobs."rates"]')[0]
        assert pushed() == [(f'{where}"dump"', "1")]


def test_a_program_reads_what_is_lost_next_and_what_to_do(house: House, tmp_path: Path) -> None:
    house.add("rates")
    del house.listed["dump"]
    (tmp_path / "reports").mkdir()
    morning = house.morning()
    (tmp_path / "reports" / "morning.json").write_text(to_json(morning, Ending()), encoding="utf-8")
    said = [
        subprocess.run(
            [program("jq"), *shlex.split(line)[1:]], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        for line in LINES
        if line.startswith("jq")
    ]
    cause = morning.job_causes["dump"]
    assert cause

    assert said[0].stdout.splitlines() == [f"{cause.code}: dump", f"  {cause.next_step}"]
    assert said[1].stdout.strip() == "dump at 2026-02-12T06:00:00+01:00"
