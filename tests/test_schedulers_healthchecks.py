"""Are the pings of Healthchecks folded into runs, and is what a key may not read never green?

Answers as the Management API v3 documents them, from a real server on loopback.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.engines import said
from fixtures.healthchecks import KEY, UUID, ping, says
from fixtures.healthchecks import check as check_of
from fixtures.hostile_service import AnsweringService, answering_service
from fixtures.one_morning import scheduler_of
from fixtures.whole_morning import whole_morning
from rollcall.errors import BadInput
from rollcall.evidence import CannotLook, Outcome, RunSeen, SchedulerSeen
from rollcall.roll.scheduler import Asked as Look
from rollcall.roll.scheduler import Scheduler
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 2, 11, 6, 0, tzinfo=UTC)
DUE = NOW.replace(hour=2)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def check(number: int = 1, **others: Any) -> dict[str, Any]:
    return check_of(number, **{"last_ping": (DUE + 5 * MINUTE).isoformat(), **others})


def scheduler(service: AnsweringService, **table: Any) -> Scheduler:
    return scheduler_of("hc", {"kind": "healthchecks", "url": service.url, "headers": KEY, "timeout": "60 s", **table})


def look(of: Scheduler) -> SchedulerSeen:
    return of.look(Look(clock=lambda: NOW, now=NOW, since=NOW - timedelta(days=2)))


RID = "123e4567-e89b-12d3-a456-426614174000"


@pytest.mark.parametrize(
    ("pings", "runs"),
    [
        ([("start", 0), ("success", 5)], [(0, 5, "success")]),
        ([("start", 0), ("fail", 5)], [(0, 5, "failed")]),
        ([("success", 5)], [(None, 5, "success")]),
        # A retry: the first failed.
        ([("start", 0), ("fail", 1), ("start", 2), ("success", 5)], [(0, 1, "failed"), (2, 5, "success")]),
        ([("start", 0)], [(0, None, "running")]),
        # The end of the first never came.
        ([("start", 0), ("start", 60), ("success", 65)], [(0, None, "running"), (60, 65, "success")]),
        # Two at once are told apart by their ids.
        ([("start", 0, {"rid": RID}), ("start", 1), ("fail", 2), ("success", 5, {"rid": RID})],
         [(1, 2, "failed"), (0, 5, "success")]),
        # Its start is no longer among the pings, and how long it took is told.
        ([("success", 5, {"duration": 240.0})], [(1, 5, "success")]),
        ([("start", 0, {"rid": ["no id"]}), ("success", 5)], [(0, 5, "success")]),
        # What is only logged, and what was ignored, is no run.
        ([("start", 0), ("log", 1), ("ign", 2), ("success", 5)], [(0, 5, "success")]),
        ([("log", 1), ("ign", 2)], []),
    ],
)  # fmt: skip
def test_pings_are_folded_into_runs(pings: list[Any], runs: list[tuple[int | None, int | None, str]]) -> None:
    given = [
        ping(each[0], DUE + each[1] * MINUTE, number, **(each[2] if len(each) > 2 else {}))
        for number, each in enumerate(pings, 1)
    ]
    with answering_service(says(NOW, [check()], given)) as service:
        seen = look(scheduler(service))

    def after(text: str | None) -> int | None:
        return None if text is None else int((datetime.fromisoformat(text) - DUE) / MINUTE)

    assert [(after(each.started), after(each.ended), str(each.outcome)) for each in seen.runs or ()] == runs


def test_a_check_is_listed_by_its_slug_with_its_schedule_and_tags() -> None:
    checks = [
        check(1),
        check(2, slug="hourly", schedule=None, tz=None, timeout=3600),
        check(3, slug="", name="No slug", status="paused"),
        check(4, slug="old", last_ping=(NOW - 30 * DAY).isoformat()),
        check(5, slug="fresh", last_ping=None, n_pings=0, status="new"),
        check(6, slug="ignored"),
    ]
    with answering_service(says(NOW, checks, [ping("success", DUE, 9)])) as service:
        seen = look(scheduler(service, ignore=["ignored"]))
        asked = [each.path for each in service.asked]

    told = [(each.id, each.schedule, each.zone, each.paused, each.runs_since) for each in seen.jobs or ()]
    # Of those that keep fewer pings than they had, what is older is unknown.
    known = DUE.isoformat()
    assert told == [
        ("nightly", "0 2 * * *", "UTC", False, known),
        ("hourly", "every 1 h", None, False, known),
        ("No slug", "0 2 * * *", "UTC", True, known),
        ("old", "0 2 * * *", "UTC", False, (NOW - 30 * DAY).isoformat()),
        ("fresh", "0 2 * * *", "UTC", False, None),
        ("ignored", "0 2 * * *", "UTC", False, (DUE + 5 * MINUTE).isoformat()),
    ]
    assert (seen.jobs or ())[0].tags == ("prod", "db")
    # One request for each that was pinged since, and none for the others.
    pings = [f"/api/v3/checks/{UUID.format(number)}/pings/" for number in (1, 2, 3)]
    assert asked == ["/api/v3/checks/", *pings]


@pytest.mark.parametrize(
    ("last", "status", "flips", "run"),
    [
        (5, "up", [], ("success", "up")),
        (5, "grace", [], ("success", "grace")),
        # It went down by its last ping: that one said that it failed.
        (5, "down", [(5, 0)], ("failed", "down by its last ping")),
        # It went down later, for want of another.
        (5, "down", [(-1440, 1), (75, 0)], ("success", "success")),
        (5, "down", [], ("unknown", "down")),
    ],
)
def test_a_read_only_key_tells_the_last_sign_of_each(
    last: int, status: str, flips: list[tuple[int, int]], run: tuple[str, str]
) -> None:
    own = check(is_read_only=True, status=status, last_ping=(DUE + last * MINUTE).isoformat())
    turned = [{"timestamp": (DUE + at * MINUTE).isoformat(), "up": up} for at, up in flips]
    with answering_service(says(NOW, [own], flips=turned)) as service:
        seen = look(scheduler(service))
    at = (DUE + last * MINUTE).isoformat()
    assert seen.runs == (RunSeen(job="nightly", ended=at, word=run[1], outcome=Outcome(run[0])),)
    assert (seen.jobs or ())[0].runs_since == at


TABLE = """
timezone = "Europe/Zurich"
[schedulers.hc]
kind = "healthchecks"
url = "{url}"
timeout = "60 s"
headers = {{ X-Api-Key = "${{HC_KEY}}" }}
declare = ["*"]
[defaults]
grace = "10 min"
max_runtime = "1 h"
owes = "latest"
"""


@pytest.mark.parametrize(
    ("own", "pings", "verdict"),
    [
        ({}, [ping("start", DUE, 1), ping("success", DUE + MINUTE, 2)], ["ok", None]),
        # Who sends no start may take as long as it may.
        ({}, [ping("success", DUE + 50 * MINUTE, 1)], ["ok", None]),
        ({}, [ping("start", DUE, 1), ping("fail", DUE + MINUTE, 2, exitstatus=3)], ["failed", "run-failed"]),
        ({}, [ping("start", DUE, 1)], ["stuck", "still-running"]),
        ({}, [ping("fail", DUE, 1), ping("success", DUE + MINUTE, 2)], ["ok", "made-good"]),
        ({"status": "down"}, [ping("success", DUE - DAY, 1)], ["missed", "missed-run"]),
        ({"status": "new", "n_pings": 0, "last_ping": None}, [], ["missed", "missed-run"]),
        ({"status": "paused"}, [ping("success", DUE, 1)], ["failed", "job-paused"]),
        ({"is_read_only": True, "status": "up"}, [], ["ok", None]),
        ({"is_read_only": True, "status": "down"}, [], ["unknown", "unknown-status"]),
        # A check that expects a ping every so often.
        ({"schedule": None, "timeout": 86_400}, [ping("success", DUE, 1)], ["ok", None]),
    ],
)
def test_a_nightly_job_is_judged_by_its_pings(
    own: dict[str, Any], pings: list[dict[str, Any]], verdict: list[str | None], tmp_path: Path
) -> None:
    given = {"n_pings": len(pings), "last_ping": pings[-1]["date"] if pings else (DUE + MINUTE).isoformat(), **own}
    with answering_service(says(NOW, [check(**given)], pings)) as service:
        told = whole_morning(tmp_path, TABLE.format(url=service.url), now=NOW, environment={"HC_KEY": KEY["X-Api-Key"]})
    assert said(told)["nightly"] == verdict


@pytest.mark.parametrize(
    ("status", "answer", "code", "says"),
    [
        (401, {"error": "wrong api key"}, CauseCode.ACCESS_DENIED, "401"),
        (429, {"error": "rate limit exceeded"}, CauseCode.SCHEDULER_ERROR, "429"),
        (500, b"", CauseCode.SCHEDULER_ERROR, "500"),
        (404, b"<html>", CauseCode.WRONG_SERVICE, "404"),
        (200, b"<html>", CauseCode.WRONG_SERVICE, "JSON belongs"),
        (200, {"jobs": []}, CauseCode.WRONG_SERVICE, "checks is null where a list belongs"),
        (200, {"checks": [3]}, CauseCode.SCHEDULER_ERROR, "checks[0] is 3 where an object belongs"),
        (200, {"checks": [{"slug": ["x"]}]}, CauseCode.SCHEDULER_ERROR, "checks[0].slug is a list"),
    ],
)
def test_what_is_no_answer_is_told_for_what_it_is(status: int, answer: Any, code: CauseCode, says: str) -> None:
    with answering_service(lambda asked: (status, answer)) as service, pytest.raises(CannotLook) as refusal:
        look(scheduler(service))
    assert (refusal.value.code, says in refusal.value.detail) == (code, True), refusal.value.detail
    assert KEY["X-Api-Key"] not in refusal.value.detail


def test_more_checks_than_can_be_asked_for_are_unknown_and_a_tag_asks_for_fewer() -> None:
    many = [check(number, slug=f"c{number}") for number in range(301)]
    with answering_service(says(NOW, many)) as service:
        with pytest.raises(CannotLook, match="301 checks were pinged"):
            look(scheduler(service))
        assert len(service.asked) == 1
        with pytest.raises(CannotLook):
            look(scheduler(service, tag="prod & db"))
        assert service.asked[-1].path == "/api/v3/checks/?tag=prod%20%26%20db"


def test_what_it_asks_for_is_not_the_tables(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="knows by itself"):
        whole_morning(
            tmp_path, TABLE.format(url="http://127.0.0.1:9") + "[schedulers.hc.jobs]\nid = \"x\"\n", now=NOW,
            environment={"HC_KEY": "x"},
        )  # fmt: skip
