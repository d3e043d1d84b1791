"""Is a scheduler started where a start can cure it, once, by its own address, and proven to run?"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.obedient_service import HAIKU, SCHEDULER, Household, ObedientService, Reply, obedient_service
from rollcall.causes.action import Action, Deed, told
from rollcall.morning import Morning
from rollcall.remedy.turn import Attempt, subject_of, turn
from rollcall.roll.scheduler import Step

ZURICH = ZoneInfo("Europe/Zurich")
HOUSE = Path(__file__).parents[1]
SHORT = timedelta(seconds=1)
SECRET = "s3cr3t-t0ken-0123456789"
TODAY, TOMORROW = "2026-02-11T06:00:00+01:00", "2026-02-12T06:00:00+01:00"
# The preset of AIME has addresses of its own where jobs.toml names none.
WITHOUT_PRESET = (
    SCHEDULER.replace("kind = 'aime'", "kind = 'json'")
    + """
[schedulers.aime.alive]
running = "running"
[schedulers.aime.jobs]
each = "jobs"
id = "id"
next_run = "next_run"
[schedulers.aime.runs]
each = "jobs"
job = "id"
ended = "last_execution"
keeps = 1
"""
)
WITH_TOKEN = SCHEDULER + 'headers = {{ Authorization = "Bearer ${{TOKEN}}" }}\n'


def haiku(next_run: str | None = TOMORROW, last: str | None = "2026-02-11T05:00:17") -> dict[str, Any]:
    return {"next_run": next_run, "last_execution": last, "last_status": "success"}


def stopped(**more: Any) -> ObedientService:
    return ObedientService(jobs={"haiku": haiku()}, running=False, **more)


def stalled(**more: Any) -> ObedientService:
    return ObedientService(jobs={"haiku": haiku(TODAY, "2026-02-10T05:00:17")}, **more)


@pytest.fixture
def scheduler() -> Iterator[ObedientService]:
    with obedient_service(stopped()) as scheduler:
        yield scheduler


@pytest.fixture
def house(scheduler: ObedientService, tmp_path: Path) -> Household:
    return Household.of(scheduler, tmp_path)


def started(house: Household) -> str:
    """What is locked while it is started."""
    order = house.roll.schedulers[0].order(Step.START)
    assert order is not None
    return subject_of(order)


def only(morning: Morning) -> Action:
    (action,) = morning.actions
    return action


# What a start cures -----------------------------------------------------------------------------------------------


def test_a_stopped_scheduler_is_started_once_and_proven_to_run(house: Household) -> None:
    morning = house.restarted()

    assert house.scheduler.posts == ["/start"]
    assert morning.scheduler_causes == {"aime": None}
    assert told(only(morning), ZURICH) == (
        "aime was stopped, restarted 07:02 CET, verified: running, 1 job, next run Thu 12 Feb 06:00 CET (haiku)"
    )


def test_a_stalled_scheduler_is_stopped_and_started(tmp_path: Path) -> None:
    with obedient_service(stalled()) as scheduler:
        morning = Household.of(scheduler, tmp_path).restarted()

    assert scheduler.posts == ["/stop", "/start"]
    assert morning.scheduler_causes == {"aime": None}
    assert told(only(morning), ZURICH).startswith("aime was stalled, restarted 07:02 CET, verified: ")


def test_the_declared_headers_go_along(scheduler: ObedientService, tmp_path: Path) -> None:
    Household.of(scheduler, tmp_path, of_scheduler=WITH_TOKEN).restarted()

    assert [each["authorization"] for each in scheduler.headers] == [f"Bearer {SECRET}"]


def status(code: int) -> dict[str, Reply]:
    return {"/status": Reply(status=code, headers={"Location": "/elsewhere"})}


OTHERS: dict[str, dict[str, Any]] = {
    "scheduler-error": {"replies": status(500)},
    "access-denied": {"replies": status(401)},
    "wrong-service": {"replies": status(404)},
    "redirected": {"replies": status(307)},
    "another-json": {"replies": {"/status": Reply(text='{"running": false}')}},
    "clock-skew": {"running": True},
    "not-registered": {"running": True, "jobs": {}},
    "well": {"running": True},
}


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_is_told_to_a_scheduler_that_a_start_cannot_cure(name: str, tmp_path: Path) -> None:
    words: dict[str, Any] = {"jobs": {"haiku": haiku()}, "running": False, **OTHERS[name]}
    with obedient_service(ObedientService(**words)) as scheduler:
        house = Household.of(scheduler, tmp_path)
        morning = house.judge()
        after = house.restarted(morning)

    assert scheduler.posts == []
    assert after is morning or after == morning
    assert after.actions == ()


def test_a_dry_run_says_the_exact_request_and_does_nothing(scheduler: ObedientService, tmp_path: Path) -> None:
    house = Household.of(scheduler, tmp_path, of_scheduler=WITH_TOKEN)
    morning = house.restarted(is_dry=True)

    assert scheduler.posts == []
    assert told(only(morning), ZURICH) == (
        "aime is stopped and would be restarted: "
        f"`curl -X POST -H 'Authorization: Bearer '\"${{TOKEN}}\" {scheduler.url}/start`"
    )
    assert list(tmp_path.iterdir()) == [tmp_path / "jobs.toml"]


@pytest.mark.parametrize(
    ("scheduler", "left_out", "says"),
    [
        (stopped(), "start", 'add `start = "/…"` to [schedulers.aime] in jobs.toml'),
        (stalled(), "stop", 'add `stop = "/…"` to [schedulers.aime] in jobs.toml'),
    ],
    ids=["start", "stop"],
)
def test_without_an_address_the_line_to_add_is_said(
    scheduler: ObedientService, left_out: str, says: str, tmp_path: Path
) -> None:
    declared = WITHOUT_PRESET.replace(f'{left_out} = "/{left_out}"\n', "")
    with obedient_service(scheduler):
        action = only(Household.of(scheduler, tmp_path, of_scheduler=declared).restarted())

    assert scheduler.posts == []
    assert not action.is_proven
    assert says in action.proof


def test_a_replay_is_never_acted_upon(house: Household) -> None:
    morning = replace(house.judge(), replay_of=house.scheduler.clock())

    assert house.restarted(morning) is morning
    assert house.scheduler.posts == []


# The proof --------------------------------------------------------------------------------------------------------


def test_a_scheduler_that_needs_a_moment_is_waited_for(house: Household) -> None:
    house.scheduler.replies["/start"] = Reply()
    later = threading.Timer(1.2, house.scheduler.start)
    later.start()
    morning = house.restarted()
    later.join()

    assert only(morning).is_proven
    assert house.scheduler.posts == ["/start"]


@pytest.mark.parametrize(
    ("starts_with", "lacks"),
    [
        ({"haiku": None}, "running, but without a next run of haiku"),
        ({"haiku": TODAY}, "the next run of haiku is 1 h 2 min in the past"),
        ({"haiku": "2026-02-11T07:01:30+01:00"}, "running, but with a next run of haiku in the past"),
        ({"haiku": "soon"}, "running, but with a next run of haiku that cannot be read"),
    ],
)
def test_what_is_missing_is_said_when_the_time_is_over(
    house: Household, starts_with: dict[str, str | None], lacks: str
) -> None:
    house.scheduler.starts_with = starts_with
    action = only(house.restarted(limit=SHORT))

    assert not action.is_proven
    assert lacks in action.proof
    assert house.scheduler.posts == ["/start"]


def test_a_job_that_is_paused_by_jobs_toml_needs_no_next_run(scheduler: ObedientService, tmp_path: Path) -> None:
    scheduler.starts_with = {}
    jobs = f'{HAIKU}paused = {{ until = 2026-03-01, reason = "the AI is out of quota" }}\n'

    assert only(Household.of(scheduler, tmp_path, jobs=jobs).restarted(limit=SHORT)).is_proven


def test_a_start_that_changes_nothing_is_not_proven(house: Household) -> None:
    house.scheduler.replies["/start"] = Reply(text='{"status": "started"}')
    morning = house.restarted(limit=SHORT)

    assert told(only(morning), ZURICH) == (
        f"aime was stopped; no proof at 07:02 CET that it is fixed: POST {house.scheduler.url}/start answers 200 OK, "
        "but 1 s later: aime answers, but the scheduler is stopped: no job of it will run"
    )
    assert [cause and cause.code for cause in morning.scheduler_causes.values()] == ["scheduler-stopped"]


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(status=500, text=f"no {SECRET} here"), "answers 500 Internal Server Error: no ${TOKEN} here"),
        (Reply(status=401, text='{"detail": "Not\x1b[31m you"}'), 'answers 401 Unauthorized: {"detail": "Not you"}'),
        (Reply(status=500, text="y" * 115 + SECRET), "y${TO…"),
        (Reply(status=503, text="x" * 100_000), "answers 503 Service Unavailable: xxx"),
        (
            Reply(status=307, headers={"Location": f"http://evil.example/start?{SECRET}"}),
            "answers 307 Temporary Redirect and points to http://evil.example/start, which is not followed",
        ),
    ],
    ids=["broken", "denied", "cut off", "endless", "redirected"],
)
def test_an_error_is_told_without_secrets(reply: Reply, says: str, scheduler: ObedientService, tmp_path: Path) -> None:
    scheduler.replies["/start"] = reply
    # What was refused is not waited for.
    action = only(Household.of(scheduler, tmp_path, of_scheduler=WITH_TOKEN).restarted(limit=timedelta(hours=1)))

    assert says in action.proof
    assert SECRET not in action.proof
    assert len(action.proof) < 600
    assert scheduler.posts == ["/start"]


def test_a_redirect_to_another_host_is_not_followed(scheduler: ObedientService, tmp_path: Path) -> None:
    with obedient_service(stopped()) as other:
        scheduler.replies["/start"] = Reply(status=307, headers={"Location": f"{other.url}/start"})
        Household.of(scheduler, tmp_path, of_scheduler=WITH_TOKEN).restarted(limit=SHORT)

        assert (other.posts, other.running) == ([], False)


def test_it_is_proven_by_what_is_seen_though_the_answer_never_came(scheduler: ObedientService, tmp_path: Path) -> None:
    scheduler.replies["/start"] = Reply(does=True, hangs=True)
    declared = SCHEDULER.replace('"2 s"', '"0.5 s"')
    later = threading.Timer(0.2, scheduler.start)
    later.start()
    action = only(Household.of(scheduler, tmp_path, of_scheduler=declared).restarted())
    later.join()

    assert action.is_proven
    assert f"POST {scheduler.url}/start: no complete answer within 0.5 s" in action.proof
    assert scheduler.posts == ["/start"]


def test_a_scheduler_is_not_left_stopped_where_its_stop_was_not_answered(tmp_path: Path) -> None:
    with obedient_service(stalled()) as scheduler:
        scheduler.replies["/stop"] = Reply(status=500, does=True)
        action = only(Household.of(scheduler, tmp_path).restarted())

    assert scheduler.posts == ["/stop", "/start"]
    assert action.is_proven


def test_a_stop_that_is_refused_is_followed_by_nothing(tmp_path: Path) -> None:
    with obedient_service(stalled()) as scheduler:
        scheduler.replies["/stop"] = Reply(status=405)
        action = only(Household.of(scheduler, tmp_path).restarted())

    assert scheduler.posts == ["/stop"]
    assert not action.is_proven


# A scheduler that is killed in mid-request --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "says"),
    [(Reply(dies=True), "the scheduler does not answer"), (Reply(hangs=True), "the scheduler is stopped")],
    ids=["dies", "hangs"],
)
@pytest.mark.parametrize("made", [stopped, stalled], ids=["stopped", "stalled"])
def test_the_verdict_comes_in_bounded_time(made: Any, reply: Reply, says: str, tmp_path: Path) -> None:
    with obedient_service(made()) as scheduler:
        scheduler.replies["/start"] = reply
        house = Household.of(scheduler, tmp_path, of_scheduler=SCHEDULER.replace('"2 s"', '"0.5 s"'))
        morning = house.judge()
        action = only(house.restarted(morning, limit=SHORT))

    assert not action.is_proven
    assert says in action.proof
    assert scheduler.posts.count("/start") == 1


FORGOTTEN = (
    HAIKU
    + """
