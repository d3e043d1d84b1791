"""Do the rules and the dashboard that we ship work on what we write, in a real Prometheus?"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from fixtures.house import House
from fixtures.prometheus import asked, node_exporter, program, prometheus
from rollcall.morning.ending import Ending
from rollcall.sinks.base import Result, Start
from rollcall.sinks.metrics import Metrics

ROOT = Path(__file__).parents[1]
RULES = ROOT / "deploy" / "prometheus" / "rollcall.rules.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "rollcall.json"
RULES_TEST = Path(__file__).with_name("rollcall.rules.test.yml")
_LIMIT = 60.0  # real seconds
_CONFIG = """
global: {{ scrape_interval: 500ms, evaluation_interval: 500ms }}
rule_files: ["{rules}"]
scrape_configs: [{{ job_name: node, static_configs: [{{ targets: ["{target}"] }}] }}]
"""


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("promtool"), *words], capture_output=True, text=True, check=False)


def test_the_rules_are_rules_and_fire_and_end_as_they_should() -> None:
    checked, tried = promtool("check", "rules", str(RULES)), promtool("test", "rules", str(RULES_TEST))

    assert (checked.returncode, checked.stderr) == (0, "")
    assert tried.returncode == 0, tried.stdout + tried.stderr


# What makes a rule forget what it must not: of each the tests of the rules must hear.
BREAKS = [
    ("last_over_time(rollcall_job_needs_a_person[26h])", "rollcall_job_needs_a_person"),
    (" or absent(rollcall_judged_timestamp_seconds)", ""),
    ("last_over_time(rollcall_judged_timestamp_seconds[7d])", "rollcall_judged_timestamp_seconds"),
    ("topk by (instance, job_id) (1, last_over_time(rollcall_job_info[1h]))", "last_over_time(rollcall_job_info[1h])"),
    ("\n          or on (instance, job_id)\n          rollcall:job_needs_a_person:last == 1", ""),
    ("rollcall:job_needs_a_person:last == 1)", "rollcall:job_needs_a_person:last >= 0)"),
]


@pytest.mark.parametrize(("rule", "broken"), BREAKS)
def test_a_rule_that_forgets_is_noticed(tmp_path: Path, rule: str, broken: str) -> None:
    text = RULES.read_text(encoding="utf-8")
    assert rule in text
    (tmp_path / "rules.yml").write_text(text.replace(rule, broken), encoding="utf-8")
    tests = RULES_TEST.read_text(encoding="utf-8").replace("../deploy/prometheus/rollcall.rules.yml", "rules.yml")
    (tmp_path / "tests.yml").write_text(tests, encoding="utf-8")

    assert promtool("check", "rules", str(tmp_path / "rules.yml")).returncode == 0
    assert promtool("test", "rules", str(tmp_path / "tests.yml")).returncode == 1


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("house"))
    house.add("good", "Exchange rates", extra='owner = "finance"', output="out/good-*.md")
    house.leaves("good", "good-1.md", size=328)
    house.add("bad", 'Nightly "dump"', extra='owner = "platform"\nseverity = "critical"')
    house.says("bad", last_status="error")
    return house


@pytest.fixture(scope="module")
def server(house: House) -> Iterator[str]:
    """A Prometheus that reads, through a node exporter, the file that a run has left just now."""
    roll, now = house.roll(), datetime.now(UTC)
    start = Start(folder=house.folder, judged_at=now, by="monitor", roll=roll, is_of_today=True)
    folder = house.folder / "textfiles"
    folder.mkdir()
    sink = Metrics(folder / "rollcall.prom")
    sink.begin(start)
    assert sink.finish(Result(start=start, morning=replace(house.morning(), judged_at=now), ending=Ending())) == ()
    with node_exporter(folder) as target:
        config = _CONFIG.format(rules=RULES, target=target.removeprefix("http://"))
        with prometheus(config) as url:
            await_that(lambda: asked(url, "rollcall:owner_jobs_needing_attention:sum"))
            await_that(lambda: firing(url))
            yield url


def await_that(holds: Callable[[], object]) -> None:
    until = time.monotonic() + _LIMIT
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def firing(url: str) -> list[dict[str, Any]]:
    found = httpx.get(f"{url}/api/v1/alerts").json()["data"]["alerts"]
    return [each for each in found if each["state"] == "firing"]


def test_a_real_prometheus_reads_the_file_and_alerts_of_the_one_job_that_is_bad(server: str) -> None:
    (alert,) = firing(server)

    assert asked(server, "node_textfile_scrape_error")[0]["value"][1] == "0"
    assert {**alert["labels"], "instance": ""} == {
        "alertname": "RollcallJobNeedsAttention",
        "instance": "",
        "job": "node",
        "job_id": "bad",
        "title": 'Nightly "dump"',
        "scheduler": "aime",
        "owner": "platform",
        "severity": "critical",
    }
    assert alert["annotations"]["summary"] == "bad: run-failed"


PANELS = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
EXPRESSIONS = [(each["title"], target["expr"]) for each in PANELS for target in each["targets"]]


@pytest.mark.parametrize(("panel", "expression"), EXPRESSIONS, ids=[title for title, _ in EXPRESSIONS])
def test_every_panel_shows_something(server: str, panel: str, expression: str) -> None:
    filled = re.sub(r"\$(instance|owner)\b", ".*", expression)
    found = asked(server, filled)

    assert "$" not in filled
    assert found, panel
    if panel == "What needs attention":
        labels = found[0]["metric"]
        assert len(found) == 1
        assert (labels["job_id"], labels["cause"], labels["owner"]) == ("bad", "run-failed", "platform")


def test_the_panel_of_one_owner_shows_no_others(server: str) -> None:
    expression = dict(EXPRESSIONS)["Jobs over time"].replace("$instance", ".*").replace("$owner", "finance")

    assert [each["metric"]["job_id"] for each in asked(server, expression)] == ["good"]


def test_the_dashboard_can_be_imported() -> None:
    """What Grafana wants of a file that is imported, and that no two panels overlap."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    taken = [
        (x, y)
        for each in PANELS
        for x in range(each["gridPos"]["x"], each["gridPos"]["x"] + each["gridPos"]["w"])
        for y in range(each["gridPos"]["y"], each["gridPos"]["y"] + each["gridPos"]["h"])
    ]

    assert (dashboard["title"], dashboard["uid"], dashboard.get("id")) == ("Roll call", "rollcall", None)
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) == 23
    assert len({each["id"] for each in PANELS}) == len(PANELS)
    sources = {json.dumps(each["datasource"]) for each in PANELS} | {
        json.dumps(target["datasource"]) for each in PANELS for target in each["targets"]
    }
    assert sources == {'{"type": "prometheus", "uid": "${datasource}"}'}
    assert [each["name"] for each in dashboard["templating"]["list"]] == ["datasource", "instance", "owner"]


def test_every_metric_that_the_files_name_is_written(server: str) -> None:
    named = set(
        re.findall(r"\brollcall_\w+", RULES.read_text(encoding="utf-8") + DASHBOARD.read_text(encoding="utf-8"))
    )
    written = {each["metric"]["__name__"] for each in asked(server, '{__name__=~"rollcall_.+"}')}

    assert named
    assert sorted(named - written) == []


def test_every_alert_says_what_it_is_and_whom_it_concerns() -> None:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    alerts = [rule for group in groups for rule in group["rules"] if "alert" in rule]

    assert [each["alert"] for each in alerts if not {"summary", "description"} <= set(each["annotations"])] == []
