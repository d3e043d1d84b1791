"""Does each owner hear of their own jobs, and of the scheduler that runs them, and of nobody else's?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.house import House
from fixtures.jobs_toml import HEAD, JOB, mistakes
from fixtures.listener import Listener, listener
from rollcall.history.reading import read_told
from rollcall.history.rows import NOTHING
from rollcall.roll.telling import AlertTable
from rollcall.sinks.alert import tell as alert
from rollcall.sinks.alert.channels import channels_of

YESTERDAY = "2026-02-10T05:00:17"


@pytest.fixture
def hook() -> Iterator[Listener]:
    with listener() as living:
        yield living


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A job of each of two owners and one of nobody, on one scheduler."""
    house = House(tmp_path)
    house.add("dump", extra='owner = "dba"')
    house.add("haiku", extra='owner = "web"')
    house.add("sync")
    return house


def routed(hook: Listener, **owners: str) -> AlertTable:
    """Everything to /all, and what is an owner's to their own path as well."""
    table: dict[str, Any] = {
        "webhook": f"{hook.url}/all",
        "owners": {name: {"webhook": f"{hook.url}{path}"} for name, path in owners.items()},
    }
    return AlertTable.model_validate(table, context={"environment": {}, "is_replay": False})


def look(house: House, told_to: AlertTable, file: Path | None = None) -> tuple[str, ...]:
    roll = replace(house.roll(), alert=told_to)
    return alert.tell(roll, house.morning(), NOTHING, store=file, is_complete=True)


def heard(hook: Listener) -> list[tuple[str, str, list[str]]]:
    """Who heard what since it was last asked: the path, the event with its cause, and the jobs."""
    found = [
        (each.path, f"{each.says['event']} {each.says['cause']}", [job["id"] for job in each.says["jobs"]])
        for each in hook.heard
    ]
    hook.heard.clear()
    return sorted(found)


def late(*names: str) -> Callable[[House], None]:
    def breaks(house: House) -> None:
        for each in names:
            house.says(each, last_execution=YESTERDAY)

    return breaks


HEARD: dict[str, tuple[Callable[[House], None], list[tuple[str, str, list[str]]]]] = {
    "an owner's job": (
        late("dump"),
        [("/all", "new missed-run", ["dump"]), ("/dba", "new missed-run", ["dump"])],
    ),
    "two owners' jobs of one cause": (
        late("dump", "haiku"),
        [
            ("/all", "new missed-run", ["dump", "haiku"]),
            ("/dba", "new missed-run", ["dump"]),
            ("/web", "new missed-run", ["haiku"]),
        ],
    ),
    "nobody's job": (late("sync"), [("/all", "new missed-run", ["sync"])]),
    "the scheduler of all": (
        House.falls_silent,
        [
            ("/all", "new scheduler-down", ["dump", "haiku", "sync"]),
            ("/dba", "new scheduler-down", ["dump"]),
            ("/web", "new scheduler-down", ["haiku"]),
        ],
    ),
    "nothing": (lambda house: None, []),
}


@pytest.mark.parametrize(("breaks", "expected"), HEARD.values(), ids=HEARD.keys())
def test_each_hears_of_their_own_and_one_hears_of_everything(
    house: House, hook: Listener, breaks: Callable[[House], None], expected: list[tuple[str, str, list[str]]]
) -> None:
    breaks(house)

    assert look(house, routed(hook, dba="/dba", web="/web")) == ()
    assert heard(hook) == expected


def test_each_is_told_once_and_that_it_is_over(house: House, hook: Listener, tmp_path: Path) -> None:
    file, told_to = tmp_path / "h.sqlite3", routed(hook, dba="/dba", web="/web")
    house.falls_silent()
    look(house, told_to, file)
    look(house, told_to, file)
    assert [path for path, _, _ in heard(hook)] == ["/all", "/dba", "/web"]

    house.scheduler = None
    house.says("haiku", last_execution=YESTERDAY)
    look(house, told_to, file)
    # What a job's scheduler hid of it is new once that is back.
    assert heard(hook) == [
        ("/all", "new missed-run", ["haiku"]),
        ("/all", "recovered scheduler-down", []),
        ("/dba", "recovered scheduler-down", []),
        ("/web", "new missed-run", ["haiku"]),
        ("/web", "recovered scheduler-down", []),
    ]


