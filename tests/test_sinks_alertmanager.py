"""Does a real Alertmanager receive what is wrong, group it, keep it once, and hear that it is over?

Its receiver is a listener on loopback: what that hears is what a person would be sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures.house import House
from fixtures.listener import Listener, listener
from fixtures.prometheus import alertmanager
from rollcall.errors import BadInput
from rollcall.history.rows import NOTHING
from rollcall.morning import Morning
from rollcall.roll.load import load
from rollcall.roll.telling import AlertTable
from rollcall.sinks.alert import tell as alert
from rollcall.sinks.alert.channels import carry, channels_of
from rollcall.sinks.alert.message import write_test

# Everything of a scheduler in one message, at once; a change of it a moment later.
_CONFIG = """
route: {{ receiver: people, group_by: [scheduler], group_wait: 1ms, group_interval: 300ms, repeat_interval: 4h }}
receivers: [{{ name: people, webhook_configs: [{{ url: "{url}", send_resolved: true }}] }}]
"""
_LIMIT = 30.0  # real seconds


@dataclass
class People:
    """An Alertmanager, and who is sent its messages."""

    url: str
    hook: Listener

    @property
    def heard(self) -> list[dict[str, Any]]:
        return [each.says for each in self.hook.heard]

    @property
    def active(self) -> dict[str, dict[str, Any]]:
        """What fires now, by its job or scheduler."""
        found = httpx.get(f"{self.url}/api/v2/alerts").json()
        return {each["labels"].get("job_id") or each["labels"]["scheduler"]: each for each in found}

    def await_that(self, holds: Callable[[], object]) -> None:
        until = time.monotonic() + _LIMIT
        while not holds():
            assert time.monotonic() < until, self.heard
            time.sleep(0.02)


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> Iterator[People]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with listener() as hook, alertmanager(_CONFIG.format(url=hook.url)) as url:
        yield People(url, hook)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Three jobs, of which two missed their run."""
    house = House(tmp_path)
    links = 'runbook = "https://wiki.example.com/{job}"\nlogs = "https://logs.example.com/?at={due}"'
    for name in ("dump", "rates"):
        house.add(name, extra=f'owner = "platform"\nseverity = "critical"\n{links}')
        house.says(name, last_execution="2026-02-10T05:00:17")
    house.add("sync", extra='owner = "platform"\nseverity = "critical"')
    return house


def table(**words: Any) -> AlertTable:
    return AlertTable.model_validate(words, context={"environment": {}, "is_replay": False})


def now_of(morning: Morning) -> Morning:
    """The same, judged now: an Alertmanager lives in the present."""
    return replace(morning, judged_at=datetime.now(UTC))


def tell(house: House, url: str, morning: Morning | None = None, **words: Any) -> tuple[str, ...]:
    told_to = table(alertmanager=url, labels={"cluster": "eu1"}, **words.pop("table", {}))
    how: dict[str, Any] = {"store": house.folder / "history.sqlite3", "is_complete": True} | words
    return alert.tell(replace(house.roll(), alert=told_to), morning or now_of(house.morning()), NOTHING, **how)


def test_it_is_received_grouped_kept_and_resolved(house: House, people: People) -> None:
    page = Path("/srv/reports/morning.html")
    assert tell(house, people.url, page=page) == ()
    people.await_that(lambda: people.heard)
    (first,) = people.heard
    dump = people.active["dump"]
    ends_at, judged_at = datetime.fromisoformat(dump["endsAt"]), datetime.now(UTC)

    assert (first["status"], first["groupLabels"]) == ("firing", {"scheduler": "aime"})
    assert sorted(each["labels"]["job_id"] for each in first["alerts"]) == ["dump", "rates"]
    assert dump["labels"] == {
        "alertname": "RollcallJobNeedsAttention",
        "job_id": "dump",
        "scheduler": "aime",
        "owner": "platform",
        "severity": "critical",
        "cluster": "eu1",
    }
    assert dump["annotations"] | {"summary": "", "next_step": ""} == {
        "summary": "",
        "cause": "missed-run",
        "next_step": "",
        "title": "dump",
        "runbook_url": "https://wiki.example.com/dump",
        "logs": "https://logs.example.com/?at=2026-02-11T05%3A00%3A00Z",
        "page": str(page),
    }
    assert dump["annotations"]["summary"].startswith("Due Wed 11 Feb 06:00 CET")
    assert "curl -X POST http://localhost:8000/trigger/dump" in dump["annotations"]["next_step"]
    assert datetime.fromisoformat(dump["startsAt"]) == datetime.fromisoformat("2026-02-11T06:00:00+01:00")
    assert timedelta(hours=25) < ends_at - judged_at <= timedelta(hours=26)

    # The next look finds another cause of one: it is the same alert, of which nobody hears again.
    house.says("dump", last_execution="2026-02-11T05:00:17", last_status="error")
    tell(house, people.url)
    assert people.active["dump"]["annotations"]["cause"] == "run-failed"
    assert people.active["dump"]["fingerprint"] == dump["fingerprint"]
    assert people.active["dump"]["startsAt"] == dump["startsAt"]
    assert datetime.fromisoformat(people.active["dump"]["endsAt"]) > ends_at

    for name in ("dump", "rates"):
        house.says(name, last_execution="2026-02-11T05:00:17", last_status="success")
    tell(house, people.url)
    people.await_that(lambda: len(people.heard) > 1)
    assert [each["status"] for each in people.heard] == ["firing", "resolved"]
    assert people.active == {}


