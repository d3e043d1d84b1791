"""What is said of a project of Healthchecks whose answers follow the published documentation? No instance is run.

A server on loopback gives them; what it answered is kept as of an engine that was run, so that every test judges it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fixtures.engines import Engine, said
from fixtures.healthchecks import KEY, check, ping, says
from fixtures.hostile_service import Asked, answering_service

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
DUE = NOW.replace(hour=2)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
HEAD = """
timezone = "Europe/Zurich"
look_back = "2 d"
[defaults]
grace = "15 min"
max_runtime = "1 h"
[schedulers.hc]
kind = "healthchecks"
url = "${ENGINE_URL}"
headers = { X-Api-Key = "${HC_KEY}" }
declare = ["*"]
"""
# What each did last night: how many minutes after it was due it said what.
NIGHT: dict[str, tuple[str, list[tuple[str, float]], dict[str, Any]]] = {
    "works": ("said that it began, and that it did its work", [("start", 0), ("success", 5)], {}),
    "says-no-start": ("said only that it did its work", [("success", 40)], {}),
    "fails": ("said that it failed", [("start", 0), ("fail", 5)], {"status": "down"}),
    "retries": ("failed, and did its work after that", [("start", 0), ("fail", 1), ("start", 2), ("success", 5)], {}),
    "hangs": ("said that it began, and no more", [("start", 0)], {"status": "down", "started": True}),
    "slow": ("took 90 minutes of 60", [("start", 0), ("success", 90)], {}),
    "silent": ("said nothing", [], {"status": "down"}),
    "paused": ("its check is paused", [], {"status": "paused"}),
}


def test_a_morning_of_a_project(tmp_path: Path) -> None:
    checks, pings = [], {}
    for number, (name, (_, said_then, own)) in enumerate(NIGHT.items(), 1):
        before = [
            (kind, DUE - back * DAY + at * MINUTE) for back in (2, 1) for kind, at in (("start", 0), ("success", 5))
        ]
        told = [*before, *((kind, DUE + at * MINUTE) for kind, at in said_then)]
        pings[number] = [ping(kind, at, count) for count, (kind, at) in enumerate(told, 1)]
        checks.append(check(number, slug=name, n_pings=len(told), last_ping=told[-1][1].isoformat(), **own))

    def answer(asked: Asked) -> Any:
        number = int(asked.path.split("-")[-1].partition("/")[0]) if asked.path.endswith("/pings/") else 0
        return says(NOW, checks, pings.get(number, []))(asked)

    done = {name: what for name, (what, _, _) in NIGHT.items()}
    with answering_service(answer) as service:
        engine = Engine(
            name="healthchecks 4", folder=tmp_path, url=service.url, environment={"HC_KEY": KEY["X-Api-Key"]}
        )
        morning, look = engine.judged(HEAD, story="written by the published schema", done=done, now=NOW)
    assert said(morning) == {
        "works": ["ok", None],
        "says-no-start": ["ok", None],
        "fails": ["failed", "run-failed"],
        "retries": ["ok", "made-good"],
        "hangs": ["stuck", "still-running"],
        "slow": ["late", "overran"],
        "silent": ["missed", "missed-run"],
        "paused": ["missed", "job-paused"],
        "[schedulers.hc]": ["ok", None],
    }
    look.keep("morning")


def test_a_key_that_may_only_read(tmp_path: Path) -> None:
    last = {"last_ping": (DUE + 5 * MINUTE).isoformat()}
    checks = [
        check(1, slug="works", is_read_only=True, **last),
        check(2, slug="fails", is_read_only=True, status="down", **last),
        check(3, slug="silent", is_read_only=True, status="down", last_ping=(DUE - DAY).isoformat()),
    ]
    turned = {2: DUE + 5 * MINUTE, 3: DUE + 15 * MINUTE}

    def answer(asked: Asked) -> Any:
        at = next((at for number, at in turned.items() if f"{number:05}/flips/" in asked.path), NOW)
        return says(NOW, checks, flips=[{"timestamp": at.isoformat(), "up": 0}])(asked)

    done = {
        "works": "its last ping was good",
        "fails": "its last ping turned it down",
        "silent": "went down for want of a ping",
    }
    with answering_service(answer) as service:
        engine = Engine(
            name="healthchecks 4", folder=tmp_path, url=service.url, environment={"HC_KEY": KEY["X-Api-Key"]}
        )
        morning, look = engine.judged(HEAD, story="a key that may only read", done=done, now=NOW)
    assert said(morning) == {
        "works": ["ok", None],
        "fails": ["failed", "run-failed"],
        "silent": ["missed", "missed-run"],
        "[schedulers.hc]": ["ok", None],
    }
    look.keep("read-only")