[jobs.forgotten]
schedule = "0 5 * * *"
grace = "15 min"
max_runtime = "10 min"
"""
)


def test_nobody_restarts_a_scheduler_that_has_forgotten_one_job(tmp_path: Path) -> None:
    """Not where the morning says so, and not where it said that it was stopped and somebody has started it since."""
    jobs = {"haiku": haiku(), "forgotten": haiku("2026-02-08T05:00:00+01:00", "2026-02-07T04:00:17")}
    with obedient_service(ObedientService(jobs=jobs)) as scheduler:
        house = Household.of(scheduler, tmp_path, jobs=FORGOTTEN)
        morning = house.judge()
        house.restarted(morning)
        scheduler.running = False
        stopped = house.judge()
        scheduler.running = True
        house.restarted(stopped)

    assert scheduler.posts == []
    assert {name: cause and cause.code for name, cause in morning.job_causes.items()} == {
        "haiku": None,
        "forgotten": "job-stalled",
    }
    assert stopped.scheduler_causes["aime"] is not None


# What does not stay up --------------------------------------------------------------------------------------------

BY_HAND = "Find out from the scheduler's log why it does not stay up, then start it: `curl -X POST "


def test_a_scheduler_that_dies_right_after_its_start_is_not_fixed(tmp_path: Path) -> None:
    with obedient_service(stopped(lives=0.5)) as scheduler:
        morning = Household.of(scheduler, tmp_path).restarted(limit=SHORT, settling=timedelta(seconds=1.5))

    assert not only(morning).is_proven
    assert "it ran for a moment, but now: aime answers, but the scheduler is stopped" in only(morning).proof
    cause = morning.scheduler_causes["aime"]
    assert cause
    assert cause.next_step.startswith(BY_HAND)


def test_what_was_proven_and_is_stopped_when_all_is_judged_again_is_not_fixed(tmp_path: Path) -> None:
    with obedient_service(stopped()) as scheduler:
        house = Household.of(scheduler, tmp_path)

        def judge_again() -> Morning:
            scheduler.running = False
            return house.judge()

        action = only(house.restarted(judge_again=judge_again))

    assert not action.is_proven
    assert re.search("running, 1 job, .*; and then: Aime answers, but the scheduler is stopped", action.proof)


@pytest.mark.parametrize("day", ["2026-02-11", "2026-03-29", "2026-10-25"])
def test_the_third_start_within_a_day_is_for_a_person(day: str, tmp_path: Path) -> None:
    """The clocks change on two of these days: a day is 24 hours."""
    began_at = datetime.fromisoformat(f"{day}T00:30+00:00")
    with obedient_service(stopped(began_at=began_at)) as scheduler:
        house = Household.of(scheduler, tmp_path)

        def an_hour_later(hours: float) -> Morning:
            scheduler.running, scheduler.began_at = False, began_at + timedelta(hours=hours)
            return house.restarted()

        assert [only(an_hour_later(hours)).is_proven for hours in (0, 1)] == [True, True]
        for third in map(an_hour_later, (2, 23.9)):
            assert re.search("nothing was done: it was started .* and .* and does not stay up", only(third).proof)
            causes = [each and each.next_step[: len(BY_HAND)] for each in third.scheduler_causes.values()]
            assert [*causes, *(each and each.next_step[: len(BY_HAND)] for each in third.job_causes.values())] == [
                BY_HAND,
                BY_HAND,
            ]
        assert only(an_hour_later(24.1)).is_proven
        assert scheduler.posts == ["/start"] * 3


# Two checks at the same time --------------------------------------------------------------------------------------


def test_of_two_checks_at_the_same_time_one_starts_it(house: Household) -> None:
    house.scheduler.replies["/start"] = Reply(does=True, takes=0.5)
    morning, mornings = house.judge(), []
    checks = [threading.Thread(target=lambda: mornings.append(house.restarted(morning))) for _ in range(4)]
    for each in checks:
        each.start()
    for each in checks:
        each.join()

    assert house.scheduler.posts == ["/start"]
    assert sorted(len(each.actions) for each in mornings) == [0, 0, 0, 1]
    assert all(each.scheduler_causes == {"aime": None} for each in mornings)


def test_what_another_check_tried_in_vain_is_not_tried_again_by_one_that_saw_the_same(house: Household) -> None:
    house.scheduler.replies["/start"] = Reply()
    morning = house.judge()
    house.restarted(morning, limit=SHORT)
    again = only(house.restarted(morning, limit=SHORT))

    assert house.scheduler.posts == ["/start"]
    assert "another check tried Wed 11 Feb 07:02:0" in again.proof

    # The next check, an hour later, sees for itself and tries for itself.
    house.restarted(limit=SHORT)
    assert house.scheduler.posts == ["/start", "/start"]


def test_what_a_clock_that_ran_ahead_tried_holds_nobody_up(house: Household) -> None:
    morning = house.judge()
    with turn(house.folder, started(house), wait=timedelta(0)) as before:
        before.note(Attempt(at=morning.judged_at + timedelta(days=365)))

    assert only(house.restarted(morning)).is_proven
    assert house.scheduler.posts == ["/start"]


HOLDER = """
import sys, time
from datetime import timedelta
from pathlib import Path
from rollcall.remedy.turn import turn
with turn(Path(sys.argv[1]), sys.argv[2], wait=timedelta(0)):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_killed_check_leaves_no_lock_behind(house: Household) -> None:
    command = [sys.executable, "-c", HOLDER, str(house.folder), started(house)]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        later = threading.Timer(0.5, holder.kill)
        later.start()
        morning = house.restarted()
        later.join()

    assert only(morning).is_proven