def test_what_became_another_owners_is_remembered_of_the_first_no_more(
    house: House, hook: Listener, tmp_path: Path
) -> None:
    file, told_to = tmp_path / "h.sqlite3", routed(hook, dba="/dba", web="/web")
    house.says("dump", last_execution=YESTERDAY)
    look(house, told_to, file)
    heard(hook)
    house.jobs = house.jobs.replace('owner = "dba"', 'owner = "web"', 1) + 'owner = "dba"\n'  # the last one is sync
    look(house, told_to, file)

    assert heard(hook) == [("/web", "new missed-run", ["dump"])]
    assert sorted(map(sorted, read_told(file).values())) == [["job dump"], ["job dump"]]


def test_one_address_is_one_channel(hook: Listener) -> None:
    shared, of_all = channels_of(routed(hook, dba="/team", web="/team")), channels_of(routed(hook, dba="/all"))

    assert [(each.name.rpartition("/…")[2], each.owners) for each in shared] == [
        ("", None),
        (" of dba and web", frozenset({"dba", "web"})),
    ]
    assert [each.owners for each in of_all] == [None]  # who hears of everything hears nothing twice


def test_an_alertmanager_routes_by_owner_severity_and_tags(house: House, hook: Listener) -> None:
    """A scheduler has those that all its jobs have; an owner's own Alertmanager hears of what is theirs alone."""
    house.jobs = house.jobs.replace('owner = "dba"', 'owner = "dba"\nseverity = "page"\ntags = ["nightly", "gold"]')
    house.jobs = house.jobs.replace('owner = "web"', 'owner = "web"\ntags = ["nightly"]')
    house.says("dump", last_execution=YESTERDAY)
    owners = {"dba": {"alertmanager": f"{hook.url}/dba"}}
    table = {"alertmanager": f"{hook.url}/all", "owners": owners}
    told_to = AlertTable.model_validate(table, context={"environment": {}, "is_replay": False})
    look(house, told_to)
    house.falls_silent()
    look(house, told_to)

    routes = ("job_id", "owner", "severity", "tags")
    said = [
        (each.path.split("/")[1], [[alert["labels"].get(name) for name in routes] for alert in each.says])
        for each in hook.heard
    ]
    of_job, nightly_and_gold = ["dump", "dba", "page", ",gold,nightly,"], [None, "dba", "page", ",gold,nightly,"]
    assert sorted(said[:2]) == [("all", [of_job]), ("dba", [of_job])]
    assert sorted(said[2:]) == [("all", [[None, None, None, None]]), ("dba", [nightly_and_gold])]


TOML = f'{HEAD}[alert]\nwebhook = "https://all.example.com/"\n{{}}{JOB}owner = "platform"\n'
WRONG = {
    "an owner that no job has": (
        '[alert.owners.plattform]\nwebhook = "https://h.example.com/"\n',
        'alert.owners.plattform: no job has this owner. Did you mean "platform"?',
    ),
    "nobody would hear": (
        "[alert.owners.platform]\n",
        "alert.owners.platform.apprise: nobody would hear. Write webhook, alertmanager or apprise.",
    ),
    "a key that only the whole has": (
        '[alert.owners.platform]\nwebhook = "https://h.example.com/"\nstill_after = "3 d"\n',
        "alert.owners.platform.still_after: unknown key. Known keys: webhook, headers, alertmanager and apprise.",
    ),
    "a secret": (
        '[alert.owners.platform]\nwebhook = "hooks.example.com/s3cret-t0ken"\n',
        "alert.owners.platform.webhook: is not an http or https address. Write it such as",
    ),
}


@pytest.mark.parametrize(("lines", "told"), WRONG.values(), ids=WRONG.keys())
def test_a_route_that_leads_nowhere_is_refused(tmp_path: Path, lines: str, told: str) -> None:
    (said,) = mistakes(tmp_path, TOML.format(lines))

    assert said.startswith(told)
    assert "s3cret" not in said