def test_a_broken_scheduler_is_one_alert_and_its_jobs_stand_until_they_can_be_judged(
    house: House, people: People
) -> None:
    tell(house, people.url)
    house.falls_silent()
    tell(house, people.url)
    aime, dump = people.active["aime"], people.active["dump"]

    assert aime["labels"]["alertname"] == "RollcallSchedulerNeedsAttention"
    assert (aime["labels"]["owner"], aime["annotations"]["explains"]) == ("platform", "dump, rates and sync")
    assert dump["annotations"]["summary"] == "Last seen: missed-run. It could not be judged since."
    assert sorted(people.active) == ["aime", "dump", "rates"]

    house.scheduler = None
    tell(house, people.url)
    assert sorted(people.active) == ["dump", "rates"]


def test_a_job_that_is_paused_by_now_stands_no_longer(house: House, people: People) -> None:
    tell(house, people.url)
    paused = 'paused = { until = 2026-03-01, reason = "moved" }'
    house.jobs = house.jobs.replace('title = "dump"\n', f'title = "dump"\n{paused}\n')
    tell(house, people.url)

    assert sorted(people.active) == ["rates"]


def test_nothing_is_said_of_a_look_at_a_part_that_is_not_known(house: House, people: People) -> None:
    tell(house, people.url)
    house.says("dump", last_execution="2026-02-11T05:00:17")
    tell(house, people.url, now_of(house.morning(only=["sync"])), is_complete=False)
    tell(house, people.url, is_complete=False)

    assert sorted(people.active) == ["dump", "rates"]


@pytest.mark.parametrize("staged", [{"demo": "a story"}, {"replay_of": datetime(2026, 2, 11, tzinfo=UTC)}])
def test_it_hears_nothing_of_a_demo_or_a_replay(house: House, staged: dict[str, Any]) -> None:
    with listener() as hook:
        tell(house, hook.url, replace(house.morning(), **staged))
    assert hook.heard == []


def test_it_began_when_it_was_first_seen_however_often_it_is_posted(house: House) -> None:
    house.falls_silent()
    morning = house.morning()
    with listener() as hook:
        for hours in (0, 24, 48):
            tell(house, hook.url, replace(morning, judged_at=morning.judged_at + timedelta(hours=hours)))
    posted = [alert for heard in hook.heard for alert in heard.says]

    assert {each["startsAt"] for each in posted} == {"2026-02-11T07:02:00+01:00"}
    assert [each["endsAt"][:13] for each in posted] == ["2026-02-12T09", "2026-02-13T09", "2026-02-14T09"]


def test_without_a_memory_an_alert_ends_by_itself(house: House) -> None:
    with listener() as hook:
        tell(house, hook.url, house.morning(), store=None, table={"next_look_within": "2 h"})
    (heard,) = hook.heard

    assert (heard.path, {each["endsAt"] for each in heard.says}) == ("/api/v2/alerts", {"2026-02-11T09:02:00+01:00"})


def test_what_it_did_not_take_is_said_in_one_line_without_a_password(house: House) -> None:
    with listener(statuses=[400, 200]) as hook:
        url = hook.url.replace("http://", "http://roll:s3cret-word@")
        problems = tell(house, url)
        assert tell(house, url) == ()

    assert [each.partition(" did not take")[0] for each in problems] == [f"alert: alertmanager {hook.url}/…"]
    assert "s3cret" not in str(problems)
    assert hook.heard[0].headers["authorization"].startswith("Basic ")


def test_the_test_reaches_it_and_ends_by_itself(people: People, house: House) -> None:
    message = write_test(datetime.now(UTC), house.roll().zone, jobs_file=house.folder / "jobs.toml")
    (done,) = carry(
        [(each, [message]) for each in channels_of(table(alertmanager=people.url))], limit=timedelta(seconds=10)
    )
    people.await_that(lambda: people.heard)

    assert done.problem is None
    assert people.heard[0]["alerts"][0]["labels"]["alertname"] == "RollcallTest"


# Around the change of clocks the next morning is 23 or 25 hours away: 26 hours reach it, and end where they end.
@pytest.mark.parametrize(
    ("now", "ends_at"),
    [
        ("2026-03-28T07:02:00+01:00", "2026-03-29T10:02:00+02:00"),
        ("2026-10-24T07:02:00+02:00", "2026-10-25T08:02:00+01:00"),
    ],
    ids=["spring", "autumn"],
)
def test_an_alert_outlasts_the_next_morning(house: House, now: str, ends_at: str) -> None:
    with listener() as hook:
        tell(house, hook.url, replace(house.morning(), judged_at=datetime.fromisoformat(now)))
    assert {each["endsAt"] for each in hook.heard[0].says} == {ends_at}


@pytest.mark.parametrize(
    ("told_to", "said"),
    [
        ('alertmanager = "localhost:9093"', "alert.alertmanager"),
        ('alertmanager = "http://localhost:9093"\nlabels = { "a-b" = "x" }', "alert.labels"),
        ('next_look_within = "2 h"', "alert.apprise: nobody would hear. Write webhook, alertmanager or apprise."),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, told_to: str, said: str) -> None:
    file = tmp_path / "jobs.toml"
    file.write_text(f'timezone = "UTC"\n[alert]\n{told_to}\n', encoding="utf-8")
    with pytest.raises(BadInput) as problem:
        load(file, environment={})
    assert said in str(problem.value)