def test_a_check_that_never_ends_is_not_waited_for_for_ever(scheduler: ObedientService, tmp_path: Path) -> None:
    house = Household.of(scheduler, tmp_path, of_scheduler=SCHEDULER.replace('"2 s"', '"0.1 s"'))
    command = [sys.executable, "-c", HOLDER, str(house.folder), started(house)]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        action = only(house.restarted(limit=SHORT))
        holder.kill()

    assert "nothing was done: another check is doing this right now" in action.proof
    assert scheduler.posts == []


def test_without_a_lock_nothing_is_done(house: Household) -> None:
    (house.folder / "a-file").touch()
    action = only(house.restarted(folder=house.folder / "a-file"))

    assert "nothing was done: its lock " in action.proof
    assert house.scheduler.posts == []


def test_where_nobody_can_tell_what_was_tried_nothing_is_done(house: Household) -> None:
    with turn(house.folder, started(house), wait=timedelta(0)) as before:
        before.file.mkdir()
    action = only(house.restarted())

    assert re.search("nothing was done: .*json cannot be read: ", action.proof)
    assert house.scheduler.posts == []


# In words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "clock"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "01:59 CET"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "03:00 CEST"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "02:30 CEST"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "02:30 CET"),
    ],
)
def test_the_hour_is_that_of_the_zone(at: datetime, clock: str) -> None:
    action = Action(deed=Deed.START, subject="aime", at=at, is_proven=True, proof="running")

    assert told(action, ZURICH) == f"aime was stopped, restarted {clock}, verified: running"


def test_a_run_again_says_which(house: Household) -> None:
    due_at = datetime(2026, 2, 11, 5, tzinfo=UTC)
    action = Action(
        deed=Deed.RERUN, subject="haiku", at=house.scheduler.clock(), is_proven=True, proof="success", due_at=due_at
    )

    assert told(action, ZURICH) == (
        "haiku's run of Wed 11 Feb 06:00 CET was missed, re-run 07:02 CET, verified: success"
    )
